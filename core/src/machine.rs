//! The contract: what every machine of Postroad is, and how a host drives one.
//!
//! A [`Machine`] consumes inputs and the time, and emits small owned outputs. A [`Session`] is a
//! machine that is one end of one connection: bytes in, bytes out. Neither ever performs I/O.
//!
//! # Driving a session
//!
//! ```text
//!             handle_bytes →  ┌─────────┐  → content
//!     peer                    │ session │                    host
//!             ← transmit      └─────────┘  ← handle_content
//! ```
//!
//! 1. After **every** `handle_*` and after [`Session::transmitted`], call [`Machine::poll`] until it
//!    is `None`, performing each output as it comes. [`drain`] is that loop.
//! 2. Then write what [`Session::transmit`] lends and report it with [`Session::transmitted`].
//! 3. When nothing is left to write, do what [`Session::wants`] says, but wait no longer than
//!    [`Machine::poll_timeout`].
//!
//! `handle_*` only records; all thinking happens in `poll`. Nothing here returns a `Result`: a
//! peer's error becomes a reply, a host's error is an answer, and our own is a panic.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A moment in microseconds since the Unix epoch, told by the host and never going back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

impl Instant {
    /// The moment `micros` µs after the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The moment `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Names one outstanding request, so that its answer finds its way back.
///
/// A session has at most one request outstanding; a queue may have any number. An answer whose
/// ticket is no longer outstanding is ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(u32);

impl Ticket {
    /// The ticket's number, for a log.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Issues tickets and knows the one that is outstanding.
///
/// ```
/// use postroad_core::machine::Tickets;
/// let mut tickets = Tickets::default();
/// let first = tickets.issue();
/// assert!(tickets.redeem(first));
/// assert!(!tickets.redeem(first), "a stale ticket is ignored");
/// ```
#[derive(Debug, Default)]
pub struct Tickets {
    issued: u32,
    outstanding: Option<Ticket>,
}

impl Tickets {
    /// A fresh ticket, from now on the outstanding one.
    pub fn issue(&mut self) -> Ticket {
        self.issued = self.issued.wrapping_add(1);
        let ticket = Ticket(self.issued);
        self.outstanding = Some(ticket);
        ticket
    }

    /// Whether `ticket` is the outstanding one; if so it no longer is.
    pub fn redeem(&mut self, ticket: Ticket) -> bool {
        let due = self.outstanding == Some(ticket);
        if due {
            self.outstanding = None;
        }
        due
    }

    /// The ticket whose answer is awaited.
    #[must_use]
    pub const fn outstanding(&self) -> Option<Ticket> {
        self.outstanding
    }
}

/// A state machine: inputs, answers and the time go in; requests, reports and deadlines come out.
///
/// Every agent of mail is one. See the [module](self) for the rules a driver keeps.
pub trait Machine {
    /// Commands, answers and news from the host.
    type Input;
    /// Requests and reports to the host: small and owned.
    type Output;

    /// Records an input.
    fn handle(&mut self, now: Instant, input: Self::Input);

    /// Records that the deadline of [`poll_timeout`](Self::poll_timeout) has passed. Calling it
    /// early is harmless.
    fn handle_timeout(&mut self, now: Instant);

    /// Asks the machine to finish what is under way and to start nothing new.
    fn handle_shutdown(&mut self, now: Instant);

    /// Thinks, then hands out the next request or report, if there is one.
    fn poll(&mut self) -> Option<Self::Output>;

    /// When [`handle_timeout`](Self::handle_timeout) is due, if ever.
    fn poll_timeout(&self) -> Option<Instant>;
}

/// What a session wants of its connection next, once nothing is left to transmit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wants {
    /// Bytes from the peer.
    Read,
    /// No bytes now: an answer or room to transmit comes first (back-pressure).
    Nothing,
    /// A TLS handshake, then [`Session::handle_tls`]. Only sessions that are not wrapped in the
    /// `tls` layer say this to a host.
    Tls,
    /// Compression to begin or to end with the next octet in either direction, then
    /// [`Session::handle_deflate`]. Only sessions that are not wrapped in the `compress` layer say
    /// this to a host.
    Deflate(Deflate),
    /// The connection closed, after everything was transmitted.
    Close,
}

/// What is known of a TLS connection that has been established.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// The protocol version as it is written in a trace field, such as `TLS1.3`.
    pub version: &'static str,
    /// The cipher suite's IANA name, such as `TLS_AES_256_GCM_SHA384`.
    pub cipher: &'static str,
    /// The server name that the client asked for (RFC 6066 §3).
    pub server_name: Option<alloc::string::String>,
    /// The `tls-exporter` channel binding (RFC 9266 §2), when the connection has one.
    pub exporter: Option<[u8; 32]>,
}

/// Why TLS could not be established, in words for a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFailed(pub alloc::string::String);

impl fmt::Display for TlsFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for TlsFailed {}

/// What becomes of compression with DEFLATE (RFC 4978).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Deflate {
    /// It begins (RFC 4978 §3). What the peer has sent already is lent by [`Session::content`]: it is
    /// compressed.
    Begin,
    /// It ends (RFC 8437 §4.1).
    End,
}

/// Why there is no compression, or why what came is not compressed, in words for the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeflateFailed(pub &'static str);

impl fmt::Display for DeflateFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for DeflateFailed {}

/// One end of one connection.
pub trait Session: Machine {
    /// Records bytes from the peer. Only called while [`wants`](Self::wants) is [`Wants::Read`].
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]);

    /// Records that the peer sends no more, or that the connection broke. What it sent before is
    /// still worked through.
    fn handle_eof(&mut self, now: Instant);

    /// Records the outcome of the handshake that [`Wants::Tls`] asked for. Where TLS comes first
    /// (RFC 8314 §3), this is called before anything is polled.
    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>);

    /// Records that compression has begun or ended, as [`Wants::Deflate`] asked, or that it has
    /// failed: at once, since there is no such layer, or later, since what the peer sends is
    /// corrupt. Nothing to a session that never asks.
    fn handle_deflate(&mut self, _now: Instant, _outcome: Result<Deflate, DeflateFailed>) {}

    /// Bytes for the peer.
    fn transmit(&self) -> &[u8];

    /// Records that the first `count` bytes of [`transmit`](Self::transmit) were sent.
    ///
    /// # Panics
    /// If `count` is more than `transmit` lent.
    fn transmitted(&mut self, count: usize);

    /// What the connection is to do next.
    fn wants(&self) -> Wants;

    /// The slice of content lent to the host with the output that was last polled (DATA, BDAT,
    /// APPEND). It stays until that output is answered. With [`Deflate::Begin`], what is compressed.
    fn content(&self) -> &[u8];

    /// Records content from the host (RETR, FETCH, relayed DATA) for the outstanding `ticket`,
    /// before its answer.
    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]);
}

/// Performs the outputs of a session: the one thing that a runtime writes for its machines.
pub trait Host<S: Session> {
    /// Performs `output`, at once or later; its answer reaches the session by
    /// [`Machine::handle`].
    fn perform(&mut self, now: Instant, session: &mut S, output: S::Output);
}

/// Polls `session` until it has nothing more to say, performing everything it asks.
pub fn drain<S: Session>(now: Instant, session: &mut S, host: &mut impl Host<S>) {
    while let Some(output) = session.poll() {
        host.perform(now, session, output);
    }
}
