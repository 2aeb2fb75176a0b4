//! What the store answers.

#[cfg(doc)]
use super::Request;
use super::{
    Account, Acl, Annotation, Flags, Happening, Keywords, MailboxName, Messages, Quota, Rights,
    SpecialUse, Uid, UidSet, UniqueIds,
};
use crate::machine::Instant;
use crate::message::structure::Structure;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

/// What the store answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// To [`Request::List`] and [`Request::Shared`].
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
    /// To [`Request::Structure`] and [`Request::Source`].
    Structure(Arc<Structure>),
    /// To [`Request::Summary`], after the octets were handed over.
    Summary,
    /// To [`Request::Vanished`].
    Vanished(UidSet),
    /// To [`Request::UniqueIds`].
    UniqueIds(UniqueIds),
    /// To [`Request::Deliver`]: an outcome per target, in their order.
    Delivered(Vec<Result<(), Failure>>),
    /// To [`Request::Append`]: what APPENDUID says (RFC 4315 §3).
    Appended {
        /// The mailbox's UIDVALIDITY.
        uid_validity: u32,
        /// The new messages' UIDs, ascending in their order.
        uids: UidSet,
    },
    /// To [`Request::Happened`].
    Happened(Vec<Happening>),
    /// To [`Request::Rights`].
    Rights(Rights),
    /// To [`Request::Acl`].
    Acl(Acl),
    /// To [`Request::Sharers`], ascending.
    Accounts(Vec<Account>),
    /// To [`Request::Quota`].
    Quota(Quota),
    /// To [`Request::Annotations`], ascending by entry.
    Annotations(Vec<Annotation>),
    /// It could not be done, and nothing has changed; but messages that were to be removed may be.
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
    /// The disk is full.
    Full,
    /// The account's quota does not allow it.
    OverQuota,
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
            Self::OverQuota => "the mailbox is full",
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
    /// Messages marked `\Deleted`.
    pub deleted: u32,
    /// Octets of the messages that are marked so.
    pub deleted_octets: u64,
    /// Octets of all messages.
    pub octets: u64,
    /// The greatest mod-sequence that was given here.
    pub highest_modseq: u64,
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
