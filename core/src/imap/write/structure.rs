//! ENVELOPE, BODY and BODYSTRUCTURE (RFC 3501 §7.4.2).

use super::{list, nil, nstring, put, string};
use crate::address::list::Item;
use crate::message::envelope::Envelope;
use crate::message::parameters::{Disposition, Parameter};
use crate::message::structure::{Content, Fields, Part, Structure};
use crate::message::summary::{AddressesRef, EnvelopeRef, ItemRef};
use alloc::vec::Vec;

/// `envelope`.
pub(super) fn envelope(out: &mut Vec<u8>, envelope: &Envelope) {
    out.push(b'(');
    nstring(out, envelope.date.as_deref());
    out.push(b' ');
    nstring(out, envelope.subject.as_deref());
    let lists = [
        &envelope.from,
        &envelope.sender,
        &envelope.reply_to,
        &envelope.to,
        &envelope.cc,
        &envelope.bcc,
    ];
    for items in lists {
        out.push(b' ');
        addresses(out, items);
    }
    out.push(b' ');
    nstring(out, envelope.in_reply_to.as_deref());
    out.push(b' ');
    nstring(out, envelope.message_id.as_deref());
    out.push(b')');
}

/// `"(" 1*address ")" / nil`.
fn addresses(out: &mut Vec<u8>, items: &[Item]) {
    if items.is_empty() {
        return nil(out);
    }
    out.push(b'(');
    for item in items {
        let (name, route, local_part, domain) = match item {
            Item::Mailbox { name, route, local_part, domain } => {
                (name.as_deref(), route.as_deref(), Some(&local_part[..]), Some(&domain[..]))
            }
            Item::GroupStart(name) => (None, None, Some(&name[..]), None),
            Item::GroupEnd => (None, None, None, None),
        };
        list(out, [name, route, local_part, domain], nstring);
    }
    out.push(b')');
}

/// `envelope`, from its record.
pub(super) fn envelope_ref(out: &mut Vec<u8>, envelope: EnvelopeRef<'_>) {
    out.push(b'(');
    nstring(out, envelope.date);
    out.push(b' ');
    nstring(out, envelope.subject);
    let lists =
        [envelope.from, envelope.sender, envelope.reply_to, envelope.to, envelope.cc, envelope.bcc];
    for items in lists {
        out.push(b' ');
        addresses_ref(out, items);
    }
    out.push(b' ');
    nstring(out, envelope.in_reply_to);
    out.push(b' ');
    nstring(out, envelope.message_id);
    out.push(b')');
}

fn addresses_ref(out: &mut Vec<u8>, items: AddressesRef<'_>) {
    if items.is_empty() {
        return nil(out);
    }
    out.push(b'(');
    for item in items.iter() {
        let parts = match item {
            ItemRef::Mailbox { name, route, local_part, domain } => {
                [name, route, Some(local_part), Some(domain)]
            }
            ItemRef::GroupStart(name) => [None, None, Some(name), None],
            ItemRef::GroupEnd => [None; 4],
        };
        list(out, parts, nstring);
    }
    out.push(b')');
}

/// Whether a structure is written with its extension data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `BODY`.
    Basic,
    /// `BODYSTRUCTURE`.
    Extended,
}

/// `body`, of the part at `index`. It goes as deep as the structure, which is bounded.
pub(super) fn body(out: &mut Vec<u8>, structure: &Structure, index: usize, form: Form) {
    let Some(part) = structure.parts.get(index) else {
        return nil(out);
    };
    out.push(b'(');
    if part.content == Content::Multipart {
        for (child, _) in structure.children(index) {
            body(out, structure, child, form);
        }
        out.push(b' ');
        string(out, &part.content_type.subtype);
        if form == Form::Extended {
            out.push(b' ');
            parameters(out, &part.content_type.parameters);
        }
    } else {
        single(out, structure, index, part, form);
    }
    if form == Form::Extended {
        let none = Fields::default();
        common_extension(out, part.fields.as_deref().unwrap_or(&none));
    }
    out.push(b')');
}

/// `body-type-1part`, with the first of its extension data.
fn single(out: &mut Vec<u8>, structure: &Structure, index: usize, part: &Part, form: Form) {
    let (main, subtype) = shown_type(part);
    string(out, main);
    out.push(b' ');
    string(out, subtype);
    out.push(b' ');
    parameters(out, &part.content_type.parameters);
    let fields = part.fields.as_deref();
    out.push(b' ');
    nstring(out, fields.and_then(|fields| fields.id.as_deref()));
    out.push(b' ');
    nstring(out, fields.and_then(|fields| fields.description.as_deref()));
    out.push(b' ');
    // RFC 2045 §6.1: "7bit" is assumed.
    string(out, part.encoding.as_deref().unwrap_or(b"7bit"));
    put(out, format_args!(" {}", part.octets()));
    if part.content == Content::Message {
        let inside = structure.parts.get(index + 1);
        let none = Envelope::default();
        out.push(b' ');
        envelope(out, inside.and_then(|inside| inside.envelope.as_deref()).unwrap_or(&none));
        out.push(b' ');
        body(out, structure, index + 1, form);
    }
    if part.content == Content::Message || main.eq_ignore_ascii_case(b"text") {
        put(out, format_args!(" {}", part.lines));
    }
    if form == Form::Extended {
        out.push(b' ');
        nstring(out, fields.and_then(|fields| fields.md5.as_deref()));
    }
}

/// The media type, or if the part is not shown as what that says, one that fits any octets: a
/// client that reads of a message expects its envelope next.
fn shown_type(part: &Part) -> (&[u8], &[u8]) {
    let content_type = &part.content_type;
    let is_opaque = part.content == Content::Leaf
        && (content_type.is_main("multipart") || content_type.is("message", "rfc822"));
    if is_opaque {
        (b"application", b"octet-stream")
    } else {
        (&content_type.main, &content_type.subtype)
    }
}

/// `SP body-fld-dsp SP body-fld-lang SP body-fld-loc`.
fn common_extension(out: &mut Vec<u8>, fields: &Fields) {
    out.push(b' ');
    match &fields.disposition {
        None => nil(out),
        Some(Disposition { kind, parameters: all }) => {
            out.push(b'(');
            string(out, kind);
            out.push(b' ');
            parameters(out, all);
            out.push(b')');
        }
    }
    out.push(b' ');
    match &fields.language[..] {
        [] => nil(out),
        [tag] => string(out, tag),
        tags => list(out, tags, |out, tag| string(out, tag)),
    }
    out.push(b' ');
    nstring(out, fields.location.as_deref());
}

/// `body-fld-param`.
fn parameters(out: &mut Vec<u8>, parameters: &[Parameter]) {
    if parameters.is_empty() {
        return nil(out);
    }
    list(out, parameters, |out, parameter| {
        string(out, &parameter.name);
        out.push(b' ');
        string(out, &parameter.value);
    });
}
