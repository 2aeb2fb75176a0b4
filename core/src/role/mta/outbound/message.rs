//! A message on its way to another host, transaction by transaction.

use crate::machine::Instant;
use crate::queue::{Carried, Entry, Outcome, spool};
use crate::smtp::Reply;
use crate::smtp::client::{Envelope, Failure, Stage, Why};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// A message in hand. Its recipients are named by their places in its envelope.
pub(super) struct Message {
    entry: Box<Entry>,
    /// Who is to get it by this connection.
    places: Vec<usize>,
    /// Who of them was not named yet.
    rest: VecDeque<usize>,
    /// Who is named in the transaction under way.
    named: Vec<usize>,
    /// What the transaction under way came to so far.
    heard: Vec<Heard>,
}

/// What became of the recipient at this place.
pub(super) type Heard = (usize, Result<Reply, Failure>);

impl Message {
    /// The message of `entry`, for the recipients at `places`.
    pub(super) fn new(entry: Box<Entry>, places: Vec<usize>) -> Self {
        let rest = places.iter().copied().collect();
        Self { entry, places, rest, named: Vec::new(), heard: Vec::new() }
    }

    pub(super) const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Whether everybody was named.
    pub(super) fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether nothing was noted, or something that is final. If so, trying the rest at once can't
    /// go on for ever.
    pub(super) fn may_be_tried_at_once(&self) -> bool {
        self.rest.len() == self.places.len() || self.places.iter().any(|place| self.settled(*place))
    }

    fn settled(&self, place: usize) -> bool {
        self.entry.states.get(place).is_some_and(crate::queue::State::is_settled)
    }

    /// The envelope of the next transaction, with at most so many recipients.
    ///
    /// RFC 3461 §5.2.1: ENVID, RET, NOTIFY and ORCPT go on as they came, and none is made up; the
    /// client leaves them out where the server lacks DSN (§5.2.2).
    pub(super) fn next_envelope(&mut self, most: usize) -> Envelope {
        let count = self.rest.len().min(most.max(1));
        self.named = self.rest.drain(..count).collect();
        let envelope = &self.entry.envelope;
        let recipients = self.named.iter().map(|place| envelope.recipients[*place].clone());
        Envelope {
            reverse_path: envelope.reverse_path.clone(),
            parameters: envelope.parameters.clone(),
            recipients: recipients.collect(),
            length: Some(self.entry.size),
        }
    }

    /// Takes note of what became of a recipient of the transaction under way.
    pub(super) fn hear(&mut self, recipient: usize, outcome: Result<Reply, Failure>) {
        if let Some(place) = self.named.get(recipient) {
            self.heard.push((*place, outcome));
        }
    }

    /// Ends the transaction under way, and gives what it came to. Who was not tried by it is left to
    /// the next one, and so is who was one too many while others went through (RFC 5321
    /// §4.5.3.1.10).
    pub(super) fn end_transaction(&mut self) -> Vec<Heard> {
        self.named.clear();
        let went_through = self.heard.iter().any(|(_, outcome)| outcome.is_ok());
        let is_left = |(_, outcome): &Heard| {
            let failure = outcome.as_ref().err();
            failure.is_some_and(|it| is_untried(it) || (went_through && it.is_excess()))
        };
        let (left, heard): (Vec<_>, Vec<_>) =
            mem::take(&mut self.heard).into_iter().partition(is_left);
        for (place, _) in left.into_iter().rev() {
            self.rest.push_front(place);
        }
        heard
    }

    /// Gives up, for now, who was not named.
    pub(super) fn give_up(&mut self, failure: &Failure) -> Vec<Heard> {
        let rest = mem::take(&mut self.rest).into_iter();
        rest.map(|place| (place, Err(failure.clone()))).collect()
    }

    /// Takes note of outcomes. Says what the spool is to do, and what the queue is to be told once
    /// nobody is left.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        warn_after: Duration,
        outcomes: Vec<(Vec<usize>, Outcome)>,
    ) -> (spool::Request, Carried) {
        let (request, carried) = self.entry.settle(now, warn_after, outcomes);
        // A transaction before this one may have put somebody off.
        let all = self.places.iter().all(|place| self.settled(*place));
        match carried {
            Carried::Settled { report } if !all => (request, Carried::Deferred { report }),
            carried => (request, carried),
        }
    }
}

/// Whether the connection failed before the server had taken anything of the message.
fn is_untried(failure: &Failure) -> bool {
    match (failure.stage, &failure.why) {
        (Stage::Idle | Stage::Quit, _) => true,
        // RFC 5321 §3.8: the server closes the connection, whatever was said.
        (Stage::Mail, Why::Reply(reply)) => reply.code == 421,
        (Stage::Mail, why) => matches!(
            why,
            Why::Lost | Why::Timeout | Why::Unexpected(_) | Why::NoReply | Why::ReplyTooLong
        ),
        _ => false,
    }
}
