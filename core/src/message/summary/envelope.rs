//! The envelope in a record: six address lists, then four texts. What sorting needs comes first, and
//! Sender and Reply-To, if they are as From, take an octet.

use alloc::vec::Vec;

use super::wire::{Reader, put_octets, put_optional};
use crate::address::list::Item;
use crate::message::envelope::Envelope;

const GROUP_END: u8 = 0;
const GROUP_START: u8 = 1;
const MAILBOX: u8 = 2;
const HAS_NAME: u8 = 4;
const HAS_ROUTE: u8 = 8;

pub(super) fn write(out: &mut Vec<u8>, envelope: &Envelope) {
    let mut list = Vec::new();
    for items in [&envelope.from, &envelope.to, &envelope.cc, &envelope.bcc] {
        put_items(&mut list, items);
        put_octets(out, &list);
        list.clear();
    }
    for items in [&envelope.sender, &envelope.reply_to] {
        if *items == envelope.from {
            put_optional(out, None);
        } else {
            put_items(&mut list, items);
            put_optional(out, Some(&list));
            list.clear();
        }
    }
    for text in [&envelope.date, &envelope.subject, &envelope.in_reply_to, &envelope.message_id] {
        put_optional(out, text.as_deref());
    }
}

fn put_items(out: &mut Vec<u8>, items: &[Item]) {
    for item in items {
        match item {
            Item::GroupEnd => out.push(GROUP_END),
            Item::GroupStart(name) => {
                out.push(GROUP_START);
                put_octets(out, name);
            }
            Item::Mailbox { name, route, local_part, domain } => {
                let with_name = if name.is_some() { HAS_NAME } else { 0 };
                let with_route = if route.is_some() { HAS_ROUTE } else { 0 };
                out.push(MAILBOX | with_name | with_route);
                name.iter().chain(route).for_each(|text| put_octets(out, text));
                put_octets(out, local_part);
                put_octets(out, domain);
            }
        }
    }
}

pub(super) fn parse(octets: &[u8]) -> Option<Envelope> {
    let mut reader = Reader { rest: octets };
    let from = items(reader.octets()?)?;
    let (to, cc, bcc) =
        (items(reader.octets()?)?, items(reader.octets()?)?, items(reader.octets()?)?);
    let mut or_from = || match reader.optional()? {
        Some(list) => items(list),
        None => Some(from.clone()),
    };
    let (sender, reply_to) = (or_from()?, or_from()?);
    let mut text = || Some(reader.optional()?.map(<[u8]>::to_vec));
    let (date, subject, in_reply_to, message_id) = (text()?, text()?, text()?, text()?);
    let envelope =
        Envelope { date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id };
    reader.rest.is_empty().then_some(envelope)
}

/// The list of this number.
pub(super) fn list(octets: &[u8], number: usize) -> Option<Vec<Item>> {
    let mut reader = Reader { rest: octets };
    for _ in 0..number {
        reader.octets()?;
    }
    items(reader.octets()?)
}

/// The text of this number, if there is one; the outer `None` says that the record is broken.
pub(super) fn text(octets: &[u8], number: usize) -> Option<Option<&[u8]>> {
    let mut reader = Reader { rest: octets };
    for _ in 0..4 {
        reader.octets()?;
    }
    for _ in 0..2 + number {
        reader.optional()?;
    }
    reader.optional()
}

/// The first item of the list of this number.
pub(super) fn first(octets: &[u8], number: usize) -> Option<Item> {
    let mut reader = Reader { rest: octets };
    for _ in 0..number {
        reader.octets()?;
    }
    item(&mut Reader { rest: reader.octets()? })
}

fn items(octets: &[u8]) -> Option<Vec<Item>> {
    let mut reader = Reader { rest: octets };
    let mut items = Vec::new();
    while !reader.rest.is_empty() {
        items.push(item(&mut reader)?);
    }
    Some(items)
}

fn item(reader: &mut Reader<'_>) -> Option<Item> {
    let kind = reader.octet()?;
    match kind {
        GROUP_END => Some(Item::GroupEnd),
        GROUP_START => Some(Item::GroupStart(reader.vec()?)),
        _ if kind & !(HAS_NAME | HAS_ROUTE) == MAILBOX => {
            let name = if kind & HAS_NAME == 0 { None } else { Some(reader.vec()?) };
            let route = if kind & HAS_ROUTE == 0 { None } else { Some(reader.vec()?) };
            Some(Item::Mailbox { name, route, local_part: reader.vec()?, domain: reader.vec()? })
        }
        _ => None,
    }
}
