//! What a sender is told when a message takes too long.

use super::machine::{Queue, Wake};
use super::message::{Leg, State};
use super::station::Number;
use super::{Action, Id, Order, Outcome};
use alloc::format;
use alloc::vec::Vec;

impl Queue {
    /// A sender is to be told of a delay, or of its end.
    pub(super) fn handle_deadline(&mut self, id: Id) {
        let settings = self.settings.clone();
        let Some(message) = self.messages.get_mut(&id) else { return };
        let waits = |leg: &Leg| !matches!(leg.state, State::Done | State::Filed);
        if !message.legs.iter().any(waits) {
            return self.file(id, Order::Review);
        }
        if message.end(self.now, &settings).is_some() {
            return self.expire(id);
        }
        if !message.is_late(self.now, &settings) {
            // A held one gets its deadline back when it is released.
            if !message.held {
                let deadline = message.deadline(&settings);
                self.schedule.insert((deadline, Wake::Deadline(id)));
            }
            return;
        }
        message.warned = true;
        let next = message.deadline(&settings);
        let ready = message.legs.iter().filter(|leg| leg.state == State::Ready);
        let ready: Vec<Number> = ready.map(|leg| leg.station).collect();
        self.schedule.insert((next, Wake::Deadline(id)));
        let mut untold = false;
        for number in ready {
            let Some(station) = self.stations.get(&number) else { continue };
            if let Some(trouble) = station.trouble() {
                let (destination, outcome) = (station.destination.clone(), trouble.clone());
                self.settle(id, number, destination, outcome);
                untold = true;
            }
        }
        if !untold {
            self.file(id, Order::Review);
        }
    }

    /// Gives up what nobody carries of a message whose end has come.
    pub(super) fn expire(&mut self, id: Id) {
        let Some(message) = self.messages.get(&id) else { return };
        let Some(why) = message.end(self.now, &self.settings) else { return };
        let waits = |leg: &&Leg| matches!(leg.state, State::Ready | State::Waiting(_));
        let numbers: Vec<Number> =
            message.legs.iter().filter(waits).map(|leg| leg.station).collect();
        // What is under way is judged when it is back.
        for number in numbers {
            let Some(station) = self.stations.get(&number) else { continue };
            let destination = station.destination.clone();
            let remote = station.trouble().and_then(|trouble| trouble.remote.clone());
            let last = station.trouble().map(|trouble| trouble.text.as_str());
            let text = match last {
                Some(last) => format!("The message {why}; the last trouble was: {last}"),
                None => format!("The message {why}"),
            };
            // RFC 3463 §3.5: delivery time expired.
            let mut outcome = Outcome::ours(Action::Failed, (5, 4, 7), text);
            outcome.remote = remote;
            self.settle(id, number, destination, outcome);
        }
    }
}
