//! A mail system in memory, to which a suite's client connects: the roles over the memory store.

use core::net::{IpAddr, Ipv4Addr};
use std::collections::VecDeque;
use std::sync::Arc;

use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::machine::{Instant, Session, Tls, Wants};
use postroad_core::queue::spool;
use postroad_core::role::config::{Cleartext, Config};
use postroad_core::role::directory::User;
use postroad_core::role::msa::Submission;
use postroad_core::role::mta::Inbound;
use postroad_core::role::{Check, Effect, Input, Peer, Site, Verdict};
use postroad_core::secret::Secret;
use postroad_core::store::{Account, Answer, Memory, Request, Store as _, memory};

/// A role that takes mail.
type Role = dyn Session<Input = Input, Output = Effect>;

/// Who lives here.
pub(crate) struct Office {
    site: Arc<Site>,
    store: Memory,
}

impl Office {
    /// The mail system of `domain`, with these users; a user without a password can't log in.
    pub(crate) fn new(domain: &str, users: &[(&str, Option<&str>)]) -> Self {
        let mut config = Config { hostname: domain.into(), ..Config::default() };
        config.auth.cleartext = Cleartext::Never;
        let mut site = Site::new(config, [7; 32]).expect("a site");
        for (address, password) in users {
            let account = Account::parse(address).expect("an account");
            // The hash is the password itself.
            let password = password.map(|password| Secret::new(password.to_owned()));
            site.directory
                .add_user(account, User { password, scram: None, quota: Default::default() });
        }
        Self { site: Arc::new(site), store: Memory::new(Limits::default()) }
    }

    /// A connection to the transfer agent.
    pub(crate) fn transfer(&self) -> Connection {
        let (now, peer, entropy) = hello();
        Connection::new(Box::new(Inbound::new(now, self.site.clone(), peer, entropy)), self)
    }

    /// A connection to the submission agent, with TLS from the start.
    pub(crate) fn submission(&self) -> Connection {
        let (now, peer, entropy) = hello();
        let mut role = Submission::new(now, self.site.clone(), peer, entropy);
        role.handle_tls(now, Ok(Tls { version: "TLS1.3", ..Tls::default() }));
        Connection::new(Box::new(role), self)
    }
}

fn hello() -> (Instant, Peer, Entropy) {
    let now = Instant::from_seconds(1_780_315_200);
    (now, Peer::Host(IpAddr::V4(Ipv4Addr::LOCALHOST)), Entropy::from_seed([7; 32]))
}

/// One connection and what came of it.
pub(crate) struct Connection {
    role: Box<Role>,
    store: memory::Session,
    now: Instant,
    lines: VecDeque<String>,
    writing: Vec<u8>,
    /// The messages that were delivered or queued, as they were written.
    pub(crate) delivered: Vec<Vec<u8>>,
}

impl Connection {
    fn new(role: Box<Role>, office: &Office) -> Self {
        let mut connection = Self {
            role,
            store: office.store.session(),
            now: hello().0,
            lines: VecDeque::new(),
            writing: Vec::new(),
            delivered: Vec::new(),
        };
        connection.settle();
        connection
    }

    /// Sends octets, so many at a time, and waits out what is to be waited for.
    pub(crate) fn send(&mut self, octets: &[u8], piece: usize) {
        for piece in octets.chunks(piece) {
            self.wait();
            if self.role.wants() != Wants::Read {
                return;
            }
            self.role.handle_bytes(self.now, piece);
            self.settle();
        }
        self.wait();
    }

    /// The next line of what was said.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.lines.pop_front()
    }

    /// The codes of the replies that nobody has read.
    pub(crate) fn codes(&mut self) -> Vec<String> {
        let lines = self.lines.drain(..);
        let last = lines.filter(|line| line.as_bytes().get(3) != Some(&b'-'));
        last.map(|line| line.chars().take(3).collect()).collect()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.role.wants() == Wants::Close
    }

    fn wait(&mut self) {
        while self.role.wants() == Wants::Nothing {
            self.now = self.role.poll_timeout().expect("nothing is awaited of the host");
            self.role.handle_timeout(self.now);
            self.settle();
        }
    }

    fn settle(&mut self) {
        let mut said = Vec::new();
        loop {
            while let Some(effect) = self.role.poll() {
                self.perform(effect);
            }
            let count = self.role.transmit().len();
            if count == 0 {
                break;
            }
            said.extend_from_slice(self.role.transmit());
            self.role.transmitted(count);
        }
        let said = String::from_utf8(said).expect("replies in UTF-8");
        self.lines.extend(said.split_terminator("\r\n").map(str::to_owned));
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Store { ticket, request } => {
                let content = self.role.content().to_vec();
                let write = matches!(request, Request::Write);
                let mut octets = Vec::new();
                let answer = self.store.perform(self.now, request, &content, &mut octets);
                match &answer {
                    Answer::Delivered(_) => self.delivered.push(std::mem::take(&mut self.writing)),
                    Answer::Done if write => self.writing.extend_from_slice(&content),
                    _ => self.writing.clear(),
                }
                self.role.handle_content(self.now, ticket, &octets);
                self.role.handle(self.now, Input::Store { ticket, answer });
            }
            Effect::Authenticate { ticket, check } => {
                let accepted =
                    matches!(check, Check::Password { password, hash } if password == hash);
                let verdict = if accepted { Verdict::Accepted } else { Verdict::Rejected };
                self.role.handle(self.now, Input::Authenticated { ticket, verdict });
            }
            Effect::Spool { ticket, request } => {
                match request {
                    spool::Request::Write => self.writing.extend_from_slice(self.role.content()),
                    spool::Request::Commit => {
                        self.delivered.push(std::mem::take(&mut self.writing));
                    }
                    _ => self.writing.clear(),
                }
                let answer = spool::Answer::Done;
                self.role.handle(self.now, Input::Spool { ticket, answer });
            }
            Effect::Queue(_) | Effect::Report(_) => {}
        }
    }
}
