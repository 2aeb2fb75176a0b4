//! A resolver on a bench: what it sends is seen, what it hears is made up, time is told.

use super::name;
use crate::dns::{
    Answer, Exchange, Failure, Input, Kind, Output, Query, Question, Record, Resolver, Transport,
    Zone,
};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::machine::{Instant, Machine};
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

pub(super) type Outcome = Result<Arc<Answer>, Failure>;

/// What was sent in one exchange.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) exchange: Exchange,
    pub(super) server: SocketAddr,
    pub(super) transport: Transport,
    pub(super) octets: Vec<u8>,
}

impl Sent {
    /// The message without the length.
    pub(super) fn message(&self) -> &[u8] {
        match self.transport {
            Transport::Datagram => &self.octets,
            Transport::Stream => {
                assert_eq!(self.octets[..2], ((self.octets.len() - 2) as u16).to_be_bytes());
                &self.octets[2..]
            }
        }
    }
}

pub(super) struct Bench {
    pub(super) now: Instant,
    pub(super) resolver: Resolver,
    pub(super) open: Vec<Exchange>,
    pub(super) outcomes: Vec<(Query, Outcome)>,
    asked: u32,
}

impl Bench {
    pub(super) fn new(servers: &[&str]) -> Self {
        Self::with_limits(servers, &Limits::DEFAULT)
    }

    pub(super) fn with_limits(servers: &[&str], limits: &Limits) -> Self {
        let now = Instant::from_seconds(1_000_000);
        let servers = servers.iter().map(|server| server.parse().unwrap()).collect();
        let resolver = Resolver::new(now, servers, limits, Entropy::from_seed([7; 32]));
        Self { now, resolver, open: Vec::new(), outcomes: Vec::new(), asked: 0 }
    }

    pub(super) fn ask(&mut self, text: &str, kind: Kind) -> Vec<Sent> {
        self.asked += 1;
        let (query, question) = (Query(self.asked), Question::new(name(text), kind));
        self.tell(Input::Ask { query, question })
    }

    /// Asks where one exchange must follow.
    pub(super) fn ask_one(&mut self, text: &str, kind: Kind) -> Sent {
        one(self.ask(text, kind))
    }

    pub(super) fn tell(&mut self, input: Input) -> Vec<Sent> {
        self.resolver.handle(self.now, input);
        self.drain()
    }

    pub(super) fn datagram(&mut self, sent: &Sent, octets: Vec<u8>) -> Vec<Sent> {
        self.tell(Input::Datagram { exchange: sent.exchange, from: sent.server, octets })
    }

    /// A zone answers.
    pub(super) fn served(&mut self, sent: &Sent, zone: &Zone) -> Vec<Sent> {
        let octets = zone.answer(sent.message(), sent.transport).unwrap();
        match sent.transport {
            Transport::Datagram => self.datagram(sent, octets),
            Transport::Stream => {
                let octets = framed(&octets);
                self.tell(Input::Octets { exchange: sent.exchange, octets })
            }
        }
    }

    pub(super) fn pass(&mut self, time: Duration) -> Vec<Sent> {
        self.now = self.now + time;
        self.resolver.handle_timeout(self.now);
        self.drain()
    }

    /// Lets the time-out come that is due next; how many milliseconds that took.
    pub(super) fn time_out(&mut self) -> (u128, Vec<Sent>) {
        let wait = self.resolver.poll_timeout().unwrap() - self.now;
        assert!(self.pass(wait - Duration::from_micros(1)).is_empty());
        (wait.as_millis(), self.pass(Duration::from_micros(1)))
    }

    fn drain(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Some(output) = self.resolver.poll() {
            match output {
                Output::Exchange { exchange, server, transport, octets } => {
                    assert!(!self.open.contains(&exchange));
                    self.open.push(exchange);
                    sent.push(Sent { exchange, server, transport, octets });
                }
                Output::Forget { exchange } => {
                    let before = self.open.len();
                    self.open.retain(|other| *other != exchange);
                    assert_eq!(self.open.len() + 1, before);
                }
                Output::Answered { query, outcome } => self.outcomes.push((query, outcome)),
            }
        }
        sent
    }

    /// The only outcome so far.
    pub(super) fn outcome(&mut self) -> Outcome {
        assert_eq!(self.outcomes.len(), 1, "{:?}", self.outcomes);
        self.outcomes.remove(0).1
    }
}

pub(super) fn one(mut sent: Vec<Sent>) -> Sent {
    assert_eq!(sent.len(), 1, "{sent:?}");
    sent.remove(0)
}

pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let mut octets = Vec::from((message.len() as u16).to_be_bytes());
    octets.extend_from_slice(message);
    octets
}

pub(super) fn a(last: u8) -> Record {
    Record::A([192, 0, 2, last].into())
}

pub(super) fn mx(preference: u16, exchange: &str) -> Record {
    Record::Mx { preference, exchange: name(exchange) }
}

/// `example.com` with a mail host, an alias, a circle and a ladder of aliases.
pub(super) fn zone() -> Zone {
    let mut zone = Zone::new(name("example.com"), 3600);
    zone.add(name("example.com"), mx(10, "mx.example.com"));
    zone.add(name("mx.example.com"), a(25));
    zone.add(name("mx.example.com"), Record::Aaaa("2001:db8::25".parse().unwrap()));
    zone.alias(name("mail.example.com"), name("mx.example.com"));
    zone.alias(name("away.example.com"), name("mx.example.net"));
    zone.alias(name("ring.example.com"), name("rong.example.com"));
    zone.alias(name("rong.example.com"), name("ring.example.com"));
    for step in 0..10 {
        let names = [step, step + 1].map(|step| format!("step{step}.example.com"));
        zone.alias(name(&names[0]), name(&names[1]));
    }
    zone.add(name("step10.example.com"), a(10));
    zone
}

/// A response without records: the query with another code.
pub(super) fn refused(query: &[u8], code: u8) -> Vec<u8> {
    let mut octets = query.to_vec();
    octets[2] |= 0x80;
    octets[3] = octets[3] & 0xf0 | code;
    octets
}

pub(super) fn ips(outcome: Outcome) -> Vec<alloc::string::String> {
    outcome.unwrap().addresses().map(|ip| ip.to_string()).collect()
}
