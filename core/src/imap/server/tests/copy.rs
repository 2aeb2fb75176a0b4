use super::*;

fn two(memory: &Memory) -> Dialogue {
    let mut dialogue = Dialogue::selected(memory);
    dialogue.append("INBOX", "\\Seen", "Subject: 1\r\n\r\none");
    dialogue.append("INBOX", "", "Subject: 2\r\n\r\ntwo");
    dialogue
}

#[test]
fn copying_and_moving() {
    check(
        two,
        &[
            ("a COPY 1 Work", "a NO [TRYCREATE] No such mailbox"),
            ("b CREATE Work", "b OK [MAILBOXID (F$"),
            ("c COPY 1:2 Work", "c OK [COPYUID $"),
            ("d UID COPY 77 Work", "d OK COPY completed"),
            ("e COPY 3 Work", "e BAD [CLIENTBUG] $"),
            ("f UID MOVE 1 Work", "* OK [COPYUID $\n* 1 EXPUNGE\nf OK MOVE completed"),
            ("g MOVE 1 Nowhere", "g NO [TRYCREATE] No such mailbox"),
            ("h UID SEARCH ALL", "* SEARCH 2\nh OK SEARCH completed"),
            (
                "i STATUS Work (MESSAGES UNSEEN UIDNEXT)",
                "* STATUS Work (MESSAGES 3 UNSEEN 1 UIDNEXT 4)\ni OK STATUS completed",
            ),
            ("j COPY 1 INBOX", "* 2 EXISTS\n* 2 RECENT\nj OK [COPYUID $"),
        ],
    );
}

#[test]
fn copyuid_tells_both_sides() {
    let mut dialogue = two(&memory());
    dialogue.say("a CREATE Work\r\n");
    let heard = dialogue.say("b COPY 1:2 Work\r\n");
    assert!(heard.ends_with(" 1:2 1:2] COPY completed\r\n"), "{heard}");
}

#[test]
fn moving_out_of_a_mailbox_to_look_at_is_refused() {
    let mut dialogue = two(&memory());
    dialogue.say("a EXAMINE INBOX\r\n");
    assert!(dialogue.say("b MOVE 1 INBOX\r\n").starts_with("b NO [READ-ONLY] "));
}

#[test]
fn appending() {
    check(
        Dialogue::logged_in,
        &[
            ("a APPEND Nowhere {3}", "a NO [TRYCREATE] No such mailbox"),
            ("b APPEND INBOX {3}", "+ Ready for the message"),
            ("abc", "b OK [APPENDUID $"),
            ("c APPEND Nowhere {3+}\nabc", "c NO [TRYCREATE] No such mailbox"),
            ("d APPEND INBOX {0+}\n\n", "d NO [CANNOT] An empty message cannot be stored"),
            ("e APPEND INBOX (\\Nonsense) {3}", "e NO [CANNOT] There is no such system flag"),
            ("f APPEND INBOX {52428801}", "f NO [TOOBIG] The message is too large"),
            ("g APPEND INBOX {3+}\nab\0", "g BAD The message holds a NUL"),
            ("h APPEND INBOX {3+}\nabcx", "h BAD $"),
            ("i APPEND a..b {3+}\nabc", "i NO [CANNOT] $"),
            ("j STATUS INBOX (MESSAGES)", "* STATUS INBOX (MESSAGES 1)\nj OK STATUS completed"),
        ],
    );
}

#[test]
fn appending_needs_a_login() {
    check(
        Dialogue::greeted,
        &[
            ("a APPEND INBOX {3}", "a BAD [CLIENTBUG] Log in first"),
            ("b APPEND INBOX {3+}\nabc", "b BAD [CLIENTBUG] Log in first"),
            ("c NOOP", "c OK NOOP completed"),
        ],
    );
}

fn full(request: &Request) -> Option<Failure> {
    matches!(request, Request::Write).then_some(Failure::Full)
}

fn full_at_the_end(request: &Request) -> Option<Failure> {
    matches!(request, Request::Append { .. }).then_some(Failure::Full)
}

#[test]
fn a_full_disk_is_told_and_the_rest_of_the_message_is_dropped() {
    for pieces in [Pieces::Whole, Pieces::Octets] {
        for sabotage in [full, full_at_the_end] {
            let mut dialogue = Dialogue::logged_in(&memory());
            dialogue.pieces = pieces;
            dialogue.sabotage = Some(sabotage);
            let heard = dialogue.say("a APPEND INBOX {9+}\r\nb NOOP\r\n.\r\nc NOOP\r\n");
            assert_eq!(heard, "a NO [UNAVAILABLE] No space left\r\nc OK NOOP completed\r\n");
        }
    }
}

#[test]
fn a_message_is_written_in_slices() {
    let mut dialogue = Dialogue::logged_in(&memory());
    assert_eq!(dialogue.say("a APPEND INBOX {300000}\r\n"), "+ Ready for the message\r\n");
    let mut heard = String::new();
    for _ in 0..300 {
        heard += &dialogue.say("x".repeat(1_000));
    }
    heard += &dialogue.say("\r\n");
    assert!(heard.starts_with("a OK [APPENDUID "), "{heard}");
    let writes = dialogue.requests.iter().filter(|it| matches!(it, Request::Write)).count();
    assert!(writes > 3, "{writes}");
}
