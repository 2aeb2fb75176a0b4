//! What a session is told when it begins, and what it and its host say to each other.

use alloc::string::String;
use alloc::vec::Vec;

use super::Message;
use crate::limits::Limits;
use crate::machine::Ticket;
use crate::pop3::{Code, Reply};
use crate::sasl::{Accepted, Answer, Failure, Mechanism, Question};

/// What all POP3 sessions of a server have in common.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name that the server goes by in its greeting.
    pub hostname: String,
    /// The mechanisms to offer, as far as the channel allows them ([`Channel::offer`](crate::sasl::Channel::offer)). USER and PASS
    /// go with PLAIN.
    pub mechanisms: Vec<Mechanism>,
    /// Whether STLS is offered while there is no TLS.
    pub stls: bool,
    /// What IMPLEMENTATION says (RFC 2449 §6.9), if anything.
    pub implementation: Option<String>,
    /// The limits in force.
    pub limits: Limits,
}

impl Config {
    /// Everything that needs no further arrangement: all mechanisms but EXTERNAL and those of OAuth,
    /// and STLS.
    #[must_use]
    pub fn new(hostname: impl Into<String>) -> Self {
        use Mechanism::{Login, Plain, ScramSha256, ScramSha256Plus};
        Self {
            hostname: hostname.into(),
            mechanisms: Vec::from([ScramSha256Plus, ScramSha256, Plain, Login]),
            stls: true,
            implementation: Some(String::from("Postroad")),
            limits: Limits::DEFAULT,
        }
    }
}

/// What the session asks of its host. Each ticket is answered by one [`Input`].
#[derive(Debug)]
pub enum Output {
    /// Is this login good? Answered by [`Input::Verified`].
    Verify {
        /// Names the request.
        ticket: Ticket,
        /// What the mechanism wants to know.
        question: Question,
    },
    /// Open the maildrop for this session alone (RFC 1939 §4). Answered by [`Input::Opened`].
    Open {
        /// Names the request.
        ticket: Ticket,
        /// Whose it is.
        login: Accepted,
        /// How the login was proven; [`Mechanism::Login`] stands for USER and PASS, too.
        mechanism: Mechanism,
    },
    /// Read octets of a message and hand them over by
    /// [`handle_content`](crate::machine::Session::handle_content). Answered by [`Input::Read`].
    Read {
        /// Names the request.
        ticket: Ticket,
        /// The message's place in [`Input::Opened`].
        message: usize,
        /// The first octet.
        offset: u64,
        /// At most so many; fewer only at the message's end.
        length: usize,
    },
    /// Remove messages (RFC 1939 §6, UPDATE). Answered by [`Input::Removed`].
    Remove {
        /// Names the request.
        ticket: Ticket,
        /// Their places in [`Input::Opened`], ascending.
        messages: Vec<usize>,
    },
    /// The maildrop is no longer needed. Not answered.
    Close,
    /// For the log: a login was refused. Not answered.
    Refused {
        /// How it was tried.
        mechanism: Mechanism,
        /// Why it was refused.
        failure: Failure,
    },
}

/// What the host answers.
#[derive(Debug)]
pub enum Input {
    /// To [`Output::Verify`].
    Verified {
        /// Of the request.
        ticket: Ticket,
        /// What came of it.
        answer: Answer,
    },
    /// To [`Output::Open`].
    Opened {
        /// Of the request.
        ticket: Ticket,
        /// The messages, in the order in which they are numbered.
        messages: Vec<Message>,
    },
    /// To [`Output::Read`], after the octets.
    Read {
        /// Of the request.
        ticket: Ticket,
        /// Whether the message ends here.
        end: bool,
    },
    /// To [`Output::Remove`]: they are gone.
    Removed {
        /// Of the request.
        ticket: Ticket,
    },
    /// To anything but [`Output::Verify`]: it could not be done.
    Failed {
        /// Of the request.
        ticket: Ticket,
        /// Why.
        refusal: Refusal,
    },
}

impl Input {
    pub(super) const fn ticket(&self) -> Ticket {
        match self {
            Self::Verified { ticket, .. }
            | Self::Opened { ticket, .. }
            | Self::Read { ticket, .. }
            | Self::Removed { ticket }
            | Self::Failed { ticket, .. } => *ticket,
        }
    }
}

/// Why the host could not do what it was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Another session has the maildrop.
    InUse,
    /// Somebody else has removed the message.
    Gone,
    /// A fault that will pass.
    Temporary,
    /// A fault that somebody must mend.
    Permanent,
}

impl Refusal {
    pub(super) const fn reply(self) -> Reply<&'static str> {
        match self {
            Self::InUse => Reply::Err(Some(Code::InUse), "The maildrop is in use"),
            Self::Gone => Reply::Err(None, "No such message"),
            Self::Temporary => Reply::Err(Some(Code::Temporary), "Try again later"),
            Self::Permanent => Reply::Err(Some(Code::Permanent), "The maildrop cannot be read"),
        }
    }
}
