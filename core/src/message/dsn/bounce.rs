//! Recognising a bounce, and reading what it tells.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use super::text::{clean, shorten};
use super::{Action, Status, decode_unitext, free};
use crate::limits::Limits;
use crate::message::header::{block_length, fields};
use crate::message::structure::{Part, Scanner, Structure};
use crate::message::text;

/// What a bounce tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bounce {
    /// How it was told.
    pub source: Source,
    /// The recipients it is about. Empty if it names none, which only happens in words.
    pub recipients: Vec<Bounced>,
}

/// How a bounce was told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Source {
    /// In the form of RFC 3464.
    Report,
    /// In words for a person.
    Words,
}

/// What a bounce tells of one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bounced {
    /// The recipient as the reporting host knew it.
    pub address: Option<String>,
    /// The recipient as the sender knew it, if that is told apart.
    pub original: Option<String>,
    /// What was done.
    pub action: Action,
    /// Why, in the most telling code that was found.
    pub status: Option<Status>,
    /// Whether it is worth trying again.
    pub kind: Kind,
    /// Why, in words.
    pub diagnostic: Option<String>,
}

/// Whether it is worth trying again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The message arrived, or went on.
    Success,
    /// A failure that may pass.
    Soft,
    /// A failure that will not pass by itself.
    Hard,
}

/// Reads a bounce from the first octets of a message, `bounce` of [`Limits`] at the most; `None` if
/// the message is none: ordinary mail, an automatic answer, a receipt, a complaint.
///
/// ```
/// use postroad_core::limits::Limits;
/// use postroad_core::message::dsn::{Kind, Status, read};
///
/// let message = b"From: MAILER-DAEMON@example.com\r\nSubject: failure notice\r\n\r\n\
///     I was not able to deliver your message.\r\n\r\n\
///     <bob@example.com>:\r\n550 5.1.1 No such user\r\n";
/// let bounce = read(message, &Limits::DEFAULT).unwrap();
/// assert_eq!(bounce.recipients[0].address.as_deref(), Some("bob@example.com"));
/// assert_eq!(bounce.recipients[0].status, Some(Status::new(5, 1, 1)));
/// assert_eq!(bounce.recipients[0].kind, Kind::Hard);
/// assert_eq!(read(b"Subject: hello\r\n\r\nHow are you?\r\n", &Limits::DEFAULT), None);
/// ```
#[must_use]
pub fn read(message: &[u8], limits: &Limits) -> Option<Bounce> {
    let message = &message[..message.len().min(limits.bounce)];
    let mut scanner = Scanner::new(limits);
    scanner.push(message);
    let structure = scanner.finish();
    let mut recipients = Vec::new();
    for part in own_parts(&structure).filter(|part| is_report(part)) {
        read_report(&decode(message, part), limits, &mut recipients);
    }
    if recipients.is_empty() {
        return free::read(message, &structure, limits);
    }
    Some(Bounce { source: Source::Report, recipients })
}

/// The parts of a message without those of the messages inside it.
pub(super) fn own_parts(structure: &Structure) -> impl Iterator<Item = &Part> {
    let mut next = 0;
    core::iter::from_fn(move || {
        let part = structure.parts.get(next)?;
        let is_message = part.content == crate::message::structure::Content::Message;
        next += 1 + if is_message { part.inside as usize } else { 0 };
        Some(part)
    })
}

/// The octets of a message in a range of it.
pub(super) fn slice(message: &[u8], range: Range<u64>) -> &[u8] {
    let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
    range.and_then(|(start, end)| message.get(start..end)).unwrap_or_default()
}

/// A part's body, with its encoding and its charset undone; empty if it is no text.
pub(super) fn decode(message: &[u8], part: &Part) -> Vec<u8> {
    text::decode(part, slice(message, part.body())).unwrap_or_default()
}

pub(super) fn is_report(part: &Part) -> bool {
    let kind = &part.content_type;
    kind.is("message", "delivery-status") || kind.is("message", "global-delivery-status")
}

/// What the fields about one recipient say.
#[derive(Default)]
struct Fields {
    final_recipient: Option<String>,
    original_recipient: Option<String>,
    action: Option<Action>,
    status: Option<String>,
    diagnostic: Option<String>,
}

/// RFC 3464 §2.1: groups of fields, parted by empty lines.
pub(super) fn read_report(body: &[u8], limits: &Limits, recipients: &mut Vec<Bounced>) {
    let mut rest = body;
    while !rest.is_empty() && recipients.len() < limits.recipients {
        let length = block_length(rest).max(1);
        let mut group = Fields::default();
        for field in fields(&rest[..length]) {
            let value = String::from_utf8_lossy(&field.unfolded()).into_owned();
            if field.is("Final-Recipient") {
                // Some systems forget the empty line.
                if group.final_recipient.is_some() {
                    recipients.extend(core::mem::take(&mut group).into_bounced());
                }
                group.final_recipient = address(&value);
            } else if field.is("Original-Recipient") {
                group.original_recipient = address(&value);
            } else if field.is("Action") {
                group.action = Action::parse(value.as_bytes());
            } else if field.is("Status") {
                group.status = Some(value);
            } else if field.is("Diagnostic-Code") {
                group.diagnostic = Some(value);
            }
        }
        recipients.extend(group.into_bounced());
        rest = &rest[length..];
    }
    recipients.truncate(limits.recipients);
}

impl Fields {
    /// What is known of the recipient; `None` if the fields are about none.
    fn into_bounced(self) -> Option<Bounced> {
        let Self { final_recipient, original_recipient, action, status, diagnostic } = self;
        if final_recipient.is_none() && original_recipient.is_none() && action.is_none() {
            return None;
        }
        let words = diagnostic.as_deref().map(words);
        let status = status_of(status.as_deref(), words.as_deref());
        let action = action.unwrap_or(match status.map(|status| status.class) {
            Some(2) => Action::Delivered,
            _ => Action::Failed,
        });
        let original = original_recipient.filter(|it| Some(it) != final_recipient.as_ref());
        Some(Bounced {
            address: final_recipient.or_else(|| original.clone()),
            original,
            action,
            status,
            kind: kind(action, status),
            diagnostic: words,
        })
    }
}

/// The address of a recipient field: without its type, its brackets and its `\x{…}`.
fn address(value: &str) -> Option<String> {
    let (kind, address) = value.split_once(';').unwrap_or(("rfc822", value));
    let address = shorten(address.trim(), Limits::DEFAULT.diagnostic);
    let address = match address.find('<') {
        Some(start) if !address.starts_with('"') => {
            let inner = &address[start + 1..];
            inner.split_once('>').map_or(inner, |(inner, _)| inner)
        }
        _ => address,
    };
    let address = if kind.trim().eq_ignore_ascii_case("utf-8") {
        decode_unitext(address)
    } else {
        address.to_string()
    };
    let harmless = !address.is_empty() && !address.contains(char::is_control);
    harmless.then_some(address)
}

/// A diagnostic without its type, on one line.
fn words(diagnostic: &str) -> String {
    let is_type = |kind: &str| {
        let kind = kind.trim();
        !kind.is_empty() && kind.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    let words = match diagnostic.split_once(';') {
        Some((kind, words)) if is_type(kind) => words,
        _ => diagnostic,
    };
    clean(shorten(words, Limits::DEFAULT.diagnostic), true)
}

/// The status that says most: the one of the field, or, where that is vague, what the words say.
fn status_of(field: Option<&str>, words: Option<&str>) -> Option<Status> {
    let told = field.map(str::trim).and_then(|field| {
        Status::parse(field.as_bytes()).or_else(|| free::reply_code(field).map(class_of))
    });
    if told.is_some_and(|status| !status.is_vague()) {
        return told;
    }
    let found = words.and_then(|words| {
        let code = free::enhanced(words).filter(|code| !code.is_vague());
        code.or_else(|| free::reply_code(words).map(class_of))
    });
    match (told, found) {
        // Success is not what a reply to an earlier command says, and a host that only gave up for
        // now knows better than the reply it got.
        (Some(told), Some(found))
            if told.class != found.class && (told.class, found.class) != (5, 4) =>
        {
            Some(told)
        }
        (told, found) => found.or(told),
    }
}

/// The vague status of an SMTP reply's class.
pub(super) fn class_of(reply_code: u16) -> Status {
    Status::new(u8::try_from(reply_code / 100).unwrap_or(5), 0, 0)
}

/// Whether it is worth trying again.
pub(super) fn kind(action: Action, status: Option<Status>) -> Kind {
    match (action, status.map(|status| status.class)) {
        (Action::Delivered | Action::Relayed | Action::Expanded, _) => Kind::Success,
        (Action::Delayed, _) | (Action::Failed, Some(4)) => Kind::Soft,
        (Action::Failed, _) => Kind::Hard,
    }
}
