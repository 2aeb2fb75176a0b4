//! The words of IMAP: what commands and responses are made of (RFC 3501 §9).
//!
//! Every type holds text as people know it: mailbox names are decoded, `INBOX`
//! is recognised in any case, sequence sets are normalised, search keys are reduced to the few that
//! the others are defined by. So a server never looks at syntax.

mod acl;
mod append;
mod capability;
mod command;
mod fetch;
mod flag;
mod list;
mod mailbox;
mod metadata;
mod notify;
mod object;
mod quota;
mod search;
mod select;
mod sequence;
mod sort;
mod status;

pub use acl::{Acl, Identifier, Rights, RightsChange};
pub use append::{Append, AppendMessage, AppendPart, Literal, Replaced, Synchronizing};
pub use capability::Capability;
pub use command::{Command, Fetch, Numbering, Store};
pub use fetch::{ChangedSince, FetchItem, Partial, Section, SectionText};
pub use flag::Flag;
pub use list::{List, ListReturn, ListSelection};
pub use mailbox::{Encoding, ListPattern, Mailbox};
pub use metadata::{EntryName, InvalidEntryName, Metadata, MetadataDepth};
pub use notify::{EventGroup, MailboxFilter, Notify, NotifyEvent};
pub use object::ObjectId;
pub use quota::{Quota, QuotaResource, QuotaUse};
pub use search::{Charset, Search, SearchKey, SearchReturn, When};
pub use select::{Qresync, Select};
pub use sequence::{Messages, NotASequenceSet, PartialRange, SequenceSet};
pub use sort::{Sort, SortCriterion, SortKey, Thread, ThreadAlgorithm};
pub use status::{StatusItem, StatusValue};

use alloc::string::String;
use core::fmt;

/// What a client calls one of its commands, to find the answer by (RFC 3501 §2.2.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tag(String);

impl Tag {
    /// `text` as a tag, if it is one: `1*<any ASTRING-CHAR except "+">`.
    ///
    /// ```
    /// use postroad_core::imap::Tag;
    /// assert!(Tag::new("A142").is_some());
    /// assert!(Tag::new("+").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = |octet: u8| is_astring_char(octet) && octet != b'+';
        (!text.is_empty() && text.bytes().all(fits)).then(|| Self(text.into()))
    }

    /// The tag as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `octet` may stand in an atom (`ATOM-CHAR`).
pub(super) const fn is_atom_char(octet: u8) -> bool {
    matches!(octet, 0x21..=0x7e)
        && !matches!(octet, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// Whether `octet` may stand in a string that is not quoted (`ASTRING-CHAR`).
pub(super) const fn is_astring_char(octet: u8) -> bool {
    is_atom_char(octet) || octet == b']'
}

#[cfg(test)]
mod tests;
