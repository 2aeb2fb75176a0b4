//! What names mean to one another: levels, missing parents, moved trees. Pure plans that a store
//! carries out, so that every store answers alike.

use super::{Failure, InvalidName, Kind, Listed, MailboxName, SpecialUse};
use crate::limits::Limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Bound;

/// The mailboxes of an account that exist, INBOX included, with their special use.
///
/// ```
/// use postroad_core::{limits::Limits, store::{Kind, MailboxName, Tree}};
/// let limits = Limits::default();
/// let name = |text| MailboxName::parse(text, &limits).unwrap();
/// let mut tree = Tree::default();
/// assert_eq!(tree.create(&name("a.b.c"), &limits).unwrap(), [name("a"), name("a.b"), name("a.b.c")]);
/// tree.insert(name("a.b.c"), None);
/// assert_eq!(tree.kind(&name("a")), Kind::Level);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tree(BTreeMap<MailboxName, Option<SpecialUse>>);

/// How a mailbox and those below it get new names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Renaming {
    /// Missing parents to be created first, the uppermost first.
    pub parents: Vec<MailboxName>,
    /// Old and new names, ascending by the old.
    pub moves: Vec<(MailboxName, MailboxName)>,
}

impl Default for Tree {
    fn default() -> Self {
        Self(BTreeMap::from([(MailboxName::inbox(), None)]))
    }
}

impl Tree {
    /// One without mailboxes, not even INBOX: what others may see of an account.
    #[must_use]
    pub const fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a mailbox or changes its special use.
    pub fn insert(&mut self, name: MailboxName, special_use: Option<SpecialUse>) {
        self.0.insert(name, special_use);
    }

    /// Takes a mailbox away; its special use, if it had one.
    pub fn remove(&mut self, name: &MailboxName) -> Option<SpecialUse> {
        self.0.remove(name).flatten()
    }

    /// The mailboxes, ascending, with their special use.
    pub fn iter(&self) -> impl Iterator<Item = (&MailboxName, Option<SpecialUse>)> {
        self.0.iter().map(|(name, special_use)| (name, *special_use))
    }

    /// What `name` stands for.
    #[must_use]
    pub fn kind(&self, name: &MailboxName) -> Kind {
        if self.0.contains_key(name) {
            Kind::Mailbox
        } else if self.below(name).next().is_some() {
            Kind::Level
        } else {
            Kind::Absent
        }
    }

    /// The mailboxes below `name`.
    fn below(&self, name: &MailboxName) -> impl Iterator<Item = &MailboxName> {
        self.0
            .range((Bound::Excluded(name), Bound::Unbounded))
            .map(|(other, _)| other)
            .take_while(|other| other.as_str().starts_with(name.as_str()))
            .filter(|other| other.is_below(name))
    }

    /// Every name that LIST and LSUB may speak of, ascending.
    #[must_use]
    pub fn list(&self, subscriptions: &BTreeSet<MailboxName>) -> Vec<Listed> {
        let mut kinds: BTreeMap<&MailboxName, Kind> = BTreeMap::new();
        let mut levels: BTreeSet<MailboxName> = BTreeSet::new();
        for name in self.0.keys() {
            let mut parent = name.parent();
            while let Some(level) = parent {
                parent = level.parent();
                if !levels.insert(level) {
                    break;
                }
            }
        }
        kinds.extend(subscriptions.iter().map(|name| (name, Kind::Absent)));
        kinds.extend(levels.iter().map(|name| (name, Kind::Level)));
        kinds.extend(self.0.keys().map(|name| (name, Kind::Mailbox)));
        kinds
            .into_iter()
            .map(|(name, kind)| Listed {
                name: name.clone(),
                kind,
                subscribed: subscriptions.contains(name),
                special_use: self.0.get(name).copied().flatten(),
            })
            .collect()
    }

    /// The mailboxes to be made so that `name` exists, parents first (RFC 3501 §6.3.3).
    ///
    /// # Errors
    /// If it exists already, if no new mailbox can have this name, or if there would be too many.
    pub fn create(&self, name: &MailboxName, limits: &Limits) -> Result<Vec<MailboxName>, Failure> {
        if self.kind(name) == Kind::Mailbox {
            return Err(Failure::Exists);
        }
        let mut made = self.missing_parents(name);
        made.push(name.clone());
        check_new(&made)?;
        self.room(made.len(), limits)?;
        Ok(made)
    }

    /// Whether `name` can be deleted (RFC 3501 §6.3.4).
    ///
    /// # Errors
    /// If it is INBOX, a mere level, or nothing.
    pub fn delete(&self, name: &MailboxName) -> Result<(), Failure> {
        if name.is_inbox() {
            return Err(Failure::Refused("INBOX can't be removed"));
        }
        match self.kind(name) {
            Kind::Mailbox => Ok(()),
            Kind::Level => Err(Failure::Refused("the name has others below it")),
            Kind::Absent => Err(Failure::NoMailbox),
        }
    }

    /// How `from` and all below it become `to` (RFC 3501 §6.3.5). For INBOX, whose messages move
    /// while the mailboxes below it stay, this is the one move of INBOX itself.
    ///
    /// # Errors
    /// If there is no `from`, if there is a `to` or no new mailbox can have this name, if `to` lies
    /// below `from`, or at a limit.
    pub fn rename(
        &self,
        from: &MailboxName,
        to: &MailboxName,
        limits: &Limits,
    ) -> Result<Renaming, Failure> {
        if self.kind(from) == Kind::Absent {
            return Err(Failure::NoMailbox);
        }
        if self.kind(to) != Kind::Absent {
            return Err(Failure::Exists);
        }
        let parents = self.missing_parents(to);
        check_new(parents.iter().chain([to]))?;
        if from.is_inbox() {
            self.room(parents.len() + 1, limits)?;
            let moves = alloc::vec![(from.clone(), to.clone())];
            return Ok(Renaming { parents, moves });
        }
        if to.is_below(from) {
            return Err(Failure::Refused("a mailbox can't be moved below itself"));
        }
        self.room(parents.len(), limits)?;
        let own = self.0.get_key_value(from).map(|(name, _)| name);
        let moves = own
            .into_iter()
            .chain(self.below(from))
            .map(|old| match old.moved(from, to, limits) {
                Some(new) => Ok((old.clone(), new)),
                None => Err(Failure::Limit("a new name would be too long or too deep")),
            })
            .collect::<Result<_, _>>()?;
        Ok(Renaming { parents, moves })
    }

    fn missing_parents(&self, name: &MailboxName) -> Vec<MailboxName> {
        let mut missing: Vec<_> = core::iter::successors(name.parent(), MailboxName::parent)
            .take_while(|parent| self.kind(parent) == Kind::Absent)
            .collect();
        missing.reverse();
        missing
    }

    fn room(&self, more: usize, limits: &Limits) -> Result<(), Failure> {
        if self.0.len() + more > limits.mailboxes {
            return Err(Failure::Limit("there are too many mailboxes"));
        }
        Ok(())
    }
}

fn check_new<'a>(names: impl IntoIterator<Item = &'a MailboxName>) -> Result<(), Failure> {
    let refused = |wrong: InvalidName| Failure::Refused(wrong.as_str());
    names.into_iter().try_for_each(|name| name.check_new().map_err(refused))
}
