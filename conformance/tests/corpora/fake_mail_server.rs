//! `fake-mail-server`, its SMTP servers: odd and hostile replies, TLS stripped and refused. Against each of them the
//! client must come to an end and report every recipient once, and neither password nor mail may go in the clear.

use std::collections::BTreeMap;
use std::sync::Arc;

use postroad_core::address::Mailbox;
use postroad_core::entropy::Entropy;
use postroad_core::machine::{
    Host, Instant, Machine as _, Session as _, Tls, TlsFailed, Wants, drain,
};
use postroad_core::sasl::{Channel, Credentials};
use postroad_core::smtp::client::{Client, Config, Envelope, Input, Output, Recipient, StartTls};
use postroad_core::smtp::{MailParameters, Protocol, RcptParameters};

use crate::suite::Suite;

const NOW: Instant = Instant::from_seconds(1_000);

#[test]
fn fake_mail_server() {
    let Some(mut suite) = Suite::open("fake-mail-server") else { return };
    let files = suite.files();
    for file in files.iter().filter(|file| file.starts_with("smtp/") && file.ends_with(".ron")) {
        let server = Server::parse(&suite.text(file));
        let policies = [StartTls::Required, StartTls::Opportunistic];
        let outcome = policies.into_iter().try_for_each(|policy| {
            let outcome = hold(&server, policy);
            outcome.map_err(|wrong| format!("{policy:?}: {wrong}"))
        });
        suite.case(file, outcome);
    }
    suite.finish();
}

/// What a script makes the server say.
struct Server {
    /// Whether the script changes anything at all.
    plain: bool,
    greeting: String,
    starttls: bool,
    mechanisms: String,
    /// By command, in upper case.
    replies: BTreeMap<String, String>,
}

impl Server {
    /// Reads a script: not all of RON, but its strings and lists where they are looked for.
    fn parse(script: &str) -> Self {
        let lines = script.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        let script = &lines.collect::<Vec<_>>().join("\n");
        let (clear, _) = field(script, "capabilities:").split_once(']').unwrap_or_default();
        let mechanisms: Vec<&str> =
            clear.split("Other(\"").skip(1).filter_map(|name| name.split('"').next()).collect();
        let mut replies = BTreeMap::new();
        let overridden = field(script, "override_response:").split('}').next().unwrap_or_default();
        for line in overridden.lines() {
            if let [_, command, _, reply, ..] = line.split('"').collect::<Vec<_>>()[..] {
                replies.insert(command.to_ascii_uppercase(), unescape(reply));
            }
        }
        let hidden = field(script, "hide_commands:").split(']').next().unwrap_or_default();
        for command in hidden.split('"').skip(1).step_by(2) {
            replies.insert(command.to_ascii_uppercase(), "500 Unknown command\r\n".into());
        }
        if let Some(reply) = string(script, "stls_response:") {
            replies.insert("STARTTLS".into(), reply);
        }
        let greeting = string(script, "greeting:");
        Self {
            plain: replies.is_empty() && greeting.is_none() && mechanisms.is_empty(),
            greeting: greeting.unwrap_or_else(|| "220 mx.example.org ESMTP\r\n".into()),
            starttls: clear.contains("StartTLS"),
            mechanisms: mechanisms.join(" "),
            replies,
        }
    }

    fn reply(&self, command: &str, secured: bool) -> String {
        let verb = command.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        if let Some(reply) = self.replies.get(&verb) {
            return reply.clone();
        }
        match &*verb {
            "EHLO" if secured => "250-mx.example.org\r\n250 AUTH PLAIN\r\n".into(),
            "EHLO" => {
                let starttls = if self.starttls { "250-STARTTLS\r\n" } else { "" };
                format!("250-mx.example.org\r\n{starttls}250 AUTH {}\r\n", self.mechanisms)
            }
            "STARTTLS" => "220 Go ahead\r\n".into(),
            "AUTH" => "235 2.7.0 Accepted\r\n".into(),
            "DATA" => "354 Go ahead\r\n".into(),
            "QUIT" => "221 Bye\r\n".into(),
            _ => "250 Ok\r\n".into(),
        }
    }
}

/// What follows `name` at the beginning of a script's line.
fn field<'a>(script: &'a str, name: &str) -> &'a str {
    script.split_once(&format!("\n{name}")).map_or("", |(_, rest)| rest)
}

/// The string that follows `name` in a script.
fn string(script: &str, name: &str) -> Option<String> {
    let rest = field(script, name).trim_start().strip_prefix('"')?;
    rest.split('"').next().map(unescape)
}

fn unescape(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n")
}

#[derive(Default)]
struct Sender {
    outcomes: Vec<bool>,
    closed: usize,
}

impl Host<Client> for Sender {
    fn perform(&mut self, now: Instant, client: &mut Client, output: Output) {
        match output {
            Output::Content { ticket, .. } => {
                client.handle_content(now, ticket, b"content\r\n");
                client.handle(now, Input::Content { ticket, end: true });
            }
            Output::Recipient { outcome, .. } => self.outcomes.push(outcome.is_ok()),
            Output::Closed(_) => self.closed += 1,
            Output::Connected(_) | Output::Ready | Output::Finished | Output::Dialogue(_) => {}
        }
    }
}

fn client(policy: StartTls) -> Client {
    let credentials = Credentials::Password {
        authcid: "tim".into(),
        authzid: None,
        password: String::from("tanstaaf").into(),
    };
    let hostname = "client.example.org".parse().expect("a hostname");
    let config = Config::new(hostname, Protocol::Smtp).with_credentials(credentials);
    let config = Config { start_tls: policy, ..config };
    let entropy = Entropy::from_seed([7; 32]);
    let mut client = Client::new(NOW, Arc::new(config), Channel::Clear, entropy);
    let mailbox = |text: &str| text.parse::<Mailbox>().expect("an address");
    let recipient = Recipient {
        forward_path: mailbox("bob@example.org").into(),
        parameters: RcptParameters::default(),
    };
    let envelope = Envelope {
        reverse_path: mailbox("tim@example.org").into(),
        parameters: MailParameters::default(),
        recipients: vec![recipient],
        length: None,
    };
    client.handle(NOW, Input::Deliver(Box::new(envelope)));
    client.handle(NOW, Input::Quit);
    client
}

/// Lets a client speak to the server; `Err` says what it did wrong.
fn hold(server: &Server, policy: StartTls) -> Result<(), String> {
    let (mut client, mut sender) = (client(policy), Sender::default());
    client.handle_bytes(NOW, server.greeting.as_bytes());
    let (mut secured, mut in_content) = (false, false);
    let mut clear = String::new();
    for _ in 0..100 {
        drain(NOW, &mut client, &mut sender);
        let said = String::from_utf8_lossy(client.transmit()).into_owned();
        client.transmitted(said.len());
        if !secured {
            clear += &said;
        }
        match client.wants() {
            Wants::Close => break,
            Wants::Tls => {
                // A reply out of the script is not followed by a handshake.
                secured = !server.replies.contains_key("STARTTLS");
                let failed = || TlsFailed("not TLS".into());
                client.handle_tls(NOW, secured.then(Tls::default).ok_or_else(failed));
            }
            Wants::Nothing | Wants::Deflate(_) => return Err("wants nothing".into()),
            Wants::Read if said.is_empty() => client.handle_eof(NOW),
            Wants::Read => {
                for line in said.split_inclusive('\n') {
                    if in_content && line != ".\r\n" {
                        continue;
                    }
                    let reply =
                        if in_content { "250 Ok\r\n".into() } else { server.reply(line, secured) };
                    in_content = !in_content && line == "DATA\r\n" && reply.starts_with("354");
                    client.handle_bytes(NOW, reply.as_bytes());
                    drain(NOW, &mut client, &mut sender);
                }
            }
        }
    }
    let secrets = ["dGFuc3RhYWY", "AHRpbQB0YW5zdGFhZg", "tanstaaf"];
    match (&sender.outcomes[..], sender.closed) {
        _ if client.wants() != Wants::Close => Err("comes to no end".into()),
        _ if secrets.iter().any(|secret| clear.contains(secret)) => Err("tells secrets".into()),
        _ if clear.contains("MAIL") => Err("sends mail in the clear".into()),
        ([delivered], 1) if *delivered == server.plain => Ok(()),
        (outcomes, closed) => Err(format!("reports {outcomes:?} and {closed} ends; says {clear}")),
    }
}
