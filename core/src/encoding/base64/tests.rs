use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Decoder, encode_lines};

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut output = Vec::new();
    let mut decoder = Decoder::default();
    for piece in pieces {
        decoder.decode(piece, &mut output);
    }
    decoder.finish(&mut output);
    output
}

#[test]
fn junk_padding_and_missing_ends_are_survived() {
    let cases: &[(&[u8], &[u8])] = &[
        (b"", b""),
        (b"aGVsbG8=", b"hello"),
        (b"aGVsbG8", b"hello"),
        (b"aGVsbA", b"hell"),
        (b"aGVsbA==", b"hell"),
        (b"aGVsb", b"hel"),
        (b"a", b""),
        (b"====", b""),
        (b" a G\r\nV\0s!bG8=\r\n", b"hello"),
        (b"aGVsbG8=aGVsbG8=", b"hellohello"),
        (b"aGVsbA==\r\naGVsbG8=", b"hellhello"),
        (b"a=GVsbG8=", b"\x19\x5b\x1b\x1b"),
        (b"+/+/", b"\xfb\xff\xbf"),
    ];
    for (input, expected) in cases {
        assert_eq!(decode([*input]), *expected, "{}", input.escape_ascii());
    }
}

#[test]
fn lines_have_76_characters() {
    let text = encode_lines(&[0xff; 115]);
    let lengths: Vec<_> = text.split_terminator("\r\n").map(str::len).collect();
    assert_eq!(lengths, [76, 76, 4]);
    assert_eq!(encode_lines(b""), "");
}

proptest! {
    #[test]
    fn encoding_round_trips(content: Vec<u8>) {
        prop_assert_eq!(decode([encode_lines(&content).as_bytes()]), content);
    }

    #[test]
    fn cuts_make_no_difference(input in "[A-D=+ \r\n!]{0,60}", size in 1..7_usize) {
        let input = input.as_bytes();
        prop_assert_eq!(decode(input.chunks(size)), decode([input]));
    }
}
