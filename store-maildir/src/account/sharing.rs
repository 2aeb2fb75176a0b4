//! Rights and annotations of an account's mailboxes.

use super::Home;
use crate::acl::{self, AclFile};
use crate::annotations;
use crate::files::{Errno, failed, read_whole};
use crate::shared::Shared;
use postroad_core::store::metadata::Annotations;
use postroad_core::store::{Account, Failure, Grant, Kind, MailboxName, Right, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Home {
    /// The folder of an account, if it is there.
    pub(crate) fn find(shared: &Arc<Shared>, account: &Account) -> Result<Option<Self>, Failure> {
        let root = shared.root.join(account.domain()).join(account.local_part());
        match shared.files.stat(&root.join("cur")) {
            Ok(_) => Ok(Some(Self { shared: shared.clone(), account: account.clone(), root })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(failed(&root)(errno)),
        }
    }

    fn exists(&self, name: &MailboxName) -> Result<bool, Failure> {
        let cur = self.folder(name).join("cur");
        match self.shared.files.stat(&cur) {
            Ok(stat) => Ok(stat.is_folder),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(failed(&cur)(errno)),
        }
    }

    /// What is said of a name's rights.
    pub(crate) fn acl_of(&self, name: &MailboxName) -> Result<AclFile, Failure> {
        if self.exists(name)? {
            return self.read_acl(name);
        }
        match self.tree()?.kind(name) {
            Kind::Absent => Err(Failure::NoMailbox),
            Kind::Mailbox | Kind::Level => Ok(AclFile::default()),
        }
    }

    fn read_acl(&self, name: &MailboxName) -> Result<AclFile, Failure> {
        let path = self.folder(name).join(acl::FILE);
        Ok(acl::parse(&read_whole(&*self.shared.files, &path)?))
    }

    /// Sets what is granted to someone, or takes that away.
    pub(crate) fn set_acl(
        &self,
        name: &MailboxName,
        grant: Grant,
        is_granted: bool,
    ) -> Result<(), Failure> {
        let _lock = self.lock()?;
        if !self.exists(name)? {
            return Err(Failure::NoMailbox);
        }
        let mut file = self.read_acl(name)?;
        file.acl.set(grant, is_granted);
        if file.acl.0.len() > self.shared.options.limits.acl_entries {
            return Err(Failure::Limit("there are too many entries"));
        }
        self.shared.replace(&self.folder(name), acl::FILE, acl::write(&file).as_bytes())
    }

    /// Everyone who is given a look at a mailbox, by address or by a word for several.
    pub(crate) fn shared_with(&self) -> Result<BTreeSet<String>, Failure> {
        let mut all = BTreeSet::new();
        for (name, _) in self.tree()?.iter() {
            let grants = self.read_acl(name)?.acl.0.into_iter();
            let looks = grants.filter(|grant| {
                grant.rights.contains(Right::Lookup) && !grant.identifier.starts_with('-')
            });
            all.extend(looks.map(|grant| grant.identifier));
        }
        Ok(all)
    }

    /// The mailboxes that `user` sees.
    pub(crate) fn seen_by(&self, owner: &Account, user: &Account) -> Result<Tree, Failure> {
        let mut seen = Tree::empty();
        for (name, special_use) in self.tree()?.iter() {
            if self.read_acl(name)?.acl.of(owner, user).contains(Right::Lookup) {
                seen.insert(name.clone(), special_use);
            }
        }
        Ok(seen)
    }

    fn annotations_file(&self, mailbox: Option<&MailboxName>) -> Result<&'static str, Failure> {
        match mailbox {
            None => Ok(annotations::ACCOUNT_FILE),
            Some(name) if self.exists(name)? => Ok(annotations::FILE),
            Some(_) => Err(Failure::NoMailbox),
        }
    }

    /// The annotations of a mailbox, or of the account.
    pub(crate) fn annotations(
        &self,
        mailbox: Option<&MailboxName>,
    ) -> Result<Annotations, Failure> {
        let file = self.annotations_file(mailbox)?;
        let folder = mailbox.map_or_else(|| self.root.clone(), |name| self.folder(name));
        Ok(annotations::parse(&read_whole(&*self.shared.files, &folder.join(file))?))
    }

    /// Changes them.
    pub(crate) fn annotate(
        &self,
        mailbox: Option<&MailboxName>,
        change: impl FnOnce(Annotations) -> Result<Annotations, Failure>,
    ) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let new = change(self.annotations(mailbox)?)?;
        let file = self.annotations_file(mailbox)?;
        let folder = mailbox.map_or_else(|| self.root.clone(), |name| self.folder(name));
        self.shared.replace(&folder, file, annotations::write(&new).as_bytes())
    }
}
