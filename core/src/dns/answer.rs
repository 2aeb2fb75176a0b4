//! What is answered.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Kind, Name};
use crate::machine::Instant;

/// The content of a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Record {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail exchange.
    Mx {
        /// The lower, the more preferred.
        preference: u16,
        /// The host; the root says that the domain takes no mail (RFC 7505).
        exchange: Name,
    },
    /// The strings of a TXT record, joined without anything between them (RFC 7208 §3.3).
    Txt(Vec<u8>),
    /// What an address is called.
    Ptr(Name),
    /// What a TLS server's certificate must match (RFC 6698 §2.1).
    Tlsa {
        /// The certificate usage.
        usage: u8,
        /// The part of the certificate.
        selector: u8,
        /// How it was hashed.
        matching: u8,
        /// The hash, or the part itself.
        association: Vec<u8>,
    },
    /// A host of a service (RFC 2782).
    Srv {
        /// The lower, the more preferred.
        priority: u16,
        /// The share among those of one priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The host; the root says that there is no such service.
        target: Name,
    },
}

impl Record {
    /// The kind of the record.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::A(_) => Kind::A,
            Self::Aaaa(_) => Kind::Aaaa,
            Self::Mx { .. } => Kind::Mx,
            Self::Txt(_) => Kind::Txt,
            Self::Ptr(_) => Kind::Ptr,
            Self::Tlsa { .. } => Kind::Tlsa,
            Self::Srv { .. } => Kind::Srv,
        }
    }

    /// The address in an A or AAAA record.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::A(ip) => Some(IpAddr::V4(*ip)),
            Self::Aaaa(ip) => Some(IpAddr::V6(*ip)),
            _ => None,
        }
    }

    /// Octets of text and data in the record, for accounts of memory.
    #[cfg(feature = "dns")]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::A(_) | Self::Aaaa(_) => 0,
            Self::Mx { exchange: name, .. } | Self::Srv { target: name, .. } | Self::Ptr(name) => {
                name.as_str().len()
            }
            Self::Txt(octets) | Self::Tlsa { association: octets, .. } => octets.len(),
        }
    }
}

/// The answer to a question: at least one record of the kind that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The records, no more than
    /// [`Limits::dns_records`](crate::limits::Limits::dns_records).
    pub records: Vec<Record>,
    /// The name that has them: where the CNAMEs led, or the name that was asked about.
    pub canonical: Name,
    /// Until when the answer holds, by the lowest TTL on the way.
    pub until: Instant,
    /// Whether the server says that all of it was proven with DNSSEC: the AD bit (RFC 6840 §5.8).
    /// It is worth as much as the server and the way to it.
    pub authenticated: bool,
}

impl Answer {
    /// The addresses of an answer to a question for [`Kind::A`] or [`Kind::Aaaa`].
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.records.iter().filter_map(Record::ip)
    }
}
