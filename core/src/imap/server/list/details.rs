//! What LIST tells of each mailbox besides its name: MYRIGHTS (RFC 8440), STATUS (RFC 5819) and
//! METADATA (RFC 9590). What the user's rights do not allow is left out without a word.

use crate::imap::server::connection::Connection;
use crate::imap::server::rights::{self, Act};
use crate::imap::server::{access, mailboxes, metadata};
use crate::imap::{EntryName, ListReturn, Mailbox, Response, StatusItem};
use crate::store::{Answer, Request, Rights, Target};
use alloc::vec::Vec;

/// The details of one mailbox.
#[derive(Debug)]
pub(super) struct Details {
    mailbox: Mailbox,
    target: Target,
    my_rights: bool,
    status: Vec<StatusItem>,
    metadata: Vec<EntryName>,
    stage: Stage,
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Nothing,
    Rights,
    Status(Rights),
    Metadata,
}

impl Details {
    /// `None` if none are asked for.
    pub(super) fn new(mailbox: Mailbox, target: Target, returns: &ListReturn) -> Option<Self> {
        let ListReturn { my_rights, status, metadata, .. } = returns.clone();
        let is_asked = my_rights || !status.is_empty() || !metadata.is_empty();
        is_asked.then_some(Self {
            mailbox,
            target,
            my_rights,
            status,
            metadata,
            stage: Stage::Nothing,
        })
    }

    /// The next request; `None` if all is told.
    pub(super) fn step(
        &mut self,
        connection: &mut Connection,
        answer: Option<Answer>,
    ) -> Option<Request> {
        let Target { account, mailbox } = self.target.clone();
        match (self.stage, answer) {
            (Stage::Nothing, _) => {
                self.stage = Stage::Rights;
                let user = connection.account()?.clone();
                Some(Request::Rights { account, mailbox, user })
            }
            (Stage::Rights, Some(Answer::Rights(rights))) => {
                if self.my_rights {
                    let told = access::letters(rights);
                    connection.respond(Response::MyRights(self.mailbox.clone(), told));
                }
                if self.status.is_empty() || !rights::allows(Act::Status, rights) {
                    return self.ask_metadata(connection, rights);
                }
                self.stage = Stage::Status(rights);
                Some(Request::Status { account, mailbox })
            }
            (Stage::Status(rights), answer) => {
                if let Some(Answer::Status(status)) = answer {
                    let values =
                        mailboxes::values(&self.status, status, &account, connection.limits());
                    connection.respond(Response::MailboxStatus(self.mailbox.clone(), values));
                }
                self.ask_metadata(connection, rights)
            }
            (Stage::Metadata, Some(Answer::Annotations(all))) => {
                let values = metadata::named(&self.metadata, &all);
                connection.respond(Response::Metadata(Some(self.mailbox.clone()), values));
                None
            }
            _ => None,
        }
    }

    fn ask_metadata(&mut self, connection: &Connection, rights: Rights) -> Option<Request> {
        if self.metadata.is_empty() || !rights::allows(Act::Annotations, rights) {
            return None;
        }
        self.stage = Stage::Metadata;
        let Target { account, mailbox } = self.target.clone();
        let user = connection.account()?.clone();
        Some(Request::Annotations { account, mailbox: Some(mailbox), user })
    }
}
