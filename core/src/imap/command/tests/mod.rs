//! Tests of the parser: the examples of the RFCs, then what must be refused.

mod access;
mod append;
mod fetch;
mod list;
mod notify;
mod search;

use super::{Bad, Grammar, Parsed, parse};
use crate::imap::types::{
    Command, Encoding, Mailbox, Messages, Numbering, Qresync, Select, StatusItem,
};
use crate::limits::Limits;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use proptest::prelude::*;

const GRAMMAR: Grammar = Grammar::new(&Limits::DEFAULT);

fn parsed(text: &str) -> Command {
    parsed_in(Encoding::Utf7, text)
}

fn parsed_in(encoding: Encoding, text: &str) -> Command {
    match parse(format!("a {text}").as_bytes(), &GRAMMAR, encoding) {
        Ok((tag, Parsed::Command(command))) => {
            assert_eq!(tag.as_str(), "a");
            command
        }
        other => panic!("{text}: {other:?}"),
    }
}

fn bad(text: &str) -> String {
    bad_in(Encoding::Utf7, text)
}

fn bad_in(encoding: Encoding, text: &str) -> String {
    match parse(format!("a {text}").as_bytes(), &GRAMMAR, encoding) {
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

fn selected(name: &str) -> Command {
    Command::Select(Select { mailbox: Mailbox::new(name), condstore: false, qresync: None })
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
        let Err(bad) = parse(text.as_bytes(), &GRAMMAR, Encoding::Utf7) else { panic!("{text}") };
        assert_eq!(bad.tag, None, "{text}");
    }
    for text in
        ["a ", "a  NOOP", "a NOOP\t", "a FOO", "a UID", "a UID ", "a UID NOOP", "a \"NOOP\""]
    {
        let Err(bad) = parse(text.as_bytes(), &GRAMMAR, Encoding::Utf7) else { panic!("{text}") };
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
        assert_eq!(parsed(text), selected(name), "{text}");
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
fn mailbox_names_in_utf8() {
    for (text, name) in [
        ("SELECT inbox", "INBOX"),
        ("SELECT \"Entw\u{fc}rfe & so\"", "Entw\u{fc}rfe & so"),
        ("SELECT {3}\r\n\u{53f0}", "\u{53f0}"),
        ("SELECT \"a\\\\\u{53f0}\\\"\"", "a\\\u{53f0}\""),
        ("SELECT &AGE-", "&AGE-"),
    ] {
        assert_eq!(parsed_in(Encoding::Utf8, text), selected(name), "{text}");
    }
    assert_eq!(bad_in(Encoding::Utf8, "SELECT \u{53f0}"), "A mailbox name is missing");
    for octets in [&b"a SELECT \"\xff\""[..], b"a SELECT {1}\r\n\xff", b"a SELECT \"\xc3\\\"\xbc\""]
    {
        assert!(parse(octets, &GRAMMAR, Encoding::Utf8).is_err());
    }
}

#[test]
fn select_parameters() {
    let select = |text: &str| match parsed(&format!("SELECT a {text}")) {
        Command::Select(select) => (select.condstore, select.qresync),
        other => panic!("{other:?}"),
    };
    let set = |text: &str| text.parse().unwrap();
    assert_eq!(select("(CONDSTORE)"), (true, None));
    let qresync = Qresync {
        uid_validity: 67_890_007,
        mod_seq: 20_050_715,
        known_uids: None,
        known_pairs: None,
    };
    assert_eq!(select("(QRESYNC (67890007 20050715))"), (false, Some(qresync.clone())));
    let uids = Qresync { known_uids: Some(set("41,43:211")), ..qresync.clone() };
    assert_eq!(select("(qresync (67890007 20050715 41,43:211))"), (false, Some(uids.clone())));
    let pairs = Some((set("1:2,5"), set("7,9:10")));
    let both = Qresync { known_pairs: pairs.clone(), ..uids };
    assert_eq!(
        select("(QRESYNC (67890007 20050715 41,43:211 (1:2,5 7,9:10)) CONDSTORE)"),
        (true, Some(both))
    );
    let only_pairs = Qresync { known_pairs: pairs, ..qresync };
    assert_eq!(select("(QRESYNC (67890007 20050715 (1:2,5 7,9:10)))"), (false, Some(only_pairs)));
    for text in [
        "()",
        "CONDSTORE",
        "(X)",
        "(QRESYNC)",
        "(QRESYNC ())",
        "(QRESYNC (0 1))",
        "(QRESYNC (1 0))",
        "(QRESYNC (1 9223372036854775808))",
        "(QRESYNC (1 1 1:*))",
        "(QRESYNC (1 1 1 (1:3 1:2)))",
        "(QRESYNC (1 1 (1 *)))",
        "(QRESYNC (1 1 $))",
        "(QRESYNC (1 1 1) x)",
    ] {
        bad(&format!("SELECT a {text}"));
    }
}

#[test]
fn compress_and_unauthenticate() {
    assert_eq!(parsed("compress deflate"), Command::Compress);
    assert_eq!(parsed("UNAUTHENTICATE"), Command::Unauthenticate);
    for text in ["COMPRESS", "COMPRESS LZW", "COMPRESS DEFLATE x", "UNAUTHENTICATE x"] {
        bad(text);
    }
}

#[test]
fn commands_on_mailboxes() {
    let name = |name: &str| Mailbox::new(name);
    let examined = Select { mailbox: name("a"), condstore: false, qresync: None };
    assert_eq!(parsed("EXAMINE a"), Command::Examine(examined));
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
fn status() {
    let items = vec![StatusItem::UidNext, StatusItem::Messages];
    assert_eq!(
        parsed("STATUS INBOX (UIDNEXT messages UIDNEXT)"),
        Command::Status { mailbox: inbox(), items }
    );
    let items = StatusItem::ALL.map(StatusItem::name).join(" ");
    let items = parsed(&format!("STATUS INBOX ({items})"));
    assert_eq!(items, Command::Status { mailbox: inbox(), items: StatusItem::ALL.into() });
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
fn copy_and_move() {
    let messages = || Messages::Set("2:4".parse().unwrap());
    let (sequence, uid) = (Numbering::Sequence, Numbering::Uid);
    let mailbox = || Mailbox::new("MEETING");
    let copy = |numbering| Command::Copy { numbering, messages: messages(), mailbox: mailbox() };
    let moved = |numbering| Command::Move { numbering, messages: messages(), mailbox: mailbox() };
    assert_eq!(parsed("COPY 2:4 MEETING"), copy(sequence));
    assert_eq!(parsed("UID COPY 2:4 MEETING"), copy(uid));
    assert_eq!(parsed("MOVE 2:4 MEETING"), moved(sequence));
    assert_eq!(parsed("uid move 2:4 MEETING"), moved(uid));
    assert_eq!(parsed("UID EXPUNGE 2:4"), Command::Expunge(Some(messages())));
    assert_eq!(parsed("UID EXPUNGE $"), Command::Expunge(Some(Messages::Saved)));
    let saved = Command::Copy { numbering: uid, messages: Messages::Saved, mailbox: mailbox() };
    assert_eq!(parsed("UID COPY $ MEETING"), saved);
    for text in [
        "COPY",
        "COPY 1",
        "COPY 0 a",
        "COPY 1: a",
        "COPY , a",
        "COPY a a",
        "COPY 1 a b",
        "COPY $,1 a",
        "COPY 1,$ a",
        "COPY $1 a",
        "EXPUNGE 1",
        "UID EXPUNGE",
    ] {
        bad(text);
    }
}

proptest! {
    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&octets, &GRAMMAR, Encoding::Utf7);
        let _ = parse(&octets, &GRAMMAR, Encoding::Utf8);
    }

    #[test]
    fn no_likely_words_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "a", "UID", "FETCH", "SEARCH", "STORE", "APPEND", "LIST", "STATUS", "LOGIN", "ID", "CREATE", "1:*", "*",
            "0", "(", ")", " ", " ", " ", "\"", "\"\"", "\\", "\\Seen", "{3}", "{3}\r\n", "abc", "NIL", "BODY[", "]",
            "HEADER.FIELDS", "<0.1>", "NOT", "OR", "+FLAGS", "CHARSET", "&", "&-", "&AOk-", "%", "1-Feb-1994", "\u{f6}",
            "\" 7-Feb-1994 21:52:25 -0800\"", "USE", "TEXT", "{99999999999}", "{", "}", "[", ".",
            "$", "~{3}\r\n", "RETURN", "SORT", "THREAD", "REFERENCES", "ARRIVAL", "REVERSE", "PARTIAL", "-1:-9", "SELECT",
            "QRESYNC", "CONDSTORE", "CHANGEDSINCE", "VANISHED", "BINARY[1]", "PREVIEW", "(LAZY)", "NOTIFY", "SET",
            "SELECTED", "MessageNew", "GETMETADATA", "SETMETADATA", "/private/a", "SETACL", "SETQUOTA", "REPLACE",
            "CATENATE", "URL", "UTF8", "MODSEQ", "UNCHANGEDSINCE",
        ]), 0..30),
    ) {
        let text = format!("a {}", words.concat());
        let _ = parse(text.as_bytes(), &GRAMMAR, Encoding::Utf7);
        let _ = parse(text.as_bytes(), &GRAMMAR, Encoding::Utf8);
    }
}
