//! APPEND and REPLACE, up to a literal of a message.

use super::{GRAMMAR, bad};
use crate::imap::command::append::{is_append, is_message};
use crate::imap::command::{End, Offer, Parsed, Stretch, parse};
use crate::imap::types::{
    Append, AppendMessage, AppendPart, Encoding, Flag, Literal, Mailbox, Numbering, Replaced,
    Synchronizing,
};
use crate::message::date::DateTime;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

fn stretch(text: &str) -> Stretch {
    match parse(format!("a {text}").as_bytes(), &GRAMMAR, Encoding::Utf7) {
        Ok((_, Parsed::Append(stretch))) => stretch,
        other => panic!("{text}: {other:?}"),
    }
}

fn begun(text: &str) -> Append {
    match stretch(text).offers.remove(0) {
        Offer::Append(append) => append,
        other => panic!("{text}: {other:?}"),
    }
}

fn literal(size: u64) -> Literal {
    Literal { size, synchronizing: Synchronizing::Yes, binary: false }
}

#[test]
fn append() {
    let append = |flags: Vec<Flag>, internal_date, literal| Append {
        mailbox: Mailbox::new("saved-messages"),
        replaces: None,
        message: AppendMessage { flags, internal_date, part: AppendPart::Text(literal) },
    };
    let date = DateTime { seconds: 760_686_745, offset: -480 };
    let at_once = Literal { synchronizing: Synchronizing::No, ..literal(310) };
    for (text, expected) in [
        ("(\\Seen) {310}", append(vec![Flag::Seen], None, literal(310))),
        ("{310+}", append(vec![], None, at_once)),
        ("~{310+}", append(vec![], None, Literal { binary: true, ..at_once })),
        ("() \" 7-Feb-1994 21:52:25 -0800\" {310}", append(vec![], Some(date), literal(310))),
        (
            "(\\Draft $Forwarded) \"07-Feb-1994 21:52:25 -0800\" {310}",
            append(vec![Flag::Draft, Flag::Keyword("$Forwarded".into())], Some(date), literal(310)),
        ),
    ] {
        assert_eq!(begun(&format!("APPEND saved-messages {text}")), expected);
    }
    for text in [
        "APPEND",
        "APPEND a",
        "APPEND a (\\Seen)",
        "APPEND a (\\Recent) {3}",
        "APPEND a (\\*) {3}",
        "APPEND a \"yesterday\" {3}",
        "APPEND a \"31-Feb-1994 21:52:25 -0800\" {3}",
        "APPEND a {}",
        "APPEND a {x}",
        "APPEND a {-1}",
        "APPEND a {3",
        "APPEND a {3} ",
        "APPEND a {+}",
        "APPEND a {99999999999999999999}",
        "APPEND a ~3}",
        "APPEND a UTF8 ({3}",
        "APPEND a UTF8 ~{3}",
        "APPEND a CATENATE {3}",
        "APPEND a CATENATE ()",
        "APPEND a CATENATE (X {3}",
        "APPEND a CATENATE (URL)",
        "APPEND a CATENATE (URL x",
        "APPEND a CATENATE (URL x) x",
        "APPEND a CATENATE (URL x)  (\\Seen) {3}",
        "UID APPEND a {3}",
    ] {
        bad(text);
    }
}

#[test]
fn replace() {
    let replaced = |numbering, message| Some(Replaced { numbering, message });
    for (text, expected) in [
        ("REPLACE 4 Drafts {3}", replaced(Numbering::Sequence, NonZeroU32::new(4))),
        ("UID REPLACE 2000 Drafts (\\Seen) {3+}", replaced(Numbering::Uid, NonZeroU32::new(2000))),
        ("REPLACE * Drafts ~{3}", replaced(Numbering::Sequence, None)),
    ] {
        assert_eq!(begun(text).replaces, expected);
    }
    for text in [
        "REPLACE Drafts {3}",
        "REPLACE 0 Drafts {3}",
        "REPLACE 1:2 Drafts {3}",
        "REPLACE $ Drafts {3}",
        "REPLACE 1 a CATENATE (URL x) CATENATE (URL y)",
    ] {
        bad(text);
    }
}

#[test]
fn catenate() {
    let Stretch { offers, end } = stretch(
        "APPEND Drafts (\\Seen) CATENATE (URL \"/Drafts;UID=1/;section=HEADER\" URL {2}\r\n/x TEXT {42}",
    );
    assert!(matches!(end, End::Literal(Literal { size: 42, .. }, _)));
    let [Offer::Append(append), Offer::Part(second), Offer::Part(third)] = &offers[..] else {
        panic!("{offers:?}")
    };
    assert_eq!(append.message.flags, [Flag::Seen]);
    assert_eq!(append.message.part, AppendPart::Url("/Drafts;UID=1/;section=HEADER".into()));
    assert_eq!(*second, AppendPart::Url("/x".into()));
    assert_eq!(*third, AppendPart::Text(literal(42)));

    let Stretch { offers, end } = stretch("APPEND a CATENATE (URL x URL y) catenate (url z)");
    assert!(matches!(end, End::Command));
    assert!(matches!(&offers[..], [Offer::Append(_), Offer::Part(_), Offer::Message(_)]));
}

#[test]
fn literals_that_pass_through() {
    for (text, expected) in [
        ("a APPEND {3}", false),
        ("a APPEND x {3}", true),
        ("a APPEND x (\\Seen) ~{3+}", true),
        ("a APPEND x CATENATE (URL {3}", false),
        ("a APPEND x CATENATE (URL y url {3+}", false),
        ("a APPEND x CATENATE (URL y TEXT {3}", true),
        ("a APPEND URL {3}", true),
        ("a APPEND url ~{3}", true),
        ("a UID REPLACE 3 {3}", false),
        ("a REPLACE * x {3}", true),
        ("a REPLACE 1 URL {3}", true),
    ] {
        assert!(is_append(text.as_bytes()), "{text}");
        assert_eq!(is_message(text.as_bytes(), true), expected, "{text}");
    }
    for text in ["a LOGIN {3}", "a UID FETCH {3}", "a REPLACE {3}", "{3}", "a {3}", "a APPENDX {3}"]
    {
        assert!(!is_append(text.as_bytes()), "{text}");
    }
    for (text, expected) in [
        (" {3}", true),
        (" URL {3}", false),
        (" TEXT {3}", true),
        ("URL {3}", true),
        (") {3}", true),
    ] {
        assert_eq!(is_message(text.as_bytes(), false), expected, "{text}");
    }
}
