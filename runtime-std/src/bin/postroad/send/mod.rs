//! `postroad send`: one mail, composed and handed to a server.

pub mod access;
pub mod verdict;

use crate::say::say;
use access::{Access, Place, Tls};
use clap::error::ErrorKind;
use indicatif::{ProgressBar, ProgressStyle};
use postroad_core::message::compose::{Attachment, Draft, Field, NameAddr, content_type};
use postroad_core::message::date::DateTime;
use postroad_core::secret::Secret;
use postroad_core::smtp::client::{Envelope, Recipient};
use postroad_core::smtp::{Body, MailParameters, Notify, RcptParameters};
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
    /// Whom it is for; may be given several times
    #[arg(long, value_name = "ADDRESS", required_unless_present_any = ["cc", "bcc"])]
    to: Vec<NameAddr>,
    /// Who gets a copy
    #[arg(long, value_name = "ADDRESS")]
    cc: Vec<NameAddr>,
    /// Who gets a copy without the others' knowing
    #[arg(long, value_name = "ADDRESS")]
    bcc: Vec<NameAddr>,
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
    /// The server; the port is 587 with --user, 465 with --tls implicit, 25 otherwise
    #[arg(long, value_name = "HOST[:PORT]")]
    server: Place,
    /// How the connection is secured [default: implicit on port 465, require with --user, else may]
    #[arg(long)]
    tls: Option<Tls>,
    /// Who logs in
    #[arg(long, value_name = "NAME", requires = "password")]
    user: Option<String>,
    /// The password is the first line of this file
    #[arg(long, value_name = "FILE", group = "password", requires = "user")]
    password_file: Option<PathBuf>,
    /// The password is a line of standard input; the text is --body then
    #[arg(long, group = "password", requires_all = ["user", "body"])]
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

const EXAMPLES: &str = "\
Examples:
  echo Hello | postroad send --from alice@example.org --to bob@example.com --subject Hi \\
      --server mail.example.org --user alice@example.org --password-file password
  postroad send --from me@example.org --to you@example.com --subject Photo --body '' \\
      --attach photo.jpg --server localhost:2525

A password is told by TLS alone, to a server whose certificate was checked; or, with --tls none, to
a server on this machine. Exit codes: 0 everybody gets it, 1 somebody does not (stderr says why), 2
wrong usage.";

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
pub fn run(arguments: Arguments) -> Result<(), String> {
    let (json, notify) = (arguments.json, arguments.dsn);
    let access = access(&arguments)?;
    let draft = draft(arguments)?;
    let mut entropy = clock::entropy().map_err(|error| error.to_string())?;
    let date = DateTime::utc(clock::now().as_seconds().cast_signed());
    let content = draft.write(date, &mut entropy);
    let recipients = draft.recipients();
    let parameters = RcptParameters { notify, orcpt: None };
    let envelope = Envelope {
        reverse_path: draft.from.mailbox.clone().into(),
        parameters: parameters_of(&content),
        recipients: recipients
            .iter()
            .map(|mailbox| Recipient {
                forward_path: (*mailbox).clone().into(),
                parameters: parameters.clone(),
            })
            .collect(),
        length: Some(content.len() as u64),
    };
    let bar = progress(content.len() as u64, access.verbose);
    let outcome = access.submit(&envelope, &content, &mut |octets| bar.set_position(octets))?;
    bar.finish_and_clear();
    if json {
        say!("{}", verdict::json(&access, &recipients, &outcome));
    } else {
        verdict::accepted(&access, &outcome).iter().for_each(|line| say!("{line}"));
    }
    verdict::refused(&access, &recipients, &outcome).map_or(Ok(()), Err)
}

/// What must be said of `content` beforehand (RFC 6152, RFC 6531).
pub fn parameters_of(content: &[u8]) -> MailParameters {
    let header = &content[..postroad_core::message::header::block_length(content)];
    MailParameters {
        body: (!content.is_ascii()).then_some(Body::EightBitMime),
        smtputf8: !header.is_ascii() && str::from_utf8(header).is_ok(),
        ..MailParameters::default()
    }
}

fn access(arguments: &Arguments) -> Result<Access, String> {
    let password = match &arguments.password_file {
        Some(path) => Some(access::password(path)?),
        None if arguments.password_stdin => Some(read_line()?),
        None => None,
    };
    let login = arguments.user.clone().zip(password);
    let trust = access::trust(arguments.ca.as_deref(), arguments.insecure)?;
    let access = Access::new(&arguments.server, arguments.tls, login, trust);
    let access = access.unwrap_or_else(|why| {
        clap::Error::raw(ErrorKind::ArgumentConflict, format!("--tls: {why}\n")).exit()
    });
    Ok(Access { verbose: arguments.verbose, ..access })
}

fn read_line() -> Result<Secret<String>, String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| format!("stdin: {error}"))?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n']).to_string()))
}

fn draft(arguments: Arguments) -> Result<Draft, String> {
    let attachments: Result<_, _> = arguments.attach.iter().map(|path| attachment(path)).collect();
    let attachments = attachments?;
    let text = match arguments.body {
        Some(text) => text,
        None => {
            let mut octets = Vec::new();
            let read = std::io::stdin().read_to_end(&mut octets);
            read.map_err(|error| format!("stdin: {error}"))?;
            let wrong = |_| "stdin: the text is not UTF-8; --attach takes a file as it is";
            String::from_utf8(octets).map_err(wrong)?
        }
    };
    Ok(Draft {
        from: arguments.from,
        to: arguments.to,
        cc: arguments.cc,
        bcc: arguments.bcc,
        subject: arguments.subject,
        fields: arguments.header,
        text,
        attachments,
    })
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
