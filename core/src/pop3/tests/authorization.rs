//! The AUTHORIZATION state.

use super::*;
use crate::limits::Limits;
use crate::sasl::{Client, Credentials, wire};

#[test]
fn nothing_secret_without_tls() {
    let mut room = Room::new(Channel::Clear, &[]);
    let cases = [
        ("USER tim", "-ERR Not without TLS\r\n"),
        ("PASS tanstaaf", "-ERR Not without TLS\r\n"),
        ("AUTH PLAIN AHRpbQB0YW5zdGFhZg==", "-ERR Not without TLS\r\n"),
        ("AUTH PLAIN", "-ERR Not without TLS\r\n"),
        ("AUTH LOGIN", "-ERR Not without TLS\r\n"),
        ("AUTH SCRAM-SHA-256-PLUS", "-ERR Not without TLS\r\n"),
        ("AUTH EXTERNAL", "-ERR Unknown mechanism\r\n"),
        ("AUTH CRAM-MD5", "-ERR Unknown mechanism\r\n"),
        ("STAT", "-ERR Log in first\r\n"),
        ("RETR 1", "-ERR Log in first\r\n"),
        ("QUIT", "+OK Bye\r\n"),
    ];
    for (line, reply) in cases {
        assert_eq!(room.reply(line), reply, "{line}");
    }
    assert_eq!((room.asked().as_str(), room.wants()), ("", Wants::Close));
}

#[test]
fn capabilities() {
    let common = "TOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nEXPIRE NEVER\r\n";
    let rest = "UTF8 USER\r\nLANG\r\nIMPLEMENTATION Postroad\r\n.\r\n";
    let capa = |middle: &str| format!("+OK Capability list follows\r\n{common}{middle}{rest}");
    let mut room = Room::new(Channel::Clear, &[]);
    assert_eq!(room.reply("CAPA"), capa("STLS\r\n"));
    assert_eq!(room.reply("AUTH"), "+OK Mechanisms follow\r\n.\r\n");
    room.reply("STLS");
    room.tls(bound());
    let secured = capa("USER\r\nSASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n");
    assert_eq!(room.reply("CAPA"), secured);
    room.say("USER tim\r\nPASS tanstaaf\r\n");
    assert_eq!(room.reply("CAPA"), secured, "the same in both states");
}

#[test]
fn what_is_not_configured_is_not_offered() {
    let mut config = Config::new("mx.example.com");
    config.mechanisms = vec![Mechanism::External];
    config.stls = false;
    config.implementation = None;
    let mut room = Room::with(config, Channel::Confidential, &[]);
    let capa = room.reply("CAPA");
    assert!(capa.contains("SASL EXTERNAL\r\n"), "{capa}");
    assert!(!["USER\r\nS", "STLS", "IMPL"].iter().any(|word| capa.contains(word)), "{capa}");
    assert_eq!(room.reply("STLS"), "-ERR STLS is not available\r\n");
    assert_eq!(room.reply("USER tim"), "-ERR Not without TLS\r\n");
    assert_eq!(room.reply("AUTH EXTERNAL ="), "+OK The maildrop has 0 messages (0 octets)\r\n");
}

#[test]
fn languages() {
    let mut room = Room::new(Channel::Clear, &[]);
    let listing = "+OK Languages follow\r\nen English\r\ni-default Default language\r\n.\r\n";
    let cases = [
        ("LANG", listing),
        ("LANG en", "+OK en English it is\r\n"),
        ("LANG EN-gb", "+OK en English it is\r\n"),
        ("LANG *", "+OK i-default English it is\r\n"),
        ("LANG i-default", "+OK i-default English it is\r\n"),
        ("LANG de", "-ERR No such language\r\n"),
        ("LANG english", "-ERR No such language\r\n"),
        ("UTF8", "+OK UTF-8 it is\r\n"),
    ];
    for (line, reply) in cases {
        assert_eq!(room.reply(line), reply, "{line}");
    }
}

#[test]
fn user_comes_before_pass() {
    let mut room = Room::new(Channel::Confidential, &[]);
    assert_eq!(room.reply("PASS tanstaaf"), "-ERR Send USER first\r\n");
    assert_eq!(room.reply("USER tom"), "+OK Send the password\r\n");
    assert_eq!(room.reply("USER tim"), "+OK Send the password\r\n");
    room.reply("NOOP");
    assert_eq!(room.reply("PASS tanstaaf"), "+OK The maildrop has 0 messages (0 octets)\r\n");
    assert!(room.asked().ends_with("open tim"), "{}", room.asked());
}

#[test]
fn the_name_is_forgotten_after_pass() {
    let mut room = Room::new(Channel::Confidential, &[]);
    room.say("USER tim\r\nPASS wrong\r\n");
    assert_eq!(room.reply("PASS tanstaaf"), "-ERR Send USER first\r\n");
}

#[test]
fn refused_logins_take_longer_each_time() {
    let mut room = Room::new(Channel::Confidential, &[]);
    for (delay, line) in [(2, "PASS wrong"), (4, "PASS "), (8, "PASS wrong")] {
        room.reply("USER tim");
        let before = room.now;
        assert_eq!(room.reply(line), "-ERR [AUTH] Authentication failed\r\n");
        assert_eq!(room.now.since(before).as_secs(), delay);
    }
    assert_eq!(room.wants(), Wants::Close);
    assert!(room.asked().ends_with("refused LOGIN Credentials"), "{}", room.asked());
}

#[test]
fn guesses_cannot_be_pipelined() {
    let mut room = Room::new(Channel::Confidential, &[]);
    let guesses = "USER tim\r\nPASS wrong\r\n".repeat(9);
    room.reply(&guesses);
    assert_eq!(room.asked().matches("verify").count(), 3);
    assert_eq!(room.wants(), Wants::Close);
}

#[test]
fn a_penalty_is_waited_for() {
    let mut room = Room::new(Channel::Confidential, &[]);
    room.heard();
    room.server.handle_bytes(room.now, b"USER tim\r\nPASS wrong\r\nUSER tim\r\n");
    drain(room.now, &mut room.server, &mut room.host);
    assert_eq!(room.server.transmit(), b"+OK Send the password\r\n");
    assert_eq!(room.server.wants(), Wants::Nothing);
    room.server.handle_timeout(room.now);
    assert!(room.server.poll().is_none(), "a call that is early does nothing");
    assert_eq!(room.server.transmit(), b"+OK Send the password\r\n");
}

#[test]
fn failures_that_are_not_the_clients() {
    let mut room = Room::new(Channel::Confidential, &[]);
    room.host.verdict = Some(Answer::Unavailable);
    room.reply("USER tim");
    let before = room.now;
    assert_eq!(room.reply("PASS x"), "-ERR [SYS/TEMP] Login is not possible now\r\n");
    assert_eq!(room.now, before, "no penalty");
    room.host.verdict = None;
    let cases = [
        (Refusal::InUse, "-ERR [IN-USE] The maildrop is in use\r\n"),
        (Refusal::Temporary, "-ERR [SYS/TEMP] Try again later\r\n"),
        (Refusal::Permanent, "-ERR [SYS/PERM] The maildrop cannot be read\r\n"),
    ];
    for (refusal, reply) in cases {
        room.host.open = Some(refusal);
        room.reply("USER tim");
        assert_eq!(room.reply("PASS tanstaaf"), reply);
        assert_eq!(room.reply("STAT"), "-ERR Log in first\r\n");
    }
    room.host.open = None;
    room.reply("USER tim");
    assert_eq!(room.reply("PASS tanstaaf"), "+OK The maildrop has 0 messages (0 octets)\r\n");
}

#[test]
fn plain_with_and_without_initial_response() {
    let entered = "+OK The maildrop has 0 messages (0 octets)\r\n";
    let mut room = Room::new(Channel::Confidential, &[]);
    assert_eq!(room.reply("AUTH PLAIN AHRpbQB0YW5zdGFhZg=="), entered);
    let mut room = Room::new(Channel::Confidential, &[]);
    assert_eq!(room.reply("AUTH plain"), "+ \r\n");
    assert_eq!(room.reply("AHRpbQB0YW5zdGFhZg=="), entered);
    let mut room = Room::new(Channel::Confidential, &[]);
    assert_eq!(room.reply("AUTH LOGIN"), "+ VXNlcm5hbWU6\r\n");
    assert_eq!(room.reply("dGlt"), "+ UGFzc3dvcmQ6\r\n");
    assert_eq!(room.reply("dGFuc3RhYWY="), entered);
}

#[test]
fn exchanges_that_lead_nowhere() {
    let mut room = Room::new(Channel::Confidential, &[]);
    let cases = [
        ("*", "-ERR Cancelled\r\n"),
        ("AHRpbQB0YW5zdGFhZg", "-ERR Not base64\r\n"),
        ("=", "-ERR Not base64\r\n"),
        ("NOOP!", "-ERR Not base64\r\n"),
        ("", "-ERR Malformed response\r\n"),
        ("dGlt", "-ERR Malformed response\r\n"),
    ];
    for (line, reply) in cases {
        assert_eq!(room.reply("AUTH PLAIN"), "+ \r\n");
        assert_eq!(room.reply(line), reply);
        assert_eq!(room.reply("STAT"), "-ERR Log in first\r\n");
    }
    assert_eq!(room.reply("AUTH PLAIN AHRpbQB0YW5zdGFhZg"), "-ERR Not base64\r\n");
    assert_eq!(room.reply("AUTH PLAIN ="), "-ERR Malformed response\r\n");
    assert_eq!(room.reply("AUTH PLAIN AHRpbQB4"), "-ERR [AUTH] Authentication failed\r\n");
}

/// Logs in by `mechanism` with our own client, and returns the server's last word.
fn meet(room: &mut Room, mechanism: Mechanism, channel: &Channel, word: &str) -> String {
    let credentials = Credentials::Password {
        authcid: "tim".into(),
        authzid: None,
        password: String::from(word).into(),
    };
    let entropy = Entropy::from_seed([3; 32]);
    let mut client = Client::new(mechanism, &credentials, channel, entropy, &Limits::DEFAULT)
        .expect("the credentials fit");
    let initial = client.initial_response().map(|initial| wire::encode_initial(&initial));
    let initial = initial.unwrap_or_default();
    let mut reply = room.reply(format!("AUTH {mechanism} {initial}").trim_end());
    while let Some(challenge) = reply.strip_prefix("+ ") {
        let challenge = wire::decode(challenge.trim_end().as_bytes(), &Limits::DEFAULT);
        let response = client.handle_challenge(&challenge.expect("base64")).expect("trust");
        reply = room.reply(&wire::encode(&response));
    }
    if reply.starts_with("+OK") {
        assert_eq!(client.handle_success(), Ok(()));
    }
    reply
}

#[test]
fn every_mechanism_with_our_own_client() {
    let tls = Channel::from(&Tls { exporter: bound(), ..Tls::default() });
    for mechanism in
        [Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login]
    {
        // -PLUS was offered, so a client that takes less must be one that cannot bind.
        let channel = match mechanism {
            Mechanism::ScramSha256 => Channel::Confidential,
            _ => tls.clone(),
        };
        let mut room = Room::new(Channel::Clear, &[]);
        room.reply("STLS");
        room.tls(bound());
        let refused = meet(&mut room, mechanism, &channel, "wrong");
        assert_eq!(refused, "-ERR [AUTH] Authentication failed\r\n", "{mechanism}");
        let entered = meet(&mut room, mechanism, &channel, "tanstaaf");
        assert_eq!(entered, "+OK The maildrop has 0 messages (0 octets)\r\n", "{mechanism}");
    }
}

#[test]
fn a_downgrade_is_refused() {
    let mut room = Room::new(Channel::Clear, &[]);
    room.reply("STLS");
    room.tls(bound());
    let channel = Channel::from(&Tls { exporter: bound(), ..Tls::default() });
    let reply = meet(&mut room, Mechanism::ScramSha256, &channel, "tanstaaf");
    assert_eq!(reply, "-ERR [AUTH] Authentication failed\r\n");
    assert!(room.asked().ends_with("refused SCRAM-SHA-256 ChannelBinding"), "{}", room.asked());
}

#[test]
fn tls_from_the_start() {
    let now = Instant::from_seconds(0);
    let config = Arc::new(Config::new("mx.example.com"));
    let mut server = Server::new(now, config, Channel::Clear, Entropy::from_seed([7; 32]));
    server.handle_tls(now, Ok(Tls::default()));
    assert!(server.poll().is_none());
    assert_eq!(server.transmit(), b"+OK mx.example.com POP3 server ready\r\n");
    server.handle_bytes(now, b"USER tim\r\n");
    assert!(server.poll().is_none());
    assert!(server.transmit().ends_with(b"ready\r\n+OK Send the password\r\n"));
}

#[test]
fn stls() {
    let mut room = Room::new(Channel::Confidential, &[]);
    room.reply("USER tim");
    assert_eq!(room.reply("STLS"), "+OK Begin TLS\r\n");
    assert_eq!(room.wants(), Wants::Tls);
    room.tls(None);
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Read), "no second greeting");
    assert_eq!(room.reply("PASS tanstaaf"), "-ERR Send USER first\r\n", "all is forgotten");
    assert_eq!(room.reply("STLS"), "-ERR STLS is not available\r\n");
}

#[test]
fn what_is_injected_behind_stls_ends_the_session() {
    for injected in ["USER tim\r\n", "X", "\r\n", " "] {
        let mut room = Room::new(Channel::Clear, &[]);
        room.heard();
        room.say(&format!("STLS\r\n{injected}"));
        assert_eq!(room.heard(), "-ERR Nothing may follow STLS\r\n");
        assert_eq!(room.wants(), Wants::Close);
    }
    // In a packet of its own, before the handshake began.
    let mut room = Room::new(Channel::Clear, &[]);
    room.reply("STLS");
    room.server.handle_bytes(room.now, b"USER tim\r\n");
    room.tls(None);
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Close));
}

#[test]
fn a_handshake_that_fails_ends_the_session() {
    let mut room = Room::new(Channel::Clear, &[]);
    room.reply("STLS");
    let failed = crate::machine::TlsFailed("no shared cipher".into());
    room.server.handle_tls(room.now, Err(failed));
    room.settle();
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Close));
}

#[test]
fn a_login_takes_a_minute_at_most() {
    let mut room = Room::new(Channel::Confidential, &[]);
    room.wait(50);
    room.reply("USER tim");
    room.wait(9);
    assert_eq!(room.wants(), Wants::Read);
    room.wait(1);
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Close));
    assert_eq!(room.asked(), "");
}
