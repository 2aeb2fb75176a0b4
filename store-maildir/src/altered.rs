//! The real file system, altered by a test.

use crate::{File, Files, Lock, RealFiles, Result, Stat};
use std::path::Path;

/// [`Files`] that are the real ones but for the operations that it has of its own.
pub(crate) trait Altered: Send + Sync {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        RealFiles.create(path)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        RealFiles.append(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        RealFiles.open(path)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        RealFiles.link(from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        RealFiles.rename(from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        RealFiles.remove(path)
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        RealFiles.make_folder(path)
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

    fn free(&self, path: &Path) -> Result<u64> {
        RealFiles.free(path)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        RealFiles.lock(path, wait)
    }
}

impl<T: Altered> Files for T {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        Altered::create(self, path)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        Altered::append(self, path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        Altered::open(self, path)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        Altered::link(self, from, to)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        Altered::rename(self, from, to)
    }

    fn remove(&self, path: &Path) -> Result<()> {
        Altered::remove(self, path)
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        Altered::make_folder(self, path)
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        Altered::remove_folder(self, path)
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        Altered::list(self, path)
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        Altered::stat(self, path)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        Altered::sync_folder(self, path)
    }

    fn free(&self, path: &Path) -> Result<u64> {
        Altered::free(self, path)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        Altered::lock(self, path, wait)
    }
}
