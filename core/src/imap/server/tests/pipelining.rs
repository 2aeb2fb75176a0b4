//! Commands that are sent together mean what they mean one by one (RFC 9051 §5.5).

use super::*;
use proptest::prelude::*;

/// Every kind of command, with what makes framing hard: literals of all kinds, lines that look like
/// commands inside of them, commands that are refused in the middle.
const DIALOGUE: &str = "\
a01 CAPABILITY\r\n\
a02 CREATE Work.Mars\r\n\
a03 SUBSCRIBE {4+}\r\nWork\r\n\
a04 APPEND INBOX (\\Seen $Work) {26+}\r\nSubject: one\r\n\r\na NOOP\r\n\r\n\r\n\
a05 APPEND INBOX {10+}\r\nmessage 2\n {10+}\r\nmessage 3\n\r\n\
a06 APPEND nowhere {15+}\r\na DELETE Work\r\n\r\n\
a07 APPEND INBOX CATENATE (TEXT {14+}\r\nSubject: x\r\n\r\n URL \"/INBOX/;UID=2\")\r\n\
a08 APPEND INBOX CATENATE (URL \"/INBOX/;UID=9\" TEXT {3+}\r\nabc)\r\n\
a09 SELECT INBOX\r\n\
a10 FETCH 1:* (FLAGS BODY[])\r\n\
a11 STORE 2 +FLAGS (\\Deleted)\r\n\
a12 EXPUNGE\r\n\
a13 FETCH 2 (UID BODY.PEEK[]<1.5>)\r\n\
a14 UID SEARCH OR SEEN SUBJECT {3+}\r\none\r\n\
a15 REPLACE 1 INBOX {5}\r\nagain\r\n\
a16 UID REPLACE 99 INBOX {5+}\r\nagain\r\n\
a17 IDLE\r\nDONE\r\n\
a18 COPY 1:2 Work\r\n\
a19 UID MOVE 3 Work.Mars\r\n\
a20 nonsense {10+}\r\na LOGOUT\r\n\r\n\
a21 STATUS Work (MESSAGES UIDNEXT)\r\n\
a22 NOTIFY SET STATUS (PERSONAL (MessageNew MessageExpunge))\r\n\
a23 LIST \"\" *\r\n\
a24 LSUB \"\" %\r\n\
a25 RENAME Work Play\r\n\
a26 NAMESPACE\r\n\
a27 ID NIL\r\n\
a28 CLOSE\r\n\
a29 EXAMINE INBOX\r\n\
a30 UNSELECT\r\n\
a31 CHECK\r\n\
a32 DELETE Play\r\n\
a33 UNSUBSCRIBE Work\r\n\
a34 NOTIFY NONE\r\n\
a35 LOGOUT\r\n\
a36 NOOP\r\n";

/// What a client hears that sends the dialogue in pieces of these lengths, and then the rest.
fn heard(lengths: &[usize]) -> String {
    let memory = memory();
    let mut dialogue = Dialogue::logged_in(&memory);
    let (mut rest, mut heard) = (DIALOGUE.as_bytes(), String::new());
    for length in lengths.iter().copied().chain([usize::MAX]) {
        let (piece, later) = rest.split_at(length.min(rest.len()));
        dialogue.server.handle_bytes(START, piece);
        heard += &dialogue.wake();
        rest = later;
    }
    assert!(dialogue.is_closed());
    heard
}

#[test]
fn every_command_is_answered_in_its_turn() {
    let heard = heard(&[]);
    let tagged = heard.lines().filter(|line| line.starts_with('a') && line.contains(" completed"));
    let tags: Vec<&str> = tagged.map(|line| &line[..3]).collect();
    let refused = ["a06", "a08", "a16", "a20", "a31"];
    let expected: Vec<String> = (1..=35)
        .map(|number| alloc::format!("a{number:02}"))
        .filter(|tag| !refused.contains(&&**tag))
        .collect();
    assert_eq!(tags, expected, "{heard}");
}

proptest! {
    #[test]
    fn pieces_do_not_matter(lengths in prop::collection::vec(1_usize..80, 0..60)) {
        prop_assert_eq!(heard(&lengths), heard(&[]));
    }
}
