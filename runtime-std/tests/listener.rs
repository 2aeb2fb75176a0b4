//! Where the server listens.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use postroad_runtime_std::listener::{Endpoint, Listener};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

fn bind(place: &str) -> std::io::Result<Listener> {
    Listener::bind(&Endpoint::parse(place).unwrap())
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("postroad-{}-{name}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn both_families_on_one_port() {
    let six = match bind("[::]:0") {
        Ok(six) => six,
        Err(why) => return eprintln!("skipped: this machine has no IPv6: {why}"),
    };
    let Endpoint::Tcp(address) = six.endpoint().unwrap() else { panic!("not TCP") };
    let four = format!("0.0.0.0:{}", address.port());
    assert!(bind(&four).is_ok(), "{four} is taken by {address}");
}

#[test]
fn only_a_socket_that_nobody_listens_on_is_replaced() {
    let path = scratch("socket");
    let place = path.to_str().unwrap();
    let listener = bind(place).unwrap();
    assert_eq!(bind(place).unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(listener);
    assert!(!path.exists());
    // As a server that was killed leaves it.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    drop(bind(place).unwrap());

    fs::write(&path, "a file").unwrap();
    assert_eq!(bind(place).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(fs::read(&path).unwrap(), b"a file");
    fs::remove_file(&path).unwrap();
}
