//! Annotations of mailboxes and servers (RFC 5464).

use super::Mailbox;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A command about annotations. Without a mailbox it is about the server (RFC 5464 §4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Metadata {
    /// `GETMETADATA` (RFC 5464 §4.2).
    Get {
        /// Of which mailbox.
        mailbox: Option<Mailbox>,
        /// `MAXSIZE`: no value with more octets.
        max_size: Option<u32>,
        /// `DEPTH`: how far below the entries too.
        depth: MetadataDepth,
        /// Which entries, at least one.
        entries: Vec<EntryName>,
    },
    /// `SETMETADATA` (RFC 5464 §4.3).
    Set {
        /// Of which mailbox.
        mailbox: Option<Mailbox>,
        /// The entries, at least one, with their new values; `None` is NIL and removes.
        values: Vec<(EntryName, Option<Vec<u8>>)>,
    },
}

/// How far below an entry GETMETADATA looks (RFC 5464 §4.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum MetadataDepth {
    /// `0`: not at all.
    #[default]
    Zero,
    /// `1`: one level.
    One,
    /// `infinity`: all the way.
    Infinity,
}

/// The name of an annotation: `/private` or `/shared`, with names below parted by `/` (RFC 5464
/// §3.1). It is the same in any case, so it is kept in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryName(String);

impl EntryName {
    /// `octets` as the name of an entry.
    ///
    /// ```
    /// use postroad_core::imap::{EntryName, InvalidEntryName};
    /// assert_eq!(EntryName::parse(b"/Shared/Comment").unwrap().as_str(), "/shared/comment");
    /// assert_eq!(EntryName::parse(b"/comment"), Err(InvalidEntryName::NoScope));
    /// assert_eq!(EntryName::parse(b"/shared//x"), Err(InvalidEntryName::EmptyPart));
    /// assert_eq!(EntryName::parse(b"/private/*x"), Err(InvalidEntryName::BadCharacter));
    /// ```
    ///
    /// # Errors
    /// Says which part of the rule is broken.
    pub fn parse(octets: &[u8]) -> Result<Self, InvalidEntryName> {
        let fits = |octet: &u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'*' | b'%');
        let name = str::from_utf8(octets).map_err(|_| InvalidEntryName::BadCharacter)?;
        let name = name.to_ascii_lowercase();
        let mut parts = name.split('/');
        if !matches!((parts.next(), parts.next()), (Some(""), Some("private" | "shared"))) {
            return Err(InvalidEntryName::NoScope);
        }
        if parts.any(str::is_empty) {
            return Err(InvalidEntryName::EmptyPart);
        }
        if !octets.iter().all(fits) {
            return Err(InvalidEntryName::BadCharacter);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the user's own, not everyone's.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.0.starts_with("/private")
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with the name of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InvalidEntryName {
    /// It does not begin with `/private` or `/shared`.
    NoScope,
    /// There is nothing between two `/`, or behind the last.
    EmptyPart,
    /// A character that names may not hold: a wildcard, a control, one beyond ASCII.
    BadCharacter,
}

impl InvalidEntryName {
    /// A sentence that says so.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoScope => "The name of an entry begins with /private or /shared",
            Self::EmptyPart => "A part of an entry's name is empty",
            Self::BadCharacter => {
                "The name of an entry holds *, %, a control or a character beyond ASCII"
            }
        }
    }
}

impl fmt::Display for InvalidEntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for InvalidEntryName {}
