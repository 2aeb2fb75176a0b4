//! What a queue keeps of a message.

use super::station::Number;
use super::{Carrier, Settings};
use crate::machine::Instant;
use alloc::vec::Vec;

/// A message in the queue.
pub(super) struct Message {
    pub(super) arrived: Instant,
    pub(super) legs: Vec<Leg>,
    pub(super) held: bool,
    pub(super) warned: bool,
    /// Whether an administrator has given it up.
    pub(super) given_up: bool,
    /// Whether the clerk is to tell the sender something once nobody carries it.
    pub(super) report: bool,
    /// Orders that the clerk has not done yet.
    pub(super) papers: u32,
}

/// A message's delivery to one destination.
pub(super) struct Leg {
    pub(super) station: Number,
    pub(super) attempts: u32,
    pub(super) state: State,
}

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its turn comes.
    Ready,
    /// It is under way.
    Carried(Carrier),
    /// Its time comes.
    Waiting(Instant),
    /// The clerk notes what became of it.
    Filed,
    /// It is over.
    Done,
}

impl Message {
    pub(super) fn leg(&mut self, station: Number) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.station == station)
    }

    pub(super) fn is_carried(&self) -> bool {
        self.legs.iter().any(|leg| matches!(leg.state, State::Carried(_)))
    }

    pub(super) fn is_done(&self) -> bool {
        self.legs.iter().all(|leg| leg.state == State::Done)
    }

    /// Why nothing more is to be tried, if that is so. A held message waits for its release.
    pub(super) fn end(&self, now: Instant, settings: &Settings) -> Option<&'static str> {
        if self.given_up {
            Some("was given up by an administrator")
        } else if now >= self.arrived + settings.lifetime && !self.held {
            Some("was not delivered within the time that it may take")
        } else {
            None
        }
    }

    /// Whether the sender is to be told now that it is late.
    pub(super) fn is_late(&self, now: Instant, settings: &Settings) -> bool {
        !self.warned && now >= self.arrived + settings.warn_after
    }

    /// When the sender is to be told of the delay, or of its end.
    pub(super) fn deadline(&self, settings: &Settings) -> Instant {
        let warning = self.arrived + settings.warn_after;
        let end = self.arrived + settings.lifetime;
        if self.warned { end } else { warning.min(end) }
    }
}
