//! Checks of what one session does in an open mailbox.

use super::{Bed, Changes, Desk, account, name, told, uid, uids};
use crate::limits::Limits;
use crate::message::summary::{Scanner, Summary};
use crate::store::{
    Access, Answer, Copied, Failure, FlagAction, Flags, Originals, Request, Uid, UidSet,
};
use alloc::vec::Vec;

/// Any offset, any length.
pub fn octets_are_read_in_any_pieces(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let message: Vec<u8> =
        (0..3_000u32).flat_map(|n| alloc::format!("line {n}\r\n").into_bytes()).collect();
    desk.append("INBOX", Flags::NONE, &message);
    desk.open("INBOX");
    for length in [7, 1_000, 65_536] {
        assert!(desk.read(1, length) == message, "in pieces of {length}");
    }
    for (offset, length) in [(20_000, 10), (5, 3), (0, 0), (30_000, 1 << 20)] {
        let read = Request::Read { uid: uid(1), offset, length };
        let from = usize::try_from(offset).expect("small").min(message.len());
        let to = (from + length).min(message.len());
        let end = to == message.len();
        assert_eq!(desk.ask(read), Answer::Read { end });
        assert!(desk.octets() == &message[from..to], "{length} at {offset}");
    }
    for offset in [message.len() as u64, u64::MAX] {
        let read = Request::Read { uid: uid(1), offset, length: 10 };
        assert_eq!(desk.ask(read), Answer::Read { end: true });
        assert!(desk.octets().is_empty());
    }
    let read = Request::Read { uid: uid(9), offset: 0, length: 1 };
    assert_eq!(desk.fails(read), Failure::NoMessage);
}

/// Offsets in the structure are those of the octets that are read.
pub fn structure_is_told(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"Subject: x\nContent-Type: text/html\n\n<p>\n");
    desk.open("INBOX");
    for _ in 0..2 {
        let Answer::Structure(structure) = desk.ask(Request::Structure { uid: uid(1) }) else {
            panic!("no structure");
        };
        let root = structure.root().expect("a root");
        assert_eq!((root.body_start, root.body_end), (39, 44));
        assert_eq!(root.content_type.subtype, b"html");
    }
    let missing = Request::Structure { uid: uid(2) };
    assert_eq!(desk.fails(missing), Failure::NoMessage);
}

/// What is handed over is what the message's scanner writes, at the first and at every later time.
pub fn summaries_are_told(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    let texts = ["Subject: Re: one\r\n\r\nfirst\r\n", "Subject: two\r\n\r\n", "no header"];
    for text in texts {
        desk.append("INBOX", Flags::NONE, text.as_bytes());
    }
    desk.open("INBOX");
    for number in [1, 2, 3, 2, 1, 3] {
        let text = texts[number as usize - 1];
        let mut scanner = Scanner::new(&Limits::DEFAULT);
        scanner.push(text.as_bytes());
        assert_eq!(desk.ask(Request::Summary { uid: uid(number) }), Answer::Summary);
        assert_eq!(Summary::parse(desk.octets()), Some(scanner.finish()));
    }
    desk.expunge(&[2]);
    assert_eq!(desk.fails(Request::Summary { uid: uid(2) }), Failure::NoMessage);
    assert!(desk.octets().is_empty());
}

/// RFC 3501 §6.4.6.
pub fn flags_are_set_added_and_removed(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    for _ in 0..3 {
        desk.append("INBOX", Flags::NONE, b"x\r\n");
    }
    desk.open("INBOX");
    let (seen, draft) = (Flags::SEEN, Flags::DRAFT);
    for (numbers, action, flags, expected) in [
        (&[1, 2][..], FlagAction::Add, seen, &[(1, seen), (2, seen)][..]),
        (&[2, 9], FlagAction::Replace, draft, &[(2, draft)]),
        (&[1, 2], FlagAction::Remove, draft, &[(1, seen), (2, Flags::NONE)]),
        (&[1], FlagAction::Add, seen, &[(1, seen)]),
        (&[9], FlagAction::Add, seen, &[]),
    ] {
        let changes = desk.flag(numbers, action, flags, &[]);
        let expected: Vec<_> =
            expected.iter().map(|(number, flags)| (*number, *flags | Flags::RECENT)).collect();
        assert_eq!(told(&changes.entries), expected);
        assert_eq!((changes.vanished, changes.keywords), (Vec::new(), None));
        assert_eq!(desk.sync(), Changes::default());
    }
    let mut other = Desk::new(bed);
    let opened = other.open("INBOX");
    let none = Flags::NONE;
    assert_eq!(told(&opened.entries), [(1, seen), (2, none), (3, none)]);
    let all = Flags::SYSTEM;
    other.flag(&[3], FlagAction::Replace, all, &[]);
    assert_eq!(told(&desk.sync().entries), [(3, all | Flags::RECENT)]);
}

/// Keywords are words in any case, kept with the mailbox.
pub fn keywords_are_shared_by_name(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"x\r\n");
    desk.append("INBOX", Flags::NONE, b"y\r\n");
    desk.open("INBOX");
    let (one, two) = (Flags::keyword(0), Flags::keyword(1));
    let changes = desk.flag(&[1], FlagAction::Add, Flags::SEEN, &["$Junk", "work"]);
    assert_eq!(told(&changes.entries), [(1, Flags::SEEN | one | two | Flags::RECENT)]);
    let table = changes.keywords.expect("the table grew");
    assert_eq!(&table[..], ["$Junk", "work"]);
    let changes = desk.flag(&[2], FlagAction::Add, Flags::NONE, &["WORK"]);
    assert_eq!(told(&changes.entries), [(2, two | Flags::RECENT)]);
    assert_eq!(changes.keywords, None);
    let changes = desk.flag(&[1], FlagAction::Remove, Flags::NONE, &["work", "unknown"]);
    assert_eq!(told(&changes.entries), [(1, Flags::SEEN | one | Flags::RECENT)]);
    assert_eq!(changes.keywords, None);
    for bad in ["", "a b", "a\u{1}"] {
        let set = Request::SetFlags {
            unchanged_since: None,
            uids: uids(&[1]),
            action: FlagAction::Add,
            flags: Flags::DRAFT,
            keywords: alloc::vec![bad.into()],
        };
        assert!(matches!(desk.fails(set), Failure::Refused(_)));
    }
    assert_eq!(&Desk::new(bed).open("INBOX").keywords[..], ["$Junk", "work"]);
}

/// Where no message is changed, because there is none or it has changed since, a new keyword gets no
/// place in the table.
pub fn keywords_come_with_a_change(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"x\r\n");
    desk.open("INBOX");
    for (number, since) in [(1, Some(0)), (9, None)] {
        for action in [FlagAction::Add, FlagAction::Replace] {
            let set = Request::SetFlags {
                unchanged_since: since,
                uids: uids(&[number]),
                action,
                flags: Flags::NONE,
                keywords: alloc::vec!["fresh".into()],
            };
            assert_eq!(desk.changes(set).keywords, None);
        }
    }
    assert!(Desk::new(bed).open("INBOX").keywords.is_empty());
}

/// A table has room for 26.
pub fn keywords_have_a_limit(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("full");
    desk.append("full", Flags::NONE, b"x\r\n");
    desk.append("INBOX", Flags::NONE, b"y\r\n");
    desk.open("full");
    for n in 0..26 {
        desk.flag(&[1], FlagAction::Add, Flags::NONE, &[&alloc::format!("k{n}")]);
    }
    for word in ["k26", &"w".repeat(256)] {
        let set = Request::SetFlags {
            unchanged_since: None,
            uids: uids(&[1]),
            action: FlagAction::Add,
            flags: Flags::SEEN,
            keywords: alloc::vec![word.into()],
        };
        assert!(matches!(desk.fails(set), Failure::Limit(_)));
    }
    assert_eq!(desk.sync(), Changes::default());
    // A copy leaves behind what there is no room for.
    desk.open("INBOX");
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &["K3", "other"]);
    let copy = Request::Copy {
        uids: uids(&[1]),
        account: account(),
        to: name("full"),
        flags: Flags::ALL,
        originals: Originals::Stay,
    };
    assert!(matches!(desk.ask(copy), Answer::Copied(_)));
    let opened = desk.open("full");
    let copied = Flags::SEEN | Flags::keyword(3) | Flags::RECENT;
    assert_eq!(told(&opened.entries[1..]), [(2, copied)]);
}

/// RFC 3501 §2.3.1.1.
pub fn expunged_uids_are_never_used_again(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    for _ in 0..3 {
        desk.append("INBOX", Flags::NONE, b"x\r\n");
    }
    let opened = desk.open("INBOX");
    assert_eq!(desk.expunge(&[2, 3, 7]).vanished, [uid(2), uid(3)]);
    assert_eq!(desk.expunge(&[2, 3]).vanished, Vec::<Uid>::new());
    let mut other = Desk::new(bed);
    assert_eq!(other.status("INBOX").uid_next, 4);
    assert_eq!(other.append("INBOX", Flags::NONE, b"y\r\n"), 4);
    let again = other.open("INBOX");
    assert_eq!(again.uid_validity, opened.uid_validity);
    let numbers: Vec<_> = again.entries.iter().map(|entry| entry.uid.get()).collect();
    assert_eq!(numbers, [1, 4]);
}

/// RFC 3501 §6.4.7, RFC 4315 §3.
pub fn copies_keep_flags_keywords_and_date(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.append("a", Flags::NONE, b"first\r\n");
    desk.open("a");
    desk.flag(&[1], FlagAction::Add, Flags::NONE, &["there"]);
    desk.append("INBOX", Flags::NONE, b"one\r\n");
    desk.append("INBOX", Flags::ANSWERED, b"two\r\n");
    desk.open("INBOX");
    desk.flag(&[2], FlagAction::Add, Flags::NONE, &["here", "There"]);
    desk.now = crate::machine::Instant::from_seconds(2_000_000_500);
    let copy = Request::Copy {
        uids: uids(&[1, 2, 3]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Stay,
    };
    let uid_validity = desk.status("a").uid_validity;
    let copied = Copied { uid_validity, from: uids(&[1, 2]), to: uids(&[2, 3]) };
    assert_eq!(desk.ask(copy), Answer::Copied(copied));
    assert_eq!(desk.sync(), Changes::default());
    let opened = desk.open("a");
    assert_eq!(&opened.keywords[..], ["there", "here"]);
    let words = Flags::keyword(0) | Flags::keyword(1);
    let two = Flags::ANSWERED | words | Flags::RECENT;
    assert_eq!(told(&opened.entries[1..]), [(2, Flags::RECENT), (3, two)]);
    assert!(opened.entries.iter().all(|entry| entry.date == 2_000_000_000));
    assert_eq!(desk.read(3, 100), b"two\r\n");
    // Into the mailbox itself.
    let copy = Request::Copy {
        uids: uids(&[3]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Stay,
    };
    assert!(matches!(desk.ask(copy), Answer::Copied(_)));
    let words = Flags::ANSWERED | words;
    assert_eq!(told(&desk.sync().entries), [(4, words | Flags::RECENT)]);
}

/// RFC 6851 §3.
pub fn moved_messages_are_told_as_vanished(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    for text in [&b"one\r\n"[..], b"two\r\n", b"three\r\n"] {
        desk.append("INBOX", Flags::SEEN, text);
    }
    desk.open("INBOX");
    let to_a = |numbers: &[u32]| Request::Copy {
        uids: uids(numbers),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Go,
    };
    let Answer::Copied(copied) = desk.ask(to_a(&[1, 3, 5])) else {
        panic!("not moved");
    };
    assert_eq!((copied.from, copied.to), (uids(&[1, 3]), uids(&[1, 2])));
    assert_eq!(desk.sync().vanished, [uid(1), uid(3)]);
    let Answer::Copied(copied) = desk.ask(to_a(&[1])) else {
        panic!("nothing to move is no failure");
    };
    assert!(copied.from.is_empty() && copied.to.is_empty());
    desk.open("a");
    assert_eq!(desk.read(2, 100), b"three\r\n");
    let Answer::Copied(copied) = desk.ask(to_a(&[1])) else {
        panic!("not moved");
    };
    assert_eq!((copied.from, copied.to), (uids(&[1]), uids(&[3])));
    let changes = desk.sync();
    assert_eq!(changes.vanished, [uid(1)]);
    assert_eq!(told(&changes.entries), [(3, Flags::SEEN | Flags::RECENT)]);
    assert_eq!(desk.read(3, 100), b"one\r\n");
}

/// All or none.
pub fn a_copy_to_nowhere_changes_nothing(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"x\r\n");
    desk.open("INBOX");
    for originals in [Originals::Stay, Originals::Go] {
        let copy = Request::Copy {
            uids: uids(&[1]),
            account: account(),
            to: name("none"),
            flags: Flags::ALL,
            originals,
        };
        assert_eq!(desk.fails(copy), Failure::NoMailbox);
    }
    assert_eq!(desk.sync(), Changes::default());
    assert_eq!(desk.list(), ["M INBOX"]);
}

/// RFC 3501 §6.3.2: EXAMINE.
pub fn a_mailbox_opened_to_look_is_not_changed(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"x\r\n");
    let examine = desk.opening("INBOX", Access::ReadOnly);
    assert!(matches!(desk.ask(examine), Answer::Opened(_)));
    let all = UidSet::range(Uid::MIN, Uid::MAX);
    for request in [
        Request::SetFlags {
            unchanged_since: None,
            uids: all.clone(),
            action: FlagAction::Add,
            flags: Flags::SEEN,
            keywords: Vec::new(),
        },
        Request::Expunge { uids: all.clone() },
        Request::Copy {
            uids: all.clone(),
            account: account(),
            to: name("INBOX"),
            flags: Flags::ALL,
            originals: Originals::Go,
        },
    ] {
        assert!(matches!(desk.fails(request), Failure::Refused(_)));
    }
    assert_eq!(desk.read(1, 10), b"x\r\n");
    let copy = Request::Copy {
        uids: all,
        account: account(),
        to: name("INBOX"),
        flags: Flags::ALL,
        originals: Originals::Stay,
    };
    assert!(matches!(desk.ask(copy), Answer::Copied(_)));
    assert_eq!(told(&desk.sync().entries), [(2, Flags::RECENT)]);
}

/// `1:*` and `1:4294967295` are small.
pub fn sets_of_all_uids_cost_nothing(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.append("INBOX", Flags::NONE, b"x\r\n");
    desk.append("INBOX", Flags::NONE, b"y\r\n");
    desk.open("INBOX");
    let all = UidSet::range(Uid::MIN, Uid::MAX);
    let changes = desk.changes(Request::SetFlags {
        unchanged_since: None,
        uids: all.clone(),
        action: FlagAction::Add,
        flags: Flags::DELETED,
        keywords: Vec::new(),
    });
    assert_eq!(changes.entries.len(), 2);
    let copy = Request::Copy {
        uids: all.clone(),
        account: account(),
        to: name("INBOX"),
        flags: Flags::ALL,
        originals: Originals::Go,
    };
    assert!(matches!(desk.ask(copy), Answer::Copied(_)));
    let changes = desk.changes(Request::Expunge { uids: all });
    assert_eq!(changes.vanished, [uid(1), uid(2)]);
    assert!(changes.entries.is_empty());
}
