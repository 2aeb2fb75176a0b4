//! What an account's quota needs to know of a mailbox.

use super::Mailbox;
use crate::quota::Weight;
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, UidSet};

impl Mailbox {
    /// What messages weigh.
    pub(crate) fn weigh(&mut self, now: Instant, uids: &UidSet) -> Result<Weight, Failure> {
        let sources = self.sources(now, uids)?;
        Ok(Weight::of(sources.iter().map(|source| source.addition.raw)))
    }
}
