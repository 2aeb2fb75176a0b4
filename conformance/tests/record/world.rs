//! A mail system on ports of its own, recorders before it, and a client that speaks by hand.

use postroad_conformance::live::{Address, Protocol};
use postroad_conformance::record::{Options, Recorder, Tell, Told};
use postroad_core::entropy::Entropy;
use postroad_core::role::config::{Auth, Cleartext, Config, Listen};
use postroad_core::role::directory::User;
use postroad_core::role::{Check, Site, Verdict};
use postroad_core::secret::Secret;
use postroad_core::store::Account;
use postroad_core::tls::{Trust, client_config};
use postroad_runtime_std::listener::Endpoint;
use postroad_runtime_std::server::{Live, Outgoing, Outside, Server, Service};
use postroad_store_maildir::{self as maildir, Maildirs, Spool};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConnection, ServerConfig, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A mail system of example.com, with u1 and u2.
pub(crate) struct World {
    server: Server,
    folder: PathBuf,
    tls: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

impl World {
    pub(crate) fn start(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("postroad-record-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("mail")).expect("a folder");
        let anywhere = || vec![String::from("127.0.0.1:0")];
        let config = Config {
            hostname: "mx.example.com".into(),
            domains: vec!["example.com".into()],
            auth: Auth { cleartext: Cleartext::Loopback },
            listen: Listen {
                smtp: anywhere(),
                submission: anywhere(),
                imaps: anywhere(),
                pop3: anywhere(),
                ..Listen::default()
            },
            ..Config::default()
        };
        let mut site = Site::new(config, [7; 32]).expect("a site");
        for user in ["u1@example.com", "u2@example.com"] {
            let password = Some(Secret::new(super::SECRET.to_owned()));
            let account = Account::parse(user).expect("an account");
            site.directory.add_user(account, User { password, ..User::default() });
        }
        let (tls, certificate) = certificate();
        let outgoing = Outgoing::new(Vec::new()).expect("roots");
        let live = Arc::new(Live { site: Arc::new(site), tls: tls.clone(), outgoing });
        let mail = folder.join("mail");
        let server = Server::start(Outside {
            current: Arc::new(move || live.clone()),
            maildirs: Maildirs::new(mail, Entropy::from_seed([8; 32]), maildir::Options::new("mx")),
            spool: Spool::open(folder.join("spool"), Entropy::from_seed([9; 32]), 0)
                .expect("a spool"),
            verify: Arc::new(|check| match check {
                Check::Password { password, hash } if password == hash => Verdict::Accepted,
                _ => Verdict::Rejected,
            }),
            log: Arc::new(|_, _| {}),
            entropy: Entropy::from_seed([7; 32]),
        });
        Self { server: server.expect("a server"), folder, tls, certificate }
    }

    pub(crate) fn place(&self, wanted: Service) -> String {
        let found = self.server.endpoints().iter().find(|(service, _)| *service == wanted);
        let Some((_, Endpoint::Tcp(address))) = found else { panic!("not TCP") };
        address.to_string()
    }

    /// A proxy for one connection.
    pub(crate) fn recorder(&self, protocol: Protocol, service: Service, way: Way) -> Proxy {
        self.recorder_before(self.place(service), protocol, way)
    }

    /// A proxy for one connection to the server at `place`.
    pub(crate) fn recorder_before(&self, place: String, protocol: Protocol, way: Way) -> Proxy {
        let trust = Trust::RootsAnd(vec![self.certificate.clone()]);
        let options = Options {
            protocol,
            upstream: Address { place, tls: way.tls },
            trust: client_config(trust).expect("certificates"),
            begins_with_tls: way.tls,
            certificate: self.tls.clone(),
            folder: self.folder.join(way.folder),
            verbatim: false,
            limit: 1024 * 1024,
            connections: Some(1),
        };
        let recorder = Recorder::bind("127.0.0.1:0", options).expect("a port");
        let address = recorder.address().expect("an address");
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        let thread = thread::spawn(move || {
            let tell: Tell =
                Arc::new(move |it| tell.lock().expect("no panic").send(it).expect("a listener"));
            recorder.run(&tell).expect("connections");
        });
        Proxy { address, told, thread, certificate: self.certificate.clone() }
    }

    pub(crate) fn stop(self) {
        assert_eq!(self.server.stop(MINUTE), 0, "sessions that did not end");
        std::fs::remove_dir_all(&self.folder).expect("its folder");
    }
}

/// A server that is slow to begin TLS: what comes after the octets `until` waits for [`Gate::open`].
pub(crate) struct Gate {
    pub(crate) place: String,
    opener: Sender<()>,
}

impl Gate {
    pub(crate) fn before(server: String, until: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let place = listener.local_addr().expect("an address").to_string();
        let (opener, opened) = channel();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a connection");
            let mut server = TcpStream::connect(server).expect("a connection");
            let mut back =
                (server.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
            thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
            let mut passed = Vec::new();
            while !passed.ends_with(until) {
                let mut octet = [0];
                client.read_exact(&mut octet).expect("an octet");
                server.write_all(&octet).expect("it is taken");
                passed.extend(octet);
            }
            opened.recv_timeout(MINUTE).expect("it is opened");
            // How it ends is the recorder's to say.
            let _ = std::io::copy(&mut client, &mut server);
            let _ = server.shutdown(Shutdown::Write);
        });
        Self { place, opener }
    }

    pub(crate) fn open(&self) {
        self.opener.send(()).expect("a gate");
    }
}

/// How a recorder is set up.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    tls: bool,
    folder: &'static str,
}

impl Way {
    pub(crate) const CLEAR: Self = Self { tls: false, folder: "." };
    pub(crate) const TLS: Self = Self { tls: true, folder: "." };
    pub(crate) const UNWRITABLE: Self = Self { tls: false, folder: "is not there" };
}

pub(crate) struct Proxy {
    address: SocketAddr,
    told: Receiver<Told>,
    thread: JoinHandle<()>,
    certificate: CertificateDer<'static>,
}

impl Proxy {
    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(MINUTE)).expect("a time-out");
        let certificate = self.certificate.clone();
        Client { stream: BufReader::new(Stream::Plain(stream)), certificate }
    }

    fn told(self) -> Told {
        let told = self.told.recv_timeout(MINUTE).expect("something");
        self.thread.join().expect("no panic");
        told
    }

    pub(crate) fn file(self) -> PathBuf {
        match self.told() {
            Told::Recorded(path) => path,
            Told::Failed(why) => panic!("{why}"),
        }
    }

    pub(crate) fn failure(self) -> String {
        match self.told() {
            Told::Recorded(path) => panic!("{}", path.display()),
            Told::Failed(why) => why,
        }
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Stream {
    fn read(&mut self, octets: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(octets),
            Self::Tls(stream) => stream.read(octets),
        }
    }
}

pub(crate) struct Client {
    stream: BufReader<Stream>,
    certificate: CertificateDer<'static>,
}

impl Client {
    pub(crate) fn begin_tls(self) -> Self {
        let Stream::Plain(stream) = self.stream.into_inner() else { panic!("TLS already") };
        let config = client_config(Trust::RootsAnd(vec![self.certificate.clone()])).expect("roots");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let connection = ClientConnection::new(config, name).expect("a client");
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, stream)));
        Self { stream: BufReader::new(stream), certificate: self.certificate }
    }

    /// Says `line`, then hears up to the line that contains `until`.
    pub(crate) fn say(&mut self, line: &str, until: &str) {
        self.say_alone(line);
        self.hear(until);
    }

    /// Says `line`, and waits for nothing but a handshake that is under way.
    pub(crate) fn say_alone(&mut self, line: &str) {
        let octets = format!("{line}\r\n");
        let said = match self.stream.get_mut() {
            Stream::Plain(stream) => stream.write_all(octets.as_bytes()),
            Stream::Tls(stream) => stream.write_all(octets.as_bytes()),
        };
        said.expect("it is taken");
    }

    pub(crate) fn hear(&mut self, until: &str) {
        let mut heard = String::new();
        loop {
            let start = heard.len();
            let count = self.stream.read_line(&mut heard).expect("a line");
            assert!(count > 0, "the end came before {until:?}: {heard}");
            if heard[start..].contains(until) {
                return;
            }
        }
    }

    /// Says nothing more, and waits for the end.
    pub(crate) fn finish(&mut self) {
        let Stream::Plain(stream) = self.stream.get_mut() else { panic!("inside TLS") };
        stream.shutdown(Shutdown::Write).expect("an end");
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).expect("the end");
    }
}

fn certificate() -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let certificate = made.cert.der().clone();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a certificate");
    (Arc::new(config), certificate)
}
