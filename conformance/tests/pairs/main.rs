//! Both ends of SMTP and LMTP in one process, pumped through each other: in the clear, by STARTTLS and
//! with TLS from the start, under every way of cutting octets.

mod hosts;
mod pump;
mod tls;

use hosts::{Message, Sender, Taker};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Host, Session};
use postroad_core::sasl::{Channel, Credentials, Mechanism};
use postroad_core::smtp::client::{
    Client, Config as ClientConfig, Envelope, Recipient, StartTls, Why,
};
use postroad_core::smtp::server::Config as ServerConfig;
use postroad_core::smtp::{MailParameters, Protocol, RcptParameters, Server};
use postroad_core::tls::Secured;
use pump::{BEGINNING, Cut, End, pump};
use std::sync::Arc;
use std::time::Duration;

/// What lies between the ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Path {
    Clear,
    StartTls,
    Tls,
}

const PATHS: [Path; 3] = [Path::Clear, Path::StartTls, Path::Tls];
const PATIENCE: Duration = Duration::from_secs(30);

/// The way in which a client and a server are put together.
struct Pair {
    path: Path,
    cut: Cut,
    protocol: Protocol,
    credentials: Option<Credentials>,
    /// The name that the client asks for, and the certificate's.
    names: (&'static str, &'static str),
}

impl Pair {
    fn new(path: Path, cut: Cut) -> Self {
        let names = ("mx.example.com", "mx.example.com");
        Self { path, cut, protocol: Protocol::Smtp, credentials: None, names }
    }

    fn server(&self) -> Server {
        let mut config = ServerConfig::new("mx.example.com", self.protocol);
        config.cleartext_auth = self.path == Path::Clear;
        Server::new(BEGINNING, Arc::new(config), Entropy::from_seed([1; 32]))
    }

    fn client(&self) -> Client {
        let hostname = "client.example.org".parse().expect("a hostname");
        let mut config = ClientConfig::new(hostname, self.protocol);
        if let Some(credentials) = &self.credentials {
            config = config.with_credentials(credentials.clone());
        }
        config.start_tls = match self.path {
            Path::StartTls => StartTls::Required,
            Path::Clear | Path::Tls => StartTls::Never,
        };
        let entropy = Entropy::from_seed([2; 32]);
        Client::new(BEGINNING, Arc::new(config), Channel::Confidential, entropy)
    }

    /// Lets the client hand over its letters; what it was told, and what the server took.
    fn run(&self, letters: Vec<(Envelope, Vec<u8>)>) -> (Sender, Taker) {
        let (sender, taker) = (Sender::new(letters), Taker::default());
        let (client, server) = (self.client(), self.server());
        match self.path {
            Path::Clear => self.pump(End::new(client, sender), End::new(server, taker)),
            Path::StartTls => {
                let (ours, theirs) = tls::sides(self.names);
                let client = Secured::starting_clear(BEGINNING, client, ours, PATIENCE);
                let server = Secured::starting_clear(BEGINNING, server, theirs, PATIENCE);
                self.pump(End::new(client, sender), End::new(server, taker))
            }
            Path::Tls => {
                let (ours, theirs) = tls::sides(self.names);
                let client = Secured::starting_secured(BEGINNING, client, ours, PATIENCE);
                let server = Secured::starting_secured(BEGINNING, server, theirs, PATIENCE);
                self.pump(End::new(client, sender), End::new(server, taker))
            }
        }
    }

    fn pump<C, S>(&self, mut client: End<C, Sender>, mut server: End<S, Taker>) -> (Sender, Taker)
    where
        C: Session,
        S: Session,
        Sender: Host<C>,
        Taker: Host<S>,
    {
        let what = format!("{:?}, {:?}", self.path, self.cut);
        pump(&mut client, &mut server, self.cut, &what);
        (client.host, server.host)
    }
}

fn password(password: &str) -> Credentials {
    Credentials::Password {
        authcid: "alice".into(),
        authzid: None,
        password: String::from(password).into(),
    }
}

fn envelope(from: &str, to: &[&str], length: Option<u64>) -> Envelope {
    let recipient = |to: &&str| Recipient {
        forward_path: to.parse::<postroad_core::address::Mailbox>().expect("a mailbox").into(),
        parameters: RcptParameters::default(),
    };
    let reverse_path = match from {
        "" => postroad_core::address::ReversePath::Null,
        from => from.parse::<postroad_core::address::Mailbox>().expect("a mailbox").into(),
    };
    Envelope {
        reverse_path,
        parameters: MailParameters::default(),
        recipients: to.iter().map(recipient).collect(),
        length,
    }
}

/// Content with everything that is hard about dots and line ends.
fn dots() -> Vec<u8> {
    b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n\r\n.\r\n".to_vec()
}

/// More than any buffer holds.
fn large() -> Vec<u8> {
    let line = format!(".{}\r\n", "x".repeat(74));
    format!("Subject: large\r\n\r\n{}", line.repeat(2_000)).into_bytes()
}

fn cuts() -> Vec<Cut> {
    let random = (1..=6).map(Cut::Random);
    [Cut::Whole, Cut::Octets].into_iter().chain(random).collect()
}

#[test]
fn mail_arrives_octet_for_octet() {
    for (path, cut) in cuts().into_iter().flat_map(|cut| PATHS.map(|path| (path, cut))) {
        let to = ["bob@example.com", "nobody@example.com", "carol@example.com"];
        let letters = vec![
            (envelope("alice@example.org", &to, None), dots()),
            (envelope("", &to[..1], Some(large().len() as u64)), large()),
            (envelope("alice@example.org", &to[1..2], None), dots()),
            (envelope("alice@example.org", &to[..1], None), large()),
        ];
        let (sender, taker) = Pair::new(path, cut).run(letters);
        let what = format!("{path:?}, {cut:?}");
        let message = |from: &str, to: &[&str], content: Vec<u8>| Message {
            from: from.to_owned(),
            to: to.iter().map(|to| (*to).to_owned()).collect(),
            content,
        };
        let expected = [
            message("<alice@example.org>", &["<bob@example.com>", "<carol@example.com>"], dots()),
            message("<>", &["<bob@example.com>"], large()),
            message("<alice@example.org>", &["<bob@example.com>"], large()),
        ];
        assert!(taker.messages == expected, "{what}: {:?}", taker.messages.len());
        let outcomes = sender.outcomes();
        let codes: Vec<&str> = outcomes.iter().map(|outcome| &outcome[..3]).collect();
        assert_eq!(codes, ["550", "250", "250", "250", "550", "250"], "{what}: {outcomes:?}");
        assert!(matches!(sender.closed, Some(Ok(()))), "{what}: {:?}", sender.closed);
        let version = sender.peer.and_then(|peer| peer.tls).map(|tls| tls.version);
        assert_eq!(version, (path != Path::Clear).then_some("TLS1.3"), "{what}");
    }
}

#[test]
fn a_login_is_bound_to_its_channel() {
    for (path, cut) in cuts().into_iter().flat_map(|cut| PATHS.map(|path| (path, cut))) {
        let pair = Pair { credentials: Some(password("secret")), ..Pair::new(path, cut) };
        let letter = (envelope("alice@example.org", &["bob@example.com"], None), dots());
        let (sender, taker) = pair.run(vec![letter]);
        let mechanism = match path {
            Path::Clear => Mechanism::ScramSha256,
            Path::StartTls | Path::Tls => Mechanism::ScramSha256Plus,
        };
        assert_eq!(sender.peer.and_then(|peer| peer.login), Some(mechanism), "{path:?}, {cut:?}");
        assert_eq!(taker.login.as_deref(), Some("alice"), "{path:?}, {cut:?}");
        assert_eq!(taker.messages.len(), 1, "{path:?}, {cut:?}");
    }
}

#[test]
fn a_wrong_password_gets_nowhere() {
    for path in PATHS {
        let pair = Pair { credentials: Some(password("wrong")), ..Pair::new(path, Cut::Random(1)) };
        let letter = (envelope("alice@example.org", &["bob@example.com"], None), dots());
        let (sender, taker) = pair.run(vec![letter]);
        assert!(matches!(sender.closed, Some(Err(_))), "{path:?}: {:?}", sender.closed);
        assert_eq!(taker.login, None, "{path:?}");
        assert!(taker.messages.is_empty(), "{path:?}");
    }
}

#[test]
fn lmtp_tells_each_recipients_outcome() {
    for (path, cut) in cuts().into_iter().flat_map(|cut| PATHS.map(|path| (path, cut))) {
        let pair = Pair { protocol: Protocol::Lmtp, ..Pair::new(path, cut) };
        let to = ["bob@example.com", "full@example.com", "nobody@example.com", "carol@example.com"];
        let letter = (envelope("alice@example.org", &to, None), dots());
        let (sender, taker) = pair.run(vec![letter]);
        let mut outcomes = sender.outcomes();
        outcomes.sort();
        let codes: Vec<&str> = outcomes.iter().map(|outcome| &outcome[..3]).collect();
        assert_eq!(codes, ["250", "250", "452", "550"], "{path:?}, {cut:?}: {outcomes:?}");
        assert_eq!(taker.messages.len(), 1, "{path:?}, {cut:?}");
    }
}

#[test]
fn a_certificate_of_another_name_stops_everything() {
    for (path, cut) in
        cuts().into_iter().flat_map(|cut| [Path::StartTls, Path::Tls].map(|path| (path, cut)))
    {
        let names = ("mx.example.com", "evil.example");
        let pair = Pair { names, ..Pair::new(path, cut) };
        let letter = (envelope("alice@example.org", &["bob@example.com"], None), dots());
        let (sender, taker) = pair.run(vec![letter]);
        let Some(Err(failure)) = &sender.closed else {
            panic!("{path:?}, {cut:?}: the client closed with {:?}", sender.closed);
        };
        assert!(matches!(failure.why, Why::Tls(_)), "{path:?}, {cut:?}: {failure}");
        assert!(taker.messages.is_empty(), "{path:?}, {cut:?}");
    }
}
