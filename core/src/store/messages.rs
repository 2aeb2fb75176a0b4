//! The messages of a mailbox as a value that costs nothing to hand out.

use super::{Entry, Flags, Uid, UidSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(test)]
mod tests;

/// Messages that are copied together when one of them changes.
const CHUNK: usize = 256;
/// Chunks that have become smaller than this are joined with their neighbour.
const SMALL: usize = 32;

/// The messages of a mailbox by ascending UID, as they were at one moment.
///
/// A clone shares everything with its original: it costs one pointer, however many messages there
/// are. A change copies the few hundred messages around it, once. So every session can hold the
/// mailbox as it was told, and [`differences`](Self::differences) between two moments cost as much as
/// has changed.
///
/// ```
/// use postroad_core::store::{Entry, Flags, Messages, Uid};
/// let uid = |n| Uid::new(n).unwrap();
/// let mut messages: Messages = [3, 5, 8].map(|n| Entry::new(uid(n), 100)).into_iter().collect();
/// let before = messages.clone();
/// messages.update(uid(5), |entry| entry.flags = Flags::SEEN);
/// assert_eq!((messages.unseen(), before.unseen()), (2, 3));
/// assert_eq!(messages.at(1).unwrap().uid, uid(5));
/// assert_eq!(messages.rank(6), 2);
/// ```
#[derive(Clone, Default)]
pub struct Messages {
    chunks: Arc<Vec<Link>>,
}

#[derive(Clone)]
struct Link {
    /// How many messages stand before it.
    before: u32,
    chunk: Arc<Chunk>,
}

#[derive(Clone, Default)]
struct Chunk {
    entries: Vec<Entry>,
    unseen: u32,
    deleted: u32,
    octets: u64,
}

/// What differs between two moments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference<'a> {
    /// The message is gone.
    Vanished(&'a Entry),
    /// The message is new.
    Added(&'a Entry),
    /// The message has changed.
    Changed {
        /// What it was.
        old: &'a Entry,
        /// What it is.
        new: &'a Entry,
    },
}

impl Messages {
    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.chunks.last().map_or(0, |link| link.before + link.chunk.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many are without `\Seen`.
    #[must_use]
    pub fn unseen(&self) -> u32 {
        self.chunks.iter().map(|link| link.chunk.unseen).sum()
    }

    /// How many are marked `\Deleted`.
    #[must_use]
    pub fn deleted(&self) -> u32 {
        self.chunks.iter().map(|link| link.chunk.deleted).sum()
    }

    /// How many octets they have together.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.chunks.iter().map(|link| link.chunk.octets).sum()
    }

    /// The message at `index`, counted from 0.
    #[must_use]
    pub fn at(&self, index: u32) -> Option<&Entry> {
        let link = self.chunks.partition_point(|link| link.before <= index).checked_sub(1)?;
        let link = &self.chunks[link];
        link.chunk.entries.get((index - link.before) as usize)
    }

    /// How many messages have a UID smaller than `uid`.
    #[must_use]
    pub fn rank(&self, uid: u32) -> u32 {
        let Some(link) =
            self.chunks.partition_point(|link| link.chunk.first() < uid).checked_sub(1)
        else {
            return 0;
        };
        let link = &self.chunks[link];
        let within = link.chunk.entries.partition_point(|entry| entry.uid.get() < uid);
        link.before + count(within)
    }

    /// The message with this UID.
    #[must_use]
    pub fn get(&self, uid: Uid) -> Option<&Entry> {
        let (link, within) = self.find(uid)?;
        self.chunks[link].chunk.entries.get(within)
    }

    /// The index of the message with this UID, counted from 0.
    #[must_use]
    pub fn index(&self, uid: Uid) -> Option<u32> {
        self.find(uid).map(|(link, within)| self.chunks[link].before + count(within))
    }

    fn find(&self, uid: Uid) -> Option<(usize, usize)> {
        let link = self.chunks.partition_point(|link| link.chunk.first() <= uid.get());
        let link = link.checked_sub(1)?;
        let entries = &self.chunks[link].chunk.entries;
        let within = entries.binary_search_by_key(&uid, |entry| entry.uid).ok()?;
        Some((link, within))
    }

    /// Every message.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.chunks.iter().flat_map(|link| &link.chunk.entries)
    }

    /// The messages from `index` on, counted from 0.
    pub fn iter_from(&self, index: u32) -> impl Iterator<Item = &Entry> {
        let first = self.chunks.partition_point(|link| link.before <= index).saturating_sub(1);
        let links = self.chunks.get(first..).unwrap_or_default();
        let skipped = links.first().map_or(0, |link| (index - link.before) as usize);
        links.iter().flat_map(|link| &link.chunk.entries).skip(skipped)
    }

    /// The messages of `uids`; costs what it yields, however large the ranges.
    pub fn select<'a>(&'a self, uids: &'a UidSet) -> impl Iterator<Item = &'a Entry> + 'a {
        uids.ranges().iter().flat_map(|(first, last)| {
            self.iter_from(self.rank(first.get())).take_while(|entry| entry.uid <= *last)
        })
    }

    /// The index of the first message without `\Seen`.
    #[must_use]
    pub fn first_unseen(&self) -> Option<u32> {
        let link = self.chunks.iter().find(|link| link.chunk.unseen > 0)?;
        let is_unseen = |entry: &Entry| !entry.flags.contains(Flags::SEEN);
        link.chunk.entries.iter().position(is_unseen).map(|within| link.before + count(within))
    }

    /// The messages marked `\Deleted`.
    #[must_use]
    pub fn marked_deleted(&self) -> UidSet {
        let links = self.chunks.iter().filter(|link| link.chunk.deleted > 0);
        let entries = links.flat_map(|link| &link.chunk.entries);
        entries
            .filter(|entry| entry.flags.contains(Flags::DELETED))
            .map(|entry| entry.uid)
            .collect()
    }

    /// Adds a message whose UID is greater than all others.
    ///
    /// # Panics
    /// If it is not.
    pub fn push(&mut self, entry: Entry) {
        let chunks = Arc::make_mut(&mut self.chunks);
        let last = chunks.last_mut();
        assert!(
            last.as_ref().and_then(|link| link.chunk.last()).is_none_or(|last| last < entry.uid),
            "UIDs ascend"
        );
        match last {
            Some(link) if link.chunk.entries.len() < CHUNK => {
                Arc::make_mut(&mut link.chunk).push(entry);
            }
            last => {
                let before = last.map_or(0, |link| link.before + link.chunk.len());
                let mut chunk = Chunk::default();
                chunk.push(entry);
                chunks.push(Link { before, chunk: Arc::new(chunk) });
            }
        }
    }

    /// Changes a message, all but its UID; whether there is one.
    pub fn update(&mut self, uid: Uid, change: impl FnOnce(&mut Entry)) -> bool {
        let Some((link, within)) = self.find(uid) else {
            return false;
        };
        let chunk = Arc::make_mut(&mut Arc::make_mut(&mut self.chunks)[link].chunk);
        let mut entry = chunk.entries[within];
        chunk.count(&entry, false);
        change(&mut entry);
        entry.uid = uid;
        chunk.count(&entry, true);
        chunk.entries[within] = entry;
        true
    }

    /// Removes the messages of `uids`; costs the number of chunks, and of messages beside those
    /// removed.
    pub fn remove(&mut self, uids: &UidSet) {
        if self.select(uids).next().is_none() {
            return;
        }
        let mut kept: Vec<Link> = Vec::with_capacity(self.chunks.len());
        for link in self.chunks.iter() {
            let chunk = if link.chunk.meets(uids) {
                Arc::new(link.chunk.without(uids))
            } else {
                link.chunk.clone()
            };
            if chunk.entries.is_empty() {
                continue;
            }
            match kept.last_mut() {
                Some(last) if last.chunk.joins(&chunk) => {
                    let joined = Arc::make_mut(&mut last.chunk);
                    chunk.entries.iter().for_each(|entry| joined.push(*entry));
                }
                last => {
                    let before = last.map_or(0, |last| last.before + last.chunk.len());
                    kept.push(Link { before, chunk });
                }
            }
        }
        self.chunks = Arc::new(kept);
    }

    /// What has to happen to `self` so that it becomes `newer`, by ascending UID.
    pub fn differences<'a>(&'a self, newer: &'a Self) -> Differences<'a> {
        Differences { old: Cursor::new(self), new: Cursor::new(newer) }
    }
}

impl FromIterator<Entry> for Messages {
    /// Entries come by ascending UID.
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut chunks: Vec<Link> = Vec::new();
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let mut chunk = Chunk { entries: Vec::with_capacity(CHUNK), ..Chunk::default() };
            entries.by_ref().take(CHUNK).for_each(|entry| chunk.push(entry));
            let before = chunks.last().map_or(0, |link| link.before + link.chunk.len());
            chunks.push(Link { before, chunk: Arc::new(chunk) });
        }
        Self { chunks: Arc::new(chunks) }
    }
}

impl PartialEq for Messages {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chunks, &other.chunks) || self.differences(other).next().is_none()
    }
}

impl Eq for Messages {}

impl core::fmt::Debug for Messages {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Chunk {
    fn len(&self) -> u32 {
        count(self.entries.len())
    }

    fn first(&self) -> u32 {
        self.entries.first().map_or(0, |entry| entry.uid.get())
    }

    fn last(&self) -> Option<Uid> {
        self.entries.last().map(|entry| entry.uid)
    }

    fn push(&mut self, entry: Entry) {
        self.count(&entry, true);
        self.entries.push(entry);
    }

    /// Counts a message that comes or goes.
    fn count(&mut self, entry: &Entry, comes: bool) {
        let change = |count: &mut u32, is_counted: bool| match comes {
            true => *count += u32::from(is_counted),
            false => *count -= u32::from(is_counted),
        };
        change(&mut self.unseen, !entry.flags.contains(Flags::SEEN));
        change(&mut self.deleted, entry.flags.contains(Flags::DELETED));
        match comes {
            true => self.octets += u64::from(entry.size),
            false => self.octets -= u64::from(entry.size),
        }
    }

    /// Whether a range of `uids` touches the chunk.
    fn meets(&self, uids: &UidSet) -> bool {
        let (Some(first), Some(last)) = (self.entries.first(), self.last()) else {
            return false;
        };
        let ranges = uids.ranges();
        let at = ranges.partition_point(|(_, end)| *end < first.uid);
        ranges.get(at).is_some_and(|(start, _)| *start <= last)
    }

    fn without(&self, uids: &UidSet) -> Self {
        let mut rest = Self::default();
        let stays = self.entries.iter().filter(|entry| !uids.contains(entry.uid));
        stays.for_each(|entry| rest.push(*entry));
        rest
    }

    fn joins(&self, next: &Self) -> bool {
        self.entries.len().min(next.entries.len()) < SMALL
            && self.entries.len() + next.entries.len() <= CHUNK
    }
}

/// What [`Messages::differences`] yields.
#[derive(Debug)]
pub struct Differences<'a> {
    old: Cursor<'a>,
    new: Cursor<'a>,
}

struct Cursor<'a> {
    links: &'a [Link],
    within: usize,
}

impl core::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Cursor").field("chunks", &self.links.len()).finish_non_exhaustive()
    }
}

impl<'a> Cursor<'a> {
    fn new(messages: &'a Messages) -> Self {
        Self { links: &messages.chunks, within: 0 }
    }

    fn entry(&self) -> Option<&'a Entry> {
        self.links.first().and_then(|link| link.chunk.entries.get(self.within))
    }

    fn advance(&mut self) {
        self.within += 1;
        if self.links.first().is_some_and(|link| self.within >= link.chunk.entries.len()) {
            self.advance_chunk();
        }
    }

    fn advance_chunk(&mut self) {
        self.links = self.links.get(1..).unwrap_or_default();
        self.within = 0;
    }

    /// Whether both stand at the beginning of the same chunk.
    fn shares(&self, other: &Self) -> bool {
        self.within == 0
            && other.within == 0
            && match (self.links.first(), other.links.first()) {
                (Some(one), Some(two)) => Arc::ptr_eq(&one.chunk, &two.chunk),
                _ => false,
            }
    }
}

impl<'a> Iterator for Differences<'a> {
    type Item = Difference<'a>;

    fn next(&mut self) -> Option<Difference<'a>> {
        loop {
            while self.old.shares(&self.new) {
                self.old.advance_chunk();
                self.new.advance_chunk();
            }
            match (self.old.entry(), self.new.entry()) {
                (None, None) => return None,
                (Some(old), Some(new)) if old.uid == new.uid => {
                    self.old.advance();
                    self.new.advance();
                    if old != new {
                        return Some(Difference::Changed { old, new });
                    }
                }
                (Some(old), new) if new.is_none_or(|new| old.uid < new.uid) => {
                    self.old.advance();
                    return Some(Difference::Vanished(old));
                }
                (_, Some(new)) => {
                    self.new.advance();
                    return Some(Difference::Added(new));
                }
                (Some(_), None) => return None,
            }
        }
    }
}

/// A count of messages: UIDs have 32 bits, so there are no more.
fn count(messages: usize) -> u32 {
    u32::try_from(messages).unwrap_or(u32::MAX)
}
