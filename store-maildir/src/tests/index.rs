//! What is cached saves work and changes nothing.

use super::maildirs;
use super::snapshot::Snapshot;
use crate::index::Index;
use crate::mailbox::Kept;
use crate::scratch::Scratch;
use crate::{CountingFiles, RealFiles};
use postroad_core::store::suite::{Desk, uid};
use postroad_core::store::{Answer, Entry, FlagAction, Flags, Request, Uid};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

fn inbox(scratch: &Scratch) -> PathBuf {
    scratch.path().join("example.org/alice")
}

/// Some messages, ours and of another program, flags, keywords, gaps; and an index of them.
fn filled() -> Scratch {
    let scratch = Scratch::new();
    let store = maildirs(&scratch, Arc::new(RealFiles));
    let mut desk = Desk::new(&store);
    for number in 0..6 {
        desk.append("INBOX", Flags::NONE, format!("Subject: {number}\r\n\r\n").as_bytes());
    }
    desk.deliver("Q1", b"delivered\r\n");
    fs::write(inbox(&scratch).join("cur/1.a.other,S=3,X:2,ZSa"), "x\n\n").unwrap();
    fs::write(inbox(&scratch).join("new/2.b.other"), "y\n").unwrap();
    desk.open("INBOX");
    desk.flag(&[1, 3], FlagAction::Add, Flags::SEEN, &["word"]);
    desk.expunge(&[2]);
    desk.flag(&[4], FlagAction::Add, Flags::FLAGGED, &[]);
    assert_eq!(desk.ask(Request::Summary { uid: uid(1) }), Answer::Summary);
    scratch
}

fn seen(scratch: &Scratch) -> Snapshot {
    Snapshot::of(&maildirs(scratch, Arc::new(RealFiles)))
}

#[test]
fn a_damaged_index_changes_no_answer() {
    let scratch = filled();
    let path = inbox(&scratch).join(crate::index::FILE);
    let before = seen(&scratch);
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(seen(&scratch), before, "without an index");
    // That every octet is looked at is checked where the file is read.
    for at in (0..whole.len()).step_by(17) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        assert_eq!(seen(&scratch), before, "at {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(seen(&scratch), before, "cut at {at}");
    }
}

#[test]
fn once_settled_it_is_believed_whatever_happens_to_the_machine() {
    let scratch = Scratch::new();
    let store = maildirs(&scratch, Arc::new(RealFiles));
    let mut desk = Desk::new(&store);
    desk.append("INBOX", Flags::NONE, b"one\r\n");
    desk.open("INBOX");
    desk.flag(&[1], FlagAction::Add, Flags::SEEN, &[]);
    let path = inbox(&scratch).join(crate::index::FILE);
    let changed = || Index::parse(&fs::read(&path).unwrap()).unwrap().changed;
    assert!(changed());
    store.settle();
    assert!(!changed());
}

/// An index of an earlier moment, as a backup brings it back.
#[test]
fn an_old_index_changes_no_answer() {
    let scratch = filled();
    let path = inbox(&scratch).join(crate::index::FILE);
    let old = fs::read(&path).unwrap();
    let store = maildirs(&scratch, Arc::new(RealFiles));
    let mut desk = Desk::new(&store);
    desk.open("INBOX");
    desk.flag(&[1], FlagAction::Replace, Flags::DRAFT, &[]);
    desk.expunge(&[3]);
    desk.append("INBOX", Flags::NONE, b"more\r\n");
    drop((desk, store));
    let before = seen(&scratch);
    fs::write(&path, old).unwrap();
    assert_eq!(seen(&scratch), before);
}

#[test]
fn a_damaged_cache_changes_no_answer() {
    let scratch = filled();
    let path = inbox(&scratch).join(crate::cache::FILE);
    let whole = fs::read(&path).unwrap();
    let told = || {
        let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
        desk.open("INBOX");
        assert_eq!(desk.ask(Request::Summary { uid: uid(1) }), Answer::Summary);
        desk.octets().to_vec()
    };
    let before = told();
    for at in (0..whole.len()).step_by(3) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        assert_eq!(told(), before, "at {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(told(), before, "cut at {at}");
    }
}

/// Maps that tell keys only are read, and their messages are found, by an index, too.
#[test]
fn maps_of_old_are_read() {
    let scratch = filled();
    let before = seen(&scratch);
    let map = inbox(&scratch).join("postroad-uids");
    let text = fs::read_to_string(&map).unwrap();
    let mut old = String::new();
    for line in text.lines() {
        let record = line[9..].split(',').next().unwrap();
        postroad_core::encoding::checked::push(&mut old, record);
    }
    assert!(old.len() < text.len());
    fs::write(&map, old).unwrap();
    fs::remove_file(inbox(&scratch).join(crate::index::FILE)).unwrap();
    for _ in 0..2 {
        assert_eq!(seen(&scratch), before);
    }
    let store = maildirs(&scratch, Arc::new(RealFiles));
    let mut desk = Desk::new(&store);
    desk.open("INBOX");
    desk.flag(&[1, 4, 5], FlagAction::Add, Flags::DRAFT, &[]);
    desk.expunge(&[6]);
    drop((desk, store));
    let after = seen(&scratch);
    assert_eq!(
        after.mailboxes["INBOX"].messages.len(),
        before.mailboxes["INBOX"].messages.len() - 1
    );
}

/// With a good index a mailbox is opened by a number of calls that does not depend on how many
/// messages it has, without reading its folders; one in memory is opened with a few looks.
#[test]
fn opening_is_constant_work() {
    let mut counts = Vec::new();
    for size in [1_000, 10_000] {
        let scratch = Scratch::new();
        let files = CountingFiles::new(RealFiles);
        let store = maildirs(&scratch, Arc::new(files.clone()));
        Desk::new(&store).status("INBOX");
        let cur = inbox(&scratch).join("cur");
        for number in 0..size {
            fs::write(cur.join(format!("{number}.Q{number}.other,S=3,W=3:2,S")), "x\r\n").unwrap();
        }
        assert_eq!(Desk::new(&store).open("INBOX").entries.len(), size);
        drop(store);
        let store = maildirs(&scratch, Arc::new(files.clone()));
        files.restart_tracing();
        let mut desk = Desk::new(&store);
        assert_eq!(desk.open("INBOX").entries.len(), size);
        let cold = files.calls();
        for (call, path) in files.trace() {
            let in_messages = path.parent().is_some_and(|folder| folder.ends_with("cur"));
            let lists_messages = call == "list" && !path.ends_with("tmp");
            assert!(!in_messages && !lists_messages, "{call} {path:?}");
        }
        files.restart(None);
        assert_eq!(Desk::new(&store).open("INBOX").entries.len(), size);
        let warm = files.calls();
        files.restart(None);
        desk.sync();
        let sync = files.calls();
        counts.push((cold, warm, sync));
    }
    assert_eq!(counts[0], counts[1]);
    let (cold, warm, sync) = counts[0];
    assert!(cold < 40 && warm < 6 && sync < 4, "{counts:?}");
}

/// A message that we deliver does not make us read the folder again.
#[test]
fn our_own_deliveries_cost_no_look() {
    let scratch = filled();
    let files = CountingFiles::new(RealFiles);
    let store = maildirs(&scratch, Arc::new(files.clone()));
    let mut desk = Desk::new(&store);
    let now = super::present(&scratch);
    desk.now = now;
    desk.open("INBOX");
    files.restart_tracing();
    for number in 0..5 {
        desk.deliver(&format!("own{number}"), b"x\r\n");
        assert_eq!(desk.sync().entries.len(), 1);
    }
    assert!(!files.trace().iter().any(|(call, _)| *call == "list"), "{:?}", files.trace());
}

/// Delivering an id again changes nothing, wherever its message has gone in the mailbox, with an
/// index and without.
#[test]
fn ids_are_known_after_a_restart() {
    let scratch = filled();
    for without in [false, false, true] {
        if without {
            fs::remove_file(inbox(&scratch).join(crate::index::FILE)).unwrap();
        }
        let before = seen(&scratch);
        let store = maildirs(&scratch, Arc::new(RealFiles));
        let mut desk = Desk::new(&store);
        desk.deliver("Q1", b"delivered\r\n");
        desk.open("INBOX");
        drop((desk, store));
        assert_eq!(seen(&scratch), before);
        let store = maildirs(&scratch, Arc::new(RealFiles));
        let mut desk = Desk::new(&store);
        desk.open("INBOX");
        desk.flag(&[7], FlagAction::Add, Flags::FLAGGED, &["other"]);
    }
}

/// Summaries outlive the process: no message is read again.
#[test]
fn summaries_are_kept() {
    let scratch = filled();
    for without in [false, true] {
        if without {
            fs::remove_file(inbox(&scratch).join(crate::index::FILE)).unwrap();
        }
        let files = CountingFiles::new(RealFiles);
        let mut desk = Desk::new(&maildirs(&scratch, Arc::new(files.clone())));
        desk.open("INBOX");
        files.restart_tracing();
        assert_eq!(desk.ask(Request::Summary { uid: uid(1) }), Answer::Summary);
        let Answer::Structure(_) = desk.ask(Request::Structure { uid: uid(1) }) else { panic!() };
        let opened = |(call, path): &(&str, PathBuf)| {
            *call == "open" && path.parent().is_some_and(|folder| folder.ends_with("cur"))
        };
        assert!(!files.trace().iter().any(opened));
    }
}

/// What a message costs while its mailbox is in memory: entry, place, a queue id, and the room that
/// the lists keep free (a sixteenth and an eighth).
#[test]
fn a_message_costs_less_than_64_octets() {
    let kept = size_of::<(Uid, Kept)>();
    assert_eq!((size_of::<Entry>(), kept), (40, 16));
    let id = size_of::<u32>();
    let chunk = 80.0 / 256.0;
    let most = 40.0 + chunk + kept as f64 * 17.0 / 16.0 + id as f64 * 9.0 / 8.0;
    assert!(most < 64.0, "{most}");
}
