//! Following CNAMEs (RFC 1034 §3.6.2), within a response and from one to the next.

use alloc::vec::Vec;

use super::message::{Authority, Code, Content, Line, Response};
use super::{Failure, Kind, Name, Record};
use crate::limits::Limits;

/// Where a response leads.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Lead {
    /// To the records, at the trail's last name.
    Records(Vec<Record>),
    /// To nothing; for how many seconds that may be remembered.
    Nothing(Failure, u32),
    /// To a name that the response says nothing of: the trail's last.
    Elsewhere,
    /// Nowhere: the server is at fault, and another one may know better.
    Astray(Failure),
}

/// The names passed, the one asked about first, with what holds for the whole way.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    names: Vec<Name>,
    /// The lowest TTL on the way, in seconds.
    pub(super) ttl: u32,
    /// Whether every response was authenticated.
    pub(super) authenticated: bool,
}

impl Trail {
    /// A trail that begins at `name`.
    pub(super) fn new(name: Name) -> Self {
        Self { names: Vec::from([name]), ttl: u32::MAX, authenticated: true }
    }

    /// The name that was reached.
    pub(super) fn name(&self) -> &Name {
        self.names.last().expect("a trail has a beginning")
    }

    /// Follows a response to a question for records of `kind` at the last name.
    pub(super) fn follow(&mut self, kind: Kind, response: &Response) -> Lead {
        self.authenticated &= response.authenticated;
        let start = self.names.len();
        loop {
            let here = |line: &&Line| line.owner == *self.name();
            let records: Vec<_> = response.answers.iter().filter(here).collect();
            if let Some(lead) = self.gather(kind, &records) {
                return lead;
            }
            let alias = |line: &&Line| match &line.content {
                Content::Alias(target) => Some((target.clone(), line.ttl)),
                _ => None,
            };
            let Some((target, ttl)) = records.iter().find_map(alias) else { break };
            if let Err(failure) = self.step(target, ttl) {
                return Lead::Nothing(failure, 0);
            }
        }
        self.at_the_end(response, self.names.len() > start)
    }

    /// The records of `kind` among those of the last name.
    fn gather(&mut self, kind: Kind, lines: &[&Line]) -> Option<Lead> {
        let wanted = |line: &&Line| match &line.content {
            Content::Record(record) if record.kind() == kind => Some((record.clone(), line.ttl)),
            _ => None,
        };
        let (mut records, ttls): (Vec<_>, Vec<_>) = lines.iter().filter_map(wanted).unzip();
        if records.is_empty() {
            let unfit = lines.iter().any(|line| line.content == Content::Unfit);
            return unfit.then_some(Lead::Astray(Failure::Malformed));
        }
        self.ttl = ttls.into_iter().fold(self.ttl, u32::min);
        if kind == Kind::Mx {
            records.sort();
        }
        records.truncate(Limits::DEFAULT.dns_records);
        Some(Lead::Records(records))
    }

    fn step(&mut self, target: Name, ttl: u32) -> Result<(), Failure> {
        if self.names.contains(&target) {
            return Err(Failure::Loop);
        }
        if self.names.len() > Limits::DEFAULT.dns_links {
            return Err(Failure::TooManyLinks);
        }
        self.ttl = self.ttl.min(ttl);
        self.names.push(target);
        Ok(())
    }

    /// What it means that the last name has no records in the response.
    fn at_the_end(&mut self, response: &Response, moved: bool) -> Lead {
        // RFC 2308 §5: without a SOA for the name, nothing may be remembered.
        let vouched = match &response.authority {
            Authority::Zone(zone, ttl) if self.name().is_within(zone) => Some(*ttl),
            _ => None,
        };
        let ttl = self.ttl.min(vouched.unwrap_or(0));
        // RFC 6604 §3: the code is about the last name.
        if response.code == Code::NxDomain {
            return Lead::Nothing(Failure::NoName, ttl);
        }
        if moved && vouched.is_none() {
            return Lead::Elsewhere;
        }
        // RFC 2308 §2.2: a referral is not NODATA.
        if response.authority == Authority::Referral {
            return Lead::Astray(Failure::Refused("ask other servers"));
        }
        Lead::Nothing(Failure::NoRecords, ttl)
    }
}
