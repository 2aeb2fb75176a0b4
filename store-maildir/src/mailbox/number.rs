//! UIDs: durable before they are shown.

use super::{ATTEMPTS, Arrival, Mailbox};
use crate::files::{Errno, Lock, Stat, failed, read_whole};
use crate::uid_map::{self, UidMap};
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, Uid, UidSet};
use std::collections::BTreeMap;

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
        self.map.broken = map.damaged || self.shared.is_doubtful(stat);
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

    /// Whether the map says what may not be on stable storage.
    pub(super) fn is_map_doubtful(&self) -> bool {
        self.map.stat.is_some_and(|stat| self.shared.is_doubtful(stat))
    }

    /// Appends records to the map file.
    fn append_map(&mut self, text: &str, records: usize, durable: bool) -> Result<(), Failure> {
        let path = self.folder.join(uid_map::FILE);
        let append = || {
            let mut file = self.files().append(&path)?;
            file.write(text.as_bytes())?;
            let stat = file.stat()?;
            if durable {
                file.sync().inspect_err(|_| self.shared.doubt(stat))?;
            }
            Ok(stat)
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

    /// Gives the arrivals their UIDs: first in the map, then in the books. If that fails, it has
    /// failed for all who wait for them.
    pub(crate) fn number(&mut self, now: Instant) -> Result<(), Failure> {
        if self.arrivals.is_empty() {
            return Ok(());
        }
        self.number_all(now).inspect_err(|failure| self.withdraw(failure))
    }

    fn number_all(&mut self, now: Instant) -> Result<(), Failure> {
        let _lock = self.lock()?;
        // Another process may have been quicker.
        self.follow_map(now)?;
        let next = self.ledger.uid_next();
        let mut text = String::new();
        let mut numbered = Vec::with_capacity(self.arrivals.len());
        for (uid, arrival) in (next..u32::MAX).zip(&self.arrivals) {
            let size = (!arrival.sized_by_name).then_some(arrival.size.into());
            numbered.extend(Uid::new(uid).map(|uid| (uid, text.len() as u64)));
            uid_map::write_message(&mut text, arrival.name.base(), uid, size);
        }
        if numbered.len() < self.arrivals.len() {
            return Err(Failure::Limit("the mailbox has no UID left"));
        }
        let start = match self.map.stat {
            Some(stat) if !self.map.broken => {
                if !numbered.is_empty() {
                    self.append_map(&text, numbered.len(), true)?;
                }
                stat.size
            }
            _ => self.rewrite_map(&text, numbered.len())?,
        };
        let modseq = self.ledger.next_modseq(now);
        let arrivals = std::mem::take(&mut self.arrivals);
        for ((uid, at), arrival) in numbered.into_iter().zip(arrivals) {
            let base: Box<[u8]> = arrival.name.base().into();
            self.add_message(uid, arrival, (start + at, &base), modseq);
        }
        Ok(())
    }

    /// Takes arrivals into the books that have a UID on stable storage already, not smaller than
    /// `from`. UIDs that were given and have no file any more are gone.
    pub(super) fn adopt(&mut self, now: Instant, map: &UidMap, from: u32) {
        let mut adopted = BTreeMap::new();
        for arrival in std::mem::take(&mut self.arrivals) {
            let record = map.messages.get_key_value(arrival.name.key());
            let given = record.filter(|(_, numbered)| numbered.uid >= from);
            let uid = given.and_then(|(base, numbered)| {
                let uid = Uid::new(numbered.uid)?;
                Some((uid, (numbered.offset, base.as_bytes())))
            });
            match uid.filter(|(uid, _)| !adopted.contains_key(uid)) {
                Some((uid, record)) => drop(adopted.insert(uid, (arrival, record))),
                None => self.arrivals.push(arrival),
            }
        }
        let modseq = self.ledger.next_modseq(now);
        let there: UidSet = adopted.keys().copied().collect();
        for (uid, (arrival, record)) in adopted {
            self.add_message(uid, arrival, record, modseq);
        }
        self.ledger.reserve(map.uid_next);
        if let (Some(first), Some(last)) = (Uid::new(from), Uid::new(map.uid_next - 1)) {
            let gone = UidSet::range(first, last).without(&there);
            self.add_vanished(&gone, modseq);
        }
    }

    /// Takes over the numbers that another process has given, if one has. They stand in the map
    /// after their files stand in the folder, so none of them is missed.
    fn follow_map(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(map) = self.foreign_map()? else {
            return Ok(());
        };
        let from = self.ledger.uid_next();
        for _ in 0..ATTEMPTS {
            let look = self.look(&map, from)?;
            if self.take(now, &look.found, &map)? {
                break;
            }
        }
        self.adopt(now, &map, from);
        Ok(())
    }

    /// The map, if another process has written to it.
    fn foreign_map(&mut self) -> Result<Option<UidMap>, Failure> {
        let path = self.folder.join(uid_map::FILE);
        let state = |stat: Stat| (stat.inode, stat.size);
        // What NFS remembers of a file is out of date until it is opened.
        let now = match self.files().open(&path).and_then(|file| file.stat()) {
            Ok(stat) => Some(stat),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(failed(&path)(errno)),
        };
        if self.map.broken || now.map(state) == self.map.stat.map(state) {
            return Ok(None);
        }
        self.current_map().map(Some)
    }

    /// The map as it is. Without one, or with one of another UIDVALIDITY, this has become another
    /// mailbox.
    pub(super) fn current_map(&mut self) -> Result<UidMap, Failure> {
        let broken = self.map.broken;
        let map = self.read_map()?.filter(|map| map.uid_validity == self.ledger.uid_validity());
        self.map.broken |= broken;
        if map.is_none() {
            self.set_gone();
        }
        map.ok_or(Failure::NoMailbox)
    }

    /// Writes the map anew with what is in the books, and `more`; where that begins.
    fn rewrite_map(&mut self, more: &str, records: usize) -> Result<u64, Failure> {
        let mut map = UidMap::new(self.ledger.uid_validity());
        map.uid_next = self.ledger.uid_next();
        map.recent_from = self.ledger.recent_from();
        let mut text = map.header();
        let mut old = self.records();
        let mut offsets = Vec::with_capacity(self.ledger.len());
        for entry in self.ledger.messages().iter() {
            let Some(base) = self.base_of(&mut old, entry.uid)? else {
                self.sight.seen = None;
                return Err(Failure::Io("the UID map has lost a message".into()));
            };
            let size = base.field(b'W').is_none().then_some(entry.size.into());
            offsets.push((entry.uid, text.len() as u64));
            uid_map::write_message(&mut text, base.as_bytes(), entry.uid.get(), size);
        }
        let start = text.len() as u64;
        text.push_str(more);
        if u32::try_from(text.len()).is_err() {
            return Err(Failure::Limit("the mailbox has too many messages"));
        }
        self.write_map(text.as_bytes(), 2 + self.ledger.len() + records)?;
        self.map.stale = 0;
        for (uid, offset) in offsets {
            self.move_record(uid, offset);
        }
        Ok(start)
    }

    /// Writes the map anew if it is damaged or mostly out of date.
    pub(super) fn compact_if_due(&mut self, now: Instant) -> Result<(), Failure> {
        let (idle, messages) =
            (self.map.records.saturating_sub(self.ledger.len()), self.ledger.len());
        let stale = self.map.stale > IDLE_RECORDS.max(messages / 8);
        if self.map.broken || stale || idle > IDLE_RECORDS.max(messages) {
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
