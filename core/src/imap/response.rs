//! What a server says (RFC 3501 §7): typed here, written by [`Response::write`].
//!
//! FETCH responses are not among these, for their content is streamed: see
//! [`FetchResponse`](super::FetchResponse).

use super::types::{Capability, Flag, Mailbox, StatusItem, Tag};
use crate::store::{SpecialUse, UidSet};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// One response of a server, FETCH excepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// `OK`, `NO`, `BAD`, `PREAUTH`, `BYE` (§7.1).
    Status(Status),
    /// `+`, with a text or a challenge in base64 (§7.5).
    Continue(Cow<'static, str>),
    /// `CAPABILITY` (§7.2.1).
    Capability(Vec<Capability>),
    /// `ENABLED` (RFC 5161 §3.2).
    Enabled(Vec<Capability>),
    /// `FLAGS` (§7.2.6).
    Flags(Vec<Flag>),
    /// `LIST` (§7.2.2).
    List(Listed),
    /// `LSUB` (§7.2.3).
    Lsub(Listed),
    /// `STATUS` of a mailbox, with a value for each item (§7.2.4).
    MailboxStatus(Mailbox, Vec<(StatusItem, u32)>),
    /// `SEARCH`: sequence numbers or UIDs (§7.2.5).
    Search(Vec<u32>),
    /// `EXISTS` (§7.3.1).
    Exists(u32),
    /// `RECENT` (§7.3.2).
    Recent(u32),
    /// `EXPUNGE` of a sequence number (§7.4.1).
    Expunge(u32),
    /// `NAMESPACE` (RFC 2342 §5).
    Namespace(Namespaces),
    /// `ID`: what the server says of itself; nothing is NIL (RFC 2971 §3.2).
    Id(Vec<(String, String)>),
}

/// A status response (RFC 3501 §7.1).
///
/// ```
/// use postroad_core::imap::{Code, Condition, Status, Tag};
/// let done = Status::new(Condition::Ok, "SELECT completed")
///     .with_code(Code::ReadWrite)
///     .with_tag(Tag::new("a1").unwrap());
/// let mut out = Vec::new();
/// done.write(&mut out);
/// assert_eq!(out, b"a1 OK [READ-WRITE] SELECT completed\r\n");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// The command that it ends; without one the response is untagged.
    pub tag: Option<Tag>,
    /// How it went.
    pub condition: Condition,
    /// What a program may want to know.
    pub code: Option<Code>,
    /// What a person may want to know. What is not printable ASCII is written as `?`.
    pub text: Cow<'static, str>,
}

impl Status {
    /// An untagged response.
    #[must_use]
    pub fn new(condition: Condition, text: impl Into<Cow<'static, str>>) -> Self {
        Self { tag: None, condition, code: None, text: text.into() }
    }

    /// The same, as the end of the command called `tag`.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tag = Some(tag);
        self
    }

    /// The same, with a response code.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }
}

impl From<Status> for Response {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// How something went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Condition {
    /// Well.
    Ok,
    /// The command failed.
    No,
    /// The command was not understood, or not in its place.
    Bad,
    /// The greeting of a connection that needs no login. Untagged.
    PreAuth,
    /// The server is about to close. Untagged.
    Bye,
}

impl Condition {
    /// The condition's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::PreAuth => "PREAUTH",
            Self::Bye => "BYE",
        }
    }
}

/// A response code (RFC 3501 §7.1, RFC 5530 §3 and those named).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Code {
    /// `ALERT`: the text must be shown to the user.
    Alert,
    /// `BADCHARSET`, with those that are supported.
    BadCharset(&'static [&'static str]),
    /// `CAPABILITY`.
    Capability(Vec<Capability>),
    /// `PARSE`: a message could not be parsed.
    Parse,
    /// `PERMANENTFLAGS`.
    PermanentFlags {
        /// The flags that can be changed for good.
        flags: Vec<Flag>,
        /// `\*`: new keywords can be created.
        new_keywords: bool,
    },
    /// `READ-ONLY`.
    ReadOnly,
    /// `READ-WRITE`.
    ReadWrite,
    /// `TRYCREATE`: it might work after CREATE.
    TryCreate,
    /// `UIDNEXT`.
    UidNext(u32),
    /// `UIDVALIDITY`.
    UidValidity(u32),
    /// `UNSEEN`: the sequence number of the first message without `\Seen`.
    Unseen(u32),
    /// `APPENDUID` (RFC 4315 §3).
    AppendUid {
        /// The mailbox's UIDVALIDITY.
        uid_validity: u32,
        /// The UIDs of the new messages.
        uids: UidSet,
    },
    /// `COPYUID` (RFC 4315 §3). Both sets are in ascending order, so they correspond one to one.
    CopyUid {
        /// The target mailbox's UIDVALIDITY.
        uid_validity: u32,
        /// The UIDs of the messages that were copied.
        source: UidSet,
        /// The UIDs of their copies.
        target: UidSet,
    },
    /// `UIDNOTSTICKY` (RFC 4315 §3).
    UidNotSticky,
    /// `USEATTR`: the special use is not to be had (RFC 6154 §3).
    UseAttr,
    /// `TOOBIG`: the message is too large (RFC 4469 §4).
    TooBig,
    /// `UNAVAILABLE`: try again.
    Unavailable,
    /// `AUTHENTICATIONFAILED`.
    AuthenticationFailed,
    /// `AUTHORIZATIONFAILED`.
    AuthorizationFailed,
    /// `EXPIRED`.
    Expired,
    /// `PRIVACYREQUIRED`: not without TLS.
    PrivacyRequired,
    /// `CONTACTADMIN`.
    ContactAdmin,
    /// `NOPERM`.
    NoPerm,
    /// `INUSE`.
    InUse,
    /// `EXPUNGEISSUED`: another session expunged some of the messages.
    ExpungeIssued,
    /// `CORRUPTION`.
    Corruption,
    /// `SERVERBUG`.
    ServerBug,
    /// `CLIENTBUG`.
    ClientBug,
    /// `CANNOT`: it will never work.
    Cannot,
    /// `LIMIT`.
    Limit,
    /// `OVERQUOTA`.
    OverQuota,
    /// `ALREADYEXISTS`.
    AlreadyExists,
    /// `NONEXISTENT`.
    NonExistent,
    /// `COMPRESSIONACTIVE` (RFC 4978 §3).
    CompressionActive,
}

/// A mailbox as LIST and LSUB show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// What is known of it.
    pub attributes: Vec<Attribute>,
    /// What parts the levels of its name; `None` when there are no levels.
    pub delimiter: Option<char>,
    /// The mailbox.
    pub mailbox: Mailbox,
}

/// What is known of a mailbox (RFC 3501 §7.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Attribute {
    /// `\Noinferiors`: nothing can be below it.
    NoInferiors,
    /// `\Noselect`: it is no mailbox, only a level of names.
    NoSelect,
    /// `\Marked`: it is worth a look.
    Marked,
    /// `\Unmarked`: nothing new there.
    Unmarked,
    /// `\HasChildren` (RFC 3348).
    HasChildren,
    /// `\HasNoChildren` (RFC 3348).
    HasNoChildren,
    /// What it is for (RFC 6154).
    SpecialUse(SpecialUse),
}

impl Attribute {
    /// The attribute's name without its backslash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoInferiors => "Noinferiors",
            Self::NoSelect => "Noselect",
            Self::Marked => "Marked",
            Self::Unmarked => "Unmarked",
            Self::HasChildren => "HasChildren",
            Self::HasNoChildren => "HasNoChildren",
            Self::SpecialUse(special_use) => special_use.as_str(),
        }
    }
}

/// Where mailboxes can be (RFC 2342 §5).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Namespaces {
    /// The user's own.
    pub personal: Vec<Namespace>,
    /// Those of other users.
    pub other: Vec<Namespace>,
    /// Those of everyone.
    pub shared: Vec<Namespace>,
}

/// The start of mailbox names (RFC 2342 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace {
    /// What the names begin with, in UTF-8.
    pub prefix: String,
    /// What parts their levels.
    pub delimiter: Option<char>,
}
