//! The vocabulary of the message store: what roles ask of it and what it answers.
//!
//! A store is reached through one door, [`Store::perform`]: a [`Request`] goes in, an [`Answer`]
//! comes out. Content never travels inside them: octets to be stored are *lent* by the session
//! ([`Session::content`](crate::machine::Session::content)), octets that were read are *handed
//! over* ([`Session::handle_content`](crate::machine::Session::handle_content)), a slice at a time.
//!
//! One [`Store`] value serves one session. At most one mailbox is open in it and at most one
//! message is being written.
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

mod flags;
pub mod ledger;
pub mod memory;
mod messages;
mod name;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
mod tree;
mod uids;
mod vanished;

#[cfg(test)]
mod tests;

pub use flags::{FlagAction, Flags, Keywords};
pub use ledger::Wake;
pub use memory::Memory;
pub use messages::{Difference, Differences, Messages};
pub use name::{Account, DELIMITER, InvalidName, MailboxName, SpecialUse};
pub use tree::{Renaming, Tree};
pub use uids::{Uid, UidSet};
pub use vanished::{Removed, Vanished};

use crate::machine::Instant;
use crate::message::structure::Structure;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

/// What a role asks of the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// All mailboxes of an account, INBOX included: [`Answer::Mailboxes`], sorted by name.
    List {
        /// Whose.
        account: Account,
    },
    /// Counts of a mailbox that need not be open: [`Answer::Status`].
    Status {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
    },
    /// A new mailbox, and its missing parents: [`Answer::Done`].
    Create {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
        /// Its special use, if it gets one (RFC 6154 §3).
        special_use: Option<SpecialUse>,
    },
    /// Removes a mailbox with its messages. One with children stays as a name that can't be
    /// selected (RFC 3501 §6.3.4). INBOX can't be removed: [`Answer::Done`].
    Delete {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
    },
    /// Renames a mailbox and its children. Renaming INBOX moves its messages into a new mailbox
    /// and leaves INBOX empty (RFC 3501 §6.3.5): [`Answer::Done`].
    Rename {
        /// Whose.
        account: Account,
        /// The old name.
        from: MailboxName,
        /// The new name.
        to: MailboxName,
    },
    /// Adds a name to the subscriptions or takes it away; the mailbox need not exist:
    /// [`Answer::Done`].
    Subscribe {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
        /// Whether it is subscribed from now on.
        subscribed: bool,
    },
    /// Opens a mailbox, closing the one that is open even when this fails (RFC 3501 §6.3.1):
    /// [`Answer::Opened`].
    Open {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
        /// How.
        access: Access,
    },
    /// The open mailbox as it is now: [`Answer::Mailbox`], or [`Answer::Gone`].
    Sync,
    /// Closes the open mailbox, removing nothing: [`Answer::Done`].
    Close,
    /// Changes flags in the open mailbox: [`Answer::Stored`].
    SetFlags {
        /// Of which messages. UIDs that don't exist are passed over.
        uids: UidSet,
        /// Messages that have changed after this mod-sequence are left alone (RFC 7162 §3.1.3).
        unchanged_since: Option<u64>,
        /// How.
        action: FlagAction,
        /// System flags; keyword bits are not set.
        flags: Flags,
        /// Keywords by name; new ones are added to the mailbox's table.
        keywords: Vec<String>,
    },
    /// Removes messages of the open mailbox, whatever their flags: [`Answer::Mailbox`].
    Expunge {
        /// Which. UIDs that don't exist are passed over.
        uids: UidSet,
    },
    /// Copies messages of the open mailbox with their flags, keywords and dates, all or none:
    /// [`Answer::Copied`]. Originals that go are missing in the next [`Snapshot`]. Keywords that the
    /// other mailbox has no room for stay behind.
    Copy {
        /// Which. UIDs that don't exist are passed over.
        uids: UidSet,
        /// The mailbox of the same account that gets the copies.
        to: MailboxName,
        /// Whether the originals stay.
        originals: Originals,
    },
    /// Octets of a message in the open mailbox, handed over before [`Answer::Read`].
    Read {
        /// Which message.
        uid: Uid,
        /// The first octet's offset.
        offset: u64,
        /// At most this many octets; fewer only at the message's end.
        length: usize,
    },
    /// The MIME structure of a message in the open mailbox: [`Answer::Structure`].
    Structure {
        /// Which message.
        uid: Uid,
    },
    /// What is kept of a message in the open mailbox beside it, handed over as
    /// [`Summary::write`](crate::message::summary::Summary::write) makes it, before
    /// [`Answer::Summary`]. Most of the time it is much cheaper than reading the message.
    Summary {
        /// Which message.
        uid: Uid,
    },
    /// The UIDs of messages that were removed from the open mailbox after a mod-sequence
    /// (RFC 7162 §3.2.10): [`Answer::Vanished`].
    Vanished {
        /// After which.
        since: u64,
    },
    /// Begins to write a message near the mailbox that it will most likely go to:
    /// [`Answer::Done`].
    Begin {
        /// Whose mailbox.
        account: Account,
        /// Which mailbox.
        mailbox: MailboxName,
    },
    /// Appends the lent content to the message being written: [`Answer::Done`]. A failure ends the
    /// message.
    Write,
    /// Ends the message being written, whatever comes of it, and files it: [`Answer::Delivered`],
    /// or [`Answer::Failed`] if one of [`Atomicity::All`] failed.
    Deliver {
        /// The queue id, unique for ever; delivering the same id again into the same mailbox
        /// changes nothing.
        id: String,
        /// Where it goes.
        targets: Vec<Target>,
        /// What a failure at one target means for the others.
        atomicity: Atomicity,
    },
    /// Ends the message being written, whatever comes of it, and files it as APPEND does:
    /// [`Answer::Appended`].
    Append {
        /// Whose.
        account: Account,
        /// Which mailbox.
        mailbox: MailboxName,
        /// System flags; keyword bits are not set.
        flags: Flags,
        /// Keywords by name.
        keywords: Vec<String>,
        /// The internal date in seconds since the Unix epoch; now, if absent.
        date: Option<i64>,
    },
    /// Forgets the message being written: [`Answer::Done`].
    Abandon,
    /// Says whether this store value's owner wants to be woken when the open mailbox changes:
    /// [`Answer::Done`].
    Watch(
        /// Whether it does.
        bool,
    ),
}

/// How a mailbox is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// To look only: EXAMINE. No message loses its Recent mark.
    ReadOnly,
    /// SELECT.
    ReadWrite,
    /// As a POP3 maildrop (RFC 1939 §8): no second exclusive opener; [`Failure::InUse`].
    Exclusive,
}

/// Whether [`Request::Copy`] leaves the originals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Originals {
    /// COPY.
    Stay,
    /// MOVE (RFC 6851).
    Go,
}

/// Where a message is delivered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Target {
    /// Whose mailbox.
    pub account: Account,
    /// Which mailbox.
    pub mailbox: MailboxName,
}

/// What a failure at one target means for the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Atomicity {
    /// One failure fails all: the one reply of SMTP.
    All,
    /// Each target has its own outcome: the replies of LMTP (RFC 2033 §4.2).
    Each,
}

/// What the store answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// To [`Request::List`].
    Mailboxes(Vec<Listed>),
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::Open`].
    Opened(Snapshot),
    /// To [`Request::Sync`] and [`Request::Expunge`].
    Mailbox(Snapshot),
    /// To [`Request::Sync`]: the open mailbox was removed, renamed, or got another UIDVALIDITY;
    /// nothing else can be asked of it but to close it.
    Gone,
    /// To [`Request::SetFlags`].
    Stored {
        /// The mailbox, with what was changed.
        snapshot: Snapshot,
        /// Messages that had changed since, and were left alone.
        modified: UidSet,
    },
    /// To [`Request::Copy`].
    Copied(Copied),
    /// To [`Request::Read`], after the octets were handed over.
    Read {
        /// Whether the message ends here.
        end: bool,
    },
    /// To [`Request::Structure`].
    Structure(Arc<Structure>),
    /// To [`Request::Summary`], after the octets were handed over.
    Summary,
    /// To [`Request::Vanished`]. Where it is not known any more what was removed since, these are all
    /// UIDs that have no message (RFC 7162 §3.2.5.2 allows more than is needed).
    Vanished(UidSet),
    /// To [`Request::Deliver`]: an outcome per target, in their order.
    Delivered(Vec<Result<(), Failure>>),
    /// To [`Request::Append`]: what APPENDUID says (RFC 4315 §3).
    Appended {
        /// The mailbox's UIDVALIDITY.
        uid_validity: u32,
        /// The new message's UID.
        uid: Uid,
    },
    /// It could not be done, and nothing has changed.
    Failed(Failure),
}

/// Why the store could not do it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// There is no such mailbox, or it can't be selected.
    NoMailbox,
    /// There is one already.
    Exists,
    /// It is not allowed for this mailbox (INBOX removed, a mailbox opened to look only), in words.
    Refused(&'static str),
    /// There is no such message any more.
    NoMessage,
    /// Another session has the maildrop.
    InUse,
    /// The disk or the quota is full.
    Full,
    /// A limit is reached, in words.
    Limit(&'static str),
    /// The file system failed, in words for the log.
    Io(String),
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoMailbox => "no such mailbox",
            Self::Exists => "the mailbox exists already",
            Self::NoMessage => "no such message",
            Self::InUse => "the maildrop is in use by another session",
            Self::Full => "no space left",
            Self::Refused(why) | Self::Limit(why) => why,
            Self::Io(why) => why,
        })
    }
}

impl core::error::Error for Failure {}

/// A mailbox in a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its name.
    pub name: MailboxName,
    /// Whether it exists and can be selected; if not, it is only a parent of others or only
    /// subscribed to.
    pub kind: Kind,
    /// Whether it is subscribed.
    pub subscribed: bool,
    /// Its special use.
    pub special_use: Option<SpecialUse>,
}

/// What a listed name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A mailbox that can be selected.
    Mailbox,
    /// A level of hierarchy with children, `\Noselect`.
    Level,
    /// Nothing: the name is only subscribed (RFC 3501 §6.3.9).
    Absent,
}

/// Counts of a mailbox (RFC 3501 §6.3.10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// Messages.
    pub messages: u32,
    /// Messages that no session has been told of.
    pub recent: u32,
    /// Messages without `\Seen`.
    pub unseen: u32,
    /// The UID that the next message gets.
    pub uid_next: u32,
    /// The UIDVALIDITY.
    pub uid_validity: u32,
}

/// The open mailbox as it was at one moment. A clone costs a few pointers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// The UIDVALIDITY.
    pub uid_validity: u32,
    /// The UID that the next message gets.
    pub uid_next: u32,
    /// The greatest mod-sequence that was given here (RFC 7162 §3.1.2.1).
    pub highest_modseq: u64,
    /// The keywords, by bit.
    pub keywords: Keywords,
    /// The messages.
    pub messages: Messages,
    /// Those of them that this session is the first to be told of, by UID: they are `\Recent` for
    /// as long as it has the mailbox open (RFC 3501 §2.3.2).
    pub recent: Range<u32>,
}

/// A message in a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its UID.
    pub uid: Uid,
    /// Its size in octets, every line ended with CRLF.
    pub size: u32,
    /// Its flags, `\Recent` excepted.
    pub flags: Flags,
    /// Its internal date, in seconds since the Unix epoch.
    pub date: i64,
    /// Its mod-sequence: that of its last change (RFC 7162 §3.1).
    pub modseq: u64,
    /// When it came into this mailbox, in seconds since the Unix epoch (RFC 8514 §2).
    pub saved: u32,
}

impl Entry {
    /// A message without flags, dates or mod-sequence.
    #[must_use]
    pub const fn new(uid: Uid, size: u32) -> Self {
        Self { uid, size, flags: Flags::NONE, date: 0, modseq: 0, saved: 0 }
    }

    /// What [`saved`](Self::saved) is for a message that comes now.
    #[must_use]
    pub fn saved_at(now: Instant) -> u32 {
        u32::try_from(now.as_seconds()).unwrap_or(u32::MAX)
    }
}

/// What COPYUID says (RFC 4315 §3), and for MOVE what is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// UIDVALIDITY of the mailbox that got the copies.
    pub uid_validity: u32,
    /// Originals, by ascending UID.
    pub from: UidSet,
    /// Copies, in the order of the originals.
    pub to: UidSet,
}

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
