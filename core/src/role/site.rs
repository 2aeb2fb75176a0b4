//! What sessions share.

use super::config::{self, Cleartext, Config, Etrn, OwnQuota};
use super::directory::{self, Directory, Misconfigured};
use crate::address::{Domain, ForwardPath};
use crate::machine::Tls;
use crate::mx::Loopback;
use crate::queue::{self, Destination, Protection, Route, Routes};
use crate::sasl::Channel;
use crate::store::{Account, Allowance, Allowances};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

/// A mail system as its sessions see it: a snapshot of configuration and directory that they share.
#[derive(Clone, Debug)]
pub struct Site {
    /// What is configured.
    pub config: Config,
    /// Who has mail here.
    pub directory: Directory,
    /// Where mail for others goes. Whoever knows a route's password adds it with
    /// [`Routes::log_in`].
    pub routes: Routes,
}

impl Site {
    /// The site of `config`, with its aliases and without users. `secret` is
    /// [`Directory::new`]'s.
    ///
    /// # Errors
    /// If hostname, domains or aliases are wrong.
    pub fn new(config: Config, secret: [u8; 32]) -> Result<Self, Misconfigured> {
        Domain::parse(config.hostname.as_bytes(), true)
            .map_err(|why| Misconfigured(format!("the hostname `{}`: {why}", config.hostname)))?;
        let mut directory = Directory::new(&config.local_domains(), secret)?;
        for (from, targets) in &config.aliases {
            directory.add_alias(from, targets.addresses())?;
        }
        let mut routes = Routes::default();
        let mut hosts: BTreeMap<(&str, Option<u16>), (&String, &config::Route)> = BTreeMap::new();
        for (domain, route) in &config.routes {
            let twin = |it: &&String| *it != domain && it.eq_ignore_ascii_case(domain);
            if config.routes.keys().any(|it| twin(&it)) {
                return Err(Misconfigured(format!("the route of `{domain}` is there twice")));
            }
            routes.add(domain, read_route(domain, route)?);
            // Mail to one host and port goes by one way.
            let Some(host) = &route.host else { continue };
            let (first, other) = hosts.entry((host, route.port)).or_insert((domain, route));
            if (other.tls, &other.user) != (route.tls, &route.user) {
                return Err(Misconfigured(format!(
                    "the routes of `{first}` and `{domain}` lead to one host, but not alike"
                )));
            }
        }
        Ok(Self { config, directory, routes })
    }

    /// Where mail for `forward_path` goes: into the mailboxes here, or to other hosts; nowhere if it
    /// is at an address literal of an unknown kind.
    #[must_use]
    pub fn destination(&self, forward_path: &ForwardPath) -> Option<Destination> {
        match self.directory.route(forward_path) {
            directory::Route::Local(_) | directory::Route::Unknown => Some(Destination::Local),
            directory::Route::Elsewhere => self.routes.of_path(forward_path),
        }
    }

    /// What an account may have.
    #[must_use]
    pub fn allowance(&self, account: &Account) -> Allowance {
        self.config.quota.allowance(self.directory.quota(account))
    }

    /// What all accounts may have, for the store.
    #[must_use]
    pub fn allowances(&self) -> Allowances {
        let mut allowances = Allowances::new(self.config.quota.allowance(OwnQuota::default()));
        for (account, user) in self.directory.users() {
            if user.quota != OwnQuota::default() {
                allowances.set(account.clone(), self.config.quota.allowance(user.quota));
            }
        }
        allowances
    }

    /// What the queue goes by.
    #[must_use]
    pub fn queue_settings(&self) -> queue::Settings {
        let config = &self.config.queue;
        let each = |span: &config::Span| span.0;
        queue::Settings {
            retry: config.retry.iter().map(each).collect(),
            lifetime: config.lifetime.0,
            warn_after: config.warn_after.0,
            connections_per_host: config.connections_per_host,
            messages_per_connection: config.messages_per_connection,
            port: config.port,
            own: self.config.hostname.parse().into_iter().collect(),
            // On the port of transfer agents it is this host itself that listens there.
            loopback: match config.port {
                SMTP_PORT => Loopback::Refused,
                _ => Loopback::Allowed,
            },
            routes: self.routes.clone(),
            limits: self.config.limits.clone(),
        }
    }

    /// Whether `peer` may start the queue (RFC 1985), as a `user` who has logged in or as nobody.
    #[must_use]
    pub fn heeds_etrn(&self, peer: Peer, user: bool) -> bool {
        match self.config.smtp.etrn {
            Etrn::Never => false,
            Etrn::Loopback => user || peer.is_local(),
            Etrn::Always => true,
        }
    }

    /// What the connection to `peer` protects, given the TLS below it. Loopback counts as
    /// confidential where the configuration says so.
    #[must_use]
    pub fn channel(&self, peer: Peer, tls: Option<&Tls>) -> Channel {
        match tls {
            Some(tls) => Channel::from(tls),
            None if self.config.auth.cleartext == Cleartext::Loopback && peer.is_local() => {
                Channel::Confidential
            }
            None => Channel::Clear,
        }
    }
}

/// The port of a transfer agent (RFC 5321 §4.5.4.2).
const SMTP_PORT: u16 = 25;

fn read_route(domain: &str, route: &config::Route) -> Result<Route, Misconfigured> {
    let wrong = |why: &str| Err(Misconfigured(format!("the route of `{domain}`: {why}")));
    if domain != "*" && Domain::parse(domain.as_bytes(), true).is_err() {
        return wrong("that is not a domain");
    }
    if route.user.is_some() != route.password_file.is_some() {
        return wrong("`user` and `password_file` go together");
    }
    if route.port == Some(0) {
        return wrong("nobody listens on port 0");
    }
    let port = route.port.unwrap_or(SMTP_PORT);
    let host = match &route.host {
        None if route.port.is_some() => return wrong("a `port` goes with a `host`"),
        None => None,
        Some(host) => match format!("{host}:{port}").parse() {
            Ok(Destination::Host(host, port)) => Some((host, port)),
            _ if host.parse::<IpAddr>().is_ok() => Some((host.to_ascii_lowercase(), port)),
            _ => return wrong("its host is neither a name nor an address"),
        },
    };
    let is_here = |host: &str| host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
    if route.user.is_some()
        && route.tls == Protection::None
        && !host.as_ref().is_some_and(|(host, _)| is_here(host))
    {
        return wrong("a login needs `tls`, or everybody on the way reads the password");
    }
    Ok(Route { host, protection: route.tls, credentials: None })
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// A host, by its address.
    Host(IpAddr),
    /// A program on this machine, through a UNIX socket.
    Socket,
}

impl Peer {
    /// Whether no network lies in between.
    #[must_use]
    pub fn is_local(self) -> bool {
        match self {
            Self::Host(address) => address.to_canonical().is_loopback(),
            Self::Socket => true,
        }
    }

    /// The address, if it is a host.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Host(address) => Some(address),
            Self::Socket => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(address) => address.to_canonical().fmt(f),
            Self::Socket => f.write_str("socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn site(routes: &[(&str, config::Route)]) -> Result<Site, String> {
        let routes = routes.iter().map(|(domain, route)| (String::from(*domain), route.clone()));
        let config = Config { routes: routes.collect(), ..Config::default() };
        Site::new(config, [7; 32]).map_err(|why| format!("{why}"))
    }

    fn route(host: Option<&str>, port: Option<u16>, user: Option<&str>) -> config::Route {
        let user = user.map(String::from);
        let password_file = user.as_ref().map(|_| String::from("password"));
        config::Route {
            host: host.map(String::from),
            port,
            user,
            password_file,
            ..Default::default()
        }
    }

    #[test]
    fn routes_that_cannot_be_are_refused() {
        let host = Some("relay.example.org");
        let lone = config::Route { user: Some("ann".into()), ..route(host, None, None) };
        let bare = config::Route { tls: Protection::None, ..route(host, None, Some("ann")) };
        for (routes, why) in [
            (vec![("not a domain", route(host, None, None))], "that is not a domain"),
            (vec![("*", route(None, Some(25), None))], "a `port` goes with a `host`"),
            (vec![("*", route(Some("a b"), None, None))], "neither a name nor an address"),
            (vec![("*", lone)], "`user` and `password_file` go together"),
            (vec![("*", route(host, Some(0), None))], "nobody listens on port 0"),
            (vec![("*", bare)], "a login needs `tls`"),
            (
                vec![
                    ("a.example", route(host, None, None)),
                    ("A.example", route(host, None, None)),
                ],
                "twice",
            ),
            (
                vec![
                    ("*", route(host, None, Some("ann"))),
                    ("example.net", route(host, None, None)),
                ],
                "lead to one host, but not alike",
            ),
        ] {
            let said = site(&routes).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn routes_to_one_host_that_are_alike_are_fine() {
        let strict = config::Route { tls: Protection::Require, ..route(Some("mx"), None, None) };
        let other = config::Route { tls: Protection::None, ..route(Some("mx"), Some(2525), None) };
        let routes = [("a.example", strict.clone()), ("b.example", strict), ("c.example", other)];
        assert!(site(&routes).is_ok());
    }
}
