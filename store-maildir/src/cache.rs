//! Summaries of messages: `postroad-cache` in each folder.
//!
//! ```text
//! "postroad-cache 1\n" UIDVALIDITY (4)  record record ...
//! record: UID (4)  octets (4)  checksum (4)  content
//! ```
//!
//! Records are appended, many at once, never synced, and never trusted over the Maildir: one that is not whole, or
//! not of the message that it is looked up for, is none, and is made anew from the message. It can't be
//! out of date, since a message file is never changed once it has its name in `new` or `cur` (Maildir's
//! rule), and a UID belongs to one file for ever.

use crate::files::{Ahead, Errno, Files, Result};
use postroad_core::encoding::checked::checksum;
use postroad_core::store::Uid;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// The file's name in its folder.
pub(crate) const FILE: &str = "postroad-cache";
/// No record is here.
pub(crate) const NOWHERE: u32 = 0;

const MAGIC: &[u8] = b"postroad-cache 1\n";
/// Octets before the first record.
const START: usize = MAGIC.len() + 4;
/// Octets before a record's content.
const HEAD: usize = 12;
/// Octets that are read at once: messages are mostly asked for in the order in which they came.
const BLOCK: usize = 64 * 1024;
/// Octets of a record's content; whoever has more to say is asked again each time.
const CONTENT: usize = 1024 * 1024;
/// The file is written anew when it has so many records, and more than half, of messages that are
/// gone.
const DEAD: u64 = 1_000;

/// The summaries of a mailbox.
pub(crate) struct Cache {
    path: PathBuf,
    uid_validity: u32,
    /// How many records there are.
    pub(crate) records: u64,
    file: Option<Ahead>,
    /// Whether the file has been seen to be of this UIDVALIDITY.
    checked: bool,
    /// Records that are not in the file yet, and where the first of them will begin.
    fresh: Vec<u8>,
    fresh_from: u64,
}

impl Cache {
    pub(crate) fn new(folder: &Path, uid_validity: u32, records: u64) -> Self {
        Self {
            path: folder.join(FILE),
            uid_validity,
            records,
            file: None,
            checked: false,
            fresh: Vec::new(),
            fresh_from: 0,
        }
    }

    /// Appends the content of a message's record to `octets`; whether there was one.
    pub(crate) fn read(
        &mut self,
        files: &dyn Files,
        (uid, offset): (Uid, u32),
        octets: &mut Vec<u8>,
    ) -> bool {
        if offset == NOWHERE {
            return false;
        }
        let read = self.content(files, uid, offset).map(|content| {
            let found = content.is_some();
            octets.extend_from_slice(content.unwrap_or_default());
            found
        });
        read.unwrap_or(false)
    }

    fn content(&mut self, files: &dyn Files, uid: Uid, offset: u32) -> Result<Option<&[u8]>> {
        let record = match u64::from(offset).checked_sub(self.fresh_from) {
            Some(from) if !self.fresh.is_empty() => {
                self.fresh.get(usize::try_from(from).unwrap_or(usize::MAX)..).unwrap_or_default()
            }
            _ => self.stored(files, offset)?,
        };
        let Some((_, length)) = head(record).filter(|(of, _)| *of == uid) else {
            return Ok(None);
        };
        let record = &record[..record.len().min(HEAD + length)];
        let whole = record.len() == HEAD + length && record[8..HEAD] == sum(record);
        Ok(whole.then(|| &record[HEAD..]))
    }

    /// The record at `offset` in the file, as much as there is of it.
    fn stored(&mut self, files: &dyn Files, offset: u32) -> Result<&[u8]> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(Ahead::new(files.open(&self.path)?, BLOCK)),
        };
        let length = head(file.at(offset.into(), HEAD)?).map_or(0, |(_, length)| length);
        file.at(offset.into(), HEAD + length)
    }

    /// Adds a record; where it will be, if nothing keeps it from being written.
    pub(crate) fn add(&mut self, files: &dyn Files, uid: Uid, content: &[u8]) -> Option<u32> {
        if self.fresh.is_empty() {
            self.check(files);
            self.fresh_from = match files.stat(&self.path) {
                Ok(stat) => stat.size,
                Err(Errno::NOENT) => 0,
                Err(_) => return None,
            };
            if self.fresh_from == 0 {
                self.fresh = self.start();
            }
        }
        let offset = u32::try_from(self.fresh_from + self.fresh.len() as u64).ok()?;
        push(&mut self.fresh, uid, content)?;
        self.records += 1;
        if self.fresh.len() >= BLOCK {
            self.flush(files);
        }
        Some(offset)
    }

    /// Writes the records that are not in the file yet. Those that can't be written are made anew when
    /// they are asked for.
    pub(crate) fn flush(&mut self, files: &dyn Files) {
        let octets = std::mem::take(&mut self.fresh);
        if octets.is_empty() {
            return;
        }
        let _ = files.append(&self.path).and_then(|mut file| {
            // If another process has changed the file, they would not be where they are looked for.
            if file.stat()?.size == self.fresh_from { file.write(&octets) } else { Ok(()) }
        });
    }

    fn start(&self) -> Vec<u8> {
        [MAGIC, &self.uid_validity.to_le_bytes()].concat()
    }

    /// Removes the file if it is another mailbox's.
    fn check(&mut self, files: &dyn Files) {
        if !std::mem::replace(&mut self.checked, true) && !self.is_ours(files).unwrap_or(true) {
            let _ = files.remove(&self.path);
            self.records = 0;
        }
    }

    fn is_ours(&self, files: &dyn Files) -> Result<bool> {
        let mut start = Ahead::new(files.open(&self.path)?, START);
        Ok(start.at(0, START)? == self.start())
    }

    /// Where every whole record begins, as far as the file can be followed: of a UID that has several,
    /// the last one counts.
    pub(crate) fn find(&mut self, files: &dyn Files) -> Vec<(Uid, u32)> {
        self.check(files);
        let mut found = Vec::new();
        let Ok(file) = files.open(&self.path) else {
            return found;
        };
        let (mut file, mut at) = (Ahead::new(file, BLOCK), START as u64);
        while let Some((uid, length)) = file.at(at, HEAD).ok().and_then(head) {
            let Ok(offset) = u32::try_from(at) else {
                break;
            };
            found.push((uid, offset));
            at += (HEAD + length) as u64;
        }
        self.records = found.len() as u64;
        found
    }

    /// Whether most records are of messages that are gone, where there are `messages`.
    pub(crate) fn is_mostly_dead(&self, messages: usize) -> bool {
        self.records.saturating_sub(messages as u64) > DEAD.max(messages as u64)
    }

    /// Writes the file anew, with the help of a free name, with the records at these places only;
    /// where they are now.
    pub(crate) fn compact(
        &mut self,
        files: &dyn Files,
        spare: &Path,
        live: &[(Uid, u32)],
    ) -> Result<Vec<(Uid, u32)>> {
        self.flush(files);
        let mut to = files.create(spare)?;
        let (mut block, mut at) = (self.start(), 0);
        let mut moved = Vec::with_capacity(live.len());
        for &(uid, offset) in live {
            let mut content = Vec::new();
            if !self.read(files, (uid, offset), &mut content) {
                continue;
            }
            let place = u32::try_from(at + block.len() as u64).map_err(|_| Errno::FBIG)?;
            push(&mut block, uid, &content).ok_or(Errno::FBIG)?;
            moved.push((uid, place));
            if block.len() > BLOCK {
                to.write(&block)?;
                at += block.len() as u64;
                block.clear();
            }
        }
        to.write(&block)?;
        files.rename(spare, &self.path)?;
        self.records = moved.len() as u64;
        self.file = None;
        Ok(moved)
    }

    /// Lets go of what is in memory only to be quick.
    pub(crate) fn rest(&mut self, files: &dyn Files) {
        self.flush(files);
        self.file = None;
    }
}

/// The UID and the length of the content that a record begins with.
fn head(record: &[u8]) -> Option<(Uid, usize)> {
    let number = |at: usize| Some(u32::from_le_bytes(*record.get(at..)?.first_chunk()?));
    let (uid, length) = (Uid::new(number(0)?)?, usize::try_from(number(4)?).ok()?);
    (length <= CONTENT).then_some((uid, length))
}

fn push(octets: &mut Vec<u8>, uid: Uid, content: &[u8]) -> Option<()> {
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= CONTENT)?;
    let start = octets.len();
    octets.extend_from_slice(&uid.get().to_le_bytes());
    octets.extend_from_slice(&length.to_le_bytes());
    octets.extend_from_slice(&[0; 4]);
    octets.extend_from_slice(content);
    let sum = sum(&octets[start..]);
    octets[start + 8..start + HEAD].copy_from_slice(&sum);
    Some(())
}

/// The checksum of a record's UID and content.
fn sum(record: &[u8]) -> [u8; 4] {
    let head = checksum(&record[..8]);
    (head ^ checksum(&record[HEAD..])).to_le_bytes()
}
