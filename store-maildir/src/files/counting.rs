//! Files that fail at a call of your choice.

use super::{Errno, File, Files, Lock, Result, Stat};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the calls to another [`Files`], and lets one of them, or all from one on, fail, or lets the
/// answer to one be lost.
///
/// A write that fails has written half of its octets. Closing, unlocking and what is only read
/// (`open`, `read_at`, `list`, `stat`) count like everything else.
#[derive(Clone)]
pub struct CountingFiles<F> {
    inner: Arc<F>,
    count: Arc<Mutex<Count>>,
}

#[derive(Default)]
struct Count {
    calls: usize,
    fault: Option<Fault>,
    /// The call whose answer is lost.
    lost: Option<usize>,
    trace: Option<Vec<(&'static str, PathBuf)>>,
}

/// Which calls fail, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The first call that fails; the next one is number 0.
    pub at: usize,
    /// Whether every later call fails, too.
    pub for_ever: bool,
    /// How they fail.
    pub errno: Errno,
}

struct CountedFile {
    inner: Box<dyn File>,
    count: Arc<Mutex<Count>>,
    path: PathBuf,
}

impl<F> CountingFiles<F> {
    /// Counts the calls to `inner`.
    pub fn new(inner: F) -> Self {
        Self { inner: Arc::new(inner), count: Arc::default() }
    }

    /// Starts counting anew, with `fault` ahead.
    pub fn restart(&self, fault: Option<Fault>) {
        *self.lock_count() = Count { fault, ..Count::default() };
    }

    /// Starts counting anew. The answer to call number `at` is lost: it is done, and fails as its
    /// repetition does over NFS, with `EEXIST`, `ENOENT` or `ESTALE`.
    pub fn restart_losing(&self, at: usize) {
        *self.lock_count() = Count { lost: Some(at), ..Count::default() };
    }

    /// Starts counting anew, keeping the name and the path of every call for
    /// [`trace`](Self::trace).
    pub fn restart_tracing(&self) {
        *self.lock_count() = Count { trace: Some(Vec::new()), ..Count::default() };
    }

    /// How many calls there were since the last start.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.lock_count().calls
    }

    /// The calls since [`restart_tracing`](Self::restart_tracing).
    #[must_use]
    pub fn trace(&self) -> Vec<(&'static str, PathBuf)> {
        self.lock_count().trace.clone().unwrap_or_default()
    }

    fn lock_count(&self) -> std::sync::MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &Path, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(CountedFile { inner, count: self.count.clone(), path: path.into() })
    }
}

/// Does a call, unless it is to fail.
fn count<T>(
    count: &Mutex<Count>,
    call: &'static str,
    path: &Path,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let mut count = count.lock().unwrap_or_else(PoisonError::into_inner);
    let number = count.calls;
    count.calls += 1;
    if let Some(trace) = &mut count.trace {
        trace.push((call, path.into()));
    }
    let is_lost = count.lost == Some(number);
    if let Some(fault) = count.fault
        && (number == fault.at || fault.for_ever && number > fault.at)
    {
        return Err(fault.errno);
    }
    drop(count);
    let done = work()?;
    match call {
        _ if !is_lost => Ok(done),
        "create" | "link" | "make_folder" => Err(Errno::EXIST),
        "rename" | "remove" | "remove_folder" => Err(Errno::NOENT),
        _ => Err(Errno::STALE),
    }
}

impl<F: Files> Files for CountingFiles<F> {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let inner = count(&self.count, "create", path, || self.inner.create(path))?;
        Ok(self.file(path, inner))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        let inner = count(&self.count, "append", path, || self.inner.append(path))?;
        Ok(self.file(path, inner))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        let inner = count(&self.count, "open", path, || self.inner.open(path))?;
        Ok(self.file(path, inner))
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        count(&self.count, "link", to, || self.inner.link(from, to))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        count(&self.count, "rename", to, || self.inner.rename(from, to))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        count(&self.count, "remove", path, || self.inner.remove(path))
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        count(&self.count, "make_folder", path, || self.inner.make_folder(path))
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        count(&self.count, "remove_folder", path, || self.inner.remove_folder(path))
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        count(&self.count, "list", path, || self.inner.list(path))
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        count(&self.count, "stat", path, || self.inner.stat(path))
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        count(&self.count, "sync_folder", path, || self.inner.sync_folder(path))
    }

    fn free(&self, path: &Path) -> Result<u64> {
        count(&self.count, "free", path, || self.inner.free(path))
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        count(&self.count, "lock", path, || self.inner.lock(path, wait))
    }
}

impl File for CountedFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut begun = false;
        let inner = &mut self.inner;
        let written = count(&self.count, "write", &self.path, || {
            begun = true;
            inner.write(bytes)
        });
        if !begun {
            self.inner.write(&bytes[..bytes.len() / 2])?;
        }
        written
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        count(&self.count, "read_at", &self.path, || self.inner.read_at(offset, bytes))
    }

    fn set_date(&mut self, seconds: i64) -> Result<()> {
        count(&self.count, "set_date", &self.path, || self.inner.set_date(seconds))
    }

    fn sync(&mut self) -> Result<()> {
        count(&self.count, "sync", &self.path, || self.inner.sync())
    }

    fn stat(&self) -> Result<Stat> {
        count(&self.count, "stat", &self.path, || self.inner.stat())
    }
}
