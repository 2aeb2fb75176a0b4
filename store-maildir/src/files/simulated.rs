//! A disk in memory that forgets, at a crash, whatever was not synced.

use super::{Errno, File, Files, Lock, Result, Stat};
use postroad_core::entropy::Entropy;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A disk in memory, empty but for `/`. Clones share it, as processes share a machine.
///
/// What a [`crash`](Self::crash) leaves is what a file system may leave: of the changes of names
/// that no sync of a folder has put on stable storage any selection has happened, each one as a
/// whole, a rename too; of octets that were not synced a part is there, or zeros. What was synced is
/// there.
#[derive(Clone, Default)]
pub struct SimulatedFiles(Arc<Machine>);

#[derive(Default)]
struct Machine {
    disk: Mutex<Disk>,
    unlocked: Condvar,
}

#[derive(Default)]
struct Disk {
    now: Names,
    /// The names on stable storage.
    kept: Names,
    /// What has been done to names since.
    pending: Vec<Change>,
    locked: HashSet<PathBuf>,
    /// Seconds since the Unix epoch.
    clock: i64,
    /// Grows with every change, so that no two carry the same time.
    tick: u64,
    /// How many syncs of files go well before one fails.
    syncs_left: Option<usize>,
}

#[derive(Clone, Default)]
struct Names {
    nodes: BTreeMap<PathBuf, Node>,
    modified: BTreeMap<PathBuf, (i64, u64)>,
}

#[derive(Clone)]
enum Node {
    /// Its inode.
    Folder(u64),
    File(Arc<Mutex<Octets>>),
}

/// Something that was done to names, whole or not at all.
#[derive(Clone)]
struct Change {
    gone: Option<PathBuf>,
    come: Option<(PathBuf, Node)>,
    at: (i64, u64),
}

#[derive(Clone, Default)]
struct Octets {
    inode: u64,
    now: Vec<u8>,
    /// Those on stable storage; zeros where a sync has failed.
    kept: Vec<u8>,
    modified: (i64, u64),
    kept_modified: (i64, u64),
}

struct Opened {
    machine: Arc<Machine>,
    octets: Arc<Mutex<Octets>>,
}

struct Held {
    machine: Arc<Machine>,
    path: PathBuf,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimulatedFiles {
    /// Sets the clock that dates changes, in seconds since the Unix epoch.
    pub fn set_clock(&self, seconds: i64) {
        lock(&self.0.disk).clock = seconds;
    }

    /// Lets one sync of a file fail after so many that don't. What it should have written is lost,
    /// although it can still be read until the next crash, and no later sync writes it.
    pub fn fail_a_sync(&self, after: usize) {
        lock(&self.0.disk).syncs_left = Some(after);
    }

    /// Stops the machine and starts it again; `entropy` says what of all that was not synced is left.
    pub fn crash(&self, entropy: &mut Entropy) {
        let mut disk = lock(&self.0.disk);
        // Often all of it, or nothing: the states between are many, and these matter most.
        let chance = [0, 1, 2, 3, 4][entropy.below(5) as usize];
        let mut names = disk.kept.clone();
        for change in std::mem::take(&mut disk.pending) {
            if entropy.below(4) < chance {
                names.apply(&change);
            }
        }
        names.drop_unreachable();
        for node in names.nodes.values() {
            if let Node::File(octets) = node {
                lock(octets).crash(entropy);
            }
        }
        disk.kept = names.clone();
        disk.now = names;
        disk.locked.clear();
    }

    fn add(&self, path: &Path) -> Result<Box<dyn File>> {
        let mut disk = lock(&self.0.disk);
        disk.check_parent(path)?;
        let inode = disk.next_tick();
        let modified = (disk.clock, inode);
        let octets = Octets { inode, modified, kept_modified: modified, ..Octets::default() };
        let octets = Arc::new(Mutex::new(octets));
        disk.change(None, Some((path, Node::File(octets.clone()))));
        Ok(Box::new(Opened { machine: self.0.clone(), octets }))
    }
}

impl Disk {
    fn next_tick(&mut self) -> u64 {
        self.tick += 1;
        self.tick
    }

    fn change(&mut self, gone: Option<&Path>, come: Option<(&Path, Node)>) {
        let at = (self.clock, self.next_tick());
        let come = come.map(|(path, node)| (path.into(), node));
        let change = Change { gone: gone.map(PathBuf::from), come, at };
        self.now.apply(&change);
        self.pending.push(change);
    }

    fn node(&self, path: &Path) -> Result<&Node> {
        self.now.nodes.get(path).ok_or(Errno::NOENT)
    }

    fn is_root(path: &Path) -> bool {
        path.parent().is_none()
    }

    fn check_parent(&self, path: &Path) -> Result<()> {
        match path.parent() {
            Some(parent) if Self::is_root(parent) => Ok(()),
            Some(parent) => match self.node(parent)? {
                Node::Folder(_) => Ok(()),
                Node::File(_) => Err(Errno::NOTDIR),
            },
            None => Err(Errno::EXIST),
        }
    }
}

impl Names {
    /// Does a change, as far as it makes sense here.
    fn apply(&mut self, change: &Change) {
        let mut inside = Vec::new();
        if let Some(gone) = &change.gone {
            self.nodes.remove(gone);
            self.touch(gone, change.at);
            // What is in a folder goes where the folder goes.
            let below = self.nodes.keys().filter(|path| path.starts_with(gone)).cloned();
            for path in below.collect::<Vec<_>>() {
                if let (Some(node), Ok(rest)) = (self.nodes.remove(&path), path.strip_prefix(gone))
                {
                    inside.push((rest.to_owned(), node));
                }
            }
        }
        if let Some((path, node)) = &change.come {
            self.nodes.insert(path.clone(), node.clone());
            self.nodes.extend(inside.into_iter().map(|(rest, node)| (path.join(rest), node)));
            self.touch(path, change.at);
        }
    }

    /// What is in a folder that is not there can't be reached any more.
    fn drop_unreachable(&mut self) {
        let mut reachable: BTreeMap<PathBuf, Node> = BTreeMap::new();
        // A folder comes before what is in it.
        for (path, node) in std::mem::take(&mut self.nodes) {
            let is_reachable = path.parent().is_some_and(|parent| {
                Disk::is_root(parent) || matches!(reachable.get(parent), Some(Node::Folder(_)))
            });
            if is_reachable {
                reachable.insert(path, node);
            }
        }
        self.nodes = reachable;
    }

    /// The folder that holds `path` has changed.
    fn touch(&mut self, path: &Path, at: (i64, u64)) {
        if let Some(folder) = path.parent() {
            self.modified.insert(folder.into(), at);
        }
    }
}

impl Change {
    /// Whether it is about a name in `folder`.
    fn concerns(&self, folder: &Path) -> bool {
        let come = self.come.as_ref().map(|(path, _)| path);
        self.gone.iter().chain(come).any(|path| path.parent() == Some(folder))
    }
}

impl Octets {
    fn crash(&mut self, entropy: &mut Entropy) {
        let from = self.kept.len();
        let lost = self.now.len() - from;
        let some = usize::try_from(entropy.below(lost as u64 + 1)).unwrap_or(0);
        let tail = match entropy.below(3) {
            0 => vec![0; some],
            _ => self.now[from..from + some].to_vec(),
        };
        self.kept.extend(tail);
        self.now = self.kept.clone();
        if entropy.below(2) == 0 {
            self.modified = self.kept_modified;
        }
        self.kept_modified = self.modified;
    }
}

impl Files for SimulatedFiles {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        match self.open(path) {
            Ok(_) | Err(Errno::ISDIR) => Err(Errno::EXIST),
            Err(_) => self.add(path),
        }
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        match self.open(path) {
            Err(Errno::NOENT) => self.add(path),
            done => done,
        }
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        match lock(&self.0.disk).node(path)? {
            Node::File(octets) => {
                Ok(Box::new(Opened { machine: self.0.clone(), octets: octets.clone() }))
            }
            Node::Folder(_) => Err(Errno::ISDIR),
        }
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        let node = disk.node(from)?.clone();
        disk.check_parent(to)?;
        if disk.node(to).is_ok() {
            return Err(Errno::EXIST);
        }
        disk.change(None, Some((to, node)));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        let node = disk.node(from)?.clone();
        disk.check_parent(to)?;
        match (&node, disk.node(to)) {
            (Node::File(_), Ok(Node::Folder(_))) => return Err(Errno::ISDIR),
            (Node::Folder(_), Ok(_)) => return Err(Errno::NOTEMPTY),
            _ => {}
        }
        if from != to {
            disk.change(Some(from), Some((to, node)));
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        if let Node::Folder(_) = disk.node(path)? {
            return Err(Errno::ISDIR);
        }
        disk.change(Some(path), None);
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        if disk.node(path).is_ok() {
            return Err(Errno::EXIST);
        }
        disk.check_parent(path)?;
        let inode = disk.next_tick();
        disk.change(None, Some((path, Node::Folder(inode))));
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        if let Node::File(_) = disk.node(path)? {
            return Err(Errno::NOTDIR);
        }
        if disk.now.nodes.keys().any(|name| name.parent() == Some(path)) {
            return Err(Errno::NOTEMPTY);
        }
        disk.change(Some(path), None);
        Ok(())
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        let disk = lock(&self.0.disk);
        if !Disk::is_root(path)
            && let Node::File(_) = disk.node(path)?
        {
            return Err(Errno::NOTDIR);
        }
        let inside = disk.now.nodes.keys().filter(|name| name.parent() == Some(path));
        let names = inside.filter_map(|name| name.file_name());
        Ok(names.map(|name| name.as_encoded_bytes().to_vec()).collect())
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        let disk = lock(&self.0.disk);
        match disk.node(path)? {
            Node::File(octets) => Ok(lock(octets).stat()),
            Node::Folder(inode) => {
                let modified = disk.now.modified.get(path).copied();
                let modified = modified.unwrap_or((0, *inode));
                let (is_folder, is_file) = (true, false);
                Ok(Stat { size: 0, modified, inode: *inode, is_folder, is_file })
            }
        }
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        let mut disk = lock(&self.0.disk);
        let Disk { kept, pending, .. } = &mut *disk;
        pending.retain(|change| {
            let is_synced = change.concerns(path);
            if is_synced {
                kept.apply(change);
            }
            !is_synced
        });
        Ok(())
    }

    fn free(&self, _: &Path) -> Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        drop(self.append(path)?);
        let mut disk = lock(&self.0.disk);
        while !disk.locked.insert(path.into()) {
            if !wait {
                return Err(Errno::AGAIN);
            }
            let freed = self.0.unlocked.wait(disk);
            disk = freed.unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Lock::new(Held { machine: self.0.clone(), path: path.into() }))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.machine.disk).locked.remove(&self.path);
        self.machine.unlocked.notify_all();
    }
}

impl Octets {
    fn stat(&self) -> Stat {
        Stat {
            size: self.now.len() as u64,
            modified: self.modified,
            inode: self.inode,
            is_folder: false,
            is_file: true,
        }
    }
}

impl File for Opened {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut disk = lock(&self.machine.disk);
        let modified = (disk.clock, disk.next_tick());
        let mut octets = lock(&self.octets);
        octets.now.extend_from_slice(bytes);
        octets.modified = modified;
        Ok(())
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        let octets = lock(&self.octets);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = octets.now.get(offset..).unwrap_or_default();
        let count = bytes.len().min(rest.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn set_date(&mut self, seconds: i64) -> Result<()> {
        lock(&self.octets).modified = (seconds, 0);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let fails = match &mut lock(&self.machine.disk).syncs_left {
            left @ Some(0) => left.take().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        let octets = &mut *lock(&self.octets);
        if fails {
            octets.kept.resize(octets.now.len(), 0);
            return Err(Errno::IO);
        }
        octets.kept.extend_from_slice(&octets.now[octets.kept.len()..]);
        octets.kept_modified = octets.modified;
        Ok(())
    }

    fn stat(&self) -> Result<Stat> {
        Ok(lock(&self.octets).stat())
    }
}
