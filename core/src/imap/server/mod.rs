//! The server's end of an IMAP connection: a protocol session without policy.
//!
//! A [`Server`] knows the grammar, the states of RFC 3501 §3 and the mailbox as its client sees it.
//! Whether a login is right and what a mailbox holds it asks its host, one request at a time
//! ([`Output`]); nothing of a client's next command is looked at before the one under way is
//! answered.
//!
//! Each command is a task (`task`): a small machine of its own that asks, writes as long as
//! there is room, and ends with a status. There is one file per group of commands, and one way to
//! end: `ending` brings in what other sessions did meanwhile and writes the tagged response.
//!
//! | file | commands |
//! |---|---|
//! | `dispatch` | which command is allowed when; those that need no task: CAPABILITY, NOOP, ID, NAMESPACE, CHECK, STARTTLS, LOGOUT |
//! | `enable` | ENABLE |
//! | `auth` | AUTHENTICATE, LOGIN |
//! | `reset` | COMPRESS, UNAUTHENTICATE |
//! | `list` | LIST, LSUB |
//! | `place`, `rights` | what a mailbox name means; which rights a command needs |
//! | `access` | GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS |
//! | `metadata` | GETMETADATA, SETMETADATA |
//! | `quota` | GETQUOTA, GETQUOTAROOT, SETQUOTA |
//! | `create` | CREATE |
//! | `mailboxes` | DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS |
//! | `select` | SELECT, EXAMINE, CLOSE, UNSELECT |
//! | `append` | APPEND, REPLACE |
//! | `idle` | IDLE |
//! | `notify` | NOTIFY, and what is told between commands |
//! | `fetch`, `search` | FETCH; SEARCH, SORT, THREAD |
//! | `flags` | STORE, EXPUNGE |
//! | `copy` | COPY, MOVE |
//! | `uid_only` | which of these are refused where sequence numbers are switched off |

mod access;
mod append;
mod auth;
mod capability;
mod connection;
mod copy;
mod create;
mod dispatch;
mod enable;
mod ending;
mod fetch;
mod flags;
mod gather;
mod host;
mod idle;
mod list;
mod mailboxes;
mod metadata;
mod news;
mod notify;
mod place;
mod progress;
mod quota;
mod reset;
mod rights;
mod search;
mod select;
mod task;
mod uid_only;

#[cfg(test)]
mod tests;

pub use host::{Config, Event, Input, Output};

use super::{Bad, Code, Condition, Status, Step as Assembled};
use crate::entropy::Entropy;
use crate::machine::{
    Deflate, DeflateFailed, Instant, Machine, Session, Ticket, Tickets, Tls, TlsFailed, Wants,
};
use crate::sasl::Channel;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

use connection::{Compression, Connection, Phase};
use task::{Awaits, Running, Step, Told};

/// The server's end of an IMAP connection.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// use postroad_core::imap::server::{Config, Server};
/// use postroad_core::machine::{Instant, Machine, Session};
/// use postroad_core::sasl::Channel;
///
/// let now = Instant::from_seconds(0);
/// let entropy = Entropy::from_seed([7; 32]);
/// let mut server = Server::new(now, Config::default().into(), Channel::Clear, entropy);
/// assert!(server.poll().is_none());
/// assert!(server.transmit().starts_with(b"* OK [CAPABILITY IMAP4rev1 "));
/// server.transmitted(server.transmit().len());
///
/// server.handle_bytes(now, b"a1 NOOP\r\n");
/// assert!(server.poll().is_none());
/// assert_eq!(server.transmit(), b"a1 OK NOOP completed\r\n");
/// ```
#[derive(Debug)]
pub struct Server {
    connection: Connection,
    running: Option<Running>,
    tickets: Tickets,
    /// The answer that has come for the task.
    answer: Option<Told>,
    news: bool,
    peer: Peer,
}

/// What is known of the peer's plans, or the host's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Peer {
    Here,
    /// It sends no more.
    Silent,
    /// We were asked to end.
    Dismissed,
}

impl Server {
    /// A server for a connection over `channel`, which [`Session::handle_tls`] may improve.
    #[must_use]
    pub fn new(now: Instant, config: Arc<Config>, channel: Channel, entropy: Entropy) -> Self {
        Self {
            connection: Connection::new(now, config, channel, entropy),
            running: None,
            tickets: Tickets::default(),
            answer: None,
            news: false,
            peer: Peer::Here,
        }
    }

    /// Takes the next thing that the client has sent, between two commands.
    fn poll_client(&mut self) -> Next {
        if self.peer == Peer::Dismissed {
            self.connection.bye("The server is shutting down");
            return Next::Again;
        }
        let connection = &mut self.connection;
        if connection.out.is_high() {
            return Next::Wait;
        }
        if self.news && connection.notifications.is_active() {
            self.news = false;
            self.running = Some(Running::announcing());
            return Next::Again;
        }
        match connection.assembler.poll(&mut connection.inbox) {
            Some(assembled) => {
                self.running = self.connection.handle_assembled(assembled);
                Next::Again
            }
            None => self.wait_for_client(),
        }
    }

    /// Nothing is left to do without the client.
    fn wait_for_client(&mut self) -> Next {
        let connection = &mut self.connection;
        match self.peer {
            Peer::Silent => connection.close("the client closed the connection"),
            Peer::Here | Peer::Dismissed if connection.now >= connection.idle_deadline() => {
                // RFC 3501 §5.4: BYE without a command.
                connection.bye("Autologout: idle for too long");
            }
            Peer::Here | Peer::Dismissed => return Next::Wait,
        }
        Next::Again
    }

    /// What the task under way is to be told, if what it awaits is there.
    fn poll_told(&mut self, awaits: Awaits) -> Result<Told, Next> {
        let is_receiving = self.running.as_ref().is_some_and(Running::is_receiving);
        let connection = &mut self.connection;
        match awaits {
            Awaits::Room if connection.out.is_high() => Err(Next::Wait),
            Awaits::Room => Ok(Told::Room),
            Awaits::Answer => self.answer.take().ok_or(Next::Wait),
            Awaits::Until(then) if connection.now < then => Err(Next::Wait),
            Awaits::Until(_) => Ok(Told::Time),
            Awaits::Client if connection.out.is_high() => Err(Next::Wait),
            Awaits::Client => match connection.assembler.poll(&mut connection.inbox) {
                Some(Assembled::Bye(text)) => {
                    connection.bye(text);
                    Err(Next::Again)
                }
                Some(assembled) => Ok(Told::Client(assembled)),
                None if self.news => {
                    self.news = false;
                    Ok(Told::News)
                }
                None if self.peer == Peer::Dismissed && !is_receiving => {
                    connection.bye("The server is shutting down");
                    Err(Next::Again)
                }
                None => Err(self.wait_for_client()),
            },
        }
    }

    /// Lets the task under way take a step.
    fn poll_task(&mut self) -> Next {
        let Some(awaits) = self.running.as_ref().map(|running| running.awaits) else {
            return self.poll_client();
        };
        let told = match self.poll_told(awaits) {
            Ok(told) => told,
            Err(next) => return next,
        };
        let Some(mut running) = self.running.take() else {
            return Next::Again;
        };
        let step = running.task.step(&mut self.connection, told);
        let (awaits, output) = match step {
            Step::Ask(request) => {
                let ticket = self.tickets.issue();
                (Awaits::Answer, Some(Output::Store { ticket, request }))
            }
            Step::Verify(question) => {
                let ticket = self.tickets.issue();
                (Awaits::Answer, Some(Output::Authenticate { ticket, question }))
            }
            Step::Room => (Awaits::Room, None),
            Step::Client => (Awaits::Client, None),
            Step::Until(then) => (Awaits::Until(then), None),
            Step::Begin(begun) => {
                self.running = running.with(&mut self.connection, *begun);
                return Next::Again;
            }
            Step::Done(status) => {
                self.running = running.end(&mut self.connection, status);
                return Next::Again;
            }
        };
        running.awaits = awaits;
        self.running = Some(running);
        output.map_or(Next::Again, Next::Output)
    }
}

/// What comes of a moment's thought.
enum Next {
    /// Think on.
    Again,
    /// Something has to happen first.
    Wait,
    /// A request.
    Output(Output),
}

impl Machine for Server {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Instant, input: Input) {
        self.connection.now = now;
        let (ticket, told) = match input {
            Input::Authenticated { ticket, answer } => (ticket, Told::Verdict(answer)),
            Input::Store { ticket, answer } => (ticket, Told::Answer(answer)),
            Input::News => {
                self.news = true;
                return;
            }
        };
        if self.tickets.redeem(ticket) {
            self.answer = Some(told);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.now = now;
    }

    fn handle_shutdown(&mut self, now: Instant) {
        self.connection.now = now;
        if self.peer == Peer::Here {
            self.peer = Peer::Dismissed;
        }
    }

    fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(event) = self.connection.events.pop_front() {
                return Some(Output::Event(event));
            }
            self.connection.check_login_deadline();
            let next = match self.connection.phase {
                Phase::Over => {
                    self.running = None;
                    return None;
                }
                Phase::StartTls => return None,
                Phase::Greeting => {
                    self.connection.greet();
                    Next::Again
                }
                _ if matches!(self.connection.compression, Compression::Due(_)) => return None,
                _ => self.poll_task(),
            };
            match next {
                Next::Again => {}
                Next::Wait => return None,
                Next::Output(output) => return Some(output),
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let connection = &self.connection;
        let login = connection.login_deadline();
        let awaited = match (&connection.phase, self.running.as_ref().map(|it| it.awaits)) {
            (Phase::Over, _) => return None,
            (Phase::StartTls, _) | (_, Some(Awaits::Answer | Awaits::Room)) => None,
            _ if matches!(connection.compression, Compression::Due(_)) => None,
            (_, Some(Awaits::Until(then))) => Some(then),
            (_, None | Some(Awaits::Client)) => Some(connection.idle_deadline()),
        };
        login.into_iter().chain(awaited).min()
    }
}

impl Session for Server {
    fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) {
        self.connection.now = now;
        self.connection.heard = now;
        self.connection.inbox.push(bytes);
    }

    fn handle_eof(&mut self, now: Instant) {
        self.connection.now = now;
        self.peer = Peer::Silent;
    }

    fn handle_tls(&mut self, now: Instant, outcome: Result<Tls, TlsFailed>) {
        self.connection.now = now;
        self.connection.handle_tls(outcome);
    }

    fn handle_deflate(&mut self, now: Instant, outcome: Result<Deflate, DeflateFailed>) {
        self.connection.now = now;
        self.connection.handle_deflate(outcome);
    }

    fn transmit(&self) -> &[u8] {
        self.connection.out.as_slice()
    }

    fn transmitted(&mut self, count: usize) {
        self.connection.out.transmitted(count);
    }

    fn wants(&self) -> Wants {
        if let (false, Compression::Due(deflate)) =
            (matches!(self.connection.phase, Phase::Over), self.connection.compression)
        {
            return Wants::Deflate(deflate);
        }
        match (&self.connection.phase, self.running.as_ref().map(|it| it.awaits)) {
            (Phase::Over, _) => Wants::Close,
            (Phase::StartTls, _) => Wants::Tls,
            _ if self.connection.out.is_high() || self.peer == Peer::Silent => Wants::Nothing,
            (_, None | Some(Awaits::Client)) => Wants::Read,
            (_, Some(Awaits::Answer | Awaits::Room | Awaits::Until(_))) => Wants::Nothing,
        }
    }

    fn content(&self) -> &[u8] {
        match self.connection.compression {
            Compression::Due(Deflate::Begin) => self.connection.inbox.as_slice(),
            _ => self.connection.assembler.content(&self.connection.inbox),
        }
    }

    fn handle_content(&mut self, now: Instant, ticket: Ticket, bytes: &[u8]) {
        self.connection.now = now;
        if self.tickets.outstanding() == Some(ticket) {
            self.connection.octets.extend_from_slice(bytes);
        }
    }
}

/// Events that wait to be polled.
type Events = VecDeque<Event>;

/// A tagged or untagged `OK`.
fn ok(text: &'static str) -> Status {
    Status::new(Condition::Ok, text)
}

/// A tagged or untagged `NO`.
fn no(text: &'static str) -> Status {
    Status::new(Condition::No, text)
}

/// A tagged or untagged `BAD`.
fn bad(text: &'static str) -> Status {
    Status::new(Condition::Bad, text)
}

/// The answer to sequence numbers where they are switched off (RFC 9586 §3.3).
fn uid_required() -> Status {
    bad("Messages are named by UID alone").with_code(Code::UidRequired)
}

/// The answer to what the grammar knows and this server does not.
fn not_understood() -> Status {
    bad("This command is not understood here")
}

/// The answer to what could not be understood.
fn misunderstood(Bad { tag, text }: Bad) -> Status {
    Status { tag, ..Status::new(Condition::Bad, text) }
}
