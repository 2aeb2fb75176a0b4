use crate::altered::Altered;
use crate::index::FILE;
use crate::{Errno, File, Files, Lock, RealFiles, Result, Stat};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A machine whose power can be cut: it knows what of `postroad-index` was synced. Processes on it end
/// without a trace, their locks included.
#[derive(Clone)]
pub(super) struct Machine {
    boot: PathBuf,
    index: PathBuf,
    disk: Arc<Mutex<Disk>>,
}

#[derive(Default)]
struct Disk {
    /// What was written to each file that has had the name.
    written: BTreeMap<u64, Vec<u8>>,
    /// Where each write to it ended.
    ends: BTreeMap<u64, Vec<usize>>,
    /// How much of it was synced.
    synced: BTreeMap<u64, usize>,
    /// Which of them has the name on stable storage.
    named: Option<u64>,
    boots: usize,
}

struct Opened {
    inner: Box<dyn File>,
    disk: Arc<Mutex<Disk>>,
}

impl Machine {
    pub(super) fn new(root: &Path, folder: &str) -> Self {
        let machine = Self {
            boot: root.join("boot_id"),
            index: root.join(folder).join(FILE),
            disk: Arc::default(),
        };
        machine.start();
        machine
    }

    fn start(&self) {
        let mut disk = self.disk.lock().unwrap();
        disk.boots += 1;
        fs::write(&self.boot, format!("{:032x}\n", disk.boots)).unwrap();
    }

    /// Cuts the power: the name's or the new file's content is there as far as it was synced, and
    /// behind that as much as chance wants: mostly whole writes.
    pub(super) fn cut(&self, mut chance: usize) {
        {
            let mut disk = self.disk.lock().unwrap();
            let now = fs::metadata(&self.index).ok();
            let now = now.map(|metadata| std::os::unix::fs::MetadataExt::ino(&metadata));
            let survivor = if chance.is_multiple_of(2) { now } else { disk.named };
            chance /= 2;
            let _ = fs::remove_file(&self.index);
            if let Some(inode) = survivor
                && let Some(written) = disk.written.get(&inode)
            {
                let synced = disk.synced.get(&inode).copied().unwrap_or(0);
                let ends = disk.ends.get(&inode).into_iter().flatten().copied();
                let ends: Vec<usize> = ends.filter(|end| *end >= synced).collect();
                let length = match chance % 4 {
                    0 => synced + chance / 4 % (written.len() - synced + 1),
                    _ => ends.get(chance / 4 % ends.len().max(1)).copied().unwrap_or(synced),
                };
                fs::write(&self.index, &written[..length]).unwrap();
            }
            *disk = Disk { boots: disk.boots, ..Disk::default() };
        }
        self.adopt();
        self.start();
    }

    /// Takes what is there for synced.
    fn adopt(&self) {
        if let (Ok(content), Ok(stat)) = (fs::read(&self.index), RealFiles.stat(&self.index)) {
            let mut disk = self.disk.lock().unwrap();
            disk.synced.insert(stat.inode, content.len());
            disk.ends.insert(stat.inode, vec![content.len()]);
            disk.written.insert(stat.inode, content);
            disk.named = Some(stat.inode);
        }
    }

    fn opened(&self, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(Opened { inner, disk: self.disk.clone() })
    }
}

impl Altered for Machine {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        let file = RealFiles.create(path)?;
        let mut disk = self.disk.lock().unwrap();
        // A number that is used again is another file.
        let inode = file.stat()?.inode;
        disk.written.insert(inode, Vec::new());
        disk.synced.remove(&inode);
        disk.ends.remove(&inode);
        drop(disk);
        Ok(self.opened(file))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        Ok(self.opened(RealFiles.append(path)?))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        let is_boot = path == Path::new("/proc/sys/kernel/random/boot_id");
        RealFiles.open(if is_boot { &self.boot } else { path })
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        if Some(path) == self.index.parent() {
            let inode = RealFiles.stat(&self.index).ok().map(|stat| stat.inode);
            self.disk.lock().unwrap().named = inode;
        }
        Ok(())
    }

    fn free(&self, _: &Path) -> Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self, _: &Path, _: bool) -> Result<Lock> {
        Ok(Lock::new(()))
    }
}

impl File for Opened {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.inner.write(bytes)?;
        let inode = self.inner.stat()?.inode;
        let mut disk = self.disk.lock().unwrap();
        let written = disk.written.entry(inode).or_default();
        written.extend_from_slice(bytes);
        let end = written.len();
        disk.ends.entry(inode).or_default().push(end);
        Ok(())
    }

    fn read_at(&mut self, _: u64, _: &mut [u8]) -> Result<usize> {
        Err(Errno::BADF)
    }

    fn set_date(&mut self, seconds: i64) -> Result<()> {
        self.inner.set_date(seconds)
    }

    fn sync(&mut self) -> Result<()> {
        let inode = self.inner.stat()?.inode;
        let mut disk = self.disk.lock().unwrap();
        let length = disk.written.get(&inode).map_or(0, Vec::len);
        disk.synced.insert(inode, length);
        Ok(())
    }

    fn stat(&self) -> Result<Stat> {
        self.inner.stat()
    }
}
