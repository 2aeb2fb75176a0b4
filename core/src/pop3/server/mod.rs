//! The server's end of a POP3 connection.

mod authorization;
mod host;
mod maildrop;
mod transaction;
mod transfer;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{Display, Write as _};
use core::mem;
use memchr::memchr;

use self::maildrop::Maildrop;
use self::transaction::Listing;
use self::transfer::Transfer;
use super::{Code, Command, Reply};
use crate::buffer::{Inbox, Outbox};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants};
use crate::sasl::{self, Channel, wire};
use crate::timers::Timers;

pub use self::host::{Config, Input, Output, Refusal};
pub use self::maildrop::Message;

/// The server of one POP3 connection.
///
/// ```
/// use std::sync::Arc;
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::{Instant, Machine, Session};
/// use postroad_core::pop3::{Config, Server};
/// use postroad_core::sasl::Channel;
///
/// let now = Instant::from_seconds(0);
/// let config = Arc::new(Config::new("mx.example.com"));
/// let mut server = Server::new(now, config, Channel::Clear, Entropy::from_seed([7; 32]));
/// assert!(server.poll().is_none());
/// assert_eq!(server.transmit(), b"+OK mx.example.com POP3 server ready\r\n");
/// ```
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    channel: Channel,
    /// Whether STLS is offered.
    stls: bool,
    entropy: Entropy,
    inbox: Inbox,
    outbox: Outbox,
    tickets: Tickets,
    timers: Timers<Timer>,
    now: Instant,
    state: State,
    /// Logins that were refused.
    failures: u32,
    /// Recorded, not yet thought of.
    answer: Option<Input>,
    tls: Option<Result<Tls, TlsFailed>>,
    ending: Ending,
    output: Option<Output>,
}

/// The session's state, named after what is awaited.
#[derive(Debug)]
enum State {
    /// The first poll.
    Greeting,
    /// A command of the AUTHORIZATION state; with the name that USER gave.
    Authorization { name: Option<String> },
    /// A SASL response.
    Response(Box<sasl::Server>),
    /// The host's answer to a SASL question.
    Verdict(Box<sasl::Server>),
    /// The end of the delay that a refused login costs, to say this.
    Penalty(Reply<&'static str>),
    /// The maildrop.
    Opening,
    /// A command of the TRANSACTION state.
    Transaction(Maildrop),
    /// Room to transmit the rest of a listing.
    Listing(Maildrop, Listing),
    /// A message's octets from the host, or room to transmit them.
    Transfer(Maildrop, Transfer),
    /// The host's answer to UPDATE.
    Update,
    /// The end of the TLS handshake.
    Handshake,
    /// Nothing: the connection is to be closed.
    Closed,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Timer {
    Login,
    Idle,
    Penalty,
}

/// Whether more commands come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ending {
    /// They may.
    Open,
    /// Only what has been received: the peer sends no more.
    Eof,
    /// None is begun any more.
    Shutdown,
}

impl Server {
    /// A session on a connection whose `channel` is known: [`Channel::Confidential`] where names and
    /// passwords may come without TLS. With TLS from the start, [`Session::handle_tls`] tells.
    #[must_use]
    pub fn new(now: Instant, config: Arc<Config>, channel: Channel, entropy: Entropy) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Login, now + config.limits.login_timeout);
        Self {
            stls: config.stls,
            config,
            channel,
            entropy,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            tickets: Tickets::default(),
            timers,
            now,
            state: State::Greeting,
            failures: 0,
            answer: None,
            tls: None,
            ending: Ending::Open,
            output: None,
        }
    }

    /// Takes one step, if one can be taken.
    fn step(&mut self) -> bool {
        if let Some(timer) = self.timers.expire(self.now) {
            self.handle_expired(timer);
        } else if let Some(outcome) = self.tls.take() {
            self.handle_tls_outcome(outcome);
        } else if let Some(answer) = self.answer.take() {
            self.handle_answer(answer);
        } else if self.outbox.is_high() {
            return false;
        } else {
            match mem::replace(&mut self.state, State::Closed) {
                State::Greeting => self.greet(),
                State::Listing(maildrop, listing) => self.list(maildrop, listing),
                State::Transfer(maildrop, transfer) if self.tickets.outstanding().is_none() => {
                    self.read(maildrop, transfer);
                }
                state @ (State::Authorization { .. }
                | State::Response(_)
                | State::Transaction(_)) => {
                    return self.handle_line(state);
                }
                state => {
                    self.state = state;
                    return false;
                }
            }
        }
        true
    }

    fn greet(&mut self) {
        // No timestamp: APOP is not offered (RFC 1939 §7).
        let config = self.config.clone();
        self.say(Reply::Ok(format_args!("{} POP3 server ready", config.hostname)));
        self.state = State::Authorization { name: None };
    }

    /// Takes the next line for `state`, if it is there.
    fn handle_line(&mut self, state: State) -> bool {
        if self.ending == Ending::Shutdown {
            self.farewell(state, Reply::Err(Some(Code::Temporary), "Shutting down"));
            return true;
        }
        let limit = self.line_limit(&state);
        let waiting = self.inbox.as_slice();
        let window = &waiting[..waiting.len().min(limit)];
        // Deviation: RFC 1939 §3 ends lines with CRLF; LF alone does as well. A POP3 client sends no
        // content into which a command could be smuggled.
        let Some(end) = memchr(b'\n', window) else {
            let whole = waiting.len() < limit;
            return match (whole, self.ending) {
                (true, Ending::Open) => {
                    self.state = state;
                    false
                }
                (true, _) => {
                    self.close(state);
                    true
                }
                (false, _) => {
                    self.farewell(state, Reply::Err(None, "Line too long"));
                    true
                }
            };
        };
        let line = &window[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        self.inbox.consume(end + 1);
        self.handle_whole_line(state, &line);
        true
    }

    /// Octets that a line may have, with its end.
    fn line_limit(&self, state: &State) -> usize {
        let limits = &self.config.limits;
        let exchange = match state {
            State::Response(_) => true,
            // Deviation: RFC 5034 §4 holds AUTH to 255 octets; clients send tokens longer than that.
            State::Authorization { .. } => {
                self.inbox.as_slice().get(..5).is_some_and(|it| it.eq_ignore_ascii_case(b"AUTH "))
            }
            _ => false,
        };
        if exchange { limits.pop3_line + wire::max_line(limits) } else { limits.pop3_line }
    }

    fn handle_whole_line(&mut self, state: State, line: &[u8]) {
        match state {
            State::Response(exchange) => self.handle_response(exchange, line),
            State::Authorization { name } => match Command::parse(line) {
                Ok(command) => self.handle_authorization(name, command),
                Err(invalid) => {
                    self.say(Reply::Err(None, invalid));
                    self.state = State::Authorization { name };
                }
            },
            State::Transaction(maildrop) => match Command::parse(line) {
                Ok(command) => self.handle_transaction(maildrop, command),
                Err(invalid) => {
                    self.say(Reply::Err(None, invalid));
                    self.state = State::Transaction(maildrop);
                }
            },
            state => self.state = state,
        }
    }

    /// Takes the host's answer, unless it is stale or to another question.
    fn handle_answer(&mut self, answer: Input) {
        if !self.tickets.redeem(answer.ticket()) {
            return;
        }
        match (mem::replace(&mut self.state, State::Closed), answer) {
            (State::Verdict(mut exchange), Input::Verified { answer, .. }) => {
                let step = exchange.handle_answer(answer);
                self.advance(exchange, step);
            }
            (State::Opening, Input::Opened { messages, .. }) => self.enter(messages),
            (State::Opening, Input::Failed { refusal, .. }) => {
                self.say(refusal.reply());
                self.state = State::Authorization { name: None };
            }
            (State::Transfer(maildrop, transfer), Input::Read { end, .. }) => {
                self.handle_read(maildrop, transfer, end);
            }
            (State::Transfer(maildrop, transfer), Input::Failed { refusal, .. }) => {
                self.handle_unreadable(maildrop, transfer, refusal);
            }
            (State::Update, Input::Removed { .. }) => self.farewell(State::Update, BYE),
            (State::Update, Input::Failed { .. }) => {
                let text = "Some deleted messages were not removed";
                self.farewell(State::Update, Reply::Err(Some(Code::Temporary), text));
            }
            // The host answers another question than it was asked.
            (state, _) => self.close(state),
        }
    }

    fn handle_expired(&mut self, timer: Timer) {
        match (mem::replace(&mut self.state, State::Closed), timer) {
            (State::Penalty(reply), Timer::Penalty) => self.release(reply),
            (state, Timer::Penalty) => self.state = state,
            // RFC 1939 §3: neither a response nor the UPDATE state.
            (state, Timer::Login | Timer::Idle) => self.close(state),
        }
    }

    fn handle_tls_outcome(&mut self, outcome: Result<Tls, TlsFailed>) {
        match (outcome, &self.state) {
            (Ok(tls), State::Greeting | State::Handshake) if self.inbox.is_empty() => {
                self.channel = Channel::from(&tls);
                // RFC 2595 §4: not again.
                self.stls = false;
                if let State::Handshake = self.state {
                    self.state = State::Authorization { name: None };
                }
            }
            _ => {
                let state = mem::replace(&mut self.state, State::Closed);
                self.close(state);
            }
        }
    }

    fn say(&mut self, reply: Reply<impl Display>) {
        let _ = write!(self.outbox, "{reply}\r\n");
    }

    /// Asks the host for something.
    fn ask(&mut self, request: impl FnOnce(Ticket) -> Output) {
        self.output = Some(request(self.tickets.issue()));
    }

    /// Says the last word and closes.
    fn farewell(&mut self, state: State, reply: Reply<&'static str>) {
        self.say(reply);
        self.close(state);
    }

    /// Ends the session. Nothing is removed: only UPDATE does that, and it is over or was not
    /// entered.
    fn close(&mut self, state: State) {
        use State::{Listing, Opening, Transaction, Transfer, Update};
        if let Opening | Transaction(_) | Listing(..) | Transfer(..) | Update = state {
            self.output = Some(Output::Close);
        }
        self.timers = Timers::default();
        self.tickets = Tickets::default();
        self.inbox.clear();
        self.state = State::Closed;
    }

    /// Begins the wait for the peer anew.
    fn touch(&mut self) {
        if !matches!(self.state, State::Closed) {
            self.timers.set(Timer::Idle, self.now + self.config.limits.pop3_idle);
        }
    }
}

const BYE: Reply<&str> = Reply::Ok("Bye");

impl Machine for Server {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        self.touch();
        self.answer = Some(input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.ending = Ending::Shutdown;
    }

    fn poll(&mut self) -> Option<Output> {
        while self.output.is_none() && self.step() {}
        self.output.take()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }
}

impl Session for Server {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        self.touch();
        if !matches!(self.state, State::Closed) {
            self.inbox.push(bytes);
        }
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.ending = self.ending.max(Ending::Eof);
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        self.tls = Some(outcome);
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
        self.touch();
    }

    fn wants(&self) -> Wants {
        match self.state {
            State::Closed => Wants::Close,
            State::Handshake => Wants::Tls,
            State::Authorization { .. } | State::Response(_) | State::Transaction(_)
                if !self.outbox.is_high() =>
            {
                Wants::Read
            }
            _ => Wants::Nothing,
        }
    }

    fn content(&self) -> &[u8] {
        &[]
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        if let State::Transfer(_, transfer) = &mut self.state
            && self.tickets.outstanding() == Some(ticket)
        {
            transfer.push(bytes, self.outbox.as_mut_vec());
        }
    }
}
