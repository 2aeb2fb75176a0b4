//! Messages as they are read.

use super::HEAD;
use crate::files::{Errno, File, Files};
use postroad_core::queue::{Envelope, Id};
use postroad_core::store::Failure;
use std::fmt;
use std::path::{Path, PathBuf};

/// Octets in which most envelopes end.
const STEP: usize = 4 * 1024;

/// A file of the spool that can't be read. It stays where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damaged {
    /// Which.
    pub path: PathBuf,
    /// What is wrong with it, in words.
    pub why: String,
}

impl Damaged {
    pub(super) fn new(path: &Path, why: impl fmt::Display) -> Self {
        Self { path: path.into(), why: why.to_string() }
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Damaged {}

impl From<Damaged> for Failure {
    fn from(damaged: Damaged) -> Self {
        Self::Io(damaged.to_string())
    }
}

/// The content of a message, open to be read.
pub(super) struct Content {
    id: Id,
    path: PathBuf,
    file: Box<dyn File>,
    /// Octets in front of the content.
    head: u64,
    size: u64,
}

impl Content {
    /// The message in the file; `None` if there is no such file.
    pub(super) fn open(
        files: &dyn Files,
        id: Id,
        path: PathBuf,
    ) -> Result<Option<(Envelope, Self)>, Damaged> {
        let damaged = |errno: Errno| Damaged::new(&path, errno);
        let mut file = match files.open(&path) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(damaged(errno)),
        };
        let (envelope, head) = read_head(&mut *file).map_err(|why| Damaged::new(&path, why))?;
        if envelope.id != id {
            return Err(Damaged::new(&path, format!("this is the envelope of {}", envelope.id)));
        }
        let size = file.stat().map_err(damaged)?.size.saturating_sub(head);
        Ok(Some((envelope, Self { id, path, file, head, size })))
    }

    pub(super) const fn id(&self) -> Id {
        self.id
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Reads at most `length` octets from `offset` on; whether the content ends there.
    pub(super) fn read(
        &mut self,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<bool, Damaged> {
        let left = self.size.saturating_sub(offset);
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(length);
        octets.resize(length, 0);
        let mut filled = 0;
        while filled < length {
            let at = self.head + offset + filled as u64;
            match self.file.read_at(at, &mut octets[filled..]) {
                Ok(0) => return Err(Damaged::new(&self.path, "the content is cut short")),
                Ok(count) => filled += count,
                Err(errno) => return Err(Damaged::new(&self.path, errno)),
            }
        }
        Ok(length as u64 == left)
    }
}

/// Reads the envelope at the beginning of a file; says how many octets it takes.
fn read_head(file: &mut dyn File) -> Result<(Envelope, u64), String> {
    let (mut octets, mut filled) = (vec![0; STEP], 0);
    loop {
        let count = file.read_at(filled as u64, &mut octets[filled..]);
        let count = count.map_err(|errno| errno.to_string())?;
        filled += count;
        match Envelope::read(&octets[..filled]) {
            Ok(Some((envelope, head))) => return Ok((envelope, head as u64)),
            Ok(None) if count > 0 && filled < HEAD => octets.resize(HEAD.min(2 * filled), 0),
            Ok(None) => return Err("the envelope has no end".into()),
            Err(damaged) => return Err(damaged.to_string()),
        }
    }
}
