//! A message that is made while it is read.

use alloc::vec::Vec;

use crate::encoding::base64;

/// A message in pieces, from which any range can be read: large ones need not be held a second time.
///
/// ```
/// use postroad_core::message::compose::{Content, Piece};
/// let content = Content::new(vec![Piece::Octets(b"\r\n".into()), Piece::Base64(b"hello")]);
/// assert_eq!(content.length(), 12);
/// assert_eq!(content.read(0, 6), b"\r\naGVs");
/// assert_eq!(content.read(6, 100), b"bG8=\r\n");
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content<'a> {
    pieces: Vec<Piece<'a>>,
}

/// A piece of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece<'a> {
    /// Octets as they are.
    Octets(Vec<u8>),
    /// Octets that are to be written as lines of base64.
    Base64(&'a [u8]),
}

impl<'a> Content<'a> {
    /// The message that consists of `pieces`.
    #[must_use]
    pub const fn new(pieces: Vec<Piece<'a>>) -> Self {
        Self { pieces }
    }

    /// How many octets it has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.length() as u64).sum()
    }

    /// The octets that are as they are, piece by piece.
    pub fn plain(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Octets(octets) => Some(&octets[..]),
            Piece::Base64(_) => None,
        })
    }

    /// At most `length` octets from `offset` on; fewer only at the end.
    #[must_use]
    pub fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let mut out = Vec::new();
        for piece in &self.pieces {
            let has = piece.length();
            if skip < has && out.len() < length {
                piece.read(skip, length - out.len(), &mut out);
            }
            skip = skip.saturating_sub(has);
        }
        out
    }
}

impl Piece<'_> {
    const fn length(&self) -> usize {
        match self {
            Self::Octets(octets) => octets.len(),
            Self::Base64(octets) => {
                let rest = octets.len() % base64::LINE;
                let last = if rest == 0 { 0 } else { rest.div_ceil(3) * 4 + 2 };
                octets.len() / base64::LINE * base64::ENCODED_LINE + last
            }
        }
    }

    fn read(&self, offset: usize, length: usize, out: &mut Vec<u8>) {
        match self {
            Self::Octets(octets) => out.extend(octets.iter().skip(offset).take(length)),
            Self::Base64(octets) => {
                let first = offset / base64::ENCODED_LINE;
                let skip = offset % base64::ENCODED_LINE;
                let lines = skip.saturating_add(length).div_ceil(base64::ENCODED_LINE);
                let octets = octets.get(first * base64::LINE..).unwrap_or_default();
                let taken = octets.len().min(lines.saturating_mul(base64::LINE));
                let text = base64::encode_lines(&octets[..taken]);
                out.extend(text.bytes().skip(skip).take(length));
            }
        }
    }
}
