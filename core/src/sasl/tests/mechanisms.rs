//! What the server makes of single messages: PLAIN, LOGIN, EXTERNAL, OAUTHBEARER, XOAUTH2.

use super::*;
use crate::sasl::{Failure, Question};
use alloc::format;
use proptest::prelude::*;

fn ask(mechanism: Mechanism, message: &[u8]) -> Result<Question, Failure> {
    match server(mechanism).start(Some(message)) {
        Step::Verify(question) => Ok(question),
        Step::Failed(failure) => Err(failure),
        other => panic!("unexpected {other:?}"),
    }
}

/// `authcid authzid password` of a question.
fn triple(message: &[u8]) -> Result<String, Failure> {
    ask(Mechanism::Plain, message).map(|question| match question {
        Question::Password { authcid, authzid, password } => {
            format!("{authcid} {authzid:?} {}", password.expose())
        }
        other => panic!("unexpected {other:?}"),
    })
}

#[test]
fn plain_messages() {
    let good: [(&[u8], &str); 6] = [
        // RFC 4616 §4.
        (b"\0tim\0tanstaaftanstaaf", "tim None tanstaaftanstaaf"),
        (b"Ursel\0Kurt\0xipj3plmq", "Kurt Some(\"Ursel\") xipj3plmq"),
        (b"tim\0tim\0secret", "tim None secret"),
        (b"\0a b\0 p ", "a b None  p "),
        ("\0j\u{f6}rg\0pa\u{df}".as_bytes(), "j\u{f6}rg None pa\u{df}"),
        ("\0\u{2168}\0p\u{ad}w".as_bytes(), "IX None pw"),
    ];
    for (message, expected) in good {
        assert_eq!(triple(message).as_deref(), Ok(expected));
    }
    let bad: [(&[u8], Failure); 11] = [
        (b"", Failure::Malformed),
        (b"tim", Failure::Malformed),
        (b"tim\0secret", Failure::Malformed),
        (b"\0\0secret", Failure::Malformed),
        (b"\0tim\0", Failure::Malformed),
        (b"\0tim\0secret\0", Failure::Malformed),
        (b"\0tim\0sec\0ret", Failure::Malformed),
        (b"\0tim\0\xff", Failure::Malformed),
        (b"\0tim\0sec\nret", Failure::Credentials),
        (b"\0t\x7fim\0secret", Failure::Credentials),
        ("\u{200e}\0tim\0secret".as_bytes(), Failure::Credentials),
    ];
    for (message, expected) in bad {
        assert_eq!(triple(message), Err(expected), "{message:?}");
    }
}

#[test]
fn a_verdict_ends_the_exchange() {
    let keys = crate::sasl::Decoy::new([0; 32], 4096).keys("tim");
    let authcid = String::from("tim");
    let cases = [
        (Answer::Reject, Failure::Credentials),
        (Answer::Unavailable, Failure::Unavailable),
        (Answer::Keys { authcid, keys }, Failure::Unavailable),
    ];
    for (answer, expected) in cases {
        let mut server = server(Mechanism::Plain);
        assert!(matches!(server.start(Some(b"\0tim\0x")), Step::Verify(_)));
        assert!(matches!(server.handle_answer(answer), Step::Failed(it) if it == expected));
        assert!(matches!(server.handle_answer(accept("tim")), Step::Failed(_)));
        assert!(matches!(server.handle_response(b"\0tim\0x"), Step::Failed(_)));
    }
}

#[test]
fn the_host_names_the_login_and_allows_the_identity() {
    let mut server = server(Mechanism::Plain);
    assert!(matches!(server.start(Some(b"Ursel\0Kurt\0x")), Step::Verify(_)));
    let Step::Done(accepted) = server.handle_answer(accept("kurt@example.org")) else {
        panic!("not accepted");
    };
    assert_eq!(accepted.authcid, "kurt@example.org");
    assert_eq!(accepted.identity(), "Ursel");
}

#[test]
fn what_is_not_due_fails() {
    for mechanism in Mechanism::ALL {
        let mut one = server(mechanism);
        assert!(matches!(one.handle_answer(accept("tim")), Step::Failed(_)));
        let mut other = server(Mechanism::Plain);
        assert!(matches!(other.start(Some(b"\0tim\0x")), Step::Verify(_)));
        assert!(matches!(other.handle_response(b"\0tim\0x"), Step::Failed(_)));
        assert!(matches!(other.handle_answer(accept("tim")), Step::Failed(_)));
    }
}

#[test]
fn login_asks_twice() {
    let mut one = server(Mechanism::Login);
    assert_eq!(challenge(one.start(None)), "Username:");
    assert_eq!(challenge(one.handle_response(b"tim")), "Password:");
    assert!(matches!(
        one.handle_response(b"pw"),
        Step::Verify(Question::Password { authcid, authzid: None, password })
            if authcid == "tim" && password.expose() == "pw"
    ));
    let mut other = server(Mechanism::Login);
    assert_eq!(challenge(other.start(Some(b"tim"))), "Password:");
    for (name, word) in [(&b"\x01"[..], &b"pw"[..]), (b"tim", b"\n"), (b"", b"pw"), (b"tim", b"")] {
        let mut server = server(Mechanism::Login);
        assert_eq!(challenge(server.start(Some(name))), "Password:");
        let step = server.handle_response(word);
        assert!(matches!(step, Step::Failed(Failure::Credentials)), "{name:?} {word:?}");
    }
    let step = server(Mechanism::Login).start(Some(b"\xff"));
    assert!(matches!(step, Step::Failed(Failure::Malformed)));
}

#[test]
fn external_messages() {
    let authzid = |message: &[u8]| {
        ask(Mechanism::External, message).map(|question| match question {
            Question::External { authzid } => authzid,
            other => panic!("unexpected {other:?}"),
        })
    };
    assert_eq!(authzid(b""), Ok(None));
    assert_eq!(authzid(b"fred"), Ok(Some("fred".into())));
    assert_eq!(authzid(b"fr\0ed"), Err(Failure::Credentials));
    assert_eq!(authzid(b"\xff"), Err(Failure::Malformed));
}

/// `user token host port` of a question.
fn token(mechanism: Mechanism, message: &str) -> Result<String, Failure> {
    ask(mechanism, message.as_bytes()).map(|question| match question {
        Question::Token { mechanism: asked, user, token, host, port } => {
            assert_eq!(asked, mechanism);
            format!("{user:?} {} {host:?} {port:?}", token.expose())
        }
        other => panic!("unexpected {other:?}"),
    })
}

#[test]
fn oauthbearer_messages() {
    let good = [
        // RFC 7628 §4.1.
        (
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01\
             auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
            "Some(\"user@example.com\") vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg== \
             Some(\"server.example.com\") Some(143)",
        ),
        ("n,,\x01auth=bearer t\x01\x01", "None t None None"),
        ("y,a=a=2Cb=3Dc,\x01auth=Bearer  t\x01x=\x01\x01", "Some(\"a,b=c\") t None None"),
    ];
    for (message, expected) in good {
        assert_eq!(token(Mechanism::OAuthBearer, message).as_deref(), Ok(expected));
    }
    let bad = [
        "",
        "\x01",
        "n,,",
        "n,,\x01\x01",
        "n,,\x01auth=Bearer t\x01",
        "n,,\x01auth=Bearer t",
        "n,,\x01auth=Bearer t\x01\x01\x01",
        "n,,\x01auth=Bearer\x01\x01",
        "n,,\x01auth=Bearer \x01\x01",
        "n,,\x01auth=Basic t\x01\x01",
        "n,,\x01auth=Bearer t u\x01\x01",
        "n,,\x01auth=Bearer t\u{e9}\x01\x01",
        "n,,\x01host=h\x01\x01",
        "n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
        "n,,\x01port=99999\x01auth=Bearer t\x01\x01",
        "n,,\x01noequals\x01auth=Bearer t\x01\x01",
        "p=tls-exporter,,\x01auth=Bearer t\x01\x01",
        "n,a=x=2D,\x01auth=Bearer t\x01\x01",
        "x,,\x01auth=Bearer t\x01\x01",
        "user=u\x01auth=Bearer t\x01\x01",
    ];
    for message in bad {
        let result = token(Mechanism::OAuthBearer, message);
        assert_eq!(result, Err(Failure::Malformed), "{message:?}");
    }
}

#[test]
fn xoauth2_messages() {
    let good = "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3Rl\x01\x01";
    assert_eq!(
        token(Mechanism::XOAuth2, good).as_deref(),
        Ok("Some(\"someuser@example.com\") ya29.vF9dft4qmTc2Nvb3Rl None None")
    );
    for message in [
        "",
        "user=u\x01\x01",
        "user=u\x01auth=Bearer t",
        "user=u\x01user=v\x01auth=Bearer t\x01\x01",
        "user=u\x02\x01auth=Bearer t\x01\x01",
        "user=\x01auth=Bearer t\x01\x01",
        "n,,\x01auth=Bearer t\x01\x01",
    ] {
        assert_eq!(token(Mechanism::XOAuth2, message), Err(Failure::Malformed), "{message:?}");
    }
}

#[test]
fn a_refused_token_is_acknowledged_first() {
    let cases = [
        (Mechanism::OAuthBearer, "n,,\x01auth=Bearer t\x01\x01", r#"{"status":"invalid_token"}"#),
        (
            Mechanism::XOAuth2,
            "user=u\x01auth=Bearer t\x01\x01",
            r#"{"status":"401","schemes":"bearer"}"#,
        ),
    ];
    for (mechanism, message, json) in cases {
        for acknowledgement in [&b"\x01"[..], b"", b"n,,\x01auth=Bearer good\x01\x01"] {
            let mut server = server(mechanism);
            assert!(matches!(server.start(Some(message.as_bytes())), Step::Verify(_)));
            assert_eq!(challenge(server.handle_answer(Answer::Reject)), json);
            let step = server.handle_response(acknowledgement);
            assert!(matches!(step, Step::Failed(Failure::Credentials)));
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_a_server_panic(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..4),
    ) {
        let mut server = server(mechanism);
        for message in messages {
            if let Step::Verify(_) = server.handle_response(&message) {
                let step = server.handle_answer(Answer::Reject);
                prop_assert!(!matches!(step, Step::Done(_)));
            }
        }
    }

    #[test]
    fn nothing_shaped_like_a_message_makes_a_server_panic(
        mechanism in prop::sample::select(&Mechanism::ALL[..]),
        messages in prop::collection::vec("([nypa=,cri\\x01\0]|auth=Bearer |[a-z0-9]){0,40}", 1..4),
    ) {
        let mut server = server(mechanism);
        for message in messages {
            if let Step::Verify(_) = server.handle_response(message.as_bytes()) {
                let step = server.handle_answer(Answer::Reject);
                prop_assert!(!matches!(step, Step::Done(_)));
            }
        }
    }

    #[test]
    fn plain_carries_what_it_is_given(name in "[ -~]{1,30}", word in "[ -~]{1,30}") {
        let credentials = password(&name, &word);
        let message = client(Mechanism::Plain, &credentials, &bound()).initial_response();
        let message = message.expect("PLAIN starts with the client");
        prop_assert_eq!(triple(&message), Ok(format!("{name} None {word}")));
    }
}
