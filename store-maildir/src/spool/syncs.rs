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
    /// The first sync that begins from now on, once somebody waits to begin it.
    next: Option<Round>,
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
    ///
    /// Who comes first begins it, and the end of the one before wakes nobody else.
    pub(super) fn sync(&self) -> Result<()> {
        let mut turn = lock(&self.turn);
        if let Some(round) = turn.next.clone() {
            drop(turn);
            return *round.wait();
        }
        let round = Round::default();
        turn.next = Some(round.clone());
        let turn = self.over.wait_while(turn, |turn| turn.running);
        *turn.unwrap_or_else(PoisonError::into_inner) = Turn { running: true, next: None };
        let outcome = self.files.sync_folder(&self.folder);
        let _ = round.set(outcome);
        lock(&self.turn).running = false;
        self.over.notify_one();
        outcome
    }
}

#[cfg(test)]
impl Syncs {
    /// How many wait for the next sync.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.turn).next.as_ref().map_or(0, |round| Arc::strong_count(round) - 1)
    }
}
