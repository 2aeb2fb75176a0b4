//! Command lines.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::{MailParameters, RcptParameters, Reply};
use crate::address::{ForwardPath, Invalid, Mailbox, ReversePath};
use crate::limits::Limits;
use crate::secret::Secret;

/// A command (RFC 5321 §4.1), parsed.
///
/// ```
/// use postroad_core::smtp::Command;
/// assert_eq!(Command::parse(b"bdat 1000 Last", false), Ok(Command::Bdat { size: 1000, last: true }));
/// let error = Command::parse(b"RSET now", false).unwrap_err();
/// assert_eq!(error.reply().to_string(), "501 5.5.4 RSET takes no argument");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// EHLO with the client's name, which nobody has checked.
    Ehlo(String),
    /// HELO with the client's name.
    Helo(String),
    /// LHLO with the client's name (RFC 2033 §4.1).
    Lhlo(String),
    /// MAIL: a transaction begins.
    Mail {
        /// Where reports go.
        reverse_path: ReversePath,
        /// What else is known of the message.
        parameters: MailParameters,
    },
    /// RCPT: one recipient.
    Rcpt {
        /// Who.
        forward_path: ForwardPath,
        /// What reports the sender wants.
        parameters: RcptParameters,
    },
    /// DATA: the content follows, after 354.
    Data,
    /// BDAT (RFC 3030 §2): a chunk of content follows at once.
    Bdat {
        /// Octets of the chunk.
        size: u64,
        /// Whether it is the last one.
        last: bool,
    },
    /// RSET: the transaction is forgotten.
    Rset,
    /// NOOP.
    Noop,
    /// HELP.
    Help,
    /// VRFY: is this a mailbox?
    Vrfy(String),
    /// EXPN: who is on this list?
    Expn(String),
    /// ETRN (RFC 1985): start sending what waits for this domain.
    Etrn(String),
    /// AUTH (RFC 4954 §4).
    Auth {
        /// The mechanism's name.
        mechanism: String,
        /// The initial response, still in base64.
        initial: Option<Secret<String>>,
    },
    /// STARTTLS (RFC 3207 §4).
    StartTls,
    /// QUIT.
    Quit,
}

/// Why a line is no command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SyntaxError {
    /// The line is longer than [`Limits::command_line`].
    TooLong,
    /// The line ends with a bare LF, or has a CR in it.
    LineEnd,
    /// An octet that no command has: a control character, or 8 bits where they aren't allowed.
    Octet,
    /// No such command.
    Unknown,
    /// A command of SMTP that hardly any server has.
    NotImplemented,
    /// HTTP: somebody makes a web browser talk to us.
    Http,
    /// An argument is missing or malformed; this is how it should be.
    Expected(&'static str),
    /// This command takes no argument.
    Argument(&'static str),
    /// The reverse-path is malformed.
    ReversePath(Invalid),
    /// The forward-path is malformed.
    ForwardPath(Invalid),
    /// Something stands behind the path that is no parameter.
    Trailing,
    /// This parameter is malformed or given twice.
    Parameter(String),
    /// This parameter is unknown.
    UnknownParameter(String),
}

impl SyntaxError {
    /// The reply that says so.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::TooLong => Reply::new(500, (5, 5, 2), "Line too long"),
            Self::LineEnd => Reply::new(500, (5, 5, 2), "A line ends with CRLF"),
            Self::Octet => Reply::new(500, (5, 5, 2), "The line has an octet that it must not"),
            Self::Unknown => Reply::new(500, (5, 5, 2), "Unknown command"),
            Self::NotImplemented => Reply::new(502, (5, 5, 1), "Command not implemented"),
            Self::Http => Reply::new(502, (5, 7, 0), "This is SMTP, not HTTP"),
            Self::Expected(syntax) => Reply::new(501, (5, 5, 4), format!("Syntax: {syntax}")),
            Self::Argument(verb) => Reply::new(501, (5, 5, 4), format!("{verb} takes no argument")),
            // RFC 6531 §3.5.
            Self::ReversePath(why @ Invalid::Utf8NotAllowed)
            | Self::ForwardPath(why @ Invalid::Utf8NotAllowed) => {
                Reply::new(553, (5, 6, 7), sentence(why))
            }
            Self::ReversePath(why) => Reply::new(501, (5, 1, 7), sentence(why)),
            Self::ForwardPath(why) => Reply::new(501, (5, 1, 3), sentence(why)),
            Self::Trailing => Reply::new(501, (5, 5, 4), "Something stands behind the address"),
            Self::Parameter(name) => {
                Reply::new(501, (5, 5, 4), format!("The parameter {name} is malformed"))
            }
            // RFC 5321 §4.1.1.11.
            Self::UnknownParameter(name) => {
                Reply::new(555, (5, 5, 4), format!("The parameter {name} is not known here"))
            }
        }
    }
}

/// `why` with a capital letter.
fn sentence(why: &Invalid) -> String {
    let mut text = format!("{why}");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reply().text)
    }
}

impl core::error::Error for SyntaxError {}

impl Command {
    /// Parses a line without its CRLF. `utf8` says that the transaction under way allows UTF-8; a
    /// MAIL says so itself.
    ///
    /// # Errors
    /// Why it is no command.
    pub fn parse(line: &[u8], utf8: bool) -> Result<Self, SyntaxError> {
        if line.iter().any(|octet| octet.is_ascii_control() && *octet != b'\t') {
            return Err(SyntaxError::Octet);
        }
        // RFC 5321 §4.1.1: white space before the CRLF is tolerated.
        let line = line.trim_ascii_end();
        let end = line.iter().position(|octet| *octet == b' ').unwrap_or(line.len());
        let (verb, argument) = line.split_at(end);
        let argument = argument.trim_ascii_start();
        let mut upper = [0; 8];
        let Some(upper) = upper.get_mut(..verb.len()) else {
            return Err(SyntaxError::Unknown);
        };
        upper.copy_from_slice(verb);
        upper.make_ascii_uppercase();
        Self::parse_verb(upper, argument, utf8)
    }

    fn parse_verb(verb: &[u8], argument: &[u8], utf8: bool) -> Result<Self, SyntaxError> {
        match verb {
            b"MAIL" => parse_mail(argument),
            b"RCPT" => parse_rcpt(argument, utf8),
            b"DATA" => none("DATA", argument, Self::Data),
            b"BDAT" => parse_bdat(argument),
            b"EHLO" => parse_host(argument, "EHLO hostname").map(Self::Ehlo),
            b"HELO" => parse_host(argument, "HELO hostname").map(Self::Helo),
            b"LHLO" => parse_host(argument, "LHLO hostname").map(Self::Lhlo),
            b"RSET" => none("RSET", argument, Self::Rset),
            // RFC 5321 §4.1.1.9: any argument is ignored.
            b"NOOP" => Ok(Self::Noop),
            b"HELP" => Ok(Self::Help),
            b"VRFY" => parse_string(argument, "VRFY address").map(Self::Vrfy),
            b"EXPN" => parse_string(argument, "EXPN list").map(Self::Expn),
            b"ETRN" => parse_host(argument, "ETRN domain").map(Self::Etrn),
            b"AUTH" => parse_auth(argument),
            b"STARTTLS" => none("STARTTLS", argument, Self::StartTls),
            b"QUIT" => none("QUIT", argument, Self::Quit),
            // RFC 5321 appendix F.
            b"SEND" | b"SOML" | b"SAML" | b"TURN" | b"ATRN" | b"BURL" => {
                Err(SyntaxError::NotImplemented)
            }
            b"GET" | b"POST" | b"CONNECT" | b"HEAD" | b"PUT" | b"OPTIONS" | b"DELETE"
            | b"PATCH" | b"TRACE" | b"PRI" => Err(SyntaxError::Http),
            _ => Err(SyntaxError::Unknown),
        }
    }
}

fn none(verb: &'static str, argument: &[u8], command: Command) -> Result<Command, SyntaxError> {
    if argument.is_empty() { Ok(command) } else { Err(SyntaxError::Argument(verb)) }
}

// Deviation: RFC 5321 §4.1.1.1 has a domain or an address literal. Many clients that mean well call
// themselves by a name that is neither, and §4.1.4 forbids to refuse mail for it.
fn parse_host(argument: &[u8], syntax: &'static str) -> Result<String, SyntaxError> {
    let graphic = argument.iter().all(u8::is_ascii_graphic);
    if argument.is_empty() || !graphic || argument.len() > Limits::DEFAULT.domain {
        return Err(SyntaxError::Expected(syntax));
    }
    String::from_utf8(argument.to_vec()).map_err(|_| SyntaxError::Expected(syntax))
}

// RFC 6531 §3.7.4.2: SMTPUTF8 may follow, and only then the argument may be in UTF-8.
fn parse_string(argument: &[u8], syntax: &'static str) -> Result<String, SyntaxError> {
    const UTF8: &[u8] = b" SMTPUTF8";
    let text = match argument.split_last_chunk::<{ UTF8.len() }>() {
        Some((text, last)) if last.eq_ignore_ascii_case(UTF8) => text,
        _ if argument.is_ascii() => argument,
        _ => return Err(SyntaxError::ForwardPath(Invalid::Utf8NotAllowed)),
    };
    let text = String::from_utf8(text.trim_ascii().to_vec());
    text.ok().filter(|text| !text.is_empty()).ok_or(SyntaxError::Expected(syntax))
}

fn parse_mail(argument: &[u8]) -> Result<Command, SyntaxError> {
    let path =
        path_after(argument, b"FROM:").ok_or(SyntaxError::Expected("MAIL FROM:<address>"))?;
    let (reverse_path, rest) = match bare_mailbox(path, true) {
        Some(bare) => bare.map(|(mailbox, rest)| (mailbox.into(), rest)),
        None => ReversePath::parse(path, true),
    }
    .map_err(SyntaxError::ReversePath)?;
    let parameters = MailParameters::parse(rest)?;
    if !parameters.smtputf8 && !path.is_ascii() {
        return Err(SyntaxError::ReversePath(Invalid::Utf8NotAllowed));
    }
    Ok(Command::Mail { reverse_path, parameters })
}

fn parse_rcpt(argument: &[u8], utf8: bool) -> Result<Command, SyntaxError> {
    let path = path_after(argument, b"TO:").ok_or(SyntaxError::Expected("RCPT TO:<address>"))?;
    if !utf8 && !path.is_ascii() {
        return Err(SyntaxError::ForwardPath(Invalid::Utf8NotAllowed));
    }
    let (forward_path, rest) = match bare_mailbox(path, utf8) {
        Some(bare) => bare.map(|(mailbox, rest)| (mailbox.into(), rest)),
        None => ForwardPath::parse(path, utf8),
    }
    .map_err(SyntaxError::ForwardPath)?;
    let parameters = RcptParameters::parse(rest)?;
    Ok(Command::Rcpt { forward_path, parameters })
}

// Deviation: RFC 5321 §3.3 has no blank behind the colon; scripts often do.
fn path_after<'a>(argument: &'a [u8], word: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = argument.split_at_checked(word.len())?;
    let path = rest.trim_ascii_start();
    (start.eq_ignore_ascii_case(word) && !path.is_empty()).then_some(path)
}

// Deviation: RFC 5321 §4.1.2 wants angle brackets; scripts forget them, and nothing else can be meant.
fn bare_mailbox(path: &[u8], utf8: bool) -> Option<Result<(Mailbox, &[u8]), Invalid>> {
    (path.first() != Some(&b'<') && path.contains(&b'@')).then(|| Mailbox::parse_prefix(path, utf8))
}

fn parse_bdat(argument: &[u8]) -> Result<Command, SyntaxError> {
    let syntax = SyntaxError::Expected("BDAT size [LAST]");
    let (size, last) = match argument.iter().position(|octet| *octet == b' ') {
        Some(at) => (&argument[..at], argument[at..].trim_ascii_start()),
        None => (argument, &b""[..]),
    };
    let digits = !size.is_empty() && size.iter().all(u8::is_ascii_digit);
    let size = core::str::from_utf8(size).ok().filter(|_| digits);
    match (size.and_then(|size| size.parse().ok()), last) {
        (Some(size), b"") => Ok(Command::Bdat { size, last: false }),
        (Some(size), last) if last.eq_ignore_ascii_case(b"LAST") => {
            Ok(Command::Bdat { size, last: true })
        }
        _ => Err(syntax),
    }
}

fn parse_auth(argument: &[u8]) -> Result<Command, SyntaxError> {
    let syntax = || SyntaxError::Expected("AUTH mechanism [initial-response]");
    let text = core::str::from_utf8(argument).map_err(|_| syntax())?;
    let mut words = text.split_ascii_whitespace().map(String::from);
    let mechanism = words.next().ok_or_else(syntax)?;
    let initial = words.next().map(Secret::new);
    if words.next().is_some() {
        return Err(syntax());
    }
    Ok(Command::Auth { mechanism, initial })
}

/// The line without its CRLF, as a client sends it. An initial response is written out: this is no
/// text for a log.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ehlo(name) => write!(f, "EHLO {name}"),
            Self::Helo(name) => write!(f, "HELO {name}"),
            Self::Lhlo(name) => write!(f, "LHLO {name}"),
            Self::Mail { reverse_path, parameters } => {
                write!(f, "MAIL FROM:{reverse_path}{parameters}")
            }
            Self::Rcpt { forward_path, parameters } => {
                write!(f, "RCPT TO:{forward_path}{parameters}")
            }
            Self::Data => f.write_str("DATA"),
            Self::Bdat { size, last } => {
                write!(f, "BDAT {size}{}", if *last { " LAST" } else { "" })
            }
            Self::Rset => f.write_str("RSET"),
            Self::Noop => f.write_str("NOOP"),
            Self::Help => f.write_str("HELP"),
            Self::Vrfy(text) => write_string(f, "VRFY", text),
            Self::Expn(text) => write_string(f, "EXPN", text),
            Self::Etrn(domain) => write!(f, "ETRN {domain}"),
            Self::Auth { mechanism, initial: None } => write!(f, "AUTH {mechanism}"),
            Self::Auth { mechanism, initial: Some(initial) } => {
                write!(f, "AUTH {mechanism} {}", initial.expose())
            }
            Self::StartTls => f.write_str("STARTTLS"),
            Self::Quit => f.write_str("QUIT"),
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, verb: &str, text: &str) -> fmt::Result {
    let utf8 = if text.is_ascii() { "" } else { " SMTPUTF8" };
    write!(f, "{verb} {text}{utf8}")
}
