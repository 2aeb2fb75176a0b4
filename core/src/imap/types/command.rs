//! The commands.

use super::{
    Acl, ChangedSince, FetchItem, Flag, List, Mailbox, Messages, Metadata, Notify, PartialRange,
    Quota, Search, Select, Sort, StatusItem, Thread,
};
use crate::secret::Secret;
use crate::store::FlagAction;
use alloc::string::String;
use alloc::vec::Vec;

/// A command without its tag (RFC 3501 §6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `CAPABILITY`.
    Capability,
    /// `NOOP`.
    Noop,
    /// `LOGOUT`.
    Logout,
    /// `ID`, with what the client says of itself; `None` is NIL (RFC 2971).
    Id(Option<Vec<(String, Option<String>)>>),

    /// `STARTTLS`.
    StartTls,
    /// `AUTHENTICATE`.
    Authenticate {
        /// The name of the SASL mechanism, in capitals.
        mechanism: String,
        /// The initial response, still in base64, where `=` is an empty one (RFC 4959).
        initial_response: Option<Secret<Vec<u8>>>,
    },
    /// `LOGIN`.
    Login {
        /// The user's name, as it was sent.
        user: Vec<u8>,
        /// The password, as it was sent.
        password: Secret<Vec<u8>>,
    },

    /// `ENABLE`, with the names of capabilities (RFC 5161).
    Enable(Vec<String>),
    /// `SELECT`.
    Select(Select),
    /// `EXAMINE`.
    Examine(Select),
    /// `CREATE`.
    Create {
        /// The mailbox.
        mailbox: Mailbox,
        /// What it is for, as names of attributes with their backslash (RFC 6154 §3).
        special_use: Vec<String>,
    },
    /// `DELETE`.
    Delete(Mailbox),
    /// `RENAME`.
    Rename {
        /// The mailbox.
        from: Mailbox,
        /// Its new name.
        to: Mailbox,
    },
    /// `SUBSCRIBE`.
    Subscribe(Mailbox),
    /// `UNSUBSCRIBE`.
    Unsubscribe(Mailbox),
    /// `LIST`.
    List(List),
    /// `LSUB`, which has one pattern and no options.
    Lsub(List),
    /// `NAMESPACE` (RFC 2342).
    Namespace,
    /// `STATUS`.
    Status {
        /// The mailbox.
        mailbox: Mailbox,
        /// What is asked.
        items: Vec<StatusItem>,
    },
    /// `IDLE` (RFC 2177). Ends with a line `DONE`.
    Idle,
    /// `NOTIFY` (RFC 5465).
    Notify(Notify),
    /// `GETQUOTA`, `GETQUOTAROOT`, `SETQUOTA` (RFC 9208 §4.1).
    Quota(Quota),
    /// `GETACL`, `SETACL`, `DELETEACL`, `LISTRIGHTS`, `MYRIGHTS` (RFC 4314 §3).
    Acl(Acl),
    /// `GETMETADATA`, `SETMETADATA` (RFC 5464 §4).
    Metadata(Metadata),
    /// `COMPRESS DEFLATE`, the only algorithm there is (RFC 4978 §3).
    Compress,
    /// `UNAUTHENTICATE`: as before the login (RFC 8437 §2).
    Unauthenticate,

    /// `CHECK`.
    Check,
    /// `CLOSE`.
    Close,
    /// `UNSELECT` (RFC 3691).
    Unselect,
    /// `EXPUNGE`, or `UID EXPUNGE` with the UIDs that alone are meant (RFC 4315 §2.1).
    Expunge(Option<Messages>),
    /// `SEARCH`.
    Search(Search),
    /// `SORT` (RFC 5256).
    Sort(Sort),
    /// `THREAD` (RFC 5256).
    Thread(Thread),
    /// `FETCH`.
    Fetch(Fetch),
    /// `STORE`.
    Store(Store),
    /// `COPY`.
    Copy {
        /// Whether the set is of sequence numbers or UIDs.
        numbering: Numbering,
        /// Which messages.
        messages: Messages,
        /// Where to.
        mailbox: Mailbox,
    },
    /// `MOVE` (RFC 6851).
    Move {
        /// Whether the set is of sequence numbers or UIDs.
        numbering: Numbering,
        /// Which messages.
        messages: Messages,
        /// Where to.
        mailbox: Mailbox,
    },
}

/// By what a command names messages: the difference between `FETCH` and `UID FETCH`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Numbering {
    /// By message sequence numbers.
    #[default]
    Sequence,
    /// By unique identifiers.
    Uid,
}

/// The arguments of FETCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Whether the set is of sequence numbers or UIDs. `UID FETCH` answers with UID, asked or not.
    pub numbering: Numbering,
    /// Which messages.
    pub messages: Messages,
    /// What of them, in the order of asking and without repetition.
    pub items: Vec<FetchItem>,
    /// `CHANGEDSINCE`: only of those that have changed (RFC 7162 §3.1.4.1).
    pub changed_since: Option<ChangedSince>,
    /// `PARTIAL`: only of so many of those in the set. With `UID FETCH` alone (RFC 9394 §3.3).
    pub partial: Option<PartialRange>,
}

/// The arguments of STORE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Whether the set is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// Which messages.
    pub messages: Messages,
    /// `UNCHANGEDSINCE`: only of those whose mod-sequence is not greater (RFC 7162 §3.1.3).
    pub unchanged_since: Option<u64>,
    /// What to do with the flags.
    pub action: FlagAction,
    /// `.SILENT`: the client does not want to be told what it knows.
    pub silent: bool,
    /// The flags, as they were sent.
    pub flags: Vec<Flag>,
}
