//! Octets that no client sends, and clients that send theirs in pieces.

use super::*;
use proptest::prelude::*;

const DIALOGUES: &[&str] = &[
    "USER tim\r\nPASS tanstaaf\r\nLIST\r\nUIDL\r\nRETR 1\r\nTOP 2 1\r\nDELE 1\r\nQUIT\r\n",
    "CAPA\r\nAUTH PLAIN\r\nAHRpbQB0YW5zdGFhZg==\r\nSTAT\r\nRSET\r\nNOOP\nQUIT\n",
    "AUTH LOGIN\r\ndGlt\r\n*\r\nUSER tim\r\nPASS wrong\r\nUSER tim\r\nPASS tanstaaf\r\nRETR 2\r\n",
    "USER tim\r\nPASS x\r\nUSER tim\r\nPASS x\r\nUSER tim\r\nPASS x\r\nUSER tim\r\n",
    "LANG\r\nUTF8\r\nbogus\r\n\r\nLIST\r\nQUIT\r\n",
];

fn play<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (String, String, Wants) {
    let messages: [&[u8]; 2] = [b"A: 1\r\n\r\n.x\r\ny\r\n", b"A: 2\r\n\r\n1\r\n2\r\n"];
    let mut room = Room::new(Channel::Confidential, &messages);
    pieces.into_iter().for_each(|piece| room.feed(piece));
    room.eof();
    (room.heard(), room.asked(), room.wants())
}

#[test]
fn byte_by_byte_is_the_same() {
    for dialogue in DIALOGUES {
        let whole = play([dialogue.as_bytes()]);
        assert_eq!(play(dialogue.as_bytes().chunks(1)), whole, "{dialogue}");
        for at in 0..dialogue.len() {
            let (one, two) = dialogue.as_bytes().split_at(at);
            assert_eq!(play([one, two]), whole, "{dialogue} at {at}");
        }
    }
}

#[test]
fn lines_that_are_too_long() {
    let long = |length: usize| format!("NOOP{}\r\n", " ".repeat(length - 6));
    let mut room = Room::entered(&[]);
    assert_eq!(room.reply(long(255).trim_end_matches("\r\n")), "+OK Nothing done\r\n");
    room.say(&long(256));
    assert_eq!((room.heard().as_str(), room.wants()), ("-ERR Line too long\r\n", Wants::Close));
    let mut room = Room::entered(&[]);
    room.say(&"x".repeat(254));
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Read));
    room.say("x");
    assert_eq!((room.heard().as_str(), room.wants()), ("-ERR Line too long\r\n", Wants::Close));
}

#[test]
fn responses_that_are_too_long() {
    let most = crate::sasl::wire::max_line(&crate::limits::Limits::DEFAULT);
    let mut room = Room::new(Channel::Confidential, &[]);
    room.reply("AUTH PLAIN");
    assert_eq!(room.reply(&"A".repeat(most)), "-ERR Malformed response\r\n");
    room.reply("AUTH PLAIN");
    assert_eq!(room.reply(&"A".repeat(most + 4)), "-ERR Response too long\r\n");
    let initial = format!("AUTH PLAIN {}", "A".repeat(most + 4));
    assert_eq!(room.reply(&initial), "-ERR Response too long\r\n");
    room.reply("AUTH PLAIN");
    room.heard();
    for _ in 0..most + 400 {
        room.say("A");
    }
    assert_eq!((room.heard().as_str(), room.wants()), ("-ERR Line too long\r\n", Wants::Close));
}

#[test]
fn after_the_end_nothing_matters() {
    let mut room = Room::entered(&[]);
    room.say("QUIT\r\n");
    room.heard();
    room.server.handle_bytes(room.now, b"STAT\r\n");
    room.server.handle_tls(room.now, Ok(Tls::default()));
    room.server.handle_shutdown(room.now);
    room.eof();
    room.wait(100_000);
    assert_eq!((room.heard().as_str(), room.wants()), ("", Wants::Close));
    assert_eq!(room.asked(), "close");
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..40, 1..60)
}

fn cut<'a>(mut text: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut cut = Vec::new();
    for size in sizes.iter().cycle() {
        if text.is_empty() {
            return cut;
        }
        let (piece, rest) = text.split_at((*size).min(text.len()));
        cut.push(piece);
        text = rest;
    }
    cut
}

/// What a confused or hostile client might say.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let keyword = "(USER tim|PASS tanstaaf|PASS x|AUTH|AUTH PLAIN|AUTH LOGIN|CAPA|LANG|UTF8|STAT|LIST|\
                   LIST [0-3]|RETR [0-3]|DELE [0-3]|TOP [0-3] [0-3]|UIDL|RSET|NOOP|QUIT|\\*|=|dGlt|\
                   AHRpbQB0YW5zdGFhZg==|[ -~]{0,300})(\r\n|\n|\r)";
    prop_oneof![
        9 => keyword.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        lines in prop::collection::vec(line(), 0..25),
        login in any::<bool>(),
        sizes in pieces(),
    ) {
        let mut text = if login { b"USER tim\r\nPASS tanstaaf\r\n".to_vec() } else { Vec::new() };
        lines.iter().for_each(|line| text.extend_from_slice(line));
        let whole = play([&text[..]]);
        prop_assert_eq!(whole.2, Wants::Close);
        let removed = whole.1.contains("remove");
        prop_assert!(!removed || text.to_ascii_uppercase().windows(4).any(|it| it == b"QUIT"));
        prop_assert_eq!(play(cut(&text, &sizes)), whole);
    }

    #[test]
    fn no_octets_make_it_panic_or_say_more_than_they_deserve(
        octets in prop::collection::vec(any::<u8>(), 0..2000),
        sizes in pieces(),
    ) {
        let (wire, ..) = play(cut(&octets, &sizes));
        prop_assert!(wire.len() < 100 + 50 * octets.len());
    }
}
