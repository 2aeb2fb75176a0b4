//! What other programs do is noticed at once: inotify on the folders that sessions watch.

use crate::files::Errno;
use crate::mailbox::Place;
use crate::shared::{Shared, lock};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use std::collections::HashMap;
use std::mem::MaybeUninit;
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
}

struct Watched {
    sessions: usize,
    descriptors: [Option<i32>; 2],
}

impl Watches {
    /// One more session watches `folder`.
    pub(crate) fn add(&self, folder: &Path) {
        let mut table = lock(&self.0);
        match table.folders.get_mut(folder) {
            Some(watched) => watched.sessions += 1,
            None => table.begin(folder.into(), 1),
        }
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
        let descriptors = table.folders.remove(folder).map(|last| last.descriptors);
        for descriptor in descriptors.into_iter().flatten().flatten() {
            table.descriptors.remove(&descriptor);
            if let Some(fd) = &table.fd {
                // The kernel has removed it already if the folder is gone.
                let _ = inotify::remove_watch(fd, descriptor);
            }
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
        let table = lock(&self.shared.watches.0);
        let concerned: Vec<(PathBuf, Place)> = if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            table.descriptors.values().cloned().collect()
        } else {
            let one = table.descriptors.get(&descriptor).cloned();
            one.into_iter().collect()
        };
        drop(table);
        for (folder, place) in concerned {
            let Some(slot) = self.shared.loaded(&folder) else {
                continue;
            };
            let mut guard = lock(&slot);
            let Some(mailbox) = &mut *guard else {
                continue;
            };
            // What we did ourselves is no news.
            if name.is_none_or(|name| mailbox.is_news(place, name)) {
                mailbox.doubt();
                let wakes = mailbox.ledger.watchers(None);
                drop(guard);
                for wake in wakes {
                    wake();
                }
            }
        }
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
