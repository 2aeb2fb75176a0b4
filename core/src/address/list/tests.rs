use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use proptest::prelude::*;

use super::{Item, mailboxes, parse, parse_strict};
use crate::address::Invalid;
use crate::limits::Limits;

/// One line an item: `name|route|local-part|domain`, `name:` or `;`.
fn rows(value: &str) -> Vec<String> {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let option =
        |octets: Option<&Vec<u8>>| octets.map_or_else(|| "-".into(), |octets| text(octets));
    let row = |item: &Item| match item {
        Item::Mailbox { name, route, local_part, domain } => {
            format!(
                "{}|{}|{}|{}",
                option(name.as_ref()),
                option(route.as_ref()),
                text(local_part),
                text(domain)
            )
        }
        Item::GroupStart(name) => format!("{}:", text(name)),
        Item::GroupEnd => ";".into(),
    };
    parse(value.as_bytes()).iter().map(row).collect()
}

/// Lists that RFC 5322 allows, in its obsolete syntax at least.
const REGULAR: &[(&str, &[&str])] = &[
    ("joe@example.org", &["-|-|joe|example.org"]),
    (" joe@example.org ", &["-|-|joe|example.org"]),
    ("Joe <joe@example.org>", &["Joe|-|joe|example.org"]),
    ("Joe   Q. \r\n Public <joe@example.org>", &["Joe Q. Public|-|joe|example.org"]),
    ("\"Public, Joe\" <joe@example.org>", &["Public, Joe|-|joe|example.org"]),
    (r#""Joe \"Q\" \\P" <joe@example.org>"#, &[r#"Joe "Q" \P|-|joe|example.org"#]),
    ("joe@example.org (Joe Public)", &["Joe Public|-|joe|example.org"]),
    ("(Joe) <joe@example.org>", &["Joe|-|joe|example.org"]),
    ("joe@example.org (Joe (the\r\n one) \\) P)", &["Joe (the one) ) P|-|joe|example.org"]),
    ("Joe <joe@example.org> (a comment)", &["Joe|-|joe|example.org"]),
    ("=?utf-8?q?J=C3=B6?= <joe@example.org>", &["=?utf-8?q?J=C3=B6?=|-|joe|example.org"]),
    ("a@x, b@y,c@z", &["-|-|a|x", "-|-|b|y", "-|-|c|z"]),
    (", a@x,, ,b@y,", &["-|-|a|x", "-|-|b|y"]),
    ("<@one,@two:joe@example.org>", &["-|@one,@two|joe|example.org"]),
    ("<@one,,@two.three,:joe@x>", &["-|@one,,@two.three,|joe|x"]),
    ("Joe <@one:joe@example.org>", &["Joe|@one|joe|example.org"]),
    ("joe . public (x) @ (y) example . org", &["y|-|joe.public|example.org"]),
    ("\"joe public\"@example.org", &["-|-|joe public|example.org"]),
    ("\"joe\".public@example.org", &["-|-|joe.public|example.org"]),
    ("joe@[192.0.2.1]", &["-|-|joe|[192.0.2.1]"]),
    ("Joe <joe@ (there) [192.0.\r\n 2.1]>", &["Joe|-|joe|[192.0.2.1]"]),
    ("Undisclosed recipients:;", &["Undisclosed recipients:", ";"]),
    ("A: a@x, B <b@y>;, c@z", &["A:", "-|-|a|x", "B|-|b|y", ";", "-|-|c|z"]),
    ("\"A: B\": a@x;", &["A: B:", "-|-|a|x", ";"]),
    ("A:a@x;,B:b@y;", &["A:", "-|-|a|x", ";", "B:", "-|-|b|y", ";"]),
    ("Jörg <jörg@müller.example>", &["Jörg|-|jörg|müller.example"]),
    ("\"\" <joe@example.org>", &["|-|joe|example.org"]),
];

/// Lists that it does not allow, and what is made of them.
const IRREGULAR: &[(&str, &[&str])] = &[
    ("", &[]),
    (" , ", &[]),
    ("joe", &["-|-|joe|"]),
    ("joe public", &["-|-|joe public|"]),
    ("joe (Joe)", &["Joe|-|joe|"]),
    ("<>", &["-|-||"]),
    ("Joe <>", &["Joe|-||"]),
    ("Joe <joe>", &["Joe|-|joe|"]),
    ("@example.org", &["-|-||example.org"]),
    ("joe@", &["-|-|joe|"]),
    ("<@one>", &["-|-||one"]),
    ("<@one two:joe@x>", &["-|@one two|joe|x"]),
    ("<@one@two:joe@x>", &["-|@one@two|joe|x"]),
    ("<@:joe@x>", &["-|@|joe|x"]),
    ("<@one,two:joe@x>", &["-|@one,two|joe|x"]),
    ("<one:joe@x>", &["-|-|one:joe|x"]),
    ("Joe <joe@example.org", &["Joe|-|joe|example.org"]),
    (
        "Joe <joe@example.org, Ann <ann@example.org>",
        &["Joe|-|joe|example.org", "Ann|-|ann|example.org"],
    ),
    ("joe@example.org>", &["-|-|joe|example.org"]),
    ("joe@example.org <ann@example.org>", &["joe@example.org|-|ann|example.org"]),
    ("<joe@example.org> <ann@example.org>", &["-|-|joe|example.org"]),
    ("joe@example.org ann@example.org", &["-|-|joe|example.org"]),
    ("Joe [Work] <joe@example.org>", &["Joe [Work]|-|joe|example.org"]),
    (":) <joe@example.org>", &[":", ")|-|joe|example.org", ";"]),
    ("a@x; b@y", &["-|-|a|x", "-|-|b|y"]),
    ("A: a@x, b@y", &["A:", "-|-|a|x", "-|-|b|y", ";"]),
    ("A: B: a@x;", &["A:", "-|-|B:a|x", ";"]),
    ("\"Joe <joe@example.org>", &["-|-|Joe <joe@example.org>|"]),
    ("joe@example.org (Joe", &["Joe|-|joe|example.org"]),
    ("joe@[192.0.2.1", &["-|-|joe|[192.0.2.1]"]),
    ("a@b@c", &["-|-|a|b"]),
    (".joe@example.org", &["-|-|.joe|example.org"]),
    ("joe.@example.org", &["-|-|joe.|example.org"]),
    ("joe@example.org.", &["-|-|joe|example.org"]),
    ("joe@exam\r\nple.org", &["-|-|joe|exam"]),
    ("j\0e@example.org", &["-|-|j\0e|example.org"]),
];

#[test]
fn regular_lists_are_read_as_they_are_meant() {
    for (value, expected) in REGULAR {
        assert_eq!(rows(value), *expected, "{value}");
        assert_eq!(parse_strict(value.as_bytes()), Ok(parse(value.as_bytes())), "{value}");
    }
}

#[test]
fn irregular_lists_are_read_for_display_and_refused_for_checks() {
    for (value, expected) in IRREGULAR {
        assert_eq!(rows(value), *expected, "{value}");
        assert!(parse_strict(value.as_bytes()).is_err(), "{value}");
        assert!(mailboxes(value.as_bytes()).is_err(), "{value}");
    }
}

#[test]
fn mailboxes_are_those_of_the_groups_too() {
    let expected = vec!["a@x".parse().unwrap(), "\"b c\"@y".parse().unwrap()];
    assert_eq!(mailboxes(b"A (list) <a@x>, Friends: \"b c\"@y;"), Ok(expected));
    assert_eq!(mailboxes(b"Nobody:;"), Ok(vec![]));
    assert_eq!(mailboxes(b"joe@iana/icann.org"), Err(Invalid::DomainOctet(b'/')));
    assert_eq!(mailboxes(b"\"a\\\0b\"@x"), Err(Invalid::LocalPartOctet(0)));
    assert_eq!(mailboxes(b"joe@[example]"), Err(Invalid::Literal));
    assert_eq!(mailboxes(b"j\xff@x"), Err(Invalid::NotUtf8));
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = format!("joe@example.org {}x{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(mailboxes(deep.as_bytes()), Ok(vec!["joe@example.org".parse().unwrap()]));
    for many in ["a,", "a:;", "a:", "<,", "("] {
        let items = parse(many.repeat(100_000).as_bytes());
        assert!(items.len() <= Limits::DEFAULT.addresses + 2, "{many}");
    }
    assert_eq!(
        parse_strict("a@x,".repeat(Limits::DEFAULT.addresses + 1).as_bytes()),
        Err(Invalid::TooMany)
    );
}

proptest! {
    #[test]
    fn groups_are_balanced(value in "[a<>@,;:.\"()\\[\\]\\\\ \r\n\\PC]{0,60}") {
        let mut open = 0;
        for item in parse(value.as_bytes()) {
            match item {
                Item::GroupStart(_) => open += 1,
                Item::GroupEnd => open -= 1,
                Item::Mailbox { .. } => {}
            }
            prop_assert!((0..=1).contains(&open));
        }
        prop_assert_eq!(open, 0);
    }

    #[test]
    fn what_the_strict_parser_takes_means_what_was_written(local in "[ -~]{1,20}", name in "[ -~]{0,20}") {
        let Ok(local_part) = crate::address::LocalPart::new(&local) else { return Ok(()) };
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let value = format!("\"{quoted}\" <{local_part}@example.org>");
        let expected = Item::Mailbox {
            name: Some(name.into_bytes()),
            route: None,
            local_part: local.into_bytes(),
            domain: b"example.org".to_vec(),
        };
        prop_assert_eq!(parse_strict(value.as_bytes()), Ok(vec![expected]));
    }
}
