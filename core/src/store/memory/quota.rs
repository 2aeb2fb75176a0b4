//! How much an account has and may have (RFC 9208).

use super::{Memory, Session};
use crate::machine::Instant;
use crate::store::{Account, Answer, Failure, Quota};

impl Memory {
    pub(super) fn quota(&self, now: Instant, account: &Account) -> Quota {
        let (octets, messages) = self.with_home(now, account, |home| {
            let statuses = home.mailboxes.values().map(|mailbox| mailbox.borrow().status());
            statuses.fold((0, 0), |(octets, messages), status| {
                (octets + status.octets, messages + u64::from(status.messages))
            })
        });
        self.allowances.borrow().of(account).quota(octets, messages)
    }

    /// Whether an account may get so many more octets in so many more messages.
    pub(super) fn check_room(
        &self,
        now: Instant,
        account: &Account,
        (octets, messages): (u64, u64),
    ) -> Result<(), Failure> {
        let quota = self.quota(now, account);
        quota.has_room(octets, messages).then_some(()).ok_or(Failure::OverQuota)
    }
}

impl Session {
    pub(super) fn quota(&mut self, now: Instant, account: &Account) -> Result<Answer, Failure> {
        Ok(Answer::Quota(self.memory.quota(now, account)))
    }

    pub(super) fn room(
        &mut self,
        now: Instant,
        account: &Account,
        octets: u64,
    ) -> Result<Answer, Failure> {
        self.memory.check_room(now, account, (octets, 1))?;
        Ok(Answer::Done)
    }
}
