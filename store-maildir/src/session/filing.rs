//! Messages on their way into mailboxes: written, appended, copied, moved.

use super::reading::{structure_of, unreadable};
use super::{BLOCK, Open, Session};
use crate::account::Home;
use crate::berth::Slot;
use crate::draft::{Draft, Written};
use crate::files::check_reserve;
use crate::mailbox::{Added, Addition, Filing, Mailbox, Removed};
use crate::quota::{Change, Weight};
use postroad_core::machine::Instant;
use postroad_core::store::{
    Account, Answer, Copied, Failure, Flags, MailboxName, Originals, Uid, UidSet,
};
use std::path::Path;
use std::sync::Arc;

pub(super) const NOTHING_WRITTEN: Failure = Failure::Refused("no message is being written");
/// How often a copy is begun again because files were renamed under it.
const ATTEMPTS: usize = 5;

impl Session {
    pub(super) fn copy(
        &mut self,
        now: Instant,
        uids: (&UidSet, Flags),
        (account, to): (&Account, &MailboxName),
        originals: Originals,
    ) -> Result<Answer, Failure> {
        let place = |open: &Open| (open.home.clone(), open.slot.clone());
        let (from, slot) = self.with_open(originals == Originals::Go, |open, _| Ok(place(open)))?;
        let home = self.home(account, now)?;
        let places = ((&from, &slot), (&home, to));
        self.transfer(now, places, uids, originals).map(Answer::Copied)
    }

    /// Copies messages into another mailbox, all or none, or moves them there, but for those that another
    /// host removes meanwhile. Only one mailbox is locked at a time.
    pub(super) fn transfer(
        &mut self,
        now: Instant,
        ((own, source), (home, to)): ((&Home, &Slot), (&Home, &MailboxName)),
        (uids, flags): (&UidSet, Flags),
        originals: Originals,
    ) -> Result<Copied, Failure> {
        let _leaving = (originals == Originals::Go).then(|| source.leaving());
        let target = home.folder(to);
        // What only changes its place needs no room.
        let needs_room = originals == Originals::Stay || own.root() != home.root();
        for _ in 0..ATTEMPTS {
            let sources = source.within(|mailbox| mailbox.sources(now, uids));
            let sources = sources.map_err(from_source)?;
            let from: Vec<Uid> = sources.iter().map(|source| source.uid).collect();
            let mut additions: Vec<Addition> =
                sources.into_iter().map(|source| source.addition).collect();
            let weight = weight(&additions);
            if needs_room {
                home.check_room(now, weight)?;
            }
            let added = self.add(now, (home, &target), |mailbox| {
                for addition in &mut additions {
                    addition.flags = addition.flags.intersection(flags);
                    if flags.keywords().next().is_none() {
                        addition.keywords.clear();
                    }
                    addition.keywords = mailbox.fitting(&addition.keywords);
                }
                mailbox.place_copies(now, &additions)
            });
            let (slot, copies, uid_validity) = match added? {
                (slot, Added::All(copies), uid_validity) => (slot, copies, uid_validity),
                (_, Added::Lost, _) => {
                    source.within(|mailbox| mailbox.look_again(now)).map_err(from_source)?;
                    continue;
                }
            };
            if needs_room {
                home.note(Change::Came, weight);
            }
            let pairs = from.into_iter().zip(copies).collect();
            let moved = match originals {
                Originals::Stay => Ok(pairs),
                Originals::Go => take_away(now, (own, source), (home, &slot), pairs),
            };
            self.tell(source);
            self.tell(&slot);
            let (from, to): (Vec<Uid>, Vec<Uid>) = moved?.into_iter().unzip();
            let (from, to) = (from.into_iter().collect(), to.into_iter().collect());
            return Ok(Copied { uid_validity, from, to });
        }
        Err(Failure::Io("the mailbox changes too fast".into()))
    }

    /// Files messages once `place` has given them their names, and gives them UIDs; once more if the
    /// mailbox was removed or renamed meanwhile.
    fn add(
        &self,
        now: Instant,
        (home, folder): (&Home, &Path),
        mut place: impl FnMut(&mut Mailbox) -> Result<Option<Filing>, Failure>,
    ) -> Result<(Slot, Added, u32), Failure> {
        for _ in 0..ATTEMPTS {
            let (slot, filing, uid_validity) = self.with(now, home, folder, |slot, mailbox| {
                Ok((slot.clone(), place(mailbox)?, mailbox.ledger.uid_validity()))
            })?;
            match filing.map_or(Ok(Added::Lost), |filing| slot.file(now, filing)) {
                Err(Failure::NoMailbox) => (),
                added => return Ok((slot, added?, uid_validity)),
            }
        }
        Err(Failure::NoMailbox)
    }

    pub(super) fn begin(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
    ) -> Result<Answer, Failure> {
        self.draft = None;
        check_reserve(&*self.shared.files, &self.shared.root, self.shared.options.reserve)?;
        let home = self.home(account, now)?;
        let spare = self.with(now, &home, &home.folder(name), |_, mailbox| Ok(mailbox.spare()))?;
        self.draft = Some(Draft::begin(&self.shared.files, spare)?);
        Ok(Answer::Done)
    }

    pub(super) fn write(&mut self, lent: &[u8]) -> Result<Answer, Failure> {
        let draft = self.draft.as_mut().ok_or(NOTHING_WRITTEN)?;
        if let Err(failure) = draft.write(lent) {
            self.draft = None;
            return Err(failure);
        }
        Ok(Answer::Done)
    }

    /// Ends the message being written: its content is on stable storage then.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        flags: Flags,
        keywords: Vec<String>,
        date: Option<i64>,
    ) -> Result<Finished, Failure> {
        let draft = self.draft.take().ok_or(NOTHING_WRITTEN)?;
        let date = date.unwrap_or_else(|| seconds(now));
        let written = draft.finish(date)?;
        Ok(Finished { written, flags: flags.intersection(Flags::SYSTEM), keywords, date })
    }

    pub(super) fn keep(
        &mut self,
        now: Instant,
        flags: Flags,
        keywords: Vec<String>,
        date: Option<i64>,
    ) -> Result<Answer, Failure> {
        let finished = self.finish(now, flags, keywords, date)?;
        self.kept.push(finished);
        Ok(Answer::Done)
    }

    pub(super) fn append(
        &mut self,
        now: Instant,
        (account, name): (&Account, &MailboxName),
        last: Finished,
        replaces: Option<Uid>,
    ) -> Result<Answer, Failure> {
        let mut messages = std::mem::take(&mut self.kept);
        messages.push(last);
        let home = self.home(account, now)?;
        let folder = home.folder(name);
        let slot = self.open.as_ref().map(|open| open.slot.clone());
        let _leaving = slot.as_ref().filter(|_| replaces.is_some()).map(|slot| slot.leaving());
        if let Some(uid) = replaces {
            self.with_open(true, |_, mailbox| {
                mailbox.ledger.get(uid).map(|_| ()).ok_or(Failure::NoMessage)
            })?;
        }
        let additions: Vec<Addition> = messages.iter().map(Finished::addition).collect();
        let weight = weight(&additions);
        home.check_room(now, weight)?;
        let (slot, added, uid_validity) = self.add(now, (&home, &folder), |mailbox| {
            let names: Vec<String> =
                additions.iter().flat_map(|addition| addition.keywords.clone()).collect();
            mailbox.can_intern(&names)?;
            mailbox.place_copies(now, &additions)
        })?;
        let Added::All(uids) = added else {
            return Err(lost());
        };
        let uids: UidSet = uids.into_iter().collect();
        if let Some(uid) = replaces {
            self.replace(now, uid).inspect_err(|_| {
                let mut withdrawn = Removed::default();
                let _ = slot.within(|mailbox| mailbox.expunge(now, &uids, &mut withdrawn));
            })?;
        }
        home.note(Change::Came, weight);
        self.tell(&slot);
        Ok(Answer::Appended { uid_validity, uids })
    }

    /// Removes the message of the open mailbox that a new one replaces, unless somebody else has done so.
    fn replace(&mut self, now: Instant, uid: Uid) -> Result<(), Failure> {
        let slot = self.with_open(true, |open, mailbox| {
            let uids = std::iter::once(uid).collect();
            let mut removed = Removed::default();
            let done = mailbox.expunge(now, &uids, &mut removed);
            open.home.note(Change::Went, removed.weight);
            if removed.uids.is_empty() {
                done?;
                return Err(Failure::NoMessage);
            }
            Ok(open.slot.clone())
        })?;
        self.tell(&slot);
        Ok(())
    }

    pub(super) fn source(
        &mut self,
        now: Instant,
        (account, name): (&Account, &MailboxName),
        uid_validity: Option<u32>,
        uid: Uid,
    ) -> Result<Answer, Failure> {
        self.source = None;
        let home = self.home(account, now)?;
        let content = self.with(now, &home, &home.folder(name), |_, mailbox| {
            mailbox.refresh(now)?;
            if uid_validity.is_some_and(|validity| validity != mailbox.ledger.uid_validity()) {
                return Err(Failure::NoMessage);
            }
            mailbox.open(now, uid)
        })?;
        let content = self.source.insert(content);
        let structure = structure_of(content, &self.shared.options.limits)?;
        Ok(Answer::Structure(structure))
    }

    pub(super) fn extend(&mut self, offset: u64, length: u64) -> Result<Answer, Failure> {
        let source = self.source.as_mut().ok_or(Failure::NoMessage)?;
        let mut draft = self.draft.take().ok_or(NOTHING_WRITTEN)?;
        let (mut at, end) = (offset, offset.saturating_add(length));
        let mut block = Vec::new();
        while at < end {
            block.clear();
            let most = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
            let is_end = source.read(at, most, &mut block).map_err(unreadable)?;
            draft.write(&block)?;
            at += block.len() as u64;
            if is_end {
                break;
            }
        }
        self.draft = Some(draft);
        Ok(Answer::Done)
    }

    pub(super) fn abandon(&mut self) {
        self.draft = None;
        self.source = None;
        self.kept.clear();
    }

    /// Has the other readers of a mailbox woken.
    fn tell(&mut self, slot: &Slot) {
        let own = self.open.as_ref();
        let own = own.filter(|open| Arc::ptr_eq(&open.slot, slot));
        let own = own.map(|open| open.reader);
        if let Some(mailbox) = &*slot.lock() {
            self.news.extend(mailbox.ledger.wakes(own));
        }
    }
}

/// Removes the originals of copies, told in pairs with these, and returns those that are moved then. The
/// copy of an original that stays goes, and so does that of one which another host has removed meanwhile:
/// it was not ours to move. Where it can't be known what became of an original, its copy stays.
fn take_away(
    now: Instant,
    (own, source): (&Home, &Slot),
    (home, slot): (&Home, &Slot),
    mut pairs: Vec<(Uid, Uid)>,
) -> Result<Vec<(Uid, Uid)>, Failure> {
    let originals: UidSet = pairs.iter().map(|(original, _)| *original).collect();
    let mut removed = Removed::default();
    let done = source.within(|mailbox| mailbox.expunge(now, &originals, &mut removed));
    let not_ours = match &done {
        Ok(()) | Err(Failure::NoMailbox) => originals.without(&removed.uids),
        Err(_) => source.within(|mailbox| mailbox.present(now, &originals)).unwrap_or_default(),
    };
    let strays = pairs.extract_if(.., |(original, _)| not_ours.contains(*original));
    let strays = strays.map(|(_, copy)| copy).collect();
    let mut withdrawn = Removed::default();
    // What can't be withdrawn is there twice.
    let _ = slot.within(|mailbox| mailbox.expunge(now, &strays, &mut withdrawn));
    if own.root() != home.root() {
        own.note(Change::Went, removed.weight);
        home.note(Change::Went, withdrawn.weight);
    }
    done.map_err(from_source)?;
    Ok(pairs)
}

/// Why messages could not be taken from a mailbox: that it is missing is not to be mistaken for a target
/// that is.
fn from_source(failure: Failure) -> Failure {
    match failure {
        Failure::NoMailbox => Failure::NoMessage,
        failure => failure,
    }
}

/// A message that was written and waits to be filed.
pub(super) struct Finished {
    written: Written,
    /// System flags.
    flags: Flags,
    keywords: Vec<String>,
    date: i64,
}

impl Finished {
    fn addition(&self) -> Addition {
        let sizes = self.written.sizes();
        Addition {
            from: self.written.path().into(),
            raw: sizes.raw,
            size: u32::try_from(sizes.given).unwrap_or(u32::MAX),
            date: self.date,
            flags: self.flags,
            keywords: self.keywords.clone(),
        }
    }
}

fn weight(additions: &[Addition]) -> Weight {
    Weight::of(additions.iter().map(|addition| addition.raw))
}

pub(super) fn lost() -> Failure {
    Failure::Io("a message vanished while it was filed".into())
}

pub(super) fn seconds(now: Instant) -> i64 {
    i64::try_from(now.as_seconds()).unwrap_or(i64::MAX)
}
