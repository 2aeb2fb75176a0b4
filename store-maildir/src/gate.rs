//! Files whose syncs of folders wait for a test.

use crate::{File, Files, Lock, RealFiles, Result, Stat};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

/// The real file system, whose syncs of folders wait until they are let go.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    let_go: Arc<(Mutex<Vec<Result<()>>>, Condvar)>,
}

impl Gate {
    /// Lets one sync go, and come to `outcome`.
    pub(crate) fn let_go(&self, outcome: Result<()>) {
        self.let_go.0.lock().unwrap().push(outcome);
        self.let_go.1.notify_all();
    }
}

impl Files for Gate {
    fn sync_folder(&self, path: &Path) -> Result<()> {
        let (outcomes, came) = &*self.let_go;
        let waiting = came.wait_while(outcomes.lock().unwrap(), |outcomes| outcomes.is_empty());
        waiting.unwrap().remove(0)?;
        RealFiles.sync_folder(path)
    }

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

    fn free(&self, path: &Path) -> Result<u64> {
        RealFiles.free(path)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        RealFiles.lock(path, wait)
    }
}
