//! A message's octets as they are given: every line ended with CRLF.

use crate::files::{File, Result};
use std::ops::Range;

/// How many octets are read from a file at once.
const BLOCK: usize = 64 * 1024;

/// An open message file, read at any offset but cheaply from one end to the other.
pub(crate) struct Content {
    file: Box<dyn File>,
    /// Octets with CRLF.
    size: u64,
    /// Whether the file holds bare LFs.
    convert: bool,
    at: Place,
}

/// A place in a file with bare LFs.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Its offset in the file.
    raw: u64,
    /// Its offset in the message.
    given: u64,
    last: u8,
    /// Whether a CR was given for an LF that is still to come.
    lf_due: bool,
}

impl Content {
    /// `size` is with CRLF, `raw` the file's own.
    pub(crate) fn new(file: Box<dyn File>, size: u64, raw: u64) -> Self {
        Self { file, size, convert: size != raw, at: Place::default() }
    }

    /// Appends at most `length` octets from `offset` on to `octets`; whether the message ends
    /// there.
    pub(crate) fn read(
        &mut self,
        offset: u64,
        length: usize,
        octets: &mut Vec<u8>,
    ) -> Result<bool> {
        let rest = self.size.saturating_sub(offset);
        let length = usize::try_from(rest).unwrap_or(usize::MAX).min(length);
        let end = length as u64 == rest;
        if length == 0 {
            return Ok(end);
        }
        let start = octets.len();
        let got = if self.convert {
            self.read_lines(offset, length, octets)?
        } else {
            self.read_raw(offset, length, octets)?
        };
        // RFC 3501 §9, `CHAR8`: nothing that is read holds a NUL. Another program's file may; it is
        // given as Dovecot gives it.
        octets[start..].iter_mut().filter(|octet| **octet == 0).for_each(|octet| *octet = 0x80);
        Ok(end || got < length)
    }

    fn read_raw(&mut self, offset: u64, length: usize, octets: &mut Vec<u8>) -> Result<usize> {
        let start = octets.len();
        octets.resize(start + length, 0);
        let mut filled = 0;
        while filled < length {
            let free = &mut octets[start + filled..];
            let count = self.file.read_at(offset + filled as u64, free)?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        octets.truncate(start + filled);
        Ok(filled)
    }

    fn read_lines(&mut self, offset: u64, length: usize, octets: &mut Vec<u8>) -> Result<usize> {
        if offset < self.at.given {
            self.at = Place::default();
        }
        let end = offset.saturating_add(length as u64);
        let start = octets.len();
        let most = usize::try_from(end - self.at.given).unwrap_or(BLOCK);
        let mut block = vec![0; most.min(BLOCK)];
        while self.at.given < end {
            let count = self.file.read_at(self.at.raw, &mut block)?;
            if count == 0 {
                break;
            }
            let mut rest = &block[..count];
            while self.at.given < end && !rest.is_empty() {
                let taken = self.at.give(rest, offset..end, octets);
                rest = &rest[taken..];
            }
        }
        Ok(octets.len() - start)
    }
}

impl Place {
    /// Passes octets of the file, giving what lies in `window`: a line's up to its end, or the LF there.
    /// Returns how many are done with; none where the window ends between CR and LF.
    fn give(&mut self, rest: &[u8], window: Range<u64>, octets: &mut Vec<u8>) -> usize {
        let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if line == 0 {
            return self.give_lf(window, octets);
        }
        let bound = if self.given < window.start { window.start } else { window.end };
        let most = usize::try_from(bound - self.given).unwrap_or(usize::MAX);
        let run = &rest[..line.min(most)];
        if window.contains(&self.given) {
            octets.extend_from_slice(run);
        }
        self.pass(run);
        run.len()
    }

    fn give_lf(&mut self, window: Range<u64>, octets: &mut Vec<u8>) -> usize {
        if self.last != b'\r' && !self.lf_due {
            if window.contains(&self.given) {
                octets.push(b'\r');
            }
            self.given += 1;
            self.lf_due = true;
            if self.given >= window.end {
                return 0;
            }
        }
        if window.contains(&self.given) {
            octets.push(b'\n');
        }
        self.lf_due = false;
        self.pass(b"\n");
        1
    }

    fn pass(&mut self, octets: &[u8]) {
        self.last = octets.last().copied().unwrap_or(self.last);
        self.raw += octets.len() as u64;
        self.given += octets.len() as u64;
    }
}

/// Counts octets as they are and as they are with CRLF.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sizes {
    /// As they are.
    pub(crate) raw: u64,
    /// With CRLF.
    pub(crate) given: u64,
    last: u8,
}

impl Sizes {
    /// Counts more octets.
    pub(crate) fn add(&mut self, octets: &[u8]) {
        let Some((&first, &last)) = octets.first().zip(octets.last()) else {
            return;
        };
        let bare = |(before, octet): (&u8, &u8)| *octet == b'\n' && *before != b'\r';
        let count = octets.iter().zip(&octets[1..]).filter(|pair| bare(*pair)).count();
        let length = octets.len() as u64;
        self.given += length + count as u64 + u64::from(bare((&self.last, &first)));
        self.raw += length;
        self.last = last;
    }

    /// Counts the octets of a file.
    pub(crate) fn of(file: &mut dyn File) -> Result<Self> {
        let (mut sizes, mut block) = (Self::default(), vec![0; BLOCK]);
        loop {
            let count = file.read_at(sizes.raw, &mut block)?;
            if count == 0 {
                return Ok(sizes);
            }
            sizes.add(&block[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Sizes};
    use crate::files::{Files, RealFiles};

    fn with_crlf(raw: &[u8]) -> Vec<u8> {
        let mut given = Vec::new();
        for &octet in raw {
            if octet == b'\n' && given.last() != Some(&b'\r') {
                given.push(b'\r');
            }
            given.push(octet);
        }
        given
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_window_is_given(
            raw in proptest::collection::vec(proptest::sample::select(&b"\r\n\nab"[..]), 0..40),
            windows in proptest::collection::vec((0..60u64, 0..60usize), 1..12),
        ) {
            let folder = crate::scratch::Scratch::new();
            let path = folder.path().join("message");
            RealFiles.create(&path).unwrap().write(&raw).unwrap();
            let given = with_crlf(&raw);
            let sizes = Sizes::of(&mut *RealFiles.open(&path).unwrap()).unwrap();
            assert_eq!((sizes.raw, sizes.given), (raw.len() as u64, given.len() as u64));
            let mut content = Content::new(RealFiles.open(&path).unwrap(), sizes.given, sizes.raw);
            for (offset, length) in windows {
                let mut octets = Vec::new();
                let end = content.read(offset, length, &mut octets).unwrap();
                let from = (offset as usize).min(given.len());
                let to = (from + length).min(given.len());
                assert_eq!(octets, &given[from..to]);
                assert_eq!(end, to == given.len());
            }
        }
    }
}
