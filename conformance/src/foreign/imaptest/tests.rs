//! Unit tests: the format, and what matches what.

use super::lines::Piece;
use super::script::{Presence, Script, State};
use super::{Bindings, Mbox};
use crate::foreign::imaptest::pattern;
use crate::foreign::value::parse;

fn script(text: &str) -> Script {
    Script::parse(text.as_bytes()).unwrap()
}

/// Whether `seen` is what `expected` says, with what `bindings` hold.
fn matches(bindings: &mut Bindings, expected: &str, seen: &str) -> bool {
    let patterns = pattern::reply(&parse(expected.as_bytes())).unwrap();
    bindings.matches(&patterns, &parse(seen.as_bytes()), false).is_ok()
}

#[track_caller]
fn check(expected: &str, seen: &str, matching: bool) {
    assert_eq!(matches(&mut Bindings::default(), expected, seen), matching, "{expected} | {seen}");
}

#[test]
fn headers() {
    let parsed = script(
        "capabilities: A B=C\nconnections: 2\nmessages: 3\nstate: created\n\
         ignore_extra_untagged: no\nuser 2: $user2\n\n1 ok noop\n",
    );
    assert_eq!(parsed.capabilities, ["A", "B=C"]);
    assert_eq!((parsed.connections, parsed.messages), (2, Some(3)));
    assert_eq!(parsed.state, State::Created);
    assert!(!parsed.ignore_extra_untagged);
    assert_eq!(parsed.users.get(&1).map(String::as_str), Some("user2"));
    let plain = script("# a comment\nok noop\n");
    assert_eq!((plain.connections, plain.messages, plain.state), (1, None, State::Selected));
}

#[test]
fn the_three_ways_to_write_a_command() {
    let parsed = script(
        "connections: 2\n\n1 ok select $mailbox\n* 0 exists\n! bye\n\n2 select x\n? 1 exists\n\
         2 no [trycreate]\n\n1 tag1 create a\n1 tag2 create b\n1 tag1 ok\n1 tag2 bad\n\"\" noop\n"
            .replace("\n\"\" noop", "\n1 \"\" noop")
            .as_str(),
    );
    let [first, second, third, fourth] = &parsed.groups[..] else { panic!("{parsed:?}") };
    assert_eq!((first.connection, first.commands[0].line.head()), (0, &b"select $mailbox"[..]));
    let presence: Vec<_> = first.untagged.iter().map(|untagged| untagged.presence).collect();
    assert_eq!(presence, [Presence::Must, Presence::MustNot]);
    assert_eq!((second.connection, &*second.commands[0].expected), (1, "no [trycreate]"));
    assert_eq!(second.untagged[0].presence, Presence::May);
    let expected: Vec<_> = third.commands.iter().map(|command| &*command.expected).collect();
    assert_eq!(expected, ["ok", "bad"]);
    assert!(fourth.commands[0].reply.is_empty());
}

#[test]
fn what_is_no_script() {
    for (text, part) in [
        ("state: asleep\n\nok noop\n", "line 1: there is no state asleep"),
        ("connections: 2\n\nok noop\n", "line 3: a connection's number is missing"),
        ("state: auth\n\nnoop\n", "line 3: no reply is given"),
        ("state: auth\n\nok append {{{\nx\n", "a literal does not end"),
        ("state: auth\n\n* ok\n", "a reply in front of every command"),
        ("state: auth\n\nok x\n* 1 fetch ($!what a)\n", "unknown directive $!what"),
        ("state: auth\n\n!ifenv X\nok noop\n", "an !ifenv has no !endif"),
        ("state: auth\n\n", "there is no command"),
    ] {
        let problem = Script::parse(text.as_bytes()).unwrap_err();
        assert!(problem.contains(part), "{text:?}: {problem}");
    }
}

#[test]
fn literals_end_without_their_last_line_end() {
    let parsed = script("state: auth\n\nok append x {{{\na\n\n}}} ~{{{\nb\nc\n}}})\n");
    let pieces = &parsed.groups[0].commands[0].line.pieces;
    let literal = |binary, octets: &[u8]| Piece::Literal { binary, octets: octets.to_vec() };
    assert_eq!(pieces[1], literal(false, b"a\r\n"));
    assert_eq!(pieces[3], literal(true, b"b\nc"));
    assert_eq!(pieces[4], Piece::Text(b")".to_vec()));
}

#[test]
fn conditions() {
    let text = "state: auth\n\n!ifnenv NOT_SET_IN_ANY_GATE\nok noop\n!else\nok check\n!endif\n";
    let parsed = script(text);
    assert_eq!(parsed.groups.len(), 1);
    assert_eq!(parsed.groups[0].commands[0].line.head(), b"noop");
}

#[test]
fn lists_and_their_defaults() {
    check("1 fetch (uid 1)", "1 FETCH (UID 1)", true);
    check("1 fetch (uid 1)", "1 FETCH (FLAGS (\\Seen) UID 1)", true);
    check("1 fetch (uid 1)", "1 FETCH (UID 2)", false);
    check("1 fetch (flags (\\seen))", "1 FETCH (FLAGS (\\Recent \\Seen))", true);
    check("1 fetch (flags (\\seen))", "1 FETCH (FLAGS (\\Draft \\Seen))", false);
    check("1 fetch (flags ($!extra))", "1 FETCH (FLAGS (\\Seen))", true);
    check("list () $sep x", "LIST (\\HasNoChildren) \".\" x", true);
    check("list (\\noselect) $sep x", "LIST () \".\" x", false);
    check("status x (messages 1)", "STATUS x (UNSEEN 0 MESSAGES 1)", true);
    check("search 1 2", "SEARCH 1 2 3", false);
    check("search 1 2", "SEARCH 2 1", false);
    check("x ($!unordered $!ban=b a)", "X (a c)", true);
    check("x ($!unordered $!ban=b a)", "X (b a)", false);
    check("x ($!unordered $!noextra $!ignore=c a b)", "X (c b a)", true);
    check("x ($!unordered=2 a 1)", "X (b 2 a)", false);
    check("thread (3 2)(1)", "THREAD (3 2)(1)", true);
    check("x nil", "X NIL", true);
    check("x nil", "X \"NIL\"", false);
}

#[test]
fn variables() {
    let mut bindings = Bindings::default();
    assert!(matches(&mut bindings, "1 fetch (uid $uid1)", "1 FETCH (UID 7)"));
    assert!(!matches(&mut bindings, "1 fetch (uid $uid1)", "1 FETCH (UID 8)"));
    assert!(matches(&mut bindings, "ok [copyuid $v $uid1 $to] done", "OK [COPYUID 3 7 9] done"));
    assert_eq!(bindings.get("to"), Some(b"9".to_vec()));
    assert!(matches(&mut bindings, "x $a:$b", "X 1:2"));
    assert!(matches(&mut bindings, "x ${a}0 $$a $", "X 10 $a (1 2)"));
    assert!(!matches(&mut bindings, "x $c y", "X 5 z"));
    assert_eq!(bindings.get("c"), None);
    check("x ${case:INBOX/Inbox}", "X INBOX/Inbox", true);
    check("x ${case:INBOX/Inbox}", "X INBOX/INBOX", false);
}

#[test]
fn modification_sequences_rise() {
    for (values, matching) in [([2, 5], true), ([10, 13], true), ([1, 5], false), ([10, 12], false)]
    {
        let mut bindings = Bindings::default();
        let seen = format!("x {} {}", values[0], values[1]);
        assert_eq!(matches(&mut bindings, "x $modseq2 $modseq5", &seen), matching, "{seen}");
    }
}

#[test]
fn sequence_numbers_of_before() {
    let mut bindings = Bindings::default();
    bindings.sequence.extend([1, 2, 3]);
    bindings.expunge(1);
    assert!(matches(&mut bindings, "$3 expunge", "2 EXPUNGE"));
    assert!(!matches(&mut bindings, "$1 expunge", "1 EXPUNGE"));
    assert!(!matches(&mut bindings, "$4 expunge", "4 EXPUNGE"));
}

#[test]
fn status_texts_may_go_on() {
    let mut bindings = Bindings::default();
    let patterns = pattern::plain(&parse(b"ok [uidnext $n]")).unwrap();
    let seen = parse(b"OK [UIDNEXT 4] Predicted (next) \"UID");
    assert_eq!(bindings.matches(&patterns, &seen, true), Ok(()));
    assert_eq!(bindings.get("n"), Some(b"4".to_vec()));
    let code = pattern::plain(&parse(b"ok [capability $] text")).unwrap();
    assert!(bindings.matches(&code, &parse(b"OK [CAPABILITY A B C] text"), true).is_ok());
}

#[test]
fn messages_go_round() {
    let mbox = Mbox::parse(
        b"From a@b  Fri Feb 22 17:06:23 2008\nSubject: 1\n\none\n\n\
          From a@b  Sat Mar 1 07:06:23 2008 +0200\n\ntwo\n\n",
    );
    assert_eq!(mbox.len(), 2);
    let taken: Vec<_> = mbox.take(3).collect();
    assert_eq!(taken[0].octets, b"Subject: 1\r\n\r\none\r\n");
    assert_eq!(taken[0].date.as_deref(), Some("\"22-Feb-2008 17:06:23 +0000\""));
    assert_eq!(taken[1].octets, b"\r\ntwo\r\n");
    assert_eq!(taken[1].date.as_deref(), Some("\" 1-Mar-2008 07:06:23 +0200\""));
    assert_eq!(taken[2], taken[0]);
    assert_eq!(Mbox::parse(b"").next(), None);
}
