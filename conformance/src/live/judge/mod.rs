//! Whether what a server said is what a transcript demands of any server.
//!
//! Texts for people are free, and so is the order of what RFCs leave in no order: the codes of SMTP, the status and the
//! data of POP3, the status, the codes and the data of IMAP are demanded.

mod code;
mod fetch;
mod imap;
mod pop3;
mod smtp;
#[cfg(test)]
mod tests;
mod value;

use super::names::Names;
use super::protocol::Protocol;
use super::session::Response;
use crate::matcher::Bindings;
use crate::report::Row;
use crate::transcript::{Action, Form, Setting, Step, Transcript, escape, is_plain, unescape};
use std::collections::BTreeMap;

/// A line that a server is to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// Where it stands in the transcript, counted from 1.
    pub(super) number: usize,
    /// Without CRLF.
    pub(super) text: Vec<u8>,
}

impl Line {
    /// Whether it is `[...]`.
    fn is_any(&self) -> bool {
        self.text == b"[...]"
    }
}

/// What is expected and what came for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pair {
    /// The transcript's lines; none if nothing was expected.
    pub(super) expected: Vec<Line>,
    /// None if nothing came.
    pub(super) seen: Option<Vec<u8>>,
    /// What is wrong, if they do not agree.
    pub(super) problem: Option<&'static str>,
}

impl Pair {
    fn agreed(expected: &[Line], seen: &[u8]) -> Self {
        Self { expected: expected.to_vec(), seen: Some(seen.to_vec()), problem: None }
    }

    fn judged(expected: &[Line], seen: &[u8], agree: bool) -> Self {
        let problem = (!agree).then_some("the server said something else");
        Self { expected: expected.to_vec(), seen: Some(seen.to_vec()), problem }
    }

    fn missing(expected: &[Line]) -> Self {
        let problem = Some("the server did not say this");
        Self { expected: expected.to_vec(), seen: None, problem }
    }

    pub(super) fn more(seen: &[u8]) -> Self {
        let problem = Some("the server said more");
        Self { expected: Vec::new(), seen: Some(seen.to_vec()), problem }
    }

    /// The rows of a report.
    pub(super) fn rows(&self) -> Vec<Row> {
        let seen: Vec<&[u8]> = match &self.seen {
            Some(octets) => octets.split_inclusive(|octet| *octet == b'\n').collect(),
            None => Vec::new(),
        };
        (0..self.expected.len().max(seen.len()))
            .map(|at| Row {
                expected: self.expected.get(at).map_or(String::new(), |line| shown(&line.text)),
                seen: seen.get(at).map_or(String::new(), |line| shown(line)),
                agree: self.problem.is_none(),
            })
            .collect()
    }
}

fn shown(line: &[u8]) -> String {
    let text = line.strip_suffix(b"\r\n").unwrap_or(line);
    match is_plain(text) {
        true => format!("S: {}", String::from_utf8_lossy(text)),
        false => format!("S~ {}", escape(line)),
    }
}

/// Judges one transcript's dialogue with one server.
pub(super) struct Judge {
    /// Which accounts stand for those of the transcript.
    names: Names,
    /// What `$name` stands for.
    pub(super) bindings: Bindings,
    /// What a server chooses itself, by what the transcript has for it: UIDVALIDITY, mod-sequences, identifiers.
    chosen: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Codes of which one is as good as another.
    either: Vec<Vec<String>>,
    /// Whether the transcript gives each of its messages an internal date.
    dates_are_given: bool,
    /// The capabilities that the transcript needs, in upper case.
    capabilities: Vec<String>,
}

impl Judge {
    pub(super) fn new<'a>(
        transcript: &Transcript,
        names: Names,
        capabilities: impl Iterator<Item = &'a str>,
    ) -> Self {
        let codes = |setting: &Setting| {
            let rest = setting.value.split_whitespace();
            std::iter::once(&*setting.key).chain(rest).map(str::to_owned).collect()
        };
        Self {
            names,
            bindings: Bindings::default(),
            chosen: BTreeMap::new(),
            either: transcript.either.iter().map(codes).collect(),
            dates_are_given: !messages(transcript).any(|message| !message.value.contains(" @")),
            capabilities: capabilities.map(str::to_owned).collect(),
        }
    }

    /// Compares what was `heard` in a turn with what is `expected`.
    pub(super) fn compare(
        &mut self,
        protocol: Protocol,
        expected: &[Line],
        heard: &[Response],
    ) -> Vec<Pair> {
        match protocol {
            Protocol::Pop3 => self.pop3(expected, heard),
            Protocol::Imap => self.imap(expected, heard),
            Protocol::Smtp | Protocol::Submission | Protocol::Lmtp => self.smtp(expected, heard),
        }
    }

    /// Whether `seen` is as good as `expected`.
    fn agrees(&self, expected: &str, seen: &str) -> bool {
        let holds = |codes: &[String], code: &str| codes.iter().any(|known| known == code);
        expected == seen
            || self.either.iter().any(|codes| holds(codes, expected) && holds(codes, seen))
    }

    /// What the peer says, with what this server chose in the place of what the transcript has.
    pub(super) fn substitute(&self, octets: &[u8]) -> Vec<u8> {
        let octets = self.bindings.substitute(octets);
        let mut done = Vec::new();
        let is_word = |octet: &u8| octet.is_ascii_alphanumeric();
        let mut rest = &octets[..];
        while !rest.is_empty() {
            let length = rest.iter().take_while(|octet| is_word(octet)).count();
            let (word, behind) = rest.split_at(length.max(1));
            let chosen = self.chosen.get(word).filter(|_| word.len() >= value::CHOSEN);
            done.extend_from_slice(chosen.map_or(word, Vec::as_slice));
            rest = behind;
        }
        done
    }
}

fn messages(transcript: &Transcript) -> impl Iterator<Item = &Setting> {
    transcript.needs.iter().filter(|setting| setting.key == "message")
}

/// The lines that `steps` expect.
pub(super) fn lines(transcript: &Transcript, steps: &[&Step]) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = Vec::new();
    let mut open = false;
    for step in steps {
        let Action::Speak { form, text, .. } = &step.action else {
            continue;
        };
        let octets = match form {
            Form::Line | Form::AnyOrder => [text.as_bytes(), b"\r\n"].concat(),
            Form::Raw => unescape(text).map_err(|wrong| wrong.to_string())?,
            Form::Section => transcript.sections.octets(text)?,
        };
        for piece in octets.split_inclusive(|octet| *octet == b'\n') {
            let text = piece.strip_suffix(b"\r\n").unwrap_or(piece);
            match lines.last_mut() {
                Some(line) if open => line.text.extend_from_slice(text),
                _ => lines.push(Line { number: step.line, text: text.to_vec() }),
            }
            open = !piece.ends_with(b"\n");
        }
    }
    Ok(lines)
}
