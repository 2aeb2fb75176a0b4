//! SEARCH.

use super::{GRAMMAR, bad, parsed};
use crate::imap::command::parse;
use crate::imap::types::{Charset, Command, Flag, Numbering, Search, SearchKey, When};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

fn sought(text: &str) -> SearchKey {
    match parsed(&format!("SEARCH {text}")) {
        Command::Search(Search { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

fn not(key: SearchKey) -> SearchKey {
    SearchKey::Not(Box::new(key))
}

#[test]
fn search_keys() {
    use SearchKey::{All, And, Body, Header, Internal, Larger, Messages, Or, Sent, Smaller, Text};
    let flag = SearchKey::Flag;
    let seen = || flag(Flag::Seen);
    let date = Date::new(1994, 2, 1).unwrap();
    let header = |name: &str, text: &str| Header(name.into(), text.into());
    for (text, key) in [
        ("ALL", All),
        ("seen", seen()),
        ("UNSEEN", not(seen())),
        ("UNANSWERED", not(flag(Flag::Answered))),
        ("DRAFT", flag(Flag::Draft)),
        ("RECENT", flag(Flag::Recent)),
        ("OLD", not(flag(Flag::Recent))),
        ("NEW", And(vec![flag(Flag::Recent), not(seen())])),
        ("KEYWORD $X", flag(Flag::Keyword("$X".into()))),
        ("UNKEYWORD $X", not(flag(Flag::Keyword("$X".into())))),
        ("BEFORE 1-Feb-1994", Internal(When::Before, date)),
        ("ON \"01-FEB-1994\"", Internal(When::On, date)),
        ("SINCE 1-Feb-1994", Internal(When::Since, date)),
        ("SENTBEFORE 1-Feb-1994", Sent(When::Before, date)),
        ("SENTON 1-Feb-1994", Sent(When::On, date)),
        ("SENTSINCE 1-Feb-1994", Sent(When::Since, date)),
        ("LARGER 4294967296", Larger(1 << 32)),
        ("SMALLER 0", Smaller(0)),
        ("FROM Smith", header("From", "Smith")),
        ("TO \"a b\"", header("To", "a b")),
        ("CC {2}\r\nab", header("Cc", "ab")),
        ("BCC x", header("Bcc", "x")),
        ("SUBJECT \"\"", header("Subject", "")),
        ("HEADER X-Spam \"\"", header("X-Spam", "")),
        ("BODY x", Body("x".into())),
        ("TEXT \"string not in mailbox\"", Text("string not in mailbox".into())),
        ("UID 443:557", Messages(Numbering::Uid, "443:557".parse().unwrap())),
        ("2,4:*", Messages(Numbering::Sequence, "2,4:*".parse().unwrap())),
        ("*", Messages(Numbering::Sequence, "*".parse().unwrap())),
        ("SEEN ALL", And(vec![seen(), All])),
        ("(SEEN ALL)", And(vec![seen(), All])),
        ("((SEEN))", seen()),
        ("NOT SEEN", not(seen())),
        ("NOT NOT SEEN", seen()),
        ("NOT NOT NOT SEEN", not(seen())),
        ("NOT (SEEN ALL)", not(And(vec![seen(), All]))),
        ("OR SEEN ALL", Or(vec![seen(), All])),
        ("OR SEEN OR ALL 1", Or(vec![seen(), All, sought("1")])),
        ("OR OR SEEN ALL 1", Or(vec![seen(), All, sought("1")])),
        ("OR NOT SEEN (ALL 1)", Or(vec![not(seen()), And(vec![All, sought("1")])])),
        ("OR SEEN ALL 1", And(vec![Or(vec![seen(), All]), sought("1")])),
        ("NOT OR SEEN ALL", not(Or(vec![seen(), All]))),
    ] {
        assert_eq!(sought(text), key, "{text}");
    }
}

#[test]
fn bad_search_keys() {
    for text in [
        "",
        "()",
        "(",
        "(ALL",
        "ALL)",
        "ALL ",
        "NOT",
        "NOT ",
        "OR",
        "OR ALL",
        "OR ALL ",
        "UNRECENT",
        "UNNEW",
        "X",
        "KEYWORD",
        "KEYWORD \\Seen",
        "UID",
        "UID x",
        "0",
        "BEFORE",
        "BEFORE 30-Feb-1994",
        "ON yesterday",
        "LARGER x",
        "LARGER -1",
        "FROM",
        "HEADER From",
        "TEXT",
        "TEXT a\u{f6}",
        "TEXT \"\u{f6}\"",
        "CHARSET",
        "CHARSET UTF-8",
        "CHARSET UTF-8 ",
        "ALL CHARSET UTF-8",
        "1:",
        "ALL  ALL",
        "NOT NOT",
        "OR OR ALL ALL",
    ] {
        bad(&format!("SEARCH {text}"));
    }
}

#[test]
fn charsets() {
    let search = |text: &[u8]| match parse(text, &GRAMMAR) {
        Ok((_, Command::Search(search))) => Ok((search.charset, search.key)),
        Ok(other) => panic!("{other:?}"),
        Err(bad) => Err(bad.text),
    };
    let text = |text: &str| SearchKey::Text(text.into());
    let cyrillic = "a SEARCH CHARSET UTF-8 TEXT {6}\r\nмир";
    assert_eq!(search(cyrillic.as_bytes()), Ok((Charset::Utf8, text("мир"))));
    assert_eq!(search("a SEARCH TEXT {6}\r\nмир".as_bytes()), Ok((Charset::UsAscii, text("мир"))));
    assert_eq!(search(b"a SEARCH charset \"us-ascii\" TEXT x"), Ok((Charset::UsAscii, text("x"))));
    assert_eq!(
        search(b"a SEARCH CHARSET KOI8-R TEXT {3}\r\n\xcd\xc9\xd2"),
        Ok((Charset::Unsupported("KOI8-R".into()), text("")))
    );
    assert_eq!(
        search(b"a SEARCH CHARSET UTF-8 TEXT {3}\r\n\xcd\xc9\xd2"),
        Err("The text to search for is not in its charset".into())
    );
}

#[test]
fn nesting_is_bounded_and_chains_are_not() {
    let nested = |depth: usize| format!("SEARCH {}ALL{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parsed(&nested(GRAMMAR.search_depth - 1)), parsed("SEARCH ALL"));
    let too_deep = "Search keys are nested too deeply";
    assert_eq!(bad(&nested(GRAMMAR.search_depth)), too_deep);
    assert_eq!(bad(&format!("SEARCH {}", "(".repeat(60_000))), too_deep);
    assert_eq!(bad(&format!("SEARCH {}ALL", "NOT OR ".repeat(9_000))), too_deep);
    assert_eq!(bad(&format!("SEARCH {}ALL", "NOT (".repeat(9_000))), too_deep);

    assert_eq!(sought(&format!("{}ALL", "NOT ".repeat(16_000))), SearchKey::All);
    let SearchKey::Or(choices) = sought(&format!("{}ALL", "OR ALL ".repeat(9_000))) else {
        panic!("a chain of OR is one choice");
    };
    assert_eq!(choices.len(), 9_001);
    let many: Vec<String> = (0..10_000).map(|n| format!("{}", 2 * n + 1)).collect();
    assert!(matches!(sought(&many.join(",")), SearchKey::Messages(..)));
    assert_eq!(sought("4294967295:1"), sought("1:4294967295"));
    assert_eq!(sought("*:*"), sought("*"));
}
