//! The framing that the protocols share.

use crate::limits::Limits;
use crate::sasl::wire::{
    Response, Unreadable, decode, decode_initial, decode_response, encode, encode_initial, max_line,
};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const LIMITS: Limits = Limits::DEFAULT;

#[test]
fn lines() {
    let octets = |text: &[u8]| Ok(Response::Octets(text.to_vec()));
    assert_eq!(decode_response(b"", &LIMITS), octets(b""));
    assert_eq!(decode_response(b"AHRpbQB4", &LIMITS), octets(b"\0tim\0x"));
    assert_eq!(decode_response(b"*", &LIMITS), Ok(Response::Cancel));
    for line in
        [&b"="[..], b"**", b" ", b"AHRpbQB4 ", b"AHRpbQB", b"a===", b"\xff\xff\xff\xff", b"YR=="]
    {
        assert_eq!(decode_response(line, &LIMITS), Err(Unreadable::NotBase64), "{line:?}");
    }
    assert_eq!(decode_initial(b"=", &LIMITS), Ok(Vec::new()));
    assert_eq!(decode_initial(b"aGk=", &LIMITS), Ok(b"hi".to_vec()));
    for argument in [&b""[..], b"*", b"=="] {
        assert_eq!(decode_initial(argument, &LIMITS), Err(Unreadable::NotBase64));
    }
}

#[test]
fn the_limit_is_on_the_message() {
    let longest = vec![b'x'; LIMITS.sasl_response];
    let line = encode(&longest);
    assert_eq!(line.len(), max_line(&LIMITS));
    assert_eq!(decode(line.as_bytes(), &LIMITS), Ok(longest));
    let line = encode(&vec![b'x'; LIMITS.sasl_response + 1]);
    assert_eq!(decode(line.as_bytes(), &LIMITS), Err(Unreadable::TooLong));
    assert_eq!(decode_initial(line.as_bytes(), &LIMITS), Err(Unreadable::TooLong));
    assert_eq!(decode_response(&vec![b'!'; 1 << 20], &LIMITS), Err(Unreadable::TooLong));
}

proptest! {
    #[test]
    fn what_is_written_is_read(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(decode(encode(&octets).as_bytes(), &LIMITS), Ok(octets.clone()));
        prop_assert_eq!(decode_initial(encode_initial(&octets).as_bytes(), &LIMITS), Ok(octets));
    }
}
