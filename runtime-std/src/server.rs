//! The mail system on threads: listeners, and a session's thread for each connection.

use crate::carriers::Office;
use crate::clock;
use crate::host::{Log, Verify};
use crate::listener::{Endpoint, Gate, Listener, Stream};
use crate::queue::Post;
use crate::session::{Call, End, Inbox, run};
use crate::shutdown::Shutdown;
use postroad_core::entropy::Entropy;
use postroad_core::limits::Limits;
use postroad_core::machine::Session;
use postroad_core::role::config::Listen;
use postroad_core::role::{Effect, Input, Peer, Report, Site, mda, ms, msa, mta};
use postroad_core::store::Store;
use postroad_core::tls::{Secured, Side, Trust, client_config};
use postroad_store_maildir::{Maildirs, Spool};
use rustls::{ClientConfig, ServerConfig};
use rustls_pki_types::CertificateDer;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A session thread's stack, in octets; only what is touched takes memory.
pub(crate) const STACK: usize = 512 * 1024;

/// What a port serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Mail from other hosts.
    Smtp,
    /// Mail from users, with STARTTLS.
    Submission,
    /// Mail from users, TLS from the start.
    Submissions,
    /// Mail from a local transfer agent.
    Lmtp,
    /// IMAP with STARTTLS.
    Imap,
    /// IMAP, TLS from the start.
    Imaps,
    /// POP3 with STLS.
    Pop3,
    /// POP3, TLS from the start.
    Pop3s,
}

impl Service {
    /// Every service, in the order of a message's journey.
    pub const ALL: [Self; 8] = [
        Self::Smtp,
        Self::Submission,
        Self::Submissions,
        Self::Lmtp,
        Self::Imap,
        Self::Imaps,
        Self::Pop3,
        Self::Pop3s,
    ];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Imaps => "imaps",
            Self::Pop3 => "pop3",
            Self::Pop3s => "pop3s",
        }
    }

    /// Where it is configured to listen.
    #[must_use]
    pub fn places(self, listen: &Listen) -> &[String] {
        match self {
            Self::Smtp => &listen.smtp,
            Self::Submission => &listen.submission,
            Self::Submissions => &listen.submissions,
            Self::Lmtp => &listen.lmtp,
            Self::Imap => &listen.imap,
            Self::Imaps => &listen.imaps,
            Self::Pop3 => &listen.pop3,
            Self::Pop3s => &listen.pop3s,
        }
    }

    const fn begins_with_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Imaps | Self::Pop3s)
    }

    /// What a connection too many is told before it is closed (RFC 5321 §3.8, RFC 3501 §7.1.5).
    const fn busy(self) -> &'static [u8] {
        match self {
            Self::Smtp | Self::Submission | Self::Lmtp => {
                b"421 4.7.0 Too many connections, try again later\r\n"
            }
            Self::Imap => b"* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
            Self::Pop3 => b"-ERR [SYS/TEMP] Too many connections, try again later\r\n",
            Self::Submissions | Self::Imaps | Self::Pop3s => b"",
        }
    }
}

/// What may change while the system runs; a session keeps what it began with.
#[derive(Debug)]
pub struct Live {
    /// Configuration, users, aliases.
    pub site: Arc<Site>,
    /// The certificate.
    pub tls: Arc<ServerConfig>,
    /// The side of TLS that connects to others.
    pub outgoing: Outgoing,
}

/// How other hosts' certificates are looked at.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where the connection must be protected.
    pub checked: Arc<ClientConfig>,
    /// Where TLS is better than nothing (RFC 7435).
    pub unchecked: Arc<ClientConfig>,
}

impl Outgoing {
    /// What believes the public authorities, and those that come with `more`.
    ///
    /// # Errors
    /// If one of those is no certificate.
    pub fn new(more: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        Ok(Self {
            checked: client_config(Trust::RootsAnd(more))?,
            unchecked: client_config(Trust::Anything)?,
        })
    }
}

/// Tells what is in force now; asked at each connection.
pub type Current = Arc<dyn Fn() -> Arc<Live> + Send + Sync>;

/// What the system needs of the world outside.
pub struct Outside {
    /// What is in force.
    pub current: Current,
    /// The message store.
    pub maildirs: Maildirs,
    /// Where mail that leaves waits. Nobody else may use it meanwhile.
    pub spool: Spool,
    /// Checks passwords.
    pub verify: Verify,
    /// Writes the log.
    pub log: Log,
    /// Where randomness comes from.
    pub entropy: Entropy,
}

/// A running mail system.
pub struct Server {
    shared: Arc<Shared>,
    endpoints: Vec<(Service, Endpoint)>,
}

struct Shared {
    office: Office,
    gate: Gate,
    sessions: AtomicU64,
}

impl Server {
    /// Binds every place that is configured now, begins to serve, and to send what is in the spool.
    ///
    /// # Errors
    /// Says in words which place can't be had, and what to do.
    pub fn start(outside: Outside) -> Result<Self, String> {
        let Outside { current, maildirs, spool, verify, log, entropy } = outside;
        let listeners = bind(&current().site.config.listen)?;
        let office = Office {
            current,
            maildirs,
            spool,
            post: Post::new().map_err(|error| error.to_string())?,
            verify,
            log,
            entropy: Arc::new(Mutex::new(entropy)),
            shutdown: Shutdown::default(),
        };
        office.open().map_err(|error| format!("the queue: {error}"))?;
        let shared =
            Arc::new(Shared { office, gate: Gate::default(), sessions: AtomicU64::new(0) });
        let mut endpoints = Vec::new();
        for (service, listener) in listeners {
            let endpoint = listener.endpoint().map_err(|error| error.to_string())?;
            endpoints.push((service, endpoint));
            shared.clone().listen(service, listener).map_err(|error| error.to_string())?;
        }
        let Office { maildirs, shutdown, log, .. } = &shared.office;
        crate::watch::start(maildirs, shutdown, log.clone())
            .map_err(|error| format!("inotify: {error}"))?;
        Ok(Self { shared, endpoints })
    }

    /// The way to its queue.
    #[must_use]
    pub fn post(&self) -> Post {
        self.shared.office.post.clone()
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoints(&self) -> &[(Service, Endpoint)] {
        &self.endpoints
    }

    /// Ends in good order within `patience`; says how many sessions did not.
    #[must_use]
    pub fn stop(self, patience: Duration) -> usize {
        self.shared.office.shutdown.begin();
        let cut = self.shared.office.shutdown.wait(patience);
        self.shared.office.maildirs.settle();
        cut
    }
}

fn bind(listen: &Listen) -> Result<Vec<(Service, Listener)>, String> {
    let mut listeners = Vec::new();
    for service in Service::ALL {
        for place in service.places(listen) {
            let about = |why: &dyn fmt::Display| format!("[listen] {}: {why}", service.name());
            let endpoint = Endpoint::parse(place).map_err(|why| about(&why))?;
            let listener = Listener::bind(&endpoint).map_err(|error| {
                let advice = match error.kind() {
                    io::ErrorKind::AddrInUse => "; is another server running there?",
                    io::ErrorKind::PermissionDenied => {
                        "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
                    }
                    _ => "",
                };
                about(&format!("{place}: {error}{advice}"))
            })?;
            listeners.push((service, listener));
        }
    }
    Ok(listeners)
}

impl Shared {
    fn listen(self: Arc<Self>, service: Service, listener: Listener) -> io::Result<()> {
        let inbox = Arc::new(Inbox::new()?);
        let member = self.office.shutdown.join(inbox.clone());
        let name = format!("{}-listener", service.name());
        thread::Builder::new().name(name).stack_size(STACK).spawn(move || {
            let _member = member;
            let outcome = listener.run(&inbox, |stream| self.clone().accept(service, stream));
            if let Err(error) = outcome {
                let report = Report::new("listener-failed").with("service", service.name());
                self.office.report(report.with("error", error));
            }
        })?;
        Ok(())
    }

    /// Gives a connection a thread, or turns it away.
    fn accept(self: Arc<Self>, service: Service, mut stream: Stream) {
        let address = stream.peer().map(|peer| peer.ip());
        let live = self.office.live();
        let limits = &live.site.config.limits;
        let counted = address.filter(|_| service == Service::Smtp);
        let peer = address.map_or(Peer::Socket, Peer::Host);
        let refused = |why: &dyn fmt::Display| {
            let report = Report::new("connection-refused").with("service", service.name());
            self.office.report(report.with("peer", peer).with("reason", why));
        };
        let per_address = limits.smtp_connections_per_address;
        let admission = self.gate.admit(counted, limits.connections, per_address);
        let Some(admission) = admission else {
            // If it can't be told, it learns from the end.
            let _ = stream.write(service.busy());
            return refused(&"too many connections");
        };
        let number = self.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("{}-{number}", service.name());
        let shared = self.clone();
        let builder = thread::Builder::new().name(name.clone()).stack_size(STACK);
        let spawned = builder.spawn(move || {
            let _admission = admission;
            shared.serve(service, stream, peer, &live, &name);
        });
        if let Err(error) = spawned {
            refused(&error);
        }
    }

    /// The life of a session's thread.
    fn serve(&self, service: Service, stream: Stream, peer: Peer, live: &Live, name: &str) {
        let (site, tls) = (live.site.clone(), live.tls.clone());
        let (now, entropy) = (clock::now(), self.office.entropy());
        self.office.report(Report::new("connected").with("peer", peer).with("session", name));
        let limits = site.config.limits.clone();
        let connection = Connection { shared: self, service, stream, tls, limits, name };
        let outcome = match service {
            Service::Smtp => connection.drive(mta::Inbound::new(now, site, peer, entropy)),
            Service::Submission | Service::Submissions => {
                connection.drive(msa::Submission::new(now, site, peer, entropy))
            }
            Service::Lmtp => connection.drive(mda::Delivery::new(now, site, peer, entropy)),
            Service::Imap | Service::Imaps => {
                connection.drive(ms::Imap::compressed(now, site, peer, entropy))
            }
            Service::Pop3 | Service::Pop3s => {
                connection.drive(ms::Pop3::new(now, site, peer, entropy))
            }
        };
        let report = Report::new("disconnected").with("session", name);
        let report = match outcome {
            Ok(End::Closed) => report,
            Ok(End::Lost) => report.with("reason", "the peer was gone"),
            Ok(End::WriteTimeout) => report.with("reason", "the peer took nothing for too long"),
            Err(error) => report.with("reason", error),
        };
        self.office.report(report);
    }
}

/// A connection that has its thread.
struct Connection<'a> {
    shared: &'a Shared,
    service: Service,
    stream: Stream,
    tls: Arc<ServerConfig>,
    limits: Limits,
    name: &'a str,
}

impl Connection<'_> {
    fn drive<R>(mut self, role: R) -> io::Result<End>
    where
        R: Session<Input = Input, Output = Effect>,
    {
        let (now, side) = (clock::now(), Side::Server(self.tls));
        let mut session = if self.service.begins_with_tls() {
            Secured::starting_secured(now, role, side, self.limits.tls_handshake)
        } else {
            Secured::starting_clear(now, role, side, self.limits.tls_handshake)
        };
        let inbox = Arc::new(Inbox::new()?);
        let office = &self.shared.office;
        let _member = office.shutdown.join(inbox.clone());
        let mut store = office.maildirs.session();
        let wake = inbox.clone();
        store.on_news(Arc::new(move || wake.leave(Call::News)));
        let mut host = office.host(store, self.name.into());
        let patience = self.limits.write_timeout;
        run(&mut session, &mut self.stream, &inbox, &mut host, || vec![Input::News], patience)
    }
}
