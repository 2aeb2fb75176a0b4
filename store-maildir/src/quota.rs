//! How much an account has: Maildir++'s `maildirsize`, which other programs read and append to.
//!
//! ```text
//! 1073741824S,100000C     what there may be: octets, messages
//! 52428800 1200           what was counted
//! 4711 1                  what has come since,
//! -4711 -1                and gone
//! ```
//!
//! The sums are of the files' octets, and count every folder and every flag, as Dovecot does; what
//! Courier leaves out by default, the folder Trash and what is marked `T`, takes room on the disk as
//! well. The file is counted anew when it is missing, damaged, has other limits or more than
//! [`LONGEST`] octets, and when it says that there is no room and is older than [`STALE`]. So a
//! delivery costs a look at a small file, however large the account is.
//!
//! It is kept for accounts that have a limit, and where another program has begun it. What is counted
//! while messages come and go may be off by those, until the next count.

use crate::account::Home;
use crate::files::{Errno, failed, join, read_whole};
use crate::name::FileName;
use postroad_core::machine::Instant;
use postroad_core::store::{Allowance, Failure, Quota};
use std::path::Path;

#[cfg(test)]
mod tests;

/// The file's name in the account's folder.
pub(crate) const FILE: &str = "maildirsize";
/// Octets from which on the file is written anew (Maildir++).
const LONGEST: u64 = 5_120;
/// Seconds after which a file that leaves no room is doubted (Maildir++).
const STALE: i64 = 15 * 60;

/// How much messages weigh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Weight {
    /// Octets of their files.
    pub(crate) octets: u64,
    pub(crate) messages: u64,
}

/// Whether messages have come or gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    Came,
    Went,
}

impl Weight {
    /// That of files of so many octets each.
    pub(crate) fn of(sizes: impl Iterator<Item = u64>) -> Self {
        sizes.fold(Self::default(), Self::with)
    }

    /// Both together.
    pub(crate) const fn and(self, other: Self) -> Self {
        let octets = self.octets.saturating_add(other.octets);
        Self { octets, messages: self.messages + other.messages }
    }

    const fn with(self, octets: u64) -> Self {
        Self { octets: self.octets.saturating_add(octets), messages: self.messages + 1 }
    }

    fn plus(self, other: Self) -> Self {
        let octets = self.octets.saturating_add(other.octets);
        Self { octets, messages: self.messages + other.messages }
    }
}

/// What a `maildirsize` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sums {
    pub(crate) allowance: Allowance,
    pub(crate) used: Weight,
}

impl Sums {
    /// Reads the file; `None` if it is damaged.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n');
        let allowance = parse_limits(lines.next()?)?;
        let (mut octets, mut messages) = (0_i64, 0_i64);
        for line in lines {
            let mut words = line.split_ascii_whitespace();
            octets = octets.checked_add(words.next()?.parse().ok()?)?;
            messages = messages.checked_add(words.next()?.parse().ok()?)?;
            words.next().is_none().then_some(())?;
        }
        let used = Weight { octets: octets.try_into().ok()?, messages: messages.try_into().ok()? };
        Some(Self { allowance, used })
    }

    /// The file anew.
    fn write(&self) -> String {
        let Self { allowance, used } = self;
        let octets = allowance.octets.map(|octets| format!("{octets}S"));
        let messages = allowance.messages.map(|messages| format!("{messages}C"));
        let limits: Vec<String> = octets.into_iter().chain(messages).collect();
        format!("{}\n{} {}\n", limits.join(","), used.octets, used.messages)
    }
}

/// Reads `1000S,10C`; limits of kinds that we don't know are passed over, and one of 0 is none.
fn parse_limits(line: &str) -> Option<Allowance> {
    let mut allowance = Allowance::default();
    for limit in line.split(',').filter(|limit| !limit.is_empty()) {
        let kind = limit.chars().next_back()?;
        let number = limit[..limit.len() - kind.len_utf8()].parse().ok()?;
        match kind {
            'S' => allowance.octets = Some(number).filter(|number| *number > 0),
            'C' => allowance.messages = Some(number).filter(|number| *number > 0),
            _ => {}
        }
    }
    Some(allowance)
}

/// What the file says, and when it was written to last.
struct Known {
    sums: Sums,
    modified: i64,
}

impl Home {
    /// What the account has and may have.
    pub(crate) fn quota(&self) -> Result<Quota, Failure> {
        let allowance = self.allowance();
        let used = self.used(allowance)?.0;
        Ok(allowance.quota(used.octets, used.messages))
    }

    /// Whether the account may get so much more.
    pub(crate) fn check_room(&self, now: Instant, more: Weight) -> Result<(), Failure> {
        let allowance = self.allowance();
        if allowance.is_unlimited() {
            return Ok(());
        }
        let has_room = |used: Weight| {
            allowance.quota(used.octets, used.messages).has_room(more.octets, more.messages)
        };
        let (used, counted) = self.used(allowance)?;
        if has_room(used) {
            return Ok(());
        }
        let now = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
        if counted.is_some_and(|then| now.saturating_sub(then) > STALE)
            && has_room(self.recount(allowance)?)
        {
            return Ok(());
        }
        Err(Failure::OverQuota)
    }

    /// Notes that messages have come or gone. What can't be noted is counted when it is asked for.
    pub(crate) fn note(&self, change: Change, weight: Weight) {
        let (files, path) = (self.files(), self.root().join(FILE));
        if weight.messages == 0 || files.stat(&path).is_err() {
            return;
        }
        let sign = if change == Change::Came { "" } else { "-" };
        let line = format!("{sign}{} {sign}{}\n", weight.octets, weight.messages);
        let noted = files.append(&path).and_then(|mut file| file.write(line.as_bytes()));
        if noted.is_err() {
            self.forget_sums();
        }
    }

    /// Has the account counted when its quota is asked for next.
    pub(crate) fn forget_sums(&self) {
        let _ = self.files().remove(&self.root().join(FILE));
    }

    /// What the account has, and when that was written if it was not counted just now.
    fn used(&self, allowance: Allowance) -> Result<(Weight, Option<i64>), Failure> {
        match self.known()? {
            Some(Known { sums, modified }) if sums.allowance == allowance => {
                Ok((sums.used, Some(modified)))
            }
            _ if allowance.is_unlimited() => Ok((self.count()?, None)),
            _ => Ok((self.recount(allowance)?, None)),
        }
    }

    /// What the file says, if it can be used.
    fn known(&self) -> Result<Option<Known>, Failure> {
        let path = self.root().join(FILE);
        let stat = match self.files().stat(&path) {
            Ok(stat) if stat.is_file && stat.size <= LONGEST => stat,
            Ok(_) | Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(&path)(errno)),
        };
        let sums = Sums::parse(&read_whole(self.files(), &path)?);
        Ok(sums.map(|sums| Known { sums, modified: stat.modified.0 }))
    }

    fn recount(&self, allowance: Allowance) -> Result<Weight, Failure> {
        let used = self.count()?;
        let (spare, path) = (self.spare(), self.root().join(FILE));
        let text = Sums { allowance, used }.write();
        let write = || {
            self.files().create(&spare)?.write(text.as_bytes())?;
            self.files().rename(&spare, &path)
        };
        // A full disk keeps nobody from knowing.
        if write().is_err() {
            let _ = self.files().remove(&spare);
        }
        Ok(used)
    }

    /// Counts every message of every folder.
    pub(crate) fn count(&self) -> Result<Weight, Failure> {
        let root = self.root();
        let mut sum = self.count_folder(root)?;
        for name in self.files().list(root).map_err(failed(root))? {
            if name.starts_with(b".") {
                sum = sum.plus(self.count_folder(&join(root, &name))?);
            }
        }
        Ok(sum)
    }

    fn count_folder(&self, folder: &Path) -> Result<Weight, Failure> {
        let mut sum = Weight::default();
        for place in ["new", "cur"].map(|place| folder.join(place)) {
            let names = match self.files().list(&place) {
                Ok(names) => names,
                Err(Errno::NOENT | Errno::NOTDIR) => continue,
                Err(errno) => return Err(failed(&place)(errno)),
            };
            for name in names.iter().filter_map(|name| FileName::parse(name)) {
                let size = name.field(b'S').or_else(|| {
                    let stat = self.files().stat(&join(&place, name.as_bytes())).ok()?;
                    stat.is_file.then_some(stat.size)
                });
                // What has vanished meanwhile weighs nothing.
                sum = size.map_or(sum, |size| sum.with(size));
            }
        }
        Ok(sum)
    }
}
