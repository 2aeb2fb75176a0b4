//! Who observes an account, and what they are told.

use super::{Memory, Session};
use crate::machine::Instant;
use crate::store::{Account, Answer, Change, Listed, News, Target};
use alloc::vec::Vec;

impl Memory {
    fn listed(&self, now: Instant, account: &Account) -> Vec<Listed> {
        self.with_home(now, account, |home| home.tree.list(&home.subscriptions))
    }
}

impl Session {
    pub(super) fn observe(&mut self, now: Instant, account: Option<Account>) -> Answer {
        self.stop_observing();
        if let Some(account) = account {
            let listed = self.memory.listed(now, &account);
            let mut observed = self.memory.observed.borrow_mut();
            let news = observed.entry(account.clone()).or_insert_with(|| News::new(&listed));
            let observer = news.join(self.wake.clone());
            drop(observed);
            self.observing = Some((account, observer));
        }
        Answer::Done
    }

    pub(super) fn stop_observing(&mut self) {
        let Some((account, observer)) = self.observing.take() else {
            return;
        };
        let mut observed = self.memory.observed.borrow_mut();
        if let Some(news) = observed.get_mut(&account) {
            news.leave(observer);
            if news.is_idle() {
                observed.remove(&account);
            }
        }
    }

    pub(super) fn happened(&self) -> Answer {
        let mut observed = self.memory.observed.borrow_mut();
        let news = self
            .observing
            .as_ref()
            .and_then(|(account, observer)| Some(observed.get_mut(account)?.hear(*observer)));
        Answer::Happened(news.unwrap_or_default())
    }

    pub(super) fn watch_observed(&self) {
        let mut observed = self.memory.observed.borrow_mut();
        if let Some((account, observer)) = &self.observing
            && let Some(news) = observed.get_mut(account)
        {
            news.watch(*observer, self.wake.clone());
        }
    }

    /// What a request is about to change, if anyone wants to know.
    pub(super) fn change(&self, request: &crate::store::Request) -> Change {
        if self.memory.observed.borrow().is_empty() {
            return Change::default();
        }
        let open = self
            .open
            .as_ref()
            .map(|open| Target { account: open.account.clone(), mailbox: open.name.clone() });
        Change::of(request, open.as_ref())
    }

    /// Tells observers what has changed.
    pub(super) fn tell_observers(&mut self, now: Instant, change: Change) {
        let Change { happenings, names_of, renamed } = change;
        let by = |account: &Account| {
            let own = self.observing.as_ref().filter(|(own, _)| own == account);
            own.map(|(_, observer)| *observer)
        };
        let listed = names_of.map(|account| (self.memory.listed(now, &account), account));
        let mut observed = self.memory.observed.borrow_mut();
        if let Some((listed, account)) = listed
            && let Some(news) = observed.get_mut(&account)
        {
            let renamed = renamed.as_ref().map(|(from, to)| (from, to));
            self.news.extend(news.look(&listed, renamed, by(&account)));
        }
        for (account, happening) in happenings {
            if let Some(news) = observed.get_mut(&account) {
                self.news.extend(news.tell(happening, by(&account)));
            }
        }
    }
}
