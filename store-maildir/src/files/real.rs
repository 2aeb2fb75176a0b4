//! The files of the machine, by its system calls.

use super::{Errno, File, Files, Lock, Result, Stat};
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT,
};
use std::path::Path;

/// The file system of the machine.
#[derive(Clone, Copy, Default, Debug)]
pub struct RealFiles;

struct Opened {
    fd: OwnedFd,
    dated: bool,
}

fn open(path: &Path, flags: OFlags) -> Result<Box<dyn File>> {
    let fd = retry(|| rustix::fs::open(path, flags | OFlags::CLOEXEC, owner_only()))?;
    Ok(Box::new(Opened { fd, dated: false }))
}

const fn owner_only() -> Mode {
    Mode::RUSR.union(Mode::WUSR)
}

/// Repeats what a signal interrupted.
fn retry<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    rustix::io::retry_on_intr(&mut call)
}

impl Files for RealFiles {
    fn create(&self, path: &Path) -> Result<Box<dyn File>> {
        open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)
    }

    fn append(&self, path: &Path) -> Result<Box<dyn File>> {
        open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::NOFOLLOW)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn File>> {
        // A pipe of that name would have us wait for whoever writes into it.
        open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW)
    }

    fn link(&self, from: &Path, to: &Path) -> Result<()> {
        retry(|| rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty()))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        retry(|| rustix::fs::rename(from, to))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        retry(|| rustix::fs::unlink(path))
    }

    fn make_folder(&self, path: &Path) -> Result<()> {
        retry(|| rustix::fs::mkdir(path, Mode::RWXU))
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        retry(|| rustix::fs::rmdir(path))
    }

    fn list(&self, path: &Path) -> Result<Vec<Vec<u8>>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = retry(|| rustix::fs::open(path, flags, Mode::empty()))?;
        let mut names = Vec::new();
        for entry in Dir::new(fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        Ok(names)
    }

    fn stat(&self, path: &Path) -> Result<Stat> {
        retry(|| rustix::fs::lstat(path)).map(Stat::from)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = retry(|| rustix::fs::open(path, flags, Mode::empty()))?;
        // A failed sync is final: it is not repeated, for the kernel may report it only once.
        rustix::fs::fsync(fd)
    }

    fn free(&self, path: &Path) -> Result<u64> {
        let space = retry(|| rustix::fs::statvfs(path))?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn lock(&self, path: &Path, wait: bool) -> Result<Lock> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let fd = retry(|| rustix::fs::open(path, flags, owner_only()))?;
        let operation = if wait {
            FlockOperation::LockExclusive
        } else {
            FlockOperation::NonBlockingLockExclusive
        };
        retry(|| rustix::fs::flock(&fd, operation))?;
        Ok(Lock::new(fd))
    }
}

impl File for Opened {
    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            match retry(|| rustix::io::write(&self.fd, bytes))? {
                0 => return Err(Errno::IO),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }

    fn read_at(&mut self, offset: u64, bytes: &mut [u8]) -> Result<usize> {
        retry(|| rustix::io::pread(&self.fd, &mut *bytes, offset))
    }

    fn set_date(&mut self, seconds: i64) -> Result<()> {
        self.dated = true;
        let times = Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: seconds, tv_nsec: 0 },
        };
        rustix::fs::futimens(&self.fd, &times)
    }

    fn sync(&mut self) -> Result<()> {
        // The date is no part of what fdatasync promises.
        if self.dated { rustix::fs::fsync(&self.fd) } else { rustix::fs::fdatasync(&self.fd) }
    }

    fn stat(&self) -> Result<Stat> {
        rustix::fs::fstat(&self.fd).map(Stat::from)
    }
}

impl From<rustix::fs::Stat> for Stat {
    fn from(stat: rustix::fs::Stat) -> Self {
        let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: (stat.st_mtime, stat.st_mtime_nsec),
            inode: stat.st_ino,
            is_folder: kind.is_dir(),
            is_file: kind.is_file(),
        }
    }
}
