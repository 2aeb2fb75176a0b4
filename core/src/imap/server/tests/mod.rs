//! Dialogues with the server over the memory store.

mod auth;
mod copy;
mod fetch;
mod flags;
mod hostile;
mod list;
mod mailbox;
mod model;
mod pipelining;
mod rights;
mod search;
mod sessions;
mod summaries;
mod timeouts;

use super::{Config, Event, Input, Output, Server};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::machine::{Instant, Machine, Session, Tls, Wants};
use crate::sasl::{Answer, Channel, Question, ScramKeys};
use crate::store::{self, Failure, Memory, Request, Store as _};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

/// 2023-11-14T22:13:20Z.
const START: Instant = Instant::from_seconds(1_700_000_000);

/// Takes bytes apart before the server gets them.
#[derive(Clone, Copy, Debug)]
enum Pieces {
    Whole,
    Octets,
    /// Up to so many, from this seed.
    Random(u64),
}

/// A server, its host and its client.
struct Dialogue {
    server: Server,
    store: store::memory::Session,
    now: Instant,
    pieces: Pieces,
    events: Vec<Event>,
    requests: Vec<Request>,
    /// Failures that the store is to answer with, for requests that this chooses.
    sabotage: Option<fn(&Request) -> Option<Failure>>,
    woken: Arc<AtomicBool>,
    /// Octets that the client takes at a time, if it does not take all.
    sip: Option<usize>,
    /// What the store has read.
    octets: Vec<u8>,
}

impl Dialogue {
    fn new(memory: &Memory, config: Config, channel: Channel) -> Self {
        let server = Server::new(START, config.into(), channel, Entropy::from_seed([7; 32]));
        let mut store = memory.session();
        let woken = Arc::new(AtomicBool::new(false));
        let wake = woken.clone();
        store.on_news(Arc::new(move || wake.store(true, Ordering::Relaxed)));
        Self {
            server,
            store,
            now: START,
            pieces: Pieces::Whole,
            events: Vec::new(),
            requests: Vec::new(),
            sabotage: None,
            woken,
            sip: None,
            octets: Vec::new(),
        }
    }

    /// A dialogue over a confidential channel, after the greeting.
    fn greeted(memory: &Memory) -> Self {
        let mut dialogue = Self::new(memory, Config::default(), Channel::Confidential);
        assert!(dialogue.take().starts_with("* OK [CAPABILITY IMAP4rev1 "));
        dialogue
    }

    /// The same after a login.
    fn logged_in(memory: &Memory) -> Self {
        let mut dialogue = Self::greeted(memory);
        let welcome = dialogue.say("l LOGIN alice opensesame\r\n");
        assert!(welcome.starts_with("l OK [CAPABILITY "), "{welcome}");
        dialogue.events.clear();
        dialogue.requests.clear();
        dialogue
    }

    /// The same with INBOX selected.
    fn selected(memory: &Memory) -> Self {
        let mut dialogue = Self::logged_in(memory);
        let answer = dialogue.say("s SELECT INBOX\r\n");
        assert!(answer.ends_with("s OK [READ-WRITE] SELECT completed\r\n"), "{answer}");
        dialogue.requests.clear();
        dialogue
    }

    /// What the server transmits, after everything it asked was answered.
    fn take(&mut self) -> String {
        String::from_utf8(self.drain()).unwrap()
    }

    /// The same, whatever its octets.
    fn drain(&mut self) -> Vec<u8> {
        let mut taken = Vec::new();
        loop {
            while let Some(output) = self.server.poll() {
                self.perform(output);
            }
            let transmit = self.server.transmit();
            if transmit.is_empty() {
                return taken;
            }
            let count = self.sip.unwrap_or(usize::MAX).min(transmit.len());
            taken.extend_from_slice(&transmit[..count]);
            self.server.transmitted(count);
        }
    }

    /// Sends `bytes` and takes what comes back.
    fn say(&mut self, bytes: impl AsRef<[u8]>) -> String {
        let bytes = bytes.as_ref();
        let mut heard = String::new();
        let mut rest = bytes;
        let mut entropy = Entropy::from_seed(
            [match self.pieces {
                Pieces::Random(seed) => seed as u8,
                _ => 0,
            }; 32],
        );
        while !rest.is_empty() {
            let wanted = match self.pieces {
                Pieces::Whole => rest.len(),
                Pieces::Octets => 1,
                Pieces::Random(_) => 1 + entropy.below(9) as usize,
            };
            if self.server.wants() != Wants::Read {
                return heard;
            }
            let (piece, later) = rest.split_at(wanted.min(rest.len()));
            self.server.handle_bytes(self.now, piece);
            heard += &self.take();
            rest = later;
        }
        heard
    }

    fn perform(&mut self, output: Output) {
        let input = match output {
            Output::Event(event) => return self.events.push(event),
            Output::Authenticate { ticket, question } => {
                Input::Authenticated { ticket, answer: verdict(&question) }
            }
            Output::Store { ticket, request } => {
                // Whether a command is allowed is asked before each.
                if !matches!(request, Request::Rights { .. }) {
                    self.requests.push(request.clone());
                }
                let failure = self.sabotage.and_then(|choose| choose(&request));
                let answer = match failure {
                    Some(failure) => store::Answer::Failed(failure),
                    None => {
                        let lent = self.server.content();
                        self.store.perform(self.now, request, lent, &mut self.octets)
                    }
                };
                if !self.octets.is_empty() {
                    // A host may hand them over in several slices.
                    let (one, two) = self.octets.split_at(self.octets.len() / 2);
                    self.server.handle_content(self.now, ticket, one);
                    self.server.handle_content(self.now, ticket, two);
                    self.octets.clear();
                }
                Input::Store { ticket, answer }
            }
        };
        self.server.handle(self.now, input);
    }

    /// Tells the server of news if the store has any, and takes what it says.
    fn wake(&mut self) -> String {
        if self.woken.swap(false, Ordering::Relaxed) {
            self.server.handle(self.now, Input::News);
        }
        self.take()
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: u64) -> String {
        self.now = self.now + core::time::Duration::from_secs(seconds);
        self.server.handle_timeout(self.now);
        self.take()
    }

    /// The handshake that the server wants.
    fn secure(&mut self) {
        assert_eq!(self.server.wants(), Wants::Tls);
        let tls = Tls { exporter: Some([3; 32]), ..Tls::default() };
        self.server.handle_tls(self.now, Ok(tls));
    }

    /// Appends a message to a mailbox.
    fn append(&mut self, mailbox: &str, flags: &str, message: &str) {
        let size = message.len();
        let answer =
            self.say(alloc::format!("p APPEND {mailbox} ({flags}) {{{size}+}}\r\n{message}\r\n"));
        assert!(answer.contains("p OK [APPENDUID "), "{answer}");
    }

    /// Whether the server wants to close.
    fn is_closed(&self) -> bool {
        self.server.wants() == Wants::Close
    }
}

fn memory() -> Memory {
    Memory::new(Limits::default())
}

fn verdict(question: &Question) -> Answer {
    let known = |name: &str| matches!(name, "alice" | "alice@example.org");
    match question {
        Question::Password { authcid, password, .. }
            if known(authcid) && password.expose() == "opensesame" =>
        {
            Answer::Accept { authcid: "alice@example.org".to_string() }
        }
        Question::ScramKeys { authcid, .. } if known(authcid) => Answer::Keys {
            authcid: "alice@example.org".to_string(),
            keys: ScramKeys::derive("opensesame", &[5; 16], 4096).unwrap(),
        },
        Question::Token { .. } => Answer::Unavailable,
        _ => Answer::Reject,
    }
}

/// Runs a script in every fragmentation, over a store of its own each time. Every step is what is
/// said and what is heard; `$` at the end of a line heard stands for the rest of that line.
fn check(start: fn(&Memory) -> Dialogue, script: &[(&str, &str)]) {
    for pieces in
        [Pieces::Whole, Pieces::Octets, Pieces::Random(1), Pieces::Random(2), Pieces::Random(3)]
    {
        let memory = memory();
        let mut dialogue = start(&memory);
        dialogue.pieces = pieces;
        for (said, expected) in script {
            let said = crlf(said);
            let heard = dialogue.say(&said);
            assert_heard(&heard, expected, &said, pieces);
        }
    }
}

fn assert_heard(heard: &str, expected: &str, said: &str, pieces: Pieces) {
    let heard_lines: VecDeque<&str> = heard.split_terminator("\r\n").collect();
    let expected_lines: Vec<&str> = expected.lines().map(str::trim_start).collect();
    let fits = heard_lines.len() == expected_lines.len()
        && heard_lines.iter().zip(&expected_lines).all(|(heard, expected)| {
            match expected.strip_suffix('$') {
                Some(start) => heard.starts_with(start),
                None => heard == expected,
            }
        });
    assert!(fits, "{pieces:?}\nsaid:\n{said}\nheard:\n{heard}\nexpected:\n{expected}");
}

/// Lines of a script, indented for their reader, as they are on the wire.
fn crlf(text: &str) -> String {
    text.lines().map(|line| [line.trim_start(), "\r\n"].concat()).collect()
}
