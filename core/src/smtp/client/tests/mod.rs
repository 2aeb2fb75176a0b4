//! Dialogues with scripted servers, in every fragmentation; then servers that mean no good.

mod content;
mod dialogue;
mod endings;
mod opening;
mod pairs;
mod replies;
mod transactions;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::machine::{Host, drain};
use crate::sasl::Credentials;
use crate::smtp::{Body, MailParameters, Protocol, RcptParameters};

const HELLO: &str = "EHLO client.example.org\r\n";
const MAIL: &str = "MAIL FROM:<alice@example.org>\r\n";
const QUIT: &str = "QUIT\r\n";
const BYE: &str = "221 2.0.0 Bye\r\n";
const STUFFED: &str = "Subject: dots\r\n\r\n..one\r\n.\r\n";
const BOB: &str = "bob@example.com";
const CAROL: &str = "carol@example.com";

/// A client at work, with a host that has one message and writes down what it is told.
struct Room {
    client: Client,
    now: Instant,
    /// What the client has transmitted.
    wire: Vec<u8>,
    host: Script,
}

/// The host.
struct Script {
    content: Vec<u8>,
    /// The most that it hands over at a time.
    slice: usize,
    log: Vec<String>,
}

impl Host<Client> for Script {
    fn perform(&mut self, now: Instant, client: &mut Client, output: Output) {
        let words = match output {
            Output::Connected(peer) => {
                let tls = peer.tls.map_or("", |_| " tls");
                let login = peer.login.map_or("", |mechanism| mechanism.name());
                format!("connected{tls} {login}")
            }
            Output::Ready => "ready".into(),
            Output::Content { ticket, offset, length } => {
                let rest = &self.content[usize::try_from(offset).expect("small")..];
                let slice = &rest[..rest.len().min(length).min(self.slice)];
                client.handle_content(now, ticket, slice);
                client.handle(now, Input::Content { ticket, end: slice.len() == rest.len() });
                return;
            }
            Output::Recipient { recipient, outcome: Ok(reply) } => format!("{recipient} = {reply}"),
            Output::Recipient { recipient, outcome: Err(failure) } => {
                let kind = match (failure.is_permanent(), failure.is_unknown()) {
                    (true, _) => "permanent",
                    (_, true) => "unknown",
                    _ => "transient",
                };
                format!("{recipient} ! {kind} {} {failure}", failure.enhanced())
            }
            Output::Finished => "finished".into(),
            Output::Dialogue(line) => format!("{line}"),
            Output::Closed(Ok(())) => "closed".into(),
            Output::Closed(Err(failure)) => format!("closed: {failure}"),
        };
        self.log.push(words.trim().into());
    }
}

impl Room {
    fn new(config: Config, channel: Channel, content: &[u8]) -> Self {
        let now = Instant::from_seconds(1_000);
        let entropy = Entropy::from_seed([7; 32]);
        let client = Client::new(now, Arc::new(config), channel, entropy);
        let host = Script { content: content.to_vec(), slice: usize::MAX, log: Vec::new() };
        let mut room = Self { client, now, wire: Vec::new(), host };
        room.settle();
        room
    }

    fn settle(&mut self) {
        loop {
            drain(self.now, &mut self.client, &mut self.host);
            let count = self.client.transmit().len();
            if count == 0 {
                return;
            }
            self.wire.extend_from_slice(self.client.transmit());
            self.client.transmitted(count);
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if self.client.wants() == Wants::Read {
            self.client.handle_bytes(self.now, bytes);
            self.settle();
        }
    }

    fn tell(&mut self, input: Input) {
        self.client.handle(self.now, input);
        self.settle();
    }

    fn eof(&mut self) {
        self.client.handle_eof(self.now);
        self.settle();
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
        self.client.handle_timeout(self.now);
        self.settle();
    }

    /// What the client has said since it was last asked this.
    fn said(&mut self) -> String {
        String::from_utf8(mem::take(&mut self.wire)).expect("UTF-8")
    }

    /// What the host was told since it was last asked this.
    fn told(&mut self) -> String {
        mem::take(&mut self.host.log).join("\n")
    }
}

/// A dialogue: a client, what it is told at the beginning, and by turns what it must say and what
/// the server says to that.
struct Dialogue {
    config: Config,
    channel: Channel,
    content: &'static [u8],
    envelopes: Vec<Envelope>,
    quit: bool,
}

impl Dialogue {
    fn new(config: Config) -> Self {
        let content = b"Subject: dots\r\n\r\n.one\r\n";
        Self { config, channel: Channel::Clear, content, envelopes: Vec::new(), quit: true }
    }

    fn to(mut self, recipients: &[&str]) -> Self {
        self.envelopes.push(envelope(recipients));
        self
    }

    fn with(mut self, envelope: Envelope) -> Self {
        self.envelopes.push(envelope);
        self
    }

    fn with_content(mut self, content: &'static [u8]) -> Self {
        self.content = content;
        self
    }

    fn on(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    fn staying(mut self) -> Self {
        self.quit = false;
        self
    }

    /// Holds the dialogue in several fragmentations, and returns what the host was told. What the
    /// server says may be `<eof>`, `<tls>`, `<no tls>` or `<wait SECONDS>` as well.
    fn hold(&self, turns: &[(&str, &str)]) -> String {
        let told = [usize::MAX, 1, 2, 7].map(|piece| self.hold_in_pieces(turns, piece));
        assert!(told.iter().all(|it| *it == told[0]), "{told:#?}");
        told[0].clone()
    }

    fn hold_in_pieces(&self, turns: &[(&str, &str)], piece: usize) -> String {
        let mut room = Room::new(self.config.clone(), self.channel.clone(), self.content);
        room.host.slice = piece;
        for envelope in &self.envelopes {
            room.tell(Input::Deliver(Box::new(envelope.clone())));
        }
        if self.quit {
            room.tell(Input::Quit);
        }
        for (expected, reply) in turns {
            assert_eq!(room.said(), *expected, "in pieces of {piece}, before {reply:?}");
            match *reply {
                "<eof>" => room.eof(),
                "<tls>" => {
                    assert_eq!(room.client.wants(), Wants::Tls);
                    let tls = Tls { exporter: Some([9; 32]), ..Tls::default() };
                    room.client.handle_tls(room.now, Ok(tls));
                    room.settle();
                }
                "<no tls>" => {
                    let failed = TlsFailed("bad certificate".into());
                    room.client.handle_tls(room.now, Err(failed));
                    room.settle();
                }
                wait if wait.starts_with("<wait ") => {
                    room.wait(wait["<wait ".len()..wait.len() - 1].parse().expect("seconds"));
                }
                reply => {
                    for bytes in reply.as_bytes().chunks(piece) {
                        room.hear(bytes);
                    }
                }
            }
        }
        assert_eq!(room.said(), "", "in pieces of {piece}, at the end");
        room.told()
    }
}

fn config() -> Config {
    let hostname = "client.example.org".parse().expect("a domain");
    Config { start_tls: StartTls::Never, ..Config::new(hostname, Protocol::Smtp) }
}

fn lmtp() -> Config {
    Config { protocol: Protocol::Lmtp, ..config() }
}

fn tim() -> Credentials {
    Credentials::Password {
        authcid: "tim".into(),
        authzid: None,
        password: String::from("tanstaaf").into(),
    }
}

/// An envelope from Alice.
fn envelope(recipients: &[&str]) -> Envelope {
    let recipient = |address: &&str| Recipient {
        forward_path: address.parse::<crate::address::Mailbox>().expect("an address").into(),
        parameters: RcptParameters::default(),
    };
    Envelope {
        reverse_path: "alice@example.org"
            .parse::<crate::address::Mailbox>()
            .expect("an address")
            .into(),
        parameters: MailParameters::default(),
        recipients: recipients.iter().map(recipient).collect(),
        length: None,
    }
}

/// The turns up to a server that announces `extensions`, then `turns`, then the good-bye.
fn with<'a>(hello: &'a str, turns: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("", "220 hi\r\n"), (HELLO, hello)], turns, &[(QUIT, BYE)]].concat()
}
