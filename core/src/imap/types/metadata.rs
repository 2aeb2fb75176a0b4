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
    /// `text` as the name of an entry, if it is one.
    ///
    /// ```
    /// use postroad_core::imap::EntryName;
    /// assert_eq!(EntryName::new("/Shared/Comment").unwrap().as_str(), "/shared/comment");
    /// assert!(EntryName::new("/shared//x").is_none());
    /// assert!(EntryName::new("/comment").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = |octet: u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'*' | b'%');
        let name = text.strip_prefix('/')?.to_ascii_lowercase();
        let mut parts = name.split('/');
        let is_known = matches!(parts.next(), Some("private" | "shared"));
        let is_one = is_known && parts.all(|part| !part.is_empty() && part.bytes().all(fits));
        is_one.then(|| Self(["/", &name].concat()))
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
