//! The end of every command in the selected state: what other sessions did, then the tagged status.

use super::connection::Connection;
use super::news::Telling;
use super::task::{Manner, Step, Told};
use crate::imap::{Code, Condition, Status};
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
                self.say_modseq(connection);
            }
            // What was done is done, whatever else cannot be told now.
            _ => {}
        }
        let is_over = self.telling.as_mut().is_none_or(|telling| telling.go_on(connection));
        if is_over { Step::Done(self.status.clone()) } else { Step::Room }
    }

    /// With VANISHED comes the mod-sequence that the client may go on from (RFC 7162 §3.2.7).
    fn say_modseq(&mut self, connection: &mut Connection) {
        let is_plain = self.status.condition == Condition::Ok && self.status.code.is_none();
        let says_vanished = self.telling.as_ref().is_some_and(Telling::says_vanished);
        if !(connection.enabled.qresync && is_plain && says_vanished) {
            return;
        }
        let modseq = connection.selected().map(|selected| selected.view.known_modseq());
        self.status.code = modseq.map(Code::HighestModSeq);
    }
}

impl Status {
    /// The same with the mod-sequence that a client may go on from, if it wants to know (RFC 7162
    /// §3.2.7).
    pub(super) fn with_modseq(self, modseq: Option<u64>) -> Self {
        match modseq {
            Some(modseq) => self.with_code(Code::HighestModSeq(modseq)),
            None => self,
        }
    }
}
