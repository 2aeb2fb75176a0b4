use super::*;
use crate::imap::ObjectId;
use crate::message::summary::Scanner;
use core::time::Duration;

fn letters(memory: &Memory) -> Dialogue {
    let mut dialogue = Dialogue::selected(memory);
    let messages = [
        (
            "\\Seen $Work",
            "From: Ann <ann@example.org>\r\nTo: bob@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
             Date: Wed, 1 Feb 2023 23:30:00 -0800\r\n\r\nHello\r\n",
        ),
        (
            "\\Flagged",
            "From: Bob <bob@example.com>\r\nCc: dan@example.net\r\nSubject: plain\r\n\
             Date: Thu, 2 Feb 2023 08:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Transfer-Encoding: base64\r\n\r\nVGhlIHdob2xlIHRydXRo\r\n--b--\r\n",
        ),
        (
            "\\Answered \\Deleted \\Draft",
            "Subject: a long one\r\nBcc: eve@example.org\r\n\r\nHELLO world\r\n",
        ),
    ];
    for (flags, message) in messages {
        dialogue.append("INBOX", flags, message);
    }
    dialogue
}

#[test]
fn every_key() {
    let rows: &[(&str, &str)] = &[
        ("ALL", " 1 2 3"),
        ("ANSWERED", " 3"),
        ("UNANSWERED", " 1 2"),
        ("DELETED", " 3"),
        ("UNDELETED", " 1 2"),
        ("DRAFT", " 3"),
        ("UNDRAFT", " 1 2"),
        ("FLAGGED", " 2"),
        ("UNFLAGGED", " 1 3"),
        ("SEEN", " 1"),
        ("UNSEEN", " 2 3"),
        ("RECENT", " 1 2 3"),
        ("OLD", ""),
        ("NEW", " 2 3"),
        ("KEYWORD $work", " 1"),
        ("KEYWORD $unknown", ""),
        ("UNKEYWORD $Work", " 2 3"),
        ("UNKEYWORD $unknown", " 1 2 3"),
        ("1:2", " 1 2"),
        ("*", " 3"),
        ("UID 2:*", " 2 3"),
        ("UID 9", ""),
        ("NOT 2", " 1 3"),
        ("OR 1 3", " 1 3"),
        ("(1:2 UNSEEN)", " 2"),
        ("LARGER 150", " 2"),
        ("SMALLER 100", " 3"),
        ("BEFORE 15-Nov-2023", " 1 2 3"),
        ("BEFORE 14-Nov-2023", ""),
        ("ON 14-Nov-2023", " 1 2 3"),
        ("SINCE 15-Nov-2023", ""),
        ("SENTON 1-Feb-2023", " 1"),
        ("SENTBEFORE 2-Feb-2023", " 1"),
        ("SENTSINCE 2-Feb-2023", " 2"),
        ("FROM ann", " 1"),
        ("FROM EXAMPLE", " 1 2"),
        ("TO bob", " 1"),
        ("CC dan", " 2"),
        ("BCC eve", " 3"),
        ("SUBJECT LONG", " 3"),
        ("HEADER Cc \"\"", " 2"),
        ("HEADER X-None \"\"", ""),
        ("HEADER Subject plain", " 2"),
        ("BODY hello", " 1 3"),
        ("BODY \"whole truth\"", " 2"),
        ("BODY subject", ""),
        ("TEXT plain", " 2"),
        ("TEXT ann", " 1"),
        ("BODY hello TEXT ann", " 1"),
        ("OR BODY world BODY truth", " 2 3"),
        ("NOT BODY hello", " 2"),
        ("CHARSET US-ASCII FROM ann", " 1"),
        ("CHARSET UTF-8 SUBJECT {7+}\r\ngr\u{fc}\u{df}e", " 1"),
        ("CHARSET utf-8 TEXT {7+}\r\nGR\u{dc}\u{df}E", " 1"),
    ];
    let memory = memory();
    let mut dialogue = letters(&memory);
    for (key, expected) in rows {
        let heard = dialogue.say(alloc::format!("a SEARCH {key}\r\n"));
        assert_eq!(
            heard,
            alloc::format!("* SEARCH{expected}\r\na OK SEARCH completed\r\n"),
            "{key}"
        );
    }
}

#[test]
fn refusals() {
    check(
        letters,
        &[
            (
                "a SEARCH CHARSET KOI8-R TEXT x",
                "a NO [BADCHARSET (US-ASCII UTF-8)] This charset is not supported",
            ),
            ("b SEARCH 4", "* SEARCH\nb OK SEARCH completed"),
            ("c SEARCH NONSENSE", "c BAD $"),
            ("d UID SEARCH 2:3", "* SEARCH 2 3\nd OK SEARCH completed"),
        ],
    );
    let mut dialogue = letters(&memory());
    let heard = dialogue.say(alloc::format!("a SEARCH{}\r\n", " TEXT x".repeat(101)));
    assert_eq!(heard, "a NO [LIMIT] There are too many texts to look for\r\n");
}

#[test]
fn nothing_is_read_that_does_not_matter() {
    let mut dialogue = letters(&memory());
    dialogue.requests.clear();
    // One text is looked for in one message, and no header is read.
    dialogue.say("a SEARCH BODY world FROM ann SEEN NOT 1\r\n");
    assert_eq!(dialogue.requests, [Request::Sync]);
    dialogue.requests.clear();
    dialogue.say("b SEARCH BODY truth 2\r\n");
    let reads = dialogue.requests.iter().filter(|it| matches!(it, Request::Read { .. }));
    assert!(reads.count() > 0);
    let other = |it: &Request| matches!(it, Request::Read { uid, .. } if uid.get() != 2);
    assert!(!dialogue.requests.iter().any(other));
}

fn gone(request: &Request) -> Option<Failure> {
    let gone = matches!(
        request,
        Request::Read { uid, .. } | Request::Structure { uid } | Request::Summary { uid }
            if uid.get() == 1
    );
    gone.then_some(Failure::NoMessage)
}

#[test]
fn what_has_vanished_is_not_found() {
    let mut dialogue = letters(&memory());
    dialogue.sabotage = Some(gone);
    let heard = dialogue.say("a SEARCH BODY hello\r\n");
    assert_eq!(heard, "* SEARCH 3\r\na OK SEARCH completed\r\n");
    let heard = dialogue.say("b SEARCH NOT FROM nobody\r\n");
    assert_eq!(heard, "* SEARCH 2 3\r\nb OK SEARCH completed\r\n");
}

#[test]
fn many_results_are_told_as_room_comes() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for _ in 0..20_000 {
        dialogue.append("INBOX", "", "a: b\r\n\r\n");
    }
    dialogue.sip = Some(1_000);
    let heard = dialogue.say("a UID SEARCH ALL\r\n");
    assert!(
        heard.starts_with("* SEARCH 1 2 3 ") && heard.contains(" 20000\r\na OK SEARCH completed")
    );
}

#[test]
fn what_imap4rev2_and_utf_8_change() {
    let mut dialogue = letters(&memory());
    dialogue.server.connection.enabled.rev2 = true;
    for (said, heard) in [
        ("a SEARCH FLAGGED", "* ESEARCH (TAG \"a\") ALL 2\r\na OK SEARCH completed\r\n"),
        ("b UID SEARCH OLD", "* ESEARCH (TAG \"b\") UID\r\nb OK SEARCH completed\r\n"),
        ("c SORT (ARRIVAL) UTF-8 FLAGGED", "* SORT 2\r\nc OK SORT completed\r\n"),
    ] {
        assert_eq!(dialogue.say([said, "\r\n"].concat()), heard);
    }
    dialogue.server.connection.enabled.utf8 = true;
    for charset in ["US-ASCII", "UTF-8", "KOI8-R"] {
        let heard = dialogue.say(alloc::format!("d SEARCH CHARSET {charset} ALL\r\n"));
        assert!(heard.starts_with("d BAD [CLIENTBUG] "), "{heard}");
    }
    let heard = dialogue.say("e SORT (ARRIVAL) UTF-8 ALL\r\n");
    assert!(heard.starts_with("* SORT 1 2 3\r\n"), "{heard}");
}

#[test]
fn summaries_spare_reading() {
    let mut dialogue = letters(&memory());
    let is_read = |it: &Request| matches!(it, Request::Read { .. } | Request::Structure { .. });
    for command in [
        "SEARCH OR FROM ann SUBJECT plain",
        "SEARCH TO bob CC dan BCC eve SENTON 1-Feb-2023 HEADER Message-ID x",
        "SORT (DATE FROM) UTF-8 NOT SUBJECT plain",
        "THREAD REFERENCES UTF-8 ALL",
    ] {
        dialogue.requests.clear();
        dialogue.say(alloc::format!("a {command}\r\n"));
        assert!(!dialogue.requests.iter().any(is_read), "{command}");
    }
    // What the view knows is sorted by that alone, and of several texts each message is read once.
    dialogue.requests.clear();
    dialogue.say("b SORT (REVERSE ARRIVAL SIZE) UTF-8 UNSEEN\r\n");
    assert_eq!(dialogue.requests, [Request::Sync]);
    dialogue.requests.clear();
    dialogue.say("c SEARCH OR (BODY hello TEXT bob) OR BODY world BODY truth\r\n");
    let structures = dialogue.requests.iter().filter(|it| matches!(it, Request::Structure { .. }));
    assert_eq!(structures.count(), 3);
}

#[test]
fn object_identifiers() {
    let mut dialogue = Dialogue::selected(&memory());
    let message = "Message-ID: <1@example.org>\r\n\r\nHello\r\n";
    for message in [message, message, "In-Reply-To: <1@example.org>\r\n\r\nGood day\r\n"] {
        dialogue.append("INBOX", "", message);
    }
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    scanner.push(message.as_bytes());
    let summary = scanner.finish();
    let (email, thread) =
        (ObjectId::email(summary.content_id), ObjectId::thread(summary.thread_id));
    for (key, expected) in [
        (alloc::format!("EMAILID {email}"), "* SEARCH 1 2\r\n"),
        (alloc::format!("THREADID {thread}"), "* SEARCH 1 2 3\r\n"),
        (alloc::format!("EMAILID {}", email.as_str().to_ascii_uppercase()), "* SEARCH\r\n"),
        (alloc::format!("THREADID {email}"), "* SEARCH\r\n"),
    ] {
        let heard = dialogue.say(alloc::format!("a SEARCH {key}\r\n"));
        assert!(heard.starts_with(expected), "{key}: {heard}");
    }
}

#[test]
fn a_long_search_lets_others_have_their_turn() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for _ in 0..6 {
        dialogue.append("INBOX", "", "a: b\r\n\r\n");
    }
    let limits = Limits { imap_search_turn: 5, ..Limits::DEFAULT };
    dialogue.server.connection.config = Config { limits, ..Config::default() }.into();
    // Two keys, so two messages at a stretch.
    assert_eq!(dialogue.say("a SEARCH UNSEEN\r\n"), "");
    let mut turns = 0;
    let heard = loop {
        let deadline = dialogue.server.poll_timeout().unwrap();
        assert_eq!(deadline, dialogue.now + Duration::from_micros(1));
        dialogue.now = deadline;
        if turns == 0 {
            dialogue.now = dialogue.now + Duration::from_secs(10);
        }
        dialogue.server.handle_timeout(dialogue.now);
        turns += 1;
        let heard = dialogue.take();
        if heard.contains("a OK") {
            break heard;
        }
        // RFC 9585: after ten seconds something is said.
        assert_eq!(heard, "* OK [INPROGRESS (\"a\" 4 6)] Still at it\r\n");
    };
    assert_eq!((turns, &heard[..]), (2, "* SEARCH 1 2 3 4 5 6\r\na OK SEARCH completed\r\n"));
}

#[test]
fn putting_much_in_order_lets_others_have_their_turn() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for number in 0..100 {
        let size = 1 + number * 37 % 100;
        dialogue.append("INBOX", "", &alloc::format!("a: b\r\n\r\n{}\r\n", "x".repeat(size)));
    }
    let limits = Limits { imap_sort_turn: 100, imap_thread_turn: 30, ..Limits::DEFAULT };
    dialogue.server.connection.config = Config { limits, ..Config::default() }.into();
    for (command, begin, least) in [
        ("SORT (SIZE) UTF-8 ALL", "* SORT 1 74 47 20 93 ", 5),
        ("THREAD REFERENCES UTF-8 ALL", "* THREAD (1)(2)(3)", 4),
    ] {
        let mut heard = dialogue.say(alloc::format!("a {command}\r\n"));
        let mut turns = 0;
        while heard.is_empty() {
            dialogue.now = dialogue.now + Duration::from_micros(1);
            dialogue.server.handle_timeout(dialogue.now);
            turns += 1;
            heard = dialogue.take();
        }
        assert!(heard.starts_with(begin) && heard.contains("\r\na OK "), "{heard}");
        assert!(turns >= least, "{command}: {turns}");
    }
}

#[test]
fn a_mailbox_that_changes_under_a_saved_result() {
    let memory = memory();
    let mut dialogue = letters(&memory);
    dialogue.say("a SEARCH RETURN (SAVE) ALL\r\n");
    let mut other = Dialogue::selected(&memory);
    other.say("x UID STORE 2 +FLAGS (\\Deleted)\r\ny UID EXPUNGE 2\r\n");
    // The client has yet to be told, so the message is still number 2.
    let heard = dialogue.say("b SEARCH $\r\n");
    assert!(heard.starts_with("* SEARCH 1 2 3\r\n"), "{heard}");
    let heard = dialogue.say("c UID SEARCH $\r\n");
    assert!(heard.contains("* 2 EXPUNGE\r\n"), "{heard}");
    let heard = dialogue.say("d SEARCH $\r\n");
    assert!(heard.starts_with("* SEARCH 1 2\r\n"), "{heard}");
}
