//! The side of a transfer agent that connects to other hosts.

mod doors;
mod message;
mod outcome;
#[cfg(test)]
mod tests;

use crate::address::{Domain, Host};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Ticket, Tickets};
use crate::queue::{
    self, Action, Carried, Carrier, Carry, Dial, End, Entry, Outcome, Protection, Remote, spool,
};
use crate::role::{self, Effect, Report, Site};
use crate::smtp::client::{self, Config, Failure, Stage, StartTls, Why};
use crate::smtp::{Client, Protocol};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use message::{Heard, Message};
use outcome::Counterpart;

/// A transfer agent on one connection to another host: it carries what the queue gives it, one
/// message after the other, with as many transactions as each one takes.
///
/// The content goes as it stands in the spool. What became of each recipient is noted there before
/// the queue is told ([`queue::Input::Carried`]). A message that the host has not begun to take when
/// the connection ends goes back to the queue untried. The last word is [`queue::Input::Closed`].
pub struct Outbound {
    client: Client,
    site: Arc<Site>,
    carrier: Carrier,
    host: Counterpart,
    /// The message that was handed over last.
    carry: Carry,
    work: Work,
    line: Line,
    ending: Ending,
    /// Whether this connection has carried anything.
    proven: bool,
    tickets: Tickets,
    effects: VecDeque<Effect>,
    now: Instant,
}

/// What is awaited for the message that was handed over last.
enum Work {
    /// Nothing: the queue has been told.
    Done,
    /// Its turn.
    Handed,
    /// What the spool knows of it.
    Loading,
    /// The client; and if that waits for content, the spool.
    Sending(Message, Option<Reading>),
    /// The spool, which notes what a transaction came to.
    Noting(Message, Note),
    /// The time to ask for that again, since the spool failed. Until it is noted the message stays
    /// here, for who has it already must not get it again.
    Unnoted(Message, Note, Instant),
}

/// What a transaction came to.
struct Note {
    request: spool::Request,
    /// What the queue is told when all transactions are over.
    carried: Carried,
}

/// The client's request for content.
struct Reading {
    ticket: Ticket,
    /// The octets that it has, counted from the first one of the message.
    octets: u64,
}

/// What is awaited of the connection.
enum Line {
    /// The end of the opening, or of a transaction.
    Busy,
    /// A transaction.
    Ready,
    /// Its end: no transaction begins any more.
    Leaving,
    /// That the message in hand is done with. This is how the connection ended.
    Closed(Result<(), Failure>),
    /// Nothing: the queue has been told.
    Over,
}

/// Whether more messages come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ending {
    /// They may.
    Open,
    /// None but the one in hand.
    Quit,
    /// Nothing is begun any more.
    Shutdown,
}

impl Outbound {
    /// An agent of `site` on a new connection to `address`, which was dialled for `dial`.
    ///
    /// # Panics
    /// If the hostname of `site` is none; [`Site::new`] sees to that.
    #[must_use]
    pub fn new(
        now: Instant,
        site: Arc<Site>,
        dial: &Dial,
        address: IpAddr,
        entropy: Entropy,
    ) -> Self {
        let hostname = Domain::parse(site.config.hostname.as_bytes(), true)
            .and_then(|domain| Domain::parse(domain.ascii().as_bytes(), false))
            .expect("the hostname was checked");
        let mut config = Config::new(Host::Domain(hostname), Protocol::Smtp);
        if let Some(credentials) = &dial.route.credentials {
            config = config.with_credentials(credentials.clone());
        }
        config.start_tls = match dial.route.protection {
            Protection::None => StartTls::Never,
            Protection::May => StartTls::Opportunistic,
            Protection::Require => StartTls::Required,
        };
        config.dialogue = true;
        config.limits = site.config.limits.clone();
        let channel = site.channel(role::Peer::Host(address), None);
        let host = Counterpart {
            remote: Remote { name: dial.host.clone(), address: Some(address) },
            dsn: false,
            cipher: "none",
            most: site.config.limits.diagnostic,
        };
        Self {
            client: Client::new(now, Arc::new(config), channel, entropy),
            site,
            carrier: dial.carrier,
            host,
            carry: dial.first.clone(),
            work: Work::Handed,
            line: Line::Busy,
            ending: Ending::Open,
            proven: false,
            tickets: Tickets::default(),
            effects: VecDeque::new(),
            now,
        }
    }

    fn report(&mut self, report: Report) {
        self.effects.push_back(Effect::Report(report.with("carrier", self.carrier)));
    }

    fn ask_spool(&mut self, request: spool::Request) {
        let ticket = self.tickets.issue();
        self.effects.push_back(Effect::Spool { ticket, request });
    }

    /// Goes on where nothing is awaited any more; says whether there was such a thing.
    fn advance(&mut self) -> bool {
        match (core::mem::replace(&mut self.work, Work::Done), &self.line) {
            (Work::Handed, Line::Ready) => {
                self.work = Work::Loading;
                self.ask_spool(spool::Request::Load(self.carry.id));
            }
            (Work::Sending(mut message, None), Line::Ready) => {
                let envelope = message.next_envelope(self.site.config.limits.client_recipients);
                self.work = Work::Sending(message, None);
                self.line = Line::Busy;
                self.client.handle(self.now, client::Input::Deliver(Box::new(envelope)));
            }
            (Work::Done, Line::Busy | Line::Ready) if self.ending == Ending::Quit => {
                self.line = Line::Leaving;
                self.client.handle(self.now, client::Input::Quit);
            }
            (Work::Unnoted(message, note, due), _) if due <= self.now => {
                self.ask_to_note(message, note);
            }
            (Work::Unnoted(..), _) if self.ending == Ending::Shutdown => {
                self.carried(Carried::Unknown);
            }
            (Work::Sending(message, _), Line::Closed(_)) => self.leave_off(message),
            (work @ (Work::Done | Work::Handed | Work::Loading), Line::Closed(_)) => {
                self.close(&work);
            }
            (work, _) => {
                self.work = work;
                return false;
            }
        }
        true
    }

    /// Begins with the message in hand.
    fn begin(&mut self, entry: Box<Entry>) {
        let Self { site, carry, .. } = self;
        let goes_there = |place: &usize| {
            entry.destination(*place, |path| site.destination(path)) == carry.destination
        };
        let places: Vec<usize> = entry.pending().filter(goes_there).collect();
        if places.is_empty() {
            self.carried(Carried::Elsewhere);
        } else {
            self.work = Work::Sending(Message::new(entry, places), None);
        }
    }

    fn read(&mut self, ticket: Ticket, offset: u64, length: usize) {
        if let Work::Sending(_, reading) = &mut self.work {
            *reading = Some(Reading { ticket, octets: offset });
            self.ask_spool(spool::Request::Read { id: self.carry.id, offset, length });
        }
    }

    /// A transaction is over.
    fn end_transaction(&mut self) {
        if let Work::Sending(message, _) = &mut self.work {
            let heard = message.end_transaction();
            self.note(&heard);
        }
    }

    /// Has the spool note what was heard of the message that is being sent.
    fn note(&mut self, heard: &[Heard]) {
        let Work::Sending(mut message, _) = core::mem::replace(&mut self.work, Work::Done) else {
            return;
        };
        if heard.is_empty() {
            self.work = Work::Sending(message, None);
            return;
        }
        let outcomes = self.host.outcomes(heard);
        for (places, outcome) in &outcomes {
            for place in places {
                self.report_outcome(message.entry(), *place, outcome);
            }
        }
        let warn_after = self.site.config.queue.warn_after.0;
        let (request, carried) = message.settle(self.now, warn_after, outcomes);
        self.ask_to_note(message, Note { request, carried });
    }

    fn ask_to_note(&mut self, message: Message, note: Note) {
        let request = note.request.clone();
        self.work = Work::Noting(message, note);
        self.ask_spool(request);
    }

    fn report_outcome(&mut self, entry: &Entry, place: usize, outcome: &Outcome) {
        let event = match outcome.action {
            // To another host, it is the same.
            Action::Passed => Action::Relayed.name(),
            action => action.name(),
        };
        let report = Report::new(event).with("id", self.carry.id);
        let to = &entry.envelope.recipients[place].forward_path;
        let report = report.with("to", to).with("destination", &self.carry.destination);
        let report = self.host.describe(report).with("status", outcome.status);
        self.report(report.with("reply", &outcome.text));
    }

    fn carried(&mut self, carried: Carried) {
        self.work = Work::Done;
        let (carrier, id) = (self.carrier, self.carry.id);
        self.effects.push_back(Effect::Queue(queue::Input::Carried { carrier, id, carried }));
    }

    /// The connection ended before all recipients of the message were named. If the queue may try
    /// them at once, it is not told that the message was carried.
    fn leave_off(&mut self, mut message: Message) {
        let failure = match &self.line {
            Line::Closed(Err(failure)) => failure.clone(),
            _ => Failure { stage: Stage::Idle, why: Why::TooManyTransactions },
        };
        if message.may_be_tried_at_once() || self.ending == Ending::Shutdown {
            self.work = Work::Handed;
        } else {
            let rest = message.give_up(&failure);
            self.work = Work::Sending(message, None);
            self.note(&rest);
        }
    }

    /// Tells the queue how the connection ended; `work` says whether a message waited for it.
    fn close(&mut self, work: &Work) {
        self.tickets = Tickets::default();
        let end = match (work, core::mem::replace(&mut self.line, Line::Over)) {
            (Work::Handed | Work::Loading, Line::Closed(Err(failure)))
                if !self.proven && failure.why != Why::Shutdown =>
            {
                let outcome = self.host.unreachable(&failure);
                match failure.why {
                    Why::Tls(_) => End::NoTls(outcome),
                    _ => End::Failed(outcome),
                }
            }
            _ => End::Over,
        };
        let closed = queue::Input::Closed { carrier: self.carrier, end };
        self.effects.push_back(Effect::Queue(closed));
    }
}
