//! What happens to the mailboxes of an account, for those who observe it.

use super::MailboxName;
use super::ledger::Wake;
use alloc::collections::{BTreeMap, VecDeque};
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
    /// Messages came, went or changed their flags.
    Changed(MailboxName),
    /// Annotations of a mailbox, or of the account, changed.
    Annotated(Option<MailboxName>),
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
    happenings: VecDeque<Happening>,
    /// How many happenings there have been before those kept.
    forgotten: u64,
    observers: BTreeMap<Observer, Listener>,
    next: u64,
}

struct Listener {
    heard: u64,
    wake: Option<Wake>,
}

impl News {
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

    /// Takes something down, and says whom to wake.
    #[must_use]
    pub fn tell(&mut self, happening: Happening) -> Vec<Wake> {
        if self.is_idle() {
            return Vec::new();
        }
        if self.happenings.back() != Some(&happening)
            || self.observers.values().any(|listener| listener.heard == self.count())
        {
            self.happenings.push_back(happening);
        }
        if self.happenings.len() > KEPT {
            self.happenings.pop_front();
            self.forgotten += 1;
        }
        self.observers.values().filter_map(|listener| listener.wake.clone()).collect()
    }

    /// What has happened since `observer` was told last.
    pub fn hear(&mut self, observer: Observer) -> Vec<Happening> {
        let (count, forgotten) = (self.count(), self.forgotten);
        let Some(listener) = self.observers.get_mut(&observer) else {
            return Vec::new();
        };
        let heard = core::mem::replace(&mut listener.heard, count);
        let news = match heard.checked_sub(forgotten) {
            Some(known) => self.happenings.iter().skip(known as usize).cloned().collect(),
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

impl core::fmt::Debug for News {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("News")
            .field("happenings", &self.happenings)
            .field("observers", &self.observers.len())
            .finish_non_exhaustive()
    }
}
