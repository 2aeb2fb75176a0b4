//! Seeing what other programs have done to the folder.

use super::{ATTEMPTS, Arrival, Mailbox, Place, size_of_message};
use crate::content::Sizes;
use crate::files::{Errno, Stat, failed, join, read_whole};
use crate::name::FileName;
use crate::texts;
use crate::uid_map::Numbered;
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, Uid};
use std::collections::HashMap;

/// Changes may carry the same time as long as this many seconds.
const GRAIN: i64 = 2;

pub(super) type Found = HashMap<Box<[u8]>, (Place, FileName)>;

impl Mailbox {
    /// Brings the books up to date if the folder has changed, and numbers what has arrived.
    pub(crate) fn refresh(&mut self, now: Instant) -> Result<(), Failure> {
        if self.ledger.is_gone() {
            return Err(Failure::NoMailbox);
        }
        let state = self.state()?;
        let doubtful = self.sight.doubtful && is_settled(state, now);
        if self.sight.seen != Some(state) || doubtful {
            return self.scan(now, &HashMap::new());
        }
        self.number_what_fits(now, &HashMap::new())
    }

    /// A full disk does not keep anyone from what has its UID already.
    fn number_what_fits(
        &mut self,
        now: Instant,
        known: &HashMap<Box<[u8]>, Numbered>,
    ) -> Result<(), Failure> {
        match self.number(now, known) {
            Err(Failure::Full) => Ok(()),
            done => done,
        }
    }

    /// Brings the books up to date, after a file was not where it should be.
    pub(crate) fn look_again(&mut self, now: Instant) -> Result<(), Failure> {
        self.sight.seen = None;
        self.refresh(now)
    }

    /// Whether a file of this name is news: appeared and unknown, or gone and still known.
    pub(crate) fn is_news(&self, place: Place, name: &[u8], appeared: bool) -> bool {
        let Some(name) = FileName::parse(name) else {
            return false;
        };
        let kept = self.keys.get(name.key()).and_then(|uid| self.ledger.kept(*uid));
        let known = kept.is_some_and(|kept| kept.place == place && kept.name == name)
            || self.arrivals.iter().any(|arrival| arrival.name == name);
        known != appeared
    }

    /// Has the folder read at the next occasion.
    pub(crate) fn doubt(&mut self) {
        self.sight.seen = None;
    }

    fn state(&mut self) -> Result<(Stat, Stat), Failure> {
        let (new, cur) = (self.folder.join("new"), self.folder.join("cur"));
        match (self.files().stat(&new), self.files().stat(&cur)) {
            (Ok(new), Ok(cur)) => Ok((new, cur)),
            (_, Err(Errno::NOENT)) | (Err(Errno::NOENT), _) => {
                self.ledger.set_gone();
                Err(Failure::NoMailbox)
            }
            (Err(errno), _) | (_, Err(errno)) => Err(failed(&self.folder)(errno)),
        }
    }

    /// Does something to the folder that the books will know of, so that it is no news later.
    /// A change that another program makes in this very moment is found when the times have
    /// settled.
    pub(super) fn own<R>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let before = self.state()?;
        let known = self.sight.seen == Some(before);
        let result = work(self);
        self.sight.seen = match &result {
            Ok(_) if known => self.state().ok(),
            _ => None,
        };
        self.sight.doubtful = true;
        result
    }

    /// Reads the folder. `known` are the UIDs of the map when the mailbox is loaded.
    pub(super) fn scan(
        &mut self,
        now: Instant,
        known: &HashMap<Box<[u8]>, Numbered>,
    ) -> Result<(), Failure> {
        self.refresh_keywords()?;
        let mut state = self.state()?;
        let mut found = self.find()?;
        let mut missing = self.missing(&found);
        // A name that changes while the folder is read may be missed: look twice before a message
        // is taken for gone.
        for _ in 0..ATTEMPTS {
            if missing.is_empty() {
                break;
            }
            state = self.state()?;
            found = self.find()?;
            let still = self.missing(&found);
            let certain = still == missing;
            missing = still;
            if certain {
                break;
            }
        }
        self.drop_messages(&missing.into_iter().collect(), now);
        let ids = &mut self.ids;
        self.arrivals.retain(|arrival| {
            let there = found.contains_key(arrival.name.key());
            if let Some(id) = arrival.name.id().filter(|_| !there) {
                ids.remove(id);
            }
            there
        });
        self.take(now, found, known)?;
        self.number_what_fits(now, known)?;
        self.sight.seen = Some(state);
        self.sight.doubtful = !is_settled(state, now);
        Ok(())
    }

    /// Every message file; `new` before `cur`, so that one on its way is seen at least once.
    pub(super) fn find(&mut self) -> Result<Found, Failure> {
        let mut found = Found::new();
        let mut twins = Vec::new();
        for place in [Place::New, Place::Cur] {
            let folder = self.folder.join(place.folder());
            let names = self.files().list(&folder).map_err(failed(&folder))?;
            for name in names.iter().filter_map(|name| FileName::parse(name)) {
                let key = name.key().into();
                if let Some(twin) = found.insert(key, (place, name)) {
                    twins.push(twin);
                }
            }
        }
        for (place, name) in twins {
            self.part(place, name, &mut found)?;
        }
        Ok(found)
    }

    /// Gives a file another key that shares its key with a second one, as a careless copy does.
    fn part(&self, place: Place, name: FileName, found: &mut Found) -> Result<(), Failure> {
        let path = self.path(place, &name);
        let Some((other_place, other)) = found.get(name.key()) else {
            return Ok(());
        };
        let other_path = self.path(*other_place, other);
        let stat = |path| self.files().stat(path);
        let (Ok(_), Ok(_)) = (stat(&path), stat(&other_path)) else {
            // It was one file, renamed meanwhile.
            return Ok(());
        };
        let unique = format!("T{}", self.shared.unique());
        let time = i64::try_from(name.time()).unwrap_or(0);
        let key = FileName::new(time, &unique, &self.shared.options.host, 0, 0);
        let parted = [key.key(), &name.as_bytes()[name.key().len()..]].concat();
        let Some(parted) = FileName::parse(&parted) else {
            return Ok(());
        };
        let to = self.path(place, &parted);
        self.files().rename(&path, &to).map_err(failed(&path))?;
        found.insert(parted.key().into(), (place, parted));
        Ok(())
    }

    fn missing(&self, found: &Found) -> Vec<Uid> {
        let gone = self.keys.iter().filter(|(key, _)| !found.contains_key(*key));
        let mut gone: Vec<Uid> = gone.map(|(_, uid)| *uid).collect();
        gone.sort_unstable();
        gone
    }

    /// Takes what was found into the books; files without a UID become arrivals.
    pub(super) fn take(
        &mut self,
        now: Instant,
        found: Found,
        known: &HashMap<Box<[u8]>, Numbered>,
    ) -> Result<(), Failure> {
        let (keywords, modseq) = (self.ledger.keywords().len(), self.ledger.next_modseq(now));
        let mut fresh = Vec::new();
        let arrivals = self.arrivals.iter().enumerate();
        let waiting: HashMap<Box<[u8]>, usize> =
            arrivals.map(|(index, arrival)| (arrival.name.key().into(), index)).collect();
        for (key, (place, name)) in found {
            if let Some(uid) = self.keys.get(&key).copied() {
                let flags = name.flags(keywords);
                if let Some(kept) = self.ledger.kept_mut(uid) {
                    kept.name = name;
                    kept.place = place;
                }
                self.ledger.set_flags(uid, flags, modseq);
            } else if let Some(index) = waiting.get(&key) {
                self.arrivals[*index].name = name;
                self.arrivals[*index].place = place;
            } else {
                let size = known.get(&key).and_then(|numbered| numbered.size);
                fresh.extend(self.inspect(place, name, size)?);
            }
        }
        fresh.sort_by(|one: &Arrival, two| one.order().cmp(&two.order()));
        self.arrivals.extend(fresh);
        Ok(())
    }

    /// Finds out a file's size and date; `None` if it has vanished, if it is no message (a folder,
    /// or a pipe, which would be waited for), or if it is not for us to read.
    fn inspect(
        &self,
        place: Place,
        name: FileName,
        size: Option<u64>,
    ) -> Result<Option<Arrival>, Failure> {
        let path = join(&self.folder.join(place.folder()), name.as_bytes());
        let look = || {
            let stat = self.files().stat(&path)?;
            if !stat.is_file {
                return Ok(None);
            }
            // A size in the name is believed if the file bears it out as far as can be seen.
            let told = name.field(b'S').filter(|told| *told == stat.size);
            let told = told.and(name.field(b'W')).filter(|told| *told >= stat.size);
            let size = match told.or(size) {
                Some(size) => size,
                None => Sizes::of(&mut *self.files().open(&path)?)?.given,
            };
            Ok(Some((stat, size, told.is_some())))
        };
        match look() {
            Ok(Some((stat, size, sized_by_name))) => Ok(Some(Arrival {
                name,
                place,
                raw: stat.size,
                size: size_of_message(size),
                sized_by_name,
                date: stat.modified.0,
            })),
            Ok(None) | Err(Errno::NOENT | Errno::ACCESS | Errno::LOOP) => Ok(None),
            Err(errno) => Err(failed(&path)(errno)),
        }
    }

    /// Reads the keyword table again if another program has changed it.
    pub(super) fn refresh_keywords(&mut self) -> Result<(), Failure> {
        let path = self.folder.join(texts::KEYWORDS);
        let stat = self.files().stat(&path).ok();
        if stat != self.keywords {
            let text = read_whole(self.files(), &path)?;
            let table = texts::parse_keywords(&text, &self.shared.options.limits);
            if table.len() >= self.ledger.keywords().len() {
                self.ledger.set_keywords(table);
            }
            self.keywords = stat;
        }
        Ok(())
    }
}

fn is_settled((new, cur): (Stat, Stat), now: Instant) -> bool {
    let latest = new.modified.0.max(cur.modified.0);
    i64::try_from(now.as_seconds()).is_ok_and(|now| now - latest > GRAIN)
}
