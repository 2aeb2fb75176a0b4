//! Cuts what one end says into lines, and into octets that are counted.

/// Octets of one line; what is longer is no dialogue of mail (RFC 9051 §4.3 and its precedents: 64 KiB).
const LONGEST: usize = 1024 * 1024;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Up to an LF.
    Line(Vec<u8>),
    /// Some of the octets that were counted: a literal's, a chunk's.
    Octets(Vec<u8>),
    /// A line without an end.
    Endless,
}

#[derive(Default)]
pub(super) struct Cutter {
    buffer: Vec<u8>,
    counted: u64,
}

impl Cutter {
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// The next `count` octets are no lines.
    pub(super) const fn count(&mut self, count: u64) {
        self.counted = count;
    }

    /// Whether counted octets are still to come.
    pub(super) const fn is_counting(&self) -> bool {
        self.counted > 0
    }

    /// Octets of a line whose end did not come.
    pub(super) fn left(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn next(&mut self) -> Option<Piece> {
        if self.buffer.is_empty() {
            return None;
        }
        if self.counted > 0 {
            let length = usize::try_from(self.counted)
                .map_or(self.buffer.len(), |count| count.min(self.buffer.len()));
            self.counted -= length as u64;
            return Some(Piece::Octets(self.buffer.drain(..length).collect()));
        }
        match self.buffer.iter().position(|octet| *octet == b'\n') {
            Some(at) => Some(Piece::Line(self.buffer.drain(..=at).collect())),
            None if self.buffer.len() > LONGEST => Some(Piece::Endless),
            None => None,
        }
    }
}
