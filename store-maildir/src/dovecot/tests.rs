use super::*;
use crate::scratch::Scratch;

const LIST: &[u8] = b"3 V1790000000 N18 G4f2e\n\
    3 W30 :1790000001.M1P2.host,S=28,W=30\n\
    9 P0000000500000001 S12 :1790000002.M2P2.host\n\
    torn\n\
    17 :1790000003.M3P2.host:2,\n";

fn base(name: &str) -> Box<[u8]> {
    name.as_bytes().into()
}

#[test]
fn both_versions_are_read() {
    let list = UidList::parse(LIST).unwrap();
    assert_eq!((list.uid_validity, list.uid_next), (1_790_000_000, 18));
    let names: Vec<_> = list.messages.iter().map(|(uid, it)| (*uid, it.base.clone())).collect();
    let expected = [
        (3, "1790000001.M1P2.host,S=28,W=30"),
        (9, "1790000002.M2P2.host"),
        (17, "1790000003.M3P2.host"),
    ];
    assert_eq!(names, expected.map(|(uid, name)| (uid, base(name))));
    assert_eq!(list.messages[&3].size, Some(30));
    assert_eq!(list.messages[&9].unique_id.as_deref(), Some("0000000500000001"));
    let old =
        UidList::parse(b"1 1790000000 5\n2 1790000001.a.host,S=3\n7 1790000002.b.host\n").unwrap();
    assert_eq!((old.uid_validity, old.uid_next, old.messages.len()), (1_790_000_000, 8, 2));
    for text in [&b""[..], b"2 V1 N1\n", b"3 V0 N1\n", b"3 N1\n", b"1 5\n", b"\xff 1 1\n"] {
        assert_eq!(UidList::parse(text), None);
    }
}

#[test]
fn unique_ids_are_kept() {
    let text = write_unique_ids(7, [(9, "from-elsewhere")].into_iter());
    let ids = parse_unique_ids(text.as_bytes(), 7).unwrap();
    let id = |uid| ids.of(7, Uid::new(uid).unwrap());
    assert_eq!((id(9), id(26)), ("from-elsewhere".into(), "0000001a00000007".into()));
    assert_eq!(parse_unique_ids(text.as_bytes(), 8), None);
    assert_eq!(parse_unique_ids(b"", 7), None);
}

#[test]
fn a_folder_without_a_list_is_nothing_to_take_over() {
    let scratch = Scratch::new();
    assert_eq!(unique_ids(&crate::RealFiles, scratch.path(), 7).unwrap(), UniqueIds::default());
}
