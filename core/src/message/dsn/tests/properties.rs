//! Whatever a peer says, a notification stays what it is.

use alloc::borrow::ToOwned;
use alloc::string::ToString;

use proptest::prelude::*;

use super::super::{Kind, Source, read};
use super::*;
use crate::address::{Domain, LocalPart};
use crate::limits::Limits;
use crate::message::header::fields;
use crate::message::structure::Scanner;

fn any_mailbox() -> impl Strategy<Value = Mailbox> {
    let local = prop_oneof!["[a-z+.=_-]{1,20}", "[ -~]{1,30}", "[a-zäöü日本é ]{1,15}"];
    let domain = prop_oneof!["[a-z]{1,20}\\.[a-z]{2,9}", Just("bücher.example".to_owned())];
    (local, domain).prop_filter_map("no address", |(local, domain)| {
        let host = Domain::parse(domain.as_bytes(), true).ok()?.into();
        Some(Mailbox { local_part: LocalPart::new(&local).ok()?, host })
    })
}

/// A peer's words: any characters, with lines that look like a part's end or a field.
fn any_words() -> impl Strategy<Value = String> {
    let hostile = prop_oneof![
        Just("\r\n--r7kq2mw9xkb3t4f2zq7h--\r\n".to_owned()),
        Just("\n\nFinal-Recipient: rfc822; eve@example.com\n".to_owned()),
        Just("\r\rAction: delivered".to_owned()),
        "[a-z]{0,3000}",
        "\\PC{0,40}",
        "[\\x00-\\x1f\\x7f-\\x9f\\u{2028}\\u{202e}]{0,9}",
    ];
    proptest::collection::vec(hostile, 0..6).prop_map(|pieces| pieces.concat())
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Failed),
        Just(Action::Delayed),
        Just(Action::Delivered),
        Just(Action::Relayed),
        Just(Action::Expanded),
    ]
}

fn any_form() -> impl Strategy<Value = Form> {
    prop_oneof![Just(Form::SevenBit), Just(Form::EightBit), Just(Form::Utf8)]
}

/// The facts about one recipient: who, what, why, in whose words, and how the sender knew it.
type Facts = (Mailbox, Action, Status, Option<(bool, String)>, Option<String>, String);

fn any_facts() -> impl Strategy<Value = Facts> {
    let status = (1_u16..9, 1_u16..99).prop_map(|(subject, detail)| (subject, detail));
    let words = proptest::option::of((any::<bool>(), any_words()));
    let orcpt = proptest::option::of(any_words());
    (any_mailbox(), any_action(), status, words, orcpt, any_words()).prop_map(
        |(mailbox, action, (subject, detail), words, orcpt, name)| {
            let class = match action {
                Action::Failed => 5,
                Action::Delayed => 4,
                _ => 2,
            };
            (mailbox, action, Status::new(class, subject, detail), words, orcpt, name)
        },
    )
}

fn recipient_of((mailbox, action, status, words, orcpt, name): &Facts) -> Recipient<'_> {
    Recipient {
        forward_path: mailbox.clone().into(),
        orcpt: orcpt
            .as_deref()
            .map(|address| OriginalRecipient { address_type: "rfc822", address }),
        remote: Some((name, None)),
        diagnostic: words.as_ref().map(|(is_reply, words)| {
            if *is_reply { Diagnostic::Reply(words) } else { Diagnostic::Local(words) }
        }),
        will_retry_until: Some(DateTime::utc(ARRIVED)),
        final_log_id: Some(name),
        ..recipient("bob@example.com", *action, *status)
    }
}

/// RFC 5322 §2.3 and RFC 2045 §2.7, §2.8.
fn is_well_formed(message: &[u8], form: Form) -> bool {
    let lines = message.strip_suffix(b"\r\n").expect("a line end");
    lines.split(|octet| *octet == b'\n').all(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= 998
            && !line.contains(&b'\r')
            && !line.contains(&0)
            && (form != Form::SevenBit || line.is_ascii())
    }) && message.windows(2).all(|pair| (pair[0] == b'\r') == (pair[1] == b'\n'))
}

proptest! {
    #[test]
    fn a_notification_reads_back_to_the_same_facts(
        facts in proptest::collection::vec(any_facts(), 1..4),
        to in any_mailbox(),
        odd in any_words(),
        form in any_form(),
    ) {
        let recipients: Vec<_> = facts.iter().map(recipient_of).collect();
        let it = Notification {
            envid: Some(&odd),
            from: &odd,
            original_message_id: Some(&odd),
            original_id: &odd,
            form,
            ..notification(&to, &recipients)
        };
        let message = whole(&it);
        prop_assert!(it.needs_utf8() || is_well_formed(&message, form));

        let mut scanner = Scanner::new(&Limits::DEFAULT);
        scanner.push(&message);
        let structure = scanner.finish();
        let root = structure.root().expect("a root");
        prop_assert!(root.content_type.is("multipart", "report"));
        prop_assert_eq!(structure.children(0).count(), 3);
        let header = &message[..usize::try_from(root.body_start).expect("an offset")];
        prop_assert!(fields(header).all(|field| !field.name().is_empty()));
        prop_assert_eq!(fields(header).filter(|field| field.is("Subject")).count(), 1);

        let bounce = read(&message, &Limits::DEFAULT).expect("a bounce");
        prop_assert_eq!(bounce.source, Source::Report);
        prop_assert_eq!(bounce.recipients.len(), facts.len());
        for (found, (mailbox, action, status, ..)) in bounce.recipients.iter().zip(&facts) {
            let address = found.address.as_deref().expect("an address");
            prop_assert_eq!(&address.parse::<Mailbox>().expect("an address"), mailbox);
            prop_assert_eq!((found.action, found.status), (*action, Some(*status)));
            let kind = match action {
                Action::Failed => Kind::Hard,
                Action::Delayed => Kind::Soft,
                _ => Kind::Success,
            };
            prop_assert_eq!(found.kind, kind);
        }
    }

    #[test]
    fn any_octets_are_read_without_a_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&octets, &Limits::DEFAULT);
        let mut message = b"From: mailer-daemon\r\nSubject: failure notice\r\n\r\nfailed:\r\n".to_vec();
        message.extend_from_slice(&octets);
        let _ = read(&message, &Limits::DEFAULT);
    }

    #[test]
    fn any_words_are_read_without_a_panic(words in "(\\PC|@|<|>|=|\\.|\r\n){0,200}") {
        let message = alloc::format!("From: mailer-daemon\r\nSubject: failure notice\r\n\r\nfailed:\r\n{words}");
        let _ = read(message.as_bytes(), &Limits::DEFAULT);
    }
}

#[test]
fn many_recipients_are_told_of_once_each() {
    let to = mailbox("ann@example.org");
    let recipients: Vec<_> = (0..1000)
        .map(|number| {
            let address = alloc::format!("{number}@example.com");
            recipient(&address, Action::Failed, Status::new(5, 1, 1))
        })
        .collect();
    let message = whole(&notification(&to, &recipients));
    let limits = Limits { bounce: message.len(), ..Limits::DEFAULT };
    let bounce = read(&message, &limits).expect("a bounce");
    assert_eq!(bounce.recipients.len(), 1000);
    assert_eq!(bounce.recipients[999].address, Some("999@example.com".to_string()));
}
