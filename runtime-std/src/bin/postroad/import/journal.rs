//! What of a source was imported: a file in the account's folder.
//!
//! ```text
//! 5d3c1b2a item 1790000000.M1P2.host    to be filed next
//! 0badcafe try 18                       now, when the mailbox's next UID is 18
//! 77aa01ff done                         all that was to be filed is
//! ```
//!
//! Each line stands behind a checksum, and is on the disk before the next step is taken.

use postroad_core::encoding::checked;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The journal of one source and one mailbox.
pub struct Journal {
    file: File,
    text: String,
    /// Of those that were being filed when an import ended.
    pub doubt: Option<Doubt>,
}

/// Messages of which it is not known whether they were filed.
pub struct Doubt {
    /// No smaller UID is one of theirs.
    pub from: u32,
    /// What they are called in the source.
    pub items: Vec<String>,
}

/// What a journal has said so far.
#[derive(Default)]
struct Reading {
    /// What was noted last, and the next UID when it was begun to be filed.
    items: Vec<String>,
    from: Option<u32>,
    /// The same of what was begun before, and not done.
    doubtful: Vec<String>,
    doubtful_from: Option<u32>,
}

impl Reading {
    fn take(&mut self, record: &str, mut done: impl FnMut(String)) {
        match record.split_once(' ').unwrap_or((record, "")) {
            ("item", item) => {
                self.set_aside();
                self.items.push(item.to_owned());
            }
            ("try", uid) => self.from = uid.parse().ok(),
            ("done", _) => {
                self.from = None;
                for item in self.items.drain(..) {
                    self.doubtful.retain(|doubtful| *doubtful != item);
                    done(item);
                }
            }
            // What was noted was never begun.
            ("void", _) => self.items.clear(),
            _ => {}
        }
    }

    /// Whatever comes now, what was begun was not done.
    fn set_aside(&mut self) {
        if let Some(from) = self.from.take() {
            self.doubtful.append(&mut self.items);
            self.doubtful_from = Some(self.doubtful_from.map_or(from, |first| first.min(from)));
        }
    }

    fn doubt(mut self) -> Option<Doubt> {
        self.set_aside();
        let from = self.doubtful_from.filter(|_| !self.doubtful.is_empty())?;
        Some(Doubt { from, items: self.doubtful })
    }
}

impl Journal {
    /// Opens the journal, telling `done` what was filed, in its order.
    ///
    /// # Errors
    /// If it can't be read or written.
    pub fn open(path: &Path, mut done: impl FnMut(String)) -> io::Result<Self> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut read = Reading::default();
        let mut torn = false;
        for line in text.split_inclusive(|octet| *octet == b'\n') {
            let record = checked::record(line).and_then(|it| std::str::from_utf8(it).ok());
            torn |= record.is_none();
            record.into_iter().for_each(|record| read.take(record, &mut done));
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let mut journal = Self { file, text: String::new(), doubt: None };
        if torn && !text.ends_with(b"\n") {
            journal.text.push('\n');
        }
        if read.from.is_none() && !read.items.is_empty() {
            checked::push(&mut journal.text, "void");
        }
        journal.put()?;
        journal.doubt = read.doubt();
        Ok(journal)
    }

    /// Notes that an item is to be filed next.
    pub fn item(&mut self, item: &str) {
        checked::push(&mut self.text, &format!("item {item}"));
    }

    /// Notes that what is noted is being filed.
    ///
    /// # Errors
    /// If that can't be put on the disk; so for every step here.
    pub fn attempt(&mut self, uid_next: u32) -> io::Result<()> {
        checked::push(&mut self.text, &format!("try {uid_next}"));
        self.put()
    }

    /// Notes that it is filed.
    ///
    /// # Errors
    /// As [`attempt`](Self::attempt).
    pub fn done(&mut self) -> io::Result<()> {
        checked::push(&mut self.text, "done");
        self.put()
    }

    fn put(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.file.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_and_not_done_is_in_doubt() {
        let path = std::env::temp_dir().join(format!("postroad-journal-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let open = || {
            let mut done = Vec::new();
            let journal = Journal::open(&path, |item| done.push(item)).unwrap();
            (journal, done)
        };
        let (mut journal, _) = open();
        for item in ["a", "b"] {
            journal.item(item);
        }
        journal.attempt(7).unwrap();
        journal.done().unwrap();
        journal.item("c");
        journal.item("d");
        journal.attempt(9).unwrap();
        let (mut journal, done) = open();
        assert_eq!(done, ["a", "b"]);
        let doubt = journal.doubt.take().unwrap();
        assert_eq!((doubt.from, doubt.items), (9, vec!["c".into(), "d".into()]));
        // One of them turns out to be there.
        journal.item("c");
        journal.done().unwrap();
        let (journal, done) = open();
        assert_eq!(done, ["a", "b", "c"]);
        assert_eq!(journal.doubt.unwrap().items, ["d"]);
        // A crash tears what is being noted.
        let mut text = std::fs::read(&path).unwrap();
        let mut more = String::new();
        checked::push(&mut more, "item e");
        text.extend_from_slice(more.as_bytes());
        text.extend_from_slice(b"0badcafe try");
        std::fs::write(&path, text).unwrap();
        let (mut journal, _) = open();
        journal.item("f");
        journal.done().unwrap();
        let (journal, done) = open();
        assert_eq!(done, ["a", "b", "c", "f"]);
        assert_eq!(journal.doubt.unwrap().items, ["d"]);
        std::fs::remove_file(&path).unwrap();
    }
}
