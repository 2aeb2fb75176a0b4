//! What was noted of a message: a file beside it to which lines are appended.

use super::{Damaged, HEAD, Shared};
use crate::files::{Errno, Files, Result};
use crate::shared::lock;
use postroad_core::queue::{Entry, Id, Record};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

const BLOCK: usize = 8 * 1024;

/// What is known of the logs beside what they say.
#[derive(Default)]
pub(super) struct Logs {
    /// Those of which a write or a sync has failed: their name, or their end, may not be on stable
    /// storage.
    doubtful: Mutex<HashSet<Id>>,
}

impl Logs {
    /// The log is gone.
    pub(super) fn forget(&self, id: Id) {
        lock(&self.doubtful).remove(&id);
    }
}

impl Shared {
    /// Appends lines to a message's log, and puts them on stable storage. The message must be
    /// [held](super::busy::Busy::hold).
    pub(super) fn append(&self, id: Id, lines: &str) -> Result<()> {
        let doubtful = !lock(&self.logs.doubtful).insert(id);
        let path = self.log(id);
        let mut file = self.files.append(&path)?;
        let size = file.stat()?.size;
        // A line that was torn stays alone, and so do those of a page that could not be synced.
        let text = if doubtful || !ends_a_line(&*self.files, &path, size)? {
            &format!("\n{lines}")
        } else {
            lines
        };
        file.write(text.as_bytes())?;
        file.sync()?;
        if doubtful || size == 0 {
            self.syncs.sync()?;
        }
        self.logs.forget(id);
        Ok(())
    }
}

fn ends_a_line(files: &dyn Files, path: &Path, size: u64) -> Result<bool> {
    let mut last = [b'\n'];
    if let Some(at) = size.checked_sub(1) {
        files.open(path)?.read_at(at, &mut last)?;
    }
    Ok(last == *b"\n")
}

/// Has `entry` take note of everything that its log says, if there is one.
pub(super) fn replay(
    files: &dyn Files,
    path: &Path,
    entry: &mut Entry,
) -> std::result::Result<(), Damaged> {
    let damaged = |errno: Errno| Damaged::new(path, errno);
    let mut file = match files.open(path) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(()),
        Err(errno) => return Err(damaged(errno)),
    };
    let (mut block, mut held, mut at) = (vec![0; BLOCK], Vec::new(), 0);
    loop {
        let count = file.read_at(at, &mut block).map_err(damaged)?;
        if count == 0 {
            return Ok(());
        }
        at += count as u64;
        held.extend_from_slice(&block[..count]);
        if let Some(end) = block[..count].iter().rposition(|octet| *octet == b'\n') {
            let lines = held.len() - count + end + 1;
            for record in Record::read_all(&held[..lines]) {
                entry.apply(record);
            }
            held.drain(..lines);
        } else if held.len() > HEAD {
            // No line of ours is so long. What is left of it is no whole line either.
            held.clear();
        }
    }
}
