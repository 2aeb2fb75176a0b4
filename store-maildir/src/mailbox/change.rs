//! What sessions do to a mailbox: on stable storage before it is told; but for removals, all or nothing.

use super::names::Located;
use super::{ATTEMPTS, Addition, Kept, Mailbox, Place};
use crate::files::{Errno, failed};
use crate::name::FileName;
use crate::quota::Weight;
use crate::texts;
use crate::uid_map::Records;
use crate::undo::Undo;
use postroad_core::machine::Instant;
use postroad_core::store::ledger::ReaderId;
use postroad_core::store::{Entry, Failure, FlagAction, Flags, Snapshot, Uid, UidSet};

/// Messages that were removed.
#[derive(Default)]
pub(crate) struct Removed {
    pub(crate) uids: UidSet,
    pub(crate) weight: Weight,
}

/// A message that is to be copied or removed.
pub(crate) struct Source {
    pub(crate) uid: Uid,
    pub(crate) addition: Addition,
    located: Located,
}

/// When other programs rename files faster than we can follow.
fn restless() -> Failure {
    Failure::Io("the mailbox changes too fast".into())
}

impl Mailbox {
    /// Tells a reader how the mailbox is now, and takes what is no longer new out of `new`.
    pub(crate) fn snapshot(&mut self, now: Instant, reader: ReaderId) -> Snapshot {
        let snapshot = self.ledger.snapshot(reader);
        self.sweep(now);
        snapshot
    }

    /// Moves files from `new` to `cur` once a session has claimed them as recent.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let recent_from = self.ledger.recent_from();
        let (Some(first), Some(end)) = (Uid::new(self.swept), Uid::new(recent_from)) else {
            return;
        };
        if first >= end {
            return;
        }
        self.swept = recent_from;
        let range = UidSet::range(first, end);
        let new = |(entry, kept): (&Entry, &Kept)| {
            (kept.place == Place::New).then_some((entry.uid, entry.flags))
        };
        let new: Vec<_> = self.ledger.select(&range).filter_map(new).collect();
        if !new.is_empty() {
            // Without a sync: a message that is back in `new` after a crash is recent once more.
            let _ = self.own(|mailbox| {
                let mut records = mailbox.records();
                for (uid, flags) in new {
                    let mut undo = Undo::new(&mailbox.shared.files);
                    if let Some(renamed) = mailbox.rename(&mut records, uid, flags, &mut undo)? {
                        undo.keep();
                        mailbox.settle(uid, renamed, flags);
                    }
                }
                Ok(())
            });
        }
        self.record_recent(now);
    }

    /// Changes flags; those of `uids` that have changed since the given mod-sequence are left alone
    /// and told.
    pub(crate) fn set_flags(
        &mut self,
        now: Instant,
        (uids, unchanged_since): (&UidSet, Option<u64>),
        action: FlagAction,
        (flags, keywords): (Flags, &[String]),
    ) -> Result<UidSet, Failure> {
        self.refresh(now)?;
        let flags = flags.intersection(Flags::SYSTEM);
        for _ in 0..ATTEMPTS {
            let modified = match unchanged_since {
                Some(since) => self.ledger.changed_since(uids, since),
                None => UidSet::default(),
            };
            let uids = uids.without(&modified);
            if self.there(&uids).is_empty() {
                return Ok(modified);
            }
            let keywords = if action == FlagAction::Remove {
                self.ledger.find_keywords(keywords)
            } else {
                self.intern(keywords)?
            };
            let plan = self.ledger.plan_flags(&uids, action, flags | keywords);
            if plan.is_empty() || self.own(|mailbox| mailbox.rename_all(now, &plan))? {
                return Ok(modified);
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// Gives messages other flags; `false`, and nothing is changed, if one was not in its place.
    fn rename_all(&mut self, now: Instant, plan: &[(Uid, Flags)]) -> Result<bool, Failure> {
        let mut undo = Undo::new(&self.shared.files);
        let mut renamed = Vec::with_capacity(plan.len());
        let (mut records, mut from_new) = (self.records(), false);
        for (uid, flags) in plan {
            let kept = self.ledger.kept(*uid);
            from_new |= kept.is_some_and(|kept| kept.place == Place::New);
            let Some(name) = self.rename(&mut records, *uid, *flags, &mut undo)? else {
                return Ok(false);
            };
            renamed.push((*uid, name));
        }
        self.sync(from_new)?;
        undo.keep();
        let modseq = self.ledger.next_modseq(now);
        for ((uid, name), (_, flags)) in renamed.into_iter().zip(plan) {
            self.settle(uid, name, *flags);
            self.set_flags_of(uid, *flags, modseq);
        }
        Ok(true)
    }

    /// Renames a message's file into `cur` with these flags; `None` if it was not in its place.
    fn rename(
        &mut self,
        records: &mut Records,
        uid: Uid,
        flags: Flags,
        undo: &mut Undo,
    ) -> Result<Option<FileName>, Failure> {
        let Some(located) = self.locate(records, uid)? else {
            return Ok(None);
        };
        let from = self.path(located.place, &located.name);
        let name = located.name.with_flags(flags, self.ledger.keywords().len());
        let to = self.path(Place::Cur, &name);
        if from == to {
            return Ok(Some(name));
        }
        self.is_own(located.place, &located.name);
        self.is_own(Place::Cur, &name);
        match undo.rename(&from, &to) {
            Ok(()) => Ok(Some(name)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(failed(&from)(errno)),
        }
    }

    /// Puts the names in `cur`, and those in `new` if they have changed, on stable storage.
    fn sync(&self, new_too: bool) -> Result<(), Failure> {
        let places = if new_too { &[Place::Cur, Place::New][..] } else { &[Place::Cur] };
        for place in places {
            let folder = self.folder.join(place.folder());
            self.files().sync_folder(&folder).map_err(failed(&folder))?;
        }
        Ok(())
    }

    /// The flags of keywords, which get their place in the table if they have none.
    pub(super) fn intern(&mut self, names: &[String]) -> Result<Flags, Failure> {
        let shared = self.shared.clone();
        let limits = &shared.options.limits;
        let (flags, table) = self.ledger.plan_keywords(names, limits)?;
        if table.is_none() {
            return Ok(flags);
        }
        let _lock = self.lock()?;
        self.refresh_keywords()?;
        let (flags, table) = self.ledger.plan_keywords(names, limits)?;
        if let Some(table) = table {
            let text = texts::write_keywords(&table);
            shared.replace(&self.folder, texts::KEYWORDS, text.as_bytes())?;
            self.ledger.set_keywords(table);
            self.keywords = self.files().stat(&self.folder.join(texts::KEYWORDS)).ok();
        }
        Ok(flags)
    }

    /// Removes messages, and tells which even if it fails for others. Those that somebody else removes at
    /// the same time are only his.
    pub(crate) fn expunge(
        &mut self,
        now: Instant,
        uids: &UidSet,
        removed: &mut Removed,
    ) -> Result<(), Failure> {
        self.refresh(now)?;
        for _ in 0..ATTEMPTS {
            if self.own(|mailbox| mailbox.remove(now, uids, removed))? {
                return Ok(());
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// Removes messages: out of sight first, so that a failure can bring them back; `false` if one was
    /// not in its place.
    fn remove(
        &mut self,
        now: Instant,
        uids: &UidSet,
        removed: &mut Removed,
    ) -> Result<bool, Failure> {
        let mut undo = Undo::new(&self.shared.files);
        let (mut gone, mut sizes, mut spares) = (Vec::new(), Vec::new(), Vec::new());
        let (mut records, mut from_new, mut is_all) = (self.records(), false, true);
        for uid in self.there(uids) {
            let Some(Source { addition, located, .. }) = self.source(&mut records, uid)? else {
                is_all = false;
                continue;
            };
            let (from, to) = (addition.from, self.spare());
            from_new |= located.place == Place::New;
            self.is_own(located.place, &located.name);
            match undo.rename(&from, &to) {
                Ok(()) => spares.push(to),
                Err(Errno::NOENT) => {
                    is_all = false;
                    continue;
                }
                // Mail must be removable when the disk is full.
                Err(Errno::NOSPC | Errno::DQUOT) => {
                    self.files().remove(&from).map_err(failed(&from))?;
                }
                Err(errno) => return Err(failed(&from)(errno)),
            }
            gone.push(uid);
            sizes.push(addition.raw);
        }
        if gone.is_empty() {
            return Ok(is_all);
        }
        self.sync(from_new)?;
        undo.keep();
        let gone: UidSet = gone.into_iter().collect();
        self.drop_messages(&gone, now);
        removed.uids = removed.uids.ranges().iter().chain(gone.ranges()).copied().collect();
        removed.weight = removed.weight.and(Weight::of(sizes.into_iter()));
        for spare in spares {
            // What stays here is removed as stale one day.
            let _ = self.files().remove(&spare);
        }
        Ok(is_all)
    }

    /// Those of `uids` whose files are in their places, as far as that can be seen.
    pub(crate) fn present(&mut self, now: Instant, uids: &UidSet) -> Result<UidSet, Failure> {
        self.look_again(now)?;
        Ok(self.there(uids).into_iter().collect())
    }

    /// Those of `uids` that have a message.
    fn there(&self, uids: &UidSet) -> Vec<Uid> {
        self.ledger.messages().select(uids).map(|entry| entry.uid).collect()
    }

    /// What is to be copied of `uids`.
    pub(crate) fn sources(&mut self, now: Instant, uids: &UidSet) -> Result<Vec<Source>, Failure> {
        self.refresh(now)?;
        for _ in 0..ATTEMPTS {
            let mut records = self.records();
            let sources = self.there(uids).into_iter().map(|uid| self.source(&mut records, uid));
            let sources: Result<Option<Vec<Source>>, Failure> = sources.collect();
            if let Some(sources) = sources? {
                return Ok(sources);
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// A message to be copied or removed; `None` if it is not known where its file is.
    fn source(&self, records: &mut Records, uid: Uid) -> Result<Option<Source>, Failure> {
        let (Some(located), Some(entry)) = (self.locate(records, uid)?, self.ledger.get(uid))
        else {
            return Ok(None);
        };
        let from = self.path(located.place, &located.name);
        // A name that tells the size with CRLF as it is tells the other one, too.
        let told = located.name.field(b'W').filter(|told| *told == u64::from(entry.size));
        let raw = match told.and(located.name.field(b'S')) {
            Some(raw) => raw,
            None => match self.files().stat(&from) {
                Ok(stat) => stat.size,
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(failed(&from)(errno)),
            },
        };
        let flags = entry.flags.intersection(Flags::SYSTEM);
        let keywords = self.ledger.keyword_names(entry.flags);
        let (size, date) = (entry.size, entry.date);
        let addition = Addition { from, raw, size, date, flags, keywords };
        Ok(Some(Source { uid, addition, located }))
    }

    /// Whether there is room for `keywords`.
    pub(crate) fn can_intern(&self, keywords: &[String]) -> Result<(), Failure> {
        let limits = &self.shared.options.limits;
        self.ledger.plan_keywords(keywords, limits).map(|_| ())
    }

    /// Those of `keywords` that there is room for, for copies.
    pub(crate) fn fitting(&self, keywords: &[String]) -> Vec<String> {
        self.ledger.keywords_that_fit(keywords, &self.shared.options.limits)
    }
}
