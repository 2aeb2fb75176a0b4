//! One thread, one session: the loop that drives a machine over a socket.
//!
//! The thread sleeps in one `poll(2)` over its socket and its [`Inbox`], so that octets, room to
//! write, news, time-outs and shutdown all wake it.

use crate::clock;
use crate::listener::Stream;
use postroad_core::machine::{DeflateFailed, Host, Instant, Session, TlsFailed, Wants, drain};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// What a session's thread is woken for, besides its socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Call {
    /// There is something to hear: the open mailbox may have changed, or there are letters.
    News = 1,
    /// Finish what is under way.
    Shutdown = 2,
}

/// Where other threads leave calls for a session's thread.
#[derive(Debug)]
pub struct Inbox {
    calls: AtomicU8,
    event: OwnedFd,
}

impl Inbox {
    /// An empty inbox.
    ///
    /// # Errors
    /// If the system has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { calls: AtomicU8::new(0), event })
    }

    /// Leaves `call` and wakes the thread. Never blocks.
    pub fn leave(&self, call: Call) {
        // Whoever left it before, and it was not taken, has woken the thread.
        if self.calls.fetch_or(call as u8, Ordering::AcqRel) & call as u8 != 0 {
            return;
        }
        // The counter can't overflow: it is written once per call and cleared by each read.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// Takes every call that was left.
    pub(crate) fn take(&self) -> impl Iterator<Item = Call> + use<> {
        let _ = rustix::io::read(&self.event, &mut [0; 8]);
        let calls = self.calls.swap(0, Ordering::AcqRel);
        [Call::News, Call::Shutdown].into_iter().filter(move |call| calls & *call as u8 != 0)
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// Octets that one read takes.
const READ: usize = 16 * 1024;

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// As the session wanted.
    Closed,
    /// The peer was gone first.
    Lost,
    /// The peer took nothing for too long.
    WriteTimeout,
}

/// Runs `session` over `stream` to its end. `news` makes the inputs that [`Call::News`] becomes.
///
/// The peer may take `write_timeout` to take anything of what is written. TLS is the business of
/// [`Secured`](postroad_core::tls::Secured), compression that of
/// [`Compressed`](postroad_core::compress::Compressed); a session outside of them that wants either is
/// told that it failed.
///
/// # Errors
/// If the system fails where no peer is to blame.
pub fn run<S: Session>(
    session: &mut S,
    stream: &mut Stream,
    inbox: &Inbox,
    host: &mut impl Host<S>,
    news: impl Fn() -> Vec<S::Input>,
    write_timeout: Duration,
) -> io::Result<End> {
    stream.set_nonblocking()?;
    let mut ended = false;
    let mut stalled: Option<Instant> = None;
    loop {
        drain(clock::now(), session, host);
        let blocked = match write(session, stream)? {
            Written::Some => {
                stalled = None;
                continue;
            }
            Written::Gone => {
                session.handle_eof(clock::now());
                drain(clock::now(), session, host);
                return Ok(End::Lost);
            }
            Written::Nothing => !session.transmit().is_empty(),
        };
        match session.wants() {
            Wants::Close if !blocked => return Ok(End::Closed),
            Wants::Read if ended => return Ok(End::Lost),
            Wants::Tls => {
                let failed = TlsFailed("there is no TLS layer around this session".into());
                session.handle_tls(clock::now(), Err(failed));
                continue;
            }
            Wants::Deflate(_) => {
                session.handle_deflate(clock::now(), Err(DeflateFailed("There is no compression")));
                continue;
            }
            _ => {}
        }
        if blocked {
            stalled.get_or_insert_with(clock::now);
        }
        let reading = session.wants() == Wants::Read && !ended;
        let patience = stalled.map(|since| since + write_timeout);
        let deadline = [session.poll_timeout(), patience].into_iter().flatten().min();
        let Ready { socket: ready, inbox: called } =
            wait(stream, inbox, interest(reading, blocked), deadline)?;
        let now = clock::now();
        if blocked && !ready && patience.is_some_and(|patience| patience <= now) {
            session.handle_eof(now);
            drain(now, session, host);
            return Ok(End::WriteTimeout);
        }
        if reading && ready {
            ended = !read(session, stream)?;
        }
        if session.poll_timeout().is_some_and(|deadline| deadline <= now) {
            session.handle_timeout(now);
        }
        if called {
            answer(session, inbox, &news);
        }
    }
}

/// Runs `session`, which has no peer, until it wants to be closed. `news` makes the inputs that
/// [`Call::News`] becomes.
///
/// # Errors
/// If the system fails.
pub fn work<S: Session>(
    session: &mut S,
    inbox: &Inbox,
    host: &mut impl Host<S>,
    news: impl Fn() -> Vec<S::Input>,
) -> io::Result<()> {
    loop {
        drain(clock::now(), session, host);
        if session.wants() == Wants::Close {
            return Ok(());
        }
        sleep(&mut [PollFd::new(inbox, PollFlags::IN)], session.poll_timeout())?;
        let now = clock::now();
        if session.poll_timeout().is_some_and(|deadline| deadline <= now) {
            session.handle_timeout(now);
        }
        answer(session, inbox, &news);
    }
}

/// Hands in what the calls in `inbox` stand for.
fn answer<S: Session>(session: &mut S, inbox: &Inbox, news: &impl Fn() -> Vec<S::Input>) {
    let now = clock::now();
    for call in inbox.take() {
        match call {
            Call::News => news().into_iter().for_each(|input| session.handle(now, input)),
            Call::Shutdown => session.handle_shutdown(now),
        }
    }
}

/// What a write came to.
enum Written {
    Some,
    Nothing,
    Gone,
}

/// Writes what the session transmits, as far as the socket takes it.
fn write(session: &mut impl Session, stream: &mut Stream) -> io::Result<Written> {
    if session.transmit().is_empty() {
        return Ok(Written::Nothing);
    }
    match stream.write(session.transmit()) {
        Ok(count) => {
            session.transmitted(count);
            Ok(Written::Some)
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(Written::Nothing),
            _ if is_peers(&error) => Ok(Written::Gone),
            _ => Err(error),
        },
    }
}

/// Reads once; says whether the peer may send more.
fn read(session: &mut impl Session, stream: &mut Stream) -> io::Result<bool> {
    // Not kept: an idle session is to be small.
    let mut buffer = vec![0; READ];
    match stream.read(&mut buffer) {
        Ok(0) => session.handle_eof(clock::now()),
        Ok(count) => {
            session.handle_bytes(clock::now(), &buffer[..count]);
            return Ok(true);
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => return Ok(true),
            _ if is_peers(&error) => session.handle_eof(clock::now()),
            _ => return Err(error),
        },
    }
    Ok(false)
}

/// Whether the peer, or the network on the way to it, is to blame.
fn is_peers(error: &io::Error) -> bool {
    use ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkUnreachable,
        NotConnected, TimedOut,
    };
    matches!(
        error.kind(),
        BrokenPipe
            | ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | NetworkUnreachable
            | NotConnected
            | TimedOut
    )
}

fn interest(reading: bool, writing: bool) -> PollFlags {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, reading);
    flags.set(PollFlags::OUT, writing);
    flags
}

/// What a thread was woken for.
struct Ready {
    socket: bool,
    inbox: bool,
}

/// Sleeps until the socket is ready, a call is left or the deadline has come.
fn wait(
    stream: &Stream,
    inbox: &Inbox,
    interest: PollFlags,
    deadline: Option<Instant>,
) -> io::Result<Ready> {
    let mut fds = [PollFd::new(inbox, PollFlags::IN), PollFd::new(stream, interest)];
    // A socket that nothing is wanted of is left out: its hang-up would be reported for ever.
    let watched = if interest.is_empty() { 1 } else { 2 };
    sleep(&mut fds[..watched], deadline)?;
    let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
    Ok(Ready { socket: watched == 2 && ready(&fds[1]), inbox: ready(&fds[0]) })
}

/// Sleeps until one of `fds` is ready, a signal comes, or the deadline has come.
pub(crate) fn sleep(fds: &mut [PollFd<'_>], deadline: Option<Instant>) -> io::Result<()> {
    let timeout = deadline.map(|deadline| {
        let left = deadline.since(clock::now());
        Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
