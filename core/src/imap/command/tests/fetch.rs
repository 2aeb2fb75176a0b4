//! FETCH and STORE.

use super::{GRAMMAR, bad, parsed};
use crate::imap::types::{
    Command, Fetch, FetchItem, Flag, Numbering, Partial, Section, SectionText, Store,
};
use crate::store::FlagAction;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

fn fetched(text: &str) -> Vec<FetchItem> {
    match parsed(&format!("FETCH 2:4 {text}")) {
        Command::Fetch(Fetch { items, .. }) => items,
        other => panic!("{other:?}"),
    }
}

#[test]
fn fetch_items() {
    use FetchItem::{
        Body, BodyStructure, Envelope, Flags, InternalDate, Rfc822, Rfc822Header, Rfc822Size,
        Rfc822Text, Uid,
    };
    assert_eq!(fetched("FAST"), [Flags, InternalDate, Rfc822Size]);
    assert_eq!(fetched("all"), [Flags, InternalDate, Rfc822Size, Envelope]);
    assert_eq!(fetched("FULL"), [Flags, InternalDate, Rfc822Size, Envelope, Body]);
    assert_eq!(fetched("BODYSTRUCTURE"), [BodyStructure]);
    assert_eq!(fetched("(UID FLAGS uid)"), [Uid, Flags]);
    assert_eq!(
        fetched("(RFC822 RFC822.HEADER RFC822.TEXT BODY)"),
        [Rfc822, Rfc822Header, Rfc822Text, Body]
    );
    assert!(matches!(
        parsed("UID FETCH 4827313:4828442 FLAGS"),
        Command::Fetch(Fetch { numbering: Numbering::Uid, .. })
    ));
    for text in [
        "",
        "()",
        "( FLAGS)",
        "(FLAGS )",
        "(FLAGS",
        "(FAST)",
        "(ALL FLAGS)",
        "FLAGS UID",
        "X",
        "BODY[",
        "BODY[X]",
        "BODY.PEEK",
        "BODY.PEEK[",
        "BODYSTRUCTURE[]",
        "RFC822.PEEK",
        "(FLAGS(UID))",
    ] {
        bad(&format!("FETCH 1 {text}"));
    }
    let many: Vec<String> = (1..=1_001).map(|part| format!("BODY[{part}]")).collect();
    assert_eq!(bad(&format!("FETCH 1 ({})", many.join(" "))), "There are too many data items");
    assert_eq!(fetched(&format!("({})", many[1..].join(" "))).len(), 1_000);
}

#[test]
fn sections() {
    let names = || vec!["DATE".into(), "From".into()];
    for (text, part, expected) in [
        ("", vec![], SectionText::All),
        ("HEADER", vec![], SectionText::Header),
        ("text", vec![], SectionText::Text),
        ("HEADER.FIELDS (DATE From)", vec![], SectionText::HeaderFields(names())),
        ("header.fields.not (\"DATE\" {4}\r\nFrom)", vec![], SectionText::HeaderFieldsNot(names())),
        ("1", vec![1], SectionText::All),
        ("4.2.2.1", vec![4, 2, 2, 1], SectionText::All),
        ("4.1.MIME", vec![4, 1], SectionText::Mime),
        ("3.HEADER", vec![3], SectionText::Header),
        ("3.HEADER.FIELDS (DATE From)", vec![3], SectionText::HeaderFields(names())),
        ("4294967295.TEXT", vec![u32::MAX], SectionText::Text),
    ] {
        let section = Section { part, text: expected };
        for (name, peek) in [("BODY", false), ("body.peek", true)] {
            let section = section.clone();
            let item = FetchItem::Section { section, partial: None, peek };
            assert_eq!(fetched(&format!("{name}[{text}]")), [item]);
        }
    }
    for text in [
        "0",
        "1.",
        ".1",
        "1..2",
        "01",
        "-1",
        "4294967296",
        "MIME",
        "HEADERS",
        "1.X",
        "1 ",
        " ",
        "HEADER.FIELDS",
        "HEADER.FIELDS ()",
        "HEADER.FIELDS (a b",
        "HEADER.FIELDS DATE",
        "HEADER.FIELDS (\"\")",
        "HEADER.FIELDS (\"a b\")",
        "HEADER.FIELDS (a:)",
        "TEXT.1",
        "HEADER.1",
    ] {
        bad(&format!("FETCH 1 BODY[{text}]"));
    }
}

#[test]
fn partials() {
    let count = |count| NonZeroU32::new(count).unwrap();
    for (text, offset, count) in
        [("<0.2048>", 0, count(2048)), ("<4294967295.4294967295>", u32::MAX, count(u32::MAX))]
    {
        let partial = Some(Partial { offset, count });
        let item = FetchItem::Section { section: Section::default(), partial, peek: false };
        assert_eq!(fetched(&format!("BODY[]{text}")), [item]);
    }
    for text in ["<0.0>", "<0>", "<.1>", "<0.>", "<0.1", "<-1.1>", "<0.4294967296>", "<0.1>x"] {
        bad(&format!("FETCH 1 BODY[]{text}"));
    }
}

#[test]
fn store() {
    let store = |action, silent, flags: Vec<Flag>| {
        Command::Store(Store {
            numbering: Numbering::Sequence,
            messages: "2:4".parse().unwrap(),
            action,
            silent,
            flags,
        })
    };
    for (text, command) in [
        ("+FLAGS (\\Deleted)", store(FlagAction::Add, false, vec![Flag::Deleted])),
        (
            "-flags.silent \\Seen $X",
            store(FlagAction::Remove, true, vec![Flag::Seen, Flag::Keyword("$X".into())]),
        ),
        ("FLAGS ()", store(FlagAction::Replace, false, vec![])),
        (
            "FLAGS.SILENT (\\Flagged \\XNew)",
            store(FlagAction::Replace, true, vec![Flag::Flagged, Flag::Extension("XNew".into())]),
        ),
    ] {
        assert_eq!(parsed(&format!("STORE 2:4 {text}")), command);
    }
    for text in [
        "",
        "FLAGS",
        "FLAGS ",
        "FLAGS (\\Recent)",
        "FLAGS (\\*)",
        "FLAGS \"x\"",
        "FLAGS (\\Seen",
        "FLAGS (\\Seen) x",
        "*FLAGS ()",
        "+ FLAGS ()",
        "ANNOTATION ()",
        "FLAGS (\\ Seen)",
        "FLAGS \\",
    ] {
        bad(&format!("STORE 1 {text}"));
    }
}

#[test]
fn a_fetch_has_limits() {
    let names = |count: usize| (0..count).map(|n| format!("x{n}")).collect::<Vec<_>>().join(" ");
    let fields = |count| format!("FETCH 1 BODY[HEADER.FIELDS ({})]", names(count));
    parsed(&fields(GRAMMAR.fetch_items));
    assert_eq!(bad(&fields(GRAMMAR.fetch_items + 1)), "There are too many names of header fields");
    let items = |count| {
        let items: Vec<String> = (1..=count).map(|n| format!("BODY[{n}]")).collect();
        format!("FETCH 1 ({})", items.join(" "))
    };
    parsed(&items(GRAMMAR.fetch_items));
    assert_eq!(bad(&items(GRAMMAR.fetch_items + 1)), "There are too many data items");
}
