//! Many who file messages in one mailbox share its syncs.

use super::maildirs;
use super::snapshot::Snapshot;
use crate::gate::Gate;
use crate::scratch::Scratch;
use crate::{CountingFiles, Errno, Files, Maildirs, RealFiles, Result, Session};
use postroad_core::store::suite::{Desk, inbox};
use postroad_core::store::{Answer, Atomicity, Flags, Request};
use std::path::PathBuf;
use std::sync::Arc;

const WRITERS: usize = 12;

type Trace = Vec<(&'static str, PathBuf)>;

fn deliver(number: usize) -> Request {
    let id = format!("Q{number}");
    Request::Deliver { id, targets: vec![inbox()], atomicity: Atomicity::All }
}

fn append(desk: &Desk<Session>) -> Request {
    desk.appending("INBOX", Flags::NONE, &[])
}

/// Files a message in each of many threads, all but the first while its sync is running; the calls
/// that were made, and the answers.
fn file_together(
    request: fn(&Desk<Session>, usize) -> Request,
    second: Result<()>,
) -> (Trace, Vec<Answer>, Scratch) {
    let scratch = Scratch::new();
    Desk::new(&maildirs(&scratch, Arc::new(RealFiles))).open("INBOX");
    let gate = Gate::default();
    let files = CountingFiles::new(gate.clone());
    let maildirs = maildirs(&scratch, Arc::new(files.clone()));
    let mut desks: Vec<_> = (0..WRITERS).map(|_| Desk::new(&maildirs)).collect();
    for (number, desk) in desks.iter_mut().enumerate() {
        desk.write(format!("letter {number}\r\n").as_bytes());
    }
    files.restart_tracing();
    let answers = std::thread::scope(|scope| {
        let mut desks = desks.into_iter().enumerate();
        let mut writer = || {
            let (number, mut desk) = desks.next().unwrap();
            scope.spawn(move || desk.ask(request(&desk, number)))
        };
        let mut writers = vec![writer()];
        let syncing = || files.trace().iter().any(|(call, _)| *call == "sync_folder");
        while !syncing() && !writers[0].is_finished() {
            std::thread::yield_now();
        }
        writers.extend((1..WRITERS).map(|_| writer()));
        while waiting(&maildirs, &scratch) < WRITERS - 1
            && !writers.iter().any(|writer| writer.is_finished())
        {
            std::thread::yield_now();
        }
        // While a sync is running, others can look, and see nothing of it.
        assert_eq!(Desk::new(&maildirs).status("INBOX").messages, 0);
        gate.let_go(Ok(()));
        gate.let_go(second);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    (files.trace(), answers, scratch)
}

/// How many wait for the second sync.
fn waiting(maildirs: &Maildirs, scratch: &Scratch) -> usize {
    let slot = maildirs.shared.loaded(&scratch.path().join("example.org/alice"));
    slot.map_or(0, |slot| slot.waiting())
}

fn places(trace: &Trace, wanted: &str, part: &str) -> Vec<usize> {
    let fits =
        |(call, path): &(&str, PathBuf)| *call == wanted && path.to_string_lossy().contains(part);
    trace.iter().enumerate().filter(|(_, one)| fits(one)).map(|(place, _)| place).collect()
}

#[test]
fn deliveries_share_a_sync_that_comes_after_their_names() {
    let (trace, answers, scratch) = file_together(|_, number| deliver(number), Ok(()));
    let delivered = Answer::Delivered(vec![Ok(())]);
    assert!(answers.iter().all(|answer| *answer == delivered), "{answers:?}");
    let (links, syncs) = (places(&trace, "link", "/new/"), places(&trace, "sync_folder", ""));
    assert_eq!((links.len(), syncs.len()), (WRITERS, 2));
    assert!(links[0] < syncs[0] && links.iter().all(|link| *link < syncs[1]));
    let seen = Snapshot::of(&maildirs(&scratch, Arc::new(RealFiles)));
    assert_eq!(seen.octets().len(), WRITERS);
}

#[test]
fn appends_share_the_syncs_of_names_and_uids() {
    let (trace, answers, scratch) = file_together(|desk, _| append(desk), Ok(()));
    let mut numbers: Vec<u32> = answers
        .iter()
        .map(|answer| {
            let Answer::Appended { uids, .. } = answer else { panic!("{answer:?}") };
            uids.iter().next().unwrap().get()
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=WRITERS as u32).collect::<Vec<_>>());
    let (links, syncs) = (places(&trace, "link", "/cur/"), places(&trace, "sync_folder", "/cur"));
    assert_eq!((links.len(), syncs.len()), (WRITERS, 2));
    assert!(links.iter().all(|link| *link < syncs[1]));
    let numbering = places(&trace, "sync", "/postroad-uids");
    assert_eq!(numbering.len(), 2, "{numbering:?}");
    assert!(syncs[0] < numbering[0] && syncs[1] < numbering[1]);
    let seen = Snapshot::of(&maildirs(&scratch, Arc::new(RealFiles)));
    assert_eq!(seen.octets().len(), WRITERS);
}

#[test]
fn a_shared_sync_that_fails_has_failed_for_all() {
    let requests: [fn(&Desk<Session>, usize) -> Request; 2] =
        [|_, number| deliver(number), |desk, _| append(desk)];
    for request in requests {
        let (trace, answers, scratch) = file_together(request, Err(Errno::IO));
        assert_eq!(places(&trace, "sync_folder", "/alice/").len(), 2);
        assert!(!matches!(answers[0], Answer::Failed(_)), "{answers:?}");
        assert!(answers[1..].iter().all(|one| matches!(one, Answer::Failed(_))), "{answers:?}");
        let seen = Snapshot::of(&maildirs(&scratch, Arc::new(RealFiles)));
        assert_eq!(seen.octets().into_keys().collect::<Vec<_>>(), ["letter 0\r\n"]);
        let tmp = scratch.path().join("example.org/alice/tmp");
        assert_eq!(RealFiles.list(&tmp).unwrap().len(), 0);
    }
}

/// A mailbox that is renamed while a message is filed in it does not take that along.
#[test]
fn a_mailbox_renamed_meanwhile_has_acknowledged_nothing() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&maildirs(&scratch, Arc::new(RealFiles)));
    desk.create("a");
    desk.append("INBOX", Flags::NONE, b"letter\r\n");
    desk.append("a", Flags::NONE, b"letter\r\n");
    drop(desk);
    let gate = Gate::default();
    let files = CountingFiles::new(gate.clone());
    let maildirs = maildirs(&scratch, Arc::new(files.clone()));
    let mut desk = Desk::new(&maildirs);
    desk.write(b"letter\r\n");
    files.restart_tracing();
    let calls = |wanted, part| places(&files.trace(), wanted, part).len();
    let (appended, renamed) = std::thread::scope(|scope| {
        let append = desk.appending("a", Flags::NONE, &[]);
        let writer = scope.spawn(move || desk.ask(append));
        while calls("sync_folder", "/.a/cur") == 0 && !writer.is_finished() {
            std::thread::yield_now();
        }
        let mut other = Desk::new(&maildirs);
        let rename = other.rename("a", "b");
        let renamer = scope.spawn(move || other.ask(rename));
        while calls("rename", "/.b") == 0 && !renamer.is_finished() {
            std::thread::yield_now();
        }
        (0..8).for_each(|_| gate.let_go(Ok(())));
        (writer.join().unwrap(), renamer.join().unwrap())
    });
    assert!(matches!(appended, Answer::Failed(_)), "{appended:?}");
    assert_eq!(renamed, Answer::Done);
    let seen = Snapshot::of(&super::maildirs(&scratch, Arc::new(RealFiles)));
    assert_eq!(seen.octets()["letter\r\n"], 2, "{seen:?}");
}
