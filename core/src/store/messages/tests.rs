use super::{Difference, Messages};
use crate::store::{Entry, Flags, Uid, UidSet};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use proptest::prelude::*;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

#[derive(Clone, Debug)]
enum Change {
    Push(u32),
    Update(u32, bool, bool),
    Remove(u32, u32),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (1..900u32).prop_map(Change::Push),
        3 => (any::<u32>(), any::<bool>(), any::<bool>())
            .prop_map(|(at, seen, deleted)| Change::Update(at, seen, deleted)),
        2 => (any::<u32>(), 0..600u32).prop_map(|(at, length)| Change::Remove(at, length)),
    ]
}

/// A plain map, against which everything is checked.
#[derive(Clone, Default)]
struct Model(BTreeMap<Uid, Entry>);

fn apply(change: &Change, messages: &mut Messages, model: &mut Model, next: &mut u32) {
    match *change {
        Change::Push(many) => {
            for _ in 0..many {
                let entry = Entry::new(uid(*next), *next % 7);
                messages.push(entry);
                model.0.insert(entry.uid, entry);
                *next += 1 + *next % 3;
            }
        }
        Change::Update(at, seen, deleted) => {
            let uid = uid(1 + at % *next);
            let mut flags = if seen { Flags::SEEN } else { Flags::NONE };
            flags = flags | if deleted { Flags::DELETED } else { Flags::NONE };
            let is_there = messages.update(uid, |entry| entry.flags = flags);
            assert_eq!(is_there, model.0.contains_key(&uid));
            if let Some(entry) = model.0.get_mut(&uid) {
                entry.flags = flags;
            }
        }
        Change::Remove(at, length) => {
            let first = 1 + at % *next;
            let uids = UidSet::range(uid(first), uid(first + length));
            messages.remove(&uids);
            model.0.retain(|uid, _| !uids.contains(*uid));
        }
    }
}

fn check(messages: &Messages, model: &Model) {
    let entries: Vec<Entry> = model.0.values().copied().collect();
    assert_eq!(messages.iter().copied().collect::<Vec<_>>(), entries);
    assert_eq!(messages.len() as usize, entries.len());
    assert_eq!(messages.is_empty(), entries.is_empty());
    let unseen = |entry: &&Entry| !entry.flags.contains(Flags::SEEN);
    let deleted = |entry: &&Entry| entry.flags.contains(Flags::DELETED);
    assert_eq!(messages.unseen() as usize, entries.iter().filter(unseen).count());
    assert_eq!(messages.deleted() as usize, entries.iter().filter(deleted).count());
    assert_eq!(messages.octets(), entries.iter().map(|entry| u64::from(entry.size)).sum::<u64>());
    let first = entries.iter().position(|entry| unseen(&entry));
    assert_eq!(messages.first_unseen().map(|index| index as usize), first);
    let marked: UidSet = entries.iter().filter(deleted).map(|entry| entry.uid).collect();
    assert_eq!(messages.marked_deleted(), marked);
    for (index, entry) in entries.iter().enumerate().step_by(17) {
        let index = index as u32;
        assert_eq!(messages.at(index), Some(entry));
        assert_eq!(messages.get(entry.uid), Some(entry));
        assert_eq!(messages.index(entry.uid), Some(index));
        assert_eq!(messages.rank(entry.uid.get()), index);
        assert_eq!(messages.rank(entry.uid.get() + 1), index + 1);
        assert_eq!(messages.iter_from(index).next(), Some(entry));
    }
    assert_eq!(messages.at(messages.len()), None);
    assert_eq!(messages.iter_from(messages.len()).next(), None);
}

/// The model after the differences were applied to it.
fn follow(model: &Model, old: &Messages, new: &Messages) -> Model {
    let mut followed = model.clone();
    let mut last = 0;
    for difference in old.differences(new) {
        let uid = match difference {
            Difference::Vanished(entry) => {
                assert_eq!(followed.0.remove(&entry.uid), Some(*entry));
                entry.uid
            }
            Difference::Added(entry) => {
                assert_eq!(followed.0.insert(entry.uid, *entry), None);
                entry.uid
            }
            Difference::Changed { old, new } => {
                assert_ne!(old, new);
                assert_eq!(followed.0.insert(new.uid, *new), Some(*old));
                new.uid
            }
        };
        assert!(uid.get() > last, "differences ascend");
        last = uid.get();
    }
    followed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn messages_are_what_a_plain_map_says(changes in prop::collection::vec(change(), 1..24)) {
        let (mut messages, mut model, mut next) = (Messages::default(), Model::default(), 1);
        let mut moments = Vec::new();
        for change in &changes {
            moments.push((messages.clone(), model.clone()));
            apply(change, &mut messages, &mut model, &mut next);
            check(&messages, &model);
        }
        for (moment, then) in &moments {
            check(moment, then);
            let followed = follow(then, moment, &messages);
            assert_eq!(followed.0, model.0);
        }
    }
}

#[test]
fn a_set_selects_what_is_there() {
    let messages: Messages = (1..=2_000).map(|n| Entry::new(uid(n * 2), 1)).collect();
    let set: UidSet =
        [(uid(1), uid(4)), (uid(1_023), uid(1_027)), (uid(4_000), Uid::MAX)].into_iter().collect();
    let selected: Vec<u32> = messages.select(&set).map(|entry| entry.uid.get()).collect();
    assert_eq!(selected, [2, 4, 1_024, 1_026, 4_000]);
}

#[test]
fn what_is_the_same_is_shared() {
    let mut messages: Messages = (1..=100_000).map(|n| Entry::new(uid(n), 1)).collect();
    let before = messages.clone();
    messages.update(uid(70_000), |entry| entry.flags = Flags::SEEN);
    let shared = before.chunks.iter().zip(messages.chunks.iter());
    let shared = shared.filter(|(one, two)| alloc::sync::Arc::ptr_eq(&one.chunk, &two.chunk));
    assert_eq!(shared.count(), before.chunks.len() - 1);
    assert_eq!(before.differences(&messages).count(), 1);
}

#[test]
fn a_message_takes_forty_octets() {
    assert_eq!(size_of::<Entry>(), 40);
}
