//! The client against this crate's own server, in every way that the two can speak to each other.

use super::*;
use crate::sasl::{self, Mechanism, ScramKeys};
use crate::smtp::server::{self, Answer, Request, Server};
use crate::smtp::{Extension, Reply};
use proptest::prelude::*;

/// A host of the server that keeps what it takes: everything but mail for `nobody`.
#[derive(Default)]
struct Letterbox {
    recipients: Vec<String>,
    content: Vec<u8>,
    kept: Vec<(Vec<String>, Vec<u8>)>,
    login: Option<(Mechanism, String)>,
}

impl Letterbox {
    fn answer(&mut self, request: Request, content: &[u8]) -> Answer {
        match request {
            Request::Mail { .. } => {
                *self = Self { kept: mem::take(&mut self.kept), ..Self::default() }
            }
            Request::Recipient { forward_path, .. } => {
                let path = format!("{forward_path}");
                if path.contains("nobody") {
                    return Answer::Reply(Reply::new(550, (5, 1, 1), "No such user"));
                }
                self.recipients.push(path);
            }
            Request::Content => self.content.extend_from_slice(content),
            Request::End => {
                let content = mem::take(&mut self.content);
                let each = |path: &String| Reply::new(250, (2, 1, 5), path.clone());
                let replies = self.recipients.iter().map(each).collect();
                self.kept.push((mem::take(&mut self.recipients), content));
                return Answer::Each(replies);
            }
            Request::Authenticate(question) => return Answer::Sasl(judge(question)),
            _ => {}
        }
        Answer::Accept
    }
}

fn judge(question: sasl::Question) -> sasl::Answer {
    use sasl::Question::{External, Password, ScramKeys as Keys, Token};
    match question {
        Password { authcid, password, .. } if password.expose() == "tanstaaf" => {
            sasl::Answer::Accept { authcid }
        }
        Keys { authcid, .. } => {
            let keys = ScramKeys::derive("tanstaaf", b"salt", 4096).expect("a password");
            sasl::Answer::Keys { authcid, keys }
        }
        Token { token, .. } if token.expose() == "vF9dft4qmT" => {
            sasl::Answer::Accept { authcid: "tim".into() }
        }
        External { .. } => sasl::Answer::Accept { authcid: "tim".into() },
        _ => sasl::Answer::Reject,
    }
}

impl Host<Server> for Letterbox {
    fn perform(&mut self, now: Instant, session: &mut Server, output: server::Output) {
        match output {
            server::Output::Request { ticket, request } => {
                let answer = self.answer(request, session.content());
                session.handle(now, server::Input { ticket, answer });
            }
            server::Output::Event(server::Event::Authenticated { mechanism, accepted }) => {
                self.login = Some((mechanism, accepted.identity().into()));
            }
            server::Output::Event(_) => {}
        }
    }
}

/// Two ends and what lies between them.
struct Pair {
    room: Room,
    server: Server,
    letterbox: Letterbox,
    /// The most octets that pass at a time.
    piece: usize,
}

impl Pair {
    fn new(config: Config, extensions: Vec<Extension>, content: &[u8], piece: usize) -> Self {
        let mut theirs = server::Config::new("mx.example.com", config.protocol);
        theirs.extensions = extensions;
        theirs.cleartext_auth = true;
        let room = Room::new(config, Channel::Confidential, content);
        let server = Server::new(room.now, Arc::new(theirs), Entropy::from_seed([8; 32]));
        Self { room, server, letterbox: Letterbox::default(), piece }
    }

    /// Carries octets until neither end has any to send.
    fn pump(&mut self) {
        loop {
            let Self { room, server, letterbox, piece } = self;
            drain(room.now, server, letterbox);
            drain(room.now, &mut room.client, &mut room.host);
            let count = server.transmit().len().min(*piece);
            if count > 0 && room.client.wants() == Wants::Read {
                room.client.handle_bytes(room.now, &server.transmit()[..count]);
                server.transmitted(count);
                continue;
            }
            let count = room.client.transmit().len().min(*piece);
            if count == 0 || server.wants() != Wants::Read {
                return;
            }
            server.handle_bytes(room.now, &room.client.transmit()[..count]);
            room.client.transmitted(count);
        }
    }
}

/// What a server may announce that changes how it is spoken to.
fn extensions() -> [Vec<Extension>; 5] {
    use Extension::{BinaryMime, Chunking, EightBitMime, Pipelining, Size};
    [
        vec![],
        vec![Pipelining],
        vec![Chunking],
        vec![Pipelining, Chunking, BinaryMime, EightBitMime, Size(None)],
        Extension::defaults(),
    ]
}

const TO: [&str; 3] = ["bob@example.com", "nobody@example.com", "carol@example.com"];

fn deliver(
    config: Config,
    extensions: Vec<Extension>,
    content: &[u8],
    length: Option<u64>,
    piece: usize,
) {
    let lmtp = config.protocol == Protocol::Lmtp;
    let mut pair = Pair::new(config, extensions, content, piece);
    for _ in 0..2 {
        let envelope = Envelope { length, ..envelope(&TO) };
        pair.room.client.handle(pair.room.now, Input::Deliver(Box::new(envelope)));
    }
    pair.room.client.handle(pair.room.now, Input::Quit);
    pair.pump();
    let told = pair.room.told();
    assert_eq!(
        told.lines().filter(|line| line.starts_with("1 ! permanent 5.1.1 RCPT: 550")).count(),
        2
    );
    let taken = if lmtp { "= 250 2.1.5 <" } else { "= 250 2." };
    assert_eq!(told.lines().filter(|line| line.contains(taken)).count(), 4, "{told}");
    assert!(told.ends_with("finished\nclosed"), "{told}");
    let to: Vec<String> = ["<bob@example.com>", "<carol@example.com>"].map(String::from).into();
    assert_eq!(pair.letterbox.kept, vec![(to, content.to_vec()); 2]);
    assert_eq!(pair.server.wants(), Wants::Close);
}

#[test]
fn every_way_of_speaking() {
    let content = b".\r\n..\r\nSubject: x\r\n\r\n.\r\n\r\n".repeat(20);
    let length = content.len() as u64;
    for config in [config(), lmtp()] {
        for extensions in extensions() {
            for piece in [1, 7, usize::MAX] {
                for length in [None, Some(length)] {
                    deliver(config.clone(), extensions.clone(), &content, length, piece);
                }
            }
        }
    }
}

#[test]
fn more_than_any_buffer_holds() {
    let content = [&[b'.'; 76][..], b"\r\n"].concat().repeat(10_000);
    for extensions in extensions() {
        for length in [None, Some(content.len() as u64)] {
            deliver(config(), extensions.clone(), &content, length, 10_000);
        }
    }
}

#[test]
fn every_mechanism() {
    let token = Credentials::Token {
        user: "tim".into(),
        token: String::from("vF9dft4qmT").into(),
        server: None,
    };
    let external = Credentials::External { authzid: None };
    for mechanism in Mechanism::ALL {
        let credentials = match mechanism {
            Mechanism::External => external.clone(),
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => token.clone(),
            _ => tim(),
        };
        let offered = vec![Extension::Auth(vec![mechanism])];
        for piece in [1, usize::MAX] {
            let config = config().with_credentials(credentials.clone());
            let mut pair = Pair::new(config, offered.clone(), b"", piece);
            pair.room.client.handle(pair.room.now, Input::Quit);
            pair.pump();
            let told = pair.room.told();
            if mechanism == Mechanism::ScramSha256Plus {
                // There is nothing to bind it to; see the pairs in TLS.
                assert!(told.starts_with("closed: AUTH: the server offers no mechanism"), "{told}");
            } else {
                assert_eq!(told, format!("connected {mechanism}\nclosed"));
                assert_eq!(pair.letterbox.login, Some((mechanism, "tim".into())));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn content_arrives_as_it_was(
        content in "([.x]{0,3}\r\n){0,40}",
        chunking in any::<bool>(),
        slice in 1usize..50,
        piece in 1usize..50,
    ) {
        let extensions = if chunking { vec![Extension::Chunking] } else { vec![] };
        let mut pair = Pair::new(config(), extensions, content.as_bytes(), piece);
        pair.room.host.slice = slice;
        pair.room.client.handle(pair.room.now, Input::Deliver(Box::new(envelope(&TO[..1]))));
        pair.pump();
        prop_assert!(pair.room.told().ends_with("finished\nready"));
        prop_assert_eq!(&pair.letterbox.kept[0].1, content.as_bytes());
    }
}
