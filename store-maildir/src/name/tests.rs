use super::{Base, FileName, id_of_key, unique_of_id};
use postroad_core::store::Flags;

fn parse(name: &str) -> FileName {
    FileName::parse(name.as_bytes()).unwrap()
}

#[test]
fn names_of_many_programs_are_read() {
    let (answered, deleted, draft) = (Flags::ANSWERED, Flags::DELETED, Flags::DRAFT);
    let (flagged, seen) = (Flags::FLAGGED, Flags::SEEN);
    for (name, key, size, given, flags) in [
        ("1.a.host", "1.a.host", None, None, Flags::NONE),
        ("1.a.host:2,", "1.a.host", None, None, Flags::NONE),
        ("1.a.host:2,SRF", "1.a.host", None, None, seen | answered | flagged),
        ("1.a.host,S=5,W=6:2,TD", "1.a.host", Some(5), Some(6), deleted | draft),
        ("1.a.host,W=6,U=7:2,PS", "1.a.host", None, Some(6), seen),
        (
            "1.a.host,S=x:2,Sab",
            "1.a.host",
            None,
            None,
            seen | Flags::keyword(0) | Flags::keyword(1),
        ),
        ("1.a.host;2,FP", "1.a.host", None, None, flagged),
        ("1.a.host,S=1,W=2;2,RDF,", "1.a.host", Some(1), Some(2), answered | draft | flagged),
        ("1.a.host:1,x", "1.a.host", None, None, Flags::NONE),
        ("odd", "odd", None, None, Flags::NONE),
        (":2,S", "", None, None, seen),
        ("a:2,b:2,S", "a", None, None, seen),
    ] {
        let parsed = parse(name);
        assert_eq!(parsed.as_bytes(), name.as_bytes());
        assert_eq!(parsed.key(), key.as_bytes(), "{name}");
        assert_eq!((parsed.field(b'S'), parsed.field(b'W')), (size, given), "{name}");
        assert_eq!(parsed.flags(26), flags, "{name}");
    }
    assert!(FileName::parse(b"").is_none());
    assert!(FileName::parse(b".hidden").is_none());
}

#[test]
fn other_programs_letters_stay() {
    let seen = Flags::SEEN;
    for (name, flags, keywords, expected) in [
        ("1.a.h", seen, 0, "1.a.h:2,S"),
        ("1.a.h:2,FPz", seen, 3, "1.a.h:2,PSz"),
        ("1.a.h:2,SFRa", Flags::NONE, 1, "1.a.h:2,"),
        ("1.a.h:2,b", seen | Flags::keyword(0), 1, "1.a.h:2,Sab"),
        ("1.a.h,S=1;2,T", Flags::DRAFT | seen, 0, "1.a.h,S=1;2,DS"),
        ("1.a.h:2,,X", seen, 0, "1.a.h:2,,SX"),
    ] {
        let renamed = parse(name).with_flags(flags, keywords);
        assert_eq!(String::from_utf8_lossy(renamed.as_bytes()), expected);
        assert_eq!(renamed, parse(expected), "what is written is what is read");
        assert_eq!(renamed.flags(keywords), flags);
    }
}

#[test]
fn plain_names_are_told_by_base_and_flags() {
    let flags = Flags::SEEN | Flags::FLAGGED | Flags::keyword(1);
    for (name, info, plain) in [
        ("1.a.h,S=1,W=2", None, true),
        ("1.a.h,S=1,W=2:2,", None, false),
        ("1.a.h:2,FSb", Some(flags), true),
        ("1.a.h:2,", Some(Flags::NONE), true),
        ("1.a.h:2,SFb", Some(flags), false),
        ("1.a.h:2,FSbz", Some(flags), false),
        ("1.a.h;2,FSb", Some(flags), false),
        ("1.a.h:1,:2,FSb", Some(flags), true),
        ("1.a.h", Some(Flags::NONE), false),
    ] {
        let parsed = parse(name);
        assert_eq!(parsed.has_plain_info(info), plain, "{name}");
        let again = FileName::plain(&Base::new(parsed.base()), info);
        assert_eq!(again == parsed, plain, "{name}");
        assert_eq!(again.key(), parsed.key());
    }
}

#[test]
fn own_names_tell_size_and_id() {
    let name = FileName::new(17, &unique_of_id("3k/x.Y:é"), "mx.example.org", 10, 12);
    assert_eq!(
        String::from_utf8_lossy(name.as_bytes()),
        "17.Q3k=2Fx=2EY=3A=C3=A9.mx.example.org,S=10,W=12"
    );
    assert_eq!(name, FileName::parse(name.as_bytes()).unwrap());
    assert_eq!(name.time(), 17);
    assert_eq!(name.id(), Some(&b"3k=2Fx=2EY=3A=C3=A9"[..]));
    assert_eq!(id_of_key(b"17.M20046P2137.host"), None);
    assert_eq!(id_of_key(b"17"), None);
}

proptest::proptest! {
    #[test]
    fn any_name_keeps_its_key(
        name in "[ -~]{1,30}(:2,[A-Za-z,]{0,8})?",
        bits in 0u64..32,
    ) {
        let Some(parsed) = FileName::parse(name.as_bytes()) else { return Ok(()) };
        let flags = [Flags::SEEN, Flags::DRAFT, Flags::DELETED, Flags::ANSWERED, Flags::keyword(2)]
            .into_iter()
            .enumerate()
            .filter(|(bit, _)| bits & (1 << bit) != 0)
            .fold(Flags::NONE, |flags, (_, flag)| flags | flag);
        let renamed = parsed.with_flags(flags, 3);
        assert_eq!(renamed.key(), parsed.key());
        assert_eq!(renamed.flags(3), flags);
        assert_eq!(renamed.with_flags(flags, 3), renamed);
        assert_eq!(FileName::parse(renamed.as_bytes()), Some(renamed));
    }
}
