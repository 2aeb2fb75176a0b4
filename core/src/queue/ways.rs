//! The hosts of a destination: looked up, found, and left alone when they fail.

use super::machine::{Queue, Wake};
use super::station::{Number, Search, Station, Way, describe};
use super::{Action, Destination, Id, Outcome, Output};
use crate::address::Host;
use crate::dns::{self, Query};
use crate::machine::Machine;
use crate::mx::{self, Finder};
use crate::report::Report;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

impl Queue {
    /// Begins to look up the hosts of a station.
    pub(super) fn find(&mut self, number: Number) {
        let settings = self.settings.clone();
        let Some(station) = self.stations.get_mut(&number) else { return };
        let entropy = &mut self.entropy;
        let mut asked_for = |host: &Host| {
            let (loopback, limits) = (settings.loopback, &settings.limits);
            Finder::new(self.now, host, &settings.own, loopback, limits, entropy.fork())
        };
        let finder = match &station.destination {
            Destination::Domain(domain) => match domain.parse::<Host>() {
                Ok(host) => asked_for(&host),
                Err(why) => {
                    let text = format!("{domain}: {why}");
                    let action = Action::Failed;
                    station.way = Way::Hopeless(Outcome::ours(action, (5, 1, 2), text));
                    return;
                }
            },
            // It stands in a recipient's address, and is believed no more than what DNS says.
            Destination::Literal(address) => asked_for(&Host::Literal((*address).into())),
            Destination::Host(name, _) => {
                let literal = name.parse().map(|it: IpAddr| Host::Literal(it.into()));
                match literal.map_or_else(|_| name.parse::<Host>(), Ok) {
                    Ok(host) => Finder::for_host(self.now, &host, &settings.limits),
                    Err(why) => {
                        let text = format!("{name}: {why}");
                        let outcome = Outcome::ours(Action::Deferred, (4, 4, 4), text);
                        return self.block(number, outcome, None);
                    }
                }
            }
            Destination::Local => return,
        };
        station.way = Way::Finding(Box::new(Search { finder, asked: Vec::new() }));
        self.ask(number);
    }

    /// Passes on what a station's finder asks, and takes what it has found.
    fn ask(&mut self, number: Number) {
        loop {
            let Some(station) = self.stations.get_mut(&number) else { return };
            let Way::Finding(search) = &mut station.way else { return };
            match search.finder.poll() {
                None => return,
                Some(mx::Output::Ask { lookup, question }) => {
                    self.last_query = self.last_query.wrapping_add(1);
                    let query = Query(self.last_query);
                    search.asked.push(query);
                    self.queries.insert(query, (number, lookup));
                    self.outputs.push_back(Output::Resolve { query, question });
                }
                Some(mx::Output::Found(found)) => {
                    for query in &search.asked {
                        self.queries.remove(query);
                    }
                    return self.found(number, found);
                }
            }
        }
    }

    fn found(&mut self, number: Number, found: Result<mx::Path, mx::Failure>) {
        let Some(station) = self.stations.get_mut(&number) else { return };
        let report = Report::new("hosts").with("destination", &station.destination);
        match found {
            Ok(path) => {
                let report = report.with("mx", describe(&path));
                station.way = Way::Known(Arc::new(path));
                self.report(report);
            }
            Err(failure) => {
                let report = report.with("failure", &failure);
                let action = if failure.is_permanent() { Action::Failed } else { Action::Deferred };
                let text = failure.to_string();
                let outcome = Outcome { action, status: failure.status(), remote: None, text };
                if failure.is_permanent() {
                    station.way = Way::Hopeless(outcome);
                } else {
                    self.block(number, outcome, None);
                }
                self.report(report);
            }
        }
        self.call(number);
        self.close(number);
    }

    /// No host of a station can be used now; one message, `tried` or the next one, says so in its
    /// log, and the others wait.
    pub(super) fn block(&mut self, number: Number, outcome: Outcome, tried: Option<Id>) {
        let tried = tried.or_else(|| self.next_ready(number));
        let Some(station) = self.stations.get_mut(&number) else { return };
        station.failures += 1;
        station.failed = Some(self.now);
        let until = self.now + self.settings.backoff(station.failures, &mut self.entropy);
        station.way = Way::Blocked(until, outcome.clone());
        self.schedule.insert((until, Wake::Station(number)));
        let destination = station.destination.clone();
        let report = Report::new("destination-down").with("destination", &destination);
        let report = report.with("reason", &outcome.text);
        self.report(report.with("seconds", until.since(self.now).as_secs()));
        if let Some(id) = tried {
            self.settle(id, number, destination, outcome);
        }
    }

    /// Leaves a host alone for a while.
    pub(super) fn rest(&mut self, name: &str, port: u16) {
        while let Some((until, host)) = self.rest_ends.pop_front_if(|(until, _)| *until <= self.now)
        {
            if self.resting.get(&host) == Some(&until) {
                self.resting.remove(&host);
            }
        }
        let (host, until) = ((String::from(name), port), self.now + self.settings.rest());
        self.resting.insert(host.clone(), until);
        self.rest_ends.push_back((until, host));
    }

    /// The answer to a finder's question.
    pub(super) fn handle_resolved(
        &mut self,
        query: Query,
        outcome: Result<Arc<dns::Answer>, dns::Failure>,
    ) {
        let Some((number, lookup)) = self.queries.remove(&query) else { return };
        if let Some(Station { way: Way::Finding(search), .. }) = self.stations.get_mut(&number) {
            search.finder.handle(self.now, mx::Input::Answered { lookup, outcome });
            self.ask(number);
        }
    }
}
