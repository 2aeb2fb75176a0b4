//! The commands that name mailboxes.

use super::flag;
use crate::encoding::utf7;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Append, Command, List, ListPattern, Mailbox, StatusItem};
use crate::message::date::DateTime;
use alloc::string::String;
use alloc::vec::Vec;

/// `SP mailbox`.
pub(super) fn argument(scanner: &mut Scanner<'_>) -> Scanned<Mailbox> {
    scanner.space()?;
    let octets = scanner.astring("A mailbox name is missing")?;
    decode(&octets).map(Mailbox::new)
}

/// RFC 3501 §5.1.3: names are in modified UTF-7, and a client sends no other octets.
fn decode(octets: &[u8]) -> Scanned<String> {
    utf7::decode(octets).map_err(|_| "A mailbox name is not in modified UTF-7".into())
}

/// `"CREATE" SP mailbox [SP "(" "USE" SP "(" use-attr *(SP use-attr) ")" ")"]` (RFC 6154 §6).
pub(super) fn parse_create(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    let mailbox = argument(scanner)?;
    let mut special_use = Vec::new();
    if scanner.eat(b' ') {
        let missing = "CREATE takes a list of parameters, of which only USE is known";
        scanner.expect(b'(', missing)?;
        if !scanner.atom(missing)?.eq_ignore_ascii_case("USE") {
            return Err(missing.into());
        }
        scanner.space()?;
        special_use = scanner.list("USE takes a list of attributes", |scanner| {
            scanner.expect(b'\\', "An attribute starts with a backslash")?;
            let name = scanner.atom("An attribute is missing")?;
            Ok(["\\", name].concat())
        })?;
        scanner.expect(b')', missing)?;
    }
    Ok(Command::Create { mailbox, special_use })
}

/// `"RENAME" SP mailbox SP mailbox`.
pub(super) fn parse_rename(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    let from = argument(scanner)?;
    let to = argument(scanner)?;
    Ok(Command::Rename { from, to })
}

/// `SP mailbox SP list-mailbox`, of at most `longest` octets together.
pub(super) fn parse_list(scanner: &mut Scanner<'_>, longest: usize) -> Scanned<List> {
    scanner.space()?;
    let reference = scanner.astring("A reference name is missing, perhaps an empty one")?;
    scanner.space()?;
    let pattern = scanner.list_mailbox()?;
    if reference.len() + pattern.len() > longest {
        return Err("The pattern is too long".into());
    }
    Ok(List { reference: decode(&reference)?, pattern: ListPattern::new(decode(&pattern)?) })
}

/// `"STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`.
pub(super) fn parse_status(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    let mailbox = argument(scanner)?;
    scanner.space()?;
    let mut items = Vec::new();
    scanner.list("Status items are missing", |scanner| {
        let name = scanner.name("A status item is missing")?;
        let mut known = StatusItem::ALL.into_iter();
        let item = known
            .find(|item| item.name().eq_ignore_ascii_case(name))
            .ok_or("There is no such status item")?;
        if !items.contains(&item) {
            items.push(item);
        }
        Ok(())
    })?;
    if items.is_empty() {
        return Err("Status items are missing".into());
    }
    Ok(Command::Status { mailbox, items })
}

/// `"APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal`, of which the head alone is there.
pub(super) fn parse_append(scanner: &mut Scanner<'_>) -> Scanned<Append> {
    let mailbox = argument(scanner)?;
    scanner.space()?;
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
    Ok(Append { mailbox, flags, internal_date, literal: scanner.literal_head()? })
}
