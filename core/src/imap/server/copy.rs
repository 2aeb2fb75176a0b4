//! COPY and MOVE (RFC 3501 §6.4.7, RFC 6851, RFC 4315 §3).

use super::connection::{Connection, confused, failed_to_file};
use super::task::{Step, Told};
use super::{ok, rights};
use crate::imap::{Code, Mailbox, Messages, Numbering, Status};
use crate::store::{Answer, Copied, Originals, Request, Rights, Target, UidSet};

/// COPY or MOVE under way.
#[derive(Debug)]
pub(super) struct Copying {
    uids: UidSet,
    to: Target,
    /// What the user may do there.
    rights: Rights,
    originals: Originals,
}

impl Copying {
    pub(super) fn new(
        connection: &mut Connection,
        numbering: Numbering,
        messages: &Messages,
        mailbox: &Mailbox,
        originals: Originals,
    ) -> Result<Self, Status> {
        let ranges = connection.find(numbering, messages)?;
        if originals == Originals::Go {
            connection.writable()?;
        }
        let to = connection.place(mailbox)?;
        let uids = connection.selected().map(|selected| selected.view.uids(&ranges));
        let rights = connection.rights;
        Ok(Self { uids: uids.unwrap_or_default(), to, rights, originals })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Copied(copied)) => self.handle_copied(connection, copied),
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed_to_file(&failure)),
            Told::Answer(_) => Step::Done(confused()),
            // RFC 3501 §6.4.8: UIDs that do not exist are no error.
            _ if self.uids.is_empty() => Step::Done(self.done()),
            _ => Step::Ask(Request::Copy {
                uids: core::mem::take(&mut self.uids),
                account: self.to.account.clone(),
                to: self.to.mailbox.clone(),
                flags: rights::flags(self.rights),
                originals: self.originals,
            }),
        }
    }

    fn done(&self) -> Status {
        ok(match self.originals {
            Originals::Stay => "COPY completed",
            Originals::Go => "MOVE completed",
        })
    }

    fn handle_copied(&self, connection: &mut Connection, copied: Copied) -> Step {
        let Copied { uid_validity, from, to } = copied;
        if from.is_empty() {
            return Step::Done(self.done());
        }
        let code = Code::CopyUid { uid_validity, source: from, target: to };
        if self.originals == Originals::Stay {
            return Step::Done(self.done().with_code(code));
        }
        // RFC 6851 §4.3: COPYUID comes before the EXPUNGE responses.
        connection.respond(ok("Moved").with_code(code));
        Step::Done(self.done())
    }
}
