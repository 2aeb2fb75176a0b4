//! Threads of a mailbox: ORDEREDSUBJECT and REFERENCES (RFC 5256 §3).
//!
//! Messages are pushed in the order of their sequence numbers into [`Threads`], which makes a
//! [`Forest`] of them: a list of what stands in a THREAD response, to be written piece by piece.
//! Everything takes time in proportion to the messages, but for a logarithm, whatever they refer to,
//! and nothing is recursive: a thread may be as deep as the mailbox is large.

mod family;
mod forest;
mod links;
mod ordered;
mod references;

#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::message_id::IdHash;
use super::summary::SummaryRef;

pub use forest::{Event, Forest};

/// What decides where a message stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item<'a> {
    /// What the message is called in the response: its sequence number or UID.
    pub id: u32,
    /// When it was sent, in seconds since the Unix epoch (RFC 5256 §2.2).
    pub sent: i64,
    /// Its Message-ID, if it has a valid one.
    pub message_id: Option<IdHash>,
    /// The [base subject](super::subject), folded for comparison.
    pub subject: &'a [u8],
    /// Whether the subject marks a reply or a forwarded message.
    pub is_reply: bool,
}

/// How messages are threaded (RFC 5256 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Algorithm {
    /// `ORDEREDSUBJECT`: by subject, the first message of a subject, and the others below it.
    OrderedSubject,
    /// `REFERENCES`: by the Message-IDs that messages refer to, and what is left by subject.
    References,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 2] = [Self::OrderedSubject, Self::References];

    /// The algorithm's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderedSubject => "ORDEREDSUBJECT",
            Self::References => "REFERENCES",
        }
    }
}

/// The place of a message, or of a container without one, in a list.
type Place = u32;

/// No place.
const NONE: Place = Place::MAX;

/// A message that was pushed.
#[derive(Clone, Debug)]
struct Message {
    id: u32,
    sent: i64,
    message_id: Option<IdHash>,
    references: Range<usize>,
    /// The number of its subject; 0 is the empty one.
    subject: u32,
    is_reply: bool,
}

/// The messages that are to be threaded.
///
/// ```
/// use postroad_core::message::message_id::IdHash;
/// use postroad_core::message::thread::{Algorithm, Item, Threads};
///
/// let mut threads = Threads::new();
/// for (id, message_id, references) in [(1, 11, &[][..]), (2, 12, &[11]), (3, 13, &[11, 12]), (4, 14, &[11])] {
///     let item = Item { id, sent: i64::from(id), message_id: Some(IdHash(message_id)), subject: b"", is_reply: false };
///     threads.push(item, references.iter().map(|id| IdHash(*id)));
/// }
/// assert_eq!(threads.finish(Algorithm::References).to_string(), "(1 (2 3)(4))");
/// ```
#[derive(Clone, Debug)]
pub struct Threads {
    messages: Vec<Message>,
    references: Vec<IdHash>,
    subjects: BTreeMap<Vec<u8>, u32>,
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

impl Threads {
    /// No messages yet.
    #[must_use]
    pub fn new() -> Self {
        let subjects = BTreeMap::from([(Vec::new(), 0)]);
        Self { messages: Vec::new(), references: Vec::new(), subjects }
    }

    /// Adds a message and the Message-IDs that it refers to, the eldest first.
    pub fn push(&mut self, item: Item<'_>, references: impl IntoIterator<Item = IdHash>) {
        let Item { id, sent, message_id, subject, is_reply } = item;
        let start = self.references.len();
        self.references.extend(references);
        let subject = match self.subjects.get(subject) {
            Some(number) => *number,
            None => {
                let number = self.subjects.len().try_into().unwrap_or(NONE);
                self.subjects.insert(subject.into(), number);
                number
            }
        };
        let references = start..self.references.len();
        self.messages.push(Message { id, sent, message_id, references, subject, is_reply });
    }

    /// Adds a message by its summary; what has no date stands by its arrival, in seconds since the Unix
    /// epoch (RFC 5256 §2.2).
    pub fn push_summary(&mut self, id: u32, arrival: i64, summary: &SummaryRef<'_>) {
        let &SummaryRef { message_id, subject, is_reply, .. } = summary;
        let sent = summary.sent().unwrap_or(arrival);
        self.push(Item { id, sent, message_id, subject, is_reply }, summary.references());
    }

    /// Begins to thread the messages.
    #[must_use]
    pub const fn threading(self, algorithm: Algorithm) -> Threading {
        let count = self.messages.len();
        let stage = match algorithm {
            Algorithm::OrderedSubject => Stage::OrderedSubject(self),
            Algorithm::References => Stage::References(references::Threading::Begin(self)),
        };
        Threading { count, stage }
    }

    /// Threads the messages, in one go.
    #[must_use]
    pub fn finish(self, algorithm: Algorithm) -> Forest {
        let mut threading = self.threading(algorithm);
        loop {
            if let Some(forest) = threading.go_on(usize::MAX) {
                return forest;
            }
        }
    }
}

/// Messages that are being threaded.
#[derive(Debug)]
pub struct Threading {
    count: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    OrderedSubject(Threads),
    References(references::Threading),
    Over,
}

impl Threading {
    /// Threads on; the threads once that is done. If there are no more than so many messages, it is done
    /// at once. Else so many are linked, which is what takes longest, or one pass is made over all.
    #[must_use]
    pub fn go_on(&mut self, messages: usize) -> Option<Forest> {
        loop {
            match core::mem::replace(&mut self.stage, Stage::Over) {
                Stage::OrderedSubject(threads) => return Some(ordered::thread(&threads)),
                Stage::References(threading) => match threading.step(messages) {
                    references::Step::On(threading) => self.stage = Stage::References(threading),
                    references::Step::Done(forest) => return Some(forest),
                },
                Stage::Over => return None,
            }
            if self.count > messages {
                return None;
            }
        }
    }
}
