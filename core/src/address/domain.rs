//! Domain names as mail writes them.

use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::Invalid;
use crate::limits::Limits;

/// A domain of RFC 5321 §4.1.2 and RFC 6531 §3.3: as it was written, and in the form in which it is compared.
///
/// Labels are letters, digits, hyphens inside, and U-labels. A trailing dot is refused, as the grammar has it.
///
/// Two domains are equal when their A-label forms are, so `Müller.example`, `müller.example` and
/// `xn--mller-kva.example` are one. A label that already is ASCII is taken as it is, even when it begins with `xn--`
/// and holds no valid Punycode: the DNS, not the grammar, knows that nobody has such a name.
///
/// ```
/// use postroad_core::address::Domain;
/// let domain: Domain = "Müller.Example".parse().unwrap();
/// assert_eq!(domain.as_str(), "Müller.Example");
/// assert_eq!(domain.ascii(), "xn--mller-kva.example");
/// assert_eq!(domain, "XN--mller-KVA.example".parse().unwrap());
/// ```
// Deviation: RFC 5321 §4.1.2 allows no underscore. Hosts with one in their name do send mail, and DNS has no quarrel with it.
#[derive(Clone)]
pub struct Domain {
    text: Box<str>,
    /// The A-label form in lower case, where it differs from `text`.
    ascii: Option<Box<str>>,
}

impl Domain {
    /// The longest domain in octets, in either form (RFC 5321 §4.5.3.1.2).
    pub const MAX: usize = Limits::DEFAULT.domain;
    /// The longest label in octets (RFC 1035 §2.3.4).
    pub const MAX_LABEL: usize = 63;

    /// Parses the whole of `input`. `utf8` allows U-labels (RFC 6531 §3.3).
    ///
    /// # Errors
    /// What is wrong with the domain.
    pub fn parse(input: &[u8], utf8: bool) -> Result<Self, Invalid> {
        if input.is_empty() {
            return Err(Invalid::NoDomain);
        }
        if input.len() > Self::MAX {
            return Err(Invalid::DomainTooLong);
        }
        let text = core::str::from_utf8(input).map_err(|_| Invalid::NotUtf8)?;
        let ascii = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else if utf8 {
            to_ascii(text)?
        } else {
            return Err(Invalid::Utf8NotAllowed);
        };
        check_labels(&ascii)?;
        let ascii = (*ascii != *text).then(|| ascii.into_boxed_str());
        Ok(Self { text: text.into(), ascii })
    }

    /// The domain as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain in A-labels and lower case: for the DNS, for comparison, and for peers without SMTPUTF8.
    #[must_use]
    pub fn ascii(&self) -> &str {
        self.ascii.as_deref().unwrap_or(&self.text)
    }
}

// RFC 5890 §2.3.2.1, mapped by UTS #46.
fn to_ascii(text: &str) -> Result<String, Invalid> {
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| Invalid::NotIdna)?
        .into_owned();
    if ascii.len() > Domain::MAX {
        return Err(Invalid::DomainTooLong);
    }
    Ok(ascii)
}

fn check_labels(domain: &str) -> Result<(), Invalid> {
    for label in domain.split('.').map(str::as_bytes) {
        let (Some(first), Some(last)) = (label.first(), label.last()) else {
            return Err(Invalid::EmptyLabel);
        };
        if let Some(octet) = label.iter().find(|o| !o.is_ascii_alphanumeric() && !b"-_".contains(o))
        {
            return Err(Invalid::DomainOctet(*octet));
        }
        if *first == b'-' || *last == b'-' {
            return Err(Invalid::HyphenAtEdge);
        }
        if label.len() > Domain::MAX_LABEL {
            return Err(Invalid::LabelTooLong);
        }
    }
    Ok(())
}

impl FromStr for Domain {
    type Err = Invalid;

    /// Parses a domain, U-labels included.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes(), true)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Domain").field(&self.text).finish()
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.ascii() == other.ascii()
    }
}

impl Eq for Domain {}

impl Ord for Domain {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ascii().cmp(other.ascii())
    }
}

impl PartialOrd for Domain {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ascii().hash(state);
    }
}
