//! TLS as a layer: [`Secured`] wraps any session and is a session again.
//!
//! So no runtime knows TLS, both ends can be pumped in memory through a real handshake, and there
//! is one place to get it right. The engine is rustls's buffered connection, which does no I/O.
//! Plaintext is taken from it only when the session reads: there is no second buffer.
//!
//! rustls itself asks the system for randomness and, when it checks certificates, for the time.

extern crate std;

use crate::buffer::{Inbox, Outbox};
use crate::machine::{
    Deflate, DeflateFailed, Instant, Machine, Session, Ticket, Tls, TlsFailed, Wants,
};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use rustls::pki_types::ServerName;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, Connection, ProtocolVersion, ServerConfig,
    ServerConnection,
};
use std::io::{ErrorKind, Read, Write};

#[cfg(test)]
pub(crate) mod tests;
mod trust;

pub use trust::{Trust, client_config};

/// Which end of TLS a session is.
#[derive(Clone, Debug)]
pub enum Side {
    /// The one with the certificate.
    Server(Arc<ServerConfig>),
    /// The one that checks it.
    Client {
        /// What to trust and what to offer.
        config: Arc<ClientConfig>,
        /// The name that the certificate must bear.
        name: ServerName<'static>,
    },
}

impl Side {
    fn connect(&self) -> Result<Connection, rustls::Error> {
        Ok(match self {
            Self::Server(config) => ServerConnection::new(config.clone())?.into(),
            Self::Client { config, name } => {
                ClientConnection::new(config.clone(), name.clone())?.into()
            }
        })
    }
}

/// A session with TLS below it: from the start, or once the session wants it.
pub struct Secured<S: Session> {
    session: S,
    side: Side,
    layer: Layer,
    /// Records from the peer that came while the session wanted no more octets.
    inbox: Inbox,
    /// Records for the peer.
    outbox: Outbox,
    /// How long a handshake may take.
    patience: Duration,
    now: Instant,
}

/// What lies between the session and the peer.
enum Layer {
    /// Nothing: octets pass.
    Clear,
    /// A handshake, to be done by the deadline.
    Handshake { connection: Box<Connection>, deadline: Instant },
    /// TLS.
    Open(Box<Connection>),
    /// TLS whose peer sends no more; we still may.
    HalfOpen(Box<Connection>),
    /// Nothing passes any more.
    Shut,
}

impl<S: Session> Secured<S> {
    /// Begins in the clear; the handshake comes when the session wants it (STARTTLS) and may take
    /// as long as `patience`.
    pub fn starting_clear(now: Instant, session: S, side: Side, patience: Duration) -> Self {
        let (layer, inbox, outbox) = (Layer::Clear, Inbox::default(), Outbox::default());
        Self { session, side, layer, inbox, outbox, patience, now }
    }

    /// Begins with the handshake (RFC 8314 §3), of which the session is told before it is first
    /// polled.
    pub fn starting_secured(now: Instant, session: S, side: Side, patience: Duration) -> Self {
        let mut secured = Self::starting_clear(now, session, side, patience);
        secured.begin();
        secured
    }

    fn begin(&mut self) {
        match self.side.connect() {
            Ok(connection) => {
                let deadline = self.now + self.patience;
                self.layer = Layer::Handshake { connection: Box::new(connection), deadline };
            }
            Err(error) => self.fail(&error.to_string()),
        }
    }

    /// Nothing passes any more: a failed handshake is told as such, a later failure is an end.
    fn fail(&mut self, why: &str) {
        match core::mem::replace(&mut self.layer, Layer::Shut) {
            Layer::Clear | Layer::Handshake { .. } => {
                self.session.handle_tls(self.now, Err(TlsFailed(String::from(why))));
            }
            Layer::Open(_) => self.session.handle_eof(self.now),
            Layer::HalfOpen(_) | Layer::Shut => {}
        }
    }

    /// Takes records from the peer, and says how many octets it left: those whose plaintext the
    /// session does not want yet, since rustls holds only so much of it.
    fn receive(&mut self, mut records: &[u8]) -> usize {
        while !records.is_empty() {
            let connection = match &mut self.layer {
                Layer::Handshake { connection, .. } => connection,
                Layer::Open(connection) if self.session.wants() == Wants::Read => connection,
                Layer::Open(_) => break,
                Layer::Clear | Layer::HalfOpen(_) | Layer::Shut => return 0,
            };
            let outcome = match connection.read_tls(&mut records) {
                Ok(_) => connection.process_new_packets().map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            // Also the alert that says what was wrong.
            flush(connection, &mut self.outbox);
            match outcome {
                Err(why) => self.fail(&why),
                Ok(_) if matches!(self.layer, Layer::Open(_)) => {
                    self.feed();
                }
                Ok(_) => self.open(),
            }
        }
        records.len()
    }

    /// Takes records that were left, and says whether it could.
    fn receive_rest(&mut self) -> bool {
        let mut inbox = core::mem::take(&mut self.inbox);
        let left = self.receive(inbox.as_slice());
        let taken = inbox.len() - left;
        inbox.consume(taken);
        self.inbox = inbox;
        taken > 0
    }

    /// Tells the session when the handshake is done. What else arrived with its last record waits
    /// for `poll`, since the session is still waiting for TLS, not for octets.
    fn open(&mut self) {
        self.layer = match core::mem::replace(&mut self.layer, Layer::Shut) {
            Layer::Handshake { connection, .. } if !connection.is_handshaking() => {
                self.session.handle_tls(self.now, Ok(describe(&connection)));
                Layer::Open(connection)
            }
            layer => layer,
        };
    }

    /// Feeds the session plaintext if it wants any, and says whether it got some.
    fn feed(&mut self) -> bool {
        let mut fed = false;
        while let Layer::Open(connection) = &mut self.layer
            && self.session.wants() == Wants::Read
        {
            let mut plaintext = [0; 4096];
            match connection.reader().read(&mut plaintext) {
                Ok(0) => self.half_close(),
                Ok(count) => self.session.handle_bytes(self.now, &plaintext[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => self.fail(&error.to_string()),
            }
            fed = true;
        }
        fed
    }

    /// The peer sends no more, with close_notify (RFC 8446 §6.1) or without.
    fn half_close(&mut self) {
        if let Layer::Open(connection) = core::mem::replace(&mut self.layer, Layer::Shut) {
            self.layer = Layer::HalfOpen(connection);
            self.session.handle_eof(self.now);
        }
    }

    /// Encrypts what the session transmits, as far as there is room, and says whether it did.
    fn seal(&mut self) -> bool {
        let mut sealed = false;
        let (Layer::Open(connection) | Layer::HalfOpen(connection)) = &mut self.layer else {
            return false;
        };
        while !self.outbox.is_high()
            && let Ok(count @ 1..) = connection.writer().write(self.session.transmit())
        {
            self.session.transmitted(count);
            flush(connection, &mut self.outbox);
            sealed = true;
        }
        sealed
    }

    /// Does what the session wants of the layer, and says whether there may be more to say.
    fn advance(&mut self) -> bool {
        let quiet = self.session.transmit().is_empty();
        match (self.session.wants(), &mut self.layer) {
            (Wants::Tls, Layer::Clear) if quiet => {
                self.begin();
                true
            }
            (Wants::Close, Layer::Open(connection) | Layer::HalfOpen(connection)) if quiet => {
                connection.send_close_notify();
                flush(connection, &mut self.outbox);
                self.layer = Layer::Shut;
                false
            }
            (Wants::Read, Layer::Open(_)) => self.feed() | self.receive_rest(),
            _ => false,
        }
    }
}

/// Moves records from the connection to the outbox.
fn flush(connection: &mut Connection, outbox: &mut Outbox) {
    while connection.wants_write() {
        if connection.write_tls(outbox.as_mut_vec()).is_err() {
            break;
        }
    }
}

fn describe(connection: &Connection) -> Tls {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS1.2",
        _ => "TLS",
    };
    let cipher = match connection.negotiated_cipher_suite().map(|suite| suite.suite()) {
        Some(CipherSuite::TLS13_AES_256_GCM_SHA384) => "TLS_AES_256_GCM_SHA384",
        Some(CipherSuite::TLS13_AES_128_GCM_SHA256) => "TLS_AES_128_GCM_SHA256",
        Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256) => "TLS_CHACHA20_POLY1305_SHA256",
        Some(suite) => suite.as_str().unwrap_or("unknown"),
        None => "unknown",
    };
    let server_name = match connection {
        Connection::Server(server) => server.server_name().map(String::from),
        Connection::Client(_) => None,
    };
    // RFC 9266 §3: below TLS 1.3 the exporter binds only with the extended master secret, which
    // can't be told here.
    let exporter = (version == "TLS1.3").then(|| {
        connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(&[])).ok()
    });
    Tls { version, cipher, server_name, exporter: exporter.flatten() }
}

impl<S: Session> Machine for Secured<S> {
    type Input = S::Input;
    type Output = S::Output;

    fn handle(&mut self, now: Instant, input: S::Input) {
        self.now = now;
        self.session.handle(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        match self.layer {
            Layer::Handshake { deadline, .. } if deadline <= now => {
                self.fail("the handshake took too long");
            }
            Layer::Handshake { .. } => {}
            _ => self.session.handle_timeout(now),
        }
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        if matches!(self.layer, Layer::Handshake { .. }) {
            self.fail("shutting down");
        }
        self.session.handle_shutdown(now);
    }

    fn poll(&mut self) -> Option<S::Output> {
        loop {
            if let Layer::Handshake { connection, .. } = &mut self.layer {
                flush(connection, &mut self.outbox);
                return None;
            }
            if let Some(output) = self.session.poll() {
                return Some(output);
            }
            if !self.seal() && !self.advance() {
                return None;
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.layer {
            Layer::Handshake { deadline, .. } => Some(deadline),
            _ => self.session.poll_timeout(),
        }
    }
}

impl<S: Session> Session for Secured<S> {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        match self.layer {
            Layer::Clear => self.session.handle_bytes(now, bytes),
            _ if self.inbox.is_empty() => {
                let left = self.receive(bytes);
                self.inbox.push(&bytes[bytes.len() - left..]);
            }
            _ => self.inbox.push(bytes),
        }
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        match self.layer {
            Layer::Clear => self.session.handle_eof(now),
            Layer::Handshake { .. } => self.fail("the peer closed the connection"),
            Layer::Open(_) => self.half_close(),
            Layer::HalfOpen(_) | Layer::Shut => {}
        }
    }

    /// Does nothing: this layer is the one that makes TLS.
    fn handle_tls(&mut self, _: Instant, _: Result<Tls, TlsFailed>) {}

    fn handle_deflate(&mut self, now: Instant, outcome: Result<Deflate, DeflateFailed>) {
        self.now = now;
        self.session.handle_deflate(now, outcome);
    }

    fn transmit(&self) -> &[u8] {
        match self.layer {
            Layer::Clear => self.session.transmit(),
            _ => self.outbox.as_slice(),
        }
    }

    fn transmitted(&mut self, count: usize) {
        match self.layer {
            Layer::Clear => self.session.transmitted(count),
            _ => self.outbox.transmitted(count),
        }
    }

    fn wants(&self) -> Wants {
        match self.layer {
            Layer::Handshake { .. } => Wants::Read,
            Layer::Shut => Wants::Close,
            _ => self.session.wants(),
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

impl<S: Session + fmt::Debug> fmt::Debug for Secured<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layer = match self.layer {
            Layer::Clear => "clear",
            Layer::Handshake { .. } => "handshake",
            Layer::Open(_) => "open",
            Layer::HalfOpen(_) => "half-open",
            Layer::Shut => "shut",
        };
        f.debug_struct("Secured").field("layer", &layer).field("session", &self.session).finish()
    }
}
