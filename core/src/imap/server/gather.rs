//! Reading a header block of a message into memory, whose size a limit bounds.

use crate::limits::Limits;
use crate::message::header::Scanner;
use crate::store::{Request, Uid};
use alloc::vec::Vec;
use core::ops::Range;

/// Octets asked of the store at a time.
pub(super) const SLICE: u64 = 64 * 1024;

/// Octets asked of it first: most header blocks end within.
const FIRST: u64 = 8 * 1024;

/// A header block on its way in.
#[derive(Debug)]
pub(super) struct Gathering {
    uid: Uid,
    /// Where the block can be.
    left: Range<u64>,
    octets: Vec<u8>,
    scanner: Scanner,
    most: usize,
}

/// A header block.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) octets: Vec<u8>,
    /// Whether this is all of it: a larger one than the limit is cut.
    pub(super) is_whole: bool,
}

impl Gathering {
    /// Begins to read the header block at the start of `within`.
    pub(super) fn new(uid: Uid, within: Range<u64>, limits: &Limits) -> Self {
        let (octets, scanner) = (Vec::new(), Scanner::new());
        Self { uid, left: within, octets, scanner, most: limits.header_block }
    }

    /// The next request; `None` once the block is there.
    pub(super) fn request(&self) -> Option<Request> {
        let is_over = self.scanner.is_ended() || self.octets.len() >= self.most;
        let wanted = !is_over && !self.left.is_empty();
        let Range { start, end } = self.left;
        let end = if self.octets.is_empty() { end.min(start + FIRST) } else { end };
        wanted.then(|| read(self.uid, &(start..end)))
    }

    /// Takes what the store has read.
    pub(super) fn take(&mut self, octets: &[u8]) {
        let room = self.most - self.octets.len();
        let octets = octets.get(..room).unwrap_or(octets);
        let end = self.scanner.push(octets).unwrap_or(octets.len());
        self.octets.extend_from_slice(&octets[..end]);
        self.left.start += octets.len() as u64;
        if octets.is_empty() {
            // The message ends sooner than was told.
            self.left.end = self.left.start;
        }
    }

    /// The block.
    pub(super) fn finish(self) -> Block {
        let is_whole = self.scanner.is_ended() || self.left.is_empty();
        Block { octets: self.octets, is_whole }
    }
}

/// The request for the first slice of `range`.
pub(super) fn read(uid: Uid, range: &Range<u64>) -> Request {
    let length = (range.end - range.start).min(SLICE);
    // At most SLICE, which every usize holds.
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    Request::Read { uid, offset: range.start, length }
}
