//! The machine: states, time, and the doors of the contract.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;

use super::auth::Exchange;
use super::content::{Incoming, Transaction};
use super::{Answer, Config, Event, Hello, Input, Output, Request};
use crate::buffer::{Inbox, Outbox};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants};
use crate::sasl::{self, Channel};
use crate::smtp::{Command, Reply, SyntaxError};

/// The server's end of an SMTP or LMTP connection. See the [module](super).
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::{Instant, Machine, Session};
/// use postroad_core::smtp::{Protocol, Server, server::{Answer, Config, Input, Output}};
///
/// let config = Config::new("mx.example.com", Protocol::Smtp).into();
/// let now = Instant::from_seconds(1);
/// let mut server = Server::new(now, config, Entropy::from_seed([7; 32]));
/// let Some(Output::Request { ticket, .. }) = server.poll() else { unreachable!() };
/// server.handle(now, Input { ticket, answer: Answer::Accept });
/// assert!(server.poll().is_none());
/// assert_eq!(server.transmit(), b"220 mx.example.com ESMTP Service Ready\r\n");
/// ```
pub struct Server {
    pub(super) config: Arc<Config>,
    pub(super) entropy: Entropy,
    pub(super) now: Instant,
    /// When the client or the host was last heard.
    active: Instant,
    pub(super) inbox: Inbox,
    outbox: Outbox,
    tickets: Tickets,
    outputs: VecDeque<Output>,
    answer: Option<Answer>,
    /// Octets of the inbox that are lent as content.
    pub(super) lent: usize,
    pub(super) state: State,
    /// What TLS below us gives, once it is there.
    pub(super) tls: Option<Channel>,
    pub(super) hello: Option<Hello>,
    pub(super) login: Option<sasl::Accepted>,
    pub(super) failed_logins: u32,
    pub(super) transaction: Option<Transaction>,
    pub(super) transactions: usize,
    pub(super) errors: usize,
    eof: bool,
    shutdown: bool,
}

/// What is awaited.
#[derive(Debug)]
pub(super) enum State {
    /// The first poll.
    Fresh,
    /// A command.
    Command,
    /// QUIT: the client was turned away with its greeting.
    TurnedAway,
    /// The end of a line that is too long; then this is said.
    LongLine(Reply),
    /// The host's answer.
    Asking(Asking),
    /// The client's response to a challenge.
    Login(Exchange),
    /// The time to say that a login has failed.
    Penalty { until: Instant, reply: Reply },
    /// Content.
    Receiving(Incoming),
    /// The end of content that nobody wants; then this is said.
    Discarding { incoming: Incoming, reply: Reply },
    /// TLS.
    Tls,
    /// Nothing any more.
    Closed,
}

/// What the host was asked.
#[derive(Debug)]
pub(super) enum Asking {
    Connect,
    Hello(Hello),
    Login(Exchange),
    Mail(Transaction),
    Recipient,
    Begin(Incoming),
    /// Whether it took the slice, with which so many octets are done, and maybe all.
    Content {
        incoming: Incoming,
        consumed: usize,
        ended: bool,
    },
    End,
    Verify,
    Etrn,
}

impl Server {
    /// A server at the start of a connection.
    #[must_use]
    pub fn new(now: Instant, config: Arc<Config>, entropy: Entropy) -> Self {
        Self {
            config,
            entropy,
            now,
            active: now,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            tickets: Tickets::default(),
            outputs: VecDeque::new(),
            answer: None,
            lent: 0,
            state: State::Fresh,
            tls: None,
            hello: None,
            login: None,
            failed_logins: 0,
            transaction: None,
            transactions: 0,
            errors: 0,
            eof: false,
            shutdown: false,
        }
    }

    /// Puts a request to the host; `asking` says what to do with the answer.
    pub(super) fn ask(&mut self, request: Request, asking: Asking) {
        let ticket = self.tickets.issue();
        self.outputs.push_back(Output::Request { ticket, request });
        self.state = State::Asking(asking);
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Says `reply` and awaits a command; 421 is a farewell (RFC 5321 §3.8).
    pub(super) fn say(&mut self, reply: &Reply) {
        if matches!(self.state, State::Closed) {
            return;
        }
        reply.write(self.outbox.as_mut_vec());
        self.state = State::Command;
        if reply.code == 421 {
            self.close();
        }
    }

    /// Says what the client did wrong, up to a point.
    pub(super) fn fail(&mut self, reply: &Reply) {
        self.errors += 1;
        if self.errors < self.config.limits.smtp_bad_commands {
            return self.say(reply);
        }
        reply.write(self.outbox.as_mut_vec());
        self.say(&Reply::new(421, (4, 7, 0), "Too many errors"));
    }

    pub(super) fn close(&mut self) {
        self.abandon();
        self.inbox.clear();
        self.state = State::Closed;
    }

    /// Does one thing, and says whether there may be more to do.
    fn advance(&mut self) -> bool {
        let high = self.outbox.is_high();
        match &self.state {
            State::Fresh if self.shutdown => self.dismiss(),
            State::Fresh => {
                self.ask(Request::Connect, Asking::Connect);
                true
            }
            State::Asking(_) => self.resolve(),
            State::Penalty { until, .. } => self.now >= *until && self.end_penalty(),
            State::Tls | State::Closed => self.starve(),
            _ if high => self.time_out(),
            State::Command if self.shutdown && self.transaction.is_none() => self.dismiss(),
            State::TurnedAway | State::Login(_) if self.shutdown => self.dismiss(),
            State::Command => self.take_command() || self.starve(),
            State::TurnedAway => self.take_farewell() || self.starve(),
            State::LongLine(_) => self.skip_line() || self.starve(),
            State::Login(_) => self.take_response() || self.starve(),
            State::Receiving(_) => self.receive() || self.starve(),
            State::Discarding { .. } => self.discard() || self.starve(),
        }
    }

    /// What is awaited of the client has not come: it has gone, or has taken too long.
    fn starve(&mut self) -> bool {
        if self.eof && !matches!(self.state, State::Closed) {
            self.close();
            return true;
        }
        self.time_out()
    }

    fn time_out(&mut self) -> bool {
        let due = self.deadline().is_some_and(|deadline| deadline <= self.now);
        if due && matches!(self.state, State::Tls) {
            self.close();
        } else if due {
            // RFC 5321 §4.5.3.2.7.
            self.say(&Reply::new(421, (4, 4, 2), "You were silent for too long"));
        }
        due
    }

    fn dismiss(&mut self) -> bool {
        self.say(&Reply::new(421, (4, 3, 2), "The server is shutting down"));
        true
    }

    fn end_penalty(&mut self) -> bool {
        if let State::Penalty { reply, .. } = core::mem::replace(&mut self.state, State::Command) {
            self.say(&reply);
        }
        true
    }

    fn deadline(&self) -> Option<Instant> {
        let limits = &self.config.limits;
        match &self.state {
            State::Fresh | State::Asking(_) | State::Closed => None,
            State::Penalty { until, .. } => Some(*until),
            State::Tls => Some(self.active + limits.tls_handshake),
            _ => Some(self.active + limits.smtp_idle),
        }
    }

    /// Takes up the host's answer, once it is there.
    fn resolve(&mut self) -> bool {
        let Some(answer) = self.answer.take() else {
            return false;
        };
        let State::Asking(asking) = core::mem::replace(&mut self.state, State::Command) else {
            return false;
        };
        match asking {
            Asking::Connect => self.greet(answer),
            Asking::Hello(hello) => self.welcome(hello, answer),
            Asking::Login(exchange) => self.resume_login(exchange, answer),
            Asking::Mail(transaction) => self.open(transaction, answer),
            Asking::Recipient => self.add_recipient(answer),
            Asking::Begin(incoming) => self.begin(incoming, answer),
            Asking::Content { incoming, consumed, ended } => {
                self.go_on(incoming, consumed, ended, answer);
            }
            Asking::End => self.conclude(answer),
            Asking::Verify => self.say(&answer.reply_or(|| {
                Reply::new(252, (2, 5, 0), "Send some mail, and it will be seen who takes it")
            })),
            Asking::Etrn => {
                self.say(&answer.reply_or(|| Reply::new(250, (2, 0, 0), "Queuing started")))
            }
        }
        true
    }

    /// Takes a line of at most `max` octets off the inbox and reads it with `read`; if it is longer,
    /// says `too_long` at its end.
    pub(super) fn take_line<T>(
        &mut self,
        max: usize,
        too_long: Reply,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Option<Result<T, SyntaxError>> {
        let octets = self.inbox.as_slice();
        let Some(at) = memchr::memchr(b'\n', octets).filter(|at| *at < max) else {
            if octets.len() >= max {
                self.state = State::LongLine(too_long);
            }
            return None;
        };
        let line = octets[..at].strip_suffix(b"\r").filter(|line| !line.contains(&b'\r'));
        let outcome = line.map(read).ok_or(SyntaxError::LineEnd);
        self.inbox.consume(at + 1);
        self.active = self.now;
        Some(outcome)
    }

    fn take_command(&mut self) -> bool {
        let max = self.config.limits.command_line;
        let utf8 = self.transaction.as_ref().is_some_and(|transaction| transaction.utf8);
        let parse = |line: &[u8]| Command::parse(line, utf8);
        match self.take_line(max, SyntaxError::TooLong.reply(), parse) {
            Some(Ok(Ok(command))) => self.obey(command),
            Some(Ok(Err(error)) | Err(error)) => self.reject(&error),
            None => return matches!(self.state, State::LongLine(_)),
        }
        true
    }

    fn reject(&mut self, error: &SyntaxError) {
        self.fail(&error.reply());
        // Somebody makes a browser talk to us: not one line more.
        if *error == SyntaxError::Http {
            self.close();
        }
    }

    // RFC 5321 §3.1: who was turned away with 554 may say QUIT and nothing else.
    fn take_farewell(&mut self) -> bool {
        let max = self.config.limits.command_line;
        let parse = |line: &[u8]| Command::parse(line, false);
        match self.take_line(max, SyntaxError::TooLong.reply(), parse) {
            Some(Ok(Ok(Command::Quit))) => self.obey(Command::Quit),
            Some(_) => {
                self.fail(&Reply::new(503, (5, 5, 1), "You were turned away"));
                if matches!(self.state, State::Command) {
                    self.state = State::TurnedAway;
                }
            }
            None if matches!(self.state, State::LongLine(_)) => self.close(),
            None => return false,
        }
        true
    }

    fn skip_line(&mut self) -> bool {
        let octets = self.inbox.as_slice();
        let Some(at) = memchr::memchr(b'\n', octets) else {
            self.inbox.clear();
            return false;
        };
        self.inbox.consume(at + 1);
        if let State::LongLine(reply) = core::mem::replace(&mut self.state, State::Command) {
            self.fail(&reply);
        }
        true
    }

    /// What protects the connection.
    pub(super) fn channel(&self) -> Channel {
        match &self.tls {
            Some(channel) => channel.clone(),
            None if self.config.cleartext_auth => Channel::Confidential,
            None => Channel::Clear,
        }
    }
}

/// The state; what was received may hold secrets.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut this = f.debug_struct("Server");
        this.field("state", &self.state).field("hello", &self.hello).field("login", &self.login);
        this.field("transaction", &self.transaction).finish_non_exhaustive()
    }
}

impl Machine for Server {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        if self.tickets.redeem(input.ticket) {
            self.active = now;
            self.answer = Some(input.answer);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.shutdown = true;
    }

    fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            if !self.advance() {
                return None;
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline()
    }
}

impl Session for Server {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        // A command counts once its line is whole: who sends it octet by octet gets no more time.
        if matches!(self.state, State::Receiving(_) | State::Discarding { .. }) {
            self.active = now;
        }
        self.inbox.push(bytes);
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.eof = true;
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        self.active = now;
        match (outcome, &self.state) {
            (Ok(tls), State::Fresh) => self.tls = Some(Channel::from(&tls)),
            // RFC 3207 §4.2: all that was learnt in the clear is forgotten.
            (Ok(tls), _) => {
                self.tls = Some(Channel::from(&tls));
                self.hello = None;
                self.login = None;
                self.state = State::Command;
            }
            (Err(_), _) => self.close(),
        }
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
    }

    fn wants(&self) -> Wants {
        match &self.state {
            State::Closed => Wants::Close,
            State::Tls => Wants::Tls,
            State::Fresh | State::Asking(_) | State::Penalty { .. } => Wants::Nothing,
            _ if self.eof || self.outbox.is_high() => Wants::Nothing,
            _ => Wants::Read,
        }
    }

    fn content(&self) -> &[u8] {
        &self.inbox.as_slice()[..self.lent]
    }

    /// Does nothing: a server is never sent content by its host.
    fn handle_content(&mut self, _: Instant, _: Ticket, _: &[u8]) {}
}
