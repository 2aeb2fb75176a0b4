//! `postroad sendmail`: what programs that send mail expect under the name `sendmail`.

mod exit;
mod letter;
mod options;
#[cfg(test)]
mod tests;

use crate::send::access::{Access, Place, Tls, password, trust};
use crate::send::{parameters_of, verdict};
use crate::serve::reachable;
use crate::settings::Settings;
use exit::{Exit, Failed};
use letter::{Letter, address};
use options::Options;
use postroad_core::address::{Host, Mailbox, ReversePath};
use postroad_core::limits::Limits;
use postroad_core::message::compose::{NameAddr, message_id};
use postroad_core::message::date::DateTime;
use postroad_core::message::submission;
use postroad_core::smtp::client::{Envelope, Recipient};
use postroad_core::smtp::{MailParameters, RcptParameters};
use postroad_core::tls::Trust;
use postroad_runtime_std::clock;
use postroad_runtime_std::listener::Endpoint;
use std::io::ErrorKind;
use std::path::PathBuf;
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
  -v            show the dialogue with the server; secrets are left out
  --server HOST[:PORT]   hand it to this server, without a login
  --            only recipients follow

Other options of sendmail that have to do with mail are taken and mean nothing. A name without a
domain is one of ours. Date, Message-ID and From are added where they are missing.

The message goes to the server of `sendmail.toml` in the data folder, if there is such a file:

  server = \"mail.example.org\"          # HOST or HOST:PORT
  user = \"alice@example.org\"           # with the password in the first line of:
  password_file = \"password\"
  tls = \"require\"                      # none, may, require or implicit
  ca = \"certificate.pem\"               # trust these besides the public authorities
  from = \"alice@example.org\"           # whose mail it is, if neither -f nor From says

Otherwise it goes to the first address under `smtp` in the configuration, which takes mail for local
users alone. The environment may name the configuration: POSTROAD_CONFIG. Nothing is kept: what no
server takes at once is an error, and the exit code one of sysexits.h: 64 wrong usage, 65 wrong
message, 67 no such user, 69 refused, 75 try again later, 77 not allowed, 78 wrong configuration.";

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
    let config = config.or_else(|| std::env::var_os("POSTROAD_CONFIG").map(PathBuf::from));
    let outcome = Options::parse(arguments.arguments)
        .map_err(|why| Exit::Usage.because(why))
        .and_then(|options| {
            let settings = Settings::read(config.as_deref(), data.as_deref());
            send(&settings.map_err(|why| Exit::Configuration.because(why))?, &options)
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
    let stdin = std::io::stdin().lock();
    let mut letter = Letter::read(stdin, options.dots).map_err(|why| Exit::System.because(why))?;
    let recipients = recipients(options, &letter, &domain)?;
    let author = NameAddr {
        name: options.name.clone().or(from.name),
        mailbox: reverse_path.mailbox().unwrap_or(&from.mailbox).clone(),
    };
    letter.complete(&author, &domain);
    let content = content(&letter, &author.mailbox)?;
    let envelope = envelope(options, reverse_path, &recipients, &content);
    let outcome = access.submit(&envelope, &content, &mut |_| {});
    let outcome = outcome.map_err(|why| Exit::Later.because(why))?;
    let recipients: Vec<&Mailbox> = recipients.iter().collect();
    match verdict::refused(&access, &recipients, &outcome) {
        None => Ok(()),
        Some(why) => {
            let failures = outcome.recipients.iter().filter_map(|it| it.as_ref().err());
            let exit = failures.map(Exit::of).next().unwrap_or(Exit::Later);
            Err(exit.because(why))
        }
    }
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
                    return Err(wrong("sendmail.toml: user and password_file: both or none".into()));
                }
            };
            let ca = file.ca.map(|path| settings.data.join(path));
            let trust = trust(ca.as_deref(), false).map_err(wrong)?;
            let login = file.user.zip(password);
            let access = Access::new(&place, file.tls, login, trust);
            (access.map_err(|why| wrong(format!("sendmail.toml: tls: {why}")))?, file.from)
        }
        (None, None) => (local(settings)?, None),
    };
    access.verbose = options.verbose;
    Ok((access, from))
}

/// What `sendmail.toml` says, if it is there for us.
fn submission(settings: &Settings) -> Result<Option<Submission>, Failed> {
    let path = settings.data.join("sendmail.toml");
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

/// The server for local users.
fn local(settings: &Settings) -> Result<Access, Failed> {
    let places = settings.config.listen.smtp.iter();
    let mut addresses = places.filter_map(|place| match Endpoint::parse(place) {
        Ok(Endpoint::Tcp(address)) => Some(reachable(address)),
        _ => None,
    });
    let address = addresses.next().ok_or_else(|| {
        let file = settings.data.join("sendmail.toml");
        let why = format!("no server to hand it to: neither {} nor [listen] smtp", file.display());
        Exit::Configuration.because(why)
    })?;
    let place = Place { host: address.ip().to_string(), port: Some(address.port()) };
    let tls = if address.ip().is_loopback() { Tls::None } else { Tls::May };
    Access::new(&place, Some(tls), None, Trust::Roots).map_err(|why| Exit::Usage.because(why))
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
fn content(letter: &Letter, author: &Mailbox) -> Result<Vec<u8>, Failed> {
    let mut header = submission::Header::new(&Limits::default());
    header.push(&letter.header);
    header.push(b"\r\n");
    let checked = header.check().map_err(|why| Exit::Message.because(why))?;
    let mut entropy = clock::entropy().map_err(|why| Exit::System.because(why))?;
    let date = DateTime::utc(clock::now().as_seconds().cast_signed());
    let mut content = checked.write(date, &message_id(author, &mut entropy));
    content.extend_from_slice(&letter.body);
    Ok(content)
}

fn envelope(
    options: &Options,
    reverse_path: ReversePath,
    recipients: &[Mailbox],
    content: &[u8],
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
        length: Some(content.len() as u64),
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
