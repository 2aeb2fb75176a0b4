//! What sessions do to a mailbox: on stable storage before it is told, all or nothing.

use super::{ATTEMPTS, Arrival, Kept, Mailbox, Place, size_of_message};
use crate::draft::Draft;
use crate::files::{Errno, failed, read_at_once};
use crate::name::{FileName, id_of_key, unique_of_id};
use crate::texts;
use crate::uid_map::{self, Records, UidMap};
use crate::undo::Undo;
use postroad_core::machine::Instant;
use postroad_core::store::ledger::ReaderId;
use postroad_core::store::{Entry, Failure, FlagAction, Flags, Snapshot, Uid, UidSet};
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

/// What [`Mailbox::add`] has come to.
pub(crate) enum Added {
    /// Every file has its UID.
    All(Vec<Uid>),
    /// A file was no longer there; nothing was added.
    Lost,
}

/// A message that is to be copied.
pub(crate) struct Source {
    pub(crate) uid: Uid,
    pub(crate) addition: Addition,
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
        let flags = flags.intersection(Flags::SYSTEM)
            | if action == FlagAction::Remove {
                self.ledger.find_keywords(keywords)
            } else {
                self.intern(keywords)?
            };
        for _ in 0..ATTEMPTS {
            let modified = match unchanged_since {
                Some(since) => self.ledger.changed_since(uids, since),
                None => UidSet::default(),
            };
            let plan = self.ledger.plan_flags(&uids.without(&modified), action, flags);
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
    fn intern(&mut self, names: &[String]) -> Result<Flags, Failure> {
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

    /// Removes messages.
    pub(crate) fn expunge(&mut self, now: Instant, uids: &UidSet) -> Result<(), Failure> {
        self.refresh(now)?;
        for _ in 0..ATTEMPTS {
            if self.own(|mailbox| mailbox.remove(now, uids))? {
                return Ok(());
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// Removes messages: out of sight first, so that a failure can bring them back; `false`, and
    /// nothing is changed, if one was not in its place.
    fn remove(&mut self, now: Instant, uids: &UidSet) -> Result<bool, Failure> {
        let mut undo = Undo::new(&self.shared.files);
        let (mut removed, mut from_new) = (Vec::new(), false);
        let mut records = self.records();
        for uid in self.there(uids) {
            let Some(located) = self.locate(&mut records, uid)? else {
                return Ok(false);
            };
            let (from, to) = (self.path(located.place, &located.name), self.spare());
            from_new |= located.place == Place::New;
            self.is_own(located.place, &located.name);
            match undo.rename(&from, &to) {
                Ok(()) => removed.push((uid, Some(to))),
                Err(Errno::NOENT) => return Ok(false),
                // Mail must be removable when the disk is full.
                Err(Errno::NOSPC | Errno::DQUOT) => {
                    self.files().remove(&from).map_err(failed(&from))?;
                    removed.push((uid, None));
                }
                Err(errno) => return Err(failed(&from)(errno)),
            }
        }
        if removed.is_empty() {
            return Ok(true);
        }
        self.sync(from_new)?;
        undo.keep();
        let uids: UidSet = removed.iter().map(|(uid, _)| *uid).collect();
        self.drop_messages(&uids, now);
        for spare in removed.into_iter().filter_map(|(_, spare)| spare) {
            // What stays here is removed as stale one day.
            let _ = self.files().remove(&spare);
        }
        Ok(true)
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

    /// A message to be copied; `None` if it is not known where its file is.
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
        Ok(Some(Source { uid, addition }))
    }

    /// Whether there is room for `keywords`.
    pub(crate) fn can_intern(&self, keywords: &[String]) -> Result<(), Failure> {
        let limits = &self.shared.options.limits;
        self.ledger.plan_keywords(keywords, limits).map(|_| ())
    }

    /// Forgets what has arrived without a UID: the folder tells what of it there is.
    pub(crate) fn forget_arrivals(&mut self) {
        self.arrivals.clear();
        self.doubt();
    }

    /// Those of `keywords` that there is room for, for copies.
    pub(crate) fn fitting(&self, keywords: &[String]) -> Vec<String> {
        self.ledger.keywords_that_fit(keywords, &self.shared.options.limits)
    }

    /// Files messages in `cur` and gives them UIDs.
    pub(crate) fn add(&mut self, now: Instant, additions: &[Addition]) -> Result<Added, Failure> {
        self.refresh(now)?;
        let mut undo = Undo::new(&self.shared.files);
        let pending = self.arrivals.len();
        let added = self.own(|mailbox| mailbox.add_files(now, additions, &mut undo));
        match &added {
            Ok(Added::All(_)) => undo.keep(),
            _ => {
                drop(undo);
                self.arrivals.truncate(pending);
            }
        }
        added
    }

    fn add_files(
        &mut self,
        now: Instant,
        additions: &[Addition],
        undo: &mut Undo,
    ) -> Result<Added, Failure> {
        let shared = self.shared.clone();
        let mut keys: Vec<Box<[u8]>> = Vec::with_capacity(additions.len());
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
                Err(Errno::NOENT) => return Ok(Added::Lost),
                Err(errno) => return Err(failed(&to)(errno)),
            }
            keys.push(name.key().into());
            self.arrivals.push(Arrival {
                name,
                place: Place::Cur,
                size: addition.size,
                sized_by_name: true,
                date: addition.date,
            });
        }
        if keys.is_empty() {
            return Ok(Added::All(Vec::new()));
        }
        self.sync(false)?;
        let given = self.number(now)?;
        let uids: Option<Vec<Uid>> = keys.iter().map(|key| given.get(key).copied()).collect();
        Ok(uids.map_or(Added::Lost, Added::All))
    }

    /// Whether a message here was delivered under this queue id.
    pub(super) fn has_id(&mut self, id: &[u8]) -> Result<bool, Failure> {
        if !self.ids.may_contain(id) {
            return Ok(false);
        }
        if self.arrivals.iter().any(|arrival| arrival.name.id() == Some(id)) {
            return Ok(true);
        }
        let path = self.folder.join(uid_map::FILE);
        let text = read_at_once(self.files(), &path).map_err(failed(&path))?;
        let map = UidMap::parse(&text).ok_or(Failure::NoMailbox)?;
        let known = |uid| Uid::new(uid).is_some_and(|uid| self.ledger.kept(uid).is_some());
        Ok(map
            .messages
            .iter()
            .any(|(base, numbered)| id_of_key(base.key()) == Some(id) && known(numbered.uid)))
    }

    /// Files a finished message in `new` under a queue id, unless it was delivered before.
    pub(crate) fn deliver(
        &mut self,
        id: &str,
        draft: &Draft,
        date: i64,
        undo: &mut Undo,
    ) -> Result<(), Failure> {
        let unique = unique_of_id(id);
        if self.has_id(&unique.as_bytes()[1..])? {
            return Ok(());
        }
        let sizes = draft.sizes();
        let host = &self.shared.options.host;
        let name = FileName::new(date, &unique, host, sizes.raw, sizes.given);
        let to = self.path(Place::New, &name);
        self.own(|mailbox| {
            mailbox.is_own(Place::New, &name);
            match undo.link(draft.path(), &to, &mailbox.spare()) {
                Ok(()) => (),
                // Delivered by a process before this one, and found at the next look.
                Err(Errno::EXIST) => {
                    mailbox.doubt();
                    return Ok(());
                }
                Err(errno) => return Err(failed(&to)(errno)),
            }
            let new = mailbox.folder.join(Place::New.folder());
            mailbox.files().sync_folder(&new).map_err(failed(&new))?;
            mailbox.remember_id(&name);
            mailbox.arrivals.push(Arrival {
                name,
                place: Place::New,
                size: size_of_message(sizes.given),
                sized_by_name: true,
                date,
            });
            Ok(())
        })
    }
}
