mod trust;

use super::*;
use crate::entropy::Entropy;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;

const PATIENCE: Duration = Duration::from_secs(60);

/// A toy session: says its lines, one more whenever a line came; `STARTTLS` and `QUIT` do what
/// they say at both ends.
#[derive(Default, Debug)]
struct Talker {
    lines: VecDeque<&'static str>,
    heard: Vec<u8>,
    unread: Vec<u8>,
    outbox: Outbox,
    wants: Option<Wants>,
    tls: Vec<Result<&'static str, TlsFailed>>,
    ended: bool,
    exporter: Option<[u8; 32]>,
}

impl Talker {
    fn say(&mut self) {
        match self.lines.pop_front() {
            Some(line) => {
                self.outbox.push(line.as_bytes());
                self.outbox.push(b"\n");
                match line {
                    "STARTTLS" | "go ahead" => self.wants = Some(Wants::Tls),
                    "QUIT" => self.wants = Some(Wants::Close),
                    _ => {}
                }
            }
            None => self.wants = Some(Wants::Close),
        }
    }
}

impl Machine for Talker {
    type Input = ();
    type Output = ();
    fn handle(&mut self, _: Instant, (): ()) {}
    fn handle_timeout(&mut self, _: Instant) {}
    fn handle_shutdown(&mut self, _: Instant) {}
    fn poll(&mut self) -> Option<()> {
        while self.wants.is_none()
            && let Some(end) = self.unread.iter().position(|octet| *octet == b'\n')
        {
            self.heard.extend(self.unread.drain(..=end));
            self.say();
        }
        if self.ended {
            self.wants = Some(Wants::Close);
        }
        None
    }
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

impl Session for Talker {
    fn handle_bytes(&mut self, _: Instant, bytes: &[u8]) {
        assert_eq!(self.wants(), Wants::Read, "octets that nobody asked for");
        self.unread.extend_from_slice(bytes);
    }
    fn handle_eof(&mut self, _: Instant) {
        assert!(!self.ended, "one end only");
        self.ended = true;
    }
    fn handle_tls(&mut self, _: Instant, outcome: Result<Tls, TlsFailed>) {
        let paused = self.wants.filter(|wants| *wants == Wants::Nothing);
        self.wants = if outcome.is_err() { Some(Wants::Close) } else { paused };
        self.exporter = outcome.as_ref().ok().and_then(|tls| tls.exporter);
        self.tls.push(outcome.map(|tls| tls.version));
    }
    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }
    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
    }
    fn wants(&self) -> Wants {
        self.wants.unwrap_or(Wants::Read)
    }
    fn content(&self) -> &[u8] {
        &[]
    }
    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}

fn talker(lines: &[&'static str]) -> Talker {
    Talker { lines: lines.iter().copied().collect(), ..Talker::default() }
}

pub(crate) fn sides(name: &str) -> (Side, Side) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["mx.example.com".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let certificate = made.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_string()).unwrap();
    (Side::Server(Arc::new(server)), Side::Client { config: Arc::new(client), name })
}

/// Carries octets between two ends in random pieces until both want no more.
fn pump(one: &mut Secured<Talker>, two: &mut Secured<Talker>, seed: u8) {
    let mut dice = Entropy::from_seed([seed; 32]);
    let now = Instant::from_seconds(1);
    for _ in 0..100_000 {
        let moved = carry(now, one, two, &mut dice) | carry(now, two, one, &mut dice);
        if !moved {
            return;
        }
    }
    panic!("the ends never came to rest");
}

fn carry(
    now: Instant,
    from: &mut Secured<Talker>,
    to: &mut Secured<Talker>,
    dice: &mut Entropy,
) -> bool {
    while from.poll().is_some() {}
    let octets = from.transmit();
    if octets.is_empty() {
        let closed = from.wants() == Wants::Close && to.wants() == Wants::Read;
        if closed {
            to.handle_eof(now);
        }
        return closed;
    }
    if to.wants() != Wants::Read {
        let lost = to.wants() == Wants::Close;
        if lost {
            let count = octets.len();
            from.transmitted(count);
        }
        return lost;
    }
    let most = if dice.below(3) == 0 { 1 } else { 1 + dice.below(3000) as usize };
    let piece = octets[..octets.len().min(most)].to_vec();
    to.handle_bytes(now, &piece);
    from.transmitted(piece.len());
    while to.poll().is_some() {}
    true
}

#[test]
fn tls_from_the_start() {
    for seed in 0..20 {
        let (server, client) = sides("mx.example.com");
        let now = Instant::from_seconds(1);
        let long = "x".repeat(100_000).leak();
        let mut speaking = talker(&["hello", long]);
        speaking.say();
        let mut one = Secured::starting_secured(now, speaking, server, PATIENCE);
        let mut two = Secured::starting_secured(now, talker(&["EHLO", "QUIT"]), client, PATIENCE);
        pump(&mut one, &mut two, seed);
        assert_eq!(two.session.heard.len(), "hello\n".len() + long.len() + 1);
        assert_eq!(one.session.heard, b"EHLO\nQUIT\n");
        assert_eq!(one.session.tls, [Ok("TLS1.3")]);
        assert_eq!(one.session.tls, two.session.tls);
        assert!(one.session.exporter.is_some());
        assert_eq!(one.session.exporter, two.session.exporter);
    }
}

#[test]
fn tls_when_asked_for() {
    for seed in 0..20 {
        let (server, client) = sides("mx.example.com");
        let now = Instant::from_seconds(1);
        let mut speaking = talker(&["hello", "go ahead", "secret"]);
        speaking.say();
        let mut one = Secured::starting_clear(now, speaking, server, PATIENCE);
        let mut hearing = talker(&["STARTTLS"]);
        hearing.lines.extend(["after", "QUIT"]);
        let mut two = Secured::starting_clear(now, hearing, client, PATIENCE);
        // The toy client turns to TLS as it asks for it, so the answer in the clear is read by
        // hand.
        while one.poll().is_some() {}
        two.handle_bytes(now, b"hello\n");
        one.transmitted(b"hello\n".len());
        while two.poll().is_some() {}
        one.handle_bytes(now, b"STARTTLS\n");
        two.transmitted(b"STARTTLS\n".len());
        while one.poll().is_some() {}
        assert_eq!(one.transmit(), b"go ahead\n");
        one.transmitted(b"go ahead\n".len());
        while two.poll().is_some() {}
        two.session.say();
        pump(&mut one, &mut two, seed);
        assert_eq!(one.session.heard, b"STARTTLS\nafter\nQUIT\n");
        assert_eq!(two.session.heard, b"hello\nsecret\n");
        assert_eq!(two.session.tls, [Ok("TLS1.3")]);
    }
}

#[test]
fn the_handshake_begins_without_being_asked_twice() {
    let (_, side) = sides("mx.example.com");
    let session = Talker { wants: Some(Wants::Tls), ..Talker::default() };
    let mut client = Secured::starting_clear(Instant::from_seconds(0), session, side, PATIENCE);
    assert!(client.poll().is_none());
    assert!(!client.transmit().is_empty(), "whoever waits for the peer now waits for ever");
}

#[test]
fn a_wrong_name_fails_closed_at_both_ends() {
    let (server, client) = sides("mx.example.net");
    let now = Instant::from_seconds(1);
    let mut one = Secured::starting_secured(now, talker(&[]), server, PATIENCE);
    let mut two = Secured::starting_secured(now, talker(&["MAIL"]), client, PATIENCE);
    pump(&mut one, &mut two, 1);
    assert!(matches!(&two.session.tls[..], [Err(_)]));
    assert!(one.session.heard.is_empty());
    assert_eq!((one.wants(), two.wants()), (Wants::Close, Wants::Close));
}

#[test]
fn plaintext_in_place_of_a_handshake_fails() {
    let (server, _) = sides("mx.example.com");
    let now = Instant::from_seconds(1);
    let mut one = Secured::starting_secured(now, talker(&[]), server, PATIENCE);
    one.handle_bytes(now, b"EHLO client.example.org\r\n");
    while one.poll().is_some() {}
    assert!(matches!(&one.session.tls[..], [Err(_)]));
    assert_eq!(one.wants(), Wants::Close);
    assert!(!one.transmit().is_empty(), "an alert says why");
}

#[test]
fn a_handshake_has_a_deadline() {
    let (server, _) = sides("mx.example.com");
    let now = Instant::from_seconds(1);
    let mut one = Secured::starting_secured(now, talker(&[]), server, PATIENCE);
    let deadline = one.poll_timeout().unwrap();
    assert_eq!(deadline, now + PATIENCE);
    one.handle_timeout(deadline);
    while one.poll().is_some() {}
    assert!(matches!(&one.session.tls[..], [Err(_)]));
    assert_eq!(one.wants(), Wants::Close);
}

#[test]
fn a_session_that_pauses_gets_every_octet_afterwards() {
    let (server, client) = sides("mx.example.com");
    let now = Instant::from_seconds(1);
    let pausing = Talker { wants: Some(Wants::Nothing), ..talker(&["1", "2", "3", "4", "5"]) };
    let mut one = Secured::starting_secured(now, pausing, server, PATIENCE);
    let mut speaking = talker(&["hello"]);
    // More than rustls holds: it comes along with the end of the handshake.
    let lines = ["x".repeat(11_999), "\n".into()].concat().repeat(4);
    speaking.outbox.push(lines.as_bytes());
    let mut two = Secured::starting_secured(now, speaking, client, PATIENCE);
    for _ in 0..2 {
        while two.poll().is_some() {}
        let octets = two.transmit().to_vec();
        two.transmitted(octets.len());
        one.handle_bytes(now, &octets);
        while one.poll().is_some() {}
        let octets = one.transmit().to_vec();
        one.transmitted(octets.len());
        two.handle_bytes(now, &octets);
    }
    assert_eq!(one.session.tls, [Ok("TLS1.3")]);
    assert!(!one.session.ended && one.session.heard.is_empty());
    one.session.wants = None;
    while one.poll().is_some() {}
    assert_eq!(one.session.heard.len(), lines.len());
}
