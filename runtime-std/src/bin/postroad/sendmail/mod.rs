//! `postroad sendmail`: what programs that send mail expect under the name `sendmail`.

mod letter;
mod options;
#[cfg(test)]
mod tests;

use crate::exit::{Exit, Failed};
use crate::queue;
use crate::send::access::{Access, Tls, password, trust};
use crate::send::errand::Event;
use crate::send::place::Place;
use crate::send::{parameters_of, verdict};
use crate::settings::Settings;
use letter::{Letter, address};
use options::{Options, Task};
use postroad_core::address::{Host, Mailbox, ReversePath};
use postroad_core::limits::Limits;
use postroad_core::message::compose::{Content, NameAddr, Piece, message_id};
use postroad_core::message::date::DateTime;
use postroad_core::message::submission;
use postroad_core::smtp::client::{Envelope, Recipient};
use postroad_core::smtp::{MailParameters, RcptParameters};
use postroad_core::tls::Trust;
use postroad_runtime_std::clock;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What `sendmail` was called with.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true, after_help = HELP)]
pub struct Arguments {
    /// Options of sendmail and recipients
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
    /// Print help
    #[arg(long, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

const HELP: &str = "\
A message is read from standard input. A link named `sendmail` to this program does the same.

  -t            recipients stand in To, Cc and Bcc; Bcc is removed
  -i, -oi       a line of a lone dot does not end the message
  -f ADDRESS    whom reports go to (-f '' for nobody)
  -F NAME       the sender's name, if the message has no From
  -N WHEN       reports: never, or some of success,failure,delay; -R full|hdrs, -V ID
  -bp, mailq    list what the server here has queued; -q tries it now
  -v            show the dialogue with the server; secrets are left out
  --server HOST[:PORT]   hand it to this server, without a login
  --            only recipients follow

Other options of sendmail that have to do with mail are taken and mean nothing. A name without a
domain is one of ours. Date, Message-ID and From are added where they are missing. Lines may end
with LF; one of the text that is longer than 998 octets is broken.

Examples:
  printf 'Subject: Disk full\\n\\nHelp!\\n' | sendmail -i alice@example.org
  postroad sendmail -t -i -f alice@example.org < message.eml
  git config sendemail.sendmailCmd 'postroad sendmail -i'

The message goes to the server of `sendmail.toml`, if there is such a file beside the configuration or
in the data folder, and whoever sends may read it:

  server = \"mail.example.org\"          # HOST or HOST:PORT
  user = \"alice@example.org\"           # with the password in the first line of:
  password_file = \"password\"
  tls = \"require\"                      # none, may, require or implicit
  ca = \"certificate.pem\"               # trust these besides the public authorities
  from = \"alice@example.org\"           # whose mail it is, if -f does not say

Otherwise it goes to the first address under `smtp` in the configuration, which takes mail for local
users alone. The configuration is that of --config, which stands before any other option; or of the
environment, POSTROAD_CONFIG; or /etc/postroad/postroad.toml.

Nothing is kept: what no server takes at once is an error, and the exit code one of sysexits.h: 64
wrong usage, 65 wrong message, 67 no such user, 69 refused, 75 try again later (nothing was taken,
or not for everybody), 77 not allowed, 78 wrong configuration.";

/// The configuration, if nobody names another.
const CONFIG: &str = "/etc/postroad/postroad.toml";

/// What `sendmail.toml` may say.
#[derive(serde::Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Submission {
    server: Option<String>,
    tls: Option<Tls>,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    from: Option<String>,
}

/// Runs the command.
pub fn run(config: Option<PathBuf>, data: Option<PathBuf>, arguments: Arguments) -> ExitCode {
    let config = config
        .or_else(|| std::env::var_os("POSTROAD_CONFIG").map(PathBuf::from))
        .or_else(|| Path::new(CONFIG).exists().then(|| CONFIG.into()));
    let outcome = Options::parse(arguments.arguments)
        .map_err(|why| Exit::Usage.because(why))
        .and_then(|options| {
            let settings = Settings::read(config.as_deref(), data.as_deref());
            let settings = settings.map_err(|why| Exit::Configuration.because(why))?;
            let queue =
                |command| queue::run(&settings, command).map_err(|why| Exit::Undone.because(why));
            match options.task {
                Task::Mail => send(&settings, &options),
                Task::List => queue(queue::Command::List { json: false }),
                Task::Flush => queue(queue::Command::Flush { domain: "*".into() }),
            }
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed { exit, why }) => {
            eprintln!("sendmail: {}", why.trim_end());
            exit.into()
        }
    }
}

fn send(settings: &Settings, options: &Options) -> Result<(), Failed> {
    let (access, from) = access(settings, options)?;
    let domain = settings.config.local_domains().first().copied().unwrap_or_default();
    let domain: Host = domain.parse().map_err(|why| Exit::Configuration.because(why))?;
    let from = match from {
        Some(from) => from.parse().map_err(|why| Exit::Configuration.because(why))?,
        None => NameAddr::from(address(&user(), &domain).map_err(|why| Exit::System.because(why))?),
    };
    let reverse_path = match options.sender.as_deref() {
        None => from.mailbox.clone().into(),
        Some("" | "<>") => ReversePath::Null,
        Some(text) => address(text, &domain)
            .map_err(|why| Exit::Usage.because(format!("-f {text}: {why}")))?
            .into(),
    };
    let mut letter = read(options, settings.config.limits.message)?;
    let recipients = recipients(options, &letter, &domain)?;
    let author = NameAddr {
        name: options.name.clone().or(from.name),
        mailbox: reverse_path.mailbox().unwrap_or(&from.mailbox).clone(),
    };
    letter.complete(&author, &domain);
    let content = content(letter, &author.mailbox)?;
    let envelope = envelope(options, reverse_path, &recipients, &content);
    let outcome = access.submit(&envelope, &content, &mut |event| {
        if let Event::Said(line) = event {
            eprintln!("{line}");
        }
    });
    verdict::judge(&access, &recipients.iter().collect::<Vec<_>>(), outcome)
}

/// The message on standard input.
fn read(options: &Options, limit: u64) -> Result<Letter, Failed> {
    let stdin = std::io::stdin().lock();
    let wrong = |why: std::io::Error| match why.kind() {
        ErrorKind::FileTooLarge => {
            Exit::Message.because(format!("the message has more than {limit} octets"))
        }
        _ => Exit::NoInput.because(format!("stdin: {why}")),
    };
    Letter::read(stdin, options.dots, limit).map_err(wrong)
}

/// The server to hand the message to, and whose mail it is if that is configured.
fn access(settings: &Settings, options: &Options) -> Result<(Access, Option<String>), Failed> {
    let wrong = |why: String| Exit::Configuration.because(why);
    let (mut access, from) = match (&options.server, submission(settings)?) {
        (Some(place), file) => {
            let access = Access::new(place, None, None, Trust::Roots).map_err(wrong)?;
            (access, file.and_then(|file| file.from))
        }
        (None, Some(file)) => {
            let server = file.server.as_deref().unwrap_or_default();
            let place = server.parse::<Place>().map_err(|why| wrong(format!("server: {why}")))?;
            let password_file = file.password_file.map(|path| settings.data.join(path));
            let password = match (&file.user, password_file) {
                (Some(_), Some(path)) => Some(password(&path).map_err(wrong)?),
                (None, None) => None,
                _ => {
                    return Err(wrong(
                        "sendmail.toml: user and password_file: both or none".into(),
                    ));
                }
            };
            let ca = file.ca.map(|path| settings.data.join(path));
            let trust = trust(ca.as_deref(), false).map_err(wrong)?.unwrap_or(Trust::Roots);
            let login = file.user.zip(password);
            let access = Access::new(&place, file.tls, login, trust);
            (access.map_err(|why| wrong(format!("sendmail.toml: tls: {why}")))?, file.from)
        }
        (None, None) => (Access::local(settings, None, None, None).map_err(wrong)?, None),
    };
    access.verbose = options.verbose;
    Ok((access, from))
}

/// What `sendmail.toml` says, if it is there for us.
fn submission(settings: &Settings) -> Result<Option<Submission>, Failed> {
    let beside = settings.folder.join("sendmail.toml");
    let path = if beside.exists() { beside } else { settings.data.join("sendmail.toml") };
    let wrong = |why: String| Exit::Configuration.because(format!("{}: {why}", path.display()));
    match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map(Some).map_err(|why| wrong(why.to_string())),
        // The data folder is its owner's; others have the server that takes mail for local users.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            Ok(None)
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Everybody who is to get it, each once.
fn recipients(options: &Options, letter: &Letter, domain: &Host) -> Result<Vec<Mailbox>, Failed> {
    let mut named = Vec::new();
    // Some programs give several in one argument.
    for text in options.recipients.iter().flat_map(|it| it.split(',')).map(str::trim) {
        if !text.is_empty() {
            let address = address(text, domain);
            named.push(address.map_err(|why| Exit::NoUser.because(format!("{text}: {why}")))?);
        }
    }
    if options.extract {
        named.extend(letter.recipients(domain).map_err(|why| Exit::Message.because(why))?);
    }
    let mut all: Vec<Mailbox> = Vec::new();
    for mailbox in named {
        if !all.contains(&mailbox) {
            all.push(mailbox);
        }
    }
    match (all.is_empty(), options.extract) {
        (false, _) => Ok(all),
        (true, true) => Err(Exit::Message.because("nobody stands in To, Cc and Bcc")),
        (true, false) => Err(Exit::Usage.because("who is to get it? Name recipients, or say -t")),
    }
}

/// The message as it is submitted: without Bcc, with Date and Message-ID (RFC 6409 §8).
fn content(letter: Letter, author: &Mailbox) -> Result<Content<'static>, Failed> {
    let mut header = submission::Header::new(&Limits::default());
    header.push(&letter.header);
    header.push(b"\r\n");
    let checked = header.check().map_err(|why| Exit::Message.because(why))?;
    let mut entropy = clock::entropy().map_err(|why| Exit::System.because(why))?;
    let date = DateTime::utc(clock::now().as_seconds().cast_signed());
    let header = checked.write(date, &message_id(author, &mut entropy));
    Ok(Content::new(vec![Piece::Octets(header), Piece::Octets(letter.body)]))
}

fn envelope(
    options: &Options,
    reverse_path: ReversePath,
    recipients: &[Mailbox],
    content: &Content<'_>,
) -> Envelope {
    let recipient = |mailbox: &Mailbox| Recipient {
        forward_path: mailbox.clone().into(),
        parameters: RcptParameters { notify: options.notify, orcpt: None },
    };
    Envelope {
        reverse_path,
        parameters: MailParameters {
            ret: options.ret,
            envid: options.envid.clone(),
            ..parameters_of(content)
        },
        recipients: recipients.iter().map(recipient).collect(),
        length: Some(content.length()),
    }
}

/// The name of whoever runs this.
fn user() -> String {
    let id = rustix::process::getuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|fields| fields.get(2) == Some(&id.as_str()));
    let name = line.and_then(|fields| fields.first().map(|name| (*name).to_string()));
    name.or_else(|| std::env::var("LOGNAME").ok()).unwrap_or_else(|| "nobody".into())
}
