//! Every call to the file system fails once, or every one from some call on; then the machine stops.

use super::{Desk, envelope, id, scanned, spool};
use crate::{CountingFiles, Errno, Fault, SimulatedFiles};
use postroad_core::entropy::Entropy;
use postroad_core::queue::spool::{Answer, Request};
use postroad_core::store::Failure;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const OLD: &[u8] = b"Subject: old\r\n\r\nIt was there before.\r\n";

/// What a host was told of the work.
#[derive(Default, Debug)]
struct Told {
    written: bool,
    committed: bool,
    /// Of each recipient of the new message, whether its outcome was noted.
    noted: Vec<bool>,
    removed: bool,
}

fn letter() -> Vec<u8> {
    let mut letter = b"Subject: new\r\n\r\n".to_vec();
    letter.extend(b"A line of the letter.\r\n".repeat(4_000));
    letter
}

/// Writes a message in three pieces and takes notes of it; removes the old one.
fn work(desk: &mut Desk, errno: Errno) -> Told {
    let letter = letter();
    let mut done = |request, lent: &[u8]| match desk.ask(request, lent) {
        Answer::Done => true,
        Answer::Failed(Failure::Full) => {
            assert_eq!(errno, Errno::NOSPC);
            false
        }
        Answer::Failed(Failure::Io(_)) => {
            assert_eq!(errno, Errno::IO);
            false
        }
        Answer::Failed(Failure::Refused(_) | Failure::NoMessage) => false,
        other => panic!("{other:?}"),
    };
    let begun = done(Request::Begin(envelope(id(1), 4)), b"");
    let (start, rest) = letter.split_at(100);
    let (middle, rest) = rest.split_at(90_000);
    let written = [start, middle, rest].map(|piece| done(Request::Write, piece));
    let mut told = Told { written: begun && !written.contains(&false), ..Told::default() };
    told.committed = done(Request::Commit, b"");
    for place in 0..4 {
        let records = vec![super::record(place)];
        told.noted.push(done(Request::Record { id: id(1), records }, b""));
    }
    done(Request::Record { id: id(0), records: vec![super::record(1)] }, b"");
    told.removed = done(Request::Remove(id(0)), b"");
    told
}

/// What is there is what was told, and more only where nothing was told.
fn check(disk: &SimulatedFiles, told: &Told, context: &str) {
    let spool = spool(Path::new("/spool"), Arc::new(disk.clone()));
    let (entries, damaged) = scanned(&spool);
    assert_eq!(damaged, [], "{context}");
    let mut entries: BTreeMap<_, _> =
        entries.into_iter().map(|entry| (entry.envelope.id, entry)).collect();
    let mut desk = Desk::new(&spool);
    let new = entries.remove(&id(1));
    assert!(new.is_some() || !told.committed, "{context}");
    assert!(new.is_none() || told.written, "{context}");
    if let Some(entry) = new {
        assert_eq!(entry.envelope, *envelope(id(1), 4), "{context}");
        assert_eq!(desk.content(id(1)), letter(), "{context}");
        for (state, noted) in entry.states.iter().zip(&told.noted) {
            let expected = if *noted { 1..=1 } else { 0..=1 };
            assert!(expected.contains(&state.attempts), "{context}: {:?}", entry.states);
        }
    }
    let old = entries.remove(&id(0));
    assert!(old.is_some() != told.removed || old.is_none(), "{context}");
    if let Some(entry) = old {
        assert_eq!(entry.states[0].attempts, 1, "{context}");
        assert_eq!(desk.content(id(0)), OLD, "{context}");
    }
    assert_eq!(entries.len(), 0);
    // The host does it once more, and it is done.
    let again = work(&mut desk, Errno::IO);
    assert!(again.written && again.committed && again.removed, "{context}: {again:?}");
    assert!(!again.noted.contains(&false), "{context}: {again:?}");
    disk.crash(&mut Entropy::from_seed([0; 32]));
    let entries = scanned(&super::spool(Path::new("/spool"), Arc::new(disk.clone()))).0;
    let [entry] = &entries[..] else { panic!("{context}: {entries:?}") };
    assert!(entry.states.iter().all(|state| (1..=2).contains(&state.attempts)), "{context}");
}

#[test]
fn what_was_answered_is_there_after_a_crash() {
    for (for_ever, errno) in
        [(true, Errno::IO), (true, Errno::NOSPC), (false, Errno::IO), (false, Errno::NOSPC)]
    {
        for seed in 0..8 {
            let mut entropy = Entropy::from_seed([seed; 32]);
            for at in 0.. {
                let disk = SimulatedFiles::default();
                let files = CountingFiles::new(disk.clone());
                let spool = spool(Path::new("/spool"), Arc::new(files.clone()));
                let mut desk = Desk::new(&spool);
                assert_eq!(desk.put(id(0), OLD), Answer::Done);
                assert_eq!(desk.note(id(0), 0), Answer::Done);
                files.restart(Some(Fault { at, for_ever, errno }));
                let told = work(&mut desk, errno);
                let over = files.calls() <= at;
                let context = format!("at {at}, {for_ever}, {errno}, seed {seed}: {told:?}");
                assert_eq!(over, over && told.removed && told.committed, "{context}");
                drop(desk);
                disk.crash(&mut entropy);
                check(&disk, &told, &context);
                if over {
                    assert!(at > 25, "{at}");
                    break;
                }
            }
        }
    }
}

/// What a failed sync should have written may never come to the disk; what is noted after it does.
#[test]
fn a_record_after_a_failed_sync_is_kept() {
    for after in 0..3 {
        for seed in 0..20 {
            let disk = SimulatedFiles::default();
            let spool = spool(Path::new("/spool"), Arc::new(disk.clone()));
            let mut desk = Desk::new(&spool);
            desk.put(id(1), OLD);
            disk.fail_a_sync(after);
            let answers: Vec<_> = (0..4).map(|place| desk.note(id(1), place)).collect();
            let failed = answers.iter().filter(|answer| **answer != Answer::Done).count();
            assert_eq!(failed, 1);
            disk.crash(&mut Entropy::from_seed([seed; 32]));
            let spool = super::spool(Path::new("/spool"), Arc::new(disk.clone()));
            let entry = Desk::new(&spool).entry(id(1));
            for (state, answer) in entry.states.iter().zip(answers) {
                assert_eq!(state.attempts, u32::from(answer == Answer::Done), "{after} {seed}");
            }
        }
    }
}

/// A message whose content could not be synced never gets its name.
#[test]
fn a_failed_sync_is_final() {
    let disk = SimulatedFiles::default();
    let mut desk = Desk::new(&spool(Path::new("/spool"), Arc::new(disk.clone())));
    disk.fail_a_sync(0);
    assert!(matches!(desk.put(id(1), OLD), Answer::Failed(Failure::Io(_))));
    assert_eq!(desk.ask(Request::Load(id(1)), b""), Answer::Failed(Failure::NoMessage));
    assert!(matches!(desk.ask(Request::Commit, b""), Answer::Failed(Failure::Refused(_))));
    assert_eq!(desk.put(id(1), OLD), Answer::Done);
}

/// A message whose folder could not be synced, and that could not be removed either, is not there
/// for good before it is committed again.
#[test]
fn a_second_commit_is_as_good_as_the_first() {
    let disk = SimulatedFiles::default();
    let files = CountingFiles::new(disk.clone());
    let mut desk = Desk::new(&spool(Path::new("/spool"), Arc::new(files.clone())));
    files.restart_tracing();
    assert_eq!(desk.put(id(0), OLD), Answer::Done);
    let at = files.trace().iter().position(|(call, _)| *call == "sync_folder").unwrap();
    files.restart(Some(Fault { at, for_ever: true, errno: Errno::IO }));
    assert!(matches!(desk.put(id(1), OLD), Answer::Failed(Failure::Io(_))));
    files.restart(None);
    assert_eq!(desk.entry(id(1)).size, OLD.len() as u64);
    assert_eq!(desk.put(id(1), OLD), Answer::Done);
    for seed in 0..8 {
        disk.crash(&mut Entropy::from_seed([seed; 32]));
        let spool = spool(Path::new("/spool"), Arc::new(disk.clone()));
        assert_eq!(Desk::new(&spool).content(id(1)), OLD);
    }
}
