//! What a machine asks of the spool and tells the queue, in a transcript's words.

use super::{Answered, mailroom};
use crate::runner::{Request as Heard, Unmentioned};
use core::fmt::Write as _;
use postroad_core::queue::spool::{Answer, Request};
use postroad_core::queue::{Command, Envelope, Input};
use postroad_core::store::Failure;

/// What one session writes into the spool.
#[derive(Default)]
pub(super) struct Tray {
    /// What was written since the message was begun.
    written: Vec<u8>,
}

impl Tray {
    /// A request in words.
    pub(super) fn hear(&mut self, request: &Request, lent: &[u8]) -> Heard {
        let mut unmentioned = Unmentioned::Default;
        let mut content = None;
        match request {
            Request::Begin(_) => self.written.clear(),
            Request::Write => {
                self.written.extend_from_slice(lent);
                unmentioned = Unmentioned::Hidden;
            }
            Request::Commit => content = Some(core::mem::take(&mut self.written)),
            _ => {}
        }
        Heard { words: format!("spool {}", words(request)), content, unmentioned }
    }
}

/// Reads an answer to `request`.
pub(super) fn answer(request: &Request, words: &str) -> Answered<Answer> {
    match words {
        "ok" => Ok(usual(request)),
        _ => mailroom::failure(words).map(Answer::Failed),
    }
}

/// What a spool answers that takes everything and has nothing.
pub(super) const fn usual(request: &Request) -> Answer {
    match request {
        Request::Load(_) | Request::Read { .. } | Request::Record { .. } => {
            Answer::Failed(Failure::NoMessage)
        }
        Request::Begin(_)
        | Request::Write
        | Request::Commit
        | Request::Abandon
        | Request::Remove(_) => Answer::Done,
    }
}

/// A request in words: its name, and what it is about in the order of its fields.
pub(super) fn words(request: &Request) -> String {
    match request {
        Request::Begin(envelope) => {
            let Envelope { id, reverse_path, parameters, recipients, .. } = &**envelope;
            let mut words = format!("begin {id} from {reverse_path}{parameters} to");
            for recipient in recipients {
                let _ = write!(words, " {}{}", recipient.forward_path, recipient.parameters);
            }
            words
        }
        Request::Write => "write".to_owned(),
        Request::Commit => "commit".to_owned(),
        Request::Abandon => "abandon".to_owned(),
        Request::Load(id) => format!("load {id}"),
        Request::Read { id, offset, length } => format!("read {id} {offset} {length}"),
        Request::Record { id, records } => {
            // Without the time, which is now.
            let notes = records.iter().map(|record| {
                let line = record.to_string();
                line.split_once(' ').map_or(String::new(), |(_, note)| note.to_owned())
            });
            format!("record {id} {}", notes.collect::<Vec<_>>().join(" | "))
        }
        Request::Remove(id) => format!("remove {id}"),
    }
}

/// What the queue is told, in words: a message with its destinations, or an order.
pub(super) fn news(input: &Input) -> String {
    match input {
        Input::Queued(summary) => {
            let mut words = summary.id.to_string();
            for delivery in &summary.deliveries {
                let _ = write!(words, " {}", delivery.destination);
            }
            words
        }
        Input::Command(Command::Flush(domain)) => format!("flush {domain}"),
        other => format!("{other:?}"),
    }
}
