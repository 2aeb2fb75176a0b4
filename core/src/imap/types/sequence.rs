//! Sets of message numbers.

use crate::store::{Uid, UidSet};
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU32;
use core::ops::{Range, RangeInclusive};

/// A set of sequence numbers or UIDs as a client names them: `2,4:7,9,12:*` (RFC 3501 §9).
///
/// It is normalised when it is made: ranges are turned the right way round, sorted and merged, so
/// it takes no more room than its text, and asking whether a number is in it takes logarithmic time.
/// What `*` means is said when asking: it is the last number of the mailbox *then*.
///
/// ```
/// use postroad_core::imap::SequenceSet;
/// let set: SequenceSet = "7:4,2,12:*".parse().unwrap();
/// assert!(set.contains(5, 100));
/// assert!(set.contains(12, 100));
/// assert!(set.contains(9, 9), "`12:*` with nine messages is `9:12`");
/// assert_eq!(set.to_string(), "2,4:7,12:*");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SequenceSet {
    /// Sorted, and neither touching nor overlapping. No number is 0.
    ranges: Vec<(u32, u32)>,
    open: Option<Open>,
}

/// The ranges with a `*`, which all meet there, so that they are one: from the least of their other
/// ends, or `*`, to the greatest of them, or `*`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Open {
    /// `*` alone.
    Last,
    /// `least:*` and `greatest:*`.
    With { least: u32, greatest: u32 },
}

impl Open {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Last, any) | (any, Self::Last) => any,
            (Self::With { least, greatest }, Self::With { least: l, greatest: g }) => {
                Self::With { least: least.min(l), greatest: greatest.max(g) }
            }
        }
    }

    fn range(self, last: u32) -> (u32, u32) {
        match self {
            Self::Last => (last, last),
            Self::With { least, greatest } => (least.min(last), greatest.max(last)),
        }
    }
}

impl SequenceSet {
    /// Whether `number` is in the set, when `last` is the greatest number of the mailbox.
    #[must_use]
    pub fn contains(&self, number: u32, last: u32) -> bool {
        let at = self.ranges.partition_point(|&(_, end)| end < number);
        let in_ranges = self.ranges.get(at).is_some_and(|&(start, _)| start <= number);
        in_ranges
            || self.open.is_some_and(|open| {
                let (start, end) = open.range(last);
                (start..=end).contains(&number)
            })
    }

    /// The ranges of numbers meant, ascending and disjoint, when `last` is the greatest number of the
    /// mailbox. They may reach beyond `last`.
    pub fn ranges(&self, last: u32) -> impl Iterator<Item = RangeInclusive<u32>> + '_ {
        let open = self.open.map(|open| open.range(last));
        let merged = open.map(|(start, end)| {
            let first = self.ranges.partition_point(|&(_, e)| e < start);
            let after = self.ranges.partition_point(|&(s, _)| s <= end);
            let start = self.ranges[first..after].first().map_or(start, |r| r.0.min(start));
            let end = self.ranges[first..after].last().map_or(end, |r| r.1.max(end));
            (first, after, (start, end))
        });
        let (first, after, middle) = match merged {
            Some((first, after, range)) => (first, after, Some(range)),
            None => (self.ranges.len(), self.ranges.len(), None),
        };
        let before = self.ranges[..first].iter().copied();
        let behind = self.ranges[after..].iter().copied();
        before.chain(middle).chain(behind).map(|(start, end)| start..=end)
    }

    /// The same as UIDs.
    #[must_use]
    pub fn uids(&self, last: u32) -> UidSet {
        let uid = |number: &u32| Uid::new(*number);
        self.ranges(last).filter_map(|it| uid(it.start()).zip(uid(it.end()))).collect()
    }

    /// The greatest number that is named, `*` left aside. A sequence number beyond the mailbox makes
    /// a command bad (RFC 3501 §9, `seq-number`).
    #[must_use]
    pub fn greatest(&self) -> Option<u32> {
        let open = match self.open {
            Some(Open::With { greatest, .. }) => Some(greatest),
            Some(Open::Last) | None => None,
        };
        self.ranges.last().map(|&(_, end)| end).max(open)
    }

    /// Whether `*` is part of it, so that it means something only in a mailbox.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Adds `start:end`, where `None` is `*`. Needs [`normalise`](Self::normalise) afterwards.
    fn add(&mut self, start: Option<u32>, end: Option<u32>) {
        let open = match (start, end) {
            (Some(start), Some(end)) => {
                self.ranges.push((start.min(end), start.max(end)));
                return;
            }
            (None, None) => Open::Last,
            (Some(number), None) | (None, Some(number)) => {
                Open::With { least: number, greatest: number }
            }
        };
        self.open = Some(self.open.map_or(open, |others| others.and(open)));
    }

    fn normalise(&mut self) {
        self.ranges.sort_unstable();
        self.ranges.dedup_by(|next, kept| {
            let meets = next.0 <= kept.1.saturating_add(1);
            if meets {
                kept.1 = kept.1.max(next.1);
            }
            meets
        });
        self.ranges.shrink_to_fit();
    }
}

impl FromIterator<NonZeroU32> for SequenceSet {
    fn from_iter<T: IntoIterator<Item = NonZeroU32>>(numbers: T) -> Self {
        let numbers = numbers.into_iter().map(NonZeroU32::get);
        let mut set = Self { ranges: numbers.map(|n| (n, n)).collect(), open: None };
        set.normalise();
        set
    }
}

/// The messages that a command names: by a set, or as those that a SEARCH has found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Messages {
    /// These.
    Set(SequenceSet),
    /// `$`: what the last `SEARCH RETURN (SAVE)` found (RFC 5182 §2).
    Saved,
}

impl From<SequenceSet> for Messages {
    fn from(set: SequenceSet) -> Self {
        Self::Set(set)
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(set) => set.fmt(f),
            Self::Saved => f.write_str("$"),
        }
    }
}

/// Of an ordered list of messages those at these places, from 1 on, both ends included and the first
/// not behind the second (RFC 9394 §4, `partial-range`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PartialRange {
    /// `1:100`: counted from the first.
    FromFirst(NonZeroU32, NonZeroU32),
    /// `-1:-100`: counted from the last, which is 1.
    FromLast(NonZeroU32, NonZeroU32),
}

impl PartialRange {
    /// Of a list of `length`, the places that are meant, from 0 on.
    ///
    /// ```
    /// use core::num::NonZeroU32;
    /// use postroad_core::imap::PartialRange;
    /// let number = |n| NonZeroU32::new(n).unwrap();
    /// assert_eq!(PartialRange::FromFirst(number(2), number(9)).of(5), 1..5);
    /// assert_eq!(PartialRange::FromLast(number(1), number(2)).of(5), 3..5);
    /// assert!(PartialRange::FromLast(number(6), number(9)).of(5).is_empty());
    /// ```
    #[must_use]
    pub fn of(self, length: usize) -> Range<usize> {
        let place = |number: NonZeroU32| number.get() as usize;
        match self {
            Self::FromFirst(first, last) => (place(first) - 1).min(length)..place(last).min(length),
            Self::FromLast(last, first) => {
                length.saturating_sub(place(first))..length.saturating_sub(place(last) - 1)
            }
        }
    }
}

impl fmt::Display for PartialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromFirst(first, last) => write!(f, "{first}:{last}"),
            Self::FromLast(last, first) => write!(f, "-{last}:-{first}"),
        }
    }
}

/// `text` is not a sequence set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotASequenceSet;

impl core::str::FromStr for SequenceSet {
    type Err = NotASequenceSet;

    fn from_str(text: &str) -> Result<Self, NotASequenceSet> {
        let mut set = Self::default();
        for range in text.split(',') {
            let (start, end) = range.split_once(':').unwrap_or((range, range));
            set.add(parse_number(start)?, parse_number(end)?);
        }
        set.normalise();
        Ok(set)
    }
}

/// `seq-number = nz-number / "*"`, where `None` is `*`.
fn parse_number(text: &str) -> Result<Option<u32>, NotASequenceSet> {
    if text == "*" {
        return Ok(None);
    }
    // nz-number = digit-nz *DIGIT
    if !text.bytes().all(|octet| octet.is_ascii_digit()) || text.starts_with('0') {
        return Err(NotASequenceSet);
    }
    text.parse().map(Some).map_err(|_| NotASequenceSet)
}

impl fmt::Display for SequenceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for &(start, end) in &self.ranges {
            write!(f, "{comma}{start}")?;
            if end > start {
                write!(f, ":{end}")?;
            }
            comma = ",";
        }
        match self.open {
            None => Ok(()),
            Some(Open::Last) => write!(f, "{comma}*"),
            Some(Open::With { least, greatest }) if least == greatest => {
                write!(f, "{comma}{least}:*")
            }
            Some(Open::With { least, greatest }) => write!(f, "{comma}{least}:*,{greatest}:*"),
        }
    }
}
