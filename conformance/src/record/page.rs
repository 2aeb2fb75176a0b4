//! The file that a transcript is written into, line by line.

use crate::transcript::{End, escape, is_plain};
use std::io::{self, Write};

pub(super) struct Page {
    /// `None` once nothing more can be, or is to be, written.
    file: Option<Box<dyn Write + Send>>,
    /// Octets that may still be written.
    left: u64,
    /// Who spoke last.
    last: Option<End>,
    /// What it said behind its last line end.
    open: Vec<u8>,
    /// Why nothing more is written.
    failure: Option<io::Error>,
}

impl Page {
    /// A page for at most `limit` octets.
    pub(super) fn new(file: Box<dyn Write + Send>, limit: u64) -> Self {
        Self { file: Some(file), left: limit, last: None, open: Vec::new(), failure: None }
    }

    /// What can't be written, and why.
    pub(super) fn failed(error: io::Error) -> Self {
        Self { file: None, left: 0, last: None, open: Vec::new(), failure: Some(error) }
    }

    /// Who spoke last.
    pub(super) const fn last(&self) -> Option<End> {
        self.last
    }

    /// Why writing failed, once.
    pub(super) const fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Writes what `end` says: a line at a time, whatever pieces it comes in.
    pub(super) fn say(&mut self, end: End, octets: &[u8]) {
        if octets.is_empty() || self.file.is_none() {
            return;
        }
        if self.last != Some(end) {
            self.break_off();
            self.last = Some(end);
        }
        for part in octets.split_inclusive(|octet| *octet == b'\n') {
            self.open.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.break_off();
            }
        }
    }

    /// Writes a line that is none of the dialogue's.
    pub(super) fn note(&mut self, line: &str) {
        self.break_off();
        self.write(line);
    }

    /// Writes nothing more, and says why.
    pub(super) fn stop(&mut self, why: &str) {
        self.note(&format!("# {why}: what follows is not recorded"));
        self.file = None;
    }

    fn break_off(&mut self) {
        let Some(end) = self.last else {
            return;
        };
        let octets = core::mem::take(&mut self.open);
        if octets.is_empty() {
            return;
        }
        let letter = end.letter();
        let plain = octets.strip_suffix(b"\r\n").filter(|text| is_plain(text));
        let line = match plain {
            Some(b"") => format!("{letter}:"),
            Some(text) => format!("{letter}: {}", String::from_utf8_lossy(text)),
            None => format!("{letter}~ {}", escape(&octets)),
        };
        self.write(&line);
    }

    fn write(&mut self, line: &str) {
        let Some(file) = &mut self.file else {
            return;
        };
        let length = line.len() as u64 + 1;
        let written = match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                file.write_all(format!("{line}\n").as_bytes())
            }
            None => {
                let ends = "# the limit of this file is reached: what follows is not recorded\n";
                let written = file.write_all(ends.as_bytes());
                self.file = None;
                written
            }
        };
        if let Err(error) = written {
            self.file = None;
            self.failure = Some(error);
        }
    }
}
