//! Names: deep trees, what is below a mailbox, and folders that go under a session's feet.

use super::{Folder, maildirs};
use crate::scratch::Scratch;
use crate::{CountingFiles, Errno, Fault, RealFiles, Session};
use postroad_core::store::suite::{Desk, account, name, uid, uids};
use postroad_core::store::{Answer, Failure, FlagAction, Flags, Request};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

const LEVELS: usize = 17;
const CHILDREN: usize = 40;

fn path(folder: &Folder, name: &str) -> PathBuf {
    folder.scratch.path().join("example.org/alice").join(name)
}

/// A tree of many levels, whose middle has many children.
fn grow(desk: &mut Desk<Session>) {
    let levels: Vec<_> = (0..LEVELS).map(|level| level.to_string()).collect();
    let deepest = format!("a.{}", levels.join("."));
    desk.create(&deepest);
    desk.append(&deepest, Flags::SEEN, b"deep\r\n");
    for child in 0..CHILDREN {
        desk.create(&format!("a.0.1.c{child}"));
    }
}

/// RFC 9051 §6.3.6: the inferiors are renamed, too; all of them, or none when it fails anywhere.
#[test]
fn a_deep_tree_is_renamed_as_a_whole() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
    grow(&mut desk);
    let before = desk.list();
    drop(desk);
    let files = CountingFiles::new(RealFiles);
    let maildirs = maildirs(&scratch, Arc::new(files.clone()));
    let mut desk = Desk::new(&maildirs);
    files.restart_tracing();
    desk.list();
    let rename = desk.rename("a", "x.y");
    let back = desk.rename("x.y", "a");
    desk.done(rename.clone());
    desk.done(back);
    let renames = files.trace().iter().filter(|(call, _)| *call == "rename").count();
    assert!(renames > 2 * (LEVELS + CHILDREN), "{renames}");
    files.restart_tracing();
    desk.done(rename.clone());
    let moved = desk.list();
    let trace = files.trace();
    let back = desk.rename("x.y", "a");
    desk.done(back);
    // The parent that was made for it stays.
    let mut with_parent = before.clone();
    with_parent.extend(["M x".to_owned()]);
    assert_eq!(desk.list().len(), with_parent.len());
    let delete = desk.delete("x");
    desk.done(delete);
    assert_eq!(desk.list(), before);
    let places = trace.iter().enumerate().filter(|(_, (call, _))| *call == "rename");
    for at in places.map(|(at, _)| at).step_by(7) {
        files.restart(Some(Fault { at, for_ever: false, errno: Errno::IO }));
        let answer = desk.ask(rename.clone());
        files.restart(None);
        if answer == Answer::Done {
            assert_eq!(desk.list(), moved);
            let back = desk.rename("x.y", "a");
            desk.done(back);
            let delete = desk.delete("x");
            desk.done(delete);
        }
        assert_eq!(desk.list(), before, "at {at}: {answer:?}");
    }
}

/// RFC 9051 §6.3.5: what is below a mailbox stays when it is deleted, and its name with it; a name
/// that is only a level can't be deleted.
#[test]
fn deleting_leaves_what_is_below() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    desk.create("a.b");
    desk.append("a", Flags::NONE, b"one\r\n");
    desk.append("a.b", Flags::NONE, b"two\r\n");
    let validity = desk.status("a").uid_validity;
    let delete = desk.delete("a");
    desk.done(delete.clone());
    assert_eq!(desk.list(), ["M INBOX", "L a", "M a.b"]);
    assert!(matches!(desk.fails(delete), Failure::Refused(_)));
    let status = Request::Status { account: account(), mailbox: name("a") };
    assert_eq!(desk.fails(status), Failure::NoMailbox);
    assert_eq!(desk.status("a.b").messages, 1);
    // Made again, it is another mailbox.
    desk.create("a");
    let status = desk.status("a");
    assert_eq!(status.messages, 0);
    assert!(status.uid_validity > validity);
}

/// A mailbox that another program removes while sessions have it open: each of them is told once it
/// asks, every request has an answer, and what is delivered next is found at the first SELECT.
#[test]
fn a_folder_removed_under_sessions() {
    let folder = Folder::new();
    let (mut one, mut two) = (Desk::new(&folder), Desk::new(&folder));
    for mailbox in ["INBOX", "a"] {
        if mailbox == "a" {
            one.create("a");
        }
        one.append(mailbox, Flags::NONE, b"one\r\n");
        one.append(mailbox, Flags::NONE, b"two\r\n");
        let validity = one.open(mailbox).uid_validity;
        two.open(mailbox);
        assert_eq!(two.read(2, 10), b"two\r\n");
        fs::remove_dir_all(path(&folder, if mailbox == "a" { ".a" } else { "" })).unwrap();
        let gone = Request::Read { uid: uid(1), offset: 0, length: 10 };
        assert!(matches!(one.fails(gone), Failure::NoMailbox | Failure::NoMessage));
        assert_eq!(two.read(2, 10), b"two\r\n", "what was being read is read to its end");
        let set = Request::SetFlags {
            uids: uids(&[1]),
            unchanged_since: None,
            action: FlagAction::Add,
            flags: Flags::SEEN,
            keywords: Vec::new(),
        };
        assert_eq!(one.fails(set), Failure::NoMailbox);
        assert_eq!(two.fails(Request::Expunge { uids: uids(&[1]) }), Failure::NoMailbox);
        assert!(one.sync().gone && two.sync().gone);
        if mailbox == "a" {
            let opening = one.opening("a", postroad_core::store::Access::ReadWrite);
            assert_eq!(one.fails(opening), Failure::NoMailbox);
            one.create("a");
            assert_eq!(one.open("a").entries.len(), 0);
        } else {
            one.deliver("Q9", b"new\r\n");
            let opened = two.open("INBOX");
            assert_eq!(opened.entries.len(), 1);
            assert_eq!(two.read(1, 10), b"new\r\n");
        }
        assert!(one.open(mailbox).uid_validity > validity, "{mailbox}");
    }
}

/// The first SELECT after a delivery into an account that was removed and made again.
#[test]
fn the_first_look_after_a_removal_finds_what_came_since() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    // Else the message being written was left over for years when the folder is read.
    desk.now = super::present(&folder.scratch);
    desk.deliver("Q1", b"old\r\n");
    let before = desk.status("INBOX").uid_validity;
    for round in 0..3 {
        fs::remove_dir_all(path(&folder, "")).unwrap();
        desk.deliver("Q1", format!("new {round}\r\n").as_bytes());
        let opened = desk.open("INBOX");
        assert_eq!(opened.entries.len(), 1, "round {round}");
        assert_eq!(desk.read(1, 10), format!("new {round}\r\n").as_bytes());
        assert!(opened.uid_validity > before);
    }
}
