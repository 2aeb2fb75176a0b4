use super::{Records, UidMap, write_message, write_recent};
use crate::files::{Files, RealFiles};
use crate::scratch::Scratch;
use postroad_core::store::suite::uid;
use proptest::collection::vec;

fn text(keys: &[&[u8]]) -> String {
    let mut text = UidMap::new(1_790_000_000).header();
    for (uid, key) in (1..).zip(keys) {
        write_message(&mut text, key, uid, None);
    }
    text
}

#[test]
fn a_map_looks_as_it_is_described() {
    let mut text = text(&[b"1.Qx.host"]);
    write_message(&mut text, b"a b%\n\xff,S=7", 2, Some(4711));
    write_recent(&mut text, 2);
    let records: Vec<_> = text.lines().map(|line| &line[9..]).collect();
    assert_eq!(
        records,
        [
            "postroad-uids 1 1790000000",
            "next 1",
            "recent 1",
            "1 - 1.Qx.host",
            "2 4711 a%20b%25%0A%FF,S=7",
            "recent 2",
        ]
    );
    let map = UidMap::parse(text.as_bytes()).unwrap();
    assert_eq!((map.uid_next, map.recent_from, map.records), (3, 2, 5));
    let (base, numbered) = map.messages.get_key_value(&b"a b%\n\xff"[..]).unwrap();
    assert_eq!((base.as_bytes(), base.field(b'S')), (&b"a b%\n\xff,S=7"[..], Some(7)));
    assert_eq!((numbered.uid, numbered.size), (2, Some(4711)));
    assert_eq!(text[numbered.offset as usize + 9..].lines().next(), Some(records[4]));
    assert!(!map.damaged);
}

#[test]
fn the_last_word_on_a_key_counts_and_no_uid_is_given_twice() {
    let mut text = text(&[b"a", b"b"]);
    write_message(&mut text, b"a,S=5", 3, None);
    write_message(&mut text, b"c", 2, None);
    let map = UidMap::parse(text.as_bytes()).unwrap();
    let (base, numbered) = map.messages.get_key_value(&b"a"[..]).unwrap();
    assert_eq!((base.as_bytes(), numbered.uid), (&b"a,S=5"[..], 3));
    assert_eq!(map.messages[&b"b"[..]].uid, 2);
    assert!(!map.messages.contains_key(&b"c"[..]));
    assert!(map.damaged && map.uid_next > 3);
}

#[test]
fn single_records_are_read() {
    let scratch = Scratch::new();
    let names: Vec<String> = (1..=600).map(|n| format!("{n}.{}", "x y".repeat(n % 80))).collect();
    let keys: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let text = text(&keys);
    let path = scratch.path().join("map");
    RealFiles.create(&path).unwrap().write(text.as_bytes()).unwrap();
    let map = UidMap::parse(text.as_bytes()).unwrap();
    let mut records = Records::new(path);
    for number in (1..=600u32).chain([3, 599, 2, 1, 600]) {
        let key = keys[number as usize - 1];
        let offset = map.messages[key].offset as u32;
        let base = records.base(&RealFiles, offset, uid(number)).unwrap().unwrap();
        assert_eq!(base.as_bytes(), key);
        assert!(records.base(&RealFiles, offset, uid(number + 1)).unwrap().is_none());
        assert!(records.base(&RealFiles, offset + 1, uid(number)).unwrap().is_none());
    }
    let mut nowhere = Records::new(scratch.path().join("none"));
    assert!(nowhere.base(&RealFiles, 0, uid(1)).unwrap().is_none());
}

#[test]
fn what_is_no_map_is_not_read() {
    for text in ["", "\n", "postroad-uids 1 5\n", "00000000 postroad-uids 1 5\n"] {
        assert_eq!(UidMap::parse(text.as_bytes()), None);
    }
    let whole = text(&[]);
    let header = whole.lines().next().unwrap();
    assert_eq!(UidMap::parse(header.as_bytes()), None, "a line has its end");
}

proptest::proptest! {
    /// However a crash tears the end, what was whole before it stays, and no UID comes again.
    #[test]
    fn a_torn_end_is_known(
        keys in vec(vec(b';'.., 1..12), 1..8),
        cut in 0usize..400,
        junk in vec(0u8.., 0..20),
    ) {
        let keys: std::collections::BTreeSet<_> = keys.into_iter().collect();
        let keys: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        let whole = text(&keys).into_bytes();
        let start = UidMap::new(1_790_000_000).header().len();
        let cut = start + cut % (whole.len() - start + 1);
        let torn = [&whole[..cut], &junk[..]].concat();
        let map = UidMap::parse(&torn).unwrap();
        let lines = whole[..cut].iter().filter(|octet| **octet == b'\n').count() - 3;
        for (uid, key) in (1u32..).zip(&keys).take(lines) {
            assert_eq!(map.messages[*key].uid, uid);
        }
        assert!(map.messages.len() <= lines + 1);
        assert!(map.uid_next as usize > lines);
        let clean = cut == torn.len() && torn.last() == Some(&b'\n');
        assert!(map.damaged != clean || !junk.is_empty());
    }

    #[test]
    fn one_changed_octet_is_noticed(at in 0usize..1_000, by in 1u8..) {
        let whole = text(&[b"1.a.host", b"2.b.host", b"3.c.host"]).into_bytes();
        let mut changed = whole.clone();
        let at = at % changed.len();
        changed[at] ^= by;
        match UidMap::parse(&changed) {
            None => assert!(at < whole.iter().position(|octet| *octet == b'\n').unwrap() + 1),
            // The sum itself may be written in capitals.
            Some(map) => assert!(map.damaged || UidMap::parse(&whole) == Some(map)),
        }
    }
}
