//! The text of a message, for searching: transfer encodings, charsets and encoded words undone.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::ops::{Deref, Range};

use super::header::{Field, fields};
use super::structure::{Content, Part, Structure};
use crate::encoding::search::{self, Needle};
use crate::encoding::{base64, charset, encoded_word, quoted_printable};
use crate::limits::Limits;

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

/// Decodes the body of a text part to UTF-8, piece by piece.
#[derive(Debug)]
pub struct Decoder {
    transfer: Transfer,
    charset: Option<charset::Decoder>,
    /// What the transfer encoding gave, on its way to the charset.
    octets: Vec<u8>,
}

/// A transfer encoding (RFC 2045 §6).
#[derive(Debug)]
enum Transfer {
    Identity,
    Base64(base64::Decoder),
    QuotedPrintable(quoted_printable::Decoder),
}

impl Transfer {
    fn of(part: &Part) -> Self {
        let encoding = part.encoding.as_deref().unwrap_or_default();
        if encoding.eq_ignore_ascii_case(b"base64") {
            Self::Base64(base64::Decoder::default())
        } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable(quoted_printable::Decoder::default())
        } else {
            Self::Identity
        }
    }
}

impl Decoder {
    /// A decoder for a part's body; `None` if the part is not text but, say, an image, or if it is
    /// made of other parts.
    ///
    /// Text in an unknown charset is taken for UTF-8.
    #[must_use]
    pub fn new(part: &Part) -> Option<Self> {
        // Status and disposition reports are text of another name (RFC 3464 §2.1).
        let is_text = part.content_type.is_main("text") || part.content_type.is_main("message");
        (is_text && part.content == Content::Leaf).then(|| Self {
            transfer: Transfer::of(part),
            charset: part.parameter("charset").and_then(charset::Decoder::for_label),
            octets: Vec::new(),
        })
    }

    /// Decodes the next octets of the body; the text is appended to `output`.
    pub fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        self.octets.clear();
        match &mut self.transfer {
            Transfer::Identity => self.octets.extend_from_slice(input),
            Transfer::Base64(decoder) => decoder.decode(input, &mut self.octets),
            Transfer::QuotedPrintable(decoder) => decoder.decode(input, &mut self.octets),
        }
        self.convert(output);
    }

    /// Ends the body; what was held back is appended to `output`.
    pub fn finish(mut self, output: &mut Vec<u8>) {
        self.octets.clear();
        match &mut self.transfer {
            Transfer::Identity => {}
            Transfer::Base64(decoder) => decoder.finish(&mut self.octets),
            Transfer::QuotedPrintable(decoder) => decoder.finish(&mut self.octets),
        }
        self.convert(output);
        if let Some(charset) = self.charset {
            charset.finish(output);
        }
    }

    fn convert(&mut self, output: &mut Vec<u8>) {
        match &mut self.charset {
            Some(charset) => charset.decode(&self.octets, output),
            None => output.extend_from_slice(&self.octets),
        }
    }
}

/// Where a [`Search`] looks (RFC 3501 §6.4.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// In the body: its text, and the headers of the parts and messages inside. SEARCH BODY.
    Body,
    /// In the message's own header as well. SEARCH TEXT.
    Text,
}

/// A search under way in one message. It asks for the octets it wants, so that attachments need
/// not be read, and holds one header or one piece of text.
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
/// let needle = Needle::new("WORLD");
/// let mut search = Search::new(&structure, &needle, Scope::Body, &Limits::DEFAULT);
/// while let Some(wanted) = search.wanted() {
///     let piece = &message[wanted.start as usize..wanted.end as usize];
///     search.push(&piece[..piece.len().min(5)]);
/// }
/// assert!(search.is_found());
/// ```
#[derive(Debug)]
pub struct Search<S, N> {
    structure: S,
    needle: N,
    header_block: usize,
    /// The part that is looked at.
    place: usize,
    stage: Stage<N>,
    /// The next octet that is wanted.
    offset: u64,
    output: Vec<u8>,
}

#[derive(Debug)]
enum Stage<N> {
    /// In the part's header, of which this has come.
    Header(Vec<u8>),
    /// In the part's text.
    Text(Decoder, search::Search<N>),
    /// At the end of the message, or of the search.
    Over { found: bool },
}

impl<S: Deref<Target = Structure>, N: Deref<Target = Needle> + Clone> Search<S, N> {
    /// Begins a search in the message of this structure; both are borrowed or shared. An empty needle is in every message.
    #[must_use]
    pub fn new(structure: S, needle: N, scope: Scope, limits: &Limits) -> Self {
        let mut search = Self {
            structure,
            needle,
            header_block: limits.header_block,
            place: 0,
            stage: Stage::Header(Vec::new()),
            offset: 0,
            output: Vec::new(),
        };
        if search.needle.is_in("") {
            search.stage = Stage::Over { found: true };
        } else if scope == Scope::Body {
            search.begin_body();
        }
        search.pass_ends();
        search
    }

    /// The octets of the message that are wanted next; `None` once the search is over.
    #[must_use]
    pub fn wanted(&self) -> Option<Range<u64>> {
        let part = self.structure.parts.get(self.place)?;
        match self.stage {
            Stage::Header(_) => Some(self.offset..part.body_start),
            Stage::Text(..) => Some(self.offset..part.body_end),
            Stage::Over { .. } => None,
        }
    }

    /// Takes octets from the start of [what is wanted](Self::wanted) on; never more than that.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.stage {
            Stage::Header(header) => {
                let room = self.header_block - header.len();
                header.extend(bytes.iter().take(room));
            }
            Stage::Text(decoder, search) => {
                self.output.clear();
                decoder.decode(bytes, &mut self.output);
                search.push(&self.output);
                if search.is_found() {
                    self.stage = Stage::Over { found: true };
                }
            }
            Stage::Over { .. } => return,
        }
        self.offset += bytes.len() as u64;
        self.pass_ends();
    }

    /// Whether the needle was found.
    #[must_use]
    pub const fn is_found(&self) -> bool {
        matches!(self.stage, Stage::Over { found: true })
    }

    /// Moves on while nothing is left of what is looked at.
    fn pass_ends(&mut self) {
        while self.wanted().is_some_and(|wanted| wanted.is_empty()) {
            match core::mem::replace(&mut self.stage, Stage::Over { found: false }) {
                Stage::Header(header) if is_in_header(&header, &self.needle) => {
                    self.stage = Stage::Over { found: true };
                }
                Stage::Header(_) => self.begin_body(),
                Stage::Text(decoder, mut search) => {
                    self.output.clear();
                    decoder.finish(&mut self.output);
                    search.push(&self.output);
                    if search.is_found() {
                        self.stage = Stage::Over { found: true };
                    } else {
                        self.begin_next();
                    }
                }
                Stage::Over { .. } => {}
            }
        }
    }

    fn begin_body(&mut self) {
        let Some(part) = self.structure.parts.get(self.place) else {
            return;
        };
        match Decoder::new(part) {
            Some(decoder) => {
                self.stage = Stage::Text(decoder, search::Search::new(self.needle.clone()));
                self.offset = part.body_start;
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
            None => Stage::Over { found: false },
        };
    }
}

/// Whether the needle is in any field as a person would read it, its name included.
fn is_in_header(header: &[u8], needle: &Needle) -> bool {
    fields(header).any(|field: Field<'_>| {
        let mut search = search::Search::new(needle);
        search.push(field.name());
        search.push(b":");
        search.push(encoded_word::decode(field.value()).as_bytes());
        search.is_found()
    })
}
