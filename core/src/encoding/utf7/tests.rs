use proptest::prelude::*;

use super::{Malformed, decode, encode};

#[test]
fn names_have_one_form() {
    let cases = [
        ("INBOX", "INBOX"),
        ("a & b", "a &- b"),
        ("&&", "&-&-"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("\u{1f600}", "&2D3eAA-"),
        ("\n\u{7f}", "&AAoAfw-"),
        ("ÿ&ÿ", "&AP8-&-&AP8-"),
    ];
    for (name, written) in cases {
        assert_eq!(encode(name), written);
        assert_eq!(decode(written.as_bytes()).as_deref(), Ok(name));
    }
}

#[test]
fn every_other_form_is_refused() {
    let cases: &[&[u8]] = &[
        b"&",
        b"a&b",
        b"&AP8",
        b"&AP8-&AP8-",
        b"&AGE-",
        b"&ACY-",
        b"&AP8AYQ-",
        b"&AP9-",
        b"&AP8A-",
        b"&AP8/-",
        b"&AP8=-",
        b"&A P8-",
        b"&2D0-",
        b"&3gA-",
        b"&3gDYPQ-",
        b"caf\xc3\xa9",
        b"a\tb",
        b"a\x7f",
        b"a\0",
        b"&A-",
    ];
    for name in cases {
        assert_eq!(decode(name), Err(Malformed), "{}", name.escape_ascii());
    }
}

proptest! {
    #[test]
    fn any_name_round_trips(name: alloc::string::String) {
        prop_assert_eq!(decode(encode(&name).as_bytes()), Ok(name));
    }

    #[test]
    fn what_decodes_was_canonical(name in "[&A-D,ÿ-]{0,12}") {
        if let Ok(text) = decode(name.as_bytes()) {
            prop_assert_eq!(encode(&text), name);
        }
    }
}
