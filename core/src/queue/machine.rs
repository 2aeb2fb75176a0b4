//! The queue itself: its inputs, its times, and whose turn it is.

use super::message::{Leg, Message, State};
use super::station::{Number, Station, Way};
use super::{
    Carrier, Delivery, Destination, Id, Input, Left, Order, Outcome, Output, Paper, Settings,
    Summary,
};
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
    numbers: BTreeMap<Destination, Number>,
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
    /// Stations that wait until a carrier or the clerk is free.
    starved: VecDeque<Number>,
    /// Orders that the clerk has not done yet.
    papers: usize,
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

    /// Takes in what is to be done for a message, in place of what was known of it.
    pub(super) fn admit(&mut self, summary: Summary) {
        let Summary { id, arrived, deliveries, held, warned } = summary;
        let before = self.messages.remove(&id);
        let mut left = Vec::new();
        let legs = Vec::with_capacity(deliveries.len());
        let (report, given_up, papers) = (false, false, 0);
        let mut message = Message { arrived, legs, held, warned, given_up, report, papers };
        if let Some(before) = before {
            self.schedule.remove(&(before.deadline(&self.settings), Wake::Deadline(id)));
            for leg in before.legs {
                if let State::Waiting(due) = leg.state {
                    self.schedule.remove(&(due, Wake::Delivery(id, leg.station)));
                }
                if let State::Carried(_) = leg.state {
                    message.legs.push(leg);
                } else {
                    left.push(leg.station);
                }
            }
            message.papers = before.papers;
            message.given_up = before.given_up;
            // Even if nobody was told, because nobody wants to hear of a delay.
            message.warned |= before.warned;
        }
        let deadline = message.deadline(&self.settings);
        self.schedule.insert((deadline.max(self.now), Wake::Deadline(id)));
        let mut ready = Vec::new();
        for Delivery { destination, attempts, tried } in deliveries {
            let station = self.station(&destination);
            if message.leg(station).is_some() {
                continue;
            }
            let due = tried.map(|at| at + self.settings.backoff(attempts, &mut self.entropy));
            let state = match due {
                Some(due) if due > self.now => {
                    self.schedule.insert((due, Wake::Delivery(id, station)));
                    State::Waiting(due)
                }
                _ => {
                    ready.push(station);
                    State::Ready
                }
            };
            message.legs.push(Leg { station, attempts, state });
            if let Some(station) = self.stations.get_mut(&station) {
                station.legs += 1;
            }
        }
        let settled = message.legs.is_empty();
        self.messages.insert(id, message);
        if settled {
            // All is done but for the reports; the clerk could not write them, or was interrupted.
            self.file(id, Order::Review);
        }
        for station in ready {
            self.enqueue(id, station);
        }
        for station in left {
            self.release(station);
        }
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

    /// Has a station wait until a carrier or the clerk is free.
    pub(super) fn starve(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number) {
            station.in_turn = true;
            self.starved.push_back(number);
        }
    }

    /// Whether there may be no more carriers.
    pub(super) fn is_full(&self) -> bool {
        self.couriers.len() >= self.settings.limits.queue_carriers
    }

    /// Whether a station waits until a carrier or the clerk is free.
    pub(super) fn has_starved(&self) -> bool {
        !self.starved.is_empty()
    }

    /// The station whose turn it is: one that has waited for a carrier, as soon as there may be one.
    fn next_turn(&mut self) -> Option<Number> {
        let free = !self.is_full() && self.papers < self.settings.limits.queue_papers;
        let starved = if free { self.starved.pop_front() } else { None };
        starved.or_else(|| self.turns.pop_front())
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
                        return self.starve(number);
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
                Wake::Station(number) => self.call(number),
                Wake::Idle(carrier) => self.handle_idle(carrier),
            }
        }
    }

    fn handle_filed(&mut self, id: Id, left: Left) {
        self.papers = self.papers.saturating_sub(1);
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.papers = message.papers.saturating_sub(1);
        match left {
            Left::Gone => self.forget(id),
            Left::Still(summary) if message.papers == 0 => {
                if summary.deliveries.is_empty() && !message.is_carried() {
                    // The report could not be written; the clerk tries again after a while.
                    let again = self.now + self.settings.rest();
                    self.schedule.insert((again, Wake::Deadline(id)));
                } else if message.is_carried() && self.goes_elsewhere(&summary) {
                    // Whoever is on the way to the old destination must not get it twice.
                    self.messages.entry(id).and_modify(|message| message.report = true);
                } else {
                    self.admit(*summary);
                    self.go_on_giving_up(id);
                }
            }
            Left::Still(_) => {}
            Left::Unknown => {
                let due = self.now + self.settings.rest();
                for leg in message.legs.iter_mut().filter(|leg| leg.state == State::Filed) {
                    leg.state = State::Waiting(due);
                    self.schedule.insert((due, Wake::Delivery(id, leg.station)));
                }
                // Whatever was ordered because of the time, or of a report alone, is ordered again.
                self.schedule.insert((due, Wake::Deadline(id)));
            }
        }
    }

    /// Whether a message has yet to go to a destination that it did not go to before.
    fn goes_elsewhere(&self, summary: &Summary) -> bool {
        let Some(message) = self.messages.get(&summary.id) else { return false };
        let before = |station| message.legs.iter().any(|leg| leg.station == station);
        let mut destinations = summary.deliveries.iter().map(|it| &it.destination);
        !destinations.all(|it| self.numbers.get(it).is_some_and(|number| before(*number)))
    }

    /// What came back to a message that an administrator has given up is given up, too.
    fn go_on_giving_up(&mut self, id: Id) {
        if let Some(message) = self.messages.get(&id)
            && message.given_up
            && let Some(why) = message.end(self.now, &self.settings)
        {
            self.expire(id, why);
        }
    }

    /// A message is in the spool no more.
    pub(super) fn forget(&mut self, id: Id) {
        let Some(message) = self.messages.remove(&id) else { return };
        self.schedule.remove(&(message.deadline(&self.settings), Wake::Deadline(id)));
        for leg in message.legs {
            if let State::Waiting(due) = leg.state {
                self.schedule.remove(&(due, Wake::Delivery(id, leg.station)));
            }
            self.release(leg.station);
        }
    }

    /// A delivery has left its station. One that nobody goes to any more is forgotten, so that a
    /// million domains leave nothing behind.
    fn release(&mut self, number: Number) {
        if let Some(station) = self.stations.get_mut(&number) {
            station.legs = station.legs.saturating_sub(1);
        }
        self.close(number);
    }

    /// Forgets a station that nobody goes to and nobody is at.
    pub(super) fn close(&mut self, number: Number) {
        let deserted = |station: &Station| {
            station.legs == 0 && station.carriers == 0 && !matches!(station.way, Way::Finding(_))
        };
        if self.stations.get(&number).is_some_and(deserted)
            && let Some(station) = self.stations.remove(&number)
        {
            self.numbers.remove(&station.destination);
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
