//! What sessions share.

use super::config::{Cleartext, Config};
use super::directory::{Directory, Misconfigured};
use crate::address::Domain;
use crate::machine::Tls;
use crate::sasl::Channel;
use alloc::format;
use core::fmt;
use core::net::IpAddr;

/// A mail system as its sessions see it: a snapshot of configuration and directory that they share.
#[derive(Clone, Debug)]
pub struct Site {
    /// What is configured.
    pub config: Config,
    /// Who has mail here.
    pub directory: Directory,
}

impl Site {
    /// The site of `config`, with its aliases and without users. `secret` is
    /// [`Directory::new`]'s.
    ///
    /// # Errors
    /// If hostname, domains or aliases are wrong.
    pub fn new(config: Config, secret: [u8; 32]) -> Result<Self, Misconfigured> {
        Domain::parse(config.hostname.as_bytes(), true)
            .map_err(|why| Misconfigured(format!("the hostname `{}`: {why}", config.hostname)))?;
        let mut directory = Directory::new(&config.local_domains(), secret)?;
        for (from, targets) in &config.aliases {
            directory.add_alias(from, targets.addresses())?;
        }
        Ok(Self { config, directory })
    }

    /// What the connection to `peer` protects, given the TLS below it. Loopback counts as
    /// confidential where the configuration says so.
    #[must_use]
    pub fn channel(&self, peer: Peer, tls: Option<&Tls>) -> Channel {
        match tls {
            Some(tls) => Channel::from(tls),
            None if self.config.auth.cleartext == Cleartext::Loopback && peer.is_local() => {
                Channel::Confidential
            }
            None => Channel::Clear,
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A host, by its address.
    Host(IpAddr),
    /// A program on this machine, through a UNIX socket.
    Socket,
}

impl Peer {
    /// Whether no network lies in between.
    #[must_use]
    pub fn is_local(self) -> bool {
        match self {
            Self::Host(address) => address.to_canonical().is_loopback(),
            Self::Socket => true,
        }
    }

    /// The address, if it is a host.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Host(address) => Some(address),
            Self::Socket => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => address.to_canonical().fmt(f),
            Self::Socket => f.write_str("socket"),
        }
    }
}
