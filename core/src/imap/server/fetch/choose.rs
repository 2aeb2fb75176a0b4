//! Which messages FETCH is about, and what is told of those that are gone.

use super::section::{Needs, sets_seen};
use super::{Fetching, Prelude};
use crate::imap::server::bad;
use crate::imap::server::connection::Connection;
use crate::imap::view::View;
use crate::imap::{
    ChangedSince, Code, Fetch, FetchItem, Messages, Numbering, PartialRange, Status,
};
use crate::store::{Request, Right, UidSet};
use alloc::vec::Vec;
use core::ops::Range;

/// What the modifier VANISHED asks for (RFC 7162 §3.2.6).
#[derive(Debug)]
pub(super) struct Missed {
    since: u64,
    /// Of which messages.
    uids: UidSet,
}

impl Missed {
    pub(super) const fn request(&self) -> Request {
        Request::Vanished { since: self.since }
    }

    /// Those of the messages that are gone. What the client takes to be there is told otherwise, for
    /// it numbers the messages anew.
    pub(super) fn among(&self, view: &View, vanished: &UidSet) -> UidSet {
        view.absent(&vanished.intersection(&self.uids))
    }
}

impl Fetching {
    pub(in crate::imap::server) fn new(
        connection: &mut Connection,
        fetch: Fetch,
    ) -> Result<Self, Status> {
        let Fetch { numbering, messages, mut items, changed_since, partial } = fetch;
        let ranges = connection.find(numbering, &messages)?;
        let asks_vanished = changed_since.is_some_and(|since| since.vanished);
        if asks_vanished && !connection.enabled.qresync {
            // RFC 7162 §3.2.6
            return Err(bad("ENABLE QRESYNC comes first").with_code(Code::ClientBug));
        }
        if changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            // RFC 7162 §3.1.4.1
            items.push(FetchItem::ModSeq);
        }
        if items.contains(&FetchItem::ModSeq) {
            connection.enable_condstore();
        }
        let says_uid = numbering == Numbering::Uid && !connection.enabled.uid_only;
        if says_uid && !items.contains(&FetchItem::Uid) {
            // RFC 3501 §6.4.8; UIDFETCH begins with it.
            items.insert(0, FetchItem::Uid);
        }
        // RFC 4314 §4: without the right to set it \Seen stays as it is.
        let is_writable = connection.writable().is_ok()
            && connection.selected().is_some_and(|it| it.rights.contains(Right::Seen));
        let (ranges, prelude) = match connection.selected() {
            Some(selected) => choose(&selected.view, ranges, &messages, changed_since, partial),
            None => (ranges, Prelude::Over),
        };
        Ok(Self {
            numbering,
            needs: items.iter().map(Needs::of).max().unwrap_or(Needs::Nothing),
            sets_seen: is_writable && items.iter().any(sets_seen),
            items,
            prelude,
            ranges: ranges.into_iter(),
            range: 0..0,
            message: None,
            envelope: Vec::new(),
            line: Vec::new(),
            trouble: None,
        })
    }
}

/// What the modifiers leave of the messages that were named, and what they ask for before.
fn choose(
    view: &View,
    ranges: Vec<Range<u32>>,
    named: &Messages,
    changed_since: Option<ChangedSince>,
    partial: Option<PartialRange>,
) -> (Vec<Range<u32>>, Prelude) {
    let prelude = match (changed_since, named) {
        (Some(ChangedSince { mod_seq: since, vanished: true }), Messages::Set(set)) => {
            // `*` is the last message that there ever was, for it may be what is gone.
            let last = view.snapshot().uid_next.saturating_sub(1);
            Prelude::Ask(Missed { since, uids: set.uids(last) })
        }
        _ => Prelude::Over,
    };
    let ranges = match changed_since {
        Some(since) => view.changed_since(&ranges, since.mod_seq),
        None => ranges,
    };
    let ranges = match partial {
        Some(partial) => cut(&ranges, partial),
        None => ranges,
    };
    (ranges, prelude)
}

/// Of an ordered list of messages those that are meant (RFC 9394 §3.3).
fn cut(ranges: &[Range<u32>], partial: PartialRange) -> Vec<Range<u32>> {
    let length = |range: &Range<u32>| (range.end - range.start) as usize;
    let mut meant = partial.of(ranges.iter().map(length).sum());
    let mut chosen = Vec::new();
    for range in ranges {
        let [start, end] = [meant.start, meant.end].map(|place| {
            // Of a range of such numbers, so no greater than they can be.
            u32::try_from(place.min(length(range))).unwrap_or(u32::MAX)
        });
        if start < end {
            chosen.push(range.start + start..range.start + end);
        }
        let [start, end] = [meant.start, meant.end].map(|it| it.saturating_sub(length(range)));
        meant = start..end;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::cut;
    use crate::imap::PartialRange;
    use alloc::vec::Vec;
    use core::num::NonZeroU32;

    #[test]
    fn parts_of_ranges() {
        let ranges = [1..4, 7..8, 10..20];
        let n = |number| NonZeroU32::new(number).unwrap();
        for (partial, expected) in [
            (PartialRange::FromFirst(n(1), n(2)), &[(1, 2)][..]),
            (PartialRange::FromFirst(n(3), n(6)), &[(3, 3), (7, 7), (10, 11)]),
            (PartialRange::FromFirst(n(15), n(20)), &[]),
            (PartialRange::FromLast(n(1), n(2)), &[(18, 19)]),
            (PartialRange::FromLast(n(11), n(100)), &[(1, 3), (7, 7)]),
        ] {
            let chosen = cut(&ranges, partial).into_iter().map(|it| (it.start, it.end - 1));
            assert_eq!(chosen.collect::<Vec<_>>(), expected, "{partial}");
        }
    }
}
