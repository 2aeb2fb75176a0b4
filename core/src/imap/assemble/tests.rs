//! Tests of the assembler.

use super::{Assembler, Bounds, Grammar, Step};
use crate::buffer::Inbox;
use crate::imap::types::{AppendPart, Command, Encoding};
use crate::limits::Limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Small enough to be reached.
const BOUNDS: Bounds = Bounds {
    line: 60,
    literals: 20,
    command: 80,
    value: 10,
    unannounced: u64::MAX,
    drop: 200,
    grammar: Grammar::new(&Limits::DEFAULT),
};

/// Messages longer than this are refused.
const LONGEST_MESSAGE: u64 = 100;

/// What a session made of the octets, in words.
struct Run {
    assembler: Assembler,
    inbox: Inbox,
    told: Vec<String>,
    content: Vec<u8>,
}

impl Run {
    fn new(bounds: Bounds) -> Self {
        Self {
            assembler: Assembler::new(bounds),
            inbox: Inbox::default(),
            told: Vec::new(),
            content: Vec::new(),
        }
    }

    fn push(&mut self, octets: &[u8]) {
        self.inbox.push(octets);
        while let Some(step) = self.assembler.poll(&mut self.inbox) {
            let told = self.take(step);
            self.told.extend(told);
        }
    }

    /// Accepts or refuses a part of a message.
    fn decide(&mut self, part: &AppendPart) -> String {
        assert!(self.assembler.poll(&mut self.inbox).is_none(), "offered, so nothing moves");
        let (what, is_wanted) = match part {
            AppendPart::Url(url) => (url.clone(), url != "no"),
            AppendPart::Text(literal) | AppendPart::Utf8(literal) => {
                (format!("{}", literal.size), literal.size <= LONGEST_MESSAGE)
            }
        };
        if is_wanted {
            self.assembler.accept();
            format!("{what}? yes")
        } else {
            self.assembler.refuse(&mut self.inbox);
            format!("{what}? no")
        }
    }

    fn take(&mut self, step: Step) -> Option<String> {
        Some(match step {
            Step::Command(tag, command) => {
                if matches!(*command, Command::Authenticate { .. } | Command::Idle) {
                    self.assembler.expect_line(10);
                }
                let debug = format!("{command:?}");
                let name = debug.split([' ', '(']).next().unwrap_or_default();
                format!("{tag} {name}")
            }
            Step::Continue => "+".to_string(),
            Step::Append(tag, append) => {
                self.content.clear();
                let verdict = self.decide(&append.message.part);
                format!("{tag} append {verdict}")
            }
            Step::NextMessage(message) => {
                self.content.push(b'|');
                format!("message {}", self.decide(&message.part))
            }
            Step::NextPart(part) => format!("part {}", self.decide(&part)),
            Step::Content => {
                let lent = self.assembler.content(&self.inbox).to_vec();
                assert!(!lent.is_empty());
                assert!(self.assembler.poll(&mut self.inbox).is_none(), "lent, so nothing moves");
                assert_eq!(self.assembler.content(&self.inbox), lent);
                self.content.extend(lent);
                self.assembler.content_taken(&mut self.inbox);
                return None;
            }
            Step::Appended(tag) => format!("{tag} appended {}", self.content.escape_ascii()),
            Step::Line(line) => format!("line {}", line.expose().escape_ascii()),
            Step::Bad(bad) => match bad.tag {
                Some(tag) => format!("{tag} bad: {}", bad.text),
                None => format!("* bad: {}", bad.text),
            },
            Step::LongValue(tag) => format!("{tag} long value"),
            Step::Bye(_) => "bye".to_string(),
        })
    }
}

fn run(octets: &[u8]) -> Vec<String> {
    let mut run = Run::new(BOUNDS);
    run.push(octets);
    let told = run.told;
    for size in [1, 2, 7] {
        let mut run = Run::new(BOUNDS);
        octets.chunks(size).for_each(|piece| run.push(piece));
        assert_eq!(run.told, told, "in pieces of {size}");
    }
    told
}

#[test]
fn lines() {
    assert_eq!(run(b""), [""; 0]);
    assert_eq!(run(b"a NOOP\r"), [""; 0]);
    assert_eq!(run(b"a NOOP\r\n"), ["a Noop"]);
    assert_eq!(run(b"a NOOP\r\nb LOGOUT\r\nc NO"), ["a Noop", "b Logout"]);
    assert_eq!(
        run(b"\r\na\r\na FOO\r\nb NOOP\r\n"),
        [
            "* bad: A command starts with a tag",
            "* bad: A command is a tag, a space and a name",
            "a bad: There is no such command",
            "b Noop"
        ]
    );
}

#[test]
fn literals() {
    assert_eq!(run(b"a LOGIN {2}\r\n"), ["+"]);
    assert_eq!(run(b"a LOGIN {2}\r\nme {3}\r\nyou\r\n"), ["+", "+", "a Login"]);
    assert_eq!(run(b"a LOGIN {2+}\r\nme {3+}\r\nyou\r\nb NOOP\r\n"), ["a Login", "b Noop"]);
    assert_eq!(run(b"a LOGIN {0+}\r\n {0}\r\n\r\n"), ["+", "a Login"]);
    // A literal may look like anything.
    assert_eq!(run(b"a LOGIN {11+}\r\n\r\na {3+}\r\n\r x\r\nb NOOP\r\n"), ["a Login", "b Noop"]);
    // A brace that is not at the end of its line, or not quite one, begins no literal.
    for text in [
        "a {3} NOOP",
        "a NOOP {3",
        "a NOOP 3}",
        "a NOOP {}",
        "a NOOP {+}",
        "a NOOP {3++}",
        "a NOOP {-3}",
        "a NOOP {3 }",
    ] {
        assert_eq!(run(format!("{text}\r\nb NOOP\r\n").as_bytes()).len(), 2, "{text}");
        assert_eq!(run(format!("{text}\r\nb NOOP\r\n").as_bytes())[1], "b Noop", "{text}");
    }
    // Where none can be, its octets are still no command.
    assert_eq!(
        run(b"a NOOP {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n"),
        ["a bad: Something follows the last argument", "c Noop"]
    );
}

#[test]
fn lines_that_are_too_long() {
    let line = |length: usize| format!("a {}\r\nb NOOP\r\n", "x".repeat(length - 2));
    let no_such = ["a bad: There is no such command", "b Noop"];
    let too_long = ["a bad: The command line is too long", "b Noop"];
    assert_eq!(run(line(60).as_bytes()), no_such);
    assert_eq!(run(line(61).as_bytes()), too_long);
    assert_eq!(run(line(218).as_bytes()), too_long);
    assert_eq!(run(line(400).as_bytes()), ["a bad: The command line is too long", "bye"]);
    assert_eq!(run(&[b'x'; 2_000]), ["* bad: The command line is too long", "bye"]);
    // Literals do not count, but what is around them does.
    let around = |length: usize| format!("a LOGIN {{20+}}\r\n{:20} {}\r\n", "", "x".repeat(length));
    assert_eq!(run(around(43).as_bytes()), ["a Login"]);
    assert_eq!(run(around(45).as_bytes()), ["a bad: The command line is too long"]);
    // The end of a line that is dropped may announce a literal, and that is dropped too.
    let text = format!("a {} {{8+}}\r\nb NOOP\r\n\r\nc NOOP\r\n", "x".repeat(90));
    assert_eq!(run(text.as_bytes()), ["a bad: The command line is too long", "c Noop"]);
    // Even if the limit falls into its head.
    for length in 45..65 {
        let text = format!("a {} {{8+}}\r\nb NOOP\r\n\r\nc NOOP\r\n", "x".repeat(length));
        assert_eq!(run(text.as_bytes())[1..], ["c Noop"], "{length}");
    }
    // Or one for which the client waits, in vain.
    let text = format!("a {} {{8}}\r\nb NOOP\r\n", "x".repeat(90));
    assert_eq!(run(text.as_bytes()), too_long);
    // A size with more digits than are remembered.
    let text = format!("a {{{}+}}\r\nb NOOP\r\n", "9".repeat(120));
    assert_eq!(run(text.as_bytes()), ["a bad: The command line is too long", "bye"]);
}

#[test]
fn literals_that_are_too_large() {
    let too_large = "a bad: The literal is too large";
    assert_eq!(run(b"a LOGIN {21}\r\nb NOOP\r\n"), [too_large, "b Noop"]);
    assert_eq!(
        run(b"a LOGIN {15}\r\n012345678901234 {6}\r\nb NOOP\r\n"),
        ["+", too_large, "b Noop"]
    );
    assert_eq!(run(b"a LOGIN {4294967296}\r\nb NOOP\r\n"), [too_large, "b Noop"]);
    assert_eq!(run(b"a LOGIN {99999999999999999999}\r\nb NOOP\r\n"), [too_large, "b Noop"]);
    assert_eq!(
        run(b"a LOGIN {22+}\r\n01234567890123456789\r\n x\r\nb NOOP\r\n"),
        [too_large, "b Noop"]
    );
    assert_eq!(run(b"a LOGIN {4294967296+}\r\nb NOOP\r\n"), [too_large, "bye"]);
    assert_eq!(run(b"a LOGIN {99999999999999999999+}\r\nb NOOP\r\n"), [too_large, "bye"]);
    // One literal after the other, each of them small.
    let text = format!("a LOGIN {{21+}}\r\n{}b NOOP\r\n", "x".repeat(20) + "{0+}\r\n{20+}\r\n");
    assert_eq!(run(text.as_bytes())[0], too_large);
    let endless = b"a LOGIN ".iter().chain(b"{0+}\r\n".iter().cycle().take(6_000));
    assert_eq!(
        run(&endless.copied().collect::<Vec<_>>()),
        ["a bad: The command line is too long", "bye"]
    );
}

#[test]
fn octets_that_cannot_be() {
    let nul = "a bad: The command holds a NUL";
    assert_eq!(run(b"a NOOP\0\r\nb NOOP\r\n"), [nul, "b Noop"]);
    assert_eq!(run(b"\0 NOOP\r\nb NOOP\r\n"), ["* bad: The command holds a NUL", "b Noop"]);
    assert_eq!(
        run(b"a LOGIN {8+}\r\n\0b NOOP\r \r\nc NOOP\r\n"),
        ["a bad: A literal holds a NUL", "c Noop"]
    );
    assert_eq!(
        run(b"a LOGIN {11+}\r\nx\0\r\nb NOOP\r\r\nc NOOP\r\n"),
        ["a bad: A literal holds a NUL", "c Noop"]
    );
    let line_end = "a bad: A line ends with CR and LF, and only there is either";
    assert_eq!(run(b"a NOOP\nb NOOP\r\nc NOOP\r\n"), [line_end, "c Noop"]);
    assert_eq!(run(b"a NOOP\rb NOOP\r\nc NOOP\r\n"), [line_end, "c Noop"]);
    assert_eq!(run(b"a NOOP\r\r\nc NOOP\r\n"), [line_end, "c Noop"]);
    assert_eq!(
        run(b"a LOGIN \"j\xf6hn\" x\r\nb LOGIN \"j\xc3\xb6hn\" x\r\nc NOOP\r\n"),
        [
            "a bad: A quoted string may hold ASCII alone; use a literal",
            "b bad: A quoted string may hold ASCII alone; use a literal",
            "c Noop"
        ]
    );
}

#[test]
fn messages() {
    assert_eq!(
        run(b"a APPEND x {3}\r\nHi!\r\nb NOOP\r\n"),
        ["a append 3? yes", "a appended Hi!", "b Noop"]
    );
    assert_eq!(
        run(b"a append {1+}\r\nx (\\Seen) {3+}\r\n\r\n\xff\r\nb NOOP\r\n"),
        ["a append 3? yes", "a appended \\r\\n\\xff", "b Noop"]
    );
    assert_eq!(run(b"a APPEND x {0+}\r\n\r\n"), ["a append 0? yes", "a appended "]);
    // Much more than the bounds of a command.
    let text = format!("a APPEND x {{100}}\r\n{}\r\n", "y".repeat(100));
    assert_eq!(run(text.as_bytes()).len(), 2);
}

#[test]
fn messages_that_are_refused() {
    // The client waits.
    assert_eq!(run(b"a APPEND x {101}\r\nb NOOP\r\n"), ["a append 101? no", "b Noop"]);
    assert_eq!(
        run(b"a APPEND x {4294967296}\r\nb NOOP\r\n"),
        ["a append 4294967296? no", "b Noop"]
    );
    // It does not wait: its message is dropped, or the connection.
    let text =
        format!("a APPEND x {{110+}}\r\n{}\r\nc NOOP\r\n", "b NOOP\r\n".repeat(13) + "123456");
    assert_eq!(run(text.as_bytes()), ["a append 110? no", "c Noop"]);
    assert_eq!(run(b"a APPEND x {201+}\r\nb NOOP\r\n"), ["a append 201? no", "bye"]);
    // A head that is not understood.
    for head in [
        "a APPEND {3+}",
        "a APPEND (x {3+}",
        "a APPEND x (\\Recent) {3+}",
        "a APPEND {1+}\r\ny{3+}",
        "a APPEND \"x{3+}",
    ] {
        let told = run(format!("{head}\r\nb\r\n x\r\nc NOOP\r\n").as_bytes());
        assert!(told[0].starts_with("a bad: "), "{head}: {told:?}");
        assert_eq!(told[1..], ["c Noop"], "{head}");
    }
    assert_eq!(
        run(b"a APPEND x (\\Recent) {3}\r\nb NOOP\r\n"),
        ["a bad: \\Recent cannot be set", "b Noop"]
    );
    let too_large = ["a bad: A number is too large", "bye"];
    assert_eq!(run(b"a APPEND x {99999999999999999999+}\r\n"), too_large);
}

#[test]
fn messages_that_go_wrong() {
    assert_eq!(
        run(b"a APPEND x {3}\r\nHi!?\r\nb NOOP\r\n"),
        ["a append 3? yes", "a bad: Something follows the message", "b Noop"]
    );
    assert_eq!(
        run(b"a APPEND x {3}\r\nHi!? {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n"),
        ["a append 3? yes", "a bad: Something follows the message", "c Noop"]
    );
    assert_eq!(
        run(b"a APPEND x {9+}\r\n\0b NOOP\r\n\r\nc NOOP\r\n"),
        ["a append 9? yes", "a bad: The message holds a NUL", "c Noop"]
    );
}

#[test]
fn several_messages() {
    assert_eq!(
        run(b"a APPEND x {3}\r\nHi! (\\Seen) {2+}\r\nyo ~{1}\r\n\0\r\nb NOOP\r\n"),
        [
            "a append 3? yes",
            "message 2? yes",
            "message 1? yes",
            "a appended Hi!|yo|\\x00",
            "b Noop"
        ]
    );
    assert_eq!(
        run(b"a APPEND x {3}\r\nHi! {101}\r\nb NOOP\r\n"),
        ["a append 3? yes", "message 101? no", "b Noop"]
    );
    let text = format!("a APPEND x {{1+}}\r\nx {{110+}}\r\n{}\r\nb NOOP\r\n", "y".repeat(110));
    assert_eq!(run(text.as_bytes()), ["a append 1? yes", "message 110? no", "b Noop"]);
    for (rest, why) in [
        (" (\\Recent) {8+}", "\\Recent cannot be set"),
        (" x {8+}", "A literal is missing"),
        ("{8+}", "Something follows the message"),
        (" URL {8+}", "A literal is missing"),
        (" (\\Seen) {8+}\0", "The command holds a NUL"),
    ] {
        let text = format!("a APPEND x {{3}}\r\nHi!{rest}\r\nb NOOP\r\n\r\nc NOOP\r\n");
        let told = run(text.as_bytes());
        assert_eq!(
            told[..2],
            ["a append 3? yes".to_string(), format!("a bad: {why}")][..told.len().min(2)]
        );
        assert_eq!(told.last().map(String::as_str), Some("c Noop"), "{rest}: {told:?}");
    }
}

#[test]
fn parts_of_messages() {
    assert_eq!(
        run(b"a APPEND x CATENATE (URL /y TEXT {3}\r\nHi! URL {2+}\r\n/z UTF8 (~{1+}\r\n\0))\r\nb NOOP\r\n"),
        [
            "a append /y? yes",
            "part 3? yes",
            "part /z? yes",
            "part 1? yes",
            "a appended Hi!\\x00",
            "b Noop"
        ]
    );
    assert_eq!(
        run(b"a APPEND x CATENATE (URL {2}\r\n/y) catenate (TEXT {1}\r\nx) {1}\r\ny\r\n"),
        ["+", "a append /y? yes", "message 1? yes", "message 1? yes", "a appended |x|y"]
    );
    // What follows a URL that is refused is dropped, whatever it is.
    for rest in [
        ")",
        " URL /z)",
        " TEXT {3}",
        " TEXT {8+}\r\nb NOOP\r\n)",
        " URL /z TEXT {8+}\r\nb NOOP\r\n) {2+}\r\n\r\n",
    ] {
        let text = format!("a APPEND x CATENATE (URL no{rest}\r\nc NOOP\r\n");
        assert_eq!(run(text.as_bytes()), ["a append no? no", "c Noop"], "{rest}");
    }
    for rest in [
        "",
        " x",
        ")x",
        " TEXT 3",
        " URL)",
        ") CATENATE ()",
        " UTF8 (~{1+}\r\nx",
        " UTF8 ({1+}\r\nx",
    ] {
        let text = format!("a APPEND x CATENATE (TEXT {{1+}}\r\ny{rest}\r\nc NOOP\r\n");
        let told = run(text.as_bytes());
        assert!(told[told.len() - 2].starts_with("a bad: "), "{rest}: {told:?}");
        assert_eq!(told.last().map(String::as_str), Some("c Noop"), "{rest}");
    }
    assert_eq!(
        run(b"a APPEND x UTF8 (~{2+}\r\nhi)\r\nb REPLACE 4 {1}\r\nx {2}\r\nyo\r\n"),
        ["a append 2? yes", "a appended hi", "+", "b append 2? yes", "b appended yo"]
    );
    assert_eq!(
        run(b"a UID REPLACE 4 x {2+}\r\nyo {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n"),
        ["a append 2? yes", "a bad: Something follows the message", "c Noop"]
    );
    // A URL is an argument, and so has the bounds of one.
    assert_eq!(
        run(b"a APPEND x CATENATE (TEXT {1+}\r\nx URL {21+}\r\n012345678901234567890)\r\nb NOOP\r\n"),
        ["a append 1? yes", "a bad: The literal is too large", "b Noop"]
    );
}

#[test]
fn an_append_can_be_refused_between_its_messages() {
    for rest in ["", " ", " (\\Seen", " CATENATE (URL {8+}\r\n", " CATENATE (URL {8+}\r\nb NO"] {
        let mut run = Run::new(BOUNDS);
        let text = " CATENATE (URL {8+}\r\nb NOOP\r\n TEXT {3}\r\n";
        run.push(format!("a APPEND x {{2}}\r\nhi{rest}").as_bytes());
        run.assembler.refuse(&mut run.inbox);
        run.push(text.strip_prefix(rest).unwrap_or(") {3}\r\n").as_bytes());
        run.push(b"c NOOP\r\n");
        assert_eq!(run.told, ["a append 2? yes", "c Noop"], "{rest}");
    }
    // Where the client was told to go on, its literal comes.
    let mut run = Run::new(BOUNDS);
    run.push(b"a APPEND x {2}\r\nhi CATENATE (URL {8}\r\nb N");
    run.assembler.refuse(&mut run.inbox);
    run.push(b"OOP\r\n TEXT {9}\r\nc NOOP\r\n");
    assert_eq!(run.told, ["a append 2? yes", "+", "c Noop"]);
}

#[test]
fn values_that_are_too_long() {
    let long = ["a long value", "b Noop"];
    assert_eq!(run(b"a SETMETADATA x (/shared/y {11}\r\nb NOOP\r\n"), long);
    assert_eq!(run(b"a SETMETADATA x (/shared/y ~{3+}\r\nyes /shared/z {11+}\r\nb NOOP\r\n.. y)\r\nb NOOP\r\n"), long);
    assert_eq!(run(b"a SETMETADATA x (/shared/y {201+}\r\n"), ["a long value", "bye"]);
    let fits = b"a SETMETADATA x (/shared/y {10+}\r\n0123456789)\r\nb NOOP\r\n";
    assert_eq!(run(fits), ["a Metadata", "b Noop"]);
    // Nothing else is a value, were it as long.
    let name = b"a SETMETADATA {11+}\r\n0123456789( (/shared/y NIL)\r\nb NOOP\r\n";
    assert_eq!(run(name), ["a Metadata", "b Noop"]);
    assert_eq!(run(b"a LOGIN x {11+}\r\n0123456789(\r\nb NOOP\r\n"), ["a Login", "b Noop"]);
}

#[test]
fn literals_that_have_to_wait() {
    let limits = Limits::default();
    let mut run = Run::new(Bounds::after_login(&limits).literal_minus(&limits));
    run.push(b"a LOGIN {4096+}\r\n");
    run.push(&[b'x'; 4_096]);
    run.push(b" {4097}\r\n");
    assert_eq!(run.told, ["+"]);
    run.push(&[b'y'; 4_097]);
    run.push(b"\r\nb LOGIN {4097+}\r\n");
    run.push(&[b'x'; 4_097]);
    run.push(b" x\r\nc APPEND x {4097+}\r\n");
    run.push(&[b'x'; 4_097]);
    run.push(b"\r\nd APPEND x {3}\r\nabc {4097+}\r\n");
    run.push(&[b'x'; 4_097]);
    run.push(b"\r\ne NOOP\r\n");
    let why = "So large a literal has to wait for a continuation request";
    assert_eq!(run.told.len(), 7, "{:?}", run.told);
    assert_eq!(run.told[2], format!("b bad: {why}"));
    assert_eq!(run.told[3], format!("c bad: {why}"));
    assert_eq!(run.told[5], format!("d bad: {why}"));
    assert_eq!(run.told[6], "e Noop");
}

#[test]
fn literals_of_any_octets() {
    assert_eq!(
        run(b"a SETMETADATA x (/shared/y ~{3}\r\n\0\r\n)\r\nb NOOP\r\n"),
        ["+", "a Metadata", "b Noop"]
    );
    // Where none can be, they are dropped all the same.
    assert_eq!(
        run(b"a LOGIN ~{9+}\r\n\0b NOOP\r\n x\r\nc NOOP\r\n"),
        ["a bad: A space is missing between arguments", "c Noop"]
    );
}

#[test]
fn names_have_the_form_of_the_session() {
    let mut run = Run::new(BOUNDS);
    run.push("a DELETE \"\u{fc}\"\r\n".as_bytes());
    run.assembler.set_encoding(Encoding::Utf8);
    run.push("b DELETE \"\u{fc}\"\r\nc APPEND \"\u{fc}\" {1+}\r\nx\r\n".as_bytes());
    assert_eq!(
        run.told,
        [
            "a bad: A quoted string may hold ASCII alone; use a literal",
            "b Delete",
            "c append 1? yes",
            "c appended x"
        ]
    );
}

#[test]
fn a_message_can_be_refused_in_its_middle() {
    for text in ["", "He", "Hello"] {
        let mut run = Run::new(BOUNDS);
        run.push(format!("a APPEND x {{5}}\r\n{text}").as_bytes());
        run.assembler.refuse(&mut run.inbox);
        run.push(&b"Hello"[text.len()..]);
        run.push(b"\r\nb NOOP\r\n");
        assert_eq!(run.told, ["a append 5? yes", "b Noop"]);
    }
}

#[test]
fn foreign_lines() {
    assert_eq!(
        run(b"a AUTHENTICATE PLAIN\r\nAGEAYg==\r\nb IDLE\r\nDONE\r\nc NOOP\r\n"),
        ["a Authenticate", "line AGEAYg==", "b Idle", "line DONE", "c Noop"]
    );
    assert_eq!(run(b"a IDLE\r\n{3+}\r\nb NOOP\r\n"), ["a Idle", "line {3+}", "b Noop"]);
    assert_eq!(run(b"a IDLE\r\n\r\nb NOOP\r\n"), ["a Idle", "line ", "b Noop"]);
    assert_eq!(run(b"a IDLE\r\n0123456789\r\nb NOOP\r\n"), ["a Idle", "line 0123456789", "b Noop"]);
    assert_eq!(run(b"a IDLE\r\n01234567890\r\nb NOOP\r\n"), ["a Idle", "bye"]);
    assert_eq!(run(b"a IDLE\r\n01234567890123456789"), ["a Idle", "bye"]);
    assert_eq!(run(b"a IDLE\r\n\r\r\n"), ["a Idle", "line \\r"]);
}

#[test]
fn a_login_widens_the_bounds() {
    let limits = Limits::default();
    let mut run = Run::new(Bounds::before_login(&limits));
    run.push(b"a LOGIN {8192+}\r\n");
    assert_eq!(run.told, ["a bad: The literal is too large"]);
    run.push(&[b'x'; 8_192]);
    run.push(b"\r\n");
    assert_eq!(run.told.len(), 2, "so much and its line are more than is dropped");
    assert_eq!(run.told[1], "bye");

    let mut run = Run::new(Bounds::before_login(&limits));
    run.assembler.set_bounds(Bounds::after_login(&limits));
    let set: Vec<String> = (0..10_000).map(|n| format!("{}", 2 * n + 1)).collect();
    run.push(format!("a FETCH {} FLAGS\r\n", set.join(",")).as_bytes());
    run.push(b"b DELETE {65536+}\r\n");
    run.push(&[b'x'; 65_536]);
    run.push(b"\r\nc APPEND x {52428801}\r\n");
    assert_eq!(run.told, ["a Fetch", "b Delete", "c append 52428801? no"]);
}

#[test]
fn after_the_end_nothing_is_looked_at() {
    let mut run = Run::new(BOUNDS);
    run.push(b"a LOGIN {99999+}\r\n");
    run.push(b"b NOOP\r\n");
    assert_eq!(run.told, ["a bad: The literal is too large", "bye"]);
    assert_eq!(run.inbox.as_slice(), b"b NOOP\r\n");
}

#[test]
fn every_octet_is_looked_at_once() {
    // Quadratic work would take minutes here.
    let limits = Limits::default();
    let mut run = Run::new(Bounds::after_login(&limits));
    let mut octets = b"a SEARCH TEXT {60000+}\r\n".to_vec();
    octets.extend(vec![b'x'; 60_000]);
    octets.extend(format!(" {}", "1,".repeat(30_000)).bytes());
    for octet in octets.chunks(1) {
        run.push(octet);
    }
    run.push(b"1\r\n");
    assert_eq!(run.told, ["a Search"]);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "a NOOP\r\n",
        "b APPEND x {5}\r\n",
        "c APPEND {1+}\r\n",
        "d LOGIN {3+}\r\n",
        "e IDLE\r\n",
        "DONE\r\n",
        "{3+}\r\n",
        "{5}\r\n",
        "{40+}\r\n",
        "{150+}\r\n",
        "{250+}\r\n",
        "f APPEND x CATENATE (URL y",
        "g REPLACE 1 ",
        " CATENATE (",
        " TEXT ",
        " URL ",
        " UTF8 (",
        "URL no",
        "~{3+}\r\n",
        ")",
        "\r\n",
        "\r",
        "\n",
        "\0",
        " ",
        "x",
        "hello",
        "APPEND ",
        "{",
        "}",
        "01234567890123456789012345678901234567890123456789",
        "\u{f6}",
    ]);
    prop_oneof![
        8 => word.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..10),
    ]
}

proptest! {
    #[test]
    fn any_fragmentation_gives_the_same(
        pieces in prop::collection::vec(piece(), 0..25),
        cuts in prop::collection::vec(1usize..9, 1..30),
    ) {
        let octets = pieces.concat();
        let mut whole = Run::new(BOUNDS);
        whole.push(&octets);
        let mut parts = Run::new(BOUNDS);
        let mut rest = &octets[..];
        for cut in cuts.iter().cycle() {
            let (part, tail) = rest.split_at(rest.len().min(*cut));
            parts.push(part);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(parts.told, whole.told);
    }
}
