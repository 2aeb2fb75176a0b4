//! The server's end of an exchange.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{ChannelBinding, Mechanism, ScramKeys, bearer, external, login, plain, scram};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What the server does next.
#[derive(Debug)]
pub enum Step {
    /// Send this challenge (not yet in base64) and feed the response to
    /// [`Server::handle_response`].
    Challenge(Vec<u8>),
    /// Put this question to the host and feed the answer to [`Server::handle_answer`].
    Verify(Question),
    /// The exchange has succeeded.
    Done(Accepted),
    /// The exchange has failed.
    Failed(Failure),
}

/// What only the host can tell.
///
/// Names and passwords have been [prepared](super::prepare()). Where there is an `authzid`, accepting
/// means that this login may act as that identity, too (RFC 4422 §3.4.1).
#[derive(Clone, Debug)]
pub enum Question {
    /// Is this the password? Answered by [`Answer::Accept`].
    Password {
        /// The login.
        authcid: String,
        /// Whom the login wants to act as, when it said so.
        authzid: Option<String>,
        /// The password.
        password: Secret<String>,
    },
    /// Which SCRAM keys does this login have? Answered by [`Answer::Keys`].
    ScramKeys {
        /// The login.
        authcid: String,
        /// Whom the login wants to act as, when it said so.
        authzid: Option<String>,
    },
    /// Is this token good, and whose is it? Answered by [`Answer::Accept`].
    Token {
        /// OAUTHBEARER or XOAUTH2.
        mechanism: Mechanism,
        /// Whose token it is said to be, when that was said.
        user: Option<String>,
        /// The bearer token.
        token: Secret<String>,
        /// The host that the client believes to be talking to (OAUTHBEARER).
        host: Option<String>,
        /// The port that the client believes to be talking to (OAUTHBEARER).
        port: Option<u16>,
    },
    /// Whom do certificate or socket prove this to be? Answered by [`Answer::Accept`].
    External {
        /// Whom the client wants to act as, when it said so.
        authzid: Option<String>,
    },
}

/// The host's answer to a [`Question`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// Proven.
    Accept {
        /// The login's canonical name.
        authcid: String,
    },
    /// The login's SCRAM keys. For a login that does not exist or has none, a host that wants to
    /// hide this answers with those of its [`Decoy`](super::Decoy).
    Keys {
        /// The login's canonical name.
        authcid: String,
        /// The keys.
        keys: ScramKeys,
    },
    /// Not proven, not known, or not allowed to act as `authzid`. In answer to
    /// [`Question::ScramKeys`] the exchange goes on with invented keys, and fails at its end.
    Reject,
    /// It cannot be told now.
    Unavailable,
}

impl Answer {
    /// The end that a yes-or-no question comes to. Keys are no answer to one.
    pub(super) fn conclude(self, authzid: Option<String>) -> Step {
        match self {
            Self::Accept { authcid } => Step::Done(Accepted { authcid, authzid }),
            Self::Reject => Step::Failed(Failure::Credentials),
            Self::Keys { .. } | Self::Unavailable => Step::Failed(Failure::Unavailable),
        }
    }
}

/// Who has been authenticated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The login, under the name that the host gave.
    pub authcid: String,
    /// Whom the login acts as, when that is said to be another; the host has allowed it.
    pub authzid: Option<String>,
}

impl Accepted {
    /// Whom to treat the client as.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.authzid.as_deref().unwrap_or(&self.authcid)
    }
}

/// Why an exchange failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The client does not keep to the mechanism (SMTP 501 5.5.2, IMAP `BAD`).
    Malformed,
    /// The proof is wrong, or proves nobody who may come in (535 5.7.8, `[AUTHENTICATIONFAILED]`).
    Credentials,
    /// The ends see different channels, or the client was led to believe that we cannot bind to
    /// ours: somebody sits in between (535 5.7.8).
    ChannelBinding,
    /// The host could not tell (454 4.7.0, `[UNAVAILABLE]`, `[SYS/TEMP]`).
    Unavailable,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the response is malformed",
            Self::Credentials => "authentication failed",
            Self::ChannelBinding => "the channel binding does not match",
            Self::Unavailable => "authentication is not available now",
        })
    }
}

impl core::error::Error for Failure {}

/// One mechanism's part: what a response and an answer lead to. [`Server`] sees to it that each
/// comes only when it is due.
pub(super) trait Exchange: fmt::Debug + Send + Sync {
    /// The first challenge, for a client that sent no initial response.
    fn prompt(&self) -> &'static [u8] {
        b""
    }

    fn handle_response(&mut self, response: &[u8]) -> Step;

    fn handle_answer(&mut self, answer: Answer) -> Step;
}

/// The server of one exchange.
///
/// Drive it with [`start`](Self::start), then do what each [`Step`] says until it is
/// [`Step::Done`] or [`Step::Failed`]. Cancelling is dropping it.
#[derive(Debug)]
pub struct Server {
    mechanism: Mechanism,
    exchange: Box<dyn Exchange>,
    awaits: Awaits,
}

#[derive(Debug)]
enum Awaits {
    Response,
    Answer,
    Nothing,
}

impl Server {
    /// A server for `mechanism`.
    ///
    /// `binding` is that of the channel ([`Channel::binding`](super::Channel::binding)) exactly when
    /// SCRAM-SHA-256-PLUS was offered: a client that can bind but was not offered it reveals the
    /// attack by this (RFC 5802 §6). `entropy` gives the nonce.
    #[must_use]
    pub fn new(
        mechanism: Mechanism,
        binding: Option<ChannelBinding>,
        mut entropy: Entropy,
    ) -> Self {
        let exchange: Box<dyn Exchange> = match mechanism {
            Mechanism::Plain => Box::new(plain::Server::default()),
            Mechanism::Login => Box::new(login::Server::default()),
            Mechanism::External => Box::new(external::Server::default()),
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => Box::new(bearer::Server::new(mechanism)),
            Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
                let nonce = scram::nonce(&mut entropy);
                let plus = mechanism == Mechanism::ScramSha256Plus;
                Box::new(scram::Server::new(plus, binding, nonce, entropy))
            }
        };
        let awaits = Awaits::Response;
        Self { mechanism, exchange, awaits }
    }

    /// The mechanism.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Begins, with the client's initial response if it sent one.
    pub fn start(&mut self, initial: Option<&[u8]>) -> Step {
        match initial {
            Some(response) => self.handle_response(response),
            None => Step::Challenge(self.exchange.prompt().to_vec()),
        }
    }

    /// Takes the response to the last challenge. One that was not due fails the exchange.
    pub fn handle_response(&mut self, response: &[u8]) -> Step {
        let step = match self.awaits {
            Awaits::Response => self.exchange.handle_response(response),
            Awaits::Answer | Awaits::Nothing => Step::Failed(Failure::Malformed),
        };
        self.next(step)
    }

    /// Takes the answer to the last question. One that was not due fails the exchange.
    pub fn handle_answer(&mut self, answer: Answer) -> Step {
        let step = match self.awaits {
            Awaits::Answer => self.exchange.handle_answer(answer),
            Awaits::Response | Awaits::Nothing => Step::Failed(Failure::Unavailable),
        };
        self.next(step)
    }

    fn next(&mut self, step: Step) -> Step {
        self.awaits = match step {
            Step::Challenge(_) => Awaits::Response,
            Step::Verify(_) => Awaits::Answer,
            Step::Done(_) | Step::Failed(_) => Awaits::Nothing,
        };
        step
    }
}
