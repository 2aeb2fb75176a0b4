//! What NOTIFY takes (RFC 5465).

use super::{FetchItem, Mailbox};
use alloc::string::String;
use alloc::vec::Vec;

/// The arguments of NOTIFY (RFC 5465 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notify {
    /// `NONE`: nothing is told.
    None,
    /// `SET`.
    Set {
        /// `STATUS`: first tell the state of the mailboxes.
        status: bool,
        /// What is told of which mailboxes, at least one. Of a mailbox in several of them all
        /// their events are told.
        groups: Vec<EventGroup>,
    },
}

/// What is told of some mailboxes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventGroup {
    /// Of which.
    pub filter: MailboxFilter,
    /// What; nothing is `NONE`. `MessageNew` and `MessageExpunge` come together, and `FlagChange` only
    /// with them (RFC 5465 §5).
    pub events: Vec<NotifyEvent>,
}

/// The mailboxes that an event group is about (RFC 5465 §6).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MailboxFilter {
    /// `SELECTED`: the selected one, at once.
    Selected,
    /// `SELECTED-DELAYED`: the selected one, expunges not in the middle of commands.
    SelectedDelayed,
    /// `INBOXES`: those to which mail may be delivered.
    Inboxes,
    /// `PERSONAL`: the user's own.
    Personal,
    /// `SUBSCRIBED`: those that are subscribed.
    Subscribed,
    /// `SUBTREE`: these and those below.
    Subtree(Vec<Mailbox>),
    /// `MAILBOXES`: these.
    Mailboxes(Vec<Mailbox>),
}

/// An event that a client wants to be told of (RFC 5465 §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotifyEvent {
    /// `MessageNew`. For the selected mailbox, with what to tell of a new message.
    MessageNew(Vec<FetchItem>),
    /// `MessageExpunge`.
    MessageExpunge,
    /// `FlagChange`.
    FlagChange,
    /// `AnnotationChange`.
    AnnotationChange,
    /// `MailboxName`: created, deleted, renamed.
    MailboxName,
    /// `SubscriptionChange`.
    SubscriptionChange,
    /// `MailboxMetadataChange`.
    MailboxMetadataChange,
    /// `ServerMetadataChange`.
    ServerMetadataChange,
    /// One that has no name here: the answer is `NO [BADEVENT …]`.
    Other(String),
}

impl NotifyEvent {
    /// The events of RFC 5465.
    pub const ALL: [Self; 8] = [
        Self::MessageNew(Vec::new()),
        Self::MessageExpunge,
        Self::FlagChange,
        Self::AnnotationChange,
        Self::MailboxName,
        Self::SubscriptionChange,
        Self::MailboxMetadataChange,
        Self::ServerMetadataChange,
    ];

    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::MessageNew(_) => "MessageNew",
            Self::MessageExpunge => "MessageExpunge",
            Self::FlagChange => "FlagChange",
            Self::AnnotationChange => "AnnotationChange",
            Self::MailboxName => "MailboxName",
            Self::SubscriptionChange => "SubscriptionChange",
            Self::MailboxMetadataChange => "MailboxMetadataChange",
            Self::ServerMetadataChange => "ServerMetadataChange",
            Self::Other(name) => name,
        }
    }
}
