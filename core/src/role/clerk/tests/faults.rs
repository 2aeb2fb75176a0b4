//! A spool that fails, and a host that dies.

use super::*;
use crate::role::bench::Fault;
use crate::store::Failure;

const LARGE: usize = 100_000;

/// A message that has failed: Load, Record, Read, Begin, Write, Read, Write, Commit, Remove; if
/// `others` are still tried, Record at the end.
fn failing(bench: &mut Bench, others: bool) -> Id {
    let mut content = LETTER.to_vec();
    content.extend(b"0123456789abcd\r\n".repeat(LARGE / 16));
    let to: &[&str] = if others {
        &["<carol@example.net>", "<dave@example.org>"]
    } else {
        &["<carol@example.net>"]
    };
    bench.put(ONE, "<ann@example.com> RET=FULL", to, &content)
}

fn settle() -> Order {
    Order::Settle(net(), refused())
}

/// What is said of the message in the end, whatever befell before.
fn check(bench: &mut Bench, one: Id, others: bool, why: usize) {
    bench.fault = None;
    let left = give(bench, one, settle());
    match (others, &left[..]) {
        (false, [Left::Gone]) => assert!(!bench.spool.contains_key(&one)),
        (true, [Left::Still(summary)]) => assert_eq!(summary.deliveries.len(), 1),
        _ => panic!("{why}: {left:?}"),
    }
    let (report, text) = only(bench);
    assert_eq!(told(bench, report), [("carol@example.net".into(), dsn::Action::Failed)]);
    assert!(text.lines().count() > LARGE / 16, "{why}");
    let known = queued(bench);
    assert!((1..=2).contains(&known.len()) && known.iter().all(|it| it.id == report), "{why}");
}

#[test]
fn whatever_fails_the_sender_is_told_once_in_the_end() {
    for others in [false, true] {
        for place in 0..9 {
            let mut bench = bench();
            let one = failing(&mut bench, others);
            bench.fault = Some(Fault::Fails(place, Failure::Io("the disk is gone".into())));
            let left = give(&mut bench, one, settle());
            // Once nobody is to be tried any more, only the clerk can be asked again.
            let is_noted = place > 1 && !others;
            match &left[..] {
                [Left::Still(summary)] if is_noted => assert!(summary.deliveries.is_empty()),
                [Left::Unknown] if !is_noted => {}
                _ => panic!("{place}: {left:?}"),
            }
            assert!(bench.spool.contains_key(&one), "{place}");
            // A report that is in the spool goes out; what was to be noted of it is not there.
            let before = usize::from(place == 8);
            assert_eq!(queued(&bench).len(), before, "{place}");
            let reason = "reason=\"the disk is gone\"";
            assert_eq!(bench.reports.iter().filter(|line| line.contains(reason)).count(), 1);
            let is_abandoned = bench.calls.iter().any(|call| call == "Abandon");
            assert_eq!(is_abandoned, (3..=7).contains(&place), "{:?}", bench.calls);
            check(&mut bench, one, others, place);
            assert_eq!(queued(&bench).len(), before + 1);
        }
    }
}

#[test]
fn wherever_it_is_cut_off_the_same_report_is_made_again() {
    for others in [false, true] {
        let mut ids = Vec::new();
        for place in 0..=10 {
            let mut bench = bench();
            let one = failing(&mut bench, others);
            bench.fault = Some(Fault::Dies(place));
            give(&mut bench, one, settle());
            if place <= 8 || others {
                check(&mut bench, one, others, place);
            }
            ids.push(only(&bench).0);
        }
        ids.dedup();
        assert_eq!(ids.len(), 1);
    }
}

#[test]
fn a_message_that_vanishes_meanwhile_is_gone_but_not_the_report_that_was_made() {
    for (others, place, told) in
        [(false, 1, 0), (false, 2, 0), (true, 5, 0), (false, 8, 1), (true, 8, 1)]
    {
        let mut bench = bench();
        let one = failing(&mut bench, others);
        bench.fault = Some(Fault::Fails(place, Failure::NoMessage));
        let left = give(&mut bench, one, settle());
        if others || place < 8 {
            assert_eq!(left, [Left::Gone], "{place}");
            assert_eq!(queued(&bench).len(), told);
            assert_eq!(reports(&bench).len(), told);
        }
    }
}

#[test]
fn a_report_whose_note_is_not_safe_goes_out_once_and_the_note_is_made_again() {
    let failure = || Failure::Io("the disk is gone".into());
    for (others, last) in
        [(false, Order::Review), (false, Order::Remove), (true, Order::Review), (true, settle())]
    {
        let (mut bench, mut clerk) = (bench(), clerk());
        let one = failing(&mut bench, others);
        let mut give = |bench: &mut Bench, id, order| {
            clerk.handle(NOW, Input::Paper(Paper { id, order }));
            drain(NOW, &mut clerk, bench);
            filed(bench).pop().unwrap().1
        };
        // That the sender was told can be read, or the message is gone, but not for sure.
        bench.fault = Some(Fault::FailsLate(8, failure()));
        assert_ne!(give(&mut bench, one, settle()), Left::Gone);
        let known: Vec<Id> = queued(&bench).iter().map(|it| it.id).collect();
        assert_eq!(known, [only(&bench).0]);
        bench.fault = Some(Fault::Fails(9, failure()));
        assert_eq!(give(&mut bench, one, Order::Review), Left::Unknown);

        bench.fault = None;
        // What comes of the report meanwhile is not undone.
        bench.spool.remove(&known[0]);
        assert_eq!(give(&mut bench, one, last) == Left::Gone, !others);
        give(&mut bench, one, Order::Review);
        assert!(queued(&bench).len() == 1 && reports(&bench).is_empty());
        assert_eq!(bench.calls[8], bench.calls[10], "the same once more");
    }
}

#[test]
fn a_note_is_made_again_with_any_paper_and_stops_none() {
    let (mut bench, mut clerk) = (bench(), clerk());
    let one = failing(&mut bench, true);
    let two = bench.put(TWO, "<ann@example.com>", &["<carol@example.net>"], LETTER);
    let mut give = |bench: &mut Bench, id, order| {
        clerk.handle(NOW, Input::Paper(Paper { id, order }));
        drain(NOW, &mut clerk, bench);
        bench.calls.drain(..).collect::<Vec<_>>()
    };
    bench.fault = Some(Fault::Fails(8, Failure::Full));
    assert_eq!(give(&mut bench, one, settle())[8], "Record!");
    bench.fault = Some(Fault::Fails(0, Failure::Full));
    assert_eq!(give(&mut bench, two, Order::Review), ["Record!", "Load"]);
    bench.fault = None;
    assert_eq!(give(&mut bench, two, Order::Review), ["Record", "Load"]);
    assert_eq!(give(&mut bench, two, Order::Review), ["Load"]);
    assert!(bench.spool[&one].0.states[0].reported);
}

#[test]
fn what_comes_on_top_of_a_report_that_was_not_noted_is_told_as_well() {
    let mut bench = bench();
    let one = failing(&mut bench, true);
    // The report about carol is committed, but nothing is noted of it.
    bench.fault = Some(Fault::Dies(8));
    give(&mut bench, one, settle());
    assert_eq!(reports(&bench).len(), 1);
    bench.fault = None;
    note(&mut bench, one, &[1], ours(Action::Failed));
    assert_eq!(give(&mut bench, one, Order::Review), [Left::Gone]);
    let known = queued(&bench);
    assert_eq!(known.len(), 1);
    let told = told(&bench, known[0].id);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["carol@example.net", "dave@example.org"]);
}

#[test]
fn an_end_that_comes_on_top_of_a_delay_that_was_not_noted_is_told() {
    let mut bench = bench();
    let one = bench.put(ONE, "<ann@example.com>", &["<carol@example.net>"], LETTER);
    note(&mut bench, one, &[0], ours(Action::Deferred));
    // Load, Read, Begin, Write, Commit, Record
    bench.fault = Some(Fault::Fails(5, Failure::Full));
    let late = NOW + LATE;
    assert_eq!(give_at(&mut bench, late, one, Order::Review), [Left::Unknown]);
    assert!(queued(&bench).len() == 1 && reports(&bench).len() == 1);
    bench.fault = None;
    assert_eq!(give_at(&mut bench, late, one, settle()), [Left::Gone]);
    let report = queued(&bench)[1].id;
    assert_eq!(told(&bench, report), [("carol@example.net".into(), dsn::Action::Failed)]);
}

#[test]
fn an_order_that_can_not_be_done_is_not_done() {
    for order in [Order::Remove, Order::Review] {
        let mut bench = bench();
        let one = failing(&mut bench, false);
        bench.fault = Some(Fault::Fails(0, Failure::Io("the disk is gone".into())));
        assert_eq!(give(&mut bench, one, order), [Left::Unknown]);
        assert!(bench.spool.contains_key(&one));
        assert_eq!(bench.reports.len(), 1);
    }
}
