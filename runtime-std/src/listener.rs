//! Accepting connections, within limits.

use crate::session::{Call, Inbox};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use std::collections::HashMap;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections may wait to be accepted, as for `TcpListener::bind`.
const BACKLOG: i32 = 128;

/// Where to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// An address and a port; port 0 lets the system choose one.
    Tcp(SocketAddr),
    /// A UNIX socket.
    Unix(PathBuf),
}

impl Endpoint {
    /// Reads `ip:port`, or a path if there is a `/` in it.
    ///
    /// # Errors
    /// Says in words what it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return Ok(Self::Unix(text.into()));
        }
        let wrong = |_| format!("`{text}` is neither `ip:port` nor the path of a UNIX socket");
        text.parse().map(Self::Tcp).map_err(wrong)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// On TCP.
    Tcp(TcpListener),
    /// On a UNIX socket, whose file goes with it.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Binds `endpoint`. A UNIX socket that nobody listens on any more is replaced.
    ///
    /// # Errors
    /// If it can't be bound.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let listener = match endpoint {
            Endpoint::Tcp(SocketAddr::V6(address)) => Self::Tcp(bind_v6(*address)?),
            Endpoint::Tcp(address) => Self::Tcp(TcpListener::bind(address)?),
            Endpoint::Unix(path) => {
                if is_stale(path) {
                    std::fs::remove_file(path)?;
                }
                Self::Unix(UnixListener::bind(path)?, path.clone())
            }
        };
        match &listener {
            Self::Tcp(tcp) => tcp.set_nonblocking(true)?,
            Self::Unix(unix, _) => unix.set_nonblocking(true)?,
        }
        Ok(listener)
    }

    /// Where it listens, with the port that the system chose.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Self::Tcp(tcp) => tcp.local_addr().map(Endpoint::Tcp),
            Self::Unix(_, path) => Ok(Endpoint::Unix(path.clone())),
        }
    }

    fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(tcp) => tcp.accept().and_then(|(stream, peer)| Stream::tcp(stream, peer)),
            Self::Unix(unix, _) => unix.accept().map(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// Hands every connection to `serve`, until `inbox` gets [`Call::Shutdown`].
    ///
    /// # Errors
    /// If the system fails for good.
    pub fn run(&self, inbox: &Inbox, mut serve: impl FnMut(Stream)) -> io::Result<()> {
        // Out of descriptors or memory: wait a little instead of spinning.
        let breath = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        let mut exhausted = false;
        loop {
            let own = PollFd::new(inbox, PollFlags::IN);
            let socket = PollFd::new(self, PollFlags::IN);
            let watched = if exhausted { 1 } else { 2 };
            match poll(&mut [own, socket][..watched], exhausted.then_some(&breath)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if inbox.take().any(|call| call == Call::Shutdown) {
                return Ok(());
            }
            exhausted = false;
            match self.accept() {
                Ok(stream) => serve(stream),
                // Anything else: the peer gave up before it was accepted (accept(2)).
                Err(error) => exhausted = is_exhaustion(&error),
            }
        }
    }
}

/// `[::]` leaves IPv4 alone, so that both can be listened on, each with its own line (RFC 3493 §5.3).
fn bind_v6(address: SocketAddrV6) -> io::Result<TcpListener> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET6, SocketType::STREAM, flags, None)?;
    set_socket_reuseaddr(&socket, true)?;
    set_ipv6_v6only(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

/// Whether a socket stands at `path` that nobody listens on. Connecting to any other file is refused
/// just the same, but it is not ours to remove.
fn is_stale(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

fn is_exhaustion(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM))
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(tcp) => tcp.as_fd(),
            Self::Unix(unix, _) => unix.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP, with the peer's address.
    Tcp(TcpStream, SocketAddr),
    /// Over a UNIX socket.
    Unix(UnixStream),
}

impl Stream {
    /// Replies are written whole, so waiting to fill a segment would only delay them.
    pub(crate) fn tcp(stream: TcpStream, peer: SocketAddr) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream, peer))
    }

    /// Our own address; none on a UNIX socket.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn local(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(tcp, _) => tcp.local_addr().map(Some),
            Self::Unix(_) => Ok(None),
        }
    }

    /// The peer's address; none on a UNIX socket.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, peer) => Some(*peer),
            Self::Unix(_) => None,
        }
    }

    pub(crate) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp, _) => tcp.set_nonblocking(true),
            Self::Unix(unix) => unix.set_nonblocking(true),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(tcp, _) => tcp.as_fd(),
            Self::Unix(unix) => unix.as_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp, _) => tcp.read(buffer),
            Self::Unix(unix) => unix.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp, _) => tcp.write(octets),
            Self::Unix(unix) => unix.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts connections, in all and by address, and refuses too many.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place inside the [`Gate`], given back when dropped.
#[derive(Debug)]
pub struct Admission {
    gate: Gate,
    address: Option<IpAddr>,
}

impl Gate {
    /// Admits a connection, unless there are `most` already, or `most_per_address` of its
    /// `address`; without one (as of a UNIX socket) it counts against none.
    #[must_use]
    pub fn admit(
        &self,
        address: Option<IpAddr>,
        most: usize,
        most_per_address: usize,
    ) -> Option<Admission> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = address.map_or(0, |it| counts.by_address.get(&it).copied().unwrap_or(0));
        if counts.all >= most || here >= most_per_address {
            return None;
        }
        counts.all += 1;
        if let Some(address) = address {
            *counts.by_address.entry(address).or_default() += 1;
        }
        Some(Admission { gate: self.clone(), address })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self.gate.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        if let Some(address) = self.address
            && let Some(count) = counts.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}
