//! IDLE (RFC 2177).

use super::connection::Connection;
use super::notify::Announcing;
use super::task::{Step, Told};
use super::{bad, ok};
use crate::imap::{Response, Status, Step as Assembled};
use crate::store::Request;
use alloc::boxed::Box;

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
    /// What is new is told.
    Announce(Box<Announcing>),
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
        let has_news = has_mailbox || connection.notifications.is_active();
        match (&mut self.stage, told) {
            (Stage::Begin, _) if has_mailbox && !connection.notifications.watches() => {
                self.stage = Stage::Watch;
                Step::Ask(Request::Watch(true))
            }
            (Stage::Begin, _) if has_news => self.announce(connection),
            (Stage::Watch, _) => self.announce(connection),
            (Stage::Wait, Told::News) if has_news => self.announce(connection),
            (Stage::Announce(announcing), told) => match announcing.step(connection, told) {
                Some(step) => step,
                None => self.wait(),
            },
            (Stage::Wait, Told::Client(Assembled::Line(line))) => {
                let status = match line.expose().eq_ignore_ascii_case(b"DONE") {
                    true => ok("IDLE completed"),
                    false => bad("Only DONE ends IDLE"),
                };
                let is_watching = has_mailbox && !connection.notifications.watches();
                self.end(is_watching, status)
            }
            (Stage::Unwatch(status), _) => Step::Done(status.clone()),
            (Stage::Begin | Stage::Wait, _) => self.wait(),
        }
    }

    fn announce(&mut self, connection: &mut Connection) -> Step {
        let mut announcing = Box::new(Announcing::idle());
        match announcing.step(connection, Told::Room) {
            Some(step) => {
                self.stage = Stage::Announce(announcing);
                step
            }
            None => self.wait(),
        }
    }

    fn wait(&mut self) -> Step {
        self.stage = Stage::Wait;
        Step::Client
    }

    fn end(&mut self, is_watching: bool, status: Status) -> Step {
        if !is_watching {
            return Step::Done(status);
        }
        self.stage = Stage::Unwatch(status);
        Step::Ask(Request::Watch(false))
    }
}
