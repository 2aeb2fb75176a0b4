//! What a sender is told.

use super::*;
use crate::address::ReversePath;
use crate::smtp::{Body, MailParameters, Notify};
use alloc::format;
use alloc::string::ToString;
use dsn::Action::{Delayed, Delivered, Failed, Relayed};

const ANN: &str = "<ann@example.com>";
const CAROL: &str = "<carol@example.net>";

/// The report of a message with `parameters` of which `outcome` came at once.
fn report_of(from: &str, to: &str, content: &[u8], outcome: Outcome) -> (Bench, Option<String>) {
    let mut bench = bench();
    let one = bench.put(ONE, from, &[to], content);
    note(&mut bench, one, &[0], outcome);
    assert_eq!(give(&mut bench, one, Order::Review), [Left::Gone]);
    let text = reports(&bench).pop().map(|(_, text)| text);
    (bench, text)
}

#[test]
fn a_failure_comes_back_and_the_message_leaves() {
    let from = "<ann@example.com> ENVID=QQ+2B1";
    let to = "<carol@example.net> ORCPT=rfc822;Carol+2Bx@example.org";
    let (bench, text) = report_of(from, to, LETTER, refused());
    insta::assert_snapshot!(text.unwrap());
    let (id, _) = only(&bench);
    assert_eq!(told(&bench, id), [("carol@example.net".into(), Failed)]);
    let (entry, content) = &bench.spool[&id];
    let envelope = &entry.envelope;
    assert_eq!(envelope.reverse_path, ReversePath::Null);
    assert_eq!(envelope.parameters, MailParameters::default());
    assert_eq!(envelope.recipients.len(), 1);
    assert_eq!(envelope.recipients[0].forward_path.to_string(), ANN);
    assert_eq!(envelope.recipients[0].parameters.notify, Some(Notify::Never));
    assert_eq!(envelope.origin, format!("this host, about {ONE}"));
    let summaries = queued(&bench);
    assert_eq!((summaries.len(), summaries[0].id), (1, id));
    assert_eq!(summaries[0].deliveries[0].destination, Destination::Local);
    let size = content.len();
    let lines = [
        format!("reported id={ONE} report={id} to=<ann@example.com> kinds=failed size={size}"),
        format!("settled id={ONE}"),
    ];
    assert_eq!(bench.reports, lines);
    let calls = ["Load", "Read", "Begin", "Write", "Commit", "Remove"];
    assert_eq!(bench.calls, calls, "one piece for a small message");
}

#[test]
fn the_queue_hears_of_the_report_when_all_is_noted_and_before_the_paper_is_done() {
    let (bench, _) = report_of(ANN, CAROL, LETTER, refused());
    assert!(matches!(&bench.queue[..], [News::Queued(_), News::Filed { left: Left::Gone, .. }]));
}

#[test]
fn a_report_of_some_is_noted_and_the_others_are_still_tried() {
    let mut bench = bench();
    let one = bench.put(ONE, ANN, &[CAROL, "<dave@example.org>"], LETTER);
    let left = give(&mut bench, one, Order::Settle(net(), refused()));
    let [Left::Still(summary)] = &left[..] else { panic!("{left:?}") };
    assert_eq!(summary.deliveries.len(), 1);
    let (first, _) = only(&bench);
    let (entry, _) = &bench.spool[&one];
    assert_eq!((entry.reports, entry.states[0].reported), (1, true));
    assert_eq!(give(&mut bench, one, Order::Review).len(), 1);
    assert_eq!(reports(&bench).len(), 1, "once");
    let org = Destination::Domain("example.org".into());
    assert_eq!(give(&mut bench, one, Order::Settle(org, ours(Action::Failed))), [Left::Gone]);
    let reports: Vec<Id> = reports(&bench).into_iter().map(|(id, _)| id).collect();
    assert_eq!(reports.len(), 2);
    let second = reports.into_iter().find(|id| *id != first).unwrap();
    assert_eq!(told(&bench, second), [("dave@example.org".into(), Failed)]);
}

#[test]
fn several_outcomes_are_told_in_one_report() {
    let mut bench = bench();
    let to = [
        CAROL,
        "<dave@example.net> NOTIFY=SUCCESS",
        "<erin@example.net> NOTIFY=SUCCESS,FAILURE",
        "<frank@example.net>",
        "<grace@example.net> NOTIFY=NEVER",
    ];
    let one = bench.put(ONE, ANN, &to, LETTER);
    note(&mut bench, one, &[0, 4], refused());
    note(&mut bench, one, &[1], ours(Action::Relayed));
    note(&mut bench, one, &[2], ours(Action::Delivered));
    note(&mut bench, one, &[3], ours(Action::Passed));
    assert_eq!(give(&mut bench, one, Order::Review), [Left::Gone]);
    let (id, text) = only(&bench);
    let expected = [("carol", Failed), ("dave", Relayed), ("erin", Delivered)];
    let expected = expected.map(|(name, action)| (format!("{name}@example.net"), action));
    assert_eq!(told(&bench, id), expected);
    assert!(text.contains("\n\nHello\n"), "one has failed, so it is returned");
    assert!(bench.reports[0].contains(" kinds=delivered,failed,relayed "));
}

#[test]
fn only_what_is_wanted_is_told() {
    use Action::{Deferred, Relayed};
    let failed = Action::Failed;
    for (notify, action, expected) in [
        ("", failed, true),
        (" NOTIFY=NEVER", failed, false),
        (" NOTIFY=SUCCESS", failed, false),
        (" NOTIFY=FAILURE", failed, true),
        ("", Relayed, false),
        (" NOTIFY=SUCCESS", Relayed, true),
        (" NOTIFY=SUCCESS", Action::Delivered, true),
        (" NOTIFY=SUCCESS", Action::Passed, false),
        (" NOTIFY=FAILURE,DELAY", Relayed, false),
        ("", Deferred, true),
        (" NOTIFY=DELAY", Deferred, true),
        (" NOTIFY=FAILURE,SUCCESS", Deferred, false),
        (" NOTIFY=NEVER", Deferred, false),
    ] {
        let mut bench = bench();
        let one = bench.put(ONE, ANN, &[&format!("{CAROL}{notify}")], LETTER);
        note(&mut bench, one, &[0], ours(action));
        give_at(&mut bench, NOW + LATE, one, Order::Review);
        assert_eq!(reports(&bench).len(), usize::from(expected), "{notify} {action:?}");
        assert_eq!(queued(&bench).len(), usize::from(expected));
        assert_eq!(bench.spool.contains_key(&one), !action.is_final());
    }
}

#[test]
fn a_delay_is_told_once_with_the_header_and_when_it_will_end() {
    let mut bench = bench();
    let one = bench.put(ONE, "<ann@example.com> RET=FULL", &[CAROL], LETTER);
    note(&mut bench, one, &[0], ours(Action::Deferred));
    let early = NOW + (LATE - Duration::from_secs(1));
    give_at(&mut bench, early, one, Order::Review);
    assert!(reports(&bench).is_empty());
    let left = give_at(&mut bench, NOW + LATE, one, Order::Review);
    assert!(matches!(&left[..], [Left::Still(summary)] if summary.warned));
    let (id, text) = only(&bench);
    assert_eq!(told(&bench, id), [("carol@example.net".into(), Delayed)]);
    assert!(text.contains("\nWill-Retry-Until: Wed, 20 Jan 2027 08:00:00 +0000\n"), "{text}");
    assert!(text.contains("Subject: Hi\n\n--") && !text.contains("Hello"), "{text}");
    give_at(&mut bench, NOW + 2 * LATE, one, Order::Review);
    assert_eq!(reports(&bench).len(), 1);
    note(&mut bench, one, &[0], refused());
    assert_eq!(give_at(&mut bench, NOW + 2 * LATE, one, Order::Review), [Left::Gone]);
    assert_eq!(reports(&bench).len(), 2, "the end is told, too");
}

/// A message of many lines.
fn large(octets: usize) -> Vec<u8> {
    let mut content = LETTER.to_vec();
    while content.len() < octets {
        content.extend_from_slice(b"0123456789 0123456789 0123456789\r\n");
    }
    content
}

/// What stands between the header of the returned part and the last delimiter.
fn returned(text: &str) -> (&str, &str) {
    let at = text.find("\nContent-Type: message/rfc822\n\n").map(|at| at + 1);
    let at = at.or_else(|| text.find("Content-Type: text/rfc822-headers\n\n")).expect(text);
    let (kind, rest) = text[at..].split_once("\n\n").unwrap();
    let end = rest.rfind("\n--").unwrap();
    (kind.strip_prefix("Content-Type: ").unwrap(), &rest[..end])
}

#[test]
fn as_much_comes_back_as_the_sender_wants_and_fits() {
    let limit = 64 * 1024;
    let header = "From: ann@example.com\nMessage-ID: <1@example.com>\nSubject: Hi\n";
    for (ret, octets, full) in [
        ("", 100, true),
        ("", limit, false),
        ("", 300_000, false),
        (" RET=HDRS", 100, false),
        (" RET=HDRS", 300_000, false),
        (" RET=FULL", 100, true),
        (" RET=FULL", 300_000, true),
    ] {
        let content = large(octets);
        let (_, text) = report_of(&format!("{ANN}{ret}"), CAROL, &content, refused());
        let text = text.unwrap();
        let expected = if full {
            ("message/rfc822", String::from_utf8(content).unwrap().replace('\r', ""))
        } else {
            ("text/rfc822-headers", header.into())
        };
        let (kind, returned) = returned(&text);
        assert!((kind, returned) == (expected.0, &*expected.1), "{ret} {octets} {text:.3000}");
    }
}

#[test]
fn a_message_beyond_the_limit_comes_back_as_its_header() {
    let mut bench = bench();
    let one = bench.put(ONE, "<ann@example.com> RET=FULL", &[CAROL], LETTER);
    note(&mut bench, one, &[0], refused());
    bench.spool.get_mut(&one).unwrap().0.size = 50 * 1024 * 1024 + 1;
    give(&mut bench, one, Order::Review);
    assert_eq!(returned(&only(&bench).1).0, "text/rfc822-headers");
}

#[test]
fn a_header_ends_where_it_ends_however_it_falls_into_slices() {
    let slice = 64 * 1024;
    for padding in slice - 12..slice + 4 {
        // The empty line falls upon the edge of the first slice, or next to it.
        let header = format!("Subject: Hi\r\nX: {}\r\n", "y".repeat(padding - 18));
        let content = format!("{header}\r\nHello\r\n");
        let from = "<ann@example.com> RET=HDRS";
        let (_, text) = report_of(from, CAROL, content.as_bytes(), refused());
        let text = text.unwrap();
        assert!(returned(&text).1 == header.replace('\r', ""), "{padding}");
    }
}

#[test]
fn a_header_without_an_end_is_cut_where_no_header_is_longer() {
    let content = b"Subject: Hi\r\n".repeat(60_000);
    let (bench, text) = report_of("<ann@example.com> RET=HDRS", CAROL, &content, refused());
    let header = 256 * 1024;
    let text = text.unwrap();
    let expected = String::from_utf8(content[..header].to_vec()).unwrap().replace('\r', "");
    assert!(returned(&text).1 == expected);
    let reads = bench.calls.iter().filter(|call| *call == "Read").count();
    assert!(reads <= 5, "what is read twice is one octet: {reads}");
}

#[test]
fn a_message_that_is_all_header_or_empty_comes_back_too() {
    for (content, expected) in [("", ""), ("Subject: Hi\r\n", "Subject: Hi\n"), ("\r\nHi\r\n", "")]
    {
        let from = "<ann@example.com> RET=HDRS";
        let (_, text) = report_of(from, CAROL, content.as_bytes(), refused());
        assert_eq!(returned(&text.unwrap()).1, expected);
        let (_, text) = report_of(ANN, CAROL, content.as_bytes(), refused());
        assert_eq!(returned(&text.unwrap()).1, content.replace('\r', ""));
    }
}

#[test]
fn eight_bits_come_back_as_they_are() {
    let content = "Subject: Hi\r\n\r\nGr\u{fc}\u{df}e\r\n".as_bytes();
    // Whether it was declared or not.
    for from in ["<ann@example.com> BODY=8BITMIME", ANN] {
        let (bench, text) = report_of(from, CAROL, content, refused());
        let text = text.unwrap();
        assert!(text.contains("\nContent-Transfer-Encoding: 8bit\n") && text.contains("Grüße"));
        let (id, _) = only(&bench);
        let parameters = &bench.spool[&id].0.envelope.parameters;
        assert_eq!((parameters.body, parameters.smtputf8), (Some(Body::EightBitMime), false));
        assert_eq!(told(&bench, id), [("carol@example.net".into(), Failed)]);
    }
}

#[test]
fn international_mail_comes_back_as_such() {
    for (from, smtputf8) in [("<ann@example.com>", false), ("<\u{e4}nn@example.com>", true)] {
        let content = "Subject: Gr\u{fc}\u{df}e\r\n\r\nHi\r\n".as_bytes();
        let to = "<k\u{e4}the@example.net>";
        let from = format!("{from} SMTPUTF8 BODY=8BITMIME");
        let (bench, text) = report_of(&from, to, content, refused());
        let text = text.unwrap();
        assert!(text.contains("message/global-delivery-status"), "{text}");
        assert!(text.contains("Content-Type: message/global\n"), "{text}");
        let (id, _) = only(&bench);
        let parameters = &bench.spool[&id].0.envelope.parameters;
        assert_eq!((parameters.body, parameters.smtputf8), (Some(Body::EightBitMime), smtputf8));
        assert_eq!(told(&bench, id), [("k\u{e4}the@example.net".into(), Failed)]);
    }
}

#[test]
fn a_report_is_in_reply_to_the_message_whose_id_it_could_read() {
    let in_reply_to = |content: &[u8]| {
        let (_, text) = report_of("<ann@example.com> RET=HDRS", CAROL, content, refused());
        let text = text.unwrap();
        let line = text.lines().find(|line| line.starts_with("In-Reply-To:"));
        line.map(ToString::to_string)
    };
    let expected = Some("In-Reply-To: <1@example.com>".into());
    assert_eq!(in_reply_to(LETTER), expected);
    assert_eq!(in_reply_to(b"message-id:\r\n <1@example.com>"), expected);
    assert_eq!(in_reply_to(b"Subject: x\r\n\r\nMessage-ID: <1@example.com>\r\n"), None);
    let cut = format!("X: {}\r\nMessage-ID: <1@example.com>\r\n\r\n", "y".repeat(65_510));
    assert_eq!(in_reply_to(cut.as_bytes()), None, "its end is beyond the first slice");
}

#[test]
fn what_is_no_reply_is_told_as_our_own_words() {
    let (_, text) = report_of(ANN, CAROL, LETTER, ours(Action::Failed));
    assert!(text.unwrap().contains("\nDiagnostic-Code: X-Postroad; so it is\n"));
    let mut lost = ours(Action::Failed);
    lost.remote = refused().remote;
    let (_, text) = report_of(ANN, CAROL, LETTER, lost.clone());
    assert!(text.unwrap().contains("\nDiagnostic-Code: X-Postroad; so it is\n"));
    lost.text = "550".into();
    let (_, text) = report_of(ANN, CAROL, LETTER, lost.clone());
    assert!(text.unwrap().contains("\nDiagnostic-Code: smtp; 550\n"));
    lost.text = String::new();
    let (_, text) = report_of(ANN, CAROL, LETTER, lost);
    assert!(!text.unwrap().contains("\nDiagnostic-Code: "));
}

#[test]
fn what_becomes_of_a_report_is_told_to_nobody() {
    let (_, report) = report_of(ANN, CAROL, LETTER, refused());
    // From somebody who does not know that its reverse-path is to be null.
    let content = report.unwrap().replace('\n', "\r\n");
    let (bench, report) = report_of(ANN, CAROL, content.as_bytes(), refused());
    assert_eq!(report, None);
    assert!(bench.spool.is_empty());
    let dropped = |line: &&String| line.starts_with("dropped id=");
    assert_eq!(bench.reports.iter().filter(dropped).count(), 1, "{:?}", bench.reports);
    // That one is late needs no warning either.
    let mut bench = super::bench();
    let one = bench.put(ONE, ANN, &[CAROL], content.as_bytes());
    note(&mut bench, one, &[0], ours(Action::Deferred));
    let late = NOW + Duration::from_secs(5 * 60 * 60);
    assert!(matches!(&give_at(&mut bench, late, one, Order::Review)[..], [Left::Still(_)]));
    assert!(bench.spool[&one].0.states[0].warned && reports(&bench).is_empty());
    // A letter that quotes one is a letter.
    let quoting = [b"Subject: What is this?\r\n\r\n", content.as_bytes()].concat();
    let (_, report) = report_of(ANN, CAROL, &quoting, refused());
    assert!(report.is_some());
}
