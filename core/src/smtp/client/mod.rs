//! The session that hands mail over: SMTP and LMTP, without policy.
//!
//! [`Client`] opens the connection (greeting, EHLO, STARTTLS, AUTH) as its [`Config`] says, and
//! then delivers [envelopes](Envelope), one transaction after the other:
//!
//! ```text
//! Connected → Ready → [Deliver] → Content… → Recipient… → Finished → Ready → … [Quit] → Closed
//! ```
//!
//! Each recipient of each envelope is reported exactly once, with the server's reply in its own
//! words or a [`Failure`]; then comes [`Output::Finished`], and [`Output::Ready`] when the next
//! envelope may follow. [`Output::Closed`] is said once, however the connection ends.
//!
//! With PIPELINING, the commands of an envelope are sent together (RFC 2920); content is never sent
//! while a reply is due. With CHUNKING it goes by BDAT (RFC 3030): as one chunk if the envelope
//! says how long it is, and otherwise chunk by chunk, each acknowledged before the next.
//!
//! Content comes from the host as it is to be: lines that end with CRLF and are no longer than the
//! limit, unless it is BINARYMIME. What is not so is not sent. Dots are stuffed here.

mod capabilities;
mod content;
mod dialogue;
mod failure;
mod host;
mod opening;
mod outputs;
mod replies;
mod sending;
#[cfg(test)]
mod tests;
mod transaction;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;

use self::content::Content;
use self::opening::Login;
use self::outputs::Outputs;
use self::replies::{Bounds, Replies};
use self::transaction::{Rest, Transaction};
use super::Reply;
use crate::buffer::{Inbox, Outbox};
use crate::entropy::Entropy;
use crate::machine::{Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants};
use crate::sasl::{Abort, Channel, wire};

pub use self::capabilities::Capabilities;
pub use self::dialogue::Line;
pub use self::failure::{Failure, Stage, Why};
pub use self::host::{Config, Envelope, Input, Output, Peer, Recipient, StartTls};

/// The client of one connection.
///
/// ```
/// use std::sync::Arc;
/// use postroad_core::entropy::Entropy;
/// use postroad_core::machine::{Instant, Machine, Session};
/// use postroad_core::sasl::Channel;
/// use postroad_core::smtp::{Client, Protocol, client::Config};
///
/// let now = Instant::from_seconds(0);
/// let config = Arc::new(Config::new("client.example.org".parse()?, Protocol::Smtp));
/// let mut client = Client::new(now, config, Channel::Clear, Entropy::from_seed([7; 32]));
/// client.handle_bytes(now, b"220 mx.example.com ESMTP\r\n");
/// assert!(client.poll().is_none());
/// assert_eq!(client.transmit(), b"EHLO client.example.org\r\n");
/// # Ok::<(), postroad_core::address::Invalid>(())
/// ```
pub struct Client {
    config: Arc<Config>,
    channel: Channel,
    entropy: Entropy,
    inbox: Inbox,
    replies: Replies,
    outbox: Outbox,
    tickets: Tickets,
    /// Content that the host hands over, until it says so.
    slice: Vec<u8>,
    now: Instant,
    deadline: Option<Instant>,
    state: State,
    peer: Peer,
    /// Envelopes that wait for their turn.
    waiting: VecDeque<Envelope>,
    /// How many transactions have begun.
    transactions: usize,
    ending: Ending,
    /// Recorded, not yet thought of.
    inputs: VecDeque<Input>,
    handshake: Option<Result<Tls, TlsFailed>>,
    eof: bool,
    outputs: Outputs,
}

/// The session's state, named after what is awaited.
enum State {
    /// The greeting.
    Greeting,
    /// The reply to EHLO or LHLO.
    Hello,
    /// The reply to HELO.
    Helo,
    /// The reply to STARTTLS.
    StartTls,
    /// The end of the TLS handshake.
    Handshake,
    /// A challenge, or the end of the login.
    Login(Box<Login>),
    /// The reply to a login's cancellation.
    Cancel(Abort),
    /// An envelope.
    Idle,
    /// The replies to an envelope's commands.
    Envelope(Box<Transaction>),
    /// The replies to an envelope that was given up.
    Rest(Rest),
    /// Content from the host, or room to transmit it.
    Content(Box<Transaction>, Content),
    /// The reply to a chunk with more to come.
    Chunk(Box<Transaction>, Content),
    /// The reply to the content.
    End(Box<Transaction>),
    /// The reply to RSET.
    Reset,
    /// The reply to QUIT; then this is to be said.
    Quit(Result<(), Failure>),
    /// Nothing: the connection is to be closed.
    Closed,
}

/// Whether more envelopes come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ending {
    /// They may.
    Open,
    /// Only those that wait.
    Quit,
    /// None is begun any more.
    Shutdown,
}

/// Octets that are read before the last of the content was sent.
const EARLY: usize = 4 * 1024;

impl Client {
    /// A session on a connection whose `channel` is known: [`Channel::Confidential`] where names and
    /// passwords may be told without TLS. With TLS from the start, [`Session::handle_tls`] tells.
    #[must_use]
    pub fn new(now: Instant, config: Arc<Config>, channel: Channel, entropy: Entropy) -> Self {
        Self {
            deadline: Some(now + config.limits.client_greeting),
            outputs: Outputs::new(config.dialogue),
            config,
            channel,
            entropy,
            inbox: Inbox::default(),
            replies: Replies::default(),
            outbox: Outbox::default(),
            tickets: Tickets::default(),
            slice: Vec::new(),
            now,
            state: State::Greeting,
            peer: Peer::unheard(),
            waiting: VecDeque::new(),
            transactions: 0,
            ending: Ending::Open,
            inputs: VecDeque::new(),
            handshake: None,
            eof: false,
        }
    }

    /// Takes one step, if one can be taken.
    fn step(&mut self) -> bool {
        if let Some(outcome) = self.handshake.take() {
            self.handle_handshake(outcome);
        } else if let Some(input) = self.inputs.pop_front() {
            self.handle_input(input);
        } else if matches!(self.state, State::Closed) {
            return false;
        } else if self.ending == Ending::Shutdown && self.is_idle() {
            self.handle_idle_shutdown();
        } else if (self.eof || !self.speak()) && !self.listen() {
            if self.eof {
                self.fail(Why::Lost);
            } else if self.deadline.is_some_and(|deadline| deadline <= self.now) {
                self.fail(Why::Timeout);
            } else {
                return false;
            }
        }
        self.arm();
        true
    }

    fn handle_input(&mut self, input: Input) {
        match (input, &self.state) {
            (Input::Deliver(envelope), State::Closed | State::Quit(_)) => {
                self.settle(&envelope, Failure { stage: Stage::Quit, why: Why::Lost });
            }
            (Input::Deliver(envelope), _) => self.waiting.push_back(*envelope),
            (Input::Content { ticket, end }, _) => self.handle_slice(ticket, end),
            (Input::Reset, _) => self.handle_reset(),
            (Input::Quit, state) => {
                let idle = matches!(state, State::Idle) && self.waiting.is_empty();
                self.ending = self.ending.max(Ending::Quit);
                if idle {
                    self.say_quit(Ok(()));
                }
            }
        }
    }

    /// Says what can be said without the peer, and whether there was anything.
    fn speak(&mut self) -> bool {
        match self.state {
            State::Idle => match self.waiting.pop_front() {
                Some(envelope) => self.begin(envelope),
                None => return false,
            },
            State::Envelope(_) => return self.say_envelope(),
            State::Content(..) => return self.ask_content(),
            _ => return false,
        }
        true
    }

    /// Takes the next reply, if it is there.
    fn listen(&mut self) -> bool {
        let limits = &self.config.limits;
        let challenge = match self.state {
            State::Closed | State::Handshake => return false,
            // An answer to what was not sent is none.
            State::End(_) if !self.outbox.is_empty() && !self.eof => return false,
            State::Login(_) => wire::max_line(limits),
            _ => 0,
        };
        let bounds =
            Bounds { line: limits.client_reply_line + challenge, lines: limits.client_reply_lines };
        match self.replies.next(&mut self.inbox, &bounds, &mut self.outputs) {
            Ok(None) => return false,
            Ok(Some(reply)) => self.handle_reply(reply),
            Err(why) => self.fail(why),
        }
        true
    }

    fn handle_reply(&mut self, reply: Reply) {
        // RFC 5321 §3.8, §4.2.1: 421 may come in any reply's place, and is the last one.
        if reply.code == 421 {
            return self.fail(Why::Reply(reply));
        }
        match mem::replace(&mut self.state, State::Closed) {
            State::Greeting => self.handle_greeting(reply),
            State::Hello => self.handle_hello(reply),
            State::Helo => self.handle_helo(reply),
            State::StartTls => self.handle_starttls(reply),
            State::Login(login) => self.handle_login(login, reply),
            State::Cancel(abort) => self.reject(Stage::Auth, Why::Sasl(abort)),
            State::Envelope(transaction) => self.handle_envelope(transaction, reply),
            State::Rest(rest) => self.handle_rest(rest, reply),
            State::Chunk(transaction, content) => self.handle_chunk(transaction, content, reply),
            State::End(transaction) => self.handle_end(transaction, reply),
            State::Reset => self.handle_reset_reply(reply),
            State::Quit(result) => self.close(result),
            // A server that has seen enough of the content says so; it can't be told to stop.
            state @ State::Content(..) if !reply.is_positive() => {
                self.state = state;
                self.fail(Why::Reply(reply));
            }
            state @ (State::Idle | State::Content(..) | State::Handshake | State::Closed) => {
                self.state = state;
                self.fail(Why::Unexpected(reply));
            }
        }
    }

    /// Ends the connection, which is of no more use, in the stage that it is in.
    fn fail(&mut self, why: Why) {
        self.fail_at(self.stage(), why);
    }

    fn fail_at(&mut self, stage: Stage, why: Why) {
        let failure = Failure { stage, why };
        match mem::replace(&mut self.state, State::Closed) {
            State::Quit(result) => return self.close(result),
            State::Envelope(transaction)
            | State::Content(transaction, _)
            | State::Chunk(transaction, _)
            | State::End(transaction) => {
                self.outputs.push_each(transaction.unsettled(), Err(failure.clone()));
                self.outputs.push(Output::Finished);
                // What is wrong with that message is not wrong with those that wait.
                self.settle_waiting(&Failure { stage: Stage::Idle, why: Why::Lost });
            }
            _ => self.settle_waiting(&failure),
        }
        self.close(Err(failure));
    }

    /// Says good-bye; the connection ends with `result`.
    fn say_quit(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = &result {
            self.settle_waiting(failure);
        }
        self.say("QUIT");
        self.state = State::Quit(result);
    }

    fn close(&mut self, result: Result<(), Failure>) {
        self.outputs.push(Output::Closed(result));
        self.tickets = Tickets::default();
        self.inbox.clear();
        self.slice = Vec::new();
        self.state = State::Closed;
    }

    /// Whether no transaction is under way.
    const fn is_idle(&self) -> bool {
        matches!(
            self.state,
            State::Greeting
                | State::Hello
                | State::Helo
                | State::StartTls
                | State::Handshake
                | State::Login(_)
                | State::Cancel(_)
                | State::Idle
        )
    }

    fn handle_idle_shutdown(&mut self) {
        match self.state {
            State::Idle => self.rest(),
            _ => self.fail(Why::Shutdown),
        }
    }

    fn stage(&self) -> Stage {
        match &self.state {
            State::Greeting => Stage::Greeting,
            State::Hello | State::Helo => Stage::Hello,
            State::StartTls | State::Handshake => Stage::StartTls,
            State::Login(_) | State::Cancel(_) => Stage::Auth,
            State::Idle => Stage::Idle,
            State::Envelope(transaction) => transaction.stage(),
            State::Content(..) | State::Chunk(..) => Stage::Content,
            // As long as the end was not sent, nobody can have taken it for one.
            State::End(_) if !self.outbox.is_empty() => Stage::Content,
            State::End(_) => Stage::End,
            State::Rest(_) | State::Reset => Stage::Reset,
            State::Quit(_) | State::Closed => Stage::Quit,
        }
    }

    /// Begins the wait for what is due anew (RFC 5321 §4.5.3.2).
    fn arm(&mut self) {
        self.deadline = self.patience().map(|patience| self.now + patience);
    }

    fn patience(&self) -> Option<Duration> {
        let limits = &self.config.limits;
        match (&self.state, self.stage()) {
            (State::Closed | State::Idle, _) => None,
            (State::Handshake, _) => Some(limits.tls_handshake),
            // The host may take its time.
            (State::Content(..), _) if self.outbox.is_empty() => None,
            (State::Chunk(..), _) if self.outbox.is_empty() => Some(limits.client_end),
            (_, Stage::Content) => Some(limits.client_block),
            (_, Stage::Greeting) => Some(limits.client_greeting),
            (_, Stage::Mail) => Some(limits.client_mail),
            (_, Stage::Rcpt) => Some(limits.client_rcpt),
            (_, Stage::Data) => Some(limits.client_data),
            (_, Stage::End) => Some(limits.client_end),
            _ => Some(limits.client_hello),
        }
    }
}

impl Machine for Client {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.now = now;
        self.inputs.push_back(input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.now = now;
        self.ending = Ending::Shutdown;
    }

    fn poll(&mut self) -> Option<Output> {
        while self.outputs.is_empty() && self.step() {}
        self.outputs.pop()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Session for Client {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.now = now;
        if !matches!(self.state, State::Closed) {
            self.inbox.push(bytes);
        }
    }

    fn handle_eof(&mut self, now: Instant) {
        self.now = now;
        self.eof = true;
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.now = now;
        self.handshake = Some(outcome);
    }

    fn transmit(&self) -> &[u8] {
        self.outbox.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.outbox.transmitted(count);
        if count > 0 {
            self.arm();
        }
    }

    fn wants(&self) -> Wants {
        match self.state {
            State::Closed => Wants::Close,
            State::Handshake => Wants::Tls,
            // One reply may come early; more wait until it is their turn.
            State::End(_) if !self.outbox.is_empty() && self.inbox.len() >= EARLY => Wants::Nothing,
            _ => Wants::Read,
        }
    }

    fn content(&self) -> &[u8] {
        &[]
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.now = now;
        if self.tickets.outstanding() == Some(ticket) {
            self.slice.extend_from_slice(bytes);
        }
    }
}

/// The state alone: what was received and what is transmitted may hold secrets.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("stage", &self.stage()).finish_non_exhaustive()
    }
}
