//! Who observes an account.

use super::sessions::counting;
use super::sharing::bob;
use super::{Bed, Desk, account, name, uids};
use crate::store::{
    Access, Answer, FlagAction, Flags, Happening, MailboxName, Originals, Request, Store,
};
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

fn observe(desk: &mut Desk<impl Store>, observed: bool) {
    desk.done(Request::Observe { account: observed.then(account) });
}

#[track_caller]
fn happened(desk: &mut Desk<impl Store>) -> Vec<Happening> {
    match desk.ask(Request::Happened) {
        Answer::Happened(happenings) => happenings,
        other => panic!("nothing happened: {other:?}"),
    }
}

fn changed(mailbox: &str) -> Happening {
    Happening::Changed(name(mailbox))
}

/// Messages that come, go or change are told by the name of their mailbox; not to who did it.
pub fn observers_hear_what_others_do(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    two.create("a");
    observe(&mut one, true);
    assert_eq!(happened(&mut one), []);
    two.append("a", Flags::NONE, b"x\r\n");
    assert_eq!(happened(&mut one), [changed("a")]);
    two.deliver("Q1", b"y\r\n");
    assert_eq!(happened(&mut one), [changed("INBOX")]);
    two.open("INBOX");
    two.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    assert_eq!(happened(&mut one), [changed("INBOX")]);
    let copy = |account, to, originals| Request::Copy {
        uids: uids(&[1]),
        account,
        to: name(to),
        flags: Flags::ALL,
        originals,
    };
    two.ask(copy(account(), "a", Originals::Stay));
    assert_eq!(happened(&mut one), [changed("a")]);
    let mut of_bob = Desk::new(bed);
    of_bob.done(Request::Observe { account: Some(bob()) });
    two.ask(copy(bob(), "INBOX", Originals::Stay));
    assert_eq!(happened(&mut one), []);
    assert_eq!(happened(&mut of_bob), [changed("INBOX")]);
    two.ask(copy(account(), "a", Originals::Go));
    assert_eq!(happened(&mut one), [changed("a"), changed("INBOX")]);
    two.open("a");
    two.expunge(&[1]);
    two.expunge(&[2]);
    assert_eq!(happened(&mut one), [changed("a")]);
    one.append("a", Flags::NONE, b"own\r\n");
    assert_eq!(happened(&mut one), []);
    // Nothing is changed by looking.
    two.open_as("INBOX", Access::ReadOnly);
    two.status("a");
    two.sync();
    assert_eq!(happened(&mut one), []);
    let failing = Request::Append {
        account: account(),
        mailbox: MailboxName::inbox(),
        flags: Flags::NONE,
        keywords: Vec::new(),
        date: None,
        replaces: None,
    };
    two.fails(failing);
    assert_eq!(happened(&mut one), []);
}

/// Observers are woken by others, whatever they have open.
pub fn observers_are_woken(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    let count = counting(&mut one);
    observe(&mut one, true);
    two.create("a");
    assert_eq!(count.swap(0, Ordering::SeqCst), 1);
    two.append("a", Flags::NONE, b"x\r\n");
    assert_eq!(count.swap(0, Ordering::SeqCst), 1);
    one.append("a", Flags::NONE, b"x\r\n");
    one.create("b");
    assert_eq!(count.load(Ordering::SeqCst), 0);
    drop(one);
    two.create("c");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Names that come, go or change, with those above and below them.
pub fn names_are_observed(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    observe(&mut one, true);
    two.create("a.b");
    let created = |mailbox| Happening::Created(name(mailbox));
    assert_eq!(happened(&mut one), [created("a"), created("a.b")]);
    let subscribe =
        |subscribed| Request::Subscribe { account: account(), mailbox: name("a"), subscribed };
    two.done(subscribe(true));
    two.done(subscribe(true));
    assert_eq!(happened(&mut one), [Happening::Subscribed(name("a"))]);
    let rename = two.rename("a", "c.d");
    two.done(rename);
    let renamed = |from, to| Happening::Renamed { from: name(from), to: name(to) };
    let expected = vec![renamed("a", "c.d"), renamed("a.b", "c.d.b"), created("c")];
    assert_eq!(happened(&mut one), expected);
    two.append("INBOX", Flags::NONE, b"x\r\n");
    happened(&mut one);
    let rename = two.rename("INBOX", "e");
    two.done(rename);
    assert_eq!(happened(&mut one), [created("e"), changed("INBOX")]);
    let delete = two.delete("e");
    two.done(delete.clone());
    two.fails(delete);
    assert_eq!(happened(&mut one), [Happening::Deleted(name("e"))]);
}

/// The wish ends when it is taken back, or another takes its place.
pub fn who_observes_no_more_hears_nothing(bed: &impl Bed) {
    let (mut one, mut two) = (Desk::new(bed), Desk::new(bed));
    assert_eq!(happened(&mut one), []);
    observe(&mut one, true);
    two.create("a");
    observe(&mut one, true);
    assert_eq!(happened(&mut one), []);
    two.create("b");
    observe(&mut one, false);
    assert_eq!(happened(&mut one), []);
}
