//! One mailbox as all sessions of this process share it.

mod change;
mod names;
mod notes;
mod number;
mod restore;
mod scan;
mod summary;
mod underway;

use crate::cache::{self, Cache};
use crate::content::Content;
use crate::dovecot;
use crate::files::{Errno, Files, Stat, failed, join, read_whole, remove_tree};
use crate::name::FileName;
use crate::recent_ids::RecentIds;
use crate::shared::Common;
use crate::texts;
use crate::uid_map::{Records, UidMap};
use postroad_core::machine::Instant;
use postroad_core::message::structure::Structure;
use postroad_core::store::ledger::Ledger;
use postroad_core::store::{Entry, Failure, Flags, Keywords, Uid, UidSet};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use change::Removed;
use notes::Notes;
use underway::Underway;
pub(crate) use underway::{Added, Addition, Filing};

/// How often something is tried again that another program's renaming has crossed.
const ATTEMPTS: usize = 5;
/// Structures kept in memory for a mailbox.
const STRUCTURES: usize = 32;
/// Files in `tmp` are left-overs of a crash after so many seconds, by Maildir's rule.
const STALE: i64 = 36 * 60 * 60;

/// A mailbox: what its folder holds, and who has been told.
pub(crate) struct Mailbox {
    shared: Arc<Common>,
    account: PathBuf,
    folder: PathBuf,
    pub(crate) ledger: Ledger<Kept>,
    /// The names that record and flags do not tell.
    odd: BTreeMap<Uid, FileName>,
    ids: RecentIds,
    /// Files that have arrived but have no UID yet, in their order.
    arrivals: Vec<Arrival>,
    /// Files that are being filed, by their keys.
    underway: HashMap<Box<[u8]>, Underway>,
    /// How many were placed so far.
    placings: u64,
    sight: Sight,
    map: MapFile,
    /// Messages below this UID are in `cur` if they have been recent for someone.
    swept: u32,
    keywords: Option<Stat>,
    structures: VecDeque<(Uid, Arc<Structure>)>,
    cache: Cache,
    notes: Notes,
    /// The records of the UID map with this inode, as they were read last.
    reading: Option<(u64, Records)>,
}

/// Where a message's file is, and what else is known of it. There are very many of these.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    /// Where its record is in the UID map.
    record: u32,
    /// Where its summary is in the cache.
    summary: u32,
    place: Place,
}

/// A file without a UID.
struct Arrival {
    name: FileName,
    place: Place,
    /// With CRLF, and whether its name told so.
    size: u32,
    sized_by_name: bool,
    date: i64,
}

/// The folder that a message's file is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    New,
    Cur,
}

/// What is known of the state of the folders.
#[derive(Default)]
struct Sight {
    /// `new` and `cur` as they were when what is in memory was what they held.
    seen: Option<(Stat, Stat)>,
    /// Whether a change may have hidden behind another one in the same moment.
    doubtful: bool,
    /// When the folders were read last.
    looked: i64,
    own: scan::Own,
}

/// What is known of the UID map's file.
struct MapFile {
    stat: Option<Stat>,
    records: usize,
    /// Records of messages whose names have got other fields since.
    stale: usize,
    recent_from: u32,
    /// Whether its end is in doubt, so that it must be written anew.
    broken: bool,
}

impl Place {
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cur => "cur",
        }
    }
}

impl Mailbox {
    /// Reads the mailbox in `folder`.
    pub(crate) fn load(
        shared: &Arc<Common>,
        account: &Path,
        folder: &Path,
        now: Instant,
    ) -> Result<Self, Failure> {
        let files = &*shared.files;
        match files.stat(&folder.join("cur")) {
            Ok(stat) if stat.is_folder => (),
            Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => return Err(Failure::NoMailbox),
            Err(errno) => return Err(failed(folder)(errno)),
        }
        for missing in ["new", "tmp"] {
            let path = folder.join(missing);
            match files.make_folder(&path) {
                Ok(()) | Err(Errno::EXIST) => (),
                Err(errno) => return Err(failed(&path)(errno)),
            }
        }
        remove_stale(files, &folder.join("tmp"), now);
        let text = read_whole(files, &folder.join(texts::KEYWORDS))?;
        let keywords = texts::parse_keywords(&text, &shared.options.limits);
        let mut mailbox = Self {
            shared: shared.clone(),
            account: account.into(),
            folder: folder.into(),
            ledger: Ledger::new(0, 1, 1, Keywords::default()),
            odd: BTreeMap::new(),
            ids: RecentIds::default(),
            arrivals: Vec::new(),
            underway: HashMap::new(),
            placings: 0,
            sight: Sight::default(),
            map: MapFile { stat: None, records: 0, stale: 0, recent_from: 1, broken: false },
            swept: 1,
            keywords: files.stat(&folder.join(texts::KEYWORDS)).ok(),
            structures: VecDeque::new(),
            cache: Cache::new(folder, 0, 0),
            notes: Notes::claim(shared, folder),
            reading: None,
        };
        if !mailbox.restore(now, &keywords)? {
            mailbox.read_all(now, keywords)?;
        }
        match mailbox.compact_if_due(now) {
            Ok(()) => (),
            Err(Failure::Full) if !mailbox.is_map_doubtful() => (),
            Err(failure) => return Err(failure),
        }
        mailbox.notes.begin();
        mailbox.note();
        Ok(mailbox)
    }

    fn files(&self) -> &dyn Files {
        &*self.shared.files
    }

    /// A free name in `tmp`.
    pub(crate) fn spare(&self) -> PathBuf {
        self.folder.join("tmp").join(self.shared.unique())
    }

    /// Opens a message's file.
    pub(crate) fn open(&mut self, now: Instant, uid: Uid) -> Result<Content, Failure> {
        if self.ledger.get(uid).is_none() {
            self.refresh(now)?;
        }
        for _ in 0..ATTEMPTS {
            let entry = *self.ledger.get(uid).ok_or(Failure::NoMessage)?;
            if let Some(located) = self.locate_next(uid)? {
                let path = self.path(located.place, &located.name);
                match self.files().open(&path) {
                    Ok(file) => {
                        let raw = file.stat().map_err(failed(&path))?.size;
                        return Ok(Content::new(file, entry.size.into(), raw));
                    }
                    Err(Errno::NOENT) => (),
                    Err(errno) => return Err(failed(&path)(errno)),
                }
            }
            self.look_again(now)?;
        }
        Err(Failure::NoMessage)
    }

    /// The structure of a message, if it is still known.
    pub(crate) fn structure(&self, uid: Uid) -> Option<Arc<Structure>> {
        let known = self.structures.iter().find(|(known, _)| *known == uid);
        known.map(|(_, structure)| structure.clone())
    }

    /// Remembers the structure of a message for a while.
    pub(crate) fn keep_structure(&mut self, uid: Uid, structure: &Arc<Structure>) {
        self.structures.truncate(STRUCTURES - 1);
        self.structures.push_front((uid, structure.clone()));
    }

    /// Takes messages that have vanished out of the books.
    fn drop_messages(&mut self, uids: &UidSet, now: Instant) {
        if uids.is_empty() {
            return;
        }
        if !self.odd.is_empty() {
            self.odd.retain(|uid, _| !uids.contains(*uid));
        }
        self.notes.change();
        let modseq = self.ledger.next_modseq(now);
        self.ledger.remove(uids, modseq);
        self.structures.retain(|(known, _)| !uids.contains(*known));
    }

    /// Takes a message that has its UID, and its record at `offset`, into the books.
    fn add_message(
        &mut self,
        uid: Uid,
        arrival: Arrival,
        (offset, base): (u64, &[u8]),
        modseq: u64,
    ) {
        let name = arrival.name;
        self.remember_id(&name);
        self.numbered(name.key(), uid);
        let flags: Flags = name.flags(self.ledger.keywords().len());
        let saved = u32::try_from(name.time()).unwrap_or(u32::MAX);
        let (size, date) = (arrival.size, arrival.date);
        let kept = Kept { record: names::NOWHERE, summary: cache::NOWHERE, place: arrival.place };
        self.ledger.insert(Entry { uid, size, flags, date, modseq, saved }, kept);
        self.place(uid, (offset, base), (arrival.place, name), flags);
    }

    /// Remembers the queue id of a message for as long as its delivery may be repeated.
    fn remember_id(&mut self, name: &FileName) {
        if let Some(id) = name.id()
            && let Some(new) = self.ids.insert(name.time(), id)
        {
            self.notes.id(new);
        }
    }

    /// Reads everything.
    fn read_all(&mut self, now: Instant, keywords: Keywords) -> Result<(), Failure> {
        let map = self.load_map(now)?;
        (self.odd, self.swept, self.sight) = (BTreeMap::new(), 1, Sight::default());
        self.ledger = Ledger::new(map.uid_validity, map.uid_next, map.recent_from, keywords);
        self.scan_by(now, &map, 1)?;
        self.forget_history(now);
        self.find_summaries();
        Ok(())
    }

    fn load_map(&mut self, now: Instant) -> Result<UidMap, Failure> {
        let _lock = self.lock()?;
        if let Some(map) = self.read_map()? {
            return Ok(map);
        }
        let map = match dovecot::take_over(&self.shared, &self.folder)? {
            Some(map) => map,
            None => UidMap::new(self.shared.fresh_uid_validity(&self.account, now)?),
        };
        self.write_map(map.write().as_bytes(), 2 + map.messages.len())?;
        // Now it is known where its records are.
        self.read_map()?.ok_or(Failure::NoMailbox)
    }
}

/// A message's size as the books hold it.
fn size_of_message(octets: u64) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

fn remove_stale(files: &dyn Files, tmp: &Path, now: Instant) {
    let now = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
    for name in files.list(tmp).unwrap_or_default() {
        let path = join(tmp, &name);
        if files.stat(&path).is_ok_and(|stat| now - stat.modified.0 > STALE) {
            remove_tree(files, &path);
        }
    }
}
