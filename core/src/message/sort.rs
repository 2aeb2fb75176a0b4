//! Sorting messages (RFC 5256 §3, RFC 5957 §3): the values of the criteria, and their order.

mod merge;
#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use super::summary::SummaryRef;
use crate::address::list::Item;
use crate::encoding::casemap::fold;
use crate::encoding::encoded_word;
use crate::limits::Limits;
use merge::Merging;

/// By what messages are sorted (RFC 5256 §3, RFC 5957 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// `ARRIVAL`: the internal date and time.
    Arrival,
    /// `CC`: the local-part of the first Cc address.
    Cc,
    /// `DATE`: the date and time of sending.
    Date,
    /// `FROM`: the local-part of the first From address.
    From,
    /// `SIZE`: octets.
    Size,
    /// `SUBJECT`: the base subject.
    Subject,
    /// `TO`: the local-part of the first To address.
    To,
    /// `DISPLAYFROM`: what is shown of the first From address.
    DisplayFrom,
    /// `DISPLAYTO`: what is shown of the first To address.
    DisplayTo,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 9] = [
        Self::Arrival,
        Self::Cc,
        Self::Date,
        Self::From,
        Self::Size,
        Self::Subject,
        Self::To,
        Self::DisplayFrom,
        Self::DisplayTo,
    ];

    /// The key's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::From => "FROM",
            Self::Size => "SIZE",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
            Self::DisplayFrom => "DISPLAYFROM",
            Self::DisplayTo => "DISPLAYTO",
        }
    }

    /// Whether a message's [`SummaryRef`] is needed for it.
    #[must_use]
    pub const fn needs_summary(self) -> bool {
        !matches!(self, Self::Arrival | Self::Size)
    }
}

/// By what messages are sorted, and which way round.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Criterion {
    /// By what.
    pub key: Key,
    /// `REVERSE`: the greatest first.
    pub reverse: bool,
}

/// A message that is to be sorted.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// What the message is called in the response: its sequence number or UID.
    pub id: u32,
    /// The internal date, in seconds since the Unix epoch.
    pub arrival: i64,
    /// Octets of the message.
    pub size: u64,
    /// What is known of its content; it matters only where a key [needs it](Key::needs_summary).
    pub summary: Option<&'a SummaryRef<'a>>,
}

/// What a message is sorted by.
#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    /// Folded text, at this place of the texts.
    Text(Range<u32>),
}

/// Messages that are to be sorted, each by a few values that are found out once.
///
/// Messages are pushed in the order of their sequence numbers, by which those stand that are equal
/// in everything else (RFC 5256 §3); REVERSE does not change that. Of a text that messages are sorted
/// by, as many octets count as [`Limits::sort_text`] says, so that a message takes little memory.
#[derive(Clone, Debug)]
pub struct Sorter {
    criteria: Vec<Criterion>,
    ids: Vec<u32>,
    /// For every message as many as there are criteria.
    values: Vec<Value>,
    texts: Vec<u8>,
}

impl Sorter {
    /// No messages yet; the first criterion is the foremost.
    #[must_use]
    pub fn new(criteria: impl IntoIterator<Item = Criterion>) -> Self {
        Self {
            criteria: criteria.into_iter().collect(),
            ids: Vec::new(),
            values: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Adds a message.
    pub fn push(&mut self, candidate: Candidate<'_>) {
        self.ids.push(candidate.id);
        for at in 0..self.criteria.len() {
            let value = self.value(self.criteria[at].key, candidate);
            self.values.push(value);
        }
    }

    /// Begins to put the messages in their order.
    #[must_use]
    pub fn sorting(self) -> Sorting {
        Sorting { order: Merging::new(self.ids.len()), sorter: self }
    }

    /// The messages in their order, in one go.
    #[must_use]
    pub fn finish(self) -> Vec<u32> {
        let mut sorting = self.sorting();
        loop {
            if let Some(ids) = sorting.go_on(usize::MAX) {
                return ids;
            }
        }
    }

    fn value(&mut self, key: Key, candidate: Candidate<'_>) -> Value {
        let Candidate { arrival, size, summary, .. } = candidate;
        let text = match key {
            Key::Arrival => return Value::Number(arrival),
            Key::Date => {
                return Value::Number(summary.and_then(SummaryRef::sent).unwrap_or(arrival));
            }
            Key::Size => return Value::Number(i64::try_from(size).unwrap_or(i64::MAX)),
            Key::Subject => return self.text(summary.map_or(&[], |summary| summary.subject)),
            Key::From => local_part(summary.and_then(|it| it.first_from())),
            Key::To => local_part(summary.and_then(|it| it.first_to())),
            Key::Cc => local_part(summary.and_then(|it| it.first_cc())),
            Key::DisplayFrom => display_name(summary.and_then(|it| it.first_from())),
            Key::DisplayTo => display_name(summary.and_then(|it| it.first_to())),
        };
        self.text(fold(&text).as_bytes())
    }

    /// Takes down the start of a text.
    fn text(&mut self, folded: &[u8]) -> Value {
        let folded = &folded[..folded.len().min(Limits::DEFAULT.sort_text)];
        let end = |texts: &Vec<u8>| u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let start = end(&self.texts);
        // Beyond what a number of 32 bits tells, texts are taken for the same.
        if self.texts.len() + folded.len() <= u32::MAX as usize {
            self.texts.extend_from_slice(folded);
        }
        Value::Text(start..end(&self.texts))
    }

    fn texts_at(&self, range: &Range<u32>) -> &[u8] {
        &self.texts[range.start as usize..range.end as usize]
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        let values = |place: usize| &self.values[place * self.criteria.len()..];
        let mut pairs = self.criteria.iter().zip(values(one).iter().zip(values(other)));
        pairs
            .find_map(|(criterion, (one, other))| {
                let order = match (one, other) {
                    (Value::Number(one), Value::Number(other)) => one.cmp(other),
                    (Value::Text(one), Value::Text(other)) => {
                        self.texts_at(one).cmp(self.texts_at(other))
                    }
                    // The values of one criterion are of one kind.
                    _ => Ordering::Equal,
                };
                let order = if criterion.reverse { order.reverse() } else { order };
                Some(order).filter(|order| order.is_ne())
            })
            .unwrap_or(Ordering::Equal)
    }
}

/// Messages that are being sorted.
#[derive(Debug)]
pub struct Sorting {
    sorter: Sorter,
    order: Merging,
}

impl Sorting {
    /// Sorts on, with about so many comparisons; the messages in their order once that is done.
    #[must_use]
    pub fn go_on(&mut self, comparisons: usize) -> Option<Vec<u32>> {
        let sorter = &self.sorter;
        let order = self.order.go_on(comparisons, |one, other| sorter.compare(one, other))?;
        Some(order.into_iter().map(|place| sorter.ids[place]).collect())
    }
}

/// `addr-mailbox` of an address (RFC 3501 §7.4.2): of a group, its name.
fn local_part(first: Option<Item>) -> String {
    match first {
        Some(Item::Mailbox { local_part, .. }) => String::from_utf8_lossy(&local_part).into_owned(),
        Some(Item::GroupStart(name)) => String::from_utf8_lossy(&name).into_owned(),
        Some(Item::GroupEnd) | None => String::new(),
    }
}

/// The name that is shown of an address, or the address if it has none (RFC 5957 §3).
fn display_name(first: Option<Item>) -> String {
    match first {
        Some(Item::Mailbox { name: Some(name), .. }) if !name.is_empty() => {
            encoded_word::decode(&name)
        }
        Some(Item::Mailbox { mut local_part, domain, .. }) => {
            if !domain.is_empty() {
                local_part.push(b'@');
                local_part.extend_from_slice(&domain);
            }
            String::from_utf8_lossy(&local_part).into_owned()
        }
        Some(Item::GroupStart(name)) => encoded_word::decode(&name),
        Some(Item::GroupEnd) | None => String::new(),
    }
}
