use alloc::format;
use alloc::string::String;

use proptest::prelude::*;

use super::*;
use crate::message::structure::Scanner;

fn structure(message: &[u8]) -> Structure {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    scanner.push(message);
    scanner.finish()
}

/// Searches in pieces; returns the verdict and how many octets were wanted for it.
fn search(message: &[u8], needle: &str, scope: Scope, piece: usize) -> (bool, usize) {
    let structure = structure(message);
    let needle = Needle::new(needle);
    let mut search = Search::new(&structure, &needle, scope, &Limits::DEFAULT);
    let mut read = 0;
    while let Some(wanted) = search.wanted() {
        let at = |offset| usize::try_from(offset).expect("an offset in memory");
        let octets = &message[at(wanted.start)..at(wanted.end)];
        assert!(!octets.is_empty());
        let octets = &octets[..piece.min(octets.len())];
        search.push(octets);
        read += octets.len();
    }
    (search.is_found(), read)
}

fn is_found(message: &str, needle: &str, scope: Scope) -> bool {
    let whole = search(message.as_bytes(), needle, scope, usize::MAX).0;
    for piece in 1..5 {
        assert_eq!(search(message.as_bytes(), needle, scope, piece).0, whole, "{needle}");
    }
    whole
}

const MESSAGE: &str = "Subject: =?utf-8?q?Sch=C3=B6ne?=\r\n =?utf-8?q?s?= Wetter\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n\
    --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Stra=DFe und Stra=\r\n=DFenbahn\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+w4RwZmVsPC9wPg==\r\n\
    --b\r\nContent-Type: image/png\r\nContent-Description: a =?utf-8?q?B=C3=A4r?=\r\n\r\nsecret\r\n\
    --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: carried\r\n\r\ninner text\r\n\
    --b\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\nlast words\r\n--b--\r\nepilogue\r\n";

#[test]
fn what_is_found_where() {
    use Scope::{Body, Text};
    for (needle, body, text) in [
        ("SCH\u{d6}NES WETTER", false, true),
        ("subject: sch", false, true),
        ("strasse", true, true),
        ("STRA\u{df}ENBAHN", true, true),
        ("\u{e4}pfel</P>", true, true),
        ("a b\u{e4}r", true, true),
        ("carried", true, true),
        ("inner TEXT", true, true),
        ("last words", true, true),
        ("secret", false, false),
        ("preamble", false, false),
        ("epilogue", false, false),
        ("carriedinner", false, false),
        ("PHA+", false, false),
        ("", true, true),
    ] {
        assert_eq!(is_found(MESSAGE, needle, Body), body, "{needle} in the body");
        assert_eq!(is_found(MESSAGE, needle, Text), text, "{needle} in the text");
    }
}

#[test]
fn attachments_are_not_read() {
    let picture = "x".repeat(1_000_000);
    let message = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\n{picture}\r\n--b\r\n\r\nthe end\r\n--b--\r\n"
    );
    let (found, read) = search(message.as_bytes(), "the end", Scope::Text, 4096);
    assert!(found && read < 200, "{read}");
}

#[test]
fn odd_bodies() {
    for (header, body, needle) in [
        ("", "plain", "plain"),
        ("Content-Type: multipart/mixed", "--x\r\nno parts", "mixed"),
        ("Content-Type: message/delivery-status", "Status: 5.1.1", "5.1.1"),
        ("Content-Transfer-Encoding: BASE64", "aGVs bG8", "hello"),
        ("Content-Transfer-Encoding: base64", "aGVsbG8=aGVsbG8=", "hellohello"),
        ("Content-Transfer-Encoding: quoted-printable", "a=3Db=", "a=b"),
        ("Content-Type: text/plain; charset=utf-7", "+AOQ-b", "\u{e4}b"),
        ("Content-Type: text/plain; charset=nonsense", "gr\u{fc}n", "GR\u{dc}N"),
    ] {
        assert!(is_found(&format!("{header}\r\n\r\n{body}"), needle, Scope::Text), "{header}");
    }
    assert!(!is_found("", "x", Scope::Text));
}

#[test]
fn needles_in_fields() {
    let header = b"To: a@x\r\nTO: =?utf-8?b?w6Q=?=\r\n <b@x>\r\nX:\r\n\r\nTo: body";
    let is_in = |name: &str, needle: &str| is_in_field(header, name, &Needle::new(needle));
    assert!(is_in("to", "A@X") && is_in("to", "\u{c4} <b@x>") && is_in("x", ""));
    assert!(!is_in("to", "body") && !is_in("cc", "") && !is_in("x", "x"));
}

proptest! {
    #[test]
    fn what_stands_in_a_text_is_found(before in "[a-z \r\n]{0,30}", needle in "[a-z]{1,10}", after in "[a-z ]{0,30}", piece in 1..40_usize) {
        let message = format!("\r\n{before}{needle}{after}");
        prop_assert!(search(message.as_bytes(), &needle, Scope::Body, piece).0);
        let absent: String = needle.chars().chain(['0']).collect();
        prop_assert!(!search(message.as_bytes(), &absent, Scope::Body, piece).0);
    }

    #[test]
    fn no_split_matters(octets in proptest::collection::vec(any::<u8>(), 0..100), needle in "[a-c\u{e4}]{1,3}", piece in 1..40_usize) {
        let types = ["text/plain; charset=utf-8", "text/plain; charset=iso-2022-jp", "message/rfc822"];
        for kind in types {
            let message = [format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n").as_bytes(), &octets].concat();
            let whole = search(&message, &needle, Scope::Text, usize::MAX).0;
            prop_assert_eq!(search(&message, &needle, Scope::Text, piece).0, whole);
        }
    }
}
