//! The demo's own DNS: a server on loopback for the zones of both systems.

use postroad_core::dns::{Name, Record, Transport, Zone};
use postroad_runtime_std::session::{Call, Inbox};
use rustix::event::{PollFd, PollFlags, poll};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Seconds that an answer may be remembered.
const TTL: u32 = 60;
/// Octets that the longest query takes.
const QUERY: usize = 4096;

/// A name server that runs.
pub struct Names {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    thread: JoinHandle<io::Result<()>>,
}

impl Names {
    /// Answers for `domains`, whose mail exchangers are `mx` in each, on this machine.
    ///
    /// # Errors
    /// If there is no socket to be had.
    pub fn start(domains: &[&str]) -> io::Result<Self> {
        // One zone for the whole world: of whatever is not in it, it is known that it is not.
        let mut zone = Zone::new(Name::root(), TTL);
        for domain in domains {
            let (Ok(name), Ok(exchange)) = (domain.parse(), format!("mx.{domain}").parse::<Name>())
            else {
                continue;
            };
            zone.add(name, Record::Mx { preference: 10, exchange: exchange.clone() });
            zone.add(exchange, Record::A(Ipv4Addr::LOCALHOST));
        }
        let socket = UdpSocket::bind((IpAddr::from(Ipv4Addr::LOCALHOST), 0))?;
        let (address, inbox) = (socket.local_addr()?, Arc::new(Inbox::new()?));
        let own = inbox.clone();
        let thread = thread::spawn(move || answer(&socket, &zone, &own));
        Ok(Self { address, inbox, thread })
    }

    /// Where it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers no more.
    pub fn stop(self) {
        self.inbox.leave(Call::Shutdown);
        let _ = self.thread.join();
    }
}

fn answer(socket: &UdpSocket, zone: &Zone, inbox: &Inbox) -> io::Result<()> {
    let mut query = [0; QUERY];
    loop {
        let mut fds = [PollFd::new(inbox, PollFlags::IN), PollFd::new(socket, PollFlags::IN)];
        poll(&mut fds, None)?;
        if !fds[0].revents().is_empty() {
            return Ok(());
        }
        let (count, from) = socket.recv_from(&mut query)?;
        if let Some(octets) = zone.answer(&query[..count], Transport::Datagram) {
            socket.send_to(&octets, from)?;
        }
    }
}
