use super::*;
use alloc::format;

/// A message with every kind of part; its numbers are those of [`sections_are_exact`].
const NESTED: &str = "From: Ann <ann@example.org>\r\n\
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
Date: Tue, 14 Nov 2023 22:13:20 +0100\r\n\
To: bob@example.com,\r\n carol@example.com\r\n\
Message-ID: <1@example.org>\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=outer\r\n\
\r\n\
preamble\r\n\
--outer\r\n\
Content-Type: text/plain; charset=us-ascii\r\n\
\r\n\
one\r\n\
two\r\n\
--outer\r\n\
Content-Type: message/rfc822\r\n\
\r\n\
Subject: inner\r\n\
X-Note: a\r\n folded note\r\n\
Content-Type: multipart/alternative; boundary=inner\r\n\
\r\n\
--inner\r\n\
\r\n\
plain\r\n\
--inner\r\n\
Content-Type: text/html\r\n\
\r\n\
<p>html\r\n\
--inner--\r\n\
--outer--\r\n\
epilogue\r\n";

const SIMPLE: &str = "Subject: simple\r\nX: y\r\n\r\nHello\r\n";

fn with(message: &str) -> Dialogue {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    dialogue.append("INBOX", "\\Seen", message);
    dialogue
}

/// The literal that one item comes to; `None` is NIL.
fn fetch(dialogue: &mut Dialogue, item: &str) -> Option<String> {
    let heard = dialogue.say(format!("f FETCH 1 {item}\r\n"));
    let name = item.replace(".PEEK", "");
    // A partial is answered with its offset alone.
    let name = match name.find('<') {
        Some(at) => {
            let (name, partial) = name.split_at(at);
            format!("{name}{}>", partial.split('.').next().unwrap())
        }
        None => name,
    };
    let rest = heard.strip_prefix(&format!("* 1 FETCH ({name} "));
    let rest = rest.unwrap_or_else(|| panic!("{item}: {heard}"));
    if let Some(rest) = rest.strip_prefix("NIL") {
        assert_eq!(rest, ")\r\nf OK FETCH completed\r\n");
        return None;
    }
    let (size, rest) = rest.strip_prefix('{').unwrap().split_once("}\r\n").unwrap();
    let (content, rest) = rest.split_at(size.parse().unwrap());
    assert_eq!(rest, ")\r\nf OK FETCH completed\r\n", "{item}");
    Some(content.to_string())
}

#[test]
fn sections_are_exact() {
    let find = |text: &str| NESTED.find(text).unwrap();
    let inner = find("Subject: inner");
    let inner_end = find("\r\n--outer--");
    let rows: &[(&str, Option<&str>)] = &[
        ("BODY.PEEK[]", Some(NESTED)),
        ("RFC822", Some(NESTED)),
        ("BODY.PEEK[HEADER]", Some(&NESTED[..find("preamble")])),
        ("RFC822.HEADER", Some(&NESTED[..find("preamble")])),
        ("BODY.PEEK[TEXT]", Some(&NESTED[find("preamble")..])),
        ("RFC822.TEXT", Some(&NESTED[find("preamble")..])),
        (
            "BODY.PEEK[HEADER.FIELDS (SUBJECT date nothing)]",
            Some(
                "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Tue, 14 Nov 2023 22:13:20 +0100\r\n\r\n",
            ),
        ),
        (
            "BODY.PEEK[HEADER.FIELDS (TO)]",
            Some("To: bob@example.com,\r\n carol@example.com\r\n\r\n"),
        ),
        ("BODY.PEEK[HEADER.FIELDS (X)]", Some("\r\n")),
        (
            "BODY.PEEK[HEADER.FIELDS.NOT (FROM SUBJECT DATE TO MESSAGE-ID CONTENT-TYPE)]",
            Some("MIME-Version: 1.0\r\n\r\n"),
        ),
        ("BODY.PEEK[1]", Some("one\r\ntwo")),
        ("BODY.PEEK[1.MIME]", Some("Content-Type: text/plain; charset=us-ascii\r\n\r\n")),
        ("BODY.PEEK[1.HEADER]", None),
        ("BODY.PEEK[1.TEXT]", None),
        ("BODY.PEEK[1.1]", None),
        ("BODY.PEEK[2]", Some(&NESTED[inner..inner_end])),
        ("BODY.PEEK[2.MIME]", Some("Content-Type: message/rfc822\r\n\r\n")),
        ("BODY.PEEK[2.HEADER]", Some(&NESTED[inner..find("--inner\r\n")])),
        ("BODY.PEEK[2.TEXT]", Some(&NESTED[find("--inner\r\n")..inner_end])),
        ("BODY.PEEK[2.HEADER.FIELDS (X-NOTE)]", Some("X-Note: a\r\n folded note\r\n\r\n")),
        ("BODY.PEEK[2.1]", Some("plain")),
        ("BODY.PEEK[2.1.MIME]", Some("\r\n")),
        ("BODY.PEEK[2.2]", Some("<p>html")),
        ("BODY.PEEK[2.3]", None),
        ("BODY.PEEK[3]", None),
        ("BODY.PEEK[4294967295]", None),
        ("BODY.PEEK[]<0.10>", Some(&NESTED[..10])),
        ("BODY.PEEK[]<5.4294967295>", Some(&NESTED[5..])),
        ("BODY.PEEK[]<100000.10>", Some("")),
        ("BODY.PEEK[1]<4.2>", Some("\nt")),
        ("BODY.PEEK[2.HEADER.FIELDS (X-NOTE)]<2.4>", Some("Note")),
        ("BODY.PEEK[2.HEADER.FIELDS (X-NOTE)]<200.4>", Some("")),
    ];
    let mut dialogue = with(NESTED);
    for (item, expected) in rows {
        assert_eq!(fetch(&mut dialogue, item).as_deref(), *expected, "{item}");
    }
}

#[test]
fn a_message_without_parts_has_one() {
    let mut dialogue = with(SIMPLE);
    for (item, expected) in [
        ("BODY.PEEK[1]", Some("Hello\r\n")),
        ("BODY.PEEK[2]", None),
        ("BODY.PEEK[1.MIME]", Some("Subject: simple\r\nX: y\r\n\r\n")),
        ("BODY.PEEK[TEXT]", Some("Hello\r\n")),
    ] {
        assert_eq!(fetch(&mut dialogue, item).as_deref(), expected, "{item}");
    }
}

#[test]
fn a_message_without_a_body() {
    for (message, header, fields) in [
        ("Subject: x\r\n", "Subject: x\r\n", "Subject: x\r\n"),
        ("Subject: x\r\n\r\n", "Subject: x\r\n\r\n", "Subject: x\r\n\r\n"),
        ("Subject: x", "Subject: x", "Subject: x"),
        ("\r\nbody", "\r\n", "\r\n"),
    ] {
        let mut dialogue = with(message);
        assert_eq!(fetch(&mut dialogue, "BODY.PEEK[HEADER]").as_deref(), Some(header));
        let found = fetch(&mut dialogue, "BODY.PEEK[HEADER.FIELDS (SUBJECT)]");
        assert_eq!(found.as_deref(), Some(fields));
    }
}

#[test]
fn a_header_beyond_the_limit_is_still_exact() {
    let fields = "X-Filler: 0123456789012345678901234567890123456789\r\n".repeat(8_000);
    let message = format!("Subject: first\r\n{fields}\r\nbody\r\n");
    let mut dialogue = with(&message);
    let header = &message[..message.len() - 6];
    assert_eq!(fetch(&mut dialogue, "BODY.PEEK[HEADER]").as_deref(), Some(header));
    assert_eq!(fetch(&mut dialogue, "BODY.PEEK[TEXT]").as_deref(), Some("body\r\n"));
    let subject = fetch(&mut dialogue, "BODY.PEEK[HEADER.FIELDS (SUBJECT)]").unwrap();
    assert!(subject.starts_with("Subject: first\r\n"));
}

#[test]
fn data_items() {
    check(
        Dialogue::selected,
        &[
            (
                "p APPEND INBOX (\\Seen $Label) \"14-Nov-2023 23:13:20 +0100\" {32+}
                 Subject: simple
                 X: y

                 Hello
                 ",
                "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label)
                 * OK [PERMANENTFLAGS $
                 * 1 EXISTS
                 * 1 RECENT
                 p OK [APPENDUID $",
            ),
            (
                "a FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE)",
                "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent $Label) RFC822.SIZE 32 INTERNALDATE \"14-Nov-2023 22:13:20 +0000\")
                 a OK FETCH completed",
            ),
            (
                "b FETCH 1 FAST",
                "* 1 FETCH (FLAGS (\\Seen \\Recent $Label) INTERNALDATE \"14-Nov-2023 22:13:20 +0000\" RFC822.SIZE 32)
                 b OK FETCH completed",
            ),
            (
                "c FETCH 1 (ENVELOPE BODY BODYSTRUCTURE)",
                "* 1 FETCH (ENVELOPE (NIL \"simple\" NIL NIL NIL NIL NIL NIL NIL NIL) BODY (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 7 1) BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 7 1 NIL NIL NIL NIL))
                 c OK FETCH completed",
            ),
            (
                "d UID FETCH 1:* FLAGS",
                "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent $Label))
                 d OK FETCH completed",
            ),
            ("e UID FETCH 7 FLAGS", "e OK FETCH completed"),
            ("f FETCH 2 FLAGS", "f BAD [CLIENTBUG] There is no message of that number"),
        ],
    );
}

#[test]
fn fetching_content_marks_it_seen() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    dialogue.append("INBOX", "", SIMPLE);
    let heard = dialogue.say("a FETCH 1 BODY.PEEK[TEXT]\r\n");
    assert!(!heard.contains("FLAGS"), "{heard}");
    let heard = dialogue.say("b FETCH 1 BODY[TEXT]\r\n");
    assert_eq!(
        heard,
        "* 1 FETCH (BODY[TEXT] {7}\r\nHello\r\n FLAGS (\\Seen \\Recent))\r\nb OK FETCH completed\r\n"
    );
    let heard = dialogue.say("c FETCH 1 BODY[TEXT]\r\n");
    assert!(!heard.contains("FLAGS"), "{heard}");
    dialogue.say("d STORE 1 -FLAGS (\\Seen)\r\n");
    let heard = dialogue.say("e FETCH 1 (FLAGS BODY[TEXT])\r\n");
    assert!(heard.starts_with("* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {7}\r\n"), "{heard}");
    assert_eq!(heard.matches("FLAGS").count(), 1);

    // RFC 3501 §6.3.2: EXAMINE changes nothing.
    dialogue.say("f STORE 1 -FLAGS (\\Seen)\r\n");
    dialogue.say("g EXAMINE INBOX\r\n");
    let heard = dialogue.say("h FETCH 1 RFC822\r\n");
    assert!(!heard.contains("FLAGS"), "{heard}");
}

#[test]
fn flags_of_ten_thousand_come_without_a_request() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for _ in 0..10_000 {
        dialogue.append("INBOX", "", "a: b\r\n\r\n");
    }
    dialogue.requests.clear();
    dialogue.sip = Some(4_096);
    let heard = dialogue.say("a FETCH 1:* (UID FLAGS)\r\n");
    assert_eq!(heard.lines().count(), 10_001);
    assert_eq!(dialogue.requests, [Request::Sync]);
    assert!(heard.contains("* 10000 FETCH (UID 10000 FLAGS (\\Recent))\r\n"));
}

#[test]
fn no_more_is_read_than_there_is_room_for() {
    let body = "0123456789abcde\r\n".repeat(60_000);
    let mut dialogue = with(&format!("Subject: large\r\n\r\n{body}"));
    dialogue.server.handle_bytes(START, b"a FETCH 1 BODY.PEEK[]\r\n");
    let mut heard = 0;
    loop {
        while let Some(output) = dialogue.server.poll() {
            dialogue.perform(output);
        }
        let waiting = dialogue.server.transmit().len();
        assert!(waiting <= 2 * 64 * 1024 + 100, "{waiting}");
        if waiting == 0 {
            break;
        }
        let sip = waiting.min(1_000);
        dialogue.server.transmitted(sip);
        heard += sip;
    }
    assert!(heard > body.len());
}

fn no_message(request: &Request) -> Option<Failure> {
    matches!(request, Request::Read { uid, .. } if uid.get() == 2).then_some(Failure::NoMessage)
}

#[test]
fn a_message_that_has_vanished_is_left_out() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for text in ["1", "2", "3"] {
        dialogue.append("INBOX", "", text);
    }
    dialogue.sabotage = Some(no_message);
    let heard = dialogue.say("a FETCH 1:3 (FLAGS BODY.PEEK[])\r\n");
    assert_eq!(
        heard,
        "* 1 FETCH (FLAGS (\\Recent) BODY[] {1}\r\n1)\r\n\
         * 3 FETCH (FLAGS (\\Recent) BODY[] {1}\r\n3)\r\n\
         a NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n"
    );
    let heard = dialogue.say("b UID FETCH 2 (BODY.PEEK[])\r\n");
    assert_eq!(heard, "b OK FETCH completed\r\n");
}

fn vanishes_in_the_middle(request: &Request) -> Option<Failure> {
    matches!(request, Request::Read { offset, .. } if *offset > 0).then_some(Failure::NoMessage)
}

#[test]
fn a_literal_that_cannot_be_completed_ends_the_connection() {
    let mut dialogue = with(&"0123456789abcde\r\n".repeat(10_000));
    dialogue.sabotage = Some(vanishes_in_the_middle);
    let heard = dialogue.say("a FETCH 1 BODY.PEEK[]\r\n");
    assert!(heard.starts_with("* 1 FETCH (BODY[] {170000}\r\n") && heard.len() < 70_000);
    assert!(dialogue.is_closed());
}

#[test]
fn what_vanishes_between_two_literals_is_nil() {
    let mut dialogue = with(NESTED);
    dialogue.sabotage = Some(vanishes_in_the_middle);
    let heard =
        dialogue.say("a FETCH 1 (BODY.PEEK[HEADER.FIELDS (X)] BODY.PEEK[]<0.4> BODY.PEEK[1])\r\n");
    assert_eq!(
        heard,
        "* 1 FETCH (BODY[HEADER.FIELDS (X)] {2}\r\n\r\n BODY[]<0> {4}\r\nFrom BODY[1] NIL)\r\n\
         a NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n"
    );
}
