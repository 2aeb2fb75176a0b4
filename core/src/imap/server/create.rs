//! CREATE, and the identifier of what was created (RFC 3501 §6.3.3, RFC 8474 §4.2).

use super::connection::Connection;
use super::dispatch::Begun;
use super::mailboxes::{self, Changing};
use super::task::{Step, Task, Told};
use crate::imap::{Code, Condition, Mailbox, ObjectId, Status};
use crate::store::{Account, Answer, MailboxName, Request, mailbox_id};
use alloc::string::String;

/// CREATE under way.
#[derive(Debug)]
pub(super) struct Creating {
    owner: Account,
    mailbox: MailboxName,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Create(Changing),
    /// It is done, and the UIDVALIDITY is asked.
    Ask(Status),
}

pub(super) fn begin(connection: &Connection, mailbox: &Mailbox, special_use: &[String]) -> Begun {
    let (manner, task) = mailboxes::begin_create(connection, mailbox, special_use)?;
    let Task::Change(changing) = task else {
        return Ok((manner, task));
    };
    let Some(Request::Create { account, mailbox, .. }) = changing.request() else {
        return Ok((manner, Task::Change(changing)));
    };
    let (owner, mailbox) = (account.clone(), mailbox.clone());
    Ok((manner, Task::Create(Creating { owner, mailbox, stage: Stage::Create(changing) })))
}

impl Creating {
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match &mut self.stage {
            Stage::Create(changing) => match changing.step(connection, told) {
                Step::Done(status) if status.condition == Condition::Ok => {
                    self.stage = Stage::Ask(status);
                    let (account, mailbox) = (self.owner.clone(), self.mailbox.clone());
                    Step::Ask(Request::Status { account, mailbox })
                }
                step => step,
            },
            Stage::Ask(status) => {
                let id = match told {
                    Told::Answer(Answer::Status(counts)) => {
                        ObjectId::new(&mailbox_id(&self.owner, counts.uid_validity))
                    }
                    // It was created all the same.
                    _ => None,
                };
                let code = id.map(Code::MailboxId);
                Step::Done(Status { code, ..status.clone() })
            }
        }
    }
}
