use super::{Batch, Index, Row, State};
use crate::files::Stat;
use postroad_core::store::suite::uid;
use postroad_core::store::{Entry, Flags, Removed};

fn stat(inode: u64) -> Stat {
    Stat { size: 4096, modified: (-3, 999), inode, is_folder: true, is_file: false }
}

fn row(number: u32, flags: Flags) -> Row {
    let entry = Entry { flags, date: -1, modseq: u64::MAX, saved: 7, ..Entry::new(uid(number), 8) };
    Row { entry, record: 9, summary: 10, in_new: true, name: None }
}

fn whole() -> Batch {
    Batch {
        state: State {
            boot: [3; 16],
            uid_validity: 1,
            uid_next: 9,
            highest_modseq: 11,
            forgotten: 5,
            map: Some((3, 4)),
            seen: Some((stat(1), stat(2))),
            looked: -8,
            ..State::default()
        },
        changes: false,
        rows: vec![
            row(2, Flags::SEEN),
            Row { name: Some(b"odd;2,X"[..].into()), ..row(5, Flags::keyword(55)) },
            row(6, Flags::NONE),
        ],
        removed: vec![Removed { modseq: 6, first: uid(3), last: uid(4) }],
        ids: vec![(1, 2), (3, 4)],
    }
}

fn change() -> Batch {
    Batch {
        state: State { uid_next: 12, keywords: Some(stat(3)), ..State::default() },
        changes: true,
        rows: vec![row(2, Flags::NONE), row(11, Flags::DRAFT)],
        removed: vec![Removed { modseq: 12, first: uid(6), last: uid(6) }],
        ids: vec![(5, 6)],
    }
}

fn file() -> Vec<u8> {
    [whole().file().unwrap(), change().octets().unwrap()].concat()
}

#[test]
fn what_is_written_is_read() {
    let index = Index::parse(&whole().file().unwrap()).unwrap();
    assert_eq!(
        (index.state, &index.rows, &index.ids),
        (whole().state, &whole().rows, &whole().ids)
    );
    assert_eq!(index.vanished.since(5).unwrap().to_string(), "3:4");
    assert!(!index.changed && index.vanished.since(4).is_none());
    let index = Index::parse(&file()).unwrap();
    assert!(index.changed);
    assert_eq!(index.state, change().state);
    let rows = [row(2, Flags::NONE), whole().rows[1].clone(), row(11, Flags::DRAFT)];
    assert_eq!(index.rows, rows);
    assert_eq!(index.vanished.since(6).unwrap().to_string(), "6");
    assert_eq!(index.ids, [(1, 2), (3, 4), (5, 6)]);
}

#[test]
fn what_is_not_whole_is_not_read() {
    let whole_length = whole().file().unwrap().len();
    let file = file();
    for cut in (0..file.len()).filter(|cut| *cut != whole_length) {
        assert!(Index::parse(&file[..cut]).is_none(), "cut at {cut}");
    }
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            assert!(Index::parse(&file).is_none(), "at {at}");
        }
    }
    let zeros = [&file[..], &[0; 12]].concat();
    assert!(Index::parse(&zeros).is_none());
}
