//! Judging a message by a search key.

use super::super::connection::{Connection, Selected, confused};
use crate::encoding::search::Needle;
use crate::imap::server::not_understood;
use crate::imap::{Flag, Messages, SearchKey, Status, When};
use crate::message::date::{Date, DateTime};
use crate::message::header::fields;
use crate::message::text::{Scope, is_in_field};
use crate::store::{Entry, Flags};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// A [`SearchKey`] in terms of the mailbox at hand.
#[derive(Debug)]
pub(super) enum Key {
    All,
    /// The cheap ones first.
    And(Vec<Key>),
    /// The cheap ones first.
    Or(Vec<Key>),
    Not(Box<Key>),
    /// The flag is set. [`Flags::NONE`] never is: it stands for a keyword that the mailbox has not.
    Flag(Flags),
    /// Ascending and disjoint ranges of sequence numbers.
    Messages(Vec<Range<u32>>),
    Internal(When, Date),
    Larger(u64),
    Smaller(u64),
    Sent(When, Date),
    Header(String, Needle),
    /// The text at this place of a list is found.
    Text(usize),
}

/// A text to look for.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) scope: Scope,
    pub(super) needle: Arc<Needle>,
}

/// What was found out about a message, beyond what the view knows.
#[derive(Debug)]
pub(super) struct Facts {
    /// Its header block.
    pub(super) header: Option<Vec<u8>>,
    /// Whether each of the texts is in it.
    pub(super) texts: Vec<Option<bool>>,
}

/// What must be found out before a message can be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Header,
    Text(usize),
}

impl Facts {
    pub(super) fn new(texts: usize) -> Self {
        Self { header: None, texts: vec![None; texts] }
    }

    /// Forgets all, for the next message.
    pub(super) fn clear(&mut self) {
        self.header = None;
        self.texts.fill(None);
    }
}

impl Key {
    /// Prepares `key`; what has to be looked for in texts is added to `texts`.
    pub(super) fn new(
        connection: &mut Connection,
        key: SearchKey,
        texts: &mut Vec<Text>,
    ) -> Result<Self, Status> {
        Ok(match key {
            SearchKey::All => Self::All,
            SearchKey::And(keys) => Self::And(Self::all(connection, keys, texts)?),
            SearchKey::Or(keys) => Self::Or(Self::all(connection, keys, texts)?),
            SearchKey::Not(key) => Self::Not(Box::new(Self::new(connection, *key, texts)?)),
            SearchKey::Flag(flag) => {
                let selected = connection.selected().ok_or_else(confused)?;
                Self::Flag(bit(selected, &flag))
            }
            // Deviation: RFC 3501 §9 would have BAD for a number beyond the last. Clients search for
            // sets without counting first, and other servers find nothing there.
            SearchKey::Messages(numbering, Messages::Set(set)) => {
                let selected = connection.selected().ok_or_else(confused)?;
                Self::Messages(selected.view.find_existing(numbering, &set))
            }
            SearchKey::Internal(when, date) => Self::Internal(when, date),
            SearchKey::Larger(size) => Self::Larger(size),
            SearchKey::Smaller(size) => Self::Smaller(size),
            SearchKey::Sent(when, date) => Self::Sent(when, date),
            SearchKey::Header(name, text) => Self::Header(name, Needle::new(&text)),
            SearchKey::Body(text) => Self::text(Scope::Body, &text, texts),
            SearchKey::Text(text) => Self::text(Scope::Text, &text, texts),
            _ => return Err(not_understood()),
        })
    }

    fn all(
        connection: &mut Connection,
        keys: Vec<SearchKey>,
        texts: &mut Vec<Text>,
    ) -> Result<Vec<Self>, Status> {
        let keys = keys.into_iter().map(|key| Self::new(connection, key, texts));
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
        keys.sort_by_key(Self::cost);
        Ok(keys)
    }

    fn text(scope: Scope, text: &str, texts: &mut Vec<Text>) -> Self {
        texts.push(Text { scope, needle: Arc::new(Needle::new(text)) });
        Self::Text(texts.len() - 1)
    }

    /// How much has to be read: nothing, the header, the text.
    fn cost(&self) -> u8 {
        match self {
            Self::And(keys) | Self::Or(keys) => keys.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(key) => key.cost(),
            Self::Sent(..) | Self::Header(..) => 1,
            Self::Text(_) => 2,
            _ => 0,
        }
    }

    /// Whether the message meets the condition, or what must be known to tell.
    pub(super) fn judge(&self, sequence: u32, entry: &Entry, facts: &Facts) -> Result<bool, Need> {
        let header = || facts.header.as_deref().ok_or(Need::Header);
        Ok(match self {
            Self::All => true,
            Self::And(keys) => {
                for key in keys {
                    if !key.judge(sequence, entry, facts)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(keys) => {
                for key in keys {
                    if key.judge(sequence, entry, facts)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(key) => !key.judge(sequence, entry, facts)?,
            Self::Flag(flag) => !flag.is_empty() && entry.flags.contains(*flag),
            Self::Messages(ranges) => {
                let at = ranges.partition_point(|range| range.end <= sequence);
                ranges.get(at).is_some_and(|range| range.contains(&sequence))
            }
            Self::Internal(when, date) => compare(DateTime::utc(entry.date).date(), *when, *date),
            Self::Larger(size) => u64::from(entry.size) > *size,
            Self::Smaller(size) => u64::from(entry.size) < *size,
            Self::Sent(when, date) => {
                sent(header()?).is_some_and(|sent| compare(sent, *when, *date))
            }
            Self::Header(name, needle) => is_in_field(header()?, name, needle),
            Self::Text(place) => {
                let known = facts.texts.get(*place).copied().flatten();
                known.ok_or(Need::Text(*place))?
            }
        })
    }
}

/// The bit that a flag has in the mailbox.
fn bit(selected: &Selected, flag: &Flag) -> Flags {
    match flag {
        Flag::Answered => Flags::ANSWERED,
        Flag::Flagged => Flags::FLAGGED,
        Flag::Deleted => Flags::DELETED,
        Flag::Seen => Flags::SEEN,
        Flag::Draft => Flags::DRAFT,
        Flag::Recent => Flags::RECENT,
        Flag::Extension(_) => Flags::NONE,
        Flag::Keyword(name) => {
            let same = |other: &String| other.eq_ignore_ascii_case(name);
            selected.view.keywords().iter().position(same).map_or(Flags::NONE, Flags::keyword)
        }
    }
}

/// RFC 3501 §6.4.4: the day that the Date field tells, in its own zone.
fn sent(header: &[u8]) -> Option<Date> {
    let field = fields(header).find(|field| field.is("Date"))?;
    DateTime::parse(&field.unfolded()).map(DateTime::date)
}

fn compare(day: Date, when: When, other: Date) -> bool {
    match when {
        When::Before => day < other,
        When::On => day == other,
        When::Since => day >= other,
    }
}
