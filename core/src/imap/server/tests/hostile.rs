use super::*;
use alloc::format;
use proptest::prelude::*;

#[test]
fn twenty_commands_that_are_none_end_the_connection() {
    let mut dialogue = Dialogue::logged_in(&memory());
    for _ in 0..19 {
        assert!(dialogue.say("a NONSENSE\r\n").starts_with("a BAD "));
    }
    assert!(dialogue.say("a NOOP\r\n").starts_with("a OK "));
    for _ in 0..19 {
        dialogue.say("a NONSENSE\r\n");
    }
    let heard = dialogue.say("a NONSENSE\r\n");
    assert!(heard.ends_with("\r\n* BYE Too many commands that are none\r\n"), "{heard}");
    assert!(dialogue.is_closed());
}

#[test]
fn literals_that_are_too_large_are_refused_before_they_come() {
    for (said, expected) in [
        ("a LOGIN {4294967296}\r\n", "a BAD "),
        ("a LOGIN {9000}\r\n", "a BAD "),
        ("a LOGIN {99999999999999999999999}\r\n", "a BAD "),
    ] {
        let mut dialogue = Dialogue::greeted(&memory());
        let heard = dialogue.say(said);
        assert!(heard.starts_with(expected), "{heard}");
    }
}

#[test]
fn an_endless_line_is_cut_off() {
    let mut dialogue = Dialogue::greeted(&memory());
    let mut heard = String::new();
    for _ in 0..100 {
        heard += &dialogue.say("x".repeat(1_000));
    }
    assert!(heard.contains("BAD"), "{heard}");
    assert!(dialogue.is_closed());
}

#[test]
fn late_and_stale_answers_are_ignored() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    dialogue.server.handle_bytes(START, b"a NOOP\r\n");
    let Some(Output::Store { ticket, .. }) = dialogue.server.poll() else { panic!() };
    let answer = store::Answer::Done;
    dialogue.server.handle(START, Input::Store { ticket, answer: answer.clone() });
    assert_eq!(dialogue.take(), "a OK NOOP completed\r\n");
    dialogue.server.handle(START, Input::Store { ticket, answer });
    dialogue.server.handle_content(START, ticket, b"stale");
    assert_eq!(dialogue.say("b NOOP\r\n"), "b OK NOOP completed\r\n");
}

fn broken(_: &Request) -> Option<Failure> {
    Some(Failure::Io("disk on fire".to_string()))
}

#[test]
fn a_store_that_fails_is_not_described_to_the_client() {
    let memory = memory();
    let mut dialogue = Dialogue::selected(&memory);
    dialogue.append("INBOX", "", "1");
    dialogue.sabotage = Some(broken);
    for command in [
        "CREATE x",
        "DELETE x",
        "RENAME x y",
        "SUBSCRIBE x",
        "LIST \"\" *",
        "LSUB \"\" *",
        "STATUS x (MESSAGES)",
        "FETCH 1 BODY[]",
        "FETCH 1 ENVELOPE",
        "STORE 1 FLAGS ()",
        "SEARCH TEXT x",
        "SEARCH FROM x",
        "COPY 1 x",
        "MOVE 1 x",
        "EXPUNGE",
        "APPEND x {1+}\r\nx",
    ] {
        let heard = dialogue.say(format!("a {command}\r\n"));
        let expected = "a NO [UNAVAILABLE] The store has failed, try again later\r\n";
        assert_eq!(heard, expected, "{command}");
    }
}

/// Words that make up commands, so that some of them are.
const WORDS: &[&str] = &[
    "a ",
    "b ",
    "LOGIN alice opensesame",
    "SELECT INBOX",
    "FETCH ",
    "UID ",
    "STORE ",
    "SEARCH ",
    "1",
    ":*",
    "(FLAGS)",
    "BODY[]",
    "BODY[1.2.HEADER]",
    "<0.5>",
    "+FLAGS ",
    "\\Seen",
    "\r\n",
    "\r\n",
    "\r\n",
    "\r",
    "\n",
    "{3}",
    "{3+}",
    "APPEND INBOX ",
    "abc",
    "IDLE",
    "DONE",
    "\"",
    "(",
    ")",
    "EXPUNGE",
    "CLOSE",
    "COPY ",
    "MOVE ",
    " INBOX",
    "AUTHENTICATE PLAIN",
    "*",
    "=",
    "\0",
    "STARTTLS",
    "LIST \"\" ",
    "%",
    "CREATE x",
    "NOT ",
    "TEXT ",
    "\u{fc}",
    "STATUS INBOX (MESSAGES)",
    "LOGOUT",
    "NOOP",
    "ALL",
    "ENVELOPE",
    "BODYSTRUCTURE",
    "4294967295",
];

fn survives(said: &[u8], start: fn(&Memory) -> Dialogue, seed: u64) {
    let memory = memory();
    let mut dialogue = start(&memory);
    dialogue.pieces = Pieces::Random(seed);
    dialogue.sip = Some(100);
    dialogue.octets.clear();
    let mut rest = said;
    while dialogue.server.wants() == Wants::Read && !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.len().min(1 + seed as usize % 50));
        dialogue.server.handle_bytes(dialogue.now, piece);
        dialogue.drain();
        dialogue.wait(1);
        rest = later;
    }
    dialogue.server.handle_eof(dialogue.now);
    for _ in 0..10 {
        dialogue.drain();
        dialogue.wait(60);
    }
    assert!(dialogue.is_closed());
}

proptest! {
    #[test]
    fn words_in_any_order_do_no_harm(
        words in proptest::collection::vec(0..WORDS.len(), 0..80),
        seed in 0..1000_u64,
    ) {
        let said: Vec<u8> = words.iter().flat_map(|word| WORDS[*word].bytes()).collect();
        survives(&said, Dialogue::selected, seed);
        survives(&said, Dialogue::greeted, seed);
    }

    #[test]
    fn random_octets_do_no_harm(
        said in proptest::collection::vec(any::<u8>(), 0..400),
        seed in 0..1000_u64,
    ) {
        survives(&said, Dialogue::selected, seed);
        survives(&said, Dialogue::greeted, seed);
    }
}
