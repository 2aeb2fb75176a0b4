//! Bounces of others: what they tell, and what is none.

use super::super::{Action, Bounced, Kind, Source, Status, read};
use super::*;
use crate::limits::Limits;

/// The recipients of a bounce; the text has bare line feeds for brevity.
fn recipients(message: &str) -> Vec<Bounced> {
    let message = message.replace('\n', "\r\n");
    read(message.as_bytes(), &Limits::DEFAULT).expect("a bounce").recipients
}

fn report(fields: &str) -> String {
    let head = "From: MAILER-DAEMON@example.com\nSubject: Undelivered\nContent-Type: multipart/report;\n \
                report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\n\
                Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n";
    alloc::format!("{head}{fields}\n--b--\n")
}

fn only(message: &str) -> Bounced {
    let mut recipients = recipients(message);
    assert_eq!(recipients.len(), 1, "{recipients:?}");
    recipients.remove(0)
}

#[test]
fn fields_of_a_report() {
    // The fields, the address, the action, the status, the kind.
    let table = [
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1",
            (Some("bob@example.com"), Action::Failed, Some(Status::new(5, 1, 1)), Kind::Hard),
        ),
        (
            "Final-Recipient: RFC822;<bob@example.com>\nAction: Delayed\nStatus: 4.4.1 (no answer)",
            (Some("bob@example.com"), Action::Delayed, Some(Status::new(4, 4, 1)), Kind::Soft),
        ),
        // RFC 6533 §3
        (
            "Final-Recipient: utf-8; j\\x{FC}rgen@example.com\nAction: failed\nStatus: 5.6.7",
            (
                Some("j\u{fc}rgen@example.com"),
                Action::Failed,
                Some(Status::new(5, 6, 7)),
                Kind::Hard,
            ),
        ),
        // A vague status: the reply says more.
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.0.0\n\
             Diagnostic-Code: smtp; 552 5.2.2 over quota",
            (Some("bob@example.com"), Action::Failed, Some(Status::new(5, 2, 2)), Kind::Hard),
        ),
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.0.0\n\
             Diagnostic-Code: smtp; 451 try again",
            (Some("bob@example.com"), Action::Failed, Some(Status::new(4, 0, 0)), Kind::Soft),
        ),
        // No status at all.
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nDiagnostic-Code: smtp; 550 no",
            (Some("bob@example.com"), Action::Failed, Some(Status::new(5, 0, 0)), Kind::Hard),
        ),
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: relayed\nStatus: 2.0.0",
            (Some("bob@example.com"), Action::Relayed, Some(Status::new(2, 0, 0)), Kind::Success),
        ),
        // A failure that is final only because time ran out.
        (
            "Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 4.4.7",
            (Some("bob@example.com"), Action::Failed, Some(Status::new(4, 4, 7)), Kind::Soft),
        ),
    ];
    for (fields, expected) in table {
        let found = only(&report(fields));
        let Bounced { address, action, status, kind, .. } = &found;
        assert_eq!((address.as_deref(), *action, *status, *kind), expected, "{fields}");
    }
}

#[test]
fn a_report_tells_the_original_address_and_the_words() {
    let found = only(&report(
        "Original-Recipient: rfc822; robert@example.com\nFinal-Recipient: rfc822; bob@example.com\n\
         Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n no such user",
    ));
    assert_eq!(found.original.as_deref(), Some("robert@example.com"));
    assert_eq!(found.diagnostic.as_deref(), Some("550 5.1.1 no such user"));
}

#[test]
fn recipients_without_an_empty_line_between_them() {
    let found = recipients(&report(
        "Final-Recipient: rfc822; a@example.com\nAction: failed\nStatus: 5.1.1\n\
         Final-Recipient: rfc822; b@example.com\nAction: failed\nStatus: 5.2.2",
    ));
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].status, Some(Status::new(5, 2, 2)));
}

#[test]
fn bounces_in_words() {
    let head = "From: Mail Delivery System <MAILER-DAEMON@example.com>\nTo: ann@example.org\n\
                Subject: Undelivered mail\n\n";
    // The text, the address, the status, the kind.
    let table = [
        (
            "It could not be delivered:\n\n<bob@example.com>:\n550 No such user here\n\n\
             --- Below this line is a copy of the message.\n\nTo: <eve@example.com>\n",
            ("bob@example.com", Some(Status::new(5, 1, 1)), Kind::Hard),
        ),
        (
            "Delivery failed.\n\n  bob@example.com\n    mailbox full\n",
            ("bob@example.com", Some(Status::new(5, 2, 2)), Kind::Hard),
        ),
        (
            "THIS IS A WARNING ONLY. It could not be delivered yet.\n<bob@example.com>: timed out\n",
            ("bob@example.com", Some(Status::new(4, 4, 1)), Kind::Soft),
        ),
        (
            "Unable to deliver to the address in:\n\nOriginal message follows.\n\n\
             Received: by x\nTo: Bob <bob@example.com>\nSubject: hello\n",
            ("bob@example.com", None, Kind::Hard),
        ),
        (
            "Undeliverable Address: bob@example.com\nReason: over quota\nContact: postmaster@example.com\n",
            ("bob@example.com", Some(Status::new(5, 2, 2)), Kind::Hard),
        ),
    ];
    for (text, (address, status, kind)) in table {
        let found = only(&alloc::format!("{head}{text}"));
        assert_eq!(found.address.as_deref(), Some(address), "{text}");
        assert_eq!((found.status, found.kind), (status, kind), "{text}");
    }
}

#[test]
fn a_bounce_that_names_nobody_is_one_all_the_same() {
    let message =
        b"Return-Path: <>\r\nFrom: postmaster@example.com\r\n\r\nYour mail was not delivered.\r\n";
    let bounce = read(message, &Limits::DEFAULT).expect("a bounce");
    assert_eq!((bounce.source, bounce.recipients.len()), (Source::Words, 0));
}

#[test]
fn what_is_no_bounce() {
    let table = [
        "From: ann@example.org\n\nThe delivery failed, says bob@example.com.\n",
        "From: ann@example.org\nSubject: Re: Undelivered mail\n\nbob@example.com\n\nfailed again?\n",
        "From: ann@example.org\nSubject: Delivery problems\n\nThe truck failed to come.\n",
        "From: bob@example.com\nSubject: Away\nAuto-Submitted: auto-replied\n\nReturned on Monday.\n",
        "From: bob@example.com\nContent-Type: multipart/report; report-type=disposition-notification;\n \
         boundary=b\n\n--b\n\nRead.\n--b\nContent-Type: message/disposition-notification\n\n\
         Final-Recipient: rfc822; bob@example.com\nDisposition: automatic-action; failed\n--b--\n",
        "From: abuse@example.com\nSubject: Delivery failed\nContent-Type: multipart/report;\n \
         report-type=feedback-report; boundary=b\n\n--b\n\n<bob@example.com> failed\n--b--\n",
        "",
    ];
    for text in table {
        let message = text.replace('\n', "\r\n");
        assert_eq!(read(message.as_bytes(), &Limits::DEFAULT), None, "{text}");
    }
}

#[test]
fn a_bounce_within_a_message_is_not_its_own() {
    let inner = report("Final-Recipient: rfc822; bob@example.com\nAction: failed\nStatus: 5.1.1");
    let message = alloc::format!(
        "From: ann@example.org\nSubject: Look what I got\nContent-Type: multipart/mixed; boundary=c\n\n\
         --c\n\nWhat is this?\n--c\nContent-Type: message/rfc822\n\n{inner}\n--c--\n"
    );
    assert_eq!(read(message.replace('\n', "\r\n").as_bytes(), &Limits::DEFAULT), None);
}

#[test]
fn what_is_meant_to_take_long_does_not() {
    let fields = [
        alloc::format!("Final-Recipient: utf-8; {}\nAction: failed", "\\x{".repeat(60_000)),
        "Final-Recipient: rfc822; a@b.example\n".repeat(6_000),
        "Action: failed\n\n".repeat(10_000),
    ];
    for fields in fields {
        let found = recipients(&report(&fields));
        assert!((1..=Limits::DEFAULT.recipients).contains(&found.len()));
    }
    let addresses: String =
        (0..20_000).map(|number| alloc::format!("{number}@b.example ")).collect();
    let texts = [
        addresses.clone(),
        addresses.replace(' ', "\n"),
        "<".repeat(200_000),
        "@.".repeat(100_000),
    ];
    for text in texts {
        let to = &addresses[..100_000];
        let head =
            alloc::format!("From: mailer-daemon@c.example\nTo: {to}\nSubject: failure notice");
        let found = recipients(&alloc::format!("{head}\n\nfailed:\n{text}"));
        assert!(found.len() <= Limits::DEFAULT.recipients);
        let page = alloc::format!("{head}\nContent-Type: text/html\n\nfailed:<br>{text}");
        assert!(recipients(&page).len() <= Limits::DEFAULT.recipients);
    }
}
