//! A mailbox as one session sees it.
//!
//! A session and its client must agree on what each message sequence number means (RFC 3501
//! §2.3.1.2), whatever other sessions do meanwhile. So what the store tells ([`View::apply`]) is kept
//! apart from what the client has been told ([`View::report`]): a message that is gone keeps its
//! number until its EXPUNGE may be sent (RFC 3501 §7.4.1), a new one has none until its EXISTS was.
//!
//! The messages themselves are shared with the store and with every other session: what a view costs
//! is what its client has yet to be told.

mod news;

#[cfg(test)]
mod tests;

use super::{Numbering, SequenceSet};
use crate::store::{Entry, Flags, Keywords, Messages, Snapshot, Uid, UidSet};
use alloc::vec::Vec;
use core::ops::Range;

pub use news::{Expunges, News};

/// The open mailbox of one session.
///
/// ```
/// use postroad_core::imap::view::{Expunges, View};
/// use postroad_core::store::{Entry, Messages, Snapshot, Uid};
///
/// let snapshot = |uids: &[u32]| Snapshot {
///     uid_validity: 1,
///     uid_next: 20,
///     highest_modseq: 1,
///     keywords: [].into(),
///     messages: uids.iter().map(|n| Entry::new(Uid::new(*n).unwrap(), 100)).collect(),
///     recent: 20..20,
/// };
/// let mut view = View::new(Snapshot { uid_next: 10, ..snapshot(&[7, 9]) });
/// view.apply(snapshot(&[9, 12]));
///
/// let news = view.report(Expunges::Wait);
/// assert_eq!((news.expunged, news.exists), (vec![], Some(3)));
/// assert_eq!(view.get(1).unwrap().uid.get(), 7);
///
/// assert_eq!(view.report(Expunges::Report).expunged, [1]);
/// assert_eq!(view.get(1).unwrap().uid.get(), 9);
/// ```
#[derive(Clone, Debug)]
pub struct View {
    /// What the store has told last.
    snapshot: Snapshot,
    /// Messages below this UID are known to the client.
    known_next: u32,
    /// Known ones that are gone, by ascending UID.
    gone: Vec<Entry>,
    /// Known ones whose flags are not those that the client was told, in no order.
    changed: Vec<Uid>,
    /// Known ones of which the client knows the flags but not the mod-sequence, in no order.
    restamped: Vec<Uid>,
    /// Up to this mod-sequence the client has been told everything.
    known_modseq: u64,
    /// Where messages are recent, as ranges of UIDs.
    recent: Vec<Range<u32>>,
    hides_recent: bool,
    /// How many keywords the client was told of.
    known_keywords: usize,
}

/// A sequence number that the client can't know: the command is bad (RFC 3501 §9, `seq-number`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfRange;

impl View {
    /// The view of a mailbox that has just been opened. The client knows all its messages.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            known_next: snapshot.uid_next,
            gone: Vec::new(),
            changed: Vec::new(),
            restamped: Vec::new(),
            known_modseq: snapshot.highest_modseq,
            recent: Vec::from([snapshot.recent.clone()]),
            hides_recent: false,
            known_keywords: snapshot.keywords.len(),
            snapshot,
        }
    }

    /// From now on no message has `\Recent`, which IMAP4rev2 does not know.
    pub const fn hide_recent(&mut self) {
        self.hides_recent = true;
    }

    /// How many messages the client knows: the greatest sequence number.
    #[must_use]
    pub fn exists(&self) -> u32 {
        self.there() + number(self.gone.len())
    }

    /// How many of those that the client knows are there.
    fn there(&self) -> u32 {
        self.messages().rank(self.known_next)
    }

    /// How many of those that the client knows are recent.
    #[must_use]
    pub fn recent(&self) -> u32 {
        let ranges = self.recent.iter().map(|range| range.start..range.end.min(self.known_next));
        let count = |range: Range<u32>| {
            let gone = self.gone.iter().filter(|entry| range.contains(&entry.uid.get())).count();
            let rank = |uid| self.messages().rank(uid);
            rank(range.end).saturating_sub(rank(range.start)) + number(gone)
        };
        ranges.map(count).sum()
    }

    /// The sequence number of the first message without `\Seen`.
    #[must_use]
    pub fn first_unseen(&self) -> Option<u32> {
        let first = self.messages().first_unseen()?;
        self.sequence(self.messages().at(first)?.uid)
    }

    /// The mailbox as the store has told it last.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The mod-sequence up to which the client has been told everything: what it may take for its
    /// HIGHESTMODSEQ (RFC 7162 §3.2.5).
    #[must_use]
    pub const fn known_modseq(&self) -> u64 {
        self.known_modseq
    }

    /// The messages that the store has told last.
    #[must_use]
    pub const fn messages(&self) -> &Messages {
        &self.snapshot.messages
    }

    /// The mailbox's keywords, by bit.
    #[must_use]
    pub const fn keywords(&self) -> &Keywords {
        &self.snapshot.keywords
    }

    /// The message with this sequence number, as it was last seen, with `\Recent` if it is so in
    /// this session.
    #[must_use]
    pub fn get(&self, sequence: u32) -> Option<Entry> {
        self.at(sequence).map(|entry| self.with_recent(*entry))
    }

    fn with_recent(&self, entry: Entry) -> Entry {
        let is_recent =
            !self.hides_recent && self.recent.iter().any(|range| range.contains(&entry.uid.get()));
        let recent = if is_recent { Flags::RECENT } else { Flags::NONE };
        Entry { flags: entry.flags | recent, ..entry }
    }

    fn at(&self, sequence: u32) -> Option<&Entry> {
        let index = sequence.checked_sub(1)?;
        // How many of those that are gone stand before it, or are it.
        let gone = self.partition_gone(|place| place <= index);
        if let Some(last) = gone.checked_sub(1)
            && self.place(last) == index
        {
            return self.gone.get(last);
        }
        let index = index.checked_sub(number(gone))?;
        self.messages().at(index).filter(|entry| entry.uid.get() < self.known_next)
    }

    /// How many of those that are gone stand at a place that `is_before`.
    fn partition_gone(&self, is_before: impl Fn(u32) -> bool) -> usize {
        let (mut low, mut high) = (0, self.gone.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_before(self.place(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The place, from 0, of one of those that are gone.
    fn place(&self, gone: usize) -> u32 {
        self.messages().rank(self.gone[gone].uid.get()) + number(gone)
    }

    /// The sequence number of a UID.
    #[must_use]
    pub fn sequence(&self, uid: Uid) -> Option<u32> {
        if uid.get() >= self.known_next {
            return None;
        }
        let gone = self.gone.binary_search_by_key(&uid, |entry| entry.uid);
        match (gone, self.messages().index(uid)) {
            (Ok(gone), _) => Some(self.place(gone) + 1),
            (Err(gone), Some(index)) => Some(index + number(gone) + 1),
            (Err(_), None) => None,
        }
    }

    /// Whether the message is gone, although the client has yet to be told.
    #[must_use]
    pub fn has_vanished(&self, uid: Uid) -> bool {
        self.gone.binary_search_by_key(&uid, |entry| entry.uid).is_ok()
    }

    /// Those of `uids` that are no message which the client takes to be there.
    #[must_use]
    pub fn absent(&self, uids: &UidSet) -> UidSet {
        let there = self.messages().select(uids).map(|entry| entry.uid);
        let gone = self.gone.iter().map(|entry| entry.uid).filter(|uid| uids.contains(*uid));
        uids.without(&there.chain(gone).collect())
    }

    /// Those of the messages of `ranges` whose mod-sequence is greater (RFC 7162 §3.1.4.1).
    #[must_use]
    pub fn changed_since(&self, ranges: &[Range<u32>], modseq: u64) -> Vec<Range<u32>> {
        let mut changed: Vec<Range<u32>> = Vec::new();
        for sequence in ranges.iter().flat_map(Clone::clone) {
            if self.at(sequence).is_none_or(|entry| entry.modseq <= modseq) {
                continue;
            }
            match changed.last_mut() {
                Some(last) if last.end == sequence => last.end += 1,
                _ => changed.push(sequence..sequence + 1),
            }
        }
        changed
    }

    /// The messages that `set` means, as ascending and disjoint ranges of sequence numbers.
    ///
    /// # Errors
    /// If a sequence number is greater than the last; also `*` in an empty mailbox (RFC 9051 §9,
    /// `seq-number`). UIDs that don't exist are passed over.
    pub fn find(
        &self,
        numbering: Numbering,
        set: &SequenceSet,
    ) -> Result<Vec<Range<u32>>, OutOfRange> {
        match numbering {
            Numbering::Sequence => {
                let last = self.exists();
                if last == 0 || set.greatest().is_some_and(|greatest| greatest > last) {
                    return Err(OutOfRange);
                }
                Ok(set.ranges(last).map(|range| *range.start()..range.end() + 1).collect())
            }
            Numbering::Uid => Ok(self.find_uids(set)),
        }
    }

    /// The same, passing over whatever does not exist.
    #[must_use]
    pub fn find_existing(&self, numbering: Numbering, set: &SequenceSet) -> Vec<Range<u32>> {
        match numbering {
            Numbering::Sequence => {
                let last = self.exists();
                let ranges = set.ranges(last.max(1)).map(|range| (*range.start(), *range.end()));
                let clipped = ranges.map(|(first, end)| first..end.min(last) + 1);
                clipped.filter(|range| !range.is_empty()).collect()
            }
            Numbering::Uid => self.find_uids(set),
        }
    }

    fn find_uids(&self, set: &SequenceSet) -> Vec<Range<u32>> {
        let last = self.at(self.exists()).map_or(0, |entry| entry.uid.get());
        let ranges = set.ranges(last).map(|range| {
            let end = range.end().checked_add(1).unwrap_or(u32::MAX);
            self.rank(*range.start()) + 1..self.rank(end) + 1
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// The messages of `uids`, as ascending and disjoint ranges of sequence numbers.
    #[must_use]
    pub fn places(&self, uids: &UidSet) -> Vec<Range<u32>> {
        let ranges = uids.ranges().iter().map(|(first, last)| {
            let end = last.checked_add(1).map_or(u32::MAX, Uid::get);
            self.rank(first.get()) + 1..self.rank(end) + 1
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// How many messages that the client knows have a UID smaller than `uid`.
    fn rank(&self, uid: u32) -> u32 {
        let gone = self.gone.partition_point(|entry| entry.uid.get() < uid);
        self.messages().rank(uid.min(self.known_next)) + number(gone)
    }

    /// The UIDs of ranges of sequence numbers.
    #[must_use]
    pub fn uids(&self, ranges: &[Range<u32>]) -> UidSet {
        ranges.iter().flat_map(|range| self.entries(range)).map(|entry| entry.uid).collect()
    }

    /// The messages of a range of sequence numbers.
    pub fn entries(&self, range: &Range<u32>) -> impl Iterator<Item = Entry> {
        range.clone().map_while(|sequence| self.get(sequence))
    }

    /// The messages from a sequence number on, as [`get`](Self::get) has them, at a small cost for each.
    pub fn entries_from(&self, sequence: u32) -> impl Iterator<Item = Entry> {
        let index = sequence.saturating_sub(1);
        let before = self.partition_gone(|place| place < index);
        let mut gone = self.gone[before..].iter().peekable();
        let there = self.messages().iter_from(index - number(before).min(index));
        let known_next = self.known_next;
        let mut there = there.take_while(move |entry| entry.uid.get() < known_next).peekable();
        core::iter::from_fn(move || match (gone.peek(), there.peek()) {
            (Some(one), Some(other)) if one.uid < other.uid => gone.next(),
            (Some(_), None) => gone.next(),
            _ => there.next(),
        })
        .map(|entry| self.with_recent(*entry))
    }
}

/// A count of messages: UIDs have 32 bits, so there are no more.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
