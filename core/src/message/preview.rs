//! The first words of a message, for a list of messages (RFC 8970).

mod html;

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;

use super::structure::{Content, Part, Structure};
use super::text::Decoder;
use crate::limits::Limits;

/// The text of a part that is found first, of either kind.
#[derive(Clone, Debug)]
struct Found {
    /// The part's place in the structure.
    place: usize,
    /// The first octets of its body.
    octets: Vec<u8>,
}

/// Collects what a preview is made of, while a message passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector {
    /// How many parts were looked at.
    seen: usize,
    plain: Option<Found>,
    html: Option<Found>,
}

impl Collector {
    /// Takes octets of the message, of which the first is at `offset`, and the parts that have begun
    /// at the end of them.
    pub(super) fn push(&mut self, begun: &[Part], offset: u64, bytes: &[u8]) {
        for (place, part) in begun.iter().enumerate().skip(self.seen) {
            let kind = match Kind::of(part) {
                Some(Kind::Plain) => &mut self.plain,
                Some(Kind::Html) => &mut self.html,
                None => continue,
            };
            if kind.is_none() {
                *kind = Some(Found { place, octets: Vec::new() });
            }
        }
        self.seen = begun.len();
        for found in [&mut self.plain, &mut self.html].into_iter().flatten() {
            let Some(part) = begun.get(found.place) else {
                continue;
            };
            let skipped = usize::try_from(part.body_start.saturating_sub(offset));
            let body = skipped.ok().and_then(|skipped| bytes.get(skipped..)).unwrap_or_default();
            let room = Limits::DEFAULT.preview_octets - found.octets.len();
            found.octets.extend(body.iter().take(room));
        }
    }

    /// The preview of the message of this structure.
    pub(super) fn finish(self, structure: &Structure) -> String {
        let prefers_html = match (&self.plain, &self.html) {
            (Some(plain), Some(html)) => {
                html.place < plain.place
                    && parent(structure, html.place) != parent(structure, plain.place)
            }
            _ => false,
        };
        let (one, other) =
            if prefers_html { (self.html, self.plain) } else { (self.plain, self.html) };
        let preview = |found: Option<Found>| {
            let Found { place, octets } = found?;
            Some(of_part(structure.parts.get(place)?, &octets)).filter(|text| !text.is_empty())
        };
        preview(one).or_else(|| preview(other)).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Html,
}

impl Kind {
    /// What a preview may be made of: text that is shown with the message.
    fn of(part: &Part) -> Option<Self> {
        let disposition = part.fields.as_ref().and_then(|fields| fields.disposition.as_ref());
        let is_attached = disposition.is_some_and(|it| it.kind.eq_ignore_ascii_case(b"attachment"));
        if is_attached || part.content != Content::Leaf {
            None
        } else if part.content_type.is("text", "plain") {
            Some(Self::Plain)
        } else if part.content_type.is("text", "html") {
            Some(Self::Html)
        } else {
            None
        }
    }
}

/// The part that another is directly inside of.
fn parent(structure: &Structure, place: usize) -> Option<usize> {
    (0..place).rev().find(|&at| at + structure.parts[at].inside as usize >= place)
}

/// The preview of a part, of whose body these are the first octets.
///
/// ```
/// use postroad_core::limits::Limits;
/// use postroad_core::message::preview;
/// use postroad_core::message::structure::Scanner;
///
/// let message = b"Content-Type: text/html\r\n\r\n<style>p { }</style><p>Dear&nbsp;all,<p>see <b>below</b>";
/// let mut scanner = Scanner::new(&Limits::DEFAULT);
/// scanner.push(message);
/// let structure = scanner.finish();
/// let part = structure.root().unwrap();
/// assert_eq!(preview::of_part(part, &message[part.body_start as usize..]), "Dear all, see below");
/// ```
#[must_use]
pub fn of_part(part: &Part, octets: &[u8]) -> String {
    let body = usize::try_from(part.octets()).unwrap_or(usize::MAX);
    let octets = &octets[..octets.len().min(body).min(Limits::DEFAULT.preview_octets)];
    let Some(mut decoder) = Decoder::new(part) else {
        return String::new();
    };
    let mut text = decoder.decode(octets).to_vec();
    if octets.len() == body {
        text.extend(decoder.finish());
    }
    let text = String::from_utf8_lossy(&text);
    let mut words = Words::default();
    if Kind::of(part) == Some(Kind::Html) {
        html::read(&text, &mut words);
    } else {
        text.chars().for_each(|c| words.push(c));
    }
    words.text
}

/// The words of a preview, with one space between them.
#[derive(Default)]
struct Words {
    text: String,
    count: usize,
    /// Whether a space must come before the next word.
    is_apart: bool,
}

impl Words {
    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.is_apart = self.count > 0;
        } else if !c.is_control() && !is_ignorable(c) {
            let needed = 1 + usize::from(self.is_apart);
            if self.count + needed > Limits::DEFAULT.preview {
                self.count = Limits::DEFAULT.preview;
                return;
            }
            if self.is_apart {
                self.text.push(' ');
            }
            self.is_apart = false;
            self.text.push(c);
            self.count += needed;
        }
    }

    fn is_full(&self) -> bool {
        self.count >= Limits::DEFAULT.preview
    }
}

/// Characters without a look of their own, with which newsletters fill their previews.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fffd}')
}
