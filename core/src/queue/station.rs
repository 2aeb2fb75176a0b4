//! A destination at work.

use super::{Carrier, Destination, Id, Outcome};
use crate::dns::Query;
use crate::machine::Instant;
use crate::mx::{Finder, Path};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// Names a station in this queue.
pub(super) type Number = u32;

/// A destination and those who carry mail there.
pub(super) struct Station {
    pub(super) destination: Destination,
    pub(super) way: Way,
    /// Deliveries that go there, ready or not.
    pub(super) legs: usize,
    /// Messages whose turn comes, in order.
    pub(super) ready: VecDeque<Id>,
    /// Carriers that have nothing to carry.
    pub(super) idle: Vec<Carrier>,
    /// How many carriers there are.
    pub(super) carriers: usize,
    /// How many there may be: one more after each message that was carried.
    pub(super) window: usize,
    /// How often in a row all hosts have failed.
    pub(super) failures: u32,
    /// When that was last.
    pub(super) failed: Option<Instant>,
    /// Whether it waits for its turn to get a carrier.
    pub(super) in_turn: bool,
}

/// What is known of the hosts of a destination.
pub(super) enum Way {
    /// Nothing.
    Unknown,
    /// They are being looked up.
    Finding(Box<Search>),
    /// These.
    Known(Arc<Path>),
    /// That they can't be used before this moment, and why.
    Blocked(Instant, Outcome),
    /// That there are none, and will be none.
    Hopeless(Outcome),
}

/// A finder at work.
pub(super) struct Search {
    pub(super) finder: Finder,
    /// What it has asked so far.
    pub(super) asked: Vec<Query>,
}

impl Station {
    /// How many carriers a destination has at first.
    const FIRST_WINDOW: usize = 1;

    pub(super) const fn new(destination: Destination) -> Self {
        Self {
            destination,
            way: Way::Unknown,
            legs: 0,
            ready: VecDeque::new(),
            idle: Vec::new(),
            carriers: 0,
            window: Self::FIRST_WINDOW,
            failures: 0,
            failed: None,
            in_turn: false,
        }
    }

    /// A message was carried: the next one may have one carrier more.
    pub(super) fn succeed(&mut self, most: usize) {
        if let Way::Blocked(..) = self.way {
            self.way = Way::Unknown;
        }
        self.failures = 0;
        self.window = (self.window + 1).min(most);
    }

    /// A host failed.
    pub(super) const fn shrink(&mut self) {
        self.window = if self.window > 1 { self.window / 2 } else { 1 };
    }

    /// Why nothing can be carried now, if it can't.
    pub(super) const fn trouble(&self) -> Option<&Outcome> {
        match &self.way {
            Way::Blocked(_, outcome) | Way::Hopeless(outcome) => Some(outcome),
            Way::Unknown | Way::Finding(_) | Way::Known(_) => None,
        }
    }

    /// Forgets what has failed.
    pub(super) fn unblock(&mut self) {
        if let Way::Blocked(..) | Way::Hopeless(_) = self.way {
            self.way = Way::Unknown;
        }
        self.failures = 0;
    }
}

/// The hosts of a path for a log: `10 mx.example.net [192.0.2.1]; 20 …`.
pub(super) fn describe(path: &Path) -> String {
    let mut text = String::new();
    for (index, host) in path.hosts.iter().enumerate() {
        let separator = if index > 0 { "; " } else { "" };
        let _ = write!(text, "{separator}{} {}", host.preference, host.name);
        for address in &host.addresses {
            let _ = write!(text, " [{address}]");
        }
    }
    text
}
