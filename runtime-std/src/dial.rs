//! Connecting to another host, by whichever of its addresses answers first.

use crate::clock;
use crate::listener::Stream;
use crate::session::{Call, Inbox, sleep};
use postroad_core::limits::Limits;
use postroad_core::machine::Machine;
use postroad_core::mx::{Dialled, Dialling, Race};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};

/// Why there is no connection.
#[derive(Debug)]
pub enum NotDialled {
    /// No address answered. Why, of each.
    Lost(Vec<(SocketAddr, String)>),
    /// The system failed, or shuts down.
    Gone(io::Error),
}

impl fmt::Display for NotDialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(attempts) if attempts.is_empty() => f.write_str("the host has no address"),
            Self::Lost(attempts) => {
                for (number, (address, why)) in attempts.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    write!(f, "{comma}{address}: {why}")?;
                }
                Ok(())
            }
            Self::Gone(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotDialled {}

/// Connects to one of `addresses`, the preferred one first (RFC 8305 §5). [`Call::Shutdown`] in
/// `inbox` ends the attempt; every call is there again at the end.
///
/// # Errors
/// [`NotDialled`], if that is not possible.
pub fn dial(
    addresses: Vec<SocketAddr>,
    limits: &Limits,
    inbox: &Inbox,
) -> Result<Stream, NotDialled> {
    let mut calls = BTreeSet::new();
    let outcome = compete(addresses, limits, inbox, &mut calls);
    calls.into_iter().for_each(|call| inbox.leave(call));
    outcome
}

/// Has the addresses compete. The calls that came meanwhile are put into `calls`: in the inbox they
/// would not let the thread sleep.
fn compete(
    addresses: Vec<SocketAddr>,
    limits: &Limits,
    inbox: &Inbox,
    calls: &mut BTreeSet<Call>,
) -> Result<Stream, NotDialled> {
    let mut race = Race::new(clock::now(), addresses, limits.connect_head_start, limits.connect);
    let mut running: BTreeMap<usize, TcpStream> = BTreeMap::new();
    loop {
        while let Some(dialling) = race.poll() {
            match dialling {
                Dialling::Connect { attempt, address } => match begin(address) {
                    Ok(stream) => {
                        running.insert(attempt, stream);
                    }
                    Err(error) => fail(&mut race, attempt, &error),
                },
                Dialling::Abandon { attempt } => {
                    running.remove(&attempt);
                }
                Dialling::Won { attempt, address } => {
                    let Some(stream) = running.remove(&attempt) else { continue };
                    return Stream::tcp(stream, address).map_err(NotDialled::Gone);
                }
                Dialling::Lost(attempts) => return Err(NotDialled::Lost(attempts)),
            }
        }
        wait(&mut race, &mut running, inbox).map_err(NotDialled::Gone)?;
        calls.extend(inbox.take());
        if calls.contains(&Call::Shutdown) {
            return Err(NotDialled::Gone(io::Error::other("the system shuts down")));
        }
    }
}

/// Connects to one of the addresses of `host`, which is a name or an address. Names are resolved as
/// by every program on this machine, so also by `/etc/hosts`.
///
/// # Errors
/// [`NotDialled`], if that is not possible.
pub fn connect(host: &str, port: u16, limits: &Limits) -> Result<Stream, NotDialled> {
    let addresses = (host, port).to_socket_addrs().map_err(NotDialled::Gone)?;
    dial(addresses.collect(), limits, &Inbox::new().map_err(NotDialled::Gone)?)
}

/// Sleeps until something has happened, and tells the race.
fn wait(
    race: &mut Race,
    running: &mut BTreeMap<usize, TcpStream>,
    inbox: &Inbox,
) -> io::Result<()> {
    let attempts: Vec<usize> = running.keys().copied().collect();
    let mut fds = vec![PollFd::new(inbox, PollFlags::IN)];
    fds.extend(running.values().map(|stream| PollFd::new(stream, PollFlags::OUT)));
    sleep(&mut fds, race.poll_timeout())?;
    let ready: Vec<bool> = fds[1..].iter().map(|fd| !fd.revents().is_empty()).collect();
    let now = clock::now();
    for (attempt, _) in attempts.into_iter().zip(ready).filter(|(_, ready)| *ready) {
        let Some(stream) = running.get(&attempt) else { continue };
        match stream.take_error()? {
            None => race.handle(now, Dialled::Connected { attempt }),
            Some(error) => {
                running.remove(&attempt);
                fail(race, attempt, &error);
            }
        }
    }
    if race.poll_timeout().is_some_and(|deadline| deadline <= now) {
        race.handle_timeout(now);
    }
    Ok(())
}

fn fail(race: &mut Race, attempt: usize, error: &io::Error) {
    let why = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::CONNREFUSED) => "connection refused".into(),
        Some(Errno::HOSTUNREACH) => "no route to the host".into(),
        Some(Errno::NETUNREACH) => "the network is unreachable".into(),
        Some(Errno::TIMEDOUT) => "the connection timed out".into(),
        _ => error.to_string(),
    };
    race.handle(clock::now(), Dialled::Failed { attempt, why });
}

/// Begins to connect, without waiting for it.
pub(crate) fn begin(address: SocketAddr) -> io::Result<TcpStream> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn whoever_answers_is_connected_to() {
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Inbox::new().unwrap();
        let stream = dial(vec![deaf, address], &Limits::DEFAULT, &inbox).unwrap();
        assert_eq!(stream.peer(), Some(address));
    }

    #[test]
    fn calls_are_left_for_the_session_to_come() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let inbox = Inbox::new().unwrap();
        for address in [listener.local_addr().unwrap(), deaf] {
            inbox.leave(Call::News);
            let _ = dial(vec![address], &Limits::DEFAULT, &inbox);
            assert_eq!(inbox.take().collect::<Vec<_>>(), [Call::News]);
        }
    }

    #[test]
    fn every_address_says_why_not() {
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let inbox = Inbox::new().unwrap();
        let why = dial(vec![deaf], &Limits::DEFAULT, &inbox).unwrap_err().to_string();
        assert_eq!(why, format!("{deaf}: connection refused"));
        let why = dial(vec![], &Limits::DEFAULT, &inbox).unwrap_err().to_string();
        assert_eq!(why, "the host has no address");
    }

    #[test]
    fn shutdown_ends_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inbox = Inbox::new().unwrap();
        inbox.leave(Call::Shutdown);
        let addresses = vec![listener.local_addr().unwrap()];
        let outcome = dial(addresses, &Limits::DEFAULT, &inbox);
        assert!(matches!(outcome, Err(NotDialled::Gone(_))));
        assert_eq!(inbox.take().collect::<Vec<_>>(), [Call::Shutdown], "for whoever waits next");
    }
}
