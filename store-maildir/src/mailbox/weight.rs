//! What an account's quota needs to know of a mailbox.

use super::Mailbox;
use crate::name::unique_of_id;
use crate::quota::Weight;
use postroad_core::machine::Instant;
use postroad_core::store::{Failure, UidSet};

impl Mailbox {
    /// What messages weigh.
    pub(crate) fn weigh(&mut self, now: Instant, uids: &UidSet) -> Result<Weight, Failure> {
        self.refresh(now)?;
        Ok(Weight::of(self.ledger.select(uids).map(|(_, kept)| kept.raw)))
    }

    /// Whether the message with this queue id was delivered before.
    pub(crate) fn was_delivered(&self, id: &str) -> bool {
        self.ids.contains(&unique_of_id(id).as_bytes()[1..])
    }
}
