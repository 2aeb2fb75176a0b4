//! Both ends against each other, undisturbed and with somebody in between.

use super::*;
use crate::sasl::{Abort, Accepted, Decoy, Failure, Question};
use alloc::vec;
use alloc::vec::Vec;

/// How an exchange ended at each end.
#[derive(PartialEq, Debug)]
enum End {
    /// Both ends are content.
    Agreed(Accepted),
    /// The server refused.
    Refused(Failure),
    /// The client cancelled.
    Cancelled(Abort),
    /// The server was content, the client not.
    Distrusted(Abort),
}

/// Those of `tanstaaf`, which [`the_right_password`] proves.
const KEYS: &str = "SCRAM-SHA-256$4096:c2FsdA==$vYT7Ky4zk9OtJSR4cSnS8cD0rv+sd4L328/p0AghvP8=:\
                    ZPLRD58klpOJFt5EeSROFd4mIz2C9q/PcRPGZz/OZ1E=";

/// A host that knows one user, `tim`, by the password `tanstaaf` and the token `ya29`.
fn answer(question: Question) -> Answer {
    match question {
        Question::Password { authcid, password, .. }
            if authcid == "tim" && password.expose() == "tanstaaf" =>
        {
            accept("tim")
        }
        Question::ScramKeys { authcid, .. } if authcid == "tim" => {
            let keys = KEYS.parse().expect("keys");
            Answer::Keys { authcid, keys }
        }
        Question::ScramKeys { authcid, .. } => {
            let keys = Decoy::new([5; 32], 4096).keys(&authcid);
            Answer::Keys { authcid, keys }
        }
        Question::Token { token, .. } if token.expose() == "ya29" => accept("tim"),
        Question::External { .. } => accept("tim"),
        Question::Password { .. } | Question::Token { .. } => Answer::Reject,
    }
}

/// Pumps an exchange; `tamper` sees each message with its number, the client's first being 0.
fn pump(
    client: &mut Client,
    server: &mut Server,
    mut tamper: impl FnMut(usize, &mut Vec<u8>),
) -> End {
    let mut count = 0;
    let mut pass = |mut message: Vec<u8>| {
        tamper(count, &mut message);
        count += 1;
        message
    };
    let initial = client.initial_response().map(&mut pass);
    let mut step = server.start(initial.as_deref());
    loop {
        step = match step {
            Step::Challenge(challenge) => match client.handle_challenge(&pass(challenge)) {
                Ok(response) => server.handle_response(&pass(response)),
                Err(abort) => return End::Cancelled(abort),
            },
            Step::Verify(question) => server.handle_answer(answer(question)),
            Step::Failed(failure) => return End::Refused(failure),
            Step::Done(accepted) => {
                return match client.handle_success() {
                    Ok(()) => End::Agreed(accepted),
                    Err(abort) => End::Distrusted(abort),
                };
            }
        };
    }
}

fn meet(mechanism: Mechanism, credentials: &Credentials) -> End {
    let channel = if mechanism == Mechanism::ScramSha256 { Channel::Confidential } else { bound() };
    let mut server = Server::new(mechanism, channel.binding().cloned(), entropy(1));
    pump(&mut client(mechanism, credentials, &channel), &mut server, |_, _| {})
}

fn tim() -> End {
    let authcid = "tim".into();
    let authzid = None;
    End::Agreed(Accepted { authcid, authzid })
}

const BY_PASSWORD: [Mechanism; 4] =
    [Mechanism::ScramSha256Plus, Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login];

#[test]
fn the_right_password() {
    for mechanism in BY_PASSWORD {
        assert_eq!(meet(mechanism, &password("tim", "tanstaaf")), tim(), "{mechanism}");
        // Prepared alike at both ends.
        assert_eq!(meet(mechanism, &password("t\u{ad}im", "tan\u{ad}staaf")), tim());
    }
}

#[test]
fn the_wrong_password_and_the_unknown_user() {
    for mechanism in BY_PASSWORD {
        let refused = End::Refused(Failure::Credentials);
        assert_eq!(meet(mechanism, &password("tim", "tanstaal")), refused, "{mechanism}");
        assert_eq!(meet(mechanism, &password("tom", "tanstaaf")), refused, "{mechanism}");
        assert_eq!(meet(mechanism, &password("t,o=m", "x")), refused, "{mechanism}");
    }
}

#[test]
fn acting_as_another() {
    let credentials = Credentials::Password {
        authcid: "tim".into(),
        authzid: Some("a,b=c".into()),
        password: String::from("tanstaaf").into(),
    };
    for mechanism in &BY_PASSWORD[..3] {
        let End::Agreed(accepted) = meet(*mechanism, &credentials) else {
            panic!("{mechanism}");
        };
        assert_eq!((accepted.identity(), &*accepted.authcid), ("a,b=c", "tim"));
    }
}

#[test]
fn tokens() {
    for mechanism in [Mechanism::OAuthBearer, Mechanism::XOAuth2] {
        for server in [None, Some((String::from("mx.example.com"), 993))] {
            let credentials = |token: &str| Credentials::Token {
                user: "tim@example.com".into(),
                token: String::from(token).into(),
                server: server.clone(),
            };
            assert_eq!(meet(mechanism, &credentials("ya29")), tim());
            let refused = End::Refused(Failure::Credentials);
            assert_eq!(meet(mechanism, &credentials("ya30")), refused);
        }
    }
}

#[test]
fn external() {
    let authzid = None;
    assert_eq!(meet(Mechanism::External, &Credentials::External { authzid }), tim());
    let authzid = Some(String::from("tom"));
    let End::Agreed(accepted) = meet(Mechanism::External, &Credentials::External { authzid })
    else {
        panic!("not accepted");
    };
    assert_eq!(accepted.identity(), "tom");
}

#[test]
fn without_room_for_an_initial_response() {
    for mechanism in BY_PASSWORD {
        let mut client = client(mechanism, &password("tim", "tanstaaf"), &bound());
        let binding = bound().binding().cloned();
        let binding = binding.filter(|_| mechanism != Mechanism::ScramSha256);
        let mut server = Server::new(mechanism, binding, entropy(1));
        let mut step = server.start(None);
        let accepted = loop {
            step = match step {
                Step::Challenge(challenge) => {
                    let response = client.handle_challenge(&challenge).expect("an answer");
                    server.handle_response(&response)
                }
                Step::Verify(question) => server.handle_answer(answer(question)),
                Step::Done(accepted) => break accepted,
                Step::Failed(failure) => panic!("{mechanism}: {failure}"),
            };
        };
        assert_eq!((accepted.identity(), client.handle_success()), ("tim", Ok(())));
    }
}

#[test]
fn a_first_challenge_that_is_not_empty_is_no_invitation() {
    let mut plain = client(Mechanism::Plain, &password("tim", "x"), &bound());
    assert_eq!(plain.handle_challenge(b"tell me"), Err(Abort::Malformed));
}

#[test]
fn success_out_of_the_blue_is_not_trusted() {
    for mechanism in [Mechanism::ScramSha256, Mechanism::ScramSha256Plus] {
        let mut client = client(mechanism, &password("tim", "tanstaaf"), &bound());
        assert_eq!(client.handle_success(), Err(Abort::Unproven));
        client.initial_response();
        assert_eq!(client.handle_success(), Err(Abort::Unproven));
    }
    let mut plain = client(Mechanism::Plain, &password("tim", "x"), &bound());
    assert_eq!(plain.handle_success(), Err(Abort::Unproven));
    plain.initial_response();
    assert_eq!(plain.handle_success(), Ok(()));
    assert_eq!(plain.handle_challenge(b""), Err(Abort::Malformed));
}

/// Every octet of every SCRAM message, changed: never do both ends agree.
#[test]
fn tampering_with_scram_is_noticed() {
    for (mechanism, channel) in
        [(Mechanism::ScramSha256Plus, bound()), (Mechanism::ScramSha256, Channel::Confidential)]
    {
        let run = |target: (usize, usize), bit: u8| {
            let mut lengths = vec![];
            let credentials = password("tim", "tanstaaf");
            let mut client = client(mechanism, &credentials, &channel);
            let mut server = Server::new(mechanism, channel.binding().cloned(), entropy(1));
            let end = pump(&mut client, &mut server, |index, message| {
                lengths.push(message.len());
                if index == target.0
                    && let Some(octet) = message.get_mut(target.1)
                {
                    *octet ^= bit;
                }
            });
            (end, lengths)
        };
        let (end, lengths) = run((usize::MAX, 0), 0);
        assert_eq!((end, lengths.len()), (tim(), 5));
        for (index, length) in lengths.into_iter().enumerate() {
            for octet in 0..length {
                // Now a digit, now the case of a letter, now beyond ASCII.
                let bit = [0x01, 0x20, 0x80][octet % 3];
                let (end, _) = run((index, octet), bit);
                assert!(!matches!(end, End::Agreed(_)), "message {index}, octet {octet}: {end:?}");
            }
        }
    }
}

#[test]
fn another_channel_is_noticed() {
    let mut client = client(
        Mechanism::ScramSha256Plus,
        &password("tim", "tanstaaf"),
        &Channel::Bound(ChannelBinding::tls_exporter([8; 32])),
    );
    let end = pump(&mut client, &mut server(Mechanism::ScramSha256Plus), |_, _| {});
    assert_eq!(end, End::Refused(Failure::ChannelBinding));
}

#[test]
fn taking_plus_out_of_the_offer_is_noticed() {
    let credentials = password("tim", "tanstaaf");
    let offered = [Mechanism::ScramSha256];
    let chosen = Client::choose(&offered, &credentials, &bound()).expect("one");
    let end = pump(&mut client(chosen, &credentials, &bound()), &mut server(chosen), |_, _| {});
    assert_eq!(end, End::Refused(Failure::ChannelBinding));
    // Changing the flag as well is noticed by the proof.
    let end =
        pump(&mut client(chosen, &credentials, &bound()), &mut server(chosen), |_, message| {
            if message.starts_with(b"y,") {
                message[0] = b'n';
            }
        });
    assert_eq!(end, End::Refused(Failure::ChannelBinding));
}
