//! One of the two connections of the proxy, as a session: it passes on what it hears, and begins TLS when it is told to.

use postroad_core::buffer::Outbox;
use postroad_core::machine::{Instant, Machine, Session, Ticket, Tls, TlsFailed, Wants};
use std::collections::VecDeque;

/// What a leg is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Transmit this.
    Say(Vec<u8>),
    /// Begin TLS once that is said.
    Secure,
    /// Close once that is said.
    Close,
}

/// What a leg has heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    Octets(Vec<u8>),
    Tls(Result<Tls, TlsFailed>),
    /// The peer says nothing more.
    End,
}

#[derive(Debug)]
pub(super) struct Leg {
    heard: VecDeque<Heard>,
    outbox: Outbox,
    wants: Wants,
}

impl Leg {
    pub(super) fn new() -> Self {
        Self { heard: VecDeque::new(), outbox: Outbox::default(), wants: Wants::Read }
    }
}

impl Machine for Leg {
    type Input = Order;
    type Output = Heard;

    fn handle(&mut self, _: Instant, order: Order) {
        match order {
            Order::Say(octets) => self.outbox.push(&octets),
            Order::Secure => self.wants = Wants::Tls,
            Order::Close => self.wants = Wants::Close,
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn handle_shutdown(&mut self, _: Instant) {
        self.wants = Wants::Close;
    }

    fn poll(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}

impl Session for Leg {
    fn handle_bytes(&mut self, _: Instant, bytes: &[u8]) {
        self.heard.push_back(Heard::Octets(bytes.to_vec()));
    }

    fn handle_eof(&mut self, _: Instant) {
        self.heard.push_back(Heard::End);
    }

    fn handle_tls(&mut self, _: Instant, outcome: Result<Tls, TlsFailed>) {
        if outcome.is_ok() {
            self.wants = Wants::Read;
        }
        self.heard.push_back(Heard::Tls(outcome));
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
    }

    fn wants(&self) -> Wants {
        self.wants
    }

    fn content(&self) -> &[u8] {
        &[]
    }

    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}
