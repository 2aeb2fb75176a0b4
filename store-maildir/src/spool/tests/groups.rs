//! Many sessions at once.

use super::{Desk, id, names, real, scanned, spool};
use crate::gate::Gate;
use crate::scratch::Scratch;
use crate::{CountingFiles, Errno, Result};
use postroad_core::queue::spool::{Answer, Request};
use std::path::PathBuf;
use std::sync::Arc;

const WRITERS: u32 = 12;

/// Commits a message in each of many threads, all but the first while its sync is running; the calls
/// that were made, and the answers.
fn commit_together(second: Result<()>) -> (Vec<(&'static str, PathBuf)>, Vec<Answer>, Scratch) {
    let (scratch, gate) = (Scratch::new(), Gate::default());
    let files = CountingFiles::new(gate.clone());
    gate.let_go(Ok(()));
    let spool = spool(scratch.path(), Arc::new(files.clone()));
    files.restart_tracing();
    let answers = std::thread::scope(|scope| {
        let writer = |number| {
            let mut desk = Desk::new(&spool);
            scope.spawn(move || desk.put(id(number), b"letter\r\n"))
        };
        let syncing = || files.trace().iter().any(|(call, _)| *call == "sync_folder");
        let mut writers = vec![writer(0)];
        while !syncing() && !writers[0].is_finished() {
            std::thread::yield_now();
        }
        writers.extend((1..WRITERS).map(writer));
        let waiting = || spool.shared.syncs.waiting() == WRITERS as usize - 1;
        while !waiting() && !writers.iter().any(|writer| writer.is_finished()) {
            std::thread::yield_now();
        }
        gate.let_go(Ok(()));
        gate.let_go(second);
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    (files.trace(), answers, scratch)
}

#[test]
fn commits_share_a_sync_that_comes_after_their_renames() {
    let (trace, answers, scratch) = commit_together(Ok(()));
    assert!(answers.iter().all(|answer| *answer == Answer::Done), "{answers:?}");
    let places = |wanted| {
        let called = trace.iter().enumerate().filter(move |(_, (call, _))| *call == wanted);
        called.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let (renames, syncs) = (places("rename"), places("sync_folder"));
    assert_eq!((renames.len(), syncs.len()), (WRITERS as usize, 2));
    assert!(renames[0] < syncs[0] && renames.iter().all(|rename| *rename < syncs[1]), "{trace:?}");
    assert_eq!(scanned(&real(&scratch)).0.len(), WRITERS as usize);
}

#[test]
fn a_shared_sync_that_fails_has_failed_for_all() {
    let (trace, answers, scratch) = commit_together(Err(Errno::IO));
    assert_eq!(trace.iter().filter(|(call, _)| *call == "sync_folder").count(), 2);
    assert_eq!(answers[0], Answer::Done);
    assert!(answers[1..].iter().all(|answer| matches!(answer, Answer::Failed(_))), "{answers:?}");
    assert_eq!(names(scratch.path()), [format!("{}.eml", id(0)), "tmp".into()]);
}

/// Who commits a message that another is just committing waits for what that comes to.
#[test]
fn a_commit_waits_for_another_of_the_same_message() {
    let (scratch, gate) = (Scratch::new(), Gate::default());
    let files = CountingFiles::new(gate.clone());
    gate.let_go(Ok(()));
    let spool = spool(scratch.path(), Arc::new(files.clone()));
    files.restart_tracing();
    let calls = |wanted| files.trace().iter().filter(|(call, _)| *call == wanted).count();
    let answers = std::thread::scope(|scope| {
        let writer = |text: &'static [u8]| {
            let mut desk = Desk::new(&spool);
            scope.spawn(move || desk.put(id(1), text))
        };
        let first = writer(b"first\r\n");
        while calls("sync_folder") == 0 && !first.is_finished() {
            std::thread::yield_now();
        }
        let second = writer(b"second\r\n");
        while calls("create") < 2 && !second.is_finished() {
            std::thread::yield_now();
        }
        // Time to do what it must not do.
        for _ in 0..1_000 {
            std::thread::yield_now();
        }
        gate.let_go(Err(Errno::IO));
        gate.let_go(Ok(()));
        [first, second].map(|writer| writer.join().unwrap())
    });
    assert!(matches!(answers, [Answer::Failed(_), Answer::Done]), "{answers:?}");
    assert_eq!(Desk::new(&real(&scratch)).content(id(1)), b"second\r\n");
}

/// Sessions write the same and other messages, take notes, read and remove: nothing is lost, nobody
/// waits for ever.
#[test]
fn sessions_work_side_by_side() {
    let scratch = Scratch::new();
    let spool = real(&scratch);
    std::thread::scope(|scope| {
        for place in 0..4 {
            let mut desk = Desk::new(&spool);
            scope.spawn(move || {
                for number in 0..40 {
                    let shared = id(number);
                    assert_eq!(desk.put(shared, b"shared\r\n"), Answer::Done);
                    for _ in 0..3 {
                        assert_eq!(desk.note(shared, place), Answer::Done);
                    }
                    assert_eq!(desk.content(shared), b"shared\r\n");
                    let own = id(1_000 * (place as u32 + 1) + number);
                    assert_eq!(desk.put(own, b"own\r\n"), Answer::Done);
                    assert_eq!(desk.note(own, 0), Answer::Done);
                    assert_eq!(desk.ask(Request::Remove(own), b""), Answer::Done);
                }
            });
        }
    });
    let (entries, damaged) = scanned(&real(&scratch));
    assert_eq!((entries.len(), damaged), (40, Vec::new()));
    for entry in entries {
        assert!(entry.states.iter().all(|state| state.attempts == 3), "{:?}", entry.states);
    }
    assert_eq!(names(scratch.path()).len(), 81);
}
