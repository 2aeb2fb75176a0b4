//! The resolver's sockets: one for each exchange with a server, each on a port of its own.

use crate::dial;
use postroad_core::dns::{Exchange, Input, Transport, resolv_conf};
use rustix::event::{PollFd, PollFlags};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// Octets that the longest datagram takes.
const DATAGRAM: usize = 64 * 1024;

/// Whom to ask: the servers that are `configured`, or those of this machine.
#[must_use]
pub fn servers(configured: &[String]) -> Vec<SocketAddr> {
    if configured.is_empty() {
        // Without the file it is the server on this machine (resolv.conf(5)).
        let octets = std::fs::read("/etc/resolv.conf").unwrap_or_default();
        return resolv_conf(&String::from_utf8_lossy(&octets));
    }
    configured.iter().filter_map(|server| server.parse().ok()).collect()
}

/// The sockets of the exchanges under way.
#[derive(Debug, Default)]
pub(crate) struct Sockets(BTreeMap<Exchange, Socket>);

#[derive(Debug)]
enum Socket {
    Datagram(UdpSocket, SocketAddr),
    /// With what is still to be sent.
    Stream(TcpStream, Vec<u8>),
}

impl Sockets {
    /// Opens an exchange.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub(crate) fn open(
        &mut self,
        exchange: Exchange,
        server: SocketAddr,
        transport: Transport,
        octets: Vec<u8>,
    ) -> io::Result<()> {
        let socket = match transport {
            Transport::Datagram => {
                let any: SocketAddr = match server {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.set_nonblocking(true)?;
                socket.connect(server)?;
                socket.send(&octets)?;
                Socket::Datagram(socket, server)
            }
            Transport::Stream => Socket::Stream(dial::begin(server)?, octets),
        };
        self.0.insert(exchange, socket);
        Ok(())
    }

    /// Closes an exchange.
    pub(crate) fn forget(&mut self, exchange: Exchange) {
        self.0.remove(&exchange);
    }

    /// The exchanges under way, and what of each is to be waited for.
    pub(crate) fn watched(&self) -> impl Iterator<Item = (Exchange, PollFd<'_>)> {
        self.0.iter().map(|(exchange, socket)| {
            let interest = match socket {
                Socket::Stream(_, unsent) if !unsent.is_empty() => PollFlags::OUT,
                _ => PollFlags::IN,
            };
            (*exchange, PollFd::from_borrowed_fd(socket.as_fd(), interest))
        })
    }

    /// What has happened on a socket that is ready.
    pub(crate) fn attend(&mut self, exchange: Exchange) -> Option<Input> {
        let happened = match self.0.get_mut(&exchange)? {
            Socket::Datagram(socket, server) => {
                let mut octets = vec![0; DATAGRAM];
                socket.recv(&mut octets).map(|count| {
                    octets.truncate(count);
                    // The socket is connected: it takes nothing from anybody else.
                    Some(Input::Datagram { exchange, from: *server, octets })
                })
            }
            Socket::Stream(stream, unsent) if !unsent.is_empty() => {
                stream.write(unsent).map(|count| {
                    unsent.drain(..count);
                    None
                })
            }
            Socket::Stream(stream, _) => {
                let mut octets = vec![0; DATAGRAM];
                stream.read(&mut octets).map(|count| {
                    octets.truncate(count);
                    Some(Input::Octets { exchange, octets })
                })
            }
        };
        match happened {
            Ok(Some(Input::Octets { octets, .. })) if octets.is_empty() => self.fail(exchange),
            Ok(happened) => happened,
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(_) => self.fail(exchange),
        }
    }

    fn fail(&mut self, exchange: Exchange) -> Option<Input> {
        self.forget(exchange);
        Some(Input::Failed { exchange })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Datagram(socket, _) => socket.as_fd(),
            Self::Stream(stream, _) => stream.as_fd(),
        }
    }
}
