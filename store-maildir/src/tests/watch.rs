//! Inotify: news from other programs wakes sessions, our own do not.

use super::Folder;
use crate::Watcher;
use postroad_core::store::suite::{Desk, account, name};
use postroad_core::store::{Answer, FlagAction, Flags, Happening, Request, Store};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether there is something to read within `seconds`, and reads it.
fn noticed(watcher: &mut Watcher, seconds: i64) -> bool {
    let timeout = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(watcher, PollFlags::IN)], Some(&timeout)).unwrap() > 0;
    watcher.read().unwrap();
    ready
}

fn counting(desk: &mut Desk<impl Store>) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    desk.store().on_news(Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    count
}

#[test]
fn news_from_outside_wake_watchers() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    let count = counting(&mut desk);
    desk.open("INBOX");
    desk.done(Request::Watch(true));
    // A watcher that comes late watches what is watched already.
    let mut watcher = folder.maildirs.watcher().unwrap();
    let inbox = folder.scratch.path().join("example.org/alice");
    fs::write(inbox.join("tmp/1.a.other"), "x\n").unwrap();
    fs::rename(inbox.join("tmp/1.a.other"), inbox.join("new/1.a.other")).unwrap();
    assert!(noticed(&mut watcher, 60));
    assert_eq!(count.swap(0, Ordering::SeqCst), 1);
    assert_eq!(desk.sync().entries.len(), 1);
    // What the session does itself, or tells the others itself, is no news.
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    assert!(noticed(&mut watcher, 60));
    desk.append("INBOX", Flags::NONE, b"y\r\n");
    desk.deliver("Q1", b"z\r\n");
    assert!(noticed(&mut watcher, 60));
    count.store(0, Ordering::SeqCst);
    desk.sync();
    assert!(noticed(&mut watcher, 60));
    desk.expunge(&[2, 3]);
    assert!(noticed(&mut watcher, 60));
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let own = inbox.join("cur/1.a.other:2,S");
    fs::rename(&own, inbox.join("cur/1.a.other:2,")).unwrap();
    assert!(noticed(&mut watcher, 60));
    assert!(count.swap(0, Ordering::SeqCst) > 0);
    assert_eq!(desk.sync().entries.len(), 1);
    desk.done(Request::Watch(false));
    fs::remove_file(inbox.join("cur/1.a.other:2,")).unwrap();
    noticed(&mut watcher, 0);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    // The wish goes along to the next mailbox, and ends with the session.
    desk.done(Request::Watch(true));
    desk.create("a");
    desk.open("a");
    fs::write(inbox.join(".a/cur/3.a.other"), "z").unwrap();
    assert!(noticed(&mut watcher, 60));
    assert!(count.swap(0, Ordering::SeqCst) > 0);
    drop(desk);
    fs::write(inbox.join(".a/cur/4.a.other"), "z").unwrap();
    noticed(&mut watcher, 0);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_removed_folder_wakes_its_watchers() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    let count = counting(&mut desk);
    let mut watcher = folder.maildirs.watcher().unwrap();
    desk.create("a");
    desk.open("a");
    desk.done(Request::Watch(true));
    fs::remove_dir_all(folder.scratch.path().join("example.org/alice/.a")).unwrap();
    assert!(noticed(&mut watcher, 60));
    assert!(count.load(Ordering::SeqCst) > 0);
    assert!(desk.sync().gone);
}

/// A folder keeps its watch when it gets another name; the one that has its old name then is watched, too.
#[test]
fn a_renamed_folder_and_its_successor_are_watched() {
    let folder = Folder::new();
    let (mut one, mut two) = (Desk::new(&folder), Desk::new(&folder));
    let counts = [counting(&mut one), counting(&mut two)];
    let mut watcher = folder.maildirs.watcher().unwrap();
    let account = folder.scratch.path().join("example.org/alice");
    one.create("a");
    one.open("a");
    one.done(Request::Watch(true));
    fs::rename(account.join(".a"), account.join(".b")).unwrap();
    two.open("b");
    two.done(Request::Watch(true));
    let mut hear = |mailbox: &str, number: u32| {
        while noticed(&mut watcher, 0) {}
        counts.iter().for_each(|count| count.store(0, Ordering::SeqCst));
        let path = account.join(format!(".{mailbox}/new/{number}.a.other"));
        fs::write(path, "x\n").unwrap();
        assert!(noticed(&mut watcher, 60));
        counts.each_ref().map(|count| count.load(Ordering::SeqCst) > 0)
    };
    // Who watched it by its old name goes: the watch stays for who knows the new one.
    one.done(Request::Watch(false));
    assert_eq!(hear("b", 1), [false, true]);
    one.create("a");
    one.open("a");
    one.done(Request::Watch(true));
    assert_eq!(hear("a", 2), [true, false]);
    assert_eq!(hear("b", 3), [false, true]);
}

/// A folder that is removed and made again is watched again, even while somebody has not noticed.
#[test]
fn a_folder_that_is_made_again_is_watched_again() {
    let folder = Folder::new();
    let (mut one, mut two) = (Desk::new(&folder), Desk::new(&folder));
    let count = counting(&mut two);
    let mut watcher = folder.maildirs.watcher().unwrap();
    let path = folder.scratch.path().join("example.org/alice/.a");
    one.create("a");
    one.open("a");
    one.done(Request::Watch(true));
    fs::remove_dir_all(&path).unwrap();
    two.create("a");
    two.open("a");
    two.done(Request::Watch(true));
    while noticed(&mut watcher, 0) {}
    count.store(0, Ordering::SeqCst);
    fs::write(path.join("new/1.a.other"), "x\n").unwrap();
    assert!(noticed(&mut watcher, 60));
    assert!(count.load(Ordering::SeqCst) > 0);
}

#[test]
fn observers_hear_of_what_other_programs_do() {
    let folder = Folder::new();
    let mut desk = Desk::new(&folder);
    let count = counting(&mut desk);
    desk.create("a");
    desk.done(Request::Observe { account: Some(account()) });
    // A watcher that comes late watches what is observed already.
    let mut watcher = folder.maildirs.watcher().unwrap();
    let inbox = folder.scratch.path().join("example.org/alice");
    let mut hear = |desk: &mut Desk<_>| {
        while noticed(&mut watcher, 0) {}
        match desk.ask(Request::Happened) {
            Answer::Happened(happenings) => happenings,
            other => panic!("nothing happened: {other:?}"),
        }
    };
    let changed = |mailbox| vec![Happening::Changed(name(mailbox))];
    fs::write(inbox.join("new/1.a.other"), "x\n").unwrap();
    assert_eq!(hear(&mut desk), changed("INBOX"));
    assert!(count.swap(0, Ordering::SeqCst) > 0);
    fs::write(inbox.join(".a/cur/2.a.other:2,S"), "x\n").unwrap();
    assert_eq!(hear(&mut desk), changed("a"));
    fs::remove_file(inbox.join(".a/cur/2.a.other:2,S")).unwrap();
    assert_eq!(hear(&mut desk), changed("a"));
    // A folder is a mailbox once its own folders are there.
    fs::create_dir(inbox.join(".b")).unwrap();
    assert_eq!(hear(&mut desk), []);
    for own in ["tmp", "new", "cur"] {
        fs::create_dir(inbox.join(".b").join(own)).unwrap();
    }
    assert_eq!(hear(&mut desk), [Happening::Created(name("b"))]);
    fs::write(inbox.join(".b/new/3.a.other"), "x\n").unwrap();
    assert_eq!(hear(&mut desk), changed("b"));
    fs::write(inbox.join("tmp/subscriptions"), "b\n").unwrap();
    fs::rename(inbox.join("tmp/subscriptions"), inbox.join("subscriptions")).unwrap();
    assert!(hear(&mut desk).contains(&Happening::Subscribed(name("b"))));
    fs::remove_dir_all(inbox.join(".b")).unwrap();
    assert_eq!(hear(&mut desk).last(), Some(&Happening::Deleted(name("b"))));
    // What the session does itself is no news.
    desk.append("a", Flags::NONE, b"y\r\n");
    assert_eq!(hear(&mut desk), []);
    desk.done(Request::Observe { account: None });
    fs::write(inbox.join("new/4.a.other"), "x\n").unwrap();
    count.store(0, Ordering::SeqCst);
    assert_eq!(hear(&mut desk), []);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}
