//! A mailbox as one session sees it.
//!
//! A session and its client must agree on what each message sequence number means (RFC 3501
//! §2.3.1.2), whatever other sessions do meanwhile. So what the store tells ([`View::apply`]) is kept
//! apart from what the client has been told ([`View::report`]): a message that is gone keeps its
//! number until its EXPUNGE may be sent (RFC 3501 §7.4.1), a new one has none until its EXISTS was.
//!
//! A message takes 32 octets here.

use super::{Numbering, SequenceSet};
use crate::store::{Changes, Entry, Flags, Keywords, Uid, UidSet};
use alloc::vec::Vec;
use core::ops::Range;

#[cfg(test)]
mod tests;

/// The open mailbox of one session.
///
/// ```
/// use postroad_core::imap::view::{Expunges, View};
/// use postroad_core::store::{Changes, Entry, Flags, Uid};
///
/// let uid = |n| Uid::new(n).unwrap();
/// let entry = |n| Entry { uid: uid(n), flags: Flags::NONE, size: 100, date: 0 };
/// let mut view = View::new([].into(), vec![entry(7), entry(9)]);
/// view.apply(Changes { vanished: vec![uid(7)], entries: vec![entry(12)], ..Changes::default() });
///
/// let news = view.report(Expunges::Wait);
/// assert_eq!((news.expunged, news.exists), (vec![], Some(3)));
/// assert_eq!(view.get(1).unwrap().uid, uid(7));
///
/// assert_eq!(view.report(Expunges::Report).expunged, [1]);
/// assert_eq!(view.get(1).unwrap().uid, uid(9));
/// ```
#[derive(Clone, Debug)]
pub struct View {
    /// By ascending UID: first those that the client knows, then those that it will hear of.
    entries: Vec<Entry>,
    /// How many the client knows.
    known: usize,
    /// Known ones that are gone, ascending.
    gone: Vec<Uid>,
    /// Known ones whose flags are not those that the client was told, in no order.
    changed: Vec<Uid>,
    keywords: Keywords,
    /// How many keywords the client was told of.
    known_keywords: usize,
    is_gone: bool,
}

/// Whether [`View::report`] may number the messages anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expunges {
    /// EXPUNGE responses may be sent.
    Report,
    /// They may not: no command is in progress, or it is FETCH, STORE or SEARCH by sequence
    /// numbers (RFC 3501 §7.4.1).
    Wait,
}

/// What the client is to be told, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct News {
    /// Whether there are new keywords, so that FLAGS comes first.
    pub keywords: bool,
    /// The numbers of EXPUNGE responses, each counted after those before it.
    pub expunged: Vec<u32>,
    /// EXISTS.
    pub exists: Option<u32>,
    /// RECENT.
    pub recent: Option<u32>,
    /// Messages whose flags have changed, by ascending sequence number.
    pub changed: Vec<u32>,
}

/// A sequence number that the client can't know: the command is bad (RFC 3501 §9, `seq-number`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfRange;

impl View {
    /// The view of a mailbox that has just been opened. The client knows all `entries`, which come
    /// by ascending UID.
    #[must_use]
    pub fn new(keywords: Keywords, entries: Vec<Entry>) -> Self {
        Self {
            known: entries.len(),
            entries,
            gone: Vec::new(),
            changed: Vec::new(),
            known_keywords: keywords.len(),
            keywords,
            is_gone: false,
        }
    }

    /// How many messages the client knows: the greatest sequence number.
    #[must_use]
    pub fn exists(&self) -> u32 {
        number(self.known)
    }

    /// How many of them are recent.
    #[must_use]
    pub fn recent(&self) -> u32 {
        let is_recent = |entry: &&Entry| entry.flags.contains(Flags::RECENT);
        number(self.known().iter().filter(is_recent).count())
    }

    /// The first message without `\Seen`.
    #[must_use]
    pub fn first_unseen(&self) -> Option<u32> {
        let is_unseen = |entry: &Entry| !entry.flags.contains(Flags::SEEN);
        self.known().iter().position(is_unseen).map(|index| number(index + 1))
    }

    /// The mailbox's keywords, by bit.
    #[must_use]
    pub const fn keywords(&self) -> &Keywords {
        &self.keywords
    }

    /// Whether the mailbox itself was removed.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// The message with this sequence number, as it was last seen.
    #[must_use]
    pub fn get(&self, sequence: u32) -> Option<&Entry> {
        self.known().get(usize::try_from(sequence).ok()?.checked_sub(1)?)
    }

    /// The sequence number of a UID.
    #[must_use]
    pub fn sequence(&self, uid: Uid) -> Option<u32> {
        let index = self.known().binary_search_by_key(&uid, |entry| entry.uid);
        index.ok().map(|index| number(index + 1))
    }

    /// Whether the message is gone, although the client has yet to be told.
    #[must_use]
    pub fn has_vanished(&self, uid: Uid) -> bool {
        self.gone.binary_search(&uid).is_ok()
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
        let known = self.known();
        let last = known.last().map_or(0, |entry| entry.uid.get());
        let place = |uid: u32| known.partition_point(|entry| entry.uid.get() < uid);
        let ranges = set.ranges(last).map(|range| {
            let end = range.end().checked_add(1).map_or(known.len(), place);
            number(place(*range.start()) + 1)..number(end + 1)
        });
        ranges.filter(|range| !range.is_empty()).collect()
    }

    /// The UIDs of ranges of sequence numbers.
    #[must_use]
    pub fn uids(&self, ranges: &[Range<u32>]) -> UidSet {
        ranges.iter().flat_map(|range| self.slice(range)).map(|entry| entry.uid).collect()
    }

    /// The messages of a range of sequence numbers.
    #[must_use]
    pub fn slice(&self, range: &Range<u32>) -> &[Entry] {
        let index = |sequence: u32| (sequence as usize).saturating_sub(1).min(self.known);
        self.known().get(index(range.start)..index(range.end)).unwrap_or_default()
    }

    /// Takes in what the store tells. The client learns of it by [`report`](Self::report).
    pub fn apply(&mut self, changes: Changes) {
        self.is_gone |= changes.gone;
        if let Some(keywords) = changes.keywords {
            self.keywords = keywords;
        }
        for entry in changes.entries {
            self.update(entry);
        }
        self.remove(&changes.vanished);
    }

    /// Takes down that the client is to be told the flags of these messages, changed or not.
    pub fn touch(&mut self, uids: impl IntoIterator<Item = Uid>) {
        self.changed.extend(uids);
    }

    /// Takes down flags that the client knows already: it has asked for them itself.
    pub fn expect_flags(&mut self, uid: Uid, flags: Flags) {
        if let Ok(index) = self.entries.binary_search_by_key(&uid, |entry| entry.uid) {
            let entry = &mut self.entries[index];
            entry.flags = flags | entry.flags.intersection(Flags::RECENT);
        }
    }

    fn update(&mut self, new: Entry) {
        match self.entries.binary_search_by_key(&new.uid, |entry| entry.uid) {
            Ok(index) => {
                let entry = &mut self.entries[index];
                // A message is recent for as long as this session lasts (RFC 3501 §2.3.2).
                let flags = new.flags | entry.flags.intersection(Flags::RECENT);
                if flags != entry.flags && index < self.known {
                    self.changed.push(new.uid);
                }
                *entry = Entry { flags, ..new };
            }
            // One that was reported as expunged does not come back.
            Err(index) if index >= self.known => self.entries.insert(index, new),
            Err(_) => {}
        }
    }

    fn remove(&mut self, vanished: &[Uid]) {
        if vanished.is_empty() {
            return;
        }
        let is_vanished = |entry: &Entry| vanished.binary_search(&entry.uid).is_ok();
        let known = self.entries[..self.known].iter();
        self.gone.extend(known.filter(|entry| is_vanished(entry)).map(|entry| entry.uid));
        self.gone.sort_unstable();
        self.gone.dedup();
        // Those that the client never heard of just go.
        let unknown = self.entries.split_off(self.known);
        self.entries.extend(unknown.into_iter().filter(|entry| !is_vanished(entry)));
    }

    /// What the client is to be told now; from here on it counts as told, and the messages are
    /// numbered accordingly.
    pub fn report(&mut self, expunges: Expunges) -> News {
        let expunged = match expunges {
            Expunges::Report => self.expunge(),
            Expunges::Wait => Vec::new(),
        };
        let has_new = self.entries.len() > self.known;
        let news_keywords = self.keywords.len() > self.known_keywords;
        self.known = self.entries.len();
        self.known_keywords = self.keywords.len();
        let changed = core::mem::take(&mut self.changed);
        let mut changed: Vec<u32> =
            changed.into_iter().filter_map(|uid| self.sequence(uid)).collect();
        changed.sort_unstable();
        changed.dedup();
        News {
            keywords: news_keywords,
            expunged,
            exists: has_new.then(|| self.exists()),
            recent: has_new.then(|| self.recent()),
            changed,
        }
    }

    /// Drops what is gone, and tells the numbers of its EXPUNGE responses.
    fn expunge(&mut self) -> Vec<u32> {
        let gone = core::mem::take(&mut self.gone);
        if gone.is_empty() {
            return Vec::new();
        }
        let mut expunged = Vec::with_capacity(gone.len());
        let mut next = 1;
        self.entries.retain(|entry| {
            if gone.binary_search(&entry.uid).is_ok() {
                expunged.push(next);
                return false;
            }
            next += 1;
            true
        });
        self.known -= expunged.len();
        expunged
    }

    /// Whether [`report`](Self::report) would tell anything.
    #[must_use]
    pub fn has_news(&self, expunges: Expunges) -> bool {
        self.entries.len() > self.known
            || !self.changed.is_empty()
            || self.keywords.len() > self.known_keywords
            || (expunges == Expunges::Report && !self.gone.is_empty())
    }

    fn known(&self) -> &[Entry] {
        &self.entries[..self.known]
    }
}

/// A count of messages: UIDs have 32 bits, so there are no more.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
