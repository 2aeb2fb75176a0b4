//! The commands that name mailboxes.

use super::sequence_set;
use crate::encoding::utf7;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{Command, Encoding, Mailbox, Qresync, Select, SequenceSet, StatusItem};
use alloc::string::String;
use alloc::vec::Vec;

/// `SP mailbox`.
pub(super) fn argument(scanner: &mut Scanner<'_>) -> Scanned<Mailbox> {
    scanner.space()?;
    mailbox(scanner)
}

/// `mailbox`.
pub(super) fn mailbox(scanner: &mut Scanner<'_>) -> Scanned<Mailbox> {
    let octets = scanner.astring("A mailbox name is missing")?;
    decode(scanner.encoding(), &octets).map(Mailbox::new)
}

/// RFC 3501 §5.1.3, RFC 9051 §5.1: names are in one form, and a client sends no other octets.
pub(super) fn decode(encoding: Encoding, octets: &[u8]) -> Scanned<String> {
    match encoding {
        Encoding::Utf7 => {
            utf7::decode(octets).map_err(|_| "A mailbox name is not in modified UTF-7".into())
        }
        Encoding::Utf8 => match str::from_utf8(octets) {
            Ok(name) => Ok(name.into()),
            Err(_) => Err("A mailbox name is not in UTF-8".into()),
        },
    }
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

/// `("SELECT" / "EXAMINE") SP mailbox [SP "(" select-param *(SP select-param) ")"]` (RFC 4466 §2.1).
pub(super) fn parse_select(scanner: &mut Scanner<'_>) -> Scanned<Select> {
    let mailbox = argument(scanner)?;
    let mut select = Select { mailbox, condstore: false, qresync: None };
    if scanner.eat(b' ') {
        scanner.full_list("SELECT takes a list of parameters", |scanner| {
            match scanner.name("A parameter is missing")?.to_ascii_uppercase().as_str() {
                "CONDSTORE" => select.condstore = true,
                "QRESYNC" => {
                    scanner.space()?;
                    select.qresync = Some(qresync(scanner)?);
                }
                _ => return Err("There is no such parameter".into()),
            }
            Ok(())
        })?;
    }
    Ok(select)
}

/// `"(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"` (RFC 7162 §7).
fn qresync(scanner: &mut Scanner<'_>) -> Scanned<Qresync> {
    scanner.expect(b'(', "QRESYNC takes a list of what is known")?;
    let uid_validity = scanner.nz_number("A UIDVALIDITY is missing")?.get();
    scanner.space()?;
    let mod_seq = scanner.mod_seq()?;
    let mut qresync = Qresync { uid_validity, mod_seq, known_uids: None, known_pairs: None };
    let mut is_separate = scanner.eat(b' ');
    if is_separate && scanner.peek() != Some(b'(') {
        qresync.known_uids = Some(closed_set(scanner)?);
        is_separate = scanner.eat(b' ');
    }
    if is_separate {
        scanner.expect(b'(', "Sequence numbers and their UIDs are a list")?;
        let numbers = closed_set(scanner)?;
        scanner.space()?;
        let uids = closed_set(scanner)?;
        if count(&numbers) != count(&uids) {
            return Err("There are not as many UIDs as sequence numbers".into());
        }
        scanner.expect(b')', "Sequence numbers and their UIDs are a list")?;
        qresync.known_pairs = Some((numbers, uids));
    }
    scanner.expect(b')', "The parameter of QRESYNC has no end")?;
    Ok(qresync)
}

/// A `sequence-set` in which `*` is not allowed.
fn closed_set(scanner: &mut Scanner<'_>) -> Scanned<SequenceSet> {
    let set = sequence_set(scanner)?;
    if set.is_open() { Err("A set must not hold * here".into()) } else { Ok(set) }
}

fn count(set: &SequenceSet) -> u64 {
    set.ranges(0).map(|range| u64::from(range.end() - range.start()) + 1).sum()
}

/// `"STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`.
pub(super) fn parse_status(scanner: &mut Scanner<'_>) -> Scanned<Command> {
    let mailbox = argument(scanner)?;
    scanner.space()?;
    Ok(Command::Status { mailbox, items: status_items(scanner)? })
}

/// `"(" status-att *(SP status-att) ")"`.
pub(super) fn status_items(scanner: &mut Scanner<'_>) -> Scanned<Vec<StatusItem>> {
    let mut items = Vec::new();
    scanner.full_list("Status items are missing", |scanner| {
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
    Ok(items)
}
