//! Flags of messages, and keywords as places in their mailbox's list.

use alloc::string::String;
use alloc::sync::Arc;
use core::ops::{BitOr, Sub};

/// How SetFlags combines (RFC 3501 §6.4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagAction {
    /// `FLAGS`
    Replace,
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
    /// `FLAGS`, of which only these may be changed (RFC 4314 §4).
    ReplaceWithin(Flags),
}

/// A message's flags as bits: system flags by name, keywords by their place in the mailbox's
/// [`Keywords`].
///
/// ```
/// use postroad_core::store::Flags;
/// let flags = Flags::SEEN | Flags::keyword(3);
/// assert!(flags.contains(Flags::SEEN));
/// assert_eq!(flags.keywords().collect::<Vec<_>>(), [3]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Flags(u64);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// `\Answered`
    pub const ANSWERED: Self = Self(1);
    /// `\Flagged`
    pub const FLAGGED: Self = Self(1 << 1);
    /// `\Deleted`
    pub const DELETED: Self = Self(1 << 2);
    /// `\Seen`
    pub const SEEN: Self = Self(1 << 3);
    /// `\Draft`
    pub const DRAFT: Self = Self(1 << 4);
    /// `\Recent`: true for one session, never stored.
    pub const RECENT: Self = Self(1 << 5);
    /// The five flags that are stored.
    pub const SYSTEM: Self = Self(0b1_1111);
    /// Every flag that is stored, keywords included.
    pub const ALL: Self = Self(!0 - (1 << 5) - (1 << 6) - (1 << 7));
    /// How many keywords there is room for.
    pub const KEYWORDS: usize = 56;

    /// The flags as bits, for a store's own files.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// What [`bits`](Self::bits) has given.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The keyword at `index` of the mailbox's table; no flag if there is no room for it.
    #[must_use]
    pub const fn keyword(index: usize) -> Self {
        if index < Self::KEYWORDS { Self(1 << (8 + index)) } else { Self::NONE }
    }

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags that are also in `other`.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The places in the keyword table of the keywords that are set.
    pub fn keywords(self) -> impl Iterator<Item = usize> {
        (0..Self::KEYWORDS).filter(move |index| self.contains(Self::keyword(*index)))
    }

    /// What `action` with `other` makes of these flags. `\Recent` is left alone.
    #[must_use]
    pub fn apply(self, action: FlagAction, other: Self) -> Self {
        let recent = self.intersection(Self::RECENT);
        let other = other - Self::RECENT;
        match action {
            FlagAction::Replace => other | recent,
            FlagAction::Add => self | other,
            FlagAction::Remove => self - other,
            FlagAction::ReplaceWithin(within) => (self - within) | other.intersection(within),
        }
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Sub for Flags {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The keywords of a mailbox; a keyword's place is its bit in [`Flags`].
pub type Keywords = Arc<[String]>;
