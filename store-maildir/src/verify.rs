//! Looking through an account's folders for what is damaged. Messages are only read.

use crate::account::Home;
use crate::content::Sizes;
use crate::files::{Errno, Files, join, read_whole};
use crate::name::FileName;
use crate::quota::{FILE as SUMS, Sums, Weight};
use crate::uid_map::{self, UidMap};
use postroad_core::machine::Instant;
use postroad_core::store::Failure;
use std::collections::HashMap;
use std::fmt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// Files in `tmp` are left-overs of a crash after so many seconds, by Maildir's rule.
const STALE: i64 = 36 * 60 * 60;

/// Something that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is about.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
    /// Whether it was repaired.
    pub repaired: bool,
}

/// What may be wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    /// A part of a Maildir is missing.
    MissingFolder,
    /// The UID map can't be read as one: the mailbox will get another UIDVALIDITY.
    NoMap,
    /// Lines of the UID map are damaged: their messages will get new UIDs.
    DamagedMap,
    /// Two files of one mailbox have one name but for flags.
    Twin,
    /// The size in a message's name is not the file's.
    WrongSize {
        /// What the name says.
        told: u64,
        /// What it is.
        found: u64,
    },
    /// A message can't be read.
    Unreadable(String),
    /// Others than the owner can get at it.
    OpenToOthers(u32),
    /// It belongs to someone else than the account's folder.
    ForeignOwner(u32),
    /// The quota's sums are damaged, or not those of the messages.
    WrongSums {
        /// Octets and messages that the file tells of.
        told: Option<(u64, u64)>,
        /// Octets and messages that there are.
        found: (u64, u64),
    },
    /// A left-over in `tmp`.
    LeftOver,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingFolder => f.write_str("the folder is missing"),
            Self::NoMap => f.write_str("this is no UID map; clients will fetch the mailbox anew"),
            Self::DamagedMap => f.write_str("lines are damaged; their messages will get new UIDs"),
            Self::Twin => f.write_str("a second file has this name but for flags"),
            Self::WrongSize { told, found } => {
                write!(f, "the name says {told} octets, and there are {found}")
            }
            Self::Unreadable(why) => write!(f, "it can't be read: {why}"),
            Self::OpenToOthers(mode) => write!(f, "others may get at it (mode {mode:o})"),
            Self::ForeignOwner(owner) => write!(f, "it belongs to the user {owner}"),
            Self::WrongSums { told: None, .. } => f.write_str("the quota's sums are damaged"),
            Self::WrongSums { told: Some((octets, messages)), found } => write!(
                f,
                "it says {octets} octets in {messages} messages, and there are {} in {}",
                found.0, found.1
            ),
            Self::LeftOver => f.write_str("left over from a crash"),
        }
    }
}

/// A look through an account.
pub(crate) struct Inspection<'a> {
    home: &'a Home,
    now: i64,
    repair: bool,
    owner: u32,
    tell: &'a mut dyn FnMut(Finding),
}

impl<'a> Inspection<'a> {
    pub(crate) fn new(
        home: &'a Home,
        now: Instant,
        repair: bool,
        tell: &'a mut dyn FnMut(Finding),
    ) -> Self {
        let owner = std::fs::metadata(home.root()).map_or(0, |stat| stat.uid());
        let now = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
        Self { home, now, repair, owner, tell }
    }

    fn files(&self) -> &'a dyn Files {
        self.home.files()
    }

    fn find(&mut self, path: &Path, problem: Problem, repaired: bool) {
        (self.tell)(Finding { path: path.into(), problem, repaired });
    }

    /// Looks at every folder; how many messages there are.
    pub(crate) fn run(&mut self) -> Result<u64, Failure> {
        let home = self.home;
        let mut count = self.folder(home.root())?;
        for name in self.files().list(home.root()).map_err(crate::files::failed(home.root()))? {
            let folder = join(home.root(), &name);
            let is_mailbox = name.starts_with(b".") && folder.join("cur").is_dir();
            if is_mailbox {
                count += self.folder(&folder)?;
            }
        }
        self.sums()?;
        Ok(count)
    }

    fn folder(&mut self, folder: &Path) -> Result<u64, Failure> {
        self.access(folder);
        let mut seen: HashMap<Box<[u8]>, PathBuf> = HashMap::new();
        for place in ["cur", "new", "tmp"] {
            let path = folder.join(place);
            let names = match self.files().list(&path) {
                Ok(names) => names,
                Err(Errno::NOENT) => {
                    let repaired = self.repair && self.files().make_folder(&path).is_ok();
                    self.find(&path, Problem::MissingFolder, repaired);
                    continue;
                }
                Err(errno) => {
                    self.find(&path, Problem::Unreadable(errno.to_string()), false);
                    continue;
                }
            };
            self.access(&path);
            for name in names {
                let path = join(&path, &name);
                if place == "tmp" {
                    self.left_over(&path);
                } else if let Some(name) = FileName::parse(&name) {
                    self.message(&path, &name);
                    if let Some(twin) = seen.insert(name.key().into(), path) {
                        self.find(&twin, Problem::Twin, false);
                    }
                }
            }
        }
        self.map(&folder.join(uid_map::FILE))?;
        Ok(seen.len() as u64)
    }

    fn access(&mut self, path: &Path) {
        let Ok(stat) = std::fs::symlink_metadata(path) else { return };
        let mode = stat.permissions().mode() & 0o777;
        if mode & 0o077 != 0 && !stat.is_symlink() {
            self.find(path, Problem::OpenToOthers(mode), false);
        }
        if stat.uid() != self.owner {
            self.find(path, Problem::ForeignOwner(stat.uid()), false);
        }
    }

    fn left_over(&mut self, path: &Path) {
        let stat = self.files().stat(path);
        if stat.is_ok_and(|stat| self.now.saturating_sub(stat.modified.0) > STALE) {
            if self.repair {
                crate::files::remove_tree(self.files(), path);
            }
            let repaired = self.repair && self.files().stat(path).is_err();
            self.find(path, Problem::LeftOver, repaired);
        }
    }

    /// Reads a message to its end.
    fn message(&mut self, path: &Path, name: &FileName) {
        self.access(path);
        let read = || {
            let stat = self.files().stat(path)?;
            if !stat.is_file {
                return Ok(None);
            }
            Sizes::of(&mut *self.files().open(path)?).map(Some)
        };
        let sizes = match read() {
            Ok(Some(sizes)) => sizes,
            // It was renamed or removed meanwhile.
            Err(Errno::NOENT) => return,
            Ok(None) => return self.find(path, Problem::Unreadable("it is no file".into()), false),
            Err(errno) => return self.find(path, Problem::Unreadable(errno.to_string()), false),
        };
        for (letter, found) in [(b'S', sizes.raw), (b'W', sizes.given)] {
            if let Some(told) = name.field(letter).filter(|told| *told != found) {
                self.find(path, Problem::WrongSize { told, found }, false);
            }
        }
    }

    fn map(&mut self, path: &Path) -> Result<(), Failure> {
        let text = read_whole(self.files(), path)?;
        if text.is_empty() {
            // There is none yet.
            return Ok(());
        }
        match UidMap::parse(&text) {
            None => self.find(path, Problem::NoMap, false),
            Some(map) if map.damaged => self.find(path, Problem::DamagedMap, false),
            Some(_) => {}
        }
        Ok(())
    }

    fn sums(&mut self) -> Result<(), Failure> {
        let path = self.home.root().join(SUMS);
        let text = read_whole(self.files(), &path)?;
        if text.is_empty() {
            return Ok(());
        }
        let pair = |weight: Weight| (weight.octets, weight.messages);
        let told = Sums::parse(&text).map(|sums| pair(sums.used));
        let found = pair(self.home.count()?);
        if told != Some(found) {
            // It is counted anew when it is needed.
            let repaired = self.repair && self.files().remove(&path).is_ok();
            self.find(&path, Problem::WrongSums { told, found }, repaired);
        }
        Ok(())
    }
}
