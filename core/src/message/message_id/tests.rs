use alloc::vec::Vec;

use proptest::prelude::*;

use super::{IdHash, ids};

#[test]
fn what_is_an_id() {
    for (value, expected) in [
        (&b""[..], &[][..]),
        (b"<a@b>", &[&b"a@b"[..]]),
        (b"<a@b><c@d>", &[b"a@b", b"c@d"]),
        (b"<a@b>,\r\n\t<c@d>", &[b"a@b", b"c@d"]),
        (b"a@b", &[]),
        (b"<a>", &[]),
        (b"<@b> <a@> <c@d>", &[b"c@d"]),
        (b"<a@b", &[]),
        (b"<a <c@d>", &[b"c@d"]),
        (b"<a@b@c>", &[b"a@b@c"]),
        (b"\"<x@y>\" <a@b>", &[b"a@b"]),
        (b"(<x@y>) <(in) a@b>", &[b"a@b"]),
        (b"<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>", &[b"01KF8JCEOCBS0045PS@xxx.yyy.com"]),
        (b"<\"a\\\"b\"@c>", &[b"a\"b@c"]),
        (b"<a\r\n b@c>", &[b"ab@c"]),
        (b"<a@[1.2.3.4]>", &[b"a@[1.2.3.4]"]),
        (b"don\"t write <a@b>", &[]),
        (b"<\"a>b\"@c>", &[b"a>b@c"]),
    ] {
        let found: Vec<_> = ids(value).collect();
        assert_eq!(found, expected, "{}", value.escape_ascii());
    }
}

#[test]
fn hashes_stay() {
    assert_eq!(IdHash::of(b"1@example.org"), IdHash(IdHash::of(b"1@example.org").0));
    assert_ne!(IdHash::of(b"1@example.org"), IdHash::of(b"2@example.org"));
}

proptest! {
    #[test]
    fn any_octets_are_survived(value: Vec<u8>) {
        prop_assert!(ids(&value).all(|id| id.len() >= 3 && id.contains(&b'@')));
    }

    #[test]
    fn long_runs_cost_linear_time(piece in r#"[<>()"\\@a ]{1,4}"#) {
        let value = piece.repeat(20_000);
        let _ = ids(value.as_bytes()).count();
    }
}
