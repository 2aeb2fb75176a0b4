//! What a person gets to read.

use super::*;

#[test]
fn one_failed() {
    let to = mailbox("ann@example.org");
    let bob = Recipient {
        orcpt: Some(OriginalRecipient { address_type: "rfc822", address: "bob@example.com" }),
        remote: Some(("mail.example.com", Some("192.0.2.1".parse().expect("an address")))),
        diagnostic: Some(Diagnostic::Reply(
            "550-5.1.1 <bob@example.com>: Recipient address rejected:\r\n550 5.1.1 User unknown in local recipient table",
        )),
        final_log_id: Some("4f2zq7"),
        ..recipient("bob@example.com", Action::Failed, Status::new(5, 1, 1))
    };
    let recipients = [bob];
    let one = Notification {
        envid: Some("QQ314159"),
        returned: Returned::Full,
        ..notification(&to, &recipients)
    };
    insta::assert_snapshot!(text(&one));
}

#[test]
fn several_failed_for_several_reasons() {
    let to = mailbox("ann@example.org");
    let failed = |address, status| recipient(address, Action::Failed, status);
    let remote = Some(("mail.example.com", Some("2001:db8::25".parse().expect("an address"))));
    let recipients = [
        Recipient {
            remote,
            diagnostic: Some(Diagnostic::Reply("552 5.2.2 The mailbox is over its quota")),
            ..failed("bob@example.com", Status::new(5, 2, 2))
        },
        Recipient {
            remote,
            diagnostic: Some(Diagnostic::Reply("554 5.7.1 This looks like spam to us")),
            ..failed("carol@example.com", Status::new(5, 7, 1))
        },
        Recipient {
            remote,
            diagnostic: Some(Diagnostic::Reply("554 5.7.1 This looks like spam to us")),
            ..failed("dave@example.com", Status::new(5, 7, 1))
        },
        Recipient {
            diagnostic: Some(Diagnostic::Local("exmaple.com: no such domain")),
            ..failed("erin@exmaple.com", Status::new(5, 1, 2))
        },
        Recipient {
            remote: Some(("mail.example.net", None)),
            diagnostic: Some(Diagnostic::Local("connection timed out")),
            last_attempt: DateTime::utc(ARRIVED + 5 * 86_400 + 60),
            ..failed("frank@example.net", Status::new(4, 4, 1))
        },
    ];
    insta::assert_snapshot!(text(&notification(&to, &recipients)));
}

#[test]
fn delayed() {
    let to = mailbox("ann@example.org");
    let recipients = [Recipient {
        remote: Some(("mail.example.com", Some("192.0.2.1".parse().expect("an address")))),
        diagnostic: Some(Diagnostic::Reply("451 4.3.2 Please come back later")),
        will_retry_until: Some(DateTime::utc(ARRIVED + 5 * 86_400)),
        ..recipient("bob@example.com", Action::Delayed, Status::new(4, 3, 2))
    }];
    insta::assert_snapshot!(text(&notification(&to, &recipients)));
}

#[test]
fn delivered() {
    let to = mailbox("ann@example.org");
    let recipients = [Recipient {
        orcpt: Some(OriginalRecipient { address_type: "rfc822", address: "robert@example.org" }),
        ..recipient("bob@example.org", Action::Delivered, Status::new(2, 1, 5))
    }];
    insta::assert_snapshot!(text(&notification(&to, &recipients)));
}

#[test]
fn relayed() {
    let to = mailbox("ann@example.org");
    let recipients = [Recipient {
        remote: Some(("old.example.com", Some("192.0.2.7".parse().expect("an address")))),
        diagnostic: Some(Diagnostic::Reply("250 2.0.0 Ok: queued as 12345")),
        ..recipient("bob@example.com", Action::Relayed, Status::new(2, 0, 0))
    }];
    insta::assert_snapshot!(text(&notification(&to, &recipients)));
}

#[test]
fn addresses_in_utf8() {
    let to = mailbox("änne@example.org");
    let recipients = [Recipient {
        orcpt: Some(OriginalRecipient {
            address_type: "utf-8", address: "jürgen@bücher.example"
        }),
        remote: Some(("mail.example.com", None)),
        diagnostic: Some(Diagnostic::Reply("550 5.1.1 «jürgen» ist hier unbekannt")),
        ..recipient("jürgen@bücher.example", Action::Failed, Status::new(5, 1, 1))
    }];
    let international = Notification { form: Form::Utf8, ..notification(&to, &recipients) };
    assert!(international.needs_utf8() && international.is_eight_bit());
    insta::assert_snapshot!(text(&international));
}

#[test]
fn addresses_in_utf8_for_a_sender_without() {
    let to = mailbox("ann@example.org");
    let recipients = [Recipient {
        diagnostic: Some(Diagnostic::Reply("550 5.1.1 «jürgen» ist hier unbekannt")),
        ..recipient("jürgen@bücher.example", Action::Failed, Status::new(5, 1, 1))
    }];
    let seven_bit = notification(&to, &recipients);
    assert!(!seven_bit.needs_utf8() && !seven_bit.is_eight_bit());
    let text = text(&seven_bit);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text);
}
