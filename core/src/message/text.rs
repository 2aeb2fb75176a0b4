//! The text of a message, for searching: transfer encodings, charsets and encoded words undone.

mod decoder;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::ops::{Deref, Range};

use super::header::fields;
use super::structure::Structure;
use crate::encoding::encoded_word;
use crate::encoding::search::{self, Needle};
use crate::limits::Limits;

pub use decoder::{Decoder, decode};

/// Whether a field of this name contains the needle: IMAP's SEARCH HEADER (RFC 3501 §6.4.4), and
/// SUBJECT, FROM, TO, CC and BCC, which are short for it. An empty needle is in every field.
///
/// ```
/// use postroad_core::encoding::search::Needle;
/// use postroad_core::message::text::is_in_field;
///
/// let header = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n from afar\r\n\r\n";
/// assert!(is_in_field(header, "subject", &Needle::new("gr\u{fc}\u{df}e FROM")));
/// assert!(!is_in_field(header, "to", &Needle::new("")));
/// ```
#[must_use]
pub fn is_in_field(header: &[u8], name: &str, needle: &Needle) -> bool {
    let mut named = fields(header).filter(|field| field.is(name));
    named.any(|field| needle.is_in(&encoded_word::decode(field.value().trim_ascii())))
}

/// Where a [`Search`] looks (RFC 3501 §6.4.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// In the body: its text, and the headers of the parts and messages inside. SEARCH BODY.
    Body,
    /// In the message's own header as well. SEARCH TEXT.
    Text,
}

/// A search under way in one message, for one or several needles. It asks for the octets it wants, so
/// that attachments need not be read, and holds one header or one piece of text.
///
/// ```
/// use postroad_core::encoding::search::Needle;
/// use postroad_core::limits::Limits;
/// use postroad_core::message::structure::Scanner;
/// use postroad_core::message::text::{Scope, Search};
///
/// let message = b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8sIHdvcmxkIQ==\r\n";
/// let mut scanner = Scanner::new(&Limits::DEFAULT);
/// scanner.push(message);
/// let structure = scanner.finish();
///
/// let needles = [Needle::new("WORLD"), Needle::new("base64")];
/// let looks = needles.iter().map(|needle| (needle, Scope::Body));
/// let mut search = Search::several(&structure, looks, &Limits::DEFAULT);
/// while let Some(wanted) = search.wanted() {
///     let piece = &message[wanted.start as usize..wanted.end as usize];
///     search.push(&piece[..piece.len().min(5)]);
/// }
/// assert!(search.has_found(0) && !search.has_found(1) && !search.is_found());
/// ```
#[derive(Debug)]
pub struct Search<S, N> {
    structure: S,
    looks: Vec<Look<N>>,
    header_block: usize,
    /// The part that is looked at.
    place: usize,
    stage: Stage,
    /// The next octet that is wanted.
    offset: u64,
}

/// One needle.
#[derive(Debug)]
struct Look<N> {
    scope: Scope,
    search: search::Search<N>,
}

#[derive(Debug)]
enum Stage {
    /// In the part's header, of which this has come.
    Header(Vec<u8>),
    /// In the part's text.
    Text(Decoder),
    /// At the end of the message, or of the search.
    Over,
}

impl<S: Deref<Target = Structure>, N: Deref<Target = Needle>> Search<S, N> {
    /// Begins a search in the message of this structure; both are borrowed or shared. An empty needle is in every message.
    #[must_use]
    pub fn new(structure: S, needle: N, scope: Scope, limits: &Limits) -> Self {
        Self::several(structure, [(needle, scope)], limits)
    }

    /// Begins a search for several needles in one go through the message. It is over once all were
    /// found.
    #[must_use]
    pub fn several(
        structure: S,
        looks: impl IntoIterator<Item = (N, Scope)>,
        limits: &Limits,
    ) -> Self {
        let look = |(needle, scope)| Look { scope, search: search::Search::new(needle) };
        let mut search = Self {
            structure,
            looks: looks.into_iter().map(look).collect(),
            header_block: limits.header_block,
            place: 0,
            stage: Stage::Header(Vec::new()),
            offset: 0,
        };
        if search.looks.iter().all(|look| look.scope == Scope::Body) {
            search.begin_body();
        }
        search.end_if_found();
        search.pass_ends();
        search
    }

    /// The octets of the message that are wanted next; `None` once the search is over.
    #[must_use]
    pub fn wanted(&self) -> Option<Range<u64>> {
        let part = self.structure.parts.get(self.place)?;
        match self.stage {
            Stage::Header(_) => Some(self.offset..part.body_start),
            Stage::Text(_) => Some(self.offset..part.body_end),
            Stage::Over => None,
        }
    }

    /// Takes octets from the start of [what is wanted](Self::wanted) on; never more than that.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.stage {
            Stage::Header(header) => {
                let room = self.header_block - header.len();
                header.extend(bytes.iter().take(room));
            }
            Stage::Text(decoder) => {
                let text = decoder.decode(bytes);
                self.looks.iter_mut().for_each(|look| look.search.push(text));
            }
            Stage::Over => return,
        }
        self.offset += bytes.len() as u64;
        self.end_if_found();
        self.pass_ends();
    }

    /// Whether every needle was found.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.looks.iter().all(|look| look.search.is_found())
    }

    /// Whether the needle of this number was found, from 0 on.
    #[must_use]
    pub fn has_found(&self, number: usize) -> bool {
        self.looks.get(number).is_some_and(|look| look.search.is_found())
    }

    fn end_if_found(&mut self) {
        if self.is_found() {
            self.stage = Stage::Over;
        }
    }

    /// Moves on while nothing is left of what is looked at.
    fn pass_ends(&mut self) {
        while self.wanted().is_some_and(|wanted| wanted.is_empty()) {
            match core::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Header(header) => {
                    self.look_into_header(&header);
                    self.begin_body();
                }
                Stage::Text(decoder) => {
                    let rest = decoder.finish();
                    self.looks.iter_mut().for_each(|look| look.search.push(&rest));
                    self.begin_next();
                }
                Stage::Over => {}
            }
            self.end_if_found();
        }
    }

    /// Looks into every field as a person would read it, its name included.
    fn look_into_header(&mut self, header: &[u8]) {
        for field in fields(header) {
            let value = encoded_word::decode(field.value());
            for look in &mut self.looks {
                if !look.search.is_found() && (self.place > 0 || look.scope == Scope::Text) {
                    look.search.restart();
                    look.search.push(field.name());
                    look.search.push(b":");
                    look.search.push(value.as_bytes());
                }
            }
        }
    }

    fn begin_body(&mut self) {
        let Some(part) = self.structure.parts.get(self.place) else {
            return;
        };
        match Decoder::new(part) {
            Some(decoder) => {
                self.stage = Stage::Text(decoder);
                self.offset = part.body_start;
                for look in self.looks.iter_mut().filter(|look| !look.search.is_found()) {
                    look.search.restart();
                }
            }
            None => self.begin_next(),
        }
    }

    fn begin_next(&mut self) {
        self.place += 1;
        self.stage = match self.structure.parts.get(self.place) {
            Some(part) => {
                self.offset = part.header_start;
                Stage::Header(Vec::new())
            }
            None => Stage::Over,
        };
    }
}
