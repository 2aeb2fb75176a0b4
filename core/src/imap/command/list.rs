//! LIST and LSUB.

use super::mailbox::{decode, status_items};
use super::metadata::entry_list;
use crate::imap::scan::{Scanned, Scanner};
use crate::imap::types::{List, ListPattern, ListReturn, ListSelection};
use alloc::vec;

const NO_REFERENCE: &str = "A reference name is missing, perhaps an empty one";

/// `"LSUB" SP mailbox SP list-mailbox`, of at most `longest` octets together.
pub(super) fn parse_lsub(scanner: &mut Scanner<'_>, longest: usize) -> Scanned<List> {
    scanner.space()?;
    let list = parse_names(scanner, longest)?;
    if list.extended { Err("LSUB takes one pattern".into()) } else { Ok(list) }
}

/// `"LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]` (RFC 5258 §6), of
/// which the names have at most `longest` octets together.
pub(super) fn parse(scanner: &mut Scanner<'_>, longest: usize) -> Scanned<List> {
    scanner.space()?;
    let mut selection = None;
    if scanner.peek() == Some(b'(') {
        selection = Some(parse_selection(scanner)?);
        scanner.space()?;
    }
    let mut list = parse_names(scanner, longest)?;
    list.extended |= selection.is_some();
    list.selection = selection.unwrap_or_default();
    if scanner.eat(b' ') {
        list.extended = true;
        list.returns = parse_return(scanner)?;
    }
    Ok(list)
}

/// `mailbox SP mbox-or-pat`.
fn parse_names(scanner: &mut Scanner<'_>, longest: usize) -> Scanned<List> {
    let encoding = scanner.encoding();
    let reference = scanner.astring(NO_REFERENCE)?;
    scanner.space()?;
    let mut octets = 0;
    let mut pattern = |scanner: &mut Scanner<'_>| {
        let pattern = scanner.list_mailbox()?;
        octets += reference.len() + pattern.len();
        if octets > longest {
            return Err("The pattern is too long".into());
        }
        decode(encoding, &pattern).map(ListPattern::new)
    };
    let extended = scanner.peek() == Some(b'(');
    let patterns = match extended {
        true => scanner.full_list("A mailbox name is missing", pattern)?,
        false => vec![pattern(scanner)?],
    };
    let reference = decode(encoding, &reference)?;
    let (selection, returns) = (ListSelection::default(), ListReturn::default());
    Ok(List { selection, reference, patterns, returns, extended })
}

/// `list-select-opts`.
fn parse_selection(scanner: &mut Scanner<'_>) -> Scanned<ListSelection> {
    let mut selection = ListSelection::default();
    scanner.list("", |scanner| {
        match scanner.name("A selection option is missing")?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => selection.subscribed = true,
            "REMOTE" => selection.remote = true,
            "RECURSIVEMATCH" => selection.recursive_match = true,
            "SPECIAL-USE" => selection.special_use = true,
            _ => return Err("There is no such selection option".into()),
        }
        Ok(())
    })?;
    if selection.recursive_match && !selection.subscribed && !selection.special_use {
        // RFC 5258 §3.1: "The RECURSIVEMATCH option MUST NOT occur as the only selection option".
        return Err("RECURSIVEMATCH needs another selection option".into());
    }
    Ok(selection)
}

/// `list-return-opts`.
fn parse_return(scanner: &mut Scanner<'_>) -> Scanned<ListReturn> {
    if !scanner.eat_name("RETURN") {
        return Err("After the names only RETURN can follow".into());
    }
    scanner.space()?;
    let mut returns = ListReturn::default();
    scanner.list("RETURN takes a list of options", |scanner| {
        match scanner.name("A return option is missing")?.to_ascii_uppercase().as_str() {
            "SUBSCRIBED" => returns.subscribed = true,
            "CHILDREN" => returns.children = true,
            "SPECIAL-USE" => returns.special_use = true,
            "MYRIGHTS" => returns.my_rights = true,
            "STATUS" => {
                scanner.space()?;
                returns.status = status_items(scanner)?;
            }
            "METADATA" => {
                scanner.space()?;
                returns.metadata = entry_list(scanner)?;
            }
            _ => return Err("There is no such return option".into()),
        }
        Ok(())
    })?;
    Ok(returns)
}
