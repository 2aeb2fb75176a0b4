use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

/// Names and values.
type Attributes<'a> = &'a [(&'a str, &'a str)];

fn shown(parameters: &[Parameter]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    parameters.iter().map(|parameter| (text(&parameter.name), text(&parameter.value))).collect()
}

#[test]
fn media_types_as_they_are_written() {
    let cases: [(&str, &str, Attributes<'_>); 22] = [
        ("text/plain", "text/plain", &[]),
        (" TEXT / Plain ;", "TEXT/Plain", &[]),
        ("text/plain; charset =us-ascii (Plain text)", "text/plain", &[("charset", "us-ascii")]),
        (
            "text/plain; charset=\"a \\\"b\\\\ c\" ; x=y",
            "text/plain",
            &[("charset", "a \"b\\ c"), ("x", "y")],
        ),
        ("(c) text(d)/(e)plain(f);(g)a(h)=(i)b", "text/plain", &[("a", "b")]),
        ("text/plain;;; a=b;", "text/plain", &[("a", "b")]),
        (
            "multipart/mixed;\r\n\tboundary=\"foo\r\n bar\"",
            "multipart/mixed",
            &[("boundary", "foo bar")],
        ),
        ("multipart/mixed; boundary=a/b=c?d:e", "multipart/mixed", &[("boundary", "a/b=c?d:e")]),
        ("x/y; name=my file (1).txt; z=1", "x/y", &[("name", "my file"), ("z", "1")]),
        ("x/y; name=file(1).txt", "x/y", &[("name", "file(1).txt")]),
        ("x/y; name=\"unclosed; a=b", "x/y", &[("name", "unclosed; a=b")]),
        ("x/y; name=\"a\"; name=\"b\"", "x/y", &[("name", "a"), ("name", "b")]),
        ("x/y charset=utf-8; a=b", "x/y", &[("a", "b")]),
        ("x/y; =b; c; d=e", "x/y", &[("d", "e")]),
        ("x/y; a=", "x/y", &[("a", "")]),
        (
            "x/y; name*=utf-8'en'%e2%82%ac; a=b",
            "x/y",
            &[("name*", "utf-8'en'%e2%82%ac"), ("a", "b")],
        ),
        // RFC 2231 §3
        (
            "message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/x\"",
            "message/external-body",
            &[("access-type", "URL"), ("URL", "ftp://cs.utk.edu/x")],
        ),
        // RFC 2231 §4.1
        (
            "application/x-stuff; title*0*=us-ascii'en'This%20is%20; title*1*=%2A%2A%2Afun%2A; title*2=\"isn't it!\"",
            "application/x-stuff",
            &[("title*", "us-ascii'en'This%20is%20%2A%2A%2Afun%2Aisn%27t%20it!")],
        ),
        ("x/y; n*1=b; a=x; N*0=a; n*0=z", "x/y", &[("n", "ab"), ("a", "x")]),
        ("x/y; n*0=a; n*2=c", "x/y", &[("n", "a")]),
        ("x/y; n*0=a'; n*1*=%62", "x/y", &[("n*", "''a%27%62")]),
        ("x/y; n*999=a", "x/y", &[("n*999", "a")]),
    ];
    for (value, kind, parameters) in cases {
        let found = ContentType::parse(value.as_bytes()).expect(value);
        let (main, subtype) = kind.split_once('/').expect(kind);
        assert_eq!(
            (&found.main[..], &found.subtype[..]),
            (main.as_bytes(), subtype.as_bytes()),
            "{value}"
        );
        let expected: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (String::from(*name), String::from(*value)))
            .collect();
        assert_eq!(shown(&found.parameters), expected, "{value}");
    }
}

#[test]
fn what_is_no_media_type() {
    for value in [
        "",
        "text",
        "text/",
        "/plain",
        "; a=b",
        "application-x-gzip; name=x",
        "(text/plain)",
        "\"text\"/plain",
    ] {
        assert_eq!(ContentType::parse(value.as_bytes()), None, "{value}");
    }
}

#[test]
fn dispositions_and_tokens() {
    let found =
        Disposition::parse(b" Attachment; filename=\"a b\"; size=3").expect("a disposition");
    assert_eq!(
        (&found.kind[..], found.parameter("FileName")),
        (&b"Attachment"[..], Some(&b"a b"[..]))
    );
    assert_eq!(Disposition::parse(b"; filename=x"), None);
    assert_eq!(tokens(b" en, (b) en-US ,,\r\n de"), [&b"en"[..], b"en-US", b"de"]);
    assert_eq!(tokens(b"Base64 (why not)"), [b"Base64"]);
    assert_eq!(tokens(b" (x"), [b""; 0]);
}

#[test]
fn many_parameters_are_not_kept() {
    let value = [b"x/y".to_vec(), b";a=b".repeat(50_000)].concat();
    assert_eq!(ContentType::parse(&value).map(|found| found.parameters.len()), Some(MOST));
}

proptest! {
    #[test]
    fn no_octets_are_too_odd(value in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = (ContentType::parse(&value), Disposition::parse(&value), tokens(&value));
    }

    #[test]
    fn likely_octets_are_read_without_a_fault(value in "x/y;[ab=;*01'%\"\\\\ ()\r\n]{0,60}") {
        let found = ContentType::parse(value.as_bytes());
        prop_assert!(found.is_some_and(|found| found.is("x", "y")));
    }

    #[test]
    fn quoted_values_are_read_again(name in "[a-z]{1,8}", text in "[ -~]{0,40}") {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let found = ContentType::parse(alloc::format!("x/y; {name}=\"{quoted}\"").as_bytes()).expect("a type");
        prop_assert_eq!(found.parameter(&name), Some(text.as_bytes()));
    }
}
