//! `smtp-proto-tables`: command lines and replies to EHLO, with whether they are well-formed.

use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine as _, Session as _};
use postroad_core::sasl::Channel;
use postroad_core::smtp::client::{Client, Config, Output, StartTls};
use postroad_core::smtp::{Command, Protocol};

use crate::suite::{Suite, json_lines, string};

#[test]
fn smtp_proto_tables() {
    let Some(mut suite) = Suite::open("smtp-proto-tables") else { return };
    for case in json_lines(&suite.text("vectors.jsonl")) {
        let (id, input) = (string(&case, "id"), string(&case, "input"));
        let ok = if id.starts_with("parse_request") { command(input) } else { reply(input) };
        let outcome = match (&ok, case["ok"] == true) {
            (Ok(()), true) | (Err(_), false) => Ok(()),
            (Ok(()), false) => Err(format!("{input:?} is accepted")),
            (Err(why), true) => Err(format!("{input:?}: {why}")),
        };
        suite.case(id, outcome);
    }
    suite.finish();
}

fn command(line: &str) -> Result<(), String> {
    Command::parse(line.as_bytes(), true).map(drop).map_err(|error| error.reply().to_string())
}

/// Whether our client takes this for a reply to EHLO that it can go on with.
fn reply(lines: &str) -> Result<(), String> {
    let now = Instant::from_seconds(1);
    let hostname = "client.example.org".parse().expect("a domain");
    let config = Config { start_tls: StartTls::Never, ..Config::new(hostname, Protocol::Smtp) };
    let mut client = Client::new(now, config.into(), Channel::Clear, Entropy::from_seed([7; 32]));
    client.handle_bytes(now, format!("220 mx\r\n{lines}").as_bytes());
    while let Some(output) = client.poll() {
        match output {
            Output::Connected(_) => return Ok(()),
            Output::Closed(outcome) => return Err(format!("{outcome:?}")),
            _ => {}
        }
    }
    Err(String::from_utf8_lossy(client.transmit()).into_owned())
}
