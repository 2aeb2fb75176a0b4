//! What is configured of mail that leaves: DNS, routes, the queue.

use crate::queue::{self, Protection};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

/// Whom to ask for names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Dns {
    /// The servers, each `ip:port`; those of `/etc/resolv.conf`, if there is none.
    pub servers: Vec<String>,
}

/// Where mail for a domain goes, and how.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Route {
    /// The host to connect to, a name or an address; the domain's own, by its MX records, if there
    /// is none.
    pub host: Option<String>,
    /// The port on that host; 25, if there is none.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub tls: Protection,
    /// Whom to log in as; nobody, if there is none.
    pub user: Option<String>,
    /// The file with the password, on its first line.
    pub password_file: Option<String>,
}

/// How mail that leaves is tried.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Queue {
    /// How long to wait after each attempt that failed for now; the last one is repeated.
    pub retry: Vec<Span>,
    /// How long to try (RFC 5321 §4.5.4.1: at least 4 to 5 days).
    pub lifetime: Span,
    /// When to tell the sender of a delay.
    pub warn_after: Span,
    /// Connections to one destination at a time.
    pub connections_per_host: usize,
    /// Messages in one connection.
    pub messages_per_connection: u32,
    /// The port of other hosts' transfer agents. On any but 25, a domain may name this host's loopback
    /// addresses.
    pub port: u16,
    /// Octets of the disk that mail leaves free: below, new mail is refused for the time being, and what
    /// is queued for mailboxes here waits.
    pub reserve: u64,
    /// How long the story of a message is kept.
    pub trace: Span,
    /// Octets that all stories may take.
    pub trace_size: u64,
}

impl Default for Queue {
    fn default() -> Self {
        let settings = queue::Settings::default();
        Self {
            retry: settings.retry.into_iter().map(Span).collect(),
            lifetime: Span(settings.lifetime),
            warn_after: Span(settings.warn_after),
            connections_per_host: settings.connections_per_host,
            messages_per_connection: settings.messages_per_connection,
            port: settings.port,
            reserve: 64 * 1024 * 1024,
            trace: Span(Duration::from_secs(14 * 24 * 60 * 60)),
            trace_size: 256 * 1024 * 1024,
        }
    }
}

/// A length of time, written as a number and `s`, `m`, `h` or `d`.
///
/// ```
/// use core::time::Duration;
/// use postroad_core::role::config::Span;
/// assert_eq!("90s".parse(), Ok(Span(Duration::from_secs(90))));
/// assert_eq!(Span(Duration::from_secs(14_400)).to_string(), "4h");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Span(pub Duration);

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of time; write it as 90s, 5m, 4h or 5d");
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let (_, seconds) = UNITS.into_iter().find(|(known, _)| *known == unit).ok_or_else(wrong)?;
        let number = text[..text.len() - 1].parse::<u64>().map_err(|_| wrong())?;
        number.checked_mul(seconds).map(Duration::from_secs).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format!("{span}")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let whole = |(_, unit): &(char, u64)| seconds.is_multiple_of(*unit) && seconds > 0;
        let (name, unit) = UNITS.into_iter().find(whole).unwrap_or(('s', 1));
        write!(f, "{}{name}", seconds / unit)
    }
}

/// Of what is configured here, whatever can't work, in words.
pub(super) fn problems(dns: &Dns, queue: &Queue) -> Vec<String> {
    let mut problems = vec![];
    for server in &dns.servers {
        let parsed = server.parse::<core::net::SocketAddr>();
        if parsed.is_err() || parsed.is_ok_and(|server| server.port() == 0) {
            problems.push(format!("[dns] servers: `{server}` is not `ip:port`"));
        }
    }
    if queue.retry.is_empty() || queue.retry.iter().any(|span| span.0.is_zero()) {
        problems.push("[queue] retry: give at least one time, and none of zero".into());
    }
    if queue.port == 0 {
        problems.push("[queue] port: nobody listens on port 0".into());
    }
    for (name, span) in
        [("lifetime", queue.lifetime), ("warn_after", queue.warn_after), ("trace", queue.trace)]
    {
        if span.0.is_zero() {
            problems.push(format!("[queue] {name}: give a time, and none of zero"));
        }
    }
    for (name, none) in [
        ("connections_per_host", queue.connections_per_host == 0),
        ("messages_per_connection", queue.messages_per_connection == 0),
    ] {
        if none {
            problems.push(format!("[queue] {name}: with 0 no mail would ever leave"));
        }
    }
    problems
}
