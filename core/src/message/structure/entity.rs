//! Reading a part's header into it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::size_of;

use super::{Content, Fields, Part, boundary};
use crate::message::envelope::Envelope;
use crate::message::header::{Field, fields};
use crate::message::parameters::{ContentType, Disposition, Parameter, tokens};

impl Part {
    /// A part whose header starts here, of the type that it has by default.
    pub(super) fn new(header_start: u64, content_type: ContentType) -> Self {
        Self {
            header_start,
            body_start: header_start,
            body_end: header_start,
            lines: 0,
            inside: 0,
            content: Content::Leaf,
            content_type,
            encoding: None,
            fields: None,
            envelope: None,
        }
    }

    /// Takes what matters from the part's header. Of a repeated field the first counts.
    pub(super) fn read_header(&mut self, header: &[u8], is_message: bool) {
        let mut content_type = None;
        let mut others = Fields::default();
        for field in fields(header) {
            let name = field.name();
            let is_content =
                name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
            if !is_content {
                continue;
            }
            match &name[8..].to_ascii_lowercase()[..] {
                b"type" if content_type.is_none() => {
                    content_type = Some(ContentType::parse(field.value()))
                }
                b"transfer-encoding" if self.encoding.is_none() => {
                    self.encoding = tokens(field.value()).into_iter().next();
                }
                other => others.take(other, &field),
            }
        }
        match content_type {
            Some(Some(content_type)) => self.content_type = content_type,
            // RFC 2045 §5.2: what cannot be read is plain text.
            Some(None) => self.content_type = ContentType::plain_text(),
            None => {}
        }
        self.fields = (others != Fields::default()).then(|| Box::new(others));
        self.envelope = is_message.then(|| Box::new(Envelope::parse(header)));
    }

    /// The boundary, if this is a multipart whose parts can be told apart.
    pub(super) fn boundary(&self) -> Option<&[u8]> {
        let boundary =
            self.content_type.is_main("multipart").then(|| self.parameter("boundary"))??;
        // RFC 2046 §5.1.1: a boundary does not end with white space.
        let boundary = boundary.trim_ascii_end();
        (1..=boundary::LONGEST).contains(&boundary.len()).then_some(boundary)
    }

    /// Whether the body is a message that can be looked into: not one under a transfer encoding,
    /// which RFC 2046 §5.2.1 forbids and RFC 6532 §3.5 allows.
    pub(super) fn carries_message(&self) -> bool {
        let is_message =
            self.content_type.is("message", "rfc822") || self.content_type.is("message", "global");
        let is_encoded = self.encoding.as_ref().is_some_and(|encoding| {
            [&b"base64"[..], b"quoted-printable"]
                .iter()
                .any(|other| encoding.eq_ignore_ascii_case(other))
        });
        is_message && !is_encoded
    }

    /// About how many octets of memory the part takes.
    pub(super) fn weight(&self) -> usize {
        let ContentType { main, subtype, parameters } = &self.content_type;
        let fields = self.fields.as_ref().map_or(0, |fields| fields.weight());
        let envelope = self.envelope.as_ref().map_or(0, |envelope| envelope.weight());
        size_of::<Self>() + main.len() + subtype.len() + weight_of(parameters) + fields + envelope
    }
}

impl Fields {
    /// Takes a `Content-` field, whose name goes on in lower case as told.
    fn take(&mut self, name: &[u8], field: &Field<'_>) {
        let place = match name {
            b"id" => &mut self.id,
            b"description" => &mut self.description,
            b"md5" => &mut self.md5,
            b"location" => &mut self.location,
            b"disposition" => {
                if self.disposition.is_none() {
                    self.disposition = Disposition::parse(field.value());
                }
                return;
            }
            b"language" => {
                if self.language.is_empty() {
                    self.language = tokens(field.value());
                }
                return;
            }
            _ => return,
        };
        place.get_or_insert_with(|| field.unfolded());
    }

    fn weight(&self) -> usize {
        let texts = [&self.id, &self.description, &self.md5, &self.location];
        let texts: usize = texts.into_iter().flatten().map(Vec::len).sum();
        let disposition =
            self.disposition.as_ref().map_or(0, |it| it.kind.len() + weight_of(&it.parameters));
        let language: usize =
            self.language.iter().map(|tag| size_of::<Vec<u8>>() + tag.len()).sum();
        size_of::<Self>() + texts + disposition + language
    }
}

fn weight_of(parameters: &[Parameter]) -> usize {
    parameters.iter().map(|it| size_of::<Parameter>() + it.name.len() + it.value.len()).sum()
}
