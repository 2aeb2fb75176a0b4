//! A local-part at a host.

use core::fmt;
use core::str::FromStr;

use super::{Host, Invalid, LocalPart};

/// `local-part@host`, the address of one mailbox (RFC 5321 §4.1.2).
///
/// ```
/// use postroad_core::address::Mailbox;
/// let mailbox: Mailbox = "joe@Example.org".parse().unwrap();
/// assert_eq!(mailbox.local_part.as_str(), "joe");
/// assert_eq!(mailbox, "joe@example.ORG".parse().unwrap());
/// assert_eq!("joe.example.org".parse::<Mailbox>().unwrap_err().to_string(), "the address has no @");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mailbox {
    /// Who, in the eyes of the host.
    pub local_part: LocalPart,
    /// Where.
    pub host: Host,
}

impl Mailbox {
    /// Parses the whole of `input`. `utf8` allows UTF-8 on both sides of the `@` (RFC 6531 §3.3).
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn parse(input: &[u8], utf8: bool) -> Result<Self, Invalid> {
        match Self::parse_prefix(input, utf8)? {
            (mailbox, []) => Ok(mailbox),
            _ => Err(Invalid::Trailing),
        }
    }

    /// Parses an address that ends at a `>`, a blank or the end of `input`; returns it with what follows.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn parse_prefix(input: &[u8], utf8: bool) -> Result<(Self, &[u8]), Invalid> {
        let (local_part, rest) = LocalPart::parse_prefix(input, utf8)?;
        let rest = match rest {
            [b'@', rest @ ..] => rest,
            [] | [b'>' | b' ' | b'\t', ..] => return Err(Invalid::NoAt),
            [octet, ..] => return Err(Invalid::LocalPartOctet(*octet)),
        };
        let (host, rest) = rest.split_at(host_len(rest));
        Ok((Self { local_part, host: Host::parse(host, utf8)? }, rest))
    }

    /// Whether the address can only be sent with SMTPUTF8 (RFC 6531 §3.2): its host could be written in A-labels,
    /// but its local-part is not ASCII.
    #[must_use]
    pub fn needs_utf8(&self) -> bool {
        !self.local_part.as_str().is_ascii()
    }
}

/// How far the host reaches that `input` begins with: a literal to its bracket, a domain to a blank or a `>`.
fn host_len(input: &[u8]) -> usize {
    if input.starts_with(b"[") {
        return input
            .iter()
            .position(|octet| *octet == b']')
            .map_or(input.len(), |bracket| bracket + 1);
    }
    input.iter().position(|octet| matches!(octet, b'>' | b' ' | b'\t')).unwrap_or(input.len())
}

impl FromStr for Mailbox {
    type Err = Invalid;

    /// Parses an address, UTF-8 included.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes(), true)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part, self.host)
    }
}
