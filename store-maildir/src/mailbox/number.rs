//! UIDs: durable before they are shown.

use super::{Arrival, Mailbox};
use crate::files::{Errno, Lock, Stat, failed, read_whole};
use crate::uid_map::{self, Numbered, UidMap};
use postroad_core::store::{Failure, Uid};
use std::collections::HashMap;
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
    pub(super) fn number(&mut self, known: &HashMap<Box<[u8]>, Numbered>) -> Result<(), Failure> {
        if self.arrivals.is_empty() {
            return Ok(());
        }
        let _lock = self.lock()?;
        let foreign = self.foreign_map()?;
        let mut next = self.ledger.uid_next();
        let mut text = String::new();
        let mut records = 0;
        let mut numbered: Vec<Uid> = Vec::with_capacity(self.arrivals.len());
        if let Some(map) = &foreign {
            next = next.max(map.uid_next);
        }
        let mapped = foreign.as_ref().map_or(known, |map| &map.messages);
        for arrival in &self.arrivals {
            let key = arrival.name.key();
            // A number that another process gave counts, unless it was given out here for good.
            let given = mapped.get(key).map(|numbered| numbered.uid);
            let given = given.filter(|uid| foreign.is_none() || *uid >= self.ledger.uid_next());
            let uid = given.unwrap_or(next);
            let uid = Uid::new(uid).filter(|uid| uid.get() < u32::MAX);
            let uid = uid.ok_or(Failure::Limit("the mailbox has no UID left"))?;
            if given.is_none() {
                let size = (!arrival.sized_by_name).then_some(arrival.size);
                let uid = uid.get();
                uid_map::write_message(&mut text, key, Numbered { uid, size });
                records += 1;
                next += 1;
            }
            numbered.push(uid);
        }
        if records > 0 {
            if self.map.broken || self.map.stat.is_none() {
                self.rewrite_map(&text, records)?;
            } else {
                self.append_map(&text, records, true)?;
            }
        }
        for (uid, arrival) in numbered.into_iter().zip(std::mem::take(&mut self.arrivals)) {
            self.add_message(uid, arrival);
        }
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
        for (uid, message) in self.ledger.iter() {
            let name = &message.kept.name;
            let size = (name.field(b'W').is_none()).then_some(message.size);
            let uid = uid.get();
            uid_map::write_message(&mut text, name.key(), Numbered { uid, size });
        }
        let _ = write!(text, "{more}");
        self.write_map(text.as_bytes(), 2 + self.ledger.len() + records)
    }

    /// Writes the map anew if it is damaged or mostly out of date.
    pub(super) fn compact_if_due(&mut self) -> Result<(), Failure> {
        let idle = self.map.records.saturating_sub(self.ledger.len());
        if self.map.broken || idle > IDLE_RECORDS.max(self.ledger.len()) {
            let _lock = self.lock()?;
            if self.foreign_map()?.is_none() {
                self.rewrite_map("", 0)?;
            }
        }
        Ok(())
    }

    /// Remembers what has been recent for someone, as far as it goes: losing it costs nothing but
    /// that messages are recent once more.
    pub(super) fn record_recent(&mut self) {
        let recent_from = self.ledger.recent_from();
        if self.map.recent_from == recent_from || self.map.broken {
            return;
        }
        let Ok(_lock) = self.lock() else {
            return;
        };
        if !matches!(self.foreign_map(), Ok(None)) {
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
