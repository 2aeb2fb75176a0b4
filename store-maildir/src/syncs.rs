//! Group commit: whoever needs the same work done at the same time shares one run of it.

use crate::files::{Errno, Files, Result};
use crate::shared::lock;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

/// Runs of one piece of work, one at a time.
pub(crate) struct Group<E> {
    turn: Mutex<Turn<E>>,
    over: Condvar,
}

struct Turn<E> {
    running: bool,
    /// The first run that begins from now on, once somebody waits to begin it.
    next: Option<Round<E>>,
}

/// A run, and what it came to once it is over; nothing if it has panicked.
type Round<E> = Arc<OnceLock<Option<std::result::Result<(), E>>>>;

/// A run that is under way. Dropped before it has come to anything, it has panicked.
struct Running<'a, E> {
    group: &'a Group<E>,
    round: Round<E>,
}

impl<E> Drop for Running<'_, E> {
    fn drop(&mut self) {
        let _ = self.round.set(None);
        lock(&self.group.turn).running = false;
        self.group.over.notify_one();
    }
}

impl<E> Default for Group<E> {
    fn default() -> Self {
        let turn = Turn { running: false, next: None };
        Self { turn: Mutex::new(turn), over: Condvar::new() }
    }
}

impl<E: Clone> Group<E> {
    /// Waits for a run of `work` that begins after this call. One that is running may have missed
    /// what the caller has done, so it is the next one that counts: it serves all who wait. If it
    /// fails, that is final for all of them.
    ///
    /// Who comes first begins it, and the end of the one before wakes nobody else.
    ///
    /// # Panics
    /// If `work` does, in whoever has begun it and in all who share that.
    pub(crate) fn run(
        &self,
        work: impl FnOnce() -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let mut turn = lock(&self.turn);
        if let Some(round) = turn.next.clone() {
            drop(turn);
            return round.wait().clone().expect("the run that was shared has not panicked");
        }
        let round = Round::default();
        turn.next = Some(round.clone());
        let turn = self.over.wait_while(turn, |turn| turn.running);
        *turn.unwrap_or_else(PoisonError::into_inner) = Turn { running: true, next: None };
        let running = Running { group: self, round };
        let outcome = work();
        let _ = running.round.set(Some(outcome.clone()));
        outcome
    }

    /// How many wait for the next run.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.turn).next.as_ref().map_or(0, |round| Arc::strong_count(round) - 1)
    }
}

/// The syncs of one folder.
pub(crate) struct Syncs {
    files: Arc<dyn Files>,
    folder: PathBuf,
    group: Group<Errno>,
}

impl Syncs {
    pub(crate) fn new(files: Arc<dyn Files>, folder: PathBuf) -> Self {
        Self { files, folder, group: Group::default() }
    }

    /// Waits until every name that was changed before this call is on stable storage.
    pub(crate) fn sync(&self) -> Result<()> {
        self.group.run(|| self.files.sync_folder(&self.folder))
    }

    /// How many wait for the next sync.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.group.waiting()
    }
}

#[cfg(test)]
mod tests {
    use super::Group;
    use std::thread::{scope, yield_now};

    #[test]
    fn a_run_that_panics_does_so_for_all_who_share_it_and_for_nobody_else() {
        let group = Group::<()>::default();
        let panicking = || group.run(|| panic!("on purpose"));
        scope(|scope| {
            let mut sharers = Vec::new();
            let first = group.run(|| {
                sharers.extend([0; 3].map(|_| scope.spawn(panicking)));
                while group.waiting() < sharers.len() {
                    yield_now();
                }
                Ok(())
            });
            assert_eq!(first, Ok(()));
            assert!(sharers.into_iter().all(|sharer| sharer.join().is_err()));
        });
        assert_eq!(group.run(|| Ok(())), Ok(()));
    }
}
