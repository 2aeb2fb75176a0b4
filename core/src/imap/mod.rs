//! IMAP4rev2 (RFC 9051), IMAP4rev1 (RFC 3501) and their extensions: grammar, server session and mailbox view.
//!
//! What a client sends takes three steps. The [`Assembler`] frames: it finds where a command ends,
//! literals included. Then `scan` lexes, and the parser in `command` makes a [`Command`] of it.
//! The messages of APPEND and REPLACE are not part of it: they pass through.
//! What a server says goes the other way: a [`Response`] is typed and writes itself. What may be long
//! is written piece by piece, so that it streams: [`FetchResponse`], [`EsearchResponse`],
//! [`NumbersResponse`] for SEARCH and SORT, [`ThreadResponse`].
//!
//! Mailbox names have two forms on the wire ([`Encoding`]), of which a session uses one at a time;
//! both directions are told which.
//!
//! [`server::Server`] is the server's end of a connection; a [`view::View`] is a mailbox as one
//! session sees it.

mod assemble;
mod command;
mod response;
mod scan;
pub mod server;
mod types;
mod url;
pub mod view;
mod write;

pub use assemble::{Assembler, Bounds, Step};
pub use command::Bad;
pub use response::{
    Attribute, ChildInfo, Code, Condition, InProgress, Listed, Namespace, Namespaces, Response,
    Status,
};
pub use types::{
    Acl, Append, AppendMessage, AppendPart, Capability, ChangedSince, Charset, Command, Encoding,
    EntryName, EventGroup, Fetch, FetchItem, Flag, Identifier, InvalidEntryName, List, ListPattern,
    ListReturn, ListSelection, Literal, Mailbox, MailboxFilter, Messages, Metadata, MetadataDepth,
    NotASequenceSet, Notify, NotifyEvent, Numbering, ObjectId, Partial, PartialRange, Qresync,
    Quota, QuotaResource, QuotaUse, Replaced, Rights, RightsChange, Search, SearchKey,
    SearchReturn, Section, SectionText, Select, SequenceSet, Sort, SortCriterion, SortKey,
    StatusItem, StatusValue, Store, Synchronizing, Tag, Thread, ThreadAlgorithm, When,
};
pub use write::{
    EsearchData, EsearchResponse, FetchData, FetchResponse, NumberList, NumbersResponse,
    ThreadResponse,
};
