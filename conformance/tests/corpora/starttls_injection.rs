//! `starttls-injection`: a command in the same segment as STARTTLS. It must not be answered, in the clear or later.

use std::sync::Arc;

use postroad_core::entropy::Entropy;
use postroad_core::machine::{Instant, Machine, Session, Wants};
use postroad_core::sasl::Channel;
use postroad_core::smtp::Protocol;
use postroad_core::{imap, pop3, smtp};

use crate::suite::{Suite, json_lines, string};

const NOW: Instant = Instant::from_seconds(1);

#[test]
fn starttls_injection() {
    let Some(mut suite) = Suite::open("starttls-injection") else { return };
    for case in json_lines(&suite.text("cases.jsonl")) {
        let (protocol, segment) = (string(&case, "protocol"), string(&case, "one_segment"));
        let entropy = Entropy::from_seed([7; 32]);
        let outcome = match protocol {
            "smtp" => {
                let config = smtp::server::Config::new("mx.example.com", Protocol::Smtp);
                let mut server = smtp::Server::new(NOW, config.into(), entropy);
                let Some(smtp::server::Output::Request { ticket, .. }) = server.poll() else {
                    panic!("a server asks whether to serve")
                };
                let answer = smtp::server::Answer::Accept;
                server.handle(NOW, smtp::server::Input { ticket, answer });
                inject(server, segment)
            }
            "imap" => {
                let config = Arc::new(imap::server::Config::default());
                inject(imap::server::Server::new(NOW, config, Channel::Clear, entropy), segment)
            }
            "pop3" => {
                let mut config = pop3::Config::new("mx.example.com");
                config.stls = true;
                inject(pop3::Server::new(NOW, config.into(), Channel::Clear, entropy), segment)
            }
            _ => Err("there is no such server here".into()),
        };
        suite.case(protocol, outcome);
    }
    suite.finish();
}

/// Sends `segment` to a server that has greeted: it must say no more than one line, and close.
fn inject<S: Session>(mut server: S, segment: &str) -> Result<(), String> {
    let greeting = said(&mut server);
    assert!(!greeting.is_empty(), "a server greets");
    server.handle_bytes(NOW, segment.as_bytes());
    let said = said(&mut server);
    match (said.lines().count(), server.wants()) {
        (1, Wants::Close) => Ok(()),
        (_, wants) => Err(format!("{said:?}, then {wants:?}")),
    }
}

fn said<S: Machine + Session>(server: &mut S) -> String {
    while server.poll().is_some() {}
    let said = String::from_utf8_lossy(server.transmit()).into_owned();
    server.transmitted(said.len());
    while server.poll().is_some() {}
    said
}
