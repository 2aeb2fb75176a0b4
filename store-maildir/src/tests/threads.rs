//! Many sessions at once, in one process and two.

use super::snapshot::Snapshot;
use super::{Folder, move_all};
use postroad_core::store::suite::{Desk, account, name};
use postroad_core::store::{Answer, FlagAction, Flags, Originals, Request, Uid, UidSet};
use std::collections::BTreeSet;

/// Deliver, read, flag and move to and fro: nothing is lost, nothing doubled, nobody waits for
/// ever.
#[test]
fn sessions_work_side_by_side() {
    const EACH: usize = 25;
    let folder = Folder::new();
    let other = folder.restarted();
    Desk::new(&folder).create("a");
    let now = super::present(&folder.scratch);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let mut desk = if writer == 0 { Desk::new(&other) } else { Desk::new(&folder) };
            desk.now = now;
            scope.spawn(move || {
                for number in 0..EACH {
                    let text = format!("{writer} {number}\r\n");
                    if number % 2 == 0 {
                        desk.deliver(&text, text.as_bytes());
                    } else {
                        desk.append("a", Flags::NONE, text.as_bytes());
                    }
                }
            });
        }
        for (from, to) in [("INBOX", "a"), ("a", "INBOX"), ("a", "a")] {
            let mut desk = Desk::new(&folder);
            desk.now = now;
            scope.spawn(move || {
                desk.open(from);
                for _ in 0..EACH {
                    let entries = desk.sync().entries;
                    let uids: UidSet = entries.iter().map(|entry| entry.uid).take(3).collect();
                    let move_some = Request::Copy {
                        uids,
                        account: account(),
                        to: name(to),
                        flags: Flags::ALL,
                        originals: Originals::Go,
                    };
                    let answer = desk.ask(move_some);
                    assert!(matches!(answer, Answer::Copied(_)), "{answer:?}");
                    let all = UidSet::range(Uid::MIN, Uid::MAX);
                    let answer = desk.ask(Request::SetFlags {
                        unchanged_since: None,
                        uids: all,
                        action: FlagAction::Add,
                        flags: Flags::SEEN,
                        keywords: vec!["word".into()],
                    });
                    assert!(
                        matches!(answer, Answer::Mailbox(_) | Answer::Stored { .. }),
                        "{answer:?}"
                    );
                }
            });
        }
    });
    let seen = Snapshot::of(&folder);
    let texts: BTreeSet<String> = seen.octets().into_keys().collect();
    assert_eq!(texts.len(), 3 * EACH);
    assert!(seen.octets().values().all(|count| *count == 1), "{:?}", seen.octets());
    assert_eq!(seen, Snapshot::of(&folder.restarted()));
}

/// Sessions of two processes move the same messages at the same time: each is moved once, and whoever moved
/// it is told so.
#[test]
fn a_message_is_moved_by_one() {
    const COUNT: u32 = 40;
    let folder = Folder::new();
    let other = folder.restarted();
    let now = super::present(&folder.scratch);
    let mut desk = Desk::new(&folder);
    desk.now = now;
    for to in ["a", "b"] {
        desk.create(to);
    }
    for number in 0..COUNT {
        desk.append("INBOX", Flags::NONE, format!("{number}\r\n").as_bytes());
    }
    let movers = [(&folder.maildirs, "a"), (&folder.maildirs, "b"), (&other, "a"), (&other, "b")];
    let moved: Vec<UidSet> = std::thread::scope(|scope| {
        let movers = movers.map(|(maildirs, to)| {
            let mut desk = Desk::new(maildirs);
            desk.now = now;
            desk.open("INBOX");
            scope.spawn(move || move_all(&mut desk, to).from)
        });
        movers.into_iter().map(|mover| mover.join().unwrap()).collect()
    });
    let mut moved: Vec<u32> = moved.iter().flat_map(UidSet::iter).map(Uid::get).collect();
    moved.sort_unstable();
    assert_eq!(moved, (1..=COUNT).collect::<Vec<_>>());
    let seen = Snapshot::of(&folder);
    assert_eq!(seen.octets().len(), COUNT as usize);
    assert!(seen.octets().values().all(|count| *count == 1), "{:?}", seen.octets());
}
