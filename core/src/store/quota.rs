//! How much an account has and may have (RFC 9208).

use super::Account;
use alloc::collections::BTreeMap;

/// What an account has and may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Octets of all messages (`STORAGE`, RFC 9208 §5.1).
    pub octets: Resource,
    /// Messages (`MESSAGE`, RFC 9208 §5.2).
    pub messages: Resource,
}

/// How much of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resource {
    /// How much there is.
    pub used: u64,
    /// How much there may be.
    pub limit: Option<u64>,
}

impl Quota {
    /// Whether there is room for so many more octets in so many more messages.
    ///
    /// ```
    /// use postroad_core::store::{Quota, Resource};
    /// let quota = Quota {
    ///     octets: Resource { used: 900, limit: Some(1_000) },
    ///     messages: Resource { used: 2, limit: None },
    /// };
    /// assert!(quota.has_room(100, 1) && !quota.has_room(101, 1));
    /// ```
    #[must_use]
    pub fn has_room(&self, octets: u64, messages: u64) -> bool {
        self.octets.has_room(octets) && self.messages.has_room(messages)
    }
}

impl Resource {
    fn has_room(self, more: u64) -> bool {
        self.limit.is_none_or(|limit| self.used.saturating_add(more) <= limit)
    }
}

/// What an account may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Allowance {
    /// Octets of all messages; as many as there is room for, if absent.
    pub octets: Option<u64>,
    /// Messages; any number, if absent.
    pub messages: Option<u64>,
}

impl Allowance {
    /// Whether nothing is limited.
    #[must_use]
    pub const fn is_unlimited(self) -> bool {
        self.octets.is_none() && self.messages.is_none()
    }

    /// Whether a message of so many octets fits into an empty account.
    #[must_use]
    pub fn can_hold(self, octets: u64) -> bool {
        self.quota(0, 0).has_room(octets, 1)
    }

    /// The quota of an account that has so many octets in so many messages.
    #[must_use]
    pub const fn quota(self, octets: u64, messages: u64) -> Quota {
        Quota {
            octets: Resource { used: octets, limit: self.octets },
            messages: Resource { used: messages, limit: self.messages },
        }
    }
}

/// What every account may have. A store is told of them by its host, which knows the users.
///
/// ```
/// use postroad_core::store::{Account, Allowance, Allowances};
/// let alice = Account::parse("alice@example.org").unwrap();
/// let bob = Account::parse("bob@example.org").unwrap();
/// let small = Allowance { octets: Some(1_000), messages: None };
/// let mut allowances = Allowances::new(Allowance::default());
/// allowances.set(alice.clone(), small);
/// assert_eq!(allowances.of(&alice), small);
/// assert!(allowances.of(&bob).is_unlimited());
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Allowances {
    others: Allowance,
    own: BTreeMap<Account, Allowance>,
}

impl Allowances {
    /// The same for every account.
    #[must_use]
    pub const fn new(all: Allowance) -> Self {
        Self { others: all, own: BTreeMap::new() }
    }

    /// Gives an account one of its own.
    pub fn set(&mut self, account: Account, allowance: Allowance) {
        self.own.insert(account, allowance);
    }

    /// That of an account.
    #[must_use]
    pub fn of(&self, account: &Account) -> Allowance {
        self.own.get(account).copied().unwrap_or(self.others)
    }
}
