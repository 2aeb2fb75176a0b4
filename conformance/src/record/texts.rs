//! What of a server's line is the same the next time: not the texts for people, not its times, names and numbers of its own.

use crate::live::Protocol;
use regex::bytes::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The wildcard for any octets in a line.
const ANY: &[u8] = b"[..]";

/// A number of so many digits is the server's own, as when transcripts are run.
const CHOSEN: usize = 9;

/// What a line is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// A status or a reply, whose text is for people.
    Status,
    /// The same, and the text is for programs: a challenge of SASL's.
    Challenge,
    /// Data whose second word the server has chosen, as UIDL's.
    Named,
    /// Data.
    Data,
}

/// Writes a server's lines as patterns.
pub(super) struct Texts {
    protocol: Protocol,
    /// Whether every line stays as it was said.
    verbatim: bool,
    /// The numbers that were named.
    numbers: BTreeMap<Vec<u8>, usize>,
}

impl Texts {
    pub(super) const fn new(protocol: Protocol, verbatim: bool) -> Self {
        Self { protocol, verbatim, numbers: BTreeMap::new() }
    }

    pub(super) const fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    /// The pattern for `line`, which has no line end.
    pub(super) fn pattern(&mut self, line: &[u8], part: Part) -> Vec<u8> {
        let line = escaped(line);
        if self.verbatim {
            return line;
        }
        match (part, self.protocol) {
            (Part::Challenge, _) => line,
            (Part::Named, _) => behind(&line, &NAMED),
            (Part::Status, Protocol::Pop3) => behind(&line, &POP3),
            (_, Protocol::Pop3) => line,
            (_, Protocol::Imap) => self.imap(&line),
            (_, Protocol::Smtp | Protocol::Submission | Protocol::Lmtp) => behind(&line, &SMTP),
        }
    }

    fn imap(&mut self, line: &[u8]) -> Vec<u8> {
        let line =
            IMAP_OWN.replace_all(line, |found: &Captures<'_>| [&found[1], ANY, &found[2]].concat());
        let line = match IMAP_ALL.find(&line) {
            Some(found) => [found.as_bytes(), ANY].concat(),
            None => behind(&line, &IMAP_STATUS),
        };
        let named = NUMBER.replace_all(&line, |found: &Captures<'_>| self.number(&found[0]));
        named.into_owned()
    }

    /// The name of a number that the server has chosen.
    fn number(&mut self, number: &[u8]) -> Vec<u8> {
        let next = self.numbers.len() + 1;
        let at = *self.numbers.entry(number.to_vec()).or_insert(next);
        format!("$number{at}").into_bytes()
    }

    /// What a client says, with the names of the numbers that it has from the server.
    pub(super) fn said(&self, line: &[u8]) -> Vec<u8> {
        let named =
            NUMBER.replace_all(line, |found: &Captures<'_>| match self.numbers.get(&found[0]) {
                Some(at) => format!("$number{at}").into_bytes(),
                None => found[0].to_vec(),
            });
        named.into_owned()
    }
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a regular expression")
}

/// The code and the enhanced code (RFC 5321 §4.2, RFC 2034 §4).
static SMTP: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d{3}[- ](?:[245]\.\d{1,3}\.\d{1,3} )?"));
/// The status and the response code (RFC 2449 §8).
static POP3: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:\+OK|-ERR) (?:\[[A-Z/-]+\] )?"));
static NAMED: LazyLock<Regex> = LazyLock::new(|| regex(r"^(?:\+OK )?\d+ "));
/// The status and the response code (RFC 9051 §7.1).
static IMAP_STATUS: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:\+ |\S+ (?:OK|NO|BAD|BYE|PREAUTH) (?:\[(?:\[\.\.\]|[^\]])*\] )?)")
});
/// Of these everything is the server's own.
static IMAP_ALL: LazyLock<Regex> = LazyLock::new(|| regex(r"^\* (?:CAPABILITY|ID) "));
/// What stands between the two groups is the server's own (RFC 8474, RFC 8514).
static IMAP_OWN: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r#"((?:INTERNALDATE|SAVEDATE) "|(?:MAILBOXID|EMAILID|THREADID) \(|\[CAPABILITY )"#,
        r#"[^")\]]*([")\]])"#
    ))
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"\b\d{{{CHOSEN},}}\b")));

/// `line` up to the end of what `head` matches; behind it anything, if there is something.
fn behind(line: &[u8], head: &Regex) -> Vec<u8> {
    match head.find(line) {
        Some(found) if found.end() < line.len() => [found.as_bytes(), ANY].concat(),
        _ => line.to_vec(),
    }
}

/// A dollar sign that a name would be read behind, as a transcript writes it.
pub(super) fn escaped(line: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len());
    for (at, octet) in line.iter().enumerate() {
        text.push(*octet);
        if *octet == b'$' && line.get(at + 1).is_some_and(u8::is_ascii_lowercase) {
            text.push(b'$');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_the_next_time_is_left_open() {
        use Protocol::{Imap, Pop3, Smtp};
        for (protocol, part, line, pattern) in [
            (Smtp, Part::Status, "250 2.0.0 Ok: queued as 4F7x", "250 2.0.0 [..]"),
            (Smtp, Part::Status, "250-first", "250-[..]"),
            (Smtp, Part::Status, "250 ", "250 "),
            (Smtp, Part::Challenge, "334 VXNlcm5hbWU6", "334 VXNlcm5hbWU6"),
            (Pop3, Part::Status, "+OK 3 messages", "+OK [..]"),
            (Pop3, Part::Status, "-ERR [IN-USE] Somebody is there", "-ERR [IN-USE] [..]"),
            (Pop3, Part::Data, "1 320", "1 320"),
            (Pop3, Part::Named, "1 abc", "1 [..]"),
            (Pop3, Part::Data, "costs $$ or $a", "costs $$ or $$a"),
            (Imap, Part::Status, "a OK [READ-WRITE] SELECT done", "a OK [READ-WRITE] [..]"),
            (Imap, Part::Status, "* OK [CAPABILITY IMAP4rev1] hi", "* OK [CAPABILITY [..]] [..]"),
            (Imap, Part::Status, "* CAPABILITY IMAP4rev1 ID", "* CAPABILITY [..]"),
            (
                Imap,
                Part::Status,
                "* OK [UIDVALIDITY 123456789] x",
                "* OK [UIDVALIDITY $number1] [..]",
            ),
            (
                Imap,
                Part::Status,
                "a OK [APPENDUID 123456789 1] x",
                "a OK [APPENDUID $number1 1] [..]",
            ),
            (Imap, Part::Status, "* OK [MAILBOXID (F2f8)] x", "* OK [MAILBOXID ([..])] [..]"),
            (
                Imap,
                Part::Status,
                r#"* 1 FETCH (INTERNALDATE " 1-Jun-2026 12:00:00 +0000" EMAILID (Mx) UID 7)"#,
                r#"* 1 FETCH (INTERNALDATE "[..]" EMAILID ([..]) UID 7)"#,
            ),
        ] {
            let seen = Texts::new(protocol, false).pattern(line.as_bytes(), part);
            assert_eq!(String::from_utf8(seen).unwrap(), pattern);
        }
    }

    #[test]
    fn verbatim_is_as_it_was() {
        let mut texts = Texts::new(Protocol::Imap, true);
        assert_eq!(
            texts.pattern(b"a OK [UIDNEXT 123456789] done", Part::Status),
            b"a OK [UIDNEXT 123456789] done"
        );
    }

    #[test]
    fn a_number_of_the_server_is_the_clients_too() {
        let mut texts = Texts::new(Protocol::Imap, false);
        texts.pattern(b"* OK [UIDVALIDITY 123456789] x", Part::Status);
        assert_eq!(
            texts.said(b"a SELECT x (QRESYNC (123456789 987654321))"),
            b"a SELECT x (QRESYNC ($number1 987654321))"
        );
    }
}
