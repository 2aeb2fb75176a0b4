//! FETCH and STORE.

use super::search::partial_range;
use super::{flag, messages_argument};
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{
    ChangedSince, Encoding, Fetch, FetchItem, Numbering, Partial, Section, SectionText, Store,
};
use crate::store::FlagAction;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// `"FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att … ")")
/// [fetch-modifiers]`, with at most `most` items and as many names of fields in each.
pub(super) fn parse(
    numbering: Numbering,
    scanner: &mut Scanner<'_>,
    most: usize,
) -> Scanned<Fetch> {
    let messages = messages_argument(scanner)?;
    scanner.space()?;
    let items = if scanner.peek() == Some(b'(') {
        item_list(scanner, most)?
    } else {
        let name = item_name(scanner)?;
        match macro_items(&name) {
            Some(items) => items,
            None => vec![item(&name, scanner, most)?],
        }
    };
    let mut fetch = Fetch { numbering, messages, items, changed_since: None, partial: None };
    parse_modifiers(scanner, &mut fetch)?;
    Ok(fetch)
}

/// `"(" fetch-att *(SP fetch-att) ")"`.
pub(super) fn item_list(scanner: &mut Scanner<'_>, most: usize) -> Scanned<Vec<FetchItem>> {
    let mut items = Vec::new();
    scanner.full_list("Data items are missing", |scanner| {
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
    Ok(items)
}

/// `[SP "(" fetch-modifier *(SP fetch-modifier) ")"]` (RFC 4466 §2.4).
fn parse_modifiers(scanner: &mut Scanner<'_>, fetch: &mut Fetch) -> Scanned<()> {
    if !scanner.eat(b' ') {
        return Ok(());
    }
    let mut vanished = false;
    scanner.full_list("FETCH takes a list of modifiers", |scanner| {
        match scanner.name("A modifier is missing")?.to_ascii_uppercase().as_str() {
            "CHANGEDSINCE" => {
                scanner.space()?;
                let mod_seq = scanner.mod_seq()?;
                fetch.changed_since = Some(ChangedSince { mod_seq, vanished: false });
            }
            "VANISHED" => vanished = true,
            "PARTIAL" => {
                scanner.space()?;
                fetch.partial = Some(partial_range(scanner)?);
            }
            _ => return Err("There is no such modifier".into()),
        }
        Ok(())
    })?;
    let is_uid = fetch.numbering == Numbering::Uid;
    if fetch.partial.is_some() && !is_uid {
        return Err("PARTIAL goes with UID FETCH alone".into());
    }
    match &mut fetch.changed_since {
        Some(since) if is_uid => since.vanished = vanished,
        _ if vanished => return Err("VANISHED goes with UID FETCH and CHANGEDSINCE alone".into()),
        _ => {}
    }
    Ok(())
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
        "MODSEQ" => FetchItem::ModSeq,
        "EMAILID" => FetchItem::EmailId,
        "THREADID" => FetchItem::ThreadId,
        "SAVEDATE" => FetchItem::SaveDate,
        "PREVIEW" => FetchItem::Preview { lazy: eat_lazy(scanner) },
        "BINARY" => binary_item(false, scanner)?,
        "BINARY.PEEK" => binary_item(true, scanner)?,
        "BINARY.SIZE" => FetchItem::BinarySize(binary_part(scanner)?),
        _ => return Err("There is no such data item".into()),
    })
}

/// `[SP "(LAZY)"]` (RFC 8970 §6). Any other list belongs to FETCH.
fn eat_lazy(scanner: &mut Scanner<'_>) -> bool {
    let mut ahead = *scanner;
    let found = ahead.eat(b' ') && ahead.eat(b'(') && ahead.eat_name("LAZY") && ahead.eat(b')');
    if found {
        *scanner = ahead;
    }
    found
}

/// `section-binary [partial]` (RFC 3516 §7).
fn binary_item(peek: bool, scanner: &mut Scanner<'_>) -> Scanned<FetchItem> {
    let part = binary_part(scanner)?;
    Ok(FetchItem::Binary { part, partial: partial(scanner)?, peek })
}

/// `section-binary = "[" [section-part] "]"` (RFC 3516 §7).
fn binary_part(scanner: &mut Scanner<'_>) -> Scanned<Vec<u32>> {
    scanner.expect(b'[', "A section is missing")?;
    let mut part = Vec::new();
    if scanner.eat(b']') {
        return Ok(part);
    }
    loop {
        part.push(scanner.nz_number("A part number is not a number from 1 on")?.get());
        if scanner.eat(b']') {
            return Ok(part);
        }
        scanner.expect(b'.', "A section has no closing bracket")?;
    }
}

/// `section [partial]`.
fn section_item(peek: bool, scanner: &mut Scanner<'_>, most: usize) -> Scanned<FetchItem> {
    scanner.expect(b'[', "A section is missing")?;
    let section = section(scanner, most)?;
    scanner.expect(b']', "A section has no closing bracket")?;
    Ok(FetchItem::Section { section, partial: partial(scanner)?, peek })
}

/// `["<" number "." nz-number ">"]`.
fn partial(scanner: &mut Scanner<'_>) -> Scanned<Option<Partial>> {
    if !scanner.eat(b'<') {
        return Ok(None);
    }
    let offset = scanner.number("A partial's offset is missing")?;
    scanner.expect(b'.', "A partial's count is missing")?;
    let count = scanner.nz_number("A partial's count is missing")?;
    scanner.expect(b'>', "A partial has no closing bracket")?;
    Ok(Some(Partial { offset, count }))
}

/// A `section-spec` that stands alone and means octets in one piece, as a URL names it.
pub(in crate::imap) fn parse_section(octets: &[u8]) -> Option<Section> {
    let mut scanner = Scanner::new(octets, Encoding::default());
    let section = section(&mut scanner, 0).ok()?;
    scanner.end().ok()?;
    Some(section)
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

/// `"STORE" SP sequence-set [SP "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"] SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / flag *(SP flag))`.
pub(super) fn parse_store(numbering: Numbering, scanner: &mut Scanner<'_>) -> Scanned<Store> {
    let messages = messages_argument(scanner)?;
    scanner.space()?;
    let mut unchanged_since = None;
    if scanner.eat(b'(') {
        let missing = "STORE takes a list of modifiers, of which only UNCHANGEDSINCE is known";
        if !scanner.eat_name("UNCHANGEDSINCE") {
            return Err(missing.into());
        }
        scanner.space()?;
        unchanged_since = Some(scanner.mod_seq_or_zero()?);
        scanner.expect(b')', missing)?;
        scanner.space()?;
    }
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
    Ok(Store { numbering, messages, unchanged_since, action, silent, flags })
}
