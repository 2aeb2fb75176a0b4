//! The clerk: notes for the queue what nobody carried, and tells senders what became of their mail.

mod draft;
mod notice;
#[cfg(test)]
mod tests;

use super::doors::{SLICE, worker_machine_doors, worker_session_doors};
use super::{Effect, Input, Report, Site};
use crate::address::{Mailbox, ReversePath};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Tickets};
use crate::queue::{self, Action, Entry, Id, Left, Note, Order, Paper, Record, Summary, spool};
use crate::store::Failure;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use draft::Draft;

/// Does the queue's paperwork, one paper after the other: notes what is ordered, tells the sender
/// what is to be told, takes a message that is settled out of the spool, and answers each paper once.
///
/// | stage | awaits | then |
/// |---|---|---|
/// | `Idle` | a paper | `Repeating` if a note is to be made once more, else `Loading`, or `Discarding` if the message is to be taken out unseen |
/// | `Repeating` | the note, or the removal, to be safe after all | `Loading` or `Discarding`, as from `Idle` |
/// | `Loading` | the message's envelope and what was noted of it | `Noting`, or as after it if nothing is to be noted |
/// | `Noting` | the order to be safe in the spool | `Opening` if the sender is to be told of something, else `Removing` or `Idle` |
/// | `Opening` | the start of the message | `Beginning`; a report is not reported on: `Marking` or `Removing` |
/// | `Beginning`, `Writing`, `Reading` | the report to be written, with what it returns of the message | `Committing` |
/// | `Committing` | the report to be safe in the spool | `Marking`, or `Removing` if nothing more is to be tried |
/// | `Abandoning` | the part of a report that failed to be forgotten | `Idle` |
/// | `Marking` | that it was made to be safe, too | `Removing` if the message is settled, else `Idle` |
/// | `Removing`, `Discarding` | the message to be gone | `Idle` |
/// | `Over` | nothing: it has taken leave | |
///
/// # Told once
/// A report is a message of its own. First it is committed, then that is noted of the message it is
/// about, or that message removed, and only then does the queue learn of the report. What is cut off
/// or fails in between begins anew. Since the report's id follows from what it tells, the one that is
/// in the spool already is not written again then.
///
/// Where the note fails, it may be there without being safe. The queue learns of the report
/// nevertheless, for a carrier who reads the note may take the message out, and then nobody would ask
/// again. Before the clerk does anything else for that message the note is made once more.
///
/// A sender is told twice only if the host dies before the note is made, and
/// - the queue, which finds the report in the spool when it begins anew, has delivered it by the time
///   that the clerk comes to the message; or
/// - there is more to be told by then: it is told together with what the first report says, which
///   goes out as well.
///
/// The other order would lose reports instead.
///
/// It has no peer: it wants nothing of its connection until it is over, and then to be closed.
pub struct Clerk {
    site: Arc<Site>,
    entropy: Entropy,
    papers: VecDeque<Paper>,
    /// Notes and removals that failed behind a report, by message. Each paper has one of them made
    /// once more, so that there are never more than messages in the queue.
    undone: BTreeMap<Id, spool::Request>,
    stage: Stage,
    ending: bool,
    octets: Vec<u8>,
    tickets: Tickets,
    effects: VecDeque<Effect>,
    now: Instant,
}

/// What is awaited.
enum Stage {
    Idle,
    /// What failed for the message of this id; then the paper is begun.
    Repeating(Paper, Id, spool::Request),
    Loading(Paper),
    Noting {
        entry: Box<Entry>,
        record: Record,
    },
    /// The start of the message, of whose recipients at these places the sender is to be told.
    Opening {
        entry: Box<Entry>,
        due: Vec<usize>,
        to: Mailbox,
    },
    Beginning(Box<Draft>),
    Writing(Box<Draft>),
    Reading(Box<Draft>),
    /// What was written is to be forgotten.
    Abandoning(Id, Left),
    Committing(Box<Draft>),
    /// That the sender was told, or will not be; then the queue is told of the report.
    Marking {
        entry: Box<Entry>,
        records: Vec<Record>,
        told: Option<Told>,
    },
    /// The message is settled.
    Removing {
        entry: Box<Entry>,
        told: Option<Told>,
    },
    /// As an administrator ordered.
    Discarding(Id),
    Over,
}

/// A report that is in the spool, but not known to the queue.
struct Told {
    summary: Box<Summary>,
    report: Report,
}

impl Clerk {
    /// The clerk of `site`.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, entropy: Entropy) -> Self {
        Self {
            site,
            entropy,
            papers: VecDeque::new(),
            undone: BTreeMap::new(),
            stage: Stage::Idle,
            ending: false,
            octets: Vec::new(),
            tickets: Tickets::default(),
            effects: VecDeque::new(),
            now,
        }
    }

    fn ask(&mut self, stage: Stage, request: spool::Request) {
        self.stage = stage;
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Spool { ticket, request });
    }

    fn report(&mut self, report: Report) {
        self.effects.push_back(Effect::Report(report));
    }

    /// Answers the paper.
    fn answer(&mut self, id: Id, left: Left) {
        self.octets = Vec::new();
        self.stage = Stage::Idle;
        self.effects.push_back(Effect::Queue(queue::Input::Filed { id, left }));
    }

    /// Takes the next paper, or takes leave.
    fn set_out(&mut self) {
        if !matches!(self.stage, Stage::Idle) {
            return;
        }
        if self.ending {
            self.stage = Stage::Over;
            return;
        }
        let Some(paper) = self.papers.pop_front() else { return };
        let own = self.undone.remove_entry(&paper.id);
        match own.or_else(|| self.undone.pop_first()) {
            Some((id, request)) => {
                self.ask(Stage::Repeating(paper, id, request.clone()), request);
            }
            None => self.begin_paper(paper),
        }
    }

    fn begin_paper(&mut self, paper: Paper) {
        let id = paper.id;
        match paper.order {
            Order::Remove => self.ask(Stage::Discarding(id), spool::Request::Remove(id)),
            _ => self.ask(Stage::Loading(paper), spool::Request::Load(id)),
        }
    }

    fn handle_spool(&mut self, answer: spool::Answer) {
        use spool::Answer::{Done, Failed, Loaded, Read};
        match (core::mem::replace(&mut self.stage, Stage::Idle), answer) {
            (Stage::Repeating(paper, ..), Done) => self.begin_paper(paper),
            (Stage::Loading(paper), Loaded(entry)) => self.note(entry, paper.order),
            (Stage::Noting { mut entry, record }, Done) => {
                self.report_note(&entry, &record.note);
                entry.apply(record);
                self.tell(entry);
            }
            (Stage::Opening { entry, due, to }, Read { end }) => self.begin(entry, due, &to, end),
            (Stage::Reading(draft), Read { end }) => self.write(draft, end),
            (Stage::Beginning(draft), Done) => {
                self.ask(Stage::Writing(draft), spool::Request::Write)
            }
            (Stage::Writing(draft), Done) => self.go_on(draft),
            (Stage::Abandoning(id, left), _) => self.answer(id, left),
            (Stage::Committing(draft), Done) => {
                let (entry, recipients, told) = draft.end(&self.site);
                self.mark(entry, recipients, Some(told));
            }
            (Stage::Marking { mut entry, records, told }, Done) => {
                records.into_iter().for_each(|record| entry.apply(record));
                self.hand_over(told);
                self.finish(entry);
            }
            (Stage::Removing { entry, told }, Done) => self.removed(&entry, told),
            (Stage::Discarding(id), Done) => {
                self.report(Report::new("removed").with("id", id));
                self.answer(id, Left::Gone);
            }
            (stage, Failed(failure)) => self.handle_failure(stage, &failure),
            (stage, _) => self.stage = stage,
        }
    }

    /// What was asked last failed.
    fn handle_failure(&mut self, stage: Stage, failure: &Failure) {
        let is_gone = *failure == Failure::NoMessage;
        match stage {
            Stage::Repeating(paper, ..) if is_gone => self.begin_paper(paper),
            Stage::Loading(Paper { id, .. }) if is_gone => self.answer(id, Left::Gone),
            Stage::Noting { entry, .. } | Stage::Opening { entry, .. } if is_gone => {
                self.answer(entry.envelope.id, Left::Gone);
            }
            Stage::Marking { entry, told, .. } if is_gone => {
                self.hand_over(told);
                self.answer(entry.envelope.id, Left::Gone);
            }
            Stage::Loading(Paper { id, .. }) | Stage::Discarding(id) => {
                self.fail(id, failure);
                self.answer(id, Left::Unknown);
            }
            Stage::Repeating(paper, id, request) => {
                self.fail(id, failure);
                self.undone.insert(id, request);
                if paper.id == id {
                    self.answer(id, Left::Unknown);
                } else {
                    self.begin_paper(paper);
                }
            }
            Stage::Noting { entry, .. } | Stage::Opening { entry, .. } => {
                self.put_off(&entry, failure)
            }
            Stage::Marking { entry, records, told } => {
                let request = spool::Request::Record { id: entry.envelope.id, records };
                self.put_off_told(&entry, request, told, failure);
            }
            Stage::Removing { entry, told } => {
                let request = spool::Request::Remove(entry.envelope.id);
                self.put_off_told(&entry, request, told, failure);
            }
            Stage::Reading(draft) if is_gone => self.abandon(&draft, Left::Gone),
            Stage::Reading(draft)
            | Stage::Beginning(draft)
            | Stage::Writing(draft)
            | Stage::Committing(draft) => {
                self.fail(draft.entry.envelope.id, failure);
                let left = self.left_undone(&draft.entry);
                self.abandon(&draft, left);
            }
            stage @ (Stage::Idle | Stage::Abandoning(..) | Stage::Over) => self.stage = stage,
        }
    }

    /// Leaves the message for the queue to come back to.
    fn put_off(&mut self, entry: &Entry, failure: &Failure) {
        self.fail(entry.envelope.id, failure);
        let left = self.left_undone(entry);
        self.answer(entry.envelope.id, left);
    }

    /// The same when a report was in the spool, and `request` failed.
    fn put_off_told(
        &mut self,
        entry: &Entry,
        request: spool::Request,
        told: Option<Told>,
        failure: &Failure,
    ) {
        if told.is_some() {
            self.undone.insert(entry.envelope.id, request);
            self.hand_over(told);
        }
        self.put_off(entry, failure);
    }

    fn fail(&mut self, id: Id, failure: &Failure) {
        self.report(Report::new("spool-failed").with("id", id).with("reason", failure));
    }

    fn abandon(&mut self, draft: &Draft, left: Left) {
        let id = draft.entry.envelope.id;
        self.ask(Stage::Abandoning(id, left), spool::Request::Abandon);
    }

    /// What the queue is told when the sender could not be. It comes again after a while: at the next
    /// attempt, or for the report alone if no attempt is to come.
    fn left_undone(&self, entry: &Entry) -> Left {
        if entry.is_settled() { self.left(entry) } else { Left::Unknown }
    }

    fn left(&self, entry: &Entry) -> Left {
        Left::Still(Box::new(entry.summary(|path| self.site.destination(path))))
    }

    /// Has the order noted.
    fn note(&mut self, entry: Box<Entry>, order: Order) {
        let note = match order {
            Order::Settle(destination, outcome) => {
                let route = |path: &_| self.site.destination(path);
                let there = |place: &usize| entry.destination(*place, route) == destination;
                let recipients: Vec<usize> = entry.pending().filter(there).collect();
                if recipients.is_empty() {
                    return self.tell(entry);
                }
                Note::Outcome { recipients, outcome }
            }
            Order::Note(note) => note,
            Order::Review | Order::Remove => return self.tell(entry),
        };
        let record = Record { at: self.now, note };
        let request =
            spool::Request::Record { id: entry.envelope.id, records: vec![record.clone()] };
        self.ask(Stage::Noting { entry, record }, request);
    }

    /// What came of recipients, for the log.
    fn report_note(&mut self, entry: &Entry, note: &Note) {
        let Note::Outcome { recipients, outcome } = note else { return };
        for place in recipients {
            let destination = entry.destination(*place, |path| self.site.destination(path));
            let to = &entry.envelope.recipients[*place].forward_path;
            let report = Report::new(outcome.action.name()).with("id", entry.envelope.id);
            let report = report.with("to", to).with("destination", destination);
            self.report(report.with("status", outcome.status).with("reply", &outcome.text));
        }
    }

    /// Tells the sender what is to be told; of a message that more papers are about, all at once.
    fn tell(&mut self, entry: Box<Entry>) {
        let id = entry.envelope.id;
        if self.papers.iter().any(|paper| paper.id == id) {
            return self.answer(id, self.left(&entry));
        }
        let due = entry.due_reports(self.now, self.site.config.queue.warn_after.0);
        match entry.envelope.reverse_path.mailbox().cloned() {
            Some(to) if !due.is_empty() => {
                let id = entry.envelope.id;
                let request = spool::Request::Read { id, offset: 0, length: SLICE };
                self.ask(Stage::Opening { entry, due, to }, request);
            }
            _ => self.finish(entry),
        }
    }

    /// Begins the report, given the start of the message.
    fn begin(&mut self, entry: Box<Entry>, due: Vec<usize>, to: &Mailbox, end: bool) {
        let mut octets = core::mem::take(&mut self.octets);
        if notice::is_report(&octets, &self.site.config.limits) {
            // RFC 3464 §2: no report is made of what becomes of a report, whoever it is from.
            self.report_dropped(&entry, &due);
            return self.mark(entry, due, None);
        }
        let draft = Box::new(Draft::new(self, entry, due, to, &mut octets, end));
        self.octets = octets;
        let envelope = draft.envelope();
        self.ask(Stage::Beginning(draft), spool::Request::Begin(envelope));
    }

    fn write(&mut self, mut draft: Box<Draft>, end: bool) {
        draft.take(&mut self.octets, end, &self.site.config.limits);
        self.ask(Stage::Writing(draft), spool::Request::Write);
    }

    fn go_on(&mut self, draft: Box<Draft>) {
        if draft.is_whole() {
            self.ask(Stage::Committing(draft), spool::Request::Commit);
        } else {
            self.octets.clear();
            let request = draft.next(&self.site.config.limits);
            self.ask(Stage::Reading(draft), request);
        }
    }

    /// Nothing more is to be told of these recipients: that is noted, unless the message is done with.
    fn mark(&mut self, entry: Box<Entry>, recipients: Vec<usize>, told: Option<Told>) {
        let id = entry.envelope.id;
        if entry.is_settled() {
            return self.ask(Stage::Removing { entry, told }, spool::Request::Remove(id));
        }
        let records = entry.told(self.now, recipients);
        let request = spool::Request::Record { id, records: records.clone() };
        self.ask(Stage::Marking { entry, records, told }, request);
    }

    /// Hands a report over to the queue, if there is one.
    fn hand_over(&mut self, told: Option<Told>) {
        if let Some(Told { summary, report }) = told {
            self.report(report);
            self.effects.push_back(Effect::Queue(queue::Input::Queued(summary)));
        }
    }

    /// Says in the log of which recipients nobody is told that they failed.
    fn report_dropped(&mut self, entry: &Entry, places: &[usize]) {
        for place in places {
            let (state, recipient) = (&entry.states[*place], &entry.envelope.recipients[*place]);
            if let Some((_, outcome)) = &state.last
                && outcome.action == Action::Failed
            {
                let report = Report::new("dropped").with("id", entry.envelope.id);
                let report = report.with("to", &recipient.forward_path);
                self.report(report.with("status", outcome.status).with("reply", &outcome.text));
            }
        }
    }

    /// Takes the message out of the spool if it is settled.
    fn finish(&mut self, entry: Box<Entry>) {
        let id = entry.envelope.id;
        if entry.is_settled() {
            self.ask(Stage::Removing { entry, told: None }, spool::Request::Remove(id));
        } else {
            let left = self.left(&entry);
            self.answer(id, left);
        }
    }

    fn removed(&mut self, entry: &Entry, told: Option<Told>) {
        let id = entry.envelope.id;
        self.hand_over(told);
        // RFC 5321 §6.1: of mail from the null reverse-path nobody is told.
        if entry.envelope.reverse_path == ReversePath::Null {
            let places: Vec<usize> = (0..entry.states.len()).collect();
            self.report_dropped(entry, &places);
        }
        self.report(Report::new("settled").with("id", id));
        self.answer(id, Left::Gone);
    }
}

impl Machine for Clerk {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            // No more than one for each of a message's destinations, and an administrator's.
            Input::Paper(paper) => self.papers.push_back(paper),
            Input::Site(site) => self.site = site,
            Input::Spool { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_spool(answer);
            }
            _ => {}
        }
    }

    worker_machine_doors!();

    fn poll(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            self.set_out();
        }
        self.effects.pop_front()
    }
}

impl Session for Clerk {
    worker_session_doors!();
}
