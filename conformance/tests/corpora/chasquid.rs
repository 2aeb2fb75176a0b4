//! `chasquid`: dialogues with a server, and octets that once made trouble.
//!
//! What is compared of a reply is its code: the words are each server's own.

use postroad_core::address::{Domain, LocalPart, Mailbox};

use crate::office::{Connection, Office};
use crate::suite::Suite;

#[test]
fn chasquid() {
    let Some(mut suite) = Suite::open("chasquid") else { return };
    for file in suite.files() {
        if file.ends_with(".cmy") {
            let mut visitor = Visitor::new();
            let text = suite.text(&file);
            // A reply that is not as expected does not end the dialogue.
            let mut faults: Vec<String> =
                text.lines().filter_map(|line| visitor.act(line).err()).collect();
            let verify = format!("{file}.verify");
            if suite.files().contains(&verify) {
                faults.extend(visitor.verify(&suite.text(&verify)).err());
            }
            let outcome = if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) };
            suite.case(&file, outcome);
        } else if file.starts_with("fuzz/") {
            let outcome = survive(&file, &suite.text(&file));
            suite.case(&file, outcome);
        }
    }
    suite.finish();
}

/// A client that does what a dialogue says.
struct Visitor {
    office: Office,
    connection: Option<Connection>,
}

fn office() -> Office {
    Office::new("testserver", &[("user@testserver", Some("secretpassword"))])
}

impl Visitor {
    fn new() -> Self {
        Self { office: office(), connection: None }
    }

    fn act(&mut self, line: &str) -> Result<(), String> {
        let Some(action) = line.strip_prefix("c ") else {
            return Ok(());
        };
        let (verb, argument) = action.split_once(' ').unwrap_or((action, ""));
        match verb {
            "tcp_connect" => self.connection = Some(self.office.transfer()),
            "tls_connect" => self.connection = Some(self.office.submission()),
            "close" => self.connection = None,
            _ => return self.talk(verb, argument).map_err(|why| format!("{line}: {why}")),
        }
        Ok(())
    }

    fn talk(&mut self, verb: &str, argument: &str) -> Result<(), String> {
        let connection = self.connection.as_mut().expect("a connection");
        match verb {
            "->" => connection.send(format!("{argument}\r\n").as_bytes(), usize::MAX),
            "~>" => connection.send(&unescape(argument), usize::MAX),
            "<-" | "<~" => return expect(connection.line(), argument),
            "<..." => loop {
                let line = connection.line();
                expect(line.clone(), argument)?;
                if line.is_some_and(|line| line.as_bytes().get(3) == Some(&b' ')) {
                    break;
                }
            },
            _ => panic!("what is {verb}?"),
        }
        Ok(())
    }

    /// Whether the last message that was delivered ends as it should.
    fn verify(&self, expected: &str) -> Result<(), String> {
        let delivered = self.connection.as_ref().and_then(|it| it.delivered.last());
        let delivered = delivered.ok_or("nothing was delivered")?;
        let expected = expected.replace('\n', "\r\n");
        match delivered.ends_with(expected.as_bytes()) {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(delivered).into_owned()),
        }
    }
}

fn expect(line: Option<String>, expected: &str) -> Result<(), String> {
    match line {
        Some(line) if line.get(..3) == expected.get(..3) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// What stands in a quoted literal.
fn unescape(literal: &str) -> Vec<u8> {
    let inner = literal.trim().trim_matches(['\'', '"']);
    let (mut octets, mut rest) = (Vec::new(), inner.chars());
    while let Some(c) = rest.next() {
        let c = match (c, c == '\\') {
            (_, true) => match rest.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some('x') => {
                    let digits: String = rest.by_ref().take(2).collect();
                    octets.push(u8::from_str_radix(&digits, 16).expect("two digits"));
                    continue;
                }
                other => other.expect("something is escaped"),
            },
            (c, false) => c,
        };
        octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    octets
}

/// Octets of Go's fuzzer: nothing may panic, and the server must answer each line or close.
fn survive(file: &str, text: &str) -> Result<(), String> {
    let input = text.lines().last().unwrap_or_default();
    let input = input.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let octets = unescape(input);
    if file.contains("FuzzConnection") || file.contains("FuzzReader") {
        for piece in [1, usize::MAX] {
            let mut connection = office().transfer();
            connection.codes();
            connection.send(&octets, piece);
            connection.send(b"\r\n.\r\nNOOP\r\n", usize::MAX);
            if connection.codes().is_empty() && !connection.is_closed() {
                return Err("no answer".into());
            }
        }
    } else if file.contains("FuzzDecodeResponse") {
        let mut connection = office().submission();
        connection.send(b"EHLO x\r\n", usize::MAX);
        connection.codes();
        connection.send(&[b"AUTH PLAIN ", &octets[..], b"\r\n"].concat(), usize::MAX);
        let codes = connection.codes();
        if codes.iter().any(|code| !code.starts_with(['4', '5'])) {
            return Err(format!("{codes:?}"));
        }
    } else {
        for utf8 in [false, true] {
            let _ = Mailbox::parse(&octets, utf8).map(|mailbox| mailbox.to_string());
            let _ = Domain::parse(&octets, utf8).map(|domain| domain.to_string());
            let _ = LocalPart::parse(&octets, utf8).map(|local_part| local_part.to_string());
        }
    }
    Ok(())
}
