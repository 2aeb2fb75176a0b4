//! What SEARCH can ask for.

use super::{Flag, Numbering, SequenceSet};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// A condition that a message meets or not (RFC 3501 §6.4.4).
///
/// Keys that RFC 3501 defines by others are replaced by them: `NEW` is `RECENT UNSEEN`, `UNSEEN` is
/// `NOT SEEN`, `FROM` is `HEADER From`. The depth of the tree is bounded by the parser
/// (`Limits::imap_search_depth`), so it may be walked by recursion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SearchKey {
    /// `ALL`: every message.
    All,
    /// All of these.
    And(Vec<SearchKey>),
    /// `OR`: at least one of these, for `OR a OR b c` is one choice of three.
    Or(Vec<SearchKey>),
    /// `NOT`.
    Not(Box<SearchKey>),
    /// The flag is set: `SEEN`, `RECENT`, `KEYWORD …`.
    Flag(Flag),
    /// These sequence numbers, or with `UID` these UIDs.
    Messages(Numbering, SequenceSet),
    /// `BEFORE`, `ON`, `SINCE`: by the day of the internal date, its zone disregarded.
    Internal(When, Date),
    /// `SENTBEFORE`, `SENTON`, `SENTSINCE`: by the day of the Date field, its zone disregarded.
    Sent(When, Date),
    /// `LARGER`: more octets than this.
    Larger(u64),
    /// `SMALLER`: fewer octets than this.
    Smaller(u64),
    /// `HEADER`, `FROM`, `TO`, `CC`, `BCC`, `SUBJECT`: a field of this name contains the text. With
    /// an empty text, it exists.
    Header(String, String),
    /// `BODY`: the body contains the text.
    Body(String),
    /// `TEXT`: the header or the body contains the text.
    Text(String),
}

/// How a day compares to the one asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum When {
    /// Earlier.
    Before,
    /// That very day.
    On,
    /// That day or later.
    Since,
}

/// In what the texts of a SEARCH are written (RFC 3501 §6.4.4).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Charset {
    /// `US-ASCII`, or none was named.
    #[default]
    UsAscii,
    /// `UTF-8`.
    Utf8,
    /// One that is not supported: the command is answered with `NO [BADCHARSET …]`, and its texts
    /// mean nothing.
    Unsupported(String),
}
