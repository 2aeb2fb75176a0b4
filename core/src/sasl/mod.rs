//! SASL (RFC 4422): proving who one is, the same way in SMTP, POP3 and IMAP.
//!
//! Both ends are here, for each [`Mechanism`]: a [`Server`] that is fed responses and asks its host
//! [`Question`]s, and a [`Client`] that answers challenges from its [`Credentials`]. Neither knows
//! a protocol: octets are the decoded ones, and [`wire`] has what the three protocols share of their
//! framing (base64, `=` for an empty initial response, `*` to cancel).
//!
//! ```
//! use postroad_core::entropy::Entropy;
//! use postroad_core::sasl::{Answer, Mechanism, Question, Server, Step};
//!
//! let mut server = Server::new(Mechanism::Plain, None, Entropy::from_seed([7; 32]));
//! let step = server.start(Some(b"\0alice\0opensesame"));
//! assert!(matches!(step, Step::Verify(Question::Password { .. })));
//! let Step::Done(accepted) = server.handle_answer(Answer::Accept { authcid: "alice".into() })
//! else { unreachable!() };
//! assert_eq!(accepted.identity(), "alice");
//! ```
//!
//! | room | mechanism | RFC |
//! |---|---|---|
//! | `plain` | PLAIN | 4616 |
//! | `login` | LOGIN | none; draft-murchison-sasl-login |
//! | `scram` | SCRAM-SHA-256, SCRAM-SHA-256-PLUS | 5802, 7677, 9266 |
//! | `external` | EXTERNAL | 4422 appendix A |
//! | `bearer` | OAUTHBEARER, XOAUTH2 | 7628; Google's description |

mod bearer;
pub mod client;
mod external;
mod gs2;
mod login;
pub mod password;
mod plain;
mod prepare;
mod scram;
pub mod server;
pub mod wire;

pub use client::{Abort, Client, Credentials};
pub use password::{Decoy, ScramKeys};
pub use prepare::{Prohibited, prepare};
pub use server::{Accepted, Answer, Failure, Question, Server, Step};

use alloc::vec::Vec;
use core::fmt;

use crate::machine::Tls;

/// A way to prove who one is, by its name in the IANA registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mechanism {
    /// SCRAM-SHA-256 bound to the TLS connection (RFC 7677, RFC 9266).
    ScramSha256Plus,
    /// SCRAM-SHA-256 (RFC 7677): the server never learns the password.
    ScramSha256,
    /// EXTERNAL (RFC 4422 appendix A): by a TLS client certificate or a socket's peer.
    External,
    /// OAUTHBEARER (RFC 7628): an OAuth 2.0 token.
    OAuthBearer,
    /// XOAUTH2: the same, as it was before there was an RFC.
    XOAuth2,
    /// PLAIN (RFC 4616): the password itself.
    Plain,
    /// LOGIN: the password itself, asked for in two steps; obsolete, but wanted by old clients.
    Login,
}

impl Mechanism {
    /// Every mechanism, the best first.
    pub const ALL: [Self; 7] = [
        Self::ScramSha256Plus,
        Self::ScramSha256,
        Self::External,
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::Plain,
        Self::Login,
    ];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::External => "EXTERNAL",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of that name, in any case; `None` for one that is not implemented.
    ///
    /// ```
    /// use postroad_core::sasl::Mechanism;
    /// assert_eq!(Mechanism::parse("scram-sha-256"), Some(Mechanism::ScramSha256));
    /// assert_eq!(Mechanism::parse("CRAM-MD5"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Channel binding data of type `tls-exporter` (RFC 9266 §2): what both ends of one TLS connection
/// know and nobody between them does. `tls-unique` and `tls-server-end-point` (RFC 5929) are not
/// offered: the first is undefined in TLS 1.3, the second does not tell connections apart.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelBinding([u8; 32]);

impl ChannelBinding {
    /// The binding type's registered name.
    pub const NAME: &'static str = "tls-exporter";

    /// The 32 octets exported under the label `EXPORTER-Channel-Binding`.
    #[must_use]
    pub const fn tls_exporter(exported: [u8; 32]) -> Self {
        Self(exported)
    }

    const fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBinding(tls-exporter)")
    }
}

/// What the connection under an exchange protects: it decides which mechanisms may be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Channel {
    /// Anyone on the way can read along.
    Clear,
    /// Nobody else reads along: TLS, a UNIX socket, or loopback when the configuration trusts it.
    Confidential,
    /// TLS that the exchange can be bound to.
    Bound(ChannelBinding),
}

impl Channel {
    /// Whether `mechanism` may be offered or chosen here: the one place where that is decided.
    ///
    /// In the clear none may (RFC 8314 §4.1). Most would reveal the password (RFC 4616 §6) or the
    /// token (RFC 7628 §5); SCRAM lets a listener try passwords at leisure (RFC 5802 §9), and
    /// leaves the session to whoever sits in between. -PLUS needs a binding (RFC 5802 §6).
    ///
    /// ```
    /// use postroad_core::sasl::{Channel, Mechanism};
    /// assert!(!Channel::Clear.allows(Mechanism::ScramSha256));
    /// assert!(Channel::Confidential.allows(Mechanism::Plain));
    /// assert!(!Channel::Confidential.allows(Mechanism::ScramSha256Plus));
    /// ```
    #[must_use]
    pub const fn allows(&self, mechanism: Mechanism) -> bool {
        match (self, mechanism) {
            (Self::Clear, _) | (Self::Confidential, Mechanism::ScramSha256Plus) => false,
            (Self::Confidential | Self::Bound(_), _) => true,
        }
    }

    /// Those of `configured` that may be offered here, in their order.
    pub fn offer(&self, configured: &[Mechanism]) -> Vec<Mechanism> {
        let allowed = configured.iter().copied();
        allowed.filter(|it| self.allows(*it)).collect()
    }

    /// The channel binding, if there is one.
    #[must_use]
    pub const fn binding(&self) -> Option<&ChannelBinding> {
        match self {
            Self::Bound(binding) => Some(binding),
            Self::Clear | Self::Confidential => None,
        }
    }
}

impl From<&Tls> for Channel {
    fn from(tls: &Tls) -> Self {
        tls.exporter.map_or(Self::Confidential, |exported| {
            Self::Bound(ChannelBinding::tls_exporter(exported))
        })
    }
}

#[cfg(test)]
mod tests;
