//! An account's folder: names, subscriptions, special uses.

use crate::acl;
use crate::berth::Slot;
use crate::files::{Errno, Files, failed, join, read_whole, remove_tree, repeated};
use crate::mailbox::Mailbox;
use crate::shared::{Shared, lock};
use crate::texts;
use crate::uid_map::{self, UidMap};
use crate::undo::Undo;
use postroad_core::machine::Instant;
use postroad_core::store::{
    Account, Allowance, Failure, Listed, MailboxName, Renaming, SpecialUse, Tree, Wake,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod sharing;

/// An account's folder, which is also its INBOX (Maildir++).
#[derive(Clone)]
pub(crate) struct Home {
    shared: Arc<Shared>,
    account: Account,
    root: PathBuf,
}

impl Home {
    /// The folder of an account, made if it is missing.
    pub(crate) fn open(
        shared: &Arc<Shared>,
        account: &Account,
        now: Instant,
    ) -> Result<Self, Failure> {
        let domain = shared.root.join(account.domain());
        let root = Self::root_of(shared, account);
        let home = Self { shared: shared.clone(), account: account.clone(), root };
        match shared.files.stat(&home.root.join("cur")) {
            Ok(_) => (),
            Err(Errno::NOENT) => home.make(&domain, now)?,
            Err(errno) => return Err(failed(&home.root)(errno)),
        }
        Ok(home)
    }

    /// Where an account's folder is.
    pub(crate) fn root_of(shared: &Shared, account: &Account) -> PathBuf {
        shared.root.join(account.domain()).join(account.local_part())
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    fn make(&self, domain: &Path, now: Instant) -> Result<(), Failure> {
        let root = &self.root;
        self.make_folder(domain)?;
        self.make_folder(root)?;
        self.make_folder(&root.join("tmp"))?;
        self.make_folder(&root.join("new"))?;
        if self.shared.options.provision {
            self.provision(now)?;
        }
        // Last, for it is the sign that all is there.
        self.make_folder(&root.join("cur"))?;
        for folder in [root, domain, &self.shared.root] {
            self.sync(folder)?;
        }
        Ok(())
    }

    fn make_folder(&self, path: &Path) -> Result<(), Failure> {
        match self.shared.files.make_folder(path) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(errno) => Err(failed(path)(errno)),
        }
    }

    fn sync(&self, folder: &Path) -> Result<(), Failure> {
        let synced = self.shared.files.sync_folder(folder);
        synced.map_err(failed(folder))
    }

    pub(crate) fn files(&self) -> &dyn Files {
        &*self.shared.files
    }

    /// What the account may have.
    pub(crate) fn allowance(&self) -> Allowance {
        lock(&self.shared.allowances).of(&self.account)
    }

    /// A free name in INBOX's `tmp`.
    pub(crate) fn spare(&self) -> PathBuf {
        self.root.join("tmp").join(self.shared.unique())
    }

    /// The account's folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a mailbox.
    pub(crate) fn folder(&self, name: &MailboxName) -> PathBuf {
        if name.is_inbox() { self.root.clone() } else { self.root.join(texts::folder(name)) }
    }

    fn lock(&self) -> Result<crate::files::Lock, Failure> {
        let path = self.root.join("postroad-names.lock");
        self.shared.lock_file(&path)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        read_whole(&*self.shared.files, &self.root.join(name))
    }

    /// The mailboxes that there are.
    pub(crate) fn tree(&self) -> Result<Tree, Failure> {
        let (files, limits) = (&self.shared.files, &self.shared.options.limits);
        let mut tree = Tree::default();
        for folder in files.list(&self.root).map_err(failed(&self.root))? {
            let Some(name) = texts::mailbox(&folder, limits) else {
                continue;
            };
            let cur = join(&self.root, &folder).join("cur");
            match files.stat(&cur) {
                Ok(stat) if stat.is_folder => tree.insert(name, None),
                Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => (),
                Err(errno) => return Err(failed(&cur)(errno)),
            }
        }
        let uses = texts::parse_special_uses(&self.read(texts::SPECIAL_USES)?, limits);
        for (name, special_use) in uses {
            if tree.kind(&name) == postroad_core::store::Kind::Mailbox {
                tree.insert(name, Some(special_use));
            }
        }
        Ok(tree)
    }

    fn subscriptions(&self) -> Result<BTreeSet<MailboxName>, Failure> {
        let text = self.read(texts::SUBSCRIPTIONS)?;
        let limits = &self.shared.options.limits;
        Ok(texts::parse_subscriptions(&text, limits))
    }

    pub(crate) fn list(&self) -> Result<Vec<Listed>, Failure> {
        Ok(self.tree()?.list(&self.subscriptions()?))
    }

    pub(crate) fn subscribe(&self, name: MailboxName, subscribed: bool) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let mut names = self.subscriptions()?;
        let changed = if subscribed { names.insert(name) } else { names.remove(&name) };
        if changed {
            let text = texts::write_subscriptions(&names);
            let shared = &self.shared;
            shared.replace(&self.root, texts::SUBSCRIPTIONS, text.as_bytes())?;
        }
        Ok(())
    }

    /// Gives the account a mailbox for every special use, and subscribes it to them and to INBOX.
    pub(crate) fn provision(&self, now: Instant) -> Result<(), Failure> {
        self.subscribe(MailboxName::inbox(), true)?;
        for special_use in SpecialUse::ALL {
            let limits = &self.shared.options.limits;
            let Ok(name) = MailboxName::parse(special_use.as_str(), limits) else {
                continue;
            };
            match self.create(now, &name, Some(special_use)) {
                Ok(_) => self.subscribe(name, true)?,
                Err(Failure::Exists) => (),
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Makes a mailbox and those above it that are missing; all that were made.
    pub(crate) fn create(
        &self,
        now: Instant,
        name: &MailboxName,
        special_use: Option<SpecialUse>,
    ) -> Result<Vec<MailboxName>, Failure> {
        let _lock = self.lock()?;
        let mut tree = self.tree()?;
        let made = tree.create(name, &self.shared.options.limits)?;
        let mut undo = MadeFolders::new(self);
        for made in &made {
            undo.make(now, made)?;
        }
        self.sync(&self.root)?;
        if special_use.is_some() {
            tree.insert(name.clone(), special_use);
            self.write_special_uses(&tree)?;
        }
        undo.keep();
        Ok(made)
    }

    /// Takes back that mailboxes were made, but for those in which somebody has filed a message meanwhile.
    pub(crate) fn take_back(&self, made: &[MailboxName]) {
        if let Ok(_lock) = self.lock() {
            made.iter().rev().for_each(|name| self.remove_if_empty(&self.folder(name)));
        }
    }

    fn remove_if_empty(&self, folder: &Path) {
        let files = &*self.shared.files;
        let slot = self.shared.slot(folder);
        let mut mailbox = slot.lock();
        let is_empty = |part| match files.list(&folder.join(part)) {
            Ok(names) => names.is_empty(),
            Err(errno) => errno == Errno::NOENT,
        };
        let spare = self.root.join("tmp").join(self.shared.unique());
        if ["new", "cur"].into_iter().all(is_empty)
            && repeated::rename(files, folder, &spare).is_ok()
        {
            if let Some(mailbox) = mailbox.as_mut() {
                mailbox.set_gone();
            }
            remove_tree(files, &spare);
        }
        drop(mailbox);
        self.shared.forget(folder, &slot);
    }

    fn write_special_uses(&self, tree: &Tree) -> Result<(), Failure> {
        let uses = tree.iter().filter_map(|(name, special_use)| Some((name, special_use?)));
        let text = texts::write_special_uses(uses);
        let shared = &self.shared;
        shared.replace(&self.root, texts::SPECIAL_USES, text.as_bytes())
    }

    /// Removes a mailbox; whom to wake.
    pub(crate) fn delete(&self, name: &MailboxName) -> Result<Vec<Wake>, Failure> {
        let _lock = self.lock()?;
        let mut tree = self.tree()?;
        tree.delete(name)?;
        let folder = self.folder(name);
        let spare = self.root.join("tmp").join(self.shared.unique());
        let slot = self.shared.slot(&folder);
        let mut guard = slot.lock();
        if let Some(mailbox) = guard.as_mut() {
            mailbox.evict();
        }
        // Out of sight in one step; then piece by piece.
        let mut undo = Undo::new(&self.shared.files);
        undo.rename(&folder, &spare).map_err(failed(&folder))?;
        self.sync(&self.root)?;
        if tree.remove(name).is_some() {
            self.write_special_uses(&tree)?;
        }
        undo.keep();
        let news = match guard.as_mut() {
            Some(mailbox) => {
                mailbox.set_gone();
                mailbox.ledger.wakes(None)
            }
            None => Vec::new(),
        };
        drop(guard);
        self.shared.forget(&folder, &slot);
        remove_tree(&*self.shared.files, &spare);
        Ok(news)
    }

    /// How `from` would be renamed.
    pub(crate) fn plan_rename(
        &self,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<Renaming, Failure> {
        self.tree()?.rename(from, to, &self.shared.options.limits)
    }

    /// Renames mailboxes other than INBOX; whom to wake.
    pub(crate) fn rename(
        &self,
        now: Instant,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<Vec<Wake>, Failure> {
        let _lock = self.lock()?;
        let mut tree = self.tree()?;
        let renaming = tree.rename(from, to, &self.shared.options.limits)?;
        let mut parents = MadeFolders::new(self);
        for parent in &renaming.parents {
            parents.make(now, parent)?;
        }
        let mut slots: Vec<(PathBuf, Slot)> = renaming
            .moves
            .iter()
            .map(|(old, _)| self.folder(old))
            .map(|folder| (folder.clone(), self.shared.slot(&folder)))
            .collect();
        // Whoever locks more than one locks them in this order.
        slots.sort_by(|(one, _), (two, _)| one.cmp(two));
        let mut guards: Vec<_> = slots.iter().map(|(_, slot)| slot.lock()).collect();
        guards.iter_mut().filter_map(|guard| guard.as_mut()).for_each(Mailbox::evict);
        let mut undo = Undo::new(&self.shared.files);
        let mut used = false;
        for (old, new) in &renaming.moves {
            let (old_folder, new_folder) = (self.folder(old), self.folder(new));
            undo.rename(&old_folder, &new_folder).map_err(failed(&new_folder))?;
            let special_use = tree.remove(old);
            used |= special_use.is_some();
            tree.insert(new.clone(), special_use);
        }
        self.sync(&self.root)?;
        if used {
            self.write_special_uses(&tree)?;
        }
        undo.keep();
        parents.keep();
        let mut news = Vec::new();
        for mailbox in guards.iter_mut().filter_map(|guard| guard.as_mut()) {
            mailbox.set_gone();
            news.extend(mailbox.ledger.wakes(None));
        }
        drop(guards);
        for (folder, slot) in slots {
            self.shared.forget(&folder, &slot);
        }
        Ok(news)
    }
}

/// Mailbox folders being made, removed again unless all of them are [kept](Self::keep) or somebody has filed
/// a message in them.
struct MadeFolders<'a> {
    home: &'a Home,
    made: Vec<PathBuf>,
}

impl<'a> MadeFolders<'a> {
    const fn new(home: &'a Home) -> Self {
        Self { home, made: Vec::new() }
    }

    /// Makes a mailbox's folder: whole from the first moment on that another program can see it.
    fn make(&mut self, now: Instant, name: &MailboxName) -> Result<(), Failure> {
        let shared = &self.home.shared;
        let files = &*shared.files;
        let spare = self.home.root.join("tmp").join(shared.unique());
        self.made.push(spare.clone());
        for folder in [&spare, &spare.join("cur"), &spare.join("new"), &spare.join("tmp")] {
            self.home.make_folder(folder)?;
        }
        let map = UidMap::new(shared.fresh_uid_validity(&self.home.root, now)?);
        shared.replace(&spare, uid_map::FILE, map.header().as_bytes())?;
        if let Some(parent) = name.parent() {
            // What is shared is shared with what comes to be below it.
            let rights = read_whole(files, &self.home.folder(&parent).join(acl::FILE))?;
            if !rights.is_empty() {
                shared.replace(&spare, acl::FILE, &rights)?;
            }
        }
        // Maildir++'s sign of a folder that is not an account's own.
        shared.replace(&spare, "maildirfolder", b"")?;
        let folder = self.home.folder(name);
        repeated::rename(files, &spare, &folder).map_err(|errno| match errno {
            Errno::EXIST | Errno::NOTEMPTY => Failure::Exists,
            _ => failed(&folder)(errno),
        })?;
        self.made.pop();
        self.made.push(folder);
        Ok(())
    }

    fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for MadeFolders<'_> {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            self.home.remove_if_empty(folder);
        }
    }
}
