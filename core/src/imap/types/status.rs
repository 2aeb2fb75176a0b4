//! What can be asked about a mailbox.

use super::ObjectId;

/// What STATUS can ask for (RFC 9051 §6.3.11).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatusItem {
    /// `MESSAGES`: how many there are.
    Messages,
    /// `RECENT`: how many have `\Recent` (RFC 3501 §6.3.10).
    Recent,
    /// `UIDNEXT`: the UID that the next message will get, or a lower one.
    UidNext,
    /// `UIDVALIDITY`.
    UidValidity,
    /// `UNSEEN`: how many have no `\Seen`.
    Unseen,
    /// `DELETED`: how many have `\Deleted`.
    Deleted,
    /// `DELETED-STORAGE`: how many octets those take (RFC 9208 §4.1.4).
    DeletedStorage,
    /// `SIZE`: how many octets there are (RFC 8438).
    Size,
    /// `HIGHESTMODSEQ` (RFC 7162 §3.1.7).
    HighestModSeq,
    /// `MAILBOXID` (RFC 8474 §4.3).
    MailboxId,
    /// `APPENDLIMIT`: octets that a new message may have (RFC 7889 §3.2).
    AppendLimit,
}

impl StatusItem {
    /// Every item.
    pub const ALL: [Self; 11] = [
        Self::Messages,
        Self::Recent,
        Self::UidNext,
        Self::UidValidity,
        Self::Unseen,
        Self::Deleted,
        Self::DeletedStorage,
        Self::Size,
        Self::HighestModSeq,
        Self::MailboxId,
        Self::AppendLimit,
    ];

    /// The item's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Recent => "RECENT",
            Self::UidNext => "UIDNEXT",
            Self::UidValidity => "UIDVALIDITY",
            Self::Unseen => "UNSEEN",
            Self::Deleted => "DELETED",
            Self::DeletedStorage => "DELETED-STORAGE",
            Self::Size => "SIZE",
            Self::HighestModSeq => "HIGHESTMODSEQ",
            Self::MailboxId => "MAILBOXID",
            Self::AppendLimit => "APPENDLIMIT",
        }
    }
}

/// What a [`StatusItem`] comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StatusValue {
    /// A count, a size, a UID, a mod-sequence.
    Number(u64),
    /// An identifier, in parentheses.
    Id(ObjectId),
    /// `NIL`: no limit.
    Nil,
}

impl From<u32> for StatusValue {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for StatusValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}
