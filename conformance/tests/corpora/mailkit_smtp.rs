//! `mailkit-smtp`: what MailKit and servers said to each other. The servers' side is held against the client, which is
//! to say what MailKit said, command for command.
//!
//! How commands are grouped is not compared, nor the content, which the recordings leave out.

use std::collections::VecDeque;
use std::sync::Arc;

use postroad_core::address::{ForwardPath, Host as Hostname, ReversePath};
use postroad_core::entropy::Entropy;
use postroad_core::machine::{Host, Instant, Machine as _, Session as _, Wants, drain};
use postroad_core::sasl::{Channel, Credentials, Mechanism};
use postroad_core::smtp::client::{Client, Config, Envelope, Input, Output, Recipient, StartTls};
use postroad_core::smtp::{MailParameters, Protocol, RcptParameters};
use serde_json::Value;

use crate::suite::{Suite, json_lines, string};

const NOW: Instant = Instant::from_seconds(1_000);

#[test]
fn mailkit_smtp() {
    let Some(mut suite) = Suite::open("mailkit-smtp") else { return };
    for session in json_lines(&suite.text("transcripts.jsonl")) {
        let turns = turns(&suite, &session);
        let outcome = Plan::of(&turns).and_then(|plan| hold(plan, turns));
        suite.case(string(&session, "id"), outcome);
    }
    suite.finish();
}

/// A command, and the server's reply to it.
struct Turn {
    command: String,
    reply: String,
}

/// The turns of a session, one for each command. The first one is the greeting's, without a command.
fn turns(suite: &Suite, session: &Value) -> Vec<Turn> {
    let mut turns = Vec::new();
    for step in session["steps"].as_array().into_iter().flatten() {
        let command = match string(step, "C_expr") {
            "" => string(step, "C").to_owned(),
            // The only expression: `$"EHLO {SmtpClient.DefaultLocalDomain}\r\n"`.
            _ => "EHLO client.example.org\r\n".to_owned(),
        };
        let reply = match string(step, "S_file") {
            "" => string(step, "S").to_owned(),
            file => suite.text(&format!("Resources/{file}")),
        };
        let mut commands: Vec<&str> = command.split_inclusive('\n').collect();
        if commands.is_empty() {
            commands.push("");
        }
        let mut lines: VecDeque<&str> = reply.split_inclusive('\n').collect();
        let last = commands.len() - 1;
        for (at, command) in commands.into_iter().enumerate() {
            // Replies to what was pipelined have one line each.
            let count = if at == last { lines.len() } else { 1 };
            let reply = lines.drain(..count).collect();
            turns.push(Turn { command: command.to_owned(), reply });
        }
    }
    turns
}

/// What the client is to do so that it says what MailKit said.
struct Plan {
    config: Config,
    envelopes: Vec<Envelope>,
    quit: bool,
}

impl Plan {
    fn of(turns: &[Turn]) -> Result<Self, String> {
        let hostname: Hostname = "client.example.org".parse().expect("a hostname");
        let config = Config::new(hostname, Protocol::Smtp);
        let mut plan = Self {
            config: Config { start_tls: StartTls::Never, ..config },
            envelopes: Vec::new(),
            quit: false,
        };
        for turn in turns {
            plan.add(turn.command.trim_end())?;
        }
        Ok(plan)
    }

    fn add(&mut self, command: &str) -> Result<(), String> {
        let (verb, argument) = command.split_once(' ').unwrap_or((command, ""));
        match verb {
            "EHLO" => {
                self.config.hostname = argument.parse().map_err(|wrong| format!("{wrong}"))?;
            }
            "AUTH" if self.config.credentials.is_none() => {
                let name = argument.split(' ').next().and_then(Mechanism::parse);
                self.config.mechanisms.extend(name);
                self.config.credentials = Some(Credentials::Password {
                    authcid: "username".into(),
                    authzid: None,
                    password: String::from("password").into(),
                });
            }
            "MAIL" => {
                let path = argument.strip_prefix("FROM:").unwrap_or_default();
                let (reverse_path, rest) = ReversePath::parse(path.as_bytes(), true)
                    .map_err(|wrong| format!("{command}: {wrong}"))?;
                let parameters =
                    MailParameters::parse(rest).map_err(|wrong| format!("{command}: {wrong}"))?;
                let recipients = Vec::new();
                let envelope = Envelope { reverse_path, parameters, recipients, length: None };
                self.envelopes.push(envelope);
            }
            "RCPT" => {
                let path = argument.strip_prefix("TO:").unwrap_or_default();
                let (forward_path, _) = ForwardPath::parse(path.as_bytes(), true)
                    .map_err(|wrong| format!("{command}: {wrong}"))?;
                let parameters = RcptParameters::default();
                let envelope = self.envelopes.last_mut().ok_or("RCPT without MAIL")?;
                envelope.recipients.push(Recipient { forward_path, parameters });
            }
            "QUIT" => self.quit = true,
            _ => {}
        }
        Ok(())
    }
}

/// A host whose messages have one line.
struct Sender;

impl Host<Client> for Sender {
    fn perform(&mut self, now: Instant, client: &mut Client, output: Output) {
        if let Output::Content { ticket, .. } = output {
            client.handle_content(now, ticket, b"content\r\n");
            client.handle(now, Input::Content { ticket, end: true });
        }
    }
}

/// Holds the turns against a client; `Err` says where it says something else than MailKit.
fn hold(plan: Plan, turns: Vec<Turn>) -> Result<(), String> {
    let entropy = Entropy::from_seed([7; 32]);
    let mut client = Client::new(NOW, Arc::new(plan.config), Channel::Confidential, entropy);
    for mut envelope in plan.envelopes {
        // Where MailKit was refused before it named anybody, somebody is to be named.
        if envelope.recipients.is_empty() {
            let forward_path = ForwardPath::Postmaster;
            let parameters = RcptParameters::default();
            envelope.recipients.push(Recipient { forward_path, parameters });
        }
        client.handle(NOW, Input::Deliver(Box::new(envelope)));
    }
    if plan.quit {
        client.handle(NOW, Input::Quit);
    }
    let mut said = String::new();
    for Turn { command, reply } in turns {
        let mut line = take(&mut said, &command);
        // The recordings have the end of the content alone.
        if command == ".\r\n" {
            line = line.strip_prefix("content\r\n").unwrap_or(&line).to_owned();
        }
        if line != command {
            return Err(format!("says {line:?}, not {command:?}"));
        }
        if client.wants() != Wants::Read {
            return Err(format!("has closed before {reply:?}"));
        }
        client.handle_bytes(NOW, reply.as_bytes());
        said += &settle(&mut client);
    }
    if said.is_empty() { Ok(()) } else { Err(format!("says {said:?} where MailKit says nothing")) }
}

/// Takes a command, or content with its end, out of what was said.
fn take(said: &mut String, like: &str) -> String {
    let end = match like {
        "" => 0,
        ".\r\n" => said.find(".\r\n").map_or(said.len(), |at| at + 3),
        _ => said.find("\r\n").map_or(said.len(), |at| at + 2),
    };
    said.drain(..end).collect()
}

fn settle(client: &mut Client) -> String {
    let mut said = Vec::new();
    loop {
        drain(NOW, client, &mut Sender);
        let count = client.transmit().len();
        if count == 0 {
            return String::from_utf8(said).expect("UTF-8");
        }
        said.extend_from_slice(client.transmit());
        client.transmitted(count);
    }
}
