//! What is found in the folder at the start.

use super::{Desk, id, names, real, scanned};
use crate::scratch::Scratch;
use postroad_core::queue::spool::{Answer, Request};
use postroad_core::store::Failure;
use std::fs;

#[test]
fn what_a_crash_left_behind_is_removed() {
    let scratch = Scratch::new();
    let spool = real(&scratch);
    let mut desk = Desk::new(&spool);
    desk.put(id(1), b"one\r\n");
    desk.note(id(1), 0);
    fs::write(scratch.path().join("tmp/abc"), "Postroad-Id: ").unwrap();
    fs::write(scratch.path().join(format!("{}.log", id(2))), "litter\n").unwrap();
    fs::write(scratch.path().join("README"), "not ours").unwrap();
    let spool = real(&scratch);
    let (entries, damaged) = scanned(&spool);
    assert_eq!((entries.len(), damaged), (1, Vec::new()));
    assert_eq!(entries[0].states[0].attempts, 1);
    let (message, log) = (format!("{}.eml", id(1)), format!("{}.log", id(1)));
    assert_eq!(names(scratch.path()), ["README".into(), "tmp".into(), message, log]);
    assert_eq!(names(&scratch.path().join("tmp")), [""; 0]);
}

#[test]
fn a_message_does_not_get_the_notes_of_an_earlier_one() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    desk.put(id(1), b"one\r\n");
    desk.note(id(1), 0);
    let log = scratch.path().join(format!("{}.log", id(1)));
    let noted = fs::read(&log).unwrap();
    desk.ask(Request::Remove(id(1)), b"");
    fs::write(&log, noted).unwrap();
    assert_eq!(desk.put(id(1), b"two\r\n"), Answer::Done);
    assert_eq!(desk.entry(id(1)).states[0].attempts, 0);
}

#[test]
fn a_torn_line_stays_alone() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    desk.put(id(1), b"one\r\n");
    desk.note(id(1), 0);
    let log = scratch.path().join(format!("{}.log", id(1)));
    let whole = fs::read(&log).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&log, [&whole[..], &whole[..cut]].concat()).unwrap();
        let mut desk = Desk::new(&real(&scratch));
        assert_eq!(desk.note(id(1), 1), Answer::Done);
        let states = desk.entry(id(1)).states;
        // It is whole if nothing but its end is missing.
        let expected = if cut >= whole.len() - 1 { 2 } else { 1 };
        assert_eq!((states[0].attempts, states[1].attempts), (expected, 1), "cut at {cut}");
    }
}

#[test]
fn a_log_is_read_whatever_is_in_it() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    desk.put(id(1), b"one\r\n");
    desk.note(id(1), 0);
    let log = scratch.path().join(format!("{}.log", id(1)));
    let line = fs::read(&log).unwrap();
    // Lines across the borders of blocks, and an endless one.
    let mut text = vec![0; 9 * 1024 * 1024];
    for _ in 0..2_000 {
        text.extend_from_slice(b"\n");
        text.extend_from_slice(&line);
    }
    fs::write(&log, text).unwrap();
    assert_eq!(desk.entry(id(1)).states[0].attempts, 2_000);
}

#[test]
fn damaged_files_are_told_and_stay() {
    let scratch = Scratch::new();
    let mut desk = Desk::new(&real(&scratch));
    for number in 1..=5 {
        desk.put(id(number), b"content\r\n");
    }
    let path = |number| scratch.path().join(format!("{}.eml", id(number)));
    let whole = fs::read(path(1)).unwrap();
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    fs::write(path(1), flipped).unwrap();
    fs::write(path(2), &whole[..40]).unwrap();
    fs::write(path(3), &whole).unwrap();
    fs::write(path(4), vec![b'x'; 20 * 1024 * 1024]).unwrap();
    fs::write(scratch.path().join("letter.eml"), "Subject: mine\n\n").unwrap();
    let before = names(scratch.path());
    let (entries, damaged) = scanned(&real(&scratch));
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].envelope.id, id(5));
    let mut told: Vec<_> = damaged
        .iter()
        .map(|damaged| (damaged.path.file_name().unwrap().to_str().unwrap(), &*damaged.why))
        .collect();
    told.sort_by_key(|(name, _)| before.iter().position(|known| known == name));
    let mut expected = vec![
        (format!("{}.eml", id(1)), "the envelope is damaged".to_owned()),
        (format!("{}.eml", id(2)), "the envelope has no end".into()),
        (format!("{}.eml", id(3)), format!("this is the envelope of {}", id(1))),
        (format!("{}.eml", id(4)), "the envelope has no end".into()),
        ("letter.eml".into(), "this is no queue id".into()),
    ];
    expected.sort();
    let told: Vec<_> = told.into_iter().map(|(name, why)| (name.into(), why.into())).collect();
    assert_eq!(told, expected);
    assert_eq!(names(scratch.path()), before);
    let answer = desk.ask(Request::Load(id(1)), b"");
    assert!(matches!(answer, Answer::Failed(Failure::Io(_))), "{answer:?}");
}

#[test]
fn a_message_that_is_being_read_can_be_read_to_its_end() {
    let scratch = Scratch::new();
    let spool = real(&scratch);
    let (mut desk, mut other) = (Desk::new(&spool), Desk::new(&spool));
    desk.put(id(1), b"0123456789");
    let read = |offset| Request::Read { id: id(1), offset, length: 4 };
    assert_eq!(desk.ask(read(0), b""), Answer::Read { end: false });
    assert_eq!(other.ask(Request::Remove(id(1)), b""), Answer::Done);
    assert_eq!(desk.ask(read(4), b""), Answer::Read { end: false });
    assert_eq!(desk.ask(read(8), b""), Answer::Read { end: true });
    assert_eq!(desk.octets, b"89");
    assert_eq!(desk.ask(read(8), b""), Answer::Failed(Failure::NoMessage));
}
