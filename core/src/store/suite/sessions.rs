//! Checks of several sessions in one mailbox.

use super::{Bed, Changes, Desk, told, uid};
use crate::store::{Access, Answer, Failure, FlagAction, Flags, Request, Store};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Flags, keywords, arrivals and removals reach the others with their next Sync.
pub fn changes_reach_other_sessions(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    one.append("INBOX", Flags::NONE, b"x\r\n");
    one.append("INBOX", Flags::NONE, b"y\r\n");
    one.open("INBOX");
    two.open("INBOX");
    one.flag(&[1], FlagAction::Add, Flags::SEEN, &["word"]);
    one.append("INBOX", Flags::DRAFT, b"z\r\n");
    one.expunge(&[2]);
    let changes = two.sync();
    let seen = Flags::SEEN | Flags::keyword(0);
    assert_eq!(changes.vanished, [uid(2)]);
    assert_eq!(told(&changes.entries), [(1, seen), (3, Flags::DRAFT)]);
    assert_eq!(changes.keywords.as_deref().expect("the table grew"), ["word"]);
    assert!(!changes.gone);
    assert_eq!(two.sync(), Changes::default());
    assert_eq!(one.sync(), Changes::default());
    // What a session changes itself comes with what others have changed.
    two.flag(&[1], FlagAction::Remove, Flags::SEEN, &[]);
    let changes = one.flag(&[3], FlagAction::Add, Flags::FLAGGED, &[]);
    let recent = Flags::RECENT;
    let three = Flags::DRAFT | Flags::FLAGGED | recent;
    assert_eq!(told(&changes.entries), [(1, Flags::keyword(0) | recent), (3, three)]);
}

/// A session is not told of the end of what it never knew.
pub fn what_came_and_went_is_not_told(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    one.open("INBOX");
    two.open("INBOX");
    one.append("INBOX", Flags::NONE, b"x\r\n");
    one.sync();
    one.expunge(&[1]);
    assert_eq!(two.sync(), Changes::default());
    assert_eq!(two.append("INBOX", Flags::NONE, b"y\r\n"), 2);
}

/// RFC 3501 §2.3.2: for the first session that does not merely look.
pub fn recent_is_told_once(bed: &impl Bed) {
    let (mut one, mut two, mut looker) = (Desk::new(bed), Desk::new(bed), Desk::new(bed));
    one.deliver("1", b"x\r\n");
    let opened = looker.open_as("INBOX", Access::ReadOnly);
    assert_eq!(told(&opened.entries), [(1, Flags::RECENT)]);
    assert_eq!(one.status("INBOX").recent, 1);
    assert_eq!(told(&one.open("INBOX").entries), [(1, Flags::RECENT)]);
    assert_eq!(one.status("INBOX").recent, 0);
    assert_eq!(told(&two.open("INBOX").entries), [(1, Flags::NONE)]);
    two.deliver("2", b"y\r\n");
    assert_eq!(told(&looker.sync().entries), [(2, Flags::RECENT)]);
    assert_eq!(told(&two.sync().entries), [(2, Flags::RECENT)]);
    assert_eq!(told(&one.sync().entries), [(2, Flags::NONE)]);
    // Once told so, it stays so for that session.
    let changes = looker.sync();
    assert_eq!(changes, Changes::default());
    one.flag(&[1, 2], FlagAction::Add, Flags::SEEN, &[]);
    let seen = Flags::SEEN | Flags::RECENT;
    assert_eq!(told(&looker.sync().entries), [(1, seen), (2, seen)]);
    assert_eq!(told(&two.sync().entries), [(1, Flags::SEEN), (2, seen)]);
}

/// RFC 1939 §8.
pub fn a_maildrop_is_exclusive(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    let open = one.opening("INBOX", Access::Exclusive);
    assert!(matches!(one.ask(open.clone()), Answer::Opened(_)));
    assert_eq!(two.fails(open.clone()), Failure::InUse);
    two.open("INBOX");
    one.done(Request::Close);
    assert!(matches!(two.ask(open.clone()), Answer::Opened(_)));
    assert_eq!(one.fails(open.clone()), Failure::InUse);
    drop(two);
    assert!(matches!(one.ask(open.clone()), Answer::Opened(_)));
    // Its own lock is no obstacle.
    assert!(matches!(one.ask(open), Answer::Opened(_)));
}

pub(super) fn counting<S: Store>(desk: &mut Desk<S>) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let wake = Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    desk.store().on_news(wake);
    count
}

/// Watch(true) wakes on every kind of change by others, not on one's own.
pub fn watchers_are_woken(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    let count = counting(&mut one);
    one.open("INBOX");
    two.open("INBOX");
    two.append("INBOX", Flags::NONE, b"x\r\n");
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // What happened before the watch began is no news less.
    one.done(Request::Watch(true));
    assert_eq!(count.swap(0, Ordering::SeqCst), 1);
    one.sync();
    let steps: [fn(&mut Desk<_>); 4] = [
        |two| {
            two.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
        },
        |two| {
            two.expunge(&[1]);
        },
        |two| two.deliver("1", b"y\r\n"),
        |two| {
            two.append("INBOX", Flags::NONE, b"z\r\n");
        },
    ];
    for step in steps {
        step(&mut two);
        assert!(count.swap(0, Ordering::SeqCst) > 0);
        assert_ne!(one.sync(), Changes::default());
    }
    one.append("INBOX", Flags::NONE, b"own\r\n");
    one.sync();
    one.flag(&[2], FlagAction::Add, Flags::SEEN, &[]);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    one.done(Request::Watch(false));
    two.append("INBOX", Flags::NONE, b"x\r\n");
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // The wish outlives the mailbox.
    one.done(Request::Watch(true));
    two.create("a");
    one.open("a");
    count.store(0, Ordering::SeqCst);
    two.append("a", Flags::NONE, b"x\r\n");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// After DELETE and RENAME by another session nothing can be asked of it but to close.
pub fn a_removed_mailbox_is_gone_for_its_readers(bed: &impl Bed) {
    for renamed in [false, true] {
        let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
        one.create("a");
        one.append("a", Flags::NONE, b"x\r\n");
        one.open("a");
        let count = counting(&mut one);
        one.done(Request::Watch(true));
        let request = if renamed { two.rename("a", "b") } else { two.delete("a") };
        two.done(request);
        assert_eq!(count.load(Ordering::SeqCst), 1);
        let changes = one.sync();
        assert!(changes.gone);
        assert_eq!((changes.vanished, changes.entries), (Vec::new(), Vec::new()));
        let expunge = Request::Expunge { uids: super::uids(&[1]) };
        assert_eq!(one.fails(expunge), Failure::NoMailbox);
        let read = Request::Read { uid: uid(1), offset: 0, length: 10 };
        assert_eq!(one.fails(read), Failure::NoMailbox);
        one.done(Request::Close);
    }
}

/// A literal that was begun can be ended.
pub fn a_message_is_read_to_its_end(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    one.append("INBOX", Flags::NONE, b"0123456789\r\n");
    one.open("INBOX");
    two.open("INBOX");
    let read = |offset| Request::Read { uid: uid(1), offset, length: 4 };
    assert_eq!(one.ask(read(0)), Answer::Read { end: false });
    two.expunge(&[1]);
    assert_eq!(two.fails(read(0)), Failure::NoMessage);
    assert_eq!(one.ask(read(4)), Answer::Read { end: false });
    assert_eq!(one.octets(), b"4567");
    assert_eq!(one.sync().vanished, [uid(1)]);
    assert_eq!(one.ask(read(8)), Answer::Read { end: true });
    one.open("INBOX");
    assert_eq!(one.fails(read(8)), Failure::NoMessage);
}

/// RFC 3501 §6.3.1.
pub fn an_open_that_fails_closes(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.open("INBOX");
    let open = desk.opening("none", Access::ReadWrite);
    assert_eq!(desk.fails(open), Failure::NoMailbox);
    assert_eq!(desk.fails(Request::Sync), Failure::NoMailbox);
}

/// RFC 7162 §3.2.10: every UID that was removed after a mod-sequence, and none that is there.
pub fn what_vanished_is_told_to_whoever_comes_back(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    for _ in 0..6 {
        desk.append("INBOX", Flags::NONE, b"x\r\n");
    }
    let highest = |desk: &mut Desk<_>| match Desk::ask(desk, Request::Sync) {
        Answer::Mailbox(snapshot) => snapshot.highest_modseq,
        other => panic!("no snapshot: {other:?}"),
    };
    let since = |desk: &mut Desk<_>, since| match Desk::ask(desk, Request::Vanished { since }) {
        Answer::Vanished(uids) => alloc::format!("{uids}"),
        other => panic!("nothing vanished: {other:?}"),
    };
    assert_eq!(desk.fails(Request::Vanished { since: 0 }), Failure::NoMailbox);
    desk.open("INBOX");
    let start = highest(&mut desk);
    desk.expunge(&[2, 3]);
    let middle = highest(&mut desk);
    assert!(middle > start);
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    desk.expunge(&[6]);
    assert_eq!(since(&mut desk, start), "2:3,6");
    assert_eq!(since(&mut desk, middle), "6");
    let end = highest(&mut desk);
    assert_eq!(since(&mut desk, end), "");
    assert_eq!(desk.append("INBOX", Flags::NONE, b"y\r\n"), 7);
    assert_eq!(since(&mut desk, end), "");
}
