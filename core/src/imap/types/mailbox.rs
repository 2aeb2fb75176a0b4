//! Mailboxes: their names and the patterns that find them.

use alloc::string::String;
use alloc::vec;
use core::fmt;

/// The name of a mailbox in UTF-8 (RFC 3501 §5.1).
///
/// `INBOX` is written thus, in whatever case it came. Whether a name is allowed, and whether such a
/// mailbox exists, is for the store to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mailbox(String);

impl Mailbox {
    /// The mailbox that receives new mail.
    pub const INBOX: &str = "INBOX";

    /// The mailbox called `name`.
    ///
    /// ```
    /// use postroad_core::imap::Mailbox;
    /// assert_eq!(Mailbox::new("inbox").as_str(), "INBOX");
    /// assert_eq!(Mailbox::new("Entwürfe").as_str(), "Entwürfe");
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        if name.eq_ignore_ascii_case(Self::INBOX) { Self(Self::INBOX.into()) } else { Self(name) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `INBOX`.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.0 == Self::INBOX
    }

    /// The name, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How mailbox names are written, and whether quoted strings may go beyond ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Encoding {
    /// Names are in modified UTF-7, quoted strings in ASCII (RFC 3501 §5.1.3).
    #[default]
    Utf7,
    /// Both are in UTF-8: `IMAP4rev2` or `UTF8=ACCEPT` is enabled (RFC 9051 §5.1, RFC 6855 §3).
    Utf8,
}

/// A mailbox name with wildcards, as LIST and LSUB take it (RFC 3501 §6.3.8).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListPattern(String);

impl ListPattern {
    /// The pattern `text`: `*` stands for anything, `%` for anything but a hierarchy delimiter.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is empty: then LIST only asks for the hierarchy delimiter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the mailbox `name` is meant, with levels parted by `delimiter`.
    ///
    /// `INBOX` is found in any case (RFC 3501 §6.3.8). The cost is the product of both lengths.
    ///
    /// ```
    /// use postroad_core::imap::ListPattern;
    /// let pattern = ListPattern::new("lists/%");
    /// assert!(pattern.matches("lists/rust", '/'));
    /// assert!(!pattern.matches("lists/rust/users", '/'));
    /// assert!(ListPattern::new("in%").matches("INBOX", '/'));
    /// ```
    #[must_use]
    pub fn matches(&self, name: &str, delimiter: char) -> bool {
        let any_case = name == Mailbox::INBOX;
        let mut delimiter_octets = [0; 4];
        let delimiter = delimiter.encode_utf8(&mut delimiter_octets).as_bytes();
        let name = name.as_bytes();
        let starts_level: vec::Vec<bool> =
            (0..name.len()).map(|at| name[at..].starts_with(delimiter)).collect();
        // reached[n]: the pattern so far can stand for the first n octets of the name.
        let mut reached = vec![false; name.len() + 1];
        reached[0] = true;
        for &octet in self.0.as_bytes() {
            match octet {
                b'*' | b'%' => {
                    for at in 0..name.len() {
                        let passes = octet == b'*' || !starts_level[at];
                        reached[at + 1] |= reached[at] && passes;
                    }
                }
                _ => {
                    for at in (0..name.len()).rev() {
                        let same =
                            name[at] == octet || any_case && name[at].eq_ignore_ascii_case(&octet);
                        reached[at + 1] = reached[at] && same;
                    }
                    reached[0] = false;
                }
            }
            if !reached.contains(&true) {
                return false;
            }
        }
        reached[name.len()]
    }
}
