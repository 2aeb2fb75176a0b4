//! Who observes an account, and what they are told.

use super::Session;
use crate::account::Home;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Change, Failure, Observer, Request};

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

    /// What a request is about to change, if anyone wants to know.
    pub(super) fn change(&self, request: &Request) -> Change {
        if self.shared.observed.is_empty() {
            return Change::default();
        }
        Change::of(request, self.open.as_ref().map(|open| &open.target))
    }

    /// Tells observers what has changed. What they cannot be told for a failure of the file system,
    /// they are told with what happens next.
    pub(super) fn tell_observers(&mut self, now: Instant, change: Change) {
        let Change { happenings, names_of, renamed } = change;
        let observed = &self.shared.observed;
        if let Some(home) = names_of.and_then(|account| self.home(&account, now).ok()) {
            let renamed = renamed.as_ref().map(|(from, to)| (from, to));
            self.news.extend(observed.look(&home, renamed, self.observer_of(&home)));
        }
        for (account, happening) in happenings {
            if let Ok(home) = self.home(&account, now) {
                self.news.extend(observed.tell(home.root(), happening, self.observer_of(&home)));
            }
        }
    }

    /// This session, if it observes the account.
    fn observer_of(&self, home: &Home) -> Option<Observer> {
        let own = self.observing.as_ref().filter(|(own, _)| own.root() == home.root());
        own.map(|(_, observer)| *observer)
    }
}
