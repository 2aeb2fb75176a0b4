//! FETCH (RFC 3501 §6.4.5): from the view what it knows, from the store the rest, in slices.
//!
//! Of one message after another, three things are asked of the store if they are needed: the
//! summary, the mark `\Seen`, octets. A literal is announced only once its first octets are there,
//! and a response begun only then, so that a message that has vanished is left out (RFC 2180 §4.1).
//! If it vanishes in the middle of a literal, nothing can be said any more: the connection closes.

mod choose;
mod decode;
pub(super) mod section;
mod write;

use super::connection::{Connection, Selected, confused, failed};
use super::gather::{Block, Gathering, read};
use super::news::Telling;
use super::task::{Step, Told};
use super::{no, ok};
use crate::imap::{Code, FetchItem, FetchResponse, Numbering, Status};
use crate::message::structure::Structure;
use crate::message::summary::{Digest, EnvelopeRef, SummaryRef};
use crate::store::{Answer, Entry, Failure, FlagAction, Flags, Request, Snapshot};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use choose::Missed;
use core::ops::Range;
use decode::{Decoding, Pass, is_undecodable};
use section::Needs;

/// FETCH under way.
#[derive(Debug)]
pub(super) struct Fetching {
    numbering: Numbering,
    items: Vec<FetchItem>,
    needs: Needs,
    sets_seen: bool,
    /// What comes before the messages.
    prelude: Prelude,
    ranges: vec::IntoIter<Range<u32>>,
    /// The messages of the present range that are left.
    range: Range<u32>,
    message: Option<Message>,
    /// The record of the message's envelope, in room that all messages share.
    envelope: Vec<u8>,
    /// What is written of a response before its first octets of content are there.
    line: Vec<u8>,
    /// The first thing that went wrong.
    trouble: Option<Trouble>,
}

#[derive(Debug)]
enum Prelude {
    /// Which messages are gone is to be asked.
    Ask(Missed),
    /// It is being told.
    Tell(Telling),
    Over,
}

/// What went wrong.
#[derive(Debug)]
enum Trouble {
    Store(Failure),
    /// A part has a transfer encoding that is not known (RFC 3516 §4.3).
    UnknownCte,
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

/// The message that is being fetched.
#[derive(Debug)]
struct Message {
    sequence: u32,
    entry: Entry,
    summary: Option<Summary>,
    /// Its own header block, if that was read.
    header: Option<Block>,
    response: FetchResponse,
    /// Whether anything of the response has left `line`.
    is_begun: bool,
    /// The place in the list of items of the one under way.
    next: usize,
    /// Whether the flags have to be told, since they were changed by this very command.
    tells_flags: bool,
    /// The same of the mod-sequence.
    tells_modseq: bool,
    stage: Stage,
}

/// What the items ask for of a message's summary.
#[derive(Debug)]
struct Summary {
    content_id: Digest,
    thread_id: Digest,
    preview: String,
    structure: Option<Structure>,
}

#[derive(Debug)]
enum Stage {
    /// The summary is asked.
    Summary,
    /// `\Seen` is set.
    Seen,
    /// Items are written.
    Items,
    /// A header block is read: for the fields that this item asks for, or as the message's own.
    Gather(Gathering, Purpose),
    /// Octets are read and written; those that are left.
    Octets { left: Range<u64>, is_announced: bool },
    /// Octets are read and decoded.
    Decode(Decoding),
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
    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        let mut answer = match told {
            Told::Answer(answer) => Some(answer),
            _ => None,
        };
        if let Some(step) = self.begin(connection, &mut answer) {
            return step;
        }
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

    /// Tells first which messages are gone, if that was asked.
    fn begin(&mut self, connection: &mut Connection, answer: &mut Option<Answer>) -> Option<Step> {
        if let Prelude::Ask(missed) = &self.prelude {
            let uids = match answer.take() {
                None => return Some(Step::Ask(missed.request())),
                Some(Answer::Vanished(uids)) => uids,
                Some(Answer::Failed(failure)) => return Some(Step::Done(failed(&failure))),
                Some(_) => return Some(Step::Done(confused())),
            };
            let selected = connection.selected()?;
            let vanished = missed.among(&selected.view, &uids);
            self.prelude = Prelude::Tell(Telling::missed(&vanished, Vec::new()));
        }
        if let Prelude::Tell(telling) = &mut self.prelude {
            if !telling.go_on(connection) {
                return Some(Step::Room);
            }
            self.prelude = Prelude::Over;
        }
        None
    }

    /// Begins with the next message.
    fn next(&mut self, connection: &mut Connection) -> Option<Message> {
        let enabled = connection.enabled;
        let view = &connection.selected()?.view;
        loop {
            let Some(sequence) = self.range.next() else {
                self.range = self.ranges.next()?;
                continue;
            };
            let Some(mut entry) = view.get(sequence) else {
                continue;
            };
            entry.flags = enabled.shown(entry.flags);
            let marks = self.sets_seen && !entry.flags.contains(Flags::SEEN);
            return Some(Message {
                sequence,
                entry,
                summary: None,
                header: None,
                response: enabled.begin_fetch(&mut self.line, sequence, entry.uid),
                is_begun: false,
                next: 0,
                tells_flags: false,
                tells_modseq: false,
                stage: match () {
                    () if self.needs > Needs::Nothing => Stage::Summary,
                    () if marks => Stage::Seen,
                    () => Stage::Items,
                },
            });
        }
    }

    fn done(&self) -> Status {
        match (&self.trouble, self.numbering) {
            (None, _) | (Some(Trouble::Store(Failure::NoMessage)), Numbering::Uid) => {
                ok("FETCH completed")
            }
            // RFC 2180 §4.1.2
            (Some(Trouble::Store(Failure::NoMessage)), Numbering::Sequence) => {
                no("Some of the messages no longer exist").with_code(Code::ExpungeIssued)
            }
            (Some(Trouble::Store(failure)), _) => failed(failure),
            (Some(Trouble::UnknownCte), _) => {
                no("A part has a transfer encoding that is not known").with_code(Code::UnknownCte)
            }
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
                Answer::Failed(failure) => Err(failure.into()),
                answer => self.handle_answer(connection, message, answer),
            };
            if let Err(trouble) = handled
                && let Some(work) = self.give_up(message, trouble)
            {
                return work;
            }
        }
        loop {
            match &message.stage {
                Stage::Summary => return Work::Ask(Request::Summary { uid: message.entry.uid }),
                Stage::Seen => return Work::Ask(set_seen(&message.entry)),
                Stage::Gather(gathering, _) => match gathering.request() {
                    Some(request) => return Work::Ask(request),
                    None => self.end_gathering(message),
                },
                Stage::Decode(decoding) => match decoding.request(message.entry.uid) {
                    Some(request) => return Work::Ask(request),
                    None if decoding.pass() == Pass::Count => {
                        self.end_counting(connection, message)
                    }
                    None if !decoding.is_whole() => return Work::Broken,
                    None => {
                        message.next += 1;
                        message.stage = Stage::Items;
                    }
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
    fn give_up(&mut self, message: &mut Message, trouble: Trouble) -> Option<Work> {
        match (&message.stage, &trouble) {
            // Content can be read even where nothing can be marked.
            (Stage::Seen, Trouble::Store(failure)) if *failure != Failure::NoMessage => {}
            (Stage::Octets { is_announced: true, .. }, _) => return Some(Work::Broken),
            (Stage::Decode(decoding), _) if decoding.pass() == Pass::Write => {
                return Some(Work::Broken);
            }
            _ => {
                self.trouble.get_or_insert(trouble);
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
    ) -> Result<(), Trouble> {
        match (&mut message.stage, answer) {
            (Stage::Summary, Answer::Summary) => {
                let summary = self.take_summary(&connection.octets);
                connection.octets.clear();
                message.summary = Some(summary?);
                let marks = self.sets_seen && !message.entry.flags.contains(Flags::SEEN);
                message.stage = if marks { Stage::Seen } else { Stage::Items };
            }
            (Stage::Seen, Answer::Stored { snapshot, .. }) => {
                let enabled = connection.enabled;
                let selected = connection.selected().ok_or(Failure::NoMessage)?;
                message.mark_seen(selected, snapshot)?;
                message.entry.flags = enabled.shown(message.entry.flags);
                message.tells_modseq = enabled.condstore;
                message.stage = Stage::Items;
            }
            (Stage::Gather(gathering, _), Answer::Read { .. }) => {
                gathering.take(&connection.octets);
                connection.octets.clear();
            }
            (Stage::Octets { .. }, Answer::Read { end }) => {
                self.write_octets(connection, message, end)?;
            }
            (Stage::Decode(decoding), Answer::Read { .. }) => {
                let pass = decoding.pass();
                let octets = decoding.take(&connection.octets);
                if pass == Pass::Write {
                    connection.out.push(octets);
                }
                connection.octets.clear();
            }
            _ => return Err(Failure::Io("an answer that does not fit".into()).into()),
        }
        Ok(())
    }

    /// Takes of a summary what is needed.
    fn take_summary(&mut self, record: &[u8]) -> Result<Summary, Trouble> {
        let broken = || Failure::Io("a summary that is none".into());
        let summary = SummaryRef::parse(record).ok_or_else(broken)?;
        let asks_preview = self.items.iter().any(|it| matches!(it, FetchItem::Preview { .. }));
        let structure = match self.needs {
            Needs::Structure => Some(summary.structure().ok_or_else(broken)?),
            _ => None,
        };
        if let Some(structure) = &structure
            && self.items.iter().any(|item| is_undecodable(item, structure))
        {
            return Err(Trouble::UnknownCte);
        }
        if self.items.contains(&FetchItem::Envelope) {
            EnvelopeRef::parse(summary.envelope_record()).ok_or_else(broken)?;
        }
        self.envelope.clear();
        self.envelope.extend_from_slice(summary.envelope_record());
        Ok(Summary {
            content_id: summary.content_id,
            thread_id: summary.thread_id,
            preview: if asks_preview { summary.preview.into() } else { String::new() },
            structure,
        })
    }
}

impl Message {
    fn structure(&self) -> Option<&Structure> {
        self.summary.as_ref()?.structure.as_ref()
    }

    fn mark_seen(&mut self, selected: &mut Selected, snapshot: Snapshot) -> Result<(), Failure> {
        if snapshot.messages.get(self.entry.uid).is_none() {
            return Err(Failure::NoMessage);
        }
        // This response tells them, so that no other has to.
        let uids = core::iter::once(self.entry.uid).collect();
        selected.view.apply_silently(snapshot, &uids, FlagAction::Add, Flags::SEEN);
        selected.view.settle_modseq(self.entry.uid);
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
