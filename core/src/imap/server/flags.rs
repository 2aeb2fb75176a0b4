//! STORE and EXPUNGE (RFC 3501 §6.4.3, §6.4.6; RFC 4315 §2.1).

use super::connection::{Connection, confused, failed};
use super::news::split_flags;
use super::task::{Step, Told};
use super::{bad, no, ok};
use crate::imap::view::View;
use crate::imap::{Code, Numbering, SequenceSet, Status, Store};
use crate::store::{Access, Answer, Changes, FlagAction, Flags, Request, Uid, UidSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// STORE under way.
#[derive(Debug)]
pub(super) struct Storing {
    numbering: Numbering,
    /// Of which messages, by sequence number.
    ranges: Vec<Range<u32>>,
    silent: bool,
    action: FlagAction,
    flags: Flags,
    keywords: Vec<String>,
}

impl Storing {
    pub(super) fn new(connection: &mut Connection, store: Store) -> Result<Self, Status> {
        let Store { numbering, messages, action, silent, flags } = store;
        let ranges = connection.find(numbering, &messages)?;
        connection.writable()?;
        let (flags, keywords) = split_flags(flags)
            .map_err(|_| no("There is no such system flag").with_code(Code::Cannot))?;
        Ok(Self { numbering, ranges, silent, action, flags, keywords })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let Some(selected) = connection.selected() else {
            return Step::Done(confused());
        };
        match told {
            Told::Answer(Answer::Changes(changes)) => {
                let status = self.handle_changes(&mut selected.view, changes);
                Step::Done(status)
            }
            Told::Answer(Answer::Failed(failure)) => Step::Done(failed(&failure)),
            Told::Answer(_) => Step::Done(confused()),
            _ => {
                let uids = selected.view.uids(&self.ranges);
                if uids.is_empty() {
                    return Step::Done(ok("STORE completed"));
                }
                Step::Ask(Request::SetFlags {
                    uids,
                    action: self.action,
                    flags: self.flags,
                    keywords: self.keywords.clone(),
                })
            }
        }
    }

    /// Sees to it that [`Ending`](super::ending::Ending) tells the flags, or does not.
    fn handle_changes(&self, view: &mut View, changes: Changes) -> Status {
        let stored: Vec<Uid> = changes.entries.iter().map(|entry| entry.uid).collect();
        let asked = view.uids(&self.ranges);
        let keywords = changes.keywords.clone().unwrap_or_else(|| view.keywords().clone());
        if self.silent {
            // The client knows what its command makes of the flags that it knows.
            let named = |keyword: &String| {
                let same = |other: &String| other.eq_ignore_ascii_case(keyword);
                keywords.iter().position(same).map_or(Flags::NONE, Flags::keyword)
            };
            let flags = self.keywords.iter().map(named).fold(self.flags, |all, one| all | one);
            // What others changed meanwhile may come with the answer: that it does not know.
            for uid in stored.iter().filter(|uid| asked.contains(**uid)) {
                let known = view.sequence(*uid).and_then(|sequence| view.get(sequence));
                if let Some(entry) = known.copied() {
                    view.expect_flags(*uid, entry.flags.apply(self.action, flags));
                }
            }
        } else {
            view.touch(stored.iter().copied());
        }
        let is_missed = |uid: &Uid| stored.binary_search(uid).is_err();
        let has_missed = asked.iter().any(|uid| is_missed(&uid));
        view.apply(changes);
        match self.numbering {
            // RFC 2180 §4.2.2: what could be done is done.
            Numbering::Sequence if has_missed => {
                no("Some of the messages no longer exist").with_code(Code::ExpungeIssued)
            }
            _ => ok("STORE completed"),
        }
    }
}

/// EXPUNGE under way.
#[derive(Debug)]
pub(super) struct Expunging {
    /// With UID EXPUNGE only these.
    uids: Option<SequenceSet>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// What other sessions have marked counts too.
    Sync,
    Expunge,
}

impl Expunging {
    pub(super) fn new(
        connection: &mut Connection,
        uids: Option<SequenceSet>,
    ) -> Result<Self, Status> {
        connection.writable()?;
        Ok(Self { uids, stage: Stage::Sync })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let Some(selected) = connection.selected() else {
            return Step::Done(confused());
        };
        match (self.stage, told) {
            (Stage::Sync, Told::Answer(Answer::Changes(changes))) => {
                selected.view.apply(changes);
                self.stage = Stage::Expunge;
                let uids = self.chosen(&selected.view, &selected.deleted());
                if uids.is_empty() {
                    return Step::Done(ok("EXPUNGE completed"));
                }
                Step::Ask(Request::Expunge { uids })
            }
            (Stage::Expunge, Told::Answer(Answer::Changes(changes))) => {
                selected.view.apply(changes);
                Step::Done(ok("EXPUNGE completed"))
            }
            (_, Told::Answer(Answer::Failed(failure))) => Step::Done(failed(&failure)),
            (_, Told::Answer(_)) => Step::Done(confused()),
            _ => Step::Ask(Request::Sync),
        }
    }

    fn chosen(&self, view: &View, deleted: &UidSet) -> UidSet {
        match &self.uids {
            None => deleted.clone(),
            Some(set) => {
                // UIDs never fail to be found.
                let ranges = view.find(Numbering::Uid, set).unwrap_or_default();
                let named = view.uids(&ranges);
                named.iter().filter(|uid| deleted.contains(*uid)).collect()
            }
        }
    }
}

impl Connection {
    /// The messages that a set means in the selected mailbox, by sequence number.
    pub(super) fn find(
        &mut self,
        numbering: Numbering,
        set: &SequenceSet,
    ) -> Result<Vec<Range<u32>>, Status> {
        let selected = self.selected().ok_or_else(confused)?;
        let beyond = |_| bad("There is no message of that number").with_code(Code::ClientBug);
        selected.view.find(numbering, set).map_err(beyond)
    }

    /// Refuses changes where the mailbox was opened to look only.
    pub(super) fn writable(&mut self) -> Result<(), Status> {
        match self.selected() {
            Some(selected) if selected.access == Access::ReadWrite => Ok(()),
            _ => Err(no("The mailbox is open to look only").with_code(Code::ReadOnly)),
        }
    }
}
