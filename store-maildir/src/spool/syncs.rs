//! Group commit: whoever has changed names in a folder at the same time shares one sync of it.

use crate::files::{Files, Result};
use crate::shared::lock;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

/// The syncs of one folder.
pub(super) struct Syncs {
    files: Arc<dyn Files>,
    folder: PathBuf,
    turn: Mutex<Turn>,
    over: Condvar,
}

#[derive(Default)]
struct Turn {
    running: bool,
    /// The first sync that begins from now on.
    next: Round,
}

/// A sync, and what it came to once it is over.
type Round = Arc<OnceLock<Result<()>>>;

impl Syncs {
    pub(super) fn new(files: Arc<dyn Files>, folder: PathBuf) -> Self {
        Self { files, folder, turn: Mutex::default(), over: Condvar::new() }
    }

    /// Waits until every name that was changed before this call is on stable storage. A sync that is
    /// running may have missed it, so it is the next one that counts: it serves all who wait. If it
    /// fails, that is final for all of them.
    pub(super) fn sync(&self) -> Result<()> {
        let mut turn = lock(&self.turn);
        let round = turn.next.clone();
        while turn.running {
            turn = self.over.wait(turn).unwrap_or_else(PoisonError::into_inner);
            if let Some(outcome) = round.get() {
                return *outcome;
            }
        }
        // It is still the next one: had it begun, it would have been over when none was running.
        *turn = Turn { running: true, next: Round::default() };
        drop(turn);
        let outcome = self.files.sync_folder(&self.folder);
        let _ = round.set(outcome);
        lock(&self.turn).running = false;
        self.over.notify_all();
        outcome
    }
}

#[cfg(test)]
impl Syncs {
    /// How many wait for the next sync.
    pub(super) fn waiting(&self) -> usize {
        Arc::strong_count(&lock(&self.turn).next) - 1
    }
}
