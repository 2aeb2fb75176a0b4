//! A message on its way into the spool.

use crate::files::{File, Files, failed};
use postroad_core::queue::Id;
use postroad_core::store::Failure;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octets that are gathered for one write.
const BLOCK: usize = 64 * 1024;

/// A message being written: a file in `tmp`, removed when dropped before it is placed.
pub(super) struct Draft {
    files: Arc<dyn Files>,
    id: Id,
    path: PathBuf,
    file: Box<dyn File>,
    placed: bool,
    /// What is yet to be written.
    buffer: Vec<u8>,
}

impl Draft {
    /// Begins the message with `head`.
    pub(super) fn begin(
        files: &Arc<dyn Files>,
        id: Id,
        path: PathBuf,
        head: Vec<u8>,
    ) -> Result<Self, Failure> {
        let file = files.create(&path).map_err(failed(&path))?;
        Ok(Self { files: files.clone(), id, path, file, placed: false, buffer: head })
    }

    pub(super) const fn id(&self) -> Id {
        self.id
    }

    pub(super) fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        if self.buffer.len() + octets.len() > BLOCK {
            self.flush()?;
        }
        if octets.len() >= BLOCK {
            return self.file.write(octets).map_err(failed(&self.path));
        }
        self.buffer.extend_from_slice(octets);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.buffer.is_empty() {
            self.file.write(&self.buffer).map_err(failed(&self.path))?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Puts the content on stable storage, and gives the file its name, which is not there yet.
    pub(super) fn place(mut self, to: &Path) -> Result<(), Failure> {
        self.flush()?;
        self.file.sync().map_err(failed(&self.path))?;
        self.files.rename(&self.path, to).map_err(failed(to))?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.placed {
            let _ = self.files.remove(&self.path);
        }
    }
}
