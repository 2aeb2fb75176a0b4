//! Greeting, EHLO, STARTTLS, AUTH.

use super::*;
use crate::sasl::Mechanism;

fn login() -> Config {
    config().with_credentials(tim())
}

fn secured(start_tls: StartTls) -> Config {
    Config { start_tls, ..login() }
}

#[test]
fn greeting_and_good_bye() {
    let told = Dialogue::new(config()).hold(&[
        ("", "220-mx.example.com\r\n220 at your service\r\n"),
        (HELLO, "250 mx.example.com\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "connected\nclosed");
}

#[test]
fn without_envelope_it_is_ready() {
    let told = Dialogue::new(config()).staying().hold(&[("", "220\r\n"), (HELLO, "250\r\n")]);
    assert_eq!(told, "connected\nready");
}

#[test]
fn a_server_that_does_not_serve() {
    for (greeting, failure) in [
        ("554 5.3.2 No SMTP here\r\n", "greeting: 554 5.3.2 No SMTP here"),
        ("450 later\r\n", "greeting: 450 later"),
        ("221 not ready\r\n", "greeting: the reply makes no sense: 221 not ready"),
    ] {
        let told = Dialogue::new(config()).hold(&[("", greeting), (QUIT, BYE)]);
        assert_eq!(told, format!("closed: {failure}"));
    }
    let told = Dialogue::new(config()).hold(&[("", "421 Too busy\r\n")]);
    assert_eq!(told, "closed: greeting: 421 Too busy");
}

#[test]
fn helo_where_ehlo_is_unknown() {
    for refusal in ["500 What?\r\n", "502 5.5.1 What?\r\n", "504 No\r\n", "550 No\r\n"] {
        let told = Dialogue::new(config()).to(&["bob@example.com"]).hold(&[
            ("", "220 old\r\n"),
            (HELLO, refusal),
            ("HELO client.example.org\r\n", "250-PIPELINING\r\n250 SIZE 1\r\n"),
            ("MAIL FROM:<alice@example.org>\r\n", "550 no\r\n"),
            (QUIT, BYE),
        ]);
        assert!(told.starts_with("connected\n0 ! permanent 5.0.0 MAIL: 550 no\n"), "{told}");
    }
    let told = Dialogue::new(config()).hold(&[
        ("", "220 old\r\n"),
        (HELLO, "502 What?\r\n"),
        ("HELO client.example.org\r\n", "501 Who?\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "closed: EHLO: 501 Who?");
}

#[test]
fn no_helo_for_a_transient_failure_or_in_lmtp() {
    let turns = [("", "220 hi\r\n"), (HELLO, "451 Later\r\n"), (QUIT, BYE)];
    assert_eq!(Dialogue::new(config()).hold(&turns), "closed: EHLO: 451 Later");
    let lhlo = "LHLO client.example.org\r\n";
    let turns = [("", "220 hi\r\n"), (lhlo, "500 What?\r\n"), (QUIT, BYE)];
    assert_eq!(Dialogue::new(lmtp()).hold(&turns), "closed: EHLO: 500 What?");
}

#[test]
fn a_client_without_a_name_says_its_address() {
    let hostname = "[IPv6:2001:db8::1]".parse().unwrap();
    let config = Config { start_tls: StartTls::Never, ..Config::new(hostname, Protocol::Smtp) };
    let told = Dialogue::new(config)
        .staying()
        .hold(&[("", "220 hi\r\n"), ("EHLO [IPv6:2001:db8::1]\r\n", "250 hi\r\n")]);
    assert_eq!(told, "connected\nready");
}

#[test]
fn starttls_forgets_what_was_said_in_the_clear() {
    let told = Dialogue::new(secured(StartTls::Opportunistic)).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250-AUTH LOGIN\r\n250 starttls\r\n"),
        ("STARTTLS\r\n", "220 go\r\n"),
        ("", "<tls>"),
        (HELLO, "250-mx\r\n250 auth plain\r\n"),
        ("AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n", "235 2.7.0 Yes\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "connected tls PLAIN\nclosed");
}

#[test]
fn tls_is_not_begun_when_it_is_not_to_be() {
    let hello = "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";
    let turns = [("", "220 hi\r\n"), (HELLO, hello), (QUIT, BYE)];
    let told = Dialogue::new(secured(StartTls::Never)).hold(&turns);
    assert_eq!(told, "closed: AUTH: the server offers no mechanism that can be used");
}

#[test]
fn required_tls_that_is_not_there() {
    let told = Dialogue::new(secured(StartTls::Required)).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250 AUTH PLAIN\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "closed: STARTTLS: TLS is required, but the server does not offer it");
    let told = Dialogue::new(secured(StartTls::Required)).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "502 what?\r\n"),
        ("HELO client.example.org\r\n", "250 mx\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "closed: STARTTLS: TLS is required, but the server does not offer it");
    let turns = [
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN SCRAM-SHA-256\r\n"),
        ("STARTTLS\r\n", "454 4.7.0 Not now\r\n"),
        (QUIT, BYE),
    ];
    let told = Dialogue::new(secured(StartTls::Required)).hold(&turns);
    assert_eq!(told, "closed: STARTTLS: 454 4.7.0 Not now");
}

#[test]
fn opportunistic_tls_that_is_refused_leaves_no_password_in_the_clear() {
    let told = Dialogue::new(secured(StartTls::Opportunistic)).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"),
        ("STARTTLS\r\n", "454 4.7.0 Not now\r\n"),
        (QUIT, BYE),
    ]);
    assert_eq!(told, "closed: AUTH: the server offers no mechanism that can be used");
}

#[test]
fn a_failed_handshake_ends_the_connection() {
    let told = Dialogue::new(secured(StartTls::Opportunistic)).to(&["bob@example.com"]).hold(&[
        ("", "220 hi\r\n"),
        (HELLO, "250-mx\r\n250 STARTTLS\r\n"),
        ("STARTTLS\r\n", "220 go\r\n"),
        ("", "<no tls>"),
    ]);
    let failure = "STARTTLS: the TLS handshake failed: bad certificate";
    assert_eq!(told, format!("0 ! transient 4.7.5 {failure}\nfinished\nclosed: {failure}"));
}

#[test]
fn octets_behind_the_reply_to_starttls_are_injected() {
    let mut room = Room::new(secured(StartTls::Required), Channel::Clear, b"");
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250 STARTTLS\r\n");
    room.hear(b"220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n");
    assert_eq!(room.client.wants(), Wants::Close);
    let why = "octets came in the clear behind the reply to STARTTLS";
    assert_eq!(room.told(), format!("closed: STARTTLS: {why}"));
    assert_eq!(room.said(), format!("{HELLO}STARTTLS\r\n"));
}

#[test]
fn tls_from_the_start() {
    let mut room = Room::new(secured(StartTls::Required), Channel::Clear, b"");
    room.client.handle_tls(room.now, Ok(Tls::default()));
    room.settle();
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250-STARTTLS\r\n250 AUTH=LOGIN\r\n");
    room.hear(b"334 VXNlcm5hbWU6\r\n");
    room.hear(b"334 UGFzc3dvcmQ6\r\n");
    room.hear(b"235 yes\r\n");
    assert_eq!(room.said(), format!("{HELLO}AUTH LOGIN\r\ndGlt\r\ndGFuc3RhYWY=\r\n"));
    assert_eq!(room.told(), "connected tls LOGIN\nready");
}

#[test]
fn logins_that_fail() {
    let hello = "250-mx\r\n250 AUTH PLAIN\r\n";
    let auth = "AUTH PLAIN AHRpbQB0YW5zdGFhZg==\r\n";
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[(auth, "535 5.7.8 No\r\n"), (QUIT, BYE)], "535 5.7.8 No"),
        (&[(auth, "454 4.7.0 Later\r\n"), (QUIT, BYE)], "454 4.7.0 Later"),
        (&[(auth, "334 bm8=\r\n"), ("*\r\n", "501 ok\r\n"), (QUIT, BYE)], MALFORMED),
        (&[(auth, "334 !!!\r\n"), ("*\r\n", "250 ok\r\n"), (QUIT, BYE)], MALFORMED),
    ];
    for (turns, failure) in cases {
        let turns = [&[("", "220 hi\r\n"), (HELLO, hello)], turns].concat();
        let told = Dialogue::new(login()).on(Channel::Confidential).hold(&turns);
        assert_eq!(told, format!("closed: AUTH: {failure}"));
    }
}

const MALFORMED: &str = "the server's challenge is malformed";

#[test]
fn a_server_that_has_not_proved_itself_hears_nothing_more() {
    let mut room = Room::new(login(), Channel::Confidential, b"");
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250 AUTH SCRAM-SHA-256\r\n");
    assert!(room.said().contains("AUTH SCRAM-SHA-256 "));
    room.hear(b"235 2.7.0 Whoever you are\r\n");
    assert_eq!(room.said(), "");
    assert_eq!(room.told(), "closed: AUTH: the server has not proved itself");
    assert_eq!(room.client.wants(), Wants::Close);
}

#[test]
fn a_long_initial_response_waits_to_be_asked_for() {
    let credentials =
        Credentials::Token { user: "tim".into(), token: "t".repeat(1000).into(), server: None };
    let config = config().with_credentials(credentials);
    let mut room = Room::new(config.clone(), Channel::Confidential, b"");
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250 AUTH XOAUTH2\r\n");
    assert_eq!(room.said(), format!("{HELLO}AUTH XOAUTH2\r\n"));
    room.hear(b"334\r\n");
    assert!(room.said().len() > 1300);
    room.hear(b"235 yes\r\n");
    assert_eq!(room.told(), "connected XOAUTH2\nready");

    let mut room = Room::new(config, Channel::Confidential, b"");
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250 AUTH XOAUTH2\r\n");
    room.hear(b"235 whoever you are\r\n");
    assert_eq!(room.told(), "closed: AUTH: the server has not proved itself");
}

#[test]
fn the_best_allowed_mechanism_is_taken() {
    let mut config = login();
    config.mechanisms = vec![Mechanism::Login];
    let mut room = Room::new(config, Channel::Confidential, b"");
    room.hear(b"220 hi\r\n");
    room.hear(b"250-mx\r\n250-AUTH NTLM\r\n250 AUTH PLAIN LOGIN SCRAM-SHA-256\r\n");
    assert_eq!(room.said(), format!("{HELLO}AUTH LOGIN\r\n"));
}
