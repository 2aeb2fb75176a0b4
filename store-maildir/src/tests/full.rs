use crate::{Errno, File, Files, Lock, RealFiles, Result, Stat};
use std::path::Path;

/// The real file system without room for another octet or another name: `create`, `write`, `link`
/// and `make_folder` fail, and renaming into another folder.
pub(super) struct FullDisk;

struct FullFile(Box<dyn File>);

impl Files for FullDisk {
    fn create(&self, _: &Path) -> Result<Box<dyn File>> {
        Err(Errno::NOSPC)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        Ok(Box::new(FullFile(RealFiles.append(path)?)))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        RealFiles.open(path)
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

    fn remove(&self, path: &Path) -> Result<()> {
        RealFiles.remove(path)
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        // The kernel sees first that there is one.
        Err(if path.exists() { Errno::EXIST } else { Errno::NOSPC })
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        RealFiles.remove_folder(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        RealFiles.list(path)
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        RealFiles.stat(path)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        RealFiles.sync_folder(path)
    }

    fn free(&self, _: &Path) -> Result<u64> {
        Ok(0)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        RealFiles.lock(path, wait)
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
