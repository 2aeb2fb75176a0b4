//! Changes of names whose answer may be lost. Over NFS they are repeated then, and the repetition fails
//! although the change was made: the folder tells.

use super::{Errno, Files, Result};
use std::path::Path;

/// Gives a file one more name, which is no other file's.
pub(crate) fn link(files: &dyn Files, from: &Path, to: &Path) -> Result<()> {
    let inode = |path| files.stat(path).map(|stat| stat.inode);
    match files.link(from, to) {
        Err(Errno::EXIST) if inode(from).is_ok_and(|from| inode(to) == Ok(from)) => Ok(()),
        done => done,
    }
}

/// Renames what nothing else can have had the new name of: a file or folder that is in the one place
/// or the other.
pub(crate) fn rename(files: &dyn Files, from: &Path, to: &Path) -> Result<()> {
    match files.rename(from, to) {
        Err(Errno::NOENT) if files.stat(to).is_ok() => Ok(()),
        done => done,
    }
}

/// Lets a file, whose number in the file system is `inode`, take the place of another.
pub(crate) fn replace(files: &dyn Files, from: &Path, to: &Path, inode: u64) -> Result<()> {
    match files.rename(from, to) {
        Err(Errno::NOENT) if files.stat(to).is_ok_and(|stat| stat.inode == inode) => Ok(()),
        done => done,
    }
}
