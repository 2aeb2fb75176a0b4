use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Scanner, Summary, SummaryRef};
use crate::limits::Limits;
use crate::message::message_id::IdHash;

fn scan(message: &[u8], piece: usize) -> Summary {
    let mut scanner = Scanner::new(&Limits::DEFAULT);
    message.chunks(piece).for_each(|piece| scanner.push(piece));
    scanner.finish()
}

fn record(summary: &Summary) -> Vec<u8> {
    let mut record = Vec::new();
    summary.write(&mut record);
    record
}

const MESSAGE: &str = "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nFrom: =?utf-8?q?J=C3=B6?= <jo@example.org>\r\n\
    Reply-To: list: a@example.org, b@example.org;\r\nTo: \"To\" <@r:to@example.org>\r\nSubject: Re: [x] tea\r\n\
    Message-ID: <3@example.org>\r\nReferences: <1@example.org> <2@example.org>\r\nIn-Reply-To: <2@example.org>\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Language: de, fr\r\n\r\nHello!\r\n\
    --b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=x\r\n\r\n\
    Subject: inner\r\nContent-Type: image/png; name=y\r\nContent-Transfer-Encoding: base64\r\n\
    Content-ID: <z@example.org>\r\n\r\nAAAA\r\n--b--\r\n";

#[test]
fn what_is_summed_up() {
    let summary = scan(MESSAGE.as_bytes(), 7);
    let hash = |id: &str| IdHash::of(id.as_bytes());
    assert_eq!(summary.size, MESSAGE.len() as u64);
    assert_eq!((&summary.subject[..], summary.is_reply), ("TEA", true));
    assert_eq!(summary.preview, "Hello!");
    assert_eq!(summary.sent.map(|date| (date.seconds, date.offset)), Some((760_686_745, -480)));
    assert_eq!(summary.message_id, Some(hash("3@example.org")));
    assert_eq!(summary.references, [hash("1@example.org"), hash("2@example.org")]);
    assert_eq!(summary.structure.parts.len(), 4);
    let record = record(&summary);
    assert!(record.len() < 500, "{}", record.len());
    assert_eq!(Summary::parse(&record).as_ref(), Some(&summary));
    let parsed = SummaryRef::parse(&record).unwrap();
    let envelope = summary.envelope().unwrap();
    assert_eq!(parsed.first_from().as_ref(), envelope.from.first());
    assert_eq!(parsed.first_to().as_ref(), envelope.to.first());
    assert_eq!(parsed.first_cc(), None);
    assert_eq!(parsed.envelope().as_ref(), Some(envelope));
}

#[test]
fn threads_and_contents_have_their_ids() {
    let ids = |message: &str| {
        let summary = scan(message.as_bytes(), 100);
        (format!("{}", summary.thread_id), format!("{}", summary.content_id))
    };
    let own = ids("Message-ID: <1@a>\r\n\r\n");
    assert_eq!(ids("Message-ID: <2@a>\r\nIn-Reply-To: Yours <1@a> <0@a>\r\n\r\n").0, own.0);
    assert_eq!(
        ids("Message-ID: <2@a>\r\nReferences: <1@a> <0@a>\r\nIn-Reply-To: <0@a>\r\n\r\n").0,
        own.0
    );
    assert_eq!(ids("References: none\r\nMessage-ID: <\"1\"@a>\r\n\r\n").0, own.0);
    let none = ids("Subject: a\r\n\r\n");
    assert_eq!(none.0, none.1);
    // The start of SHA-256 of nothing.
    assert_eq!(ids("").1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4");
}

#[test]
fn of_many_references_the_ends_are_kept() {
    let many: String = (0..1000).map(|id| format!(" <{id}@a>\r\n")).collect();
    let summary = scan(format!("References:{many}\r\n").as_bytes(), 1000);
    let expected = |id: usize| IdHash::of(format!("{id}@a").as_bytes());
    assert_eq!(summary.references.len(), 250);
    assert_eq!(summary.references[0], expected(0));
    assert_eq!(summary.references[1..], (751..1000).map(expected).collect::<Vec<_>>());
}

#[test]
fn broken_records_are_none() {
    let whole = record(&scan(MESSAGE.as_bytes(), 1000));
    for length in 0..whole.len() {
        assert_eq!(Summary::parse(&whole[..length]), None, "{length}");
    }
    let mut newer = whole.clone();
    newer[0] += 1;
    assert_eq!(Summary::parse(&newer), None);
    for place in 0..whole.len() {
        for octet in [0, 1, 0x7f, 0x80, 0xff, whole[place].wrapping_add(1)] {
            let mut other = whole.clone();
            other[place] = octet;
            if let Some(summary) = Summary::parse(&other) {
                assert_eq!(Summary::parse(&record(&summary)), Some(summary));
            }
        }
    }
}

#[test]
fn many_parts() {
    let part = "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n".repeat(20_000);
    let message = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{part}--b--\r\n");
    let summary = scan(message.as_bytes(), 4096);
    let record = record(&summary);
    assert!(record.len() < 40 * summary.structure.parts.len(), "{}", record.len());
    assert_eq!(Summary::parse(&record), Some(summary));
}

proptest! {
    #[test]
    fn any_octets_round_trip(message: Vec<u8>, piece in 1..9_usize) {
        let summary = scan(&message, piece);
        prop_assert_eq!(&summary, &scan(&message, 1 << 20));
        prop_assert_eq!(Summary::parse(&record(&summary)), Some(summary));
    }

    #[test]
    fn messages_round_trip(lines in prop::collection::vec(r"(From|To|Sender|Subject|Date|References|Message-ID|Content-(Type|ID|Language|Disposition)): [a-z<>@,;:=/ ]{0,20}|Content-Type: (multipart/(mixed|digest); boundary=[bc]|message/rfc822|text/html)||--[bc](--)?|[a-z<>&;\u{e4} ]{0,20}", 0..30), piece in 1..60_usize) {
        let message = lines.join("\r\n");
        let summary = scan(message.as_bytes(), piece);
        prop_assert_eq!(&summary, &scan(message.as_bytes(), 1 << 20));
        prop_assert_eq!(Summary::parse(&record(&summary)), Some(summary));
    }

    #[test]
    fn any_record_is_survived(octets: Vec<u8>) {
        let octets = [&[1, 0][..], &octets].concat();
        let _ = Summary::parse(&octets);
    }
}
