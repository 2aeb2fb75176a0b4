//! Messages come, change and go: what the queue is told of them by whoever has them on the disk.

use super::machine::{Queue, Wake};
use super::message::{Leg, Message, State};
use super::station::{Number, Station, Way};
use super::{Delivery, Id, Left, Order, Summary};
use alloc::vec::Vec;

impl Queue {
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

    /// The clerk has done what was ordered.
    pub(super) fn handle_filed(&mut self, id: Id, left: Left) {
        self.papers = self.papers.saturating_sub(1);
        let Some(message) = self.messages.get_mut(&id) else { return };
        message.papers = message.papers.saturating_sub(1);
        match left {
            Left::Gone => self.forget(id),
            Left::Still(summary) if message.papers == 0 => {
                if summary.deliveries.is_empty() && !message.is_carried() {
                    // The report could not be written; the clerk tries again after a while.
                    let again = self.now + self.settings.rest();
                    self.schedule.insert((again, Wake::Review(id)));
                } else if message.is_carried() && self.goes_elsewhere(&summary) {
                    // Whoever is on the way to the old destination must not get it twice.
                    self.messages.entry(id).and_modify(|message| message.report = true);
                } else {
                    self.admit(*summary);
                    // What an administrator has given up comes back from the clerk only to be given up.
                    if self.messages.get(&id).is_some_and(|message| message.given_up) {
                        self.expire(id);
                    }
                }
            }
            Left::Still(_) => {}
            Left::Unknown => {
                let due = self.now + self.settings.rest();
                for leg in message.legs.iter_mut().filter(|leg| leg.state == State::Filed) {
                    leg.state = State::Waiting(due);
                    self.schedule.insert((due, Wake::Delivery(id, leg.station)));
                }
                // What the queue knows of it, and what stands in the spool, may differ by now.
                self.schedule.insert((due, Wake::Review(id)));
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
