//! Finding the way to a domain (RFC 5321 §5.1).

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::path::by_turns;
use super::{Failure, MailHost, Path};
use crate::address::{AddressLiteral, Host};
use crate::dns::{self, Answer, Kind, Name, Question, Record};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::machine::{Instant, Machine};

/// Names a question of a [`Finder`]; the answer carries the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lookup(u16);

impl Lookup {
    /// Its number, for a log.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// Whether a domain may send mail to this host's own loopback addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Loopback {
    /// What a domain of the open Internet says is not believed when it names `localhost`,
    /// 127.0.0.0/8 or ::1: mail for it would be offered to whatever listens here.
    Refused,
    /// For a system that lives on one host, such as a test or a demonstration.
    Allowed,
}

/// What a [`Finder`] is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// What came of a question.
    Answered {
        /// Which question.
        lookup: Lookup,
        /// Its outcome.
        outcome: Result<Arc<Answer>, dns::Failure>,
    },
}

/// What a [`Finder`] wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Ask the DNS. Any number of questions may be outstanding.
    Ask {
        /// The question's name.
        lookup: Lookup,
        /// The question.
        question: Question,
    },
    /// The end: the way to the domain. Nothing comes after it.
    Found(Result<Path, Failure>),
}

/// How long a way without the DNS holds.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Finds the way to one domain or host.
///
/// ```
/// use postroad_core::address::Host;
/// use postroad_core::mx::{Finder, Loopback, Output};
/// use postroad_core::{entropy::Entropy, limits::Limits, machine::{Instant, Machine}};
///
/// let (now, limits, entropy) = (Instant::from_seconds(0), Limits::DEFAULT, Entropy::from_seed([7; 32]));
/// let host: Host = "example.com".parse().unwrap();
/// let own = ["mx.example.org".parse().unwrap()];
/// let mut finder = Finder::new(now, &host, &own, Loopback::Refused, &limits, entropy);
/// let Some(Output::Ask { question, .. }) = finder.poll() else { panic!() };
/// assert_eq!(question.to_string(), "example.com MX");
/// ```
#[derive(Debug)]
pub struct Finder {
    /// What was looked for, in words.
    target: String,
    purpose: Purpose,
    own: Vec<Name>,
    loopback: Loopback,
    hosts_limit: usize,
    addresses_limit: usize,
    entropy: Entropy,
    stage: Stage,
    until: Instant,
    inputs: VecDeque<Input>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// The mail hosts of a domain.
    Domain,
    /// The addresses of a configured host.
    Route,
}

#[derive(Debug)]
enum Stage {
    /// The MX records of this name are awaited.
    Exchanges(Name),
    /// The addresses of these hosts are awaited.
    Addresses(Vec<Candidate>),
    Found,
}

/// A mail host whose addresses are looked up.
#[derive(Debug)]
struct Candidate {
    preference: u16,
    name: Name,
    /// Whether the MX record was authenticated.
    authenticated: bool,
    /// What came of the questions for AAAA and A.
    outcomes: [Option<Result<Arc<Answer>, dns::Failure>>; 2],
}

/// The kinds that [`Candidate::outcomes`] are about.
const FAMILIES: [Kind; 2] = [Kind::Aaaa, Kind::A];

impl Candidate {
    const fn new(preference: u16, name: Name, authenticated: bool) -> Self {
        Self { preference, name, authenticated, outcomes: [None, None] }
    }

    fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.outcomes.iter().flatten().flatten().map(AsRef::as_ref)
    }

    fn is_one_of(&self, own: &[Name]) -> bool {
        own.contains(&self.name) || self.answers().any(|answer| own.contains(&answer.canonical))
    }

    fn addresses(&self) -> Vec<IpAddr> {
        let [v6, v4] = self
            .outcomes
            .each_ref()
            .map(|outcome| outcome.iter().flatten().flat_map(|answer| answer.addresses()));
        by_turns(v6, v4)
    }

    /// Why an address may be missing that another time may be there.
    fn transient(&self) -> Option<&dns::Failure> {
        let failures = self.outcomes.iter().flatten().filter_map(|outcome| outcome.as_ref().err());
        failures.into_iter().find(|failure| !failure.is_permanent())
    }
}

impl Finder {
    /// Looks for the mail hosts of `host`. An address literal needs no question.
    ///
    /// `own` are the names of this host: an MX record with one of them is where mail would loop, so
    /// it and all that are no more preferred are left out.
    #[must_use]
    pub fn new(
        now: Instant,
        host: &Host,
        own: &[Name],
        loopback: Loopback,
        limits: &Limits,
        entropy: Entropy,
    ) -> Self {
        let mut finder = Self::idle(now, host, Purpose::Domain, loopback, limits, entropy);
        finder.own = own.to_vec();
        match host {
            Host::Literal(literal) => finder.literal(literal.ip()),
            Host::Domain(domain) => match Name::try_from(domain) {
                Ok(name) => finder.ask_exchanges(name),
                Err(_) => finder.fail(Failure::NoDomain),
            },
        }
        finder
    }

    /// Looks for the addresses of `host`, which somebody configured: MX records play no part, and
    /// loopback addresses are fine. An address may come with brackets or, if it is IPv4, without.
    ///
    /// That it cannot be found is always transient: the mistake can be mended here.
    #[must_use]
    pub fn for_host(now: Instant, host: &Host, limits: &Limits) -> Self {
        let entropy = Entropy::from_seed([0; 32]);
        let mut finder = Self::idle(now, host, Purpose::Route, Loopback::Allowed, limits, entropy);
        match host {
            Host::Literal(literal) => finder.literal(literal.ip()),
            Host::Domain(domain) => match (domain.ascii().parse(), Name::try_from(domain)) {
                (Ok(ip), _) => finder.literal(Some(ip)),
                (_, Ok(name)) => finder.ask_addresses(Vec::from([Candidate::new(0, name, true)])),
                _ => finder.fail(Failure::NoRoute),
            },
        }
        finder
    }

    fn idle(
        now: Instant,
        host: &Host,
        purpose: Purpose,
        loopback: Loopback,
        limits: &Limits,
        entropy: Entropy,
    ) -> Self {
        let target = host.domain().map_or_else(|| host.to_string(), |domain| domain.ascii().into());
        Self {
            target,
            purpose,
            own: Vec::new(),
            loopback,
            hosts_limit: limits.mx_hosts,
            addresses_limit: limits.mx_addresses,
            entropy,
            stage: Stage::Found,
            until: now + DAY,
            inputs: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    fn literal(&mut self, ip: Option<IpAddr>) {
        let Some(ip) = ip.filter(|ip| self.may_dial(*ip)) else { return self.no_address() };
        let name = AddressLiteral::from(ip).to_string();
        let addresses = Vec::from([ip]);
        let host = MailHost { preference: 0, name, addresses, authenticated: false };
        self.found(Vec::from([host]));
    }

    fn ask_exchanges(&mut self, name: Name) {
        let question = Question::new(name.clone(), Kind::Mx);
        self.stage = Stage::Exchanges(name);
        self.outputs.push_back(Output::Ask { lookup: Lookup(0), question });
    }

    fn ask_addresses(&mut self, candidates: Vec<Candidate>) {
        let names = candidates.iter().map(|candidate| &candidate.name);
        let questions = names
            .flat_map(|name| FAMILIES.map(|kind| Question::new(name.clone(), kind)))
            .zip(1..)
            .map(|(question, number)| Output::Ask { lookup: Lookup(number), question });
        self.outputs.extend(questions);
        self.stage = Stage::Addresses(candidates);
    }

    fn take(&mut self, lookup: Lookup, outcome: Result<Arc<Answer>, dns::Failure>) {
        match (&mut self.stage, lookup.0) {
            (Stage::Exchanges(name), 0) => {
                let name = name.clone();
                self.exchanges(name, outcome);
            }
            (Stage::Addresses(candidates), 1..) => {
                let index = usize::from(lookup.0 - 1);
                let Some(candidate) = candidates.get_mut(index / 2) else { return };
                candidate.outcomes[index % 2].get_or_insert(outcome);
                let mut outcomes = candidates.iter().flat_map(|candidate| &candidate.outcomes);
                if outcomes.all(Option::is_some) {
                    let candidates = core::mem::take(candidates);
                    self.assemble(candidates);
                }
            }
            _ => {}
        }
    }

    fn exchanges(&mut self, name: Name, outcome: Result<Arc<Answer>, dns::Failure>) {
        match outcome {
            Ok(answer) => {
                self.until = self.until.min(answer.until);
                self.mail_exchanges(&answer);
            }
            // RFC 5321 §5.1: without MX records the domain itself is its mail host.
            Err(dns::Failure::NoRecords) => {
                self.look_up(Vec::from([Candidate::new(0, name, false)]))
            }
            Err(dns::Failure::NoName) => self.fail(Failure::NoDomain),
            Err(failure) => {
                self.fail(|target| Failure::Unresolved(target, failure));
            }
        }
    }

    fn mail_exchanges(&mut self, answer: &Answer) {
        let exchange = |record: &Record| match record {
            Record::Mx { preference, exchange } => Some((*preference, exchange.clone())),
            _ => None,
        };
        let mut exchanges: Vec<_> = answer.records.iter().filter_map(exchange).collect();
        // RFC 7505 §3: a lone root is a null MX; among others it means nothing.
        exchanges.retain(|(_, name)| !name.is_root());
        if exchanges.is_empty() {
            return self.fail(Failure::NullMx);
        }
        self.shuffle(&mut exchanges);
        exchanges.sort_by_key(|(preference, _)| *preference);
        let mut candidates: Vec<Candidate> = Vec::new();
        for (preference, name) in exchanges {
            if !candidates.iter().any(|candidate| candidate.name == name) {
                candidates.push(Candidate::new(preference, name, answer.authenticated));
            }
        }
        self.look_up(candidates);
    }

    /// RFC 5321 §5.1: those of equal preference in random order, to share the load.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = self.entropy.below(last as u64 + 1) as usize;
            items.swap(chosen, last);
        }
    }

    fn look_up(&mut self, mut candidates: Vec<Candidate>) {
        self.cut(&mut candidates);
        if candidates.is_empty() {
            return self.fail(Failure::Loop);
        }
        if self.loopback == Loopback::Refused {
            candidates.retain(|candidate| !candidate.name.is_localhost());
        }
        candidates.truncate(self.hosts_limit);
        if candidates.is_empty() {
            return self.no_address();
        }
        self.ask_addresses(candidates);
    }

    /// RFC 5321 §5.1: this host, and all that are not preferred to it, must not be tried.
    fn cut(&self, candidates: &mut Vec<Candidate>) {
        let own = candidates.iter().filter(|candidate| candidate.is_one_of(&self.own));
        if let Some(preference) = own.map(|candidate| candidate.preference).min() {
            candidates.retain(|candidate| candidate.preference < preference);
        }
    }

    fn assemble(&mut self, mut candidates: Vec<Candidate>) {
        if self.purpose == Purpose::Domain {
            self.cut(&mut candidates);
        }
        if candidates.is_empty() {
            return self.fail(Failure::Loop);
        }
        let hosts: Vec<_> = candidates.iter().filter_map(|one| self.mail_host(one)).collect();
        if !hosts.is_empty() {
            let answers = candidates.iter().flat_map(Candidate::answers);
            self.until = answers.map(|answer| answer.until).fold(self.until, Instant::min);
            return self.found(hosts);
        }
        let transient = |one: &Candidate| Some((one.name.to_string(), one.transient()?.clone()));
        match candidates.iter().find_map(transient) {
            Some((name, why)) => self.end(Err(Failure::Unresolved(name, why))),
            None => self.no_address(),
        }
    }

    fn mail_host(&self, candidate: &Candidate) -> Option<MailHost> {
        let mut addresses = candidate.addresses();
        addresses.retain(|ip| self.may_dial(*ip));
        addresses.truncate(self.addresses_limit);
        (!addresses.is_empty()).then(|| MailHost {
            preference: candidate.preference,
            name: candidate.name.to_string(),
            addresses,
            authenticated: candidate.authenticated
                && candidate.answers().all(|answer| answer.authenticated),
        })
    }

    /// Whether mail may go to `ip` at all: not to "this host" (RFC 1122 §3.2.1.3), groups or everybody.
    fn may_dial(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_host = match ip {
            IpAddr::V4(ip) => ip.octets()[0] != 0 && !ip.is_multicast() && !ip.is_broadcast(),
            IpAddr::V6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
        };
        is_host && (self.loopback == Loopback::Allowed || !ip.is_loopback())
    }

    fn no_address(&mut self) {
        match self.purpose {
            Purpose::Domain => self.fail(Failure::NoAddress),
            Purpose::Route => self.fail(Failure::NoRoute),
        }
    }

    fn fail(&mut self, failure: impl FnOnce(String) -> Failure) {
        let target = self.target.clone();
        self.end(Err(failure(target)));
    }

    fn found(&mut self, hosts: Vec<MailHost>) {
        let until = self.until;
        self.end(Ok(Path { hosts, until }));
    }

    fn end(&mut self, outcome: Result<Path, Failure>) {
        self.stage = Stage::Found;
        self.outputs.push_back(Output::Found(outcome));
    }
}

impl Machine for Finder {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, _: Instant, input: Input) {
        self.inputs.push_back(input);
    }

    fn handle_timeout(&mut self, _: Instant) {}

    /// Changes nothing: the questions that are outstanding will be answered.
    fn handle_shutdown(&mut self, _: Instant) {}

    fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            let Input::Answered { lookup, outcome } = self.inputs.pop_front()?;
            self.take(lookup, outcome);
        }
    }

    /// Never: whoever asks the DNS has the time-outs.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
