//! The view against a naive model: two lists, of what the mailbox holds and of what the client
//! believes.

use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn entry(number: u32, flags: Flags) -> Entry {
    Entry { uid: uid(number), flags, size: u64::from(number) * 10, date: 0 }
}

fn view(numbers: &[u32]) -> View {
    let entries = numbers.iter().map(|number| entry(*number, Flags::NONE)).collect();
    View::new([].into(), entries)
}

#[test]
fn an_entry_takes_32_octets() {
    assert_eq!(size_of::<Entry>(), 32);
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
    view.apply(Changes { entries: alloc::vec![entry(2, Flags::NONE)], ..Changes::default() });
    view.apply(Changes { vanished: alloc::vec![uid(2)], ..Changes::default() });
    assert_eq!(view.report(Expunges::Report), News::default());
}

#[test]
fn a_uid_that_was_expunged_does_not_come_back() {
    let mut view = view(&[1, 2]);
    view.apply(Changes { vanished: alloc::vec![uid(1)], ..Changes::default() });
    assert_eq!(view.report(Expunges::Report).expunged, [1]);
    view.apply(Changes { entries: alloc::vec![entry(1, Flags::SEEN)], ..Changes::default() });
    assert_eq!(view.report(Expunges::Report), News::default());
}

#[test]
fn recent_stays_for_the_session() {
    let mut view = View::new([].into(), alloc::vec![entry(1, Flags::RECENT)]);
    view.apply(Changes { entries: alloc::vec![entry(1, Flags::SEEN)], ..Changes::default() });
    assert_eq!(view.report(Expunges::Wait).changed, [1]);
    assert_eq!(view.get(1).unwrap().flags, Flags::SEEN | Flags::RECENT);
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
                    let new = entry(next, Flags::NONE);
                    next += 1;
                    truth.push(new);
                    view.apply(Changes { entries: alloc::vec![new], ..Changes::default() });
                }
                Step::Vanish(at) if at < truth.len() => {
                    let gone = truth.remove(at);
                    view.apply(Changes { vanished: alloc::vec![gone.uid], ..Changes::default() });
                }
                Step::Flag(at, bits) if at < truth.len() => {
                    truth[at].flags = flags(bits);
                    view.apply(Changes { entries: alloc::vec![truth[at]], ..Changes::default() });
                }
                Step::Vanish(_) | Step::Flag(..) => {}
                Step::Report(expunges) => {
                    let news = view.report(expunges);
                    prop_assert!(expunges == Expunges::Report || news.expunged.is_empty());
                    for number in news.expunged {
                        belief.remove(number as usize - 1);
                    }
                    if let Some(exists) = news.exists {
                        prop_assert!(exists as usize > belief.len());
                        for number in belief.len() as u32..exists {
                            belief.push(*view.get(number + 1).unwrap());
                        }
                    }
                    for number in news.changed {
                        belief[number as usize - 1] = *view.get(number).unwrap();
                    }
                    let known: Vec<Entry> = (1..=view.exists()).map(|it| *view.get(it).unwrap()).collect();
                    prop_assert_eq!(&belief, &known);
                    if expunges == Expunges::Report {
                        prop_assert_eq!(&belief, &truth);
                    } else {
                        let there: Vec<Entry> =
                            belief.iter().filter(|it| !view.has_vanished(it.uid)).copied().collect();
                        prop_assert_eq!(&there, &truth);
                    }
                }
            }
            for (index, entry) in belief.iter().enumerate() {
                prop_assert_eq!(view.sequence(entry.uid), Some(index as u32 + 1));
            }
        }
    }
}
