//! Taking back the steps of a request that fails.

use crate::files::{Errno, Files, Result, repeated};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Steps on the file system that are taken back, the last first, unless all of them are
/// [kept](Self::keep).
pub(crate) struct Undo {
    files: Arc<dyn Files>,
    steps: Vec<Step>,
}

enum Step {
    Remove(PathBuf),
    Rename { from: PathBuf, to: PathBuf },
}

impl Undo {
    pub(crate) fn new(files: &Arc<dyn Files>) -> Self {
        Self { files: files.clone(), steps: Vec::new() }
    }

    /// Renames a file or folder.
    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> Result<()> {
        repeated::rename(&*self.files, from, to)?;
        self.steps.push(Step::Rename { from: to.into(), to: from.into() });
        Ok(())
    }

    /// Gives a file that is on stable storage one more name; its content is copied with the help
    /// of `spare`, a free name in the folder's file system, where links can't be made.
    pub(crate) fn link(&mut self, from: &Path, to: &Path, spare: &Path) -> Result<()> {
        match repeated::link(&*self.files, from, to) {
            Err(Errno::XDEV | Errno::PERM | Errno::MLINK | Errno::OPNOTSUPP) => {
                copy(&*self.files, from, spare)?;
                repeated::rename(&*self.files, spare, to).inspect_err(|_| {
                    let _ = self.files.remove(spare);
                })?;
            }
            done => done?,
        }
        self.steps.push(Step::Remove(to.into()));
        Ok(())
    }

    /// Makes everything done so far stay.
    pub(crate) fn keep(&mut self) {
        self.steps.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // What can't be taken back can't be helped: the request fails in any case.
        while let Some(step) = self.steps.pop() {
            let _ = match step {
                Step::Remove(path) => self.files.remove(&path),
                Step::Rename { from, to } => self.files.rename(&from, &to),
            };
        }
    }
}

/// Copies content and date, and puts them on stable storage; leaves nothing behind if it fails.
fn copy(files: &dyn Files, from: &Path, to: &Path) -> Result<()> {
    let mut source = files.open(from)?;
    let mut copy = files.create(to)?;
    let mut pour = || {
        let (mut block, mut offset) = (vec![0; 64 * 1024], 0);
        loop {
            let count = source.read_at(offset, &mut block)?;
            if count == 0 {
                break;
            }
            copy.write(&block[..count])?;
            offset += count as u64;
        }
        copy.set_date(source.stat()?.modified.0)?;
        copy.sync()
    };
    pour().inspect_err(|_| {
        let _ = files.remove(to);
    })
}
