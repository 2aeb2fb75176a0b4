//! What is in memory is noted in the [index](crate::index), so that it need not be read together again.

use super::{Mailbox, Place};
use crate::files::{Errno, Lock};
use crate::index::{self, Batch, Row, State};
use crate::shared::Common;
use postroad_core::store::{Entry, Removed, Uid, UidSet};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The index is written anew when so many messages, and an eighth of all, have been noted behind it.
const LATER: usize = 1_000;
/// Messages of which nothing but where their summaries are is to be noted wait for so many others.
const WAITING: usize = 256;

/// What is to be noted, and where.
#[derive(Default)]
pub(super) struct Notes {
    /// Held by whoever uses the index.
    lock: Option<Lock>,
    /// Whether the books are whole.
    begun: bool,
    /// The length of the file, if it can be appended to.
    pub(super) length: Option<u64>,
    /// Whether the file is known to tell of a change even after a power cut.
    pub(super) synced: bool,
    /// How many messages were noted behind the first batch.
    pub(super) later: usize,
    /// What was noted last.
    pub(super) state: State,
    touched: BTreeSet<Uid>,
    ids: Vec<(u32, u32)>,
    /// Whether messages were touched beyond their summaries.
    urgent: bool,
    /// Whether anything has changed that was known before.
    changed: bool,
}

impl Notes {
    /// Takes the index of a folder, if nobody has it.
    pub(super) fn claim(shared: &Arc<Common>, folder: &Path) -> Self {
        let lock = shared.try_lock_file(&folder.join(index::LOCK)).ok();
        Self { lock, ..Self::default() }
    }

    pub(super) const fn has_index(&self) -> bool {
        self.lock.is_some()
    }

    /// From here on there are whole books to be noted.
    pub(super) const fn begin(&mut self) {
        self.begun = true;
    }

    /// So much has changed that the file is to be written anew.
    pub(super) const fn renew(&mut self) {
        self.length = None;
    }

    /// There is something to note of a message.
    pub(super) fn touch(&mut self, uid: Uid) {
        self.touched.insert(uid);
        self.urgent = true;
    }

    /// There is something to note of a message when there is time.
    pub(super) fn touch_idly(&mut self, uid: Uid) {
        self.touched.insert(uid);
    }

    /// A message has come under this queue id.
    pub(super) fn id(&mut self, id: (u32, u32)) {
        self.ids.push(id);
        self.urgent = true;
    }

    /// Something that was known before has changed.
    pub(super) const fn change(&mut self) {
        self.changed = true;
    }

    /// What has changed so far is no change for anyone.
    pub(super) const fn forget_changes(&mut self) {
        self.changed = false;
    }
}

impl Mailbox {
    /// Notes what has changed; before it is told.
    pub(crate) fn note(&mut self) {
        self.note_now(false);
    }

    fn note_now(&mut self, idle: bool) {
        if self.ledger.is_gone() || !self.notes.begun {
            return;
        }
        if !self.notes.has_index() {
            self.notes.touched.clear();
            self.notes.ids.clear();
            if std::mem::take(&mut self.notes.changed) {
                self.remove_index();
            }
            return;
        }
        let state = self.noted_state();
        let notes = &self.notes;
        let waiting = notes.touched.len() >= if idle { 1 } else { WAITING };
        // While files are on their way, how the folders look is not to be noted in any case; that it
        // is no longer as noted shows by itself.
        let noted = match self.underway.is_empty() {
            true => notes.state,
            false => State { seen: None, doubtful: state.doubtful, ..notes.state },
        };
        let same = State { summaries: state.summaries, ..noted } == state;
        if notes.length.is_some() && same && !notes.urgent && !notes.changed && !waiting {
            return;
        }
        self.cache.flush(&*self.shared.files);
        let notes = &self.notes;
        let later = notes.later + notes.touched.len();
        let noted = match notes.length {
            Some(length) if later <= LATER + self.ledger.len() / 8 => {
                self.append_index(state, length)
            }
            _ => self.write_index(state),
        };
        self.notes.touched.clear();
        self.notes.ids.clear();
        self.notes.urgent = false;
        self.notes.changed = false;
        self.notes.state = state;
        if noted.is_err() {
            self.remove_index();
        }
    }

    /// Takes the index away, for it does not know of a change.
    fn remove_index(&mut self) {
        self.notes.length = None;
        let files = self.files();
        let removed = match files.remove(&self.folder.join(index::FILE)) {
            Ok(()) => files.sync_folder(&self.folder),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        };
        // If even that fails, it is tried again.
        self.notes.changed = removed.is_err();
    }

    fn noted_state(&self) -> State {
        State {
            boot: self.shared.boot,
            uid_validity: self.ledger.uid_validity(),
            uid_next: self.ledger.uid_next(),
            recent_from: self.ledger.recent_from(),
            swept: self.swept,
            highest_modseq: self.ledger.highest_modseq(),
            forgotten: self.ledger.vanished().forgotten(),
            map: self.map.stat.filter(|_| !self.map.broken).map(|stat| (stat.inode, stat.size)),
            records: self.map.records as u64,
            summaries: self.cache.records,
            // Arrivals are not noted: whoever comes next has to find them.
            seen: self.sight.seen.filter(|_| self.arrivals.is_empty() && self.underway.is_empty()),
            doubtful: self.sight.doubtful,
            looked: self.sight.looked,
            keywords: self.keywords,
        }
    }

    fn row(&self, entry: &Entry) -> Option<Row> {
        let kept = self.ledger.kept(entry.uid)?;
        Some(Row {
            entry: *entry,
            record: kept.record,
            summary: kept.summary,
            in_new: kept.place == Place::New,
            name: self.odd.get(&entry.uid).map(|name| name.as_bytes().into()),
        })
    }

    fn append_index(&mut self, state: State, length: u64) -> Result<(), Errno> {
        let touched = self.notes.touched.iter().filter_map(|uid| self.ledger.get(*uid));
        let batch = Batch {
            state,
            changes: self.notes.changed,
            rows: touched.filter_map(|entry| self.row(entry)).collect(),
            removed: self
                .ledger
                .vanished()
                .after(self.notes.state.highest_modseq)
                .copied()
                .collect(),
            ids: std::mem::take(&mut self.notes.ids),
        };
        let octets = batch.octets().ok_or(Errno::FBIG)?;
        let mut file = self.files().append(&self.folder.join(index::FILE))?;
        if file.stat()?.size != length {
            // Another process has taken it away.
            return Err(Errno::STALE);
        }
        file.write(&octets)?;
        if batch.changes && !self.notes.synced {
            file.sync()?;
            self.files().sync_folder(&self.folder)?;
            self.notes.synced = true;
        }
        self.notes.length = Some(length + octets.len() as u64);
        self.notes.later += batch.rows.len();
        Ok(())
    }

    fn write_index(&mut self, state: State) -> Result<(), Errno> {
        // After a power cut the old file may be there again: one that does not tell of any change
        // must not be believed then.
        let durable = self.notes.changed && !self.notes.synced;
        let batch = Batch {
            state,
            changes: false,
            rows: self.ledger.messages().iter().filter_map(|entry| self.row(entry)).collect(),
            removed: self.ledger.vanished().after(0).copied().collect(),
            ids: self.ids.hashes().collect(),
        };
        let octets = batch.file().ok_or(Errno::FBIG)?;
        let (files, spare) = (self.files(), self.spare());
        let write = || {
            let mut file = files.create(&spare)?;
            file.write(&octets)?;
            if durable {
                file.sync()?;
            }
            files.rename(&spare, &self.folder.join(index::FILE))?;
            if durable {
                files.sync_folder(&self.folder)?;
            }
            Ok(())
        };
        write().inspect_err(|_| {
            let _ = files.remove(&spare);
        })?;
        self.notes.length = Some(octets.len() as u64);
        self.notes.synced = false;
        self.notes.later = 0;
        Ok(())
    }

    /// Records that UIDs that were never in the books are gone.
    pub(super) fn add_vanished(&mut self, gone: &UidSet, modseq: u64) {
        if gone.is_empty() {
            return;
        }
        let mut vanished = self.ledger.vanished().clone();
        for &(first, last) in gone.ranges() {
            vanished.add(Removed { modseq, first, last });
        }
        self.ledger.set_vanished(vanished);
        self.ledger.reserve_modseq(modseq);
        self.notes.change();
    }

    /// Notes all that is known, so that it is believed even after the machine was off.
    pub(crate) fn note_for_good(&mut self) {
        self.note_now(true);
        if !self.ledger.is_gone() && self.notes.synced && self.notes.length.is_some() {
            let state = self.noted_state();
            if self.write_index(state).is_err() {
                self.remove_index();
            }
        }
    }

    /// The mailbox is no longer in its folder.
    pub(crate) fn set_gone(&mut self) {
        self.ledger.set_gone();
        self.notes.lock = None;
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.note_for_good();
    }
}
