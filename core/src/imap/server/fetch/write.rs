//! Writing the data items of one message.

use super::decode::{Decoding, Encoding};
use super::section::{Known, Needs, Source, choose_fields};
use super::{Fetching, Message, Purpose, Stage};
use crate::imap::server::connection::Connection;
use crate::imap::server::gather::Gathering;
use crate::imap::{FetchData, FetchItem, ObjectId, Partial, Section, SectionText};
use crate::message::date::DateTime;
use crate::message::summary::{Digest, EnvelopeRef};
use crate::store::Failure;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

impl Fetching {
    /// Writes the next item, or does what has to come before.
    pub(super) fn write_item(&mut self, connection: &mut Connection, message: &mut Message) {
        let item = &self.items[message.next];
        if let Some((section, partial)) = section(item) {
            let source = message.locate(&section);
            return self.write_section(connection, message, source, partial);
        }
        if let FetchItem::Binary { part, .. } | FetchItem::BinarySize(part) = item {
            let part = part.clone();
            return self.write_binary(connection, message, part);
        }
        message.next += 1;
        let keywords = connection.selected().map(|selected| selected.view.keywords().clone());
        let keywords = keywords.as_deref().unwrap_or_default();
        message.write_plain(&mut self.line, item, keywords, &self.envelope);
        match item {
            FetchItem::Flags => message.tells_flags = false,
            FetchItem::ModSeq => message.tells_modseq = false,
            _ => {}
        }
    }

    /// Writes a part without its transfer encoding, or begins to count its octets.
    fn write_binary(&mut self, connection: &Connection, message: &mut Message, part: Vec<u32>) {
        let found = message.structure().and_then(|structure| structure.part(&part));
        let encoding = found.and_then(Encoding::of).unwrap_or(Encoding::Identity);
        let source = message.locate(&Section { part, text: SectionText::All });
        let partial = match &self.items[message.next] {
            FetchItem::Binary { partial, .. } => *partial,
            _ => None,
        };
        match (source, &self.items[message.next]) {
            (Source::Octets(body), _) if encoding != Encoding::Identity => {
                message.stage = Stage::Decode(Decoding::new(encoding, body, partial));
            }
            (Source::Octets(body), FetchItem::BinarySize(_)) => {
                self.write_size(message, body.end - body.start);
            }
            (_, FetchItem::BinarySize(_)) => self.write_nil(message),
            (source, _) => self.write_section(connection, message, source, partial),
        }
    }

    fn write_size(&mut self, message: &mut Message, size: u64) {
        if let FetchItem::BinarySize(part) = &self.items[message.next] {
            message.response.item(&mut self.line, &FetchData::BinarySize(part, size));
        }
        message.next += 1;
    }

    /// The octets of a decoded part are counted.
    pub(super) fn end_counting(&mut self, connection: &mut Connection, message: &mut Message) {
        let Stage::Decode(decoding) = &mut message.stage else {
            return;
        };
        let size = decoding.size();
        let item = &self.items[message.next];
        if let FetchItem::BinarySize(_) = item {
            message.stage = Stage::Items;
            return self.write_size(message, size);
        }
        message.response.item(&mut self.line, &FetchData::Content(item, Some(size)));
        if size == 0 {
            message.next += 1;
            message.stage = Stage::Items;
            return;
        }
        decoding.rewind();
        message.is_begun = true;
        connection.out.push(&self.line);
        self.line.clear();
    }

    fn write_section(
        &mut self,
        connection: &Connection,
        message: &mut Message,
        source: Source,
        partial: Option<Partial>,
    ) {
        let limits = connection.limits();
        let gather = |within: Range<u64>| Gathering::new(message.entry.uid, within, limits);
        match source {
            Source::Octets(range) => {
                let left = cut(&range, partial);
                if left.is_empty() {
                    self.write_content(message, &[]);
                } else {
                    message.stage = Stage::Octets { left, is_announced: false };
                }
            }
            Source::Fields(within) => {
                message.stage = Stage::Gather(gather(within), Purpose::Fields);
            }
            // A header block beyond the limit is only in the structure.
            Source::Header if message.header.is_none() => {
                message.stage =
                    Stage::Gather(gather(0..u64::from(message.entry.size)), Purpose::Own);
            }
            Source::Header if message.structure().is_none() => {
                self.needs = Needs::Structure;
                message.stage = Stage::Summary;
            }
            Source::Header | Source::Nothing => self.write_nil(message),
        }
    }

    /// Writes the item under way with content that is there.
    fn write_content(&mut self, message: &mut Message, octets: &[u8]) {
        let item = &self.items[message.next];
        let size = octets.len() as u64;
        message.response.item(&mut self.line, &FetchData::Content(item, Some(size)));
        self.line.extend_from_slice(octets);
        message.next += 1;
    }

    /// Writes the item under way without content.
    pub(super) fn write_nil(&mut self, message: &mut Message) {
        let item = &self.items[message.next];
        if let FetchItem::BinarySize(_) = item {
            // There is no NIL for it.
            return self.write_size(message, 0);
        }
        message.response.item(&mut self.line, &FetchData::Content(item, None));
        message.next += 1;
    }

    /// Takes what was read of a literal.
    pub(super) fn write_octets(
        &mut self,
        connection: &mut Connection,
        message: &mut Message,
        end: bool,
    ) -> Result<(), Failure> {
        let Stage::Octets { left, is_announced } = &mut message.stage else {
            return Ok(());
        };
        let wanted = usize::try_from(left.end - left.start).unwrap_or(usize::MAX);
        connection.octets.truncate(wanted);
        let count = connection.octets.len();
        if count == 0 {
            return Err(Failure::NoMessage);
        }
        if !*is_announced {
            if end {
                // The message is what it is, whatever was known of its size.
                left.end = left.start + count as u64;
            }
            let size = left.end - left.start;
            let item = &self.items[message.next];
            message.response.item(&mut self.line, &FetchData::Content(item, Some(size)));
            *is_announced = true;
            message.is_begun = true;
        }
        left.start += count as u64;
        connection.out.push(&self.line);
        self.line.clear();
        connection.out.push(&connection.octets);
        connection.octets.clear();
        Ok(())
    }

    /// Takes a header block that was read.
    pub(super) fn end_gathering(&mut self, message: &mut Message) {
        let Stage::Gather(gathering, purpose) =
            core::mem::replace(&mut message.stage, Stage::Items)
        else {
            return;
        };
        let block = gathering.finish();
        if matches!(purpose, Purpose::Own) {
            message.header = Some(block);
            return;
        }
        let Some((section, partial)) = section(&self.items[message.next]) else {
            return;
        };
        let chosen = choose_fields(&block.octets, &section.text);
        let shown = cut(&(0..chosen.len() as u64), partial);
        // Within a vector, so within usize.
        let bounds = usize::try_from(shown.start).ok().zip(usize::try_from(shown.end).ok());
        let shown = bounds.and_then(|(start, end)| chosen.get(start..end)).unwrap_or_default();
        self.write_content(message, shown);
    }

    /// Ends the response.
    pub(super) fn end(&mut self, connection: &mut Connection, mut message: Message) {
        if message.tells_flags
            && let Some(selected) = connection.selected()
        {
            let flags = FetchData::Flags(message.entry.flags, selected.view.keywords());
            message.response.item(&mut self.line, &flags);
        }
        if message.tells_modseq {
            message.response.item(&mut self.line, &FetchData::ModSeq(message.entry.modseq));
        }
        message.response.end(&mut self.line);
        connection.out.push(&self.line);
        self.line.clear();
    }
}

/// The section that an item asks for, if it asks for content.
fn section(item: &FetchItem) -> Option<(Cow<'_, Section>, Option<Partial>)> {
    let own = |text| Some((Cow::Owned(Section { part: [].into(), text }), None));
    match item {
        FetchItem::Section { section, partial, .. } => Some((Cow::Borrowed(section), *partial)),
        FetchItem::Rfc822 => own(SectionText::All),
        FetchItem::Rfc822Header => own(SectionText::Header),
        FetchItem::Rfc822Text => own(SectionText::Text),
        _ => None,
    }
}

impl Message {
    /// Where the octets of a section are.
    fn locate(&self, section: &Section) -> Source {
        let header = self.header.as_ref().filter(|it| it.is_whole);
        let known = Known {
            size: u64::from(self.entry.size),
            structure: self.structure(),
            header: header.map(|it| it.octets.len() as u64),
        };
        known.locate(section)
    }

    /// Writes an item that is no content; nothing without what it needs.
    fn write_plain(
        &mut self,
        line: &mut Vec<u8>,
        item: &FetchItem,
        keywords: &[String],
        envelope: &[u8],
    ) {
        let Self { entry, summary, response, .. } = self;
        let summary = summary.as_ref();
        let structure = summary.and_then(|summary| summary.structure.as_ref());
        let id;
        let data = match item {
            FetchItem::Flags => Some(FetchData::Flags(entry.flags, keywords)),
            FetchItem::Uid => Some(FetchData::Uid(entry.uid)),
            FetchItem::ModSeq => Some(FetchData::ModSeq(entry.modseq)),
            FetchItem::InternalDate => Some(FetchData::InternalDate(DateTime::utc(entry.date))),
            FetchItem::SaveDate => {
                let saved = Some(i64::from(entry.saved)).filter(|saved| *saved > 0);
                Some(FetchData::SaveDate(saved.map(DateTime::utc)))
            }
            FetchItem::Rfc822Size => Some(FetchData::Rfc822Size(u64::from(entry.size))),
            FetchItem::Body => structure.map(FetchData::Body),
            FetchItem::BodyStructure => structure.map(FetchData::BodyStructure),
            FetchItem::Envelope => EnvelopeRef::parse(envelope).map(FetchData::EnvelopeRef),
            FetchItem::Preview { .. } => {
                summary.map(|summary| FetchData::Preview(Some(&summary.preview)))
            }
            FetchItem::EmailId => {
                id = summary.and_then(|summary| object_id('E', summary.content_id));
                id.as_ref().map(FetchData::EmailId)
            }
            FetchItem::ThreadId => {
                id = summary.and_then(|summary| object_id('T', summary.thread_id));
                Some(FetchData::ThreadId(id.as_ref()))
            }
            _ => None,
        };
        if let Some(data) = data {
            response.item(line, &data);
        }
    }
}

/// An identifier of RFC 8474 §5: those of messages and of threads begin with letters of their own.
fn object_id(letter: char, digest: Digest) -> Option<ObjectId> {
    ObjectId::new(&alloc::format!("{letter}{digest}"))
}

/// The part of a range that `partial` means.
fn cut(range: &Range<u64>, partial: Option<Partial>) -> Range<u64> {
    let Some(partial) = partial else {
        return range.clone();
    };
    let shown = partial.of(range.end - range.start);
    range.start + shown.start..range.start + shown.end
}
