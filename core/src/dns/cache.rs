//! What servers said, for as long as it holds.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use super::{Answer, Failure, Question, Record};
use crate::machine::Instant;

/// What came of a question.
pub(super) type Outcome = Result<Arc<Answer>, Failure>;

#[derive(Debug)]
struct Entry {
    outcome: Outcome,
    until: Instant,
    octets: usize,
    /// Its place in `Cache::order`.
    used: u64,
}

/// Outcomes by question, in so many octets; the one that was not used for longest goes first.
#[derive(Debug)]
pub(super) struct Cache {
    limit: usize,
    octets: usize,
    uses: u64,
    entries: BTreeMap<Question, Entry>,
    order: BTreeMap<u64, Question>,
}

impl Cache {
    /// An empty cache of no more than `limit` octets.
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, octets: 0, uses: 0, entries: BTreeMap::new(), order: BTreeMap::new() }
    }

    /// What is known at `now`.
    pub(super) fn get(&mut self, now: Instant, question: &Question) -> Option<Outcome> {
        let entry = self.entries.get_mut(question)?;
        if entry.until <= now {
            self.remove(question);
            return None;
        }
        let question = self.order.remove(&entry.used)?;
        self.uses += 1;
        entry.used = self.uses;
        self.order.insert(self.uses, question);
        Some(entry.outcome.clone())
    }

    /// Remembers an outcome until `until`.
    pub(super) fn put(
        &mut self,
        now: Instant,
        question: Question,
        outcome: Outcome,
        until: Instant,
    ) {
        self.remove(&question);
        let octets = weight(&question, &outcome);
        if until <= now || octets > self.limit {
            return;
        }
        while self.octets + octets > self.limit
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.remove(&oldest);
        }
        self.uses += 1;
        self.octets += octets;
        self.order.insert(self.uses, question.clone());
        self.entries.insert(question, Entry { outcome, until, octets, used: self.uses });
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    fn remove(&mut self, question: &Question) {
        if let Some(entry) = self.entries.remove(question) {
            self.order.remove(&entry.used);
            self.octets -= entry.octets;
        }
    }

    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        self.octets
    }
}

/// Octets that an entry takes, with what the maps around it take, roughly.
fn weight(question: &Question, outcome: &Outcome) -> usize {
    const FIXED: usize = 256;
    let answer = outcome.as_ref().map_or(0, |answer| {
        let records = answer.records.iter().map(|record| size_of::<Record>() + record.len());
        answer.canonical.as_str().len() + records.sum::<usize>()
    });
    FIXED + question.name.as_str().len() + answer
}
