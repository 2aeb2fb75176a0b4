//! Where the octets of a data item are (RFC 3501 §6.4.5).

use crate::imap::{FetchItem, Section, SectionText};
use crate::message::header::fields;
use crate::message::structure::{Part, Structure};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Where the octets of a section are found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) enum Source {
    /// These octets of the message.
    Octets(Range<u64>),
    /// Fields of the header block at the start of these octets.
    Fields(Range<u64>),
    /// That can be told when the message's own header block is there.
    Header,
    /// There is no such part.
    Nothing,
}

/// What is known of a message.
pub(in super::super) struct Known<'a> {
    pub(in super::super) size: u64,
    pub(in super::super) structure: Option<&'a Structure>,
    /// The length of its own header block.
    pub(in super::super) header: Option<u64>,
}

impl Known<'_> {
    /// Where the header block of the message ends.
    fn header_end(&self) -> Option<u64> {
        self.header.or_else(|| Some(self.structure?.root()?.body_start))
    }

    /// Where the octets of `section` are.
    pub(in super::super) fn locate(&self, section: &Section) -> Source {
        if section.part.is_empty() {
            self.locate_own(&section.text)
        } else {
            self.locate_part(section)
        }
    }

    fn locate_own(&self, text: &SectionText) -> Source {
        match (text, self.header_end()) {
            (SectionText::All, _) => Source::Octets(0..self.size),
            (SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_), end) => {
                Source::Fields(0..end.unwrap_or(self.size))
            }
            (_, None) => Source::Header,
            (SectionText::Text, Some(end)) => Source::Octets(end..self.size),
            // MIME without a part number is not in the grammar.
            (SectionText::Header | SectionText::Mime, Some(end)) => Source::Octets(0..end),
        }
    }

    fn locate_part(&self, section: &Section) -> Source {
        let number = &section.part;
        let Some(structure) = self.structure else {
            return Source::Nothing;
        };
        let (part, message) = (structure.part(number), structure.message(number));
        let octets = |part: Option<&Part>, which: fn(&Part) -> Range<u64>| {
            part.map_or(Source::Nothing, |part| Source::Octets(which(part)))
        };
        match section.text {
            SectionText::All => octets(part, Part::body),
            SectionText::Mime => octets(part, Part::header),
            SectionText::Header => octets(message, Part::header),
            SectionText::Text => octets(message, Part::body),
            SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => {
                message.map_or(Source::Nothing, |part| Source::Fields(part.header()))
            }
        }
    }
}

/// What must be known of a message before anything can be said of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Needs {
    /// No more than is known.
    Nothing,
    /// What its summary tells.
    Summary,
    /// The same, and its structure.
    Structure,
}

impl Needs {
    /// What an item needs.
    pub(super) fn of(item: &FetchItem) -> Self {
        match item {
            FetchItem::Envelope
            | FetchItem::EmailId
            | FetchItem::ThreadId
            | FetchItem::Preview { .. } => Self::Summary,
            FetchItem::Body | FetchItem::BodyStructure => Self::Structure,
            FetchItem::Section { section: Section { part, .. }, .. }
            | FetchItem::Binary { part, .. }
            | FetchItem::BinarySize(part)
                if !part.is_empty() =>
            {
                Self::Structure
            }
            _ => Self::Nothing,
        }
    }
}

/// Whether fetching the item sets `\Seen`.
pub(super) const fn sets_seen(item: &FetchItem) -> bool {
    matches!(
        item,
        FetchItem::Rfc822
            | FetchItem::Rfc822Text
            | FetchItem::Section { peek: false, .. }
            | FetchItem::Binary { peek: false, .. }
    )
}

/// Those fields of a header block that an item asks for, with the empty line behind the block if it
/// has one.
pub(super) fn choose_fields(block: &[u8], text: &SectionText) -> Vec<u8> {
    let is_among = |names: &[String], name: &[u8]| {
        names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
    };
    let mut chosen = Vec::new();
    let mut end = 0;
    for field in fields(block) {
        end = field.start() + field.raw().len();
        let is_chosen = match text {
            SectionText::HeaderFields(names) => is_among(names, field.name()),
            SectionText::HeaderFieldsNot(names) => !is_among(names, field.name()),
            _ => true,
        };
        if is_chosen {
            chosen.extend_from_slice(field.raw());
        }
    }
    chosen.extend_from_slice(&block[end..]);
    chosen
}
