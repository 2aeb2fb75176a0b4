//! What a server is told when it begins, and what it and its host say to each other.

use crate::limits::Limits;
use crate::machine::Ticket;
#[cfg(doc)]
use crate::machine::Wants;
use crate::sasl::{self, Mechanism};
use crate::store::{self, Account};
use alloc::string::String;
use alloc::vec::Vec;

/// What a server is to offer.
#[derive(Clone, Debug)]
pub struct Config {
    /// The limits in force.
    pub limits: Limits,
    /// SASL mechanisms, in the order of announcement. Those that the channel does not allow are
    /// left out; where PLAIN is not among those left, LOGIN is disabled.
    pub mechanisms: Vec<Mechanism>,
    /// Whether STARTTLS is offered in the clear.
    pub starttls: bool,
    /// How the administrator is reached, a URI: `/shared/admin` of the server (RFC 5464 §6.1.2).
    pub admin: Option<String>,
    /// What is to be said of the server: its `/shared/comment` (RFC 5464 §6.1.1).
    pub comment: Option<String>,
    /// Whether COMPRESS=DEFLATE is offered (RFC 4978): only where something serves
    /// [`Wants::Deflate`], as [`Compressed`](crate::compress) does.
    pub compress: bool,
    /// Whether UNAUTHENTICATE is offered (RFC 8437 §8 asks that it can be turned off).
    pub unauthenticate: bool,
}

impl Default for Config {
    fn default() -> Self {
        let mechanisms = [
            Mechanism::ScramSha256Plus,
            Mechanism::ScramSha256,
            Mechanism::Plain,
            Mechanism::Login,
        ];
        Self {
            limits: Limits::DEFAULT,
            mechanisms: mechanisms.into(),
            starttls: true,
            admin: None,
            comment: None,
            compress: false,
            unauthenticate: true,
        }
    }
}

/// What the server asks of its host, or tells it.
#[derive(Debug)]
pub enum Output {
    /// A question of a SASL exchange, also for LOGIN; answered by [`Input::Authenticated`]. The
    /// `authcid` of an answer is the address of the account that the client is from then on.
    Authenticate {
        /// Names the request.
        ticket: Ticket,
        /// The question.
        question: sasl::Question,
    },
    /// A request to the store; answered by [`Input::Store`].
    Store {
        /// Names the request.
        ticket: Ticket,
        /// What to do.
        request: store::Request,
    },
    /// Something worth telling. No answer is due.
    Event(Event),
}

/// What happened on a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A client has logged in.
    LoggedIn {
        /// As whom.
        account: Account,
        /// How: a SASL mechanism, or `LOGIN` for the command.
        mechanism: &'static str,
    },
    /// A client has failed to log in.
    LoginFailed {
        /// How: a SASL mechanism, or `LOGIN` for the command.
        mechanism: &'static str,
        /// Why.
        why: sasl::Failure,
    },
    /// A client has undone its login (UNAUTHENTICATE).
    LoggedOut {
        /// Whose it was.
        account: Account,
    },
    /// The connection is about to close.
    Closed {
        /// Whose it was, if someone had logged in.
        account: Option<Account>,
        /// Why, in words.
        why: &'static str,
    },
}

/// What the host tells the server.
#[derive(Debug)]
pub enum Input {
    /// The answer to [`Output::Authenticate`].
    Authenticated {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: sasl::Answer,
    },
    /// The answer to [`Output::Store`].
    Store {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: store::Answer,
    },
    /// The open mailbox may have changed ([`store::Request::Watch`]).
    News,
}
