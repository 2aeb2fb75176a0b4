//! What is to be told to the host, in order.

use alloc::collections::VecDeque;

use super::{Failure, Output};
use crate::smtp::Reply;

/// What the host has not been told yet. A reply that is the outcome of many recipients is kept once,
/// however long a server makes it.
#[derive(Default)]
pub(super) struct Outputs(VecDeque<Due>);

enum Due {
    One(Output),
    /// The same of each recipient; at least one.
    Each(VecDeque<usize>, Result<Reply, Failure>),
}

impl Outputs {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.0.push_back(Due::One(output));
    }

    /// Reports the same of each of these recipients.
    pub(super) fn push_each(
        &mut self,
        recipients: impl Iterator<Item = usize>,
        outcome: Result<Reply, Failure>,
    ) {
        let recipients: VecDeque<usize> = recipients.collect();
        if !recipients.is_empty() {
            self.0.push_back(Due::Each(recipients, outcome));
        }
    }

    pub(super) fn pop(&mut self) -> Option<Output> {
        if let Some(Due::Each(recipients, outcome)) = self.0.front_mut()
            && recipients.len() > 1
            && let Some(recipient) = recipients.pop_front()
        {
            return Some(Output::Recipient { recipient, outcome: outcome.clone() });
        }
        match self.0.pop_front()? {
            Due::One(output) => Some(output),
            Due::Each(mut recipients, outcome) => {
                let recipient = recipients.pop_front()?;
                Some(Output::Recipient { recipient, outcome })
            }
        }
    }
}
