//! COMPRESS=DEFLATE as a layer (RFC 4978): [`Compressed`] wraps any session and is a session again.
//!
//! It is nothing but a pair of words until the session wants [`Wants::Deflate`]; from the next octet
//! on, both directions are DEFLATE without a header (RFC 1951). Below it lies TLS, if there is any:
//! `Secured<Compressed<Session>>`, since what is encrypted cannot be compressed.
//!
//! What the session transmits is flushed whenever there is nothing more to say: no octet waits for
//! more of them. What the peer sends is inflated in slices, each only if the session still wants to
//! read after the one before ([`Limits::inflate_slice`]), so that little that becomes much comes in
//! little by little.
//!
//! # Memory
//!
//! A deflater takes 310 KiB, an inflater 43 KiB. After a moment of silence
//! ([`Limits::deflate_rest`]) the one is given back altogether, for a flush leaves nothing that has to
//! be remembered: the next one goes on without looking back. Of the other the last 32 KiB that the
//! peer has sent must stay (RFC 1951 §2), and not more than it has sent: to a client that gave a few
//! commands and idles, a few hundred octets. The session that idles so takes 3 KiB more than one that
//! is not compressed; a thread that ever made a deflater also keeps 60 KiB of its stack, over which
//! that was moved (`.ci/memory` measures both).

mod deflate;
mod inflate;
#[cfg(test)]
mod tests;

use crate::buffer::{Inbox, Outbox};
use crate::limits::Limits;
use crate::machine::{
    Deflate, DeflateFailed, Instant, Machine, Session, Ticket, Tls, TlsFailed, Wants,
};
use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;
use deflate::Deflater;
use inflate::{Inflated, Inflater};

/// A session that compression lies below, once it wants that.
pub struct Compressed<S: Session> {
    session: S,
    layer: Layer,
    /// How long a connection is silent before it needs little memory.
    patience: Duration,
    now: Instant,
}

/// What lies between the session and the peer.
enum Layer {
    /// Nothing: octets pass, but for so many at the most that belong to what was compressed before.
    Clear { remains: usize },
    /// Compression.
    Open(Box<Open>),
}

/// Both directions while they are compressed.
struct Open {
    inflater: Inflater,
    deflater: Deflater,
    /// What came while the session wanted no more octets.
    inbox: Inbox,
    outbox: Outbox,
    peer: Peer,
    /// When memory is given back.
    rest: Option<Instant>,
}

/// Whether the peer may send more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Peer {
    Speaks,
    /// It does not, and the session gets to know when it has read everything.
    Finished,
    /// The session knows.
    Silent,
}

/// Octets of a flush behind its last block: the bits of an empty stored block, and 00 00 FF FF
/// (RFC 1951 §3.2.4).
const FLUSH: usize = 5;

impl<S: Session> Compressed<S> {
    /// A connection on which nothing is compressed yet.
    pub const fn new(now: Instant, session: S, limits: &Limits) -> Self {
        let layer = Layer::Clear { remains: 0 };
        Self { session, layer, patience: limits.deflate_rest, now }
    }

    /// Compresses what the session transmits, as far as there is room, and says whether it did.
    fn press(&mut self) -> bool {
        let Layer::Open(open) = &mut self.layer else {
            return false;
        };
        let octets = self.session.transmit();
        let count = octets.len();
        if count == 0 || open.outbox.is_high() {
            return false;
        }
        open.deflater.deflate(octets, &mut open.outbox);
        self.session.transmitted(count);
        true
    }

    /// Does what the session wants of the layer, and says whether there may be more to say.
    fn advance(&mut self) -> bool {
        let quiet = self.session.transmit().is_empty();
        match (self.session.wants(), &self.layer) {
            (Wants::Deflate(Deflate::Begin), Layer::Clear { .. }) if quiet => self.begin(),
            (Wants::Deflate(Deflate::End), Layer::Open(_)) if quiet => return self.end(),
            (Wants::Read, Layer::Open(_)) => return self.feed(),
            _ => return false,
        }
        true
    }

    fn begin(&mut self) {
        let mut open = Open {
            inflater: Inflater::default(),
            deflater: Deflater::default(),
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            peer: Peer::Speaks,
            rest: None,
        };
        open.inbox.push(self.session.content());
        self.layer = Layer::Open(Box::new(open));
        self.session.handle_deflate(self.now, Ok(Deflate::Begin));
    }

    /// Ends compression, if everything was sent and the peer's last flush has come, and says whether
    /// it did.
    fn end(&mut self) -> bool {
        let Layer::Open(open) = &mut self.layer else {
            return false;
        };
        open.deflater.flush(&mut open.outbox);
        if !open.outbox.is_empty() {
            return false;
        }
        match open.inflater.finish(&mut open.inbox) {
            Inflated::Some | Inflated::Corrupt => self.fail(),
            Inflated::Starved if open.peer == Peer::Speaks => return false,
            Inflated::Starved | Inflated::Boundary | Inflated::Over => {
                let (inbox, peer) = (core::mem::take(&mut open.inbox), open.peer);
                self.layer = Layer::Clear { remains: FLUSH };
                self.session.handle_deflate(self.now, Ok(Deflate::End));
                self.pass(inbox.as_slice());
                if peer == Peer::Finished {
                    self.session.handle_eof(self.now);
                }
            }
        }
        true
    }

    /// Lets octets through that are not compressed, or not any more.
    fn pass(&mut self, mut octets: &[u8]) {
        if let Layer::Clear { remains } = &mut self.layer {
            // No command begins with either.
            while *remains > 0
                && let [0x00 | 0xff, rest @ ..] = octets
            {
                *remains -= 1;
                octets = rest;
            }
            if octets.is_empty() {
                return;
            }
            *remains = 0;
        }
        if self.session.wants() == Wants::Read {
            self.session.handle_bytes(self.now, octets);
        }
    }

    /// Feeds the session a slice of what the peer has sent, and says whether there was anything to
    /// tell it.
    fn feed(&mut self) -> bool {
        let Layer::Open(open) = &mut self.layer else {
            return false;
        };
        if open.peer == Peer::Silent {
            return false;
        }
        match open.inflater.inflate(&mut open.inbox) {
            Inflated::Some => self.session.handle_bytes(self.now, open.inflater.slice()),
            Inflated::Starved | Inflated::Boundary if open.peer == Peer::Speaks => return false,
            Inflated::Starved | Inflated::Boundary | Inflated::Over => {
                open.inbox.clear();
                open.peer = Peer::Silent;
                self.session.handle_eof(self.now);
            }
            Inflated::Corrupt => self.fail(),
        }
        true
    }

    fn fail(&mut self) {
        if let Layer::Open(open) = &mut self.layer {
            open.inbox.clear();
            open.peer = Peer::Silent;
        }
        let failed = DeflateFailed("What you send is not compressed as it should be");
        self.session.handle_deflate(self.now, Err(failed));
    }

    /// Flushes, since there is nothing more to say for now.
    fn flush(&mut self) {
        if let Layer::Open(open) = &mut self.layer
            && self.session.transmit().is_empty()
            && open.deflater.flush(&mut open.outbox)
        {
            open.rest = Some(self.now + self.patience);
        }
    }
}

impl<S: Session> Machine for Compressed<S> {
    type Input = S::Input;
    type Output = S::Output;

    fn handle(&mut self, now: Instant, input: S::Input) {
        self.now = now;
        self.session.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if let Layer::Open(open) = &mut self.layer
            && open.rest.is_some_and(|rest| rest <= now)
        {
            open.rest = None;
            open.deflater.rest();
            open.inflater.rest();
        }
        self.session.handle_timeout(now);
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.session.handle_shutdown(now);
    }

    fn poll(&mut self) -> Option<S::Output> {
        loop {
            if let Some(output) = self.session.poll() {
                return Some(output);
            }
            if !self.press() && !self.advance() {
                self.flush();
                return None;
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let rest = match &self.layer {
            Layer::Clear { .. } => None,
            Layer::Open(open) => open.rest,
        };
        self.session.poll_timeout().into_iter().chain(rest).min()
    }
}

impl<S: Session> Session for Compressed<S> {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        match &mut self.layer {
            Layer::Clear { .. } => self.pass(bytes),
            Layer::Open(open) if open.peer == Peer::Speaks => {
                open.inbox.push(bytes);
                open.rest = Some(now + self.patience);
            }
            Layer::Open(_) => {}
        }
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        match &mut self.layer {
            Layer::Clear { .. } => self.session.handle_eof(now),
            Layer::Open(open) if open.peer == Peer::Speaks => open.peer = Peer::Finished,
            Layer::Open(_) => {}
        }
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        self.session.handle_tls(now, outcome);
    }

    /// Does nothing: this layer is the one that compresses.
    fn handle_deflate(&mut self, _: Instant, _: Result<Deflate, DeflateFailed>) {}

    fn transmit(&self) -> &[u8] {
        match &self.layer {
            Layer::Clear { .. } => self.session.transmit(),
            Layer::Open(open) => open.outbox.as_slice(),
        }
    }

    fn transmitted(&mut self, count: usize) {
        match &mut self.layer {
            Layer::Clear { .. } => self.session.transmitted(count),
            Layer::Open(open) => open.outbox.transmitted(count),
        }
    }

    fn wants(&self) -> Wants {
        match (&self.layer, self.session.wants()) {
            (Layer::Open(open), Wants::Read) if open.peer != Peer::Speaks => Wants::Nothing,
            // What is there was not enough: the rest of the peer's last flush is on its way.
            (Layer::Open(open), Wants::Deflate(Deflate::End))
                if open.peer == Peer::Speaks && open.outbox.is_empty() =>
            {
                Wants::Read
            }
            (_, Wants::Deflate(_)) => Wants::Nothing,
            (_, wants) => wants,
        }
    }

    fn content(&self) -> &[u8] {
        self.session.content()
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        self.session.handle_content(now, ticket, bytes);
    }
}

impl<S: Session + fmt::Debug> fmt::Debug for Compressed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = match self.layer {
            Layer::Clear { .. } => "clear",
            Layer::Open(_) => "open",
        };
        f.debug_struct("Compressed").field("layer", &layer).field("session", &self.session).finish()
    }
}
