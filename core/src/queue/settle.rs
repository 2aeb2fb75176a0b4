//! What follows from the outcomes of an attempt.

use super::{Carried, Entry, Note, Outcome, Record, spool};
use crate::machine::Instant;
use alloc::vec::Vec;
use core::time::Duration;

impl Entry {
    /// Takes note of what an attempt came to: each outcome with the places of its recipients. Says
    /// what the spool is to do, and what the queue is to be told when that is done.
    ///
    /// A message that is settled by this, and of which nothing is to be reported, leaves the spool
    /// without a record.
    pub fn settle(
        &mut self,
        now: Instant,
        warn_after: Duration,
        outcomes: Vec<(Vec<usize>, Outcome)>,
    ) -> (spool::Request, Carried) {
        let (id, is_nobodys) = (self.envelope.id, outcomes.is_empty());
        let is_final = outcomes.iter().all(|(_, outcome)| outcome.action.is_final());
        let record = |(recipients, outcome)| {
            let record = Record { at: now, note: Note::Outcome { recipients, outcome } };
            self.apply(record.clone());
            record
        };
        let records = outcomes.into_iter().map(record).collect();
        let report = !self.due_reports(now, warn_after).is_empty();
        let carried = match (self.is_settled(), is_final) {
            (true, _) if !report => return (spool::Request::Remove(id), Carried::Gone),
            (false, _) if is_nobodys => Carried::Elsewhere,
            (_, true) => Carried::Settled { report },
            (_, false) => Carried::Deferred { report },
        };
        (spool::Request::Record { id, records }, carried)
    }
}
