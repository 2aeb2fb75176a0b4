use super::*;

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
    let gone =
        matches!(request, Request::Read { uid, .. } | Request::Structure { uid } if uid.get() == 1);
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
