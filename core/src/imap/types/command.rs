//! The commands.

use super::{Charset, FetchItem, Flag, ListPattern, Mailbox, SearchKey, SequenceSet, StatusItem};
use crate::message::date::DateTime;
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
    Select(Mailbox),
    /// `EXAMINE`.
    Examine(Mailbox),
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
    /// `LSUB`.
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
    /// `APPEND`, up to its message.
    Append(Append),
    /// `IDLE` (RFC 2177). Ends with a line `DONE`.
    Idle,

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
    Expunge(Option<SequenceSet>),
    /// `SEARCH`.
    Search(Search),
    /// `FETCH`.
    Fetch(Fetch),
    /// `STORE`.
    Store(Store),
    /// `COPY`.
    Copy {
        /// Whether the set is of sequence numbers or UIDs.
        numbering: Numbering,
        /// Which messages.
        messages: SequenceSet,
        /// Where to.
        mailbox: Mailbox,
    },
    /// `MOVE` (RFC 6851).
    Move {
        /// Whether the set is of sequence numbers or UIDs.
        numbering: Numbering,
        /// Which messages.
        messages: SequenceSet,
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

/// The arguments of LIST and LSUB.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The reference name, which the pattern continues.
    pub reference: String,
    /// The mailbox name with possible wildcards.
    pub pattern: ListPattern,
}

/// The arguments of APPEND (RFC 3501 §6.3.11).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Where to.
    pub mailbox: Mailbox,
    /// The flags of the new message.
    pub flags: Vec<Flag>,
    /// Its internal date, if not the present.
    pub internal_date: Option<DateTime>,
    /// The message, which follows.
    pub literal: Literal,
}

/// The announcement of octets that follow: `{310}`, `{310+}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Literal {
    /// How many octets.
    pub size: u64,
    /// Whether the client waits.
    pub synchronizing: Synchronizing,
}

/// Whether a client waits before the octets of a literal (RFC 7888).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Synchronizing {
    /// `{n}`: until it gets a continuation request.
    Yes,
    /// `{n+}`: the octets come at once.
    No,
}

/// The arguments of SEARCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// Whether the answer is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// In what the texts were written.
    pub charset: Charset,
    /// What is sought.
    pub key: SearchKey,
}

/// The arguments of FETCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Whether the set is of sequence numbers or UIDs. `UID FETCH` answers with UID, asked or not.
    pub numbering: Numbering,
    /// Which messages.
    pub messages: SequenceSet,
    /// What of them, in the order of asking and without repetition.
    pub items: Vec<FetchItem>,
}

/// The arguments of STORE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Whether the set is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// Which messages.
    pub messages: SequenceSet,
    /// What to do with the flags.
    pub action: FlagAction,
    /// `.SILENT`: the client does not want to be told what it knows.
    pub silent: bool,
    /// The flags, as they were sent.
    pub flags: Vec<Flag>,
}
