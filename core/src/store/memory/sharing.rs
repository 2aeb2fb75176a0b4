//! Who may do what with a mailbox (RFC 4314).

use super::Session;
use super::home::Home;
use crate::limits::Limits;
use crate::machine::Instant;
use crate::store::{Account, Acl, Answer, Failure, Grant, Kind, MailboxName, Right, Rights, Tree};
use alloc::collections::BTreeSet;
use alloc::string::String;

impl Home {
    fn acl_of(&self, name: &MailboxName) -> Result<Acl, Failure> {
        match self.tree.kind(name) {
            Kind::Mailbox => Ok(self.acls.get(name).cloned().unwrap_or_default()),
            Kind::Level => Ok(Acl::default()),
            Kind::Absent => Err(Failure::NoMailbox),
        }
    }

    /// What `user` sees, and the levels above.
    fn seen_by(&self, owner: &Account, user: &Account) -> Tree {
        let mut seen = Tree::empty();
        for (name, special_use) in self.tree.iter() {
            let rights = self.acls.get(name).map_or(Rights::NONE, |acl| acl.of(owner, user));
            if rights.contains(Right::Lookup) {
                seen.insert(name.clone(), special_use);
            }
        }
        seen
    }
}

impl Session {
    pub(super) fn rights(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
        user: &Account,
    ) -> Result<Answer, Failure> {
        let rights = |home: &Home| Ok(Answer::Rights(home.acl_of(mailbox)?.of(account, user)));
        if account == user {
            return self.memory.with_home(now, account, |home| rights(home));
        }
        // Nobody gets an account by others' asking.
        let accounts = self.memory.accounts.borrow();
        accounts.get(account).map_or(Err(Failure::NoMailbox), rights)
    }

    pub(super) fn acl(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
    ) -> Result<Answer, Failure> {
        self.memory.with_home(now, account, |home| Ok(Answer::Acl(home.acl_of(mailbox)?)))
    }

    pub(super) fn set_acl(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, &MailboxName),
        identifier: String,
        rights: Option<Rights>,
    ) -> Result<Answer, Failure> {
        let limits: &Limits = &self.memory.limits;
        self.memory.with_home(now, account, |home| {
            home.find(mailbox)?;
            let mut acl = home.acl_of(mailbox)?;
            acl.set(Grant { identifier, rights: rights.unwrap_or_default() }, rights.is_some());
            if acl.0.len() > limits.acl_entries {
                return Err(Failure::Limit("there are too many entries"));
            }
            home.acls.insert(mailbox.clone(), acl);
            Ok(Answer::Done)
        })
    }

    pub(super) fn sharers(&self, user: &Account) -> Answer {
        let accounts = self.memory.accounts.borrow();
        let shares = |(owner, home): &(&Account, &Home)| {
            *owner != user && home.seen_by(owner, user).iter().next().is_some()
        };
        Answer::Accounts(accounts.iter().filter(shares).map(|(owner, _)| owner.clone()).collect())
    }

    pub(super) fn shared(&self, account: &Account, user: &Account) -> Answer {
        let accounts = self.memory.accounts.borrow();
        let seen = accounts.get(account).map(|home| home.seen_by(account, user));
        Answer::Mailboxes(seen.unwrap_or_else(Tree::empty).list(&BTreeSet::new()))
    }
}
