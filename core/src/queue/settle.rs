//! What follows from the outcomes of an attempt.

use super::{Carried, Entry, Note, Outcome, Record, spool};
use crate::machine::Instant;
use alloc::vec;
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

/// What came of each recipient, with the places of those together of whom the same came.
pub(crate) fn together(
    outcomes: impl IntoIterator<Item = (usize, Outcome)>,
) -> Vec<(Vec<usize>, Outcome)> {
    let mut groups: Vec<(Vec<usize>, Outcome)> = Vec::new();
    for (place, outcome) in outcomes {
        match groups.iter_mut().find(|(_, known)| *known == outcome) {
            Some((places, _)) => places.push(place),
            None => groups.push((vec![place], outcome)),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Action;

    #[test]
    fn those_of_whom_the_same_came_are_together() {
        let outcome = |text: &str| Outcome::ours(Action::Failed, (5, 0, 0), text);
        let given = [(0, outcome("a")), (2, outcome("b")), (3, outcome("a"))];
        assert_eq!(together(given), [(vec![0, 3], outcome("a")), (vec![2], outcome("b"))]);
        assert_eq!(together([]), []);
    }
}
