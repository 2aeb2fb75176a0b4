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

/// An envelope in its record, of which nothing is copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnvelopeRef<'a> {
    /// See [`Envelope::from`].
    pub from: AddressesRef<'a>,
    /// See [`Envelope::sender`].
    pub sender: AddressesRef<'a>,
    /// See [`Envelope::reply_to`].
    pub reply_to: AddressesRef<'a>,
    /// See [`Envelope::to`].
    pub to: AddressesRef<'a>,
    /// See [`Envelope::cc`].
    pub cc: AddressesRef<'a>,
    /// See [`Envelope::bcc`].
    pub bcc: AddressesRef<'a>,
    /// See [`Envelope::date`].
    pub date: Option<&'a [u8]>,
    /// See [`Envelope::subject`].
    pub subject: Option<&'a [u8]>,
    /// See [`Envelope::in_reply_to`].
    pub in_reply_to: Option<&'a [u8]>,
    /// See [`Envelope::message_id`].
    pub message_id: Option<&'a [u8]>,
}

/// A list of addresses in its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressesRef<'a>(&'a [u8]);

/// An [`Item`] in its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemRef<'a> {
    /// See [`Item::Mailbox`].
    Mailbox {
        /// The display name.
        name: Option<&'a [u8]>,
        /// The source route.
        route: Option<&'a [u8]>,
        /// The local-part.
        local_part: &'a [u8],
        /// The domain.
        domain: &'a [u8],
    },
    /// See [`Item::GroupStart`].
    GroupStart(&'a [u8]),
    /// See [`Item::GroupEnd`].
    GroupEnd,
}

impl<'a> EnvelopeRef<'a> {
    /// Reads [`SummaryRef::envelope_record`](super::SummaryRef::envelope_record); `None` if it is
    /// none.
    #[must_use]
    pub fn parse(record: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: record };
        let mut list = || AddressesRef::parse(reader.octets()?);
        let (from, to, cc, bcc) = (list()?, list()?, list()?, list()?);
        let mut or_from = || match reader.optional()? {
            Some(list) => AddressesRef::parse(list),
            None => Some(from),
        };
        let (sender, reply_to) = (or_from()?, or_from()?);
        let (date, subject) = (reader.optional()?, reader.optional()?);
        let (in_reply_to, message_id) = (reader.optional()?, reader.optional()?);
        let envelope =
            Self { from, sender, reply_to, to, cc, bcc, date, subject, in_reply_to, message_id };
        reader.rest.is_empty().then_some(envelope)
    }

    fn to_owned(self) -> Envelope {
        let owned = |text: Option<&[u8]>| text.map(<[u8]>::to_vec);
        Envelope {
            date: owned(self.date),
            subject: owned(self.subject),
            from: self.from.to_owned(),
            sender: self.sender.to_owned(),
            reply_to: self.reply_to.to_owned(),
            to: self.to.to_owned(),
            cc: self.cc.to_owned(),
            bcc: self.bcc.to_owned(),
            in_reply_to: owned(self.in_reply_to),
            message_id: owned(self.message_id),
        }
    }
}

impl<'a> AddressesRef<'a> {
    fn parse(octets: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: octets };
        while !reader.rest.is_empty() {
            item(&mut reader)?;
        }
        Some(Self(octets))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Each in turn.
    pub fn iter(self) -> impl Iterator<Item = ItemRef<'a>> {
        let mut reader = Reader { rest: self.0 };
        core::iter::from_fn(move || item(&mut reader))
    }

    fn to_owned(self) -> Vec<Item> {
        self.iter().map(ItemRef::to_owned).collect()
    }
}

impl ItemRef<'_> {
    fn to_owned(self) -> Item {
        match self {
            Self::GroupEnd => Item::GroupEnd,
            Self::GroupStart(name) => Item::GroupStart(name.to_vec()),
            Self::Mailbox { name, route, local_part, domain } => Item::Mailbox {
                name: name.map(<[u8]>::to_vec),
                route: route.map(<[u8]>::to_vec),
                local_part: local_part.to_vec(),
                domain: domain.to_vec(),
            },
        }
    }
}

pub(super) fn parse(octets: &[u8]) -> Option<Envelope> {
    EnvelopeRef::parse(octets).map(EnvelopeRef::to_owned)
}

/// The list of this number.
pub(super) fn list(octets: &[u8], number: usize) -> Option<Vec<Item>> {
    let mut reader = Reader { rest: octets };
    for _ in 0..number {
        reader.octets()?;
    }
    Some(AddressesRef(reader.octets()?).to_owned())
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
    item(&mut Reader { rest: reader.octets()? }).map(ItemRef::to_owned)
}

fn item<'a>(reader: &mut Reader<'a>) -> Option<ItemRef<'a>> {
    let kind = reader.octet()?;
    match kind {
        GROUP_END => Some(ItemRef::GroupEnd),
        GROUP_START => Some(ItemRef::GroupStart(reader.octets()?)),
        _ if kind & !(HAS_NAME | HAS_ROUTE) == MAILBOX => {
            let name = if kind & HAS_NAME == 0 { None } else { Some(reader.octets()?) };
            let route = if kind & HAS_ROUTE == 0 { None } else { Some(reader.octets()?) };
            let (local_part, domain) = (reader.octets()?, reader.octets()?);
            Some(ItemRef::Mailbox { name, route, local_part, domain })
        }
        _ => None,
    }
}
