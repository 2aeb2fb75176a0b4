//! A proxy that writes transcripts of what passes.
//!
//! A [`Recorder`] listens, connects to a server for each client, and passes on what either says, TLS on either side or not. It ends
//! STARTTLS and STLS itself: once the server agrees, it shakes hands with both. What passes is written as one transcript for each
//! connection, in which other words stand for secrets, and which so can be replayed and run.

mod cutter;
mod leg;
mod page;
mod relay;
mod scribe;
mod secrets;
#[cfg(test)]
mod tests;
mod texts;

use crate::live::{Address, Protocol};
use page::Page;
use postroad_core::machine::Instant;
use postroad_core::message::date::DateTime;
use postroad_core::tls::Side;
use relay::{Peer, Relay};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use scribe::Scribe;
use std::fs::OpenOptions;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

/// Connections at a time; further ones are closed at once.
const AT_ONCE: usize = 100;

/// What is recorded, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is spoken.
    pub protocol: Protocol,
    /// The server.
    pub upstream: Address,
    /// Which certificates of the server are believed.
    pub trust: Arc<ClientConfig>,
    /// Whether clients begin with TLS (RFC 8314 §3).
    pub begins_with_tls: bool,
    /// The proxy's own side of TLS.
    pub certificate: Arc<ServerConfig>,
    /// Where the transcripts are written.
    pub folder: PathBuf,
    /// Whether a server's lines are kept as they were said, texts and numbers of its own included.
    pub verbatim: bool,
    /// Octets of a transcript.
    pub limit: u64,
    /// After how many connections the proxy ends.
    pub connections: Option<usize>,
}

/// What a [`Recorder`] tells of one connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It is over, and here is its transcript.
    Recorded(PathBuf),
    /// Something went wrong, in words.
    Failed(String),
}

/// Takes what is told.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// The proxy.
#[derive(Debug)]
pub struct Recorder {
    listener: TcpListener,
    options: Arc<Options>,
}

impl Recorder {
    /// Listens on `place`.
    ///
    /// # Errors
    /// If it can't be had.
    pub fn bind(place: impl ToSocketAddrs, options: Options) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(place)?, options: Arc::new(options) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// If the system does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Passes on and records, a thread for each connection, until as many as there should be are over.
    ///
    /// # Errors
    /// If nothing can be accepted any more.
    pub fn run(self, tell: &Tell) -> io::Result<()> {
        let count = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for number in 1..=self.options.connections.unwrap_or(usize::MAX) {
            let (client, _) = self.listener.accept()?;
            threads.retain(|thread: &thread::JoinHandle<()>| !thread.is_finished());
            if count.fetch_add(1, Ordering::Relaxed) >= AT_ONCE {
                count.fetch_sub(1, Ordering::Relaxed);
                tell(Told::Failed("a connection too many was closed".to_owned()));
                continue;
            }
            let (options, tell, count) = (self.options.clone(), tell.clone(), count.clone());
            threads.push(thread::spawn(move || {
                if let Err(why) = record(&options, client, number, &tell) {
                    tell(Told::Failed(why));
                }
                count.fetch_sub(1, Ordering::Relaxed);
            }));
        }
        for thread in threads {
            // One that panicked has said so.
            let _ = thread.join();
        }
        Ok(())
    }
}

/// Passes on and records one connection.
fn record(options: &Options, client: TcpStream, number: usize, tell: &Tell) -> Result<(), String> {
    let Address { place, tls } = &options.upstream;
    let about = |error: &dyn std::fmt::Display| format!("{place}: {error}");
    let server = TcpStream::connect(place).map_err(|error| about(&error))?;
    let host = place.rsplit_once(':').map_or(&**place, |(host, _)| host);
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    let name = name.map_err(|error| about(&error))?;
    let side = Side::Client { config: options.trust.clone(), name };
    let server = Peer::new(server, side, *tls).map_err(|error| about(&error))?;
    let side = Side::Server(options.certificate.clone());
    let client = Peer::new(client, side, options.begins_with_tls)
        .map_err(|error| format!("the client: {error}"))?;
    let (path, page) = page(options, number);
    let mut scribe = Scribe::new(options.protocol, page, options.verbatim);
    let outcome = Relay::new(client, server, &mut scribe).run();
    match scribe.failure() {
        Some(error) => tell(Told::Failed(format!("{}: {error}", path.display()))),
        None => tell(Told::Recorded(path)),
    }
    outcome.map_err(|error| error.to_string())
}

/// Begins a transcript. If there can be none, what passes passes all the same.
fn page(options: &Options, number: usize) -> (PathBuf, Page) {
    let Options { protocol, upstream, folder, limit, .. } = options;
    let seconds = now().as_seconds();
    let path = folder.join(format!("{}-{seconds}-{number}.txt", protocol.word()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut page = match file {
        Ok(file) => Page::new(Box::new(file), *limit),
        Err(error) => Page::failed(error),
    };
    let when = DateTime::utc(seconds.cast_signed()).to_imap();
    page.note(&format!("# Recorded from {} ({}) on {when}.", upstream.place, protocol.word()));
    page.note(&format!("machine {}", protocol.role()));
    page.note("needs nothing");
    page.note("");
    (path, page)
}

/// The time, for handshakes and names alone.
fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "the proxy's clock; no machine under test sees it"
    )]
    let now = SystemTime::now();
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Instant::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
