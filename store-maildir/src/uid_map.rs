//! The file that says which message has which UID: `postroad-uids` in each folder.
//!
//! Text, one record a line, each behind a checksum of itself, so that a line that a crash tore is
//! known for what it is:
//!
//! ```text
//! 5d3c1b2a postroad-uids 1 1790000000    the UIDVALIDITY
//! 0badcafe next 18                       UIDs below 18 have been given away
//! 77aa01ff 17 - 1790000001.Q7x.host      the UID of the message with this key
//! 13579bdf 18 4711 1790000002.M1.other   and its size, where the file's name does not tell it
//! 2468ace0 recent 18                     UIDs below 18 have been recent for someone
//! ```
//!
//! Records are appended; the last word on a key counts.

use postroad_core::encoding::checked;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// The file's name in its folder.
pub(crate) const FILE: &str = "postroad-uids";

/// What a UID map says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct UidMap {
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) recent_from: u32,
    pub(crate) messages: HashMap<Box<[u8]>, Numbered>,
    /// How many records it is made of.
    pub(crate) records: usize,
    /// Whether there was a line that is none.
    pub(crate) damaged: bool,
}

/// A message's UID, and its size with CRLF where that had to be found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Numbered {
    pub(crate) uid: u32,
    pub(crate) size: Option<u64>,
}

impl UidMap {
    /// An empty map.
    pub(crate) fn new(uid_validity: u32) -> Self {
        Self {
            uid_validity,
            uid_next: 1,
            recent_from: 1,
            messages: HashMap::new(),
            records: 0,
            damaged: false,
        }
    }

    /// Reads a map; `None` if it does not begin like one. Lines that are not whole are passed over;
    /// each may have given one UID away.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split_inclusive(|octet| *octet == b'\n');
        let header = checked::record(lines.next()?)?;
        let validity = header.strip_prefix(b"postroad-uids 1 ")?;
        let mut map = Self::new(number(validity)?);
        let mut given = HashSet::new();
        let mut torn = 0;
        for line in lines {
            map.records += 1;
            if checked::record(line).and_then(|record| map.take(record, &mut given)).is_none() {
                torn += 1;
            }
        }
        map.damaged = torn > 0;
        map.uid_next = map.uid_next.saturating_add(torn);
        Some(map)
    }

    fn take(&mut self, record: &[u8], given: &mut HashSet<u32>) -> Option<()> {
        if let Some(next) = record.strip_prefix(b"next ") {
            self.uid_next = self.uid_next.max(number(next)?);
        } else if let Some(recent) = record.strip_prefix(b"recent ") {
            self.recent_from = number(recent)?;
        } else {
            let mut words = record.splitn(3, |octet| *octet == b' ');
            // No UID belongs to two messages.
            let uid = number(words.next()?).filter(|uid| *uid > 0 && given.insert(*uid))?;
            let size = match words.next()? {
                b"-" => None,
                digits => Some(std::str::from_utf8(digits).ok()?.parse().ok()?),
            };
            let key = unescaped(words.next()?)?.into();
            self.uid_next = self.uid_next.max(uid.saturating_add(1));
            self.messages.insert(key, Numbered { uid, size });
        }
        Some(())
    }

    /// The map as a file.
    pub(crate) fn write(&self) -> String {
        let mut text = self.header();
        let mut messages: Vec<_> = self.messages.iter().collect();
        messages.sort_by_key(|(_, numbered)| numbered.uid);
        for (key, numbered) in messages {
            write_message(&mut text, key, *numbered);
        }
        text
    }

    /// The beginning of a map file.
    pub(crate) fn header(&self) -> String {
        let mut text = String::new();
        checked::push(&mut text, &format!("postroad-uids 1 {}", self.uid_validity));
        checked::push(&mut text, &format!("next {}", self.uid_next));
        checked::push(&mut text, &format!("recent {}", self.recent_from));
        text
    }
}

/// Adds the record of a message.
pub(crate) fn write_message(text: &mut String, key: &[u8], numbered: Numbered) {
    let mut record = format!("{} ", numbered.uid);
    match numbered.size {
        Some(size) => {
            let _ = write!(record, "{size} ");
        }
        None => record.push_str("- "),
    }
    for octet in key {
        if octet.is_ascii_graphic() && *octet != b'%' {
            record.push(char::from(*octet));
        } else {
            let _ = write!(record, "%{octet:02X}");
        }
    }
    checked::push(text, &record);
}

/// Adds the record of what has been recent.
pub(crate) fn write_recent(text: &mut String, recent_from: u32) {
    checked::push(text, &format!("recent {recent_from}"));
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, tail)) = rest.split_first() {
        rest = tail;
        if *octet == b'%' {
            let (hex, tail) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*octet);
        }
    }
    Some(bytes)
}
