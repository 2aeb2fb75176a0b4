//! What a command under way is, and what moves it.

use super::access::Administering;
use super::append::Appending;
use super::auth::Authenticating;
use super::connection::{Connection, Phase};
use super::copy::Copying;
use super::create::Creating;
use super::dispatch::Begun;
use super::ending::Ending;
use super::fetch::Fetching;
use super::flags::{Expunging, Storing};
use super::idle::Idling;
use super::list::Listing;
use super::mailboxes::{Asking, Changing};
use super::metadata::Annotating;
use super::notify::{Announcing, Notifying};
use super::ok;
use super::quota::Quoting;
use super::reset::Unauthenticating;
use super::rights::Checking;
use super::search::Searching;
use super::select::{Closing, Selecting};
use crate::imap::view::Expunges;
use crate::imap::{Condition, Numbering, Status, Step as Assembled, Tag};
use crate::machine::Instant;
use crate::sasl;
use crate::store::{Answer, Request};
use alloc::boxed::Box;
use core::time::Duration;

/// A command under way.
#[derive(Debug)]
pub(super) struct Running {
    /// The command's; what the client did not ask for has none.
    tag: Option<Tag>,
    manner: Manner,
    pub(super) task: Task,
    pub(super) awaits: Awaits,
}

/// What the command's name says about the untagged responses before its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Whether EXPUNGE responses may be among them.
    pub(super) expunges: Expunges,
    /// Whether changed flags may be told.
    pub(super) flags: bool,
    /// Whether FETCH responses must tell the UID (RFC 3501 §6.4.8).
    pub(super) numbering: Numbering,
}

impl Manner {
    /// That of most commands.
    pub(super) const FREE: Self =
        Self { expunges: Expunges::Report, flags: true, numbering: Numbering::Sequence };

    /// That of FETCH, STORE and SEARCH (RFC 3501 §7.4.1).
    pub(super) const fn of(numbering: Numbering) -> Self {
        let expunges = match numbering {
            Numbering::Sequence => Expunges::Wait,
            Numbering::Uid => Expunges::Report,
        };
        Self { expunges, flags: true, numbering }
    }
}

/// What has to happen before the task goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Awaits {
    /// Room to transmit.
    Room,
    /// The answer to its request.
    Answer,
    /// The client, or news.
    Client,
    /// This moment.
    Until(Instant),
}

/// What a task is told when it goes on.
#[derive(Debug)]
pub(super) enum Told {
    /// It begins, or there is room again.
    Room,
    /// The store's answer.
    Answer(Answer),
    /// The host's word on a login.
    Verdict(sasl::Answer),
    /// What the client has sent.
    Client(Assembled),
    /// The mailbox may have changed.
    News,
    /// The moment has come.
    Time,
}

/// What a task does next.
#[derive(Debug)]
pub(super) enum Step {
    /// It asks the store.
    Ask(Request),
    /// It asks about a login.
    Verify(sasl::Question),
    /// It goes on when there is room to transmit.
    Room,
    /// It waits for the client.
    Client,
    /// It waits for a moment.
    Until(Instant),
    /// Another task takes its place, or a status.
    Begin(Box<Begun>),
    /// It is done, and this is to be the tagged response.
    Done(Status),
}

/// Lets other sessions have their turn.
pub(super) fn turn(connection: &Connection) -> Step {
    Step::Until(connection.now + Duration::from_micros(1))
}

/// A command's own machine.
#[derive(Debug)]
pub(super) enum Task {
    Announce(Announcing),
    Administer(Administering),
    Annotate(Annotating),
    Append(Appending),
    Ask(Asking),
    Authenticate(Authenticating),
    Change(Changing),
    Check(Checking),
    Close(Closing),
    Copy(Copying),
    Create(Creating),
    End(Ending),
    Expunge(Expunging),
    Fetch(Box<Fetching>),
    Idle(Idling),
    List(Listing),
    Notify(Notifying),
    Quota(Quoting),
    Search(Searching),
    Select(Selecting),
    Store(Storing),
    Unauthenticate(Unauthenticating),
}

impl Task {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match self {
            Self::Announce(task) => {
                task.step(connection, told).unwrap_or_else(|| Step::Done(ok("Told")))
            }
            Self::Administer(task) => task.step(connection, told),
            Self::Annotate(task) => task.step(connection, told),
            Self::Append(task) => task.step(connection, told),
            Self::Ask(task) => task.step(connection, told),
            Self::Authenticate(task) => task.step(connection, told),
            Self::Change(task) => task.step(connection, told),
            Self::Check(task) => task.step(connection, told),
            Self::Close(task) => task.step(connection, told),
            Self::Copy(task) => task.step(connection, told),
            Self::Create(task) => task.step(connection, told),
            Self::End(task) => task.step(connection, told),
            Self::Expunge(task) => task.step(connection, told),
            Self::Fetch(task) => task.step(connection, told),
            Self::Idle(task) => task.step(connection, told),
            Self::List(task) => task.step(connection, told),
            Self::Notify(task) => task.step(connection, told),
            Self::Quota(task) => task.step(connection, told),
            Self::Search(task) => task.step(connection, told),
            Self::Select(task) => task.step(connection, told),
            Self::Store(task) => task.step(connection, told),
            Self::Unauthenticate(task) => task.step(connection),
        }
    }
}

impl Running {
    pub(super) const fn new(tag: Tag, manner: Manner, task: Task) -> Self {
        Self { tag: Some(tag), manner, task, awaits: Awaits::Room }
    }

    /// Tells what others have done, between commands (RFC 5465).
    pub(super) const fn announcing() -> Self {
        let task = Task::Announce(Announcing::new());
        Self { tag: None, manner: Manner::FREE, task, awaits: Awaits::Room }
    }

    /// Whether a message is on its way in.
    pub(super) const fn is_receiving(&self) -> bool {
        matches!(self.task, Task::Append(_))
    }

    /// Ends the command with `status`: at once, or after the client was told what is new.
    pub(super) fn end(self, connection: &mut Connection, status: Status) -> Option<Self> {
        let Self { tag, manner, task, .. } = self;
        let tag = tag?;
        if matches!(task, Task::End(_) | Task::Select(_)) {
            connection.finish(tag, status);
            return None;
        }
        Self::ending(connection, tag, manner, status)
    }

    /// The same command, with what `begun` says in the place of its task.
    pub(super) fn with(self, connection: &mut Connection, begun: Begun) -> Option<Self> {
        let tag = self.tag?;
        match begun {
            Ok((manner, task)) => Some(Self::new(tag, manner, task)),
            Err(status) => Self::done(connection, tag, status),
        }
    }

    /// A command that has ended as soon as it began.
    pub(super) fn done(connection: &mut Connection, tag: Tag, status: Status) -> Option<Self> {
        let manner = match status.condition {
            Condition::Ok => Manner::FREE,
            // It may have been FETCH, STORE or SEARCH.
            _ => Manner::of(Numbering::Sequence),
        };
        Self::ending(connection, tag, manner, status)
    }

    fn ending(
        connection: &mut Connection,
        tag: Tag,
        manner: Manner,
        status: Status,
    ) -> Option<Self> {
        if matches!(connection.phase, Phase::Selected(..)) {
            let ending = Task::End(Ending::new(status, manner));
            return Some(Self::new(tag, manner, ending));
        }
        connection.finish(tag, status);
        None
    }
}
