//! The queue: messages that wait, when they are tried, where they go, and what the sender is told.
//!
//! [`Queue`] is one [`Machine`](crate::machine::Machine) for all messages. It knows of each no more
//! than its id, its destinations and its times: the message itself is in the [`spool`], from which
//! those who carry it read it.
//!
//! ```text
//!  intake ──Queued──▶ ┌───────┐ ──Dial, Carry──▶ role::mta::Outbound   one connection to another host
//!                     │ Queue │ ──File, Carry──▶ role::mda::Local      the mailboxes here
//!  clerk  ◀──Paper─── └───────┘ ◀──Carried, Closed──
//! ```
//!
//! # The states of a message's delivery to one destination
//!
//! | state | awaits | then |
//! |---|---|---|
//! | `Ready` | its turn: a connection to the destination | `Carried`, or `Filed` if there is no way |
//! | `Carried` | what became of it | `Done`, `Waiting` after a transient failure, `Ready` if it was not tried, or `Filed` if it goes elsewhere now |
//! | `Waiting` | its time | `Ready`, or `Filed` when it takes too long |
//! | `Filed` | the clerk, who notes that it could not be tried | `Waiting` or `Ready`, or `Done` if that is final |
//! | `Done` | the others of the same message | |
//!
//! A message whose deliveries are all done goes to the clerk, who tells the sender what is to be told
//! and takes it out of the spool. A held message stays where it is in this table, but is not carried.
//!
//! # The states of a destination
//!
//! | state | awaits | then |
//! |---|---|---|
//! | `Unknown` | a message that is ready | `Finding` |
//! | `Finding` | the hosts, from DNS | `Known`, `Blocked`, or `Hopeless` if there can be none |
//! | `Known` | connections, as many as the window allows: one more after each success | `Blocked` when no host is left |
//! | `Blocked` | its time, growing with each failure, an order, or a success | `Unknown` |
//! | `Hopeless` | that all its messages have been filed | `Unknown` |
//!
//! So one message tries a destination that is down, and the others wait for it; and no destination
//! waits for another.
//!
//! # Words
//!
//! | word | what it stands for |
//! |---|---|
//! | [`Destination`] | where recipients' mail goes: the mailboxes here, a domain's hosts, one host |
//! | station | what the queue keeps of a destination: its way, its carriers, who is ready |
//! | way | how a station's hosts are known: not yet, being looked up, known, blocked, hopeless |
//! | leg | a message's delivery to one destination, with its state |
//! | [`Carrier`] | one connection to another host, or one worker that files mail here |
//! | window | how many carriers a station may have now |
//! | clerk | [`role::clerk`](crate::role::clerk): whoever notes and reports what nobody carries |
//! | [`Paper`] | one order to the clerk |

mod admission;
mod carriers;
mod command;
mod commands;
mod deadlines;
mod destination;
mod entry;
mod envelope;
mod id;
mod machine;
mod memory;
mod message;
mod record;
mod settings;
mod settle;
pub mod spool;
mod station;
#[cfg(test)]
mod tests;
mod ways;

pub use command::{Command, NoCommand};
pub use destination::{Destination, NoDestination, Protection, Route, Routes};
pub use entry::{Entry, State};
pub use envelope::{Damaged, Envelope};
pub use id::Id;
pub use machine::Queue;
pub use record::{Action, Note, Outcome, Record, Remote};
pub use settings::Settings;
pub(crate) use settle::together;

use crate::dns::{self, Query};
use crate::machine::Instant;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

/// Names one who carries mail: a connection to another host, or a worker that files mail here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Carrier(pub u32);

impl core::fmt::Display for Carrier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// What the queue knows of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Its name.
    pub id: Id,
    /// When it was taken.
    pub arrived: Instant,
    /// Where it has yet to go.
    pub deliveries: Vec<Delivery>,
    /// Whether it is held.
    pub held: bool,
    /// Whether the sender was told of the delay.
    pub warned: bool,
}

/// Where a message has yet to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// There.
    pub destination: Destination,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub tried: Option<Instant>,
}

impl Entry {
    /// What the queue is to know of the message; `route` tells where a recipient goes. Recipients
    /// whom `route` knows no way to are [`Destination::Local`], where they are looked for in vain.
    #[must_use]
    pub fn summary(
        &self,
        route: impl Fn(&crate::address::ForwardPath) -> Option<Destination>,
    ) -> Summary {
        let mut deliveries: Vec<Delivery> = Vec::new();
        for place in self.pending() {
            let destination = self.destination(place, &route);
            let state = &self.states[place];
            let tried = state.tried;
            match deliveries.iter_mut().find(|it| it.destination == destination) {
                Some(delivery) => {
                    delivery.attempts = delivery.attempts.max(state.attempts);
                    delivery.tried = delivery.tried.max(tried);
                }
                None => {
                    deliveries.push(Delivery { destination, attempts: state.attempts, tried });
                }
            }
        }
        Summary {
            id: self.envelope.id,
            arrived: self.envelope.arrived,
            deliveries,
            held: self.held,
            warned: self.states.iter().any(|state| state.warned),
        }
    }

    /// Where the recipient at `place` goes.
    #[must_use]
    pub fn destination(
        &self,
        place: usize,
        route: impl Fn(&crate::address::ForwardPath) -> Option<Destination>,
    ) -> Destination {
        let usual =
            route(&self.envelope.recipients[place].forward_path).unwrap_or(Destination::Local);
        match &self.rerouted {
            Some(destination) if usual != Destination::Local => destination.clone(),
            _ => usual,
        }
    }
}

/// A message to be carried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carry {
    /// Which.
    pub id: Id,
    /// To which of its destinations.
    pub destination: Destination,
}

/// Something for the clerk to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Paper {
    /// Of which message.
    pub id: Id,
    /// What is to be noted first.
    pub order: Order,
}

/// What the clerk notes of a message. Then, whatever it was, the sender is told what is to be told,
/// and a message that is settled leaves the spool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Order {
    /// Nothing.
    Review,
    /// What became of all who are pending at this destination.
    Settle(Destination, Outcome),
    /// An administrator's word.
    Note(Note),
    /// It is taken out, and nobody is told.
    Remove,
}

/// What a carrier made of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carried {
    /// The message is settled, nothing is to be reported, and it has left the spool.
    Gone,
    /// Nothing more is to be tried at this destination.
    Settled {
        /// Whether the sender is to be told of something.
        report: bool,
    },
    /// Something is to be tried again.
    Deferred {
        /// Whether the sender is to be told of something already.
        report: bool,
    },
    /// Nobody of it goes to that destination any more: it is to be looked at anew.
    Elsewhere,
    /// The spool failed; nothing is known to have been noted.
    Unknown,
}

/// What is left to be done for a message that the clerk had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Left {
    /// Nothing: it is no longer in the spool.
    Gone,
    /// This.
    Still(Box<Summary>),
    /// The spool failed, so that nobody knows; the order may not have been done.
    Unknown,
}

/// How a carrier ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// As it should, or while nothing was under way.
    Over,
    /// The host could not be reached or spoken to, or the worker broke down. The message that waited
    /// for it was not tried.
    Failed(Outcome),
    /// The TLS handshake failed. The message that waited for it was not tried.
    NoTls(Outcome),
}

impl End {
    /// Something is wrong here, not at the other end.
    #[must_use]
    pub fn broken(why: impl core::fmt::Display) -> Self {
        let text = alloc::format!("Local trouble: {why}");
        Self::Failed(Outcome::ours(Action::Deferred, (4, 3, 0), text))
    }
}

/// Where to connect, and how.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Who is to carry.
    pub carrier: Carrier,
    /// The host's name, which its certificate must bear where that is required.
    pub host: String,
    /// Its addresses, in the order in which to try them.
    pub addresses: Vec<SocketAddr>,
    /// How the connection is protected, and whom to log in as.
    pub route: Arc<Route>,
    /// The first message.
    pub first: Carry,
}

impl Dial {
    /// No address has answered.
    #[must_use]
    pub fn unanswered(&self, why: impl core::fmt::Display) -> End {
        let remote = Some(Remote { name: self.host.clone(), address: None });
        let outcome = Outcome::ours(Action::Deferred, (4, 4, 1), alloc::format!("{why}"));
        End::Failed(Outcome { remote, ..outcome })
    }
}

/// What the queue is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// A message is in the spool.
    Queued(Box<Summary>),
    /// What became of a message that was to be carried.
    Carried {
        /// By whom.
        carrier: Carrier,
        /// Which.
        id: Id,
        /// This.
        carried: Carried,
    },
    /// A carrier is no more.
    Closed {
        /// Which.
        carrier: Carrier,
        /// Why.
        end: End,
    },
    /// The clerk has done what was ordered.
    Filed {
        /// Of which message.
        id: Id,
        /// What is left to be done for it.
        left: Left,
    },
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// Of the request.
        query: Query,
        /// What DNS says.
        outcome: Result<Arc<dns::Answer>, dns::Failure>,
    },
    /// An administrator's word, or a peer's (ETRN).
    Command(Command),
}

/// What the queue asks for, or tells.
#[derive(Debug)]
pub enum Output {
    /// Ask DNS, and answer with [`Input::Resolved`].
    Resolve {
        /// Names the request.
        query: Query,
        /// What to ask.
        question: dns::Question,
    },
    /// Connect, and carry messages there.
    Dial(Box<Dial>),
    /// Begin to file messages into the mailboxes here.
    File {
        /// Who is to carry.
        carrier: Carrier,
        /// The first message.
        first: Carry,
    },
    /// One more message for a carrier that has said [`Input::Carried`].
    Carry {
        /// Who is to carry.
        carrier: Carrier,
        /// What.
        carry: Carry,
    },
    /// There is no more for this carrier.
    Quit(Carrier),
    /// Something for the clerk, in the order in which it is told.
    Paper(Paper),
    /// Something worth a line in the log.
    Report(crate::report::Report),
}
