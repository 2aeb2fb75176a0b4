//! The way to a domain.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use crate::machine::Instant;

/// The mail hosts of a domain, in the order in which they are to be tried: at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The hosts. Those of equal preference stand in random order (RFC 5321 §5.1).
    pub hosts: Vec<MailHost>,
    /// Until when it holds, by the lowest TTL of the records that it is made of.
    pub until: Instant,
}

/// A host that takes mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailHost {
    /// The preference of its MX record; 0 where there is none.
    pub preference: u16,
    /// Its name in lower case without a final dot, or an address literal in its brackets.
    pub name: String,
    /// Its addresses, IPv6 and IPv4 by turns (RFC 8305 §4): at least one.
    pub addresses: Vec<IpAddr>,
    /// Whether all that led here was authenticated, so that its TLSA records bind (RFC 7672 §2.2).
    /// Never so where the domain has no MX record: whether *that* was authenticated is not known.
    pub authenticated: bool,
}

impl MailHost {
    /// Its addresses with a port, for a [`Race`](super::Race).
    #[must_use]
    pub fn sockets(&self, port: u16) -> Vec<SocketAddr> {
        self.addresses.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
    }
}

/// IPv6 and IPv4 by turns, IPv6 first (RFC 8305 §4, with a First Address Family Count of 1).
pub(super) fn by_turns(
    v6: impl IntoIterator<Item = IpAddr>,
    v4: impl IntoIterator<Item = IpAddr>,
) -> Vec<IpAddr> {
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut addresses = Vec::new();
    loop {
        let pair = [v6.next(), v4.next()];
        if pair == [None, None] {
            return addresses;
        }
        for ip in pair.into_iter().flatten() {
            if !addresses.contains(&ip) {
                addresses.push(ip);
            }
        }
    }
}
