//! IDLE (RFC 2177).

use super::connection::{Connection, confused};
use super::news::Telling;
use super::task::{Manner, Step, Told};
use super::{bad, ok};
use crate::imap::{Response, Status, Step as Assembled};
use crate::store::{Answer, Request};

/// IDLE under way.
#[derive(Debug)]
pub(super) struct Idling {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    /// The store is to wake us.
    Watch,
    /// What is new is asked.
    Sync,
    Tell(Telling),
    /// The client, or news, is awaited.
    Wait,
    /// The store is to let us sleep, then this is said.
    Unwatch(Status),
}

impl Idling {
    pub(super) fn new(connection: &mut Connection) -> Self {
        // Room for what is not `DONE`, so that it can be refused.
        let longest = connection.limits().imap_line_before_login;
        connection.assembler.expect_line(longest);
        connection.respond(Response::Continue("Idling".into()));
        Self { stage: Stage::Begin }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let has_mailbox = connection.selected().is_some();
        match (&mut self.stage, told) {
            (Stage::Begin, _) if has_mailbox => {
                self.stage = Stage::Watch;
                Step::Ask(Request::Watch(true))
            }
            (Stage::Watch, _) => self.sync(),
            (Stage::Wait, Told::News) if has_mailbox => self.sync(),
            (Stage::Sync, Told::Answer(answer @ (Answer::Mailbox(_) | Answer::Gone))) => {
                match connection.tell(answer, Manner::FREE) {
                    Some(telling) => self.stage = Stage::Tell(telling),
                    None => return Step::Done(confused()),
                }
                self.tell(connection)
            }
            (Stage::Tell(_), _) => self.tell(connection),
            (Stage::Wait, Told::Client(Assembled::Line(line))) => {
                let status = match line.expose().eq_ignore_ascii_case(b"DONE") {
                    true => ok("IDLE completed"),
                    false => bad("Only DONE ends IDLE"),
                };
                self.end(has_mailbox, status)
            }
            (Stage::Unwatch(status), _) => Step::Done(status.clone()),
            (Stage::Begin | Stage::Sync | Stage::Wait, _) => self.wait(),
        }
    }

    fn sync(&mut self) -> Step {
        self.stage = Stage::Sync;
        Step::Ask(Request::Sync)
    }

    fn tell(&mut self, connection: &mut Connection) -> Step {
        if let Stage::Tell(telling) = &mut self.stage
            && !telling.go_on(connection)
        {
            return Step::Room;
        }
        self.wait()
    }

    fn wait(&mut self) -> Step {
        self.stage = Stage::Wait;
        Step::Client
    }

    fn end(&mut self, has_mailbox: bool, status: Status) -> Step {
        if !has_mailbox {
            return Step::Done(status);
        }
        self.stage = Stage::Unwatch(status);
        Step::Ask(Request::Watch(false))
    }
}
