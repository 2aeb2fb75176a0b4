//! The loop that drives a session over a real socket.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use postroad_core::machine::{Host, Instant, Machine, Session, Ticket, Tls, TlsFailed, Wants};
use postroad_runtime_std::clock;
use postroad_runtime_std::listener::{Gate, Stream};
use postroad_runtime_std::session::{Call, End, Inbox, run};
use postroad_runtime_std::shutdown::Shutdown;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Echoes what it reads; says `news`, `time` and `bye` when it is told so, and closes after `bye`
/// or when it has read `.`, and wants TLS when it has read `*`. Asks its host once for each octet.
#[derive(Default)]
struct Echo {
    out: Vec<u8>,
    asked: Vec<u8>,
    closing: bool,
    deadline: Option<Instant>,
    ended: bool,
    wants_tls: bool,
}

impl Machine for Echo {
    type Input = u8;
    type Output = u8;

    fn handle(&mut self, _: Instant, input: u8) {
        match input {
            b'!' => self.out.extend(b"news"),
            b'.' => self.closing = true,
            b'*' => self.wants_tls = true,
            octet => self.out.push(octet),
        }
    }
    fn handle_timeout(&mut self, _: Instant) {
        self.deadline = None;
        self.out.extend(b"time");
    }
    fn handle_shutdown(&mut self, _: Instant) {
        self.out.extend(b"bye");
        self.closing = true;
    }
    fn poll(&mut self) -> Option<u8> {
        (!self.asked.is_empty()).then(|| self.asked.remove(0))
    }
    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Session for Echo {
    fn handle_bytes(&mut self, _: Instant, bytes: &[u8]) {
        self.asked.extend(bytes);
    }
    fn handle_eof(&mut self, _: Instant) {
        self.ended = true;
        self.closing = true;
    }
    fn handle_tls(&mut self, _: Instant, outcome: Result<Tls, TlsFailed>) {
        self.wants_tls = false;
        self.out.extend(if outcome.is_ok() { "tls" } else { "no tls" }.bytes());
    }
    fn transmit(&self) -> &[u8] {
        &self.out
    }
    fn transmitted(&mut self, count: usize) {
        self.out.drain(..count);
    }
    fn wants(&self) -> Wants {
        match (self.closing, self.wants_tls) {
            (true, _) => Wants::Close,
            (false, true) => Wants::Tls,
            (false, false) => Wants::Read,
        }
    }
    fn content(&self) -> &[u8] {
        &[]
    }
    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}

struct Back;

impl Host<Echo> for Back {
    fn perform(&mut self, now: Instant, session: &mut Echo, octet: u8) {
        session.handle(now, octet);
    }
}

/// Runs `session` on a thread; gives the peer's end, the inbox and the thread.
fn start(
    mut session: Echo,
    patience: Duration,
) -> (UnixStream, Arc<Inbox>, thread::JoinHandle<(End, Echo)>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let inbox = Arc::new(Inbox::new().unwrap());
    let of_thread = inbox.clone();
    let thread = thread::spawn(move || {
        let mut stream = Stream::Unix(theirs);
        let end = run(&mut session, &mut stream, &of_thread, &mut Back, || vec![b'!'], patience);
        (end.unwrap(), session)
    });
    (ours, inbox, thread)
}

const MINUTE: Duration = Duration::from_secs(60);

fn hear(peer: &mut UnixStream, expected: &str) {
    let mut heard = vec![0; expected.len()];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), expected);
}

#[test]
fn octets_go_through_the_host_and_back() {
    let (mut peer, _inbox, thread) = start(Echo::default(), MINUTE);
    peer.write_all(b"hello").unwrap();
    hear(&mut peer, "hello");
    peer.write_all(b"end.").unwrap();
    hear(&mut peer, "end");
    assert_eq!(thread.join().unwrap().0, End::Closed);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn calls_and_deadlines_wake_the_thread() {
    let deadline = Some(clock::now() + Duration::from_millis(20));
    let (mut peer, inbox, thread) = start(Echo { deadline, ..Echo::default() }, MINUTE);
    hear(&mut peer, "time");
    inbox.leave(Call::News);
    hear(&mut peer, "news");
    inbox.leave(Call::Shutdown);
    hear(&mut peer, "bye");
    assert_eq!(thread.join().unwrap().0, End::Closed);
}

#[test]
fn a_session_without_a_tls_layer_is_told_that_tls_failed() {
    let (mut peer, _inbox, thread) = start(Echo::default(), MINUTE);
    peer.write_all(b"*").unwrap();
    hear(&mut peer, "no tls");
    peer.write_all(b".").unwrap();
    assert_eq!(thread.join().unwrap().0, End::Closed);
}

#[test]
fn a_peer_that_goes_is_noticed() {
    let (peer, _inbox, thread) = start(Echo::default(), MINUTE);
    drop(peer);
    let (_, session) = thread.join().unwrap();
    assert!(session.ended);
}

#[test]
fn a_peer_that_takes_nothing_is_left() {
    let out = vec![b'x'; 10_000_000];
    let (peer, _inbox, thread) = start(Echo { out, ..Echo::default() }, Duration::from_millis(50));
    assert_eq!(thread.join().unwrap().0, End::WriteTimeout);
    drop(peer);
}

#[test]
fn who_joined_is_waited_for() {
    let shutdown = Shutdown::default();
    let (mut peer, inbox, thread) = start(Echo::default(), MINUTE);
    let member = shutdown.join(inbox);
    assert_eq!(shutdown.wait(Duration::from_millis(1)), 1);
    shutdown.begin();
    hear(&mut peer, "bye");
    thread.join().unwrap();
    drop(member);
    assert_eq!(shutdown.wait(MINUTE), 0);
    let late = Arc::new(Inbox::new().unwrap());
    let _member = shutdown.join(late.clone());
    let (mut peer, inbox, _thread) = start(Echo::default(), MINUTE);
    let _told = shutdown.join(inbox);
    hear(&mut peer, "bye");
}

#[test]
fn the_gate_counts_by_address() {
    let gate = Gate::default();
    let (one, two) = (Some([127, 0, 0, 1].into()), Some([127, 0, 0, 2].into()));
    let first = gate.admit(one, 3, 2).unwrap();
    let _second = gate.admit(one, 3, 2).unwrap();
    assert!(gate.admit(one, 3, 2).is_none(), "two of an address");
    let _third = gate.admit(two, 3, 2).unwrap();
    assert!(gate.admit(None, 3, 2).is_none(), "three in all");
    drop(first);
    assert!(gate.admit(one, 3, 2).is_some());
}
