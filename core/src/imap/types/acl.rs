//! Access control lists: words only, their meaning is for others (RFC 4314).

use super::Mailbox;
use alloc::string::String;
use core::fmt;

/// A command about access rights (RFC 4314 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acl {
    /// `GETACL`.
    Get(Mailbox),
    /// `SETACL`.
    Set {
        /// The mailbox.
        mailbox: Mailbox,
        /// Whose rights.
        identifier: Identifier,
        /// What becomes of the rights named.
        change: RightsChange,
        /// Which rights.
        rights: Rights,
    },
    /// `DELETEACL`.
    Delete {
        /// The mailbox.
        mailbox: Mailbox,
        /// Whose rights.
        identifier: Identifier,
    },
    /// `LISTRIGHTS`.
    ListRights {
        /// The mailbox.
        mailbox: Mailbox,
        /// Whose rights.
        identifier: Identifier,
    },
    /// `MYRIGHTS`.
    MyRights(Mailbox),
}

/// What SETACL does with the rights it names (RFC 4314 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RightsChange {
    /// They are the rights from now on.
    Replace,
    /// `+`: they are added.
    Add,
    /// `-`: they are taken away.
    Remove,
}

/// Who has rights: a user, a group, `anyone`; with `-` before it, who has not (RFC 4314 §2). Text
/// without control characters, and not empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identifier(String);

impl Identifier {
    /// `text` as an identifier, if it can be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_one = !text.is_empty() && !text.chars().any(char::is_control);
        is_one.then(|| Self(text.into()))
    }

    /// The identifier as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Rights: a lower-case letter or a digit each, perhaps none (RFC 4314 §2.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Rights(String);

impl Rights {
    /// `text` as rights, if it is.
    ///
    /// ```
    /// use postroad_core::imap::Rights;
    /// assert_eq!(Rights::new("lrswi").unwrap().as_str(), "lrswi");
    /// assert!(Rights::new("LR").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit();
        text.bytes().all(fits).then(|| Self(text.into()))
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
