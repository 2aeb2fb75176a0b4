//! The server that mail is handed to: where it is, how it is spoken to, who we are there.

use super::errand::{Errand, Event, Outcome};
use super::place::Place;
use crate::certificate::{Files, certificates};
use crate::serve::reachable;
use crate::settings::Settings;
use clap::ValueEnum;
use postroad_core::address::AddressLiteral;
use postroad_core::limits::Limits;
use postroad_core::message::compose::Content;
use postroad_core::sasl::{Channel, Credentials};
use postroad_core::secret::Secret;
use postroad_core::smtp::client::{Config, Envelope, Failure, Stage, StartTls, Why};
use postroad_core::smtp::{Client, Protocol};
use postroad_core::tls::{Secured, Side, Trust, client_config};
use postroad_runtime_std::clock;
use postroad_runtime_std::dial;
use postroad_runtime_std::listener::{Endpoint, Stream};
use rustls_pki_types::ServerName;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

/// How the connection is secured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all
    None,
    /// By STARTTLS if the server has it, whoever it is
    May,
    /// By STARTTLS, with a certificate that is checked
    Require,
    /// From the start, with a certificate that is checked
    Implicit,
}

/// Who logs in, and what proves it.
pub type Login = (String, Secret<String>);

/// Everything that a connection needs.
#[derive(Debug)]
pub struct Access {
    /// A name or an address.
    pub host: String,
    /// Which port.
    pub port: u16,
    /// The name that the server's certificate is to bear.
    pub name: String,
    /// Whether it is the server of our configuration.
    pub is_own: bool,
    /// Secured how.
    pub tls: Tls,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Who we are.
    pub login: Option<Login>,
    /// Whether the dialogue is shown.
    pub verbose: bool,
}

impl Access {
    /// The access to `place`, by the rules that are safe: whoever logs in does so by TLS, on the
    /// submission port unless another is told; port 465 begins with TLS (RFC 8314 §3.3).
    ///
    /// # Errors
    /// If a password could be read on the way.
    pub fn new(
        place: &Place,
        tls: Option<Tls>,
        login: Option<Login>,
        trust: Trust,
    ) -> Result<Self, String> {
        let port = match (place.port, tls, &login) {
            (Some(port), ..) => port,
            (None, Some(Tls::Implicit), _) => 465,
            (None, _, Some(_)) => 587,
            (None, _, None) => 25,
        };
        let tls = match (tls, port, &login) {
            (Some(tls), ..) => tls,
            (None, 465, _) => Tls::Implicit,
            (None, _, Some(_)) => Tls::Require,
            (None, 587, None) if !place.is_loopback() => Tls::Require,
            (None, _, None) => Tls::May,
        };
        if login.is_some() && tls == Tls::May {
            return Err("whoever logs in needs TLS: `require` or `implicit`; or `none`, if the \
                 server is on this machine"
                .into());
        }
        let host = place.host.clone();
        let (name, is_own, verbose) = (host.clone(), false, false);
        Ok(Self { host, port, name, is_own, tls, trust, login, verbose })
    }

    /// The access to the server of this configuration: to submission for whoever logs in, and
    /// otherwise to where it takes mail for local users. Its certificate is believed, if `trust` does
    /// not say otherwise.
    ///
    /// # Errors
    /// If it listens nowhere for that, or a password could be read on the way.
    pub fn local(
        settings: &Settings,
        tls: Option<Tls>,
        login: Option<Login>,
        trust: Option<Trust>,
    ) -> Result<Self, String> {
        let listen = &settings.config.listen;
        let doors = match (&login, tls) {
            (_, Some(Tls::Implicit)) => vec![(&listen.submissions, Tls::Implicit)],
            (None, _) => vec![(&listen.smtp, Tls::May)],
            (Some(_), _) => {
                vec![(&listen.submission, Tls::Require), (&listen.submissions, Tls::Implicit)]
            }
        };
        let found = doors.iter().find_map(|(places, usual)| Some((first(places)?, *usual)));
        let (address, usual) = found.ok_or_else(|| {
            let service = if login.is_some() { "submission" } else { "smtp" };
            format!("[listen] {service}: there is no TCP address to send to; --server names one")
        })?;
        let usual = match usual {
            // Nobody reads along on the way to the same machine.
            Tls::May if address.ip().is_loopback() => Tls::None,
            usual => usual,
        };
        let trust = trust.unwrap_or_else(|| own_trust(settings));
        let access = Self::new(&address.into(), Some(tls.unwrap_or(usual)), login, trust)?;
        Ok(Self { name: settings.config.hostname.clone(), is_own: true, ..access })
    }

    /// Hands `content` over. A server whose TLS does not work gets it without, if it only `may` be.
    ///
    /// # Errors
    /// Says in words why there was no dialogue at all.
    pub fn submit(
        &self,
        envelope: &Envelope,
        content: &Content<'_>,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, String> {
        let outcome = self.attempt(self.tls, envelope, content, watch)?;
        let failed = Failure { stage: Stage::StartTls, why: Why::Lost };
        match outcome.end.as_ref().err().unwrap_or(&failed).why {
            // RFC 7435 §3: whoever reads along may as well read the whole.
            Why::Tls(_) if self.tls == Tls::May => {
                self.attempt(Tls::None, envelope, content, watch)
            }
            _ => Ok(outcome),
        }
    }

    fn attempt(
        &self,
        tls: Tls,
        envelope: &Envelope,
        content: &Content<'_>,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, String> {
        let limits = Limits::default();
        let wrong = |why: &dyn fmt::Display| format!("{why}; nothing was sent");
        let mut stream = dial::connect(&self.host, self.port, &limits)
            .map_err(|error| wrong(&format_args!("no connection to {self}: {error}")))?;
        let mut session =
            self.session(tls, &stream).map_err(|why| wrong(&format_args!("{self}: {why}")))?;
        Errand::new(envelope.clone(), content, watch)
            .run(&mut session, &mut stream, limits.client_block)
            .map_err(|error| format!("{self}: {error}"))
    }

    fn session(&self, tls: Tls, stream: &Stream) -> Result<Secured<Client>, String> {
        let now = clock::now();
        let local = stream.local().map_err(|error| error.to_string())?;
        let local = local.ok_or("there is no address to greet with")?;
        let mut config = Config::new(AddressLiteral::from(local.ip()).into(), Protocol::Smtp);
        config.start_tls = match tls {
            Tls::None => StartTls::Never,
            Tls::May => StartTls::Opportunistic,
            Tls::Require | Tls::Implicit => StartTls::Required,
        };
        config.dialogue = self.verbose;
        if let Some((user, password)) = &self.login {
            config = config.with_credentials(Credentials::Password {
                authcid: user.clone(),
                authzid: None,
                password: password.clone(),
            });
        }
        let at_home = stream.peer().is_some_and(|peer| peer.ip().is_loopback());
        let channel = match tls {
            Tls::None if at_home => Channel::Confidential,
            _ => Channel::Clear,
        };
        let patience = config.limits.tls_handshake;
        let entropy = clock::entropy().map_err(|error| error.to_string())?;
        let client = Client::new(now, config.into(), channel, entropy);
        let side = self.side(tls, stream)?;
        Ok(match tls {
            Tls::Implicit => Secured::starting_secured(now, client, side, patience),
            _ => Secured::starting_clear(now, client, side, patience),
        })
    }

    fn side(&self, tls: Tls, stream: &Stream) -> Result<Side, String> {
        let trust = match tls {
            Tls::None | Tls::May => Trust::Anything,
            Tls::Require | Tls::Implicit => self.trust.clone(),
        };
        let name = match (ServerName::try_from(self.name.clone()), &trust, stream.peer()) {
            (Ok(name), ..) => name,
            // Nobody checks it.
            (Err(_), Trust::Anything, Some(peer)) => ServerName::IpAddress(peer.ip().into()),
            (Err(_), ..) => return Err("no certificate can bear such a name".into()),
        };
        let config = client_config(trust).map_err(|error| error.to_string())?;
        Ok(Side::Client { config, name })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Place { host: self.host.clone(), port: Some(self.port) }.fmt(f)
    }
}

/// Where a program on this machine reaches the first TCP listener of `places`.
fn first(places: &[String]) -> Option<SocketAddr> {
    places.iter().find_map(|place| match Endpoint::parse(place) {
        Ok(Endpoint::Tcp(address)) => Some(reachable(address)),
        _ => None,
    })
}

/// Trust in the public authorities and in the configured certificate, if we may read it.
fn own_trust(settings: &Settings) -> Trust {
    let own =
        Files::of(settings).ok().and_then(|files| trust(Some(&files.certificate), false).ok());
    own.flatten().unwrap_or(Trust::Roots)
}

/// What to trust: the public authorities and those of a PEM file; or, being told so, anything.
/// Nothing, if nothing was told.
///
/// # Errors
/// Says what is wrong with the file.
pub fn trust(ca: Option<&Path>, insecure: bool) -> Result<Option<Trust>, String> {
    match ca {
        _ if insecure => Ok(Some(Trust::Anything)),
        None => Ok(None),
        Some(path) => Ok(Some(Trust::RootsAnd(certificates(path)?))),
    }
}

/// The password in the first line of a file.
///
/// # Errors
/// If it can't be read.
pub fn password(path: &Path) -> Result<Secret<String>, String> {
    let text = std::fs::read_to_string(path);
    let text = text.map(Secret::new).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.expose().lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(format!("{}: there is no password in its first line", path.display()));
    }
    Ok(Secret::new(line.to_string()))
}
