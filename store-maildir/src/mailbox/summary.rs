//! Summaries of messages, out of the [cache](crate::cache).

use super::Mailbox;
use crate::cache::{self, Cache};
use postroad_core::store::Uid;

impl Mailbox {
    /// Appends the record of a message's summary to `octets`; whether there was one.
    pub(crate) fn summary(&mut self, uid: Uid, octets: &mut Vec<u8>) -> bool {
        let offset = self.ledger.kept(uid).map_or(cache::NOWHERE, |kept| kept.summary);
        self.cache.read(&*self.shared.files, (uid, offset), octets)
    }

    /// Remembers the record of a message's summary.
    pub(crate) fn keep_summary(&mut self, uid: Uid, record: &[u8]) {
        if !self.notes.has_index() || self.ledger.kept(uid).is_none() {
            return;
        }
        let files = &*self.shared.files;
        if let Some(offset) = self.cache.add(files, uid, record) {
            self.set_summary(uid, offset);
            if self.cache.is_mostly_dead(self.ledger.len()) {
                self.compact_summaries();
            }
        }
    }

    fn set_summary(&mut self, uid: Uid, offset: u32) {
        if let Some(kept) = self.ledger.kept_mut(uid) {
            kept.summary = offset;
            self.notes.touch_idly(uid);
        }
    }

    fn compact_summaries(&mut self) {
        let kept = self.ledger.iter().map(|(entry, kept)| (entry.uid, kept.summary));
        let live: Vec<(Uid, u32)> = kept.filter(|(_, offset)| *offset != cache::NOWHERE).collect();
        let (files, spare) = (self.shared.files.clone(), self.spare());
        match self.cache.compact(&*files, &spare, &live) {
            Ok(moved) => {
                for (uid, _) in live {
                    self.set_summary(uid, cache::NOWHERE);
                }
                for (uid, offset) in moved {
                    self.set_summary(uid, offset);
                }
            }
            Err(_) => drop(files.remove(&spare)),
        }
    }

    /// Finds the summaries that there are, when the index has not told of them.
    pub(super) fn find_summaries(&mut self) {
        self.cache = Cache::new(&self.folder, self.ledger.uid_validity(), 0);
        if !self.notes.has_index() {
            return;
        }
        for (uid, offset) in self.cache.find(&*self.shared.files) {
            self.set_summary(uid, offset);
        }
    }

    /// Lets go of what is kept open for those who read.
    pub(crate) fn rest(&mut self) {
        self.cache.rest(&*self.shared.files);
        self.reading = None;
    }
}
