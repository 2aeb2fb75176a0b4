//! Whom to ask: /etc/resolv.conf.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The port of a name server (RFC 1035 §4.2).
const PORT: u16 = 53;
/// Name servers that are used (resolv.conf(5): MAXNS).
const MOST: usize = 3;

/// The name servers that a resolv.conf(5) names, three at the most; the one on this host if it
/// names none. Everything else in the file is ignored, `search` above all: mail's names are whole.
///
/// A scope stays with its address if it is a number. One that is an interface's name cannot be
/// looked up here: a link-local address is left out then, and of another it is dropped.
///
/// ```
/// use postroad_core::dns::resolv_conf;
/// let servers = resolv_conf("# by hand\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n");
/// assert_eq!(servers[0].to_string(), "192.0.2.53:53");
/// assert_eq!(servers[1].to_string(), "[2001:db8::53]:53");
/// assert_eq!(resolv_conf("")[0].to_string(), "127.0.0.1:53");
/// ```
#[must_use]
pub fn resolv_conf(text: &str) -> Vec<SocketAddr> {
    let servers: Vec<_> = text.lines().filter_map(name_server).take(MOST).collect();
    if servers.is_empty() { vec![(Ipv4Addr::LOCALHOST, PORT).into()] } else { servers }
}

fn name_server(line: &str) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace();
    let keyword = words.next()?;
    // resolv.conf(5): the keyword must start the line.
    if keyword != "nameserver" || !line.starts_with(keyword) {
        return None;
    }
    let word = words.next()?;
    let Some((address, scope)) = word.split_once('%') else {
        return Some(SocketAddr::new(word.parse::<IpAddr>().ok()?, PORT));
    };
    let address: Ipv6Addr = address.parse().ok()?;
    let scope = match scope.parse() {
        Ok(scope) => scope,
        Err(_) if address.is_unicast_link_local() => return None,
        Err(_) => 0,
    };
    Some(SocketAddrV6::new(address, PORT, 0, scope).into())
}
