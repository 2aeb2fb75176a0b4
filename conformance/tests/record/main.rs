//! Sessions with the whole mail system, recorded by the proxy, had again: by the machines, and with the server itself.

mod world;

use postroad_conformance::folder::{Options as Replaying, read, replay_file};
use postroad_conformance::foreign::Account;
use postroad_conformance::live::{Address, Live, Protocol, Servers};
use postroad_conformance::report::Outcome;
use postroad_runtime_std::server::Service;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use world::{Client, Gate, Way, World};

const SECRET: &str = "open sesame";

/// What the transcript is, once it is certain that no secret is in it, that nobody else reads it, and that the machines say
/// the same again.
fn replayed(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a transcript");
    for secret in [SECRET, "AHUxQGV4YW1wbGUuY29tAG9wZW4gc2VzYW1l", "b3BlbiBzZXNhbWU="] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(fs::metadata(file).expect("a file").permissions().mode() & 0o777, 0o600);
    let case = replay_file("recorded", file, Replaying { seed: 1, update: false });
    assert!(matches!(case.outcome, Outcome::Passed), "{:?}\n{text}", case.outcome);
    text
}

fn submit(client: &mut Client) {
    client.say("EHLO me", "250 ");
    client.say("AUTH PLAIN AHUxQGV4YW1wbGUuY29tAG9wZW4gc2VzYW1l", "235 ");
    let envelope = "MAIL FROM:<u1@example.com>\r\nRCPT TO:<u2@example.com>\r\nDATA";
    client.say(envelope, "354 ");
    client.say("From: u1@example.com\r\nSubject: hello\r\n\r\n..dot\r\n.", "250 2.0.0");
    client.say("QUIT", "221 ");
}

#[test]
fn a_submission_inside_starttls() {
    let world = World::start("submission");
    let recorder = world.recorder(Protocol::Submission, Service::Submission, Way::CLEAR);
    let mut client = recorder.connect();
    client.hear("220 ");
    client.say("EHLO me", "250 ");
    client.say("STARTTLS", "220 ");
    let mut client = client.begin_tls();
    submit(&mut client);
    drop(client);
    let text = replayed(&recorder.file());
    assert!(text.contains("C: STARTTLS\nS: 220 2.0.0 [..]\n= tls\n! tls ok\n"), "{text}");
    assert!(text.contains("needs user u1@example.com redacted-a\n"), "{text}");
    assert!(text.contains("C: ..dot\n"), "{text}");
    world.stop();
}

#[test]
fn a_client_that_speaks_before_the_server_has_begun_tls() {
    let world = World::start("eager");
    let gate = Gate::before(world.place(Service::Submission), b"STARTTLS\r\n");
    let recorder = world.recorder_before(gate.place.clone(), Protocol::Submission, Way::CLEAR);
    let mut client = recorder.connect();
    client.hear("220 ");
    client.say("EHLO me", "250 ");
    client.say("STARTTLS", "220 ");
    let mut client = client.begin_tls();
    client.say_alone("EHLO me");
    gate.open();
    client.hear("250 ");
    client.say("QUIT", "221 ");
    drop(client);
    let text = replayed(&recorder.file());
    assert!(text.contains("= tls\n! tls ok\nC: EHLO me\n"), "{text}");
    world.stop();
}

#[test]
fn an_access_with_tls_on_both_sides_can_be_had_with_the_server_again() {
    let world = World::start("access");
    let recorder = world.recorder(Protocol::Imap, Service::Imaps, Way::TLS);
    let mut client = recorder.connect().begin_tls();
    client.hear("* OK ");
    client.say("a LOGIN u1@example.com wrong", "a NO ");
    client.say("b LOGIN {14}", "+ ");
    client.say("u1@example.com {11+}\r\nopen sesame", "b OK ");
    client.say(
        "c APPEND INBOX (\\Seen) {19+}\r\nSubject: x\r\n\r\nhey\r\n\r\nd SELECT INBOX",
        "d OK ",
    );
    client.say("e FETCH 1 (FLAGS INTERNALDATE BODY[])", "e OK ");
    client.say("f IDLE", "+ ");
    client.say("DONE", "f OK ");
    client.say("g LOGOUT", "g OK ");
    drop(client);
    let file = recorder.file();
    let text = replayed(&file);
    for part in [
        "C: a LOGIN u1@example.com redacted-a\n",
        "C: u1@example.com {10+}\nC: redacted-b\n",
        "S: Subject: x\nS:\nS: hey\nS: )\n",
        "= close\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let places = BTreeMap::from([(
        Protocol::Imap,
        Address { place: world.place(Service::Imaps), tls: true },
    )]);
    let account = Account { name: "u2@example.com".into(), password: SECRET.into() };
    let patience = Duration::from_secs(60);
    let (accounts, without, words) = (vec![account], Vec::new(), String::new());
    let mut live = Live::new(Servers { places, accounts, patience, without, words });
    let outcome = live.run(&read("recorded", &file).expect("a transcript"));
    assert!(matches!(outcome, Outcome::Passed), "{outcome:?}\n{text}");
    world.stop();
}

#[test]
fn a_client_that_vanishes() {
    let world = World::start("vanishes");
    let recorder = world.recorder(Protocol::Pop3, Service::Pop3, Way::CLEAR);
    let mut client = recorder.connect();
    client.hear("+OK ");
    client.say("CAPA", ".\r\n");
    client.say("USER u1@example.com", "+OK");
    client.say("PASS open sesame", "+OK");
    client.say("STAT", "+OK 0 0");
    client.finish();
    drop(client);
    let text = replayed(&recorder.file());
    assert!(text.contains("C: PASS redacted-a\n"), "{text}");
    assert!(text.ends_with("S: +OK 0 0\n! eof\n= close\n"), "{text}");
    world.stop();
}

#[test]
fn without_a_place_to_write_the_session_goes_on() {
    let world = World::start("unwritable");
    let recorder = world.recorder(Protocol::Smtp, Service::Smtp, Way::UNWRITABLE);
    let mut client = recorder.connect();
    client.hear("220 ");
    client.say("EHLO me", "250 ");
    client.say("QUIT", "221 ");
    drop(client);
    let why = recorder.failure();
    assert!(why.contains("smtp-"), "{why}");
    world.stop();
}
