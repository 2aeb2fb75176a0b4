//! What is to be told to the host, in order.

use alloc::collections::VecDeque;

use super::{Failure, Line, Output};
use crate::smtp::Reply;

/// What the host has not been told yet. A reply that is the outcome of many recipients is kept once,
/// however long a server makes it.
pub(super) struct Outputs {
    due: VecDeque<Due>,
    /// Whether the host is told what both ends say.
    dialogue: bool,
}

enum Due {
    One(Output),
    /// The same of each recipient; at least one.
    Each(VecDeque<usize>, Result<Reply, Failure>),
}

impl Outputs {
    pub(super) const fn new(dialogue: bool) -> Self {
        Self { due: VecDeque::new(), dialogue }
    }

    /// Tells of a line of the dialogue, if that is wanted.
    pub(super) fn note(&mut self, line: impl FnOnce() -> Line) {
        if self.dialogue {
            self.push(Output::Dialogue(line()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.due.push_back(Due::One(output));
    }

    /// Reports the same of each of these recipients.
    pub(super) fn push_each(
        &mut self,
        recipients: impl Iterator<Item = usize>,
        outcome: Result<Reply, Failure>,
    ) {
        let recipients: VecDeque<usize> = recipients.collect();
        if !recipients.is_empty() {
            self.due.push_back(Due::Each(recipients, outcome));
        }
    }

    pub(super) fn pop(&mut self) -> Option<Output> {
        if let Some(Due::Each(recipients, outcome)) = self.due.front_mut()
            && recipients.len() > 1
            && let Some(recipient) = recipients.pop_front()
        {
            return Some(Output::Recipient { recipient, outcome: outcome.clone() });
        }
        match self.due.pop_front()? {
            Due::One(output) => Some(output),
            Due::Each(mut recipients, outcome) => {
                let recipient = recipients.pop_front()?;
                Some(Output::Recipient { recipient, outcome })
            }
        }
    }
}
