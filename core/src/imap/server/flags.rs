//! STORE and EXPUNGE (RFC 3501 §6.4.3, §6.4.6; RFC 4315 §2.1).

use super::connection::{Connection, Selected, confused, failed};
use super::news::split_flags;
use super::progress::Progress;
use super::task::{Step, Told, turn};
use super::{bad, no, ok, rights};
use crate::imap::view::View;
use crate::imap::{Code, Messages, Numbering, Status, Store};
use crate::store::{Access, Answer, FlagAction, Flags, Request, Rights, Snapshot, Uid, UidSet};
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
    unchanged_since: Option<u64>,
    action: FlagAction,
    flags: Flags,
    keywords: Vec<String>,
}

impl Storing {
    pub(super) fn new(connection: &mut Connection, store: Store) -> Result<Self, Status> {
        let Store { numbering, messages, unchanged_since, action, silent, flags } = store;
        let ranges = connection.find(numbering, &messages)?;
        if unchanged_since.is_some() {
            connection.enable_condstore();
        }
        connection.writable()?;
        let (flags, keywords) = split_flags(flags)
            .map_err(|_| no("There is no such system flag").with_code(Code::Cannot))?;
        let rights = connection.selected().map_or(Rights::NONE, |selected| selected.rights);
        let (action, flags, keywords) = rights::storable(rights, action, (flags, keywords))?;
        Ok(Self { numbering, ranges, silent, unchanged_since, action, flags, keywords })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let Some(selected) = connection.selected() else {
            return Step::Done(confused());
        };
        match told {
            Told::Answer(Answer::Stored { snapshot, modified }) => {
                Step::Done(self.handle_stored(&mut selected.view, snapshot, &modified))
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
                    unchanged_since: self.unchanged_since,
                    action: self.action,
                    flags: self.flags,
                    keywords: self.keywords.clone(),
                })
            }
        }
    }

    /// Sees to it that [`Ending`](super::ending::Ending) tells the flags, or does not.
    fn handle_stored(&self, view: &mut View, snapshot: Snapshot, modified: &UidSet) -> Status {
        let asked = view.uids(&self.ranges);
        let done = asked.without(modified);
        if self.silent {
            let flags = self.meant(&snapshot);
            view.apply_silently(snapshot, &done, self.action, flags);
            if self.unchanged_since.is_some() {
                // RFC 7162 §3.1.3: the mod-sequence is told even so.
                view.touch_modseq(done.iter());
            }
        } else {
            view.apply(snapshot);
            let there: Vec<_> = done.iter().filter(|uid| !view.has_vanished(*uid)).collect();
            view.touch(there);
        }
        let has_missed = asked.iter().any(|uid| view.has_vanished(uid));
        let status = match self.numbering {
            // RFC 2180 §4.2.2: what could be done is done.
            Numbering::Sequence if has_missed => {
                no("Some of the messages no longer exist").with_code(Code::ExpungeIssued)
            }
            _ if !modified.is_empty() => ok("Conditional STORE failed for some of the messages"),
            _ => ok("STORE completed"),
        };
        if modified.is_empty() {
            return status;
        }
        let number = |uid: Uid| match self.numbering {
            Numbering::Uid => Some(uid),
            Numbering::Sequence => view.sequence(uid).and_then(Uid::new),
        };
        status.with_code(Code::Modified(modified.iter().filter_map(number).collect()))
    }

    /// The flags that the command names.
    fn meant(&self, snapshot: &Snapshot) -> Flags {
        let named = |keyword: &String| {
            let same = |other: &String| other.eq_ignore_ascii_case(keyword);
            snapshot.keywords.iter().position(same).map_or(Flags::NONE, Flags::keyword)
        };
        self.keywords.iter().map(named).fold(self.flags, |all, one| all | one)
    }
}

/// Messages that are being removed, some at a time, so that other sessions have their turns.
#[derive(Debug)]
pub(super) struct Removal {
    left: UidSet,
    done: usize,
    goal: u32,
    progress: Progress,
    /// Whether others have had theirs since the last ones were removed.
    rested: bool,
}

impl Removal {
    pub(super) fn new(connection: &Connection, uids: UidSet) -> Self {
        let goal = u32::try_from(uids.iter().count()).unwrap_or(u32::MAX);
        let progress = Progress::new(connection.now);
        Self { left: uids, done: 0, goal, progress, rested: true }
    }

    /// How many there are to be removed.
    pub(super) const fn goal(&self) -> u32 {
        self.goal
    }

    /// What is to come next; `None` once all are removed.
    pub(super) fn next(&mut self, connection: &mut Connection) -> Option<Step> {
        if self.left.is_empty() {
            return None;
        }
        self.rested = !self.rested;
        if self.rested {
            return Some(turn(connection));
        }
        self.progress.tell(connection, u32::try_from(self.done).unwrap_or(u32::MAX), self.goal);
        let most = connection.limits().expunge_turn.max(1);
        self.done += most;
        Some(Step::Ask(Request::Expunge { uids: self.left.take_first(most) }))
    }
}

/// EXPUNGE under way.
#[derive(Debug)]
pub(super) struct Expunging {
    /// With UID EXPUNGE only these.
    uids: Option<Messages>,
    /// Once it is known what other sessions have marked, which counts too.
    removal: Option<Removal>,
    /// The mod-sequence of what was removed.
    modseq: Option<u64>,
}

impl Expunging {
    pub(super) fn new(connection: &mut Connection, uids: Option<Messages>) -> Result<Self, Status> {
        connection.writable()?;
        Ok(Self { uids, removal: None, modseq: None })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        match told {
            Told::Answer(Answer::Mailbox(snapshot)) => {
                let Some(selected) = connection.selected() else {
                    return Step::Done(confused());
                };
                let modseq = snapshot.highest_modseq;
                selected.view.apply(snapshot);
                if self.removal.is_some() {
                    self.modseq = Some(modseq);
                } else {
                    let uids = self.chosen(selected);
                    self.removal = Some(Removal::new(connection, uids));
                }
            }
            Told::Answer(Answer::Failed(failure)) => return Step::Done(failed(&failure)),
            Told::Answer(_) => return Step::Done(confused()),
            _ => {}
        }
        let Some(removal) = &mut self.removal else {
            return Step::Ask(Request::Sync);
        };
        removal.next(connection).unwrap_or_else(|| {
            let modseq = self.modseq.filter(|_| connection.enabled.qresync);
            Step::Done(ok("EXPUNGE completed").with_modseq(modseq))
        })
    }

    fn chosen(&self, selected: &Selected) -> UidSet {
        let view = &selected.view;
        let deleted = view.messages().marked_deleted();
        let Some(messages) = &self.uids else {
            return deleted;
        };
        let named = view.uids(&selected.find_existing(Numbering::Uid, messages));
        deleted.iter().filter(|uid| named.contains(*uid)).collect()
    }
}

impl Connection {
    /// The messages that a set means in the selected mailbox, by sequence number.
    pub(super) fn find(
        &mut self,
        numbering: Numbering,
        messages: &Messages,
    ) -> Result<Vec<Range<u32>>, Status> {
        let selected = self.selected().ok_or_else(confused)?;
        let Messages::Set(set) = messages else {
            return Ok(selected.find_existing(numbering, messages));
        };
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

impl Selected {
    /// The same, passing over whatever does not exist.
    pub(super) fn find_existing(
        &self,
        numbering: Numbering,
        messages: &Messages,
    ) -> Vec<Range<u32>> {
        match messages {
            Messages::Set(set) => self.view.find_existing(numbering, set),
            // RFC 5182 §2.1: what was expunged is no longer among them, and there may be none.
            Messages::Saved => self.view.places(&self.saved),
        }
    }
}
