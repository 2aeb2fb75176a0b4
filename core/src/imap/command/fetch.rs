//! FETCH and STORE.

use super::{flag, set_argument};
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Fetch, FetchItem, Numbering, Partial, Section, SectionText, Store};
use crate::store::FlagAction;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// `"FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att … ")")`, of
/// which there may be at most `most`, and as many names of fields in each.
pub(super) fn parse(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    most: usize,
) -> Scanned<Fetch> {
    let messages = set_argument(scanner)?;
    scanner.space()?;
    let mut items = Vec::new();
    if scanner.peek() == Some(b'(') {
        scanner.list("Data items are missing", |scanner| {
            let name = item_name(scanner)?;
            let item = item(&name, scanner, most)?;
            if items.len() == most {
                return Err("There are too many data items".into());
            }
            if !items.contains(&item) {
                items.push(item);
            }
            Ok(())
        })?;
    } else {
        let name = item_name(scanner)?;
        items = match macro_items(&name) {
            Some(items) => items,
            None => vec![item(&name, scanner, most)?],
        };
    }
    if items.is_empty() {
        return Err("Data items are missing".into());
    }
    Ok(Fetch { numbering, messages, items })
}

fn item_name(scanner: &mut Scanner<'_>) -> Scanned<String> {
    Ok(scanner.name("A data item is missing")?.to_ascii_uppercase())
}

/// RFC 3501 §6.4.5: "A macro must be used by itself".
fn macro_items(name: &str) -> Option<Vec<FetchItem>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Rfc822Size};
    match name {
        "FAST" => Some(vec![Flags, InternalDate, Rfc822Size]),
        "ALL" => Some(vec![Flags, InternalDate, Rfc822Size, Envelope]),
        "FULL" => Some(vec![Flags, InternalDate, Rfc822Size, Envelope, Body]),
        _ => None,
    }
}

/// `fetch-att`, its name taken already.
fn item(name: &str, scanner: &mut Scanner<'_>, most: usize) -> Scanned<FetchItem> {
    Ok(match name {
        "BODY" if scanner.peek() == Some(b'[') => section_item(false, scanner, most)?,
        "BODY.PEEK" => section_item(true, scanner, most)?,
        "BODY" => FetchItem::Body,
        "BODYSTRUCTURE" => FetchItem::BodyStructure,
        "ENVELOPE" => FetchItem::Envelope,
        "FLAGS" => FetchItem::Flags,
        "INTERNALDATE" => FetchItem::InternalDate,
        "RFC822" => FetchItem::Rfc822,
        "RFC822.HEADER" => FetchItem::Rfc822Header,
        "RFC822.SIZE" => FetchItem::Rfc822Size,
        "RFC822.TEXT" => FetchItem::Rfc822Text,
        "UID" => FetchItem::Uid,
        _ => return Err("There is no such data item".into()),
    })
}

/// `section ["<" number "." nz-number ">"]`.
fn section_item(peek: bool, scanner: &mut Scanner<'_>, most: usize) -> Scanned<FetchItem> {
    scanner.expect(b'[', "A section is missing")?;
    let section = section(scanner, most)?;
    scanner.expect(b']', "A section has no closing bracket")?;
    let mut partial = None;
    if scanner.eat(b'<') {
        let offset = scanner.number("A partial's offset is missing")?;
        scanner.expect(b'.', "A partial's count is missing")?;
        let count = scanner.nz_number("A partial's count is missing")?;
        scanner.expect(b'>', "A partial has no closing bracket")?;
        partial = Some(Partial { offset, count });
    }
    Ok(FetchItem::Section { section, partial, peek })
}

/// `section-spec`.
fn section(scanner: &mut Scanner<'_>, most: usize) -> Scanned<Section> {
    let mut part = Vec::new();
    while scanner.peek().is_some_and(|octet| octet.is_ascii_digit()) {
        let number = scanner.nz_number("A part number is not a number from 1 on")?;
        part.push(number.get());
        if !scanner.eat(b'.') {
            let text = SectionText::All;
            return Ok(Section { part, text });
        }
    }
    if part.is_empty() && scanner.peek() == Some(b']') {
        return Ok(Section::default());
    }
    let name = scanner.name("A section is malformed")?.to_ascii_uppercase();
    let text = match name.as_str() {
        "HEADER" => SectionText::Header,
        "HEADER.FIELDS" => SectionText::HeaderFields(field_names(scanner, most)?),
        "HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(field_names(scanner, most)?),
        "TEXT" => SectionText::Text,
        // RFC 3501 §6.4.5: "The MIME part specifier MUST be prefixed by one or more numeric part
        // specifiers."
        "MIME" if !part.is_empty() => SectionText::Mime,
        _ => return Err("There is no such section".into()),
    };
    Ok(Section { part, text })
}

/// `SP header-list`.
fn field_names(scanner: &mut Scanner<'_>, most: usize) -> Scanned<Vec<String>> {
    scanner.space()?;
    let mut names = Vec::new();
    scanner.list("Names of header fields are missing", |scanner| {
        if names.len() == most {
            return Err("There are too many names of header fields".into());
        }
        let name = scanner.astring("The name of a header field is missing")?;
        // RFC 5322 §3.6.8: ftext.
        if name.is_empty() || !name.iter().all(|octet| octet.is_ascii_graphic() && *octet != b':') {
            return Err("This cannot be the name of a header field".into());
        }
        names.push(String::from_utf8_lossy(&name).into_owned());
        Ok(())
    })?;
    if names.is_empty() {
        return Err("Names of header fields are missing".into());
    }
    Ok(names)
}

/// `"STORE" SP sequence-set SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / flag *(SP flag))`.
pub(super) fn parse_store(numbering: Numbering, scanner: &mut Scanner<'_>) -> Scanned<Store> {
    let messages = set_argument(scanner)?;
    scanner.space()?;
    let action = if scanner.eat(b'+') {
        FlagAction::Add
    } else if scanner.eat(b'-') {
        FlagAction::Remove
    } else {
        FlagAction::Replace
    };
    let missing = "STORE changes FLAGS or FLAGS.SILENT";
    let silent = match scanner.name(missing)?.to_ascii_uppercase().as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(missing.into()),
    };
    scanner.space()?;
    let flags = if scanner.peek() == Some(b'(') {
        scanner.list("Flags are missing", flag)?
    } else {
        let mut flags = vec![flag(scanner)?];
        while scanner.eat(b' ') {
            flags.push(flag(scanner)?);
        }
        flags
    };
    Ok(Store { numbering, messages, action, silent, flags })
}
