//! Telling what others have done, in IDLE or between commands.

use super::super::connection::Connection;
use super::super::fetch::Fetching;
use super::super::news::Telling;
use super::super::ok;
use super::super::task::{Manner, Step, Told};
use super::Notifications;
use super::groups::Events;
use crate::imap::{
    Attribute, Code, EntryName, Fetch, FetchItem, Listed, Mailbox, Messages, Numbering, Response,
    SequenceSet,
};
use crate::store::{self, Answer, DELIMITER, Happening, Kind, MailboxName, Request, Uid};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What is new is told: of the selected mailbox first, then of the others.
#[derive(Debug)]
pub(in super::super) struct Announcing {
    /// Whether IDLE is under way, in which everything of the selected mailbox is told.
    idle: bool,
    stage: Stage,
    /// What is left to be told of the others.
    happenings: VecDeque<Happening>,
    /// The account's mailboxes, where they matter.
    listed: Vec<store::Listed>,
}

#[derive(Debug)]
enum Stage {
    Begin,
    /// The selected mailbox is asked.
    Sync,
    /// It is told of; those from this UID on are new.
    Tell(Telling, Option<Uid>),
    Fetch(Box<Fetching>),
    /// What happened to the others is asked.
    Happened,
    List,
    /// It is told of, one after the other.
    Others,
    /// The counts of this one are asked.
    Status(MailboxName, Events),
    /// The store is to observe nothing any more.
    Unobserve,
    Unwatch,
}

impl Announcing {
    /// Between commands.
    pub(in super::super) const fn new() -> Self {
        Self::within(false)
    }

    /// In IDLE.
    pub(in super::super) const fn idle() -> Self {
        Self::within(true)
    }

    const fn within(idle: bool) -> Self {
        Self { idle, stage: Stage::Begin, happenings: VecDeque::new(), listed: Vec::new() }
    }

    /// What to do next; `None` when all is told.
    pub(in super::super) fn step(
        &mut self,
        connection: &mut Connection,
        told: Told,
    ) -> Option<Step> {
        match (&mut self.stage, told) {
            (Stage::Begin, _) => self.begin(connection),
            (Stage::Sync, Told::Answer(answer)) => self.handle_synced(connection, answer),
            (Stage::Tell(..), _) => self.tell(connection),
            (Stage::Fetch(fetching), told) => match fetching.step(connection, told) {
                Step::Done(_) => self.ask_others(connection),
                step => Some(step),
            },
            (Stage::Happened, Told::Answer(Answer::Happened(happenings))) => {
                self.handle_happened(connection, happenings)
            }
            (Stage::List, Told::Answer(answer)) => {
                if let Answer::Mailboxes(listed) = answer {
                    self.listed = listed;
                }
                self.tell_others(connection)
            }
            (Stage::Status(..), Told::Answer(answer)) => self.handle_status(connection, answer),
            (Stage::Others, _) => self.tell_others(connection),
            (Stage::Unobserve, _) if !self.idle => {
                self.stage = Stage::Unwatch;
                Some(Step::Ask(Request::Watch(false)))
            }
            _ => None,
        }
    }

    /// How the selected mailbox is told of, if it is.
    fn manner(&self, notifications: &Notifications) -> Option<Manner> {
        let selected = notifications.selected.as_ref();
        if self.idle { Some(Manner::FREE) } else { selected.map(super::OfSelected::manner) }
    }

    fn begin(&mut self, connection: &mut Connection) -> Option<Step> {
        let is_told = self.manner(&connection.notifications).is_some();
        if is_told && connection.selected().is_some() {
            self.stage = Stage::Sync;
            return Some(Step::Ask(Request::Sync));
        }
        self.ask_others(connection)
    }

    fn handle_synced(&mut self, connection: &mut Connection, answer: Answer) -> Option<Step> {
        if !matches!(answer, Answer::Mailbox(_) | Answer::Gone) {
            return self.ask_others(connection);
        }
        let manner = self.manner(&connection.notifications)?;
        let next = connection.selected()?.view.snapshot().uid_next;
        let telling = connection.tell(answer, manner)?;
        self.stage = Stage::Tell(telling, Uid::new(next));
        self.tell(connection)
    }

    fn tell(&mut self, connection: &mut Connection) -> Option<Step> {
        let Stage::Tell(telling, next) = &mut self.stage else {
            return None;
        };
        if !telling.go_on(connection) {
            return Some(Step::Room);
        }
        let next = *next;
        match next.and_then(|next| fetch_new(connection, next)) {
            Some(fetching) => {
                self.stage = Stage::Fetch(Box::new(fetching));
                self.step(connection, Told::Room)
            }
            None => self.ask_others(connection),
        }
    }

    fn ask_others(&mut self, connection: &Connection) -> Option<Step> {
        if connection.notifications.groups.is_empty() {
            return None;
        }
        self.stage = Stage::Happened;
        Some(Step::Ask(Request::Happened))
    }

    fn handle_happened(
        &mut self,
        connection: &mut Connection,
        happenings: Vec<Happening>,
    ) -> Option<Step> {
        if happenings.contains(&Happening::Much) {
            // RFC 5465 §5.8: as if NOTIFY NONE had been given.
            let code = Code::NotificationOverflow;
            connection.respond(ok("More has happened than can be told").with_code(code));
            connection.notifications = Notifications::default();
            self.stage = Stage::Unobserve;
            return Some(Step::Ask(Request::Observe { account: None }));
        }
        let matters = |it: &Happening| !matches!(it, Happening::Changed(_) | Happening::Granted(_));
        let needs_list = happenings.iter().any(matters)
            || (!happenings.is_empty() && connection.notifications.groups.needs_subscriptions());
        self.happenings = happenings.into();
        match connection.account().cloned() {
            Some(account) if needs_list => {
                self.stage = Stage::List;
                Some(Step::Ask(Request::List { account }))
            }
            _ => self.tell_others(connection),
        }
    }

    fn tell_others(&mut self, connection: &mut Connection) -> Option<Step> {
        self.stage = Stage::Others;
        while !connection.out.is_high() {
            match self.happenings.pop_front()? {
                Happening::Changed(name) => {
                    let is_selected = connection.selected_own() == Some(&name);
                    let events = self.events_of(connection, &name);
                    let account = connection.account().cloned()?;
                    if events.messages && !is_selected {
                        self.stage = Stage::Status(name.clone(), events);
                        return Some(Step::Ask(Request::Status { account, mailbox: name }));
                    }
                }
                other => self.tell_other(connection, other),
            }
        }
        Some(Step::Room)
    }

    fn handle_status(&mut self, connection: &mut Connection, answer: Answer) -> Option<Step> {
        if let (Stage::Status(name, events), Answer::Status(status)) = (&self.stage, answer) {
            let condstore = connection.enabled.condstore;
            let response = connection.notifications.news(name, *events, status, condstore);
            response.into_iter().for_each(|response| connection.respond(response));
        }
        self.tell_others(connection)
    }

    fn find(&self, name: &MailboxName) -> Option<&store::Listed> {
        let at = self.listed.binary_search_by(|it| it.name.cmp(name)).ok()?;
        self.listed.get(at)
    }

    fn events_of(&self, connection: &Connection, name: &MailboxName) -> Events {
        let is_subscribed = self.find(name).is_some_and(|it| it.subscribed);
        connection.notifications.groups.events_of(name, is_subscribed)
    }

    /// Tells of what needs nothing more to be asked.
    fn tell_other(&self, connection: &mut Connection, happening: Happening) {
        match happening {
            // RFC 5465 §5.5
            Happening::Created(name) => {
                if self.events_of(connection, &name).names {
                    connection.respond(Response::List(self.listed(&name)));
                }
            }
            Happening::Deleted(name) => {
                connection.notifications.known.remove(&name);
                if self.events_of(connection, &name).names {
                    connection.respond(Response::List(self.listed(&name)));
                }
            }
            Happening::Renamed { from, to } => {
                connection.notifications.known.remove(&from);
                let of = |name| self.events_of(connection, name).names;
                if of(&from) || of(&to) {
                    let mut listed = self.listed(&to);
                    listed.old_name = Some(Mailbox::new(from.as_str()));
                    connection.respond(Response::List(listed));
                }
            }
            // RFC 5465 §5.6
            Happening::Subscribed(name) => {
                if self.events_of(connection, &name).subscriptions {
                    connection.respond(Response::List(self.listed(&name)));
                }
            }
            Happening::Annotated { mailbox, entries } => {
                // RFC 5465 §5.7, §5.8
                let is_told = match &mailbox {
                    Some(name) => self.events_of(connection, name).metadata,
                    None => connection.notifications.groups.has_server_metadata(),
                };
                let entries = entries.iter().map(|entry| EntryName::parse(entry.as_bytes()));
                let entries: Vec<_> = entries.filter_map(Result::ok).collect();
                if is_told && !entries.is_empty() {
                    let mailbox = mailbox.map(|name| Mailbox::new(name.as_str()));
                    connection.respond(Response::MetadataChanged(mailbox, entries));
                }
            }
            Happening::Changed(_) | Happening::Granted(_) | Happening::Much => {}
        }
    }

    /// A mailbox as it is now.
    fn listed(&self, name: &MailboxName) -> Listed {
        let mut attributes = Vec::new();
        let found = self.find(name);
        match found.map_or(Kind::Absent, |it| it.kind) {
            Kind::Mailbox => {}
            Kind::Level => attributes.push(Attribute::NoSelect),
            Kind::Absent => attributes.push(Attribute::NonExistent),
        }
        if self.listed.iter().any(|it| it.kind != Kind::Absent && it.name.is_below(name)) {
            attributes.push(Attribute::HasChildren);
        } else if found.is_some_and(|it| it.kind == Kind::Mailbox) {
            attributes.push(Attribute::HasNoChildren);
        }
        if found.is_some_and(|it| it.subscribed) {
            attributes.push(Attribute::Subscribed);
        }
        attributes.extend(found.and_then(|it| it.special_use).map(Attribute::SpecialUse));
        Listed::new(Mailbox::new(name.as_str()), Some(DELIMITER), attributes)
    }
}

/// The FETCH of the data items that the client wants of messages from the UID `next` on (RFC 5465
/// §5.2), if it wants any and there are any.
fn fetch_new(connection: &mut Connection, next: Uid) -> Option<Fetching> {
    let items: Vec<FetchItem> = connection.notifications.selected.as_ref()?.items.clone();
    if items.is_empty() {
        return None;
    }
    let numbering = match connection.enabled.uid_only {
        true => Numbering::Uid,
        false => Numbering::Sequence,
    };
    let view = &connection.selected()?.view;
    let fresh = (1..=view.exists()).rev().map_while(|sequence| {
        let uid = view.get(sequence)?.uid;
        let number = if numbering == Numbering::Uid { uid.get() } else { sequence };
        (uid >= next).then_some(core::num::NonZeroU32::new(number)?)
    });
    let set: SequenceSet = fresh.collect();
    set.greatest()?;
    let messages = Messages::Set(set);
    let fetch = Fetch { numbering, messages, items, changed_since: None, partial: None };
    Fetching::new(connection, fetch).ok()
}
