//! NOTIFY (RFC 5465): the client says what it wants to be told of, and is told between commands, too.

mod announce;
mod groups;

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::no;
use super::ok;
use super::task::{Manner, Step, Task, Told};
use crate::imap::view::Expunges;
use crate::imap::{
    Code, EventGroup, FetchItem, Mailbox, MailboxFilter, Notify, NotifyEvent, Numbering, Response,
    Status, StatusItem,
};
use crate::store::{self, Answer, Kind, Listed, MailboxName, Request};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
pub(super) use announce::Announcing;
use groups::{Events, Groups};

/// The events that can be told. There are no annotations of messages here.
const EVENTS: [&str; 7] = [
    "MessageNew",
    "MessageExpunge",
    "FlagChange",
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
];

/// What the client wants to be told of.
#[derive(Debug, Default)]
pub(super) struct Notifications {
    /// Of the selected mailbox.
    selected: Option<OfSelected>,
    /// Of the others.
    groups: Groups,
    /// What it knows of these.
    known: BTreeMap<MailboxName, store::Status>,
}

/// What the client wants to be told of the selected mailbox between commands.
#[derive(Clone, Debug)]
struct OfSelected {
    /// Whether EXPUNGE waits for a command (RFC 5465 §6.1.2).
    delayed: bool,
    /// Data items of a new message.
    items: Vec<FetchItem>,
    /// Whether changed flags are told.
    flags: bool,
}

impl OfSelected {
    fn new(filter: &MailboxFilter, events: Vec<NotifyEvent>) -> Option<Self> {
        let delayed = match filter {
            MailboxFilter::Selected => false,
            MailboxFilter::SelectedDelayed => true,
            _ => return None,
        };
        let flags = events.contains(&NotifyEvent::FlagChange);
        let items = events.into_iter().find_map(|event| match event {
            NotifyEvent::MessageNew(items) => Some(items),
            _ => None,
        });
        Some(Self { delayed, items: items?, flags })
    }

    fn manner(&self) -> Manner {
        let expunges = if self.delayed { Expunges::Wait } else { Expunges::Report };
        Manner { expunges, flags: self.flags, numbering: Numbering::Uid }
    }
}

impl Notifications {
    fn new(connection: &Connection, groups: Vec<EventGroup>) -> Result<Self, Status> {
        let mut notifications = Self::default();
        for EventGroup { filter, events } in groups {
            if events.iter().any(|event| !EVENTS.contains(&event.name())) {
                let code = Code::BadEvent(EVENTS.into());
                return Err(no("There is no such event here").with_code(code));
            }
            if matches!(filter, MailboxFilter::Selected | MailboxFilter::SelectedDelayed) {
                notifications.selected = OfSelected::new(&filter, events);
            } else {
                notifications.groups.add(connection, filter, &events)?;
            }
        }
        Ok(notifications)
    }

    /// Whether the client wants to be told of anything.
    pub(super) fn is_active(&self) -> bool {
        self.watches() || !self.groups.is_empty()
    }

    /// Whether the client wants to be told of the selected mailbox between commands.
    pub(super) const fn watches(&self) -> bool {
        self.selected.is_some()
    }

    /// Takes down how a mailbox is, and says what the client has not heard of it.
    fn news(
        &mut self,
        name: &MailboxName,
        events: Events,
        status: store::Status,
        condstore: bool,
    ) -> Option<Response> {
        let old = self.known.insert(name.clone(), status);
        let is_news = old.is_none_or(|old| {
            let counts = |it: store::Status| (it.messages, it.uid_next, it.uid_validity);
            let flags = |it: store::Status| (it.unseen, it.highest_modseq);
            counts(old) != counts(status) || (events.flags && flags(old) != flags(status))
        });
        is_news.then(|| respond_status(name, events, status, condstore))
    }
}

/// STATUS with what the events are about (RFC 5465 §5.2 - §5.4).
fn respond_status(
    name: &MailboxName,
    events: Events,
    status: store::Status,
    condstore: bool,
) -> Response {
    let mut values = vec![
        (StatusItem::Messages, status.messages.into()),
        (StatusItem::UidNext, status.uid_next.into()),
        (StatusItem::UidValidity, status.uid_validity.into()),
    ];
    if events.flags {
        values.push((StatusItem::Unseen, status.unseen.into()));
    }
    if events.flags || condstore {
        values.push((StatusItem::HighestModSeq, status.highest_modseq.into()));
    }
    Response::MailboxStatus(Mailbox::new(name.as_str()), values)
}

/// NOTIFY under way.
#[derive(Debug)]
pub(super) struct Notifying {
    /// What is wanted from now on.
    wanted: Notifications,
    /// Whether the state of the mailboxes is told first.
    status: bool,
    stage: Stage,
}

/// What the store is to do next.
#[derive(Debug)]
enum Stage {
    Observe,
    Watch,
    List,
    /// The counts of the first of these.
    Status(Vec<(MailboxName, Events)>),
}

pub(super) fn begin(connection: &Connection, notify: Notify) -> Begun {
    let (wanted, status) = match notify {
        Notify::None => (Notifications::default(), false),
        Notify::Set { status, groups } => (Notifications::new(connection, groups)?, status),
    };
    let notifying = Notifying { wanted, status, stage: Stage::Observe };
    Ok((Manner::FREE, Task::Notify(notifying)))
}

impl Notifying {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let answer = match told {
            Told::Answer(Answer::Failed(failure)) if !matches!(self.stage, Stage::Status(_)) => {
                return Step::Done(failed(&failure));
            }
            Told::Answer(answer) => answer,
            _ if matches!(self.stage, Stage::Observe) => {
                let observes = !self.wanted.groups.is_empty();
                let account = connection.account().cloned().filter(|_| observes);
                return Step::Ask(Request::Observe { account });
            }
            _ => return self.next(connection),
        };
        match &mut self.stage {
            Stage::Observe => {
                self.stage = Stage::Watch;
                Step::Ask(Request::Watch(self.wanted.watches()))
            }
            Stage::Watch if self.status && !self.wanted.groups.is_empty() => {
                let Some(account) = connection.account().cloned() else {
                    return Step::Done(confused());
                };
                self.stage = Stage::List;
                Step::Ask(Request::List { account })
            }
            Stage::Watch => self.done(connection),
            Stage::List => {
                let Answer::Mailboxes(listed) = answer else {
                    return Step::Done(confused());
                };
                self.stage = Stage::Status(self.concerned(connection, &listed));
                self.next(connection)
            }
            Stage::Status(left) => {
                // One that has gone meanwhile is left out.
                if let (Some((name, events)), Answer::Status(status)) = (left.pop(), answer) {
                    let condstore = connection.enabled.condstore;
                    let response = self.wanted.news(&name, events, status, condstore);
                    response.into_iter().for_each(|response| connection.respond(response));
                }
                self.next(connection)
            }
        }
    }

    /// The mailboxes that are told of, the last first.
    fn concerned(
        &self,
        connection: &mut Connection,
        listed: &[Listed],
    ) -> Vec<(MailboxName, Events)> {
        let selected = connection.selected_own().cloned();
        let mailboxes = listed.iter().rev().filter(|it| it.kind == Kind::Mailbox);
        let concerned = mailboxes.filter_map(|it| {
            let events = self.wanted.groups.events_of(&it.name, it.subscribed);
            let is_told = events.messages && selected.as_ref() != Some(&it.name);
            is_told.then(|| (it.name.clone(), events))
        });
        concerned.collect()
    }

    /// Asks about the next mailbox, if there is room to tell of it.
    fn next(&mut self, connection: &mut Connection) -> Step {
        let Stage::Status(left) = &self.stage else {
            return Step::Done(confused());
        };
        match (left.last(), connection.account()) {
            (Some(_), _) if connection.out.is_high() => Step::Room,
            (Some((name, _)), Some(account)) => {
                Step::Ask(Request::Status { account: account.clone(), mailbox: name.clone() })
            }
            _ => self.done(connection),
        }
    }

    fn done(&mut self, connection: &mut Connection) -> Step {
        connection.notifications = core::mem::take(&mut self.wanted);
        Step::Done(ok("NOTIFY completed"))
    }
}
