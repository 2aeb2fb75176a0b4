//! SEARCH (RFC 3501 §6.4.4): flags, dates and sizes from the view, headers and texts from the store.
//!
//! Each message is judged by what is known of it; where that does not suffice, what is needed next
//! is asked, and the message is judged again. So nothing is read that does not matter, and the
//! cheap conditions come first.

mod key;

use super::connection::{Connection, confused, failed};
use super::gather::{Gathering, read};
use super::task::{Step, Told};
use super::{no, not_understood, ok};
use crate::encoding::search::Needle;
use crate::imap::{Charset, Code, Condition, Numbering, Search, Status};
use crate::message::structure::Structure;
use crate::message::text;
use crate::store::{Answer, Failure, Request, Uid};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::ops::Range;
use key::{Facts, Key, Need, Text};

/// The charsets that search texts may be in.
const CHARSETS: &[&str] = &["US-ASCII", "UTF-8"];

/// SEARCH under way.
#[derive(Debug)]
pub(super) struct Searching {
    numbering: Numbering,
    key: Key,
    texts: Vec<Text>,
    /// The sequence number of the message that is judged.
    sequence: u32,
    facts: Facts,
    stage: Stage,
    found: Vec<u32>,
}

#[derive(Debug)]
enum Stage {
    Judge,
    /// The header is read.
    Gather(Gathering),
    /// The structure is asked, to look for this text.
    Structure(usize),
    /// The text is looked for.
    Look(usize, text::Search<Arc<Structure>, Arc<Needle>>),
    /// What was found is told.
    Tell(vec::IntoIter<u32>),
}

impl Searching {
    pub(super) fn new(connection: &mut Connection, search: Search) -> Result<Self, Status> {
        let Search { numbering, returns: None, charset, key } = search else {
            return Err(not_understood());
        };
        if let Charset::Unsupported(_) = charset {
            let refusal = Status::new(Condition::No, "This charset is not supported");
            return Err(refusal.with_code(Code::BadCharset(CHARSETS)));
        }
        let limit = connection.limits().imap_search_texts;
        let mut texts = Vec::new();
        let key = Key::new(connection, key, &mut texts)?;
        if texts.len() > limit {
            return Err(no("There are too many texts to look for").with_code(Code::Limit));
        }
        Ok(Self {
            numbering,
            key,
            facts: Facts::new(texts.len()),
            texts,
            sequence: 1,
            stage: Stage::Judge,
            found: Vec::new(),
        })
    }

    pub(super) fn step(&mut self, connection: &mut Connection, told: Told) -> Step {
        if let Told::Answer(answer) = told
            && let Err(failure) = self.handle_answer(connection, answer)
        {
            if failure != Failure::NoMessage {
                return Step::Done(failed(&failure));
            }
            // What is gone is not found.
            self.go_on();
        }
        loop {
            match &mut self.stage {
                Stage::Judge => {
                    if let Some(done) = self.judge(connection) {
                        return done;
                    }
                }
                Stage::Gather(gathering) => match gathering.request() {
                    Some(request) => return Step::Ask(request),
                    None => self.end_gathering(),
                },
                Stage::Structure(_) => return self.ask_structure(connection),
                Stage::Look(text, search) => match search.wanted() {
                    Some(wanted) => return self.ask_octets(connection, &wanted),
                    None => {
                        self.facts.texts[*text] = Some(search.is_found());
                        self.stage = Stage::Judge;
                    }
                },
                Stage::Tell(_) => return self.tell(connection),
            }
        }
    }

    /// Goes on with the next message.
    fn go_on(&mut self) {
        self.sequence += 1;
        self.facts.clear();
        self.stage = Stage::Judge;
    }

    /// Judges messages until something must be asked.
    fn judge(&mut self, connection: &mut Connection) -> Option<Step> {
        let config = connection.config.clone();
        let Some(selected) = connection.selected() else {
            return Some(Step::Done(confused()));
        };
        while let Some(entry) = selected.view.get(self.sequence) {
            match self.key.judge(self.sequence, &entry, &self.facts) {
                Ok(is_met) => {
                    if is_met {
                        self.found.push(match self.numbering {
                            Numbering::Sequence => self.sequence,
                            Numbering::Uid => entry.uid.get(),
                        });
                    }
                    self.go_on();
                }
                Err(Need::Header) => {
                    let gathering =
                        Gathering::new(entry.uid, 0..u64::from(entry.size), &config.limits);
                    self.stage = Stage::Gather(gathering);
                    return None;
                }
                Err(Need::Text(text)) => {
                    self.stage = Stage::Structure(text);
                    return None;
                }
            }
        }
        connection.out.push(b"* SEARCH");
        self.stage = Stage::Tell(core::mem::take(&mut self.found).into_iter());
        None
    }

    fn handle_answer(
        &mut self,
        connection: &mut Connection,
        answer: Answer,
    ) -> Result<(), Failure> {
        let octets = core::mem::take(&mut connection.octets);
        match (&mut self.stage, answer) {
            (_, Answer::Failed(failure)) => return Err(failure),
            (Stage::Gather(gathering), Answer::Read { .. }) => gathering.take(&octets),
            (Stage::Structure(text), Answer::Structure(structure)) => {
                let Text { scope, needle } = &self.texts[*text];
                let limits = connection.limits();
                let search = text::Search::new(structure, needle.clone(), *scope, limits);
                self.stage = Stage::Look(*text, search);
            }
            // The message ends sooner than was told.
            (Stage::Look(..), Answer::Read { .. }) if octets.is_empty() => {
                return Err(Failure::NoMessage);
            }
            (Stage::Look(_, search), Answer::Read { .. }) => search.push(&octets),
            _ => return Err(Failure::Io("an answer that does not fit".into())),
        }
        Ok(())
    }

    fn end_gathering(&mut self) {
        if let Stage::Gather(gathering) = core::mem::replace(&mut self.stage, Stage::Judge) {
            self.facts.header = Some(gathering.finish().octets);
        }
    }

    fn ask_structure(&self, connection: &mut Connection) -> Step {
        self.uid(connection)
            .map_or_else(|| Step::Done(confused()), |uid| Step::Ask(Request::Structure { uid }))
    }

    fn ask_octets(&self, connection: &mut Connection, wanted: &Range<u64>) -> Step {
        let uid = self.uid(connection);
        uid.map_or_else(|| Step::Done(confused()), |uid| Step::Ask(read(uid, wanted)))
    }

    fn uid(&self, connection: &mut Connection) -> Option<Uid> {
        Some(connection.selected()?.view.get(self.sequence)?.uid)
    }

    fn tell(&mut self, connection: &mut Connection) -> Step {
        let Stage::Tell(found) = &mut self.stage else {
            return Step::Done(confused());
        };
        while !connection.out.is_high() {
            let Some(number) = found.next() else {
                connection.out.push(b"\r\n");
                return Step::Done(ok("SEARCH completed"));
            };
            // Writing to memory does not fail.
            let _ = write!(connection.out, " {number}");
        }
        Step::Room
    }
}
