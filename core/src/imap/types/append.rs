//! What APPEND and REPLACE take.

use super::{Flag, Mailbox, Numbering};
use crate::message::date::DateTime;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU32;

/// The arguments of APPEND (RFC 3501 §6.3.11) or REPLACE (RFC 8508 §3), up to the first part of the
/// first message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Where to.
    pub mailbox: Mailbox,
    /// With REPLACE, the message that goes.
    pub replaces: Option<Replaced>,
    /// The message.
    pub message: AppendMessage,
}

/// The message that REPLACE is about (RFC 8508 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Replaced {
    /// Whether it is named by a sequence number or a UID.
    pub numbering: Numbering,
    /// Which it is; `None` is `*`, the last.
    pub message: Option<NonZeroU32>,
}

/// A message of APPEND, up to its first part; only CATENATE has more of them (RFC 4469).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppendMessage {
    /// Its flags.
    pub flags: Vec<Flag>,
    /// Its internal date, if not the present.
    pub internal_date: Option<DateTime>,
    /// Its first part.
    pub part: AppendPart,
}

/// A part of a message of APPEND.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AppendPart {
    /// Octets, which follow: the message itself, or `TEXT` in CATENATE (RFC 4469 §3).
    Text(Literal),
    /// The same in `UTF8 (…)`: the header is in UTF-8 (RFC 6855 §4).
    Utf8(Literal),
    /// `URL`: what this IMAP URL names (RFC 4469 §3).
    Url(String),
}

impl AppendPart {
    /// The octets that follow.
    #[must_use]
    pub const fn literal(&self) -> Option<Literal> {
        match self {
            Self::Text(literal) | Self::Utf8(literal) => Some(*literal),
            Self::Url(_) => None,
        }
    }
}

/// The announcement of octets that follow: `{310}`, `{310+}`, `~{310}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Literal {
    /// How many octets.
    pub size: u64,
    /// Whether the client waits.
    pub synchronizing: Synchronizing,
    /// Whether it is a `literal8`, which alone may hold a NUL (RFC 3516 §7).
    pub binary: bool,
}

/// Whether a client waits before the octets of a literal (RFC 7888).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Synchronizing {
    /// `{n}`: until it gets a continuation request.
    Yes,
    /// `{n+}`: the octets come at once.
    No,
}
