//! The examples of RFC 7677, and every message that is none.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;

use super::message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst};
use super::{Client, Flag, Server, signature, xor};
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::sasl::client::Exchange as _;
use crate::sasl::gs2::{Header, decode, encode};
use crate::sasl::password::{client_key, hash, salt_password};
use crate::sasl::server::Exchange as _;
use crate::sasl::{Abort, Answer, ChannelBinding, Credentials, Failure, Question, ScramKeys, Step};

// RFC 7677 §3.
const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const CLIENT_FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

fn client() -> Client {
    let credentials = Credentials::Password {
        authcid: "user".into(),
        authzid: None,
        password: String::from("pencil").into(),
    };
    let nonce = CLIENT_NONCE.into();
    Client::new(Flag::Unsupported, None, &credentials, nonce, &Limits::DEFAULT)
        .expect("credentials")
}

fn server(plus: bool, binding: Option<ChannelBinding>) -> Server {
    Server::new(plus, binding, SERVER_NONCE.into(), Entropy::from_seed([0; 32]))
}

fn keys() -> Answer {
    let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
    let keys = ScramKeys::derive("pencil", &salt, 4096).expect("a password");
    let authcid = "user".into();
    Answer::Keys { authcid, keys }
}

fn challenge(step: Step) -> Result<String, Failure> {
    match step {
        Step::Challenge(octets) => Ok(String::from_utf8(octets).expect("UTF-8")),
        Step::Failed(failure) => Err(failure),
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn the_client_of_the_example() {
    let mut client = client();
    assert_eq!(client.first(), CLIENT_FIRST.as_bytes());
    let proof = client.handle_challenge(SERVER_FIRST.as_bytes());
    assert_eq!(proof.as_deref(), Ok(CLIENT_FINAL.as_bytes()));
    assert_eq!(client.handle_success(), Err(Abort::Unproven));
    assert_eq!(client.handle_challenge(SERVER_FINAL.as_bytes()), Ok(Vec::new()));
    assert_eq!(client.handle_success(), Ok(()));
    assert_eq!(client.handle_challenge(b""), Err(Abort::Malformed));
    assert_eq!(client.handle_success(), Err(Abort::Unproven));
}

#[test]
fn the_server_of_the_example() {
    let mut server = server(false, None);
    let step = server.handle_response(CLIENT_FIRST.as_bytes());
    assert!(matches!(
        step,
        Step::Verify(Question::ScramKeys { authcid, authzid: None }) if authcid == "user"
    ));
    assert_eq!(challenge(server.handle_answer(keys())).as_deref(), Ok(SERVER_FIRST));
    let step = server.handle_response(CLIENT_FINAL.as_bytes());
    assert_eq!(challenge(step).as_deref(), Ok(SERVER_FINAL));
    assert!(matches!(server.handle_response(b""), Step::Done(_)));
}

/// What the server makes of a first message.
fn opening(plus: bool, binding: bool, message: &str) -> Option<Failure> {
    let binding = binding.then(|| ChannelBinding::tls_exporter([1; 32]));
    match server(plus, binding).handle_response(message.as_bytes()) {
        Step::Verify(_) => None,
        Step::Failed(failure) => Some(failure),
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn flags() {
    let mismatch = Some(Failure::ChannelBinding);
    let cases = [
        ("n,,n=u,r=x", false, false, None),
        ("n,,n=u,r=x", false, true, None),
        ("n,,n=u,r=x", true, true, mismatch),
        ("y,,n=u,r=x", false, false, None),
        // RFC 5802 §6: the client can, we can, and yet it was not told: a downgrade.
        ("y,,n=u,r=x", false, true, mismatch),
        ("y,,n=u,r=x", true, true, mismatch),
        ("p=tls-exporter,,n=u,r=x", true, true, None),
        ("p=tls-exporter,,n=u,r=x", true, false, mismatch),
        ("p=tls-exporter,,n=u,r=x", false, true, mismatch),
        ("p=tls-exporter,,n=u,r=x", false, false, mismatch),
        ("p=tls-unique,,n=u,r=x", true, true, mismatch),
        ("p=tls-server-end-point,,n=u,r=x", true, true, mismatch),
        ("p=TLS-EXPORTER,,n=u,r=x", true, true, mismatch),
    ];
    for (message, plus, binding, expected) in cases {
        assert_eq!(opening(plus, binding, message), expected, "{message} {plus} {binding}");
    }
}

#[test]
fn first_messages() {
    let good = [
        ("n,,n=u,r=x", None),
        ("n,a=admin,n=u,r=x", None),
        ("n,,n=u=2Cv=3Dw,r=x,e=extension,f=another", None),
        ("n,,n=u\u{ad},r=x", None),
        ("n,,n=u\u{7},r=x", Some(Failure::Credentials)),
        ("n,a=\u{7},n=u,r=x", Some(Failure::Credentials)),
    ];
    for (message, expected) in good {
        assert_eq!(opening(false, false, message), expected, "{message}");
    }
    let bad = [
        "",
        "n",
        "n,",
        "n,,",
        ",,n=u,r=x",
        "N,,n=u,r=x",
        "n,,n=u",
        "n,,n=,r=x",
        "n,,n=u,r=",
        "n,,r=x,n=u",
        "n,,m=must,n=u,r=x",
        "n,b=admin,n=u,r=x",
        "n,a=,n=u,r=x",
        "n,,n=u=,r=x",
        "n,,n=u=2c,r=x",
        "n,,n=u=41,r=x",
        "n,,n=u,r=x y",
        "n,,n=u,r=x\u{e9}",
        "n,,n=u,r=x,",
        "n,,n=u,r=x,e",
        "n,,n=u,r=x,e=",
        "n,,n=u,r=x,1=y",
        "n,,n=u\0,r=x",
        "p,,n=u,r=x",
        "F,n,,n=u,r=x",
        "n=u,r=x",
    ];
    for message in bad {
        assert_eq!(opening(false, false, message), Some(Failure::Malformed), "{message}");
    }
    let step = server(false, None).handle_response(b"n,,n=\xff,r=x");
    assert!(matches!(step, Step::Failed(Failure::Malformed)));
}

/// What the server makes of a final message in the example's exchange.
fn closing(message: &str) -> Result<String, Failure> {
    let mut server = server(false, None);
    assert!(matches!(server.handle_response(CLIENT_FIRST.as_bytes()), Step::Verify(_)));
    assert!(matches!(server.handle_answer(keys()), Step::Challenge(_)));
    challenge(server.handle_response(message.as_bytes()))
}

#[test]
fn final_messages() {
    assert_eq!(closing(CLIENT_FINAL).as_deref(), Ok(SERVER_FINAL));
    let cases = [
        (CLIENT_FINAL.replace("biws", "eSws"), Failure::ChannelBinding),
        (CLIENT_FINAL.replace("biws", ""), Failure::ChannelBinding),
        (CLIENT_FINAL.replace("r=r", "r=s"), Failure::Credentials),
        (CLIENT_FINAL.replace(SERVER_NONCE, ""), Failure::Credentials),
        (CLIENT_FINAL.replace("p=d", "p=e"), Failure::Credentials),
        (CLIENT_FINAL.replace(",p=", ",e=extension,p="), Failure::Credentials),
        (CLIENT_FINAL.replace("biws", "biw"), Failure::Malformed),
        (CLIENT_FINAL.replace("c=biws,", ""), Failure::Malformed),
        (CLIENT_FINAL.replace(",p=", ",q="), Failure::Malformed),
        (CLIENT_FINAL.replace("dHzb", ""), Failure::Malformed),
        (CLIENT_FINAL.replace("VQ=", "VQ"), Failure::Malformed),
        (format!("{CLIENT_FINAL},e=late"), Failure::Malformed),
        (String::new(), Failure::Malformed),
    ];
    for (message, failure) in cases {
        assert_eq!(closing(&message), Err(failure), "{message}");
    }
}

/// RFC 5802 §5.1: the server checks that the nonce is the one that it sent, whatever else is right.
#[test]
fn a_good_proof_over_another_nonce() {
    let without_proof = format!("c=biws,r={CLIENT_NONCE}another");
    let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
    let salted = salt_password("pencil", &salt, 4096).expect("a password");
    let bare = CLIENT_FIRST.strip_prefix("n,,").expect("the header");
    let key = client_key(&salted);
    let proof = xor(&key, &signature(&hash(&key), bare, SERVER_FIRST, &without_proof));
    let message = format!("{without_proof},p={}", BASE64.encode(proof));
    assert_eq!(closing(&message), Err(Failure::Credentials));
}

#[test]
fn the_acknowledgement_is_empty() {
    let mut server = server(false, None);
    server.handle_response(CLIENT_FIRST.as_bytes());
    server.handle_answer(keys());
    server.handle_response(CLIENT_FINAL.as_bytes());
    assert!(matches!(server.handle_response(b"x"), Step::Failed(Failure::Malformed)));
    assert!(matches!(server.handle_response(b""), Step::Failed(Failure::Malformed)));
}

#[test]
fn the_host_cannot_say_yes_to_scram() {
    for (answer, failure) in [
        (Answer::Accept { authcid: "user".into() }, Failure::Unavailable),
        (Answer::Unavailable, Failure::Unavailable),
    ] {
        let mut server = server(false, None);
        server.handle_response(CLIENT_FIRST.as_bytes());
        assert_eq!(challenge(server.handle_answer(answer)), Err(failure));
    }
}

#[test]
fn a_refusal_is_told_at_the_end_only() {
    let mut server = server(false, None);
    server.handle_response(CLIENT_FIRST.as_bytes());
    let first = challenge(server.handle_answer(Answer::Reject)).expect("invented keys");
    assert!(ServerFirst::parse(&first).is_some_and(|first| first.salt.len() == 16));
    let proof = client().handle_challenge(first.as_bytes()).expect("a proof");
    let step = server.handle_response(&proof);
    assert!(matches!(step, Step::Failed(Failure::Credentials)));
}

#[test]
fn challenges_that_the_client_refuses() {
    let cases = [
        (SERVER_FIRST.replace("r=r", "r=s"), Abort::Nonce),
        (SERVER_FIRST.replace(SERVER_NONCE, ""), Abort::Nonce),
        (SERVER_FIRST.replace("4096", "4095"), Abort::Iterations),
        (SERVER_FIRST.replace("4096", "1"), Abort::Iterations),
        (SERVER_FIRST.replace("4096", "1000001"), Abort::Iterations),
        (SERVER_FIRST.replace("4096", "4294967295"), Abort::Iterations),
        (SERVER_FIRST.replace("4096", "4294967296"), Abort::Malformed),
        (SERVER_FIRST.replace("4096", "04096"), Abort::Malformed),
        (SERVER_FIRST.replace("4096", "+4096"), Abort::Malformed),
        (SERVER_FIRST.replace("4096", ""), Abort::Malformed),
        (SERVER_FIRST.replace("W22ZaJ0SNY7soEsUEjb6gQ==", ""), Abort::Malformed),
        (SERVER_FIRST.replace("gQ==", "gQ"), Abort::Malformed),
        (format!("m=must,{SERVER_FIRST}"), Abort::Malformed),
        (format!("{SERVER_FIRST},"), Abort::Malformed),
        (String::from("e=other-error"), Abort::Malformed),
        (String::new(), Abort::Malformed),
    ];
    for (message, abort) in cases {
        let mut client = client();
        assert_eq!(client.handle_challenge(message.as_bytes()), Err(abort), "{message}");
        assert_eq!(client.handle_success(), Err(Abort::Unproven));
    }
    let extended = format!("{SERVER_FIRST},e=extension");
    assert!(client().handle_challenge(extended.as_bytes()).is_ok());
}

#[test]
fn signatures_that_the_client_refuses() {
    let cases = [
        (SERVER_FINAL.replace("v=6", "v=7"), Abort::Signature),
        (SERVER_FINAL.replace("v=6rri", "v="), Abort::Malformed),
        (String::from("v="), Abort::Malformed),
        (String::new(), Abort::Malformed),
        (String::from("e=invalid-proof"), Abort::Refused("invalid-proof".into())),
    ];
    for (message, abort) in cases {
        let mut client = client();
        assert!(client.handle_challenge(SERVER_FIRST.as_bytes()).is_ok());
        assert_eq!(client.handle_challenge(message.as_bytes()), Err(abort), "{message}");
        assert_eq!(client.handle_success(), Err(Abort::Unproven));
    }
}

proptest! {
    #[test]
    fn names_are_read_back(name in "[^\0]{1,30}") {
        prop_assert_eq!(decode(&encode(&name)), Some(name));
    }

    #[test]
    fn headers_are_read_back(
        flag in prop::sample::select(&[Flag::Unsupported, Flag::NotOffered, Flag::Bound("x")][..]),
        authzid in prop::option::of("[^\0]{1,20}"),
    ) {
        let header = Header { flag, authzid };
        let text = format!("{header}rest,of,it");
        prop_assert_eq!(Header::parse(&text), Some((header, "rest,of,it")));
    }

    #[test]
    fn server_first_is_read_back(
        nonce in "[!-+\\--~]{1,40}",
        salt in prop::collection::vec(any::<u8>(), 1..40),
        iterations in 1..u32::MAX,
    ) {
        let first = ServerFirst { nonce: &nonce, salt, iterations };
        let text = first.to_string();
        prop_assert_eq!(ServerFirst::parse(&text), Some(first));
    }

    #[test]
    fn server_final_is_read_back(verifier in any::<[u8; 32]>(), error in "[a-z-]{1,20}") {
        for message in [ServerFinal::Verifier(verifier), ServerFinal::Error(&error)] {
            let text = message.to_string();
            prop_assert_eq!(ServerFinal::parse(&text), Some(message));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "([nypcrsiev]=|[,=]|2C|\\PC|[A-Za-z0-9+/]){0,40}") {
        let _ = ClientFirst::parse(&text);
        let _ = ServerFirst::parse(&text);
        let _ = ClientFinal::parse(&text);
        let _ = ServerFinal::parse(&text);
    }
}
