use super::*;

#[test]
fn a_client_has_a_minute_to_log_in() {
    let mut dialogue = Dialogue::greeted(&memory());
    assert_eq!(dialogue.wait(30), "");
    dialogue.say("a NOOP\r\n");
    assert_eq!(dialogue.server.poll_timeout(), Some(Instant::from_seconds(1_700_000_060)));
    assert_eq!(dialogue.wait(30), "* BYE Autologout: no login for too long\r\n");
    assert!(dialogue.is_closed());
    assert_eq!(dialogue.server.poll_timeout(), None);
}

#[test]
fn a_client_may_be_silent_for_half_an_hour() {
    for command in ["a NOOP\r\n", "a IDLE\r\n"] {
        let mut dialogue = Dialogue::selected(&memory());
        assert_eq!(dialogue.wait(1_799), "");
        dialogue.say(command);
        assert_eq!(dialogue.wait(1_799), "");
        assert_eq!(dialogue.wait(1), "* BYE Autologout: idle for too long\r\n");
        assert!(dialogue.is_closed());
    }
}

#[test]
fn a_shutdown_finishes_what_is_under_way() {
    let mut dialogue = Dialogue::logged_in(&memory());
    dialogue.say("a APPEND INBOX {3}\r\n");
    dialogue.server.handle_shutdown(START);
    assert_eq!(dialogue.take(), "");
    let heard = dialogue.say("abc\r\nb NOOP\r\n");
    assert!(heard.starts_with("a OK [APPENDUID "), "{heard}");
    assert!(heard.ends_with("\r\n* BYE The server is shutting down\r\n"), "{heard}");
    assert!(dialogue.is_closed());
}

#[test]
fn a_shutdown_does_not_wait_for_those_who_do_nothing() {
    for command in ["a NOOP\r\n", "a IDLE\r\n", "a NO"] {
        let mut dialogue = Dialogue::selected(&memory());
        dialogue.say(command);
        dialogue.server.handle_shutdown(START);
        assert_eq!(dialogue.take(), "* BYE The server is shutting down\r\n");
        assert!(dialogue.is_closed());
    }
    let mut dialogue = Dialogue::greeted(&memory());
    dialogue.say("a AUTHENTICATE PLAIN\r\n");
    dialogue.server.handle_shutdown(START);
    assert_eq!(dialogue.take(), "* BYE The server is shutting down\r\n");
}

#[test]
fn what_was_sent_before_the_end_is_worked_through() {
    let mut dialogue = Dialogue::greeted(&memory());
    dialogue.server.handle_bytes(START, b"a LOGIN alice opensesame\r\nb SELECT INBOX\r\nc NO");
    dialogue.server.handle_eof(START);
    let heard = dialogue.take();
    assert!(heard.ends_with("b OK [READ-WRITE] SELECT completed\r\n"), "{heard}");
    assert!(dialogue.is_closed());
    assert!(matches!(dialogue.events.last(), Some(Event::Closed { account: Some(_), .. })));
}
