//! The accounts that sessions observe: what happens to them, by our own hand or another program's.

use crate::account::Home;
use crate::shared::{Shared, lock};
use crate::texts;
use postroad_core::store::{Failure, Happening, MailboxName, News, Observer, Wake};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The accounts that sessions observe.
#[derive(Default)]
pub(crate) struct Observed(Mutex<Accounts>);

#[derive(Default)]
struct Accounts {
    /// By their folders.
    observed: HashMap<PathBuf, Account>,
    /// By the same, those whose names sessions are changing, and how many do.
    changing: HashMap<PathBuf, usize>,
}

struct Account {
    home: Home,
    news: News,
    /// Mailbox folders where changes by other programs are noticed.
    watched: BTreeSet<PathBuf>,
}

impl Observed {
    /// Whether nobody observes anything.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).observed.is_empty()
    }

    /// One more observer of an account.
    pub(crate) fn join(&self, home: &Home, wake: Option<Wake>) -> Result<Observer, Failure> {
        let accounts = &mut lock(&self.0).observed;
        if let Some(account) = accounts.get_mut(home.root()) {
            return Ok(account.news.join(wake));
        }
        // Before looking, so that nothing happens between the look and the watch.
        home.shared().watches.add_names(home.root());
        let listed = home.list().inspect_err(|_| {
            home.shared().watches.remove_names(home.root());
        })?;
        let (news, watched) = (News::new(&listed), BTreeSet::new());
        let mut account = Account { home: home.clone(), news, watched };
        account.watch_mailboxes();
        let observer = account.news.join(wake);
        accounts.insert(home.root().into(), account);
        Ok(observer)
    }

    /// One observer less.
    pub(crate) fn leave(&self, home: &Home, observer: Observer) {
        let accounts = &mut lock(&self.0).observed;
        let Some(account) = accounts.get_mut(home.root()) else {
            return;
        };
        account.news.leave(observer);
        if account.news.is_idle() {
            let watches = &home.shared().watches;
            account.watched.iter().for_each(|folder| watches.remove(folder));
            watches.remove_names(home.root());
            accounts.remove(home.root());
        }
    }

    /// What an observer has yet to be told.
    pub(crate) fn hear(&self, home: &Home, observer: Observer) -> Vec<Happening> {
        let accounts = &mut lock(&self.0).observed;
        accounts.get_mut(home.root()).map(|it| it.news.hear(observer)).unwrap_or_default()
    }

    /// Sets whom to wake for an observer.
    pub(crate) fn watch(&self, home: &Home, observer: Observer, wake: Option<Wake>) {
        if let Some(account) = lock(&self.0).observed.get_mut(home.root()) {
            account.news.watch(observer, wake);
        }
    }

    /// Takes down what happened to the account in `root`; whom to wake.
    pub(crate) fn tell(
        &self,
        root: &Path,
        happening: Happening,
        by: Option<Observer>,
    ) -> Vec<Wake> {
        let accounts = &mut lock(&self.0).observed;
        accounts.get_mut(root).map(|it| it.news.tell(happening, by)).unwrap_or_default()
    }

    /// A session is about to change the names of the account in `root`: what is noticed of it
    /// meanwhile, it [tells](Self::end_change) in the end, for it knows what is renamed, and by whom.
    pub(crate) fn begin_change(&self, root: &Path) {
        *lock(&self.0).changing.entry(root.into()).or_default() += 1;
    }

    /// Takes down what is different about the account's names when a session has changed them, or
    /// could not; whom to wake.
    pub(crate) fn end_change(
        &self,
        root: &Path,
        renamed: Option<(&MailboxName, &MailboxName)>,
        by: Option<Observer>,
    ) -> Vec<Wake> {
        let mut accounts = lock(&self.0);
        if let Some(sessions) = accounts.changing.get_mut(root) {
            *sessions -= 1;
            if *sessions == 0 {
                accounts.changing.remove(root);
            }
        }
        accounts.look(root, renamed, by)
    }

    /// Another program has changed the mailbox in `folder`; whom to wake.
    pub(crate) fn notice(&self, shared: &Shared, folder: &Path) -> Vec<Wake> {
        let changed = |mailbox| Happening::Changed(mailbox);
        let mut wakes = self.tell(folder, changed(MailboxName::inbox()), None);
        if let (Some(root), Some(name)) = (folder.parent(), folder.file_name())
            && let Some(mailbox) = texts::mailbox(name.as_encoded_bytes(), &shared.options.limits)
        {
            wakes.extend(self.tell(root, changed(mailbox), None));
        }
        wakes
    }

    /// Another program may have changed the names of the account in `root`; whom to wake.
    pub(crate) fn notice_names(&self, root: &Path) -> Vec<Wake> {
        let mut accounts = lock(&self.0);
        if accounts.changing.contains_key(root) {
            return Vec::new();
        }
        accounts.look(root, None, None)
    }
}

impl Accounts {
    /// Takes down what is different about an account's names; whom to wake.
    fn look(
        &mut self,
        root: &Path,
        renamed: Option<(&MailboxName, &MailboxName)>,
        by: Option<Observer>,
    ) -> Vec<Wake> {
        let Some(account) = self.observed.get_mut(root) else {
            return Vec::new();
        };
        let Ok(listed) = account.home.list() else {
            return Vec::new();
        };
        let wakes = account.news.look(&listed, renamed, by);
        account.watch_mailboxes();
        wakes
    }
}

impl Account {
    /// Watches the mailboxes that there are, and no others.
    fn watch_mailboxes(&mut self) {
        let watches = &self.home.shared().watches;
        let folders = self.news.mailboxes().iter().map(|name| self.home.folder(name)).collect();
        let old = std::mem::replace(&mut self.watched, folders);
        self.watched.difference(&old).for_each(|folder| watches.add(folder));
        old.difference(&self.watched).for_each(|folder| watches.remove(folder));
    }
}
