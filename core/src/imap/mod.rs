//! IMAP4rev1 (RFC 3501) and its extensions: grammar, server session and mailbox view.
//!
//! What a client sends takes three steps. The [`Assembler`] frames: it finds where a command ends,
//! literals included. Then `scan` lexes, and the parser in `command` makes a [`Command`] of it.
//! What a server says goes the other way: a [`Response`] is typed and writes itself, and a
//! [`FetchResponse`] is written item by item, so that content streams through.
//!
//! [`server::Server`] is the server's end of a connection; a [`view::View`] is a mailbox as one
//! session sees it.

mod assemble;
mod command;
mod response;
mod scan;
pub mod server;
mod types;
pub mod view;
mod write;

pub use assemble::{Assembler, Bounds, Step};
pub use command::Bad;
pub use response::{Attribute, Code, Condition, Listed, Namespace, Namespaces, Response, Status};
pub use types::{
    Append, Capability, Charset, Command, Fetch, FetchItem, Flag, List, ListPattern, Literal,
    Mailbox, NotASequenceSet, Numbering, Partial, Search, SearchKey, Section, SectionText,
    SequenceSet, StatusItem, Store, Synchronizing, Tag, When,
};
pub use write::{FetchData, FetchResponse};
