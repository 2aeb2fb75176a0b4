//! How much an account has and may have (RFC 9208).

use super::Session;
use crate::quota::Weight;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Failure};

impl Session {
    pub(super) fn quota(&mut self, now: Instant, account: &Account) -> Result<Answer, Failure> {
        Ok(Answer::Quota(self.home(account, now)?.quota()?))
    }

    pub(super) fn room(
        &mut self,
        now: Instant,
        account: &Account,
        octets: u64,
    ) -> Result<Answer, Failure> {
        self.home(account, now)?.check_room(now, Weight { octets, messages: 1 })?;
        Ok(Answer::Done)
    }
}
