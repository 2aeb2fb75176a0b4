//! What SEARCH can ask for.

use super::{Flag, Messages, Numbering, ObjectId, PartialRange};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// The arguments of SEARCH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// Whether the answer is of sequence numbers or UIDs.
    pub numbering: Numbering,
    /// `RETURN`: what is to be told, in an ESEARCH response (RFC 4731 §3.1).
    pub returns: Option<SearchReturn>,
    /// In what the texts were written.
    pub charset: Charset,
    /// What is sought.
    pub key: SearchKey,
}

/// What `RETURN` asks of SEARCH and SORT (RFC 4731 §3.1). `RETURN ()` asks for `ALL`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SearchReturn {
    /// `MIN`: the first message.
    pub min: bool,
    /// `MAX`: the last message.
    pub max: bool,
    /// `ALL`: all of them.
    pub all: bool,
    /// `COUNT`: how many there are.
    pub count: bool,
    /// `SAVE`: keep them for `$` (RFC 5182 §2.1).
    pub save: bool,
    /// `PARTIAL`: these of them (RFC 9394 §3.1).
    pub partial: Option<PartialRange>,
}

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
    Messages(Numbering, Messages),
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
    /// `MODSEQ`: the mod-sequence is at least this (RFC 7162 §3.1.5). The name of a flag that may come
    /// with it is for servers that keep one for every flag.
    ModSeq(u64),
    /// `OLDER`: the internal date is at least so many seconds ago (RFC 5032 §3).
    Older(NonZeroU32),
    /// `YOUNGER`: the internal date is at most so many seconds ago (RFC 5032 §3).
    Younger(NonZeroU32),
    /// `SAVEDBEFORE`, `SAVEDON`, `SAVEDSINCE`: by the day on which it came to this mailbox (RFC 8514
    /// §4.3).
    Saved(When, Date),
    /// `SAVEDATESUPPORTED`: the mailbox knows when messages came (RFC 8514 §4.3).
    SaveDateSupported,
    /// `EMAILID` (RFC 8474 §6).
    EmailId(ObjectId),
    /// `THREADID` (RFC 8474 §6).
    ThreadId(ObjectId),
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
    /// None was named, which means `US-ASCII`.
    #[default]
    Unnamed,
    /// `US-ASCII`.
    UsAscii,
    /// `UTF-8`.
    Utf8,
    /// One that is not supported: the command is answered with `NO [BADCHARSET …]`, and its texts
    /// mean nothing.
    Unsupported(String),
}
