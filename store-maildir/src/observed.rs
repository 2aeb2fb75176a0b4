//! The accounts that sessions observe: what happens to them, by our own hand or another program's.

use crate::account::Home;
use crate::shared::{Shared, lock};
use crate::texts;
use postroad_core::store::{Failure, Happening, MailboxName, News, Observer, Wake};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The accounts that sessions observe, by their folders.
#[derive(Default)]
pub(crate) struct Observed(Mutex<HashMap<PathBuf, Account>>);

struct Account {
    home: Home,
    news: News,
    /// Mailbox folders where changes by other programs are noticed.
    watched: BTreeSet<PathBuf>,
}

impl Observed {
    /// Whether nobody observes anything.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// One more observer of an account.
    pub(crate) fn join(&self, home: &Home, wake: Option<Wake>) -> Result<Observer, Failure> {
        let mut accounts = lock(&self.0);
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
        account.watch_mailboxes(home);
        let observer = account.news.join(wake);
        accounts.insert(home.root().into(), account);
        Ok(observer)
    }

    /// One observer less.
    pub(crate) fn leave(&self, home: &Home, observer: Observer) {
        let mut accounts = lock(&self.0);
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
        let mut accounts = lock(&self.0);
        accounts.get_mut(home.root()).map(|it| it.news.hear(observer)).unwrap_or_default()
    }

    /// Sets whom to wake for an observer.
    pub(crate) fn watch(&self, home: &Home, observer: Observer, wake: Option<Wake>) {
        if let Some(account) = lock(&self.0).get_mut(home.root()) {
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
        let mut accounts = lock(&self.0);
        accounts.get_mut(root).map(|it| it.news.tell(happening, by)).unwrap_or_default()
    }

    /// Takes down what is different about an account's names; whom to wake.
    pub(crate) fn look(
        &self,
        home: &Home,
        renamed: Option<(&MailboxName, &MailboxName)>,
        by: Option<Observer>,
    ) -> Vec<Wake> {
        let mut accounts = lock(&self.0);
        let Some(account) = accounts.get_mut(home.root()) else {
            return Vec::new();
        };
        let Ok(listed) = home.list() else {
            return Vec::new();
        };
        let wakes = account.news.look(&listed, renamed, by);
        account.watch_mailboxes(home);
        wakes
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
        let home = lock(&self.0).get(root).map(|account| account.home.clone());
        home.map(|home| self.look(&home, None, None)).unwrap_or_default()
    }
}

impl Account {
    /// Watches the mailboxes that there are, and no others.
    fn watch_mailboxes(&mut self, home: &Home) {
        let watches = &home.shared().watches;
        let folders = self.news.mailboxes().iter().map(|name| home.folder(name)).collect();
        let old = std::mem::replace(&mut self.watched, folders);
        self.watched.difference(&old).for_each(|folder| watches.add(folder));
        old.difference(&self.watched).for_each(|folder| watches.remove(folder));
    }
}
