//! Checks of quotas (RFC 9208).

use super::{Bed, Desk, account, inbox, name, uids};
use crate::store::{
    Allowance, Allowances, Answer, Atomicity, Failure, Flags, Originals, Quota, Request, Store,
    Target,
};

fn allow(bed: &impl Bed, octets: Option<u64>, messages: Option<u64>) {
    bed.set_allowances(Allowances::new(Allowance { octets, messages }));
}

fn quota(desk: &mut Desk<impl Store>) -> Quota {
    match desk.ask(Request::Quota { account: account() }) {
        Answer::Quota(quota) => quota,
        other => panic!("{other:?}"),
    }
}

fn used(desk: &mut Desk<impl Store>) -> (u64, u64) {
    let Quota { octets, messages } = quota(desk);
    (octets.used, messages.used)
}

fn room(octets: u64) -> Request {
    Request::Room { account: account(), octets }
}

fn deliver(id: &str, mailboxes: &[&str], atomicity: Atomicity) -> Request {
    let target = |mailbox: &&str| Target { mailbox: name(mailbox), ..inbox() };
    Request::Deliver { id: id.into(), targets: mailboxes.iter().map(target).collect(), atomicity }
}

/// Every mailbox counts, with and without limits.
pub fn what_is_used_is_told(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("Trash");
    desk.deliver("Q1", b"1234\r\n");
    desk.append("Trash", Flags::DELETED, b"12\r\n");
    assert_eq!(used(&mut desk), (10, 2));
    assert_eq!((quota(&mut desk).octets.limit, quota(&mut desk).messages.limit), (None, None));
    allow(bed, Some(100), Some(5));
    assert_eq!(quota(&mut desk), Allowance { octets: Some(100), messages: Some(5) }.quota(10, 2));
    desk.open("INBOX");
    desk.expunge(&[1]);
    assert_eq!(used(&mut desk), (4, 1));
    desk.done(Request::Delete { account: account(), mailbox: name("Trash") });
    assert_eq!(used(&mut desk), (0, 0));
}

/// However it comes, and nothing is left of it.
pub fn what_exceeds_the_quota_is_refused(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    allow(bed, Some(10), None);
    desk.done(room(10));
    assert_eq!(desk.fails(room(11)), Failure::OverQuota);
    desk.deliver("Q1", b"1234\r\n");
    desk.done(room(4));
    assert_eq!(desk.fails(room(5)), Failure::OverQuota);
    desk.write(b"123\r\n");
    let append = desk.appending("INBOX", Flags::NONE, &[]);
    assert_eq!(desk.fails(append), Failure::OverQuota);
    // Two that fit one by one, but not together.
    desk.write(b"1\r\n");
    let both = deliver("Q2", &["INBOX", "a", "INBOX"], Atomicity::All);
    assert_eq!(desk.fails(both), Failure::OverQuota);
    desk.write(b"123\r\n");
    let each = desk.ask(deliver("Q3", &["INBOX", "a"], Atomicity::Each));
    assert_eq!(each, Answer::Delivered(alloc::vec![Err(Failure::OverQuota); 2]));
    desk.open("INBOX");
    let copy = Request::Copy {
        uids: uids(&[1]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Stay,
    };
    assert_eq!(desk.fails(copy), Failure::OverQuota);
    assert_eq!((desk.status("INBOX").messages, desk.status("a").messages), (1, 0));
    assert_eq!(used(&mut desk), (6, 1));
    // One of two has room.
    desk.write(b"1\r\n");
    let each = desk.ask(deliver("Q4", &["INBOX", "a"], Atomicity::Each));
    assert_eq!(each, Answer::Delivered(alloc::vec![Ok(()), Err(Failure::OverQuota)]));
    allow(bed, Some(12), None);
    desk.done(room(3));
}

/// RFC 9208 §5.2.
pub fn the_number_of_messages_is_limited(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    allow(bed, None, Some(2));
    desk.deliver("Q1", b"1\r\n");
    desk.append("INBOX", Flags::NONE, b"2\r\n");
    assert_eq!(desk.fails(room(0)), Failure::OverQuota);
    desk.open("INBOX");
    desk.expunge(&[2]);
    desk.done(room(0));
}

/// What only changes its place takes nothing.
pub fn a_move_needs_no_room(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    desk.create("a");
    desk.deliver("Q1", b"1234\r\n");
    allow(bed, Some(6), Some(1));
    desk.open("INBOX");
    let moving = Request::Copy {
        uids: uids(&[1]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals: Originals::Go,
    };
    assert!(matches!(desk.ask(moving), Answer::Copied(_)));
    assert_eq!((desk.status("a").messages, used(&mut desk)), (1, (6, 1)));
}

/// A delivery that is repeated after a crash has had its room.
pub fn a_delivered_id_needs_no_room(bed: &impl Bed) {
    let mut desk = Desk::new(bed);
    allow(bed, None, Some(1));
    desk.deliver("Q1", b"1\r\n");
    desk.deliver("Q1", b"1\r\n");
    assert_eq!(used(&mut desk), (3, 1));
}
