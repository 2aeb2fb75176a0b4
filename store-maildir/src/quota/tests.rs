use super::*;
use crate::tests::Folder;
use postroad_core::store::suite::{Desk, account, name, uids};
use postroad_core::store::{Allowances, Answer, FlagAction, Flags, Originals, Request};
use std::fs;
use std::path::PathBuf;

const LIMIT: Allowance = Allowance { octets: Some(1_000), messages: Some(5) };

fn allow(folder: &Folder, allowance: Allowance) -> PathBuf {
    folder.maildirs.set_allowances(Allowances::new(allowance));
    folder.scratch.path().join("example.org/alice").join(FILE)
}

fn used(desk: &mut Desk<crate::Session>) -> (u64, u64) {
    match desk.ask(Request::Quota { account: account() }) {
        Answer::Quota(quota) => (quota.octets.used, quota.messages.used),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sums_are_read() {
    let used = |octets, messages| Weight { octets, messages };
    for (text, expected) in [
        ("1000S,5C\n100 2\n  -40   -1\n", Some(Sums { allowance: LIMIT, used: used(60, 1) })),
        ("5C,1000S\n", Some(Sums { allowance: LIMIT, used: used(0, 0) })),
        ("1000S,5C,7X\n0 0\n", Some(Sums { allowance: LIMIT, used: used(0, 0) })),
        ("0S\n1 1\n", Some(Sums { allowance: Allowance::default(), used: used(1, 1) })),
        ("1000S,5C\n100 2", None),
        ("1000S,5C\n100\n", None),
        ("1000S,5C\n100 2 3\n", None),
        ("1000S,5C\n100 -2\n", None),
        ("S\n", None),
        ("", None),
    ] {
        assert_eq!(Sums::parse(text.as_bytes()), expected, "{text:?}");
    }
    let sums = Sums { allowance: LIMIT, used: used(60, 1) };
    assert_eq!(sums.write(), "1000S,5C\n60 1\n");
    assert_eq!(Sums::parse(sums.write().as_bytes()), Some(sums));
}

#[test]
fn every_change_is_noted() {
    let folder = Folder::new();
    let file = allow(&folder, LIMIT);
    let mut desk = Desk::new(&folder);
    let text = || fs::read_to_string(&file).unwrap();
    desk.create("a");
    desk.deliver("Q1", b"one\r\n");
    assert_eq!(text(), "1000S,5C\n0 0\n5 1\n");
    desk.deliver("Q1", b"one\r\n");
    desk.append("a", Flags::NONE, b"four\n");
    desk.open("INBOX");
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    let copy = |originals| Request::Copy {
        uids: uids(&[1]),
        account: account(),
        to: name("a"),
        flags: Flags::ALL,
        originals,
    };
    assert!(matches!(desk.ask(copy(Originals::Stay)), Answer::Copied(_)));
    assert!(matches!(desk.ask(copy(Originals::Go)), Answer::Copied(_)));
    desk.open("a");
    desk.expunge(&[1]);
    assert_eq!(text(), "1000S,5C\n0 0\n5 1\n5 1\n5 1\n-5 -1\n");
    assert_eq!(used(&mut desk), (10, 2));
    desk.done(Request::Delete { account: account(), mailbox: name("a") });
    assert_eq!(used(&mut desk), (0, 0));
    assert_eq!(text(), "1000S,5C\n0 0\n");
}

#[test]
fn what_other_programs_do_is_followed() {
    let folder = Folder::new();
    let file = allow(&folder, LIMIT);
    let mut desk = Desk::new(&folder);
    desk.deliver("Q1", b"one\r\n");
    fs::write(&file, fs::read_to_string(&file).unwrap() + "900 3\n").unwrap();
    assert_eq!(used(&mut desk), (905, 4));
    // Damaged, missing, too long, with other limits: counted anew.
    let long = "1000S,5C\n".to_owned() + &"1 1\n-1 -1\n".repeat(600);
    for text in ["1000S,5C\n9", "", "2000S\n900 3\n", &long] {
        fs::write(&file, text).unwrap();
        assert_eq!(used(&mut desk), (5, 1), "{text:.20}");
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(used(&mut desk), (5, 1));
    // Full by the file, and old, but not in truth: the checks' time lies years ahead.
    fs::write(&file, "1000S,5C\n1000 4\n").unwrap();
    desk.deliver("Q2", b"two\r\n");
    assert_eq!(used(&mut desk), (10, 2));
}

#[test]
fn an_account_without_limits_has_no_file_of_ours() {
    let folder = Folder::new();
    let file = allow(&folder, Allowance::default());
    let mut desk = Desk::new(&folder);
    desk.deliver("Q1", b"one\r\n");
    assert_eq!(used(&mut desk), (5, 1));
    assert!(!file.exists());
    fs::write(&file, "0S\n5 1\n").unwrap();
    desk.deliver("Q2", b"two\r\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), "0S\n5 1\n5 1\n");
}

#[test]
fn a_fresh_file_that_leaves_no_room_is_believed() {
    let folder = Folder::new();
    let file = allow(&folder, LIMIT);
    let mut desk = Desk::new(&folder);
    desk.deliver("Q1", b"one\r\n");
    fs::write(&file, "1000S,5C\n1000 4\n").unwrap();
    desk.now = crate::tests::present(&folder.scratch);
    assert_eq!(desk.fails(Request::Room { account: account(), octets: 1 }), Failure::OverQuota);
}
