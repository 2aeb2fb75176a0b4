//! The vocabulary of roles and their hosts.

use super::Site;
use crate::machine::Ticket;
use crate::queue::{self, Carry, Paper, spool};
use crate::report::Report;
use crate::secret::Secret;
use crate::store;
use alloc::string::String;
use alloc::sync::Arc;

/// What a role asks of its host, or tells it.
#[derive(Debug)]
pub enum Effect {
    /// Perform `request` on the session's store and answer with [`Input::Store`]; octets that were
    /// read go to [`handle_content`](crate::machine::Session::handle_content) first.
    Store {
        /// Names the request.
        ticket: Ticket,
        /// What to do.
        request: store::Request,
    },
    /// Perform `request` on the session's spool and answer with [`Input::Spool`]; octets that were
    /// read go to [`handle_content`](crate::machine::Session::handle_content) first.
    Spool {
        /// Names the request.
        ticket: Ticket,
        /// What to do.
        request: spool::Request,
    },
    /// Tell the queue. No answer is due.
    Queue(queue::Input),
    /// Check a credential that the core can't check itself, and answer with
    /// [`Input::Authenticated`].
    Authenticate {
        /// Names the request.
        ticket: Ticket,
        /// What to check.
        check: Check,
    },
    /// Something worth a line in the log. No answer is due.
    Report(Report),
}

/// A credential to be checked by the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// A password against its hash (Argon2, `$6$`, `$2b$`, `{SSHA}`): slow by design. For an
    /// unknown user the hash is one that nothing matches, so that it takes as long.
    Password {
        /// What the user gave.
        password: Secret<String>,
        /// What is stored.
        hash: Secret<String>,
    },
    /// A bearer token (RFC 7628). Only the host knows who issues them.
    Token {
        /// Whose it is said to be.
        account: store::Account,
        /// The token.
        token: Secret<String>,
    },
    /// Whether the connection itself, by its client certificate or its socket's peer, proves to be
    /// this account (RFC 4422 appendix A).
    External {
        /// Whose it is said to be.
        account: store::Account,
    },
}

/// What a check came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The credential is right.
    Accepted,
    /// It is wrong.
    Rejected,
    /// It could not be checked now.
    Unavailable,
}

/// What a host tells a role.
#[derive(Debug)]
pub enum Input {
    /// The answer to [`Effect::Store`].
    Store {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: store::Answer,
    },
    /// The answer to [`Effect::Spool`].
    Spool {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: spool::Answer,
    },
    /// The answer to [`Effect::Authenticate`].
    Authenticated {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        verdict: Verdict,
    },
    /// To those who carry mail: a message of the queue's ([`queue::Output::Carry`]).
    Carry(Carry),
    /// To those who carry mail: there is no more ([`queue::Output::Quit`]).
    Quit,
    /// To the clerk: something to write ([`queue::Output::Paper`]).
    Paper(Paper),
    /// To the clerk: what is in force from now on.
    Site(Arc<Site>),
    /// The open mailbox may have changed ([`store::Request::Watch`]).
    News,
}
