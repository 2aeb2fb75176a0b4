//! CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 3501 §6.3.3 - §6.3.10).

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::task::{Manner, Step, Task, Told};
use super::{no, not_understood, ok};
use crate::imap::{Code, Mailbox, Response, Status, StatusItem, StatusValue};
use crate::store::{self, Account, Answer, DELIMITER, MailboxName, Request, SpecialUse};
use alloc::string::String;
use alloc::vec::Vec;

/// A request that is answered with done or failed.
#[derive(Debug)]
pub(super) struct Changing {
    request: Option<Request>,
    unselects: Unselects,
    done: &'static str,
}

/// Which mailbox is no longer what it was, and so, if it is selected, no longer is.
#[derive(Debug)]
enum Unselects {
    Nothing,
    Only(MailboxName),
    /// This one, and those below.
    Tree(MailboxName),
}

impl Unselects {
    fn concerns(&self, selected: &MailboxName) -> bool {
        match self {
            Self::Nothing => false,
            Self::Only(name) => selected == name,
            Self::Tree(name) => selected == name || selected.is_below(name),
        }
    }
}

impl Changing {
    /// The request that it has yet to make.
    pub(super) const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Done) => self.handle_done(connection),
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed(&failure)),
            Told::Answer(_) => Step::Done(confused()),
            _ => self.request.take().map_or_else(|| Step::Done(ok(self.done)), Step::Ask),
        }
    }

    fn handle_done(&mut self, connection: &mut Connection) -> Step {
        let unselects = core::mem::replace(&mut self.unselects, Unselects::Nothing);
        if connection.selected().is_some_and(|selected| unselects.concerns(&selected.name)) {
            connection.deselect();
            return Step::Ask(Request::Close);
        }
        Step::Done(ok(self.done))
    }
}

fn begin(request: Request, unselects: Unselects, done: &'static str) -> Begun {
    let changing = Changing { request: Some(request), unselects, done };
    Ok((Manner::FREE, Task::Change(changing)))
}

fn account(connection: &Connection) -> Result<Account, Status> {
    connection.account().cloned().ok_or_else(confused)
}

pub(super) fn begin_create(
    connection: &Connection,
    mailbox: &Mailbox,
    special_use: &[String],
) -> Begun {
    // RFC 3501 §6.3.3: a delimiter at the end only says that there will be names below.
    let name = mailbox.as_str().strip_suffix(DELIMITER).unwrap_or(mailbox.as_str());
    let mailbox = connection.name(&Mailbox::new(name))?;
    let special_use = match special_use {
        [] => None,
        // RFC 6154 §3
        [one] => Some(SpecialUse::parse(one).ok_or_else(|| {
            no("There are no mailboxes of this special use").with_code(Code::UseAttr)
        })?),
        _ => return Err(no("A mailbox has one special use at most").with_code(Code::UseAttr)),
    };
    let account = account(connection)?;
    begin(Request::Create { account, mailbox, special_use }, Unselects::Nothing, "CREATE completed")
}

pub(super) fn begin_delete(connection: &Connection, mailbox: &Mailbox) -> Begun {
    let (account, mailbox) = (account(connection)?, connection.name(mailbox)?);
    let unselects = Unselects::Only(mailbox.clone());
    begin(Request::Delete { account, mailbox }, unselects, "DELETE completed")
}

pub(super) fn begin_rename(connection: &Connection, from: &Mailbox, to: &Mailbox) -> Begun {
    let (from, to) = (connection.name(from)?, connection.name(to)?);
    // RFC 3501 §6.3.5: INBOX stays, only its messages go.
    let unselects = match from.is_inbox() {
        true => Unselects::Nothing,
        false => Unselects::Tree(from.clone()),
    };
    let account = account(connection)?;
    begin(Request::Rename { account, from, to }, unselects, "RENAME completed")
}

pub(super) fn begin_subscribe(
    connection: &Connection,
    mailbox: &Mailbox,
    subscribed: bool,
) -> Begun {
    let (account, mailbox) = (account(connection)?, connection.name(mailbox)?);
    let done = if subscribed { "SUBSCRIBE completed" } else { "UNSUBSCRIBE completed" };
    begin(Request::Subscribe { account, mailbox, subscribed }, Unselects::Nothing, done)
}

pub(super) fn begin_status(
    connection: &Connection,
    mailbox: Mailbox,
    items: Vec<StatusItem>,
) -> Begun {
    let (account, name) = (account(connection)?, connection.name(&mailbox)?);
    let request = Some(Request::Status { account, mailbox: name });
    Ok((Manner::FREE, Task::Ask(Asking { request, mailbox, items })))
}

/// STATUS under way.
#[derive(Debug)]
pub(super) struct Asking {
    request: Option<Request>,
    mailbox: Mailbox,
    items: Vec<StatusItem>,
}

impl Asking {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Status(status)) => {
                let values = self.items.iter().map(|item| Some((*item, value(*item, status)?)));
                let Some(values) = values.collect() else {
                    return Step::Done(not_understood());
                };
                connection.respond(Response::MailboxStatus(self.mailbox.clone(), values));
                Step::Done(ok("STATUS completed"))
            }
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed(&failure)),
            Told::Answer(_) => Step::Done(confused()),
            _ => self.request.take().map_or_else(|| Step::Done(confused()), Step::Ask),
        }
    }
}

fn value(item: StatusItem, status: store::Status) -> Option<StatusValue> {
    let number = match item {
        StatusItem::Messages => status.messages,
        StatusItem::Recent => status.recent,
        StatusItem::UidNext => status.uid_next,
        StatusItem::UidValidity => status.uid_validity,
        StatusItem::Unseen => status.unseen,
        _ => return None,
    };
    Some(number.into())
}
