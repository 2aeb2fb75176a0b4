//! Who observes an account, and what they are told.

use super::Session;
use crate::account::Home;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Change, Failure, Observer, Request};
use std::path::Path;

impl Session {
    pub(super) fn observe(
        &mut self,
        now: Instant,
        account: Option<Account>,
    ) -> Result<Answer, Failure> {
        self.stop_observing();
        if let Some(account) = account {
            let home = self.home(&account, now)?;
            let observer = self.shared.observed.join(&home, self.wake.clone())?;
            self.observing = Some((home, observer));
        }
        Ok(Answer::Done)
    }

    pub(super) fn stop_observing(&mut self) {
        if let Some((home, observer)) = self.observing.take() {
            self.shared.observed.leave(&home, observer);
        }
    }

    pub(super) fn happened(&self) -> Answer {
        let observing = self.observing.as_ref();
        let happenings = observing.map(|(home, by)| self.shared.observed.hear(home, *by));
        Answer::Happened(happenings.unwrap_or_default())
    }

    pub(super) fn watch_observed(&self) {
        if let Some((home, observer)) = &self.observing {
            self.shared.observed.watch(home, *observer, self.wake.clone());
        }
    }

    /// What a request is about to change, if anyone wants to know; in the end it is [told](Self::tell_observers),
    /// or has come to [nothing](Self::end_change).
    pub(super) fn begin_change(&self, request: &Request) -> Change {
        if self.shared.observed.is_empty() {
            return Change::default();
        }
        let change = Change::of(request, self.open.as_ref().map(|open| &open.target));
        if let Some(account) = &change.names_of {
            self.shared.observed.begin_change(&Home::root_of(&self.shared, account));
        }
        change
    }

    /// Tells observers what has changed. What they cannot be told for a failure of the file system,
    /// they are told with what happens next.
    pub(super) fn tell_observers(&mut self, change: Change) {
        let Change { happenings, names_of, renamed } = change;
        let observed = &self.shared.observed;
        if let Some(account) = names_of {
            let root = Home::root_of(&self.shared, &account);
            let renamed = renamed.as_ref().map(|(from, to)| (from, to));
            self.news.extend(observed.end_change(&root, renamed, self.observer_of(&root)));
        }
        for (account, happening) in happenings {
            let root = Home::root_of(&self.shared, &account);
            self.news.extend(observed.tell(&root, happening, self.observer_of(&root)));
        }
    }

    /// Nothing has come of a change but what others have done meanwhile.
    pub(super) fn end_change(&mut self, change: Change) {
        self.tell_observers(Change { names_of: change.names_of, ..Change::default() });
    }

    /// This session, if it observes the account in `root`.
    fn observer_of(&self, root: &Path) -> Option<Observer> {
        let own = self.observing.as_ref().filter(|(own, _)| own.root() == root);
        own.map(|(_, observer)| *observer)
    }
}
