//! A mailbox out of its [index](crate::index), without looking at its files.

use super::{Kept, Mailbox, MapFile, Place, Sight};
use crate::cache::Cache;
use crate::files::{Ahead, read_at_once};
use crate::index::{self, Index, Row, State};
use crate::name::FileName;
use crate::recent_ids::RecentIds;
use crate::uid_map::{self, UidMap};
use postroad_core::machine::Instant;
use postroad_core::store::ledger::Ledger;
use postroad_core::store::{Failure, Keywords, Vanished};

/// Octets in which a map's first line ends.
const FIRST_LINE: usize = 64;

impl Mailbox {
    /// Takes what the index tells into the books, and looks at the folder where it must be looked at;
    /// whether there was an index that can be believed.
    pub(super) fn restore(&mut self, now: Instant, keywords: &Keywords) -> Result<bool, Failure> {
        if !self.notes.has_index() {
            return Ok(false);
        }
        let octets = read_at_once(self.files(), &self.folder.join(index::FILE));
        let length = octets.as_ref().map_or(0, |octets| octets.len() as u64);
        let index = octets.ok().and_then(|octets| Index::parse(&octets));
        let boot = self.shared.boot;
        let index = index.filter(|index| index.state.boot == boot || !index.changed);
        let Some(index) = index.filter(|index| self.is_for(&index.state)) else {
            return Ok(false);
        };
        let (state, changed, later) = (index.state, index.changed, index.later);
        let stat = self.files().stat(&self.folder.join(uid_map::FILE)).ok();
        if stat.is_some_and(|stat| self.shared.is_doubtful(stat)) {
            return Ok(false);
        }
        self.take_index(now, index, keywords.clone());
        let as_noted = state.boot == boot
            && state.map == stat.map(|stat| (stat.inode, stat.size))
            && state.keywords == self.keywords;
        if as_noted {
            self.map.stat = stat;
            self.notes.length = Some(length);
            self.notes.synced = changed;
            self.notes.later = later;
            self.refresh(now)?;
            return Ok(true);
        }
        let map = {
            let _lock = self.lock()?;
            self.read_map()?
        };
        // A map that knows less than the index is an older one: then that is what counts.
        let fits =
            |map: &UidMap| map.uid_validity == state.uid_validity && map.uid_next >= state.uid_next;
        let Some(map) = map.filter(fits) else {
            return Ok(false);
        };
        self.scan_by(now, &map, state.uid_next)?;
        Ok(true)
    }

    /// Whether this is the mailbox that the index was made for.
    fn is_for(&self, state: &State) -> bool {
        let map = self.files().open(&self.folder.join(uid_map::FILE));
        let Ok(mut map) = map.map(|file| Ahead::new(file, FIRST_LINE)) else {
            return false;
        };
        let start = map.at(0, FIRST_LINE).unwrap_or_default();
        let line = start.split_inclusive(|octet| *octet == b'\n').next();
        line.and_then(uid_map::uid_validity) == Some(state.uid_validity)
    }

    fn take_index(&mut self, now: Instant, index: Index, keywords: Keywords) {
        let state = index.state;
        let mut ledger =
            Ledger::new(state.uid_validity, state.uid_next, state.recent_from, keywords);
        ledger.reserve_room(index.rows.len());
        self.odd.clear();
        for Row { entry, record, summary, in_new, name } in index.rows {
            let place = if in_new { Place::New } else { Place::Cur };
            ledger.insert(entry, Kept { record, summary, place });
            if let Some(name) = name.and_then(|name| FileName::parse(&name)) {
                self.odd.insert(entry.uid, name);
            }
        }
        ledger.reserve_modseq(state.highest_modseq);
        ledger.set_vanished(index.vanished);
        self.ledger = ledger;
        self.ids = RecentIds::from_hashes(now, index.ids.into_iter());
        self.swept = state.swept;
        self.map = MapFile {
            stat: None,
            records: usize::try_from(state.records).unwrap_or(usize::MAX),
            stale: 0,
            recent_from: state.recent_from,
            broken: false,
        };
        self.sight = Sight {
            seen: state.seen,
            doubtful: state.doubtful,
            looked: state.looked,
            ..Sight::default()
        };
        self.cache = Cache::new(&self.folder, state.uid_validity, state.summaries);
        self.notes.state = state;
    }

    /// Records that it is not known what has changed and what was removed before now: for every
    /// client everything has.
    pub(super) fn forget_history(&mut self, now: Instant) {
        self.ledger.reserve_modseq(self.ledger.next_modseq(now));
        self.ledger.set_vanished(Vanished::forgotten_up_to(self.ledger.highest_modseq()));
        self.notes.forget_changes();
    }
}
