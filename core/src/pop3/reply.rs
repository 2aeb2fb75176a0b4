//! What a server says: one line, of success or failure.

use core::fmt;

/// The first line of a response, without its CRLF.
///
/// ```
/// use postroad_core::pop3::{Code, Reply};
/// assert_eq!(Reply::Ok("2 320").to_string(), "+OK 2 320");
/// let reply = Reply::Err(Some(Code::InUse), "The maildrop is locked");
/// assert_eq!(reply.to_string(), "-ERR [IN-USE] The maildrop is locked");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply<T> {
    /// `+OK`.
    Ok(T),
    /// `-ERR`, with a code for the program and a text for its user.
    Err(Option<Code>, T),
}

/// An extended response code (RFC 2449 §8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// `IN-USE` (RFC 2449 §8.1.2): another session has the maildrop.
    InUse,
    /// `SYS/TEMP` (RFC 3206 §4): a fault of the server that will pass.
    Temporary,
    /// `SYS/PERM` (RFC 3206 §4): a fault of the server that somebody must mend.
    Permanent,
    /// `AUTH` (RFC 3206 §5): the credentials are wrong.
    Auth,
}

impl Code {
    const fn name(self) -> &'static str {
        match self {
            Self::InUse => "IN-USE",
            Self::Temporary => "SYS/TEMP",
            Self::Permanent => "SYS/PERM",
            Self::Auth => "AUTH",
        }
    }
}

impl<T: fmt::Display> fmt::Display for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(text) => write!(f, "+OK {text}"),
            Self::Err(None, text) => write!(f, "-ERR {text}"),
            Self::Err(Some(code), text) => write!(f, "-ERR [{}] {text}", code.name()),
        }
    }
}
