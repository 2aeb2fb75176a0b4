//! The end of every command in the selected state: what other sessions did, then the tagged status.

use super::connection::Connection;
use super::news::Telling;
use super::task::{Manner, Step, Told};
use crate::imap::Status;
use crate::store::{Answer, Request};

/// A command that is done, but for its end.
#[derive(Debug)]
pub(super) struct Ending {
    status: Status,
    manner: Manner,
    telling: Option<Telling>,
}

impl Ending {
    pub(super) const fn new(status: Status, manner: Manner) -> Self {
        Self { status, manner, telling: None }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Room if self.telling.is_none() => return Step::Ask(Request::Sync),
            Told::Answer(answer @ (Answer::Mailbox(_) | Answer::Gone)) => {
                self.telling = connection.tell(answer, self.manner);
            }
            // What was done is done, whatever else cannot be told now.
            _ => {}
        }
        let is_over = self.telling.as_mut().is_none_or(|telling| telling.go_on(connection));
        if is_over { Step::Done(self.status.clone()) } else { Step::Room }
    }
}
