//! The queue itself: its inputs, its times, and whose turn it is.

use super::message::{Message, State};
use super::station::{Number, Station, Way};
use super::{Carrier, Destination, Id, Input, Order, Outcome, Output, Paper, Settings};
use crate::dns::Query;
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine};
use crate::mx::Lookup;
use crate::report::Report;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::carriers::Courier;

/// The queue of a mail system. See the [module](super) for its states.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::{Instant, Machine};
/// use postroad_core::queue::{Delivery, Destination, Id, Input, Output, Queue, Settings, Summary};
/// use std::sync::Arc;
///
/// let now = Instant::from_seconds(1_800_000_000);
/// let mut entropy = Entropy::from_seed([7; 32]);
/// let id = Id::new(&mut entropy);
/// let mut queue = Queue::new(now, Arc::new(Settings::default()), entropy);
/// let destination = Destination::Domain("example.net".into());
/// let deliveries = vec![Delivery { destination, attempts: 0, tried: None }];
/// let summary = Summary { id, arrived: now, deliveries, held: false, warned: false };
/// queue.handle(now, Input::Queued(Box::new(summary)));
/// let Some(Output::Resolve { question, .. }) = queue.poll() else { panic!() };
/// assert_eq!(question.to_string(), "example.net MX");
/// ```
pub struct Queue {
    pub(super) settings: Arc<Settings>,
    pub(super) entropy: Entropy,
    pub(super) now: Instant,
    pub(super) messages: BTreeMap<Id, Message>,
    pub(super) stations: BTreeMap<Number, Station>,
    pub(super) numbers: BTreeMap<Destination, Number>,
    last_number: Number,
    pub(super) schedule: BTreeSet<(Instant, Wake)>,
    pub(super) couriers: BTreeMap<Carrier, Courier>,
    pub(super) last_carrier: u32,
    /// Which station's finder asked.
    pub(super) queries: BTreeMap<Query, (Number, Lookup)>,
    pub(super) last_query: u32,
    /// Hosts that failed, with the port, and until when they are left alone.
    pub(super) resting: BTreeMap<(String, u16), Instant>,
    /// The same in the order of time, with what was forgotten meanwhile.
    pub(super) rest_ends: VecDeque<(Instant, (String, u16))>,
    /// Stations whose turn it is.
    turns: VecDeque<Number>,
    /// Stations that wait until there may be one more carrier.
    starved: VecDeque<Number>,
    /// Stations that wait until the clerk may be given one more paper.
    in_line: VecDeque<Number>,
    /// Orders that the clerk has not done yet.
    pub(super) papers: usize,
    pub(super) outputs: VecDeque<Output>,
    pub(super) ending: bool,
}

/// What a moment is kept for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// A delivery is to be tried again.
    Delivery(Id, Number),
    /// A sender is to be told.
    Deadline(Id),
    /// The clerk could not do what was ordered, and is to look at the message anew.
    Review(Id),
    /// A destination is to be tried again.
    Station(Number),
    /// A carrier has had nothing to carry for a while.
    Idle(Carrier),
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new(now: Instant, settings: Arc<Settings>, entropy: Entropy) -> Self {
        Self {
            settings,
            entropy,
            now,
            messages: BTreeMap::new(),
            stations: BTreeMap::new(),
            numbers: BTreeMap::new(),
            last_number: 0,
            schedule: BTreeSet::new(),
            couriers: BTreeMap::new(),
            last_carrier: 0,
            queries: BTreeMap::new(),
            last_query: 0,
            resting: BTreeMap::new(),
            rest_ends: VecDeque::new(),
            turns: VecDeque::new(),
            starved: VecDeque::new(),
            in_line: VecDeque::new(),
            papers: 0,
            outputs: VecDeque::new(),
            ending: false,
        }
    }

    /// Goes by other settings from now on.
    pub fn set(&mut self, settings: Arc<Settings>) {
        self.settings = settings;
        // What is scheduled by the old ones does nothing when its time comes.
        for (id, message) in &self.messages {
            let deadline = message.deadline(&self.settings).max(self.now);
            self.schedule.insert((deadline, Wake::Deadline(*id)));
        }
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether no message waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether this message waits.
    #[must_use]
    pub fn contains(&self, id: Id) -> bool {
        self.messages.contains_key(&id)
    }

    pub(super) fn report(&mut self, report: Report) {
        self.outputs.push_back(Output::Report(report));
    }

    /// Asks the clerk.
    pub(super) fn file(&mut self, id: Id, order: Order) {
        if let Some(message) = self.messages.get_mut(&id) {
            message.papers += 1;
            self.papers += 1;
            self.outputs.push_back(Output::Paper(Paper { id, order }));
        }
    }

    /// The station of a destination, which is made if there is none.
    pub(super) fn station(&mut self, destination: &Destination) -> Number {
        if let Some(number) = self.numbers.get(destination) {
            return *number;
        }
        self.last_number = self.last_number.wrapping_add(1);
        let number = self.last_number;
        self.numbers.insert(destination.clone(), number);
        self.stations.insert(number, Station::new(destination.clone()));
        number
    }

    /// The stations of which `wanted` holds.
    pub(super) fn stations_of(&self, wanted: impl Fn(&Destination) -> bool) -> BTreeSet<Number> {
        self.numbers.iter().filter(|(it, _)| wanted(it)).map(|(_, number)| *number).collect()
    }

    /// Puts a delivery that is ready behind the others of its destination.
    pub(super) fn enqueue(&mut self, id: Id, number: Number) {
        let Some(station) = self.stations.get_mut(&number) else { return };
        station.ready.push_back(id);
        // RFC 5321 §4.5.4.1: new mail is a reason to try a host again, but not each time.
        if let (Way::Blocked(..), Some(failed)) = (&station.way, station.failed)
            && self.now >= failed + self.settings.rest()
        {
            station.way = Way::Unknown;
        }
        self.call(number);
    }

    /// Gives a station its turn.
    pub(super) fn call(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number)
            && !station.in_turn
        {
            station.in_turn = true;
            self.turns.push_back(number);
        }
    }

    /// Has a station wait until there may be one more carrier.
    pub(super) fn starve(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number) {
            station.in_turn = true;
            self.starved.push_back(number);
        }
    }

    /// Has a station wait until the clerk may be given one more paper.
    fn stand_in_line(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number) {
            station.in_turn = true;
            self.in_line.push_back(number);
        }
    }

    /// Whether there may be no more carriers.
    pub(super) fn is_full(&self) -> bool {
        self.couriers.len() >= self.settings.limits.queue_carriers
    }

    /// Whether a station waits until there may be one more carrier.
    pub(super) fn has_starved(&self) -> bool {
        !self.starved.is_empty()
    }

    /// The station whose turn it is: one that has waited, as soon as there may be what it waits for.
    fn next_turn(&mut self) -> Option<Number> {
        let (may_carry, may_file) =
            (!self.is_full(), self.papers < self.settings.limits.queue_papers);
        let mut waiting = [(may_carry, &mut self.starved), (may_file, &mut self.in_line)];
        let first = waiting.iter_mut().find_map(|(may, line)| may.then(|| line.pop_front())?);
        first.or_else(|| self.turns.pop_front())
    }

    /// Takes a delivery's leg out of the waiting, if it waits.
    pub(super) fn wake(&mut self, id: Id, number: Number) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        let held = message.held;
        let Some(leg) = message.leg(number) else { return };
        if let State::Waiting(due) = leg.state
            && !held
        {
            leg.state = State::Ready;
            self.schedule.remove(&(due, Wake::Delivery(id, number)));
            self.enqueue(id, number);
        }
    }

    /// The next message of a station whose delivery is ready.
    pub(super) fn next_ready(&mut self, number: Number) -> Option<Id> {
        let station = self.stations.get_mut(&number)?;
        while let Some(id) = station.ready.pop_front() {
            let Some(message) = self.messages.get_mut(&id) else { continue };
            let held = message.held;
            let Some(leg) = message.leg(number) else { continue };
            if leg.state != State::Ready {
                continue;
            }
            if !held {
                return Some(id);
            }
            leg.state = State::Waiting(Instant::from_micros(u64::MAX));
        }
        None
    }

    /// Has the messages of a station tried whose turn it is, as far as that goes now.
    fn serve(&mut self, number: Number) {
        loop {
            let Some(station) = self.stations.get_mut(&number) else { return };
            if station.ready.is_empty() || self.ending {
                return self.tidy(number);
            }
            match &station.way {
                Way::Known(path) if path.until <= self.now && station.carriers == 0 => {
                    station.way = Way::Unknown;
                }
                Way::Blocked(until, _) if *until <= self.now => station.way = Way::Unknown,
                Way::Finding(_) | Way::Blocked(..) => return,
                Way::Hopeless(outcome) => {
                    let (destination, outcome) = (station.destination.clone(), outcome.clone());
                    if self.papers >= self.settings.limits.queue_papers {
                        return self.stand_in_line(number);
                    }
                    match self.next_ready(number) {
                        Some(id) => self.settle(id, number, destination, outcome),
                        None => return self.tidy(number),
                    }
                }
                Way::Unknown if station.destination != Destination::Local => {
                    self.find(number);
                }
                Way::Unknown | Way::Known(_) => {
                    if !self.employ(number) {
                        return;
                    }
                }
            }
        }
    }

    /// Forgets a station that nothing is to be remembered of.
    fn tidy(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number)
            && station.ready.is_empty()
            && let Way::Hopeless(_) = station.way
        {
            station.way = Way::Unknown;
        }
    }

    /// Notes with the clerk what became of a delivery that could not be tried.
    pub(super) fn settle(
        &mut self,
        id: Id,
        number: Number,
        destination: Destination,
        outcome: Outcome,
    ) {
        let Some(leg) = self.messages.get_mut(&id).and_then(|it| it.leg(number)) else { return };
        leg.state = State::Filed;
        self.file(id, Order::Settle(destination, outcome));
    }

    /// What is due by now.
    fn handle_due(&mut self) {
        while let Some((at, wake)) = self.schedule.first().copied()
            && at <= self.now
        {
            self.schedule.pop_first();
            match wake {
                Wake::Delivery(id, number) => self.wake(id, number),
                Wake::Deadline(id) => self.handle_deadline(id),
                Wake::Review(id) => self.file(id, Order::Review),
                Wake::Station(number) => self.call(number),
                Wake::Idle(carrier) => self.handle_idle(carrier),
            }
        }
    }
}

impl Machine for Queue {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        match input {
            Input::Queued(summary) => self.admit(*summary),
            Input::Carried { carrier, id, carried } => self.handle_carried(carrier, id, carried),
            Input::Closed { carrier, end } => self.handle_closed(carrier, end),
            Input::Filed { id, left } => self.handle_filed(id, left),
            Input::Resolved { query, outcome } => self.handle_resolved(query, outcome),
            Input::Command(command) => self.handle_command(command),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.handle_due();
    }

    /// Carries nothing more than what is under way.
    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.ending = true;
        let idle: Vec<Carrier> = self
            .couriers
            .iter()
            .filter(|(_, it)| it.is_idle())
            .map(|(carrier, _)| *carrier)
            .collect();
        self.outputs.extend(idle.into_iter().map(Output::Quit));
    }

    fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            let number = self.next_turn()?;
            if let Some(station) = self.stations.get_mut(&number) {
                station.in_turn = false;
                self.serve(number);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.first().map(|(at, _)| *at)
    }
}
