//! SEARCH.

use super::{GRAMMAR, bad, parsed};
use crate::imap::command::{Parsed, parse};
use crate::imap::types::{
    Charset, Command, Encoding, Flag, Messages, Numbering, ObjectId, PartialRange, Search,
    SearchKey, SearchReturn, Sort, SortCriterion, SortKey, Thread, ThreadAlgorithm, When,
};
use crate::message::date::Date;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

fn sought(text: &str) -> SearchKey {
    match parsed(&format!("SEARCH {text}")) {
        Command::Search(Search { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

fn set(text: &str) -> Messages {
    Messages::Set(text.parse().unwrap())
}

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
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
        ("UID 443:557", Messages(Numbering::Uid, set("443:557"))),
        ("2,4:*", Messages(Numbering::Sequence, set("2,4:*"))),
        ("*", Messages(Numbering::Sequence, set("*"))),
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
    let search = |text: &[u8]| match parse(text, &GRAMMAR, Encoding::Utf7) {
        Ok((_, Parsed::Command(Command::Search(search)))) => Ok((search.charset, search.key)),
        Ok(other) => panic!("{other:?}"),
        Err(bad) => Err(bad.text),
    };
    let text = |text: &str| SearchKey::Text(text.into());
    let cyrillic = "a SEARCH CHARSET UTF-8 TEXT {6}\r\nмир";
    assert_eq!(search(cyrillic.as_bytes()), Ok((Charset::Utf8, text("мир"))));
    assert_eq!(search("a SEARCH TEXT {6}\r\nмир".as_bytes()), Ok((Charset::Unnamed, text("мир"))));
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

#[test]
fn search_keys_of_extensions() {
    use SearchKey::{EmailId, ModSeq, Older, SaveDateSupported, Saved, ThreadId, Younger};
    let saved = || SearchKey::Messages(Numbering::Sequence, Messages::Saved);
    let date = Date::new(1994, 2, 1).unwrap();
    let id = || ObjectId::new("M6d99-_1").unwrap();
    for (text, key) in [
        ("$", saved()),
        ("UID $", SearchKey::Messages(Numbering::Uid, Messages::Saved)),
        ("NOT $", not(saved())),
        ("($ SEEN)", SearchKey::And(vec![saved(), SearchKey::Flag(Flag::Seen)])),
        ("MODSEQ 0", ModSeq(0)),
        ("MODSEQ \"/flags/\\\\draft\" all 620162338", ModSeq(620_162_338)),
        ("OLDER 1", Older(number(1))),
        ("younger 259200", Younger(number(259_200))),
        ("SAVEDBEFORE 1-Feb-1994", Saved(When::Before, date)),
        ("SAVEDON 1-Feb-1994", Saved(When::On, date)),
        ("SAVEDSINCE 1-Feb-1994", Saved(When::Since, date)),
        ("SAVEDATESUPPORTED", SaveDateSupported),
        ("EMAILID M6d99-_1", EmailId(id())),
        ("THREADID M6d99-_1", ThreadId(id())),
    ] {
        assert_eq!(sought(text), key, "{text}");
    }
    for text in [
        "$$",
        "$,1",
        "$1",
        "MODSEQ",
        "MODSEQ x",
        "MODSEQ 9223372036854775808",
        "MODSEQ \"/flags/x\" 1",
        "MODSEQ \"/flags/x\" none 1",
        "OLDER 0",
        "YOUNGER 4294967296",
        "SAVEDON x",
        "EMAILID",
        "EMAILID a.b",
        "THREADID \"x\"",
        "UNSAVEDATESUPPORTED",
    ] {
        bad(&format!("SEARCH {text}"));
    }
}

#[test]
fn search_returns() {
    let returns = |text: &str| match parsed(&format!("UID SEARCH {text} SEEN")) {
        Command::Search(Search { returns, .. }) => returns,
        other => panic!("{other:?}"),
    };
    let none = SearchReturn::default();
    let first = Some(PartialRange::FromFirst(number(1), number(500)));
    for (text, expected) in [
        ("RETURN ()", SearchReturn { all: true, ..none }),
        ("RETURN () CHARSET UTF-8", SearchReturn { all: true, ..none }),
        ("return (save)", SearchReturn { save: true, ..none }),
        ("RETURN (MIN MAX)", SearchReturn { min: true, max: true, ..none }),
        ("RETURN (ALL COUNT ALL)", SearchReturn { all: true, count: true, ..none }),
        ("RETURN (PARTIAL 500:1 COUNT)", SearchReturn { partial: first, count: true, ..none }),
    ] {
        assert_eq!(returns(text), Some(expected), "{text}");
    }
    assert_eq!(returns("CHARSET UTF-8"), None);
    for text in [
        "RETURN",
        "RETURN SEEN",
        "RETURN (X) SEEN",
        "RETURN (MIN)",
        "RETURN (MIN )SEEN",
        "RETURN (UPDATE) SEEN",
        "RETURN (PARTIAL) SEEN",
        "RETURN (PARTIAL 1:2 PARTIAL 3:4) SEEN",
        "RETURN (ALL PARTIAL 1:2) SEEN",
        "RETURN (PARTIAL 1:4294967296) SEEN",
        "RETURN (MIN) RETURN (MAX) SEEN",
        "CHARSET UTF-8 RETURN (MIN) SEEN",
    ] {
        bad(&format!("SEARCH {text}"));
    }
}

#[test]
fn sort() {
    let sorted = |text: &str| match parsed(text) {
        Command::Sort(sort) => sort,
        other => panic!("{other:?}"),
    };
    let by = |key, reverse| SortCriterion { key, reverse };
    let sort = Sort {
        numbering: Numbering::Sequence,
        returns: None,
        criteria: vec![by(SortKey::Subject, false), by(SortKey::Date, true)],
        charset: Charset::Utf8,
        key: sought("SINCE 1-Feb-1994"),
    };
    assert_eq!(
        sorted("SORT (SUBJECT REVERSE DATE SUBJECT reverse subject) UTF-8 SINCE 1-Feb-1994"),
        sort
    );
    let returns = Some(SearchReturn { count: true, ..SearchReturn::default() });
    let sort = Sort { numbering: Numbering::Uid, returns, ..sort };
    assert_eq!(
        sorted("UID SORT RETURN (COUNT) (SUBJECT REVERSE DATE) utf-8 SINCE 1-Feb-1994"),
        sort
    );
    let keys: Vec<&str> = SortKey::ALL.into_iter().map(SortKey::name).collect();
    let all = sorted(&format!("SORT ({}) X-UNKNOWN ALL", keys.join(" ")));
    assert_eq!(all.criteria.len(), SortKey::ALL.len());
    assert_eq!(all.charset, Charset::Unsupported("X-UNKNOWN".into()));
    for text in [
        "",
        "()",
        "() UTF-8 ALL",
        "(X) UTF-8 ALL",
        "(REVERSE) UTF-8 ALL",
        "(REVERSE REVERSE DATE) UTF-8 ALL",
        "DATE UTF-8 ALL",
        "(DATE) UTF-8",
        "(DATE)",
        "(DATE) UTF-8 ",
    ] {
        bad(&format!("SORT {text}"));
    }
}

#[test]
fn thread() {
    let thread = |numbering, algorithm| {
        Command::Thread(Thread {
            numbering,
            algorithm,
            charset: Charset::UsAscii,
            key: SearchKey::Text("gewp".into()),
        })
    };
    for (text, expected) in [
        (
            "UID THREAD ORDEREDSUBJECT US-ASCII TEXT gewp",
            thread(Numbering::Uid, ThreadAlgorithm::OrderedSubject),
        ),
        (
            "THREAD references US-ASCII TEXT gewp",
            thread(Numbering::Sequence, ThreadAlgorithm::References),
        ),
    ] {
        assert_eq!(parsed(text), expected);
    }
    for text in ["", "REFERENCES", "REFS UTF-8 ALL", "REFERENCES UTF-8", "REFERENCES ALL"] {
        bad(&format!("THREAD {text}"));
    }
}
