//! The one door to the file system, so that it can be real, counted or simulated.

mod ahead;
mod counting;
mod real;
pub(crate) mod repeated;
mod simulated;

pub(crate) use ahead::Ahead;
pub use counting::{CountingFiles, Fault};
pub use real::RealFiles;
pub use simulated::SimulatedFiles;

use postroad_core::store::Failure;
use std::path::Path;

/// The error number of a file operation that failed.
pub type Errno = rustix::io::Errno;

/// What a file operation comes to.
pub type Result<T> = std::result::Result<T, Errno>;

/// All file work of a store. Nothing is on stable storage before it is synced: content and date by
/// [`File::sync`], names by [`sync_folder`](Self::sync_folder) of the folder that holds them.
pub trait Files: Send + Sync {
    /// A new file to be written, readable by its owner only. `EEXIST` if there is one.
    ///
    /// # Errors
    /// Whatever the file system says; so for every operation here.
    fn create(&self, path: &Path) -> Result<Box<dyn File>>;

    /// A file to be written at its end; made if it is missing.
    fn append(&self, path: &Path) -> Result<Box<dyn File>>;

    /// A file to be read. `ELOOP` if the name is a symbolic link's, which may lead to what is not the
    /// user's.
    fn open(&self, path: &Path) -> Result<Box<dyn File>>;

    /// One more name for a file. `EEXIST` if the name is taken.
    fn link(&self, from: &Path, to: &Path) -> Result<()>;

    /// Another name for a file or folder; a file that had it is replaced.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Takes a file's name away.
    fn remove(&self, path: &Path) -> Result<()>;

    /// A new folder, open to its owner only.
    fn make_folder(&self, path: &Path) -> Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &Path) -> Result<()>;

    /// The names in a folder, in no order, without `.` and `..`.
    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>>;

    /// What is known of a file or folder; a symbolic link is neither.
    fn stat(&self, path: &Path) -> Result<Stat>;

    /// Puts a folder's names on stable storage.
    fn sync_folder(&self, path: &Path) -> Result<()>;

    /// Octets that are free for us in the file system that holds `path`.
    fn free(&self, path: &Path) -> Result<u64>;

    /// Locks a file, made if missing, until the lock is dropped. A lock keeps out other threads and
    /// other processes alike. `EAGAIN` if it is held and is not to be waited for.
    fn lock(&self, path: &Path, wait: bool) -> Result<Lock>;
}

/// An open file.
pub trait File: Send {
    /// Writes all of `bytes` behind what was written.
    ///
    /// # Errors
    /// Whatever the file system says; a part may have been written. So for every operation here.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Reads at most `bytes.len()` octets from `offset` on; 0 at the end.
    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize>;

    /// Sets the date of modification, in seconds since the Unix epoch.
    fn set_date(&mut self, seconds: i64) -> Result<()>;

    /// Puts the content, and a date that was set, on stable storage.
    fn sync(&mut self) -> Result<()>;

    /// What is known of the file.
    fn stat(&self) -> Result<Stat>;
}

/// A held lock, released when dropped.
pub struct Lock(#[allow(dead_code)] Box<dyn Send>);

impl Lock {
    /// The lock that lasts as long as `held`.
    pub fn new(held: impl Send + 'static) -> Self {
        Self(Box::new(held))
    }
}

/// What is known of a file or folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    /// Octets.
    pub size: u64,
    /// When it was modified last: seconds since the Unix epoch, and nanoseconds.
    pub modified: (i64, u64),
    /// Its number in the file system.
    pub inode: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it is a regular file.
    pub is_file: bool,
}

/// Whether the file system of `path` has more than `reserve` octets left.
pub(crate) fn check_reserve(
    files: &dyn Files,
    path: &Path,
    reserve: u64,
) -> std::result::Result<(), Failure> {
    if reserve > 0 && files.free(path).map_err(failed(path))? < reserve {
        return Err(Failure::Full);
    }
    Ok(())
}

/// What to answer when an operation on `path` failed.
pub(crate) fn failed(path: &Path) -> impl FnOnce(Errno) -> Failure {
    move |errno| match errno {
        Errno::NOSPC | Errno::DQUOT => Failure::Full,
        _ => Failure::Io(format!("{}: {errno}", path.display())),
    }
}

/// All of a file's octets; none if there is no such file.
pub(crate) fn read_whole(files: &dyn Files, path: &Path) -> std::result::Result<Vec<u8>, Failure> {
    let mut file = match files.open(path) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(Vec::new()),
        Err(errno) => return Err(failed(path)(errno)),
    };
    let (mut whole, mut block) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let count = file.read_at(whole.len() as u64, &mut block).map_err(failed(path))?;
        if count == 0 {
            return Ok(whole);
        }
        whole.extend_from_slice(&block[..count]);
    }
}

/// All of a file's octets in as few calls as it takes.
pub(crate) fn read_at_once(files: &dyn Files, path: &Path) -> Result<Vec<u8>> {
    let mut file = files.open(path)?;
    let size = usize::try_from(file.stat()?.size).map_err(|_| Errno::FBIG)?;
    let (mut whole, mut filled) = (vec![0; size], 0);
    while filled < size {
        match file.read_at(filled as u64, &mut whole[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    whole.truncate(filled);
    Ok(whole)
}

/// Removes a file or a whole folder, as far as it goes.
pub(crate) fn remove_tree(files: &dyn Files, path: &Path) {
    if files.stat(path).is_ok_and(|stat| stat.is_folder) {
        for name in files.list(path).unwrap_or_default() {
            remove_tree(files, &join(path, &name));
        }
        let _ = files.remove_folder(path);
    } else {
        let _ = files.remove(path);
    }
}

/// `folder/name`.
pub(crate) fn join(folder: &Path, name: &[u8]) -> std::path::PathBuf {
    use std::os::unix::ffi::OsStrExt;
    folder.join(std::ffi::OsStr::from_bytes(name))
}
