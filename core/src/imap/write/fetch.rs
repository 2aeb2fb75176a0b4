//! FETCH responses, item by item.

use super::structure::{Form, body, envelope, envelope_ref};
use super::{astring, list, literal_head, nil, nstring, put};
use crate::imap::types::{FetchItem, ObjectId, Partial, Section, SectionText};
use crate::message::date::DateTime;
use crate::message::envelope::Envelope;
use crate::message::structure::Structure;
use crate::message::summary::EnvelopeRef;
use crate::store::{Flags, Uid};
use alloc::string::String;
use alloc::vec::Vec;

/// A FETCH response that is being written (RFC 3501 §7.4.2).
///
/// Whatever happens, it ends with [`end`](Self::end): a response cannot be taken back.
///
/// ```
/// use postroad_core::imap::{FetchData, FetchItem, FetchResponse};
/// use postroad_core::store::Flags;
///
/// let mut out = Vec::new();
/// let mut response = FetchResponse::begin(&mut out, 12);
/// response.item(&mut out, &FetchData::Flags(Flags::SEEN, &[]));
/// response.item(&mut out, &FetchData::Content(&FetchItem::Rfc822, Some(5)));
/// out.extend_from_slice(b"Hi!\r\n");
/// response.end(&mut out);
/// assert_eq!(out, b"* 12 FETCH (FLAGS (\\Seen) RFC822 {5}\r\nHi!\r\n)\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a response needs its end"]
pub struct FetchResponse {
    separator: &'static str,
}

/// A data item of a FETCH response.
#[derive(Clone, Copy, Debug)]
pub enum FetchData<'a> {
    /// `FLAGS`, with the names of the mailbox's keywords.
    Flags(Flags, &'a [String]),
    /// `UID`.
    Uid(Uid),
    /// `INTERNALDATE`.
    InternalDate(DateTime),
    /// `RFC822.SIZE`.
    Rfc822Size(u64),
    /// `ENVELOPE`.
    Envelope(&'a Envelope),
    /// `ENVELOPE`, from its record.
    EnvelopeRef(EnvelopeRef<'a>),
    /// `BODY`.
    Body(&'a Structure),
    /// `BODYSTRUCTURE`.
    BodyStructure(&'a Structure),
    /// `MODSEQ`.
    ModSeq(u64),
    /// `EMAILID`.
    EmailId(&'a ObjectId),
    /// `THREADID`; `None` is NIL, where there are none.
    ThreadId(Option<&'a ObjectId>),
    /// `SAVEDATE`; `None` is NIL, where the mailbox does not know.
    SaveDate(Option<DateTime>),
    /// `PREVIEW`, at most 256 characters; `None` is NIL, where there is none yet.
    Preview(Option<&'a str>),
    /// `BINARY.SIZE` of a part.
    BinarySize(&'a [u32], u64),
    /// Content that was asked for by this item. Just so many octets must follow; `None` is NIL, for
    /// a part that does not exist.
    Content(&'a FetchItem, Option<u64>),
}

impl FetchResponse {
    /// Begins the response for the message with this sequence number.
    pub fn begin(out: &mut Vec<u8>, number: u32) -> Self {
        put(out, format_args!("* {number} FETCH ("));
        Self { separator: "" }
    }

    /// Begins the response for the message with this UID, where sequence numbers are switched off
    /// (RFC 9586 §3.1).
    pub fn begin_uid(out: &mut Vec<u8>, uid: Uid) -> Self {
        put(out, format_args!("* {uid} UIDFETCH ("));
        Self { separator: "" }
    }

    /// Writes one data item, of content the head only.
    pub fn item(&mut self, out: &mut Vec<u8>, data: &FetchData<'_>) {
        out.extend_from_slice(self.separator.as_bytes());
        self.separator = " ";
        match *data {
            FetchData::Flags(flags, keywords) => write_flags(out, flags, keywords),
            FetchData::Uid(uid) => put(out, format_args!("UID {uid}")),
            FetchData::InternalDate(date) => {
                put(out, format_args!("INTERNALDATE \"{}\"", date.to_imap()));
            }
            FetchData::Rfc822Size(size) => put(out, format_args!("RFC822.SIZE {size}")),
            FetchData::Envelope(of) => {
                out.extend_from_slice(b"ENVELOPE ");
                envelope(out, of);
            }
            FetchData::EnvelopeRef(of) => {
                out.extend_from_slice(b"ENVELOPE ");
                envelope_ref(out, of);
            }
            FetchData::Body(structure) => {
                out.extend_from_slice(b"BODY ");
                body(out, structure, 0, Form::Basic);
            }
            FetchData::BodyStructure(structure) => {
                out.extend_from_slice(b"BODYSTRUCTURE ");
                body(out, structure, 0, Form::Extended);
            }
            FetchData::Content(item, size) => {
                write_name(out, item);
                out.push(b' ');
                match size {
                    Some(size) => {
                        if let FetchItem::Binary { .. } = item {
                            // RFC 3516 §4.2: literal8, for there may be a NUL.
                            out.push(b'~');
                        }
                        literal_head(out, size);
                    }
                    None => nil(out),
                }
            }
            ref extension => extension.write_extension(out),
        }
    }

    /// Ends the response.
    pub fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b")\r\n");
    }
}

impl FetchData<'_> {
    /// Writes the data items of extensions.
    fn write_extension(&self, out: &mut Vec<u8>) {
        match *self {
            Self::ModSeq(mod_seq) => put(out, format_args!("MODSEQ ({mod_seq})")),
            Self::EmailId(id) => put(out, format_args!("EMAILID ({id})")),
            Self::ThreadId(Some(id)) => put(out, format_args!("THREADID ({id})")),
            Self::ThreadId(None) => out.extend_from_slice(b"THREADID NIL"),
            Self::SaveDate(Some(date)) => {
                put(out, format_args!("SAVEDATE \"{}\"", date.to_imap()));
            }
            Self::SaveDate(None) => out.extend_from_slice(b"SAVEDATE NIL"),
            Self::Preview(text) => {
                out.extend_from_slice(b"PREVIEW ");
                nstring(out, text.map(str::as_bytes));
            }
            Self::BinarySize(part, size) => {
                write_part(out, "BINARY.SIZE", part);
                put(out, format_args!(" {size}"));
            }
            _ => {}
        }
    }
}

fn write_flags(out: &mut Vec<u8>, flags: Flags, keywords: &[String]) {
    const SYSTEM: [(Flags, &str); 6] = [
        (Flags::ANSWERED, "\\Answered"),
        (Flags::FLAGGED, "\\Flagged"),
        (Flags::DELETED, "\\Deleted"),
        (Flags::SEEN, "\\Seen"),
        (Flags::DRAFT, "\\Draft"),
        (Flags::RECENT, "\\Recent"),
    ];
    let set = |(flag, name): (Flags, &'static str)| flags.contains(flag).then_some(name);
    let system = SYSTEM.into_iter().filter_map(set);
    let keywords = flags.keywords().filter_map(|index| keywords.get(index)).map(String::as_str);
    out.extend_from_slice(b"FLAGS ");
    list(out, system.chain(keywords), |out, name| {
        out.extend_from_slice(name.as_bytes());
    });
}

/// The item as the client asked for it, but for PEEK and the count of a partial.
fn write_name(out: &mut Vec<u8>, item: &FetchItem) {
    let name = match item {
        FetchItem::Body => "BODY",
        FetchItem::BodyStructure => "BODYSTRUCTURE",
        FetchItem::Envelope => "ENVELOPE",
        FetchItem::Flags => "FLAGS",
        FetchItem::InternalDate => "INTERNALDATE",
        FetchItem::Rfc822 => "RFC822",
        FetchItem::Rfc822Header => "RFC822.HEADER",
        FetchItem::Rfc822Size => "RFC822.SIZE",
        FetchItem::Rfc822Text => "RFC822.TEXT",
        FetchItem::Uid => "UID",
        FetchItem::ModSeq => "MODSEQ",
        FetchItem::EmailId => "EMAILID",
        FetchItem::ThreadId => "THREADID",
        FetchItem::SaveDate => "SAVEDATE",
        FetchItem::Preview { .. } => "PREVIEW",
        FetchItem::BinarySize(part) => return write_part(out, "BINARY.SIZE", part),
        FetchItem::Binary { part, partial, .. } => {
            write_part(out, "BINARY", part);
            return write_partial(out, *partial);
        }
        FetchItem::Section { section, partial, .. } => {
            write_section(out, section);
            return write_partial(out, *partial);
        }
    };
    out.extend_from_slice(name.as_bytes());
}

fn write_partial(out: &mut Vec<u8>, partial: Option<Partial>) {
    if let Some(partial) = partial {
        put(out, format_args!("<{}>", partial.offset));
    }
}

/// A name with `section-binary`.
fn write_part(out: &mut Vec<u8>, name: &str, part: &[u32]) {
    put(out, format_args!("{name}["));
    super::join(out, ".", part, |out, number| put(out, format_args!("{number}")));
    out.push(b']');
}

fn write_section(out: &mut Vec<u8>, section: &Section) {
    out.extend_from_slice(b"BODY[");
    let Section { part, text } = section;
    super::join(out, ".", part, |out, number| put(out, format_args!("{number}")));
    let (name, fields) = match text {
        SectionText::All => ("", None),
        SectionText::Header => ("HEADER", None),
        SectionText::HeaderFields(names) => ("HEADER.FIELDS", Some(names)),
        SectionText::HeaderFieldsNot(names) => ("HEADER.FIELDS.NOT", Some(names)),
        SectionText::Text => ("TEXT", None),
        SectionText::Mime => ("MIME", None),
    };
    if !part.is_empty() && !name.is_empty() {
        out.push(b'.');
    }
    out.extend_from_slice(name.as_bytes());
    if let Some(names) = fields {
        out.push(b' ');
        list(out, names, |out, name| astring(out, name.as_bytes()));
    }
    out.push(b']');
}
