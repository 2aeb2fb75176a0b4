//! The place of one mailbox in memory, and the syncs that all who file messages in it share: the
//! mailbox is never locked while one runs.

use crate::files::{Files, failed};
use crate::mailbox::{Added, Filing, Mailbox, Place};
use crate::shared::lock;
use crate::syncs::{Group, Syncs};
use postroad_core::machine::Instant;
use postroad_core::store::Failure;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// The place of one mailbox in memory, empty until it is loaded.
pub(crate) struct Berth {
    mailbox: Mutex<Option<Mailbox>>,
    folder: PathBuf,
    /// Held while messages are moved, replaced or removed, so that nobody else takes them, too.
    leaving: Mutex<()>,
    new: Syncs,
    cur: Syncs,
    /// The syncs of `cur` that UIDs are given after.
    filing: Group<Failure>,
}

/// A berth, shared by all who have something to do with its mailbox.
pub(crate) type Slot = Arc<Berth>;

impl Berth {
    pub(crate) fn new(files: &Arc<dyn Files>, folder: &Path) -> Self {
        let syncs = |place: Place| Syncs::new(files.clone(), folder.join(place.folder()));
        Self {
            mailbox: Mutex::default(),
            folder: folder.into(),
            leaving: Mutex::default(),
            new: syncs(Place::New),
            cur: syncs(Place::Cur),
            filing: Group::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Mailbox>> {
        lock(&self.mailbox)
    }

    /// Waits until nobody else moves, replaces or removes messages of the mailbox.
    pub(crate) fn leaving(&self) -> MutexGuard<'_, ()> {
        lock(&self.leaving)
    }

    /// Works on the mailbox if it is loaded and still in its folder, and notes what has changed.
    pub(crate) fn within<R>(
        &self,
        work: impl FnOnce(&mut Mailbox) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.loaded(|mailbox| {
            let result = work(mailbox);
            mailbox.note();
            result
        })
    }

    fn loaded<R>(
        &self,
        work: impl FnOnce(&mut Mailbox) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match self.lock().as_mut() {
            Some(mailbox) if !mailbox.ledger.is_gone() => work(mailbox),
            _ => Err(Failure::NoMailbox),
        }
    }

    /// Puts the names of messages that are being filed on stable storage.
    pub(crate) fn sync(&self, filing: &Filing) -> Result<(), Failure> {
        for place in filing.places() {
            let syncs = match place {
                Place::New => &self.new,
                Place::Cur => &self.cur,
            };
            syncs.sync().map_err(failed(&self.folder.join(place.folder())))?;
        }
        Ok(())
    }

    /// Waits until messages that have been [placed](Mailbox::place_copies) are on stable storage and have
    /// their UIDs; takes them back if that fails. [`Failure::NoMailbox`] if the mailbox was removed or
    /// renamed meanwhile.
    pub(crate) fn file(&self, now: Instant, filing: Filing) -> Result<Added, Failure> {
        if filing.is_empty() {
            return Ok(Added::All(Vec::new()));
        }
        let filed = self.filing.run(|| {
            let placed = self.loaded(|mailbox| Ok(mailbox.placed()))?;
            let synced = self.cur.sync().map_err(failed(&self.folder.join("cur")));
            self.loaded(|mailbox| mailbox.number_placed(now, &placed, synced))
        });
        // Those that have their UIDs stay, even if the mailbox has another name by now.
        let mut mailbox = self.lock();
        let mailbox = mailbox.as_mut().ok_or(Failure::NoMailbox)?;
        let added = mailbox.finish(filing, filed);
        mailbox.note();
        added
    }

    /// Whether somebody works on the mailbox.
    #[cfg(test)]
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self.mailbox.try_lock(), Err(std::sync::TryLockError::WouldBlock))
    }

    /// How many wait for the next sync.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.new.waiting() + self.filing.waiting()
    }
}
