//! What is asked.

use core::fmt;

use super::Name;

/// The kinds of records that mail asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// IPv4 addresses (RFC 1035 §3.4.1).
    A,
    /// IPv6 addresses (RFC 3596).
    Aaaa,
    /// Mail exchanges (RFC 1035 §3.3.9).
    Mx,
    /// Text (RFC 1035 §3.3.14): SPF, DKIM, DMARC.
    Txt,
    /// The name of an address (RFC 1035 §3.3.12).
    Ptr,
    /// Certificates of a TLS server (RFC 6698).
    Tlsa,
    /// Hosts of a service (RFC 2782).
    Srv,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::A, Self::Aaaa, Self::Mx, Self::Txt, Self::Ptr, Self::Tlsa, Self::Srv];

    /// The number that stands for it on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Ptr => 12,
            Self::Mx => 15,
            Self::Txt => 16,
            Self::Aaaa => 28,
            Self::Srv => 33,
            Self::Tlsa => 52,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
            Self::Tlsa => "TLSA",
            Self::Srv => "SRV",
        })
    }
}

/// A question: the records of one kind at one name, in class IN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Question {
    /// Where to look.
    pub name: Name,
    /// What to look for.
    pub kind: Kind,
}

impl Question {
    /// The question for the records of `kind` at `name`.
    #[must_use]
    pub const fn new(name: Name, kind: Kind) -> Self {
        Self { name, kind }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

/// Names a query, as its asker likes: its outcome carries the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Query(pub u32);
