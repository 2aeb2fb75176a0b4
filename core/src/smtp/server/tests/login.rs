//! AUTH and STARTTLS.

use super::*;

#[test]
fn every_login() {
    let mut talk = Talk::new(loopback());
    talk.expect(&[
        ("EHLO x", "250-"),
        ("AUTH CRAM-MD5", "504 5.5.4"),
        ("AUTH SCRAM-SHA-256-PLUS", "504 5.5.4"),
        ("AUTH PLAIN *", "501 5.5.2"),
        ("AUTH PLAIN", "334 \r\n"),
        ("*", "501 5.7.0"),
        ("AUTH PLAIN", "334 \r\n"),
        ("?", "501 5.5.2"),
        ("AUTH PLAIN", "334 \r\n"),
        ("eA==", "501 5.5.2"),
        ("AUTH EXTERNAL =", "454 4.7.0"),
        ("AUTH PLAIN AGFsaWNlAHdyb25n", "535 5.7.8"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6\r\n"),
        ("YWxpY2U=", "334 UGFzc3dvcmQ6\r\n"),
        ("b3BlbnNlc2FtZQ==", "235 2.7.0"),
        ("AUTH PLAIN", "503 5.5.1"),
    ]);
    let failed = |event: &&Event| matches!(event, Event::NotAuthenticated { .. });
    assert_eq!(talk.host.events.iter().filter(failed).count(), 4);
    let Some(Event::Authenticated { accepted, .. }) = talk.host.events.last() else { panic!() };
    assert_eq!(accepted.identity(), "alice");
}

#[test]
fn failed_logins_take_ever_longer() {
    let mut talk = Talk::new(loopback());
    talk.line("EHLO x");
    let delay = Limits::DEFAULT.failed_login_delay;
    for (doublings, codes) in ["535 5.7.8", "535 5.7.8", "421 4.7.0"].into_iter().enumerate() {
        let before = talk.now;
        talk.expect(&[("AUTH PLAIN AGFsaWNlAHdyb25n", codes)]);
        assert_eq!(talk.now - before, delay * (1 << doublings));
    }
    assert!(talk.closed());
}

#[test]
fn a_response_may_be_longer_than_a_command() {
    let mut talk = Talk::new(loopback());
    talk.expect(&[("EHLO x", "250-"), ("AUTH PLAIN", "334 ")]);
    talk.expect(&[(&"A".repeat(16_384), "501 5.5.2")]);
    talk.expect(&[("AUTH PLAIN", "334 "), (&"A".repeat(16_388), "500 5.5.6")]);
}

#[test]
fn tls_forgets_what_was_said_before() {
    let mut talk = Talk::new(smtp());
    let hello = talk.line("EHLO client.example.org");
    assert!(hello.contains("STARTTLS\r\n") && !hello.contains("AUTH"), "{hello}");
    talk.expect(&[("MAIL FROM:<>", "250"), ("STARTTLS", "220 2.0.0")]);
    assert_eq!(talk.server.wants(), Wants::Tls);
    assert_eq!(talk.host.events, [Event::Abandoned]);
    let tls = Tls { version: "TLS1.3", exporter: Some([1; 32]), ..Tls::default() };
    talk.server.handle_tls(talk.now, Ok(tls));
    talk.settle();
    talk.expect(&[("MAIL FROM:<>", "503 5.5.1"), ("STARTTLS", "503 5.5.1")]);
    let hello = talk.line("EHLO client.example.org");
    assert!(!hello.contains("STARTTLS") && hello.contains("AUTH SCRAM-SHA-256-PLUS "), "{hello}");

    let mut talk = Talk::new(smtp());
    talk.expect(&[("STARTTLS", "220")]);
    talk.server.handle_tls(talk.now, Err(TlsFailed("no".into())));
    talk.settle();
    assert!(talk.closed());
}

#[test]
fn commands_injected_behind_starttls() {
    let mut talk = Talk::new(smtp());
    let reply = talk.octets(b"STARTTLS\r\nEHLO injected\r\n");
    assert_eq!(reply, "554 5.5.1 Nothing may follow STARTTLS before TLS\r\n");
    assert!(talk.closed());
}

#[test]
fn passwords_are_not_in_a_log() {
    let mut talk = Talk::new(loopback());
    talk.octets(b"EHLO x\r\n");
    talk.server.handle_bytes(talk.now, b"AUTH PLAIN AGFsaWNlAG9wZW5zZXNhbWU=\r\n");
    let output = talk.server.poll();
    let Some(Output::Request { request: Request::Authenticate(_), .. }) = &output else { panic!() };
    assert!(!format!("{output:?}").contains("opensesame"));
    assert_eq!(talk.server.wants(), Wants::Nothing);
    let state = format!("{:?}", talk.server);
    assert!(!state.contains("opensesame") && !state.contains("AGFs"), "{state}");
}
