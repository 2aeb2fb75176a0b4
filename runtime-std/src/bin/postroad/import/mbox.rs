//! Importing an mbox.

use super::filer::Filer;
use super::keywords::Keywords;
use super::marks::Header;
use super::{Tally, open_file};
use postroad_core::limits::Limits;
use postroad_core::message::mbox::{Piece, Splitter};
use postroad_core::store::MailboxName;
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const BLOCK: usize = 64 * 1024;

/// An mbox that is to be imported.
pub struct Mbox {
    path: PathBuf,
    file: File,
    size: u64,
    /// Octets before its first message, unless they are blank.
    stray: Option<u64>,
}

/// Finds the first message of the mbox `path`. A file that has nothing, or only blanks, is an mbox, too.
///
/// # Errors
/// Says in words why it is no mbox.
pub fn find(path: &Path) -> Result<Mbox, String> {
    let about = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut file = open_file(path).map_err(|error| about(&error))?;
    let size = file.metadata().map_err(|error| about(&error))?.len();
    let (mut first, mut is_blank) = (None, true);
    let (mut splitter, mut block) = (Splitter::default(), vec![0; BLOCK]);
    while first.is_none() {
        let count = read(&mut file, &mut block).map_err(|error| about(&error))?;
        let look = |piece: Piece<'_>| match piece {
            Piece::Begin { offset, .. } => first = first.or(Some(offset)),
            Piece::Stray(octets) => is_blank &= octets.trim_ascii().is_empty(),
            Piece::Line { .. } => {}
        };
        if count == 0 {
            splitter.finish(look);
            break;
        }
        splitter.push(&block[..count], look);
    }
    file.rewind().map_err(|error| about(&error))?;
    if first.is_none() && !is_blank {
        return Err(about(&"this is no mbox: no line of it begins with `From ` and has a date"));
    }
    Ok(Mbox { path: path.into(), file, size, stray: first.filter(|_| !is_blank) })
}

/// Reads some octets; none at the end.
fn read(file: &mut File, block: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match file.read(block) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

impl Mbox {
    /// How many octets it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Imports the messages that were not imported before.
    ///
    /// # Errors
    /// Says in words why no more can be done.
    pub fn import(
        mut self,
        mailbox: &MailboxName,
        limits: &Limits,
        filer: &mut Filer,
        tally: &mut Tally,
    ) -> Result<(), String> {
        if let Some(octets) = self.stray {
            let why = format!("{octets} octets before its first message are left out");
            tally.fail(&self.path, &why);
        }
        let mut known = HashSet::new();
        filer.begin_source(self.path.as_os_str().as_bytes(), mailbox, |item| {
            known.extend(item.parse::<u64>());
        })?;
        let keywords = Keywords::new(filer.keywords(mailbox)?, limits);
        let path = &self.path;
        let mut passage =
            Passage { path, filer, tally, keywords, known, message: None, failed: None };
        let (mut splitter, mut block) = (Splitter::default(), vec![0; BLOCK]);
        loop {
            let count = read(&mut self.file, &mut block);
            let count = count.map_err(|error| format!("{}: {error}", path.display()))?;
            if count == 0 {
                break;
            }
            splitter.push(&block[..count], |piece| passage.take(piece));
            passage.tally.bar.inc(count as u64);
            passage.check()?;
        }
        splitter.finish(|piece| passage.take(piece));
        passage.end();
        passage.check()?;
        filer.end_source()
    }
}

/// What passes from an mbox into a mailbox.
struct Passage<'a> {
    path: &'a Path,
    filer: &'a mut Filer,
    tally: &'a mut Tally,
    keywords: Keywords,
    /// Where the messages began that were imported before.
    known: HashSet<u64>,
    message: Option<Message>,
    failed: Option<String>,
}

/// A message that passes.
struct Message {
    offset: u64,
    header: Header,
    /// Whether an octet of its own has come, other than marks.
    begun: bool,
}

impl Passage<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        if self.failed.is_some() {
            return;
        }
        match piece {
            Piece::Begin { offset, date } => {
                self.end();
                if self.known.contains(&offset) {
                    self.tally.known += 1;
                    return;
                }
                self.message = Some(Message { offset, header: Header::new(date), begun: false });
            }
            Piece::Line { octets, begins } => {
                let Some(message) = &mut self.message else { return };
                if begins && !message.header.take(octets) {
                    return;
                }
                let begun = match std::mem::replace(&mut message.begun, true) {
                    true => Ok(()),
                    false => self.filer.begin(&message.offset.to_string()),
                };
                let written = begun.and_then(|()| self.filer.write(octets));
                self.note(written);
            }
            Piece::Stray(_) => {}
        }
    }

    fn end(&mut self) {
        let Some(Message { offset, header, begun }) = self.message.take() else { return };
        if !begun {
            let why = format!("the message at octet {offset} is empty, which no message is");
            return self.tally.fail(self.path, &why);
        }
        let mut marks = header.finish();
        self.keywords.fit(&mut marks.keywords, |what| self.tally.fail(self.path, &what));
        let ended = self.filer.end(marks);
        if self.note(ended) == Some(false) {
            self.tally.known += 1;
        }
    }

    fn note<T>(&mut self, result: Result<T, String>) -> Option<T> {
        result.map_err(|why| self.failed = Some(why)).ok()
    }

    fn check(&mut self) -> Result<(), String> {
        self.failed.take().map_or(Ok(()), Err)
    }
}
