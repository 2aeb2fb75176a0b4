//! How much an account has and may have (RFC 9208).

use super::Session;
use postroad_core::machine::Instant;
use postroad_core::store::{Account, Answer, Failure};

impl Session {
    pub(super) fn quota(&mut self, _now: Instant, _account: &Account) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn room(
        &mut self,
        _now: Instant,
        _account: &Account,
        _octets: u64,
    ) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }
}
