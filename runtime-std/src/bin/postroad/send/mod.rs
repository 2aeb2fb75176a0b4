//! `postroad send`: one mail, composed and handed to a server.

pub mod access;
pub mod errand;
pub mod place;
pub mod verdict;

use crate::exit::{Exit, Failed};
use crate::say::say;
use crate::settings::Settings;
use crate::terminal::ask_password;
use access::{Access, Login, Tls};
use clap::error::ErrorKind;
use errand::Event;
use indicatif::{ProgressBar, ProgressStyle};
use place::Place;
use postroad_core::address::{Invalid, Mailbox};
use postroad_core::message::compose::{Attachment, Content, Draft, Field, NameAddr, content_type};
use postroad_core::message::date::DateTime;
use postroad_core::secret::Secret;
use postroad_core::smtp::client::{Envelope, Recipient};
use postroad_core::smtp::{Body, MailParameters, Notify, RcptParameters};
use postroad_core::tls::Trust;
use postroad_runtime_std::clock;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// What to send, to whom, and by which server.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Whose mail it is: alice@example.org or 'Alice <alice@example.org>'
    #[arg(long, value_name = "ADDRESS")]
    from: NameAddr,
    /// Whom it is for; may be given several times, or as a list with commas
    #[arg(long, value_name = "ADDRESS", required_unless_present_any = ["cc", "bcc"])]
    to: Vec<People>,
    /// Who gets a copy
    #[arg(long, value_name = "ADDRESS")]
    cc: Vec<People>,
    /// Who gets a copy without the others' knowing
    #[arg(long, value_name = "ADDRESS")]
    bcc: Vec<People>,
    /// What it is about
    #[arg(long)]
    subject: String,
    /// The text; without it, the text is read from standard input
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// A file that goes along; may be given several times
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// A further field of the header, such as 'Reply-To: bob@example.org'
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<Field>,
    /// The server [default: that of the configuration]; the port is 587 with --user, 465 with --tls
    /// implicit, 25 otherwise
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Option<Place>,
    /// How the connection is secured [default: implicit on port 465, require with --user and on port
    /// 587, may otherwise]
    #[arg(long)]
    tls: Option<Tls>,
    /// Who logs in; the password is asked for, if neither an option nor POSTROAD_PASSWORD has it
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The password is the first line of this file
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The password is a line of standard input; the text is --body then
    #[arg(long, requires_all = ["user", "body"], conflicts_with = "password_file")]
    password_stdin: bool,
    /// Trust the certificates in this file (PEM) besides the public authorities
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Trust whatever certificate the server has: it may be anybody
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
    /// Which reports are wanted: never, or some of success,failure,delay
    #[arg(long, value_name = "WHEN", value_parser = notify)]
    dsn: Option<Notify>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
    /// Show the dialogue with the server; secrets are left out
    #[arg(long, short)]
    verbose: bool,
}

/// Some of those who get it.
#[derive(Clone)]
struct People(Vec<NameAddr>);

impl std::str::FromStr for People {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        NameAddr::parse_list(text).map(Self)
    }
}

const EXAMPLES: &str = "\
Examples:
  To a user of the server that runs here:
    postroad send --from alice@example.org --to bob@example.com --subject Hi --body Hello
  By a provider, as who one is there; the text comes from a file, and a photo goes along:
    postroad send --from 'Alice <alice@example.org>' --to bob@example.com --subject Photo \\
        --server mail.example.org --user alice@example.org --attach photo.jpg < text
  By a server whose certificate nobody vouches for:
    echo Hello | postroad send --from me@example.org --to you@example.com --subject Hi \\
        --server mail.example.com:587 --ca certificate.pem --verbose

A password is told by TLS alone, to a server whose certificate was checked; or, with --tls none, to
a server on this machine. Without --user, most servers take mail only for their own users.

Exit codes: 0 everybody gets it; otherwise stderr says who does not, why, and what to do: 65 the
message is wrong, 66 a file can't be read, 67 no such user, 69 refused, 75 try again later, 77 not
allowed, 78 wrong configuration; 2 wrong usage.";

/// Where the password may stand.
const PASSWORD: &str = "POSTROAD_PASSWORD";

/// Reads when reports are wanted (RFC 3461 §4.1).
///
/// # Errors
/// Says what it may be.
pub fn notify(text: &str) -> Result<Notify, String> {
    let parameters = RcptParameters::parse(format!(" NOTIFY={text}").as_bytes());
    let notify = parameters.ok().and_then(|parameters| parameters.notify);
    notify.ok_or_else(|| "`never`, or some of `success,failure,delay`".into())
}

/// Runs the command.
///
/// # Errors
/// Says in words who does not get the mail, and why.
pub fn run(settings: &Settings, arguments: Arguments) -> Result<(), Failed> {
    let (json, notify) = (arguments.json, arguments.dsn);
    let access = access(settings, &arguments)?;
    let draft = draft(arguments)?;
    let mut entropy = clock::entropy().map_err(|error| Exit::System.because(error))?;
    let date = DateTime::utc(clock::now().as_seconds().cast_signed());
    let content = draft.content(date, &mut entropy);
    let recipients = draft.recipients();
    let recipient = |mailbox: &&Mailbox| Recipient {
        forward_path: (*mailbox).clone().into(),
        parameters: RcptParameters { notify, orcpt: None },
    };
    let envelope = Envelope {
        reverse_path: draft.from.mailbox.clone().into(),
        parameters: parameters_of(&content),
        recipients: recipients.iter().map(recipient).collect(),
        length: Some(content.length()),
    };
    let bar = progress(content.length(), access.verbose);
    let outcome = access.submit(&envelope, &content, &mut |event| match event {
        Event::Said(line) => eprintln!("{line}"),
        Event::Sent(octets) => bar.set_position(octets),
    });
    bar.finish_and_clear();
    if json {
        say!("{}", verdict::json(&access, &recipients, &outcome));
    } else if let Ok(outcome) = &outcome {
        verdict::accepted(&access, outcome).iter().for_each(|line| say!("{line}"));
    }
    verdict::judge(&access, &recipients, outcome)
}

/// What must be said of `content` beforehand (RFC 6152, RFC 6531).
pub fn parameters_of(content: &Content<'_>) -> MailParameters {
    let start = content.plain().next().unwrap_or_default();
    let header = &start[..postroad_core::message::header::block_length(start)];
    MailParameters {
        body: (!content.plain().all(<[u8]>::is_ascii)).then_some(Body::EightBitMime),
        smtputf8: !header.is_ascii() && str::from_utf8(header).is_ok(),
        ..MailParameters::default()
    }
}

fn access(settings: &Settings, arguments: &Arguments) -> Result<Access, Failed> {
    let trust = access::trust(arguments.ca.as_deref(), arguments.insecure)
        .map_err(|why| Exit::NoInput.because(why))?;
    let (tls, login) = (arguments.tls, login(arguments)?);
    let access = match &arguments.server {
        Some(place) => Access::new(place, tls, login, trust.unwrap_or(Trust::Roots))
            .unwrap_or_else(|why| {
                clap::Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n")).exit()
            }),
        None => Access::local(settings, tls, login, trust)
            .map_err(|why| Exit::Configuration.because(why))?,
    };
    Ok(Access { verbose: arguments.verbose, ..access })
}

fn login(arguments: &Arguments) -> Result<Option<Login>, Failed> {
    let Some(user) = arguments.user.clone() else { return Ok(None) };
    let password = match (&arguments.password_file, std::env::var(PASSWORD)) {
        (Some(path), _) => access::password(path).map_err(|why| Exit::NoInput.because(why))?,
        _ if arguments.password_stdin => read_line().map_err(|why| Exit::NoInput.because(why))?,
        (None, Ok(password)) => Secret::new(password),
        (None, Err(_)) => ask_password(&format!("Password of {user}")).map_err(|_| {
            Exit::NoInput.because(format!(
                "--user {user}: there is no terminal to ask for the password; --password-file, \
                 --password-stdin or {PASSWORD} tells it"
            ))
        })?,
    };
    Ok(Some((user, password)))
}

fn read_line() -> Result<Secret<String>, String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| format!("stdin: {error}"))?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_string()))
}

fn draft(arguments: Arguments) -> Result<Draft, Failed> {
    let attachments: Result<_, _> = arguments.attach.iter().map(|path| attachment(path)).collect();
    let attachments = attachments.map_err(|why| Exit::NoInput.because(why))?;
    Ok(Draft {
        from: arguments.from,
        to: everybody(arguments.to),
        cc: everybody(arguments.cc),
        bcc: everybody(arguments.bcc),
        subject: arguments.subject,
        fields: arguments.header,
        text: arguments.body.map_or_else(read_text, Ok)?,
        attachments,
    })
}

fn everybody(lists: Vec<People>) -> Vec<NameAddr> {
    lists.into_iter().flat_map(|People(list)| list).collect()
}

fn read_text() -> Result<String, Failed> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("Type the text; Ctrl-D at the start of a line ends it.");
    }
    let mut octets = Vec::new();
    let read = stdin.read_to_end(&mut octets);
    read.map_err(|error| Exit::NoInput.because(format!("stdin: {error}")))?;
    let wrong = "stdin: the text is not UTF-8; --attach takes a file as it is";
    String::from_utf8(octets).map_err(|_| Exit::Message.because(wrong))
}

fn attachment(path: &Path) -> Result<Attachment, String> {
    let octets = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Attachment { content_type: content_type(&name).into(), name, octets })
}

/// Octets of a message that takes a while.
const LARGE: u64 = 1024 * 1024;

/// Shows how far a large message is, on a terminal.
fn progress(length: u64, verbose: bool) -> ProgressBar {
    if length <= LARGE || verbose || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = "{bar:40} {bytes}/{total_bytes} at {bytes_per_sec}";
    let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

#[cfg(test)]
mod tests;
