//! Looking at a spool that another process works with.

use super::{Damaged, log_path, message_path, scan};
use crate::files::RealFiles;
use postroad_core::queue::{Entry, Id};
use std::io;
use std::path::PathBuf;

/// A look at the messages in a folder, which changes nothing: unlike a [`Spool`](super::Spool), it
/// may be had while another process has the folder open.
#[derive(Clone, Debug)]
pub struct SpoolReader {
    root: PathBuf,
}

impl SpoolReader {
    /// A look at the messages in `root`, which need not exist.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Which messages there are, by ascending id.
    ///
    /// # Errors
    /// If the folder can't be listed.
    pub fn ids(&self) -> io::Result<Vec<Id>> {
        match scan::names(&RealFiles, &self.root) {
            Ok(names) => Ok(names.messages),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A message with what was noted of it, if it is there.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn entry(&self, id: Id) -> Result<Option<Entry>, Damaged> {
        let (message, log) = (message_path(&self.root, id), log_path(&self.root, id));
        scan::entry(&RealFiles, id, message, Some(&log))
    }
}
