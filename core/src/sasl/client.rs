//! The client's end of an exchange.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Channel, Mechanism, bearer, external, login, plain, scram};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::secret::Secret;

/// What a client proves itself with.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A name and a password: SCRAM, PLAIN, LOGIN.
    Password {
        /// The login.
        authcid: String,
        /// Whom to act as, when that is another. LOGIN cannot say it and is not chosen then.
        authzid: Option<String>,
        /// The password.
        password: Secret<String>,
    },
    /// An OAuth 2.0 bearer token: OAUTHBEARER, XOAUTH2.
    Token {
        /// Whose token it is.
        user: String,
        /// The token.
        token: Secret<String>,
        /// The server's name and port (RFC 7628 §3.1).
        server: Option<(String, u16)>,
    },
    /// What the connection itself proves: EXTERNAL.
    External {
        /// Whom to act as, when that is not whom the connection proves.
        authzid: Option<String>,
    },
}

/// Why a client gives up. It cancels the exchange, or, after the end, closes the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Abort {
    /// These credentials cannot be used with this mechanism on this channel, or have characters
    /// that it cannot carry.
    Credentials,
    /// A challenge is malformed or was not due.
    Malformed,
    /// The nonce is not ours with something added: a replay (RFC 5802 §5.1).
    Nonce,
    /// The server asks for so few iterations that the password is at risk, or for more than
    /// [`Limits::scram_iterations`].
    Iterations,
    /// The server does not know our keys: it is not the one that it seems (RFC 5802 §3).
    Signature,
    /// The server claims success before it has proved itself.
    Unproven,
    /// The server says why it refuses, in a word of RFC 5802 §7 such as `invalid-proof`.
    Refused(String),
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "the credentials do not fit the mechanism or the channel",
            Self::Malformed => "the server's challenge is malformed",
            Self::Nonce => "the server's nonce does not continue ours",
            Self::Iterations => "the server's iteration count is out of bounds",
            Self::Signature => "the server's signature is wrong",
            Self::Unproven => "the server has not proved itself",
            Self::Refused(word) => return write!(f, "the server refuses: {word}"),
        })
    }
}

impl core::error::Error for Abort {}

/// One mechanism's part. [`Client`] sends the initial response when it is due.
pub(super) trait Exchange: fmt::Debug + Send + Sync {
    fn handle_challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Abort>;

    fn handle_success(&self) -> Result<(), Abort> {
        Ok(())
    }
}

/// The client of one exchange.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::limits::Limits;
/// use postroad_core::sasl::{Channel, Client, Credentials, Mechanism};
///
/// let credentials = Credentials::Password {
///     authcid: "alice".into(),
///     authzid: None,
///     password: String::from("opensesame").into(),
/// };
/// let channel = Channel::Confidential;
/// let best = Client::choose(&[Mechanism::Login, Mechanism::Plain], &credentials, &channel);
/// assert_eq!(best, Some(Mechanism::Plain));
/// let entropy = Entropy::from_seed([7; 32]);
/// let mut client =
///     Client::new(Mechanism::Plain, &credentials, &channel, entropy, &Limits::DEFAULT)?;
/// assert_eq!(client.initial_response().as_deref(), Some(&b"\0alice\0opensesame"[..]));
/// # Ok::<(), postroad_core::sasl::Abort>(())
/// ```
#[derive(Debug)]
pub struct Client {
    exchange: Box<dyn Exchange>,
    /// The initial response, until it is sent; `None` as well when the server speaks first.
    initial: Option<Secret<Vec<u8>>>,
}

impl Client {
    /// The best of the `offered` mechanisms that `credentials` and `channel` allow.
    #[must_use]
    pub fn choose(
        offered: &[Mechanism],
        credentials: &Credentials,
        channel: &Channel,
    ) -> Option<Mechanism> {
        Mechanism::ALL.into_iter().find(|mechanism| {
            offered.contains(mechanism)
                && usable(*mechanism, credentials)
                && channel.allows(*mechanism)
        })
    }

    /// A client for `mechanism`, which [`choose`](Self::choose) has chosen: SCRAM tells the server
    /// that -PLUS was not offered when the channel could have been bound.
    ///
    /// # Errors
    /// [`Abort::Credentials`] when the credentials cannot be used.
    pub fn new(
        mechanism: Mechanism,
        credentials: &Credentials,
        channel: &Channel,
        mut entropy: Entropy,
        limits: &Limits,
    ) -> Result<Self, Abort> {
        if !usable(mechanism, credentials) || !channel.allows(mechanism) {
            return Err(Abort::Credentials);
        }
        let (exchange, initial): (Box<dyn Exchange>, Option<Vec<u8>>) = match mechanism {
            Mechanism::Plain => (Box::new(plain::Client), Some(plain::message(credentials)?)),
            Mechanism::External => {
                let message = external::message(credentials)?;
                (Box::new(external::Client), Some(message))
            }
            Mechanism::Login => (Box::new(login::Client::new(credentials)?), None),
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => {
                let message = bearer::message(mechanism, credentials)?;
                (Box::new(bearer::Client::new(mechanism)), Some(message))
            }
            Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
                let nonce = scram::nonce(&mut entropy);
                let flag = scram::Flag::of(mechanism, channel);
                let client =
                    scram::Client::new(flag, channel.binding(), credentials, nonce, limits)?;
                let message = client.first();
                (Box::new(client), Some(message))
            }
        };
        let initial = initial.map(Secret::new);
        Ok(Self { exchange, initial })
    }

    /// The response to send along with the mechanism's name; `None` when the server speaks first.
    ///
    /// Where the protocol has no room for it (RFC 4954 §4, RFC 5034 §4), don't call this: the empty
    /// challenge that follows gets the same response.
    pub fn initial_response(&mut self) -> Option<Vec<u8>> {
        Some(self.initial.take()?.expose().clone())
    }

    /// The response to a challenge.
    ///
    /// # Errors
    /// The reason to cancel the exchange.
    pub fn handle_challenge(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Abort> {
        match self.initial_response() {
            Some(response) if challenge.is_empty() => Ok(response),
            Some(_) => Err(Abort::Malformed),
            None => self.exchange.handle_challenge(challenge),
        }
    }

    /// Takes note that the server claims success.
    ///
    /// # Errors
    /// [`Abort::Unproven`] when the server skipped its part: the connection is not to be trusted.
    pub fn handle_success(&self) -> Result<(), Abort> {
        match self.initial {
            Some(_) => Err(Abort::Unproven),
            None => self.exchange.handle_success(),
        }
    }
}

/// Whether these credentials are of the mechanism's kind.
const fn usable(mechanism: Mechanism, credentials: &Credentials) -> bool {
    match mechanism {
        Mechanism::Plain | Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
            matches!(credentials, Credentials::Password { .. })
        }
        Mechanism::Login => matches!(credentials, Credentials::Password { authzid: None, .. }),
        Mechanism::OAuthBearer | Mechanism::XOAuth2 => {
            matches!(credentials, Credentials::Token { .. })
        }
        Mechanism::External => matches!(credentials, Credentials::External { .. }),
    }
}
