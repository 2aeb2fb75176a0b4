//! The vocabulary of the message store: what roles ask of it and what it answers.
//!
//! A store is reached through one door, [`Store::perform`]: a [`Request`] goes in, an [`Answer`]
//! comes out. Content never travels inside them: octets to be stored are *lent* by the session
//! ([`Session::content`](crate::machine::Session::content)), octets that were read are *handed
//! over* ([`Session::handle_content`](crate::machine::Session::handle_content)), a slice at a time.
//!
//! One [`Store`] value serves one session. At most one mailbox is open in it, at most one message is
//! being written, and at most one is a source for it.
//!
//! The store does what it is asked: whether a user may ask for it is for the roles to say, by
//! [`Rights`].
//!
//! # What every store promises
//! - A UID is durable before it is shown, grows, and is never used again under one UIDVALIDITY.
//! - [`Answer::Delivered`], [`Answer::Appended`], [`Answer::Copied`] and changed flags are said only
//!   after the change is on stable storage.
//! - A failed request changes nothing that can be seen.
//! - Message octets are those that were stored; every line of them ends with CRLF as the store
//!   gives them.
//! - Several sessions may have one mailbox open. A change that one makes is told to the others at
//!   their next [`Snapshot`], and they are woken if they watch.
//! - A mod-sequence grows with every change of a mailbox and is never given twice (RFC 7162 §3.1).
//! - A message whose reading has begun can be read to its end, even when it is removed meanwhile.
//! - Every account has an INBOX from the moment it is asked about.

mod answer;
mod flags;
pub mod ledger;
pub mod memory;
mod messages;
pub mod metadata;
mod name;
mod news;
mod object;
mod quota;
mod request;
mod rights;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod tree;
mod uids;
mod unique;
mod vanished;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Copied, Entry, Failure, Kind, Listed, Snapshot, Status};
pub use flags::{FlagAction, Flags, Keywords};
pub use ledger::Wake;
pub use memory::Memory;
pub use messages::{Difference, Differences, Messages};
pub use metadata::Annotation;
pub use name::{Account, DELIMITER, InvalidName, MailboxName, SpecialUse};
pub use news::{Change, Happening, News, Observer};
pub use object::mailbox_id;
pub use quota::{Allowance, Allowances, Quota, Resource};
pub use request::{Access, Atomicity, Originals, Request, Target};
pub use rights::{Acl, Grant, Right, Rights};
pub use tree::{Renaming, Tree};
pub use uids::{Uid, UidSet};
pub use unique::{UniqueIdForm, UniqueIds};
pub use vanished::{Removed, Vanished};

use crate::machine::Instant;
use alloc::vec::Vec;

/// A message store, as one session reaches it.
pub trait Store {
    /// Performs `request`.
    ///
    /// `lent` is the session's content, for [`Request::Write`]. Octets that [`Request::Read`]
    /// yields are put into `octets`, which is cleared first.
    fn perform(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Answer;

    /// Registers what to call when the open mailbox may have changed and [`Request::Watch`] is on.
    /// It is called from wherever the change happens and must not block.
    fn on_news(&mut self, wake: Wake);
}
