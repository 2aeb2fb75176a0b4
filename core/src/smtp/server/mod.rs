//! The session that takes mail: SMTP and LMTP, without policy.
//!
//! [`Server`] keeps the protocol: the order of commands, lines and dots, limits and time-outs. Each
//! decision is a [`Request`] with a ticket, at most one at a time, and the host answers each with
//! an [`Answer`]:
//!
//! ```text
//! Connect → Hello → [Authenticate…] → Mail → Recipient… → Begin → Content… → End → Mail …
//! ```
//!
//! [`Answer::Accept`] gives the usual reply. A [`Reply`] replaces it: a negative one refuses, 421
//! also closes. A transaction that was opened by [`Request::Mail`] ends when [`Request::End`] is
//! answered, or with [`Event::Abandoned`]; after either, a host knows no envelope any more.
//!
//! The content is lent with [`Request::Content`] slice by slice, without dots that were stuffed.
//! Unless the body is BINARYMIME, it was checked: each line ends with CRLF and is no longer than
//! the limit; there is no bare CR, bare LF or NUL. What isn't so is refused, after its true end.

mod auth;
mod commands;
mod content;
mod session;
#[cfg(test)]
mod tests;

pub use session::Server;

use alloc::string::String;
use alloc::vec::Vec;

use super::{Extension, MailParameters, Protocol, RcptParameters, Reply};
use crate::address::{ForwardPath, ReversePath};
use crate::limits::Limits;
use crate::machine::Ticket;
use crate::sasl::{self, Mechanism};

/// What a server is like.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that it goes by.
    pub hostname: String,
    /// The text behind the name in the greeting.
    pub greeting: String,
    /// SMTP or LMTP.
    pub protocol: Protocol,
    /// What to announce, in this order. What is not announced is not done. STARTTLS and AUTH are
    /// announced only while they can be used; AUTH lists the mechanisms.
    pub extensions: Vec<Extension>,
    /// Whether AUTH is possible without TLS, as on loopback or a UNIX socket.
    pub cleartext_auth: bool,
    /// The limits in force.
    pub limits: Limits,
}

impl Config {
    /// A server that announces everything.
    #[must_use]
    pub fn new(hostname: impl Into<String>, protocol: Protocol) -> Self {
        let greeting = match protocol {
            Protocol::Smtp => "ESMTP Service Ready",
            Protocol::Lmtp => "LMTP Service Ready",
        };
        Self {
            hostname: hostname.into(),
            greeting: greeting.into(),
            protocol,
            extensions: Extension::defaults(),
            cleartext_auth: false,
            limits: Limits::default(),
        }
    }

    /// The largest message in octets.
    #[must_use]
    pub fn max_message(&self) -> u64 {
        let announced = self.extensions.iter().find_map(|extension| match extension {
            // RFC 1870 §4: zero means that there is no fixed maximum.
            Extension::Size(size) => size.filter(|size| *size > 0),
            _ => None,
        });
        announced.unwrap_or(u64::MAX).min(self.limits.message)
    }
}

/// How the client introduced itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// By which command.
    pub verb: Verb,
    /// Its name, one printable word that nobody has checked.
    pub name: String,
}

/// The three ways of saying hello.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verb {
    /// HELO: SMTP without extensions.
    Helo,
    /// EHLO: SMTP with extensions.
    Ehlo,
    /// LHLO: LMTP.
    Lhlo,
}

/// What a server tells its host.
#[derive(Debug)]
pub enum Output {
    /// A decision is due. The session goes on when it is answered with [`Input`].
    Request {
        /// Names the request.
        ticket: Ticket,
        /// What is to be decided.
        request: Request,
    },
    /// Something has happened. No answer is due.
    Event(Event),
}

/// What is to be decided.
#[derive(Debug)]
pub enum Request {
    /// Whether to serve this client at all. [`Answer::Accept`]: the greeting.
    Connect,
    /// Whether the client may call itself so. [`Answer::Accept`]: the reply to EHLO.
    Hello(Hello),
    /// What a login's SASL exchange asks. Answered by [`Answer::Sasl`].
    Authenticate(sasl::Question),
    /// A transaction is to begin. [`Answer::Accept`]: 250 2.1.0.
    Mail {
        /// Where reports go.
        reverse_path: ReversePath,
        /// Its parameters, all of announced extensions.
        parameters: MailParameters,
    },
    /// A recipient is named. [`Answer::Accept`]: 250 2.1.5.
    Recipient {
        /// Who.
        forward_path: ForwardPath,
        /// Its parameters, all of announced extensions.
        parameters: RcptParameters,
    },
    /// The content is about to come. [`Answer::Accept`]: 354 to DATA; BDAT goes on.
    Begin,
    /// A slice of content is lent ([`content`](crate::machine::Session::content)) until this is
    /// answered. [`Answer::Accept`]: it was taken. A negative reply is sent after the content's
    /// end, of which the host sees no more.
    Content,
    /// The content is complete and waits to be committed. [`Answer::Accept`] and
    /// [`Answer::Queued`]: 250 2.0.0, the message is the host's responsibility from now on.
    /// In LMTP, [`Answer::Each`] has the outcome for each accepted recipient, in their order.
    End,
    /// VRFY: whether this is a mailbox. [`Answer::Accept`]: 252 2.5.0, which tells nothing.
    Verify(String),
    /// EXPN: who is on this list. [`Answer::Accept`]: 252 2.5.0, which tells nothing.
    Expand(String),
    /// ETRN: start sending what waits for this domain. [`Answer::Accept`]: 250 2.0.0.
    Etrn(String),
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The client has proved who it is.
    Authenticated {
        /// By which mechanism.
        mechanism: Mechanism,
        /// Who it is.
        accepted: sasl::Accepted,
    },
    /// The client failed to prove who it is, or gave up.
    NotAuthenticated {
        /// By which mechanism.
        mechanism: Mechanism,
        /// Why; `None` if the client cancelled.
        failure: Option<sasl::Failure>,
    },
    /// The transaction under way is over without a commit: its envelope and content are to be
    /// forgotten.
    Abandoned,
}

/// The answer to the outstanding request.
#[derive(Debug)]
pub struct Input {
    /// Of the request; if it is no longer outstanding, the answer is ignored.
    pub ticket: Ticket,
    /// What was decided.
    pub answer: Answer,
}

/// What was decided.
#[derive(Debug)]
pub enum Answer {
    /// Yes, with the usual reply.
    Accept,
    /// What this reply says; 421 closes the connection.
    Reply(Reply),
    /// The message was committed under this id: `250 2.0.0 Ok: queued as …`.
    Queued(String),
    /// The outcome for each recipient (RFC 2033 §4.2).
    Each(Vec<Reply>),
    /// What is known of a login.
    Sasl(sasl::Answer),
}
