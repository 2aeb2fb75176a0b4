//! The replies that servers send, and what only looks like one.

use super::*;
use crate::smtp::EnhancedCode;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { line: 64, lines: 4 };

/// Reads one reply out of `wire`, which comes in two parts.
fn read(wire: &[u8], cut: usize) -> Result<Option<Reply>, Why> {
    let mut inbox = Inbox::default();
    let mut replies = Replies::default();
    let mut outputs = Outputs::new(false);
    let (one, two) = wire.split_at(cut);
    inbox.push(one);
    match replies.next(&mut inbox, &BOUNDS, &mut outputs) {
        Ok(None) => {
            inbox.push(two);
            replies.next(&mut inbox, &BOUNDS, &mut outputs)
        }
        outcome => outcome,
    }
}

#[test]
fn odd_but_legal() {
    type Case = (&'static str, u16, Option<(u8, u16, u16)>, &'static str);
    let cases: [Case; 20] = [
        ("250 OK\r\n", 250, None, "OK"),
        ("250 2.1.5 OK\r\n", 250, Some((2, 1, 5)), "OK"),
        ("250 2.1.5\r\n", 250, Some((2, 1, 5)), ""),
        ("250\r\n", 250, None, ""),
        ("250 \r\n", 250, None, ""),
        ("250\n", 250, None, ""),
        ("250 OK\n", 250, None, "OK"),
        ("250\tOK\r\n", 250, None, "OK"),
        ("250-one\r\n250 two\r\n", 250, None, "one\ntwo"),
        ("250-\r\n250-\r\n250\r\n", 250, None, "\n\n"),
        ("250-2.0.0 one\r\n250 2.0.0 two\r\n", 250, Some((2, 0, 0)), "one\ntwo"),
        ("250-one\r\n250 2.0.0 two\r\n", 250, Some((2, 0, 0)), "one\ntwo"),
        ("250-2.0.0 one\r\n250 two\r\n", 250, None, "2.0.0 one\ntwo"),
        ("250-fine\r\n550 no\r\n", 550, None, "fine\nno"),
        ("550-5.1.1 no\r\n550 5.7.1 none\r\n", 550, Some((5, 7, 1)), "5.1.1 no\nnone"),
        ("550 4.1.1 no\r\n", 550, None, "4.1.1 no"),
        ("250 1.2.3 OK\r\n", 250, None, "1.2.3 OK"),
        ("220 192.0.2.1 ESMTP\r\n", 220, None, "192.0.2.1 ESMTP"),
        ("250 a\0b\x1b[1m\r\n", 250, None, "a\u{fffd}b\u{fffd}[1m"),
        ("599 Gr\u{fc}\u{df}e\r\n", 599, None, "Gr\u{fc}\u{df}e"),
    ];
    for (wire, code, enhanced, text) in cases {
        for cut in 0..=wire.len() {
            let reply = read(wire.as_bytes(), cut).expect(wire).expect(wire);
            let enhanced =
                enhanced.map(|(class, subject, detail)| EnhancedCode::new(class, subject, detail));
            assert_eq!(reply, Reply { code, enhanced, text: text.into() }, "{wire:?}");
        }
    }
}

#[test]
fn latin_1_is_replaced() {
    let reply = read(b"250 Gr\xfc\xdfe\r\n", 0).unwrap().unwrap();
    assert_eq!(reply.text, "Gr\u{fffd}\u{fffd}e");
}

#[test]
fn no_replies() {
    let garbage = [
        "\r\n",
        " 250 OK\r\n",
        "25 OK\r\n",
        "2500 OK\r\n",
        "250OK\r\n",
        "250_OK\r\n",
        "150 OK\r\n",
        "650 OK\r\n",
        "2x0 OK\r\n",
        "OK\r\n",
        "* OK\r\n",
        "+OK\r\n",
        "SSH-2.0-x\r\n",
        "250-one\r\ntwo\r\n",
        "\u{feff}220 hi\r\n",
    ];
    for wire in garbage {
        assert_eq!(read(wire.as_bytes(), 0), Err(Why::NoReply), "{wire:?}");
    }
}

#[test]
fn too_long() {
    let line = format!("250 {}\r\n", "x".repeat(58));
    assert_eq!(line.len(), 64);
    assert!(read(line.as_bytes(), 10).unwrap().is_some());
    let line = format!("250 {}\r\n", "x".repeat(59));
    for cut in 0..=line.len() {
        assert_eq!(read(line.as_bytes(), cut), Err(Why::ReplyTooLong));
    }
    assert!(read("250-x\r\n".repeat(3).as_bytes(), 0).unwrap().is_none());
    assert!(read(format!("{}250 x\r\n", "250-x\r\n".repeat(3)).as_bytes(), 0).unwrap().is_some());
    assert_eq!(read("250-x\r\n".repeat(4).as_bytes(), 0), Err(Why::ReplyTooLong));
}

proptest! {
    #[test]
    fn what_a_reply_writes_is_read(
        code in 200u16..600,
        detail in 0u16..1000,
        lines in prop::collection::vec("[ -~]{0,40}", 1..4),
    ) {
        let class = u8::try_from(code / 100).unwrap();
        let enhanced = (class != 3).then_some(EnhancedCode::new(class, 1, detail));
        let reply = Reply { code, enhanced, text: lines.join("\n").into() };
        let mut wire = Vec::new();
        reply.write(&mut wire);
        let read = read(&wire, wire.len() / 2).unwrap().unwrap();
        // A text that begins with a number is one more code where there was none.
        if enhanced.is_some() || read.enhanced.is_none() {
            prop_assert_eq!(read, reply);
        }
    }
}
