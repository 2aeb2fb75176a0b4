//! All names that a LIST can be about, and which of them are meant.

use super::{Found, Query, Which, listed, name_of};
use crate::imap::{Attribute, ChildInfo, Mailbox};
use crate::store::{self, Account, DELIMITER, Kind, MailboxName, SpecialUse, Target};
use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The names that there are: the user's own, and what others let them see.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, Name>);

/// What is known of a name.
#[derive(Clone, Debug)]
struct Name {
    kind: Kind,
    subscribed: bool,
    special_use: Option<SpecialUse>,
    target: Option<Target>,
}

impl Default for Name {
    fn default() -> Self {
        Self { kind: Kind::Absent, subscribed: false, special_use: None, target: None }
    }
}

/// The selection options that mailboxes below a name meet (RFC 5258 §3.5).
#[derive(Clone, Copy, Default)]
struct Below {
    subscribed: bool,
    special_use: bool,
}

impl Names {
    /// Adds the user's own mailboxes and subscriptions. What lies where others' mailboxes are can
    /// only be subscribed to.
    pub(super) fn add_own(&mut self, user: &Account, mailboxes: &[store::Listed]) {
        for it in mailboxes {
            let mut name = Name { subscribed: it.subscribed, ..Name::default() };
            if super::super::place::below_others(it.name.as_str()).is_none() {
                name.kind = it.kind;
                name.special_use = it.special_use;
                name.target = target(user, &it.name, it.kind);
            }
            if name.kind != Kind::Absent || name.subscribed {
                self.0.insert(it.name.as_str().to_owned(), name);
            }
        }
    }

    /// Adds the mailboxes of `owner` that the user may see, and the levels above them.
    pub(super) fn add_others(&mut self, owner: &Account, mailboxes: &[store::Listed]) {
        for it in mailboxes {
            let name = name_of(owner, &it.name);
            for level in ancestors(&name) {
                let level = self.0.entry(level.to_owned()).or_default();
                if level.kind == Kind::Absent {
                    level.kind = Kind::Level;
                }
            }
            let name = self.0.entry(name).or_default();
            name.kind = it.kind;
            name.target = target(owner, &it.name, it.kind);
        }
    }

    /// Whether a mailbox of someone else is subscribed.
    pub(super) fn has_subscribed_others(&self) -> bool {
        let is_others = |name: &String| super::super::place::below_others(name).is_some();
        self.0.iter().any(|(name, it)| it.subscribed && is_others(name))
    }

    /// Those that are meant, ascending.
    pub(super) fn find(mut self, query: &Query) -> Vec<Found> {
        match query.which {
            Which::Existing => self.existing(query),
            Which::Subscribed => self.subscribed(query),
        }
    }

    fn existing(&mut self, query: &Query) -> Vec<Found> {
        let below = match query.selection.recursive_match {
            true => self.below(query),
            false => BTreeMap::new(),
        };
        for name in below.keys() {
            self.0.entry(name.clone()).or_default();
        }
        let existing = self.0.iter().filter(|(_, it)| it.kind != Kind::Absent);
        let parents: BTreeSet<String> =
            existing.flat_map(|(name, _)| ancestors(name)).map(ToOwned::to_owned).collect();
        let mut found = Vec::new();
        for (name, it) in &self.0 {
            let below = below.get(name).copied();
            if (query.selects(it) || below.is_some()) && query.matches(name) {
                let has_children = parents.contains(name);
                found.push(query.found(name, it, has_children, below.unwrap_or_default()));
            }
        }
        found
    }

    /// The names above those that are selected, with what those below meet (RFC 5258 §3.1,
    /// `RECURSIVEMATCH`).
    fn below(&self, query: &Query) -> BTreeMap<String, Below> {
        let mut all: BTreeMap<String, Below> = BTreeMap::new();
        for (name, it) in self.0.iter().filter(|(_, it)| query.selects(it)) {
            for level in ancestors(name) {
                let below = all.entry(level.to_owned()).or_default();
                below.subscribed |= query.selection.subscribed && it.subscribed;
                below.special_use |= query.selection.special_use && it.special_use.is_some();
            }
        }
        all
    }

    /// RFC 3501 §6.3.9: LSUB.
    fn subscribed(&self, query: &Query) -> Vec<Found> {
        let hides = query.patterns.iter().any(|pattern| pattern.as_str().contains('%'));
        let mut found = BTreeMap::new();
        for (name, it) in self.0.iter().filter(|(_, it)| it.subscribed) {
            if query.matches(name) {
                found.insert(name.as_str(), it.kind == Kind::Mailbox);
            } else if hides {
                // What `%` hides is shown by the level above it.
                for level in ancestors(name).filter(|level| query.matches(level)) {
                    found.entry(level).or_insert(false);
                }
            }
        }
        let attributes = |is_mailbox| if is_mailbox { vec![] } else { vec![Attribute::NoSelect] };
        let lsub = |(name, is_mailbox): (&str, bool)| Found {
            listed: listed(Mailbox::new(name), attributes(is_mailbox)),
            target: None,
        };
        found.into_iter().map(lsub).collect()
    }
}

impl Query {
    /// Whether a name meets the selection options.
    fn selects(&self, name: &Name) -> bool {
        let selection = self.selection;
        match (selection.subscribed, selection.special_use) {
            (false, false) => name.kind != Kind::Absent,
            (subscribed, special_use) => {
                (!subscribed || name.subscribed) && (!special_use || name.special_use.is_some())
            }
        }
    }

    fn found(&self, name: &str, it: &Name, has_children: bool, below: Below) -> Found {
        let mut attributes = Vec::new();
        if !self.extended || self.returns.children {
            attributes.push(match has_children {
                true => Attribute::HasChildren,
                false => Attribute::HasNoChildren,
            });
        }
        match it.kind {
            Kind::Mailbox => {}
            Kind::Level => attributes.push(Attribute::NoSelect),
            Kind::Absent => attributes.push(Attribute::NonExistent),
        }
        if it.subscribed && (self.selection.subscribed || self.returns.subscribed) {
            attributes.push(Attribute::Subscribed);
        }
        if !self.extended || self.selection.special_use || self.returns.special_use {
            attributes.extend(it.special_use.map(Attribute::SpecialUse));
        }
        let mut listed = listed(Mailbox::new(name), attributes);
        if below.subscribed {
            listed.child_info.push(ChildInfo::Subscribed);
        }
        if below.special_use {
            listed.child_info.push(ChildInfo::SpecialUse);
        }
        Found { listed, target: it.target.clone() }
    }
}

fn target(account: &Account, mailbox: &MailboxName, kind: Kind) -> Option<Target> {
    let is_mailbox = kind == Kind::Mailbox;
    is_mailbox.then(|| Target { account: account.clone(), mailbox: mailbox.clone() })
}

/// The names of the levels above `name`.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices(DELIMITER).map(|(at, _)| &name[..at])
}
