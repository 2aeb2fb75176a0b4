use super::{Cache, DEAD, FILE, NOWHERE};
use crate::files::RealFiles;
use crate::scratch::Scratch;
use postroad_core::store::suite::uid;
use std::fs;

fn read(cache: &mut Cache, number: u32, offset: u32) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    cache.read(&RealFiles, (uid(number), offset), &mut octets).then_some(octets)
}

#[test]
fn records_are_found_again() {
    let scratch = Scratch::new();
    let mut cache = Cache::new(scratch.path(), 7, 0);
    assert!(cache.find(&RealFiles).is_empty());
    let contents: Vec<Vec<u8>> = (1..200).map(|n| vec![n as u8; n * 37]).collect();
    let mut places = Vec::new();
    for (number, content) in (1..).zip(&contents) {
        places.push((uid(number), cache.add(&RealFiles, uid(number), content).unwrap()));
        let (_, offset) = places[number as usize / 2];
        assert!(read(&mut cache, number / 2 + 1, offset).is_some());
    }
    for (number, content) in (1..).zip(&contents) {
        let offset = places[number as usize - 1].1;
        assert_eq!(read(&mut cache, number, offset).as_ref(), Some(content));
        assert_eq!(read(&mut cache, number + 1, offset), None);
        assert_eq!(read(&mut cache, number, offset + 1), None);
    }
    assert_eq!(read(&mut cache, 1, NOWHERE), None);
    cache.flush(&RealFiles);
    let mut again = Cache::new(scratch.path(), 7, 0);
    assert_eq!(again.find(&RealFiles), places);
    assert_eq!(again.records, 199);
    // Another UIDVALIDITY, another mailbox.
    let mut other = Cache::new(scratch.path(), 8, 0);
    assert!(other.find(&RealFiles).is_empty());
    assert!(!scratch.path().join(FILE).exists());
}

#[test]
fn a_damaged_record_is_none() {
    let scratch = Scratch::new();
    let mut cache = Cache::new(scratch.path(), 7, 0);
    let offsets = [1, 2].map(|number| cache.add(&RealFiles, uid(number), b"content").unwrap());
    cache.flush(&RealFiles);
    let path = scratch.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&path, damaged).unwrap();
        let mut cache = Cache::new(scratch.path(), 7, 2);
        for (number, offset) in [1, 2].into_iter().zip(offsets) {
            let start = offset as usize;
            let hit = (start..start + 19).contains(&at);
            assert_eq!(read(&mut cache, number, offset).is_none(), hit, "at {at}");
        }
        fs::write(&path, &whole[..at]).unwrap();
        assert!(read(&mut Cache::new(scratch.path(), 7, 2), 2, offsets[1]).is_none());
        Cache::new(scratch.path(), 7, 2).find(&RealFiles);
    }
}

#[test]
fn what_is_dead_goes() {
    let scratch = Scratch::new();
    let mut cache = Cache::new(scratch.path(), 7, 0);
    let mut places = Vec::new();
    for number in 1..=DEAD as u32 + 12 {
        places.push((uid(number), cache.add(&RealFiles, uid(number), &[9; 100]).unwrap()));
        assert_eq!(cache.is_mostly_dead(10), number > DEAD as u32 + 10);
    }
    let live = &places[1000..1010];
    let spare = scratch.path().join("spare");
    let moved = cache.compact(&RealFiles, &spare, live).unwrap();
    assert_eq!(moved.len(), 10);
    assert!(!cache.is_mostly_dead(10));
    for (uid, offset) in moved {
        assert_eq!(read(&mut cache, uid.get(), offset).unwrap(), [9; 100]);
    }
    assert!(fs::metadata(scratch.path().join(FILE)).unwrap().len() < 1_200);
}

#[test]
fn what_another_process_has_changed_is_left_alone() {
    let scratch = Scratch::new();
    let path = scratch.path().join(FILE);
    let mut cache = Cache::new(scratch.path(), 7, 0);
    let offset = cache.add(&RealFiles, uid(1), b"content").unwrap();
    fs::write(&path, "another's").unwrap();
    assert!(read(&mut cache, 1, offset).is_some());
    cache.flush(&RealFiles);
    assert_eq!(fs::read(&path).unwrap(), b"another's");
    assert_eq!(read(&mut cache, 1, offset), None);
}
