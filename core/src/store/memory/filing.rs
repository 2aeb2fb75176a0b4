//! Messages on their way into mailboxes.

use super::Session;
use super::home::{Letter, Mailbox, NO_UID, copy, remove};
use crate::machine::Instant;
use crate::store::{
    Account, Answer, Atomicity, Copied, Entry, Failure, Flags, MailboxName, Originals, Target, Uid,
    UidSet,
};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

const NOTHING_WRITTEN: Failure = Failure::Refused("no message is being written");

impl Session {
    pub(super) fn copy(
        &mut self,
        now: Instant,
        uids: &UidSet,
        to: &MailboxName,
        originals: Originals,
    ) -> Result<Answer, Failure> {
        let open = match originals {
            Originals::Stay => self.opened()?,
            Originals::Go => self.opened_to_write()?,
        };
        let (from, limits) = (open.mailbox.clone(), &self.memory.limits);
        let target = self.memory.find(now, &open.account, to)?;
        let pairs = copy((&from, &target), uids, now, limits)?;
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
        let octets = finish(self.writing.take().ok_or(NOTHING_WRITTEN)?);
        let found = |target: &Target| self.memory.find(now, &target.account, &target.mailbox);
        let mailboxes: Vec<_> = targets.iter().map(found).collect();
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

    pub(super) fn append(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
        flags: Flags,
        keywords: &[String],
        date: Option<i64>,
    ) -> Result<Answer, Failure> {
        let octets = finish(self.writing.take().ok_or(NOTHING_WRITTEN)?);
        let mailbox = self.memory.find(now, account, mailbox)?;
        let limits = &self.memory.limits;
        let (keywords, table) = mailbox.borrow().plan_keywords(keywords, limits)?;
        if let Some(table) = table {
            mailbox.borrow_mut().set_keywords(table);
        }
        let flags = flags.intersection(Flags::SYSTEM) | keywords;
        let letter = Letter { octets, id: None };
        let date = date.unwrap_or_else(|| seconds(now));
        let uid = file(&mailbox, now, flags, date, letter)?;
        self.tell(&mailbox);
        let uid_validity = mailbox.borrow().uid_validity();
        Ok(Answer::Appended { uid_validity, uid })
    }
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
fn finish(octets: Vec<u8>) -> Arc<[u8]> {
    let mut lines = Vec::with_capacity(octets.len());
    for &octet in &octets {
        if octet == b'\n' && lines.last() != Some(&b'\r') {
            lines.push(b'\r');
        }
        lines.push(octet);
    }
    lines.into()
}
