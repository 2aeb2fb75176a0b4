//! UIDs: durable before they are shown.

use super::{Arrival, Mailbox};
use crate::files::{Errno, Lock, Stat, failed, read_whole};
use crate::uid_map::{self, Numbered, UidMap};
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, Uid};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// A map is written anew when this many of its records, and more than half, say nothing more.
const IDLE_RECORDS: usize = 1_000;

impl Mailbox {
    /// Locks the folder's UID map and keywords against other processes.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        self.shared.lock_file(&self.folder.join("postroad.lock"))
    }

    /// Reads the map file and remembers its state; `None` if there is no map.
    pub(super) fn read_map(&mut self) -> Result<Option<UidMap>, Failure> {
        let path = self.folder.join(uid_map::FILE);
        let stat = match self.files().stat(&path) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(&path)(errno)),
        };
        let Some(map) = UidMap::parse(&read_whole(self.files(), &path)?) else {
            return Ok(None);
        };
        self.map.stat = Some(stat);
        self.map.records = map.records;
        self.map.recent_from = map.recent_from;
        self.map.broken = map.damaged;
        Ok(Some(map))
    }

    /// Writes the map file anew.
    pub(super) fn write_map(&mut self, text: &[u8], records: usize) -> Result<(), Failure> {
        self.shared.replace(&self.folder, uid_map::FILE, text)?;
        self.map.stat = self.files().stat(&self.folder.join(uid_map::FILE)).ok();
        self.map.records = records;
        self.map.broken = false;
        Ok(())
    }

    /// Appends records to the map file.
    fn append_map(&mut self, text: &str, records: usize, durable: bool) -> Result<(), Failure> {
        let path = self.folder.join(uid_map::FILE);
        let append = || {
            let mut file = self.files().append(&path)?;
            file.write(text.as_bytes())?;
            if durable {
                file.sync()?;
            }
            file.stat()
        };
        match append() {
            Ok(stat) => {
                self.map.stat = Some(stat);
                self.map.records += records;
                Ok(())
            }
            Err(errno) => {
                // What has become of the file's end is not known: it is never synced again.
                self.map.broken = true;
                Err(failed(&path)(errno))
            }
        }
    }

    /// Gives the arrivals their UIDs: first in the map, then in the books. `known` are UIDs that
    /// the map had for keys when the mailbox was loaded.
    pub(super) fn number(
        &mut self,
        now: Instant,
        known: &HashMap<Box<[u8]>, Numbered>,
    ) -> Result<(), Failure> {
        self.adopt(now, known);
        if self.arrivals.is_empty() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.follow_map(now)?;
        let next = self.ledger.uid_next();
        let mut text = String::new();
        let mut uids = Vec::with_capacity(self.arrivals.len());
        for (uid, arrival) in (next..u32::MAX).zip(&self.arrivals) {
            let size = (!arrival.sized_by_name).then_some(arrival.size.into());
            uid_map::write_message(&mut text, arrival.name.key(), Numbered { uid, size });
            uids.extend(Uid::new(uid));
        }
        if uids.len() < self.arrivals.len() {
            return Err(Failure::Limit("the mailbox has no UID left"));
        }
        if self.map.broken || self.map.stat.is_none() {
            self.rewrite_map(&text, uids.len())?;
        } else if !uids.is_empty() {
            self.append_map(&text, uids.len(), true)?;
        }
        let modseq = self.ledger.next_modseq(now);
        for (uid, arrival) in uids.into_iter().zip(std::mem::take(&mut self.arrivals)) {
            self.add_message(uid, arrival, modseq);
        }
        Ok(())
    }

    /// Takes arrivals into the books that have a UID on stable storage already.
    fn adopt(&mut self, now: Instant, known: &HashMap<Box<[u8]>, Numbered>) {
        if known.is_empty() {
            return;
        }
        let mut adopted = BTreeMap::new();
        for arrival in std::mem::take(&mut self.arrivals) {
            let numbered = known.get(arrival.name.key());
            let uid = numbered.and_then(|numbered| Uid::new(numbered.uid));
            match uid.filter(|uid| !adopted.contains_key(uid)) {
                Some(uid) => drop(adopted.insert(uid, arrival)),
                None => self.arrivals.push(arrival),
            }
        }
        let modseq = self.ledger.next_modseq(now);
        for (uid, arrival) in adopted {
            self.add_message(uid, arrival, modseq);
        }
    }

    /// Takes over the numbers that another process has given, if one has. They stand in the map
    /// after their files stand in the folder, so none of them is missed.
    fn follow_map(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(mut map) = self.foreign_map()? else {
            return Ok(());
        };
        let found = self.find()?;
        self.take(now, found, &map.messages)?;
        let given_here = self.ledger.uid_next();
        map.messages.retain(|_, numbered| numbered.uid >= given_here);
        self.adopt(now, &map.messages);
        self.ledger.reserve(map.uid_next);
        Ok(())
    }

    /// The map, if another process has written to it.
    fn foreign_map(&mut self) -> Result<Option<UidMap>, Failure> {
        let path = self.folder.join(uid_map::FILE);
        let state = |stat: Stat| (stat.inode, stat.size);
        let now = match self.files().stat(&path) {
            Ok(stat) => Some(stat),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(failed(&path)(errno)),
        };
        if self.map.broken || now.map(state) == self.map.stat.map(state) {
            return Ok(None);
        }
        let map = self.read_map()?;
        match map {
            Some(map) if map.uid_validity == self.ledger.uid_validity() => Ok(Some(map)),
            // The mailbox has become another one.
            _ => {
                self.ledger.set_gone();
                Err(Failure::NoMailbox)
            }
        }
    }

    /// Writes the map anew with what is in the books, and `more`.
    fn rewrite_map(&mut self, more: &str, records: usize) -> Result<(), Failure> {
        let mut map = UidMap::new(self.ledger.uid_validity());
        map.uid_next = self.ledger.uid_next();
        map.recent_from = self.ledger.recent_from();
        let mut text = map.header();
        for (entry, kept) in self.ledger.iter() {
            let name = &kept.name;
            let size = (name.field(b'W').is_none()).then_some(entry.size.into());
            let uid = entry.uid.get();
            uid_map::write_message(&mut text, name.key(), Numbered { uid, size });
        }
        let _ = write!(text, "{more}");
        self.write_map(text.as_bytes(), 2 + self.ledger.len() + records)
    }

    /// Writes the map anew if it is damaged or mostly out of date.
    pub(super) fn compact_if_due(&mut self, now: Instant) -> Result<(), Failure> {
        let idle = self.map.records.saturating_sub(self.ledger.len());
        if self.map.broken || idle > IDLE_RECORDS.max(self.ledger.len()) {
            let _lock = self.lock()?;
            self.follow_map(now)?;
            self.rewrite_map("", 0)?;
        }
        Ok(())
    }

    /// Remembers what has been recent for someone, as far as it goes: losing it costs nothing but
    /// that messages are recent once more.
    pub(super) fn record_recent(&mut self, now: Instant) {
        let recent_from = self.ledger.recent_from();
        if self.map.recent_from == recent_from || self.map.broken {
            return;
        }
        let Ok(_lock) = self.lock() else {
            return;
        };
        if self.follow_map(now).is_err() {
            return;
        }
        let mut text = String::new();
        uid_map::write_recent(&mut text, recent_from);
        if self.append_map(&text, 1, false).is_ok() {
            self.map.recent_from = recent_from;
        }
    }
}

impl Arrival {
    /// The order in which files are numbered that were found together.
    pub(super) fn order(&self) -> (u64, &[u8]) {
        (self.name.time(), self.name.key())
    }
}
