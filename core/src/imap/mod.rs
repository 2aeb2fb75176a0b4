//! IMAP4rev1 (RFC 3501) and its extensions: grammar, server session and mailbox view.

mod response;
mod types;

pub use response::{Attribute, Code, Condition, Listed, Namespace, Namespaces, Response, Status};
pub use types::{
    Append, Capability, Charset, Command, Fetch, FetchItem, Flag, List, ListPattern, Literal,
    Mailbox, NotASequenceSet, Numbering, Partial, Search, SearchKey, Section, SectionText,
    SequenceSet, StatusItem, Store, Synchronizing, Tag, When,
};
