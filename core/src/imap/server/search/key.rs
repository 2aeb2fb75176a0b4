//! Judging a message by a search key.

use super::super::connection::{Connection, Selected, confused};
use super::facts::{Facts, Need, Text};
use super::field::Field;
use crate::encoding::search::Needle;
use crate::imap::{Flag, SearchKey, Status, When};
use crate::message::date::{Date, DateTime};
use crate::message::summary::Digest;
use crate::message::text::Scope;
use crate::store::{Entry, Flags};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
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
    /// RFC 5032 §3: at this moment or before, in seconds since the Unix epoch.
    Until(i64),
    /// At this moment or later.
    Since(i64),
    Saved(When, Date),
    ModSeq(u64),
    Larger(u64),
    Smaller(u64),
    /// Of the content that has this; `None` is an identifier that no message has.
    Email(Option<Digest>),
    Thread(Option<Digest>),
    Sent(When, Date),
    Header(Field, Needle),
    /// The text at this place of a list is found.
    Text(usize),
}

impl Key {
    /// Prepares `key`; what has to be looked for in texts is added to `texts`.
    pub(super) fn new(
        connection: &mut Connection,
        key: SearchKey,
        texts: &mut Vec<Text>,
    ) -> Result<Self, Status> {
        let now = i64::try_from(connection.now.as_seconds()).unwrap_or(i64::MAX);
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
            SearchKey::Messages(numbering, messages) => {
                let selected = connection.selected().ok_or_else(confused)?;
                Self::Messages(selected.find_existing(numbering, &messages))
            }
            SearchKey::Internal(when, date) => Self::Internal(when, date),
            SearchKey::Older(seconds) => Self::Until(now - i64::from(seconds.get())),
            SearchKey::Younger(seconds) => Self::Since(now - i64::from(seconds.get())),
            SearchKey::Saved(when, date) => Self::Saved(when, date),
            SearchKey::SaveDateSupported => Self::All,
            SearchKey::ModSeq(mod_seq) => {
                connection.enable_condstore();
                Self::ModSeq(mod_seq)
            }
            SearchKey::Larger(size) => Self::Larger(size),
            SearchKey::Smaller(size) => Self::Smaller(size),
            SearchKey::EmailId(id) => Self::Email(id.as_email()),
            SearchKey::ThreadId(id) => Self::Thread(id.as_thread()),
            SearchKey::Sent(when, date) => Self::Sent(when, date),
            SearchKey::Header(name, text) => Self::Header(Field::new(name), Needle::new(&text)),
            SearchKey::Body(text) => Self::text(Scope::Body, &text, texts),
            SearchKey::Text(text) => Self::text(Scope::Text, &text, texts),
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

    /// How much has to be read: nothing, the summary, the header, the text.
    fn cost(&self) -> u8 {
        match self {
            Self::And(keys) | Self::Or(keys) => keys.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(key) => key.cost(),
            Self::Email(_) | Self::Thread(_) | Self::Sent(..) => 1,
            Self::Header(field, _) if field.is_in_summary() => 1,
            Self::Header(..) => 2,
            Self::Text(_) => 3,
            _ => 0,
        }
    }

    /// How many keys it is.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::And(keys) | Self::Or(keys) => 1 + keys.iter().map(Self::count).sum::<usize>(),
            Self::Not(key) => 1 + key.count(),
            _ => 1,
        }
    }

    /// Whether the mod-sequence is to be told of what is found (RFC 7162 §3.1.5).
    pub(super) fn asks_mod_seq(&self) -> bool {
        match self {
            Self::And(keys) | Self::Or(keys) => keys.iter().any(Self::asks_mod_seq),
            Self::Not(key) => key.asks_mod_seq(),
            Self::ModSeq(_) => true,
            _ => false,
        }
    }

    /// Whether the message meets the condition, or what must be known to tell.
    pub(super) fn judge(&self, sequence: u32, entry: &Entry, facts: &Facts) -> Result<bool, Need> {
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
            Self::Internal(when, date) => compare(day(entry.date), *when, *date),
            Self::Until(moment) => entry.date <= *moment,
            Self::Since(moment) => entry.date >= *moment,
            Self::Saved(when, date) => compare(day(saved(entry)), *when, *date),
            Self::ModSeq(mod_seq) => entry.modseq >= *mod_seq,
            Self::Larger(size) => u64::from(entry.size) > *size,
            Self::Smaller(size) => u64::from(entry.size) < *size,
            Self::Email(id) => Some(facts.summary()?.content_id) == *id,
            Self::Thread(id) => Some(facts.summary()?.thread_id) == *id,
            // RFC 3501 §6.4.4: the day that the Date field tells, in its own zone.
            Self::Sent(when, date) => {
                let sent = facts.summary()?.sent_at;
                sent.is_some_and(|sent| compare(sent.date(), *when, *date))
            }
            Self::Header(field, needle) => field.contains(needle, facts)?,
            Self::Text(place) => facts.has_text(*place)?,
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

/// RFC 8514 §4.3: where it is not known when a message came, its internal date stands for it.
fn saved(entry: &Entry) -> i64 {
    match entry.saved {
        0 => entry.date,
        saved => saved.into(),
    }
}

fn day(seconds: i64) -> Date {
    DateTime::utc(seconds).date()
}

fn compare(day: Date, when: When, other: Date) -> bool {
    match when {
        When::Before => day < other,
        When::On => day == other,
        When::Since => day >= other,
    }
}
