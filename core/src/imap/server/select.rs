//! SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 §6.3.1, §6.3.2, §6.4.2; RFC 3691).

use super::connection::{Connection, Phase, Selected, confused, failed};
use super::task::{Step, Told};
use super::{list, ok, rights};
use crate::imap::view::View;
use crate::imap::{Code, Mailbox, Response, Status};
use crate::store::{Access, Answer, Request, Right, Snapshot, Target, UidSet};
use alloc::vec::Vec;

/// SELECT or EXAMINE under way.
#[derive(Debug)]
pub(super) struct Selecting {
    /// None if the refusal is already there.
    target: Option<Target>,
    access: Access,
    /// The `NO` to give when the mailbox that was open is closed.
    refusal: Option<Status>,
}

impl Selecting {
    pub(super) fn new(
        connection: &Connection,
        mailbox: &Mailbox,
        access: Access,
    ) -> Result<Self, Status> {
        let target = Some(connection.place(mailbox)?);
        let access = rights::access(access, connection.rights);
        Ok(Self { target, access, refusal: None })
    }

    /// One that only closes the mailbox that was open.
    pub(super) const fn refused(refusal: Status) -> Self {
        Self { target: None, access: Access::ReadOnly, refusal: Some(refusal) }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(answer) => self.handle_answer(connection, answer),
            _ => self.open(),
        }
    }

    fn open(&self) -> Step {
        match self.target.clone() {
            Some(Target { account, mailbox }) => {
                Step::Ask(Request::Open { account, mailbox, access: self.access })
            }
            None => Step::Ask(Request::Close),
        }
    }

    fn handle_answer(&mut self, connection: &mut Connection, answer: Answer) -> Step {
        if let Some(refusal) = self.refusal.take() {
            connection.deselect();
            return Step::Done(refusal);
        }
        let refusal = match answer {
            Answer::Opened(snapshot) => return self.handle_opened(connection, snapshot),
            Answer::Failed(failure) => failed(&failure),
            _ => confused(),
        };
        if connection.selected().is_none() {
            return Step::Done(refusal);
        }
        // RFC 3501 §6.3.1: after a failed SELECT no mailbox is selected.
        connection.deselect();
        self.refusal = Some(refusal);
        Step::Ask(Request::Close)
    }

    fn handle_opened(&self, connection: &mut Connection, snapshot: Snapshot) -> Step {
        let (Some(account), Some(target)) = (connection.account().cloned(), self.target.clone())
        else {
            return Step::Done(confused());
        };
        let name = connection.written(&target);
        let Snapshot { uid_validity, uid_next, .. } = snapshot;
        let is_rev2 = connection.enabled.rev2;
        let was_selected = connection.selected().is_some();
        if was_selected && (is_rev2 || connection.enabled.qresync) {
            // RFC 9051 §7.1: what follows is of the other mailbox.
            connection.respond(ok("The mailbox before is closed").with_code(Code::Closed));
        }
        let mut view = View::new(snapshot);
        if is_rev2 {
            view.hide_recent();
        }
        let (exists, recent, unseen) = (view.exists(), view.recent(), view.first_unseen());
        let rights = connection.rights;
        let selected = Selected { target, access: self.access, rights, view };
        connection.phase = Phase::Selected(account, selected);

        connection.tell_keywords();
        connection.respond(Response::Exists(exists));
        if !is_rev2 {
            connection.respond(Response::Recent(recent));
        }
        if let Some(unseen) = unseen.filter(|_| !is_rev2) {
            connection.respond(ok("First unseen message").with_code(Code::Unseen(unseen)));
        }
        connection.respond(ok("UIDs are valid").with_code(Code::UidValidity(uid_validity)));
        connection.respond(ok("Next UID").with_code(Code::UidNext(uid_next)));
        if is_rev2 {
            // RFC 9051 §6.3.2
            connection.respond(Response::List(list::listed(name, Vec::new())));
        }
        Step::Done(match self.access {
            Access::ReadOnly => ok("EXAMINE completed").with_code(Code::ReadOnly),
            _ => ok("SELECT completed").with_code(Code::ReadWrite),
        })
    }
}

/// CLOSE or UNSELECT under way.
#[derive(Debug)]
pub(super) struct Closing {
    /// What to remove first.
    deleted: UidSet,
    text: &'static str,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Expunge,
    Close,
}

impl Closing {
    /// CLOSE: what is marked `\Deleted` goes, unless the mailbox was opened to look only.
    pub(super) fn expunging(connection: &mut Connection) -> Self {
        let deleted = match connection.selected() {
            Some(selected)
                if selected.access == Access::ReadWrite
                    && selected.rights.contains(Right::Expunge) =>
            {
                selected.view.messages().marked_deleted()
            }
            _ => UidSet::default(),
        };
        Self { deleted, text: "CLOSE completed", stage: Stage::Expunge }
    }

    /// UNSELECT: nothing goes.
    pub(super) fn quietly() -> Self {
        Self { deleted: UidSet::default(), text: "UNSELECT completed", stage: Stage::Expunge }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (self.stage, told) {
            (Stage::Expunge, Told::Room) if !self.deleted.is_empty() => {
                Step::Ask(Request::Expunge { uids: core::mem::take(&mut self.deleted) })
            }
            (Stage::Expunge, Told::Answer(Answer::Failed(failure))) => Step::Done(failed(&failure)),
            (Stage::Expunge, _) => {
                self.stage = Stage::Close;
                Step::Ask(Request::Close)
            }
            (Stage::Close, _) => {
                connection.deselect();
                Step::Done(ok(self.text))
            }
        }
    }
}
