//! SEARCH, SORT and THREAD (RFC 9051 §6.4.4, RFC 5256 §3): flags, dates and sizes from the view, the
//! usual header fields from summaries, other fields and texts from the messages.
//!
//! Each message is judged by what is known of it; where that does not suffice, what is needed next
//! is asked, and the message is judged again. So nothing is read that does not matter, and the
//! cheap conditions come first. What was found becomes a list, an order or threads ([`harvest`]) and is
//! told as there is room ([`tell`]).

mod facts;
mod field;
mod harvest;
mod key;
mod tell;

use super::connection::{Connection, confused, failed};
use super::progress::Progress;
use super::task::{Step, Told, turn};
use super::{bad, no, ok};
use crate::imap::view::View;
use crate::imap::{
    Charset, Code, Condition, Numbering, Search, SearchKey, SearchReturn, Sort, Status, Thread,
};
use crate::store::{Answer, Entry, Failure, UidSet};
use alloc::vec::Vec;
use facts::{Facts, Learning, Need, Text};
use harvest::{Harvest, Reaping};
use key::Key;
use tell::{Form, Telling, Terms};

/// The charsets that search texts may be in.
const CHARSETS: &[&str] = &["US-ASCII", "UTF-8"];

/// SEARCH, SORT or THREAD under way.
#[derive(Debug)]
pub(super) struct Searching {
    terms: Terms,
    key: Key,
    texts: Vec<Text>,
    /// How many messages are judged at a stretch.
    turn: usize,
    /// The sequence number of the message that is judged.
    sequence: u32,
    facts: Facts,
    harvest: Harvest,
    progress: Progress,
    stage: Stage,
    /// What is said at the end.
    completed: &'static str,
}

#[derive(Debug)]
enum Stage {
    Judge,
    /// Something about the message is found out.
    Learn(Learning),
    /// What was found is put in order.
    Reap(Reaping),
    Tell(Telling),
}

/// Why judging stops.
#[derive(Debug)]
enum Halt {
    /// Others have their turn.
    Turn,
    /// This must be found out about this message.
    Need(Need, Entry),
}

impl Searching {
    /// RFC 9051 §6.4.4.
    pub(super) fn search(connection: &mut Connection, search: Search) -> Result<Self, Status> {
        let Search { numbering, returns, charset, key } = search;
        if connection.enabled.utf8 && charset != Charset::Unnamed {
            return Err(
                bad("With UTF-8 enabled, SEARCH takes no charset").with_code(Code::ClientBug)
            );
        }
        let everything = SearchReturn { all: true, ..SearchReturn::default() };
        let form = match returns {
            Some(returns) => Form::Esearch(returns),
            None if connection.enabled.rev2 => Form::Esearch(everything),
            None => Form::Search,
        };
        Self::new(connection, numbering, form, &charset, key, Harvest::list())
    }

    /// RFC 5256 §3, RFC 5267 §3.
    pub(super) fn sort(connection: &mut Connection, sort: Sort) -> Result<Self, Status> {
        let Sort { numbering, returns, criteria, charset, key } = sort;
        let form = returns.map_or(Form::Sort, Form::Esearch);
        Self::new(connection, numbering, form, &charset, key, Harvest::sorted(criteria))
    }

    /// RFC 5256 §3.
    pub(super) fn thread(connection: &mut Connection, thread: Thread) -> Result<Self, Status> {
        let Thread { numbering, algorithm, charset, key } = thread;
        let harvest = Harvest::threaded(algorithm);
        Self::new(connection, numbering, Form::Thread, &charset, key, harvest)
    }

    fn new(
        connection: &mut Connection,
        numbering: Numbering,
        form: Form,
        charset: &Charset,
        key: SearchKey,
        harvest: Harvest,
    ) -> Result<Self, Status> {
        let mut texts = Vec::new();
        let key = prepare(connection, charset, key, &mut texts);
        if let (Form::Esearch(SearchReturn { save: true, .. }), Some(selected)) =
            (form, connection.selected())
        {
            // RFC 5182 §2.1: unless it ends well, `$` is empty.
            selected.saved = UidSet::default();
        }
        let key = key?;
        Ok(Self {
            terms: Terms { numbering, form, mod_seq: key.asks_mod_seq() },
            turn: (connection.limits().imap_search_turn / key.count()).max(1),
            key,
            texts,
            sequence: 1,
            facts: Facts::new(),
            completed: match harvest {
                Harvest::List(_) => "SEARCH completed",
                Harvest::Sort { .. } => "SORT completed",
                Harvest::Thread(..) => "THREAD completed",
            },
            harvest,
            progress: Progress::new(connection.now),
            stage: Stage::Judge,
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
                    if let Some(step) = self.judge(connection) {
                        return step;
                    }
                }
                Stage::Learn(learning) => match learning.request() {
                    Some(request) => return Step::Ask(request),
                    None => self.end_learning(),
                },
                Stage::Reap(reaping) => {
                    let Some(reaped) = reaping.go_on(connection.limits()) else {
                        return turn(connection);
                    };
                    match self.terms.tell(connection, reaped) {
                        Some(telling) => self.stage = Stage::Tell(telling),
                        None => return self.done(),
                    }
                }
                Stage::Tell(telling) => {
                    let is_over = telling.go_on(connection);
                    return if is_over { self.done() } else { Step::Room };
                }
            }
        }
    }

    /// Goes on with the next message.
    fn go_on(&mut self) {
        self.sequence += 1;
        self.facts.clear();
        self.stage = Stage::Judge;
    }

    /// Judges messages until something must be asked, or others have their turn.
    fn judge(&mut self, connection: &mut Connection) -> Option<Step> {
        let Some(selected) = connection.selected() else {
            return Some(Step::Done(confused()));
        };
        let exists = selected.view.exists();
        let halt = self.judge_on(&selected.view);
        if halt.is_some() {
            self.progress.tell(connection, self.sequence - 1, exists);
        }
        match halt {
            Some(Halt::Turn) => return Some(turn(connection)),
            Some(Halt::Need(need, entry)) => {
                self.stage = Stage::Learn(Learning::new(need, &entry, connection.limits()));
                return None;
            }
            None => {}
        }
        let harvest = core::mem::replace(&mut self.harvest, Harvest::list());
        self.stage = Stage::Reap(harvest.reap());
        None
    }

    /// Judges messages; `None` once no more need be.
    fn judge_on(&mut self, view: &View) -> Option<Halt> {
        let mut left = self.turn;
        for entry in view.entries_from(self.sequence) {
            if left == 0 {
                return Some(Halt::Turn);
            }
            left -= 1;
            match self.look_at(&entry) {
                Ok(true) if self.terms.wants_one() => return None,
                Ok(_) => self.go_on(),
                Err(need) => return Some(Halt::Need(need, entry)),
            }
        }
        None
    }

    /// Judges a message, and keeps it if it is found.
    fn look_at(&mut self, entry: &Entry) -> Result<bool, Need> {
        if !self.key.judge(self.sequence, entry, &self.facts)? {
            return Ok(false);
        }
        let id = match self.terms.numbering {
            Numbering::Sequence => self.sequence,
            Numbering::Uid => entry.uid.get(),
        };
        let needs_summary = self.harvest.needs_summary();
        let summary = if needs_summary { Some(self.facts.summary()?) } else { None };
        self.harvest.take(id, entry, summary.as_ref());
        Ok(true)
    }

    fn handle_answer(
        &mut self,
        connection: &mut Connection,
        answer: Answer,
    ) -> Result<(), Failure> {
        let octets = core::mem::take(&mut connection.octets);
        match &mut self.stage {
            Stage::Learn(learning) => {
                learning.take(answer, octets, &self.texts, connection.limits())
            }
            Stage::Judge | Stage::Reap(_) | Stage::Tell(_) => Ok(()),
        }
    }

    fn end_learning(&mut self) {
        if let Stage::Learn(learning) = core::mem::replace(&mut self.stage, Stage::Judge) {
            learning.finish(&mut self.facts, &self.texts);
        }
    }

    fn done(&self) -> Step {
        Step::Done(ok(self.completed))
    }
}

/// Prepares a search key, or refuses.
fn prepare(
    connection: &mut Connection,
    charset: &Charset,
    key: SearchKey,
    texts: &mut Vec<Text>,
) -> Result<Key, Status> {
    if let Charset::Unsupported(_) = charset {
        let refusal = Status::new(Condition::No, "This charset is not supported");
        return Err(refusal.with_code(Code::BadCharset(CHARSETS)));
    }
    let key = Key::new(connection, key, texts)?;
    if texts.len() > connection.limits().imap_search_texts {
        return Err(no("There are too many texts to look for").with_code(Code::Limit));
    }
    Ok(key)
}
