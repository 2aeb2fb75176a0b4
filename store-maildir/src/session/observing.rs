//! Who observes an account, and what they are told.

use super::Session;
use postroad_core::store::{Account, Answer, Failure};

impl Session {
    pub(super) fn observe(&mut self, _account: Option<Account>) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }

    pub(super) fn happened(&mut self) -> Result<Answer, Failure> {
        Err(Failure::Refused("this store does not do that yet"))
    }
}
