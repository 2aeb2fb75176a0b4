//! IMAP URLs (RFC 5092) as CATENATE takes them (RFC 4469 §3): those that name a message of the
//! server that reads them.

use super::command::parse_section;
use super::types::Section;
use crate::store::Uid;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

#[cfg(test)]
mod tests;

/// What a URL names: a message, or octets of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MessageUrl {
    /// The mailbox; none is the one that is selected.
    pub(super) mailbox: Option<String>,
    /// The UIDVALIDITY that it must have.
    pub(super) uid_validity: Option<u32>,
    /// The message.
    pub(super) uid: Uid,
    /// What of the message.
    pub(super) section: Section,
    /// Which octets of that.
    partial: Option<Octets>,
}

/// `partial-range = number ["." nz-number]` (RFC 5092 §11).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Octets {
    offset: u64,
    count: Option<u64>,
}

impl MessageUrl {
    /// Parses `[["/"] enc-mailbox [";UIDVALIDITY=" nz-number] "/"] ";UID=" nz-number
    /// ["/;SECTION=" enc-section] ["/;PARTIAL=" partial-range]`.
    ///
    /// The base is `imap://user@server/` (RFC 4469 §3), or the selected mailbox where none is named.
    /// An absolute URL is none of these: which names this server goes by is not known here.
    pub(super) fn parse(url: &str) -> Option<Self> {
        if is_absolute(url) {
            return None;
        }
        let (mailbox, mut rest) = url.split_once(';')?;
        let mailbox = mailbox.strip_prefix('/').unwrap_or(mailbox);
        let mut uid_validity = None;
        let mut mailbox = (!mailbox.is_empty()).then_some(mailbox);
        if let Some(validity) = value(rest, "UIDVALIDITY=") {
            let (number, behind) = validity.split_once("/;")?;
            uid_validity = Some(parse_number(number).filter(|number| *number > 0)?);
            // There is no UIDVALIDITY without its mailbox.
            mailbox?;
            rest = behind;
        } else {
            mailbox = match mailbox {
                Some(named) => Some(named.strip_suffix('/')?),
                None => None,
            };
        }
        let mailbox = match mailbox {
            Some(encoded) => Some(decode(encoded).filter(|name| !name.is_empty())?),
            None => None,
        };
        Self::parse_message(mailbox, uid_validity, value(rest, "UID=")?)
    }

    /// `nz-number ["/;SECTION=" enc-section] ["/;PARTIAL=" partial-range]`.
    fn parse_message(
        mailbox: Option<String>,
        uid_validity: Option<u32>,
        text: &str,
    ) -> Option<Self> {
        let mut pieces = text.split("/;");
        let uid = Uid::new(parse_number(pieces.next()?)?)?;
        let mut url =
            Self { mailbox, uid_validity, uid, section: Section::default(), partial: None };
        let mut piece = pieces.next();
        if let Some(section) = piece.and_then(|piece| value(piece, "SECTION=")) {
            let section = decode(section).filter(|section| !section.is_empty())?;
            url.section = parse_section(section.as_bytes())?;
            piece = pieces.next();
        }
        if let Some(partial) = piece.and_then(|piece| value(piece, "PARTIAL=")) {
            url.partial = Some(Octets::parse(partial)?);
            piece = pieces.next();
        }
        piece.is_none().then_some(url)
    }

    /// Of the octets of the section, those that are meant; none if they begin beyond its end.
    pub(super) fn part_of(&self, section: Range<u64>) -> Option<Range<u64>> {
        let Some(Octets { offset, count }) = self.partial else {
            return Some(section);
        };
        let start = section.start.checked_add(offset).filter(|start| *start <= section.end)?;
        let end = count.map_or(section.end, |count| start.saturating_add(count));
        Some(start..end.min(section.end))
    }
}

impl Octets {
    fn parse(text: &str) -> Option<Self> {
        let (offset, count) = match text.split_once('.') {
            Some((offset, count)) => {
                (offset, Some(parse_number(count).filter(|count| *count > 0)?))
            }
            None => (text, None),
        };
        Some(Self { offset: parse_number(offset)?.into(), count: count.map(Into::into) })
    }
}

/// Whether the URL begins with a scheme or an authority (RFC 3986 §4.2).
fn is_absolute(url: &str) -> bool {
    let segment = url.split(['/', ';']).next().unwrap_or_default();
    url.starts_with("//") || segment.contains(':')
}

/// What follows `name`, in whatever case.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, value) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

fn parse_number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// Undoes percent-encoding (RFC 3986 §2.1). What it hides is UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digit = |octet: u8| char::from(octet).to_digit(16);
        let number = digit(digits[0])? * 16 + digit(digits[1])?;
        octets.push(u8::try_from(number).ok()?);
        rest = behind;
    }
    String::from_utf8(octets).ok()
}
