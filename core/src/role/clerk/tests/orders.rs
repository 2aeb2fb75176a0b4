//! What is ordered.

use super::*;
use crate::machine::{Host, Session, Wants};
use alloc::format;

/// A message to one here and two elsewhere.
fn three(bench: &mut Bench, from: &str) -> Id {
    let to = ["<bob@example.com>", "<carol@example.net>", "<dave@example.net>"];
    bench.put(ONE, from, &to, LETTER)
}

#[test]
fn what_came_of_a_destination_is_noted_of_all_who_wait_there() {
    let mut bench = bench();
    let one = three(&mut bench, "<ann@example.com>");
    note(&mut bench, one, &[2], ours(Action::Relayed));
    let left = give(&mut bench, one, Order::Settle(net(), ours(Action::Deferred)));
    let (entry, _) = &bench.spool[&one];
    let attempts: Vec<u32> = entry.states.iter().map(|state| state.attempts).collect();
    assert_eq!(attempts, [0, 1, 1], "who is done with is left alone");
    assert_eq!(entry.states[1].last, Some((NOW, ours(Action::Deferred))));
    let [Left::Still(summary)] = &left[..] else { panic!("{left:?}") };
    let there: Vec<_> =
        summary.deliveries.iter().map(|it| (it.destination.clone(), it.attempts)).collect();
    assert_eq!(there, [(Destination::Local, 0), (net(), 1)]);
    let line = format!(
        "deferred id={one} to=<carol@example.net> destination=example.net status=4.4.1 reply=\"so it is\""
    );
    assert_eq!(bench.reports, [line]);
    assert_eq!(bench.calls, ["Load", "Record"]);
}

#[test]
fn a_destination_at_which_nobody_waits_any_more_needs_no_note() {
    let mut bench = bench();
    let one = three(&mut bench, "<ann@example.com>");
    note(&mut bench, one, &[1, 2], ours(Action::Relayed));
    let left = give(&mut bench, one, Order::Settle(net(), ours(Action::Deferred)));
    assert!(matches!(&left[..], [Left::Still(_)]));
    assert_eq!(bench.calls, ["Load"]);
}

#[test]
fn an_administrators_word_is_noted() {
    let mut bench = bench();
    let one = three(&mut bench, "<ann@example.com>");
    let left = give(&mut bench, one, Order::Note(Note::Held));
    assert!(matches!(&left[..], [Left::Still(summary)] if summary.held));
    assert!(bench.spool[&one].0.held);
    let left = give(&mut bench, one, Order::Note(Note::Released));
    assert!(matches!(&left[..], [Left::Still(summary)] if !summary.held));
    let relay = Destination::Host("relay.example.org".into(), 25);
    let left = give(&mut bench, one, Order::Note(Note::Rerouted(relay.clone())));
    let [Left::Still(summary)] = &left[..] else { panic!("{left:?}") };
    let there: Vec<_> = summary.deliveries.iter().map(|it| &it.destination).collect();
    assert_eq!(there, [&Destination::Local, &relay]);
    // What is settled there is settled for those who were sent there.
    let left = give(&mut bench, one, Order::Settle(relay, ours(Action::Relayed)));
    assert!(matches!(&left[..], [Left::Still(it)] if it.deliveries.len() == 1));
}

#[test]
fn a_message_is_taken_out_without_a_word_to_the_sender() {
    let mut bench = bench();
    let one = three(&mut bench, "<ann@example.com>");
    note(&mut bench, one, &[1], refused());
    assert_eq!(give(&mut bench, one, Order::Remove), [Left::Gone]);
    assert!(bench.spool.is_empty());
    assert_eq!(bench.reports, [format!("removed id={one}")]);
}

#[test]
fn a_message_that_is_not_there_is_gone() {
    let mut bench = bench();
    let one = crate::role::bench::id(ONE);
    for order in [Order::Review, Order::Settle(net(), refused()), Order::Note(Note::Held)] {
        assert_eq!(give(&mut bench, one, order), [Left::Gone]);
    }
    assert_eq!(bench.calls, ["Load"; 3]);
}

#[test]
fn a_message_that_is_settled_leaves() {
    let mut bench = bench();
    let one = bench.put(ONE, "<ann@example.com>", &["<carol@example.net>"], LETTER);
    let settle = Order::Settle(net(), ours(Action::Relayed));
    assert_eq!(give(&mut bench, one, settle), [Left::Gone]);
    assert!(bench.spool.is_empty() && queued(&bench).is_empty());
    assert_eq!(bench.reports[1], format!("settled id={one}"));
}

#[test]
fn of_mail_from_nobody_nobody_is_told() {
    let mut bench = bench();
    let one = bench.put(ONE, "<>", &["<carol@example.net>"], LETTER);
    let settle = Order::Settle(net(), ours(Action::Deferred));
    let left = give_at(&mut bench, NOW + LATE, one, settle);
    assert!(matches!(&left[..], [Left::Still(_)]));
    assert_eq!(give(&mut bench, one, Order::Settle(net(), refused())), [Left::Gone]);
    assert!(bench.spool.is_empty() && queued(&bench).is_empty());
    let lines: Vec<&str> =
        bench.reports.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["deferred", "failed", "dropped", "settled"]);
    assert!(
        bench.reports[2]
            .starts_with(&format!("dropped id={one} to=<carol@example.net> status=5.1.1 "))
    );
}

#[test]
fn papers_are_done_in_order_and_each_is_answered_once() {
    let mut bench = bench();
    let one = three(&mut bench, "<ann@example.com>");
    let two = bench.put(TWO, "<>", &["<carol@example.net>"], LETTER);
    let mut clerk = clerk();
    let orders = [
        (one, Order::Note(Note::Held)),
        (two, Order::Settle(net(), refused())),
        (one, Order::Remove),
        (one, Order::Review),
    ];
    for (id, order) in orders {
        clerk.handle(NOW, Input::Paper(Paper { id, order }));
    }
    drain(NOW, &mut clerk, &mut bench);
    let filed = filed(&bench);
    let ids: Vec<Id> = filed.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [one, two, one, one]);
    assert!(matches!(&filed[0].1, Left::Still(summary) if summary.held));
    assert!(filed[1..].iter().all(|(_, left)| *left == Left::Gone));
    assert_eq!((clerk.wants(), clerk.poll_timeout()), (Wants::Nothing, None));
}

#[test]
fn what_papers_say_of_one_message_together_its_sender_is_told_together() {
    let mut bench = bench();
    let to = ["<carol@example.net>", "<dave@example.org>"];
    let one = bench.put(ONE, "<ann@example.com>", &to, LETTER);
    let mut clerk = clerk();
    for destination in [net(), Destination::Domain("example.org".into())] {
        let order = Order::Settle(destination, refused());
        clerk.handle(NOW, Input::Paper(Paper { id: one, order }));
    }
    drain(NOW, &mut clerk, &mut bench);
    assert!(matches!(&filed(&bench)[..], [(_, Left::Still(_)), (_, Left::Gone)]));
    let (report, _) = only(&bench);
    let failed = |to: &str| (String::from(to), dsn::Action::Failed);
    assert_eq!(told(&bench, report), [failed("carol@example.net"), failed("dave@example.org")]);
}

#[test]
fn at_shutdown_the_paper_under_way_is_the_last_one() {
    for place in 0..6 {
        let mut bench = bench();
        let one = three(&mut bench, "<ann@example.com>");
        let two = bench.put(TWO, "<>", &["<carol@example.net>"], LETTER);
        let mut clerk = clerk();
        let order = Order::Settle(net(), refused());
        clerk.handle(NOW, Input::Paper(Paper { id: one, order }));
        clerk.handle(NOW, Input::Paper(Paper { id: two, order: Order::Remove }));
        let mut count = 0;
        while let Some(effect) = clerk.poll() {
            if count == place {
                clerk.handle_shutdown(NOW);
            }
            count += 1;
            bench.perform(NOW, &mut clerk, effect);
        }
        assert!(matches!(&filed(&bench)[..], [(id, Left::Still(_))] if *id == one), "{place}");
        assert_eq!((clerk.wants(), clerk.transmit()), (Wants::Close, &b""[..]));
        assert!(bench.spool.contains_key(&two));
    }
    let mut idle = clerk();
    idle.handle_shutdown(NOW);
    drain(NOW, &mut idle, &mut bench());
    assert_eq!(idle.wants(), Wants::Close);
}
