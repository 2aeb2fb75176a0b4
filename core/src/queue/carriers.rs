//! Those who carry: connections are opened, given messages, reused and closed.

use super::machine::{Queue, Wake};
use super::message::State;
use super::station::{Number, Way, describe};
use super::{
    Action, Carried, Carrier, Carry, Destination, Dial, End, Id, Order, Outcome, Output,
    Protection, Route,
};
use crate::machine::Instant;
use crate::mx::Path;
use crate::report::Report;
use alloc::boxed::Box;
use alloc::sync::Arc;

/// One who carries.
pub(super) struct Courier {
    pub(super) station: Number,
    /// What it carries.
    job: Option<Id>,
    /// How many messages it has carried.
    carried: u32,
    /// Since when it has had nothing to carry, and so when it is to go.
    leaves: Option<Instant>,
    /// The host that it was sent to; none of a worker that files mail here.
    host: Option<Attempt>,
}

/// Which host of a path is tried.
#[derive(Clone)]
struct Attempt {
    path: Arc<Path>,
    place: usize,
    route: Arc<Route>,
}

impl Courier {
    pub(super) const fn is_idle(&self) -> bool {
        self.job.is_none()
    }
}

impl Queue {
    /// Has the next message of a station carried; says whether that can be asked again.
    pub(super) fn employ(&mut self, number: Number) -> bool {
        let Some(station) = self.stations.get_mut(&number) else { return false };
        if let Some(carrier) = station.idle.pop() {
            match self.next_ready(number) {
                Some(id) => self.carry(carrier, id),
                None => {
                    if let Some(station) = self.stations.get_mut(&number) {
                        station.idle.push(carrier);
                    }
                }
            }
            return true;
        }
        if station.carriers >= station.window {
            return false;
        }
        if self.is_full() {
            self.starve(number);
            self.dismiss();
            return false;
        }
        if let Some(id) = self.next_ready(number) {
            self.open(number, id, 0);
        }
        true
    }

    /// Opens a connection for a message, to the first host from `place` on that is not left alone.
    fn open(&mut self, number: Number, id: Id, place: usize) {
        let Some(station) = self.stations.get(&number) else { return };
        let Way::Known(path) = &station.way else {
            return if station.destination == Destination::Local {
                self.begin_filing(number, id);
            } else {
                self.put_back(number, id);
            };
        };
        let (path, port) = (path.clone(), self.port(&station.destination));
        let mut hosts = path.hosts.iter().enumerate().skip(place);
        let found = hosts.find(|(_, host)| !self.rests(&host.name, port)).map(|(place, _)| place);
        let Some(place) = found else {
            let text = "No host of this destination can be reached for now";
            let outcome = Outcome::ours(Action::Deferred, (4, 4, 1), text);
            return self.block(number, outcome, Some(id));
        };
        let route = self.settings.routes.route(&station.destination);
        self.dial(number, id, Attempt { path, place, route });
    }

    /// The port of a destination's hosts.
    pub(super) fn port(&self, destination: &Destination) -> u16 {
        match destination {
            Destination::Host(_, port) => *port,
            _ => self.settings.port,
        }
    }

    /// Whether a host has failed lately.
    fn rests(&self, name: &str, port: u16) -> bool {
        self.resting.get(&(name.into(), port)).is_some_and(|until| *until > self.now)
    }

    fn dial(&mut self, number: Number, id: Id, attempt: Attempt) {
        let Some(station) = self.stations.get(&number) else { return };
        let port = self.port(&station.destination);
        let Some(station) = self.stations.get_mut(&number) else { return };
        let Some(host) = attempt.path.hosts.get(attempt.place) else { return };
        station.carriers += 1;
        let first = Carry { id, destination: station.destination.clone() };
        let (host_name, addresses) = (host.name.clone(), host.sockets(port));
        let route = attempt.route.clone();
        let report = Report::new("attempt").with("id", id).with("destination", &first.destination);
        let report = report.with("hosts", describe(&attempt.path)).with("host", &host_name);
        let carrier = self.hire(number, id, Some(attempt));
        self.report(report.with("carrier", carrier));
        let dial = Dial { carrier, host: host_name, addresses, route, first };
        self.outputs.push_back(Output::Dial(Box::new(dial)));
    }

    fn begin_filing(&mut self, number: Number, id: Id) {
        if let Some(station) = self.stations.get_mut(&number) {
            station.carriers += 1;
        }
        let carrier = self.hire(number, id, None);
        let first = Carry { id, destination: Destination::Local };
        self.outputs.push_back(Output::File { carrier, first });
    }

    /// A new carrier, with a message to carry.
    fn hire(&mut self, station: Number, id: Id, host: Option<Attempt>) -> Carrier {
        self.last_carrier = self.last_carrier.wrapping_add(1);
        let carrier = Carrier(self.last_carrier);
        let courier = Courier { station, job: Some(id), carried: 0, leaves: None, host };
        self.couriers.insert(carrier, courier);
        self.mark_carried(station, id, carrier);
        carrier
    }

    fn mark_carried(&mut self, station: Number, id: Id, carrier: Carrier) {
        if let Some(leg) = self.messages.get_mut(&id).and_then(|it| it.leg(station)) {
            leg.state = State::Carried(carrier);
        }
    }

    /// Gives an idle carrier a message.
    fn carry(&mut self, carrier: Carrier, id: Id) {
        let Some(courier) = self.couriers.get_mut(&carrier) else { return };
        if let Some(at) = courier.leaves.take() {
            self.schedule.remove(&(at, Wake::Idle(carrier)));
        }
        courier.job = Some(id);
        let number = courier.station;
        let Some(station) = self.stations.get(&number) else { return };
        let carry = Carry { id, destination: station.destination.clone() };
        if let Some(Attempt { path, place, .. }) = &courier.host {
            let report =
                Report::new("attempt").with("id", id).with("destination", &carry.destination);
            let host = path.hosts.get(*place).map_or("", |host| &host.name);
            let report = report.with("hosts", describe(path)).with("host", host);
            self.report(report.with("carrier", carrier));
        }
        self.mark_carried(number, id, carrier);
        self.outputs.push_back(Output::Carry { carrier, carry });
    }

    /// Puts a message that was not tried in front of the others.
    fn put_back(&mut self, number: Number, id: Id) {
        let leg = self.messages.get_mut(&id).and_then(|message| message.leg(number));
        let (Some(leg), Some(station)) = (leg, self.stations.get_mut(&number)) else { return };
        leg.state = State::Ready;
        station.ready.push_front(id);
        self.call(number);
    }

    pub(super) fn handle_carried(&mut self, carrier: Carrier, id: Id, carried: Carried) {
        let Some(courier) = self.couriers.get_mut(&carrier) else { return };
        if courier.job != Some(id) {
            return;
        }
        courier.job = None;
        courier.carried += 1;
        let (number, used_up) =
            (courier.station, courier.carried >= self.settings.messages_per_connection);
        let most = match courier.host {
            Some(_) => self.settings.connections_per_host,
            None => self.settings.limits.queue_filers,
        };
        if let Some(station) = self.stations.get_mut(&number) {
            station.succeed(most);
        }
        self.judge(id, number, carried);
        if used_up || self.ending || self.is_one_too_many(number) {
            self.outputs.push_back(Output::Quit(carrier));
        } else if let Some(next) = self.next_ready(number) {
            self.carry(carrier, next);
        } else {
            let leaves = self.now + self.settings.limits.client_idle;
            if let Some(courier) = self.couriers.get_mut(&carrier) {
                courier.leaves = Some(leaves);
            }
            self.schedule.insert((leaves, Wake::Idle(carrier)));
            if let Some(station) = self.stations.get_mut(&number) {
                station.idle.push(carrier);
            }
        }
        self.call(number);
    }

    /// What becomes of a delivery that was tried.
    fn judge(&mut self, id: Id, number: Number, carried: Carried) {
        let settings = self.settings.clone();
        let Some(message) = self.messages.get_mut(&id) else { return };
        let Some(leg) = message.leg(number) else { return };
        let report = match carried {
            Carried::Gone => return self.forget(id),
            Carried::Settled { report } => {
                leg.state = State::Done;
                report
            }
            Carried::Deferred { report } => {
                leg.attempts += 1;
                let due = self.now + settings.backoff(leg.attempts, &mut self.entropy);
                leg.state = State::Waiting(due);
                self.schedule.insert((due, Wake::Delivery(id, number)));
                report
            }
            Carried::Elsewhere => {
                leg.state = State::Filed;
                return self.file(id, Order::Review);
            }
            Carried::Unknown => {
                let due = self.now + settings.rest();
                leg.state = State::Waiting(due);
                self.schedule.insert((due, Wake::Delivery(id, number)));
                false
            }
        };
        message.report |= report;
        self.expire(id);
        let Some(message) = self.messages.get_mut(&id) else { return };
        if !message.is_carried() && (message.is_done() || message.report) {
            message.report = false;
            self.file(id, Order::Review);
        }
    }

    pub(super) fn handle_closed(&mut self, carrier: Carrier, end: End) {
        let Some(courier) = self.couriers.remove(&carrier) else { return };
        let number = courier.station;
        if let Some(at) = courier.leaves {
            self.schedule.remove(&(at, Wake::Idle(carrier)));
        }
        let Some(station) = self.stations.get_mut(&number) else { return };
        station.carriers = station.carriers.saturating_sub(1);
        station.idle.retain(|other| *other != carrier);
        let Some(id) = courier.job else {
            self.call(number);
            return self.close(number);
        };
        match (end, courier.host) {
            (End::NoTls(_), Some(attempt)) if attempt.route.protection == Protection::May => {
                // RFC 7435 §3: in the clear rather than not at all.
                let route = Route { protection: Protection::None, ..Route::clone(&attempt.route) };
                self.dial(number, id, Attempt { route: Arc::new(route), ..attempt });
            }
            (End::Failed(outcome) | End::NoTls(outcome), Some(attempt)) => {
                self.handle_host_failed(number, id, &attempt, outcome);
            }
            (End::Failed(_) | End::NoTls(_), None) => self.judge(id, number, Carried::Unknown),
            (End::Over, _) => self.put_back(number, id),
        }
        self.call(number);
    }

    /// A host could not be reached or spoken to, with a message that waited for it.
    fn handle_host_failed(&mut self, number: Number, id: Id, attempt: &Attempt, outcome: Outcome) {
        let at_work = self.couriers.values().any(|it| it.station == number && it.carried > 0);
        let Some(station) = self.stations.get_mut(&number) else { return };
        station.shrink();
        if at_work {
            // It serves others of ours meanwhile: that was one connection too many.
            station.window = station.carriers.max(1);
            return self.put_back(number, id);
        }
        let Some(station) = self.stations.get(&number) else { return };
        let port = self.port(&station.destination);
        let is_same = matches!(&station.way, Way::Known(path) if Arc::ptr_eq(path, &attempt.path));
        let Some(host) = attempt.path.hosts.get(attempt.place) else { return };
        // RFC 3463 §3.8: what concerns security may lie in how this destination is to be reached.
        if outcome.status.subject != 7 {
            self.rest(&host.name, port);
        }
        let report = Report::new("host-down").with("id", id).with("host", &host.name);
        self.report(report.with("reason", &outcome.text));
        let next = attempt.place + 1;
        let mut more = attempt.path.hosts.iter().skip(next);
        if more.any(|host| !self.rests(&host.name, port)) {
            self.open(number, id, if is_same { next } else { 0 });
        } else {
            self.block(number, outcome, Some(id));
        }
    }

    /// Whether a carrier of a station that has done its work makes room for a station that has none.
    fn is_one_too_many(&self, number: Number) -> bool {
        let Some(station) = self.stations.get(&number) else { return false };
        self.is_full() && self.has_starved() && (station.ready.is_empty() || station.carriers > 1)
    }

    /// Has the carrier leave that has had nothing to carry for longest.
    fn dismiss(&mut self) {
        let idle = self.couriers.iter().filter_map(|(carrier, it)| Some((it.leaves?, *carrier)));
        if let Some((leaves, carrier)) = idle.min() {
            self.schedule.remove(&(leaves, Wake::Idle(carrier)));
            self.handle_idle(carrier);
        }
    }

    pub(super) fn handle_idle(&mut self, carrier: Carrier) {
        let Some(courier) = self.couriers.get_mut(&carrier) else { return };
        courier.leaves = None;
        if let Some(station) = self.stations.get_mut(&courier.station) {
            station.idle.retain(|other| *other != carrier);
        }
        self.outputs.push_back(Output::Quit(carrier));
    }
}
