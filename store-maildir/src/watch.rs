//! What other programs do is noticed at once: inotify on the folders that sessions watch.

use crate::files::Errno;
use crate::mailbox::Place;
use crate::shared::{Shared, lock};
use crate::texts::SUBSCRIPTIONS;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Wakes the sessions that watch a mailbox when another program has changed it.
///
/// A runtime waits until the file descriptor ([`AsFd`]) can be read and then calls
/// [`read`](Self::read). Without a watcher sessions are woken only by one another.
pub struct Watcher {
    shared: Arc<Shared>,
    fd: Arc<OwnedFd>,
}

/// The folders that sessions watch.
#[derive(Default)]
pub(crate) struct Watches(Mutex<Table>);

#[derive(Default)]
struct Table {
    fd: Option<Arc<OwnedFd>>,
    folders: HashMap<PathBuf, Watched>,
    descriptors: HashMap<i32, (PathBuf, Place)>,
    /// Accounts whose names are watched, and folders in them that are no mailbox yet.
    names: HashMap<i32, Names>,
    /// Accounts whose names are to be watched, once there is a watcher.
    unwatched: Vec<PathBuf>,
}

/// Where names of mailboxes appear and go.
#[derive(Clone)]
struct Names {
    account: PathBuf,
    folder: PathBuf,
}

struct Watched {
    sessions: usize,
    descriptors: [Option<i32>; 2],
}

impl Watches {
    /// One more session watches `folder`.
    pub(crate) fn add(&self, folder: &Path) {
        let mut table = lock(&self.0);
        let before = table.folders.remove(folder);
        // What had this name before may have another by now, or none.
        table.begin(folder.into(), before.as_ref().map_or(1, |watched| watched.sessions + 1));
        if let Some(before) = before {
            table.let_go(folder, &before);
        }
    }

    /// The names of the account in `root` are watched.
    pub(crate) fn add_names(&self, root: &Path) {
        lock(&self.0).begin_names(root.into(), root.into());
    }

    /// The names of the account in `root` are watched no more.
    pub(crate) fn remove_names(&self, root: &Path) {
        let mut table = lock(&self.0);
        let fd = table.fd.clone();
        table.names.retain(|descriptor, names| {
            let stays = names.account != root;
            if let (false, Some(fd)) = (stays, &fd) {
                let _ = inotify::remove_watch(fd, *descriptor);
            }
            stays
        });
        table.unwatched.retain(|account| account != root);
    }

    /// One session less watches `folder`.
    pub(crate) fn remove(&self, folder: &Path) {
        let mut table = lock(&self.0);
        let Some(watched) = table.folders.get_mut(folder) else {
            return;
        };
        watched.sessions -= 1;
        if watched.sessions > 0 {
            return;
        }
        if let Some(last) = table.folders.remove(folder) {
            table.let_go(folder, &last);
        }
    }
}

impl Table {
    fn begin(&mut self, folder: PathBuf, sessions: usize) {
        let flags = WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::DELETE_SELF
            | WatchFlags::ONLYDIR;
        let mut descriptors = [None; 2];
        if let Some(fd) = &self.fd {
            for (place, slot) in [Place::New, Place::Cur].into_iter().zip(&mut descriptors) {
                // Without one, for want of watches, changes are seen at the next command.
                *slot = inotify::add_watch(fd, folder.join(place.folder()), flags).ok();
                if let Some(descriptor) = *slot {
                    self.descriptors.insert(descriptor, (folder.clone(), place));
                }
            }
        }
        let watched = Watched { sessions, descriptors };
        self.folders.insert(folder, watched);
    }

    /// Watches no more what `folder` was watched by, but for what it still is, or another folder: one
    /// that is renamed keeps its descriptors.
    fn let_go(&mut self, folder: &Path, before: &Watched) {
        let now = self.folders.get(folder).map_or([None; 2], |watched| watched.descriptors);
        for descriptor in before.descriptors.into_iter().flatten() {
            let is_ours = self.descriptors.get(&descriptor).is_some_and(|(of, _)| of == folder);
            if is_ours && !now.contains(&Some(descriptor)) {
                self.descriptors.remove(&descriptor);
                if let Some(fd) = &self.fd {
                    // The kernel has removed it already if the folder is gone.
                    let _ = inotify::remove_watch(fd, descriptor);
                }
            }
        }
    }
}

impl Table {
    fn begin_names(&mut self, account: PathBuf, folder: PathBuf) {
        let Some(fd) = &self.fd else {
            return self.unwatched.push(account);
        };
        let flags = WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        if let Ok(descriptor) = inotify::add_watch(fd, &folder, flags) {
            self.names.insert(descriptor, Names { account, folder });
        }
    }
}

impl Watcher {
    pub(crate) fn new(shared: &Arc<Shared>) -> Result<Self, Errno> {
        let mut table = lock(&shared.watches.0);
        let fd = match &table.fd {
            Some(fd) => fd.clone(),
            None => Arc::new(inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?),
        };
        if table.fd.replace(fd.clone()).is_none() {
            for (folder, watched) in std::mem::take(&mut table.folders) {
                table.begin(folder, watched.sessions);
            }
            for account in std::mem::take(&mut table.unwatched) {
                table.begin_names(account.clone(), account);
            }
        }
        drop(table);
        Ok(Self { shared: shared.clone(), fd })
    }

    /// Takes what has been noticed, without waiting, and wakes the sessions that it concerns.
    ///
    /// # Errors
    /// If the kernel fails; having nothing to tell is no failure.
    pub fn read(&mut self) -> std::io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let fd = self.fd.clone();
        let mut reader = inotify::Reader::new(fd, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| name.to_bytes().to_vec());
                    self.notice(event.wd(), event.events(), name.as_deref());
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => (),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn notice(&self, descriptor: i32, events: ReadFlags, name: Option<&[u8]>) {
        self.notice_names(descriptor, events, name);
        let table = lock(&self.shared.watches.0);
        let concerned: Vec<(PathBuf, Place)> = if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            table.descriptors.values().cloned().collect()
        } else {
            let one = table.descriptors.get(&descriptor).cloned();
            one.into_iter().collect()
        };
        drop(table);
        for (folder, place) in concerned {
            let mut wakes = Vec::new();
            if let Some(slot) = self.shared.loaded(&folder)
                && let Some(mailbox) = &mut *slot.lock()
            {
                // What we did ourselves is no news.
                if name.is_some_and(|name| !mailbox.is_news(place, name)) {
                    continue;
                }
                mailbox.doubt();
                wakes = mailbox.ledger.watchers(None);
            }
            wakes.extend(self.shared.observed.notice(&self.shared, &folder));
            for wake in wakes {
                wake();
            }
        }
    }

    /// Looks for other names of an account that is observed.
    fn notice_names(&self, descriptor: i32, events: ReadFlags, name: Option<&[u8]>) {
        let mut table = lock(&self.shared.watches.0);
        if events.contains(ReadFlags::IGNORED) {
            table.names.remove(&descriptor);
        }
        let mut concerned: Vec<Names> = match events.contains(ReadFlags::QUEUE_OVERFLOW) {
            true => table.names.values().cloned().collect(),
            false => table.names.get(&descriptor).cloned().into_iter().collect(),
        };
        concerned.retain(|names| {
            let Some(name) = name else {
                return true;
            };
            let is_folder = name.starts_with(b".") && names.folder == names.account;
            if is_folder && events.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
                // It may become a mailbox only when its own folders are there.
                let folder = names.folder.join(OsStr::from_bytes(name));
                table.begin_names(names.account.clone(), folder);
            }
            let is_own = matches!(name, b"cur" | b"new") && names.folder != names.account;
            is_folder || is_own || name == SUBSCRIPTIONS.as_bytes()
        });
        drop(table);
        for Names { account, .. } in concerned {
            for wake in self.shared.observed.notice_names(&account) {
                wake();
            }
        }
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
