//! Several sessions in one mailbox.

use super::*;

fn pair() -> (Dialogue, Dialogue) {
    let memory = memory();
    let mut first = Dialogue::selected(&memory);
    for text in ["1", "2", "3"] {
        first.append("INBOX", "", text);
    }
    let second = Dialogue::selected(&memory);
    (first, second)
}

#[test]
fn an_expunge_waits_for_a_command_that_may_tell_it() {
    let (mut first, mut second) = pair();
    first.say("a STORE 1 +FLAGS.SILENT \\Deleted\r\n");
    assert_eq!(
        second.say("a NOOP\r\n"),
        "* 1 FETCH (FLAGS (\\Deleted))\r\na OK NOOP completed\r\n"
    );
    first.say("b EXPUNGE\r\n");

    // RFC 3501 §7.4.1: not during FETCH, STORE and SEARCH.
    let heard = second.say("b FETCH 1:3 UID\r\n");
    assert_eq!(
        heard,
        "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\nb OK FETCH completed\r\n"
    );
    assert_eq!(second.say("c SEARCH 1\r\n"), "* SEARCH 1\r\nc OK SEARCH completed\r\n");
    assert_eq!(
        second.say("d STORE 1:2 +FLAGS (\\Seen)\r\n"),
        "* 2 FETCH (FLAGS (\\Seen))\r\n\
         d NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n"
    );
    assert!(second.say("e FETCH 9 FLAGS\r\n").starts_with("e BAD "));
    // UID FETCH may.
    assert_eq!(
        second.say("f UID FETCH 2 UID\r\n"),
        "* 2 FETCH (UID 2)\r\n* 1 EXPUNGE\r\nf OK FETCH completed\r\n"
    );
    assert_eq!(second.say("g FETCH 1 UID\r\n"), "* 1 FETCH (UID 2)\r\ng OK FETCH completed\r\n");
}

#[test]
fn silence_covers_only_what_the_client_asked_for() {
    let (mut first, mut second) = pair();
    first.say("a STORE 1 +FLAGS.SILENT (\\Flagged)\r\n");
    let heard = second.say("a STORE 1:2 +FLAGS.SILENT (\\Seen)\r\n");
    assert_eq!(heard, "* 1 FETCH (FLAGS (\\Flagged \\Seen))\r\na OK STORE completed\r\n");
}

#[test]
fn only_one_session_sees_a_message_as_recent() {
    let (mut first, mut second) = pair();
    assert!(first.say("a FETCH 1 FLAGS\r\n").contains("(\\Recent)"));
    assert!(second.say("a FETCH 1 FLAGS\r\n").contains("(FLAGS ())"));
}

#[test]
fn idle_tells_what_others_do() {
    let (mut first, mut second) = pair();
    assert_eq!(second.say("a IDLE\r\n"), "+ Idling\r\n");
    assert_eq!(second.wake(), "");
    first.append("INBOX", "\\Seen", "4");
    assert_eq!(second.wake(), "* 4 EXISTS\r\n* 0 RECENT\r\n");
    first.say("b STORE 2 +FLAGS.SILENT \\Deleted\r\n");
    assert_eq!(second.wake(), "* 2 FETCH (FLAGS (\\Deleted))\r\n");
    first.say("c EXPUNGE\r\n");
    assert_eq!(second.wake(), "* 2 EXPUNGE\r\n");
    assert_eq!(second.say("DONE\r\n"), "a OK IDLE completed\r\n");
    first.append("INBOX", "", "5");
    assert_eq!(second.wake(), "", "nobody is watching");
    assert_eq!(second.say("b NOOP\r\n"), "* 4 EXISTS\r\n* 0 RECENT\r\nb OK NOOP completed\r\n");
}

#[test]
fn idle_in_every_fragmentation() {
    check(
        Dialogue::selected,
        &[
            ("a IDLE\ndone", "+ Idling\na OK IDLE completed"),
            ("b IDLE", "+ Idling"),
            ("NOOP", "b BAD Only DONE ends IDLE"),
            ("c NOOP", "c OK NOOP completed"),
        ],
    );
    check(Dialogue::logged_in, &[("a IDLE", "+ Idling"), ("DONE", "a OK IDLE completed")]);
}

#[test]
fn a_mailbox_that_another_session_deletes_ends_this_one() {
    let memory = memory();
    let (mut first, mut second) = (Dialogue::logged_in(&memory), Dialogue::logged_in(&memory));
    first.say("a CREATE Work\r\n");
    second.say("a SELECT Work\r\n");
    first.say("b DELETE Work\r\n");
    assert_eq!(second.say("b NOOP\r\n"), "* BYE The selected mailbox is gone\r\n");
    assert!(second.is_closed());
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let (mut first, _) = pair();
    let heard = first.say(
        "a NOOP\r\nb FETCH 1 UID\r\nc STORE 1 +FLAGS.SILENT (\\Seen)\r\nd SEARCH SEEN\r\ne LOGOUT\r\nf NOOP\r\n",
    );
    assert_eq!(
        heard,
        "a OK NOOP completed\r\n* 1 FETCH (UID 1)\r\nb OK FETCH completed\r\n\
         c OK STORE completed\r\n* SEARCH 1\r\nd OK SEARCH completed\r\n\
         * BYE Logging out\r\ne OK LOGOUT completed\r\n"
    );
    assert!(first.is_closed());
}
