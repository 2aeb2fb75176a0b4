//! Tests of the parser: the examples of the RFCs, then what must be refused.

mod fetch;
mod search;

use super::{Bad, Grammar, parse};
use crate::imap::types::{
    Append, Command, Flag, List, ListPattern, Literal, Mailbox, Numbering, StatusItem,
    Synchronizing,
};
use crate::limits::Limits;
use crate::message::date::DateTime;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

const GRAMMAR: Grammar = Grammar::new(&Limits::DEFAULT);

fn parsed(text: &str) -> Command {
    match parse(format!("a {text}").as_bytes(), &GRAMMAR) {
        Ok((tag, command)) => {
            assert_eq!(tag.as_str(), "a");
            command
        }
        Err(bad) => panic!("{text}: {bad:?}"),
    }
}

fn bad(text: &str) -> String {
    match parse(format!("a {text}").as_bytes(), &GRAMMAR) {
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
        let Err(bad) = parse(text.as_bytes(), &GRAMMAR) else { panic!("{text}") };
        assert_eq!(bad.tag, None, "{text}");
    }
    for text in
        ["a ", "a  NOOP", "a NOOP\t", "a FOO", "a UID", "a UID ", "a UID NOOP", "a \"NOOP\""]
    {
        let Err(bad) = parse(text.as_bytes(), &GRAMMAR) else { panic!("{text}") };
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

proptest! {
    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&octets, &GRAMMAR);
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
        let _ = parse(text.as_bytes(), &GRAMMAR);
    }
}
