//! A message on its way into a mailbox, not yet in it.

use crate::content::Sizes;
use crate::files::{File, Files, failed};
use postroad_core::store::Failure;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A message being written: a file in some mailbox's `tmp`.
pub(crate) struct Draft {
    spare: Spare,
    file: Box<dyn File>,
    sizes: Sizes,
}

/// A message that was written, and is on stable storage with its date: it may get its names.
pub(crate) struct Written {
    spare: Spare,
    sizes: Sizes,
}

/// A file that is removed when this is dropped.
struct Spare {
    files: Arc<dyn Files>,
    path: PathBuf,
}

impl Draft {
    pub(crate) fn begin(files: &Arc<dyn Files>, path: PathBuf) -> Result<Self, Failure> {
        let file = files.create(&path).map_err(failed(&path))?;
        let spare = Spare { files: files.clone(), path };
        Ok(Self { spare, file, sizes: Sizes::default() })
    }

    pub(crate) fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.sizes.add(octets);
        self.file.write(octets).map_err(failed(&self.spare.path))
    }

    /// Puts content and date on stable storage.
    pub(crate) fn finish(mut self, date: i64) -> Result<Written, Failure> {
        let path = &self.spare.path;
        self.file.set_date(date).map_err(failed(path))?;
        self.file.sync().map_err(failed(path))?;
        Ok(Written { spare: self.spare, sizes: self.sizes })
    }

    pub(crate) const fn sizes(&self) -> Sizes {
        self.sizes
    }
}

impl Written {
    pub(crate) fn path(&self) -> &Path {
        &self.spare.path
    }

    pub(crate) const fn sizes(&self) -> Sizes {
        self.sizes
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        // It is gone already when it was renamed to its place.
        let _ = self.files.remove(&self.path);
    }
}
