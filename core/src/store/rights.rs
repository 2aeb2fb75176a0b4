//! Who may do what with a mailbox (RFC 4314).

use super::Account;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{BitOr, Sub};

/// One right (RFC 4314 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Right {
    /// `l`: the mailbox is seen in lists, and can be subscribed to.
    Lookup = b'l',
    /// `r`: it can be opened and read.
    Read = b'r',
    /// `s`: `\Seen` can be set.
    Seen = b's',
    /// `w`: other flags can be set, `\Seen` and `\Deleted` excepted.
    Write = b'w',
    /// `i`: messages can be appended and copied into it.
    Insert = b'i',
    /// `p`: mail can be sent to it.
    Post = b'p',
    /// `k`: mailboxes can be created below it.
    Create = b'k',
    /// `x`: it can be deleted, and renamed away.
    Delete = b'x',
    /// `t`: messages can be marked `\Deleted`.
    DeleteMessages = b't',
    /// `e`: messages can be expunged.
    Expunge = b'e',
    /// `a`: rights can be seen and changed.
    Administer = b'a',
}

impl Right {
    /// Every right, in RFC 4314's order.
    pub const ALL: [Self; 11] = [
        Self::Lookup,
        Self::Read,
        Self::Seen,
        Self::Write,
        Self::Insert,
        Self::Post,
        Self::Create,
        Self::Delete,
        Self::DeleteMessages,
        Self::Expunge,
        Self::Administer,
    ];

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        self as u8 as char
    }
}

/// Some rights.
///
/// ```
/// use postroad_core::store::{Right, Rights};
/// let rights = Rights::parse("lrs").unwrap();
/// assert!(rights.contains(Right::Read) && !rights.contains(Right::Write));
/// assert_eq!((rights | Right::Expunge.into()).to_string(), "lrse");
/// // The obsolete `c` and `d` of RFC 2086 stand for several (RFC 4314 §2.1.1).
/// assert_eq!(Rights::parse("d").unwrap().to_string(), "te");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u16);

impl Rights {
    /// No right.
    pub const NONE: Self = Self(0);
    /// Every right.
    pub const ALL: Self = Self((1 << Right::ALL.len()) - 1);

    /// The rights that `letters` name; `None` if one names none.
    #[must_use]
    pub fn parse(letters: &str) -> Option<Self> {
        letters.chars().try_fold(Self::NONE, |rights, letter| {
            let more = match letter {
                // RFC 4314 §2.1.1
                'c' => Self::from(Right::Create),
                'd' => Self::from(Right::DeleteMessages) | Right::Expunge.into(),
                _ => Right::ALL.into_iter().find(|right| right.letter() == letter)?.into(),
            };
            Some(rights | more)
        })
    }

    /// Whether `right` is among them.
    #[must_use]
    pub fn contains(self, right: Right) -> bool {
        self.includes(right.into())
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub const fn includes(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in RFC 4314's order.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.contains(*right))
    }
}

impl From<Right> for Rights {
    fn from(right: Right) -> Self {
        let place = Right::ALL.iter().position(|one| *one == right).unwrap_or(0);
        Self(1 << place)
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Sub for Rights {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|right| write!(f, "{}", right.letter()))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rights({self})")
    }
}

/// An entry of an access control list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Who: an address, `owner`, `anyone`, `authenticated`; with `-` before it, those from whom
    /// rights are taken (RFC 4314 §2).
    pub identifier: String,
    /// What.
    pub rights: Rights,
}

/// The access control list of a mailbox. Without a word to the contrary an owner may do everything
/// and nobody else anything.
///
/// ```
/// use postroad_core::store::{Account, Acl, Grant, Right, Rights};
/// let [alice, bob] = ["alice@example.org", "bob@example.org"].map(|it| Account::parse(it).unwrap());
/// let grant = |who: &str, what| Grant { identifier: who.into(), rights: Rights::parse(what).unwrap() };
/// let acl = Acl(vec![grant("anyone", "lrs"), grant("-bob@example.org", "s")]);
/// assert_eq!(acl.of(&alice, &alice), Rights::ALL);
/// assert_eq!(acl.of(&alice, &bob).to_string(), "lr");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Acl(pub Vec<Grant>);

impl Acl {
    /// Puts `grant` in the place of what was granted to the same, or only takes that away.
    pub fn set(&mut self, grant: Grant, is_granted: bool) {
        let place = self.0.iter().position(|one| one.identifier == grant.identifier);
        match (place, is_granted) {
            (Some(place), true) => self.0[place] = grant,
            (Some(place), false) => {
                self.0.remove(place);
            }
            (None, true) => self.0.push(grant),
            (None, false) => {}
        }
    }

    /// What `user` may do with this mailbox of `owner` (RFC 4314 §2): all that is granted to a name
    /// of theirs, without what is taken from one.
    #[must_use]
    pub fn of(&self, owner: &Account, user: &Account) -> Rights {
        let is_meant = |name: &str| {
            name.eq_ignore_ascii_case(user.as_str())
                || matches!(name, "anyone" | "authenticated")
                || (name == "owner" && user == owner)
        };
        let (mut granted, mut taken) = (Rights::NONE, Rights::NONE);
        let mut speaks_of_owner = false;
        for Grant { identifier, rights } in &self.0 {
            match identifier.strip_prefix('-') {
                Some(name) if is_meant(name) => taken = taken | *rights,
                None if is_meant(identifier) => granted = granted | *rights,
                _ => {}
            }
            let names_owner = identifier == "owner" || identifier.as_str() == owner.as_str();
            speaks_of_owner |= names_owner;
        }
        if user != owner {
            return granted - taken;
        }
        if !speaks_of_owner {
            granted = Rights::ALL;
        }
        // Whoever owns a mailbox can always repair its rights.
        (granted - taken) | Right::Lookup.into() | Right::Administer.into()
    }
}
