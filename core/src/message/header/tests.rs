use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;

fn names(block: &[u8]) -> Vec<&[u8]> {
    fields(block).map(|field| field.name()).collect()
}

#[test]
fn fields_of_a_block() {
    let block = b"Received: a\r\n\tb\r\nSubject : x: y\r\nno field\r\nEmpty:\r\n\r\nBody: no";
    assert_eq!(names(block), [&b"Received"[..], b"Subject", b"", b"Empty"]);
    let found: Vec<_> = fields(block).collect();
    assert_eq!(found[0].raw(), b"Received: a\r\n\tb\r\n");
    assert_eq!(found[0].value(), b" a\r\n\tb");
    assert_eq!(found[0].unfolded(), b"a\tb");
    assert_eq!(found[1].unfolded(), b"x: y");
    assert_eq!((found[1].start(), found[2].value()), (17, &b"no field"[..]));
    assert_eq!(found[3].value(), b"");
    assert!(found[0].is("received") && !found[0].is("receive"));
    assert_eq!(block_length(block), block.len() - 8);
}

#[test]
fn where_blocks_end() {
    for (message, length, fields) in [
        (&b""[..], 0, 0),
        (b"\r\nbody", 2, 0),
        (b"\nbody", 1, 0),
        (b"A: b", 4, 1),
        (b"A: b\nC: d\n\nbody\n\n", 11, 2),
        (b"A: b\r\n \r\nC: d\r\n\r\n", 17, 2),
        (b"A: b\r\n\rX: \r\n\r\n", 14, 2),
        (b"A: b\r\n\r", 7, 2),
        (b"\rA: b\r\n\r", 8, 2),
        (b" leading\r\n more\r\n\r\n", 19, 1),
        (b"just a body\r\nof two lines", 25, 2),
        (b"A: b\r\n\r\r\n\r\nbody", 11, 2),
    ] {
        let mut scanner = Scanner::new();
        scanner.push(message);
        let shown = message.escape_ascii();
        assert_eq!(
            (block_length(message), scanner.census().octets),
            (length, length as u64),
            "{shown}"
        );
        let found = (super::fields(message).count(), scanner.census().fields);
        assert_eq!(found, (fields, fields as u64), "{shown}");
    }
}

#[test]
fn a_census() {
    let mut scanner = Scanner::new();
    let block =
        b"received : a\r\nRECEIVED: b\r\nReceived-SPF: c\r\nFrom: x\r\n From: y\r\nfrom: z\r\n\
        Sender: s\r\nDate: d\r\nMessage-Id: <m>\r\nMessage-IDs: n\r\nDa te: x\r\nFrom x\r\n\r\n";
    assert_eq!(scanner.push(block), Some(block.len()));
    let expected = Census {
        octets: block.len() as u64,
        fields: 11,
        received: 2,
        from: 2,
        sender: 1,
        date: 1,
        message_id: 1,
    };
    assert_eq!(scanner.census(), &expected);
    assert_eq!(scanner.push(b"From: body"), Some(0));
    assert_eq!(scanner.census(), &expected);
}

#[test]
fn limits_of_a_block() {
    let excess = |block: &[u8]| {
        let mut scanner = Scanner::new();
        scanner.push(block);
        scanner.census().excess(&Limits::DEFAULT)
    };
    assert_eq!(excess(&b"X: y\r\n".repeat(1000)), None);
    assert_eq!(excess(&b"X: y\r\n".repeat(1001)), Some(Excess::Fields));
    assert_eq!(excess(&b"Received: y\r\n".repeat(50)), None);
    assert_eq!(excess(&b"Received: y\r\n".repeat(51)), Some(Excess::Hops));
    assert_eq!(excess(&vec![b'x'; 256 * 1024]), None);
    assert_eq!(excess(&vec![b'x'; 256 * 1024 + 1]), Some(Excess::Octets));
}

#[test]
fn a_hundred_thousand_fields_are_each_seen_once() {
    let block = b"X: y\r\n z\r\n".repeat(100_000);
    let covered: usize = fields(&block).map(|field| field.raw().len()).sum();
    assert_eq!((covered, fields(&block).count()), (block.len(), 100_000));
    let mut scanner = Scanner::new();
    assert_eq!(scanner.push(&block), None);
    assert_eq!(scanner.census().fields, 100_000);
}

#[test]
fn unfolding() {
    for (folded, plain) in [
        (&b"a\r\n b"[..], &b"a b"[..]),
        (b"a\n\tb\n", b"a\tb"),
        (b"a\r b", b"a\r b"),
        (b"", b""),
        (b"\r\n\r\n x", b" x"),
    ] {
        assert_eq!(unfold(folded), plain);
    }
}

/// Octets that header blocks turn on, more often than by chance.
fn block() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 13] = [
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b"From",
        b"Received",
        b"Message-ID",
        b"x",
        b"\x80",
        b"\0",
        b"A: b\r\n",
    ];
    let piece = prop::sample::select(pieces.to_vec());
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_split_matters(block in block(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut whole = Scanner::new();
        let end = whole.push(&block);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(block.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(block.len());
        let (mut split, mut start, mut found) = (Scanner::new(), 0, None);
        for cut in cuts {
            if let Some(count) = split.push(&block[start..cut]) {
                found = found.or(Some(start + count));
            }
            start = cut;
        }
        prop_assert_eq!(found, end);
        prop_assert_eq!(split.census(), whole.census());
    }

    #[test]
    fn scanner_and_iterator_agree(block in block()) {
        let mut scanner = Scanner::new();
        let end = scanner.push(&block).unwrap_or(block.len());
        let found: Vec<_> = fields(&block).collect();
        let count = |name: &str| found.iter().filter(|field| field.is(name)).count() as u64;
        let census = scanner.census();
        prop_assert_eq!(census.fields, found.len() as u64);
        prop_assert_eq!((census.from, census.received, census.message_id), (count("From"), count("Received"), count("Message-ID")));
        let covered: usize = found.iter().map(|field| field.raw().len()).sum();
        let empty_line = end - covered;
        prop_assert!(empty_line <= 2, "the fields cover the block but for its empty line");
        prop_assert_eq!(scanner.is_ended(), empty_line > 0);
    }
}
