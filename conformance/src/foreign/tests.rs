//! Unit tests: responses and their values, on a server of a few lines.

use super::connection::Connection;
use super::value::{Value, Values, parse, split_first};
use super::{Account, Server};
use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// A connection to a server that says `said` and closes.
fn connection(said: &'static [u8]) -> Connection {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server {
        address: listener.local_addr().unwrap().to_string(),
        accounts: Vec::new(),
        patience: Duration::from_secs(10),
        without: Vec::new(),
    };
    thread::spawn(move || listener.accept().unwrap().0.write_all(said));
    Connection::open(&server, 1).unwrap()
}

#[test]
fn responses_end_behind_their_literals() {
    let mut server = connection(b"* a {3}\r\n\r\n) b {2}\r\n{}\r\n* c {x}\r\n* d");
    assert_eq!(server.receive().unwrap(), b"* a {3}\r\n\r\n) b {2}\r\n{}");
    assert_eq!(server.receive().unwrap(), b"* c {x}");
    assert_eq!(server.receive().unwrap_err().seen, "the end of the connection");
    assert_eq!(server.dialogue().len(), 2);
}

#[test]
fn a_response_has_a_limit() {
    let mut server = connection(b"* a {99999999999}\r\n");
    assert!(server.receive().unwrap_err().seen.contains("16 MiB"));
    let mut server = connection(b"* a {99999999999999999999999999}\r\n");
    assert_eq!(server.receive().unwrap(), b"* a {99999999999999999999999999}");
}

#[test]
fn values() {
    let values = parse(b"* 1 FETCH (BODY[HEADER.FIELDS (A B)]<0> ~{2}\r\n)( NIL \"q\\\"\")");
    let text = Values(&values).to_string();
    assert_eq!(text, r#"* 1 FETCH (BODY[HEADER.FIELDS (A B)]<0> ")(" NIL "q\"")"#);
    assert_eq!(parse(b"nil"), [Value::Nil]);
    assert_eq!(
        Values(&parse(b"OK [A (\\B)] it's \"x (y")).to_string(),
        "OK [A (\\\\B) ] it\\'s \"x (y\""
    );
    for odd in [&b"((("[..], b")))", b"\"", b"{9}\r\nx", b"~{", b"[", b"a[ ( "] {
        assert!(!parse(odd).is_empty(), "{odd:?}");
    }
    assert_eq!(parse(&b"(".repeat(100_000)).len(), 1);
    assert_eq!(split_first(b" (a (b)) c)"), Some((&b"(a (b))"[..], &b" c)"[..])));
    assert_eq!(split_first(b" )"), None);
}

#[test]
fn accounts() {
    let account = Account::parse("a@b:c:d").unwrap();
    assert_eq!((account.local_part(), &*account.password), ("a", "c:d"));
    assert_eq!(account.login(), b"LOGIN \"a@b\" \"c:d\"");
    assert_eq!(Account::parse("a"), None);
}
