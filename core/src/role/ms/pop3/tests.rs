use super::*;
use crate::limits::Limits;
use crate::machine::{Host, Wants, drain};
use crate::role::config::{Cleartext, Config as SiteConfig};
use crate::role::directory::User;
use crate::role::{Check, Verdict};
use crate::sasl::ScramKeys;
use crate::secret::Secret;
use crate::store::memory::{self, Memory};
use crate::store::{Answer, Atomicity, Request, Store as _, Target};
use alloc::format;
use alloc::string::String;
use alloc::string::ToString as _;
use alloc::vec;
use core::net::{IpAddr, Ipv4Addr};

const LOOPBACK: Peer = Peer::Host(IpAddr::V4(Ipv4Addr::LOCALHOST));
const ELSEWHERE: Peer = Peer::Host(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));

/// A host whose hashes are the passwords themselves.
struct Ward {
    store: memory::Session,
    verdict: Option<Verdict>,
    /// What the store answers instead of reading.
    unreadable: Option<store::Failure>,
    /// How many messages were to be removed at a time.
    removals: Vec<usize>,
    reports: Vec<String>,
}

impl Host<Pop3> for Ward {
    fn perform(&mut self, now: Instant, session: &mut Pop3, effect: Effect) {
        match effect {
            Effect::Spool { .. } | Effect::Queue(_) => {}
            Effect::Report(report) => self.reports.push(report.to_string()),
            Effect::Authenticate { ticket, check } => {
                let accepted = match check {
                    Check::Password { password, hash } => password == hash,
                    Check::Token { .. } | Check::External { .. } => false,
                };
                let verdict = if accepted { Verdict::Accepted } else { Verdict::Rejected };
                let verdict = self.verdict.unwrap_or(verdict);
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
            Effect::Store { ticket, request } => {
                if let Request::Expunge { uids } = &request {
                    self.removals.push(uids.iter().count());
                }
                let mut octets = Vec::new();
                let answer = match (&request, &self.unreadable) {
                    (Request::Read { .. }, Some(failure)) => Answer::Failed(failure.clone()),
                    _ => self.store.perform(now, request, session.content(), &mut octets),
                };
                if let Answer::Read { .. } = answer {
                    session.handle_content(now, ticket, &octets);
                }
                session.handle(now, Input::Store { ticket, answer });
            }
        }
    }
}

struct Room {
    session: Pop3,
    ward: Ward,
    now: Instant,
}

fn account() -> Account {
    Account::parse("alice@example.com").unwrap()
}

fn site() -> Arc<Site> {
    let mut config = SiteConfig { hostname: "example.com".into(), ..SiteConfig::default() };
    config.auth.cleartext = Cleartext::Loopback;
    config.limits.expunge_turn = 2;
    let mut site = Site::new(config, [7; 32]).unwrap();
    let user = User {
        password: Some(Secret::new("opensesame".into())),
        scram: ScramKeys::derive("opensesame", b"salt", 4096).ok(),
        ..User::default()
    };
    site.directory.add_user(account(), user);
    Arc::new(site)
}

fn deliver(memory: &Memory, id: &str, message: &[u8]) {
    let (mut store, now) = (memory.session(), Instant::from_seconds(1));
    let target = Target { account: account(), mailbox: MailboxName::inbox() };
    let requests = [
        Request::Begin { account: account(), mailbox: MailboxName::inbox() },
        Request::Write,
        Request::Deliver { id: id.into(), targets: vec![target], atomicity: Atomicity::All },
    ];
    for request in requests {
        let answer = store.perform(now, request, message, &mut Vec::new());
        assert!(matches!(answer, Answer::Done | Answer::Delivered(_)), "{answer:?}");
    }
}

fn filled() -> Memory {
    let memory = Memory::new(Limits::DEFAULT);
    deliver(&memory, "one", b"Subject: one\r\n\r\n.x\r\n");
    deliver(&memory, "two", b"Subject: two\r\n\r\n");
    memory
}

impl Room {
    fn new(memory: &Memory, peer: Peer) -> Self {
        let now = Instant::from_seconds(1_000);
        let session = Pop3::new(now, site(), peer, Entropy::from_seed([1; 32]));
        let store = memory.session();
        let ward = Ward {
            store,
            verdict: None,
            unreadable: None,
            removals: Vec::new(),
            reports: Vec::new(),
        };
        let mut room = Self { session, ward, now };
        room.heard();
        room
    }

    fn entered(memory: &Memory) -> Self {
        let mut room = Self::new(memory, LOOPBACK);
        room.say("USER alice@example.com");
        assert!(room.say("PASS opensesame").starts_with("+OK"));
        room
    }

    fn heard(&mut self) -> String {
        let mut heard = Vec::new();
        loop {
            drain(self.now, &mut self.session, &mut self.ward);
            let count = self.session.transmit().len();
            heard.extend_from_slice(self.session.transmit());
            self.session.transmitted(count);
            if count == 0 && self.session.wants() == Wants::Nothing {
                self.now = self.session.poll_timeout().unwrap();
                self.session.handle_timeout(self.now);
            } else if count == 0 {
                return String::from_utf8(heard).unwrap();
            }
        }
    }

    fn say(&mut self, line: &str) -> String {
        self.session.handle_bytes(self.now, format!("{line}\r\n").as_bytes());
        self.heard()
    }
}

#[test]
fn mail_is_fetched_and_removed() {
    let memory = filled();
    let mut room = Room::entered(&memory);
    assert_eq!(room.say("LIST"), "+OK 2 messages (36 octets)\r\n1 20\r\n2 16\r\n.\r\n");
    let whole = "+OK 20 octets\r\nSubject: one\r\n\r\n..x\r\n.\r\n";
    assert_eq!(room.say("RETR 1"), whole);
    assert_eq!(room.say("TOP 2 9"), "+OK The top follows\r\nSubject: two\r\n\r\n.\r\n");
    let unique_id = room.say("UIDL 2").split(' ').nth(2).map(String::from);
    assert_eq!(room.say("DELE 1"), "+OK Message 1 deleted\r\n");
    assert_eq!(room.say("QUIT"), "+OK Bye\r\n");
    assert_eq!(room.session.wants(), Wants::Close);
    let reports = [
        "login mechanism=LOGIN protocol=pop3 peer=127.0.0.1 account=alice@example.com",
        "removed messages=1 protocol=pop3 peer=127.0.0.1 account=alice@example.com",
        "logout protocol=pop3 peer=127.0.0.1 account=alice@example.com",
    ];
    assert_eq!(room.ward.reports, reports);
    let mut room = Room::entered(&memory);
    assert_eq!(room.say("STAT"), "+OK 1 16\r\n");
    assert_eq!(room.say("UIDL 1").split(' ').nth(2).map(String::from), unique_id);
}

#[test]
fn mail_is_removed_some_at_a_time() {
    let memory = filled();
    deliver(&memory, "three", b"Subject: three\r\n\r\n");
    let mut room = Room::entered(&memory);
    for number in 1..=3 {
        room.say(&format!("DELE {number}"));
    }
    assert_eq!(room.say("QUIT"), "+OK Bye\r\n");
    assert_eq!(room.ward.removals, [2, 1]);
    let removed = "removed messages=3 protocol=pop3 peer=127.0.0.1 account=alice@example.com";
    assert_eq!(room.ward.reports[1], removed);
    assert_eq!(Room::entered(&memory).say("STAT"), "+OK 0 0\r\n");
}

#[test]
fn only_one_session_has_the_maildrop() {
    let memory = filled();
    let mut first = Room::entered(&memory);
    let mut second = Room::new(&memory, LOOPBACK);
    second.say("USER alice@example.com");
    assert_eq!(second.say("PASS opensesame"), "-ERR [IN-USE] The maildrop is in use\r\n");
    first.session.handle_eof(first.now);
    first.heard();
    second.say("USER alice@example.com");
    assert!(second.say("PASS opensesame").starts_with("+OK The maildrop has 2 messages"));
}

#[test]
fn a_dropped_connection_removes_nothing() {
    let memory = filled();
    let mut room = Room::entered(&memory);
    room.say("DELE 1");
    room.session.handle_eof(room.now);
    room.heard();
    assert_eq!(Room::entered(&memory).say("STAT"), "+OK 2 36\r\n");
}

#[test]
fn mail_that_comes_meanwhile_waits_for_the_next_session() {
    let memory = filled();
    let mut room = Room::entered(&memory);
    deliver(&memory, "three", b"\r\n");
    room.session.handle(room.now, Input::News);
    assert_eq!(room.say("STAT"), "+OK 2 36\r\n");
    room.say("QUIT");
    assert_eq!(Room::entered(&memory).say("STAT"), "+OK 3 38\r\n");
}

#[test]
fn logins_that_are_refused() {
    let memory = filled();
    let mut room = Room::new(&memory, LOOPBACK);
    for (user, word) in [("alice@example.com", "sesame"), ("bob@example.com", "opensesame")] {
        room.say(&format!("USER {user}"));
        let refused = "-ERR [AUTH] Authentication failed\r\n";
        assert_eq!(room.say(&format!("PASS {word}")), refused);
    }
    let report = "login-failed mechanism=LOGIN reason=\"authentication failed\" protocol=pop3 \
                  peer=127.0.0.1";
    assert_eq!(room.ward.reports, [report, report]);
    room.ward.verdict = Some(Verdict::Unavailable);
    room.say("USER alice");
    let unavailable = "-ERR [SYS/TEMP] Login is not possible now\r\n";
    assert_eq!(room.say("PASS opensesame"), unavailable);
    assert_eq!(Room::new(&memory, ELSEWHERE).say("USER alice"), "-ERR Not without TLS\r\n");
}

#[test]
fn a_host_without_keys_is_not_asked_for_scram() {
    let memory = filled();
    let mut room = Room::new(&memory, LOOPBACK);
    let first = room.say("AUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPW5vbmNl");
    assert!(first.starts_with("+ "), "{first}");
    let unknown = Room::new(&memory, LOOPBACK).say("AUTH SCRAM-SHA-256 biwsbj1ib2Iscj1ub25jZQ==");
    assert!(unknown.starts_with("+ "), "{unknown}");
}

#[test]
fn what_the_store_refuses() {
    let memory = filled();
    let mut room = Room::entered(&memory);
    let cases = [
        (store::Failure::NoMessage, "-ERR No such message\r\n"),
        (store::Failure::Io("EIO".into()), "-ERR [SYS/TEMP] Try again later\r\n"),
        (store::Failure::NoMailbox, "-ERR [SYS/PERM] The maildrop cannot be read\r\n"),
    ];
    for (failure, reply) in cases {
        room.ward.unreadable = Some(failure);
        assert_eq!(room.say("RETR 1"), reply);
    }
}

#[test]
fn stale_tickets_are_ignored() {
    let memory = filled();
    let mut room = Room::entered(&memory);
    let ticket = Tickets::default().issue();
    room.session.handle_content(room.now, ticket, b"x");
    room.session.handle(room.now, Input::Store { ticket, answer: Answer::Done });
    let verdict = Verdict::Accepted;
    room.session.handle(room.now, Input::Authenticated { ticket, verdict });
    assert_eq!(room.heard(), "");
    assert_eq!(room.say("STAT"), "+OK 2 36\r\n");
}
