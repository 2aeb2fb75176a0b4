//! A host for the tests of roles without a peer: a spool and a store in memory, of which any call
//! can be made to fail, or to be the last one.

use super::config::Config;
use super::directory::User;
use super::{Effect, Input, Site};
use crate::address::{ForwardPath, ReversePath};
use crate::machine::{Host, Instant, Session};
use crate::queue::{self, Entry, Envelope, Id, spool};
use crate::smtp::client::Recipient;
use crate::smtp::{MailParameters, RcptParameters};
use crate::store::{self, Access, Account, Failure, MailboxName, Memory, Store, Uid};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// Fri, 15 Jan 2027 08:00:00 +0000
pub(super) const NOW: Instant = Instant::from_seconds(1_800_000_000);

/// What befalls the host.
pub(super) enum Fault {
    /// The call of this number fails, counted from 0.
    Fails(usize, Failure),
    /// The call of this number is performed, and fails: a change of the spool may not be safe.
    FailsLate(usize, Failure),
    /// From the call of this number on nothing happens any more.
    Dies(usize),
}

pub(super) struct Bench {
    pub(super) spool: BTreeMap<Id, (Entry, Vec<u8>)>,
    writing: Option<(Envelope, Vec<u8>)>,
    memory: Memory,
    session: store::memory::Session,
    pub(super) fault: Option<Fault>,
    /// Whose mailboxes are full.
    pub(super) full: Vec<Account>,
    /// Why they are.
    pub(super) fullness: Failure,
    /// The names of all requests.
    pub(super) calls: Vec<String>,
    /// What the queue was told.
    pub(super) queue: Vec<queue::Input>,
    pub(super) reports: Vec<String>,
}

pub(super) fn bench() -> Bench {
    let memory = Memory::new(crate::limits::Limits::default());
    Bench {
        spool: BTreeMap::new(),
        writing: None,
        session: memory.session(),
        memory,
        fault: None,
        full: vec![],
        fullness: Failure::OverQuota,
        calls: vec![],
        queue: vec![],
        reports: vec![],
    }
}

impl Bench {
    /// Puts a message into the spool; `to` are paths with their parameters.
    pub(super) fn put(&mut self, letters: &str, from: &str, to: &[&str], content: &[u8]) -> Id {
        let id = id(letters);
        let (reverse_path, rest) = ReversePath::parse(from.as_bytes(), true).unwrap();
        let parameters = MailParameters::parse(rest).unwrap();
        let recipient = |text: &&str| {
            let (forward_path, rest) = ForwardPath::parse(text.as_bytes(), true).unwrap();
            Recipient { forward_path, parameters: RcptParameters::parse(rest).unwrap() }
        };
        let recipients = to.iter().map(recipient).collect();
        let origin = "alice from 192.0.2.1".into();
        let envelope = Envelope { id, arrived: NOW, origin, reverse_path, parameters, recipients };
        let entry = Entry::new(envelope, content.len() as u64);
        self.spool.insert(id, (entry, content.to_vec()));
        id
    }

    /// The messages in an INBOX.
    pub(super) fn inbox(&self, name: &str) -> Vec<Vec<u8>> {
        let (mut session, mut octets) = (self.memory.session(), Vec::new());
        let (account, mailbox) = (account(name), MailboxName::inbox());
        let open = store::Request::Open { account, mailbox, access: Access::ReadOnly };
        let answer = session.perform(NOW, open, &[], &mut octets);
        let store::Answer::Opened(opened) = answer else { panic!("{answer:?}") };
        let mut read = |uid: Uid| {
            let read = store::Request::Read { uid, offset: 0, length: 1 << 24 };
            session.perform(NOW, read, &[], &mut octets);
            octets.clone()
        };
        opened.messages.iter().map(|entry| read(entry.uid)).collect()
    }

    /// Counts a call; gives its failure, or nothing if the host is dead.
    fn call(&mut self, name: &str) -> Option<Result<(), Failure>> {
        let number = self.calls.len();
        match &self.fault {
            Some(Fault::Dies(last)) if *last <= number => return None,
            Some(Fault::Fails(place, failure)) if *place == number => {
                self.calls.push(format!("{name}!"));
                return Some(Err(failure.clone()));
            }
            _ => self.calls.push(name.to_string()),
        }
        Some(Ok(()))
    }

    /// The failure of the call that was performed last.
    fn fail_late(&self) -> Option<Failure> {
        match &self.fault {
            Some(Fault::FailsLate(place, failure)) if *place + 1 == self.calls.len() => {
                Some(failure.clone())
            }
            _ => None,
        }
    }

    fn spool(
        &mut self,
        request: spool::Request,
        lent: &[u8],
        octets: &mut Vec<u8>,
    ) -> Result<spool::Answer, Failure> {
        use spool::{Answer, Request};
        octets.clear();
        match request {
            Request::Begin(envelope) => self.writing = Some((*envelope, vec![])),
            Request::Write => self.writing.as_mut().expect("begun").1.extend_from_slice(lent),
            Request::Commit => {
                let (envelope, content) = self.writing.take().expect("begun");
                let entry = Entry::new(envelope, content.len() as u64);
                self.spool.entry(entry.envelope.id).or_insert((entry, content));
            }
            Request::Abandon => self.writing = None,
            Request::Load(id) => {
                let (entry, _) = self.spool.get(&id).ok_or(Failure::NoMessage)?;
                return Ok(Answer::Loaded(entry.clone().into()));
            }
            Request::Read { id, offset, length } => {
                let (_, content) = self.spool.get(&id).ok_or(Failure::NoMessage)?;
                let rest = &content[usize::try_from(offset).unwrap()..];
                octets.extend_from_slice(&rest[..length.min(rest.len())]);
                return Ok(Answer::Read { end: length >= rest.len() });
            }
            Request::Record { id, records } => {
                let (entry, _) = self.spool.get_mut(&id).ok_or(Failure::NoMessage)?;
                records.into_iter().for_each(|record| entry.apply(record));
            }
            Request::Remove(id) => drop(self.spool.remove(&id)),
        }
        Ok(Answer::Done)
    }

    fn store(&mut self, now: Instant, request: store::Request, lent: &[u8]) -> store::Answer {
        let mut octets = Vec::new();
        let store::Request::Deliver { id, targets, atomicity } = request else {
            return self.session.perform(now, request, lent, &mut octets);
        };
        let is_full = |target: &store::Target| self.full.contains(&target.account);
        let mut left = targets.clone();
        left.retain(|target| !is_full(target));
        let request = store::Request::Deliver { id, targets: left, atomicity };
        let answer = self.session.perform(now, request, lent, &mut octets);
        let store::Answer::Delivered(outcomes) = answer else { return answer };
        let mut outcomes = outcomes.into_iter();
        let outcome = |target| {
            if is_full(target) {
                Err(self.fullness.clone())
            } else {
                outcomes.next().expect("one each")
            }
        };
        store::Answer::Delivered(targets.iter().map(outcome).collect())
    }
}

impl<S: Session<Input = Input, Output = Effect>> Host<S> for Bench {
    fn perform(&mut self, now: Instant, session: &mut S, effect: Effect) {
        match effect {
            Effect::Store { ticket, request } => {
                let answer = match self.call(&name(&request)) {
                    None => return,
                    Some(Ok(())) => self.store(now, request, session.content()),
                    Some(Err(failure)) => store::Answer::Failed(failure),
                };
                session.handle(now, Input::Store { ticket, answer });
            }
            Effect::Spool { ticket, request } => {
                let mut octets = Vec::new();
                let answer = match self.call(&name(&request)) {
                    None => return,
                    Some(outcome) => outcome
                        .and_then(|()| self.spool(request, session.content(), &mut octets))
                        .and_then(|answer| self.fail_late().map_or(Ok(answer), Err))
                        .unwrap_or_else(spool::Answer::Failed),
                };
                session.handle_content(now, ticket, &octets);
                session.handle(now, Input::Spool { ticket, answer });
            }
            Effect::Queue(input) => self.queue.push(input),
            Effect::Report(report) => self.reports.push(report.to_string()),
            Effect::Authenticate { .. } => panic!("nobody logs in"),
        }
    }
}

/// The name of a request.
fn name(request: &impl core::fmt::Debug) -> String {
    let text = format!("{request:?}");
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text[..end].to_string()
}

pub(super) fn id(letters: &str) -> Id {
    Id::parse(letters).unwrap()
}

pub(super) fn account(name: &str) -> Account {
    Account::parse(name).unwrap()
}

/// `mx.example.com`, where ann and bob have mail at `example.com`, and `all` is both of them.
pub(super) fn site() -> Arc<Site> {
    let config = Config {
        hostname: "mx.example.com".into(),
        domains: vec!["example.com".into()],
        ..Config::default()
    };
    let mut site = Site::new(config, [7; 32]).unwrap();
    let both = ["ann@example.com", "bob@example.com"];
    for name in both {
        site.directory.add_user(account(name), User::default());
    }
    site.directory.add_alias("all@example.com", &both).unwrap();
    Arc::new(site)
}
