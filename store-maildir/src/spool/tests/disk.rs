//! A disk in memory that can lose, at a crash, whatever was not synced.

use crate::{Errno, File, Files, Lock, Result, Stat};
use postroad_core::entropy::Entropy;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// A disk with an empty `/`.
#[derive(Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The names as they are.
    names: BTreeMap<PathBuf, Node>,
    /// The names on stable storage.
    kept: BTreeMap<PathBuf, Node>,
    /// How many syncs of files go well before one fails.
    syncs_left: Option<usize>,
}

#[derive(Clone)]
enum Node {
    Folder,
    File(Arc<Mutex<Octets>>),
}

#[derive(Clone, Default)]
struct Octets {
    now: Vec<u8>,
    /// Those on stable storage; zeros where a sync has failed.
    kept: Vec<u8>,
}

struct Opened {
    disk: Disk,
    octets: Arc<Mutex<Octets>>,
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets one sync of a file fail after so many that don't. What it should have written is lost,
    /// although it can still be read until the next crash, and no later sync writes it.
    pub(super) fn fail_a_sync(&self, after: usize) {
        self.state().syncs_left = Some(after);
    }

    /// Stops the machine: every name that was not synced is as it was or as it should be, and of
    /// octets that were not synced a part is there, or zeros.
    pub(super) fn crash(&self, entropy: &mut Entropy) {
        let mut state = self.state();
        let State { names, kept, .. } = &mut *state;
        let mut coin = || entropy.below(2) == 0;
        let mut after = BTreeMap::new();
        for path in names.keys().chain(kept.keys()).collect::<BTreeSet<_>>() {
            let (now, before) = (names.get(path), kept.get(path));
            let same = match (now, before) {
                (Some(Node::File(now)), Some(Node::File(before))) => Arc::ptr_eq(now, before),
                (Some(Node::Folder), Some(Node::Folder)) => true,
                _ => false,
            };
            let survivor = if same || coin() { now } else { before };
            if let Some(node) = survivor {
                after.insert(path.clone(), node.clone());
            }
        }
        *kept = after.clone();
        *names = after;
        for node in names.values() {
            let Node::File(octets) = node else { continue };
            let mut octets = octets.lock().unwrap();
            let lost = octets.now.len() - octets.kept.len();
            let some = entropy.below(lost as u64 + 1) as usize;
            let from = octets.kept.len();
            let tail = match entropy.below(3) {
                0 => vec![0; some],
                _ => octets.now[from..from + some].to_vec(),
            };
            octets.kept.extend(tail);
            octets.now = octets.kept.clone();
        }
    }

    fn add(&self, path: &Path) -> Box<dyn File> {
        let octets = Arc::new(Mutex::default());
        self.state().names.insert(path.into(), Node::File(octets.clone()));
        Box::new(Opened { disk: self.clone(), octets })
    }
}

impl State {
    fn take(&mut self, path: &Path) -> Result<Node> {
        self.names.remove(path).ok_or(Errno::NOENT)
    }
}

impl Files for Disk {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        match self.open(path) {
            Ok(_) => Err(Errno::EXIST),
            Err(_) => Ok(self.add(path)),
        }
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        self.open(path).or_else(|_| Ok(self.add(path)))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        match self.state().names.get(path) {
            Some(Node::File(octets)) => {
                Ok(Box::new(Opened { disk: self.clone(), octets: octets.clone() }))
            }
            Some(Node::Folder) => Err(Errno::ISDIR),
            None => Err(Errno::NOENT),
        }
    }

    fn link(&self, _: &Path, _: &Path) -> Result<()> {
        Err(Errno::NOSYS)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut state = self.state();
        let node = state.take(from)?;
        state.names.insert(to.into(), node);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        self.state().take(path).map(|_| ())
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        let mut state = self.state();
        if state.names.contains_key(path) {
            return Err(Errno::EXIST);
        }
        state.names.insert(path.into(), Node::Folder);
        Ok(())
    }

    fn remove_folder(&self, _: &Path) -> Result<()> {
        Err(Errno::NOSYS)
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        let state = self.state();
        let inside = state.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.map(|name| name.file_name().unwrap().as_encoded_bytes().to_vec()).collect())
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        self.open(path)?.stat()
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        let State { names, kept, .. } = &mut *self.state();
        kept.retain(|name, _| name.parent() != Some(path));
        let inside = names.iter().filter(|(name, _)| name.parent() == Some(path));
        kept.extend(inside.map(|(name, node)| (name.clone(), node.clone())));
        Ok(())
    }

    fn free(&self, _: &Path) -> Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self, _: &Path, _: bool) -> Result<Lock> {
        Err(Errno::NOSYS)
    }
}

impl File for Opened {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.octets.lock().unwrap().now.extend_from_slice(bytes);
        Ok(())
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        let octets = self.octets.lock().unwrap();
        let rest = octets.now.get(offset as usize..).unwrap_or_default();
        let count = bytes.len().min(rest.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn set_date(&mut self, _: i64) -> Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        let fails = match &mut self.disk.state().syncs_left {
            left @ Some(0) => left.take().is_some(),
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        let Octets { now, kept } = &mut *self.octets.lock().unwrap();
        if fails {
            kept.resize(now.len(), 0);
            return Err(Errno::IO);
        }
        kept.extend_from_slice(&now[kept.len()..]);
        Ok(())
    }

    fn stat(&self) -> Result<Stat> {
        let size = self.octets.lock().unwrap().now.len() as u64;
        Ok(Stat { size, modified: (0, 0), inode: 0, is_folder: false, is_file: true })
    }
}
