//! GETMETADATA and SETMETADATA (RFC 5464 §5).

use super::{mailbox, parse_tag};
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{
    Encoding, EntryName, InvalidEntryName, Mailbox, Metadata, MetadataDepth, Tag,
};
use alloc::vec;
use alloc::vec::Vec;

/// `"GETMETADATA" [SP getmetadata-options] SP mailbox SP entries`. In some of the RFC's examples, and
/// so in some clients, the options come behind the mailbox.
pub(super) fn parse_get(scanner: &mut Scanner<'_>) -> Scanned<Metadata> {
    let (mut max_size, mut depth) = (None, MetadataDepth::default());
    let mut options = |scanner: &mut Scanner<'_>| -> Scanned<()> {
        let mut ahead = *scanner;
        let is_list = ahead.eat(b' ') && ahead.eat(b'(') && ahead.name("").is_ok();
        if !is_list {
            return Ok(());
        }
        scanner.space()?;
        scanner.full_list("Options are missing", |scanner| {
            match scanner.name("An option is missing")?.to_ascii_uppercase().as_str() {
                "MAXSIZE" => {
                    scanner.space()?;
                    max_size = Some(scanner.number("A number of octets is missing")?);
                }
                "DEPTH" => depth = parse_depth(scanner)?,
                _ => return Err("There is no such option".into()),
            }
            Ok(())
        })?;
        Ok(())
    };
    options(scanner)?;
    let mailbox = mailbox_or_server(scanner)?;
    options(scanner)?;
    scanner.space()?;
    let entries = entry_list(scanner)?;
    Ok(Metadata::Get { mailbox, max_size, depth, entries })
}

/// `SP ("0" / "1" / "infinity")`.
fn parse_depth(scanner: &mut Scanner<'_>) -> Scanned<MetadataDepth> {
    scanner.space()?;
    let missing = "DEPTH is 0, 1 or infinity";
    match scanner.name(missing)?.to_ascii_lowercase().as_str() {
        "0" => Ok(MetadataDepth::Zero),
        "1" => Ok(MetadataDepth::One),
        "infinity" => Ok(MetadataDepth::Infinity),
        _ => Err(missing.into()),
    }
}

/// `SP mailbox`; an empty name is the server.
fn mailbox_or_server(scanner: &mut Scanner<'_>) -> Scanned<Option<Mailbox>> {
    let mailbox = mailbox::argument(scanner)?;
    Ok((!mailbox.as_str().is_empty()).then_some(mailbox))
}

/// `entries = entry / "(" entry *(SP entry) ")"`.
pub(super) fn entry_list(scanner: &mut Scanner<'_>) -> Scanned<Vec<EntryName>> {
    match scanner.peek() {
        Some(b'(') => scanner.full_list("The names of entries are missing", entry),
        _ => Ok(vec![entry(scanner)?]),
    }
}

/// `entry`.
fn entry(scanner: &mut Scanner<'_>) -> Scanned<EntryName> {
    let octets = scanner.astring("The name of an entry is missing")?;
    if let Some(b'*' | b'%') = scanner.peek() {
        // No atom holds these, but the name was meant to.
        return Err(InvalidEntryName::BadCharacter.as_str().into());
    }
    EntryName::parse(&octets).map_err(|wrong| wrong.as_str().into())
}

/// `"SETMETADATA" SP mailbox SP "(" entry SP value *(SP entry SP value) ")"`.
pub(super) fn parse_set(scanner: &mut Scanner<'_>) -> Scanned<Metadata> {
    let mailbox = mailbox_or_server(scanner)?;
    scanner.space()?;
    let values = scanner.full_list("SETMETADATA takes a list of entries", |scanner| {
        let name = entry(scanner)?;
        scanner.space()?;
        let value = match scanner.peek() {
            Some(b'~') => Some(scanner.literal8()?.to_vec()),
            _ => scanner.nstring("A value is a string or NIL")?.map(|value| value.into_owned()),
        };
        Ok((name, value))
    })?;
    Ok(Metadata::Set { mailbox, values })
}

/// The tag of the SETMETADATA that `octets` are the beginning of, as far as into its list of entries and
/// values.
pub(in crate::imap) fn sets_metadata(octets: &[u8], encoding: Encoding) -> Option<Tag> {
    let mut scanner = Scanner::new(octets, encoding);
    let tag = parse_tag(&mut scanner).ok()?;
    let is_list = scanner.eat_name("SETMETADATA")
        && mailbox_or_server(&mut scanner).is_ok()
        && scanner.space().is_ok()
        && scanner.peek() == Some(b'(');
    is_list.then_some(tag)
}
