//! The grammar, then dialogues with a scripted host.

mod authorization;
mod grammar;
mod hostile;
mod session;
mod streaming;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use super::{Config, Input, Message, Output, Refusal, Server};
use crate::entropy::Entropy;
use crate::machine::{Host, Instant, Machine as _, Session as _, Tls, Wants, drain};
use crate::sasl::{Answer, Channel, Mechanism, Question, ScramKeys};

/// A server at work, with a host that knows `tim` by the password `tanstaaf`.
struct Room {
    server: Server,
    now: Instant,
    /// What the server has transmitted.
    wire: Vec<u8>,
    /// The most that ever waited to be transmitted.
    high: usize,
    host: Script,
}

/// The host, and what it was asked.
struct Script {
    messages: Vec<Vec<u8>>,
    /// How it answers, if not well.
    verdict: Option<Answer>,
    open: Option<Refusal>,
    remove: Option<Refusal>,
    /// From which offset on it cannot read.
    unreadable: Option<(u64, Refusal)>,
    asked: Vec<String>,
}

impl Room {
    fn new(channel: Channel, messages: &[&[u8]]) -> Self {
        Self::with(Config::new("mx.example.com"), channel, messages)
    }

    fn with(config: Config, channel: Channel, messages: &[&[u8]]) -> Self {
        let now = Instant::from_seconds(1_000);
        let entropy = Entropy::from_seed([7; 32]);
        let mut room = Self {
            server: Server::new(now, Arc::new(config), channel, entropy),
            now,
            wire: Vec::new(),
            high: 0,
            host: Script {
                messages: messages.iter().map(|message| message.to_vec()).collect(),
                verdict: None,
                open: None,
                remove: None,
                unreadable: None,
                asked: Vec::new(),
            },
        };
        room.settle();
        room
    }

    /// A room in which `tim` has just logged in.
    fn entered(messages: &[&[u8]]) -> Self {
        let mut room = Self::new(Channel::Confidential, messages);
        room.say("USER tim\r\nPASS tanstaaf\r\n");
        room.heard();
        room.host.asked.clear();
        room
    }

    /// Lets the server act until it waits for the peer. Delays pass at once.
    fn settle(&mut self) {
        loop {
            drain(self.now, &mut self.server, &mut self.host);
            let count = self.server.transmit().len();
            self.high = self.high.max(count);
            if count > 0 {
                self.wire.extend_from_slice(self.server.transmit());
                self.server.transmitted(count);
            } else if self.server.wants() == Wants::Nothing {
                self.now = self.server.poll_timeout().expect("something is awaited");
                self.server.handle_timeout(self.now);
            } else {
                return;
            }
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        if self.server.wants() == Wants::Read {
            self.server.handle_bytes(self.now, bytes);
            self.settle();
        }
    }

    fn say(&mut self, text: &str) {
        self.feed(text.as_bytes());
    }

    fn eof(&mut self) {
        self.server.handle_eof(self.now);
        self.settle();
    }

    fn tls(&mut self, exporter: Option<[u8; 32]>) {
        let tls = Tls { exporter, ..Tls::default() };
        self.server.handle_tls(self.now, Ok(tls));
        self.settle();
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + core::time::Duration::from_secs(seconds);
        self.server.handle_timeout(self.now);
        self.settle();
    }

    /// What the server has said since it was last asked this.
    fn heard(&mut self) -> String {
        String::from_utf8(core::mem::take(&mut self.wire)).expect("UTF-8")
    }

    /// What the server says to `line`.
    fn reply(&mut self, line: &str) -> String {
        self.heard();
        self.say(&format!("{line}\r\n"));
        self.heard()
    }

    fn wants(&self) -> Wants {
        self.server.wants()
    }

    fn asked(&self) -> String {
        self.host.asked.join("; ")
    }
}

impl Script {
    fn verify(&self, question: Question) -> Answer {
        if let Some(verdict) = &self.verdict {
            return verdict.clone();
        }
        match question {
            Question::Password { authcid, password, .. }
                if authcid == "tim" && password.expose() == "tanstaaf" =>
            {
                Answer::Accept { authcid }
            }
            Question::ScramKeys { authcid, .. } if authcid == "tim" => {
                let keys = ScramKeys::derive("tanstaaf", b"salt", 4096).expect("a password");
                Answer::Keys { authcid, keys }
            }
            Question::External { authzid: None } => Answer::Accept { authcid: "tim".into() },
            _ => Answer::Reject,
        }
    }
}

impl Host<Server> for Script {
    fn perform(&mut self, now: Instant, server: &mut Server, output: Output) {
        let log = match &output {
            Output::Verify { question, .. } => format!("verify {question:?}"),
            Output::Open { login, .. } => format!("open {}", login.identity()),
            Output::Read { message, offset, .. } => format!("read {message} {offset}"),
            Output::Remove { messages, .. } => format!("remove {messages:?}"),
            Output::Close => String::from("close"),
            Output::Refused { mechanism, failure } => format!("refused {mechanism} {failure:?}"),
        };
        self.asked.push(log);
        let answer = match output {
            Output::Verify { ticket, question } => {
                Input::Verified { ticket, answer: self.verify(question) }
            }
            Output::Open { ticket, .. } => match self.open {
                Some(refusal) => Input::Failed { ticket, refusal },
                None => {
                    let message = |(place, octets): (usize, &Vec<u8>)| Message {
                        unique_id: format!("id{place}"),
                        size: octets.len() as u64,
                    };
                    let messages = self.messages.iter().enumerate().map(message).collect();
                    Input::Opened { ticket, messages }
                }
            },
            Output::Read { ticket, message, offset, length } => match self.unreadable {
                Some((from, refusal)) if offset >= from => Input::Failed { ticket, refusal },
                _ => {
                    let octets = &self.messages[message][usize::try_from(offset).expect("small")..];
                    let slice = &octets[..octets.len().min(length)];
                    server.handle_content(now, ticket, slice);
                    Input::Read { ticket, end: slice.len() == octets.len() }
                }
            },
            Output::Remove { ticket, .. } => match self.remove {
                Some(refusal) => Input::Failed { ticket, refusal },
                None => Input::Removed { ticket },
            },
            Output::Close | Output::Refused { .. } => return,
        };
        server.handle(now, answer);
    }
}

fn bound() -> Option<[u8; 32]> {
    Some([9; 32])
}
