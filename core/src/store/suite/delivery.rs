//! Checks of writing, delivery and APPEND.

use super::{Bed, Desk, account, inbox, name, told, uid};
use crate::store::{Access, Answer, Atomicity, Failure, Flags, Request, Target};
use alloc::vec::Vec;

fn target(mailbox: &str) -> Target {
    Target { account: account(), mailbox: name(mailbox) }
}

/// A delivered message is in every target, with its octets and date.
pub fn delivered_mail_is_found(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.write(b"Subject: x\r\n\r\nbody\r\n");
    let deliver = Request::Deliver {
        id: "Q1".into(),
        targets: alloc::vec![inbox(), target("a"), inbox()],
        atomicity: Atomicity::All,
    };
    assert_eq!(desk.ask(deliver), Answer::Delivered(alloc::vec![Ok(()); 3]));
    for mailbox in ["INBOX", "a"] {
        let status = desk.status(mailbox);
        assert_eq!((status.messages, status.recent, status.unseen), (1, 1, 1));
        let opened = desk.open(mailbox);
        assert_eq!(told(&opened.entries), [(1, Flags::RECENT)]);
        assert_eq!(opened.uid_next, 2);
        assert_eq!(opened.entries[0].size, 20);
        assert_eq!(opened.entries[0].date, 2_000_000_000);
        assert_eq!(desk.read(1, 100), b"Subject: x\r\n\r\nbody\r\n");
    }
}

/// As after a crash between delivery and its acknowledgement.
pub fn delivering_an_id_again_changes_nothing(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.deliver("Q1", b"one\r\n");
    desk.open("INBOX");
    desk.flag(&[1], crate::store::FlagAction::Add, Flags::SEEN, &[]);
    desk.deliver("Q1", b"one\r\n");
    desk.deliver("Q2", b"one\r\n");
    assert_eq!(told(&desk.sync().entries), [(2, Flags::RECENT)]);
    assert_eq!(desk.status("INBOX").messages, 2);
}

/// One reply for all, or one for each.
pub fn one_failure_fails_all_or_its_target_alone(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let deliver = |atomicity| Request::Deliver {
        id: "Q1".into(),
        targets: alloc::vec![inbox(), target("none")],
        atomicity,
    };
    desk.write(b"one\r\n");
    assert_eq!(desk.fails(deliver(Atomicity::All)), Failure::NoMailbox);
    assert_eq!(desk.status("INBOX").messages, 0);
    desk.write(b"one\r\n");
    assert_eq!(
        desk.ask(deliver(Atomicity::Each)),
        Answer::Delivered(alloc::vec![Ok(()), Err(Failure::NoMailbox)])
    );
    assert_eq!(desk.status("INBOX").messages, 1);
}

/// RFC 3501 §6.3.11, RFC 4315 §3.
pub fn appended_mail_keeps_flags_and_date(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    let validity = desk.status("a").uid_validity;
    desk.write(b"one\r\n");
    let append = Request::Append {
        account: account(),
        mailbox: name("a"),
        flags: Flags::SEEN | Flags::DRAFT,
        keywords: alloc::vec!["$Forwarded".into()],
        date: Some(-86_400),
        replaces: None,
    };
    let answer =
        Answer::Appended { uid_validity: validity, uids: core::iter::once(uid(1)).collect() };
    assert_eq!(desk.ask(append), answer);
    assert_eq!(desk.append("a", Flags::NONE, b"two\r\n"), 2);
    let status = desk.status("a");
    assert_eq!((status.messages, status.recent, status.unseen), (2, 2, 1));
    let opened = desk.open("a");
    assert_eq!(&opened.keywords[..], ["$Forwarded"]);
    let flags = Flags::SEEN | Flags::DRAFT | Flags::keyword(0) | Flags::RECENT;
    assert_eq!(told(&opened.entries), [(1, flags), (2, Flags::RECENT)]);
    let dates: Vec<_> = opened.entries.iter().map(|entry| entry.date).collect();
    assert_eq!(dates, [-86_400, 2_000_000_000]);
    desk.write(b"three\r\n");
    let append = desk.appending("none", Flags::NONE, &[]);
    assert_eq!(desk.fails(append), Failure::NoMailbox);
}

/// Every line ends with CRLF as it is given.
pub fn an_appended_bare_lf_becomes_crlf(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    for (number, message, given) in [
        (1, &b"a\nb\r\n\n\r\nc"[..], &b"a\r\nb\r\n\r\n\r\nc"[..]),
        (2, b"\n\n", b"\r\n\r\n"),
        (3, b"a\rb\r", b"a\rb\r"),
        (4, b"", b""),
    ] {
        desk.append("INBOX", Flags::NONE, message);
        let opened = desk.open("INBOX");
        assert_eq!(opened.entries[number - 1].size as usize, given.len());
        for length in [1, 2, 3, 100] {
            assert_eq!(desk.read(number as u32, length), given, "by {length}");
        }
        for offset in (0..given.len()).rev() {
            let read = Request::Read { uid: uid(number as u32), offset: offset as u64, length: 1 };
            desk.ask(read);
            assert_eq!(desk.octets(), &given[offset..=offset]);
        }
    }
}

/// Whatever ended it, there is nothing more to deliver.
pub fn a_message_is_ended_by_whatever_comes_of_it(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let nothing = Failure::Refused("no message is being written");
    let to_none = desk.appending("none", Flags::NONE, &[]);
    let to_inbox = desk.appending("INBOX", Flags::NONE, &[]);
    desk.write(b"one\r\n");
    assert_eq!(desk.fails(to_none), Failure::NoMailbox);
    assert_eq!(desk.fails(to_inbox.clone()), nothing);
    desk.write(b"two\r\n");
    desk.done(Request::Abandon);
    desk.done(Request::Abandon);
    assert_eq!(desk.fails(to_inbox.clone()), nothing);
    // A second beginning forgets the first.
    desk.write(b"three\r\n");
    desk.write(b"four\r\n");
    assert!(matches!(desk.ask(to_inbox), Answer::Appended { .. }));
    desk.open("INBOX");
    assert_eq!(desk.read(1, 100), b"four\r\n");
}

/// A host's mistakes are answered, too.
pub fn nothing_is_written_without_a_beginning(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let nothing = Failure::Refused("no message is being written");
    assert_eq!(desk.fails(Request::Write), nothing);
    let append = desk.appending("INBOX", Flags::NONE, &[]);
    assert_eq!(desk.fails(append), nothing);
    let deliver = Request::Deliver {
        id: "Q1".into(),
        targets: alloc::vec![inbox()],
        atomicity: Atomicity::Each,
    };
    assert_eq!(desk.fails(deliver), nothing);
    let begin = Request::Begin { account: account(), mailbox: name("none") };
    assert_eq!(desk.fails(begin), Failure::NoMailbox);
    assert_eq!(desk.fails(Request::Sync), Failure::NoMailbox);
    desk.done(Request::Close);
}

/// Those that were kept and the last one get their UIDs in order, or none does (RFC 3502).
pub fn messages_that_were_kept_are_filed_together(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let keep = |flags, date| Request::Keep { flags, keywords: Vec::new(), date };
    desk.write(b"one\r\n");
    desk.done(keep(Flags::SEEN, Some(86_400)));
    desk.write(b"two\r\n");
    desk.done(keep(Flags::NONE, None));
    desk.write(b"three\r\n");
    let append = desk.appending("INBOX", Flags::FLAGGED, &[]);
    match desk.ask(append.clone()) {
        Answer::Appended { uids, .. } => assert_eq!(uids, super::uids(&[1, 2, 3])),
        other => panic!("not appended: {other:?}"),
    }
    let opened = desk.open("INBOX");
    let flags = [Flags::SEEN, Flags::NONE, Flags::FLAGGED].map(|flags| flags | Flags::RECENT);
    assert_eq!(told(&opened.entries), [(1, flags[0]), (2, flags[1]), (3, flags[2])]);
    assert_eq!(opened.entries[0].date, 86_400);
    assert_eq!((desk.read(1, 10), desk.read(3, 10)), (b"one\r\n".into(), b"three\r\n".into()));
    // Whatever comes of it, none is kept afterwards.
    for end in [desk.appending("none", Flags::NONE, &[]), Request::Abandon] {
        desk.write(b"four\r\n");
        desk.done(keep(Flags::NONE, None));
        desk.write(b"five\r\n");
        desk.ask(end);
        desk.write(b"six\r\n");
        let answer = desk.ask(append.clone());
        assert!(matches!(answer, Answer::Appended { uids, .. } if uids.iter().count() == 1));
    }
    desk.write(b"seven\r\n");
    desk.done(keep(Flags::NONE, None));
    desk.fails(append.clone());
    desk.write(b"eight\r\n");
    desk.ask(append);
    assert_eq!(desk.status("INBOX").messages, 6);
}

/// Octets come from the source as they are given (RFC 4469).
pub fn a_message_is_extended_from_another(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.append("INBOX", Flags::NONE, b"Subject: x\n\nfirst\nsecond\n");
    let validity = desk.status("INBOX").uid_validity;
    let source = |number, uid_validity| Request::Source {
        account: account(),
        mailbox: name("INBOX"),
        uid_validity,
        uid: uid(number),
    };
    assert_eq!(desk.fails(source(1, Some(validity + 1))), Failure::NoMessage);
    assert_eq!(desk.fails(source(2, None)), Failure::NoMessage);
    assert_eq!(desk.fails(Request::Extend { offset: 0, length: 1 }), Failure::NoMessage);
    desk.write(b"Subject: y\r\n\r\n");
    match desk.ask(source(1, Some(validity))) {
        Answer::Structure(structure) => assert_eq!(structure.parts[0].body_start, 14),
        other => panic!("no structure: {other:?}"),
    }
    desk.done(Request::Extend { offset: 21, length: 8 });
    desk.done(Request::Extend { offset: 14, length: 7 });
    desk.done(Request::Extend { offset: 21, length: 0 });
    let append = desk.appending("a", Flags::NONE, &[]);
    assert!(matches!(desk.ask(append), Answer::Appended { .. }));
    desk.open("a");
    assert_eq!(desk.read(1, 7), b"Subject: y\r\n\r\nsecond\r\nfirst\r\n");
}

/// The original goes when the new message has come, and stays if it does not (RFC 8508).
pub fn a_message_replaces_another(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.append("INBOX", Flags::NONE, b"one\r\n");
    desk.append("INBOX", Flags::NONE, b"two\r\n");
    desk.open("INBOX");
    let replacing =
        |desk: &Desk<_>, mailbox, number| match desk.appending(mailbox, Flags::NONE, &[]) {
            Request::Append { account, mailbox, flags, keywords, date, .. } => Request::Append {
                account,
                mailbox,
                flags,
                keywords,
                date,
                replaces: Some(uid(number)),
            },
            other => other,
        };
    for (mailbox, number) in [("none", 1), ("INBOX", 7)] {
        desk.write(b"three\r\n");
        let append = replacing(&desk, mailbox, number);
        desk.fails(append);
        assert_eq!(desk.status("INBOX").messages, 2);
    }
    for (mailbox, left) in [("INBOX", 2), ("a", 1)] {
        let number = desk.open("INBOX").entries[0].uid.get();
        desk.write(b"three\r\n");
        let append = replacing(&desk, mailbox, number);
        assert!(matches!(desk.ask(append), Answer::Appended { .. }));
        assert_eq!(desk.sync().vanished, [uid(number)]);
        assert_eq!(desk.status("INBOX").messages, left);
    }
    desk.open_as("INBOX", Access::ReadOnly);
    desk.write(b"four\r\n");
    let append = replacing(&desk, "a", 3);
    assert!(matches!(desk.fails(append), Failure::Refused(_)));
    assert_eq!(desk.status("a").messages, 1);
}
