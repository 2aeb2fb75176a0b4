//! APPEND and REPLACE, whose messages pass through: a stretch of such a command at a time.
//!
//! A stretch ends with the head of a literal that passes through, or with the command. What a stretch
//! may hold depends on what was before it, so each says of its end in which place the next begins.

use super::{flag, mailbox, parse_tag};
use crate::imap::scan::{Scanned, Scanner, Syntax};
use crate::imap::types::{
    Append, AppendMessage, AppendPart, Encoding, Literal, Numbering, Replaced,
};
use crate::message::date::DateTime;
use alloc::vec;
use alloc::vec::Vec;

/// What a stretch says.
#[derive(Debug)]
pub(in crate::imap) struct Stretch {
    /// Where each message begins, and each part.
    pub(in crate::imap) offers: Vec<Offer>,
    /// How it ends.
    pub(in crate::imap) end: End,
}

/// What the server decides upon.
#[derive(Debug)]
pub(in crate::imap) enum Offer {
    /// The command with its first message.
    Append(Append),
    /// A further message.
    Message(AppendMessage),
    /// A further part of a message.
    Part(AppendPart),
}

/// How a stretch ends.
#[derive(Debug)]
pub(in crate::imap) enum End {
    /// With the command.
    Command,
    /// With the head of a literal, which the last offer tells.
    Literal(Literal, Place),
}

/// Where a stretch begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::imap) struct Place {
    within: Within,
    /// Whether another message may follow: in REPLACE it may not.
    several: bool,
}

/// What has not come to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Within {
    /// The command.
    Command,
    /// `UTF8 (~{n}`.
    Utf8,
    /// `CATENATE (…`.
    Catenate,
    /// `CATENATE (… UTF8 (~{n}`.
    CatenateUtf8,
}

/// `"APPEND" SP mailbox 1*append-message` (RFC 3502 §6.3.11), its name taken already.
pub(super) fn parse(scanner: &mut Scanner<'_>) -> Scanned<Stretch> {
    parse_first(scanner, None)
}

/// `"REPLACE" SP seq-number SP mailbox append-message` (RFC 8508 §5), its name taken already.
pub(super) fn parse_replace(numbering: Numbering, scanner: &mut Scanner<'_>) -> Scanned<Stretch> {
    let replaced = replaced(numbering, scanner)?;
    parse_first(scanner, Some(replaced))
}

/// `SP seq-number`.
fn replaced(numbering: Numbering, scanner: &mut Scanner<'_>) -> Scanned<Replaced> {
    scanner.space()?;
    let message = match scanner.eat(b'*') {
        true => None,
        false => Some(scanner.nz_number("The number of a message is missing")?),
    };
    Ok(Replaced { numbering, message })
}

fn parse_first(scanner: &mut Scanner<'_>, replaces: Option<Replaced>) -> Scanned<Stretch> {
    let mailbox = mailbox::argument(scanner)?;
    let (message, within) = parse_message(scanner)?;
    let last = message.part.literal();
    let mut offers = vec![Offer::Append(Append { mailbox, replaces, message })];
    let place = Place { within, several: replaces.is_none() };
    let end = go_on(scanner, place, last, &mut offers)?;
    Ok(Stretch { offers, end })
}

/// Parses the stretch that begins in `place`, without its last CRLF.
pub(in crate::imap) fn parse_stretch(
    octets: &[u8],
    place: Place,
    encoding: Encoding,
) -> Result<Stretch, Syntax> {
    let mut scanner = Scanner::new(octets, encoding);
    let mut offers = Vec::new();
    let end = go_on(&mut scanner, place, None, &mut offers)?;
    Ok(Stretch { offers, end })
}

/// Collects offers up to the end of the stretch. If the `last` before has a literal, that is the end.
fn go_on(
    scanner: &mut Scanner<'_>,
    mut place: Place,
    mut last: Option<Literal>,
    offers: &mut Vec<Offer>,
) -> Scanned<End> {
    loop {
        if let Some(literal) = last {
            scanner.end()?;
            return Ok(End::Literal(literal, place));
        }
        match place.within {
            Within::Utf8 => {
                scanner.expect(b')', "UTF8 has no closing parenthesis")?;
                place.within = Within::Command;
            }
            Within::CatenateUtf8 => {
                scanner.expect(b')', "UTF8 has no closing parenthesis")?;
                place.within = Within::Catenate;
            }
            Within::Catenate if scanner.eat(b')') => place.within = Within::Command,
            Within::Catenate => {
                scanner.expect(b' ', "CATENATE has no closing parenthesis")?;
                let part = catenate_part(scanner)?;
                place.within = within_part(&part);
                last = part.literal();
                offers.push(Offer::Part(part));
            }
            Within::Command if scanner.peek().is_none() => return Ok(End::Command),
            Within::Command if place.several => {
                let (message, within) = parse_message(scanner)?;
                place.within = within;
                last = message.part.literal();
                offers.push(Offer::Message(message));
            }
            Within::Command => return Err("Something follows the message".into()),
        }
    }
}

/// `append-message = [SP flag-list] [SP date-time] SP append-data`, up to the first part.
fn parse_message(scanner: &mut Scanner<'_>) -> Scanned<(AppendMessage, Within)> {
    scanner.expect(b' ', "Something follows the message")?;
    let mut flags = Vec::new();
    if scanner.peek() == Some(b'(') {
        flags = scanner.list("", flag)?;
        scanner.space()?;
    }
    let mut internal_date = None;
    if scanner.peek() == Some(b'"') {
        let date = DateTime::parse_imap(&scanner.quoted()?);
        let date = date.ok_or("A date is written like \" 7-Feb-1994 21:52:25 -0800\"")?;
        internal_date = Some(date);
        scanner.space()?;
    }
    let (part, within) = if scanner.eat_name("CATENATE") {
        scanner.space()?;
        scanner.expect(b'(', "CATENATE takes a list of parts")?;
        let part = catenate_part(scanner)?;
        let within = within_part(&part);
        (part, within)
    } else if scanner.eat_name("UTF8") {
        (AppendPart::Utf8(utf8_head(scanner)?), Within::Utf8)
    } else {
        (AppendPart::Text(literal_head(scanner)?), Within::Command)
    };
    Ok((AppendMessage { flags, internal_date, part }, within))
}

/// `cat-part = "URL" SP astring / "TEXT" SP literal` (RFC 4469 §5), or UTF8 as in a message (RFC 6855
/// §4).
fn catenate_part(scanner: &mut Scanner<'_>) -> Scanned<AppendPart> {
    let missing = "A part of CATENATE is TEXT or URL";
    match scanner.name(missing)?.to_ascii_uppercase().as_str() {
        "URL" => {
            scanner.space()?;
            scanner.text("A URL is missing").map(AppendPart::Url)
        }
        "TEXT" => {
            scanner.space()?;
            literal_head(scanner).map(AppendPart::Text)
        }
        "UTF8" => utf8_head(scanner).map(AppendPart::Utf8),
        _ => Err(missing.into()),
    }
}

const fn within_part(part: &AppendPart) -> Within {
    match part {
        AppendPart::Utf8(_) => Within::CatenateUtf8,
        AppendPart::Text(_) | AppendPart::Url(_) => Within::Catenate,
    }
}

/// `SP "(" literal8`, up to its octets.
fn utf8_head(scanner: &mut Scanner<'_>) -> Scanned<Literal> {
    scanner.space()?;
    scanner.expect(b'(', "UTF8 takes a literal in parentheses")?;
    scanner.literal8_head()
}

/// `literal / literal8`, up to its octets.
fn literal_head(scanner: &mut Scanner<'_>) -> Scanned<Literal> {
    match scanner.peek() {
        Some(b'~') => scanner.literal8_head(),
        _ => scanner.literal_head(),
    }
}

/// Whether the command that begins with `octets` is one whose messages pass through.
pub(in crate::imap) fn is_append(octets: &[u8]) -> bool {
    after_name(octets).is_some()
}

/// What follows the name of the command, and with REPLACE the number.
fn after_name(octets: &[u8]) -> Option<Scanner<'_>> {
    let mut scanner = Scanner::new(octets, Encoding::default());
    parse_tag(&mut scanner).ok()?;
    if scanner.eat_name("APPEND") {
        return Some(scanner);
    }
    if scanner.eat_name("UID") {
        scanner.space().ok()?;
    }
    let is_replace =
        scanner.eat_name("REPLACE") && replaced(Numbering::default(), &mut scanner).is_ok();
    is_replace.then_some(scanner)
}

/// Whether the literal whose head ends `line` passes through: any but a mailbox name, which is on
/// the `first` line, and a URL.
pub(in crate::imap) fn is_message(line: &[u8], first: bool) -> bool {
    if first && let Some(mut scanner) = after_name(line) {
        let is_space = scanner.eat(b' ');
        let is_last = |mut scanner: Scanner<'_>| {
            is_space && scanner.literal_head().is_ok() && scanner.end().is_ok()
        };
        if is_last(scanner) {
            return false;
        }
        // A mailbox may be called so.
        if scanner.eat_name("URL") && scanner.eat(b' ') && is_last(scanner) {
            return true;
        }
    }
    let head = line.iter().rposition(|&octet| octet == b'{').unwrap_or(line.len());
    let before = line[..head].strip_suffix(b" ").and_then(|before| before.split_last_chunk());
    !before.is_some_and(|(before, name): (_, &[u8; 3])| {
        name.eq_ignore_ascii_case(b"URL") && matches!(before.last(), Some(b' ' | b'('))
    })
}
