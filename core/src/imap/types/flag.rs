//! Flags.

use super::is_atom_char;
use alloc::string::String;
use core::fmt;

/// A flag of a message (RFC 3501 §2.3.2).
///
/// System flags and keywords are the same in any case: `\SEEN` is [`Flag::Seen`], and keywords
/// compare without regard to case.
#[derive(Clone, Debug)]
pub enum Flag {
    /// `\Answered`: it was replied to.
    Answered,
    /// `\Flagged`: it deserves attention.
    Flagged,
    /// `\Deleted`: EXPUNGE will remove it.
    Deleted,
    /// `\Seen`: it was read.
    Seen,
    /// `\Draft`: it is not finished.
    Draft,
    /// `\Recent`: this session is the first to be told of it. A client cannot set it.
    Recent,
    /// A word that users or programs chose, such as `$Forwarded`.
    Keyword(String),
    /// A system flag that is not of RFC 3501, without its backslash.
    Extension(String),
}

impl Flag {
    /// The system flags that a client may set, in the order in which FLAGS lists them.
    pub const SYSTEM: [Self; 5] =
        [Self::Answered, Self::Flagged, Self::Deleted, Self::Seen, Self::Draft];

    /// The flag that `text` spells, if it spells one.
    ///
    /// ```
    /// use postroad_core::imap::Flag;
    /// assert_eq!(Flag::parse("\\seen"), Some(Flag::Seen));
    /// assert_eq!(Flag::parse("$Junk"), Some(Flag::Keyword("$Junk".into())));
    /// assert_eq!(Flag::parse("two words"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (is_system, name) = match text.strip_prefix('\\') {
            Some(name) => (true, name),
            None => (false, text),
        };
        if name.is_empty() || !name.bytes().all(is_atom_char) {
            return None;
        }
        if !is_system {
            return Some(Self::Keyword(name.into()));
        }
        let known = Self::SYSTEM.into_iter().chain([Self::Recent]);
        let found = known.into_iter().find(|flag| flag.name().eq_ignore_ascii_case(name));
        Some(found.unwrap_or_else(|| Self::Extension(name.into())))
    }

    /// The flag's name without the backslash of a system flag.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Answered => "Answered",
            Self::Flagged => "Flagged",
            Self::Deleted => "Deleted",
            Self::Seen => "Seen",
            Self::Draft => "Draft",
            Self::Recent => "Recent",
            Self::Keyword(name) | Self::Extension(name) => name,
        }
    }
}

impl PartialEq for Flag {
    fn eq(&self, other: &Self) -> bool {
        matches!(self, Self::Keyword(_)) == matches!(other, Self::Keyword(_))
            && self.name().eq_ignore_ascii_case(other.name())
    }
}

impl Eq for Flag {}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self, Self::Keyword(_)) {
            f.write_str("\\")?;
        }
        f.write_str(self.name())
    }
}
