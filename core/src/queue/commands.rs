//! Orders to the queue.

use super::machine::{Queue, Wake};
use super::message::State;
use super::station::{Number, Way};
use super::{Command, Destination, Id, Note, Order};
use crate::address::{Domain, Mailbox};
use crate::report::Report;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;

impl Queue {
    pub(super) fn handle_command(&mut self, command: Command) {
        let report = Report::new("order").with("order", command.name());
        self.report(match &command {
            Command::Flush(domain) => report.with("domain", domain),
            Command::Reroute(id, to) => report.with("id", id).with("destination", to),
            Command::Retry(id) | Command::Hold(id) | Command::Release(id) => report.with("id", id),
            Command::Remove(id) | Command::Expire(id) => report.with("id", id),
        });
        match command {
            Command::Retry(id) => self.retry(id),
            Command::Flush(domain) => self.flush(&domain),
            Command::Hold(id) => {
                if let Some(message) = self.messages.get_mut(&id) {
                    message.held = true;
                    self.file(id, Order::Note(Note::Held));
                }
            }
            Command::Release(id) => {
                if let Some(message) = self.messages.get_mut(&id) {
                    message.held = false;
                    let deadline = message.deadline(&self.settings).max(self.now);
                    self.schedule.insert((deadline, Wake::Deadline(id)));
                    self.file(id, Order::Note(Note::Released));
                    self.retry(id);
                }
            }
            Command::Reroute(id, destination) => {
                self.file(id, Order::Note(Note::Rerouted(destination)));
            }
            Command::Remove(id) => self.file(id, Order::Remove),
            Command::Expire(id) => {
                if let Some(message) = self.messages.get_mut(&id) {
                    message.given_up = true;
                    self.expire(id);
                }
            }
        }
    }

    fn retry(&mut self, id: Id) {
        let Some(message) = self.messages.get(&id) else { return };
        let numbers: Vec<Number> = message.legs.iter().map(|leg| leg.station).collect();
        for number in numbers {
            self.open_way(number);
            self.wake(id, number);
        }
    }

    /// Tries all that waits for a domain (RFC 1985 §5): with `@` in front for its subdomains, too;
    /// `*` is every domain.
    fn flush(&mut self, domain: &str) {
        let numbers = self.stations_for(domain);
        let waiting: Vec<(Id, Number)> = self
            .messages
            .iter()
            .flat_map(|(id, message)| message.legs.iter().map(move |leg| (*id, leg)))
            .filter(|(_, leg)| numbers.contains(&leg.station))
            .filter(|(_, leg)| matches!(leg.state, State::Waiting(_)))
            .map(|(id, leg)| (id, leg.station))
            .collect();
        for number in numbers {
            self.open_way(number);
        }
        for (id, number) in waiting {
            self.wake(id, number);
        }
    }

    fn stations_for(&self, domain: &str) -> BTreeSet<Number> {
        if domain == "*" {
            return self.stations_of(|_| true);
        }
        let (base, deep) = match domain.strip_prefix('@') {
            Some(base) => (base, true),
            None => (domain, false),
        };
        let Ok(ascii) =
            Domain::parse(base.as_bytes(), true).map(|it| it.ascii().to_ascii_lowercase())
        else {
            return BTreeSet::new();
        };
        // A domain with a route of its own waits where the route leads.
        let mailbox = format!("postmaster@{ascii}").parse::<Mailbox>().ok();
        let routed = mailbox.and_then(|mailbox| self.settings.routes.destination(&mailbox));
        let suffix = format!(".{ascii}");
        self.stations_of(|destination| match destination {
            Destination::Domain(name) => *name == ascii || (deep && name.ends_with(&suffix)),
            other => routed.as_ref() == Some(other),
        })
    }

    /// Forgets whatever has failed of a destination.
    fn open_way(&mut self, number: Number) {
        let Some(station) = self.stations.get(&number) else { return };
        let port = self.port(&station.destination);
        let Some(station) = self.stations.get_mut(&number) else { return };
        if let Way::Known(path) = &station.way {
            for host in &path.hosts {
                self.resting.remove(&(host.name.clone(), port));
            }
        } else if let Some(remote) = station.trouble().and_then(|trouble| trouble.remote.as_ref()) {
            self.resting.remove(&(remote.name.clone(), port));
        }
        station.unblock();
        self.call(number);
    }
}
