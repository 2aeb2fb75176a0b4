//! Which messages were removed since when (RFC 7162 §3.2.10).

use super::{Uid, UidSet};
use crate::limits::Limits;
use alloc::collections::VecDeque;

/// The UIDs that were removed from a mailbox, with the mod-sequences of their removal, as far back as
/// [`Limits::vanished`] ranges go.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vanished {
    /// What was removed up to this mod-sequence may have been forgotten.
    forgotten: u64,
    /// By ascending mod-sequence.
    removed: VecDeque<Removed>,
}

/// Neighbouring UIDs that were removed together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Removed {
    /// The mod-sequence of the removal.
    pub modseq: u64,
    /// The first UID.
    pub first: Uid,
    /// The last UID.
    pub last: Uid,
}

impl Vanished {
    /// Nothing is known of what was removed up to `modseq`.
    #[must_use]
    pub const fn forgotten_up_to(modseq: u64) -> Self {
        Self { forgotten: modseq, removed: VecDeque::new() }
    }

    /// The mod-sequence up to which removals may have been forgotten.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// What is known to have been removed after `modseq`, by ascending mod-sequence.
    pub fn after(&self, modseq: u64) -> impl Iterator<Item = &Removed> {
        let start = self.removed.partition_point(|removed| removed.modseq <= modseq);
        self.removed.range(start..)
    }

    /// Records a removal, with a mod-sequence that is not smaller than all before.
    pub fn add(&mut self, removed: Removed) {
        self.removed.push_back(removed);
        if self.removed.len() > Limits::DEFAULT.vanished
            && let Some(oldest) = self.removed.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest.modseq);
        }
    }

    /// The UIDs that were removed after `modseq`; `None` if some of them may have been forgotten.
    ///
    /// ```
    /// use postroad_core::store::{Removed, Uid, Vanished};
    /// let uid = |n| Uid::new(n).unwrap();
    /// let mut vanished = Vanished::forgotten_up_to(7);
    /// vanished.add(Removed { modseq: 9, first: uid(3), last: uid(4) });
    /// assert_eq!(vanished.since(8).unwrap().to_string(), "3:4");
    /// assert!(vanished.since(9).unwrap().is_empty());
    /// assert_eq!(vanished.since(6), None);
    /// ```
    #[must_use]
    pub fn since(&self, modseq: u64) -> Option<UidSet> {
        if modseq < self.forgotten {
            return None;
        }
        Some(self.after(modseq).map(|removed| (removed.first, removed.last)).collect())
    }
}
