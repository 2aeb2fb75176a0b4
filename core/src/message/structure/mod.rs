//! The MIME structure of a message: every part by its octet range, with what IMAP shows of it.
//!
//! A [`Scanner`] is fed a message in any fragmentation and makes a [`Structure`]: plain owned values
//! that can be cached. The parts stand in one list in the order of their headers, each before those
//! inside it. A `message/rfc822` part has one part inside, the [entity](Part) of the message it
//! carries; a multipart has its body parts inside; every other part has none.
//!
//! Delimiters follow RFC 2046 §5.1.1: `--` and the boundary at the start of a line, anything
//! behind; the line end before a delimiter belongs to it; of several boundaries that fit the longest
//! counts, of equal ones the innermost; the delimiter of an outer multipart ends everything inside;
//! a missing last delimiter is made up for by the end of the part around.
//!
//! Beyond the [limits](crate::limits::Limits) `mime_depth`, `mime_parts` and `mime_structure` no
//! more parts are told apart: a multipart or message there is shown as one opaque part.

mod boundary;
mod entity;
mod scan;

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use super::envelope::Envelope;
use super::parameters::{ContentType, Disposition};

pub use scan::Scanner;

/// The parts of a message.
///
/// ```
/// use postroad_core::limits::Limits;
/// use postroad_core::message::structure::Scanner;
///
/// let message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n\
///     --b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>two\r\n--b--\r\n";
/// let mut scanner = Scanner::new(&Limits::DEFAULT);
/// message.chunks(7).for_each(|piece| scanner.push(piece));
/// let structure = scanner.finish();
///
/// let second = structure.part(&[2]).unwrap();
/// let body = &message[second.body_start as usize..second.body_end as usize];
/// assert_eq!((&second.content_type.subtype[..], body), (&b"html"[..], &b"<p>two"[..]));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Structure {
    /// The parts, the whole message first, each before those inside it. Never empty if made by a
    /// [`Scanner`].
    pub parts: Vec<Part>,
}

/// One part: a header and a body (RFC 2045 §2.4 calls it an entity).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Where the header starts, in octets from the start of the message.
    pub header_start: u64,
    /// Where the body starts: behind the empty line, if there is one.
    pub body_start: u64,
    /// Where the body ends.
    pub body_end: u64,
    /// Line ends in the body.
    pub lines: u64,
    /// The number of parts inside this one, and inside those: as many follow it in the list.
    pub inside: u32,
    /// What the body is made of.
    pub content: Content,
    /// The media type; the default (RFC 2045 §5.2, 2046 §5.1.5) if the header names none.
    pub content_type: ContentType,
    /// `Content-Transfer-Encoding`, in the case it was written in.
    pub encoding: Option<Vec<u8>>,
    /// What other fields say, if there are any.
    pub fields: Option<Box<Fields>>,
    /// The envelope, if this is the entity of a message.
    pub envelope: Option<Box<Envelope>>,
}

/// What a part's body is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// Octets. A multipart in which no part was found, or one beyond the limits, is this too.
    Leaf,
    /// Body parts, at least one.
    Multipart,
    /// A message: one part inside, with an envelope.
    Message,
}

/// The less common fields of a part, unfolded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    /// `Content-ID`, with its angle brackets.
    pub id: Option<Vec<u8>>,
    /// `Content-Description`.
    pub description: Option<Vec<u8>>,
    /// `Content-MD5`.
    pub md5: Option<Vec<u8>>,
    /// `Content-Disposition`.
    pub disposition: Option<Disposition>,
    /// `Content-Language`: its tags.
    pub language: Vec<Vec<u8>>,
    /// `Content-Location`.
    pub location: Option<Vec<u8>>,
}

impl Part {
    /// The header's range, its empty line included: what IMAP calls `MIME` and `HEADER`.
    #[must_use]
    pub const fn header(&self) -> Range<u64> {
        self.header_start..self.body_start
    }

    /// The body's range.
    #[must_use]
    pub const fn body(&self) -> Range<u64> {
        self.body_start..self.body_end
    }

    /// Octets of the body, in its transfer encoding.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.body_end.saturating_sub(self.body_start)
    }

    /// A parameter of the media type.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        self.content_type.parameter(name)
    }
}

impl Structure {
    /// The entity of the whole message.
    #[must_use]
    pub fn root(&self) -> Option<&Part> {
        self.parts.first()
    }

    /// The parts that are directly inside the part at `index`, with their places in the list.
    pub fn children(&self, index: usize) -> impl Iterator<Item = (usize, &Part)> {
        let end = index + 1 + self.parts.get(index).map_or(0, |part| part.inside as usize);
        let mut next = index + 1;
        core::iter::from_fn(move || {
            let at = next;
            let part = self.parts.get(at).filter(|_| at < end)?;
            next += 1 + part.inside as usize;
            Some((at, part))
        })
    }

    /// The part that an IMAP part number names (RFC 3501 §6.4.5), such as `[2, 1]` for `2.1`;
    /// `[]` is the whole message.
    ///
    /// Below a part that is a message, numbers go on with the parts of that message. Number 1 of a
    /// message that is no multipart is its only part: the part found is then the message's entity
    /// itself, whose body is what `BODY[1]` shows.
    #[must_use]
    pub fn part(&self, number: &[u32]) -> Option<&Part> {
        self.parts.get(self.place(number)?)
    }

    /// Where in the list the part stands that a part number names.
    #[must_use]
    pub fn place(&self, number: &[u32]) -> Option<usize> {
        // Numbers count the parts of an entity: the root's at first.
        let mut entity = Some(0);
        let mut place = 0;
        for &number in number {
            place = self.numbered(entity?, number)?;
            entity = match self.parts.get(place)?.content {
                Content::Multipart => Some(place),
                Content::Message => Some(place + 1),
                Content::Leaf => None,
            };
        }
        self.parts.get(place).map(|_| place)
    }

    /// The entity of the message that a part carries: what `HEADER` and `TEXT` behind its part
    /// number show (RFC 3501 §6.4.5). For `[]` it is the whole message; for a part that is no
    /// message there is none.
    #[must_use]
    pub fn message(&self, number: &[u32]) -> Option<&Part> {
        let place = self.place(number)?;
        match (number, self.parts.get(place)?.content) {
            ([], _) => self.parts.get(place),
            (_, Content::Message) => self.parts.get(place + 1),
            _ => None,
        }
    }

    fn numbered(&self, entity: usize, number: u32) -> Option<usize> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        match self.parts.get(entity)?.content {
            Content::Multipart => self.children(entity).nth(index).map(|(place, _)| place),
            Content::Leaf | Content::Message => (index == 0).then_some(entity),
        }
    }
}
