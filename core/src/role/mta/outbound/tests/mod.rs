//! Dialogues with scripted hosts, in every fragmentation; then real ones.

mod endings;
mod outcomes;
mod pairs;

use super::*;
use crate::address::{ForwardPath, ReversePath};
use crate::machine::{Host, Session, Tls, TlsFailed, Wants, drain};
use crate::queue::{Destination, Envelope, Id, Note, Route};
use crate::role::Input;
use crate::role::config;
use crate::sasl::Credentials;
use crate::smtp::client::Recipient;
use crate::smtp::{MailParameters, RcptParameters};
use crate::store;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use core::mem;
use core::time::Duration;

const NOW: Instant = Instant::from_seconds(1_800_000_000);
const HELLO: &str = "EHLO client.example.org\r\n";
const MAIL: &str = "MAIL FROM:<alice@example.org>\r\n";
const BOB: &str = "RCPT TO:<bob@example.net>\r\n";
const CAROL: &str = "RCPT TO:<carol@example.net>\r\n";
const DATA: &str = "DATA\r\n";
const CONTENT: &str = "Subject: dots\r\n\r\n.one\r\n";
const STUFFED: &str = "Subject: dots\r\n\r\n..one\r\n.\r\n";
const QUIT: &str = "QUIT\r\n";
const OK: &str = "250 2.0.0 Ok\r\n";
const GO: &str = "354 go\r\n";
const BYE: &str = "221 2.0.0 Bye\r\n";

/// Whether a request is one of those that fail.
type Which = fn(&spool::Request) -> bool;

/// A host with a spool in memory, which writes down what the spool and the queue are told.
#[derive(Default)]
struct World {
    spool: BTreeMap<Id, (Entry, Vec<u8>)>,
    /// Which request fails, and how.
    fails: Option<(Which, store::Failure)>,
    /// Requests that wait to be answered, if the spool is slow.
    waiting: Option<VecDeque<(Ticket, spool::Request)>>,
    told: Vec<String>,
    reports: Vec<String>,
}

impl World {
    fn perform(&mut self, request: spool::Request, octets: &mut Vec<u8>) -> spool::Answer {
        if let Some((_, failure)) = self.fails.as_ref().filter(|(fails, _)| fails(&request)) {
            return spool::Answer::Failed(failure.clone());
        }
        let gone = spool::Answer::Failed(store::Failure::NoMessage);
        match request {
            spool::Request::Load(id) => match self.spool.get(&id) {
                Some((entry, _)) => spool::Answer::Loaded(Box::new(entry.clone())),
                None => gone,
            },
            spool::Request::Read { id, offset, length } => {
                let Some((_, content)) = self.spool.get(&id) else { return gone };
                let rest = &content[usize::try_from(offset).unwrap()..];
                octets.extend_from_slice(&rest[..rest.len().min(length)]);
                spool::Answer::Read { end: octets.len() == rest.len() }
            }
            spool::Request::Record { id, records } => {
                let Some((entry, _)) = self.spool.get_mut(&id) else { return gone };
                for record in records {
                    let Note::Outcome { recipients, outcome } = &record.note else {
                        panic!("{record}")
                    };
                    self.told.push(format!("note {recipients:?} {outcome}"));
                    entry.apply(record);
                }
                spool::Answer::Done
            }
            spool::Request::Remove(id) => {
                self.told.push("remove".into());
                self.spool.remove(&id);
                spool::Answer::Done
            }
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, now: Instant, agent: &mut Outbound, ticket: Ticket, ask: spool::Request) {
        let mut octets = Vec::new();
        let is_read = matches!(ask, spool::Request::Read { .. });
        let answer = self.perform(ask, &mut octets);
        if is_read {
            agent.handle_content(now, ticket, &octets);
        }
        agent.handle(now, Input::Spool { ticket, answer });
    }
}

impl Host<Outbound> for World {
    fn perform(&mut self, now: Instant, agent: &mut Outbound, effect: Effect) {
        match effect {
            Effect::Spool { ticket, request } => match &mut self.waiting {
                Some(waiting) => waiting.push_back((ticket, request)),
                None => self.answer(now, agent, ticket, request),
            },
            Effect::Queue(queue::Input::Carried { carrier, id, carried }) => {
                assert_eq!(carrier, Carrier(7));
                let number = [id_of(1), id_of(2)].iter().position(|it| *it == id).unwrap() + 1;
                self.told.push(format!("carried {number} {carried:?}"));
            }
            Effect::Queue(queue::Input::Closed { carrier, end }) => {
                assert_eq!(carrier, Carrier(7));
                self.told.push(match end {
                    End::Over => "closed".into(),
                    End::Failed(outcome) => format!("failed {outcome}"),
                    End::NoTls(outcome) => format!("no tls {outcome}"),
                });
            }
            Effect::Report(report) => self.reports.push(report.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

fn id_of(number: u8) -> Id {
    Id::parse(&format!("2b3c4d5f6g7h8j9{}", char::from(b'l' + number))).unwrap()
}

/// A message from Alice; of each recipient, path and parameters.
fn entry(number: u8, recipients: &[&str], size: usize) -> Entry {
    let recipient = |text: &&str| {
        let (forward_path, rest) = ForwardPath::parse(text.as_bytes(), true).unwrap();
        Recipient { forward_path, parameters: RcptParameters::parse(rest).unwrap() }
    };
    let envelope = Envelope {
        id: id_of(number),
        arrived: NOW,
        origin: "alice".into(),
        reverse_path: ReversePath::parse(b"<alice@example.org>", false).unwrap().0,
        parameters: MailParameters::default(),
        recipients: recipients.iter().map(recipient).collect(),
    };
    Entry::new(envelope, size as u64)
}

fn site() -> Arc<Site> {
    let config = config::Config { hostname: "client.example.org".into(), ..Default::default() };
    Arc::new(Site::new(config, [7; 32]).unwrap())
}

fn carry(number: u8) -> Carry {
    Carry { id: id_of(number), destination: Destination::Domain("example.net".into()) }
}

fn dial(route: Route) -> Dial {
    Dial {
        carrier: Carrier(7),
        host: "mx.example.net".into(),
        addresses: vec![],
        route: Arc::new(route),
        first: carry(1),
    }
}

/// An agent at work.
struct Room {
    agent: Outbound,
    now: Instant,
    world: World,
    /// What the agent has transmitted.
    wire: Vec<u8>,
}

impl Room {
    fn settle(&mut self) {
        loop {
            drain(self.now, &mut self.agent, &mut self.world);
            let count = self.agent.transmit().len();
            if count == 0 {
                return;
            }
            self.wire.extend_from_slice(self.agent.transmit());
            self.agent.transmitted(count);
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if self.agent.wants() == Wants::Read {
            self.agent.handle_bytes(self.now, bytes);
            self.settle();
        }
    }

    /// What is not said by the server.
    fn happen(&mut self, what: &str) {
        match what {
            "<eof>" => self.agent.handle_eof(self.now),
            "<shutdown>" => self.agent.handle_shutdown(self.now),
            "<quit>" => self.agent.handle(self.now, Input::Quit),
            "<carry>" => self.agent.handle(self.now, Input::Carry(carry(2))),
            "<tls>" | "<no tls>" => {
                assert_eq!(self.agent.wants(), Wants::Tls);
                let tls = Tls { version: "TLS1.3", cipher: "TLS_X", ..Tls::default() };
                let failed = TlsFailed("bad certificate".into());
                let outcome = if what == "<tls>" { Ok(tls) } else { Err(failed) };
                self.agent.handle_tls(self.now, outcome);
            }
            "<late>" => {
                self.now = self.now + Duration::from_secs(3600);
                self.agent.handle_timeout(self.now);
            }
            "<soon>" => {
                self.now = self.now + crate::limits::Limits::DEFAULT.note_again;
                self.agent.handle_timeout(self.now);
            }
            "<room>" => self.world.fails = None,
            "<answer>" => {
                let waiting = self.world.waiting.as_mut().and_then(VecDeque::pop_front);
                let (ticket, request) = waiting.expect("a request");
                self.world.answer(self.now, &mut self.agent, ticket, request);
            }
            _ => panic!("{what}"),
        }
        self.settle();
    }
}

/// A dialogue: the first message and its connection, and by turns what the agent must say and what
/// comes then.
struct Dialogue {
    site: Arc<Site>,
    route: Route,
    address: IpAddr,
    entries: Vec<Entry>,
    content: Vec<u8>,
    fails: Option<(Which, store::Failure)>,
    slow: bool,
}

impl Dialogue {
    fn to(recipients: &[&str]) -> Self {
        Self {
            site: site(),
            route: Route { protection: Protection::None, ..Route::default() },
            address: [192, 0, 2, 1].into(),
            entries: vec![
                entry(1, recipients, CONTENT.len()),
                entry(2, &["<bob@example.net>"], CONTENT.len()),
            ],
            content: CONTENT.into(),
            fails: None,
            slow: false,
        }
    }

    fn with(mut self, protection: Protection) -> Self {
        self.route.protection = protection;
        self
    }

    fn failing(mut self, which: Which, failure: store::Failure) -> Self {
        self.fails = Some((which, failure));
        self
    }

    fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    fn start(&self) -> Room {
        let entropy = Entropy::from_seed([7; 32]);
        let dial = dial(self.route.clone());
        let agent = Outbound::new(NOW, self.site.clone(), &dial, self.address, entropy);
        let entries = self.entries.iter().map(|it| (it.envelope.id, it.clone()));
        let world = World {
            spool: entries.map(|(id, entry)| (id, (entry, self.content.clone()))).collect(),
            fails: self.fails.clone(),
            waiting: self.slow.then(VecDeque::new),
            ..World::default()
        };
        let mut room = Room { agent, now: NOW, world, wire: Vec::new() };
        room.settle();
        room
    }

    /// Holds the dialogue in several fragmentations, and returns what the spool and the queue were
    /// told.
    fn hold(&self, turns: &[(&str, &str)]) -> String {
        let told = [usize::MAX, 1, 2, 7].map(|piece| self.hold_in_pieces(turns, piece));
        assert!(told.iter().all(|it| it.world.told == told[0].world.told));
        told[0].world.told.join("\n")
    }

    fn hold_in_pieces(&self, turns: &[(&str, &str)], piece: usize) -> Room {
        let mut room = self.start();
        for (expected, then) in turns {
            let said = String::from_utf8(mem::take(&mut room.wire)).unwrap();
            assert_eq!(said, *expected, "in pieces of {piece}, before {then:?}");
            if then.starts_with('<') {
                room.happen(then);
            } else {
                then.as_bytes().chunks(piece).for_each(|bytes| room.hear(bytes));
            }
        }
        assert_eq!(String::from_utf8_lossy(&room.wire), "", "in pieces of {piece}, at the end");
        let closed = |told: &&String| !told.starts_with("note") && !told.starts_with("carried");
        let closed = room.world.told.iter().filter(closed).filter(|it| *it != "remove").count();
        assert_eq!(closed, usize::from(room.agent.wants() == Wants::Close), "one farewell");
        room
    }
}

/// The turns until the host waits for a message.
fn opened<'a>(turns: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("", "220 mx.example.net hi\r\n"), (HELLO, "250 mx.example.net\r\n")], turns].concat()
}

/// Opened, and the first message's content is sent.
fn sent<'a>(turns: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    opened(&[&[(MAIL, OK), (BOB, OK), (DATA, GO)], turns].concat())
}

/// One message was carried to Bob, and the connection waits for the next one.
fn carried<'a>(turns: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    sent(&[&[(STUFFED, OK)], turns].concat())
}
