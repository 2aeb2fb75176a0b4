//! One mailbox as all sessions of this process share it.

mod change;
mod number;
mod scan;
mod weight;

use crate::content::Content;
use crate::dovecot;
use crate::files::{Errno, Files, Stat, failed, join, read_whole, remove_tree};
use crate::name::FileName;
use crate::shared::Shared;
use crate::texts;
use crate::uid_map::UidMap;
use postroad_core::machine::Instant;
use postroad_core::message::structure::Structure;
use postroad_core::store::ledger::Ledger;
use postroad_core::store::{Entry, Failure, Flags, Keywords, Uid, UidSet};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use change::{Added, Addition};

/// How often something is tried again that another program's renaming has crossed.
const ATTEMPTS: usize = 5;
/// Structures kept in memory for a mailbox.
const STRUCTURES: usize = 32;
/// Files in `tmp` are left-overs of a crash after so many seconds, by Maildir's rule.
const STALE: i64 = 36 * 60 * 60;

/// A mailbox: what its folder holds, and who has been told.
pub(crate) struct Mailbox {
    shared: Arc<Shared>,
    account: PathBuf,
    folder: PathBuf,
    pub(crate) ledger: Ledger<Kept>,
    /// The UID of each key.
    keys: HashMap<Box<[u8]>, Uid>,
    /// The queue ids that messages here were delivered under.
    ids: HashSet<Box<[u8]>>,
    /// Files that have arrived but have no UID yet, in their order.
    arrivals: Vec<Arrival>,
    sight: Sight,
    map: MapFile,
    /// Messages below this UID are in `cur` if they have been recent for someone.
    swept: u32,
    keywords: Option<Stat>,
    structures: VecDeque<(Uid, Arc<Structure>)>,
}

/// Where a message's file is.
pub(crate) struct Kept {
    name: FileName,
    place: Place,
    /// Octets of the file.
    raw: u64,
}

/// A file without a UID.
struct Arrival {
    name: FileName,
    place: Place,
    raw: u64,
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
}

/// What is known of the UID map's file.
struct MapFile {
    stat: Option<Stat>,
    records: usize,
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
        shared: &Arc<Shared>,
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
            keys: HashMap::new(),
            ids: HashSet::new(),
            arrivals: Vec::new(),
            sight: Sight::default(),
            map: MapFile { stat: None, records: 0, recent_from: 1, broken: false },
            swept: 1,
            keywords: files.stat(&folder.join(texts::KEYWORDS)).ok(),
            structures: VecDeque::new(),
        };
        let map = mailbox.load_map(now)?;
        mailbox.ledger = Ledger::new(map.uid_validity, map.uid_next, map.recent_from, keywords);
        mailbox.scan(now, &map.messages)?;
        match mailbox.compact_if_due(now) {
            Ok(()) | Err(Failure::Full) => Ok(mailbox),
            Err(failure) => Err(failure),
        }
    }

    fn files(&self) -> &dyn Files {
        &*self.shared.files
    }

    /// The file of a message.
    fn path(&self, place: Place, name: &FileName) -> PathBuf {
        join(&self.folder.join(place.folder()), name.as_bytes())
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
            let kept = self.ledger.kept(uid).ok_or(Failure::NoMessage)?;
            let size = self.ledger.get(uid).map_or(0, |entry| entry.size);
            let path = self.path(kept.place, &kept.name);
            match self.files().open(&path) {
                Ok(file) => return Ok(Content::new(file, size.into(), kept.raw)),
                Err(Errno::NOENT) => self.look_again(now)?,
                Err(errno) => return Err(failed(&path)(errno)),
            }
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
        for (_, kept) in self.ledger.select(uids) {
            self.keys.remove(kept.name.key());
            if let Some(id) = kept.name.id() {
                self.ids.remove(id);
            }
        }
        let modseq = self.ledger.next_modseq(now);
        self.ledger.remove(uids, modseq);
        self.structures.retain(|(known, _)| !uids.contains(*known));
    }

    /// Takes a message that has its UID into the books.
    fn add_message(&mut self, uid: Uid, arrival: Arrival, modseq: u64) {
        let name = arrival.name;
        self.keys.insert(name.key().into(), uid);
        if let Some(id) = name.id() {
            self.ids.insert(id.into());
        }
        let flags: Flags = name.flags(self.ledger.keywords().len());
        let saved = u32::try_from(name.time()).unwrap_or(u32::MAX);
        let (size, date) = (arrival.size, arrival.date);
        let kept = Kept { name, place: arrival.place, raw: arrival.raw };
        self.ledger.insert(Entry { uid, size, flags, date, modseq, saved }, kept);
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
        Ok(map)
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
