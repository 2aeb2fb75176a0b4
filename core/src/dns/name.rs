//! Names in the DNS.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{self, Write};
use core::net::IpAddr;
use core::str::FromStr;

use crate::address::{Domain, Invalid};

/// A domain name of the DNS: text in lower case without the final dot; the root is empty.
///
/// Labels hold any printable ASCII but the dot and the backslash, so `_25._tcp.mx.example.com` is a
/// name. A clone shares the text.
///
/// ```
/// use postroad_core::dns::Name;
/// let name: Name = "MX.Example.com.".parse().unwrap();
/// assert_eq!(name.as_str(), "mx.example.com");
/// assert_eq!(name.under("_25._tcp").unwrap().as_str(), "_25._tcp.mx.example.com");
/// assert_eq!(Name::reverse("192.0.2.1".parse().unwrap()).as_str(), "1.2.0.192.in-addr.arpa");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name in octets of text: 255 on the wire (RFC 1035 §2.3.4), with a length before
    /// each label and the root's behind the last.
    pub const MAX: usize = 253;

    /// The root: as the target of an MX record, "no host" (RFC 7505 §3).
    #[must_use]
    pub fn root() -> Self {
        Self("".into())
    }

    /// Parses the whole of `text`, a final dot allowed. A lone dot is the root.
    ///
    /// # Errors
    /// What is wrong with the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text == "." {
            return Ok(Self::root());
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(Invalid::NoDomain);
        }
        if text.len() > Self::MAX {
            return Err(Invalid::DomainTooLong);
        }
        text.split('.').map(str::as_bytes).try_for_each(check_label)?;
        Ok(Self(text.to_ascii_lowercase().into()))
    }

    /// The name whose PTR records say what `ip` is called (RFC 1035 §3.5, RFC 3596 §2.5).
    #[must_use]
    pub fn reverse(ip: IpAddr) -> Self {
        let mut text = String::new();
        match ip {
            IpAddr::V4(ip) => {
                for octet in ip.octets().iter().rev() {
                    text.push_str(&format!("{octet}."));
                }
                text.push_str("in-addr.arpa");
            }
            IpAddr::V6(ip) => {
                for octet in ip.octets().iter().rev() {
                    text.push_str(&format!("{:x}.{:x}.", octet & 0xf, octet >> 4));
                }
                text.push_str("ip6.arpa");
            }
        }
        Self(text.into())
    }

    /// The name with `prefix`, one or more labels, before it: `_25._tcp`.
    ///
    /// # Errors
    /// What is wrong with the labels, or that the name becomes too long.
    pub fn under(&self, prefix: &str) -> Result<Self, Invalid> {
        Self::parse(&format!("{prefix}.{}", self.0))
    }

    /// The text, in lower case and without the final dot; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The labels, the most specific first.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.').filter(|label| !label.is_empty())
    }

    /// Whether this is `zone` or a name below it.
    #[must_use]
    pub fn is_within(&self, zone: &Self) -> bool {
        let Some(above) = self.0.strip_suffix(zone.as_str()) else { return false };
        zone.is_root() || above.is_empty() || above.ends_with('.')
    }

    /// Whether this is `localhost` or below it (RFC 6761 §6.3).
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        self.labels().last() == Some("localhost")
    }
}

fn check_label(label: &[u8]) -> Result<(), Invalid> {
    if label.is_empty() {
        return Err(Invalid::EmptyLabel);
    }
    if label.len() > Domain::MAX_LABEL {
        return Err(Invalid::LabelTooLong);
    }
    match label.iter().find(|octet| !octet.is_ascii_graphic() || **octet == b'\\') {
        Some(octet) => Err(Invalid::DomainOctet(*octet)),
        None => Ok(()),
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<&Domain> for Name {
    type Error = Invalid;

    /// The domain in A-labels. Of the 255 octets that mail allows a domain, two are too many for
    /// the DNS.
    fn try_from(domain: &Domain) -> Result<Self, Invalid> {
        Self::parse(domain.ascii())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_char('.') } else { f.write_str(&self.0) }
    }
}
