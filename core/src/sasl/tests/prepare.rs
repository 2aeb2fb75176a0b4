//! SASLprep.

use crate::sasl::prepare::{prepare, prepare_authzid};
use alloc::string::String;
use proptest::prelude::*;

#[test]
fn examples() {
    let good = [
        // RFC 4013 §3.
        ("I\u{ad}X", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u{aa}", "a"),
        ("\u{2168}", "IX"),
        // Blanks, invisible characters, composition, later Unicode.
        ("a\u{a0}b\u{3000}c", "a b c"),
        ("\u{feff}x\u{200d}", "x"),
        ("e\u{301}", "\u{e9}"),
        ("\u{1f980}", "\u{1f980}"),
        ("\u{5d0}1", "\u{5d0}1"),
    ];
    for (text, expected) in good {
        assert_eq!(prepare(text).as_deref(), Ok(expected), "{text:?}");
    }
    let bad = [
        "",
        "\u{ad}",
        "\u{7}",
        "a\0b",
        "\u{7f}",
        "\u{85}",
        "a\u{200e}",
        "\u{e000}",
        "\u{fdd0}",
        "\u{1fffe}",
        "\u{ffff}",
        "\u{fffd}",
        "\u{2028}",
        "\u{e0041}",
        "\u{10fffd}",
    ];
    for text in bad {
        assert!(prepare(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_identity_that_says_nothing_new_is_none() {
    let new = |text| prepare_authzid(text, "tim");
    assert_eq!(new(""), Ok(None));
    assert_eq!(new("tim"), Ok(None));
    assert_eq!(new("t\u{ad}im"), Ok(None));
    assert_eq!(new("tom"), Ok(Some(String::from("tom"))));
    assert!(new("t\0m").is_err());
}

proptest! {
    #[test]
    fn it_is_stable(text in any::<String>()) {
        if let Ok(prepared) = prepare(&text) {
            prop_assert_eq!(prepare(&prepared), Ok(prepared.clone()));
        }
    }
}
