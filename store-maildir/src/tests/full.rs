use crate::altered::Altered;
use crate::{Errno, File, Files, RealFiles, Result, Stat};
use std::path::Path;

/// The real file system without room for another octet or another name: `create`, `write`, `link`
/// and `make_folder` fail, and renaming into another folder.
pub(super) struct FullDisk;

struct FullFile(Box<dyn File>);

impl Altered for FullDisk {
    fn create(&self, _: &Path) -> Result<Box<dyn File>> {
        Err(Errno::NOSPC)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        Ok(Box::new(FullFile(RealFiles.append(path)?)))
    }

    fn link(&self, _: &Path, _: &Path) -> Result<()> {
        Err(Errno::NOSPC)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        if from.parent() != to.parent() {
            return Err(Errno::NOSPC);
        }
        RealFiles.rename(from, to)
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        // The kernel sees first that there is one.
        Err(if path.exists() { Errno::EXIST } else { Errno::NOSPC })
    }

    fn free(&self, _: &Path) -> Result<u64> {
        Ok(0)
    }
}

impl File for FullFile {
    fn write(&mut self, _: &[u8]) -> Result<()> {
        Err(Errno::NOSPC)
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        self.0.read_at(offset, bytes)
    }

    fn set_date(&mut self, seconds: i64) -> Result<()> {
        self.0.set_date(seconds)
    }

    fn sync(&mut self) -> Result<()> {
        self.0.sync()
    }

    fn stat(&self) -> Result<Stat> {
        self.0.stat()
    }
}
