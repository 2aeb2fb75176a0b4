//! The queue in a world of its own: hosts that accept, defer, refuse, hang and come back, a DNS of a
//! few lines, and a clerk with a good memory.

mod faults;
mod memory;
mod orders;
mod schedule;
mod settle;

use super::*;
use crate::address::ForwardPath;
use crate::dns::{Answer, Kind, Name, Record as Rr};
use crate::entropy::Entropy;
use crate::machine::Machine;
use crate::smtp::client::Recipient;
use crate::smtp::{EnhancedCode, MailParameters, RcptParameters};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use core::time::Duration;

const START: Instant = Instant::from_seconds(1_800_000_000);
const MINUTE: Duration = Duration::from_secs(60);

/// How a host behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mood {
    /// Takes every message.
    Fine,
    /// Refuses connections.
    Down,
    /// Says 451 to every recipient.
    Greylists,
    /// Says 550.
    Refuses,
    /// Offers TLS that fails.
    BadTls,
    /// Accepts the connection and says nothing more.
    Hangs,
}

/// What surrounds a queue.
struct World {
    queue: Queue,
    now: Instant,
    entropy: Entropy,
    /// The spool.
    entries: BTreeMap<Id, Entry>,
    moods: BTreeMap<String, Mood>,
    /// What each domain's DNS says; a host named `mx.` before it, if nothing.
    mx: BTreeMap<String, Result<Vec<&'static str>, dns::Failure>>,
    /// The host of each carrier, and what it has to do.
    carriers: BTreeMap<Carrier, (String, Option<Carry>)>,
    /// Every attempt: when, to which host, of which message.
    attempts: Vec<(Instant, String, Id)>,
    delivered: Vec<Id>,
    failed: Vec<(Id, Outcome)>,
    warned: Vec<Id>,
    most_carriers: usize,
    most_per_host: usize,
    events: VecDeque<Input>,
}

fn world(settings: Settings) -> World {
    World {
        queue: Queue::new(START, Arc::new(settings), Entropy::from_seed([1; 32])),
        now: START,
        entropy: Entropy::from_seed([2; 32]),
        entries: BTreeMap::new(),
        moods: BTreeMap::new(),
        mx: BTreeMap::new(),
        carriers: BTreeMap::new(),
        attempts: Vec::new(),
        delivered: Vec::new(),
        failed: Vec::new(),
        warned: Vec::new(),
        most_carriers: 0,
        most_per_host: 0,
        events: VecDeque::new(),
    }
}

impl World {
    fn send(&mut self, to: &[&str]) -> Id {
        let id = Id::new(&mut self.entropy);
        let recipient = |to: &&str| Recipient {
            forward_path: ForwardPath::Mailbox(to.parse().unwrap()),
            parameters: RcptParameters::default(),
        };
        let envelope = Envelope {
            id,
            arrived: self.now,
            origin: "a test".into(),
            reverse_path: "ann@example.org".parse::<crate::address::Mailbox>().unwrap().into(),
            parameters: MailParameters::default(),
            recipients: to.iter().map(recipient).collect(),
        };
        let entry = Entry::new(envelope, 1000);
        let summary = self.summary(&entry);
        self.entries.insert(id, entry);
        self.tell(Input::Queued(Box::new(summary)));
        id
    }

    fn summary(&self, entry: &Entry) -> Summary {
        entry.summary(|path| self.queue.settings.routes.of_path(path))
    }

    fn tell(&mut self, input: Input) {
        self.queue.handle(self.now, input);
        self.settle();
    }

    /// Performs what the queue asks until it asks for nothing.
    fn settle(&mut self) {
        loop {
            while let Some(output) = self.queue.poll() {
                self.perform(output);
            }
            let Some(event) = self.events.pop_front() else { return };
            self.queue.handle(self.now, event);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Report(_) => {}
            Output::Resolve { query, question } => {
                let outcome = self.resolve(&question);
                self.events.push_back(Input::Resolved { query, outcome });
            }
            Output::Dial(dial) => self.dial(&dial),
            Output::File { carrier, first } => {
                self.carriers.insert(carrier, ("local".into(), Some(first)));
                self.work(carrier, Mood::Fine);
            }
            Output::Carry { carrier, carry } => {
                let host = self.carriers.get_mut(&carrier).map(|it| {
                    it.1 = Some(carry);
                    it.0.clone()
                });
                let mood = self.mood(&host.unwrap());
                self.work(carrier, mood);
            }
            Output::Quit(carrier) => {
                self.carriers.remove(&carrier);
                self.events.push_back(Input::Closed { carrier, end: End::Over });
            }
            Output::Paper(paper) => self.file(paper),
        }
    }

    fn resolve(&self, question: &dns::Question) -> Result<Arc<Answer>, dns::Failure> {
        let name = question.name.as_str();
        let records = match question.kind {
            Kind::Mx => match self.mx.get(name) {
                None => vec![mx(10, &alloc::format!("mx.{name}"))],
                Some(Err(failure)) => return Err(failure.clone()),
                Some(Ok(hosts)) => {
                    (10..).step_by(10).zip(hosts).map(|(p, host)| mx(p, host)).collect()
                }
            },
            Kind::A => vec![Rr::A([192, 0, 2, 1].into())],
            _ => return Err(dns::Failure::NoRecords),
        };
        let until = self.now + 60 * MINUTE;
        let canonical = question.name.clone();
        Ok(Arc::new(Answer { records, canonical, until, authenticated: false }))
    }

    fn mood(&self, host: &str) -> Mood {
        self.moods.get(host).copied().unwrap_or(Mood::Fine)
    }

    fn dial(&mut self, dial: &Dial) {
        let host = dial.host.clone();
        self.attempts.push((self.now, host.clone(), dial.first.id));
        self.carriers.insert(dial.carrier, (host.clone(), Some(dial.first.clone())));
        self.most_carriers = self.most_carriers.max(self.carriers.len());
        let same = self.carriers.values().filter(|(other, _)| *other == host).count();
        self.most_per_host = self.most_per_host.max(same);
        let mood = match self.mood(&host) {
            Mood::BadTls if dial.route.protection == Protection::None => Mood::Fine,
            mood => mood,
        };
        self.work(dial.carrier, mood);
    }

    /// Does what a carrier has to do.
    fn work(&mut self, carrier: Carrier, mood: Mood) {
        let (host, job) = self.carriers.get_mut(&carrier).unwrap();
        let remote = Some(Remote { name: host.clone(), address: None });
        let outcome = |action, status: (u8, u16, u16), text: &str| Outcome {
            remote: remote.clone(),
            ..Outcome::ours(action, status, text)
        };
        let (end, outcome) = match mood {
            Mood::Hangs => return,
            Mood::Down => (End::Failed(outcome(Action::Deferred, (4, 4, 1), "refused")), None),
            Mood::BadTls => (End::NoTls(outcome(Action::Deferred, (4, 7, 5), "no TLS")), None),
            Mood::Fine => (End::Over, Some(outcome(Action::Relayed, (2, 0, 0), "250 Ok"))),
            Mood::Greylists => (End::Over, Some(outcome(Action::Deferred, (4, 7, 1), "451 later"))),
            Mood::Refuses => (End::Over, Some(outcome(Action::Failed, (5, 1, 1), "550 no"))),
        };
        let Some(outcome) = outcome else {
            self.carriers.remove(&carrier);
            return self.events.push_back(Input::Closed { carrier, end });
        };
        let Carry { id, destination } = job.take().unwrap();
        self.note(id, &destination, outcome);
        let entry = &self.entries[&id];
        let report = !entry.due_reports(self.now, self.queue.settings.warn_after).is_empty();
        let left = entry.pending().any(|place| self.leads(entry, place) == destination);
        let carried = match (left, entry.is_settled() && !report) {
            (_, true) => {
                self.entries.remove(&id);
                self.delivered.push(id);
                Carried::Gone
            }
            (false, _) => Carried::Settled { report },
            (true, _) => Carried::Deferred { report },
        };
        self.events.push_back(Input::Carried { carrier, id, carried });
    }

    fn leads(&self, entry: &Entry, place: usize) -> Destination {
        entry.destination(place, |path| self.queue.settings.routes.of_path(path))
    }

    fn note(&mut self, id: Id, destination: &Destination, outcome: Outcome) {
        let entry = &self.entries[&id];
        let recipients = entry.pending().filter(|place| self.leads(entry, *place) == *destination);
        let note = Note::Outcome { recipients: recipients.collect(), outcome };
        let at = self.now;
        self.entries.get_mut(&id).unwrap().apply(Record { at, note });
    }

    /// The clerk.
    fn file(&mut self, Paper { id, order }: Paper) {
        if !self.entries.contains_key(&id) {
            return self.events.push_back(Input::Filed { id, left: Left::Gone });
        }
        let at = self.now;
        match order {
            Order::Review => {}
            Order::Settle(destination, outcome) => self.note(id, &destination, outcome),
            Order::Note(note) => self.entries.get_mut(&id).unwrap().apply(Record { at, note }),
            Order::Remove => {
                self.entries.remove(&id);
                return self.events.push_back(Input::Filed { id, left: Left::Gone });
            }
        }
        let warn_after = self.queue.settings.warn_after;
        let entry = self.entries.get_mut(&id).unwrap();
        let due = entry.due_reports(at, warn_after);
        for place in &due {
            let (_, outcome) = entry.states[*place].last.clone().unwrap();
            match outcome.action {
                Action::Deferred => self.warned.push(id),
                _ => self.failed.push((id, outcome)),
            }
        }
        entry.told(at, due).into_iter().for_each(|record| entry.apply(record));
        let left = if entry.is_settled() {
            self.entries.remove(&id);
            Left::Gone
        } else {
            Left::Still(Box::new(self.summary(&self.entries[&id])))
        };
        self.events.push_back(Input::Filed { id, left });
    }

    /// Lets time pass, deadline by deadline.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.queue.poll_timeout().filter(|next| *next <= end) {
            self.now = next.max(self.now);
            self.queue.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// The minutes, from the start, at which a message was tried.
    fn minutes(&self, id: Id) -> Vec<u64> {
        let tries = self.attempts.iter().filter(|(_, _, other)| *other == id);
        tries.map(|(at, _, _)| at.since(START).as_secs() / 60).collect()
    }
}

fn mx(preference: u16, host: &str) -> Rr {
    Rr::Mx {
        preference,
        exchange: if host.is_empty() { Name::root() } else { Name::parse(host).unwrap() },
    }
}
