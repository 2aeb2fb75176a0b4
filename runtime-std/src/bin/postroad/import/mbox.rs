//! Importing an mbox.

use super::Tally;
use super::filer::Filer;
use super::marks::Header;
use indicatif::ProgressBar;
use postroad_core::message::mbox::{Piece, Splitter};
use postroad_core::store::MailboxName;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const BLOCK: usize = 64 * 1024;

/// Imports the messages of an mbox that were not imported before.
///
/// # Errors
/// Says in words why no more can be done.
pub fn import(
    source: &Path,
    mailbox: &MailboxName,
    filer: &mut Filer,
    tally: &mut Tally,
    bar: &ProgressBar,
) -> Result<(), String> {
    let about = |error: std::io::Error| format!("{}: {error}", source.display());
    let mut file = File::open(source).map_err(about)?;
    let mut passage = Passage { filer, tally, last: None, header: None, stray: None, failed: None };
    let mut known = (None, 0);
    passage.filer.begin_source(source.as_os_str().as_bytes(), mailbox, |item| {
        known = (known.0.max(item.parse::<u64>().ok()), known.1 + 1);
    })?;
    // The last that was imported is where one begins for sure.
    let start = known.0.unwrap_or(0);
    (passage.last, passage.tally.known) = known;
    file.seek(SeekFrom::Start(start)).map_err(about)?;
    bar.set_position(start);
    let (mut splitter, mut block) = (Splitter::at(start), vec![0; BLOCK]);
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(about(error)),
        };
        splitter.push(&block[..count], |piece| passage.take(piece));
        bar.inc(count as u64);
        passage.check()?;
    }
    splitter.finish(|piece| passage.take(piece));
    passage.end();
    passage.check()?;
    if passage.stray.is_some() && passage.last.is_none() {
        passage.tally.fail(
            bar,
            source,
            &"this is no mbox: it does not begin with `From ` and a date",
        );
    }
    filer.end_source()
}

/// What passes from an mbox into a mailbox.
struct Passage<'a> {
    filer: &'a mut Filer,
    tally: &'a mut Tally,
    /// Where the last message began that was imported, now or before.
    last: Option<u64>,
    header: Option<Header>,
    /// Whether something stood in front of the first message.
    stray: Option<()>,
    failed: Option<String>,
}

impl Passage<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        if self.failed.is_some() {
            return;
        }
        match piece {
            Piece::Begin { offset, date } => {
                self.end();
                if self.last.is_none_or(|last| offset > last) {
                    self.last = Some(offset);
                    let begun = self.filer.begin(&offset.to_string());
                    self.header = self.note(begun).map(|()| Header::new(date));
                }
            }
            Piece::Line { octets, begins } => {
                let Some(header) = &mut self.header else { return };
                if !begins || header.take(octets) {
                    let written = self.filer.write(octets);
                    self.note(written);
                }
            }
            Piece::Stray(octets) => {
                self.stray = self.stray.or((!octets.trim_ascii().is_empty()).then_some(()));
            }
        }
    }

    fn end(&mut self) {
        if let Some(header) = self.header.take() {
            let ended = self.filer.end(header.finish());
            if self.note(ended) == Some(false) {
                self.tally.known += 1;
            }
        }
    }

    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|why| self.failed = Some(why)).ok()
    }

    fn check(&mut self) -> Result<(), String> {
        self.failed.take().map_or(Ok(()), Err)
    }
}
