//! Dialogues with a host that has a little policy.

mod content;
mod dialogues;
mod login;

use super::*;
use crate::entropy::Entropy;
use crate::machine::{Host, Instant, Machine, Session, Tls, TlsFailed, Wants, drain};
use crate::sasl::ScramKeys;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use core::time::Duration;
use proptest::prelude::*;

const START: Instant = Instant::from_seconds(1_000);

/// A host that takes mail for everyone but `nobody`, and keeps it.
#[derive(Default)]
struct Letterbox {
    envelope: String,
    content: Vec<u8>,
    delivered: Vec<(String, Vec<u8>)>,
    events: Vec<Event>,
    recipients: usize,
    /// What to refuse, by the request's name.
    refuse: Option<(&'static str, Reply)>,
    /// How the slices were lent.
    slices: usize,
}

impl Letterbox {
    fn forget(&mut self) {
        self.envelope.clear();
        self.content.clear();
    }

    fn answer(&mut self, session: &Server, request: Request) -> Answer {
        let name = format!("{request:?}");
        if let Some((_, reply)) = self.refuse.iter().find(|(what, _)| name.starts_with(what)) {
            return Answer::Reply(reply.clone());
        }
        match request {
            Request::Mail { reverse_path, parameters } => {
                assert!(self.envelope.is_empty(), "one transaction at a time");
                self.envelope = format!("{reverse_path}{parameters}");
                self.recipients = 0;
            }
            Request::Recipient { forward_path, parameters } => {
                if forward_path.mailbox().is_some_and(|it| it.local_part.as_str() == "nobody") {
                    return Answer::Reply(Reply::new(550, (5, 1, 1), "No such user here"));
                }
                self.envelope += &format!(" {forward_path}{parameters}");
                self.recipients += 1;
            }
            Request::Begin => assert!(self.recipients > 0 && self.content.is_empty()),
            Request::Content => {
                assert!(!session.content().is_empty());
                self.slices += 1;
                self.content.extend_from_slice(session.content());
            }
            Request::End => {
                let envelope = core::mem::take(&mut self.envelope);
                self.delivered.push((envelope, core::mem::take(&mut self.content)));
                let id = format!("Q{}", self.delivered.len());
                if session.config.protocol == Protocol::Lmtp {
                    let outcome = |n| Reply::new(250, (2, 1, 5), format!("Ok: {id} for {n}"));
                    return Answer::Each((1..=self.recipients).map(outcome).collect());
                }
                return Answer::Queued(id);
            }
            Request::Authenticate(question) => return Answer::Sasl(judge(question)),
            _ => {}
        }
        Answer::Accept
    }
}

fn judge(question: sasl::Question) -> sasl::Answer {
    match question {
        sasl::Question::Password { authcid, password, .. }
            if authcid == "alice" && password.expose() == "opensesame" =>
        {
            sasl::Answer::Accept { authcid }
        }
        sasl::Question::ScramKeys { authcid, .. } if authcid == "alice" => {
            let keys = ScramKeys::derive("opensesame", b"salt", 4096).unwrap();
            sasl::Answer::Keys { authcid, keys }
        }
        sasl::Question::External { .. } => sasl::Answer::Unavailable,
        _ => sasl::Answer::Reject,
    }
}

impl Host<Server> for Letterbox {
    fn perform(&mut self, now: Instant, session: &mut Server, output: Output) {
        match output {
            Output::Request { ticket, request } => {
                let answer = self.answer(session, request);
                session.handle(now, Input { ticket, answer });
            }
            Output::Event(event) => {
                if event == Event::Abandoned {
                    self.forget();
                }
                self.events.push(event);
            }
        }
    }
}

/// A server and its host, with what was said.
struct Talk {
    now: Instant,
    server: Server,
    host: Letterbox,
    said: Vec<u8>,
}

impl Talk {
    fn new(config: Config) -> Self {
        let server = Server::new(START, Arc::new(config), Entropy::from_seed([7; 32]));
        let mut talk = Self { now: START, server, host: Letterbox::default(), said: Vec::new() };
        talk.settle();
        talk
    }

    fn settle(&mut self) {
        drain(self.now, &mut self.server, &mut self.host);
        while !self.server.transmit().is_empty() {
            self.said.extend_from_slice(self.server.transmit());
            self.server.transmitted(self.server.transmit().len());
            drain(self.now, &mut self.server, &mut self.host);
        }
    }

    /// Sends `octets` in pieces of these lengths, over and over, waiting out penalties.
    fn send(&mut self, mut octets: &[u8], pieces: &[usize]) {
        let mut pieces = pieces.iter().copied().cycle();
        while !octets.is_empty() && self.server.wants() != Wants::Close {
            if self.server.wants() == Wants::Nothing {
                self.wait_until_due();
                continue;
            }
            if self.server.wants() == Wants::Tls {
                return;
            }
            let count = pieces.next().unwrap_or(1).clamp(1, octets.len());
            self.server.handle_bytes(self.now, &octets[..count]);
            octets = &octets[count..];
            self.settle();
        }
        while self.server.wants() == Wants::Nothing {
            self.wait_until_due();
        }
    }

    fn wait_until_due(&mut self) {
        self.now = self.server.poll_timeout().expect("something is awaited");
        self.server.handle_timeout(self.now);
        self.settle();
    }

    /// Sends `line` and returns what is said to it.
    fn line(&mut self, line: &str) -> String {
        self.octets(format!("{line}\r\n").as_bytes())
    }

    fn octets(&mut self, octets: &[u8]) -> String {
        self.said.clear();
        self.send(octets, &[usize::MAX]);
        String::from_utf8_lossy(&self.said).into_owned()
    }

    /// Sends lines and demands that the replies start with `codes`.
    #[track_caller]
    fn expect(&mut self, dialogue: &[(&str, &str)]) {
        for (line, codes) in dialogue {
            let reply = self.line(line);
            assert!(reply.starts_with(codes), "{line}: {reply}, not {codes}");
        }
    }

    fn closed(&self) -> bool {
        self.server.wants() == Wants::Close
    }
}

fn smtp() -> Config {
    Config::new("mx.example.com", Protocol::Smtp)
}

fn lmtp() -> Config {
    Config::new("mx.example.com", Protocol::Lmtp)
}

fn loopback() -> Config {
    Config { cleartext_auth: true, ..smtp() }
}

const ENVELOPE: [(&str, &str); 3] = [
    ("EHLO client.example.org", "250-mx.example.com Hello client.example.org\r\n250-"),
    ("MAIL FROM:<alice@example.org>", "250 2.1.0 Ok\r\n"),
    ("RCPT TO:<bob@example.com>", "250 2.1.5 Ok\r\n"),
];

fn ready_for_data(config: Config) -> Talk {
    let mut talk = Talk::new(config);
    talk.expect(&ENVELOPE);
    talk.expect(&[("DATA", "354 ")]);
    talk
}
