//! The wire format (RFC 1035 §4): the only room that knows hickory-proto.

use alloc::string::String;
use alloc::vec::Vec;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{self, tlsa};
use hickory_proto::rr::{DNSClass, Name as WireName, RData, Record as WireRecord, RecordType};

use super::{Kind, Name, Question, Record, Transport};
use crate::entropy::Entropy;
use crate::limits::Limits;

/// Octets of a message's header (RFC 1035 §4.1.1).
const HEADER: usize = 12;
/// Octets of a datagram that every host takes (RFC 1035 §2.3.4).
const PLAIN_DATAGRAM: usize = 512;

/// How a response ended (RFC 1035 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    NoError,
    FormErr,
    ServFail,
    NxDomain,
    NotImp,
    Refused,
    Other,
}

impl Code {
    /// The code in words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NoError => "no error",
            Self::FormErr => "the query was malformed",
            Self::ServFail => "server failure",
            Self::NxDomain => "no such name",
            Self::NotImp => "not implemented",
            Self::Refused => "refused",
            Self::Other => "an unexpected error",
        }
    }

    fn from_wire(code: ResponseCode) -> Self {
        match code {
            ResponseCode::NoError => Self::NoError,
            ResponseCode::FormErr => Self::FormErr,
            ResponseCode::ServFail => Self::ServFail,
            ResponseCode::NXDomain => Self::NxDomain,
            ResponseCode::NotImp => Self::NotImp,
            ResponseCode::Refused => Self::Refused,
            _ => Self::Other,
        }
    }

    const fn to_wire(self) -> ResponseCode {
        match self {
            Self::NoError => ResponseCode::NoError,
            Self::FormErr => ResponseCode::FormErr,
            Self::ServFail | Self::Other => ResponseCode::ServFail,
            Self::NxDomain => ResponseCode::NXDomain,
            Self::NotImp => ResponseCode::NotImp,
            Self::Refused => ResponseCode::Refused,
        }
    }
}

/// What a name has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// A record of a kind that mail asks for.
    Record(Record),
    /// A CNAME (RFC 1034 §3.6.2).
    Alias(Name),
    /// A record with a name in it that [`Name`] does not allow.
    Unfit,
}

/// A record with its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    pub(super) owner: Name,
    /// Seconds.
    pub(super) ttl: u32,
    pub(super) content: Content,
}

/// What follows from a message's authority section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Authority {
    /// Nothing.
    Silent,
    /// Other servers should be asked: this one does not recurse.
    Referral,
    /// The zone whose SOA it is vouches, for so many seconds, that there is nothing (RFC 2308 §5).
    Zone(Name, u32),
}

/// A response, as far as it matters here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Response {
    pub(super) code: Code,
    pub(super) authenticated: bool,
    pub(super) answers: Vec<Line>,
    pub(super) authority: Authority,
}

/// What octets from a server turned out to be.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Reading {
    /// Not a response to the query.
    Foreign,
    /// A response that did not fit into its datagram.
    Truncated,
    /// A response that cannot be understood.
    Malformed,
    /// A response.
    Response(Response),
}

/// A query that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    octets: Vec<u8>,
    /// Where the question ends in `octets`.
    end: usize,
}

impl Sent {
    /// A query with a random id, and with random case in its name: that the response must repeat
    /// both is what a forger has to guess, besides the port.
    pub(super) fn new(question: &Question, edns: bool, entropy: &mut Entropy) -> Self {
        let id = entropy.below(1 << 16) as u16;
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        // RFC 6840 §5.7: in a query, the wish to hear of AD without being sent signatures.
        message.metadata.authentic_data = true;
        let name = to_wire(&random_case(&question.name, entropy));
        message.add_query(Query::query(name, RecordType::from(question.kind.number())));
        if edns {
            message.set_edns(our_edns());
        }
        let octets = message.to_vec().expect("a question has room in any message");
        let root = usize::from(!question.name.is_root());
        Self { octets, end: HEADER + question.name.as_str().len() + 1 + root + 4 }
    }

    /// The message.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Reads what came from the server that was asked.
    pub(super) fn read(&self, octets: &[u8]) -> Reading {
        if octets.len() < HEADER || octets[..2] != self.octets[..2] {
            return Reading::Foreign;
        }
        let is_response = octets[2] & 0x80 != 0;
        let opcode = octets[2] >> 3 & 0xf;
        if !is_response || opcode != 0 {
            return Reading::Foreign;
        }
        if let Some(code) = bare_error(octets) {
            let authority = Authority::Silent;
            let response = Response { code, authenticated: false, answers: Vec::new(), authority };
            return Reading::Response(response);
        }
        // One question, in the very octets of ours: nothing before it could be pointed to.
        let question = HEADER..self.end;
        if octets[4..6] != [0, 1] || octets.get(question.clone()) != self.octets.get(question) {
            return Reading::Foreign;
        }
        let is_truncated = octets[2] & 2 != 0;
        if is_truncated {
            return Reading::Truncated;
        }
        match Message::from_vec(octets) {
            Ok(message) => Reading::Response(response(message)),
            Err(_) => Reading::Malformed,
        }
    }
}

/// The code of a response that is nothing but a header: so answer servers that could not read the
/// question, as RFC 6891 §7 expects of those that do not know EDNS.
fn bare_error(octets: &[u8]) -> Option<Code> {
    let code = Code::from_wire(ResponseCode::from(0, octets[3] & 0xf));
    let is_bare = octets[4..HEADER] == [0; 8];
    (is_bare && matches!(code, Code::FormErr | Code::NotImp)).then_some(code)
}

fn our_edns() -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(Limits::DEFAULT.dns_datagram as u16);
    edns
}

fn random_case(name: &Name, entropy: &mut Entropy) -> String {
    let mut coins = [0; 32];
    entropy.fill(&mut coins);
    let heads = |at: usize| coins[at / 8] >> (at % 8) & 1 == 1;
    let spell = |(at, letter): (usize, char)| match heads(at) {
        true => letter.to_ascii_uppercase(),
        false => letter,
    };
    name.as_str().chars().enumerate().map(spell).collect()
}

fn to_wire(name: &str) -> WireName {
    let labels = name.split('.').filter(|label| !label.is_empty()).map(str::as_bytes);
    WireName::from_labels(labels).expect("a Name is within the limits of the wire")
}

fn from_wire(name: &WireName) -> Option<Name> {
    if name.is_root() {
        return Some(Name::root());
    }
    let mut text = String::new();
    for label in name.iter() {
        if label.contains(&b'.') {
            return None;
        }
        text.push_str(core::str::from_utf8(label).ok()?);
        text.push('.');
    }
    Name::parse(&text).ok()
}

fn response(message: Message) -> Response {
    Response {
        code: Code::from_wire(message.metadata.response_code),
        authenticated: message.metadata.authentic_data,
        answers: message.answers.iter().filter_map(line).collect(),
        authority: authority(&message.authorities),
    }
}

fn line(record: &WireRecord) -> Option<Line> {
    if record.dns_class != DNSClass::IN {
        return None;
    }
    let owner = from_wire(&record.name)?;
    let content = match &record.data {
        RData::CNAME(target) => from_wire(target).map(Content::Alias),
        RData::A(ip) => Some(Content::Record(Record::A(ip.0))),
        RData::AAAA(ip) => Some(Content::Record(Record::Aaaa(ip.0))),
        RData::TXT(text) => Some(Content::Record(Record::Txt(text.txt_data.concat()))),
        RData::PTR(name) => from_wire(name).map(|name| Content::Record(Record::Ptr(name))),
        RData::MX(mx) => from_wire(&mx.exchange)
            .map(|exchange| Content::Record(Record::Mx { preference: mx.preference, exchange })),
        RData::SRV(srv) => from_wire(&srv.target).map(|target| {
            let (priority, weight, port) = (srv.priority, srv.weight, srv.port);
            Content::Record(Record::Srv { priority, weight, port, target })
        }),
        RData::TLSA(tlsa) => Some(Content::Record(Record::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            association: tlsa.cert_data.clone(),
        })),
        _ => return None,
    };
    let content = content.unwrap_or(Content::Unfit);
    Some(Line { owner, ttl: ttl(record.ttl), content })
}

/// RFC 2181 §8: with the highest bit set it counts as zero.
const fn ttl(wire: u32) -> u32 {
    if wire > u32::MAX / 2 { 0 } else { wire }
}

fn authority(records: &[WireRecord]) -> Authority {
    // RFC 2308 §5: the lesser of the SOA's own TTL and its MINIMUM field.
    let zone = |record: &WireRecord| match &record.data {
        RData::SOA(soa) => Some((from_wire(&record.name)?, ttl(record.ttl).min(ttl(soa.minimum)))),
        _ => None,
    };
    if let Some((zone, ttl)) = records.iter().find_map(zone) {
        return Authority::Zone(zone, ttl);
    }
    let is_referral = records.iter().any(|record| matches!(record.data, RData::NS(_)));
    if is_referral { Authority::Referral } else { Authority::Silent }
}

/// A query that was received.
#[derive(Debug)]
pub(super) struct Received(Message);

impl Received {
    /// Reads a query; nothing if the octets are none.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let questions = octets.get(4..6)?;
        if questions != [0, 1] {
            return None;
        }
        let message = Message::from_vec(octets).ok()?;
        (message.metadata.message_type == MessageType::Query).then_some(Self(message))
    }

    /// Whether it is a plain question in class IN.
    pub(super) fn is_plain(&self) -> bool {
        let class = self.0.queries.first().map(Query::query_class);
        self.0.metadata.op_code == OpCode::Query && class == Some(DNSClass::IN)
    }

    /// The name that is asked about.
    pub(super) fn name(&self) -> Option<Name> {
        from_wire(self.0.queries.first()?.name())
    }

    /// The kind that is asked for, if it is one of ours.
    pub(super) fn kind(&self) -> Option<Kind> {
        let number = u16::from(self.0.queries.first()?.query_type());
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Octets that the response may have (RFC 6891 §6.2.3).
    fn room(&self, transport: Transport) -> usize {
        match transport {
            Transport::Stream => usize::from(u16::MAX),
            Transport::Datagram => usize::from(self.0.max_payload())
                .clamp(PLAIN_DATAGRAM, Limits::DEFAULT.dns_datagram),
        }
    }

    /// The response with this content; truncated where it does not fit.
    pub(super) fn write(&self, response: &Response, transport: Transport) -> Option<Vec<u8>> {
        let query = &self.0.metadata;
        let mut message = Message::response(query.id, query.op_code);
        message.metadata.recursion_desired = query.recursion_desired;
        message.metadata.authoritative = response.code != Code::Refused;
        message.metadata.authentic_data = response.authenticated;
        message.metadata.response_code = response.code.to_wire();
        message.add_queries(self.0.queries.iter().cloned());
        message.add_answers(response.answers.iter().filter_map(record));
        if let Authority::Zone(zone, ttl) = &response.authority {
            message.add_authority(start_of_authority(zone, *ttl));
        }
        if self.0.edns.is_some() {
            message.set_edns(our_edns());
        }
        let octets = message.to_vec().ok()?;
        if octets.len() <= self.room(transport) {
            return Some(octets);
        }
        message.truncate().to_vec().ok()
    }
}

fn start_of_authority(zone: &Name, ttl: u32) -> WireRecord {
    const DAY: i32 = 86_400;
    let name = to_wire(zone.as_str());
    let soa = rdata::SOA::new(name.clone(), name.clone(), 1, DAY, DAY, DAY, ttl);
    WireRecord::from_rdata(name, ttl, RData::SOA(soa))
}

fn record(line: &Line) -> Option<WireRecord> {
    let data = match &line.content {
        Content::Record(record) => rdata(record),
        Content::Alias(target) => RData::CNAME(rdata::CNAME(to_wire(target.as_str()))),
        Content::Unfit => return None,
    };
    Some(WireRecord::from_rdata(to_wire(line.owner.as_str()), line.ttl, data))
}

fn rdata(record: &Record) -> RData {
    match record {
        Record::A(ip) => RData::A(rdata::A(*ip)),
        Record::Aaaa(ip) => RData::AAAA(rdata::AAAA(*ip)),
        Record::Ptr(name) => RData::PTR(rdata::PTR(to_wire(name.as_str()))),
        Record::Mx { preference, exchange } => {
            RData::MX(rdata::MX::new(*preference, to_wire(exchange.as_str())))
        }
        Record::Txt(text) if text.is_empty() => {
            RData::TXT(rdata::TXT::from_bytes(Vec::from([&[][..]])))
        }
        Record::Txt(text) => RData::TXT(rdata::TXT::from_bytes(text.chunks(255).collect())),
        Record::Tlsa { usage, selector, matching, association } => {
            let (usage, selector) =
                (tlsa::CertUsage::from(*usage), tlsa::Selector::from(*selector));
            let matching = tlsa::Matching::from(*matching);
            RData::TLSA(rdata::TLSA::new(usage, selector, matching, association.clone()))
        }
        Record::Srv { priority, weight, port, target } => {
            RData::SRV(rdata::SRV::new(*priority, *weight, *port, to_wire(target.as_str())))
        }
    }
}
