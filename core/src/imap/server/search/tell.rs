//! Telling what was found, as far as there is room (RFC 3501 §7.2.5, RFC 4731 §3, RFC 5256 §4).

use super::super::connection::{Connection, Selected};
use super::harvest::Reaped;
use crate::imap::{
    EsearchData, EsearchResponse, NumberList, Numbering, NumbersResponse, SearchReturn,
    ThreadResponse,
};
use crate::message::thread::{Event, Forest};
use crate::store::{Uid, UidSet};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// What is to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) numbering: Numbering,
    pub(super) form: Form,
    /// Whether the mod-sequence is told.
    pub(super) mod_seq: bool,
}

/// In what response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Search,
    Sort,
    Thread,
    /// RETURN was given, or IMAP4rev2 has no other (RFC 9051 §6.4.4).
    Esearch(SearchReturn),
}

/// A response that is being written.
#[derive(Debug)]
pub(super) enum Telling {
    Numbers(Option<NumbersResponse>, vec::IntoIter<u32>, Option<u64>),
    Esearch {
        response: Option<EsearchResponse>,
        list: Option<NumberList>,
        rest: vec::IntoIter<u32>,
        is_partial: bool,
        mod_seq: Option<u64>,
    },
    Threads(Option<ThreadResponse>, Forest),
}

impl Terms {
    /// Whether the first message that is found is all that matters.
    pub(super) fn wants_one(&self) -> bool {
        let Form::Esearch(returns) = self.form else {
            return false;
        };
        let SearchReturn { min, max, all, count, partial, .. } = returns;
        min && !max && !all && !count && partial.is_none()
    }

    /// What of this many messages in their order is told, RFC 5182's `$` included, as ascending ranges
    /// of places (RFC 5182 §2.4, RFC 9394 §3.2).
    fn chosen(&self, count: usize) -> Vec<Range<usize>> {
        let everything = 0..count;
        let Form::Esearch(returns) = self.form else {
            return Vec::from([everything]);
        };
        let SearchReturn { min, max, all, count: is_counted, partial, .. } = returns;
        if all || is_counted || !(min || max || partial.is_some()) {
            return Vec::from([everything]);
        }
        let first = min.then_some(0..count.min(1));
        let last = max.then_some(count.saturating_sub(1)..count);
        first.into_iter().chain(partial.map(|range| range.of(count))).chain(last).collect()
    }

    /// Keeps what was found for `$`, if the client wants that, and begins to tell it; `None` if there is
    /// nothing to tell.
    pub(super) fn tell(&self, connection: &mut Connection, reaped: Reaped) -> Option<Telling> {
        let numbers = match reaped {
            Reaped::Threads(forest) => {
                let response = ThreadResponse::begin(connection.out.as_mut_vec());
                return Some(Telling::Threads(Some(response), forest));
            }
            Reaped::Numbers(numbers) => numbers,
        };
        let mod_seq = connection.selected().and_then(|selected| self.keep(selected, &numbers));
        let tag = connection.tag.clone();
        let out = connection.out.as_mut_vec();
        let returns = match self.form {
            Form::Esearch(returns) => returns,
            Form::Sort => {
                let response = NumbersResponse::sort(out);
                return Some(Telling::Numbers(Some(response), numbers.into_iter(), mod_seq));
            }
            Form::Search | Form::Thread => {
                let response = NumbersResponse::search(out);
                return Some(Telling::Numbers(Some(response), numbers.into_iter(), mod_seq));
            }
        };
        let SearchReturn { min, max, all, count, partial, .. } = returns;
        if !(min || max || all || count || partial.is_some()) {
            // RFC 5182 §2.1: SAVE alone says nothing.
            return None;
        }
        let mut response = EsearchResponse::begin(out, tag.as_ref(), self.numbering);
        let length = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let items = [
            numbers.first().filter(|_| min).map(|number| EsearchData::Min(*number)),
            numbers.last().filter(|_| max).map(|number| EsearchData::Max(*number)),
            count.then_some(EsearchData::Count(length)),
        ];
        items.iter().flatten().for_each(|item| response.item(out, item));
        let (mut list, mut rest) = (None, Vec::new().into_iter());
        if let Some(range) = partial {
            response.begin_partial(out, range);
            list = Some(NumberList::default());
            let mut page = numbers;
            let places = range.of(page.len());
            page.truncate(places.end);
            page.drain(..places.start.min(page.len()));
            rest = page.into_iter();
        } else if all && !numbers.is_empty() {
            response.begin_all(out);
            list = Some(NumberList::default());
            rest = numbers.into_iter();
        }
        let is_partial = partial.is_some();
        Some(Telling::Esearch { response: Some(response), list, rest, is_partial, mod_seq })
    }

    /// Keeps what was found for `$`, and finds the mod-sequence to tell.
    fn keep(&self, selected: &mut Selected, numbers: &[u32]) -> Option<u64> {
        let saves = matches!(self.form, Form::Esearch(returns) if returns.save);
        if !saves && !self.mod_seq {
            return None;
        }
        let chosen = self.chosen(numbers.len());
        let chosen = chosen.into_iter().flat_map(|range| &numbers[range]).copied();
        let view = &selected.view;
        let entry = |number: u32| match self.numbering {
            Numbering::Sequence => view.get(number),
            Numbering::Uid => view.get(view.sequence(Uid::new(number)?)?),
        };
        let mod_seqs = chosen.clone().filter_map(entry).map(|entry| entry.modseq);
        let mod_seq = if self.mod_seq { mod_seqs.max() } else { None };
        if saves {
            let uids: UidSet = match self.numbering {
                Numbering::Sequence => chosen.filter_map(entry).map(|entry| entry.uid).collect(),
                Numbering::Uid => chosen.filter_map(Uid::new).collect(),
            };
            selected.saved = uids;
        }
        mod_seq
    }
}

impl Telling {
    /// Writes what is left, and says whether that was all.
    pub(super) fn go_on(&mut self, connection: &mut Connection) -> bool {
        while !connection.out.is_high() {
            if !self.write_next(connection.out.as_mut_vec()) {
                return true;
            }
        }
        false
    }

    /// Writes what comes next, if there is any.
    fn write_next(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Numbers(response, rest, mod_seq) => match (response.as_mut(), rest.next()) {
                (Some(response), Some(number)) => {
                    response.number(out, number);
                    return true;
                }
                _ => response.take().into_iter().for_each(|it| it.end(out, *mod_seq)),
            },
            Self::Esearch { response, list, rest, is_partial, mod_seq } => {
                if let (Some(list), Some(number)) = (list.as_mut(), rest.next()) {
                    list.push(out, number);
                    return true;
                }
                let (response, list) = (response.take(), list.take());
                if let Some(mut response) = response {
                    match list {
                        Some(list) if *is_partial => response.end_partial(out, list),
                        Some(list) => {
                            list.end(out);
                        }
                        None => {}
                    }
                    response.end(out, *mod_seq);
                }
            }
            Self::Threads(response, forest) => match (response.as_mut(), forest.next()) {
                (Some(response), Some(event)) => {
                    match event {
                        Event::Open => response.open(out),
                        Event::Message(number) => response.number(out, number),
                        Event::Close => response.close(out),
                        // The response knows where spaces belong.
                        Event::Space => {}
                    }
                    return true;
                }
                _ => response.take().into_iter().for_each(|it| it.end(out)),
            },
        }
        false
    }
}
