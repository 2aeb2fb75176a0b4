//! What a submission agent does to a header (RFC 6409): checks it, takes Bcc out, adds Date and
//! Message-ID if they are missing. Everything else passes octet for octet.

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::date::DateTime;
use super::header::{self, Census, Excess, Field, Fields, fields};
use crate::address::{Invalid, Mailbox, list};
use crate::limits::Limits;

/// Collects the header block of a message that is being submitted.
///
/// ```
/// use postroad_core::limits::Limits;
/// use postroad_core::message::date::DateTime;
/// use postroad_core::message::submission::Header;
///
/// let mut header = Header::new(&Limits::DEFAULT);
/// assert_eq!(header.push(b"From: ann@example.org\r\nBcc: bob@example."), None);
/// assert_eq!(header.push(b"com\r\n\r\nHello\r\n"), Some(7));
/// let checked = header.check().unwrap();
/// assert_eq!(checked.from, ["ann@example.org".parse().unwrap()]);
/// assert_eq!(
///     checked.write(DateTime::utc(0), "1@example.org"),
///     b"From: ann@example.org\r\nDate: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n",
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Header {
    limits: Limits,
    scanner: header::Scanner,
    block: Vec<u8>,
}

/// A header block that may be submitted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked<'a> {
    /// The mailboxes of `From`; at least one.
    pub from: Vec<Mailbox>,
    /// The mailbox of `Sender`.
    pub sender: Option<Mailbox>,
    /// Whether the block has octets beyond ASCII, which only SMTPUTF8 allows (RFC 6532).
    pub is_utf8: bool,
    block: &'a [u8],
    has_date: bool,
    has_message_id: bool,
}

/// Why a header block may not be submitted; `Display` says it in words fit for a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// It is beyond a limit.
    Excess(Excess),
    /// A NUL, or a CR or LF that is not part of a CRLF.
    Octet(u8),
    /// A line that is neither a field nor the continuation of one.
    NotAField,
    /// No `From` field (RFC 5322 §3.6 demands exactly one).
    NoFrom,
    /// More than one `From` field.
    SeveralFrom,
    /// A `From` field without a mailbox, or with a wrong one.
    From(Invalid),
    /// More than one `Sender` field.
    SeveralSender,
    /// A `Sender` field that is not exactly one mailbox.
    Sender(Invalid),
    /// Several mailboxes in `From`, but no `Sender` (RFC 5322 §3.6.2).
    NoSender,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Excess(Excess::Octets) => "the header is too long",
            Self::Excess(Excess::Fields) => "the header has too many fields",
            Self::Excess(Excess::Hops) => "the message has passed too many hosts",
            Self::Octet(0) => "the header has a NUL",
            Self::Octet(_) => "the header has a bare CR or LF",
            Self::NotAField => "the header has a line that is no field",
            Self::NoFrom => "the header has no From field",
            Self::SeveralFrom => "the header has more than one From field",
            Self::From(invalid) => return write!(f, "From: {invalid}"),
            Self::SeveralSender => "the header has more than one Sender field",
            Self::Sender(invalid) => return write!(f, "Sender: {invalid}"),
            Self::NoSender => "From has several mailboxes, so a Sender field is needed",
        })
    }
}

impl Header {
    /// A collector at the start of a message, bound by `header_block`, `header_fields` and
    /// `received_hops`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { limits: limits.clone(), scanner: header::Scanner::new(), block: Vec::new() }
    }

    /// Takes the next octets of the message. Returns how many of them belong to the header block
    /// once its end is found, and `None` while all of them do; the rest is body.
    ///
    /// Beyond the limit on octets nothing more is kept.
    pub fn push(&mut self, bytes: &[u8]) -> Option<usize> {
        let end = self.scanner.push(bytes);
        let taken = end.unwrap_or(bytes.len());
        let room = self.limits.header_block - self.block.len();
        self.block.extend(bytes.iter().take(taken.min(room)));
        end
    }

    /// What was counted so far; beyond a limit there is no point in going on.
    #[must_use]
    pub const fn census(&self) -> &Census {
        self.scanner.census()
    }

    /// Checks the block, once its end was found or the message has ended.
    ///
    /// # Errors
    /// The first reason why the message may not be submitted.
    pub fn check(&self) -> Result<Checked<'_>, Refusal> {
        if let Some(excess) = self.census().excess(&self.limits) {
            return Err(Refusal::Excess(excess));
        }
        if let Some(octet) = stray(&self.block) {
            return Err(Refusal::Octet(octet));
        }
        if self.fields().any(|field| field.name().is_empty()) {
            return Err(Refusal::NotAField);
        }
        let Census { date, message_id, .. } = *self.census();
        let from = self.only("From", Refusal::SeveralFrom)?.ok_or(Refusal::NoFrom)?;
        let from = list::mailboxes(from.value()).map_err(Refusal::From)?;
        let sender = match self.only("Sender", Refusal::SeveralSender)? {
            Some(sender) => Some(one_mailbox(&sender).map_err(Refusal::Sender)?),
            None => None,
        };
        match from.len() {
            0 => return Err(Refusal::From(Invalid::NoLocalPart)),
            1 => {}
            _ if sender.is_none() => return Err(Refusal::NoSender),
            _ => {}
        }
        Ok(Checked {
            from,
            sender,
            is_utf8: !self.block.is_ascii(),
            block: &self.block,
            has_date: date > 0,
            has_message_id: message_id > 0,
        })
    }

    fn fields(&self) -> Fields<'_> {
        fields(&self.block)
    }

    /// The one field of this name, if there is one.
    fn only(&self, name: &str, several: Refusal) -> Result<Option<Field<'_>>, Refusal> {
        let mut found = self.fields().filter(|field| field.is(name));
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(several),
            (field, None) => Ok(field),
        }
    }
}

impl Checked<'_> {
    /// Whether `Date` is missing, so that [`write`](Self::write) adds it.
    #[must_use]
    pub const fn lacks_date(&self) -> bool {
        !self.has_date
    }

    /// Whether `Message-ID` is missing, so that [`write`](Self::write) adds it.
    #[must_use]
    pub const fn lacks_message_id(&self) -> bool {
        !self.has_message_id
    }

    /// The header block to pass on, its empty line included: without `Bcc` and `Resent-Bcc`, with
    /// the date and the message id (which comes without angle brackets) if they were missing
    /// (RFC 6409 §8.2, 8.3). The body follows as it came.
    #[must_use]
    pub fn write(&self, date: DateTime, message_id: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.block.len() + 128);
        for field in fields(self.block) {
            // RFC 5322 §3.6.3: no recipient sees a Bcc field. A submission agent is the last that
            // may take it out.
            if field.is("Bcc") || field.is("Resent-Bcc") {
                continue;
            }
            out.extend_from_slice(field.raw());
            // A message of fields alone may end without a line end.
            if !field.raw().ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
        let mut add = |field: String| out.extend_from_slice(field.as_bytes());
        if self.lacks_date() {
            add(alloc::format!("Date: {date}\r\n"));
        }
        if self.lacks_message_id() {
            add(alloc::format!("Message-ID: <{message_id}>\r\n"));
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

fn one_mailbox(field: &Field<'_>) -> Result<Mailbox, Invalid> {
    let mut mailboxes = list::mailboxes(field.value())?;
    match (mailboxes.pop(), mailboxes.is_empty()) {
        (Some(mailbox), true) => Ok(mailbox),
        (Some(_), false) => Err(Invalid::TooMany),
        (None, _) => Err(Invalid::NoLocalPart),
    }
}

/// The first octet that has no place in content: a NUL, or half a CRLF.
fn stray(block: &[u8]) -> Option<u8> {
    let mut before = None;
    for &byte in block {
        match (before, byte) {
            (Some(b'\r'), b'\n') => {}
            (Some(b'\r'), _) => return Some(b'\r'),
            (_, b'\n' | 0) => return Some(byte),
            _ => {}
        }
        before = Some(byte);
    }
    (before == Some(b'\r')).then_some(b'\r')
}
