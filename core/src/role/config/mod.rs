//! The configuration of a mail system: pure types, which a host reads from a file.
//!
//! Every part has a safe default, so an empty configuration is a working one.

mod outgoing;
mod quota;

use crate::limits::Limits;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

pub use outgoing::{Dns, Queue, Route, Span};
pub use quota::{Bound, OwnQuota, Quota, Size};

/// Everything that can be configured.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Config {
    /// The name that the system goes by in greetings, trace fields and its certificate.
    pub hostname: String,
    /// The folder that holds all that the system writes.
    pub data: String,
    /// The domains that have mail here; the hostname alone, if there is none.
    pub domains: Vec<String>,
    /// Where to listen.
    pub listen: Listen,
    /// The certificate; a self-signed one is made, if there is none.
    pub tls: TlsFiles,
    /// How users prove who they are.
    pub auth: Auth,
    /// What the SMTP server says.
    pub smtp: Smtp,
    /// What the IMAP server says of itself.
    pub imap: Imap,
    /// Whom to ask for names.
    pub dns: Dns,
    /// Where mail for other domains goes, where that is not what DNS says; `*` is every domain that
    /// is not named here.
    pub routes: BTreeMap<String, Route>,
    /// How mail that leaves is tried.
    pub queue: Queue,
    /// What every account may have that has no quota of its own.
    pub quota: Quota,
    /// The limits in force.
    pub limits: Limits,
    /// From `name@domain`, `@domain` (whoever is otherwise unknown there) or `name` (in every
    /// domain) to the addresses that get the mail.
    pub aliases: BTreeMap<String, Targets>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hostname: "postroad.localhost".into(),
            data: "postroad-data".into(),
            domains: Vec::new(),
            listen: Listen::loopback(),
            tls: TlsFiles::default(),
            auth: Auth::default(),
            smtp: Smtp::default(),
            imap: Imap::default(),
            dns: Dns::default(),
            routes: BTreeMap::new(),
            queue: Queue::default(),
            quota: Quota::default(),
            limits: Limits::default(),
            aliases: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The local domains: those configured, or the hostname.
    #[must_use]
    pub fn local_domains(&self) -> Vec<&str> {
        if self.domains.is_empty() {
            return vec![&self.hostname];
        }
        self.domains.iter().map(String::as_str).collect()
    }

    /// What can't work of what is configured for mail that leaves, in words.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        outgoing::problems(&self.dns, &self.queue)
    }
}

/// Where to listen: each a list of `ip:port`, or a path for a UNIX socket. An empty list is off.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Listen {
    /// Mail from other hosts.
    pub smtp: Vec<String>,
    /// Mail from users, with STARTTLS.
    pub submission: Vec<String>,
    /// Mail from users, TLS from the start.
    pub submissions: Vec<String>,
    /// Mail from a local transfer agent, by LMTP.
    pub lmtp: Vec<String>,
    /// IMAP, with STARTTLS.
    pub imap: Vec<String>,
    /// IMAP, TLS from the start.
    pub imaps: Vec<String>,
    /// POP3, with STLS.
    pub pop3: Vec<String>,
    /// POP3, TLS from the start.
    pub pop3s: Vec<String>,
}

impl Listen {
    /// Every service, on loopback and on ports that need no privilege.
    #[must_use]
    pub fn loopback() -> Self {
        let at = |port: u16| vec![alloc::format!("127.0.0.1:{port}")];
        Self {
            smtp: at(2525),
            submission: at(2587),
            submissions: at(2465),
            lmtp: at(2424),
            imap: at(2143),
            imaps: at(2993),
            pop3: at(2110),
            pop3s: at(2995),
        }
    }
}

/// The certificate and its key, both or none, and whom to trust: each a PEM file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: Option<String>,
    /// The private key.
    pub key: Option<String>,
    /// Certificates that are believed where mail leaves by TLS, besides those of the public
    /// authorities.
    pub trust: Option<String>,
}

/// How users prove who they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Auth {
    /// Whether a login without TLS is possible.
    pub cleartext: Cleartext,
}

/// When a login without TLS is possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Cleartext {
    /// Never.
    #[default]
    Never,
    /// From the machine itself.
    Loopback,
}

/// What the SMTP server says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Smtp {
    /// The text behind the hostname in the greeting.
    pub greeting: Option<String>,
    /// The extensions to announce, as EHLO spells them and in this order; all, if there is none.
    pub extensions: Option<Vec<String>>,
    /// Whether VRFY tells who has mail here.
    pub vrfy: Vrfy,
    /// Who may start the queue for a domain with ETRN.
    pub etrn: Etrn,
}

/// What the IMAP server says of itself (RFC 5464 §6.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Imap {
    /// How the administrator is reached, a URI: `mailto:postmaster@example.org`.
    pub admin: Option<String>,
    /// What users are to know.
    pub comment: Option<String>,
}

/// What VRFY is answered (RFC 5321 §3.5.3, §7.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Vrfy {
    /// Always 252, which tells nothing.
    #[default]
    Off,
    /// 250 or 550.
    On,
}

/// Whose ETRN is heeded (RFC 1985).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Etrn {
    /// Nobody's.
    Never,
    /// That of programs on this machine and of users who have logged in.
    #[default]
    Loopback,
    /// Everybody's.
    Always,
}

/// Where an alias leads.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(untagged))]
pub enum Targets {
    /// To one address.
    One(String),
    /// To several.
    Many(Vec<String>),
}

impl Targets {
    /// The addresses.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        match self {
            Self::One(address) => core::slice::from_ref(address),
            Self::Many(addresses) => addresses,
        }
    }
}
