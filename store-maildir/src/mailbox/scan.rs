//! Seeing what other programs have done to the folder.

use super::{ATTEMPTS, Arrival, Mailbox, Place, size_of_message};
use crate::content::Sizes;
use crate::files::{Errno, Files, Stat, failed, join, read_whole};
use crate::name::FileName;
use crate::recent_ids::RecentIds;
use crate::shared::lock;
use crate::texts;
use crate::uid_map::{Numbered, UidMap};
use postroad_core::encoding::checked::checksum;
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, Flags, Uid};
use std::collections::{HashMap, VecDeque};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;

/// Changes may carry the same time as long as this many seconds.
const GRAIN: i64 = 2;
/// A folder is read on mere suspicion no more often than once in a second for so many messages:
/// measured, that costs a hundredth of the time at most.
const READ_IN_A_SECOND: u32 = 1_000;
/// So many names of our own making are told from another program's.
const OWN: usize = 2_048;

/// From so many files on, several are looked at at once.
const MANY: usize = 1_000;
/// By so many threads.
const EYES: usize = 8;

/// A file that is not in the books, and its message's size if the UID map tells it.
type Unseen = (Place, FileName, Option<u64>);

/// What a look at the folder has shown.
pub(super) struct Look {
    /// The folders as they were before it.
    state: (Stat, Stat),
    pub(super) found: Found,
    /// Messages without a file.
    missing: Vec<Uid>,
}

pub(super) type Found = HashMap<Box<[u8]>, (Place, FileName)>;

/// The names that we have made or taken away last, so that being told of it is no news.
#[derive(Default)]
pub(super) struct Own {
    hashes: VecDeque<u32>,
    /// Whether there were too many.
    overflown: bool,
}

impl Own {
    fn add(&mut self, hash: u32) {
        if self.hashes.len() == OWN {
            self.hashes.pop_front();
            self.overflown = true;
        }
        self.hashes.push_back(hash);
    }
}

fn hash(place: Place, name: &[u8]) -> u32 {
    checksum(name) ^ u32::from(place == Place::New)
}

impl Mailbox {
    /// Brings the books up to date if the folder has changed, and numbers what has arrived.
    pub(crate) fn refresh(&mut self, now: Instant) -> Result<(), Failure> {
        if self.ledger.is_gone() {
            return Err(Failure::NoMailbox);
        }
        let state = self.state()?;
        let pause = i64::from(self.ledger.messages().len() / READ_IN_A_SECOND);
        let doubtful = self.sight.doubtful
            && is_settled(state, now)
            && seconds(now).saturating_sub(self.sight.looked) >= pause;
        if self.sight.seen != Some(state) || doubtful {
            return self.scan(now);
        }
        self.number_what_fits(now)
    }

    /// A full disk does not keep anyone from what has its UID already.
    fn number_what_fits(&mut self, now: Instant) -> Result<(), Failure> {
        match self.number(now) {
            Ok(()) | Err(Failure::Full) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Brings the books up to date, after a file was not where it should be.
    pub(crate) fn look_again(&mut self, now: Instant) -> Result<(), Failure> {
        self.sight.seen = None;
        self.refresh(now)
    }

    /// Whether it is news that a file of this name has come or gone: unless the folders are as we
    /// have left them, or it was our doing.
    pub(crate) fn is_news(&mut self, place: Place, name: &[u8]) -> bool {
        let as_left = self.state().is_ok_and(|state| self.sight.seen == Some(state));
        let own = &self.sight.own;
        let may_hide = self.sight.doubtful && !own.overflown;
        let is_own = !may_hide || own.hashes.contains(&hash(place, name));
        FileName::parse(name).is_some() && !(as_left && is_own)
    }

    /// Notes that we make a file of this name, or take it away.
    pub(super) fn is_own(&mut self, place: Place, name: &FileName) {
        self.sight.own.add(hash(place, name.as_bytes()));
    }

    /// Has the folder read at the next occasion.
    pub(crate) fn doubt(&mut self) {
        self.sight.seen = None;
    }

    /// Whether what the folder holds may be different from what is in the books.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.sight.seen.is_none()
    }

    pub(super) fn state(&mut self) -> Result<(Stat, Stat), Failure> {
        let (new, cur) = (self.folder.join("new"), self.folder.join("cur"));
        match (self.files().stat(&new), self.files().stat(&cur)) {
            (Ok(new), Ok(cur)) => Ok((new, cur)),
            (_, Err(Errno::NOENT)) | (Err(Errno::NOENT), _) => {
                self.set_gone();
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

    /// Reads the folder and the map.
    fn scan(&mut self, now: Instant) -> Result<(), Failure> {
        // What we could not put on stable storage ourselves has given nobody a UID.
        let from = if self.map.broken { u32::MAX } else { self.ledger.uid_next() };
        let map = {
            let _lock = self.lock()?;
            self.current_map()?
        };
        self.scan_by(now, &map, from)
    }

    /// Reads the folder. Messages that have a UID in `map` that is not smaller than `from` are new to
    /// the books but have been given it already.
    pub(super) fn scan_by(&mut self, now: Instant, map: &UidMap, from: u32) -> Result<(), Failure> {
        self.refresh_keywords()?;
        let Look { mut state, mut found, mut missing } = self.look(map, from)?;
        for _ in 0..ATTEMPTS {
            if self.take(now, &found, map)? {
                break;
            }
            Look { state, found, missing } = self.look(map, from)?;
        }
        self.drop_messages(&missing.into_iter().filter(|uid| uid.get() < from).collect(), now);
        self.arrivals.retain(|arrival| found.contains_key(arrival.name.key()));
        let ids = RecentIds::of(now, found.values().map(|(_, name)| name));
        if ids != self.ids {
            self.ids = ids;
            self.notes.renew();
        }
        self.adopt(now, map, from);
        self.number_what_fits(now)?;
        self.sight.seen = Some(state);
        self.sight.doubtful = !is_settled(state, now);
        self.sight.looked = seconds(now);
        self.sight.own.overflown &= self.sight.doubtful;
        Ok(())
    }

    /// Looks for the files of all messages that are in the books, or have a UID in `map` that is not
    /// smaller than `from`. A name that changes while the folder is read may be missed: look twice before
    /// a message is taken for gone.
    pub(super) fn look(&mut self, map: &UidMap, from: u32) -> Result<Look, Failure> {
        let mut look = self.look_once(map, from)?;
        for _ in 0..ATTEMPTS {
            if look.missing.is_empty() {
                break;
            }
            let missing = std::mem::replace(&mut look, self.look_once(map, from)?).missing;
            if look.missing == missing {
                break;
            }
        }
        Ok(look)
    }

    fn look_once(&mut self, map: &UidMap, from: u32) -> Result<Look, Failure> {
        let (state, found) = (self.state()?, self.find()?);
        let missing = self.missing(&found, map, from);
        Ok(Look { state, found, missing })
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

    fn missing(&self, found: &Found, map: &UidMap, from: u32) -> Vec<Uid> {
        let uid = |key: &[u8]| map.messages.get(key).and_then(|one| Uid::new(one.uid));
        let mut there: Vec<Uid> = found.keys().filter_map(|key| uid(key)).collect();
        there.sort_unstable();
        let mut there = there.into_iter().peekable();
        let given = map.messages.values().filter_map(|numbered| Uid::new(numbered.uid));
        let mut given: Vec<Uid> = given.filter(|uid| uid.get() >= from).collect();
        given.sort_unstable();
        let known = self.ledger.messages().iter().map(|entry| entry.uid).chain(given);
        let is_missing = |uid: &Uid| {
            while there.next_if(|other| other < uid).is_some() {}
            there.peek() != Some(uid)
        };
        known.filter(is_missing).collect()
    }

    /// Takes what was found into the books; files without a UID become arrivals. `false` if a file has got
    /// another name meanwhile, or none: then it takes another look.
    pub(super) fn take(
        &mut self,
        now: Instant,
        found: &Found,
        map: &UidMap,
    ) -> Result<bool, Failure> {
        let (keywords, modseq) = (self.ledger.keywords().len(), self.ledger.next_modseq(now));
        let (mut unseen, mut numbered_elsewhere) = (Vec::new(), Vec::new());
        let arrivals = self.arrivals.iter().enumerate();
        let waiting: HashMap<Box<[u8]>, usize> =
            arrivals.map(|(index, arrival)| (arrival.name.key().into(), index)).collect();
        self.map.stale = 0;
        for (key, (place, name)) in found {
            let (place, name) = (*place, name.clone());
            let record = map.messages.get_key_value(&**key);
            let known = record.and_then(|(base, numbered)| {
                let uid = Uid::new(numbered.uid).filter(|uid| self.ledger.kept(*uid).is_some())?;
                Some((uid, base, numbered))
            });
            if let Some((uid, base, numbered)) = known {
                let flags = name.flags(keywords);
                self.map.stale += usize::from(name.base() != base.as_bytes());
                self.place(uid, (numbered.offset, base.as_bytes()), (place, name), flags);
                self.set_flags_of(uid, flags, modseq);
            } else if let Some(index) = waiting.get(key) {
                self.arrivals[*index].name = name;
                self.arrivals[*index].place = place;
            } else if self.underway.contains_key(key) {
                let uid = record.and_then(|(_, numbered): (_, &Numbered)| Uid::new(numbered.uid));
                numbered_elsewhere.extend(uid.map(|uid| (key, uid)));
            } else {
                let size = record.and_then(|(_, numbered): (_, &Numbered)| numbered.size);
                unseen.push((place, name, size));
            }
        }
        for (key, uid) in numbered_elsewhere {
            self.found(key, uid);
        }
        // Files that came one after the other mostly lie so on the disk.
        unseen.sort_by(|(_, one, _), (_, two, _)| one.as_bytes().cmp(two.as_bytes()));
        let (mut fresh, whole) = inspect_all(self.files(), &self.folder, unseen)?;
        fresh.sort_by(|one: &Arrival, two| one.order().cmp(&two.order()));
        self.arrivals.extend(fresh);
        Ok(whole)
    }

    /// Takes flags that have changed into the books.
    pub(super) fn set_flags_of(&mut self, uid: Uid, flags: Flags, modseq: u64) {
        if self.ledger.get(uid).is_some_and(|entry| entry.flags != flags) {
            self.ledger.set_flags(uid, flags, modseq);
            self.notes.touch(uid);
            self.notes.change();
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

/// Looks at files, in this order. Where there are very many, several are looked at at once: what takes
/// the time is the disk, which answers one question after the other. Says whether all were there.
fn inspect_all(
    files: &dyn Files,
    folder: &Path,
    unseen: Vec<Unseen>,
) -> Result<(Vec<Arrival>, bool), Failure> {
    let eyes = if unseen.len() < MANY { 1 } else { EYES };
    let unseen = Mutex::new(unseen.into_iter());
    let next = || lock(&unseen).next();
    let whole = AtomicBool::new(true);
    let inspect = |one| match inspect(files, folder, one) {
        Err(Failure::NoMessage) => {
            whole.store(false, Ordering::Relaxed);
            Ok(None)
        }
        inspected => inspected,
    };
    let look = || -> Result<Vec<Arrival>, Failure> {
        let looks = std::iter::from_fn(|| next().map(inspect));
        looks.filter_map(Result::transpose).collect()
    };
    std::thread::scope(|scope| {
        // Where there can't be more threads, fewer will do.
        let spawn = |_| Builder::new().spawn_scoped(scope, look).ok();
        let others: Vec<_> = (1..eyes).filter_map(spawn).collect();
        let mut arrivals = look()?;
        for other in others {
            arrivals.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok((arrivals, whole.load(Ordering::Relaxed)))
    })
}

/// Finds out a file's size and date; `None` if it is no message (a folder, or a pipe, which would be
/// waited for), or if it is not for us to read. `NoMessage` if it is no longer there.
fn inspect(
    files: &dyn Files,
    folder: &Path,
    (place, name, size): Unseen,
) -> Result<Option<Arrival>, Failure> {
    let path = join(&folder.join(place.folder()), name.as_bytes());
    let look = || {
        let stat = files.stat(&path)?;
        if !stat.is_file {
            return Ok(None);
        }
        // A size in the name is believed if the file bears it out as far as can be seen.
        let told = name.field(b'S').filter(|told| *told == stat.size);
        let told = told.and(name.field(b'W')).filter(|told| *told >= stat.size);
        let size = match told.or(size) {
            Some(size) => size,
            None => Sizes::of(&mut *files.open(&path)?)?.given,
        };
        Ok(Some((stat, size, told.is_some())))
    };
    match look() {
        Ok(Some((stat, size, sized_by_name))) => Ok(Some(Arrival {
            name,
            place,
            size: size_of_message(size),
            sized_by_name,
            date: stat.modified.0,
        })),
        Ok(None) | Err(Errno::ACCESS | Errno::LOOP) => Ok(None),
        Err(Errno::NOENT) => Err(Failure::NoMessage),
        Err(errno) => Err(failed(&path)(errno)),
    }
}

fn is_settled((new, cur): (Stat, Stat), now: Instant) -> bool {
    let latest = new.modified.0.max(cur.modified.0);
    seconds(now).saturating_sub(latest) > GRAIN
}

fn seconds(now: Instant) -> i64 {
    i64::try_from(now.as_seconds()).unwrap_or(i64::MAX)
}
