//! The stub resolver.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use super::Query;
use super::cache::{Cache, Outcome};
use super::message::{Code, Reading, Response, Sent};
use super::trail::{Lead, Trail};
use super::{Answer, Failure, Kind, Question, Record};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::machine::{Instant, Machine};

/// Names one exchange with one server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Exchange(u32);

impl Exchange {
    /// Its number, for a log.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// How octets travel (RFC 1035 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// By UDP, a message in each datagram.
    Datagram,
    /// By TCP, two octets of length before each message.
    Stream,
}

/// What a [`Resolver`] is told. What concerns an exchange that is over is ignored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A question.
    Ask {
        /// Its name.
        query: Query,
        /// What is asked.
        question: Question,
    },
    /// A datagram came.
    Datagram {
        /// On whose socket.
        exchange: Exchange,
        /// Its source, as the socket tells it.
        from: SocketAddr,
        /// What it held.
        octets: Vec<u8>,
    },
    /// Octets came by TCP, in any portions.
    Octets {
        /// On whose socket.
        exchange: Exchange,
        /// What came.
        octets: Vec<u8>,
    },
    /// The server could not be reached, refused, or closed the connection. The host has closed
    /// the socket, and hears no more of this exchange.
    Failed {
        /// Whose socket it was.
        exchange: Exchange,
    },
    /// The servers to ask from now on, the preferred one first. What is remembered is forgotten.
    Servers(Vec<SocketAddr>),
}

/// What a [`Resolver`] wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Open a socket of its own for the exchange, with a port that nobody can guess (RFC 5452 §9.2);
    /// connect it, send the octets, and hand in what comes back.
    Exchange {
        /// Its name.
        exchange: Exchange,
        /// Whom to ask.
        server: SocketAddr,
        /// How.
        transport: Transport,
        /// What to send; on a stream the length is already in front.
        octets: Vec<u8>,
    },
    /// Close the exchange's socket.
    Forget {
        /// Whose socket.
        exchange: Exchange,
    },
    /// A query's outcome.
    Answered {
        /// The query's name.
        query: Query,
        /// What came of it.
        outcome: Result<Arc<Answer>, Failure>,
    },
}

/// A stub resolver (RFC 1034 §5.3.1): it asks recursive servers, and remembers what they said.
///
/// - A question is asked of one server after the other, by datagram, until one answers;
///   a truncated answer is fetched by TCP.
/// - Forgery has to guess the id, the case of the name and the port (RFC 5452): what does not fit is
///   as if it never came.
/// - CNAMEs are followed, in an answer and by asking again.
/// - The same question asked twice at a time is sent once.
/// - `localhost` is answered without asking (RFC 6761 §6.3).
///
/// ```
/// use postroad_core::dns::{Input, Kind, Name, Output, Query, Question, Record, Resolver, Zone};
/// use postroad_core::{entropy::Entropy, limits::Limits, machine::{Instant, Machine}};
///
/// let name: Name = "mx.example.com".parse().unwrap();
/// let mut zone = Zone::new("example.com".parse().unwrap(), 3600);
/// zone.add(name.clone(), Record::A([192, 0, 2, 25].into()));
///
/// let now = Instant::from_seconds(0);
/// let servers = vec!["127.0.0.1:53".parse().unwrap()];
/// let mut resolver = Resolver::new(now, servers, &Limits::DEFAULT, Entropy::from_seed([7; 32]));
/// resolver.handle(now, Input::Ask { query: Query(1), question: Question::new(name, Kind::A) });
///
/// // What a host does with a socket:
/// let Some(Output::Exchange { exchange, server, transport, octets }) = resolver.poll() else { panic!() };
/// let octets = zone.answer(&octets, transport).unwrap();
/// resolver.handle(now, Input::Datagram { exchange, from: server, octets });
///
/// assert_eq!(resolver.poll(), Some(Output::Forget { exchange }));
/// let Some(Output::Answered { query: Query(1), outcome }) = resolver.poll() else { panic!() };
/// assert_eq!(outcome.unwrap().records, [Record::A([192, 0, 2, 25].into())]);
/// ```
#[derive(Debug)]
pub struct Resolver {
    now: Instant,
    limits: Limits,
    entropy: Entropy,
    servers: Vec<SocketAddr>,
    /// The server to ask first, as an index.
    first: usize,
    phase: Phase,
    cache: Cache,
    exchanges: u32,
    lookups: BTreeMap<Exchange, (Lookup, Wire)>,
    inputs: VecDeque<Input>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    ShuttingDown,
}

/// A question that is being asked.
#[derive(Debug)]
struct Lookup {
    question: Question,
    askers: Vec<Query>,
    trail: Trail,
    /// How often the trail's last name was asked about.
    tries: usize,
    /// The server that is asked: its index, and its address.
    index: usize,
    server: SocketAddr,
}

/// The exchange in which it is asked.
#[derive(Debug)]
struct Wire {
    transport: Transport,
    edns: Edns,
    sent: Sent,
    /// What came by TCP and is not a whole message yet.
    inbox: Vec<u8>,
    deadline: Instant,
}

/// Whether a query says that longer datagrams are welcome (RFC 6891).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edns {
    With,
    Without,
}

impl Resolver {
    /// A resolver that asks `servers`, the preferred one first.
    #[must_use]
    pub fn new(now: Instant, servers: Vec<SocketAddr>, limits: &Limits, entropy: Entropy) -> Self {
        Self {
            now,
            limits: limits.clone(),
            entropy,
            servers,
            first: 0,
            phase: Phase::Open,
            cache: Cache::new(limits.dns_cache),
            exchanges: 0,
            lookups: BTreeMap::new(),
            inputs: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Octets of all streams that wait for the rest of their message.
    #[cfg(test)]
    pub(super) fn unread(&self) -> usize {
        self.lookups.values().map(|(_, wire)| wire.inbox.len()).sum()
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Ask { query, question } => self.ask(query, question),
            Input::Datagram { exchange, from, octets } => self.datagram(exchange, from, &octets),
            Input::Octets { exchange, octets } => self.octets(exchange, &octets),
            Input::Failed { exchange } => {
                if let Some((lookup, _)) = self.lookups.remove(&exchange) {
                    self.fail_over(lookup, Failure::Unreachable);
                }
            }
            Input::Servers(servers) => {
                self.servers = servers;
                self.first = 0;
                self.cache.clear();
            }
        }
    }

    fn ask(&mut self, query: Query, question: Question) {
        let known = local(self.now, &question).or_else(|| self.cache.get(self.now, &question));
        if let Some(outcome) = known {
            return self.answered(query, outcome);
        }
        if self.phase == Phase::ShuttingDown {
            return self.answered(query, Err(Failure::ShutDown));
        }
        let waiting: usize = self.lookups.values().map(|(lookup, _)| lookup.askers.len()).sum();
        if waiting >= self.limits.dns_queries {
            return self.answered(query, Err(Failure::Busy));
        }
        let mut under_way = self.lookups.values_mut().map(|(lookup, _)| lookup);
        if let Some(lookup) = under_way.find(|lookup| lookup.question == question) {
            return lookup.askers.push(query);
        }
        let Some(server) = self.servers.get(self.first).copied() else {
            return self.answered(query, Err(Failure::NoServers));
        };
        let trail = Trail::new(question.name.clone());
        let askers = Vec::from([query]);
        let lookup = Lookup { question, askers, trail, tries: 1, index: self.first, server };
        self.send(lookup, Transport::Datagram, Edns::With);
    }

    fn answered(&mut self, query: Query, outcome: Outcome) {
        self.outputs.push_back(Output::Answered { query, outcome });
    }

    /// Begins an exchange with the lookup's server.
    fn send(&mut self, lookup: Lookup, transport: Transport, edns: Edns) {
        let question = Question::new(lookup.trail.name().clone(), lookup.question.kind);
        let sent = Sent::new(&question, edns == Edns::With, &mut self.entropy);
        let mut octets = Vec::new();
        if transport == Transport::Stream {
            octets.extend((sent.octets().len() as u16).to_be_bytes());
        }
        octets.extend(sent.octets());
        self.exchanges = self.exchanges.wrapping_add(1);
        let exchange = Exchange(self.exchanges);
        let server = lookup.server;
        let deadline = self.now + self.patience(&lookup, transport);
        let wire = Wire { transport, edns, sent, inbox: Vec::new(), deadline };
        self.lookups.insert(exchange, (lookup, wire));
        self.outputs.push_back(Output::Exchange { exchange, server, transport, octets });
    }

    fn patience(&self, lookup: &Lookup, transport: Transport) -> Duration {
        const MOST_DOUBLINGS: usize = 5;
        match transport {
            Transport::Stream => self.limits.dns_stream_timeout,
            Transport::Datagram => {
                let round = (lookup.tries - 1) / self.servers.len().max(1);
                self.limits.dns_timeout * (1 << round.min(MOST_DOUBLINGS))
            }
        }
    }

    fn datagram(&mut self, exchange: Exchange, from: SocketAddr, octets: &[u8]) {
        let Some((lookup, wire)) = self.lookups.get(&exchange) else { return };
        // A link-local address may come with a scope that the configuration does not know.
        let is_server = (from.ip(), from.port()) == (lookup.server.ip(), lookup.server.port());
        if wire.transport == Transport::Datagram && is_server {
            let reading = wire.sent.read(octets);
            self.heard(exchange, reading);
        }
    }

    fn octets(&mut self, exchange: Exchange, octets: &[u8]) {
        let Some((_, wire)) = self.lookups.get_mut(&exchange) else { return };
        if wire.transport == Transport::Datagram {
            return;
        }
        wire.inbox.extend_from_slice(octets);
        let mut start = 0;
        while let Some((length, rest)) = wire.inbox[start..].split_first_chunk::<2>()
            && let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length)))
        {
            start += 2 + message.len();
            let reading = wire.sent.read(message);
            if reading != Reading::Foreign {
                return self.heard(exchange, reading);
            }
        }
        wire.inbox.drain(..start);
    }

    /// Ends an exchange with what its server said, unless that was not for us.
    fn heard(&mut self, exchange: Exchange, reading: Reading) {
        if reading == Reading::Foreign {
            return;
        }
        let Some((lookup, wire)) = self.lookups.remove(&exchange) else { return };
        self.outputs.push_back(Output::Forget { exchange });
        match reading {
            Reading::Response(response) => self.digest(lookup, wire.edns, &response),
            Reading::Truncated if wire.transport == Transport::Datagram => {
                self.send(lookup, Transport::Stream, wire.edns);
            }
            _ => self.fail_over(lookup, Failure::Malformed),
        }
    }

    fn digest(&mut self, mut lookup: Lookup, edns: Edns, response: &Response) {
        match response.code {
            Code::NoError | Code::NxDomain => {}
            // RFC 6891 §7: the server does not know EDNS.
            Code::FormErr | Code::NotImp if edns == Edns::With => {
                return self.send(lookup, Transport::Datagram, Edns::Without);
            }
            code => return self.fail_over(lookup, Failure::Refused(code.words())),
        }
        let mut trail = lookup.trail.clone();
        match trail.follow(lookup.question.kind, response) {
            Lead::Records(records) => {
                let until = self.until(trail.ttl, self.limits.dns_positive);
                let (canonical, authenticated) = (trail.name().clone(), trail.authenticated);
                let answer = Answer { records, canonical, until, authenticated };
                self.conclude(lookup, Ok(Arc::new(answer)), until);
            }
            Lead::Nothing(failure, ttl) => {
                let longest = self.limits.dns_negative;
                self.conclude(lookup, Err(failure), self.until(ttl, longest));
            }
            Lead::Elsewhere => {
                lookup.trail = trail;
                lookup.tries = 1;
                self.send(lookup, Transport::Datagram, Edns::With);
            }
            Lead::Astray(failure) => self.fail_over(lookup, failure),
        }
    }

    fn until(&self, ttl: u32, longest: Duration) -> Instant {
        self.now + Duration::from_secs(ttl.into()).min(longest)
    }

    /// Asks the next server, if there were not too many tries.
    fn fail_over(&mut self, mut lookup: Lookup, failure: Failure) {
        // Servers that do not answer at all are not asked first any more.
        if lookup.index == self.first && matches!(failure, Failure::Timeout | Failure::Unreachable)
        {
            self.first = self.after(self.first);
        }
        if lookup.tries >= self.limits.dns_tries || self.phase == Phase::ShuttingDown {
            let until = self.now + self.limits.dns_failure;
            return self.conclude(lookup, Err(failure), until);
        }
        lookup.tries += 1;
        lookup.index = self.after(lookup.index);
        match self.servers.get(lookup.index) {
            Some(server) => {
                lookup.server = *server;
                self.send(lookup, Transport::Datagram, Edns::With);
            }
            None => self.conclude(lookup, Err(Failure::NoServers), self.now),
        }
    }

    fn after(&self, index: usize) -> usize {
        (index + 1).checked_rem(self.servers.len()).unwrap_or(0)
    }

    fn conclude(&mut self, lookup: Lookup, outcome: Outcome, until: Instant) {
        for query in lookup.askers {
            self.answered(query, outcome.clone());
        }
        self.cache.put(self.now, lookup.question, outcome, until);
    }

    /// Gives up an exchange whose time has passed, if there is one.
    fn expire(&mut self) -> bool {
        let overdue = self.lookups.iter().find(|(_, (_, wire))| wire.deadline <= self.now);
        let Some(exchange) = overdue.map(|(exchange, _)| *exchange) else { return false };
        self.outputs.push_back(Output::Forget { exchange });
        if let Some((lookup, _)) = self.lookups.remove(&exchange) {
            self.fail_over(lookup, Failure::Timeout);
        }
        true
    }
}

/// RFC 6761 §6.3: `localhost` is this host, whatever a server says.
fn local(now: Instant, question: &Question) -> Option<Outcome> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    if !question.name.is_localhost() {
        return None;
    }
    let record = match question.kind {
        Kind::A => Record::A(Ipv4Addr::LOCALHOST),
        Kind::Aaaa => Record::Aaaa(Ipv6Addr::LOCALHOST),
        _ => return Some(Err(Failure::NoRecords)),
    };
    let (records, canonical) = (Vec::from([record]), question.name.clone());
    let answer = Answer { records, canonical, until: now + DAY, authenticated: false };
    Some(Ok(Arc::new(answer)))
}

impl Machine for Resolver {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        self.inputs.push_back(input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    /// What is being asked is finished, with the server that is being asked; other questions are
    /// answered only from memory.
    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.phase = Phase::ShuttingDown;
    }

    fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            match self.inputs.pop_front() {
                Some(input) => self.take(input),
                None if self.expire() => {}
                None => return None,
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.lookups.values().map(|(_, wire)| wire.deadline).min()
    }
}
