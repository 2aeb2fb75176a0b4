//! Stopped at any moment and started again: UIDs stay unique and stable.

use super::maildirs;
use super::snapshot::Snapshot;
use crate::scratch::Scratch;
use crate::{CountingFiles, Errno, Fault, RealFiles};
use postroad_core::machine::Instant;
use postroad_core::store::suite::{Desk, account, name};
use postroad_core::store::{Answer, Atomicity, Flags, Request, Status, Target};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

/// Stops after each call of an APPEND in turn, again and again on the same folder, with the map
/// torn as a crash tears it. A UID that was ever shown belongs to the same octets for ever.
#[test]
fn uids_stay_unique_and_stable() {
    let scratch = Scratch::new();
    let map = scratch.path().join("example.org/alice/postroad-uids");
    let mut shown: BTreeMap<u32, String> = BTreeMap::new();
    let mut acknowledged = Vec::new();
    let mut validity = None;
    for round in 0..80 {
        let files = CountingFiles::new(RealFiles);
        let maildirs = maildirs(&scratch, Arc::new(files.clone()));
        let mut desk = Desk::new(&maildirs);
        desk.open("INBOX");
        let text = format!("letter {round}\r\n");
        desk.write(text.as_bytes());
        files.restart(Some(Fault { at: round % 20, for_ever: true, errno: Errno::IO }));
        let append = desk.appending("INBOX", Flags::NONE, &[]);
        if let Answer::Appended { uids, .. } = desk.ask(append) {
            acknowledged.extend(uids.iter().map(|uid| (uid.get(), text.clone())));
        }
        // What was not synced may be there in part.
        if round % 3 == 0
            && acknowledged.last().is_none_or(|(_, last)| !last.contains(&format!(" {round}\r")))
        {
            let mut whole = fs::read(&map).unwrap();
            whole.extend_from_slice(b"2468ace0 99 - torn");
            fs::write(&map, whole).unwrap();
        }
        drop(desk);
        let seen = Snapshot::of(&super::maildirs(&scratch, Arc::new(RealFiles)));
        let inbox = &seen.mailboxes["INBOX"];
        assert_eq!(*validity.get_or_insert(inbox.uid_validity), inbox.uid_validity);
        for (uid, message) in &inbox.messages {
            assert!(inbox.uid_next > *uid);
            let before = shown.entry(*uid).or_insert_with(|| message.octets.clone());
            assert_eq!(*before, message.octets, "UID {uid}");
        }
        for (uid, text) in &acknowledged {
            assert_eq!(inbox.messages[uid].octets, *text);
        }
        assert_eq!(shown.len(), inbox.messages.len(), "nothing that was shown is gone");
    }
    assert!(acknowledged.len() > 5 && acknowledged.len() < 75);
}

/// The map lost its end, as if the last appends had never been synced: the messages that had their
/// UIDs there get others, and the earlier ones keep theirs.
#[test]
fn a_map_cut_short_keeps_what_it_has() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
    for number in 0..5 {
        desk.append("INBOX", Flags::NONE, format!("{number}\r\n").as_bytes());
    }
    drop(desk);
    let map = scratch.path().join("example.org/alice/postroad-uids");
    let whole = fs::read(&map).unwrap();
    let start = whole.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    for cut in start..whole.len() {
        fs::write(&map, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|octet| **octet == b'\n').count();
        let whole_records = lines.saturating_sub(3);
        for _ in 0..2 {
            let seen = Snapshot::of(&maildirs(&scratch, Arc::new(RealFiles)));
            let messages = &seen.mailboxes["INBOX"].messages;
            assert_eq!(messages.len(), 5);
            for number in 0..whole_records {
                let uid = u32::try_from(number).unwrap() + 1;
                assert_eq!(messages[&uid].octets, format!("{number}\r\n"), "cut at {cut}");
            }
        }
    }
}

/// A map that has grown idle is written anew, with everything that it has to keep.
#[test]
fn an_idle_map_is_compacted() {
    let scratch = Scratch::new();
    let map = scratch.path().join("example.org/alice/postroad-uids");
    let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
    let inbox = scratch.path().join("example.org/alice");
    desk.open("INBOX");
    for number in 0..2_000 {
        fs::write(inbox.join(format!("new/{number}.a.other")), "x\n").unwrap();
    }
    desk.sync();
    let all: Vec<u32> = (2..=2_000).collect();
    desk.expunge(&all);
    let before = (desk.status("INBOX"), fs::metadata(&map).unwrap().len());
    let again = maildirs(&scratch, Arc::new(RealFiles));
    let mut later = Desk::new(&again);
    later.now = Instant::from_seconds(2_000_000_001);
    let status = later.status("INBOX");
    assert!(status.highest_modseq >= before.0.highest_modseq);
    let highest_modseq = before.0.highest_modseq;
    assert_eq!(Status { highest_modseq, ..status }, before.0);
    assert_eq!((status.uid_next, status.recent), (2_001, 0));
    assert!(fs::metadata(&map).unwrap().len() < before.1 / 10);
    // The size that had to be found out is still known.
    let files = CountingFiles::new(RealFiles);
    let maildirs = maildirs(&scratch, Arc::new(files.clone()));
    files.restart_tracing();
    assert_eq!(Desk::new(&maildirs).open("INBOX").entries[0].size, 3);
    let opened = |(call, path): &(&str, std::path::PathBuf)| {
        *call == "open" && path.to_string_lossy().contains("/cur/")
    };
    assert!(!files.trace().iter().any(opened));
}

/// Delivered, but never acknowledged: the queue tries again after the restart.
#[test]
fn delivery_is_repeated_without_harm() {
    for at in 0..40 {
        let scratch = Scratch::new();
        let files = CountingFiles::new(RealFiles);
        let mut desk = Desk::new(&maildirs(&scratch, Arc::new(files.clone())));
        desk.create("a");
        let deliver = || Request::Deliver {
            id: "Q1".into(),
            targets: ["INBOX", "a"]
                .map(|mailbox| Target { account: account(), mailbox: name(mailbox) })
                .into(),
            atomicity: Atomicity::All,
        };
        desk.write(b"letter\r\n");
        files.restart(Some(Fault { at, for_ever: true, errno: Errno::IO }));
        desk.ask(deliver());
        drop(desk);
        let again = maildirs(&scratch, Arc::new(RealFiles));
        let mut desk = Desk::new(&again);
        desk.now = Instant::from_seconds(2_000_009_000);
        desk.open("INBOX");
        desk.write(b"letter\r\n");
        assert!(matches!(desk.ask(deliver()), Answer::Delivered(_)));
        let seen = Snapshot::of(&again);
        assert_eq!(seen.octets()["letter\r\n"], 2, "at {at}");
    }
}
