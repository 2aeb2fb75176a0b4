//! What stands between the angle brackets of MAIL and RCPT.

use core::fmt;

use super::{Domain, Invalid, Mailbox};
use crate::limits::Limits;

/// Where reports about a message go: the argument of MAIL FROM (RFC 5321 §4.1.1.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReversePath {
    /// `<>`: nobody. Reports have it, so that no report about a report is sent (RFC 5321 §4.5.5).
    Null,
    /// A mailbox.
    Mailbox(Mailbox),
}

impl ReversePath {
    /// Parses a path that `input` begins with, and returns it with what follows the `>`.
    /// A source route is read and forgotten (RFC 5321 §3.6.1). `utf8` allows UTF-8 (RFC 6531 §3.3).
    ///
    /// # Errors
    /// What is wrong with the path.
    ///
    /// ```
    /// use postroad_core::address::ReversePath;
    /// assert_eq!(ReversePath::parse(b"<> SIZE=100", false), Ok((ReversePath::Null, &b" SIZE=100"[..])));
    /// ```
    pub fn parse(input: &[u8], utf8: bool) -> Result<(Self, &[u8]), Invalid> {
        if let Some(rest) = input.strip_prefix(b"<>") {
            return Ok((Self::Null, rest));
        }
        let (mailbox, rest) = parse_path(input, utf8)?;
        Ok((Self::Mailbox(mailbox), rest))
    }

    /// The mailbox, unless the path is null.
    #[must_use]
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl fmt::Display for ReversePath {
    /// Writes the path with its brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

/// One recipient: the argument of RCPT TO (RFC 5321 §4.1.1.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForwardPath {
    /// `<Postmaster>`, in any case and without a domain: whoever looks after this host (RFC 5321 §4.5.1).
    Postmaster,
    /// A mailbox.
    Mailbox(Mailbox),
}

impl ForwardPath {
    /// Parses a path that `input` begins with, and returns it with what follows the `>`.
    /// A source route is read and forgotten (RFC 5321 §3.6.1). `utf8` allows UTF-8 (RFC 6531 §3.3).
    ///
    /// # Errors
    /// What is wrong with the path.
    pub fn parse(input: &[u8], utf8: bool) -> Result<(Self, &[u8]), Invalid> {
        const POSTMASTER: &[u8] = b"<postmaster>";
        if let Some((path, rest)) = input.split_at_checked(POSTMASTER.len())
            && path.eq_ignore_ascii_case(POSTMASTER)
        {
            return Ok((Self::Postmaster, rest));
        }
        if input.starts_with(b"<>") {
            return Err(Invalid::EmptyPath);
        }
        let (mailbox, rest) = parse_path(input, utf8)?;
        Ok((Self::Mailbox(mailbox), rest))
    }

    /// The mailbox, unless this is the bare postmaster.
    #[must_use]
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Postmaster => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl fmt::Display for ForwardPath {
    /// Writes the path with its brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postmaster => f.write_str("<Postmaster>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

impl From<Mailbox> for ReversePath {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

impl From<Mailbox> for ForwardPath {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

fn parse_path(input: &[u8], utf8: bool) -> Result<(Mailbox, &[u8]), Invalid> {
    let inner = input.strip_prefix(b"<").ok_or(Invalid::NoOpeningBracket)?;
    let inner = skip_route(inner, utf8)?;
    let (mailbox, rest) = Mailbox::parse_prefix(inner, utf8)?;
    if inner.len() - rest.len() + "<>".len() > Limits::DEFAULT.path {
        return Err(Invalid::PathTooLong);
    }
    let rest = rest.strip_prefix(b">").ok_or(Invalid::NoClosingBracket)?;
    Ok((mailbox, rest))
}

// RFC 5321 §4.1.2, A-d-l: `@one,@two:` in front of the mailbox. §3.6.1: SHOULD be ignored.
fn skip_route(input: &[u8], utf8: bool) -> Result<&[u8], Invalid> {
    if !input.starts_with(b"@") {
        return Ok(input);
    }
    let mut rest = input;
    while let Some(hop) = rest.strip_prefix(b"@") {
        let end =
            hop.iter().position(|octet| matches!(octet, b',' | b':')).ok_or(Invalid::Route)?;
        let (domain, after) = hop.split_at(end);
        Domain::parse(domain, utf8).map_err(|_| Invalid::Route)?;
        match after {
            [b':', mailbox @ ..] => return Ok(mailbox),
            [b',', more @ ..] => rest = more,
            _ => break,
        }
    }
    Err(Invalid::Route)
}
