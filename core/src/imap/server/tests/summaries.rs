//! What FETCH tells without the message, and what it decodes of it.

use super::*;
use crate::encoding::base64::encode_lines;
use crate::imap::{FetchData, FetchResponse};
use crate::message::summary::{self, EnvelopeRef, SummaryRef};
use alloc::format;

fn with(messages: &[&str]) -> Dialogue {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    for message in messages {
        dialogue.append("INBOX", "\\Seen", message);
    }
    dialogue.requests.clear();
    dialogue
}

/// A message with one encoded part, whose content is longer than a slice.
fn encoded() -> (Vec<u8>, String) {
    let content: Vec<u8> = (0..200_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    let head = "Content-Type: application/x-y\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    let message = format!("{head}{}", encode_lines(&content));
    (content, message)
}

#[test]
fn a_summary_is_all_that_is_asked() {
    let mut dialogue = with(&["Subject: a\r\n\r\n", "Subject: b\r\n\r\n"]);
    let items = "ENVELOPE BODY BODYSTRUCTURE EMAILID THREADID PREVIEW RFC822.SIZE INTERNALDATE";
    let heard = dialogue.say(format!("a FETCH 1:2 ({items})\r\n"));
    assert!(heard.contains("ENVELOPE (NIL \"a\" NIL NIL NIL NIL NIL NIL NIL NIL)"), "{heard}");
    let summary = |uid| Request::Summary { uid: store::Uid::new(uid).unwrap() };
    assert_eq!(dialogue.requests, [summary(1), summary(2), Request::Sync]);
}

#[test]
fn a_part_of_many_slices_is_decoded() {
    let (content, message) = encoded();
    let mut dialogue = with(&[&message]);
    dialogue.sip = Some(5_000);
    dialogue.server.handle_bytes(START, b"a FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n");
    let heard = dialogue.drain();
    let head = b"* 1 FETCH (BINARY.SIZE[1] 200000 BINARY[1] ~{200000}\r\n";
    let end = b")\r\na OK FETCH completed\r\n";
    assert!(heard == [&head[..], &content, end].concat());

    dialogue.server.handle_bytes(START, b"b FETCH 1 BINARY.PEEK[1]<150000.70000>\r\n");
    let heard = dialogue.drain();
    let head = b"* 1 FETCH (BINARY[1]<150000> ~{50000}\r\n";
    let end = b")\r\nb OK FETCH completed\r\n";
    assert!(heard == [&head[..], &content[150_000..], end].concat());
}

#[test]
fn a_part_that_vanishes_while_it_is_counted_is_left_out() {
    let (_, message) = encoded();
    let mut dialogue = with(&[&message]);
    dialogue.sabotage = Some(|request| {
        matches!(request, Request::Read { offset, .. } if *offset > 100_000)
            .then_some(Failure::NoMessage)
    });
    let heard = dialogue.say("a FETCH 1 BINARY.PEEK[1]\r\n");
    assert_eq!(heard, "a NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
    let heard = dialogue.say("b FETCH 1 (BODY.PEEK[1]<0.4> BINARY.PEEK[1] BINARY.SIZE[1])\r\n");
    let expected = "* 1 FETCH (BODY[1]<0> {4}\r\nAAcO BINARY[1] NIL BINARY.SIZE[1] 0)\r\nb NO $";
    assert_eq!(heard.split("[EXPUNGE").next(), expected.strip_suffix('$'));
}

#[test]
fn much_that_has_vanished_is_told_in_several_lines() {
    let memory = memory();
    let mut dialogue = Dialogue::logged_in(&memory);
    dialogue.say("e ENABLE QRESYNC\r\ns SELECT INBOX\r\n");
    for _ in 0..1_200 {
        dialogue.append("INBOX", "", "a: b\r\n\r\n");
    }
    let odd: Vec<String> = (0..600).map(|number| (2 * number + 1).to_string()).collect();
    for some in odd.chunks(300) {
        dialogue.say(format!("a STORE {} +FLAGS.SILENT (\\Deleted)\r\n", some.join(",")));
    }
    let heard = dialogue.say("b EXPUNGE\r\n");
    let lines: Vec<&str> = heard.lines().collect();
    assert_eq!(lines.len(), 3, "{heard}");
    assert!(lines.iter().all(|line| line.len() < 3_000));
    assert!(lines[0].starts_with("* VANISHED 1,3,5,"));
    assert!(lines[1].ends_with(",1197,1199"));
}

#[test]
fn envelopes_are_the_same_from_their_records() {
    let message =
        b"From: Ann <ann@example.org>\r\nReply-To: list: a@example.org, b@example.org;\r\n\
        To: <@r:to@example.org>\r\nSubject: \xff \"a\"\r\nDate: today\r\nMessage-ID: <1@a>\r\n\r\n";
    let mut scanner = summary::Scanner::new(&Limits::DEFAULT);
    scanner.push(message);
    let (summary, mut record) = (scanner.finish(), Vec::new());
    summary.write(&mut record);
    let parsed = SummaryRef::parse(&record).unwrap();
    let of_record = EnvelopeRef::parse(parsed.envelope_record()).unwrap();
    let write = |data: &FetchData<'_>| {
        let mut out = Vec::new();
        let mut response = FetchResponse::begin(&mut out, 1);
        response.item(&mut out, data);
        response.end(&mut out);
        out
    };
    let envelope = summary.envelope().unwrap();
    assert_eq!(write(&FetchData::EnvelopeRef(of_record)), write(&FetchData::Envelope(envelope)));
}
