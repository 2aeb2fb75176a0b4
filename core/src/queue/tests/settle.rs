//! What follows from the outcomes of an attempt.

use super::{MINUTE, START};
use crate::address::{ForwardPath, ReversePath};
use crate::queue::{Action, Carried, Entry, Envelope, Id, Outcome, spool::Request};
use crate::smtp::client::Recipient;
use crate::smtp::{MailParameters, RcptParameters};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

const WARN: Duration = Duration::from_secs(4 * 60 * 60);

fn entry(from: &str, parameters: &[&str]) -> Entry {
    let recipient = |parameters: &&str| Recipient {
        forward_path: ForwardPath::parse(b"<bob@example.net>", false).unwrap().0,
        parameters: RcptParameters::parse(parameters.as_bytes()).unwrap(),
    };
    let envelope = Envelope {
        id: Id::parse("2b3c4d5f6g7h8j9k").unwrap(),
        arrived: START,
        origin: "alice".into(),
        reverse_path: ReversePath::parse(from.as_bytes(), false).unwrap().0,
        parameters: MailParameters::default(),
        recipients: parameters.iter().map(recipient).collect(),
    };
    Entry::new(envelope, 100)
}

fn settle(entry: &mut Entry, late: Duration, outcomes: &[(&[usize], Action)]) -> (bool, Carried) {
    let outcome = |(places, action): &(&[usize], Action)| {
        (places.to_vec(), Outcome::ours(*action, (2, 0, 0), "so it is"))
    };
    let outcomes: Vec<_> = outcomes.iter().map(outcome).collect();
    let (request, carried) = entry.settle(START + late, WARN, outcomes);
    (matches!(request, Request::Remove(_)), carried)
}

#[test]
fn a_message_of_which_nothing_is_left_to_say_leaves_the_spool() {
    let mut entry = entry("<alice@example.org>", &["", ""]);
    let carried = settle(&mut entry, MINUTE, &[(&[1], Action::Relayed)]);
    assert_eq!(carried, (false, Carried::Settled { report: false }), "the other one is pending");
    let carried = settle(&mut entry, MINUTE, &[(&[0], Action::Relayed)]);
    assert_eq!(carried, (true, Carried::Gone));
}

#[test]
fn who_is_to_be_told_of_something_is_told_before_it_leaves() {
    let mut one = entry("<alice@example.org>", &[" NOTIFY=SUCCESS"]);
    let carried = settle(&mut one, MINUTE, &[(&[0], Action::Delivered)]);
    assert_eq!(carried, (false, Carried::Settled { report: true }));
    let mut one = entry("<alice@example.org>", &[""]);
    let carried = settle(&mut one, MINUTE, &[(&[0], Action::Failed)]);
    assert_eq!(carried, (false, Carried::Settled { report: true }));
    let mut one = entry("<>", &[""]);
    assert_eq!(settle(&mut one, MINUTE, &[(&[0], Action::Failed)]), (true, Carried::Gone));
}

#[test]
fn what_is_to_be_tried_again_stays() {
    let mut one = entry("<alice@example.org>", &["", ""]);
    let outcomes: &[(&[usize], _)] = &[(&[0], Action::Relayed), (&[1], Action::Deferred)];
    let carried = settle(&mut one, MINUTE, outcomes);
    assert_eq!(carried, (false, Carried::Deferred { report: false }));
    assert_eq!(one.pending().collect::<Vec<_>>(), vec![1]);
    let carried = settle(&mut one, WARN, &[(&[1], Action::Deferred)]);
    assert_eq!(carried, (false, Carried::Deferred { report: true }));
}

/// A carrier is heard of while the clerk writes.
#[test]
fn what_happens_while_a_warning_is_written_is_told_in_its_turn() {
    let mut seen = entry("<alice@example.org>", &[""]);
    settle(&mut seen, WARN, &[(&[0], Action::Deferred)]);
    let due = seen.due_reports(START + WARN, WARN);
    let mut kept = seen.clone();
    settle(&mut kept, WARN, &[(&[0], Action::Failed)]);
    seen.told(START + WARN, due).into_iter().for_each(|record| kept.apply(record));
    assert_eq!(kept.due_reports(START + WARN, WARN), [0]);
}
