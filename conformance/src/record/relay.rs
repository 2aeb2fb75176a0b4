//! The two connections of one client, and what passes between them.

use super::leg::{Heard, Leg, Order};
use super::scribe::Scribe;
use crate::transcript::End;
use core::time::Duration;
use postroad_core::buffer::TRANSMIT_HIGH;
use postroad_core::machine::{Instant, Machine as _, Session as _, Wants};
use postroad_core::tls::{Secured, Side};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

/// How long a handshake may take, and a server whose client is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
pub(super) struct Peer {
    stream: TcpStream,
    session: Secured<Leg>,
    /// It says nothing more.
    ended: bool,
    /// It takes nothing more.
    gone: bool,
    /// It is to be told that nothing more will be said.
    finishing: bool,
}

impl Peer {
    /// The connection `stream`, on which TLS is `side`'s, from the start if it `begins`.
    pub(super) fn new(stream: TcpStream, side: Side, begins: bool) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let (now, leg) = (super::now(), Leg::new());
        let session = match begins {
            true => Secured::starting_secured(now, leg, side, PATIENCE),
            false => Secured::starting_clear(now, leg, side, PATIENCE),
        };
        Ok(Self { stream, session, ended: false, gone: false, finishing: false })
    }

    /// Writes as much as the peer takes; whether that was anything.
    fn write(&mut self) -> bool {
        if self.session.transmit().is_empty() {
            if core::mem::take(&mut self.finishing) {
                // A peer that is gone need not be told.
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            return false;
        }
        match self.stream.write(self.session.transmit()) {
            Ok(count) => {
                self.session.transmitted(count);
                true
            }
            Err(error) if is_later(&error) => false,
            Err(_) => {
                self.gone = true;
                let count = self.session.transmit().len();
                self.session.transmitted(count);
                true
            }
        }
    }

    fn read(&mut self, now: Instant) {
        let mut octets = [0; 16 * 1024];
        match self.stream.read(&mut octets) {
            Ok(count @ 1..) => self.session.handle_bytes(now, &octets[..count]),
            Err(error) if is_later(&error) => {}
            Ok(0) | Err(_) => {
                self.ended = true;
                self.session.handle_eof(now);
            }
        }
    }

    /// What to wake for, if as much as that waits to be said to the other one, and what it says is held or not.
    fn interest(&self, waiting: usize, is_held: bool) -> PollFlags {
        let mut flags = PollFlags::empty();
        let may_speak = self.session.wants() == Wants::Read && !self.ended;
        let reads = may_speak && !is_held && waiting < TRANSMIT_HIGH;
        flags.set(PollFlags::IN, reads);
        flags.set(PollFlags::OUT, !self.session.transmit().is_empty());
        flags
    }

    /// Whether nothing more is to be done for it.
    fn is_over(&self) -> bool {
        let closes = self.session.wants() == Wants::Close && self.session.transmit().is_empty();
        self.gone || closes
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// What passes between a client and its server.
pub(super) struct Relay<'r> {
    client: Peer,
    server: Peer,
    scribe: &'r mut Scribe,
    /// Whose handshakes of STARTTLS are under way. Until there are none, nothing is passed on: whoever is done first
    /// may speak, but the other end does not hear it before its own handshake is done.
    handshakes: Vec<End>,
    /// When a server is left whose client is gone.
    deadline: Option<Instant>,
}

impl<'r> Relay<'r> {
    pub(super) const fn new(client: Peer, server: Peer, scribe: &'r mut Scribe) -> Self {
        Self { client, server, scribe, handshakes: Vec::new(), deadline: None }
    }

    /// Passes everything on until the end.
    pub(super) fn run(mut self) -> io::Result<()> {
        loop {
            let mut moved = false;
            for end in [End::Client, End::Server] {
                while !self.holds(end)
                    && let Some(heard) = self.peer(end).session.poll()
                {
                    self.hear(end, heard);
                    moved = true;
                }
            }
            moved |= self.client.write();
            moved |= self.server.write();
            if moved {
                continue;
            }
            let is_late = self.deadline.is_some_and(|deadline| deadline <= super::now());
            if self.client.is_over() || self.server.gone && self.client.ended || is_late {
                return Ok(());
            }
            self.sleep()?;
        }
    }

    fn peer(&mut self, end: End) -> &mut Peer {
        match end {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        }
    }

    /// Whether what `end` says waits for the other one's handshake.
    fn holds(&self, end: End) -> bool {
        !self.handshakes.is_empty() && !self.handshakes.contains(&end)
    }

    fn hear(&mut self, from: End, heard: Heard) {
        let now = super::now();
        match (from, heard) {
            (End::Client, Heard::Octets(octets)) => {
                self.scribe.hear_client(&octets);
                self.server.session.handle(now, Order::Say(octets));
            }
            (End::Server, Heard::Octets(octets)) => {
                self.scribe.hear_server(&octets);
                self.client.session.handle(now, Order::Say(octets));
                if self.scribe.takes_tls() {
                    self.handshakes = vec![End::Client, End::Server];
                    self.client.session.handle(now, Order::Secure);
                    self.server.session.handle(now, Order::Secure);
                }
            }
            (end, Heard::Tls(Ok(_))) => {
                let was_asked = !self.handshakes.is_empty();
                self.handshakes.retain(|other| *other != end);
                if was_asked && self.handshakes.is_empty() {
                    self.scribe.hear_tls();
                }
            }
            (end, Heard::Tls(Err(why))) => {
                let was_asked = !self.handshakes.is_empty();
                self.handshakes.clear();
                self.scribe.hear_tls_failed(end, was_asked, &why.0);
                self.client.session.handle(now, Order::Close);
                self.peer(end).gone = true;
                self.client.gone = true;
            }
            (End::Client, Heard::End) => {
                self.client.ended = true;
                if !self.server.ended {
                    self.scribe.hear_end(End::Client);
                }
                self.server.finishing = true;
                self.deadline = Some(now + PATIENCE);
            }
            (End::Server, Heard::End) => {
                self.server.ended = true;
                self.scribe.hear_end(End::Server);
                self.client.session.handle(now, Order::Close);
            }
        }
    }

    /// Sleeps until one of the two has something to say or takes something, or has waited too long.
    fn sleep(&mut self) -> io::Result<()> {
        let said = [self.client.session.transmit().len(), self.server.session.transmit().len()];
        let held = [self.holds(End::Client), self.holds(End::Server)];
        let interest =
            [self.client.interest(said[1], held[0]), self.server.interest(said[0], held[1])];
        let timeouts = [self.client.session.poll_timeout(), self.server.session.poll_timeout()];
        let deadline = timeouts.into_iter().chain([self.deadline]).flatten().min();
        let timeout = deadline.map(|deadline| {
            let left = deadline.since(super::now());
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        let ready = {
            let streams = [&self.client.stream, &self.server.stream];
            // A socket that nothing is wanted of is left out: its hang-up would be reported for ever.
            let watched: Vec<usize> = (0..2).filter(|at| !interest[*at].is_empty()).collect();
            let mut fds: Vec<PollFd<'_>> =
                watched.iter().map(|at| PollFd::new(streams[*at], interest[*at])).collect();
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let mut ready = [false; 2];
            for (at, fd) in watched.iter().zip(&fds) {
                ready[*at] = !fd.revents().is_empty() && interest[*at].contains(PollFlags::IN);
            }
            ready
        };
        let now = super::now();
        for (peer, ready) in [&mut self.client, &mut self.server].into_iter().zip(ready) {
            if ready {
                peer.read(now);
            }
            if peer.session.poll_timeout().is_some_and(|deadline| deadline <= now) {
                peer.session.handle_timeout(now);
            }
        }
        Ok(())
    }
}
