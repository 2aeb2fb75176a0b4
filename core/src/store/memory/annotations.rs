//! Annotations of mailboxes and accounts (RFC 5464).

use super::Session;
use super::home::Home;
use crate::machine::Instant;
use crate::store::{Account, Answer, Failure, Kind, MailboxName, metadata};
use alloc::string::String;
use alloc::vec::Vec;

fn find(home: &Home, mailbox: Option<&MailboxName>) -> Result<(), Failure> {
    match mailbox.map_or(Kind::Mailbox, |name| home.tree.kind(name)) {
        Kind::Mailbox => Ok(()),
        _ => Err(Failure::NoMailbox),
    }
}

impl Session {
    pub(super) fn annotations(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, Option<&MailboxName>),
        user: &Account,
    ) -> Result<Answer, Failure> {
        self.memory.with_home(now, account, |home| {
            find(home, mailbox)?;
            let all = home.annotations.get(&mailbox.cloned()).cloned().unwrap_or_default();
            Ok(Answer::Annotations(metadata::told(all, user)))
        })
    }

    pub(super) fn annotate(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, Option<&MailboxName>),
        user: &Account,
        values: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<Answer, Failure> {
        let limits = self.memory.limits.clone();
        self.memory.with_home(now, account, |home| {
            find(home, mailbox)?;
            let old = home.annotations.get(&mailbox.cloned()).cloned().unwrap_or_default();
            let new = metadata::annotated(old, user, values, &limits)?;
            home.annotations.insert(mailbox.cloned(), new);
            Ok(Answer::Done)
        })
    }
}
