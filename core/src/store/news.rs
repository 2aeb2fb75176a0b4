//! What happens to the mailboxes of an account, for those who observe it.

use super::ledger::Wake;
use super::{Account, Kind, Listed, MailboxName, Originals, Request, Target};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

/// Happenings that are kept for observers who have yet to ask; beyond, the oldest are forgotten and
/// they are told [`Happening::Much`].
const KEPT: usize = 1_000;

/// Something that happened to an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A mailbox was created.
    Created(MailboxName),
    /// A mailbox was removed.
    Deleted(MailboxName),
    /// A mailbox got another name; those below it are told, too.
    Renamed {
        /// The old name.
        from: MailboxName,
        /// The new name.
        to: MailboxName,
    },
    /// A name was subscribed or unsubscribed.
    Subscribed(MailboxName),
    /// Messages came, went or changed their flags, or may have.
    Changed(MailboxName),
    /// Annotations changed.
    Annotated {
        /// Of which mailbox; none is the account itself.
        mailbox: Option<MailboxName>,
        /// Which entries.
        entries: Vec<String>,
    },
    /// Rights of a mailbox changed.
    Granted(MailboxName),
    /// More than is kept: everything may be different.
    Much,
}

/// Names an observer of [`News`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Observer(u64);

/// The happenings of one account, and who wants to be told of them. A store keeps one for each
/// account that is observed.
#[derive(Default)]
pub struct News {
    /// What happened, and who did it.
    happenings: VecDeque<(Happening, Option<Observer>)>,
    /// How many happenings there have been before those kept.
    forgotten: u64,
    observers: BTreeMap<Observer, Listener>,
    next: u64,
    /// The mailboxes that there are.
    mailboxes: BTreeSet<MailboxName>,
    subscribed: BTreeSet<MailboxName>,
}

struct Listener {
    heard: u64,
    wake: Option<Wake>,
}

impl News {
    /// Nothing has happened yet to an account with these names.
    #[must_use]
    pub fn new(listed: &[Listed]) -> Self {
        let (mailboxes, subscribed) = names(listed);
        Self { mailboxes, subscribed, ..Self::default() }
    }

    /// The mailboxes that there were when [`look`](Self::look) looked last.
    #[must_use]
    pub const fn mailboxes(&self) -> &BTreeSet<MailboxName> {
        &self.mailboxes
    }

    /// Takes down what is different about the account's names, which may have been `renamed` from one
    /// to another, and says whom to wake.
    #[must_use]
    pub fn look(
        &mut self,
        listed: &[Listed],
        renamed: Option<(&MailboxName, &MailboxName)>,
        by: Option<Observer>,
    ) -> Vec<Wake> {
        let (mailboxes, subscribed) = names(listed);
        let old = core::mem::replace(&mut self.mailboxes, mailboxes);
        let old_subscribed = core::mem::replace(&mut self.subscribed, subscribed);
        let mut gone: BTreeSet<_> = old.difference(&self.mailboxes).cloned().collect();
        let mut fresh: BTreeSet<_> = self.mailboxes.difference(&old).cloned().collect();
        let mut happenings = Vec::new();
        if let Some((from, to)) = renamed {
            let by_rest: BTreeMap<&str, &MailboxName> =
                fresh.iter().filter_map(|name| Some((name.rest(to)?, name))).collect();
            let pairs = gone.iter().filter_map(|old| {
                let new = by_rest.get(old.rest(from)?).copied()?;
                Some((old.clone(), new.clone()))
            });
            let pairs: Vec<_> = pairs.collect();
            for (old, new) in pairs {
                gone.remove(&old);
                fresh.remove(&new);
                happenings.push(Happening::Renamed { from: old, to: new });
            }
        }
        happenings.extend(gone.into_iter().map(Happening::Deleted));
        happenings.extend(fresh.into_iter().map(Happening::Created));
        let toggled = old_subscribed.symmetric_difference(&self.subscribed).cloned();
        happenings.extend(toggled.map(Happening::Subscribed));
        let wakes = happenings.into_iter().map(|happening| self.tell(happening, by));
        wakes.last().unwrap_or_default()
    }

    /// One more observer, to be told of what happens from now on.
    pub fn join(&mut self, wake: Option<Wake>) -> Observer {
        let observer = Observer(self.next);
        self.next += 1;
        self.observers.insert(observer, Listener { heard: self.count(), wake });
        observer
    }

    /// Takes an observer away.
    pub fn leave(&mut self, observer: Observer) {
        self.observers.remove(&observer);
        self.prune();
    }

    /// Whether nobody observes.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.observers.is_empty()
    }

    fn count(&self) -> u64 {
        self.forgotten + self.happenings.len() as u64
    }

    /// Takes something down, and says whom to wake. Who has done it `by` themselves is not told of it
    /// (RFC 5465 §5).
    #[must_use]
    pub fn tell(&mut self, happening: Happening, by: Option<Observer>) -> Vec<Wake> {
        if self.is_idle() {
            return Vec::new();
        }
        let told = (happening, by);
        if self.happenings.back() != Some(&told)
            || self.observers.values().any(|listener| listener.heard == self.count())
        {
            self.happenings.push_back(told);
        }
        if self.happenings.len() > KEPT {
            self.happenings.pop_front();
            self.forgotten += 1;
        }
        let others = self.observers.iter().filter(|(observer, _)| Some(**observer) != by);
        others.filter_map(|(_, listener)| listener.wake.clone()).collect()
    }

    /// Sets whom to wake for an observer.
    pub fn watch(&mut self, observer: Observer, wake: Option<Wake>) {
        if let Some(listener) = self.observers.get_mut(&observer) {
            listener.wake = wake;
        }
    }

    /// What has happened since `observer` was told last.
    pub fn hear(&mut self, observer: Observer) -> Vec<Happening> {
        let (count, forgotten) = (self.count(), self.forgotten);
        let Some(listener) = self.observers.get_mut(&observer) else {
            return Vec::new();
        };
        let heard = core::mem::replace(&mut listener.heard, count);
        let news = match heard.checked_sub(forgotten) {
            Some(known) => {
                // At most KEPT, which every usize holds.
                let fresh = self.happenings.iter().skip(known as usize);
                let others = fresh.filter(|(_, by)| *by != Some(observer));
                others.map(|(happening, _)| happening.clone()).collect()
            }
            None => Vec::from([Happening::Much]),
        };
        self.prune();
        news
    }

    /// Forgets what everybody has heard.
    fn prune(&mut self) {
        let heard = self.observers.values().map(|listener| listener.heard).min();
        let heard = heard.unwrap_or_else(|| self.count());
        while self.forgotten < heard && self.happenings.pop_front().is_some() {
            self.forgotten += 1;
        }
    }
}

fn names(listed: &[Listed]) -> (BTreeSet<MailboxName>, BTreeSet<MailboxName>) {
    let mailboxes = listed.iter().filter(|it| it.kind == Kind::Mailbox);
    let subscribed = listed.iter().filter(|it| it.subscribed);
    let name = |it: &Listed| it.name.clone();
    (mailboxes.map(name).collect(), subscribed.map(name).collect())
}

/// What a request changes if it does not fail, as far as observers care.
#[derive(Debug, Default)]
pub struct Change {
    /// What happens to which account.
    pub happenings: Vec<(Account, Happening)>,
    /// Whose names change.
    pub names_of: Option<Account>,
    /// From which name to which one is renamed.
    pub renamed: Option<(MailboxName, MailboxName)>,
}

impl Change {
    /// What `request` changes in a store where this mailbox is open.
    #[must_use]
    pub fn of(request: &Request, open: Option<&Target>) -> Self {
        let mut change = Self::default();
        let happenings = &mut change.happenings;
        let changed = |it: &Target| (it.account.clone(), Happening::Changed(it.mailbox.clone()));
        match request {
            Request::Create { account, .. }
            | Request::Delete { account, .. }
            | Request::Subscribe { account, .. } => change.names_of = Some(account.clone()),
            Request::Rename { account, from, to } => {
                change.names_of = Some(account.clone());
                if from.is_inbox() {
                    happenings.push((account.clone(), Happening::Changed(from.clone())));
                }
                change.renamed = Some((from.clone(), to.clone()));
            }
            Request::SetFlags { .. } | Request::Expunge { .. } => {
                happenings.extend(open.map(changed));
            }
            Request::Copy { account, to, originals, .. } => {
                happenings.push((account.clone(), Happening::Changed(to.clone())));
                let from = open.filter(|_| *originals == Originals::Go);
                happenings.extend(from.map(changed));
            }
            Request::Deliver { targets, .. } => happenings.extend(targets.iter().map(changed)),
            Request::Append { account, mailbox, replaces, .. } => {
                happenings.push((account.clone(), Happening::Changed(mailbox.clone())));
                let from = open.filter(|_| replaces.is_some());
                happenings.extend(from.map(changed));
            }
            Request::Annotate { account, mailbox, values, .. } => {
                let entries = values.iter().map(|(entry, _)| entry.clone()).collect();
                let happening = Happening::Annotated { mailbox: mailbox.clone(), entries };
                happenings.push((account.clone(), happening));
            }
            Request::SetAcl { account, mailbox, .. } => {
                happenings.push((account.clone(), Happening::Granted(mailbox.clone())));
            }
            _ => {}
        }
        change
    }
}

impl core::fmt::Debug for News {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("News")
            .field("happenings", &self.happenings)
            .field("observers", &self.observers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Happening, KEPT, News};
    use crate::store::suite::name;

    #[test]
    fn each_observer_hears_what_others_did_since_it_asked_last() {
        let mut news = News::default();
        let created = || Happening::Created(name("a"));
        assert!(news.tell(created(), None).is_empty());
        let (one, two) = (news.join(None), news.join(None));
        let _ = news.tell(created(), Some(one));
        let _ = news.tell(created(), Some(one));
        let _ = news.tell(Happening::Changed(name("a")), None);
        assert_eq!(news.hear(one), [Happening::Changed(name("a"))]);
        assert_eq!(news.hear(one), []);
        news.leave(one);
        assert!(news.hear(two).starts_with(&[created()]));
        assert_eq!(news.hear(two), []);
        assert!(!news.is_idle());
        news.leave(two);
        assert!(news.is_idle());
    }

    #[test]
    fn who_does_not_listen_is_told_so() {
        let mut news = News::default();
        let observer = news.join(None);
        for number in 0..=KEPT {
            let _ = news.tell(Happening::Created(name(&alloc::format!("m{number}"))), None);
        }
        assert_eq!(news.hear(observer), [Happening::Much]);
        assert_eq!(news.hear(observer), []);
        let _ = news.tell(Happening::Deleted(name("m0")), None);
        assert_eq!(news.hear(observer), [Happening::Deleted(name("m0"))]);
    }
}
