use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Decoder, MAX_BLANKS, encode};

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut output = Vec::new();
    let mut decoder = Decoder::default();
    for piece in pieces {
        decoder.decode(piece, &mut output);
        assert!(decoder.blanks.len() <= MAX_BLANKS);
    }
    decoder.finish(&mut output);
    output
}

#[test]
fn what_is_wrong_stands_for_itself() {
    let cases = [
        ("", ""),
        ("plain\r\n", "plain\r\n"),
        ("a=3D=3d=20b", "a== b"),
        ("a \t\r\nb  ", "a\r\nb"),
        ("a \nb", "a\nb"),
        ("soft=\r\nbreak", "softbreak"),
        ("soft=\nbreak", "softbreak"),
        ("soft= \t\r\nbreak", "softbreak"),
        ("soft =\r\n break", "soft  break"),
        ("=\r\n=\r\nx", "x"),
        ("end=", "end"),
        ("end= ", "end"),
        ("end=\r", "end"),
        ("end=4", "end=4"),
        ("=zz=4x==41= x", "=zz=4x=A= x"),
        ("=\rx", "x"),
        ("=4=42", "=4B"),
        ("a\tb c", "a\tb c"),
    ];
    for (input, expected) in cases {
        assert_eq!(String::from_utf8(decode([input.as_bytes()])).unwrap(), expected, "{input:?}");
    }
}

#[test]
fn endless_blanks_are_not_held() {
    for start in ["", "="] {
        let input = [start, &" ".repeat(100_000)].concat();
        let output = decode([input.as_bytes()]);
        assert!(output.len() > 99_000);
        assert_eq!(decode(input.as_bytes().chunks(7)), output);
    }
}

#[test]
fn written_lines_are_short_and_end_in_no_blank() {
    let text =
        ["wort ".repeat(40), "é".repeat(100), "x".repeat(76), "x".repeat(77), "a\rb\nc ".into()]
            .join("\r\n");
    let written = encode(text.as_bytes());
    assert!(written.is_ascii());
    for line in written.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 76 && !line.ends_with(b" "), "{}", line.escape_ascii());
    }
    assert_eq!(decode([&*written]), text.as_bytes());
    assert!(
        written
            .windows(80)
            .any(|window| window == ["\r\n", &"x".repeat(76), "\r\n"].concat().as_bytes())
    );
}

proptest! {
    #[test]
    fn encoding_round_trips(content: Vec<u8>) {
        prop_assert_eq!(decode([&*encode(&content)]), content);
    }

    #[test]
    fn cuts_make_no_difference(input in "[=4Fz \t\r\n]{0,40}", size in 1..7_usize) {
        let input = input.as_bytes();
        prop_assert_eq!(decode(input.chunks(size)), decode([input]));
    }
}
