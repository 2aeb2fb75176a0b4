//! The file that says which message has which UID: `postroad-uids` in each folder.
//!
//! Text, one record a line, each behind a checksum of itself, so that a line that a crash tore is
//! known for what it is:
//!
//! ```text
//! 5d3c1b2a postroad-uids 1 1790000000    the UIDVALIDITY
//! 0badcafe next 18                       UIDs below 18 have been given away
//! 77aa01ff 17 - 1.Q7x.host,S=10,W=12     the UID of the message whose file has this name
//! 13579bdf 18 4711 2.M1.other            and its size, where the file's name does not tell it
//! 2468ace0 recent 18                     UIDs below 18 have been recent for someone
//! ```
//!
//! Records are appended; the last word on a key counts. The name is without flags; its key, up to the
//! first comma, is what the UID belongs to, and what follows it is there so that the whole name need
//! not be kept in memory. (Maps of old have the key alone.)

use crate::files::{Ahead, Errno, Files, Result};
use crate::name::Base;
use postroad_core::encoding::checked;
use postroad_core::store::Uid;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::path::PathBuf;

#[cfg(test)]
mod tests;

/// The file's name in its folder.
pub(crate) const FILE: &str = "postroad-uids";
/// Octets that are read at once for single records.
const BLOCK: usize = 16 * 1024;
/// Octets that a record can have: a name's, each of them escaped, and some numbers.
const RECORD: usize = 1024;

/// What a UID map says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct UidMap {
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    pub(crate) recent_from: u32,
    pub(crate) messages: HashMap<Base, Numbered>,
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
    /// Where its record begins in the file.
    pub(crate) offset: u64,
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
        let mut map = Self::new(uid_validity(lines.next()?)?);
        let mut given = HashSet::new();
        let (mut torn, mut offset) = (0, bytes.len() as u64);
        offset -= lines.clone().map(|line| line.len() as u64).sum::<u64>();
        for line in lines {
            map.records += 1;
            let record = checked::record(line);
            if record.and_then(|record| map.take(record, offset, &mut given)).is_none() {
                torn += 1;
            }
            offset += line.len() as u64;
        }
        map.damaged = torn > 0;
        map.uid_next = map.uid_next.saturating_add(torn);
        Some(map)
    }

    fn take(&mut self, record: &[u8], offset: u64, given: &mut HashSet<u32>) -> Option<()> {
        if let Some(next) = record.strip_prefix(b"next ") {
            self.uid_next = self.uid_next.max(number(next)?);
        } else if let Some(recent) = record.strip_prefix(b"recent ") {
            self.recent_from = number(recent)?;
        } else {
            let (uid, size, base) = message(record)?;
            // No UID belongs to two messages.
            let uid = Some(uid).filter(|uid| *uid > 0 && given.insert(*uid))?;
            self.uid_next = self.uid_next.max(uid.saturating_add(1));
            self.messages.remove(base.key());
            self.messages.insert(base, Numbered { uid, size, offset });
        }
        Some(())
    }

    /// The map as a file.
    pub(crate) fn write(&self) -> String {
        let mut text = self.header();
        let mut messages: Vec<_> = self.messages.iter().collect();
        messages.sort_by_key(|(_, numbered)| numbered.uid);
        for (base, numbered) in messages {
            write_message(&mut text, base.as_bytes(), numbered.uid, numbered.size);
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

/// The UIDVALIDITY that a map's first line tells.
pub(crate) fn uid_validity(line: &[u8]) -> Option<u32> {
    number(checked::record(line)?.strip_prefix(b"postroad-uids 1 ")?)
}

/// The UID, the size and the name in the record of a message.
fn message(record: &[u8]) -> Option<(u32, Option<u64>, Base)> {
    let mut words = record.splitn(3, |octet| *octet == b' ');
    let uid = number(words.next()?)?;
    let size = match words.next()? {
        b"-" => None,
        digits => Some(std::str::from_utf8(digits).ok()?.parse().ok()?),
    };
    Some((uid, size, Base::new(&unescaped(words.next()?)?)))
}

/// Adds the record of a message.
pub(crate) fn write_message(text: &mut String, base: &[u8], uid: u32, size: Option<u64>) {
    let mut record = format!("{uid} ");
    match size {
        Some(size) => {
            let _ = write!(record, "{size} ");
        }
        None => record.push_str("- "),
    }
    for octet in base {
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

/// Reads single records of a map, cheaply one after the other. Opens it when the first is asked for.
pub(crate) struct Records {
    path: PathBuf,
    file: Option<Ahead>,
}

impl Records {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// The path of the map.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The name in the record at `offset`; `None` if there is no record of `uid`.
    pub(crate) fn base(
        &mut self,
        files: &dyn Files,
        offset: u32,
        uid: Uid,
    ) -> Result<Option<Base>> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => match files.open(&self.path) {
                Ok(file) => empty.insert(Ahead::new(file, BLOCK)),
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(errno),
            },
        };
        let octets = file.at(offset.into(), RECORD)?;
        let line = octets.split_inclusive(|octet| *octet == b'\n').next();
        let record = line.and_then(checked::record).and_then(message);
        Ok(record.filter(|(found, ..)| *found == uid.get()).map(|(_, _, base)| base))
    }
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
