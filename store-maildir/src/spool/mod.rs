//! The spool on a file system: messages that wait, each a file that a person can read, with a log
//! beside it.
//!
//! | file | what |
//! |---|---|
//! | `<id>.eml` | the envelope's lines, then the content |
//! | `<id>.log` | what was noted of the message, a line each; made with the first one |
//! | `tmp/*` | messages being written |
//!
//! A message is written in `tmp` and synced, gets its name, and the folder is synced: then its
//! commit is answered. Commits and removals that come together share that sync ([`Syncs`]). What is
//! noted is appended to the log in one write and synced.

mod content;
mod draft;
mod log;
mod reader;
mod scan;
mod session;
#[cfg(test)]
mod tests;

pub use content::Damaged;
pub use reader::SpoolReader;
pub use session::SpoolSession;

use crate::busy::Busy;
use crate::files::{Errno, Files, RealFiles, join};
use crate::shared::lock;
use crate::syncs::Syncs;
use log::Logs;
use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::queue::{Entry, Id};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Octets that an envelope's lines, or one line of a log, may take: four times as many recipients as
/// one transaction may name, for aliases lead to more, each in as long a line as a command may be.
const HEAD: usize = 4 * Limits::DEFAULT.recipients * Limits::DEFAULT.command_line;

/// The messages that wait, in one folder. Clones share it, also across threads.
///
/// No other process may have the same folder open.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::Instant;
/// use postroad_core::queue::Id;
/// use postroad_core::queue::spool::{Answer, Request, Spool as _};
/// use postroad_store_maildir::Spool;
///
/// # let folder = std::env::temp_dir().join(format!("postroad-spool-doc-{}", std::process::id()));
/// let spool = Spool::open(folder.clone(), Entropy::from_seed([7; 32]), 0)?;
/// for entry in spool.scan()? {
///     match entry {
///         Ok(entry) => println!("{} waits since {:?}", entry.envelope.id, entry.envelope.arrived),
///         Err(damaged) => println!("{damaged}"),
///     }
/// }
/// let remove = Request::Remove(Id::parse("2b3c4d5f6g7h8j9k").unwrap());
/// let answer = spool.session().perform(Instant::default(), remove, b"", &mut Vec::new());
/// assert_eq!(answer, Answer::Done);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
}

/// What all sessions share.
struct Shared {
    root: PathBuf,
    files: Arc<dyn Files>,
    /// Octets of the file system that no new message may touch.
    reserve: u64,
    entropy: Mutex<Entropy>,
    syncs: Syncs,
    busy: Busy<Id>,
    logs: Logs,
}

impl Spool {
    /// The messages in `root`, which is made if it is missing. `entropy` must never have been used
    /// for it before. Of the file system, `reserve` octets are left free.
    ///
    /// # Errors
    /// If the folders can't be made, or not be put on stable storage.
    pub fn open(root: PathBuf, entropy: Entropy, reserve: u64) -> io::Result<Self> {
        Self::with_files(root, entropy, reserve, Arc::new(RealFiles))
    }

    /// The same on another file system.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn with_files(
        root: PathBuf,
        entropy: Entropy,
        reserve: u64,
        files: Arc<dyn Files>,
    ) -> io::Result<Self> {
        if make_folder(&*files, &root)?
            && let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty())
        {
            files.sync_folder(parent).map_err(in_words(parent))?;
        }
        make_folder(&*files, &root.join("tmp"))?;
        // So that whatever is found here stays, although an earlier process may have been stopped
        // before it was synced.
        files.sync_folder(&root).map_err(in_words(&root))?;
        let syncs = Syncs::new(files.clone(), root.clone());
        let shared = Shared {
            root,
            files,
            reserve,
            entropy: Mutex::new(entropy),
            syncs,
            busy: Busy::default(),
            logs: Logs::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A handle for one session.
    #[must_use]
    pub fn session(&self) -> SpoolSession {
        SpoolSession::new(&self.shared)
    }

    /// Every message, read as the iterator goes, with what was noted of it. What a crash has left
    /// behind is removed: so this is for the start, before there is any session. Files that can't be
    /// read stay where they are.
    ///
    /// # Errors
    /// If a folder can't be listed.
    pub fn scan(&self) -> io::Result<impl Iterator<Item = Result<Entry, Damaged>> + use<>> {
        scan::scan(&self.shared)
    }
}

impl Shared {
    fn message(&self, id: Id) -> PathBuf {
        message_path(&self.root, id)
    }

    fn log(&self, id: Id) -> PathBuf {
        log_path(&self.root, id)
    }

    /// A path in `tmp` that no file has had before.
    fn spare(&self) -> PathBuf {
        join(&self.root.join("tmp"), lock(&self.entropy).token(16).as_bytes())
    }
}

fn message_path(root: &Path, id: Id) -> PathBuf {
    root.join(format!("{id}.eml"))
}

fn log_path(root: &Path, id: Id) -> PathBuf {
    root.join(format!("{id}.log"))
}

/// Whether the folder is a new one.
fn make_folder(files: &dyn Files, path: &Path) -> io::Result<bool> {
    match files.make_folder(path) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(errno) => Err(in_words(path)(errno)),
    }
}

/// An error that says which path it is about.
fn in_words(path: &Path) -> impl FnOnce(Errno) -> io::Error {
    move |errno| {
        io::Error::new(io::Error::from(errno).kind(), format!("{}: {errno}", path.display()))
    }
}
