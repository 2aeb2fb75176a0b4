//! Where a message goes next, and by which way.

use crate::address::{AddressLiteral, Domain, ForwardPath, Host};
use crate::sasl::Credentials;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};
use core::str::FromStr;

/// What recipients share who can be reached in one connection.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Destination {
    /// The mailboxes of this system.
    Local,
    /// The hosts of a domain, by its MX records: A-labels in lower case.
    Domain(String),
    /// The host at this address.
    Literal(IpAddr),
    /// A host by its name or address, and its port.
    Host(String, u16),
}

/// The text of a destination can't be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoDestination(String);

impl fmt::Display for NoDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` is no destination; give a domain, `host:port` or an address in brackets"
        )
    }
}

impl core::error::Error for NoDestination {}

impl FromStr for Destination {
    type Err = NoDestination;

    /// Reads `local`, a domain, `[address]`, or `host:port`.
    fn from_str(text: &str) -> Result<Self, NoDestination> {
        let wrong = || NoDestination(text.into());
        if text == "local" {
            return Ok(Self::Local);
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && let Ok(port) = port.parse()
            && !host.is_empty()
        {
            let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
            let known =
                host.parse::<IpAddr>().is_ok() || Domain::parse(host.as_bytes(), true).is_ok();
            return known.then(|| Self::Host(host.to_ascii_lowercase(), port)).ok_or_else(wrong);
        }
        match text.parse::<Host>() {
            Ok(host) => Self::of_host(&host).ok_or_else(wrong),
            Err(_) => text
                .strip_prefix('[')
                .and_then(|it| it.strip_suffix(']'))
                .and_then(|it| it.parse::<Ipv6Addr>().ok())
                .map(|address| Self::Literal(address.into()))
                .ok_or_else(wrong),
        }
    }
}

/// As it is read.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Domain(domain) => f.write_str(domain),
            Self::Literal(address) => AddressLiteral::from(*address).fmt(f),
            Self::Host(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

impl Destination {
    /// Where mail for an address at `host` goes if nothing else is configured; nowhere if it is a
    /// literal of an unknown kind.
    #[must_use]
    pub fn of_host(host: &Host) -> Option<Self> {
        match host {
            Host::Domain(domain) => Some(Self::Domain(domain.ascii().to_ascii_lowercase())),
            Host::Literal(literal) => literal.ip().map(Self::Literal),
        }
    }
}

/// How the connection to a destination is protected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Protection {
    /// Not at all.
    None,
    /// By TLS if the host offers it, whoever it is (RFC 7435).
    #[default]
    May,
    /// By TLS with a certificate of the host's name that can be trusted, or not spoken to.
    Require,
}

/// A way that is configured.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The host and port to connect to; the domain's own, if there is none.
    pub host: Option<(String, u16)>,
    /// How the connection is protected.
    pub protection: Protection,
    /// Whom to log in as.
    pub credentials: Option<Credentials>,
}

/// Every way that is configured: which domain's mail goes where, and how.
///
/// ```
/// use postroad_core::queue::{Destination, Route, Routes};
/// let mut routes = Routes::default();
/// let smarthost = Route { host: Some(("relay.example.org".into(), 587)), ..Route::default() };
/// routes.add("*", smarthost);
/// routes.add("example.net", Route::default());
/// let to = |path: &str| routes.destination(&path.parse().unwrap()).unwrap().to_string();
/// assert_eq!(to("bob@example.com"), "relay.example.org:587");
/// assert_eq!(to("bob@example.net"), "example.net");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Routes {
    by_domain: BTreeMap<String, Arc<Route>>,
    rest: Option<Arc<Route>>,
}

impl Routes {
    /// Adds the way to `domain`; `*` is every domain that has none of its own.
    pub fn add(&mut self, domain: &str, route: Route) {
        let route = Arc::new(route);
        if domain == "*" {
            self.rest = Some(route);
        } else {
            let ascii = Domain::parse(domain.as_bytes(), true).map(|it| it.ascii().to_string());
            let domain = ascii.unwrap_or_else(|_| domain.into());
            self.by_domain.insert(domain.to_ascii_lowercase(), route);
        }
    }

    /// Lets whoever takes the way to `domain` log in there.
    pub fn log_in(&mut self, domain: &str, credentials: Credentials) {
        let route = match domain {
            "*" => self.rest.as_ref(),
            domain => self.by_domain.get(domain),
        };
        if let Some(route) = route.cloned() {
            self.add(domain, Route { credentials: Some(credentials), ..Route::clone(&route) });
        }
    }

    /// Where mail for a mailbox that is not here goes; nowhere if it lives at a literal of an unknown
    /// kind.
    #[must_use]
    pub fn destination(&self, mailbox: &crate::address::Mailbox) -> Option<Destination> {
        let own = Destination::of_host(&mailbox.host)?;
        let route = match &own {
            Destination::Domain(domain) => self.by_domain.get(domain).or(self.rest.as_ref()),
            _ => None,
        };
        Some(match route.and_then(|route| route.host.clone()) {
            Some((host, port)) => Destination::Host(host, port),
            None => own,
        })
    }

    /// The way to `destination`.
    #[must_use]
    pub fn route(&self, destination: &Destination) -> Arc<Route> {
        let found = match destination {
            Destination::Domain(domain) => self.by_domain.get(domain).or(self.rest.as_ref()),
            Destination::Host(host, port) => {
                let all = self.by_domain.values().chain(&self.rest);
                all.clone().find(|route| {
                    route.host.as_ref().is_some_and(|(name, number)| name == host && number == port)
                })
            }
            Destination::Local | Destination::Literal(_) => None,
        };
        found.cloned().unwrap_or_default()
    }

    /// Where mail for `forward_path` goes, given that it is not for here.
    #[must_use]
    pub fn of_path(&self, forward_path: &ForwardPath) -> Option<Destination> {
        self.destination(forward_path.mailbox()?)
    }
}
