//! Which events of which mailboxes a client wants to be told of (RFC 5465 §6).

use super::super::connection::Connection;
use crate::imap::{Mailbox, MailboxFilter, NotifyEvent, Status};
use crate::store::MailboxName;
use alloc::vec::Vec;

/// Event groups of mailboxes other than the selected one.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<(Filter, Events)>);

/// The events of a group, or of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Events {
    /// `MessageNew` and `MessageExpunge`, which come together.
    pub(super) messages: bool,
    /// `FlagChange`.
    pub(super) flags: bool,
    /// `MailboxName`.
    pub(super) names: bool,
    /// `SubscriptionChange`.
    pub(super) subscriptions: bool,
    /// `MailboxMetadataChange`.
    pub(super) metadata: bool,
    /// `ServerMetadataChange`.
    pub(super) server_metadata: bool,
}

impl Events {
    fn new(events: &[NotifyEvent]) -> Self {
        let mut all = Self::default();
        for event in events {
            match event {
                NotifyEvent::MessageNew(_) | NotifyEvent::MessageExpunge => all.messages = true,
                NotifyEvent::FlagChange => all.flags = true,
                NotifyEvent::MailboxName => all.names = true,
                NotifyEvent::SubscriptionChange => all.subscriptions = true,
                NotifyEvent::MailboxMetadataChange => all.metadata = true,
                NotifyEvent::ServerMetadataChange => all.server_metadata = true,
                NotifyEvent::AnnotationChange | NotifyEvent::Other(_) => {}
            }
        }
        all
    }

    const fn and(self, other: Self) -> Self {
        Self {
            messages: self.messages || other.messages,
            flags: self.flags || other.flags,
            names: self.names || other.names,
            subscriptions: self.subscriptions || other.subscriptions,
            metadata: self.metadata || other.metadata,
            server_metadata: self.server_metadata || other.server_metadata,
        }
    }
}

#[derive(Debug)]
enum Filter {
    /// `PERSONAL`, and `INBOXES`: to which mailboxes mail is delivered is not known here, and then
    /// RFC 5465 §6.3 makes them the same.
    Personal,
    Subscribed,
    Subtree(Vec<MailboxName>),
    Mailboxes(Vec<MailboxName>),
}

impl Groups {
    /// One group more.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        filter: MailboxFilter,
        events: &[NotifyEvent],
    ) -> Result<(), Status> {
        // RFC 5465 §6.5: a mailbox need not exist; one that can't is never told of.
        let names = |mailboxes: &[Mailbox]| {
            mailboxes.iter().filter_map(|mailbox| connection.name(mailbox).ok()).collect()
        };
        let filter = match filter {
            MailboxFilter::Inboxes | MailboxFilter::Personal => Filter::Personal,
            MailboxFilter::Subscribed => Filter::Subscribed,
            MailboxFilter::Subtree(mailboxes) => Filter::Subtree(names(&mailboxes)),
            MailboxFilter::Mailboxes(mailboxes) => Filter::Mailboxes(names(&mailboxes)),
            MailboxFilter::Selected | MailboxFilter::SelectedDelayed => return Ok(()),
        };
        let events = Events::new(events);
        if events != Events::default() {
            self.0.push((filter, events));
        }
        Ok(())
    }

    /// Whether there is nothing to be told.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it matters what is subscribed.
    pub(super) fn needs_subscriptions(&self) -> bool {
        self.0.iter().any(|(filter, _)| matches!(filter, Filter::Subscribed))
    }

    /// What is told of a mailbox: the events of all groups that it is in.
    pub(super) fn events_of(&self, name: &MailboxName, subscribed: bool) -> Events {
        let fits = |filter: &Filter| match filter {
            Filter::Personal => true,
            Filter::Subscribed => subscribed,
            Filter::Subtree(roots) => roots.iter().any(|root| name == root || name.is_below(root)),
            Filter::Mailboxes(names) => names.contains(name),
        };
        let groups = self.0.iter().filter(|(filter, _)| fits(filter));
        groups.fold(Events::default(), |all, (_, events)| all.and(*events))
    }

    /// Whether annotations of the account are told, which no filter is about (RFC 5465 §5.8).
    pub(super) fn has_server_metadata(&self) -> bool {
        self.0.iter().any(|(_, events)| events.server_metadata)
    }
}
