use super::Local;
use crate::machine::{Host, Machine, Session, Wants, drain};
use crate::queue::{Action, Carried, Carrier, Carry, Destination, End, Id, Input as News};
use crate::role::bench::{Bench, Fault, NOW, account, bench, id, site};
use crate::role::{Effect, Input};
use crate::store::Failure;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

const ONE: &str = "2b3c4d5f6g7h8j9k";
const TWO: &str = "3b3c4d5f6g7h8j9k";
const CONTENT: &[u8] = b"Received: by mx.example.com\r\nSubject: Hi\r\n\r\nHello\r\n";
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";

fn carry(id: Id) -> Carry {
    Carry { id, destination: Destination::Local }
}

fn local(first: Id) -> Local {
    Local::new(NOW, site(), Carrier(7), carry(first))
}

/// What the queue was told of messages.
fn carried(bench: &Bench) -> Vec<(Id, Carried)> {
    let told = |news: &News| match news {
        News::Carried { carrier: Carrier(7), id, carried } => Some((*id, *carried)),
        _ => None,
    };
    bench.queue.iter().filter_map(told).collect()
}

/// Whether the last thing that the queue was told is that the worker is no more.
fn is_closed(bench: &Bench) -> bool {
    let closed =
        |news: &&News| matches!(news, News::Closed { carrier: Carrier(7), end: End::Over });
    bench.queue.iter().filter(closed).count() == 1
        && bench.queue.last().is_some_and(|it| closed(&it))
}

/// Has a new worker carry one message.
fn file(bench: &mut Bench, id: Id) -> Vec<Carried> {
    let before = carried(bench).len();
    drain(NOW, &mut local(id), bench);
    carried(bench)[before..].iter().map(|(_, carried)| *carried).collect()
}

#[test]
fn it_files_a_message_behind_its_return_path() {
    let mut bench = bench();
    let one = bench.put(ONE, "<eve@example.org>", &["<bob@example.com>"], CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Gone]);
    let expected = [b"Return-Path: <eve@example.org>\r\n", CONTENT].concat();
    assert_eq!(bench.inbox(BOB), [expected]);
    assert!(bench.spool.is_empty());
    let calls = ["Load", "Begin", "Read", "Write", "Deliver", "Remove"];
    assert_eq!(bench.calls, calls, "one piece for a small message");
    let line = format!(
        "delivered id={one} from=<eve@example.org> to=<bob@example.com> status=2.0.0 size={}",
        CONTENT.len()
    );
    assert_eq!(bench.reports, [line]);
}

#[test]
fn a_large_message_passes_in_slices() {
    for length in [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000] {
        let mut bench = bench();
        let mut content = b"a: b\r\n\r\n0123456789abcd\r\n".repeat(length / 24 + 1);
        content.truncate(length);
        let one = bench.put(ONE, "<>", &["<bob@example.com>"], &content);
        assert_eq!(file(&mut bench, one), [Carried::Gone]);
        let expected = [b"Return-Path: <>\r\n", &*content].concat();
        assert!(bench.inbox(BOB) == [expected], "{length}");
    }
}

#[test]
fn everybody_gets_one_copy_whatever_leads_to_him() {
    let mut bench = bench();
    let to = ["<all@example.com>", "<bob@example.com>", "<BOB+x@example.com>"];
    let one = bench.put(ONE, "<eve@example.org>", &to, CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Gone]);
    assert_eq!((bench.inbox(ANN).len(), bench.inbox(BOB).len()), (1, 1));
    assert_eq!(bench.reports.len(), 3);
}

#[test]
fn nobody_of_that_name_is_here() {
    let mut bench = bench();
    let to = ["<carol@example.com>", "<bob@example.com>", "<dave@example.com>"];
    let one = bench.put(ONE, "<eve@example.org>", &to, CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Settled { report: true }]);
    let (entry, _) = &bench.spool[&one];
    let action = |place: usize| entry.states[place].last.as_ref().unwrap().1.action;
    assert_eq!([0, 1, 2].map(action), [Action::Failed, Action::Delivered, Action::Failed]);
    let line = format!(
        "failed id={one} from=<eve@example.org> to=<carol@example.com> status=5.1.1 \
         reply=\"No such user here\" size={}",
        CONTENT.len()
    );
    assert_eq!(bench.reports[0], line);
    let mut nobody = self::bench();
    let two = nobody.put(TWO, "<eve@example.org>", &["<carol@example.com>"], CONTENT);
    assert_eq!(file(&mut nobody, two), [Carried::Settled { report: true }]);
    assert_eq!(nobody.calls, ["Load", "Record"], "nothing is written for nobody");
}

#[test]
fn those_elsewhere_are_left_to_others() {
    let mut bench = bench();
    let to = ["<carol@example.net>", "<bob@example.com>"];
    let one = bench.put(ONE, "<ann@example.com>", &to, CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Settled { report: false }]);
    let (entry, _) = &bench.spool[&one];
    assert_eq!(entry.pending().collect::<Vec<_>>(), [0]);
    assert_eq!(file(&mut bench, one), [Carried::Elsewhere], "again: nothing to do");
    assert_eq!(bench.inbox(BOB).len(), 1);
}

#[test]
fn who_wants_to_know_of_a_delivery_is_told() {
    let mut bench = bench();
    let one = bench.put(ONE, "<ann@example.com>", &["<bob@example.com> NOTIFY=SUCCESS"], CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Settled { report: true }]);
    assert!(bench.spool.contains_key(&one));
}

#[test]
fn a_full_mailbox_is_tried_again_and_the_others_get_no_second_copy() {
    let mut bench = bench();
    bench.full = vec![account(BOB)];
    let to = ["<all@example.com>", "<bob@example.com>", "<ann@example.com>"];
    let one = bench.put(ONE, "<eve@example.org>", &to, CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Deferred { report: false }]);
    assert_eq!((bench.inbox(ANN).len(), bench.inbox(BOB).len()), (1, 0));
    let (entry, _) = &bench.spool[&one];
    let outcome = |place: usize| &entry.states[place].last.as_ref().unwrap().1;
    assert_eq!(format!("{}", outcome(0)), "deferred 4.2.2 - The mailbox is full");
    assert_eq!(outcome(0), outcome(1));
    assert_eq!(outcome(2).action, Action::Delivered);
    bench.full.clear();
    assert_eq!(file(&mut bench, one), [Carried::Gone]);
    assert_eq!((bench.inbox(ANN).len(), bench.inbox(BOB).len()), (1, 1));
}

#[test]
fn a_full_disk_is_not_taken_for_a_full_mailbox() {
    let mut bench = bench();
    bench.full = vec![account(BOB)];
    bench.fullness = Failure::Full;
    let one = bench.put(ONE, "<eve@example.org>", &["<bob@example.com>"], CONTENT);
    assert_eq!(file(&mut bench, one), [Carried::Deferred { report: false }]);
    let last = bench.spool[&one].0.states[0].last.as_ref().unwrap();
    assert_eq!(format!("{}", last.1), "deferred 4.3.1 - The disk is full");
}

#[test]
fn a_message_that_is_not_there_is_gone() {
    assert_eq!(file(&mut bench(), id(ONE)), [Carried::Gone]);
    for place in [0, 5] {
        let mut bench = bench();
        let one = bench.put(ONE, "<>", &["<bob@example.com>"], CONTENT);
        bench.fault = Some(Fault::Fails(place, Failure::NoMessage));
        assert_eq!(file(&mut bench, one), [Carried::Gone], "{place}");
    }
}

/// Two pieces: Load, Begin, Read, Write, Read, Write, Deliver, Remove.
fn two_pieces(bench: &mut Bench) -> Id {
    let content = [CONTENT, &b"0123456789abcd\r\n".repeat(5_000)].concat();
    bench.put(ONE, "<eve@example.org>", &["<bob@example.com>"], &content)
}

#[test]
fn whatever_fails_the_message_is_filed_once_in_the_end() {
    use Carried::{Deferred, Unknown};
    let deferred = Deferred { report: false };
    let expected = [Unknown, deferred, deferred, deferred, deferred, deferred, deferred, Unknown];
    for (place, expected) in expected.into_iter().enumerate() {
        let mut bench = bench();
        let one = two_pieces(&mut bench);
        bench.fault = Some(Fault::Fails(place, Failure::Io("the disk is gone".into())));
        assert_eq!(file(&mut bench, one), [expected], "{place}");
        let reason = "reason=\"the disk is gone\"";
        assert_eq!(bench.reports.iter().filter(|line| line.contains(reason)).count(), 1);
        let is_abandoned = bench.calls.iter().any(|call| call == "Abandon");
        assert_eq!(is_abandoned, (2..=5).contains(&place), "{:?}", bench.calls);
        if expected == deferred {
            let text = format!("{}", bench.spool[&one].0.states[0].last.as_ref().unwrap().1);
            assert!(text.starts_with("deferred 4.3.0 - The message could not be "), "{text}");
        }
        bench.fault = None;
        assert_eq!(file(&mut bench, one), [Carried::Gone]);
        assert_eq!(bench.inbox(BOB).len(), 1);
        assert!(bench.spool.is_empty());
    }
}

#[test]
fn wherever_it_is_cut_off_the_message_is_filed_once_in_the_end() {
    for place in 0..=8 {
        let mut bench = bench();
        let one = two_pieces(&mut bench);
        bench.fault = Some(Fault::Dies(place));
        drain(NOW, &mut local(one), &mut bench);
        bench.fault = None;
        assert_eq!(file(&mut bench, one), [Carried::Gone]);
        assert_eq!(bench.inbox(BOB).len(), 1, "{place}");
    }
}

#[test]
fn an_abandoned_message_that_can_not_be_forgotten_holds_nothing_up() {
    let mut bench = bench();
    let one = two_pieces(&mut bench);
    bench.fault = Some(Fault::Fails(2, Failure::Io("gone".into())));
    let mut worker = local(one);
    while let Some(effect) = worker.poll() {
        if bench.calls.len() == 3 {
            bench.fault = Some(Fault::Fails(3, Failure::Io("gone".into())));
        }
        bench.perform(NOW, &mut worker, effect);
    }
    assert_eq!(bench.calls, ["Load", "Begin", "Read!", "Abandon!", "Record"]);
}

#[test]
fn it_takes_one_message_after_the_other_until_there_are_no_more() {
    let mut bench = bench();
    let one = bench.put(ONE, "<>", &["<bob@example.com>"], CONTENT);
    let two = bench.put(TWO, "<>", &["<bob@example.com>"], CONTENT);
    let mut worker = local(one);
    drain(NOW, &mut worker, &mut bench);
    assert_eq!(carried(&bench), [(one, Carried::Gone)]);
    assert_eq!((worker.wants(), worker.poll_timeout()), (Wants::Nothing, None));
    worker.handle(NOW, Input::Carry(carry(two)));
    drain(NOW, &mut worker, &mut bench);
    assert_eq!(carried(&bench), [(one, Carried::Gone), (two, Carried::Gone)]);
    assert_eq!(bench.inbox(BOB).len(), 2);
    worker.handle(NOW, Input::Quit);
    drain(NOW, &mut worker, &mut bench);
    assert!(is_closed(&bench));
    assert_eq!((worker.wants(), worker.transmit()), (Wants::Close, &b""[..]));
    worker.handle(NOW, Input::Carry(carry(two)));
    drain(NOW, &mut worker, &mut bench);
    assert!(is_closed(&bench), "it is over");
}

#[test]
fn at_shutdown_it_ends_what_it_has_begun() {
    for place in 0..8 {
        let mut bench = bench();
        let one = two_pieces(&mut bench);
        let mut worker = local(one);
        let mut count = 0;
        while let Some(effect) = worker.poll() {
            if count == place {
                worker.handle_shutdown(NOW);
            }
            count += 1;
            bench.perform(NOW, &mut worker, effect);
        }
        assert_eq!(carried(&bench), [(one, Carried::Gone)], "{place}");
        assert!(is_closed(&bench));
        assert_eq!(worker.wants(), Wants::Close);
    }
}

#[test]
fn at_shutdown_it_begins_nothing() {
    let mut bench = bench();
    let one = bench.put(ONE, "<>", &["<bob@example.com>"], CONTENT);
    let mut worker = local(one);
    worker.handle_shutdown(NOW);
    drain(NOW, &mut worker, &mut bench);
    assert_eq!((carried(&bench).len(), bench.queue.len()), (0, 1));
    assert!(is_closed(&bench) && bench.calls.is_empty());
}

#[test]
fn stale_answers_and_octets_are_ignored() {
    let mut bench = bench();
    let one = bench.put(ONE, "<>", &["<bob@example.com>"], CONTENT);
    let mut worker = local(one);
    let mut stale = None;
    while let Some(effect) = worker.poll() {
        if let (Effect::Spool { .. }, Some(ticket)) = (&effect, stale) {
            worker.handle_content(NOW, ticket, b"stale");
            let answer = crate::queue::spool::Answer::Read { end: true };
            worker.handle(NOW, Input::Spool { ticket, answer });
        }
        if let Effect::Spool { ticket, .. } = &effect {
            stale = Some(*ticket);
        }
        bench.perform(NOW, &mut worker, effect);
    }
    let text = String::from_utf8(bench.inbox(BOB).remove(0)).unwrap();
    assert!(!text.contains("stale"));
}
