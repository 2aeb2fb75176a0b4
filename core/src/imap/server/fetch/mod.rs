//! FETCH (RFC 3501 §6.4.5): from the view what it knows, from the store the rest, in slices.
//!
//! Of one message after another, three things are asked of the store if they are needed: the
//! structure, the mark `\Seen`, octets. A literal is announced only once its first octets are there,
//! and a response begun only then, so that a message that has vanished is left out (RFC 2180 §4.1).
//! If it vanishes in the middle of a literal, nothing can be said any more: the connection closes.

mod section;
mod write;

use super::connection::{Connection, Selected, confused, failed};
use super::gather::{Block, Gathering, read};
use super::task::{Step, Told};
use super::{no, not_understood, ok};
use crate::imap::{Code, Fetch, FetchItem, FetchResponse, Numbering, Status};
use crate::message::structure::Structure;
use crate::store::{Answer, Entry, Failure, FlagAction, Flags, Request, Right, Snapshot};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use section::{is_known, needs_structure, sets_seen};

/// FETCH under way.
#[derive(Debug)]
pub(super) struct Fetching {
    numbering: Numbering,
    items: Vec<FetchItem>,
    needs_structure: bool,
    sets_seen: bool,
    ranges: vec::IntoIter<Range<u32>>,
    /// The messages of the present range that are left.
    range: Range<u32>,
    message: Option<Message>,
    /// What is written of a response before its first octets of content are there.
    line: Vec<u8>,
    /// The first thing that went wrong.
    trouble: Option<Failure>,
}

/// The message that is being fetched.
#[derive(Debug)]
struct Message {
    sequence: u32,
    entry: Entry,
    structure: Option<Arc<Structure>>,
    /// Its own header block, if that was read.
    header: Option<Block>,
    response: FetchResponse,
    /// Whether anything of the response has left `line`.
    is_begun: bool,
    /// The place in the list of items of the one under way.
    next: usize,
    /// Whether the flags have to be told, since they were changed by this very command.
    tells_flags: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The structure is asked.
    Structure,
    /// `\Seen` is set.
    Seen,
    /// Items are written.
    Items,
    /// A header block is read: for the fields that this item asks for, or as the message's own.
    Gather(Gathering, Purpose),
    /// Octets are read and written; those that are left.
    Octets { left: Range<u64>, is_announced: bool },
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Own,
    Fields,
}

/// What comes of working on a message.
enum Work {
    Ask(Request),
    /// All items are written.
    Over,
    /// There is nothing to be written.
    Skip,
    /// Nothing more can be said on this connection.
    Broken,
}

impl Fetching {
    pub(super) fn new(connection: &mut Connection, fetch: Fetch) -> Result<Self, Status> {
        let Fetch { numbering, messages, mut items, changed_since: None, partial: None } = fetch
        else {
            return Err(not_understood());
        };
        if !items.iter().all(is_known) {
            return Err(not_understood());
        }
        let ranges = connection.find(numbering, &messages)?;
        if numbering == Numbering::Uid && !items.contains(&FetchItem::Uid) {
            // RFC 3501 §6.4.8
            items.insert(0, FetchItem::Uid);
        }
        // RFC 4314 §4: without the right to set it \Seen stays as it is.
        let is_writable = connection.writable().is_ok()
            && connection.selected().is_some_and(|it| it.rights.contains(Right::Seen));
        Ok(Self {
            numbering,
            needs_structure: items.iter().any(needs_structure),
            sets_seen: is_writable && items.iter().any(sets_seen),
            items,
            ranges: ranges.into_iter(),
            range: 0..0,
            message: None,
            line: Vec::new(),
            trouble: None,
        })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let mut answer = match told {
            Told::Answer(answer) => Some(answer),
            _ => None,
        };
        loop {
            if connection.out.is_high() && answer.is_none() {
                return Step::Room;
            }
            let Some(mut message) = self.message.take().or_else(|| self.next(connection)) else {
                return Step::Done(self.done());
            };
            match self.work(connection, &mut message, answer.take()) {
                // A request can wait: it is made anew when there is room.
                Work::Ask(request) => {
                    self.message = Some(message);
                    return if connection.out.is_high() { Step::Room } else { Step::Ask(request) };
                }
                Work::Over => self.end(connection, message),
                Work::Skip => {}
                Work::Broken => {
                    connection.close("a message has vanished in the middle of its literal");
                    return Step::Done(confused());
                }
            }
        }
    }

    /// Begins with the next message.
    fn next(&mut self, connection: &mut Connection) -> Option<Message> {
        let view = &connection.selected()?.view;
        loop {
            let Some(sequence) = self.range.next() else {
                self.range = self.ranges.next()?;
                continue;
            };
            let Some(entry) = view.get(sequence) else {
                continue;
            };
            let marks = self.sets_seen && !entry.flags.contains(Flags::SEEN);
            return Some(Message {
                sequence,
                entry,
                structure: None,
                header: None,
                response: FetchResponse::begin(&mut self.line, sequence),
                is_begun: false,
                next: 0,
                tells_flags: false,
                stage: match () {
                    () if self.needs_structure => Stage::Structure,
                    () if marks => Stage::Seen,
                    () => Stage::Items,
                },
            });
        }
    }

    fn done(&self) -> Status {
        match (&self.trouble, self.numbering) {
            (None, _) | (Some(Failure::NoMessage), Numbering::Uid) => ok("FETCH completed"),
            // RFC 2180 §4.1.2
            (Some(Failure::NoMessage), Numbering::Sequence) => {
                no("Some of the messages no longer exist").with_code(Code::ExpungeIssued)
            }
            (Some(failure), _) => failed(failure),
        }
    }

    /// Does what can be done for a message.
    fn work(
        &mut self,
        connection: &mut Connection,
        message: &mut Message,
        answer: Option<Answer>,
    ) -> Work {
        if let Some(answer) = answer {
            let handled = match answer {
                Answer::Failed(failure) => Err(failure),
                answer => self.handle_answer(connection, message, answer),
            };
            if let Err(failure) = handled
                && let Some(work) = self.give_up(message, failure)
            {
                return work;
            }
        }
        loop {
            match &message.stage {
                Stage::Structure => {
                    return Work::Ask(Request::Structure { uid: message.entry.uid });
                }
                Stage::Seen => return Work::Ask(set_seen(&message.entry)),
                Stage::Gather(gathering, _) => match gathering.request() {
                    Some(request) => return Work::Ask(request),
                    None => self.end_gathering(message),
                },
                Stage::Octets { left, .. } if !left.is_empty() => {
                    return Work::Ask(read(message.entry.uid, left));
                }
                Stage::Octets { .. } => {
                    message.next += 1;
                    message.stage = Stage::Items;
                }
                Stage::Items if message.next < self.items.len() => {
                    self.write_item(connection, message);
                }
                Stage::Items => return Work::Over,
            }
        }
    }

    /// Something can't be had. A message that was not begun is left out; `None` if it goes on.
    fn give_up(&mut self, message: &mut Message, failure: Failure) -> Option<Work> {
        match message.stage {
            // Content can be read even where nothing can be marked.
            Stage::Seen if failure != Failure::NoMessage => {}
            Stage::Octets { is_announced: true, .. } => return Some(Work::Broken),
            _ => {
                self.trouble.get_or_insert(failure);
                if !message.is_begun {
                    self.line.clear();
                    return Some(Work::Skip);
                }
                // RFC 2180 §4.1.3: NIL for what is no longer there.
                self.write_nil(message);
            }
        }
        message.stage = Stage::Items;
        None
    }

    fn handle_answer(
        &mut self,
        connection: &mut Connection,
        message: &mut Message,
        answer: Answer,
    ) -> Result<(), Failure> {
        match (&mut message.stage, answer) {
            (Stage::Structure, Answer::Structure(structure)) => {
                message.structure = Some(structure);
                let marks = self.sets_seen && !message.entry.flags.contains(Flags::SEEN);
                message.stage = if marks { Stage::Seen } else { Stage::Items };
            }
            (Stage::Seen, Answer::Stored { snapshot, .. }) => {
                let selected = connection.selected().ok_or(Failure::NoMessage)?;
                message.mark_seen(selected, snapshot)?;
                message.stage = Stage::Items;
            }
            (Stage::Gather(gathering, _), Answer::Read { .. }) => {
                gathering.take(&connection.octets);
                connection.octets.clear();
            }
            (Stage::Octets { .. }, Answer::Read { end }) => {
                self.write_octets(connection, message, end)?;
            }
            _ => return Err(Failure::Io("an answer that does not fit".into())),
        }
        Ok(())
    }
}

impl Message {
    fn mark_seen(&mut self, selected: &mut Selected, snapshot: Snapshot) -> Result<(), Failure> {
        if snapshot.messages.get(self.entry.uid).is_none() {
            return Err(Failure::NoMessage);
        }
        // This response tells them, so that no other has to.
        let uids = core::iter::once(self.entry.uid).collect();
        selected.view.apply_silently(snapshot, &uids, FlagAction::Add, Flags::SEEN);
        if let Some(entry) = selected.view.get(self.sequence) {
            self.entry = entry;
        }
        self.tells_flags = true;
        Ok(())
    }
}

fn set_seen(entry: &Entry) -> Request {
    Request::SetFlags {
        uids: core::iter::once(entry.uid).collect(),
        unchanged_since: None,
        action: FlagAction::Add,
        flags: Flags::SEEN,
        keywords: Vec::new(),
    }
}
