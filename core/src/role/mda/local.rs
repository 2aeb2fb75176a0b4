//! A worker of the queue that files mail from the spool into the mailboxes here.

use crate::machine::{Instant, Machine, Session, Tickets};
use crate::message::trace;
use crate::queue::{self, Action, Carried, Carrier, Carry, Destination, End, Entry, Id, Outcome};
use crate::queue::{Envelope, spool};
use crate::role::directory::Route;
use crate::role::doors::{SLICE, worker_machine_doors, worker_session_doors};
use crate::role::intake::{failure, inboxes};
use crate::role::{Effect, Input, Report, Site};
use crate::smtp::client::Recipient;
use crate::store::{self, Account, Atomicity, Failure, Target};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Files what the queue carries to [`Destination::Local`]: one message after the other, each from
/// the spool into the INBOX of every recipient who is pending there.
///
/// | stage | awaits | then |
/// |---|---|---|
/// | `Idle`, `Called` | a message, or its turn | `Loading` |
/// | `Loading` | its envelope and what was noted of it | `Beginning`, `Noting` if nobody can get it, or `Idle` if it is gone |
/// | `Beginning` | the store, ready to write | `Reading` |
/// | `Reading` | a slice from the spool | `Writing` |
/// | `Writing` | the slice to be written | `Reading`, or `Delivering` after the last one |
/// | `Delivering` | what came of it at each mailbox | `Noting` |
/// | `Abandoning` | what was written to be forgotten, after a failure | `Noting` |
/// | `Noting` | the outcomes to be safe in the spool | `Idle`, and the queue is told |
/// | `Over` | nothing: it has taken leave | |
///
/// A failure of store or spool on the way is a transient one of all recipients. The mailboxes know
/// the message by its queue id, so that it is filed once however often it is tried.
///
/// It has no peer: it wants nothing of its connection until it is over, and then to be closed.
pub struct Local {
    site: Arc<Site>,
    carrier: Carrier,
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
    /// The message is to be begun.
    Called(Id),
    Loading(Id),
    Beginning(Box<Letter>),
    Reading(Box<Letter>),
    Writing {
        letter: Box<Letter>,
        end: bool,
    },
    /// What was written is to be forgotten, because of this.
    Abandoning(Box<Letter>, Outcome),
    Delivering(Box<Letter>),
    Noting(Id, Carried),
    Over,
}

/// A message on its way into the mailboxes.
struct Letter {
    entry: Entry,
    /// Who gets it, by their place in the envelope.
    recipients: Vec<(usize, Vec<Account>)>,
    /// What came of those who do not.
    outcomes: Vec<(usize, Outcome)>,
    /// Octets that were read.
    offset: u64,
}

impl Letter {
    /// The recipients of `entry` who are pending here.
    fn new(entry: Entry, site: &Site) -> Self {
        let (mut recipients, mut outcomes) = (Vec::new(), Vec::new());
        for place in entry.pending() {
            let destination = entry.destination(place, |path| site.destination(path));
            if destination != Destination::Local {
                continue;
            }
            match site.directory.route(&entry.envelope.recipients[place].forward_path) {
                Route::Local(accounts) => recipients.push((place, accounts)),
                Route::Unknown | Route::Elsewhere => {
                    let outcome = Outcome::ours(Action::Failed, (5, 1, 1), "No such user here");
                    outcomes.push((place, outcome));
                }
            }
        }
        Self { entry, recipients, outcomes, offset: 0 }
    }

    fn targets(&self) -> Vec<Target> {
        inboxes(self.recipients.iter().flat_map(|(_, accounts)| accounts))
    }
}

impl Local {
    /// The worker `carrier`, with its first message.
    #[must_use]
    pub fn new(now: Instant, site: Arc<Site>, carrier: Carrier, first: Carry) -> Self {
        Self {
            site,
            carrier,
            stage: Stage::Called(first.id),
            ending: false,
            octets: Vec::new(),
            tickets: Tickets::default(),
            effects: VecDeque::new(),
            now,
        }
    }

    fn ask_spool(&mut self, request: spool::Request) {
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Spool { ticket, request });
    }

    fn ask_store(&mut self, request: store::Request) {
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Store { ticket, request });
    }

    fn report(&mut self, report: Report) {
        self.effects.push_back(Effect::Report(report));
    }

    fn report_failure(&mut self, event: &'static str, id: Id, failure: &Failure) {
        self.report(Report::new(event).with("id", id).with("reason", failure));
    }

    /// Begins with the message that was called for, or takes leave.
    fn set_out(&mut self) {
        match self.stage {
            Stage::Idle | Stage::Called(_) if self.ending => {
                self.stage = Stage::Over;
                let closed = queue::Input::Closed { carrier: self.carrier, end: End::Over };
                self.effects.push_back(Effect::Queue(closed));
            }
            Stage::Called(id) => {
                self.stage = Stage::Loading(id);
                self.ask_spool(spool::Request::Load(id));
            }
            _ => {}
        }
    }

    fn handle_spool(&mut self, answer: spool::Answer) {
        use spool::Answer::{Done, Failed, Loaded, Read};
        match (core::mem::replace(&mut self.stage, Stage::Idle), answer) {
            (Stage::Loading(_), Loaded(entry)) => self.open(Letter::new(*entry, &self.site)),
            (Stage::Noting(id, carried), Done) => self.tell(id, carried),
            (Stage::Loading(id) | Stage::Noting(id, _), Failed(Failure::NoMessage)) => {
                self.tell(id, Carried::Gone);
            }
            (Stage::Loading(id) | Stage::Noting(id, _), Failed(failure)) => {
                self.report_failure("spool-failed", id, &failure);
                self.tell(id, Carried::Unknown);
            }
            (Stage::Reading(letter), Read { end }) => {
                self.stage = Stage::Writing { letter, end };
                self.ask_store(store::Request::Write);
            }
            (Stage::Reading(letter), Failed(failure)) => {
                self.report_failure("spool-failed", letter.entry.envelope.id, &failure);
                let outcome = deferred("The message could not be read");
                self.abandon(letter, outcome);
            }
            (stage, _) => self.stage = stage,
        }
    }

    fn handle_store(&mut self, answer: store::Answer) {
        use store::Answer::{Delivered, Done, Failed};
        match (core::mem::replace(&mut self.stage, Stage::Idle), answer) {
            (Stage::Beginning(letter), Done) => {
                // RFC 5321 §4.4: the final delivery puts the reverse-path in front.
                self.octets = trace::return_path(&letter.entry.envelope.reverse_path).into();
                self.read(letter);
            }
            (Stage::Writing { letter, end: false }, Done) => {
                self.octets.clear();
                self.read(letter);
            }
            (Stage::Writing { letter, end: true }, Done) => {
                let id = letter.entry.envelope.id.to_string();
                let (targets, atomicity) = (letter.targets(), Atomicity::Each);
                self.stage = Stage::Delivering(letter);
                self.ask_store(store::Request::Deliver { id, targets, atomicity });
            }
            (Stage::Delivering(letter), Delivered(outcomes)) => self.delivered(letter, &outcomes),
            (Stage::Beginning(letter) | Stage::Delivering(letter), Failed(failure)) => {
                self.report_failure("store-failed", letter.entry.envelope.id, &failure);
                self.defer(letter, &deferred("The message could not be filed"));
            }
            (Stage::Writing { letter, .. }, Failed(failure)) => {
                self.report_failure("store-failed", letter.entry.envelope.id, &failure);
                self.abandon(letter, deferred("The message could not be filed"));
            }
            (Stage::Abandoning(letter, outcome), _) => self.defer(letter, &outcome),
            (stage, _) => self.stage = stage,
        }
    }

    fn open(&mut self, letter: Letter) {
        match letter.targets().into_iter().next() {
            Some(Target { account, mailbox }) => {
                self.stage = Stage::Beginning(Box::new(letter));
                self.ask_store(store::Request::Begin { account, mailbox });
            }
            None => self.conclude(letter),
        }
    }

    /// Reads the next slice, behind what is in `octets` already.
    fn read(&mut self, mut letter: Box<Letter>) {
        let (id, offset) = (letter.entry.envelope.id, letter.offset);
        letter.offset += SLICE as u64;
        self.stage = Stage::Reading(letter);
        self.ask_spool(spool::Request::Read { id, offset, length: SLICE });
    }

    fn abandon(&mut self, letter: Box<Letter>, outcome: Outcome) {
        self.stage = Stage::Abandoning(letter, outcome);
        self.ask_store(store::Request::Abandon);
    }

    /// The same came of all who were to get the message.
    fn defer(&mut self, mut letter: Box<Letter>, outcome: &Outcome) {
        let places = core::mem::take(&mut letter.recipients).into_iter();
        letter.outcomes.extend(places.map(|(place, _)| (place, outcome.clone())));
        self.conclude(*letter);
    }

    fn delivered(&mut self, mut letter: Box<Letter>, outcomes: &[Result<(), Failure>]) {
        let id = letter.entry.envelope.id;
        for failure in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            self.report_failure("store-failed", id, failure);
        }
        let targets = letter.targets();
        for (place, accounts) in core::mem::take(&mut letter.recipients) {
            let outcome = match failure(&targets, outcomes, &accounts) {
                None => Outcome::ours(Action::Delivered, (2, 0, 0), "Delivered to the mailbox"),
                Some(Failure::OverQuota) => {
                    Outcome::ours(Action::Deferred, (4, 2, 2), "The mailbox is full")
                }
                Some(Failure::Full) => {
                    Outcome::ours(Action::Deferred, (4, 3, 1), "The disk is full")
                }
                Some(_) => deferred("The message could not be filed"),
            };
            letter.outcomes.push((place, outcome));
        }
        self.conclude(*letter);
    }

    /// Has the outcomes noted.
    fn conclude(&mut self, letter: Letter) {
        let Letter { mut entry, mut outcomes, .. } = letter;
        outcomes.sort_by_key(|(place, _)| *place);
        for (place, outcome) in &outcomes {
            let size = entry.size;
            self.report(told(&entry.envelope, *place, outcome).with("size", size));
        }
        let id = entry.envelope.id;
        let warn_after = self.site.config.queue.warn_after.0;
        let (request, carried) = entry.settle(self.now, warn_after, queue::together(outcomes));
        self.octets = Vec::new();
        self.stage = Stage::Noting(id, carried);
        self.ask_spool(request);
    }

    fn tell(&mut self, id: Id, carried: Carried) {
        self.stage = Stage::Idle;
        let carried = queue::Input::Carried { carrier: self.carrier, id, carried };
        self.effects.push_back(Effect::Queue(carried));
    }
}

fn deferred(text: &str) -> Outcome {
    Outcome::ours(Action::Deferred, (4, 3, 0), text)
}

/// What came of a recipient, for the log.
fn told(envelope: &Envelope, place: usize, outcome: &Outcome) -> Report {
    let Recipient { forward_path, .. } = &envelope.recipients[place];
    let report = Report::new(outcome.action.name()).with("id", envelope.id);
    let report = report.with("from", &envelope.reverse_path).with("to", forward_path);
    let report = report.with("status", outcome.status);
    match outcome.action {
        Action::Delivered => report,
        _ => report.with("reply", &outcome.text),
    }
}

impl Machine for Local {
    type Input = Input;
    type Output = Effect;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Carry(carry) if matches!(self.stage, Stage::Idle) => {
                self.stage = Stage::Called(carry.id);
            }
            Input::Quit => self.ending = true,
            Input::Spool { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_spool(answer);
            }
            Input::Store { ticket, answer } if self.tickets.redeem(ticket) => {
                self.handle_store(answer);
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

impl Session for Local {
    worker_session_doors!();
}
