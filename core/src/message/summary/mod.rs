//! What a store keeps of a message beside it, so that most questions need no look at the message:
//! ENVELOPE, BODY, BODYSTRUCTURE, the values of SORT and THREAD, PREVIEW and object identifiers.
//!
//! A [`Scanner`] makes a [`Summary`] while the message passes; [`Summary::write`] turns it into a
//! record of a few hundred octets, and [`SummaryRef::parse`] reads what is cheap of one without
//! copying: envelope and structure come when they are asked for. A record that is not whole, or of
//! another version, is none: whoever has the message can make it anew.

mod envelope;
mod scanner;
mod structure;
mod wire;

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use self::wire::{Reader, put_number, put_octets, put_signed};
use super::date::DateTime;
use super::envelope::Envelope;
use super::message_id::IdHash;
use super::structure::Structure;
use crate::address::list::Item;

pub use envelope::{AddressesRef, EnvelopeRef, ItemRef};
pub use scanner::Scanner;

/// A hash by which things are the same or not: 160 bits of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Digest(pub [u8; 20]);

/// Forty hexadecimal digits, fit for an object identifier (RFC 8474 §7) behind a letter.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// What is known of a message's content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Octets of the message.
    pub size: u64,
    /// The hash of the message's octets: for EMAILID (RFC 8474 §5.1).
    pub content_id: Digest,
    /// What the messages of a thread have in common: for THREADID (RFC 8474 §5.2). It is the hash of
    /// the first Message-ID of References, else of In-Reply-To, else of the message's own, else
    /// `content_id`.
    pub thread_id: Digest,
    /// The Date field, if it can be read (RFC 5256 §2.2).
    pub sent: Option<DateTime>,
    /// The Message-ID, if it is valid.
    pub message_id: Option<IdHash>,
    /// The Message-IDs that the message refers to (RFC 5256 §3): those of References, else the first of
    /// In-Reply-To. Of more than [`references`](crate::limits::Limits::references), the first and the last.
    pub references: Vec<IdHash>,
    /// The [base subject](super::subject), [folded](crate::encoding::casemap) for comparison.
    pub subject: String,
    /// Whether the subject marks a reply or a forwarded message.
    pub is_reply: bool,
    /// The [preview](super::preview); empty if the message has no text.
    pub preview: String,
    /// The structure, whose root has the envelope.
    pub structure: Structure,
}

/// The first octet of a record.
const VERSION: u8 = 1;

const IS_REPLY: u8 = 1;
const HAS_SENT: u8 = 2;
const HAS_MESSAGE_ID: u8 = 4;

impl Summary {
    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.structure.root()?.envelope.as_deref()
    }

    /// Appends the record to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = flag(self.is_reply, IS_REPLY)
            | flag(self.sent.is_some(), HAS_SENT)
            | flag(self.message_id.is_some(), HAS_MESSAGE_ID);
        out.extend_from_slice(&[VERSION, flags]);
        put_number(out, self.size);
        out.extend_from_slice(&self.content_id.0);
        out.extend_from_slice(&self.thread_id.0);
        if let Some(DateTime { seconds, offset }) = self.sent {
            put_signed(out, seconds);
            put_signed(out, offset.into());
        }
        if let Some(IdHash(id)) = self.message_id {
            out.extend_from_slice(&id.to_be_bytes());
        }
        let references: Vec<u8> =
            self.references.iter().flat_map(|IdHash(id)| id.to_be_bytes()).collect();
        put_octets(out, &references);
        put_octets(out, self.subject.as_bytes());
        put_octets(out, self.preview.as_bytes());
        let mut envelope = Vec::new();
        if let Some(of) = self.envelope() {
            envelope::write(&mut envelope, of);
        }
        put_octets(out, &envelope);
        structure::write(out, &self.structure);
    }

    /// Reads a record; `None` if it is none.
    ///
    /// ```
    /// use postroad_core::limits::Limits;
    /// use postroad_core::message::summary::{Scanner, Summary};
    ///
    /// let mut scanner = Scanner::new(&Limits::DEFAULT);
    /// scanner.push(b"From: ann@example.org\r\nSubject: Re: tea\r\n\r\nAt five?\r\n");
    /// let summary = scanner.finish();
    /// assert_eq!((&summary.subject[..], &summary.preview[..]), ("TEA", "At five?"));
    ///
    /// let mut record = Vec::new();
    /// summary.write(&mut record);
    /// assert_eq!(Summary::parse(&record), Some(summary));
    /// assert!(record.len() < 150);
    /// ```
    #[must_use]
    pub fn parse(record: &[u8]) -> Option<Self> {
        let summary = SummaryRef::parse(record)?;
        Some(Self {
            size: summary.size,
            content_id: summary.content_id,
            thread_id: summary.thread_id,
            sent: summary.sent_at,
            message_id: summary.message_id,
            references: summary.references().collect(),
            subject: core::str::from_utf8(summary.subject).ok()?.into(),
            is_reply: summary.is_reply,
            preview: summary.preview.into(),
            structure: summary.structure()?,
        })
    }
}

/// A [`Summary`] in its record: what is cheap is read, the rest can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SummaryRef<'a> {
    /// See [`Summary::size`].
    pub size: u64,
    /// See [`Summary::content_id`].
    pub content_id: Digest,
    /// See [`Summary::thread_id`].
    pub thread_id: Digest,
    /// See [`Summary::sent`].
    pub sent_at: Option<DateTime>,
    /// See [`Summary::message_id`].
    pub message_id: Option<IdHash>,
    /// See [`Summary::subject`].
    pub subject: &'a [u8],
    /// See [`Summary::is_reply`].
    pub is_reply: bool,
    /// See [`Summary::preview`].
    pub preview: &'a str,
    references: &'a [u8],
    envelope: &'a [u8],
    structure: &'a [u8],
}

impl<'a> SummaryRef<'a> {
    /// Reads a record; `None` if it is none. Whether envelope and structure are whole is seen when they
    /// are asked for.
    #[must_use]
    pub fn parse(record: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: record };
        let [VERSION, flags] = reader.array()? else {
            return None;
        };
        let size = reader.number()?;
        let (content_id, thread_id) = (Digest(reader.array()?), Digest(reader.array()?));
        let sent_at = match flags & HAS_SENT {
            0 => None,
            _ => Some(DateTime {
                seconds: reader.signed()?,
                offset: reader.signed()?.try_into().ok()?,
            }),
        };
        let message_id = match flags & HAS_MESSAGE_ID {
            0 => None,
            _ => Some(IdHash(u64::from_be_bytes(reader.array()?))),
        };
        Some(Self {
            size,
            content_id,
            thread_id,
            sent_at,
            message_id,
            is_reply: flags & IS_REPLY != 0,
            references: reader.octets()?,
            subject: reader.octets()?,
            preview: core::str::from_utf8(reader.octets()?).ok()?,
            envelope: reader.octets()?,
            structure: reader.rest,
        })
    }

    /// When it was sent, in seconds since the Unix epoch; if that cannot be read, the internal date
    /// stands for it (RFC 5256 §2.2).
    #[must_use]
    pub fn sent(&self) -> Option<i64> {
        self.sent_at.map(|date| date.seconds)
    }

    /// See [`Summary::references`].
    pub fn references(&self) -> impl Iterator<Item = IdHash> + use<'a> {
        let (ids, _) = self.references.as_chunks();
        ids.iter().map(|id| IdHash(u64::from_be_bytes(*id)))
    }

    /// The envelope; `None` if the record is broken or has none.
    #[must_use]
    pub fn envelope(&self) -> Option<Envelope> {
        envelope::parse(self.envelope)
    }

    /// The octets of the envelope, for [`EnvelopeRef::parse`].
    #[must_use]
    pub const fn envelope_record(&self) -> &'a [u8] {
        self.envelope
    }

    /// The structure, with the envelope in its root; `None` if the record is broken.
    #[must_use]
    pub fn structure(&self) -> Option<Structure> {
        let envelope = match self.envelope {
            [] => None,
            _ => Some(self.envelope()?),
        };
        structure::parse(self.structure, envelope)
    }

    /// The addresses of a field; `None` if the record is broken.
    #[must_use]
    pub fn addresses(&self, field: AddressField) -> Option<Vec<Item>> {
        envelope::list(self.envelope, field as usize)
    }

    /// The value of a field, unfolded: its absence is the inner `None`, the outer says that the record
    /// is broken.
    #[must_use]
    pub fn text(&self, field: TextField) -> Option<Option<&'a [u8]>> {
        envelope::text(self.envelope, field as usize)
    }

    /// The first address of From.
    #[must_use]
    pub fn first_from(&self) -> Option<Item> {
        envelope::first(self.envelope, 0)
    }

    /// The first address of To.
    #[must_use]
    pub fn first_to(&self) -> Option<Item> {
        envelope::first(self.envelope, 1)
    }

    /// The first address of Cc.
    #[must_use]
    pub fn first_cc(&self) -> Option<Item> {
        envelope::first(self.envelope, 2)
    }
}

/// A field whose addresses a record has as they were written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AddressField {
    /// `From`.
    From,
    /// `To`.
    To,
    /// `Cc`.
    Cc,
    /// `Bcc`.
    Bcc,
}

/// A field whose value a record has as it was written, but for its folds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TextField {
    /// `Date`.
    Date,
    /// `Subject`.
    Subject,
    /// `In-Reply-To`.
    InReplyTo,
    /// `Message-ID`.
    MessageId,
}
