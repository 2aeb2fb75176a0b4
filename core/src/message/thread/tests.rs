use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::links::Links;
use super::{Algorithm, IdHash, Item, NONE, Threads};
use crate::message::subject::Subject;

/// A message: when it was sent, its Message-ID (0 is none), what it refers to, its subject.
type Letter<'a> = (i64, u64, &'a [u64], &'a str);

fn thread(algorithm: Algorithm, letters: &[Letter<'_>]) -> String {
    let mut threads = Threads::new();
    for (id, &(sent, message_id, references, subject)) in (1..).zip(letters) {
        let Subject { base, is_reply } = Subject::parse(subject.as_bytes());
        let message_id = (message_id != 0).then_some(IdHash(message_id));
        let item = Item { id, sent, message_id, subject: base.as_bytes(), is_reply };
        threads.push(item, references.iter().map(|id| IdHash(*id)));
    }
    threads.finish(algorithm).to_string()
}

fn references(letters: &[Letter<'_>]) -> String {
    thread(Algorithm::References, letters)
}

#[test]
fn what_messages_refer_to() {
    for (letters, expected) in [
        (&[][..], ""),
        (&[(1, 1, &[][..], "a")][..], "(1)"),
        (&[(1, 1, &[], ""), (2, 2, &[1], "")], "(1 2)"),
        (&[(2, 2, &[1], ""), (1, 1, &[], "")], "(2 1)"),
        (&[(1, 1, &[], ""), (3, 2, &[1], ""), (2, 3, &[1], "")], "(1 (3)(2))"),
        // Siblings of the same second stand by their numbers.
        (&[(1, 1, &[], ""), (2, 2, &[1], ""), (2, 3, &[1], "")], "(1 (2)(3))"),
        // A message that is not there holds two together, and one not.
        (&[(1, 2, &[1], ""), (2, 3, &[1], "")], "((1)(2))"),
        (&[(1, 2, &[1], "")], "(1)"),
        (&[(1, 4, &[1, 2, 3], ""), (2, 5, &[1, 2], "")], "((1)(2))"),
        (&[(1, 1, &[], ""), (2, 4, &[1, 2, 3], ""), (3, 5, &[1, 2], "")], "(1 (2)(3))"),
        // Loops are not made.
        (&[(1, 1, &[1], "")], "(1)"),
        (&[(1, 1, &[2], ""), (2, 2, &[1], "")], "(2 1)"),
        (&[(1, 1, &[2, 3], ""), (2, 2, &[3, 1], ""), (3, 3, &[1, 2], "")], "(2 3 1)"),
        // The last reference of a message itself counts, not what others say of it.
        (&[(1, 3, &[1, 2], ""), (2, 1, &[], ""), (3, 2, &[], "")], "(2)(3 1)"),
        (&[(1, 1, &[], ""), (2, 9, &[], ""), (3, 3, &[1, 2], ""), (4, 2, &[9], "")], "(1)(2 4 3)"),
        // A second message of the same Message-ID is one of its own.
        (&[(1, 1, &[], ""), (2, 1, &[], ""), (3, 2, &[1], "")], "(1 3)(2)"),
        (&[(1, 0, &[], ""), (2, 0, &[], "")], "(1)(2)"),
    ] {
        assert_eq!(references(letters), expected, "{letters:?}");
    }
}

#[test]
fn subjects_bring_threads_together() {
    for (letters, expected) in [
        (&[(1, 1, &[][..], "a"), (2, 2, &[], "re: a")][..], "(1 2)"),
        (&[(1, 1, &[], "re: a"), (2, 2, &[], "a")], "(2 1)"),
        (&[(1, 1, &[], "a"), (2, 2, &[], "a")], "((1)(2))"),
        (&[(1, 1, &[], "re: a"), (2, 2, &[], "re: a")], "((1)(2))"),
        (&[(1, 1, &[], "a"), (2, 2, &[], "a"), (3, 3, &[], "re: a")], "((1)(2)(3))"),
        (&[(1, 1, &[], "a"), (2, 2, &[], "re: a"), (3, 3, &[], "a")], "((1 2)(3))"),
        (&[(1, 1, &[], ""), (2, 2, &[], "re:")], "(1)(2)"),
        (
            &[(1, 1, &[], "a"), (2, 3, &[9], "b"), (3, 4, &[9], "a"), (4, 2, &[], "b")],
            "(1)((2)(3)(4))",
        ),
        (
            &[(1, 2, &[9], "a"), (2, 3, &[9], "x"), (3, 4, &[8], "a"), (4, 5, &[8], "y")],
            "((1)(2)(3)(4))",
        ),
        (&[(9, 1, &[], "a"), (2, 2, &[], "re: a"), (3, 3, &[], "b")], "(3)(1 2)"),
    ] {
        assert_eq!(references(letters), expected, "{letters:?}");
    }
}

#[test]
fn ordered_by_subject() {
    let letters: &[Letter<'_>] = &[
        (5, 0, &[], "a"),
        (1, 0, &[], "b"),
        (3, 0, &[], "re: a"),
        (4, 0, &[], "re: a"),
        (2, 0, &[], "re: b"),
        (9, 0, &[], ""),
    ];
    assert_eq!(thread(Algorithm::OrderedSubject, letters), "(2 5)(3 (4)(1))(6)");
    assert_eq!(thread(Algorithm::OrderedSubject, &[]), "");
}

fn chain(order: impl Iterator<Item = u32>, most: u32) -> String {
    let mut threads = Threads::new();
    for id in order {
        let item = Item {
            id,
            sent: id.into(),
            message_id: Some(IdHash(id.into())),
            subject: b"",
            is_reply: true,
        };
        threads.push(item, (id.saturating_sub(most).max(1)..id).map(|id| IdHash(id.into())));
    }
    threads.finish(Algorithm::References).to_string()
}

#[test]
fn depth_costs_neither_stack_nor_time() {
    let expected: Vec<String> = (1..=100_000).map(|id: u32| id.to_string()).collect();
    let expected = alloc::format!("({})", expected.join(" "));
    assert_eq!(chain(1..=100_000, 1), expected);
    assert_eq!(chain((1..=100_000).rev(), 1), expected);
    // In an order that jumps about.
    let jumps = (0..100_003_u64).map(|it| (it * 48_271 % 100_003) as u32 + 1);
    assert_eq!(chain(jumps.filter(|id| *id <= 100_000), 1), expected);
    // Each refers to many, and what holds them together is not there.
    assert_eq!(chain((1..=60_000).map(|id| id * 2), 9).matches('(').count(), 1);
}

proptest! {
    #[test]
    fn links_are_those_that_were_made(steps in prop::collection::vec((0..12_u32, 0..12_u32), 0..80)) {
        let mut parents = vec![NONE; 12];
        let mut links = Links::default();
        (0..12).for_each(|_| links.push());
        let root = |parents: &[u32], mut place: u32| {
            while parents[place as usize] != NONE {
                place = parents[place as usize];
            }
            place
        };
        for (child, parent) in steps {
            if parents[child as usize] != NONE {
                links.cut(child);
                parents[child as usize] = NONE;
            }
            if root(&parents, parent) != child {
                links.link(child, parent);
                parents[child as usize] = parent;
            }
            for place in 0..12 {
                prop_assert_eq!(links.root(place), root(&parents, place));
            }
        }
    }

    #[test]
    fn every_message_is_shown_once(letters in prop::collection::vec((0..5_i64, 0..8_u64, prop::collection::vec(1..12_u64, 0..4), "(re: )?[ab]?"), 0..12)) {
        let letters: Vec<Letter<'_>> = letters.iter().map(|(sent, id, references, subject)| (*sent, *id, &references[..], &subject[..])).collect();
        for algorithm in [Algorithm::References, Algorithm::OrderedSubject] {
            let shown = thread(algorithm, &letters);
            let mut numbers: Vec<usize> = shown.split(['(', ')', ' ']).filter_map(|number| number.parse().ok()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=letters.len()).collect::<Vec<_>>(), "{}", shown);
            prop_assert!(!shown.contains("()") && !shown.contains(" )") && !shown.contains("( "), "{}", shown);
        }
    }
}
