//! Annotations of mailboxes and accounts (RFC 5464).

use super::Session;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Failure, MailboxName, metadata};

impl Session {
    pub(super) fn annotations(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, Option<&MailboxName>),
        user: &Account,
    ) -> Result<Answer, Failure> {
        let all = self.home(account, now)?.annotations(mailbox)?;
        Ok(Answer::Annotations(metadata::told(all, user)))
    }

    pub(super) fn annotate(
        &mut self,
        now: Instant,
        (account, mailbox): (&Account, Option<&MailboxName>),
        user: &Account,
        values: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<Answer, Failure> {
        let home = self.home(account, now)?;
        let limits = &self.shared.options.limits;
        home.annotate(mailbox, |old| metadata::annotated(old, user, values, limits))?;
        Ok(Answer::Done)
    }
}
