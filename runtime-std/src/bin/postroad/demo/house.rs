//! A complete mail system of the demo's: everything that `postroad serve` runs, in a folder of its
//! own and on ports that the system chooses.

use crate::settings::Settings;
use crate::users::Users;
use crate::{serve, user};
use postroad_core::machine::Instant;
use postroad_core::role::Report;
use postroad_core::role::config::{Cleartext, Config, Dns, Listen};
use postroad_core::secret::Secret;
use postroad_core::store::Account;
use postroad_runtime_std::clock;
use postroad_runtime_std::listener::Endpoint;
use postroad_runtime_std::server::{Server, Service};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long anything may take that a hop consists of.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// A mail system that runs.
pub struct House {
    /// Its domain.
    pub domain: &'static str,
    /// Its one user.
    pub account: Account,
    /// Whose password is this.
    pub password: Secret<String>,
    /// Its configuration.
    pub settings: Settings,
    server: Server,
    events: Receiver<(Instant, Report)>,
    /// What has happened so far.
    past: Vec<(Instant, Report)>,
}

/// What a system is to be like.
pub struct Plan {
    /// Its domain.
    pub domain: &'static str,
    /// The local-part of its user.
    pub user: &'static str,
    /// Its data folder.
    pub folder: PathBuf,
    /// The name server.
    pub names: SocketAddr,
    /// The port of the other system's transfer agent.
    pub port: u16,
}

impl House {
    /// Sets the system up and starts it.
    ///
    /// # Errors
    /// Says in words why it can't run.
    pub fn start(plan: Plan) -> Result<Self, String> {
        let Plan { domain, user, folder, names, port } = plan;
        let anywhere = || vec![String::from("127.0.0.1:0")];
        let mut config = Config {
            hostname: format!("mx.{domain}"),
            domains: vec![domain.into()],
            listen: Listen {
                smtp: anywhere(),
                submission: anywhere(),
                imap: anywhere(),
                pop3: anywhere(),
                ..Listen::default()
            },
            dns: Dns { servers: vec![names.to_string()] },
            ..Config::default()
        };
        config.auth.cleartext = Cleartext::Loopback;
        config.queue.port = port;
        // Whatever the disk has left is enough for a demonstration.
        config.queue.reserve = 0;
        let mut settings = Settings::of(config, folder);
        let mut entropy = clock::entropy().map_err(|error| error.to_string())?;
        let password = Secret::new(entropy.token(20));
        let account = Account::parse(&format!("{user}@{domain}")).map_err(|why| why.to_string())?;
        crate::durable::create_folder(&settings.data).map_err(|error| error.to_string())?;
        let row = user::hash(&password)?;
        Users::change(&settings.data, |users| {
            users.0.insert(account.clone(), row);
            Ok(())
        })?;
        let (sender, events) = channel();
        // Once the demo is over, nobody listens any more.
        let log = Arc::new(move |now, report: &Report| drop(sender.send((now, report.clone()))));
        let (server, _) = serve::start(settings.clone(), None, log, entropy)?;
        for (service, endpoint) in server.endpoints() {
            if *service == Service::Submission {
                settings.config.listen.submission = vec![endpoint.to_string()];
            }
        }
        Ok(Self { domain, account, password, settings, server, events, past: Vec::new() })
    }

    /// Where `service` listens.
    ///
    /// # Errors
    /// If it does not.
    pub fn address(&self, service: Service) -> Result<SocketAddr, String> {
        let mut endpoints = self.server.endpoints().iter();
        match endpoints.find(|(it, _)| *it == service) {
            Some((_, Endpoint::Tcp(address))) => Ok(*address),
            _ => Err(format!("{}: {} is not served", self.domain, service.name())),
        }
    }

    /// Waits until an event has happened of which `wanted` holds.
    ///
    /// # Errors
    /// If it does not happen in time.
    pub fn wait(
        &mut self,
        event: &str,
        wanted: impl Fn(&Report) -> bool,
    ) -> Result<(Instant, Report), String> {
        let is_it = |(_, report): &&(Instant, Report)| report.event == event && wanted(report);
        if let Some(past) = self.past.iter().find(is_it) {
            return Ok(past.clone());
        }
        let end = clock::now() + PATIENCE;
        loop {
            let left = end.since(clock::now());
            let happened = self.events.recv_timeout(left).map_err(|_| {
                format!("{}: `{event}` did not happen within {} s", self.domain, PATIENCE.as_secs())
            })?;
            self.past.push(happened.clone());
            if is_it(&&happened) {
                return Ok(happened);
            }
        }
    }

    /// The dialogue that was had with other hosts about a message.
    pub fn dialogue(&self, id: &str) -> Vec<String> {
        let said = |(_, report): &(Instant, Report)| {
            (report.event == "dialogue" && field(report, "id") == id)
                .then(|| field(report, "line").to_string())
        };
        self.past.iter().filter_map(said).collect()
    }

    /// Ends in good order.
    ///
    /// # Errors
    /// If something does not end.
    pub fn stop(self) -> Result<(), String> {
        match self.server.stop(PATIENCE) {
            0 => Ok(()),
            cut => Err(format!("{}: {cut} sessions did not end", self.domain)),
        }
    }
}

/// A field of an event; empty, if it has none of that name.
pub fn field<'a>(report: &'a Report, name: &str) -> &'a str {
    report.fields.iter().find(|(it, _)| *it == name).map_or("", |(_, value)| value)
}
