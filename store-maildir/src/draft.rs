//! A message on its way into a mailbox, not yet in it.

use crate::content::Sizes;
use crate::files::{File, Files, failed};
use postroad_core::store::Failure;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A message being written: a file in some mailbox's `tmp`, removed when dropped.
pub(crate) struct Draft {
    files: Arc<dyn Files>,
    path: PathBuf,
    file: Box<dyn File>,
    sizes: Sizes,
}

impl Draft {
    pub(crate) fn begin(files: &Arc<dyn Files>, path: PathBuf) -> Result<Self, Failure> {
        let file = files.create(&path).map_err(failed(&path))?;
        Ok(Self { files: files.clone(), path, file, sizes: Sizes::default() })
    }

    pub(crate) fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.sizes.add(octets);
        self.file.write(octets).map_err(failed(&self.path))
    }

    /// Puts content and date on stable storage: from here on it may get its names.
    pub(crate) fn finish(&mut self, date: i64) -> Result<(), Failure> {
        let path = &self.path;
        self.file.set_date(date).map_err(failed(path))?;
        self.file.sync().map_err(failed(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn sizes(&self) -> Sizes {
        self.sizes
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is gone already when it was renamed to its place.
        let _ = self.files.remove(&self.path);
    }
}
