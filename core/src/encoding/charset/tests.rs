use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Decoder, decode};

fn decode_in_pieces(label: &str, input: &[u8], size: usize) -> String {
    let mut decoder = Decoder::for_label(label.as_bytes()).unwrap();
    let mut output = Vec::new();
    for piece in input.chunks(size) {
        decoder.decode(piece, &mut output);
        assert!(core::str::from_utf8(&output).is_ok());
    }
    decoder.finish(&mut output);
    String::from_utf8(output).unwrap()
}

#[test]
fn labels_of_mail_are_known() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("us-ascii", b"abc", "abc"),
        ("US-ASCII", b"abc", "abc"),
        (" utf-8 ", "é".as_bytes(), "é"),
        ("utf8", b"\xc3", "\u{fffd}"),
        ("utf-8", b"\xef\xbb\xbfa", "a"),
        ("iso-8859-1", b"\xe9", "é"),
        ("iso-8859-2", b"\xb1", "ą"),
        ("iso-8859-5", b"\xb0", "А"),
        ("iso-8859-7", b"\xe1", "α"),
        ("iso-8859-8-i", b"\xe0", "א"),
        ("iso-8859-9", b"\xfd", "ı"),
        ("iso-8859-15", b"\xa4", "€"),
        ("windows-1252", b"\x80", "€"),
        ("cp1251", b"\xcf", "П"),
        ("koi8-r", b"\xcd", "м"),
        ("gb2312", b"\xd6\xd0", "中"),
        ("gbk", b"\xd6\xd0", "中"),
        ("gb18030", b"\x81\x30\x81\x30", "\u{80}"),
        ("cp936", b"\xd6\xd0", "中"),
        ("big5", b"\xa4\xa4", "中"),
        ("cp950", b"\xa4\xa4", "中"),
        ("euc-jp", b"\xc6\xfc", "日"),
        ("euc-kr", b"\xc7\xd1", "한"),
        ("ks_c_5601-1987", b"\xc7\xd1", "한"),
        ("cp949", b"\xc7\xd1", "한"),
        ("shift_jis", b"\x93\xfa", "日"),
        ("cp932", b"\x93\xfa", "日"),
        ("iso-2022-jp", b"\x1b$BF|\x1b(B!", "日!"),
        ("utf-16", b"\xd8\x3d\xde\x00", "\u{1f600}"),
        ("utf-16", b"\xff\xfea\0", "a"),
        ("utf-16le", b"a\0", "a"),
    ];
    for (label, input, expected) in cases {
        assert_eq!(decode(label.as_bytes(), input).as_deref(), Some(*expected), "{label}");
        assert_eq!(decode_in_pieces(label, input, 1), *expected, "{label}");
    }
    for unknown in ["", "unknown-8bit", "x-user", "iso-2022-kr", "hz-gb-2312", "utf-9"] {
        assert_eq!(decode(unknown.as_bytes(), b"abc"), None, "{unknown}");
    }
}

#[test]
fn utf_7_is_read() {
    let cases: &[(&[u8], &str)] = &[
        (b"A+ImIDkQ.", "A≢Α."),
        (b"Hi Mom -+Jjo--!", "Hi Mom -☺-!"),
        (b"+ZeVnLIqe-", "日本語"),
        (b"Item 3 is +AKM-1.", "Item 3 is £1."),
        (b"1 +- 1", "1 + 1"),
        (b"+2D3eAA-", "\u{1f600}"),
        (b"+2D3eAA", "\u{1f600}"),
        (b"+", "+"),
        (b"+!", "+!"),
        (b"+-", "+"),
        (b"+2D0-x", "\u{fffd}x"),
        (b"+3gA-x", "\u{fffd}x"),
        (b"+2D0AYQ-", "\u{fffd}a"),
        (b"+2D3YPd4A-", "\u{fffd}\u{1f600}"),
        (b"a\xe9b", "a\u{fffd}b"),
        (b"+AGE\xe9", "a\u{fffd}"),
        (b"+AGE+AGI-", "a\u{3e00}"),
    ];
    for (input, expected) in cases {
        assert_eq!(decode(b"UTF-7", input).as_deref(), Some(*expected), "{}", input.escape_ascii());
    }
}

proptest! {
    #[test]
    fn cuts_make_no_difference(
        input in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'+'), Just(b'-'), 0x1a..0x30_u8], 0..60),
        size in 1..5_usize,
        label in proptest::sample::select(&["utf-7", "utf-8", "iso-2022-jp", "gb18030", "big5", "utf-16"][..]),
    ) {
        prop_assert_eq!(Some(decode_in_pieces(label, &input, size)), decode(label.as_bytes(), &input));
    }

    #[test]
    fn utf_7_reads_what_modified_utf_7_writes(text in "[a-z✓é\u{1f600}]{0,20}") {
        let modified = crate::encoding::utf7::encode(&text);
        let utf7 = modified.replace('&', "+").replace(',', "/");
        prop_assert_eq!(decode(b"utf-7", utf7.as_bytes()), Some(text));
    }
}
