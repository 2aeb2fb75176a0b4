//! Unit tests: the format, and what counts as the same.

use super::expected::Expected;
use super::script::Script;
use super::seen::gather;

/// Whether a server that announces CONDSTORE and says `seen` says what the lines `expected` ask for.
fn matches(expected: &[&str], seen: &[&str]) -> bool {
    let expected = Expected::parse(expected).unwrap();
    let responses = seen.iter().map(|seen| seen.as_bytes().to_vec()).collect();
    let capabilities = ["CONDSTORE".to_owned()];
    gather(responses).iter().any(|seen| expected.matches(seen, &capabilities))
}

#[track_caller]
fn check(expected: &str, seen: &str, matching: bool) {
    assert_eq!(matches(&[expected], &[seen]), matching, "{expected} | {seen}");
}

#[test]
fn blocks() {
    let script = Script::parse(
        "# comment\nS: \\* OK ready\nSESSION: 2\nC: a APPEND x {3}\nS: \\+ Ok\nC: abc\nC:\n\
         S: \\* 1 EXISTS\nS: a OK done.\nTIMER start x\nC: b LIST\nSUB {\nS: \\* LIST 1\nS: \\* LIST 2\n}\n\
         S: b OK \\[X\\] done\n",
    )
    .unwrap();
    let [greeting, append, content, list] = &script.blocks[..] else { panic!("{script:?}") };
    assert!(greeting.client.is_empty());
    assert_eq!((append.session, &*append.client), (2, &b"a APPEND x {3}\r\n"[..]));
    assert!(append.server[0].is_continuation());
    assert_eq!((&*content.tag, &*content.client), ("a", &b"abc\r\n\r\n"[..]));
    assert_eq!(content.server.len(), 2);
    assert_eq!((list.line, list.server.len()), (11, 3));
}

#[test]
fn what_is_no_dialogue() {
    for (text, part) in [
        ("X: what\n", "line 1: `X: what` is no line"),
        ("SESSION: 12\n", "line 1: SESSION: takes 1 to 9"),
        ("C: a X\nS: \\* (\n", "unclosed group"),
    ] {
        let problem = Script::parse(text).unwrap_err();
        assert!(problem.contains(part), "{text:?}: {problem}");
    }
}

#[test]
fn a_literal_is_counted() {
    let script = Script::parse("C: a APPEND x {4+}\nC: abc\nS: a OK x\n").unwrap();
    assert_eq!(script.blocks[0].client, b"a APPEND x {3+}\r\nabc\r\n");
}

#[test]
fn status_without_its_text() {
    check("a OK NOOP completed.", "a OK Done", true);
    check("a OK NOOP completed.", "a NO Done", false);
    check("a OK \\[READ-WRITE\\] SELECT completed.", "a OK [READ-WRITE] Done", true);
    check("a OK \\[READ-WRITE\\] SELECT completed.", "a OK [READ-ONLY] Done", false);
    check("a OK \\[MAILBOXID \\(.+\\)\\] CREATE completed.", "a OK Done", true);
    check("\\* OK \\[MAILBOXID \\(.+\\)\\] Ok", "* OK [UIDNEXT 5] x", false);
    check("\\* OK \\[UIDNEXT 5\\].*", "* OK [UIDNEXT 5] x", true);
    check("\\* OK \\[HIGHESTMODSEQ \\d+\\].*", "* OK [HIGHESTMODSEQ 5]", true);
    check("\\* BYE Unknown", "* BYE x", true);
    let owed = Expected::parse(&["\\* OK \\[HIGHESTMODSEQ \\d+\\].*"]).unwrap();
    assert!(owed.is_owed(&["CONDSTORE".to_owned()]) && !owed.is_owed(&[]));
}

#[test]
fn what_has_no_order() {
    let flags = "\\* OK \\[PERMANENTFLAGS \\(\\\\Answered \\\\Seen user \\\\\\*\\)\\] Limited";
    check(flags, "* OK [PERMANENTFLAGS (\\Seen \\* user \\Answered)] x", true);
    check("\\* FLAGS \\(\\\\Answered \\\\Seen\\)", "* FLAGS (\\Seen \\Answered)", true);
    check("\\* FLAGS \\(\\\\Answered \\\\Seen\\)", "* FLAGS (\\Seen)", false);
    check("\\* STATUS \"x\" \\(MESSAGES 1 UNSEEN 2\\)", "* STATUS x (UNSEEN 2 MESSAGES 1)", true);
    check("\\* LIST \\(\\\\A \\\\B\\) \"\\.\" \"x\"", "* LIST (\\B \\A) \".\" x", true);
    check("\\* SEARCH 1 2", "* SEARCH 2 1", true);
    check("\\* CAPABILITY .* X .*", "* CAPABILITY A X", true);
}

#[test]
fn fetch_in_any_order_and_in_parts() {
    check(
        "\\* 1 FETCH \\(FLAGS \\(\\\\Recent \\\\Seen\\) UID 3\\)",
        "* 1 FETCH (UID 3 FLAGS (\\Seen))",
        true,
    );
    check("\\* 1 FETCH \\(UID 3\\)", "* 1 FETCH (FLAGS () UID 3)", true);
    check("\\* 1 FETCH \\(UID 3\\)", "* 2 FETCH (UID 3)", false);
    check("\\* 1 FETCH \\(ENVELOPE \\(\"x\"\\)\\)", "* 1 FETCH (ENVELOPE ({1}\r\nx))", true);
    let body = ["\\* 1 FETCH \\(FLAGS \\(\\\\Seen\\) BODY\\[\\] \\{5\\}", "a\\.b", "\\)"];
    assert!(matches(&body, &["* 1 FETCH (BODY[] {5}\r\na.b\r\n)", "* 1 FETCH (FLAGS (\\Seen))"]));
    assert!(!matches(&body, &["* 1 FETCH (BODY[] {5}\r\na_b\r\n)", "* 1 FETCH (FLAGS (\\Seen))"]));
    assert!(!matches(&body, &["* 1 FETCH (BODY[] {5}\r\nA.b\r\n FLAGS (\\Seen))"]));
}

#[test]
fn expunges_in_any_order() {
    let said = |responses: &[&str]| -> Vec<String> {
        let responses = responses.iter().map(|text| text.as_bytes().to_vec()).collect();
        gather(responses).into_iter().map(|seen| String::from_utf8(seen.octets).unwrap()).collect()
    };
    assert_eq!(said(&["* 3 EXPUNGE", "* 1 EXPUNGE"]), ["* 1 EXPUNGE", "* 2 EXPUNGE"]);
    assert_eq!(said(&["* 1 EXPUNGE", "* 1 EXPUNGE"]), ["* 1 EXPUNGE", "* 1 EXPUNGE"]);
}
