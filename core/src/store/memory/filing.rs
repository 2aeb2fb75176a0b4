//! Messages on their way into mailboxes.

use super::Session;
use super::home::{Letter, Mailbox, NO_UID, copy, remove};
use crate::machine::Instant;
use crate::message::structure::Scanner;
use crate::store::{
    Account, Answer, Atomicity, Copied, Entry, Failure, Flags, MailboxName, Originals, Target, Uid,
    UidSet,
};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

const NOTHING_WRITTEN: Failure = Failure::Refused("no message is being written");

impl Session {
    pub(super) fn copy(
        &mut self,
        now: Instant,
        (uids, flags): (&UidSet, Flags),
        (account, to): (&Account, &MailboxName),
        originals: Originals,
    ) -> Result<Answer, Failure> {
        let open = match originals {
            Originals::Stay => self.opened()?,
            Originals::Go => self.opened_to_write()?,
        };
        let (from, limits) = (open.mailbox.clone(), &self.memory.limits);
        let target = self.memory.find(now, account, to)?;
        // What only changes its place needs no room.
        if originals == Originals::Stay || *account != open.account {
            let sizes =
                from.borrow().select(uids).map(|(entry, _)| u64::from(entry.size)).collect();
            self.memory.check_room(now, account, weight(sizes))?;
        }
        let pairs = copy((&from, &target), (uids, flags), now, limits)?;
        let gone: UidSet = pairs.iter().map(|(uid, _)| *uid).collect();
        if originals == Originals::Go {
            remove(&from, &gone, now);
        }
        self.tell(&from);
        self.tell(&target);
        let uid_validity = target.borrow().uid_validity();
        Ok(Answer::Copied(Copied {
            uid_validity,
            from: gone,
            to: pairs.into_iter().map(|(_, copy)| copy).collect(),
        }))
    }

    pub(super) fn begin(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
    ) -> Result<Answer, Failure> {
        self.writing = None;
        self.memory.find(now, account, mailbox)?;
        self.writing = Some(Vec::new());
        Ok(Answer::Done)
    }

    pub(super) fn write(&mut self, lent: &[u8]) -> Result<Answer, Failure> {
        let writing = self.writing.as_mut().ok_or(NOTHING_WRITTEN)?;
        writing.extend_from_slice(lent);
        Ok(Answer::Done)
    }

    pub(super) fn deliver(
        &mut self,
        now: Instant,
        id: &str,
        targets: &[Target],
        atomicity: Atomicity,
    ) -> Result<Answer, Failure> {
        let octets = with_crlf(self.writing.take().ok_or(NOTHING_WRITTEN)?);
        let mailboxes = self.places(now, id, targets, octets.len() as u64);
        if atomicity == Atomicity::All
            && let Some(failure) = mailboxes.iter().find_map(|found| found.as_ref().err())
        {
            return Err(failure.clone());
        }
        let outcomes = mailboxes.into_iter().map(|mailbox| {
            let mailbox = mailbox?;
            let delivered = |(_, letter): (&Entry, &Letter)| letter.id.as_deref() == Some(id);
            let repeated = mailbox.borrow().iter().any(delivered);
            if !repeated {
                let letter = Letter { octets: octets.clone(), id: Some(id.into()) };
                file(&mailbox, now, Flags::NONE, seconds(now), letter)?;
                self.news.extend(mailbox.borrow().wakes(None));
            }
            Ok(())
        });
        Ok(Answer::Delivered(outcomes.collect()))
    }

    /// The mailboxes of `targets` that can take a message: those that have it already, and those
    /// with room for it.
    fn places<'a>(
        &self,
        now: Instant,
        id: &str,
        targets: &'a [Target],
        size: u64,
    ) -> Vec<Result<Mailbox, Failure>> {
        let mut taken: BTreeMap<&Account, u64> = BTreeMap::new();
        let mut seen: BTreeSet<&Target> = BTreeSet::new();
        let place = |target: &'a Target| {
            let mailbox = self.memory.find(now, &target.account, &target.mailbox)?;
            let is_it = |(_, letter): (&Entry, &Letter)| letter.id.as_deref() == Some(id);
            if !mailbox.borrow().iter().any(is_it) && seen.insert(target) {
                let count = taken.entry(&target.account).or_default();
                let more = (size * (*count + 1), *count + 1);
                self.memory.check_room(now, &target.account, more)?;
                *count += 1;
            }
            Ok(mailbox)
        };
        targets.iter().map(place).collect()
    }

    /// Ends the message being written.
    pub(super) fn finish(
        &mut self,
        now: Instant,
        flags: Flags,
        keywords: Vec<String>,
        date: Option<i64>,
    ) -> Result<Finished, Failure> {
        let octets = with_crlf(self.writing.take().ok_or(NOTHING_WRITTEN)?);
        let date = date.unwrap_or_else(|| seconds(now));
        Ok(Finished { octets, flags: flags.intersection(Flags::SYSTEM), keywords, date })
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
        (account, mailbox): (&Account, &MailboxName),
        last: Finished,
        replaces: Option<Uid>,
    ) -> Result<Answer, Failure> {
        let mut messages = core::mem::take(&mut self.kept);
        messages.push(last);
        let mailbox = self.memory.find(now, account, mailbox)?;
        let limits = &self.memory.limits;
        let names: Vec<String> =
            messages.iter().flat_map(|message| message.keywords.clone()).collect();
        let (_, table) = mailbox.borrow().plan_keywords(&names, limits)?;
        let original = replaces.map(|uid| self.original(uid)).transpose()?;
        let sizes = messages.iter().map(|message| message.octets.len() as u64).collect();
        self.memory.check_room(now, account, weight(sizes))?;
        if let Some(table) = table {
            mailbox.borrow_mut().set_keywords(table);
        }
        let mut uids = Vec::with_capacity(messages.len());
        for Finished { octets, flags, keywords, date } in messages {
            let flags = flags | mailbox.borrow().find_keywords(&keywords);
            uids.push(file(&mailbox, now, flags, date, Letter { octets, id: None })?);
        }
        if let Some((from, uid)) = original {
            remove(&from, &core::iter::once(uid).collect(), now);
            self.tell(&from);
        }
        self.tell(&mailbox);
        let uid_validity = mailbox.borrow().uid_validity();
        Ok(Answer::Appended { uid_validity, uids: uids.into_iter().collect() })
    }

    /// The message of the open mailbox that is to be replaced.
    fn original(&self, uid: Uid) -> Result<(Mailbox, Uid), Failure> {
        let mailbox = self.opened_to_write()?.mailbox.clone();
        let is_there = mailbox.borrow().get(uid).is_some();
        is_there.then_some((mailbox, uid)).ok_or(Failure::NoMessage)
    }

    pub(super) fn source(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, &MailboxName),
        uid_validity: Option<u32>,
        uid: Uid,
    ) -> Result<Answer, Failure> {
        self.source = None;
        let mailbox = self.memory.find(now, account, mailbox)?;
        let ledger = mailbox.borrow();
        if uid_validity.is_some_and(|validity| validity != ledger.uid_validity()) {
            return Err(Failure::NoMessage);
        }
        let octets = ledger.kept(uid).ok_or(Failure::NoMessage)?.octets.clone();
        let mut scanner = Scanner::new(&self.memory.limits);
        scanner.push(&octets);
        self.source = Some(octets);
        Ok(Answer::Structure(Arc::new(scanner.finish())))
    }

    pub(super) fn extend(&mut self, offset: u64, length: u64) -> Result<Answer, Failure> {
        let source = self.source.as_ref().ok_or(Failure::NoMessage)?;
        let place = |octets: u64| usize::try_from(octets).unwrap_or(usize::MAX).min(source.len());
        let (start, end) = (place(offset), place(offset.saturating_add(length)));
        let writing = self.writing.as_mut().ok_or(NOTHING_WRITTEN)?;
        writing.extend_from_slice(&source[start..end]);
        Ok(Answer::Done)
    }

    pub(super) fn abandon(&mut self) -> Answer {
        self.writing = None;
        self.source = None;
        self.kept.clear();
        Answer::Done
    }
}

/// A message that was written and waits to be filed.
pub(super) struct Finished {
    octets: Arc<[u8]>,
    /// System flags.
    flags: Flags,
    keywords: Vec<String>,
    date: i64,
}

/// Octets of all messages together, and how many they are.
fn weight(sizes: Vec<u64>) -> (u64, u64) {
    (sizes.iter().sum(), sizes.len() as u64)
}

fn seconds(now: Instant) -> i64 {
    i64::try_from(now.as_seconds()).unwrap_or(i64::MAX)
}

fn file(
    mailbox: &Mailbox,
    now: Instant,
    flags: Flags,
    date: i64,
    letter: Letter,
) -> Result<Uid, Failure> {
    let mut ledger = mailbox.borrow_mut();
    let uid = ledger.free_uid().ok_or(NO_UID)?;
    let modseq = ledger.next_modseq(now);
    let size = u32::try_from(letter.octets.len()).unwrap_or(u32::MAX);
    let saved = Entry::saved_at(now);
    ledger.insert(Entry { uid, size, flags, date, modseq, saved }, letter);
    Ok(uid)
}

/// The message as it is given from now on: every line ended with CRLF.
fn with_crlf(octets: Vec<u8>) -> Arc<[u8]> {
    let mut lines = Vec::with_capacity(octets.len());
    for &octet in &octets {
        if octet == b'\n' && lines.last() != Some(&b'\r') {
            lines.push(b'\r');
        }
        lines.push(octet);
    }
    lines.into()
}
