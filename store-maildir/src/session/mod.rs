//! The store's door: each request's way through account and mailbox.

mod annotations;
mod delivery;
mod filing;
mod observing;
mod quota;
mod reading;
mod sharing;

use crate::account::Home;
use crate::berth::Slot;
use crate::content::Content;
use crate::dovecot;
use crate::draft::Draft;
use crate::files::Lock;
use crate::mailbox::{Mailbox, Removed};
use crate::quota::Change;
use crate::shared::Shared;
use crate::shares;
use filing::Finished;
use postroad_core::machine::Instant;
use postroad_core::store::ledger::ReaderId;
use postroad_core::store::{
    Access, Account, Answer, Failure, FlagAction, Flags, MailboxName, Observer, Originals, Request,
    Store, Target, Uid, UidSet, Wake,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many octets are scanned at once for a structure.
const BLOCK: usize = 64 * 1024;

/// One session's handle on the store.
pub struct Session {
    shared: Arc<Shared>,
    open: Option<Open>,
    draft: Option<Draft>,
    /// Messages that wait to be appended together.
    kept: Vec<Finished>,
    /// The message that [`Request::Extend`] takes from.
    source: Option<Content>,
    /// The message that was read last. It can be read to its end even when it is removed meanwhile.
    reading: Option<(Uid, Content)>,
    wake: Option<Wake>,
    watching: bool,
    /// The account that is observed, by its folder.
    observing: Option<(Home, Observer)>,
    /// Whom to wake once nothing is locked.
    news: Vec<Wake>,
}

struct Open {
    target: Target,
    home: Home,
    folder: PathBuf,
    slot: Slot,
    reader: ReaderId,
    /// A maildrop's lock.
    _lock: Option<Lock>,
}

impl Store for Session {
    fn perform(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Answer {
        octets.clear();
        let change = self.begin_change(&request);
        let answer = match self.dispatch(now, request, lent, octets) {
            Ok(answer) => {
                self.tell_observers(change);
                answer
            }
            Err(failure) => {
                self.end_change(change);
                octets.clear();
                Answer::Failed(failure)
            }
        };
        for wake in std::mem::take(&mut self.news) {
            wake();
        }
        answer
    }

    fn on_news(&mut self, wake: Wake) {
        self.wake = Some(wake);
        self.watch(None, self.watching);
        self.watch_observed();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop_observing();
        self.close();
    }
}

impl Session {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: shared.clone(),
            open: None,
            draft: None,
            kept: Vec::new(),
            source: None,
            reading: None,
            wake: None,
            watching: false,
            observing: None,
            news: Vec::new(),
        }
    }

    fn dispatch(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        match request {
            Request::List { account } => Ok(Answer::Mailboxes(self.home(&account, now)?.list()?)),
            Request::Status { account, mailbox } => self.status(now, &account, &mailbox),
            Request::Create { account, mailbox, special_use } => {
                done(self.home(&account, now)?.create(now, &mailbox, special_use).map(drop))
            }
            Request::Delete { account, mailbox } => self.delete(now, &account, &mailbox),
            Request::Rename { account, from, to } => self.rename(now, &account, &from, &to),
            Request::Subscribe { account, mailbox, subscribed } => {
                done(self.home(&account, now)?.subscribe(mailbox, subscribed))
            }
            Request::Open { account, mailbox, access } => {
                self.open(now, &account, &mailbox, access)
            }
            Request::Sync => self.sync(now),
            Request::Close => Ok(self.close()),
            Request::SetFlags { uids, unchanged_since, action, flags, keywords } => {
                self.set_flags(now, (&uids, unchanged_since), action, (flags, &keywords))
            }
            Request::Expunge { uids } => self.expunge(now, &uids),
            Request::Copy { uids, account, to, flags, originals } => {
                self.copy(now, (&uids, flags), (&account, &to), originals)
            }
            Request::Read { uid, offset, length } => self.read(now, uid, offset, length, octets),
            Request::Structure { uid } => self.structure(now, uid),
            Request::Summary { uid } => self.summary(now, uid, octets),
            Request::Vanished { since } => self.vanished(since),
            Request::Begin { account, mailbox } => self.begin(now, &account, &mailbox),
            Request::Write => self.write(lent),
            Request::Deliver { id, targets, atomicity } => {
                self.deliver(now, &id, &targets, atomicity)
            }
            Request::Append { account, mailbox, flags, keywords, date, replaces } => {
                let message = self.finish(now, flags, keywords, date);
                self.append_all(now, (&account, &mailbox), message, replaces)
            }
            Request::Keep { flags, keywords, date } => self.keep(now, flags, keywords, date),
            Request::Source { account, mailbox, uid_validity, uid } => {
                self.source(now, (&account, &mailbox), uid_validity, uid)
            }
            Request::Extend { offset, length } => self.extend(offset, length),
            Request::UniqueIds => self.unique_ids(),
            Request::Observe { account } => self.observe(now, account),
            Request::Happened => Ok(self.happened()),
            Request::Rights { account, mailbox, user } => {
                self.rights(now, &account, &mailbox, &user)
            }
            Request::Acl { account, mailbox } => self.acl(now, &account, &mailbox),
            Request::SetAcl { account, mailbox, identifier, rights } => {
                self.set_acl(now, (&account, &mailbox), identifier, rights)
            }
            Request::Sharers { user } => self.sharers(&user),
            Request::Shared { account, user } => self.shared(now, &account, &user),
            Request::Quota { account } => self.quota(now, &account),
            Request::Room { account, octets } => self.room(now, &account, octets),
            Request::Annotations { account, mailbox, user } => {
                self.annotations(now, (&account, mailbox.as_ref()), &user)
            }
            Request::Annotate { account, mailbox, user, values } => {
                self.annotate(now, (&account, mailbox.as_ref()), &user, values)
            }
            Request::Abandon => {
                self.abandon();
                Ok(Answer::Done)
            }
            Request::Watch(watching) => {
                self.watch(Some(now), watching);
                Ok(Answer::Done)
            }
        }
    }

    fn vanished(&self, since: u64) -> Result<Answer, Failure> {
        self.with_open(false, |_, mailbox| {
            Ok(Answer::Vanished(mailbox.ledger.vanished_since(since)))
        })
    }

    /// Appends the messages that were written, and forgets them whatever comes of it.
    fn append_all(
        &mut self,
        now: Instant,
        to: (&Account, &MailboxName),
        last: Result<Finished, Failure>,
        replaces: Option<Uid>,
    ) -> Result<Answer, Failure> {
        let appended = last.and_then(|last| self.append(now, to, last, replaces));
        self.abandon();
        appended
    }

    fn home(&self, account: &Account, now: Instant) -> Result<Home, Failure> {
        Home::open(&self.shared, account, now)
    }

    /// Works on the mailbox in `folder`, whether anyone has it open or not; once more if it turns out
    /// that another one has taken its place.
    fn with<R>(
        &self,
        now: Instant,
        home: &Home,
        folder: &Path,
        mut work: impl FnMut(&Slot, &mut Mailbox) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        loop {
            let slot = self.shared.slot(folder);
            let mut guard = slot.lock();
            let mailbox = match &mut *guard {
                Some(mailbox) if mailbox.ledger.is_gone() => {
                    self.shared.forget(folder, &slot);
                    continue;
                }
                Some(mailbox) => mailbox,
                // It was forgotten before it could be locked.
                None if !self.shared.is_slot(folder, &slot) => continue,
                empty => {
                    empty.insert(Mailbox::load(self.shared.common(), home.root(), folder, now)?)
                }
            };
            let result = work(&slot, mailbox);
            if mailbox.ledger.is_gone() {
                // What was in memory is no longer in the folder: what is there now counts.
                continue;
            }
            mailbox.note();
            return result;
        }
    }

    fn status(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
    ) -> Result<Answer, Failure> {
        let home = self.home(account, now)?;
        let status = self.with(now, &home, &home.folder(name), |_, mailbox| {
            mailbox.refresh(now)?;
            Ok(mailbox.ledger.status())
        });
        Ok(Answer::Status(status?))
    }

    fn delete(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
    ) -> Result<Answer, Failure> {
        let home = self.home(account, now)?;
        let was_shared = home.acl_of(name).is_ok_and(|file| !file.acl.0.is_empty());
        let news = home.delete(name)?;
        home.forget_sums();
        self.news.extend(news);
        if was_shared {
            let _ = shares::refresh(&self.shared, account, &home);
        }
        Ok(Answer::Done)
    }

    fn rename(
        &mut self,
        now: Instant,
        account: &Account,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<Answer, Failure> {
        let home = self.home(account, now)?;
        if !from.is_inbox() {
            let news = home.rename(now, from, to)?;
            self.news.extend(news);
            return Ok(Answer::Done);
        }
        home.plan_rename(from, to)?;
        let folder = home.folder(from);
        let inbox = self.with(now, &home, &folder, |slot, _| Ok(slot.clone()))?;
        let made = home.create(now, to, None)?;
        let all = UidSet::range(Uid::MIN, Uid::MAX);
        let places = ((&home, &inbox), (&home, to));
        let copied = self.transfer(now, places, (&all, Flags::ALL), Originals::Go);
        if copied.is_err() {
            // Nothing has changed: what was made for it goes, too.
            home.take_back(&made);
        }
        copied.map(|_| Answer::Done)
    }

    fn open(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
        access: Access,
    ) -> Result<Answer, Failure> {
        self.close();
        let home = self.home(account, now)?;
        let folder = home.folder(name);
        let wake = self.wake.clone().filter(|_| self.watching);
        if self.watching {
            // Before looking, so that nothing happens between the look and the watch.
            self.shared.watches.add(&folder);
        }
        let joined = self.with(now, &home, &folder, |slot, mailbox| {
            mailbox.refresh(now)?;
            let lock = if access == Access::Exclusive {
                let path = folder.join("postroad-maildrop.lock");
                Some(self.shared.try_lock_file(&path)?)
            } else {
                None
            };
            let (reader, snapshot) = mailbox.ledger.join(access, wake.clone());
            mailbox.sweep(now);
            Ok((slot.clone(), lock, reader, snapshot))
        });
        if joined.is_err() && self.watching {
            self.shared.watches.remove(&folder);
        }
        let (slot, lock, reader, snapshot) = joined?;
        let target = Target { account: account.clone(), mailbox: name.clone() };
        self.open = Some(Open { target, home, folder, slot, reader, _lock: lock });
        Ok(Answer::Opened(snapshot))
    }

    fn close(&mut self) -> Answer {
        if let Some(open) = self.open.take() {
            if self.watching {
                self.shared.watches.remove(&open.folder);
            }
            if let Some(mailbox) = &mut *open.slot.lock() {
                mailbox.ledger.leave(open.reader);
                if !mailbox.ledger.has_readers() {
                    mailbox.rest();
                }
            }
        }
        self.reading = None;
        Answer::Done
    }

    /// Works on the open mailbox.
    fn with_open<R>(
        &self,
        writing: bool,
        work: impl FnOnce(&Open, &mut Mailbox) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let open = self.open.as_ref().ok_or(Failure::NoMailbox)?;
        let mut guard = open.slot.lock();
        let mailbox = guard.as_mut().ok_or(Failure::NoMailbox)?;
        if mailbox.ledger.is_gone() {
            return Err(Failure::NoMailbox);
        }
        if writing && mailbox.ledger.access(open.reader) == Some(Access::ReadOnly) {
            return Err(Failure::Refused("the mailbox is open to look only"));
        }
        let result = work(open, mailbox);
        mailbox.note();
        result
    }

    fn sync(&mut self, now: Instant) -> Result<Answer, Failure> {
        let told = self.with_open(false, |open, mailbox| {
            mailbox.refresh(now)?;
            let snapshot = mailbox.snapshot(now, open.reader);
            Ok((snapshot, mailbox.ledger.wakes(Some(open.reader))))
        });
        match told {
            Ok((snapshot, wakes)) => {
                self.news.extend(wakes);
                Ok(Answer::Mailbox(snapshot))
            }
            Err(Failure::NoMailbox) if self.open.is_some() => Ok(Answer::Gone),
            Err(failure) => Err(failure),
        }
    }

    fn set_flags(
        &mut self,
        now: Instant,
        uids: (&UidSet, Option<u64>),
        action: FlagAction,
        flags: (Flags, &[String]),
    ) -> Result<Answer, Failure> {
        let (snapshot, modified, wakes) = self.with_open(true, |open, mailbox| {
            let modified = mailbox.set_flags(now, uids, action, flags)?;
            let snapshot = mailbox.snapshot(now, open.reader);
            Ok((snapshot, modified, mailbox.ledger.wakes(Some(open.reader))))
        })?;
        self.news.extend(wakes);
        Ok(Answer::Stored { snapshot, modified })
    }

    fn expunge(&mut self, now: Instant, uids: &UidSet) -> Result<Answer, Failure> {
        let slot = self.open.as_ref().map(|open| open.slot.clone());
        let _leaving = slot.as_ref().map(|slot| slot.leaving());
        let (snapshot, wakes) = self.with_open(true, |open, mailbox| {
            let mut removed = Removed::default();
            let done = mailbox.expunge(now, uids, &mut removed);
            open.home.note(Change::Went, removed.weight);
            done?;
            let snapshot = mailbox.snapshot(now, open.reader);
            Ok((snapshot, mailbox.ledger.wakes(Some(open.reader))))
        })?;
        self.news.extend(wakes);
        Ok(Answer::Mailbox(snapshot))
    }

    fn unique_ids(&self) -> Result<Answer, Failure> {
        self.with_open(false, |open, mailbox| {
            let validity = mailbox.ledger.uid_validity();
            let ids = dovecot::unique_ids(&*self.shared.files, &open.folder, validity)?;
            Ok(Answer::UniqueIds(ids))
        })
    }

    fn watch(&mut self, now: Option<Instant>, watching: bool) {
        let wake = self.wake.clone().filter(|_| watching);
        if let Some(open) = &self.open {
            if watching && !self.watching {
                self.shared.watches.add(&open.folder);
            } else if !watching && self.watching {
                self.shared.watches.remove(&open.folder);
            }
        }
        self.watching = watching;
        let _ = self.with_open(false, |open, mailbox| {
            if let Some(now) = now.filter(|_| watching) {
                // What came before the watch began is news as well.
                let _ = mailbox.refresh(now);
            }
            mailbox.ledger.watch(open.reader, wake);
            Ok(())
        });
    }
}

fn done(result: Result<(), Failure>) -> Result<Answer, Failure> {
    result.map(|()| Answer::Done)
}
