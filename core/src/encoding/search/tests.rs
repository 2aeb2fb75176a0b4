use alloc::string::String;

use proptest::prelude::*;

use super::{Needle, Search};
use crate::encoding::casemap::fold;

fn is_found(needle: &str, text: &[u8], size: usize) -> bool {
    let needle = Needle::new(needle);
    let mut search = Search::new(&needle);
    text.chunks(size).for_each(|piece| search.push(piece));
    search.is_found()
}

#[test]
fn case_makes_no_difference() {
    let cases = [
        ("", "", true),
        ("", "abc", true),
        ("a", "", false),
        ("HELLO", "say hello", true),
        ("hello", "SAY HELLO", true),
        ("hello", "hell o", false),
        ("straße", "STRASSE", true),
        ("STRASSE", "Straße", true),
        ("ΟΔΟΣ", "οδος", true),
        ("мир", "МИР", true),
        ("é", "É", true),
        ("e", "é", true),
        ("é", "e", false),
        ("é", "e\u{301}", true),
        ("aab", "aaab", true),
        ("abab", "abacababab", true),
        ("ss", "ß", true),
        ("日本", "x日本x", true),
        ("日", "本", false),
    ];
    for (needle, text, expected) in cases {
        assert_eq!(Needle::new(needle).is_in(text), expected, "{needle:?} in {text:?}");
        assert_eq!(is_found(needle, text.as_bytes(), 1), expected, "{needle:?} in {text:?}");
    }
}

#[test]
fn octets_that_are_no_text_match_nothing() {
    for text in [&b"a\xffb"[..], b"a\xc3b", b"a\xe6\x97b", b"a\x80b", b"a\xf8\x88b"] {
        for size in 1..4 {
            assert!(!is_found("ab", text, size));
            assert!(is_found("b", text, size));
        }
    }
    assert!(is_found("é", b"\xe6\x97\xc3\xa9", 1));
}

#[test]
fn repetition_costs_linear_time() {
    let needle = ["a".repeat(100_000), "b".into()].concat();
    assert!(!is_found(&needle, "a".repeat(1_000_000).as_bytes(), 4_096));
}

#[test]
fn repeated_candidates_cost_linear_time() {
    let needle = ["q".repeat(50_000), "a".into(), "q".repeat(50_000)].concat();
    assert!(!is_found(&needle, "q".repeat(3_000_000).as_bytes(), 1_000_000));
    assert!(!is_found(
        &"q".repeat(100_000),
        ["q".repeat(99_999), "a".into()].concat().repeat(30).as_bytes(),
        1_000_000
    ));
    let text = ["q".repeat(200_000), "a".into(), "q".repeat(60_000)].concat();
    assert!(is_found(&needle, text.as_bytes(), 1_000_000));
}

proptest! {
    #[test]
    fn agrees_with_the_plain_search(text in "[abAßsé\u{130}\u{301}EiI]{0,200}", needle in "[abAßsé\u{130}\u{301}Ei]{0,4}", size in 1..90_usize) {
        let expected = fold(&text).contains(&fold(&needle));
        prop_assert_eq!(is_found(&needle, text.as_bytes(), size), expected);
    }

    #[test]
    fn any_octets_are_survived(text: alloc::vec::Vec<u8>, needle: String, size in 1..5_usize) {
        let whole = is_found(&needle, &text, text.len().max(1));
        prop_assert_eq!(is_found(&needle, &text, size), whole);
    }
}
