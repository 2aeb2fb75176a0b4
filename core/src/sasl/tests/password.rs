//! SCRAM keys and their text form.

use super::*;
use crate::sasl::password::{DEFAULT_ITERATIONS, MIN_ITERATIONS};
use crate::sasl::{Decoy, ScramKeys};
use alloc::string::ToString as _;
use proptest::prelude::*;

#[test]
fn keys_of_a_known_password() {
    // The parameters of RFC 7677 §3. The text form was computed apart from this code, with
    // Python's hashlib.
    let salt = [
        0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa,
        0x81,
    ];
    let keys = ScramKeys::derive("pencil", &salt, 4096).expect("a password");
    assert_eq!(keys.to_string(), EXPECTED);
    assert_eq!(EXPECTED.parse(), Ok(keys));
}

const EXPECTED: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
    wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

#[test]
fn texts_that_are_no_keys() {
    let (head, tail) = EXPECTED.split_once("4096").expect("the count");
    for count in ["0", "-1", "", "4294967296", "x"] {
        assert!([head, count, tail].concat().parse::<ScramKeys>().is_err(), "{count}");
    }
    for end in 0..EXPECTED.len() {
        assert!(EXPECTED[..end].parse::<ScramKeys>().is_err(), "{end}");
    }
    assert!([EXPECTED, "A"].concat().parse::<ScramKeys>().is_err());
    assert!(EXPECTED.replace("SHA-256", "SHA-1").parse::<ScramKeys>().is_err());
}

#[test]
fn keys_are_salted_and_strong_enough() {
    let mut entropy = entropy(3);
    let one = ScramKeys::create("pencil", 1, &mut entropy).expect("a password");
    let two = ScramKeys::create("pencil", 1, &mut entropy).expect("a password");
    assert_eq!((one.iterations, one.salt.len()), (MIN_ITERATIONS, 16));
    assert_ne!(one, two);
    assert!(one.matches("pencil") && two.matches("pen\u{ad}cil"));
    assert!(!one.matches("Pencil") && !one.matches("") && !one.matches("\0"));
    assert!(ScramKeys::create("", 4096, &mut entropy).is_err());
    assert!(ScramKeys::create("a\nb", 4096, &mut entropy).is_err());
}

#[test]
fn keys_do_not_show_up_in_a_log() {
    let keys = Decoy::new([1; 32], DEFAULT_ITERATIONS).keys("tim");
    let shown = alloc::format!("{keys:?}");
    assert!(shown.contains("stored_key: [redacted], server_key: [redacted]"), "{shown}");
}

#[test]
fn decoys_look_real_and_stay() {
    let decoy = Decoy::new([1; 32], DEFAULT_ITERATIONS);
    let keys = decoy.keys("tim");
    assert_eq!((keys.salt.len(), keys.iterations), (16, DEFAULT_ITERATIONS));
    assert_eq!(keys, decoy.clone().keys("tim"));
    assert_ne!(keys.salt, decoy.keys("tom").salt);
    assert_ne!(keys.salt, Decoy::new([2; 32], DEFAULT_ITERATIONS).keys("tim").salt);
    assert_ne!(keys.stored_key, keys.server_key);
}

proptest! {
    #[test]
    fn the_text_form_is_read_back(
        salt in prop::collection::vec(any::<u8>(), 1..40),
        iterations in 1..u32::MAX,
        stored in any::<[u8; 32]>(),
        server in any::<[u8; 32]>(),
    ) {
        let keys = ScramKeys {
            salt,
            iterations,
            stored_key: stored.into(),
            server_key: server.into(),
        };
        prop_assert_eq!(keys.to_string().parse(), Ok(keys));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "SCRAM-SHA-256[$:][0-9]{0,12}[$:][a-zA-Z=/+$:]{0,60}") {
        let _ = text.parse::<ScramKeys>();
    }
}
