//! The scanner that makes a [`Structure`].

use alloc::vec::Vec;

use memchr::memchr;

use super::boundary::{self, Boundaries};
use super::{Content, Part, Structure};
use crate::limits::Limits;
use crate::message::parameters::ContentType;

/// Octets of a line that decide whether it is a delimiter: both pairs of hyphens and the boundary.
const DELIMITER: usize = boundary::LONGEST + 4;

/// Reads a message in pieces and finds its MIME parts.
///
/// It holds one part's header at a time, and the parts found; see [`super`] for an example.
#[derive(Clone, Debug)]
pub struct Scanner {
    depth: usize,
    most_parts: usize,
    header_block: usize,
    /// Octets of memory that the parts may still take.
    room: usize,
    parts: Vec<Part>,
    /// The parts whose end is not seen yet, the innermost last.
    open: Vec<Open>,
    boundaries: Boundaries,
    line: Line,
    /// Octets taken.
    offset: u64,
    /// Line ends taken.
    lines: u64,
    /// The header that is being read.
    header: Vec<u8>,
    pub(super) steps: Steps,
}

/// The work done, which tests see growing: octets taken, copied and compared, parts closed.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps(#[cfg(test)] pub(super) core::cell::Cell<usize>);

impl Steps {
    fn count(&self, steps: usize) {
        #[cfg(test)]
        self.0.set(self.0.get() + steps);
        let _ = steps;
    }
}

/// A part that is open.
#[derive(Clone, Debug)]
struct Open {
    place: usize,
    kind: Kind,
    stage: Stage,
}

/// What a part is the entity of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Message,
    BodyPart,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// In the header; only the innermost part can be.
    Header,
    /// In the body, which began behind as many line ends.
    Body { lines: u64 },
    /// In the body of a multipart, whose boundary counts.
    Multipart { lines: u64 },
}

/// The line that is being read.
#[derive(Clone, Debug, Default)]
struct Line {
    start: u64,
    /// Where the line end before it starts.
    break_before: u64,
    /// Where in the header it starts, if it is in one.
    header_start: usize,
    last_octet: Option<u8>,
    /// Its first octets, if they may be a delimiter's.
    delimiter: Vec<u8>,
}

impl Scanner {
    /// A scanner at the start of a message, bound by `mime_depth`, `mime_parts`, `mime_structure`
    /// and `header_block`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let mut scanner = Self {
            depth: limits.mime_depth,
            most_parts: limits.mime_parts,
            header_block: limits.header_block,
            room: limits.mime_structure,
            parts: Vec::new(),
            open: Vec::new(),
            boundaries: Boundaries::default(),
            line: Line::default(),
            offset: 0,
            lines: 0,
            header: Vec::new(),
            steps: Steps::default(),
        };
        scanner.begin_part(Kind::Message, ContentType::plain_text());
        scanner
    }

    /// Takes the next octets of the message.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(line_feed) = memchr(b'\n', rest) {
            let (piece, tail) = rest.split_at(line_feed + 1);
            self.take(piece);
            self.end_line();
            rest = tail;
        }
        if !rest.is_empty() {
            self.take(rest);
        }
    }

    /// The parts whose body has begun; where those end that are still open is not known yet.
    pub(in crate::message) fn begun(&self) -> &[Part] {
        &self.parts[..self.parts.len() - usize::from(self.in_header())]
    }

    /// Ends the message.
    #[must_use]
    pub fn finish(mut self) -> Structure {
        if let Some((owner, is_last)) = self.delimiter() {
            self.handle_delimiter(owner, is_last);
        }
        self.close(0, self.offset, 0);
        Structure { parts: self.parts }
    }

    /// Takes a piece of one line.
    fn take(&mut self, piece: &[u8]) {
        let starts = self.offset == self.line.start;
        let may_delimit = if starts {
            piece.first() == Some(&b'-') && !self.boundaries.is_empty()
        } else {
            !self.line.delimiter.is_empty()
        };
        if may_delimit {
            let room = DELIMITER - self.line.delimiter.len();
            self.line.delimiter.extend(piece.iter().take(room));
        }
        if self.in_header() {
            let room = self.header_block - self.header.len();
            self.header.extend(piece.iter().take(room));
        }
        let before_line_feed = piece.len().checked_sub(2).map(|index| piece[index]);
        if piece.ends_with(b"\n") {
            self.line.last_octet = before_line_feed.or(self.line.last_octet);
        } else {
            self.line.last_octet = piece.last().copied();
        }
        self.offset += piece.len() as u64;
        self.steps.count(piece.len());
    }

    fn end_line(&mut self) {
        let length = self.offset - self.line.start;
        let break_length = if self.line.last_octet == Some(b'\r') { 2 } else { 1 };
        let delimiter = self.delimiter();
        let is_empty = length == break_length;
        if let Some((owner, is_last)) = delimiter {
            self.handle_delimiter(owner, is_last);
        }
        self.lines += 1;
        if delimiter.is_none() && is_empty && self.in_header() {
            self.end_header();
        }
        self.line.start = self.offset;
        self.line.break_before = self.offset - break_length;
        self.line.header_start = self.header.len();
        self.line.last_octet = None;
        self.line.delimiter.clear();
    }

    /// If the line is a delimiter: the place among the open parts of the multipart it belongs to,
    /// and whether it is the last one.
    fn delimiter(&self) -> Option<(usize, bool)> {
        let text = self.line.delimiter.strip_prefix(b"--")?;
        self.steps.count(text.len());
        let (owner, length) = self.boundaries.find(text)?;
        let is_last = text[length..].starts_with(b"--");
        (is_last || self.has_room()).then_some((owner, is_last))
    }

    fn handle_delimiter(&mut self, owner: usize, is_last: bool) {
        self.header.truncate(self.line.header_start);
        self.close(owner + 1, self.line.break_before, 1);
        let Some(multipart) = self.open.last_mut() else {
            return;
        };
        if is_last {
            if let Stage::Multipart { lines } = multipart.stage {
                multipart.stage = Stage::Body { lines };
                self.boundaries.pop();
            }
            return;
        }
        let parent = &self.parts[multipart.place].content_type;
        // RFC 2046 §5.1.5
        let is_digest = parent.is("multipart", "digest");
        let default = if is_digest {
            ContentType::new("message", "rfc822")
        } else {
            ContentType::plain_text()
        };
        self.begin_part(Kind::BodyPart, default);
    }

    fn has_room(&self) -> bool {
        self.parts.len() < self.most_parts && self.room > 0
    }

    fn in_header(&self) -> bool {
        self.open.last().is_some_and(|open| open.stage == Stage::Header)
    }

    fn begin_part(&mut self, kind: Kind, content_type: ContentType) {
        self.open.push(Open { place: self.parts.len(), kind, stage: Stage::Header });
        self.parts.push(Part::new(self.offset, content_type));
        self.header.clear();
    }

    /// Begins the body of the innermost part, and what is inside it.
    fn end_header(&mut self) {
        self.read_header(self.offset);
        let owner = self.open.len().saturating_sub(1);
        let can_nest = self.open.len() <= self.depth && self.has_room();
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let part = &mut self.parts[open.place];
        if !can_nest {
            return;
        }
        if let Some(boundary) = part.boundary() {
            self.boundaries.push(boundary, owner);
            part.content = Content::Multipart;
            open.stage = Stage::Multipart { lines: self.lines };
        } else if part.carries_message() {
            part.content = Content::Message;
            self.begin_part(Kind::Message, ContentType::plain_text());
        }
    }

    /// Ends the innermost part's header and starts its body at `body_start`.
    fn read_header(&mut self, body_start: u64) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        open.stage = Stage::Body { lines: self.lines };
        let part = &mut self.parts[open.place];
        part.body_start = body_start;
        part.read_header(&self.header, open.kind == Kind::Message);
        self.steps.count(self.header.len());
        self.room = self.room.saturating_sub(part.weight());
    }

    /// Closes all open parts from the place `from` on. Their bodies end at `end`, which is the start
    /// of as many line ends as `breaks` tells.
    fn close(&mut self, from: usize, end: u64, breaks: u64) {
        if self.open.len() > from && self.in_header() {
            self.read_header(if breaks == 0 { self.offset } else { self.line.start });
        }
        // The line end before a delimiter may be that of an empty line which ended a header; it is
        // then the header's, and the body is empty.
        let outermost = self.open.get(from).map_or(0, |open| self.parts[open.place].body_start);
        let end = end.max(outermost);
        for open in self.open.drain(from..) {
            self.steps.count(1);
            let inside = self.parts.len() - 1 - open.place;
            let part = &mut self.parts[open.place];
            let (Stage::Body { lines } | Stage::Multipart { lines }) = open.stage else {
                continue;
            };
            if matches!(open.stage, Stage::Multipart { .. }) {
                self.boundaries.pop();
            }
            part.header_start = part.header_start.min(end);
            part.body_start = part.body_start.min(end);
            part.body_end = end;
            part.lines = (self.lines - lines).saturating_sub(breaks);
            part.inside = u32::try_from(inside).unwrap_or(u32::MAX);
            if inside == 0 {
                part.content = Content::Leaf;
            }
        }
    }
}
