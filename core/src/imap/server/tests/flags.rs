use super::*;

#[test]
fn flags_are_set_and_told() {
    check(
        three,
        &[
            (
                "a STORE 1:2 +FLAGS (\\Flagged $Work)",
                "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work)
                 * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Work \\*)] Flags that last
                 * 1 FETCH (FLAGS (\\Flagged \\Recent $Work))
                 * 2 FETCH (FLAGS (\\Flagged \\Recent $Work))
                 a OK STORE completed",
            ),
            (
                "b STORE 1 -FLAGS \\Flagged",
                "* 1 FETCH (FLAGS (\\Recent $Work))\nb OK STORE completed",
            ),
            (
                "c UID STORE 3 FLAGS (\\Seen \\Draft)",
                "* 3 FETCH (UID 3 FLAGS (\\Seen \\Draft \\Recent))\nc OK STORE completed",
            ),
            // What is so already is told, too.
            (
                "d STORE 3 +FLAGS \\Seen",
                "* 3 FETCH (FLAGS (\\Seen \\Draft \\Recent))\nd OK STORE completed",
            ),
            ("e STORE 1:3 FLAGS.SILENT ()", "e OK STORE completed"),
            (
                "f FETCH 1:3 FLAGS",
                "* 1 FETCH (FLAGS (\\Recent))
                 * 2 FETCH (FLAGS (\\Recent))
                 * 3 FETCH (FLAGS (\\Recent))
                 f OK FETCH completed",
            ),
            ("g STORE 4 +FLAGS \\Seen", "g BAD [CLIENTBUG] $"),
            ("h UID STORE 9 +FLAGS \\Seen", "h OK STORE completed"),
            ("i STORE 1 +FLAGS \\Recent", "i BAD $"),
            ("j STORE 1 +FLAGS \\Nonsense", "j NO [CANNOT] There is no such system flag"),
        ],
    );
}

#[test]
fn silent_flags_with_a_new_keyword_are_not_told() {
    check(
        three,
        &[
            ("a STORE 1 +FLAGS.SILENT ($New)", "* FLAGS $\n* OK [PERMANENTFLAGS $\na OK $"),
            ("b STORE 2 FLAGS.SILENT ($new)", "b OK STORE completed"),
            ("c FETCH 2 FLAGS", "* 2 FETCH (FLAGS (\\Recent $New))\nc OK FETCH completed"),
        ],
    );
}

#[test]
fn expunging() {
    check(
        three,
        &[
            ("a EXPUNGE", "a OK EXPUNGE completed"),
            ("b STORE 1,3 +FLAGS.SILENT \\Deleted", "b OK STORE completed"),
            ("c UID EXPUNGE 1:2", "* 1 EXPUNGE\nc OK EXPUNGE completed"),
            ("d EXPUNGE", "* 2 EXPUNGE\nd OK EXPUNGE completed"),
            ("e UID SEARCH ALL", "* SEARCH 2\ne OK SEARCH completed"),
            ("f STORE 1 +FLAGS.SILENT \\Deleted", "f OK STORE completed"),
            ("g CLOSE", "g OK CLOSE completed"),
            ("h STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 0)\nh OK STATUS completed"),
        ],
    );
}

/// Others have their turns meanwhile, and the client is told how far it has come (RFC 9585).
#[test]
fn many_messages_are_removed_some_at_a_time() {
    let memory = memory();
    let mut dialogue = three(&memory);
    let limits = Limits { expunge_turn: 2, ..Limits::DEFAULT };
    dialogue.server.connection.config = Config { limits, ..Config::default() }.into();
    let requests = |dialogue: &mut Dialogue| {
        let asked = dialogue.requests.drain(..).filter_map(|request| match request {
            Request::Expunge { uids } => Some(uids.to_string()),
            _ => None,
        });
        asked.collect::<Vec<_>>()
    };
    dialogue.say("a STORE 1:* +FLAGS.SILENT \\Deleted\r\n");
    assert_eq!(dialogue.say("b EXPUNGE\r\n"), "");
    assert_eq!(requests(&mut dialogue), ["1:2"]);
    let told = "* OK [INPROGRESS (\"b\" 2 3)] Still at it\r\n\
                * 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n\
                b OK EXPUNGE completed\r\n";
    assert_eq!(dialogue.wait(10), told);
    assert_eq!(requests(&mut dialogue), ["3"]);
    for _ in 0..3 {
        dialogue.append("INBOX", "\\Deleted", "text");
    }
    dialogue.say("c NOOP\r\n");
    assert_eq!(dialogue.say("d CLOSE\r\n"), "");
    let told = "* OK [INPROGRESS (\"d\" 2 3)] Still at it\r\nd OK CLOSE completed\r\n";
    assert_eq!(dialogue.wait(10), told);
    assert_eq!(requests(&mut dialogue), ["4:5", "6"]);
}

/// What is removed by then stays so, and is told.
#[test]
fn a_removal_that_fails_in_the_middle() {
    let memory = memory();
    let mut dialogue = three(&memory);
    let limits = Limits { expunge_turn: 1, ..Limits::DEFAULT };
    dialogue.server.connection.config = Config { limits, ..Config::default() }.into();
    dialogue.say("a STORE 1:* +FLAGS.SILENT \\Deleted\r\n");
    assert_eq!(dialogue.say("b EXPUNGE\r\n"), "");
    dialogue.sabotage = Some(|request| match request {
        Request::Expunge { .. } => Some(Failure::Io("EIO".into())),
        _ => None,
    });
    let told = "* 1 EXPUNGE\r\nb NO [UNAVAILABLE] The store has failed, try again later\r\n";
    assert_eq!(dialogue.wait(1), told);
    dialogue.sabotage = None;
    assert_eq!(dialogue.say("c EXPUNGE\r\n"), "");
    let told = "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK EXPUNGE completed\r\n";
    assert_eq!(dialogue.wait(1), told);
}

/// RFC 7162 §3.2.8: with the mod-sequence of the removal, unless that hides from the client what else has
/// happened.
#[test]
fn a_close_tells_no_modseq_that_covers_what_was_not_told() {
    for (others, told) in [(false, "OK [HIGHESTMODSEQ "), (true, "OK CLOSE completed")] {
        let memory = memory();
        let mut dialogue = three(&memory);
        dialogue.say("e ENABLE QRESYNC\r\n");
        dialogue.say("a STORE 1 +FLAGS.SILENT \\Deleted\r\n");
        if others {
            let mut other = Dialogue::selected(&memory);
            other.say("a STORE 2 +FLAGS \\Flagged\r\n");
        }
        let closed = dialogue.say("b CLOSE\r\n");
        assert!(closed.contains(told), "{closed}");
    }
}

#[test]
fn unselect_and_close_after_examine_remove_nothing() {
    check(
        three,
        &[
            ("a STORE 1 +FLAGS.SILENT \\Deleted", "a OK STORE completed"),
            ("b UNSELECT", "b OK UNSELECT completed"),
            ("c EXAMINE INBOX", "* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\n* $\nc OK $"),
            ("d CLOSE", "d OK CLOSE completed"),
            ("e STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 3)\ne OK STATUS completed"),
        ],
    );
}

/// INBOX with three messages.
fn three(memory: &Memory) -> Dialogue {
    let mut dialogue = Dialogue::selected(memory);
    for text in ["Subject: 1\r\n\r\none", "Subject: 2\r\n\r\ntwo", "Subject: 3\r\n\r\nthree"] {
        dialogue.append("INBOX", "", text);
    }
    dialogue
}
