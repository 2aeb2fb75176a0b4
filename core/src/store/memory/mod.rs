//! The reference store: everything in memory, gone with the last handle. Tests and replays use it;
//! what it answers is what every other store has to answer.
//!
//! ```
//! use postroad_core::limits::Limits;
//! use postroad_core::machine::Instant;
//! use postroad_core::store::{Account, Answer, MailboxName, Memory, Request, Store};
//!
//! let memory = Memory::new(Limits::default());
//! let account = Account::parse("alice@example.org").unwrap();
//! let (mut session, mut octets) = (memory.session(), Vec::new());
//! let status = Request::Status { account, mailbox: MailboxName::inbox() };
//! let answer = session.perform(Instant::default(), status, b"", &mut octets);
//! assert!(matches!(answer, Answer::Status(status) if status.messages == 0));
//! ```

mod annotations;
mod filing;
mod home;
mod observing;
mod quota;
mod reading;
mod sharing;

use super::ledger::{ReaderId, Wake};
use super::{
    Access, Account, Allowances, Answer, Failure, FlagAction, Flags, MailboxName, News, Observer,
    Request, Snapshot, SpecialUse, Status, Store, Uid, UidSet, UniqueIds,
};
use crate::limits::Limits;
use crate::machine::Instant;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use filing::Finished;
use home::{Home, Mailbox, remove};

/// A message store in memory. Clones and [sessions](Self::session) share it, on one thread.
#[derive(Clone)]
pub struct Memory {
    limits: Rc<Limits>,
    accounts: Rc<RefCell<BTreeMap<Account, Home>>>,
    allowances: Rc<RefCell<Allowances>>,
    /// What happens to the accounts that are observed.
    observed: Rc<RefCell<BTreeMap<Account, News>>>,
}

/// One session's handle on a [`Memory`].
pub struct Session {
    memory: Memory,
    open: Option<Open>,
    writing: Option<Vec<u8>>,
    /// Messages that wait to be appended together.
    kept: Vec<Finished>,
    /// The message that [`Request::Extend`] takes from.
    source: Option<Arc<[u8]>>,
    /// The message that was read last. It can be read to its end even when it is removed meanwhile.
    reading: Option<(Uid, Arc<[u8]>)>,
    wake: Option<Wake>,
    watching: bool,
    /// The account that is observed.
    observing: Option<(Account, Observer)>,
    /// Whom to wake once nothing is borrowed.
    news: Vec<Wake>,
}

struct Open {
    account: Account,
    name: MailboxName,
    mailbox: Mailbox,
    reader: ReaderId,
}

impl Memory {
    /// An empty store. Every account has an INBOX from the moment it is asked about.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Rc::new(limits),
            accounts: Rc::default(),
            allowances: Rc::default(),
            observed: Rc::default(),
        }
    }

    /// A handle for one session.
    #[must_use]
    pub fn session(&self) -> Session {
        Session {
            memory: self.clone(),
            open: None,
            writing: None,
            kept: Vec::new(),
            source: None,
            reading: None,
            wake: None,
            watching: false,
            observing: None,
            news: Vec::new(),
        }
    }

    /// Gives an account a mailbox for every special use, and subscribes it to them and to INBOX.
    /// Those that exist are left as they are.
    pub fn provision(&self, now: Instant, account: &Account) {
        self.with_home(now, account, |home| {
            home.subscriptions.insert(MailboxName::inbox());
            for special_use in SpecialUse::ALL {
                let Ok(name) = MailboxName::parse(special_use.as_str(), &self.limits) else {
                    continue;
                };
                if home.create(now, &name, Some(special_use), &self.limits) == Ok(()) {
                    home.subscriptions.insert(name);
                }
            }
        });
    }

    /// What accounts may have from now on; without limits, if nobody has said.
    pub fn set_allowances(&self, allowances: Allowances) {
        *self.allowances.borrow_mut() = allowances;
    }

    fn with_home<R>(
        &self,
        now: Instant,
        account: &Account,
        work: impl FnOnce(&mut Home) -> R,
    ) -> R {
        let mut accounts = self.accounts.borrow_mut();
        let home = accounts.entry(account.clone()).or_insert_with(|| {
            let mut home = Home::default();
            home.make(now, MailboxName::inbox(), None);
            home
        });
        work(home)
    }

    fn find(
        &self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
    ) -> Result<Mailbox, Failure> {
        self.with_home(now, account, |home| home.find(mailbox))
    }
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
        let change = self.change(&request);
        let answer = match self.dispatch(now, request, lent, octets) {
            Ok(answer) => {
                self.tell_observers(now, change);
                answer
            }
            Err(failure) => Answer::Failed(failure),
        };
        for wake in core::mem::take(&mut self.news) {
            wake();
        }
        answer
    }

    fn on_news(&mut self, wake: Wake) {
        self.wake = Some(wake);
        self.watch(self.watching);
        self.watch_observed();
    }
}

impl Session {
    fn dispatch(
        &mut self,
        now: Instant,
        request: Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Result<Answer, Failure> {
        match request {
            Request::List { account } => self.list(now, &account),
            Request::Status { account, mailbox } => self.status(now, &account, &mailbox),
            Request::Create { account, mailbox, special_use } => {
                self.create(now, &account, &mailbox, special_use)
            }
            Request::Delete { account, mailbox } => self.delete(now, &account, &mailbox),
            Request::Rename { account, from, to } => self.rename(now, &account, &from, &to),
            Request::Subscribe { account, mailbox, subscribed } => {
                self.subscribe(now, &account, mailbox, subscribed)
            }
            Request::Open { account, mailbox, access } => {
                self.open(now, &account, &mailbox, access)
            }
            Request::Sync => self.sync(),
            Request::Close => Ok(self.close()),
            Request::SetFlags { uids, unchanged_since, action, flags, keywords } => {
                self.set_flags(now, (uids, unchanged_since), action, (flags, &keywords))
            }
            Request::Expunge { uids } => self.expunge(now, &uids),
            Request::Copy { uids, account, to, flags, originals } => {
                self.copy(now, (&uids, flags), (&account, &to), originals)
            }
            Request::Read { uid, offset, length } => self.read(uid, offset, length, octets),
            Request::Structure { uid } => self.structure(uid),
            Request::Summary { uid } => self.summary(uid, octets),
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
            Request::Observe { account } => Ok(self.observe(now, account)),
            Request::Happened => Ok(self.happened()),
            Request::Rights { account, mailbox, user } => {
                self.rights(now, &account, &mailbox, &user)
            }
            Request::Acl { account, mailbox } => self.acl(now, &account, &mailbox),
            Request::SetAcl { account, mailbox, identifier, rights } => {
                self.set_acl(now, (&account, &mailbox), identifier, rights)
            }
            Request::Sharers { user } => Ok(self.sharers(&user)),
            Request::Shared { account, user } => Ok(self.shared(&account, &user)),
            Request::Quota { account } => self.quota(now, &account),
            Request::Room { account, octets } => self.room(now, &account, octets),
            Request::Annotations { account, mailbox, user } => {
                self.annotations(now, (&account, mailbox.as_ref()), &user)
            }
            Request::Annotate { account, mailbox, user, values } => {
                self.annotate(now, (&account, mailbox.as_ref()), &user, values)
            }
            Request::Abandon => Ok(self.abandon()),
            Request::Watch(watching) => {
                self.watch(watching);
                Ok(Answer::Done)
            }
        }
    }

    fn vanished(&self, since: u64) -> Result<Answer, Failure> {
        let vanished = self.opened()?.mailbox.borrow().vanished_since(since);
        Ok(Answer::Vanished(vanished))
    }

    fn unique_ids(&self) -> Result<Answer, Failure> {
        self.opened()?;
        Ok(Answer::UniqueIds(UniqueIds::default()))
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

    fn list(&mut self, now: Instant, account: &Account) -> Result<Answer, Failure> {
        let listed = |home: &mut Home| home.tree.list(&home.subscriptions);
        let listed = self.memory.with_home(now, account, listed);
        Ok(Answer::Mailboxes(listed))
    }

    fn status(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
    ) -> Result<Answer, Failure> {
        let status: Status = self.memory.find(now, account, name)?.borrow().status();
        Ok(Answer::Status(status))
    }

    fn create(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<Answer, Failure> {
        let limits = self.memory.limits.clone();
        self.memory.with_home(now, account, |home| home.create(now, name, special_use, &limits))?;
        Ok(Answer::Done)
    }

    fn delete(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
    ) -> Result<Answer, Failure> {
        let mailbox = self.memory.with_home(now, account, |home| {
            home.tree.delete(name)?;
            home.tree.remove(name);
            home.acls.remove(name);
            home.annotations.remove(&Some(name.clone()));
            Ok(home.mailboxes.remove(name))
        })?;
        if let Some(mailbox) = mailbox {
            mailbox.borrow_mut().set_gone();
            self.tell(&mailbox);
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
        let limits = self.memory.limits.clone();
        let news =
            self.memory.with_home(now, account, |home| home.rename(now, from, to, &limits))?;
        self.news.extend(news);
        Ok(Answer::Done)
    }

    fn subscribe(
        &mut self,
        now: Instant,
        account: &Account,
        name: MailboxName,
        subscribed: bool,
    ) -> Result<Answer, Failure> {
        self.memory.with_home(now, account, |home| {
            if subscribed {
                home.subscriptions.insert(name);
            } else {
                home.subscriptions.remove(&name);
            }
        });
        Ok(Answer::Done)
    }

    fn open(
        &mut self,
        now: Instant,
        account: &Account,
        name: &MailboxName,
        access: Access,
    ) -> Result<Answer, Failure> {
        self.close();
        let mailbox = self.memory.find(now, account, name)?;
        if access == Access::Exclusive && mailbox.borrow().is_exclusive() {
            return Err(Failure::InUse);
        }
        let wake = self.wake.clone().filter(|_| self.watching);
        let (reader, snapshot) = mailbox.borrow_mut().join(access, wake);
        self.open = Some(Open { account: account.clone(), name: name.clone(), mailbox, reader });
        Ok(Answer::Opened(snapshot))
    }

    fn close(&mut self) -> Answer {
        if let Some(open) = self.open.take() {
            open.mailbox.borrow_mut().leave(open.reader);
        }
        self.reading = None;
        Answer::Done
    }

    fn opened(&self) -> Result<&Open, Failure> {
        let open = self.open.as_ref().ok_or(Failure::NoMailbox)?;
        if open.mailbox.borrow().is_gone() {
            return Err(Failure::NoMailbox);
        }
        Ok(open)
    }

    fn opened_to_write(&self) -> Result<&Open, Failure> {
        let open = self.opened()?;
        if open.mailbox.borrow().access(open.reader) == Some(Access::ReadOnly) {
            return Err(Failure::Refused("the mailbox is open to look only"));
        }
        Ok(open)
    }

    fn sync(&mut self) -> Result<Answer, Failure> {
        let open = self.open.as_ref().ok_or(Failure::NoMailbox)?;
        if open.mailbox.borrow().is_gone() {
            return Ok(Answer::Gone);
        }
        self.snapshot().map(Answer::Mailbox)
    }

    fn snapshot(&self) -> Result<Snapshot, Failure> {
        let open = self.opened()?;
        Ok(open.mailbox.borrow_mut().snapshot(open.reader))
    }

    fn set_flags(
        &mut self,
        now: Instant,
        (uids, unchanged_since): (UidSet, Option<u64>),
        action: FlagAction,
        (flags, keywords): (Flags, &[String]),
    ) -> Result<Answer, Failure> {
        let mailbox = self.opened_to_write()?.mailbox.clone();
        let since = unchanged_since.unwrap_or(u64::MAX);
        let modified = mailbox.borrow().changed_since(&uids, since);
        let uids = uids.without(&modified);
        if mailbox.borrow().messages().select(&uids).next().is_some() {
            let mut ledger = mailbox.borrow_mut();
            let flags = flags.intersection(Flags::SYSTEM);
            let flags = if action == FlagAction::Remove {
                flags | ledger.find_keywords(keywords)
            } else {
                let (keywords, table) = ledger.plan_keywords(keywords, &self.memory.limits)?;
                if let Some(table) = table {
                    ledger.set_keywords(table);
                }
                flags | keywords
            };
            let modseq = ledger.next_modseq(now);
            for (uid, flags) in ledger.plan_flags(&uids, action, flags) {
                ledger.set_flags(uid, flags, modseq);
            }
        }
        let snapshot = self.snapshot()?;
        self.tell(&mailbox);
        Ok(Answer::Stored { snapshot, modified })
    }

    fn expunge(&mut self, now: Instant, uids: &UidSet) -> Result<Answer, Failure> {
        let mailbox = self.opened_to_write()?.mailbox.clone();
        remove(&mailbox, uids, now);
        let snapshot = self.snapshot()?;
        self.tell(&mailbox);
        Ok(Answer::Mailbox(snapshot))
    }

    fn watch(&mut self, watching: bool) {
        self.watching = watching;
        if let Some(open) = &self.open {
            let wake = self.wake.clone().filter(|_| watching);
            open.mailbox.borrow_mut().watch(open.reader, wake);
        }
    }

    /// Has the other readers of `mailbox` woken.
    fn tell(&mut self, mailbox: &Mailbox) {
        let own = self.open.as_ref();
        let own = own.filter(|open| Rc::ptr_eq(&open.mailbox, mailbox));
        let wakes = mailbox.borrow().wakes(own.map(|open| open.reader));
        self.news.extend(wakes);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop_observing();
        self.close();
    }
}
