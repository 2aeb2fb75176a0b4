//! What is in memory of a mailbox, as a file: `postroad-index` in each folder. A cache: the names of
//! the files say which messages there are and what flags they have, the UID map which UIDs.
//!
//! ```text
//! "postroad-index 1\n"  batch  batch ...
//! batch: octets (4)  checksum (8)  content
//! ```
//!
//! The first batch is a whole mailbox, every later one what has changed; all numbers have the least
//! octet first. A file is good as a whole or not at all.
//!
//! # When its mod-sequences are believed
//! A client that was told a change at some mod-sequence must never miss a later one (RFC 7162 §3.1). If
//! the file is lost, every message counts as changed now, and nothing is known of what was removed
//! before: correct, merely costly. So all that matters is that a file is not believed that lacks a
//! change which was told:
//! - A change is noted after it was made and before it is told. If it can't be noted, the file is
//!   removed.
//! - Nothing that was noted is lost as long as the machine runs: a file of this boot is believed.
//! - A power cut may take what was not synced, at the end of the file or all of it. So the first
//!   batch with a change of something old is synced, and a file of an earlier boot is believed only if
//!   it has no such batch. (New messages need none: whoever finds a UID in the map that is not in the
//!   file takes the message for one that came now.) A mailbox that leaves memory in good order is
//!   written as a whole.
//! - Who uses the file holds `postroad-index.lock`. A second process does without, and removes the file
//!   when it changes something.

mod codec;

#[cfg(test)]
mod tests;

use crate::files::Stat;
use codec::{Reader, Writer};
use postroad_core::store::{Entry, Flags, Removed, Uid, UidSet, Vanished};
use std::collections::BTreeMap;

/// The file's name in its folder.
pub(crate) const FILE: &str = "postroad-index";
/// Its lock's name.
pub(crate) const LOCK: &str = "postroad-index.lock";

const MAGIC: &[u8] = b"postroad-index 1\n";

/// What is known of a mailbox beside its messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct State {
    /// Which boot of the machine this was written in.
    pub(crate) boot: [u8; 16],
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) recent_from: u32,
    /// Messages below this UID are in `cur` if they have been recent for someone.
    pub(crate) swept: u32,
    pub(crate) highest_modseq: u64,
    /// See [`Vanished::forgotten`].
    pub(crate) forgotten: u64,
    /// The UID map's inode and size, if it can be relied on.
    pub(crate) map: Option<(u64, u64)>,
    /// Records of the map, and those of the summaries.
    pub(crate) records: u64,
    pub(crate) summaries: u64,
    /// `new` and `cur` when they held what is told here.
    pub(crate) seen: Option<(Stat, Stat)>,
    /// Whether a change may have hidden behind another one, and when the folders were read last.
    pub(crate) doubtful: bool,
    pub(crate) looked: i64,
    /// The file of keywords that the flags are told by.
    pub(crate) keywords: Option<Stat>,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) entry: Entry,
    /// Where its record is in the map.
    pub(crate) record: u32,
    /// Where its summary is in the cache.
    pub(crate) summary: u32,
    pub(crate) in_new: bool,
    /// Its file's name, where that is not the one that record and flags tell.
    pub(crate) name: Option<Box<[u8]>>,
}

/// A whole mailbox, or what has changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) state: State,
    /// Whether it has a change of something that was known before.
    pub(crate) changes: bool,
    /// By ascending UID.
    pub(crate) rows: Vec<Row>,
    /// By ascending mod-sequence.
    pub(crate) removed: Vec<Removed>,
    /// Days and hashes of queue ids.
    pub(crate) ids: Vec<(u32, u32)>,
}

/// What a file tells.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) state: State,
    pub(crate) rows: Vec<Row>,
    pub(crate) vanished: Vanished,
    pub(crate) ids: Vec<(u32, u32)>,
    /// Whether there are batches with changes behind the first one.
    pub(crate) changed: bool,
    /// How many messages were told in batches behind the first one.
    pub(crate) later: usize,
}

impl Batch {
    /// The file that begins with this batch.
    pub(crate) fn file(&self) -> Option<Vec<u8>> {
        let mut octets = MAGIC.to_vec();
        octets.extend_from_slice(&self.octets()?);
        Some(octets)
    }

    /// The batch as it is appended; `None` if it is too long.
    pub(crate) fn octets(&self) -> Option<Vec<u8>> {
        let mut writer = Writer::new();
        self.state.write(&mut writer);
        writer.flag(self.changes);
        writer.count(self.rows.len())?;
        self.rows.iter().for_each(|row| row.write(&mut writer));
        let named = self.rows.iter().filter_map(|row| Some((row.entry.uid, row.name.as_ref()?)));
        writer.count(named.clone().count())?;
        for (uid, name) in named {
            writer.u32(uid.get());
            writer.octets(name)?;
        }
        writer.count(self.removed.len())?;
        for removed in &self.removed {
            writer.u64(removed.modseq);
            writer.u32(removed.first.get());
            writer.u32(removed.last.get());
        }
        writer.count(self.ids.len())?;
        for (day, hash) in &self.ids {
            writer.u32(*day);
            writer.u32(*hash);
        }
        writer.finish()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let state = State::read(reader)?;
        let changes = reader.flag()?;
        let mut rows = reader.many(Row::LENGTH, Row::read)?;
        let named = reader.many(6, |reader| {
            let uid = reader.uid()?;
            Some((uid, reader.octets()?.into()))
        })?;
        let mut named: BTreeMap<Uid, Box<[u8]>> = named.into_iter().collect();
        if !named.is_empty() {
            rows.iter_mut().for_each(|row| row.name = named.remove(&row.entry.uid));
        }
        let removed = reader.many(16, |reader| {
            let modseq = reader.u64()?;
            Some(Removed { modseq, first: reader.uid()?, last: reader.uid()? })
        })?;
        let ids = reader.many(8, |reader| Some((reader.u32()?, reader.u32()?)))?;
        reader.is_at_end().then_some(Self { state, changes, rows, removed, ids })
    }
}

impl Index {
    /// Reads a file; `None` if it is not whole.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let mut rest = octets.strip_prefix(MAGIC)?;
        let first = Batch::read(&mut Reader::next(&mut rest)?)?;
        let mut index = Self {
            state: first.state,
            rows: first.rows,
            vanished: Vanished::forgotten_up_to(first.state.forgotten),
            ids: first.ids,
            changed: false,
            later: 0,
        };
        first.removed.into_iter().for_each(|removed| index.vanished.add(removed));
        let mut gone = Vec::new();
        while !rest.is_empty() {
            let batch = Batch::read(&mut Reader::next(&mut rest)?)?;
            index.changed |= batch.changes;
            index.state = batch.state;
            index.ids.extend(batch.ids);
            index.later += batch.rows.len();
            batch.rows.into_iter().try_for_each(|row| index.put(row))?;
            gone.extend(batch.removed.iter().map(|removed| (removed.first, removed.last)));
            batch.removed.into_iter().for_each(|removed| index.vanished.add(removed));
        }
        let gone: UidSet = gone.into_iter().collect();
        index.rows.retain(|row| !gone.contains(row.entry.uid));
        Some(index)
    }

    fn put(&mut self, row: Row) -> Option<()> {
        match self.rows.binary_search_by_key(&row.entry.uid, |known| known.entry.uid) {
            Ok(at) => self.rows[at] = row,
            Err(at) if at == self.rows.len() => self.rows.push(row),
            Err(_) => return None,
        }
        Some(())
    }
}

impl State {
    fn write(&self, writer: &mut Writer) {
        writer.raw(&self.boot);
        for number in [self.uid_validity, self.uid_next, self.recent_from, self.swept] {
            writer.u32(number);
        }
        let (inode, size) = self.map.unwrap_or_default();
        let looked = self.looked.cast_unsigned();
        for number in [self.highest_modseq, self.forgotten, inode, size, self.records] {
            writer.u64(number);
        }
        writer.u64(self.summaries);
        writer.u64(looked);
        writer.flag(self.map.is_some());
        writer.flag(self.doubtful);
        let (new, cur) = self.seen.unzip();
        [new, cur, self.keywords].into_iter().for_each(|stat| writer.stat(stat));
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let boot = reader.array()?;
        let [uid_validity, uid_next, recent_from, swept] =
            [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
        let [highest_modseq, forgotten, inode, size, records, summaries, looked] = [
            reader.u64()?,
            reader.u64()?,
            reader.u64()?,
            reader.u64()?,
            reader.u64()?,
            reader.u64()?,
            reader.u64()?,
        ];
        let map = reader.flag()?.then_some((inode, size));
        let doubtful = reader.flag()?;
        let [new, cur, keywords] = [reader.stat()?, reader.stat()?, reader.stat()?];
        Some(Self {
            boot,
            uid_validity,
            uid_next,
            recent_from,
            swept,
            highest_modseq,
            forgotten,
            map,
            records,
            summaries,
            seen: new.zip(cur),
            doubtful,
            looked: looked.cast_signed(),
            keywords,
        })
    }
}

impl Row {
    /// Octets of a message.
    const LENGTH: usize = 45;

    fn write(&self, writer: &mut Writer) {
        let Entry { uid, size, flags, date, modseq, saved } = self.entry;
        writer.u32(uid.get());
        writer.u32(size);
        writer.u64(flags.bits());
        writer.u64(date.cast_unsigned());
        writer.u64(modseq);
        writer.u32(saved);
        writer.u32(self.record);
        writer.u32(self.summary);
        writer.flag(self.in_new);
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let entry = Entry {
            uid: reader.uid()?,
            size: reader.u32()?,
            flags: Flags::from_bits(reader.u64()?),
            date: reader.u64()?.cast_signed(),
            modseq: reader.u64()?,
            saved: reader.u32()?,
        };
        let (record, summary, in_new) = (reader.u32()?, reader.u32()?, reader.flag()?);
        Some(Self { entry, record, summary, in_new, name: None })
    }
}
