//! The view against a naive model: two lists, of what the mailbox holds and of what the client
//! believes.

use super::*;
use crate::store::FlagAction;
use alloc::vec::Vec;
use proptest::prelude::*;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn entry(number: u32, flags: Flags) -> Entry {
    Entry { flags, ..Entry::new(uid(number), number * 10) }
}

fn snapshot(entries: &[Entry], uid_next: u32) -> Snapshot {
    Snapshot {
        uid_validity: 1,
        uid_next,
        highest_modseq: 1,
        keywords: [].into(),
        messages: entries.iter().copied().collect(),
        recent: uid_next..uid_next,
    }
}

/// A mailbox of these messages, where the next one gets the UID after the last.
fn mailbox(numbers: &[u32]) -> Snapshot {
    let entries: Vec<Entry> = numbers.iter().map(|number| entry(*number, Flags::NONE)).collect();
    snapshot(&entries, numbers.last().map_or(1, |last| last + 1))
}

fn view(numbers: &[u32]) -> View {
    View::new(mailbox(numbers))
}

/// The first and the last number of each range, if the set is one.
type Found = Option<Vec<(u32, u32)>>;

fn found(view: &View, numbering: Numbering, set: &str) -> Found {
    let ranges = view.find(numbering, &set.parse().unwrap()).ok()?;
    Some(ranges.into_iter().map(|range| (range.start, range.end - 1)).collect())
}

#[test]
fn sets_of_sequence_numbers() {
    let view = view(&[3, 5, 8, 13]);
    let rows: [(&str, Found); 7] = [
        ("1:4", Some(alloc::vec![(1, 4)])),
        ("*", Some(alloc::vec![(4, 4)])),
        ("*:2", Some(alloc::vec![(2, 4)])),
        ("4,1:2", Some(alloc::vec![(1, 2), (4, 4)])),
        ("5", None),
        ("1:5", None),
        ("4294967295:*", None),
    ];
    for (set, expected) in rows {
        assert_eq!(found(&view, Numbering::Sequence, set), expected, "{set}");
    }
}

#[test]
fn sets_of_uids() {
    let view = view(&[3, 5, 8, 13]);
    let rows: &[(&str, &[(u32, u32)])] = &[
        ("1:*", &[(1, 4)]),
        ("1:4294967295", &[(1, 4)]),
        ("*", &[(4, 4)]),
        ("20:*", &[(4, 4)]),
        ("4:8", &[(2, 3)]),
        ("4", &[]),
        ("3,13", &[(1, 1), (4, 4)]),
        ("14:100", &[]),
    ];
    for (set, expected) in rows {
        assert_eq!(found(&view, Numbering::Uid, set).as_deref(), Some(*expected), "{set}");
    }
}

#[test]
fn an_empty_mailbox_has_no_sequence_numbers() {
    let view = view(&[]);
    for set in ["1", "*", "1:*"] {
        let set = set.parse().unwrap();
        assert_eq!(view.find(Numbering::Sequence, &set), Err(OutOfRange));
        assert_eq!(view.find(Numbering::Uid, &set), Ok(Vec::new()));
    }
}

#[test]
fn what_came_and_went_untold_is_never_told() {
    let mut view = view(&[1]);
    view.apply(mailbox(&[1, 2]));
    view.apply(Snapshot { uid_next: 3, ..mailbox(&[1]) });
    assert_eq!(view.report(Expunges::Report), News::default());
}

#[test]
fn recent_stays_for_the_session() {
    let mut view = View::new(Snapshot { recent: 1..2, ..mailbox(&[1]) });
    view.apply(snapshot(&[entry(1, Flags::SEEN)], 2));
    assert_eq!(view.report(Expunges::Wait).changed, [1]);
    assert_eq!(view.get(1).unwrap().flags, Flags::SEEN | Flags::RECENT);
    assert_eq!(view.recent(), 1);
    view.apply(Snapshot { uid_next: 4, recent: 2..4, ..mailbox(&[2, 3]) });
    assert_eq!(view.report(Expunges::Report).recent, Some(2));
}

#[test]
fn a_silent_change_is_told_where_another_session_had_a_say() {
    let mut view = view(&[1, 2]);
    let after = [entry(1, Flags::SEEN), entry(2, Flags::SEEN | Flags::FLAGGED)];
    let both = [uid(1), uid(2)].into_iter().collect();
    view.apply_silently(snapshot(&after, 3), &both, FlagAction::Add, Flags::SEEN);
    assert_eq!(view.report(Expunges::Wait).changed, [2]);
}

/// What happens to a mailbox, or between it and one client.
#[derive(Clone, Debug)]
enum Step {
    Arrive,
    /// The message at this place of those that are there.
    Vanish(usize),
    Flag(usize, u8),
    Report(Expunges),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Arrive),
        (0..20_usize).prop_map(Step::Vanish),
        (0..20_usize, 0..4_u8).prop_map(|(at, flags)| Step::Flag(at, flags)),
        prop_oneof![Just(Expunges::Report), Just(Expunges::Wait)].prop_map(Step::Report),
    ]
}

fn flags(bits: u8) -> Flags {
    let bit = |set: bool, flag| if set { flag } else { Flags::NONE };
    bit(bits & 1 > 0, Flags::SEEN) | bit(bits & 2 > 0, Flags::DELETED)
}

proptest! {
    // PROPTEST_CASES may ask for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

    #[test]
    fn the_client_believes_what_is_true(steps in proptest::collection::vec(step(), 0..60)) {
        let mut view = view(&[]);
        let mut next = 1;
        // What the mailbox holds; what the client has been told.
        let mut truth: Vec<Entry> = Vec::new();
        let mut belief: Vec<Entry> = Vec::new();
        for step in steps {
            match step {
                Step::Arrive => {
                    truth.push(entry(next, Flags::NONE));
                    next += 2;
                }
                Step::Vanish(at) if at < truth.len() => {
                    truth.remove(at);
                }
                Step::Flag(at, bits) if at < truth.len() => truth[at].flags = flags(bits),
                Step::Vanish(_) | Step::Flag(..) => {}
                Step::Report(expunges) => {
                    let news = view.report(expunges);
                    hear(news, &view, &mut belief, expunges);
                    let known: Vec<Entry> =
                        (1..=view.exists()).map(|it| view.get(it).unwrap()).collect();
                    prop_assert_eq!(&belief, &known);
                    let there: Vec<Entry> =
                        belief.iter().filter(|it| !view.has_vanished(it.uid)).copied().collect();
                    prop_assert_eq!(&there, &truth);
                    prop_assert!(expunges == Expunges::Wait || there == belief);
                }
            }
            view.apply(snapshot(&truth, next));
            prop_assert_eq!(view.exists() as usize, belief.len());
            for (index, entry) in belief.iter().enumerate() {
                let sequence = index as u32 + 1;
                prop_assert_eq!(view.sequence(entry.uid), Some(sequence));
                prop_assert_eq!(view.get(sequence).unwrap().uid, entry.uid);
                let alone: SequenceSet = alloc::format!("{}", entry.uid).parse().unwrap();
                let found = view.find(Numbering::Uid, &alone);
                prop_assert_eq!(found, Ok(alloc::vec![sequence..sequence + 1]));
                let alone = UidSet::from_iter([entry.uid]);
                let places = view.places(&alone);
                prop_assert_eq!(places, alloc::vec![sequence..sequence + 1]);
                let rest: Vec<Entry> = view.entries_from(sequence).collect();
                let one_by_one: Vec<Entry> =
                    (sequence..=view.exists()).filter_map(|it| view.get(it)).collect();
                prop_assert_eq!(rest, one_by_one);
            }
            prop_assert_eq!(view.get(belief.len() as u32 + 1), None);
        }
    }
}

/// What a client makes of news.
fn hear(news: News, view: &View, belief: &mut Vec<Entry>, expunges: Expunges) {
    assert!(expunges == Expunges::Report || news.expunged.is_empty());
    assert_eq!(news.expunged.len(), news.vanished.iter().count());
    for (number, uid) in news.expunged.iter().zip(news.vanished.iter()) {
        assert_eq!(belief.remove(*number as usize - 1).uid, uid);
    }
    if let Some(exists) = news.exists {
        assert!(exists as usize > belief.len());
        for number in belief.len() as u32..exists {
            belief.push(view.get(number + 1).unwrap());
        }
    }
    for number in news.changed {
        belief[number as usize - 1] = view.get(number).unwrap();
    }
}
