//! What a client may say.

use alloc::string::String;
use core::fmt;

use crate::secret::Secret;

/// A command. Message numbers count from 1; numbers beyond 2³² are as good as the largest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `USER name` (RFC 1939 §7).
    User(String),
    /// `PASS string` (RFC 1939 §7): blanks belong to the password.
    Pass(Secret<String>),
    /// `AUTH mechanism [initial-response]` (RFC 5034 §4).
    Auth {
        /// The mechanism's name. Old clients give none, to see which there are.
        mechanism: Option<String>,
        /// The initial response in base64, or `=` for an empty one.
        initial: Option<Secret<String>>,
    },
    /// `CAPA` (RFC 2449 §5).
    Capa,
    /// `STLS` (RFC 2595 §4).
    Stls,
    /// `UTF8` (RFC 6856 §2).
    Utf8,
    /// `LANG [range]` (RFC 6856 §3).
    Lang(Option<String>),
    /// `QUIT` (RFC 1939 §4, §6).
    Quit,
    /// `STAT` (RFC 1939 §5).
    Stat,
    /// `LIST [msg]` (RFC 1939 §5).
    List(Option<u32>),
    /// `RETR msg` (RFC 1939 §5).
    Retr(u32),
    /// `DELE msg` (RFC 1939 §5).
    Dele(u32),
    /// `NOOP` (RFC 1939 §5).
    Noop,
    /// `RSET` (RFC 1939 §5).
    Rset,
    /// `TOP msg n` (RFC 1939 §7).
    Top {
        /// Which message.
        message: u32,
        /// How many lines of its body.
        lines: u32,
    },
    /// `UIDL [msg]` (RFC 1939 §7).
    Uidl(Option<u32>),
}

/// Why a line is no command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invalid {
    /// The keyword is not known.
    Unknown,
    /// The arguments are not those of the keyword, or not text.
    Arguments,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "Unknown command",
            Self::Arguments => "Invalid arguments",
        })
    }
}

impl core::error::Error for Invalid {}

impl Command {
    /// Parses a line without its end. Keywords are in any case (RFC 1939 §3); blanks at the end are
    /// passed over, but for PASS.
    ///
    /// ```
    /// use postroad_core::pop3::{Command, Invalid};
    /// assert_eq!(Command::parse(b"top 1 10"), Ok(Command::Top { message: 1, lines: 10 }));
    /// assert_eq!(Command::parse(b"RETR one"), Err(Invalid::Arguments));
    /// assert_eq!(Command::parse(b"HELO"), Err(Invalid::Unknown));
    /// ```
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn parse(line: &[u8]) -> Result<Self, Invalid> {
        // RFC 6856 §2.2: names and passwords are in UTF-8.
        let line = core::str::from_utf8(line).map_err(|_| Invalid::Arguments)?;
        if line.contains(char::is_control) {
            return Err(Invalid::Arguments);
        }
        let (keyword, rest) = line.split_once(' ').unwrap_or((line, ""));
        Self::of(&keyword.to_ascii_uppercase(), rest)
    }

    /// The command of `keyword` with `rest` as its arguments.
    fn of(keyword: &str, rest: &str) -> Result<Self, Invalid> {
        let mut words = rest.split(' ').filter(|word| !word.is_empty());
        let words = (words.next(), words.next(), words.next());
        let none = |command| (words.0.is_none()).then_some(command);
        let one = || words.0.filter(|_| words.1.is_none());
        let optional = |command: fn(Option<u32>) -> Self| match words.0 {
            None => Some(command(None)),
            Some(_) => one().and_then(number).map(|message| command(Some(message))),
        };
        let command = match keyword {
            "USER" => words.0.map(|_| Self::User(rest.trim_matches(' ').into())),
            "PASS" => Some(Self::Pass(Secret::new(rest.into()))),
            "AUTH" => words.2.is_none().then(|| Self::Auth {
                mechanism: words.0.map(String::from),
                initial: words.1.map(|initial| Secret::new(initial.into())),
            }),
            "CAPA" => none(Self::Capa),
            "STLS" => none(Self::Stls),
            "UTF8" => none(Self::Utf8),
            "LANG" => words.1.is_none().then(|| Self::Lang(words.0.map(String::from))),
            "QUIT" => none(Self::Quit),
            "STAT" => none(Self::Stat),
            "LIST" => optional(Self::List),
            "RETR" => one().and_then(number).map(Self::Retr),
            "DELE" => one().and_then(number).map(Self::Dele),
            "NOOP" => none(Self::Noop),
            "RSET" => none(Self::Rset),
            "TOP" => match words {
                (Some(message), Some(lines), None) => number(message)
                    .zip(number(lines))
                    .map(|(message, lines)| Self::Top { message, lines }),
                _ => None,
            },
            "UIDL" => optional(Self::Uidl),
            _ => return Err(Invalid::Unknown),
        };
        command.ok_or(Invalid::Arguments)
    }
}

/// A number of digits alone.
fn number(word: &str) -> Option<u32> {
    let digits = word.bytes().all(|octet| octet.is_ascii_digit());
    digits.then(|| word.parse().unwrap_or(u32::MAX))
}

/// Writes the line without its end, passwords and all: for the wire, not for a log.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "USER {name}"),
            Self::Pass(word) => write!(f, "PASS {}", word.expose()),
            Self::Auth { mechanism, initial } => {
                f.write_str("AUTH")?;
                mechanism.iter().try_for_each(|mechanism| write!(f, " {mechanism}"))?;
                initial.iter().try_for_each(|initial| write!(f, " {}", initial.expose()))
            }
            Self::Capa => f.write_str("CAPA"),
            Self::Stls => f.write_str("STLS"),
            Self::Utf8 => f.write_str("UTF8"),
            Self::Lang(None) => f.write_str("LANG"),
            Self::Lang(Some(range)) => write!(f, "LANG {range}"),
            Self::Quit => f.write_str("QUIT"),
            Self::Stat => f.write_str("STAT"),
            Self::List(None) => f.write_str("LIST"),
            Self::List(Some(message)) => write!(f, "LIST {message}"),
            Self::Retr(message) => write!(f, "RETR {message}"),
            Self::Dele(message) => write!(f, "DELE {message}"),
            Self::Noop => f.write_str("NOOP"),
            Self::Rset => f.write_str("RSET"),
            Self::Top { message, lines } => write!(f, "TOP {message} {lines}"),
            Self::Uidl(None) => f.write_str("UIDL"),
            Self::Uidl(Some(message)) => write!(f, "UIDL {message}"),
        }
    }
}
