//! What a role asks of the store.

use super::{Account, FlagAction, Flags, MailboxName, Rights, SpecialUse, Uid, UidSet};
#[cfg(doc)]
use super::{Answer, Failure, Snapshot};
use alloc::string::String;
use alloc::vec::Vec;

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
    /// Removes messages of the open mailbox, whatever their flags: [`Answer::Mailbox`]. If it fails, some
    /// may have been removed, as the next [`Snapshot`] tells.
    Expunge {
        /// Which. UIDs that don't exist are passed over.
        uids: UidSet,
    },
    /// Copies messages of the open mailbox with their flags, keywords and dates, all or none:
    /// [`Answer::Copied`]. Originals that go are missing in the next [`Snapshot`]; one that somebody
    /// else takes at the same time is only his, and [`Answer::Copied`] does not tell it. Keywords that the
    /// other mailbox has no room for stay behind.
    Copy {
        /// Which. UIDs that don't exist are passed over.
        uids: UidSet,
        /// Whose mailbox gets the copies.
        account: Account,
        /// Which of theirs.
        to: MailboxName,
        /// The flags that go along; keyword bits are all set, or none is.
        flags: Flags,
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
    /// What is known of a message in the open mailbox without reading it: the octets of a
    /// [`Summary`](crate::message::summary::Summary), handed over before [`Answer::Summary`].
    Summary {
        /// Which message.
        uid: Uid,
    },
    /// The UIDs of the open mailbox whose messages were removed after a mod-sequence, perhaps with
    /// others that are not there (RFC 7162 §3.2.6): [`Answer::Vanished`].
    Vanished {
        /// The mod-sequence.
        since: u64,
    },
    /// How the unique-ids of the open mailbox are written: [`Answer::UniqueIds`].
    UniqueIds,
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
    /// Takes a message of any mailbox as the source of [`Request::Extend`]: [`Answer::Structure`].
    Source {
        /// Whose.
        account: Account,
        /// Which mailbox.
        mailbox: MailboxName,
        /// The UIDVALIDITY that the mailbox must have, if that matters.
        uid_validity: Option<u32>,
        /// Which message.
        uid: Uid,
    },
    /// Appends octets of the source to the message being written (RFC 4469): [`Answer::Done`]. A
    /// failure ends the message.
    Extend {
        /// The first octet's offset.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// Ends the message being written and keeps it: it is filed together with the one that
    /// [`Request::Append`] ends (RFC 3502). [`Answer::Done`].
    Keep {
        /// System flags; keyword bits are not set.
        flags: Flags,
        /// Keywords by name.
        keywords: Vec<String>,
        /// The internal date in seconds since the Unix epoch; now, if absent.
        date: Option<i64>,
    },
    /// Ends the message being written and files it as APPEND does, behind those that were kept, all
    /// or none: [`Answer::Appended`]. Whatever comes of it, none is kept afterwards.
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
        /// A message of the open mailbox that goes when the new one has come (RFC 8508).
        replaces: Option<Uid>,
    },
    /// Forgets the message being written, those that were kept, and the source: [`Answer::Done`].
    Abandon,
    /// Says whether this store value's owner wants to be woken when the open mailbox changes:
    /// [`Answer::Done`].
    Watch(
        /// Whether it does.
        bool,
    ),
    /// Says whether this store value's owner wants to be woken when anything happens to an account,
    /// and to be told by [`Request::Happened`]: [`Answer::Done`].
    Observe {
        /// Which; none ends it.
        account: Option<Account>,
    },
    /// What has happened to the observed account since this was asked last: [`Answer::Happened`].
    Happened,
    /// What a user may do with a mailbox: [`Answer::Rights`]. [`Failure::NoMailbox`]
    /// if there is no such name.
    Rights {
        /// Whose mailbox.
        account: Account,
        /// Which.
        mailbox: MailboxName,
        /// Who.
        user: Account,
    },
    /// Who may do what with a mailbox: [`Answer::Acl`].
    Acl {
        /// Whose.
        account: Account,
        /// Which.
        mailbox: MailboxName,
    },
    /// Sets what someone may do with a mailbox: [`Answer::Done`].
    SetAcl {
        /// Whose mailbox.
        account: Account,
        /// Which.
        mailbox: MailboxName,
        /// Who: an address, `owner`, `anyone`, `authenticated`; with `-` before it, what is taken from
        /// them (RFC 4314 §2).
        identifier: String,
        /// What; `None` takes the entry away.
        rights: Option<Rights>,
    },
    /// The accounts that let a user see a mailbox of theirs: [`Answer::Accounts`].
    Sharers {
        /// Who.
        user: Account,
    },
    /// The mailboxes of an account that another user may see, and the levels above them:
    /// [`Answer::Mailboxes`], sorted by name.
    Shared {
        /// Whose.
        account: Account,
        /// Who sees them.
        user: Account,
    },
    /// What an account has and may have: [`Answer::Quota`].
    Quota {
        /// Whose.
        account: Account,
    },
    /// Whether an account has room for one more message: [`Answer::Done`], or
    /// [`Failure::OverQuota`].
    Room {
        /// Whose.
        account: Account,
        /// Octets of the message, as far as known.
        octets: u64,
    },
    /// The annotations of a mailbox, or of the account (RFC 5464): [`Answer::Annotations`].
    Annotations {
        /// Whose.
        account: Account,
        /// Which mailbox; none is the account itself, RFC 5464's server.
        mailbox: Option<MailboxName>,
        /// Whose private annotations.
        user: Account,
    },
    /// Sets annotations, all or none: [`Answer::Done`].
    Annotate {
        /// Whose.
        account: Account,
        /// Which mailbox; none is the account itself.
        mailbox: Option<MailboxName>,
        /// Whose private annotations.
        user: Account,
        /// Entries with their new values; `None` removes.
        values: Vec<(String, Option<Vec<u8>>)>,
    },
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
