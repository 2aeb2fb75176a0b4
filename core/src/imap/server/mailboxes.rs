//! CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 3501 §6.3.3 - §6.3.10).

use super::connection::{Connection, confused, failed};
use super::dispatch::Begun;
use super::list::listed;
use super::task::{Manner, Step, Task, Told};
use super::{no, ok};
use crate::imap::{Code, Listed, Mailbox, ObjectId, Response, StatusItem, StatusValue};
use crate::limits::Limits;
use crate::store::{self, Account, Answer, DELIMITER, Request, SpecialUse, Target, mailbox_id};
use alloc::string::String;
use alloc::vec::Vec;

/// A request that is answered with done or failed.
#[derive(Debug)]
pub(super) struct Changing {
    request: Option<Request>,
    unselects: Unselects,
    /// Told with IMAP4rev2 when it is done: what is called otherwise from now on.
    renamed: Option<Listed>,
    done: &'static str,
}

/// Which mailbox is no longer what it was, and so, if it is selected, no longer is.
#[derive(Debug)]
enum Unselects {
    Nothing,
    Only(Target),
    /// This one, and those below.
    Tree(Target),
}

impl Unselects {
    fn concerns(&self, selected: &Target) -> bool {
        match self {
            Self::Nothing => false,
            Self::Only(target) => selected == target,
            Self::Tree(target) => {
                selected == target
                    || selected.account == target.account
                        && selected.mailbox.is_below(&target.mailbox)
            }
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
        if let Some(renamed) = self.renamed.take().filter(|_| connection.enabled.rev2) {
            connection.respond(Response::List(renamed));
        }
        let unselects = core::mem::replace(&mut self.unselects, Unselects::Nothing);
        if connection.selected().is_some_and(|selected| unselects.concerns(&selected.target)) {
            connection.deselect();
            return Step::Ask(Request::Close);
        }
        Step::Done(ok(self.done))
    }
}

fn begin(request: Request, unselects: Unselects, done: &'static str) -> Begun {
    let changing = Changing { request: Some(request), unselects, renamed: None, done };
    Ok((Manner::FREE, Task::Change(changing)))
}

/// The same, where a name is another one then (RFC 9051 §7.3.1, `OLDNAME`).
fn begin_renaming(
    request: Request,
    unselects: Unselects,
    renamed: Option<Listed>,
    done: &'static str,
) -> Begun {
    let changing = Changing { request: Some(request), unselects, renamed, done };
    Ok((Manner::FREE, Task::Change(changing)))
}

fn renamed(new: Mailbox, old: &Mailbox) -> Option<Listed> {
    let is_other = new != *old;
    is_other.then(|| Listed { old_name: Some(old.clone()), ..listed(new, Vec::new()) })
}

pub(super) fn begin_create(
    connection: &Connection,
    mailbox: &Mailbox,
    special_use: &[String],
) -> Begun {
    // RFC 3501 §6.3.3: a delimiter at the end only says that there will be names below.
    let name = mailbox.as_str().strip_suffix(DELIMITER).unwrap_or(mailbox.as_str());
    let asked = Mailbox::new(name);
    let target = connection.place(&asked)?;
    // RFC 9051 §6.3.4: a name that is kept otherwise than it was given.
    let renamed = renamed(connection.written(&target), &asked);
    let special_use = match special_use {
        [] => None,
        // RFC 6154 §3
        [one] => Some(SpecialUse::parse(one).ok_or_else(|| {
            no("There are no mailboxes of this special use").with_code(Code::UseAttr)
        })?),
        _ => return Err(no("A mailbox has one special use at most").with_code(Code::UseAttr)),
    };
    let Target { account, mailbox } = target;
    let request = Request::Create { account, mailbox, special_use };
    begin_renaming(request, Unselects::Nothing, renamed, "CREATE completed")
}

pub(super) fn begin_delete(connection: &Connection, mailbox: &Mailbox) -> Begun {
    let target = connection.place(mailbox)?;
    let Target { account, mailbox } = target.clone();
    let unselects = Unselects::Only(target);
    begin(Request::Delete { account, mailbox }, unselects, "DELETE completed")
}

pub(super) fn begin_rename(connection: &Connection, from: &Mailbox, to: &Mailbox) -> Begun {
    let (old, new) = (connection.place(from)?, connection.place(to)?);
    if old.account != new.account {
        return Err(no("A mailbox stays with its owner").with_code(Code::Cannot));
    }
    // RFC 3501 §6.3.5: INBOX stays, only its messages go.
    let (unselects, renamed) = match old.mailbox.is_inbox() {
        true => (Unselects::Nothing, None),
        false => (Unselects::Tree(old.clone()), renamed(connection.written(&new), from)),
    };
    let request = Request::Rename { account: old.account, from: old.mailbox, to: new.mailbox };
    begin_renaming(request, unselects, renamed, "RENAME completed")
}

pub(super) fn begin_subscribe(
    connection: &Connection,
    mailbox: &Mailbox,
    subscribed: bool,
) -> Begun {
    // The name as the user knows it, also of another's mailbox.
    let account = connection.account().cloned().ok_or_else(confused)?;
    let mailbox = connection.name(mailbox)?;
    let done = if subscribed { "SUBSCRIBE completed" } else { "UNSUBSCRIBE completed" };
    begin(Request::Subscribe { account, mailbox, subscribed }, Unselects::Nothing, done)
}

pub(super) fn begin_status(
    connection: &mut Connection,
    mailbox: Mailbox,
    items: Vec<StatusItem>,
) -> Begun {
    let Target { account, mailbox: name } = connection.place(&mailbox)?;
    if items.contains(&StatusItem::HighestModSeq) {
        connection.enable_condstore();
    }
    let request = Some(Request::Status { account: account.clone(), mailbox: name });
    Ok((Manner::FREE, Task::Ask(Asking { request, owner: account, mailbox, items })))
}

/// STATUS under way.
#[derive(Debug)]
pub(super) struct Asking {
    request: Option<Request>,
    owner: Account,
    mailbox: Mailbox,
    items: Vec<StatusItem>,
}

impl Asking {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Status(status)) => {
                let values = values(&self.items, status, &self.owner, connection.limits());
                connection.respond(Response::MailboxStatus(self.mailbox.clone(), values));
                Step::Done(ok("STATUS completed"))
            }
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed(&failure)),
            Told::Answer(_) => Step::Done(confused()),
            _ => self.request.take().map_or_else(|| Step::Done(confused()), Step::Ask),
        }
    }
}

/// What STATUS tells of a mailbox of `owner`.
pub(super) fn values(
    items: &[StatusItem],
    status: store::Status,
    owner: &Account,
    limits: &Limits,
) -> Vec<(StatusItem, StatusValue)> {
    items.iter().map(|item| (*item, value(*item, status, owner, limits))).collect()
}

fn value(item: StatusItem, status: store::Status, owner: &Account, limits: &Limits) -> StatusValue {
    match item {
        StatusItem::Messages => status.messages.into(),
        StatusItem::Recent => status.recent.into(),
        StatusItem::UidNext => status.uid_next.into(),
        StatusItem::UidValidity => status.uid_validity.into(),
        StatusItem::Unseen => status.unseen.into(),
        StatusItem::Deleted => status.deleted.into(),
        StatusItem::DeletedStorage => status.deleted_octets.into(),
        StatusItem::Size => status.octets.into(),
        StatusItem::HighestModSeq => status.highest_modseq.into(),
        StatusItem::AppendLimit => limits.message.into(),
        StatusItem::MailboxId => {
            let id = ObjectId::new(&mailbox_id(owner, status.uid_validity));
            id.map_or(StatusValue::Nil, StatusValue::Id)
        }
    }
}
