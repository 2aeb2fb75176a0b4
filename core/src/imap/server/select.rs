//! SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 §6.3.1, §6.3.2, §6.4.2; RFC 3691).

use super::connection::{Connection, Phase, Selected, confused, failed};
use super::flags::Removal;
use super::list::listed;
use super::news::Telling;
use super::task::{Step, Told};
use super::{bad, ok, rights, uid_required};
use crate::imap::view::View;
use crate::imap::{Code, ObjectId, Qresync, Response, Select, SequenceSet, Status};
use crate::store::{
    Access, Answer, Entry, Request, Right, Snapshot, Target, Uid, UidSet, mailbox_id,
};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// SELECT or EXAMINE under way.
#[derive(Debug)]
pub(super) struct Selecting {
    /// None if a refusal is all there is to say.
    target: Option<Target>,
    access: Access,
    /// What is said at the end.
    completed: &'static str,
    /// What the client knows of the mailbox.
    known: Option<Qresync>,
    stage: Opening,
}

#[derive(Debug)]
enum Opening {
    Open,
    /// The mailbox that was open is to be closed, then this is said.
    Close(Status),
    /// It is closed, then this is said.
    Refuse(Status),
    /// What is gone is asked.
    Vanished,
    Tell(Telling),
}

impl Selecting {
    pub(super) fn new(
        connection: &mut Connection,
        select: Select,
        access: Access,
    ) -> Result<Self, Status> {
        let Select { mailbox, condstore, qresync } = select;
        if qresync.is_some() && !connection.enabled.qresync {
            // RFC 7162 §3.2.5
            return Err(bad("ENABLE QRESYNC comes first").with_code(Code::ClientBug));
        }
        if connection.enabled.uid_only && qresync.iter().any(|known| known.known_pairs.is_some()) {
            return Err(uid_required());
        }
        let target = Some(connection.place(&mailbox)?);
        let completed = match access {
            Access::ReadOnly => "EXAMINE completed",
            _ => "SELECT completed",
        };
        let access = rights::access(access, connection.rights);
        // What is told of the mailbox tells its HIGHESTMODSEQ anyway.
        connection.enabled.condstore |= condstore;
        Ok(Self { target, access, completed, known: qresync, stage: Opening::Open })
    }

    /// One that only closes the mailbox that was open.
    pub(super) const fn refused(refusal: Status) -> Self {
        let stage = Opening::Close(refusal);
        Self { target: None, access: Access::ReadOnly, completed: "", known: None, stage }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (&mut self.stage, told) {
            (Opening::Open, Told::Answer(answer)) => self.handle_answer(connection, answer),
            (Opening::Open, _) => self.open(connection),
            (Opening::Close(status), _) => {
                let refusal = status.clone();
                self.refuse(connection, refusal)
            }
            (Opening::Refuse(status), _) => Step::Done(status.clone()),
            (Opening::Vanished, Told::Answer(Answer::Vanished(uids))) => {
                self.tell_missed(connection, &uids)
            }
            (Opening::Vanished, Told::Answer(Answer::Failed(failure))) => {
                self.refuse(connection, failed(&failure))
            }
            (Opening::Vanished, _) => self.refuse(connection, confused()),
            (Opening::Tell(telling), _) => match telling.go_on(connection) {
                true => self.done(),
                false => Step::Room,
            },
        }
    }

    fn open(&self, connection: &mut Connection) -> Step {
        let Some(Target { account, mailbox }) = self.target.clone() else {
            return Step::Done(confused());
        };
        if connection.selected().is_some() {
            // RFC 7162 §3.2.11, RFC 9051 §7.1
            connection.respond(ok("The mailbox before is closed").with_code(Code::Closed));
        }
        Step::Ask(Request::Open { account, mailbox, access: self.access })
    }

    fn handle_answer(&mut self, connection: &mut Connection, answer: Answer) -> Step {
        let refusal = match answer {
            Answer::Opened(snapshot) => return self.handle_opened(connection, snapshot),
            Answer::Failed(failure) => failed(&failure),
            _ => confused(),
        };
        self.refuse(connection, refusal)
    }

    /// RFC 3501 §6.3.1: after a failed SELECT no mailbox is selected.
    fn refuse(&mut self, connection: &mut Connection, refusal: Status) -> Step {
        if connection.selected().is_none() {
            return Step::Done(refusal);
        }
        connection.deselect();
        self.stage = Opening::Refuse(refusal);
        Step::Ask(Request::Close)
    }

    fn handle_opened(&mut self, connection: &mut Connection, snapshot: Snapshot) -> Step {
        let (Some(account), Some(target)) = (connection.account().cloned(), self.target.clone())
        else {
            return Step::Done(confused());
        };
        let id = mailbox_id(&target.account, snapshot.uid_validity);
        let uid_validity = snapshot.uid_validity;
        let mut view = View::new(snapshot);
        if connection.enabled.rev2 {
            view.hide_recent();
        }
        let (access, rights, saved) = (self.access, connection.rights, UidSet::default());
        let selected = Selected { target, access, rights, view, saved };
        connection.phase = Phase::Selected(account, Box::new(selected));
        connection.tell_selected(ObjectId::new(&id));
        // RFC 7162 §3.2.5: with another UIDVALIDITY nothing of what is known is true.
        self.known = self.known.take().filter(|known| known.uid_validity == uid_validity);
        match &self.known {
            Some(known) => {
                self.stage = Opening::Vanished;
                Step::Ask(Request::Vanished { since: known.mod_seq })
            }
            None => self.done(),
        }
    }

    /// Begins to tell what the client has missed (RFC 7162 §3.2.5.1).
    fn tell_missed(&mut self, connection: &mut Connection, vanished: &UidSet) -> Step {
        let (Some(known), Some(selected)) = (self.known.take(), connection.selected()) else {
            return Step::Done(confused());
        };
        let view = &selected.view;
        let all = UidSet::range(Uid::MIN, Uid::MAX);
        let known_uids = known.known_uids.as_ref().map_or(all, |set| set.uids(0));
        let first = known.known_pairs.map_or(Uid::MIN, |pairs| first_unmatched(view, &pairs));
        let asked = vanished.intersection(&known_uids);
        let vanished = view.absent(&asked.intersection(&UidSet::range(first, Uid::MAX)));
        let is_changed = |entry: &&Entry| entry.modseq > known.mod_seq;
        let changed = view.messages().select(&known_uids).filter(is_changed);
        let changed = changed.filter_map(|entry| view.sequence(entry.uid)).collect();
        self.stage = Opening::Tell(Telling::missed(&vanished, changed));
        Step::Room
    }

    fn done(&self) -> Step {
        // RFC 9051 §6.3.2: SELECT, too, says so where rights allow nothing but reading.
        let code = match self.access {
            Access::ReadOnly => Code::ReadOnly,
            _ => Code::ReadWrite,
        };
        Step::Done(ok(self.completed).with_code(code))
    }
}

/// Behind the last message that still has the number which the client knows: none before it can be
/// gone (RFC 7162 §3.2.5.2).
fn first_unmatched(view: &View, (numbers, uids): &(SequenceSet, SequenceSet)) -> Uid {
    let (numbers, uids) = (numbers.ranges(0).flatten(), uids.ranges(0).flatten());
    let pairs = numbers.zip(uids).take_while(|(number, _)| *number <= view.exists());
    let matched = pairs
        .filter(|(number, uid)| view.get(*number).is_some_and(|entry| entry.uid.get() == *uid));
    matched.last().and_then(|(_, uid)| Uid::MIN.checked_add(uid)).unwrap_or(Uid::MIN)
}

impl Connection {
    /// What is told of a mailbox that was selected (RFC 3501 §6.3.1, RFC 9051 §6.3.2).
    fn tell_selected(&mut self, id: Option<ObjectId>) {
        self.tell_keywords();
        let enabled = self.enabled;
        let Some(Selected { target, view, .. }) = self.selected() else {
            return;
        };
        let target = target.clone();
        let (exists, recent, unseen) = (view.exists(), view.recent(), view.first_unseen());
        let Snapshot { uid_validity, uid_next, highest_modseq, .. } = *view.snapshot();
        self.respond(Response::Exists(exists));
        if enabled.rev2 {
            let listed = listed(self.written(&target), Vec::new());
            self.respond(Response::List(listed));
        } else {
            self.respond(Response::Recent(recent));
        }
        // RFC 9586 §3: no sequence numbers.
        if let Some(unseen) = unseen.filter(|_| !enabled.rev2 && !enabled.uid_only) {
            self.respond(ok("First unseen message").with_code(Code::Unseen(unseen)));
        }
        self.respond(ok("UIDs are valid").with_code(Code::UidValidity(uid_validity)));
        self.respond(ok("Next UID").with_code(Code::UidNext(uid_next)));
        let modseq = Code::HighestModSeq(highest_modseq);
        self.respond(ok("Highest mod-sequence").with_code(modseq));
        if let Some(id) = id {
            self.respond(ok("Mailbox").with_code(Code::MailboxId(id)));
        }
    }
}

/// CLOSE or UNSELECT under way.
#[derive(Debug)]
pub(super) struct Closing {
    /// What goes first.
    removal: Option<Removal>,
    text: &'static str,
    /// The mod-sequence of that, for those who want to know (RFC 7162 §3.2.8).
    modseq: Option<u64>,
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
        let removal = Some(Removal::new(connection, deleted));
        Self { removal, text: "CLOSE completed", modseq: None }
    }

    /// UNSELECT: nothing goes.
    pub(super) const fn quietly() -> Self {
        Self { removal: None, text: "UNSELECT completed", modseq: None }
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match (&self.removal, told) {
            (Some(_), Told::Answer(Answer::Failed(failure))) => {
                return Step::Done(failed(&failure));
            }
            (Some(removal), Told::Answer(Answer::Mailbox(snapshot))) => {
                let is_all = connection
                    .selected()
                    .is_some_and(|selected| is_all(&selected.view, &snapshot, removal.goal()));
                self.modseq = Some(snapshot.highest_modseq).filter(|_| is_all);
            }
            (None, Told::Answer(_)) => {
                connection.deselect();
                let modseq = self.modseq.filter(|_| connection.enabled.qresync);
                return Step::Done(ok(self.text).with_modseq(modseq));
            }
            _ => {}
        }
        if let Some(step) = self.removal.as_mut().and_then(|removal| removal.next(connection)) {
            return step;
        }
        self.removal = None;
        Step::Ask(Request::Close)
    }
}

/// Whether the removal of so many messages is all that has happened to a mailbox since the client was told
/// of it last. It would never hear of what else is covered by the mod-sequence.
fn is_all(view: &View, now: &Snapshot, removed: u32) -> bool {
    let is_told = |entry: &Entry| entry.modseq <= view.known_modseq();
    now.messages.len() + removed == view.exists() && now.messages.iter().all(is_told)
}
