//! A message in the spool with all that was noted of it.

use super::{Action, Destination, Envelope, Note, Outcome, Record};
use crate::address::ReversePath;
use crate::machine::Instant;
use crate::smtp::Notify;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// A message in the spool: its envelope, and what became of each recipient so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The envelope.
    pub envelope: Envelope,
    /// Octets of the content.
    pub size: u64,
    /// What became of each recipient, in the envelope's order.
    pub states: Vec<State>,
    /// Whether it is held.
    pub held: bool,
    /// Where recipients that are not settled go, if that was ordered.
    pub rerouted: Option<Destination>,
    /// How many reports were made.
    pub reports: u32,
}

/// What became of a recipient so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// How often delivery was tried.
    pub attempts: u32,
    /// The last outcome, and when it came.
    pub last: Option<(Instant, Outcome)>,
    /// When delivery was last tried by the way that it goes now.
    pub tried: Option<Instant>,
    /// Whether the sender was told of a final outcome.
    pub reported: bool,
    /// Whether the sender was told of the delay.
    pub warned: bool,
}

impl State {
    /// Whether nothing more is to be tried.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.last.as_ref().is_some_and(|(_, outcome)| outcome.action.is_final())
    }
}

impl Entry {
    /// A message of which nothing was noted yet.
    #[must_use]
    pub fn new(envelope: Envelope, size: u64) -> Self {
        let states = vec![State::default(); envelope.recipients.len()];
        Self { envelope, size, states, held: false, rerouted: None, reports: 0 }
    }

    /// Takes note of `record`.
    pub fn apply(&mut self, record: Record) {
        match record.note {
            Note::Outcome { recipients, outcome } => {
                for place in recipients {
                    // What is final stays so, whatever another carrier hears later.
                    if let Some(state) = self.states.get_mut(place).filter(|it| !it.is_settled()) {
                        state.attempts += 1;
                        state.last = Some((record.at, outcome.clone()));
                        state.tried = Some(record.at);
                    }
                }
            }
            Note::Reported { recipients } => {
                self.reports += 1;
                self.each(&recipients, |state| state.reported = true);
            }
            Note::Warned { recipients } => {
                self.reports += 1;
                self.each(&recipients, |state| state.warned = true);
            }
            Note::Held => self.held = true,
            Note::Released => self.held = false,
            Note::Rerouted(destination) => {
                self.rerouted = Some(destination);
                self.states.iter_mut().for_each(|state| state.tried = None);
            }
        }
    }

    fn each(&mut self, places: &[usize], change: impl Fn(&mut State)) {
        for place in places {
            self.states.get_mut(*place).map(&change);
        }
    }

    /// What is to be noted when the sender was told of these recipients. What becomes of them
    /// meanwhile does not count as told.
    #[must_use]
    pub fn told(&self, now: Instant, recipients: Vec<usize>) -> Vec<Record> {
        let settled = |place: &usize| self.states.get(*place).is_some_and(State::is_settled);
        let (reported, warned): (Vec<_>, Vec<_>) = recipients.into_iter().partition(settled);
        let notes = [
            (!reported.is_empty()).then_some(Note::Reported { recipients: reported }),
            (!warned.is_empty()).then_some(Note::Warned { recipients: warned }),
        ];
        notes.into_iter().flatten().map(|note| Record { at: now, note }).collect()
    }

    /// The places of the recipients for whom something is to be tried.
    pub fn pending(&self) -> impl Iterator<Item = usize> {
        self.states
            .iter()
            .enumerate()
            .filter(|(_, state)| !state.is_settled())
            .map(|(place, _)| place)
    }

    /// Whether nothing more is to be tried for anybody.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.pending().next().is_none()
    }

    /// The places of the recipients whose outcome the sender is to be told of now (RFC 3461 §4.1,
    /// §5.2): failures unless it is not wanted, successes where it is, and delays, once, after
    /// `warn_after`. Of mail from the null reverse-path nothing is ever told (RFC 5321 §4.5.5).
    #[must_use]
    pub fn due_reports(&self, now: Instant, warn_after: Duration) -> Vec<usize> {
        if self.envelope.reverse_path == ReversePath::Null {
            return Vec::new();
        }
        let late = now >= self.envelope.arrived + warn_after;
        let due = |(place, state): (usize, &State)| {
            let notify = self.envelope.recipients.get(place)?.parameters.notify;
            let wanted = |default: bool, pick: fn(bool, bool, bool) -> bool| match notify {
                None => default,
                Some(Notify::Never) => false,
                Some(Notify::On { success, failure, delay }) => pick(success, failure, delay),
            };
            let due = match state.last.as_ref()?.1.action {
                Action::Failed => !state.reported && wanted(true, |_, failure, _| failure),
                Action::Delivered | Action::Relayed => {
                    !state.reported && wanted(false, |success, _, _| success)
                }
                Action::Passed => false,
                Action::Deferred => late && !state.warned && wanted(true, |_, _, delay| delay),
            };
            due.then_some(place)
        };
        self.states.iter().enumerate().filter_map(due).collect()
    }
}
