//! Tests of the parser: the examples of the RFCs, then what must be refused.

use super::{Bad, parse};
use crate::imap::types::{
    Append, Charset, Command, Fetch, FetchItem, Flag, List, ListPattern, Literal, Mailbox,
    Numbering, Partial, Search, SearchKey, Section, SectionText, StatusItem, Store, Synchronizing,
    When,
};
use crate::message::date::{Date, DateTime};
use crate::store::FlagAction;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use proptest::prelude::*;

const DEPTH: usize = 50;

fn parsed(text: &str) -> Command {
    match parse(format!("a {text}").as_bytes(), DEPTH) {
        Ok((tag, command)) => {
            assert_eq!(tag.as_str(), "a");
            command
        }
        Err(bad) => panic!("{text}: {bad:?}"),
    }
}

fn bad(text: &str) -> String {
    match parse(format!("a {text}").as_bytes(), DEPTH) {
        Err(Bad { tag: Some(tag), text }) => {
            assert_eq!(tag.as_str(), "a");
            text.into_owned()
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn inbox() -> Mailbox {
    Mailbox::new("INBOX")
}

#[test]
fn commands_without_arguments() {
    for (text, command) in [
        ("CAPABILITY", Command::Capability),
        ("noop", Command::Noop),
        ("Logout", Command::Logout),
        ("STARTTLS", Command::StartTls),
        ("NAMESPACE", Command::Namespace),
        ("IDLE", Command::Idle),
        ("CHECK", Command::Check),
        ("CLOSE", Command::Close),
        ("UNSELECT", Command::Unselect),
        ("EXPUNGE", Command::Expunge(None)),
    ] {
        assert_eq!(parsed(text), command);
        assert_eq!(bad(&format!("{text} x")), "Something follows the last argument");
        assert_eq!(bad(&format!("{text} ")), "Something follows the last argument");
        assert_eq!(bad(&format!("UID {text}x")), "There is no such command");
    }
}

#[test]
fn tags_that_cannot_be_read() {
    for text in
        ["", " ", "a", "+ NOOP", "a+ NOOP", "* NOOP", "\"a\" NOOP", " a NOOP", "é NOOP", "(a) NOOP"]
    {
        let Err(bad) = parse(text.as_bytes(), DEPTH) else { panic!("{text}") };
        assert_eq!(bad.tag, None, "{text}");
    }
    for text in
        ["a ", "a  NOOP", "a NOOP\t", "a FOO", "a UID", "a UID ", "a UID NOOP", "a \"NOOP\""]
    {
        let Err(bad) = parse(text.as_bytes(), DEPTH) else { panic!("{text}") };
        assert_eq!(bad.tag.unwrap().as_str(), "a", "{text}");
    }
}

#[test]
fn id() {
    assert_eq!(parsed("ID NIL"), Command::Id(None));
    assert_eq!(parsed("ID ()"), Command::Id(Some(vec![])));
    let fields = vec![("name".into(), Some("sodr".into())), ("version".into(), None)];
    assert_eq!(parsed("ID (\"name\" \"sodr\" {7}\r\nversion NIL)"), Command::Id(Some(fields)));
    for text in [
        "ID",
        "ID x",
        "ID \"x\"",
        "ID (\"name\")",
        "ID (\"name\" x)",
        "ID (name \"x\")",
        "ID (NIL NIL)",
    ] {
        bad(text);
    }
}

#[test]
fn authenticate() {
    let response = |text: &str| match parsed(text) {
        Command::Authenticate { mechanism, initial_response } => {
            (mechanism, initial_response.map(|response| response.expose().clone()))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(response("AUTHENTICATE gssapi"), ("GSSAPI".into(), None));
    assert_eq!(
        response("AUTHENTICATE PLAIN dGVzdAB0ZXN0AHRlc3Q="),
        ("PLAIN".into(), Some(b"dGVzdAB0ZXN0AHRlc3Q=".to_vec()))
    );
    assert_eq!(response("AUTHENTICATE EXTERNAL ="), ("EXTERNAL".into(), Some(b"=".to_vec())));
    assert_eq!(response("AUTHENTICATE SCRAM-SHA-256-PLUS").0, "SCRAM-SHA-256-PLUS");
    for text in [
        "AUTHENTICATE",
        "AUTHENTICATE ",
        "AUTHENTICATE PLAIN ",
        "AUTHENTICATE PLAIN !",
        "AUTHENTICATE PLAIN a b",
        "AUTHENTICATE \"PLAIN\"",
    ] {
        bad(text);
    }
}

#[test]
fn login() {
    for (text, user, password) in [
        ("LOGIN SMITH SESAME", "SMITH", "SESAME"),
        ("LOGIN \"a b\" \"\\\"\\\\\"", "a b", "\"\\"),
        ("LOGIN {11}\r\nFRED FOOBAR {7}\r\nfat man", "FRED FOOBAR", "fat man"),
        ("LOGIN {5+}\r\nj\u{f6}hn {0}\r\n", "j\u{f6}hn", ""),
        ("LOGIN a@b.example NIL", "a@b.example", "NIL"),
    ] {
        let expected =
            Command::Login { user: user.into(), password: password.as_bytes().to_vec().into() };
        assert_eq!(parsed(text), expected);
    }
    assert!(!format!("{:?}", parsed("LOGIN a sesame")).contains("sesame"));
    for text in [
        "LOGIN",
        "LOGIN a",
        "LOGIN a ",
        "LOGIN a b c",
        "LOGIN (a) b",
        "LOGIN a%b c",
        "LOGIN \"a b",
        "LOGIN \"a\\b\" c",
        "LOGIN \"a\"b",
        "LOGIN {3}\r\nab",
        "LOGIN {3}abc d",
        "LOGIN a {3}",
        "LOGIN \"j\u{f6}hn\" x",
        "LOGIN \"a\nb\" x",
        "LOGIN \"a\0b\" x",
    ] {
        bad(text);
    }
}

#[test]
fn enable() {
    assert_eq!(
        parsed("ENABLE condstore X-GOOD-IDEA"),
        Command::Enable(vec!["CONDSTORE".into(), "X-GOOD-IDEA".into()])
    );
    bad("ENABLE");
    bad("ENABLE ");
    bad("ENABLE A ");
}

#[test]
fn mailbox_names() {
    for (text, name) in [
        ("SELECT INBOX", "INBOX"),
        ("SELECT inbox", "INBOX"),
        ("SELECT \"iNBOX\"", "INBOX"),
        ("SELECT {5}\r\nInbox", "INBOX"),
        ("SELECT blurdybloop", "blurdybloop"),
        ("SELECT \"a \\\"b\\\"\"", "a \"b\""),
        ("SELECT ~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
        ("SELECT \"Entw&APw-rfe &- so\"", "Entwürfe & so"),
        ("SELECT []", "[]"),
        ("SELECT \"\"", ""),
        ("SELECT NIL", "NIL"),
    ] {
        assert_eq!(parsed(text), Command::Select(Mailbox::new(name)), "{text}");
    }
    let not_utf7 = "A mailbox name is not in modified UTF-7";
    for text in [
        "SELECT a&",
        "SELECT &AGE-",
        "SELECT \"&!-\"",
        "SELECT &2AA-",
        "SELECT {2}\r\n\u{f6}",
        "SELECT \"a\tb\"",
    ] {
        assert_eq!(bad(text), not_utf7, "{text}");
    }
    for text in [
        "SELECT",
        "SELECT a b",
        "SELECT a*",
        "SELECT a%",
        "SELECT (a)",
        "SELECT \"a",
        "SELECT a{1}\r\nb",
    ] {
        bad(text);
    }
}

#[test]
fn commands_on_mailboxes() {
    let name = |name: &str| Mailbox::new(name);
    assert_eq!(parsed("EXAMINE a"), Command::Examine(name("a")));
    assert_eq!(parsed("DELETE a"), Command::Delete(name("a")));
    assert_eq!(parsed("SUBSCRIBE #news.a"), Command::Subscribe(name("#news.a")));
    assert_eq!(parsed("UNSUBSCRIBE a"), Command::Unsubscribe(name("a")));
    let (from, to) = (name("zuul"), name("foo bar"));
    assert_eq!(parsed("RENAME zuul \"foo bar\""), Command::Rename { from, to });
    bad("RENAME zuul");
}

#[test]
fn create() {
    let created = |special_use: &[&str]| Command::Create {
        mailbox: Mailbox::new("owatagusiam/"),
        special_use: special_use.iter().map(|&name| name.into()).collect(),
    };
    assert_eq!(parsed("CREATE owatagusiam/"), created(&[]));
    assert_eq!(
        parsed("CREATE owatagusiam/ (USE (\\Drafts \\Sent))"),
        created(&["\\Drafts", "\\Sent"])
    );
    assert_eq!(parsed("CREATE owatagusiam/ (use ())"), created(&[]));
    for text in [
        "CREATE",
        "CREATE a ",
        "CREATE a (",
        "CREATE a ()",
        "CREATE a (USE)",
        "CREATE a (USE (Sent))",
        "CREATE a (USE (\\Sent)",
        "CREATE a (X (\\Sent))",
    ] {
        bad(text);
    }
}

#[test]
fn list() {
    for (text, reference, pattern) in [
        ("\"\" \"\"", "", ""),
        ("\"\" *", "", "*"),
        ("#news.comp.mail.misc \"\"", "#news.comp.mail.misc", ""),
        ("~/Mail/ %", "~/Mail/", "%"),
        ("\"news.\" \"comp.mail.*\"", "news.", "comp.mail.*"),
        ("\"\" {2}\r\na%", "", "a%"),
        ("\"\" &U,BTFw-/*", "", "台北/*"),
    ] {
        let list = List { reference: reference.into(), pattern: ListPattern::new(pattern) };
        assert_eq!(parsed(&format!("LIST {text}")), Command::List(list.clone()));
        assert_eq!(parsed(&format!("LSUB {text}")), Command::Lsub(list));
    }
    for text in ["LIST", "LIST \"\"", "LIST * \"\"", "LIST \"\" a b", "LIST \"\" \"&\"", "LIST & a"]
    {
        bad(text);
    }
    assert_eq!(bad(&format!("LIST a {}", "*".repeat(1_000))), "The pattern is too long");
}

#[test]
fn status() {
    let items = vec![StatusItem::UidNext, StatusItem::Messages];
    assert_eq!(
        parsed("STATUS INBOX (UIDNEXT messages UIDNEXT)"),
        Command::Status { mailbox: inbox(), items }
    );
    for text in [
        "STATUS INBOX",
        "STATUS INBOX ()",
        "STATUS INBOX MESSAGES",
        "STATUS INBOX (X)",
        "STATUS INBOX (MESSAGES",
        "STATUS INBOX (MESSAGES )",
    ] {
        bad(text);
    }
}

#[test]
fn append() {
    let append = |flags: Vec<Flag>, internal_date, synchronizing| {
        Command::Append(Append {
            mailbox: Mailbox::new("saved-messages"),
            flags,
            internal_date,
            literal: Literal { size: 310, synchronizing },
        })
    };
    let date = DateTime { seconds: 760_686_745, offset: -480 };
    for (text, command) in [
        ("(\\Seen) {310}", append(vec![Flag::Seen], None, Synchronizing::Yes)),
        ("{310+}", append(vec![], None, Synchronizing::No)),
        ("() \" 7-Feb-1994 21:52:25 -0800\" {310}", append(vec![], Some(date), Synchronizing::Yes)),
        (
            "(\\Draft $Forwarded) \"07-Feb-1994 21:52:25 -0800\" {310}",
            append(
                vec![Flag::Draft, Flag::Keyword("$Forwarded".into())],
                Some(date),
                Synchronizing::Yes,
            ),
        ),
    ] {
        assert_eq!(parsed(&format!("APPEND saved-messages {text}")), command);
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
        "APPEND a ~{3}",
    ] {
        bad(text);
    }
}

#[test]
fn copy_and_move() {
    let messages = || "2:4".parse().unwrap();
    let (sequence, uid) = (Numbering::Sequence, Numbering::Uid);
    let mailbox = || Mailbox::new("MEETING");
    let copy = |numbering| Command::Copy { numbering, messages: messages(), mailbox: mailbox() };
    let moved = |numbering| Command::Move { numbering, messages: messages(), mailbox: mailbox() };
    assert_eq!(parsed("COPY 2:4 MEETING"), copy(sequence));
    assert_eq!(parsed("UID COPY 2:4 MEETING"), copy(uid));
    assert_eq!(parsed("MOVE 2:4 MEETING"), moved(sequence));
    assert_eq!(parsed("uid move 2:4 MEETING"), moved(uid));
    assert_eq!(parsed("UID EXPUNGE 2:4"), Command::Expunge(Some(messages())));
    for text in [
        "COPY",
        "COPY 1",
        "COPY 0 a",
        "COPY 1: a",
        "COPY , a",
        "COPY a a",
        "COPY 1 a b",
        "EXPUNGE 1",
        "UID EXPUNGE",
    ] {
        bad(text);
    }
}

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
    let search = |text: &[u8]| match parse(text, DEPTH) {
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
    assert_eq!(parsed(&nested(DEPTH - 1)), parsed("SEARCH ALL"));
    let too_deep = "Search keys are nested too deeply";
    assert_eq!(bad(&nested(DEPTH)), too_deep);
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

proptest! {
    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&octets, DEPTH);
    }

    #[test]
    fn no_likely_words_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "UID", "FETCH", "SEARCH", "STORE", "APPEND", "LIST", "STATUS", "LOGIN", "ID", "CREATE", "1:*", "*",
            "0", "(", ")", " ", " ", " ", "\"", "\"\"", "\\", "\\Seen", "{3}", "{3}\r\n", "abc", "NIL", "BODY[", "]",
            "HEADER.FIELDS", "<0.1>", "NOT", "OR", "+FLAGS", "CHARSET", "&", "&-", "&AOk-", "%", "1-Feb-1994", "\u{f6}",
            "\" 7-Feb-1994 21:52:25 -0800\"", "USE", "TEXT", "{99999999999}", "{", "}", "[", ".",
        ]), 0..30),
    ) {
        let text = format!("a {}", words.concat());
        let _ = parse(text.as_bytes(), DEPTH);
    }
}
