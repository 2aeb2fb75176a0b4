//! Sorting messages (RFC 5256 §3, RFC 5957 §3): the values of the criteria, and their order.

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

/// By what messages are sorted.
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
    /// What is known of its content.
    pub summary: &'a SummaryRef<'a>,
}

/// What a message is sorted by.
#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    /// Folded text, at this place of the texts.
    Text(Range<usize>),
}

/// Messages that are to be sorted, each by a few values that are found out once.
///
/// Messages are pushed in the order of their sequence numbers, by which those stand that are equal
/// in everything else (RFC 5256 §3); REVERSE does not change that.
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

    /// The messages in their order.
    #[must_use]
    pub fn finish(self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_by(|&one, &other| self.compare(one, other));
        order.into_iter().map(|place| self.ids[place]).collect()
    }

    fn value(&mut self, key: Key, Candidate { arrival, summary, .. }: Candidate<'_>) -> Value {
        let text = match key {
            Key::Arrival => return Value::Number(arrival),
            Key::Date => return Value::Number(summary.sent().unwrap_or(arrival)),
            Key::Size => return Value::Number(i64::try_from(summary.size).unwrap_or(i64::MAX)),
            Key::Subject => return self.text(summary.subject),
            Key::From => local_part(summary.first_from()),
            Key::To => local_part(summary.first_to()),
            Key::Cc => local_part(summary.first_cc()),
            Key::DisplayFrom => display_name(summary.first_from()),
            Key::DisplayTo => display_name(summary.first_to()),
        };
        self.text(fold(&text).as_bytes())
    }

    fn text(&mut self, folded: &[u8]) -> Value {
        let start = self.texts.len();
        self.texts.extend_from_slice(folded);
        Value::Text(start..self.texts.len())
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        let values = |place: usize| &self.values[place * self.criteria.len()..];
        let mut pairs = self.criteria.iter().zip(values(one).iter().zip(values(other)));
        pairs
            .find_map(|(criterion, (one, other))| {
                let order = match (one, other) {
                    (Value::Number(one), Value::Number(other)) => one.cmp(other),
                    (Value::Text(one), Value::Text(other)) => {
                        self.texts[one.clone()].cmp(&self.texts[other.clone()])
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
