//! A whole mail system on ports of its own, and clients that speak to it by hand.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use postroad_core::entropy::Entropy;
use postroad_core::role::config::{Auth, Cleartext, Config, Listen};
use postroad_core::role::directory::User;
use postroad_core::role::{Check, Site, Verdict};
use postroad_core::secret::Secret;
use postroad_core::store::Account;
use postroad_runtime_std::listener::Endpoint;
use postroad_runtime_std::server::{Live, Outgoing, Outside, Server, Service};
use postroad_store_maildir::{Maildirs, Options, Spool};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A mail system of example.com with the user ann. Everybody's password is `secret`.
struct World {
    server: Server,
    live: Arc<Mutex<Arc<Live>>>,
    folder: PathBuf,
    roots: Arc<ClientConfig>,
}

impl World {
    fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("postroad-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let anywhere = || vec![String::from("127.0.0.1:0")];
        let config = Config {
            hostname: "mx.example.com".into(),
            domains: vec!["example.com".into()],
            auth: Auth { cleartext: Cleartext::Loopback },
            listen: Listen {
                smtp: anywhere(),
                submission: anywhere(),
                imap: anywhere(),
                imaps: anywhere(),
                pop3: anywhere(),
                lmtp: vec![folder.join("lmtp").to_str().unwrap().into()],
                ..Listen::default()
            },
            ..Config::default()
        };
        let mail = folder.join("mail");
        std::fs::create_dir_all(&mail).unwrap();
        let maildirs = Maildirs::new(mail, Entropy::from_seed([8; 32]), Options::new("mx"));
        let (tls, roots) = certificates();
        let outgoing = Outgoing::new(Vec::new()).unwrap();
        let site = Arc::new(Site::new(config, [7; 32]).unwrap());
        let live = Arc::new(Mutex::new(Arc::new(Live { site, tls, outgoing })));
        add_user(&live, "ann@example.com");
        let current = live.clone();
        let spool = Spool::open(folder.join("spool"), Entropy::from_seed([9; 32]), 0).unwrap();
        let server = Server::start(Outside {
            current: Arc::new(move || current.lock().unwrap().clone()),
            maildirs,
            spool,
            verify: Arc::new(|check| match check {
                Check::Password { password, hash } if password == hash => Verdict::Accepted,
                _ => Verdict::Rejected,
            }),
            log: Arc::new(|_, _| {}),
            entropy: Entropy::from_seed([7; 32]),
        });
        Self { server: server.unwrap(), live, folder, roots }
    }

    fn address(&self, wanted: Service) -> &Endpoint {
        let found = self.server.endpoints().iter().find(|(service, _)| *service == wanted);
        &found.unwrap().1
    }

    fn tcp(&self, service: Service) -> Client<TcpStream> {
        let Endpoint::Tcp(address) = self.address(service) else { panic!("not TCP") };
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(MINUTE)).unwrap();
        Client(BufReader::new(stream))
    }

    fn stop(self) {
        assert_eq!(self.server.stop(MINUTE), 0, "sessions that did not end");
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Puts users into force with one more among them.
fn add_user(live: &Mutex<Arc<Live>>, address: &str) {
    let mut live = live.lock().unwrap();
    let mut site = Site::new(live.site.config.clone(), [7; 32]).unwrap();
    for user in ["ann@example.com", address] {
        let password = Some(Secret::new(String::from("secret")));
        site.directory.add_user(
            Account::parse(user).unwrap(),
            User { password, scram: None, quota: Default::default() },
        );
    }
    let (tls, outgoing) = (live.tls.clone(), live.outgoing.clone());
    *live = Arc::new(Live { site: Arc::new(site), tls, outgoing });
}

fn certificates() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["mx.example.com".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let certificate = made.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

struct Client<S: Read + Write>(BufReader<S>);

impl<S: Read + Write> Client<S> {
    /// Says `line`, then hears up to the line that contains `until`.
    fn say(&mut self, line: &str, until: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.hear(until)
    }

    fn hear(&mut self, until: &str) -> String {
        let mut heard = String::new();
        loop {
            let start = heard.len();
            let count = self.0.read_line(&mut heard).unwrap();
            assert!(count > 0, "the end came before {until:?}: {heard}");
            if heard[start..].contains(until) {
                return heard;
            }
        }
    }
}

fn deliver(client: &mut Client<impl Read + Write>, hello: &str, subject: &str) {
    client.hear("220 ");
    client.say(hello, "250 ");
    client.say("MAIL FROM:<eve@example.org>", "250 2.1.0");
    client.say("RCPT TO:<ann@example.com>", "250 2.1.5");
    client.say("DATA", "354 ");
    client.say(&format!("Subject: {subject}\r\n\r\nHello\r\n."), "250 2.0.0");
    client.say("QUIT", "221 ");
}

#[test]
fn mail_comes_in_by_smtp_and_lmtp_and_out_by_pop3_and_imap() {
    let world = World::start("journey");
    deliver(&mut world.tcp(Service::Smtp), "EHLO mail.example.org", "one");
    let Endpoint::Unix(path) = world.address(Service::Lmtp) else { panic!("not a socket") };
    let lmtp = UnixStream::connect(path).unwrap();
    deliver(&mut Client(BufReader::new(lmtp)), "LHLO mail.example.org", "two");

    let mut pop3 = world.tcp(Service::Pop3);
    pop3.hear("+OK");
    pop3.say("USER ann@example.com", "+OK");
    pop3.say("PASS secret", "+OK");
    assert!(pop3.say("STAT", "+OK").starts_with("+OK 2 "));
    let mut message = pop3.say("RETR 1", "Hello");
    message += &pop3.hear(".");
    assert!(message.contains("Return-Path: <eve@example.org>"), "{message}");
    pop3.say("QUIT", "+OK");

    let mut imap = world.tcp(Service::Imap);
    imap.hear("* OK");
    imap.say("a LOGIN ann@example.com secret", "a OK");
    assert!(imap.say("b SELECT INBOX", "b OK").contains("* 2 EXISTS"));
    let found = imap.say("c SEARCH SUBJECT two", "c OK");
    assert!(found.contains("* SEARCH 2"), "{found}");
    imap.say("d LOGOUT", "d OK");
    world.stop();
}

#[test]
fn idle_hears_of_mail_by_smtp_and_from_other_programs() {
    let world = World::start("idle");
    let mut imap = world.tcp(Service::Imap);
    imap.hear("* OK");
    imap.say("a LOGIN ann@example.com secret", "a OK");
    imap.say("b SELECT INBOX", "b OK");
    imap.say("c IDLE", "+ ");
    deliver(&mut world.tcp(Service::Smtp), "EHLO mail.example.org", "one");
    imap.hear("* 1 EXISTS");
    let maildir = world.folder.join("mail/example.com/ann");
    std::fs::write(maildir.join("tmp/foreign"), "Subject: two\n\nHi\n").unwrap();
    std::fs::rename(maildir.join("tmp/foreign"), maildir.join("new/foreign")).unwrap();
    imap.hear("* 2 EXISTS");
    imap.say("DONE", "c OK");
    let fetched = imap.say("d FETCH 2 BODY[]", "d OK");
    assert!(fetched.contains("{20}\r\nSubject: two\r\n\r\nHi\r\n"), "{fetched}");
    world.stop();
}

#[test]
fn who_is_new_gets_reports_from_a_carrier_that_worked_before() {
    let world = World::start("new");
    for (name, response) in
        [("ann", "AGFubkBleGFtcGxlLmNvbQBzZWNyZXQ="), ("bob", "AGJvYkBleGFtcGxlLmNvbQBzZWNyZXQ=")]
    {
        add_user(&world.live, &format!("{name}@example.com"));
        let mut imap = world.tcp(Service::Imap);
        imap.hear("* OK");
        imap.say(&format!("a LOGIN {name}@example.com secret"), "a OK");
        imap.say("b SELECT INBOX", "b OK");
        imap.say("c IDLE", "+ ");
        let mut submission = world.tcp(Service::Submission);
        submission.hear("220 ");
        submission.say("EHLO [127.0.0.1]", "250 ");
        submission.say(&format!("AUTH PLAIN {response}"), "235 ");
        submission.say(&format!("MAIL FROM:<{name}@example.com>"), "250 ");
        // No mail goes to this host's own addresses: of this one, a report comes at once.
        submission.say("RCPT TO:<eve@[127.0.0.1]>", "250 ");
        submission.say("DATA", "354 ");
        submission.say(&format!("From: {name}@example.com\r\n\r\nHello\r\n."), "250 ");
        imap.hear("* 1 EXISTS");
    }
    world.stop();
}

#[test]
fn tls_from_the_start_and_a_shutdown_that_says_goodbye() {
    let world = World::start("tls");
    let Endpoint::Tcp(address) = world.address(Service::Imaps) else { panic!("not TCP") };
    let stream = TcpStream::connect(address).unwrap();
    let name = ServerName::try_from("mx.example.com").unwrap();
    let connection = ClientConnection::new(world.roots.clone(), name).unwrap();
    let mut imap = Client(BufReader::new(StreamOwned::new(connection, stream)));
    imap.hear("* OK");
    imap.say("a LOGIN ann@example.com secret", "a OK");
    imap.say("b IDLE", "");
    let ended = std::thread::spawn(move || imap.hear("* BYE"));
    world.stop();
    ended.join().unwrap();
}

#[test]
fn one_address_gets_so_many_smtp_connections() {
    let world = World::start("gate");
    let mut kept: Vec<_> = (0..20).map(|_| world.tcp(Service::Smtp)).collect();
    kept.iter_mut().for_each(|client| drop(client.hear("220 ")));
    world.tcp(Service::Smtp).hear("421 4.7.0");
    world.tcp(Service::Submission).hear("220 ");
    drop(kept);
    world.stop();
}
