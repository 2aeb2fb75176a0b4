//! Why there is no way to a domain.

use alloc::string::{String, ToString};
use core::fmt;

use crate::dns;
use crate::smtp::{EnhancedCode, Reply};

/// Why mail for a domain cannot go anywhere; `Display` says it in words.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Failure {
    /// There is no such domain.
    NoDomain(String),
    /// The domain takes no mail (RFC 7505).
    NullMx(String),
    /// The domain's best mail host is this one, which does not take its mail (RFC 5321 §5.1).
    Loop(String),
    /// No mail host of the domain has an address that could be used.
    NoAddress(String),
    /// The DNS could not tell: of which name, and why.
    Unresolved(String, dns::Failure),
    /// A host that was configured has no address. That can be mended here, so mail waits.
    NoRoute(String),
}

impl Failure {
    /// The reply code that fits.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::NoDomain(_) | Self::NoAddress(_) => 550,
            Self::Loop(_) => 554,
            Self::NullMx(_) => 556,
            Self::Unresolved(..) | Self::NoRoute(_) => 451,
        }
    }

    /// The enhanced status code (RFC 3463, RFC 7505 §4.1).
    #[must_use]
    pub const fn status(&self) -> EnhancedCode {
        match self {
            Self::NoDomain(_) => EnhancedCode::new(5, 1, 2),
            Self::NullMx(_) => EnhancedCode::new(5, 1, 10),
            Self::Loop(_) => EnhancedCode::new(5, 4, 6),
            Self::NoAddress(_) => EnhancedCode::new(5, 4, 4),
            Self::Unresolved(..) => EnhancedCode::new(4, 4, 3),
            Self::NoRoute(_) => EnhancedCode::new(4, 3, 5),
        }
    }

    /// Whether to try again is in vain.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.status().class == 5
    }

    /// The failure as a reply.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let EnhancedCode { class, subject, detail } = self.status();
        Reply::new(self.code(), (class, subject, detail), self.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDomain(domain) => write!(f, "the domain {domain} does not exist"),
            Self::NullMx(domain) => write!(f, "{domain} takes no mail"),
            Self::Loop(domain) => write!(f, "mail for {domain} loops back to this host"),
            Self::NoAddress(domain) => write!(f, "no mail host of {domain} has a usable address"),
            Self::Unresolved(name, why) => write!(f, "{name} could not be looked up: {why}"),
            Self::NoRoute(host) => write!(f, "the configured host {host} has no usable address"),
        }
    }
}

impl core::error::Error for Failure {}
