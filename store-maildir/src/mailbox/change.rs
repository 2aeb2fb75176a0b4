//! What sessions do to a mailbox: on stable storage before it is told, all or nothing.

use super::{ATTEMPTS, Arrival, Kept, Mailbox, Place};
use crate::draft::Draft;
use crate::files::{Errno, failed};
use crate::name::{FileName, unique_of_id};
use crate::texts;
use crate::undo::Undo;
use postroad_core::machine::Instant;
use postroad_core::store::ledger::{Message, ReaderId};
use postroad_core::store::{Changes, Failure, FlagAction, Flags, Uid, UidSet};
use std::path::PathBuf;

/// A message file that is to be in a mailbox, too.
pub(crate) struct Addition {
    pub(crate) from: PathBuf,
    pub(crate) raw: u64,
    /// With CRLF.
    pub(crate) size: u64,
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
    /// Tells a reader what has changed, and takes what is no longer new out of `new`.
    pub(crate) fn changes(&mut self, reader: ReaderId, also: &UidSet) -> Changes {
        let changes = self.ledger.changes(reader, also);
        self.sweep();
        changes
    }

    /// Moves files from `new` to `cur` once a session has claimed them as recent.
    pub(crate) fn sweep(&mut self) {
        let recent_from = self.ledger.recent_from();
        let (Some(first), Some(end)) = (Uid::new(self.swept), Uid::new(recent_from)) else {
            return;
        };
        if first >= end {
            return;
        }
        self.swept = recent_from;
        let range = UidSet::range(first, end);
        let new = |(uid, message): (Uid, &Message<Kept>)| {
            (message.kept.place == Place::New).then_some((uid, message.flags))
        };
        let new: Vec<_> = self.ledger.select(&range).filter_map(new).collect();
        if !new.is_empty() {
            // Without a sync: a message that is back in `new` after a crash is recent once more.
            let _ = self.own(|mailbox| {
                for (uid, flags) in new {
                    let mut undo = Undo::new(&mailbox.shared.files);
                    if let Some(renamed) = mailbox.rename(uid, flags, &mut undo)? {
                        undo.keep();
                        mailbox.settle(uid, renamed);
                    }
                }
                Ok(())
            });
        }
        self.record_recent();
    }

    /// Changes flags.
    pub(crate) fn set_flags(
        &mut self,
        now: Instant,
        uids: &UidSet,
        action: FlagAction,
        flags: Flags,
        keywords: &[String],
    ) -> Result<(), Failure> {
        self.refresh(now)?;
        let flags = flags.intersection(Flags::SYSTEM)
            | if action == FlagAction::Remove {
                self.ledger.find_keywords(keywords)
            } else {
                self.intern(keywords)?
            };
        for _ in 0..ATTEMPTS {
            let plan = self.ledger.plan_flags(uids, action, flags);
            if plan.is_empty() || self.own(|mailbox| mailbox.rename_all(&plan))? {
                return Ok(());
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// Gives messages other flags; `false`, and nothing is changed, if one was not in its place.
    fn rename_all(&mut self, plan: &[(Uid, Flags)]) -> Result<bool, Failure> {
        let mut undo = Undo::new(&self.shared.files);
        let mut renamed = Vec::with_capacity(plan.len());
        let mut from_new = false;
        for (uid, flags) in plan {
            let kept = self.ledger.get(*uid).map(|message| &message.kept);
            from_new |= kept.is_some_and(|kept| kept.place == Place::New);
            let Some(name) = self.rename(*uid, *flags, &mut undo)? else {
                return Ok(false);
            };
            renamed.push((*uid, name));
        }
        self.sync(from_new)?;
        undo.keep();
        for ((uid, name), (_, flags)) in renamed.into_iter().zip(plan) {
            self.settle(uid, name);
            self.ledger.set_flags(uid, *flags);
        }
        Ok(true)
    }

    /// Renames a message's file into `cur` with these flags; `None` if it was not in its place.
    fn rename(&self, uid: Uid, flags: Flags, undo: &mut Undo) -> Result<Option<FileName>, Failure> {
        let Some(message) = self.ledger.get(uid) else {
            return Ok(None);
        };
        let from = self.path(message.kept.place, &message.kept.name);
        let name = message.kept.name.with_flags(flags, self.ledger.keywords().len());
        let to = self.path(Place::Cur, &name);
        if from == to {
            return Ok(Some(name));
        }
        match undo.rename(&from, &to) {
            Ok(()) => Ok(Some(name)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(failed(&from)(errno)),
        }
    }

    fn settle(&mut self, uid: Uid, name: FileName) {
        if let Some(kept) = self.ledger.kept_mut(uid) {
            kept.name = name;
            kept.place = Place::Cur;
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
            if self.own(|mailbox| mailbox.remove(uids))? {
                return Ok(());
            }
            self.look_again(now)?;
        }
        Err(restless())
    }

    /// Removes messages: out of sight first, so that a failure can bring them back; `false`, and
    /// nothing is changed, if one was not in its place.
    fn remove(&mut self, uids: &UidSet) -> Result<bool, Failure> {
        let mut undo = Undo::new(&self.shared.files);
        let (mut removed, mut from_new) = (Vec::new(), false);
        for (uid, message) in self.ledger.select(uids) {
            let (from, to) = (self.path(message.kept.place, &message.kept.name), self.spare());
            from_new |= message.kept.place == Place::New;
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
        for (uid, spare) in removed {
            self.drop_message(uid);
            if let Some(spare) = spare {
                // What stays here is removed as stale one day.
                let _ = self.files().remove(&spare);
            }
        }
        Ok(true)
    }

    /// What is to be copied of `uids`.
    pub(crate) fn sources(&mut self, now: Instant, uids: &UidSet) -> Result<Vec<Source>, Failure> {
        self.refresh(now)?;
        let source = |(uid, message): (Uid, &Message<Kept>)| Source {
            uid,
            addition: Addition {
                from: self.path(message.kept.place, &message.kept.name),
                raw: message.kept.raw,
                size: message.size,
                date: message.date,
                flags: message.flags.intersection(Flags::SYSTEM),
                keywords: self.ledger.keyword_names(message.flags),
            },
        };
        Ok(self.ledger.select(uids).map(source).collect())
    }

    /// Whether there is room for `keywords`.
    pub(crate) fn can_intern(&self, keywords: &[String]) -> Result<(), Failure> {
        let limits = &self.shared.options.limits;
        self.ledger.plan_keywords(keywords, limits).map(|_| ())
    }

    /// Forgets what has arrived without a UID: the folder tells what of it there is.
    pub(crate) fn forget_arrivals(&mut self) {
        for arrival in std::mem::take(&mut self.arrivals) {
            if let Some(id) = arrival.name.id() {
                self.ids.remove(id);
            }
        }
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
        let mut keys = Vec::with_capacity(additions.len());
        for addition in additions {
            let flags = addition.flags | self.intern(&addition.keywords)?;
            let time = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
            let unique = format!("M{}", shared.unique());
            let host = &shared.options.host;
            let name = FileName::new(time, &unique, host, addition.raw, addition.size)
                .with_flags(flags, self.ledger.keywords().len());
            let to = self.path(Place::Cur, &name);
            match undo.link(&addition.from, &to, &self.spare()) {
                Ok(()) => (),
                Err(Errno::NOENT) => return Ok(Added::Lost),
                Err(errno) => return Err(failed(&to)(errno)),
            }
            keys.push(Box::from(name.key()));
            self.arrivals.push(Arrival {
                name,
                place: Place::Cur,
                raw: addition.raw,
                size: addition.size,
                sized_by_name: true,
                date: addition.date,
            });
        }
        if keys.is_empty() {
            return Ok(Added::All(Vec::new()));
        }
        self.sync(false)?;
        self.number(&Default::default())?;
        let uid = |key: Box<[u8]>| self.keys.get(&key).copied();
        let uids: Option<Vec<Uid>> = keys.into_iter().map(uid).collect();
        Ok(uids.map_or(Added::Lost, Added::All))
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
        if self.ids.contains(&unique.as_bytes()[1..]) {
            return Ok(());
        }
        let sizes = draft.sizes();
        let host = &self.shared.options.host;
        let name = FileName::new(date, &unique, host, sizes.raw, sizes.given);
        let to = self.path(Place::New, &name);
        self.own(|mailbox| {
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
            mailbox.ids.insert(unique.as_bytes()[1..].into());
            mailbox.arrivals.push(Arrival {
                name,
                place: Place::New,
                raw: sizes.raw,
                size: sizes.given,
                sized_by_name: true,
                date,
            });
            Ok(())
        })
    }
}
