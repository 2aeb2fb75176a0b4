//! LIST and LSUB.

use super::{GRAMMAR, bad, parsed};
use crate::imap::types::{
    Command, EntryName, List, ListPattern, ListReturn, ListSelection, StatusItem,
};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

fn plain(reference: &str, pattern: &str) -> List {
    List {
        selection: ListSelection::default(),
        reference: reference.into(),
        patterns: vec![ListPattern::new(pattern)],
        returns: ListReturn::default(),
        extended: false,
    }
}

#[test]
fn plain_lists() {
    for (text, reference, pattern) in [
        ("\"\" \"\"", "", ""),
        ("\"\" *", "", "*"),
        ("#news.comp.mail.misc \"\"", "#news.comp.mail.misc", ""),
        ("~/Mail/ %", "~/Mail/", "%"),
        ("\"news.\" \"comp.mail.*\"", "news.", "comp.mail.*"),
        ("\"\" {2}\r\na%", "", "a%"),
        ("\"\" &U,BTFw-/*", "", "台北/*"),
        ("\"\" return", "", "return"),
    ] {
        let list = plain(reference, pattern);
        assert_eq!(parsed(&format!("LIST {text}")), Command::List(list.clone()));
        assert_eq!(parsed(&format!("LSUB {text}")), Command::Lsub(list));
    }
    for text in ["LIST", "LIST \"\"", "LIST * \"\"", "LIST \"\" a b", "LIST \"\" \"&\"", "LIST & a"]
    {
        bad(text);
    }
    for text in ["LSUB () \"\" a", "LSUB \"\" (a)", "LSUB \"\" a RETURN (CHILDREN)"] {
        bad(text);
    }
}

#[test]
fn extended_lists() {
    let list = |text: &str| match parsed(&format!("LIST {text}")) {
        Command::List(list) => list,
        other => panic!("{other:?}"),
    };
    let extended = || List { extended: true, ..plain("", "%") };
    assert_eq!(list("() \"\" %"), extended());
    assert_eq!(list("\"\" (%)"), extended());
    assert_eq!(list("\"\" % RETURN ()"), extended());
    let patterns: Vec<ListPattern> = ["INBOX", "Drafts", "Sent/%"].map(ListPattern::new).into();
    assert_eq!(list("\"\" (\"INBOX\" Drafts Sent/%)"), List { patterns, ..extended() });
    let none = ListSelection::default();
    for (text, selection) in [
        ("(subscribed)", ListSelection { subscribed: true, ..none }),
        ("(REMOTE)", ListSelection { remote: true, ..none }),
        ("(SPECIAL-USE)", ListSelection { special_use: true, ..none }),
        (
            "(SUBSCRIBED RECURSIVEMATCH)",
            ListSelection { subscribed: true, recursive_match: true, ..none },
        ),
        (
            "(RECURSIVEMATCH SPECIAL-USE)",
            ListSelection { special_use: true, recursive_match: true, ..none },
        ),
    ] {
        assert_eq!(list(&format!("{text} \"\" %")), List { selection, ..extended() });
    }
    let none = ListReturn::default();
    let entry = |text: &str| EntryName::parse(text.as_bytes()).unwrap();
    for (text, returns) in [
        ("(CHILDREN)", ListReturn { children: true, ..none.clone() }),
        (
            "(SUBSCRIBED SPECIAL-USE myrights)",
            ListReturn { subscribed: true, special_use: true, my_rights: true, ..none.clone() },
        ),
        (
            "(STATUS (MESSAGES SIZE) CHILDREN)",
            ListReturn {
                status: vec![StatusItem::Messages, StatusItem::Size],
                children: true,
                ..none.clone()
            },
        ),
        (
            "(METADATA (/shared/a \"/private/b\"))",
            ListReturn { metadata: vec![entry("/shared/a"), entry("/private/b")], ..none },
        ),
    ] {
        assert_eq!(list(&format!("\"\" % RETURN {text}")), List { returns, ..extended() });
    }
}

#[test]
fn lists_that_are_refused() {
    for text in [
        "(RECURSIVEMATCH) \"\" %",
        "(RECURSIVEMATCH REMOTE) \"\" %",
        "(X) \"\" %",
        "(SUBSCRIBED)",
        "(SUBSCRIBED)\"\" %",
        "\"\" ()",
        "\"\" (a",
        "\"\" % RETURN",
        "\"\" % RETURN CHILDREN",
        "\"\" % RETURN (X)",
        "\"\" % RETURN (STATUS)",
        "\"\" % RETURN (STATUS ())",
        "\"\" % RETURN (METADATA ())",
        "\"\" % RETURN (METADATA (comment))",
        "\"\" % (CHILDREN)",
        "\"\" % RETURN () x",
    ] {
        bad(&format!("LIST {text}"));
    }
    let longest = GRAMMAR.list_pattern;
    assert_eq!(bad(&format!("LIST a {}", "*".repeat(longest))), "The pattern is too long");
    let patterns = |count| format!("LIST ab ({})", vec!["abc"; count].join(" "));
    parsed(&patterns(longest / 5));
    assert_eq!(bad(&patterns(longest / 5 + 1)), "The pattern is too long");
}
