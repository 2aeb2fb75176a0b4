//! What stands after the `@`: a domain or an address literal.

use alloc::boxed::Box;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::{Domain, Invalid};

/// An address literal, in its brackets (RFC 5321 §4.1.3).
///
/// ```
/// use postroad_core::address::AddressLiteral;
/// let literal: AddressLiteral = "[IPv6:2001:DB8:0::1]".parse().unwrap();
/// assert_eq!(literal.to_string(), "[IPv6:2001:db8::1]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressLiteral {
    /// `[192.0.2.1]`
    Ipv4(Ipv4Addr),
    /// `[IPv6:2001:db8::1]`, in any text form of RFC 4291 §2.2.
    Ipv6(Ipv6Addr),
    /// `[tag:content]`, for a kind of address that is yet to be registered.
    General {
        /// The tag, as it was written.
        tag: Box<str>,
        /// What follows the colon: at least one octet.
        content: Box<str>,
    },
}

impl AddressLiteral {
    /// Parses the whole of `input`, brackets included.
    ///
    /// # Errors
    /// [`Invalid::UnclosedLiteral`] or [`Invalid::Literal`]; [`Invalid::DomainTooLong`] above 255 octets.
    pub fn parse(input: &[u8]) -> Result<Self, Invalid> {
        if input.len() > Domain::MAX {
            return Err(Invalid::DomainTooLong);
        }
        let inner = input.strip_prefix(b"[").ok_or(Invalid::Literal)?;
        let inner = inner.strip_suffix(b"]").ok_or(Invalid::UnclosedLiteral)?;
        if !inner.iter().all(|octet| matches!(octet, 33..=90 | 94..=126)) {
            return Err(Invalid::Literal);
        }
        let inner = core::str::from_utf8(inner).map_err(|_| Invalid::Literal)?;
        let Some((tag, content)) = inner.split_once(':') else {
            return parse_ipv4(inner).map(Self::Ipv4);
        };
        if tag.eq_ignore_ascii_case("IPv6") {
            return content.parse().map(Self::Ipv6).map_err(|_| Invalid::Literal);
        }
        let is_ldh = tag.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        if tag.is_empty() || !is_ldh || tag.ends_with('-') || content.is_empty() {
            return Err(Invalid::Literal);
        }
        Ok(Self::General { tag: tag.into(), content: content.into() })
    }

    /// The IP address, unless this is a general literal.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Self::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Self::General { .. } => None,
        }
    }
}

// RFC 5321 §4.1.3: Snum is one to three decimal digits, leading zeros and all, which Rust's own parser refuses.
fn parse_ipv4(text: &str) -> Result<Ipv4Addr, Invalid> {
    let mut octets = [0; 4];
    let mut numbers = text.split('.');
    for octet in &mut octets {
        let number = numbers.next().ok_or(Invalid::Literal)?;
        if !(1..=3).contains(&number.len()) || !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Invalid::Literal);
        }
        *octet = number.parse().map_err(|_| Invalid::Literal)?;
    }
    match numbers.next() {
        Some(_) => Err(Invalid::Literal),
        None => Ok(octets.into()),
    }
}

impl FromStr for AddressLiteral {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes())
    }
}

impl From<IpAddr> for AddressLiteral {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::Ipv4(ip),
            IpAddr::V6(ip) => Self::Ipv6(ip),
        }
    }
}

impl fmt::Display for AddressLiteral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(ip) => write!(f, "[{ip}]"),
            Self::Ipv6(ip) => write!(f, "[IPv6:{ip}]"),
            Self::General { tag, content } => write!(f, "[{tag}:{content}]"),
        }
    }
}

/// Where a mailbox lives, and how a peer introduces itself: a domain or an address literal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A domain name.
    Domain(Domain),
    /// An address in brackets.
    Literal(AddressLiteral),
}

impl Host {
    /// Parses the whole of `input`. `utf8` allows U-labels.
    ///
    /// # Errors
    /// What is wrong with the domain or the literal.
    pub fn parse(input: &[u8], utf8: bool) -> Result<Self, Invalid> {
        if input.starts_with(b"[") {
            AddressLiteral::parse(input).map(Self::Literal)
        } else {
            Domain::parse(input, utf8).map(Self::Domain)
        }
    }

    /// The domain, unless this is a literal.
    #[must_use]
    pub fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Domain(domain) => Some(domain),
            Self::Literal(_) => None,
        }
    }
}

impl FromStr for Host {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes(), true)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => domain.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}

impl From<Domain> for Host {
    fn from(domain: Domain) -> Self {
        Self::Domain(domain)
    }
}

impl From<AddressLiteral> for Host {
    fn from(literal: AddressLiteral) -> Self {
        Self::Literal(literal)
    }
}
