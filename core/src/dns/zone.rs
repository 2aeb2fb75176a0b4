//! A name server for tests and demonstrations.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::message::{Authority, Code, Content, Line, Received, Response};
use super::{Kind, Name, Record, Transport};

/// What a name in a zone has: a CNAME stands alone (RFC 1034 §3.6.2).
#[derive(Clone, Debug)]
enum Node {
    Records(Vec<Record>),
    Alias(Name),
}

/// The records of a zone, and the answers to queries for them. A zone whose apex is the root
/// answers for the whole world.
///
/// It is no server for the open Internet: no zone transfers, no NS and no wildcards.
///
/// ```
/// use postroad_core::dns::{Name, Record, Zone};
/// let mut zone = Zone::new("example.com".parse().unwrap(), 3600);
/// let mx = Record::Mx { preference: 10, exchange: "mx.example.com".parse().unwrap() };
/// zone.add("example.com".parse().unwrap(), mx);
/// zone.add("mx.example.com".parse().unwrap(), Record::A([192, 0, 2, 25].into()));
/// zone.alias("www.example.com".parse().unwrap(), "mx.example.com".parse().unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct Zone {
    apex: Name,
    ttl: u32,
    authenticated: bool,
    nodes: BTreeMap<Name, Node>,
}

impl Zone {
    /// An empty zone. `ttl` in seconds goes for every record, and for there being none.
    #[must_use]
    pub const fn new(apex: Name, ttl: u32) -> Self {
        Self { apex, ttl, authenticated: false, nodes: BTreeMap::new() }
    }

    /// The same zone, saying of its answers that they are authenticated (RFC 6840 §5.8): as a
    /// validating resolver would.
    #[must_use]
    pub fn authenticated(self) -> Self {
        Self { authenticated: true, ..self }
    }

    /// Adds a record; it takes the place of an alias.
    pub fn add(&mut self, name: Name, record: Record) {
        match self.nodes.get_mut(&name) {
            Some(Node::Records(records)) => records.push(record),
            _ => {
                self.nodes.insert(name, Node::Records(Vec::from([record])));
            }
        }
    }

    /// Makes `name` an alias of `target`; it takes the place of all records.
    pub fn alias(&mut self, name: Name, target: Name) {
        self.nodes.insert(name, Node::Alias(target));
    }

    /// The response to a query, both without the two octets of length that go before them on TCP;
    /// nothing if `query` is none. A datagram holds what the query allows; beyond, the response is
    /// truncated (RFC 1035 §4.2.1, RFC 6891 §6.2.5).
    #[must_use]
    pub fn answer(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let received = Received::read(query)?;
        let response = match received.name() {
            _ if !received.is_plain() => refusal(Code::NotImp),
            Some(name) if name.is_within(&self.apex) => self.look_up(name, received.kind()),
            _ => refusal(Code::Refused),
        };
        received.write(&response, transport)
    }

    /// RFC 1034 §4.3.2, step 3.
    fn look_up(&self, mut name: Name, kind: Option<Kind>) -> Response {
        let mut answers: Vec<Line> = Vec::new();
        while let Some(Node::Alias(target)) = self.nodes.get(&name) {
            if answers.iter().any(|line| line.owner == name) {
                return self.response(Code::NoError, answers, Authority::Silent);
            }
            answers.push(self.line(&name, Content::Alias(target.clone())));
            name = target.clone();
        }
        if !name.is_within(&self.apex) {
            return self.response(Code::NoError, answers, Authority::Silent);
        }
        let before = answers.len();
        if let Some(Node::Records(records)) = self.nodes.get(&name) {
            let asked = records.iter().filter(|record| Some(record.kind()) == kind);
            answers.extend(asked.map(|record| self.line(&name, Content::Record(record.clone()))));
        }
        if answers.len() > before {
            return self.response(Code::NoError, answers, Authority::Silent);
        }
        // A name with others below it exists (RFC 8020 §2).
        let exists = name == self.apex || self.nodes.keys().any(|node| node.is_within(&name));
        let code = if exists { Code::NoError } else { Code::NxDomain };
        self.response(code, answers, Authority::Zone(self.apex.clone(), self.ttl))
    }

    fn line(&self, owner: &Name, content: Content) -> Line {
        Line { owner: owner.clone(), ttl: self.ttl, content }
    }

    fn response(&self, code: Code, answers: Vec<Line>, authority: Authority) -> Response {
        Response { code, authenticated: self.authenticated, answers, authority }
    }
}

fn refusal(code: Code) -> Response {
    Response { code, authenticated: false, answers: Vec::new(), authority: Authority::Silent }
}
