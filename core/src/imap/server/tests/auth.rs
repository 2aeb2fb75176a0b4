use super::*;
use crate::imap::server::Event;
use crate::sasl::wire::{decode, encode};
use crate::sasl::{ChannelBinding, Client, Credentials, Failure, Mechanism};
use crate::store::Account;

const CAPABILITIES: &str = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE";

fn clear(memory: &Memory) -> Dialogue {
    let mut dialogue = Dialogue::new(memory, Config::default(), Channel::Clear);
    dialogue.take();
    dialogue
}

#[test]
fn the_greeting_tells_what_can_be_done_on_this_channel() {
    let rows = [
        (Channel::Clear, " STARTTLS LOGINDISABLED"),
        (Channel::Confidential, " STARTTLS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN"),
        (
            Channel::Bound(ChannelBinding::tls_exporter([3; 32])),
            " AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN",
        ),
    ];
    for (channel, rest) in rows {
        let mut dialogue = Dialogue::new(&memory(), Config::default(), channel);
        let expected =
            alloc::format!("* OK [CAPABILITY {CAPABILITIES}{rest}] Postroad is ready\r\n");
        assert_eq!(dialogue.take(), expected);
    }
}

#[test]
fn tls_from_the_start_is_told_before_the_greeting() {
    let mut dialogue = Dialogue::new(&memory(), Config::default(), Channel::Clear);
    let tls = Tls { exporter: Some([3; 32]), ..Tls::default() };
    dialogue.server.handle_tls(START, Ok(tls));
    let greeting = dialogue.take();
    assert!(greeting.contains("AUTH=SCRAM-SHA-256-PLUS") && !greeting.contains("STARTTLS"));
}

#[test]
fn any_state() {
    check(
        Dialogue::greeted,
        &[
            ("a NOOP", "a OK NOOP completed"),
            (
                "b CAPABILITY",
                "* CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE STARTTLS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN
                 b OK CAPABILITY completed",
            ),
            (
                "c ID (\"name\" \"test\")
                 d ID NIL",
                "* ID (\"name\" \"Postroad\" \"version\" $
                 c OK ID completed
                 * ID $
                 d OK ID completed",
            ),
            ("e SELECT INBOX", "e BAD [CLIENTBUG] Log in first"),
            ("f FETCH 1 FLAGS", "f BAD [CLIENTBUG] Log in first"),
            ("g LOGOUT", "* BYE Logging out\ng OK LOGOUT completed"),
        ],
    );
}

#[test]
fn login() {
    check(
        Dialogue::greeted,
        &[
            (
                "a LOGIN alice opensesame",
                "a OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE IMAP4rev2 $",
            ),
            ("b LOGIN alice opensesame", "b BAD [CLIENTBUG] You are logged in already"),
            ("c STARTTLS", "c BAD [CLIENTBUG] STARTTLS comes before a login"),
            ("d AUTHENTICATE PLAIN", "d BAD [CLIENTBUG] You are logged in already"),
        ],
    );
    check(Dialogue::greeted, &[("a LOGIN {5}\nalice {10}\nopensesame", "+ $\n+ $\na OK $")]);
}

#[test]
fn no_password_in_the_clear() {
    check(
        clear,
        &[
            ("a LOGIN alice opensesame", "a NO [PRIVACYREQUIRED] Not without TLS"),
            ("b AUTHENTICATE PLAIN", "b NO [PRIVACYREQUIRED] Not without TLS"),
            ("c AUTHENTICATE LOGIN", "c NO [PRIVACYREQUIRED] Not without TLS"),
            ("d AUTHENTICATE CRAM-MD5", "d NO [CANNOT] This mechanism is not offered"),
        ],
    );
}

#[test]
fn plain_and_login() {
    let plain = encode(b"\0alice\0opensesame");
    let rows = [
        alloc::format!("a AUTHENTICATE PLAIN {plain}"),
        alloc::format!("a AUTHENTICATE PLAIN\n{plain}"),
        alloc::format!("a AUTHENTICATE LOGIN\n{}\n{}", encode(b"alice"), encode(b"opensesame")),
    ];
    for row in rows {
        let mut dialogue = Dialogue::greeted(&memory());
        let heard = dialogue.say(crlf(&row));
        assert!(heard.contains("a OK [CAPABILITY "), "{heard}");
        let account = Account::parse("alice@example.org").unwrap();
        assert!(
            matches!(&dialogue.events[..], [Event::LoggedIn { account: who, .. }] if *who == account)
        );
    }
}

#[test]
fn what_a_client_can_do_wrong_in_an_exchange() {
    check(
        Dialogue::greeted,
        &[
            ("a AUTHENTICATE PLAIN", "+ "),
            ("*", "a BAD AUTHENTICATE cancelled"),
            ("b AUTHENTICATE PLAIN", "+ "),
            ("!!!", "b BAD The response is not in base64"),
            ("c AUTHENTICATE PLAIN AGE=", "c BAD The response is malformed"),
            ("d AUTHENTICATE PLAIN =", "d BAD The response is malformed"),
        ],
    );
}

#[test]
fn scram_with_and_without_binding() {
    let bound = Channel::Bound(ChannelBinding::tls_exporter([3; 32]));
    let rows =
        [(Mechanism::ScramSha256, Channel::Confidential), (Mechanism::ScramSha256Plus, bound)];
    for (mechanism, channel) in rows {
        let mut dialogue = Dialogue::new(&memory(), Config::default(), channel.clone());
        dialogue.take();
        let credentials = Credentials::Password {
            authcid: "alice".to_string(),
            authzid: None,
            password: "opensesame".to_string().into(),
        };
        let entropy = Entropy::from_seed([9; 32]);
        let limits = Limits::default();
        let client = Client::new(mechanism, &credentials, &channel, entropy, &limits);
        let mut client = client.unwrap();
        let first = encode(&client.initial_response().unwrap());
        let mut heard = dialogue.say(alloc::format!("a AUTHENTICATE {mechanism} {first}\r\n"));
        while let Some(challenge) = heard.strip_prefix("+ ") {
            let challenge = decode(challenge.trim_end().as_bytes(), &Limits::DEFAULT).unwrap();
            let response = encode(&client.handle_challenge(&challenge).unwrap());
            heard = dialogue.say(response + "\r\n");
        }
        assert!(heard.starts_with("a OK "), "{heard}");
        client.handle_success().unwrap();
    }
}

#[test]
fn failed_logins_cost_time_and_then_the_connection() {
    let mut dialogue = Dialogue::greeted(&memory());
    for (delay, expected) in [
        (2, "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"),
        (4, "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n"),
        (
            8,
            "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n* BYE Too many failed logins\r\n",
        ),
    ] {
        assert_eq!(dialogue.say("a LOGIN alice wrong\r\n"), "");
        assert_eq!(dialogue.server.wants(), Wants::Nothing);
        assert_eq!(dialogue.wait(delay - 1), "");
        assert_eq!(dialogue.wait(1), expected);
    }
    assert!(dialogue.is_closed());
    let why = Failure::Credentials;
    assert_eq!(dialogue.events[0], Event::LoginFailed { mechanism: "LOGIN", why });
}

#[test]
fn starttls_forgets_and_begins_anew() {
    let mut dialogue = clear(&memory());
    assert_eq!(dialogue.say("a STARTTLS\r\n"), "a OK Begin TLS negotiation now\r\n");
    dialogue.secure();
    let heard = dialogue.say("b CAPABILITY\r\n");
    assert!(heard.contains("AUTH=SCRAM-SHA-256-PLUS") && !heard.contains("STARTTLS"), "{heard}");
    assert_eq!(dialogue.say("c STARTTLS\r\n"), "c BAD STARTTLS is not available\r\n");
    assert!(dialogue.say("d LOGIN alice opensesame\r\n").starts_with("d OK "));
}

#[test]
fn a_handshake_that_fails_ends_the_connection() {
    let mut dialogue = clear(&memory());
    dialogue.say("a STARTTLS\r\n");
    dialogue.server.handle_tls(START, Err(crate::machine::TlsFailed("no".to_string())));
    assert_eq!(dialogue.take(), "");
    assert!(dialogue.is_closed());
}

#[test]
fn commands_injected_behind_starttls_are_not_run() {
    let mut dialogue = clear(&memory());
    let heard = dialogue.say("a STARTTLS\r\nb CAPABILITY\r\n");
    assert_eq!(heard, "a BAD Something follows STARTTLS in the clear\r\n");
    assert!(dialogue.is_closed());
}
