use super::*;
use crate::machine::{Host, Wants, drain};
use crate::queue::{Envelope, Summary};
use crate::role::config::{Auth, Cleartext, Config};
use crate::role::directory::User;
use crate::role::mda::Filing;
use crate::role::msa::Submitting;
use crate::role::mta::Transfer;
use crate::role::{Check, Verdict};
use crate::secret::Secret;
use crate::store::{Access, Failure, MailboxName, Memory, Request as Ask, Store, Uid, memory};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;

const NOW: Instant = Instant::from_seconds(1_800_000_000);

/// Whether a request is one of those that fail.
type Which = fn(&Ask) -> bool;

/// A host with a memory store, in which a password is its own hash, and which can fail.
struct World {
    memory: Memory,
    session: memory::Session,
    fails: Option<(Which, Failure)>,
    /// What is being written into the spool.
    writing: Option<(Box<Envelope>, String)>,
    spool: Vec<(Box<Envelope>, String)>,
    queued: Vec<Summary>,
    reports: Vec<String>,
}

impl World {
    fn spool(&mut self, request: spool::Request, lent: &[u8]) -> spool::Answer {
        match request {
            spool::Request::Begin(envelope) => self.writing = Some((envelope, String::new())),
            spool::Request::Write => {
                let (_, content) = self.writing.as_mut().expect("a message is being written");
                content.push_str(core::str::from_utf8(lent).unwrap());
            }
            spool::Request::Commit => self.spool.extend(self.writing.take()),
            _ => self.writing = None,
        }
        spool::Answer::Done
    }
}

impl<S: Session<Input = Input, Output = Effect>> Host<S> for World {
    fn perform(&mut self, now: Instant, session: &mut S, effect: Effect) {
        match effect {
            Effect::Store { ticket, request } => {
                let failure = self.fails.as_ref().filter(|(fails, _)| fails(&request));
                let answer = match failure {
                    Some((_, failure)) => store::Answer::Failed(failure.clone()),
                    None => {
                        let mut octets = Vec::new();
                        self.session.perform(now, request, session.content(), &mut octets)
                    }
                };
                session.handle(now, Input::Store { ticket, answer });
            }
            Effect::Authenticate { ticket, check: Check::Password { password, hash } } => {
                let verdict = if password == hash { Verdict::Accepted } else { Verdict::Rejected };
                session.handle(now, Input::Authenticated { ticket, verdict });
            }
            Effect::Authenticate { ticket, .. } => {
                session.handle(now, Input::Authenticated { ticket, verdict: Verdict::Rejected });
            }
            Effect::Spool { ticket, request } => {
                let answer = self.spool(request, session.content());
                session.handle(now, Input::Spool { ticket, answer });
            }
            Effect::Queue(queue::Input::Queued(summary)) => self.queued.push(*summary),
            Effect::Queue(other) => panic!("{other:?}"),
            Effect::Report(report) => self.reports.push(report.to_string()),
        }
    }
}

fn account(name: &str) -> Account {
    Account::parse(name).unwrap()
}

fn site() -> Arc<Site> {
    let config = Config {
        hostname: "mx.example.com".into(),
        domains: vec!["example.com".into()],
        auth: Auth { cleartext: Cleartext::Loopback },
        ..Config::default()
    };
    let mut site = Site::new(config, [7; 32]).unwrap();
    for (name, password) in [("ann@example.com", "secret"), ("bob@example.com", "hidden")] {
        let password = Some(Secret::new(String::from(password)));
        site.directory
            .add_user(account(name), User { password, scram: None, quota: Default::default() });
    }
    let both = ["ann@example.com", "bob@example.com"];
    site.directory.add_alias("all@example.com", &both).unwrap();
    Arc::new(site)
}

fn world() -> World {
    let memory = Memory::new(crate::limits::Limits::default());
    World {
        session: memory.session(),
        memory,
        fails: None,
        writing: None,
        spool: Vec::new(),
        queued: Vec::new(),
        reports: Vec::new(),
    }
}

/// Says `bursts` one after the other; gives all that was answered.
fn talk<P: Policy>(world: &mut World, bursts: &[&str]) -> String {
    let peer = Peer::Host([127, 0, 0, 1].into());
    let mut agent = Intake::<P>::new(NOW, site(), peer, Entropy::from_seed([7; 32]));
    let mut heard = Vec::new();
    drain(NOW, &mut agent, world);
    for burst in bursts {
        agent.handle_bytes(NOW, burst.replace('\n', "\r\n").as_bytes());
        drain(NOW, &mut agent, world);
        // The delay of a failed login.
        while let (Wants::Nothing, Some(deadline)) = (agent.wants(), agent.poll_timeout()) {
            agent.handle_timeout(deadline);
            drain(deadline, &mut agent, world);
        }
        heard.extend_from_slice(agent.transmit());
        let count = agent.transmit().len();
        agent.transmitted(count);
        drain(NOW, &mut agent, world);
    }
    agent.handle_eof(NOW);
    drain(NOW, &mut agent, world);
    assert_eq!(agent.wants(), Wants::Close);
    String::from_utf8(heard).unwrap().replace('\r', "")
}

/// The messages in an INBOX.
fn inbox(world: &World, name: &str) -> Vec<String> {
    let (mut session, mut octets) = (world.memory.session(), Vec::new());
    let (account, mailbox, access) = (account(name), MailboxName::inbox(), Access::ReadOnly);
    let open = Ask::Open { account, mailbox, access };
    let store::Answer::Opened(opened) = session.perform(NOW, open, &[], &mut octets) else {
        return Vec::new();
    };
    let mut read = |uid: Uid| {
        let read = Ask::Read { uid, offset: 0, length: 1 << 20 };
        assert_eq!(session.perform(NOW, read, &[], &mut octets), store::Answer::Read { end: true });
        String::from_utf8(octets.clone()).unwrap().replace('\r', "")
    };
    opened.messages.iter().map(|entry| read(entry.uid)).collect()
}

#[test]
fn a_transfer_agent_files_mail_with_its_trace() {
    let mut world = world();
    let heard = talk::<Transfer>(
        &mut world,
        &[
            "EHLO mail.example.org\n",
            "MAIL FROM:<eve@example.org>\nRCPT TO:<bob@example.com>\nDATA\n",
            "From: eve@example.org\nSubject: Hi\n\nHello\n..dot\n.\n",
        ],
    );
    let id = heard.split("queued as ").nth(1).expect(&heard).trim_end();
    let message = &inbox(&world, "bob@example.com")[0];
    let expected = format!(
        "Return-Path: <eve@example.org>\nReceived: from mail.example.org ([127.0.0.1])\n\tby \
         mx.example.com with ESMTP id {id}\n\tfor <bob@example.com>; Fri, 15 Jan 2027 08:00:00 \
         +0000\nFrom: eve@example.org\nSubject: Hi\n\nHello\n.dot\n"
    );
    assert_eq!(*message, expected);
    assert!(world.reports.iter().any(|it| it.starts_with("delivered") && it.contains(id)));
}

#[test]
fn an_alias_delivers_one_copy_to_each() {
    let mut world = world();
    talk::<Transfer>(
        &mut world,
        &[
            "EHLO x\nMAIL FROM:<>\nRCPT TO:<all@example.com>\nRCPT TO:<bob@example.com>\nDATA\n",
            "a: b\n\n.\n",
        ],
    );
    assert_eq!(inbox(&world, "ann@example.com").len(), 1);
    assert_eq!(inbox(&world, "bob@example.com").len(), 1);
}

#[test]
fn a_transfer_agent_is_no_relay() {
    let mut world = world();
    let heard = talk::<Transfer>(
        &mut world,
        &[
            "EHLO x\nMAIL FROM:<ann@example.com>\nRCPT TO:<eve@example.org>\n",
            "RCPT TO:<@example.com:eve@example.org>\nRCPT TO:<eve%example.org@example.com>\n",
            "RCPT TO:<postmaster>\n",
        ],
    );
    let codes: Vec<_> = heard.lines().map(|line| line.get(..9).unwrap_or(line)).collect();
    let tail = &codes[codes.len() - 4..];
    assert_eq!(tail, ["550 5.7.1", "550 5.7.1", "550 5.1.1", "250 2.1.5"], "{heard}");
}

#[test]
fn loops_and_several_authors_are_refused() {
    for (header, code) in [
        ("Received: x\n".repeat(51), "554 5.4.6"),
        ("Received: x\n".repeat(50), "250 2.0.0"),
        ("From: a@b\nFrom: c@d\n".into(), "554 5.6.0"),
    ] {
        let mut world = world();
        let content = format!("{header}\nbody\n.\n");
        let envelope = "EHLO x\nMAIL FROM:<>\nRCPT TO:<bob@example.com>\nDATA\n";
        let heard = talk::<Transfer>(&mut world, &[envelope, &content]);
        assert!(heard.lines().last().unwrap().starts_with(code), "{heard}");
        assert_eq!(inbox(&world, "bob@example.com").len(), usize::from(code.starts_with('2')));
    }
}

#[test]
fn what_the_store_can_t_do_is_told_and_leaves_nothing() {
    let cases: [(Which, Failure, &str); 4] = [
        (|it| matches!(it, Ask::Begin { .. }), Failure::Full, "452 4.3.1"),
        (|it| matches!(it, Ask::Write), Failure::Full, "452 4.3.1"),
        (|it| matches!(it, Ask::Deliver { .. }), Failure::Full, "452 4.3.1"),
        (|it| matches!(it, Ask::Deliver { .. }), Failure::Io("x".into()), "451 4.3.0"),
    ];
    for (fails, failure, code) in cases {
        let mut world = world();
        world.fails = Some((fails, failure));
        let heard = talk::<Transfer>(
            &mut world,
            &["EHLO x\nMAIL FROM:<>\nRCPT TO:<bob@example.com>\n", "DATA\n", "a: b\n\nc\n.\n"],
        );
        assert!(heard.contains(&format!("\n{code} ")), "{heard}");
        assert!(!heard.contains("queued as"), "{heard}");
        assert!(inbox(&world, "bob@example.com").is_empty());
    }
}

#[test]
fn a_delivery_agent_tells_the_outcome_for_each() {
    let mut world = world();
    let heard = talk::<Filing>(
        &mut world,
        &[
            "LHLO mx.example.org\nMAIL FROM:<eve@example.org>\nRCPT TO:<bob@example.com>\n",
            "RCPT TO:<carol@example.com>\nRCPT TO:<ann@example.com>\nDATA\n",
            "a: b\n\nc\n.\n",
        ],
    );
    let queued = heard.lines().filter(|line| line.starts_with("250 2.0.0 Ok: queued as")).count();
    assert_eq!(queued, 2, "{heard}");
    assert!(heard.contains("550 5.1.1"), "{heard}");
    let message = &inbox(&world, "ann@example.com")[0];
    assert!(message.contains("with LMTP id") && !message.contains("for <"), "{message}");
}

/// `AUTH PLAIN` as ann.
const LOGIN: &str = "EHLO laptop\nAUTH PLAIN AGFubkBleGFtcGxlLmNvbQBzZWNyZXQ=\n";

#[test]
fn a_submission_agent_completes_a_message() {
    let mut world = world();
    let heard = talk::<Submitting>(
        &mut world,
        &[
            LOGIN,
            "MAIL FROM:<ann@example.com>\nRCPT TO:<bob@example.com>\nDATA\n",
            "From: Ann <ann+x@example.com>\nBcc: bob@example.com\n\nHello\n.\n",
        ],
    );
    assert!(heard.contains("235 2.7.0") && heard.contains("queued as"), "{heard}");
    let message = &inbox(&world, "bob@example.com")[0];
    let (_, own) = message.split_once("From: Ann <ann+x@example.com>\n").unwrap();
    let (date, rest) = own.split_once('\n').unwrap();
    assert_eq!(date, "Date: Fri, 15 Jan 2027 08:00:00 +0000");
    let (message_id, rest) = rest.split_once('\n').unwrap();
    assert!(message_id.starts_with("Message-ID: <"), "{message_id}");
    assert!(message_id.ends_with("@mx.example.com>"), "{message_id}");
    assert_eq!(rest, "\nHello\n");
    assert!(message.contains("with ESMTPA id"), "{message}");
    assert!(!message.contains("Bcc"), "{message}");
}

#[test]
fn a_submission_agent_queues_mail_for_others() {
    let mut world = world();
    let heard = talk::<Submitting>(
        &mut world,
        &[
            LOGIN,
            "MAIL FROM:<ann@example.com> SIZE=9 AUTH=<> ENVID=e\nRCPT TO:<bob@example.com>\n",
            "RCPT TO:<eve@example.org> NOTIFY=NEVER\nDATA\n",
            "From: ann@example.com\n\nHello\n.\n",
        ],
    );
    let id = heard.split("queued as ").nth(1).expect(&heard).trim_end();
    let [(envelope, content)] = &world.spool[..] else { panic!("{heard}") };
    assert_eq!(envelope.id.as_str(), id);
    assert_eq!(envelope.origin, "ann@example.com from 127.0.0.1");
    assert_eq!((envelope.arrived, envelope.parameters.to_string()), (NOW, " ENVID=e".into()));
    let recipients = envelope.recipients.iter();
    let recipients = recipients.map(|it| format!("{}{}", it.forward_path, it.parameters));
    let expected = ["<bob@example.com>", "<eve@example.org> NOTIFY=NEVER"];
    assert_eq!(recipients.collect::<Vec<_>>(), expected);
    assert!(content.starts_with("Received: from laptop"), "{content}");
    assert!(!content.contains("Return-Path"), "{content}");
    let [summary] = &world.queued[..] else { panic!("{heard}") };
    let destinations: Vec<_> =
        summary.deliveries.iter().map(|it| it.destination.to_string()).collect();
    assert_eq!((summary.id, summary.arrived), (envelope.id, envelope.arrived));
    assert_eq!(destinations, ["local", "example.org"]);
    assert!(inbox(&world, "bob@example.com").is_empty());
    let size = format!("size={}", content.len());
    let told = |it: &&String| it.starts_with("queued") && it.contains(id) && it.ends_with(&size);
    assert_eq!(world.reports.iter().filter(told).count(), 2, "{:?}", world.reports);
}

#[test]
fn a_transfer_agent_queues_what_success_is_to_be_told_of() {
    let mut world = world();
    let heard = talk::<Transfer>(
        &mut world,
        &[
            "EHLO mail.example.org\nMAIL FROM:<eve@example.org>\n",
            "RCPT TO:<bob@example.com> NOTIFY=SUCCESS\nDATA\n",
            "a: b\n\nc\n.\n",
        ],
    );
    let [(envelope, _)] = &world.spool[..] else { panic!("{heard}") };
    assert_eq!(envelope.origin, "mail.example.org from 127.0.0.1");
    assert_eq!(world.queued.len(), 1);
}

#[test]
fn a_submission_agent_serves_users_as_themselves_alone() {
    let cases: [(&[&str], &str); 6] = [
        (&["EHLO x\n", "MAIL FROM:<ann@example.com>\n"], "530 5.7.0"),
        (&["EHLO x\nAUTH PLAIN AGFubkBleGFtcGxlLmNvbQB3cm9uZw==\n"], "535 5.7.8"),
        (&[LOGIN, "MAIL FROM:<bob@example.com>\n"], "553 5.7.1"),
        (&[LOGIN, "MAIL FROM:<ann@example.com>\nRCPT TO:<carol@example.com>\n"], "550 5.1.1"),
        (
            &[
                LOGIN,
                "MAIL FROM:<>\nRCPT TO:<bob@example.com>\nDATA\n",
                "From: bob@example.com\n\n.\n",
            ],
            "550 5.7.1",
        ),
        (
            &[LOGIN, "MAIL FROM:<>\nRCPT TO:<bob@example.com>\nDATA\n", "Subject: x\n\n.\n"],
            "554 5.6.0",
        ),
    ];
    for (bursts, code) in cases {
        let mut world = world();
        let heard = talk::<Submitting>(&mut world, bursts);
        assert!(heard.lines().last().unwrap().starts_with(code), "{heard}");
        assert!(inbox(&world, "bob@example.com").is_empty());
        assert!(!world.reports.iter().any(|it| it.contains("secret")), "{:?}", world.reports);
    }
}
