//! FETCH and STORE.

use super::{GRAMMAR, bad, parsed};
use crate::imap::types::{
    ChangedSince, Command, Fetch, FetchItem, Flag, Messages, Numbering, Partial, PartialRange,
    Section, SectionText, Store,
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
            messages: Messages::Set("2:4".parse().unwrap()),
            unchanged_since: None,
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
fn stores_of_what_has_not_changed() {
    for (text, expected) in [
        ("(UNCHANGEDSINCE 0) FLAGS ()", Some(0)),
        ("(unchangedsince 9223372036854775807) +FLAGS.SILENT (\\Seen)", Some(i64::MAX as u64)),
        ("FLAGS ()", None),
    ] {
        let Command::Store(store) = parsed(&format!("UID STORE $ {text}")) else {
            panic!("{text}")
        };
        assert_eq!((store.unchanged_since, store.messages), (expected, Messages::Saved));
    }
    for text in [
        "() FLAGS ()",
        "(UNCHANGEDSINCE) FLAGS ()",
        "(UNCHANGEDSINCE 9223372036854775808) FLAGS ()",
        "(UNCHANGEDSINCE -1) FLAGS ()",
        "(UNCHANGEDSINCE 1 UNCHANGEDSINCE 1) FLAGS ()",
        "(UNCHANGEDSINCE 1)FLAGS ()",
        "(X 1) FLAGS ()",
    ] {
        bad(&format!("STORE 1 {text}"));
    }
}

#[test]
fn fetch_items_of_extensions() {
    use FetchItem::{Binary, BinarySize, EmailId, Flags, ModSeq, Preview, SaveDate, ThreadId};
    assert_eq!(
        fetched("(MODSEQ EMAILID threadid SAVEDATE)"),
        [ModSeq, EmailId, ThreadId, SaveDate]
    );
    assert_eq!(fetched("PREVIEW"), [Preview { lazy: false }]);
    assert_eq!(fetched("PREVIEW (LAZY)"), [Preview { lazy: true }]);
    assert_eq!(fetched("(PREVIEW (lazy) FLAGS)"), [Preview { lazy: true }, Flags]);
    let partial = Some(Partial { offset: 5, count: NonZeroU32::new(9).unwrap() });
    let binary = |part: &[u32], partial, peek| Binary { part: part.into(), partial, peek };
    assert_eq!(fetched("BINARY[]"), [binary(&[], None, false)]);
    assert_eq!(fetched("binary.peek[1.2]<5.9>"), [binary(&[1, 2], partial, true)]);
    assert_eq!(fetched("(BINARY.SIZE[3])"), [BinarySize(vec![3])]);
    for text in [
        "PREVIEW (FUZZY)",
        "PREVIEW ()",
        "PREVIEW (LAZY LAZY)",
        "BINARY",
        "BINARY[0]",
        "BINARY[1.]",
        "BINARY[TEXT]",
        "BINARY[1.MIME]",
        "BINARY.SIZE[1]<0.1>",
        "BINARY.SIZE",
    ] {
        bad(&format!("FETCH 1 {text}"));
    }
}

#[test]
fn fetch_modifiers() {
    let fetched = |text: &str| match parsed(text) {
        Command::Fetch(fetch) => (fetch.changed_since, fetch.partial),
        other => panic!("{other:?}"),
    };
    let since = |mod_seq, vanished| Some(ChangedSince { mod_seq, vanished });
    let number = |number| NonZeroU32::new(number).unwrap();
    let last = Some(PartialRange::FromLast(number(1), number(30)));
    for (text, expected) in [
        ("FETCH 1:* FLAGS (CHANGEDSINCE 12345)", (since(12_345, false), None)),
        ("FETCH 1:* PREVIEW (CHANGEDSINCE 12345)", (since(12_345, false), None)),
        ("FETCH $ FAST (changedsince 1)", (since(1, false), None)),
        ("UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)", (since(12_345, true), None)),
        ("UID FETCH 1 (FLAGS) (VANISHED CHANGEDSINCE 12345)", (since(12_345, true), None)),
        ("UID FETCH 1:* UID (PARTIAL -1:-30)", (None, last)),
        ("UID FETCH 1:* UID (PARTIAL -30:-1 CHANGEDSINCE 3)", (since(3, false), last)),
    ] {
        assert_eq!(fetched(text), expected, "{text}");
    }
    for text in [
        "FETCH 1 FLAGS ()",
        "FETCH 1 FLAGS (X)",
        "FETCH 1 FLAGS CHANGEDSINCE 1",
        "FETCH 1 FLAGS (CHANGEDSINCE 0)",
        "FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
        "FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
        "FETCH 1 FLAGS (PARTIAL 1:2)",
        "UID FETCH 1 FLAGS (VANISHED)",
        "UID FETCH 1 FLAGS (PARTIAL 1)",
        "UID FETCH 1 FLAGS (PARTIAL 0:1)",
        "UID FETCH 1 FLAGS (PARTIAL 1:-1)",
        "UID FETCH 1 FLAGS (PARTIAL -1:1)",
        "UID FETCH 1 FLAGS (PARTIAL 1:*)",
    ] {
        bad(text);
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
