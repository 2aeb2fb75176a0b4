use alloc::string::String;

use proptest::prelude::*;

use super::{decode, encode};

#[test]
fn words_are_decoded_where_they_stand() {
    let cases: &[(&str, &str)] = &[
        ("", ""),
        ("plain", "plain"),
        ("=?utf-8?q?a?=", "a"),
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ("a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"),
        ("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"),
        ("=?utf-8?B?5pel5pys6Kqe?=", "日本語"),
        ("=?utf-8?b?5pel5pys6Kqe?=", "日本語"),
        ("=?utf-8?B?5pel5pys6Ko?= =?UTF-8?B?ng==?=", "日本語"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        ("=?utf-8?q?=C3?= x", "\u{fffd} x"),
        ("=?utf-8?q?=C3?==?utf-8?q?=A4?=", "ä"),
        ("=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?q?a=?=", "a="),
        ("=?utf-8?q?a=4?=", "a=4"),
        ("=?utf-8?q?a=zz?=", "a=zz"),
        ("x=?utf-8?q?y?=z", "xyz"),
        ("grün =?utf-8?q?gr=C3=BCn?=", "grün grün"),
        ("a\r\n b", "a b"),
        ("=?x-none?q?a?= =?utf-8?q?b?=", "=?x-none?q?a?= b"),
        ("=?utf-8?q?a?= =?x-none?q?b?=", "a =?x-none?q?b?="),
        ("=?utf-8?q?a?= =?utf-8?x?b?= =?utf-8?q?c?=", "a =?utf-8?x?b?= c"),
        ("=?=?utf-8?q?a?=", "=?a"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-8?q?a?", "=?utf-8?q?a?"),
        ("=?utf-8?qq?a?=", "=?utf-8?qq?a?="),
        ("=?utf 8?q?a?=", "=?utf 8?q?a?="),
        ("=??q?a?=", "=??q?a?="),
        ("=?utf-8?q?a?x=?utf-8?q?b?=", "=?utf-8?q?a?xb"),
        ("=?", "=?"),
    ];
    for (value, expected) in cases {
        assert_eq!(decode(value.as_bytes()), *expected, "{value:?}");
    }
    assert_eq!(decode(b"caf\xe9"), "caf\u{fffd}");
}

#[test]
fn written_words_are_short() {
    for text in ["é".repeat(200), "日本語".repeat(60), "ab é ".repeat(60), "\u{1f600}".repeat(50)]
    {
        let written = encode(&text);
        assert!(
            written.split(' ').all(|word| word.len() <= 75 && word.starts_with("=?utf-8?")),
            "{written}"
        );
        assert_eq!(decode(written.as_bytes()), text);
    }
    assert_eq!(encode("日本語"), "=?utf-8?b?5pel5pys6Kqe?=");
    assert_eq!(encode("a\r\nBcc: b"), "=?utf-8?b?YQ0KQmNjOiBi?=");
    assert_eq!(encode(""), "");
}

#[test]
fn words_that_are_none_cost_linear_time() {
    for piece in ["=?", "=?a", "=?a?q?", "=?a?q?x?", "=?utf-8?q?", "=?utf-8?q?a?= ", "?="] {
        let value = piece.repeat(200_000);
        assert!(decode(value.as_bytes()).len() <= value.len());
    }
    // Words that fail, far behind one that did not.
    let value = ["=?utf-8?q?a?=", &" ".repeat(400_000), &"=?x?q?b?=".repeat(50_000)].concat();
    assert_eq!(decode(value.as_bytes()).len(), value.len() - "=?utf-8?q??=".len());
}

proptest! {
    #[test]
    fn any_text_round_trips(text: String) {
        let written = encode(&text);
        prop_assert!(written.is_ascii());
        prop_assert_eq!(decode(written.as_bytes()), text);
    }

    #[test]
    fn any_octets_are_survived(value in "[=?a-dutf8_\r\n -]{0,60}") {
        let text = decode(value.as_bytes());
        prop_assert!(!text.contains('\n'));
    }
}
