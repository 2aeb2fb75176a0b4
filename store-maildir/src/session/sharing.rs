//! Who may do what with a mailbox (RFC 4314).

use super::Session;
use crate::shares;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Failure, Grant, MailboxName, Right, Rights, Tree};
use std::collections::BTreeSet;

impl Session {
    pub(super) fn rights(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
        user: &Account,
    ) -> Result<Answer, Failure> {
        let home = shares::home(&self.shared, account, user, now)?.ok_or(Failure::NoMailbox)?;
        Ok(Answer::Rights(home.acl_of(mailbox)?.acl.of(account, user)))
    }

    pub(super) fn acl(
        &mut self,
        now: Instant,
        account: &Account,
        mailbox: &MailboxName,
    ) -> Result<Answer, Failure> {
        Ok(Answer::Acl(self.home(account, now)?.acl_of(mailbox)?.acl))
    }

    pub(super) fn set_acl(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, &MailboxName),
        identifier: String,
        rights: Option<Rights>,
    ) -> Result<Answer, Failure> {
        let home = self.home(account, now)?;
        let grant = Grant { identifier, rights: rights.unwrap_or_default() };
        let shows = grant.rights.contains(Right::Lookup) && !grant.identifier.starts_with('-');
        if shows {
            // First, for the index may name too many, never too few.
            shares::add(&self.shared, account, &grant.identifier)?;
        }
        home.set_acl(mailbox, grant, rights.is_some())?;
        if !shows {
            let _ = shares::refresh(&self.shared, account, &home);
        }
        Ok(Answer::Done)
    }

    pub(super) fn sharers(&mut self, user: &Account) -> Result<Answer, Failure> {
        Ok(Answer::Accounts(shares::of(&self.shared, user)?))
    }

    pub(super) fn shared(
        &mut self,
        now: Instant,
        account: &Account,
        user: &Account,
    ) -> Result<Answer, Failure> {
        let seen = match shares::home(&self.shared, account, user, now)? {
            Some(home) => home.seen_by(account, user)?,
            None => Tree::empty(),
        };
        Ok(Answer::Mailboxes(seen.list(&BTreeSet::new())))
    }
}
