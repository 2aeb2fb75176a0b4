use super::*;
use alloc::vec;
use proptest::prelude::*;

#[derive(PartialEq, Eq, Debug, Default)]
struct Found {
    messages: Vec<(u64, i64, Vec<u8>)>,
    stray: Vec<u8>,
}

fn split<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> Found {
    let (mut splitter, mut found) = (Splitter::default(), Found::default());
    let mut take = |piece: Piece<'_>| match piece {
        Piece::Begin { offset, date } => found.messages.push((offset, date, Vec::new())),
        Piece::Line { octets, .. } => {
            found.messages.last_mut().unwrap().2.extend_from_slice(octets);
        }
        Piece::Stray(octets) => found.stray.extend_from_slice(octets),
    };
    blocks.for_each(|block| splitter.push(block, &mut take));
    splitter.finish(&mut take);
    found
}

const NOON: i64 = 1_780_315_200;

#[test]
fn dates_of_all_kinds_are_read() {
    for line in [
        "From ann@example.org Mon Jun  1 12:00:00 2026",
        "From ann@example.org  Mon Jun 1 12:00 2026\r\n",
        "From - Mon Jun 01 12:00:00 2026\n",
        "From ann Mon Jun  1 14:00:00 2026 +0200\n",
        "From ann Mon Jun  1 07:00:00 -0500 2026\n",
        "From ann Mon Jun  1 12:00:00 GMT 2026 remote from x\n",
    ] {
        assert_eq!(date_of_line(line.as_bytes()), Some(NOON), "{line}");
    }
    for line in [
        "From here on, all is well.\n",
        "From 12:00 on Jun 1\n",
        "From ann Mon Jun 32 12:00:00 2026\n",
        "From ann Mon Jun 1 24:00:00 2026\n",
        ">From ann Mon Jun  1 12:00:00 2026\n",
        "From: ann Mon Jun  1 12:00:00 2026\n",
        "",
    ] {
        assert_eq!(date_of_line(line.as_bytes()), None, "{line}");
    }
}

#[test]
fn messages_are_split() {
    let text = b"From a Mon Jun  1 12:00:00 2026\na\n\nFrom here\n>>From b\n\n\nFrom b Mon Jun  1 12:00:01 2026\nb\n";
    let found = split([&text[..]].into_iter());
    assert_eq!(found.messages[0], (0, NOON, b"a\n\nFrom here\n>From b\n\n".to_vec()));
    assert_eq!(found.messages[1], (58, NOON + 1, b"b\n".to_vec()));
    assert_eq!(split([&b"no mbox\n"[..]].into_iter()).stray, b"no mbox\n");
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(&b"From "[..]),
        Just(&b">"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"x"[..]),
        Just(&b"Fro"[..]),
        Just(&b"From a Mon Jun  1 12:00:00 2026"[..]),
        Just(&[b'y'; 700][..]),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read(messages in proptest::collection::vec((octets(), 0..4_000_000_000_i64), 0..4), cut in 1..90_usize) {
        let mut mbox = Vec::new();
        for (message, date) in &messages {
            mbox.extend_from_slice(opening("a@example.org", *date).as_bytes());
            let mut quoter = Quoter::default();
            message.chunks(cut).for_each(|part| quoter.push(part, &mut mbox));
            quoter.finish(&mut mbox);
        }
        let found = split(mbox.chunks(cut));
        prop_assert!(found.stray.is_empty());
        let read: Vec<_> = found.messages.into_iter().map(|(_, date, octets)| (octets, date)).collect();
        let with_lf = |message: &Vec<u8>| {
            let text = String::from_utf8(message.clone()).unwrap().replace("\r\n", "\n");
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            (text + end).into_bytes()
        };
        let expected: Vec<_> = messages.iter().map(|(message, date)| (with_lf(message), *date)).collect();
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn an_empty_mbox_holds_nothing() {
    assert_eq!(split(vec![].into_iter()), Found::default());
}
