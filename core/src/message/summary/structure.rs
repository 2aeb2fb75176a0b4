//! The structure in a record: its parts one after another. What is read back is as sound as what a
//! scanner makes: parts nest, and not too deep.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::envelope;
use super::wire::{Reader, put_number, put_octets, put_optional};
use crate::limits::Limits;
use crate::message::envelope::Envelope;
use crate::message::parameters::{ContentType, Disposition, Parameter};
use crate::message::structure::{Content, Fields, Part, Structure};

const HAS_TYPE: u8 = 1;
const HAS_ENCODING: u8 = 2;
const HAS_FIELDS: u8 = 4;
const HAS_ENVELOPE: u8 = 8;
const CONTENT: u8 = 4;

/// Writes all but the envelope of the root.
pub(super) fn write(out: &mut Vec<u8>, structure: &Structure) {
    for (place, part) in structure.parts.iter().enumerate() {
        let envelope = part.envelope.as_deref().filter(|_| place > 0);
        write_part(out, part, envelope);
    }
}

fn write_part(out: &mut Vec<u8>, part: &Part, envelope: Option<&Envelope>) {
    let content = match part.content {
        Content::Leaf => 0,
        Content::Multipart => 1,
        Content::Message => 2,
    };
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let has_type = part.content_type != ContentType::plain_text();
    out.push(
        content << CONTENT
            | flag(has_type, HAS_TYPE)
            | flag(part.encoding.is_some(), HAS_ENCODING)
            | flag(part.fields.is_some(), HAS_FIELDS)
            | flag(envelope.is_some(), HAS_ENVELOPE),
    );
    if part.content != Content::Leaf {
        put_number(out, part.inside.into());
    }
    put_number(out, part.header_start);
    put_number(out, part.body_start.wrapping_sub(part.header_start));
    put_number(out, part.body_end.wrapping_sub(part.body_start));
    put_number(out, part.lines);
    if has_type {
        put_octets(out, &part.content_type.main);
        put_octets(out, &part.content_type.subtype);
        put_parameters(out, &part.content_type.parameters);
    }
    if let Some(encoding) = &part.encoding {
        put_octets(out, encoding);
    }
    if let Some(fields) = &part.fields {
        put_fields(out, fields);
    }
    if let Some(envelope) = envelope {
        let mut octets = Vec::new();
        envelope::write(&mut octets, envelope);
        put_octets(out, &octets);
    }
}

fn put_parameters(out: &mut Vec<u8>, parameters: &[Parameter]) {
    put_number(out, parameters.len() as u64);
    for Parameter { name, value } in parameters {
        put_octets(out, name);
        put_octets(out, value);
    }
}

fn put_fields(out: &mut Vec<u8>, fields: &Fields) {
    for text in [&fields.id, &fields.description, &fields.md5, &fields.location] {
        put_optional(out, text.as_deref());
    }
    put_optional(out, fields.disposition.as_ref().map(|it| &it.kind[..]));
    if let Some(disposition) = &fields.disposition {
        put_parameters(out, &disposition.parameters);
    }
    put_number(out, fields.language.len() as u64);
    fields.language.iter().for_each(|tag| put_octets(out, tag));
}

/// Reads the parts, of which the root gets this envelope.
pub(super) fn parse(octets: &[u8], envelope: Option<Envelope>) -> Option<Structure> {
    let mut reader = Reader { rest: octets };
    let mut parts = Vec::new();
    while !reader.rest.is_empty() {
        parts.push(part(&mut reader)?);
    }
    parts.first_mut()?.envelope = envelope.map(Box::new);
    is_sound(&parts).then_some(Structure { parts })
}

fn part(reader: &mut Reader<'_>) -> Option<Part> {
    let flags = reader.octet()?;
    let content = match flags >> CONTENT {
        0 => Content::Leaf,
        1 => Content::Multipart,
        2 => Content::Message,
        _ => return None,
    };
    let has = |flag: u8| flags & flag != 0;
    let inside = if content == Content::Leaf { 0 } else { reader.number()?.try_into().ok()? };
    let header_start = reader.number()?;
    let body_start = header_start.wrapping_add(reader.number()?);
    let body_end = body_start.wrapping_add(reader.number()?);
    Some(Part {
        header_start,
        body_start,
        body_end,
        lines: reader.number()?,
        inside,
        content,
        content_type: if has(HAS_TYPE) { content_type(reader)? } else { ContentType::plain_text() },
        encoding: if has(HAS_ENCODING) { Some(reader.vec()?) } else { None },
        fields: if has(HAS_FIELDS) { Some(Box::new(fields(reader)?)) } else { None },
        envelope: if has(HAS_ENVELOPE) {
            Some(Box::new(envelope::parse(reader.octets()?)?))
        } else {
            None
        },
    })
}

fn content_type(reader: &mut Reader<'_>) -> Option<ContentType> {
    Some(ContentType {
        main: reader.vec()?,
        subtype: reader.vec()?,
        parameters: parameters(reader)?,
    })
}

fn parameters(reader: &mut Reader<'_>) -> Option<Vec<Parameter>> {
    let count = reader.number()?;
    (0..count).map(|_| Some(Parameter { name: reader.vec()?, value: reader.vec()? })).collect()
}

fn fields(reader: &mut Reader<'_>) -> Option<Fields> {
    let mut text = || Some(reader.optional()?.map(<[u8]>::to_vec));
    let (id, description, md5, location) = (text()?, text()?, text()?, text()?);
    let disposition = match text()? {
        Some(kind) => Some(Disposition { kind, parameters: parameters(reader)? }),
        None => None,
    };
    let count = reader.number()?;
    let language = (0..count).map(|_| reader.vec()).collect::<Option<_>>()?;
    Some(Fields { id, description, md5, disposition, language, location })
}

/// Whether the parts nest as those of a message do: each inside the one around it, one in a message,
/// one and more in a multipart.
fn is_sound(parts: &[Part]) -> bool {
    // Where the parts end that are around, and whether they are messages.
    let mut around: Vec<(usize, bool)> = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        while around.last().is_some_and(|(end, _)| *end <= place) {
            around.pop();
        }
        let end = place + 1 + part.inside as usize;
        let fits = match around.last() {
            Some((outer, true)) => end == *outer,
            Some((outer, false)) => end <= *outer,
            None => place == 0 && end == parts.len(),
        };
        let is_order = part.header_start <= part.body_start && part.body_start <= part.body_end;
        if !fits || !is_order || around.len() > Limits::DEFAULT.summary_depth {
            return false;
        }
        match (part.content, part.inside) {
            (Content::Leaf, _) => {}
            (_, 0) => return false,
            (content, _) => around.push((end, content == Content::Message)),
        }
    }
    true
}
