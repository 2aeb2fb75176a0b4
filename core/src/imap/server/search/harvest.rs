//! What becomes of the messages that are found: a list, an order, threads.

use crate::imap::{SortCriterion, ThreadAlgorithm};
use crate::limits::Limits;
use crate::message::sort::{Candidate, Key, Sorter, Sorting};
use crate::message::summary::SummaryRef;
use crate::message::thread::{Forest, Threading, Threads};
use crate::store::Entry;
use alloc::vec::Vec;

/// The messages found so far.
#[derive(Debug)]
pub(super) enum Harvest {
    /// SEARCH.
    List(Vec<u32>),
    /// SORT.
    Sort { sorter: Sorter, needs_summary: bool },
    /// THREAD.
    Thread(Threads, ThreadAlgorithm),
}

/// What was found, while it is put in order.
#[derive(Debug)]
pub(super) enum Reaping {
    List(Vec<u32>),
    Sort(Sorting),
    Thread(Threading),
}

/// All that was found.
#[derive(Debug)]
pub(super) enum Reaped {
    /// In their order.
    Numbers(Vec<u32>),
    Threads(Forest),
}

impl Harvest {
    pub(super) const fn list() -> Self {
        Self::List(Vec::new())
    }

    pub(super) fn sorted(criteria: Vec<SortCriterion>) -> Self {
        let needs_summary = criteria.iter().map(|criterion| criterion.key).any(Key::needs_summary);
        Self::Sort { sorter: Sorter::new(criteria), needs_summary }
    }

    pub(super) fn threaded(algorithm: ThreadAlgorithm) -> Self {
        Self::Thread(Threads::new(), algorithm)
    }

    /// Whether messages come with their summaries.
    pub(super) const fn needs_summary(&self) -> bool {
        match self {
            Self::List(_) => false,
            Self::Sort { needs_summary, .. } => *needs_summary,
            Self::Thread(..) => true,
        }
    }

    /// Takes a message that was found.
    pub(super) fn take(&mut self, id: u32, entry: &Entry, summary: Option<&SummaryRef<'_>>) {
        let (arrival, size) = (entry.date, entry.size.into());
        match self {
            Self::List(numbers) => numbers.push(id),
            Self::Sort { sorter, .. } => sorter.push(Candidate { id, arrival, size, summary }),
            Self::Thread(threads, _) => {
                if let Some(summary) = summary {
                    threads.push_summary(id, arrival, summary);
                }
            }
        }
    }

    pub(super) fn reap(self) -> Reaping {
        match self {
            Self::List(numbers) => Reaping::List(numbers),
            Self::Sort { sorter, .. } => Reaping::Sort(sorter.sorting()),
            Self::Thread(threads, algorithm) => Reaping::Thread(threads.threading(algorithm)),
        }
    }
}

impl Reaping {
    /// Works for a turn; all that was found once it is in order.
    pub(super) fn go_on(&mut self, limits: &Limits) -> Option<Reaped> {
        match self {
            Self::List(numbers) => Some(Reaped::Numbers(core::mem::take(numbers))),
            Self::Sort(sorting) => sorting.go_on(limits.imap_sort_turn).map(Reaped::Numbers),
            Self::Thread(threading) => {
                threading.go_on(limits.imap_thread_turn).map(Reaped::Threads)
            }
        }
    }
}
