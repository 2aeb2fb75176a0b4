//! BINARY: parts without their transfer encoding, decoded as they pass (RFC 3516 §4).
//!
//! A literal begins with its size, so an encoded part is read twice: once to count, once to write.

use crate::encoding::{base64, quoted_printable};
use crate::imap::server::gather::read;
use crate::imap::{FetchItem, Partial};
use crate::message::structure::{Content, Part, Structure};
use crate::store::{Request, Uid};
use alloc::vec::Vec;
use core::ops::Range;

/// A transfer encoding (RFC 2045 §6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// `7bit`, `8bit`, `binary`.
    Identity,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// That of a part; `None` if it is not known.
    pub(super) fn of(part: &Part) -> Option<Self> {
        let name = part.encoding.as_deref().unwrap_or(b"7bit");
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        match () {
            // RFC 2045 §6.4: a multipart has none, whatever it says.
            () if part.content == Content::Multipart => Some(Self::Identity),
            () if is("7bit") || is("8bit") || is("binary") => Some(Self::Identity),
            () if is("base64") => Some(Self::Base64),
            () if is("quoted-printable") => Some(Self::QuotedPrintable),
            () => None,
        }
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Identity => Decoder::Identity,
            Self::Base64 => Decoder::Base64(base64::Decoder::default()),
            Self::QuotedPrintable => Decoder::QuotedPrintable(quoted_printable::Decoder::default()),
        }
    }
}

/// Whether an item asks for a part that can't be decoded.
pub(super) fn is_undecodable(item: &FetchItem, structure: &Structure) -> bool {
    match item {
        FetchItem::Binary { part, .. } | FetchItem::BinarySize(part) => {
            structure.part(part).is_some_and(|part| Encoding::of(part).is_none())
        }
        _ => false,
    }
}

#[derive(Debug)]
enum Decoder {
    Identity,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
}

impl Decoder {
    fn decode(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Identity => out.extend_from_slice(octets),
            Self::Base64(decoder) => decoder.decode(octets, out),
            Self::QuotedPrintable(decoder) => decoder.decode(octets, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Identity => {}
            Self::Base64(decoder) => decoder.finish(out),
            Self::QuotedPrintable(decoder) => decoder.finish(out),
        }
    }
}

/// A part that is being decoded.
#[derive(Debug)]
pub(super) struct Decoding {
    encoding: Encoding,
    /// Where the part is.
    body: Range<u64>,
    /// What is left of it in this pass.
    left: Range<u64>,
    decoder: Decoder,
    /// How many octets have been decoded in this pass.
    decoded: u64,
    /// Which of the decoded octets are meant.
    meant: Range<u64>,
    pass: Pass,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    Count,
    Write,
}

impl Decoding {
    pub(super) fn new(encoding: Encoding, body: Range<u64>, partial: Option<Partial>) -> Self {
        Self {
            encoding,
            left: body.clone(),
            body,
            decoder: encoding.decoder(),
            decoded: 0,
            meant: partial.map_or(0..u64::MAX, |partial| partial.of(u64::MAX)),
            pass: Pass::Count,
            buffer: Vec::new(),
        }
    }

    pub(super) const fn pass(&self) -> Pass {
        self.pass
    }

    /// The next request; `None` at the end of a pass.
    pub(super) fn request(&self, uid: Uid) -> Option<Request> {
        let is_over = self.left.is_empty() || self.decoded >= self.meant.end;
        (!is_over).then(|| read(uid, &self.left))
    }

    /// Takes what the store has read, and gives those of the decoded octets that are meant.
    pub(super) fn take(&mut self, octets: &[u8]) -> &[u8] {
        self.buffer.clear();
        let wanted = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        let octets = octets.get(..wanted).unwrap_or(octets);
        self.decoder.decode(octets, &mut self.buffer);
        self.left.start += octets.len() as u64;
        if octets.is_empty() {
            // The message ends sooner than was told.
            self.left.end = self.left.start;
        }
        if self.left.is_empty() {
            self.decoder.finish(&mut self.buffer);
        }
        let start = self.decoded;
        self.decoded += self.buffer.len() as u64;
        let within = |at: u64| {
            // Within a vector, so within usize.
            usize::try_from(at.clamp(start, self.decoded) - start).unwrap_or(usize::MAX)
        };
        let meant = within(self.meant.start)..within(self.meant.end);
        self.buffer.get(meant).unwrap_or_default()
    }

    /// How many octets are meant, as far as has been decoded.
    pub(super) fn size(&self) -> u64 {
        self.decoded.min(self.meant.end).saturating_sub(self.meant.start)
    }

    /// Begins to write what has been counted.
    pub(super) fn rewind(&mut self) {
        self.meant.end = self.meant.start + self.size();
        self.left = self.body.clone();
        self.decoder = self.encoding.decoder();
        self.decoded = 0;
        self.pass = Pass::Write;
    }

    /// Whether all that was counted has been written.
    pub(super) const fn is_whole(&self) -> bool {
        self.decoded >= self.meant.end
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoding, Encoding};
    use crate::imap::Partial;
    use alloc::vec::Vec;
    use core::num::NonZeroU32;

    fn run(decoding: &mut Decoding, part: &[u8], slice: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for piece in part.chunks(slice) {
            all.extend_from_slice(decoding.take(piece));
        }
        all
    }

    #[test]
    fn counts_are_exact_in_every_slicing() {
        let base64 = b"aGVs\r\nbG8gd29y\r\nbGQ=".as_slice();
        let quoted = b"hello =\r\nw=6Frld".as_slice();
        for (encoding, part) in [(Encoding::Base64, base64), (Encoding::QuotedPrintable, quoted)] {
            for slice in 1..=part.len() {
                for (offset, count, expected) in [
                    (0, u32::MAX, "hello world"),
                    (0, 5, "hello"),
                    (6, 3, "wor"),
                    (6, 100, "world"),
                    (11, 1, ""),
                    (100, 1, ""),
                ] {
                    let count = NonZeroU32::new(count).unwrap();
                    let partial = Some(Partial { offset, count });
                    let mut decoding = Decoding::new(encoding, 0..part.len() as u64, partial);
                    run(&mut decoding, part, slice);
                    assert_eq!(decoding.size(), expected.len() as u64);
                    if expected.is_empty() {
                        continue;
                    }
                    decoding.rewind();
                    assert_eq!(run(&mut decoding, part, slice), expected.as_bytes());
                    assert!(decoding.is_whole());
                }
            }
        }
    }
}
