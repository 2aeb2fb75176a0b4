use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{
    AddressLiteral, Domain, ForwardPath, Host, Invalid, LocalPart, Mailbox, ReversePath, xtext,
};

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

#[test]
fn domains_are_compared_by_their_a_labels() {
    let same = [
        ("example.org", "EXAMPLE.org"),
        ("müller.example", "xn--mller-kva.example"),
        ("MÜLLER.example", "müller.EXAMPLE"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("host_1.example", "HOST_1.example"),
    ];
    for (one, other) in same {
        assert_eq!(one.parse::<Domain>().unwrap(), other.parse().unwrap(), "{one} {other}");
    }
    assert_ne!("example.org".parse::<Domain>().unwrap(), "example.com".parse().unwrap());
}

#[test]
fn wrong_domains_are_refused() {
    let long_label = "a".repeat(64);
    let long = ["a"; 129].join(".");
    let cases: &[(&str, Invalid)] = &[
        ("", Invalid::NoDomain),
        (".", Invalid::EmptyLabel),
        ("example.org.", Invalid::EmptyLabel),
        (".example.org", Invalid::EmptyLabel),
        ("example..org", Invalid::EmptyLabel),
        ("-example.org", Invalid::HyphenAtEdge),
        ("example-.org", Invalid::HyphenAtEdge),
        ("exa mple.org", Invalid::DomainOctet(b' ')),
        ("exa\0mple.org", Invalid::DomainOctet(0)),
        ("a@b", Invalid::DomainOctet(b'@')),
        (&long_label, Invalid::LabelTooLong),
        (&long, Invalid::DomainTooLong),
        ("ü..example", Invalid::EmptyLabel),
        ("\u{ad}.ü", Invalid::EmptyLabel),
        ("ü;.example", Invalid::NotIdna),
        ("a\u{200d}b.example", Invalid::NotIdna),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<Domain>().unwrap_err(), *expected, "{text:?}");
    }
    assert_eq!(Domain::parse("ü.example".as_bytes(), false), Err(Invalid::Utf8NotAllowed));
    assert_eq!(Domain::parse(b"\xff.example", true), Err(Invalid::NotUtf8));
    assert!("a".repeat(63).parse::<Domain>().is_ok());
    assert!(["a"; 128].join(".").parse::<Domain>().is_ok());
}

#[test]
fn literals_are_normalised() {
    let cases = [
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[192.000.002.01]", "[192.0.2.1]"),
        ("[IPv6:2001:DB8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]"),
        ("[ipv6:::]", "[IPv6:::]"),
        ("[IPv6:::ffff:192.0.2.1]", "[IPv6:::ffff:192.0.2.1]"),
        ("[IPv6:1:2:3:4:5:6:192.0.2.1]", "[IPv6:1:2:3:4:5:6:c000:201]"),
        ("[IPv6:1:2:3:4:5:6::8]", "[IPv6:1:2:3:4:5:6:0:8]"),
        ("[x400:c=no;a=b]", "[x400:c=no;a=b]"),
    ];
    for (input, written) in cases {
        let literal: AddressLiteral = input.parse().unwrap();
        assert_eq!(literal.to_string(), written);
        assert_eq!(written.parse(), Ok(literal));
    }
}

#[test]
fn wrong_literals_are_refused() {
    let cases = [
        "",
        "192.0.2.1",
        "[]",
        "[192.0.2]",
        "[192.0.2.1.1]",
        "[192.0.2.256]",
        "[192.0.2.0001]",
        "[192.0.2.+1]",
        "[192.0.2. 1]",
        "[IPv6:]",
        "[IPv6:1::2::3]",
        "[IPv6:12345::]",
        "[IPv6:1:2:3:4:5:6:7]",
        "[IPv6:::1%eth0]",
        "[IPv6 ::1]",
        "[::1]",
        "[tag:]",
        "[:content]",
        "[tag-:content]",
        "[a_b:content]",
        "[untagged]",
        "[[1.2.3.4]]",
        "[tag:con tent]",
        "[tag:con\\tent]",
    ];
    for case in cases {
        assert_eq!(case.parse::<AddressLiteral>(), Err(Invalid::Literal), "{case}");
    }
    assert_eq!("[192.0.2.1".parse::<AddressLiteral>(), Err(Invalid::UnclosedLiteral));
}

#[test]
fn local_parts_lose_their_quotes_and_get_them_back() {
    let cases = [
        ("joe", "joe", "joe"),
        (r#""joe""#, "joe", "joe"),
        (r#""joe.public""#, "joe.public", "joe.public"),
        (r#""joe..public""#, "joe..public", r#""joe..public""#),
        (r#""""#, "", r#""""#),
        (r#"" ""#, " ", r#"" ""#),
        (r#""a@b""#, "a@b", r#""a@b""#),
        (r#""a\"b\\c""#, r#"a"b\c"#, r#""a\"b\\c""#),
        (r#""\a\b\c""#, "abc", "abc"),
        ("!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~"),
        ("θσερ", "θσερ", "θσερ"),
        ("\"θ σ\"", "θ σ", "\"θ σ\""),
    ];
    for (input, text, written) in cases {
        let local_part: LocalPart = input.parse().unwrap();
        assert_eq!(local_part.as_str(), text);
        assert_eq!(local_part.to_string(), written);
        assert_eq!(LocalPart::new(text), Ok(local_part));
    }
}

#[test]
fn wrong_local_parts_are_refused() {
    let quoted_65 = format!("\"{}\"", "a".repeat(63));
    let long = "a".repeat(65);
    let endless = format!("\"{}", "a".repeat(1_000));
    let cases: &[(&[u8], Invalid)] = &[
        (b"", Invalid::NoLocalPart),
        (b".joe", Invalid::MisplacedDot),
        (b"joe.", Invalid::MisplacedDot),
        (b"joe..public", Invalid::MisplacedDot),
        (b"joe public", Invalid::LocalPartOctet(b' ')),
        (b"joe\0", Invalid::LocalPartOctet(0)),
        (b"jo\"e", Invalid::LocalPartOctet(b'"')),
        (b"\"joe\"x", Invalid::LocalPartOctet(b'x')),
        (b"\"jo\r\ne\"", Invalid::LocalPartOctet(b'\r')),
        (b"\"jo\\\re\"", Invalid::LocalPartOctet(b'\r')),
        (b"\"joe", Invalid::UnclosedQuote),
        (b"\"joe\\\"", Invalid::UnclosedQuote),
        (b"\"", Invalid::UnclosedQuote),
        (b"\xc2\x85", Invalid::LocalPartOctet(0x85)),
        (b"\xff", Invalid::NotUtf8),
        (quoted_65.as_bytes(), Invalid::LocalPartTooLong),
        (long.as_bytes(), Invalid::LocalPartTooLong),
        (endless.as_bytes(), Invalid::LocalPartTooLong),
    ];
    for (input, expected) in cases {
        assert_eq!(
            LocalPart::parse(input, true),
            Err(*expected),
            "{}",
            String::from_utf8_lossy(input)
        );
    }
    assert_eq!(LocalPart::parse("θ".as_bytes(), false), Err(Invalid::Utf8NotAllowed));
    assert_eq!(LocalPart::new("a\nb"), Err(Invalid::LocalPartOctet(b'\n')));
    assert_eq!(LocalPart::new(&"\"".repeat(32)), Err(Invalid::LocalPartTooLong));
    assert!(LocalPart::new(&"\"".repeat(31)).is_ok());
}

#[test]
fn sub_addresses_stand_behind_the_first_plus() {
    let cases = [
        ("joe", "joe", None),
        ("joe+", "joe", Some("")),
        ("joe+a", "joe", Some("a")),
        ("joe+a+b", "joe", Some("a+b")),
        ("+joe", "+joe", None),
    ];
    for (text, base, tag) in cases {
        let local_part = LocalPart::new(text).unwrap();
        assert_eq!((local_part.base(), local_part.tag()), (base, tag));
    }
    assert_eq!(LocalPart::new("JoE+Lists").unwrap().folded(), "joe+lists");
}

#[test]
fn paths_are_parsed_up_to_their_bracket() {
    let cases: &[(&str, &str, &str)] = &[
        ("<joe@example.org>", "joe@example.org", ""),
        ("<joe@example.org> SIZE=1", "joe@example.org", " SIZE=1"),
        ("<@one.example,@two.example:joe@example.org>x", "joe@example.org", "x"),
        ("<@one.example:joe@example.org>", "joe@example.org", ""),
        ("<\"a>b\"@example.org>", "\"a>b\"@example.org", ""),
        ("<\"a@b\"@[192.0.2.1]>", "\"a@b\"@[192.0.2.1]", ""),
        ("<joe@[IPv6:::1]>", "joe@[IPv6:::1]", ""),
        ("<user%other@example.org>", "user%other@example.org", ""),
        ("<postmaster@example.org>", "postmaster@example.org", ""),
    ];
    for (input, expected, after) in cases {
        let expected = mailbox(expected);
        let (path, rest) = ReversePath::parse(input.as_bytes(), false).unwrap();
        assert_eq!((path, rest), (ReversePath::Mailbox(expected.clone()), after.as_bytes()));
        let (path, rest) = ForwardPath::parse(input.as_bytes(), false).unwrap();
        assert_eq!((path, rest), (ForwardPath::Mailbox(expected), after.as_bytes()));
    }
}

#[test]
fn the_null_path_and_the_bare_postmaster_are_their_own() {
    assert_eq!(ReversePath::parse(b"<>", false), Ok((ReversePath::Null, &b""[..])));
    assert_eq!(ForwardPath::parse(b"<>", false), Err(Invalid::EmptyPath));
    for input in ["<postmaster>", "<POSTMASTER>", "<PostMaster>"] {
        assert_eq!(
            ForwardPath::parse(input.as_bytes(), false),
            Ok((ForwardPath::Postmaster, &b""[..]))
        );
        assert_eq!(ReversePath::parse(input.as_bytes(), false), Err(Invalid::NoAt));
    }
    assert_eq!(ForwardPath::parse(b"<postmasters>", false), Err(Invalid::NoAt));
    assert_eq!(ReversePath::Null.to_string(), "<>");
    assert_eq!(ForwardPath::Postmaster.to_string(), "<Postmaster>");
}

#[test]
fn wrong_paths_are_refused() {
    let long = format!("<{}@{}>", "a".repeat(64), ["a"; 96].join("."));
    let cases: &[(&str, Invalid)] = &[
        ("", Invalid::NoOpeningBracket),
        ("joe@example.org", Invalid::NoOpeningBracket),
        (" <joe@example.org>", Invalid::NoOpeningBracket),
        ("<", Invalid::NoLocalPart),
        ("< >", Invalid::NoLocalPart),
        ("<joe>", Invalid::NoAt),
        ("<joe@>", Invalid::NoDomain),
        ("<@example.org>", Invalid::Route),
        ("<@>", Invalid::Route),
        ("<@a,b:joe@example.org>", Invalid::Route),
        ("<@a,:joe@example.org>", Invalid::Route),
        ("<@-:joe@example.org>", Invalid::Route),
        ("<joe@example.org", Invalid::NoClosingBracket),
        ("<joe@example.org >", Invalid::NoClosingBracket),
        ("<joe @example.org>", Invalid::NoAt),
        ("<joe@[192.0.2.1>", Invalid::UnclosedLiteral),
        ("<joe@[192.0.2.1]x>", Invalid::NoClosingBracket),
        ("<joe@exa<mple.org>", Invalid::DomainOctet(b'<')),
        ("<<joe@example.org>>", Invalid::LocalPartOctet(b'<')),
        ("<a@b@example.org>", Invalid::DomainOctet(b'@')),
        ("<jo\re@example.org>", Invalid::LocalPartOctet(b'\r')),
        ("<θ@example.org>", Invalid::Utf8NotAllowed),
        ("<joe@ü.example>", Invalid::Utf8NotAllowed),
        (&long, Invalid::PathTooLong),
    ];
    for (input, expected) in cases {
        assert_eq!(ReversePath::parse(input.as_bytes(), false), Err(*expected), "{input}");
        assert_eq!(ForwardPath::parse(input.as_bytes(), false), Err(*expected), "{input}");
    }
    assert!(ReversePath::parse("<θ@ü.example>".as_bytes(), true).is_ok());
}

#[test]
fn mailboxes_end_where_the_input_does() {
    assert_eq!(Mailbox::parse(b"joe@example.org>", false), Err(Invalid::Trailing));
    assert_eq!(Mailbox::parse(b"joe@example.org ", false), Err(Invalid::Trailing));
    let (joe, rest) = Mailbox::parse_prefix(b"joe@example.org SIZE=1", false).unwrap();
    assert_eq!((joe, rest), (mailbox("joe@example.org"), &b" SIZE=1"[..]));
    assert_eq!(mailbox("joe@EXAMPLE.org"), mailbox("joe@example.org"));
    assert_ne!(mailbox("Joe@example.org"), mailbox("joe@example.org"));
    assert!(mailbox("θ@example.org").needs_utf8());
    assert!(!mailbox("joe@ü.example").needs_utf8());
    assert!(matches!(mailbox("joe@[192.0.2.1]").host, Host::Literal(AddressLiteral::Ipv4(_))));
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let words = |octet| Invalid::LocalPartOctet(octet).to_string();
    assert_eq!(words(b' '), "a space must not stand in the local-part");
    assert_eq!(words(b'<'), "'<' must not stand in the local-part");
    assert_eq!(words(b'\r'), "octet 0x0d must not stand in the local-part");
}

#[test]
fn xtext_that_is_none_is_refused() {
    assert_eq!(xtext::decode(b"a+2Bb+3d"), Ok(b"a+b=".to_vec()));
    for wrong in ["+", "+2", "+2G", "++41", "a b", "a=b", "\u{e9}", "a\tb"] {
        assert_eq!(xtext::decode(wrong.as_bytes()), Err(Invalid::Xtext), "{wrong}");
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_what_parses_is_written_back(input in "[\\PC\"\\\\<>@,: \\[\\].a-c]{0,40}", utf8: bool) {
        if let Ok((path, _)) = ForwardPath::parse(input.as_bytes(), utf8) {
            let written = path.to_string();
            prop_assert_eq!(ForwardPath::parse(written.as_bytes(), utf8), Ok((path, &b""[..])));
        }
        if let Ok((path, _)) = ReversePath::parse(input.as_bytes(), utf8) {
            let written = path.to_string();
            prop_assert_eq!(ReversePath::parse(written.as_bytes(), utf8), Ok((path, &b""[..])));
        }
    }

    #[test]
    fn any_local_part_survives_writing(text in "[ -~é]{0,31}", domain in "[a-z]{1,8}(\\.[a-z0-9_]{1,8}){0,3}") {
        if let Ok(local_part) = LocalPart::new(&text) {
            prop_assert_eq!(local_part.as_str(), text.as_str());
            let mailbox = Mailbox { local_part, host: domain.parse::<Domain>().unwrap().into() };
            prop_assert_eq!(mailbox.to_string().parse(), Ok(mailbox));
        }
    }

    #[test]
    fn xtext_round_trips(octets: Vec<u8>) {
        let text = xtext::encode(&octets);
        prop_assert!(text.bytes().all(|octet| octet.is_ascii_graphic()));
        prop_assert_eq!(xtext::decode(text.as_bytes()), Ok(octets));
    }

    #[test]
    fn any_octets_are_survived(octets: Vec<u8>) {
        let _ = ForwardPath::parse(&octets, true);
        let _ = Mailbox::parse(&octets, true);
        let _ = xtext::decode(&octets);
    }
}
