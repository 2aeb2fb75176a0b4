//! Messages that are being filed: they have their names in the folder already, but nobody is shown
//! them before these are on stable storage. So the mailbox need not be locked while that is waited
//! for.

use super::{Arrival, Mailbox, Place, size_of_message};
use crate::draft::Written;
use crate::files::{Errno, failed, read_at_once};
use crate::name::{FileName, id_of_key, unique_of_id};
use crate::uid_map::{self, UidMap};
use crate::undo::Undo;
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, Flags, Uid};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A message file that is to be in a mailbox, too.
pub(crate) struct Addition {
    pub(crate) from: PathBuf,
    pub(crate) raw: u64,
    /// With CRLF.
    pub(crate) size: u32,
    pub(crate) date: i64,
    /// System flags.
    pub(crate) flags: Flags,
    pub(crate) keywords: Vec<String>,
}

/// What the filing of messages that get UIDs has come to.
pub(crate) enum Added {
    /// Every file has its UID.
    All(Vec<Uid>),
    /// A file was no longer there; nothing was added.
    Lost,
}

/// How far the filing of one message has come.
pub(super) enum Underway {
    /// It has its name, and so many had theirs before it.
    Placed(Arrival, u64),
    /// Likewise, and another process has found it and given it this UID meanwhile.
    Found(Uid, u64),
    /// It is an arrival, and its UID is waited for.
    Waiting,
    Numbered(Uid),
    Failed(Failure),
}

/// Messages that are being filed together. Dropped before that is over, they are removed.
pub(crate) struct Filing {
    keys: Vec<Box<[u8]>>,
    places: &'static [Place],
    undo: Undo,
}

impl Filing {
    pub(crate) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The folders to be synced.
    pub(crate) const fn places(&self) -> &'static [Place] {
        self.places
    }
}

impl Mailbox {
    /// Gives messages their names in `cur`; `None`, and nothing is changed, if the file of one was no
    /// longer there.
    pub(crate) fn place_copies(
        &mut self,
        now: Instant,
        additions: &[Addition],
    ) -> Result<Option<Filing>, Failure> {
        self.refresh(now)?;
        self.own(|mailbox| mailbox.link_all(now, additions))
    }

    fn link_all(
        &mut self,
        now: Instant,
        additions: &[Addition],
    ) -> Result<Option<Filing>, Failure> {
        let shared = self.shared.clone();
        let mut undo = Undo::new(&shared.files);
        let mut placed = Vec::with_capacity(additions.len());
        for addition in additions {
            let flags = addition.flags | self.intern(&addition.keywords)?;
            let time = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
            let unique = format!("M{}", shared.unique());
            let host = &shared.options.host;
            let name = FileName::new(time, &unique, host, addition.raw, addition.size.into())
                .with_flags(flags, self.ledger.keywords().len());
            let to = self.path(Place::Cur, &name);
            self.is_own(Place::Cur, &name);
            match undo.link(&addition.from, &to, &self.spare()) {
                Ok(()) => (),
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(failed(&to)(errno)),
            }
            let (size, date) = (addition.size, addition.date);
            placed.push(Arrival { name, place: Place::Cur, size, sized_by_name: true, date });
        }
        let places = if placed.is_empty() { &[][..] } else { &[Place::Cur] };
        Ok(Some(self.begin(placed, places, undo)))
    }

    /// Gives a finished message its name in `new` under a queue id, unless it has one already.
    pub(crate) fn place_delivery(
        &mut self,
        now: Instant,
        id: &str,
        written: &Written,
    ) -> Result<Filing, Failure> {
        let date = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
        let mut undo = Undo::new(&self.shared.files);
        // Whoever has delivered it may have been stopped before it was on stable storage.
        let both = &[Place::New, Place::Cur];
        if self.was_delivered(now, id)? {
            return Ok(self.begin(Vec::new(), both, undo));
        }
        let (sizes, host) = (written.sizes(), &self.shared.options.host);
        let name = FileName::new(date, &unique_of_id(id), host, sizes.raw, sizes.given);
        let to = self.path(Place::New, &name);
        self.own(|mailbox| {
            mailbox.is_own(Place::New, &name);
            match undo.link(written.path(), &to, &mailbox.spare()) {
                Ok(()) => (),
                // Delivered by another process, and found at the next look.
                Err(Errno::EXIST) => {
                    mailbox.doubt();
                    return Ok(mailbox.begin(Vec::new(), both, undo));
                }
                Err(errno) => return Err(failed(&to)(errno)),
            }
            let size = size_of_message(sizes.given);
            let placed = Arrival { name, place: Place::New, size, sized_by_name: true, date };
            Ok(mailbox.begin(vec![placed], &[Place::New], undo))
        })
    }

    fn begin(&mut self, placed: Vec<Arrival>, places: &'static [Place], undo: Undo) -> Filing {
        let keys: Vec<Box<[u8]>> = placed.iter().map(|arrival| arrival.name.key().into()).collect();
        for (key, arrival) in keys.iter().zip(placed) {
            self.underway.insert(key.clone(), Underway::Placed(arrival, self.placings));
            self.placings += 1;
        }
        Filing { keys, places, undo }
    }

    /// Whether the message with this queue id was delivered before.
    pub(crate) fn was_delivered(&mut self, now: Instant, id: &str) -> Result<bool, Failure> {
        if self.is_in_doubt() {
            // What could not be taken back may be there.
            self.refresh(now)?;
        }
        let unique = unique_of_id(id);
        let id = &unique.as_bytes()[1..];
        if !self.ids.may_contain(id) {
            return Ok(false);
        }
        if self.arrivals.iter().any(|arrival| arrival.name.id() == Some(id)) {
            return Ok(true);
        }
        let path = self.folder.join(uid_map::FILE);
        let map = match read_at_once(self.files(), &path) {
            Ok(text) => UidMap::parse(&text),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(failed(&path)(errno)),
        };
        let Some(map) = map.filter(|map| map.uid_validity == self.ledger.uid_validity()) else {
            self.set_gone();
            return Err(Failure::NoMailbox);
        };
        let known = |uid| Uid::new(uid).is_some_and(|uid| self.ledger.kept(uid).is_some());
        Ok(map
            .messages
            .iter()
            .any(|(base, numbered)| id_of_key(base.key()) == Some(id) && known(numbered.uid)))
    }

    /// Whether a delivery whose folders are synced can [arrive](Self::arrive).
    pub(crate) fn is_placed(&self, filing: &Filing) -> Result<(), Failure> {
        if self.ledger.is_gone() {
            return Err(Failure::NoMailbox);
        }
        filing.keys.iter().try_for_each(|key| match self.underway.get(key) {
            Some(Underway::Failed(failure)) => Err(failure.clone()),
            _ => Ok(()),
        })
    }

    /// A delivery is on stable storage: it gets its UID when somebody looks.
    pub(crate) fn arrive(&mut self, mut filing: Filing) {
        for key in &filing.keys {
            if let Some(Underway::Placed(arrival, _)) = self.underway.remove(key) {
                self.remember_id(&arrival.name);
                self.arrivals.push(arrival);
            }
        }
        filing.undo.keep();
    }

    /// The messages in `cur` that have their names, in that order, and wait for these to be on stable
    /// storage.
    pub(crate) fn placed(&self) -> Vec<Box<[u8]>> {
        let place = |(key, state): (_, &Underway)| match *state {
            Underway::Placed(ref arrival, at) if arrival.place == Place::Cur => Some((at, key)),
            Underway::Found(_, at) => Some((at, key)),
            _ => None,
        };
        let placed: BTreeMap<u64, &Box<[u8]>> = self.underway.iter().filter_map(place).collect();
        placed.into_values().cloned().collect()
    }

    /// Gives UIDs to all that were [placed](Self::placed) before their folder was `synced`; if that has
    /// failed, it has failed for all of them.
    pub(crate) fn number_placed(
        &mut self,
        now: Instant,
        placed: &[Box<[u8]>],
        synced: Result<(), Failure>,
    ) -> Result<(), Failure> {
        for key in placed {
            let Some(state) = self.underway.get_mut(key) else {
                continue;
            };
            match std::mem::replace(state, Underway::Waiting) {
                Underway::Placed(arrival, _) => self.arrivals.push(arrival),
                Underway::Found(uid, _) => {
                    *state = match &synced {
                        Ok(()) => Underway::Numbered(uid),
                        Err(failure) => Underway::Failed(failure.clone()),
                    }
                }
                other => *state = other,
            }
        }
        match synced {
            Ok(()) => self.number(now),
            Err(failure) => {
                self.withdraw(&failure);
                Err(failure)
            }
        }
    }

    /// A message has got its UID.
    pub(super) fn numbered(&mut self, key: &[u8], uid: Uid) {
        match self.underway.get_mut(key) {
            Some(Underway::Found(found, _)) => *found = uid,
            Some(state) => *state = Underway::Numbered(uid),
            None => (),
        }
    }

    /// Another process has found a message that waits for its name to be on stable storage, and has given
    /// it a UID: an arrival by now for us, too.
    pub(super) fn found(&mut self, key: &[u8], uid: Uid) {
        if let Some(state) = self.underway.get_mut(key)
            && let &mut Underway::Placed(_, at) = state
            && let Underway::Placed(arrival, _) = std::mem::replace(state, Underway::Found(uid, at))
        {
            self.arrivals.push(arrival);
        }
    }

    /// What all who wait for UIDs come to when none could be given: nobody tries that again for them.
    pub(super) fn withdraw(&mut self, failure: &Failure) {
        let underway = &mut self.underway;
        self.arrivals.retain(|arrival| match underway.get_mut(arrival.name.key()) {
            Some(state) => {
                *state = Underway::Failed(failure.clone());
                false
            }
            None => true,
        });
    }

    /// The end of a filing, which has come to `filed`: its messages' UIDs, or nothing of it stays.
    pub(crate) fn finish(
        &mut self,
        mut filing: Filing,
        filed: Result<(), Failure>,
    ) -> Result<Added, Failure> {
        let uids = filing.keys.iter().map(|key| match self.underway.get(key) {
            Some(Underway::Numbered(uid)) => Ok(Some(*uid)),
            Some(Underway::Failed(failure)) => Err(failure.clone()),
            _ => filed.clone().map(|()| None),
        });
        let uids: Result<Option<Vec<Uid>>, Failure> = uids.collect();
        if let Ok(Some(uids)) = uids {
            filing.keys.iter().for_each(|key| drop(self.underway.remove(key)));
            filing.undo.keep();
            return Ok(Added::All(uids));
        }
        self.take_back(filing);
        uids.map(|_| Added::Lost)
    }

    /// Removes what was to be filed.
    pub(crate) fn take_back(&mut self, filing: Filing) {
        let Filing { keys, undo, .. } = filing;
        drop(undo);
        keys.iter().for_each(|key| drop(self.underway.remove(key)));
        self.arrivals.retain(|arrival| !keys.iter().any(|key| **key == *arrival.name.key()));
        self.doubt();
    }

    /// Removes whatever is being filed and has no UID yet, for the folder is to be removed or renamed:
    /// nothing of that was acknowledged, and nothing of it will be.
    pub(crate) fn evict(&mut self) {
        let underway = &self.underway;
        let waits = |arrival: &mut Arrival| underway.contains_key(arrival.name.key());
        let waiting: Vec<Arrival> = self.arrivals.extract_if(.., waits).collect();
        let placed = self.underway.values().filter_map(|state| match state {
            Underway::Placed(arrival, _) => Some(arrival),
            _ => None,
        });
        for arrival in placed.chain(&waiting) {
            let _ = self.files().remove(&self.path(arrival.place, &arrival.name));
        }
        for state in self.underway.values_mut() {
            if !matches!(state, Underway::Numbered(_)) {
                *state = Underway::Failed(Failure::NoMailbox);
            }
        }
    }
}
