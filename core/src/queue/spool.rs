//! What is asked of a spool: the place on stable storage where messages wait.
//!
//! As with the [store](crate::store), content never travels inside requests: octets to be written
//! are lent, octets that were read are handed over, a slice at a time. One value serves one session,
//! and at most one message is being written in it.
//!
//! # What every spool promises
//! - [`Answer::Done`] to [`Request::Commit`] and [`Request::Record`] is said only after the change
//!   is on stable storage.
//! - A message whose commit was never answered is either whole or not there.
//! - Committing an id that is there already changes nothing, and is answered alike.

use super::{Entry, Envelope, Id, Record};
use crate::machine::Instant;
use crate::store::Failure;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What is asked of a spool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Begins to write a message: [`Answer::Done`]. [`Failure::Full`] where the disk's reserve would
    /// be touched.
    Begin(Box<Envelope>),
    /// Appends the lent content: [`Answer::Done`]. A failure ends the message.
    Write,
    /// Puts the message being written into the spool: [`Answer::Done`].
    Commit,
    /// Forgets the message being written: [`Answer::Done`].
    Abandon,
    /// Everything that is known of a message but its content: [`Answer::Loaded`].
    Load(Id),
    /// Octets of a message's content, handed over before [`Answer::Read`].
    Read {
        /// Which message.
        id: Id,
        /// The first octet.
        offset: u64,
        /// At most so many octets; fewer only at the end.
        length: usize,
    },
    /// Notes something of a message: [`Answer::Done`].
    Record {
        /// Which message.
        id: Id,
        /// What.
        records: Vec<Record>,
    },
    /// Takes a message out, with all that was noted of it: [`Answer::Done`], even if it is gone
    /// already.
    Remove(Id),
}

/// What a spool answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// To [`Request::Load`].
    Loaded(Box<Entry>),
    /// To [`Request::Read`], after the octets were handed over.
    Read {
        /// Whether the content ends here.
        end: bool,
    },
    /// It could not be done. [`Failure::NoMessage`]: there is no such message.
    Failed(Failure),
}

/// A spool, as one session reaches it.
pub trait Spool {
    /// Performs `request`. `lent` is the session's content, for [`Request::Write`]. Octets that
    /// [`Request::Read`] yields are put into `octets`, which is cleared first.
    fn perform(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Answer;
}
