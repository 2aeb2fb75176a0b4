//! Compares what a machine said with what a transcript expects.
//!
//! A [`Pattern`] stands for one line, CRLF included: `[..]` for any octets, `$name` for what the
//! name was bound to, or for one run of octets without blanks that it is then bound to. [`Lines`] is
//! a run of them, among which `S?` lines may come in any order and `[...]` stands for any number
//! of lines.

mod lines;
#[cfg(test)]
mod tests;

pub use lines::{Expected, Lines, Mismatch, split_lines};

use crate::transcript::{InvalidEscape, unescape};
use std::collections::BTreeMap;

/// What names are bound to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bindings(BTreeMap<String, Vec<u8>>);

impl Bindings {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// `text` with every `$name` that is bound replaced by its value; other text stays.
    #[must_use]
    pub fn substitute(&self, text: &[u8]) -> Vec<u8> {
        let mut octets = Vec::new();
        let mut rest = text;
        while let Some(at) = memchr_dollar(rest) {
            octets.extend_from_slice(&rest[..at]);
            let (name, length) = name_at(&rest[at..]);
            match self.get(name) {
                Some(value) => octets.extend_from_slice(value),
                None => octets.extend_from_slice(&rest[at..at + length]),
            }
            rest = &rest[at + length..];
        }
        octets.extend_from_slice(rest);
        octets
    }
}

fn memchr_dollar(text: &[u8]) -> Option<usize> {
    text.iter().position(|octet| *octet == b'$')
}

/// The name behind the `$` that `text` begins with (lower-case letters, digits, `_`, beginning
/// with a letter), and the length of both.
fn name_at(text: &[u8]) -> (&str, usize) {
    let behind = text.get(1..).unwrap_or_default();
    let length = match behind.first() {
        Some(b'a'..=b'z') => behind
            .iter()
            .take_while(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'_'))
            .count(),
        _ => 0,
    };
    let name = core::str::from_utf8(&behind[..length]).unwrap_or_default();
    (name, 1 + length)
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Octets(Vec<u8>),
    Anything,
    Bound(String),
}

/// What one line is expected to be.
///
/// ```
/// use postroad_conformance::matcher::{Bindings, Pattern};
/// let mut bindings = Bindings::default();
/// let pattern = Pattern::of_text("250 [..] queued as $id");
/// assert!(pattern.matches(b"250 2.0.0 Ok: queued as 4F7x", &mut bindings));
/// assert_eq!(bindings.get("id"), Some(&b"4F7x"[..]));
/// assert!(!pattern.matches(b"250 2.0.0 Ok: queued as other", &mut bindings));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pattern(Vec<Token>);

impl Pattern {
    /// The pattern of plain text. `$$` is a dollar sign where a name would be read.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let mut pattern = Self::default();
        pattern.push_text(text, &mut |octets| Ok(octets.as_bytes().to_vec())).unwrap_or_default();
        pattern
    }

    /// The pattern of text with escapes.
    ///
    /// # Errors
    /// If an escape stands for nothing.
    pub fn of_raw(text: &str) -> Result<Self, InvalidEscape> {
        let mut pattern = Self::default();
        pattern.push_text(text, &mut unescape)?;
        Ok(pattern)
    }

    /// The pattern that only `octets` match.
    #[must_use]
    pub fn of_octets(octets: &[u8]) -> Self {
        Self(vec![Token::Octets(octets.to_vec())])
    }

    /// This pattern followed by `octets`.
    #[must_use]
    pub fn then(mut self, octets: &[u8]) -> Self {
        self.push_octets(octets);
        self
    }

    fn push_octets(&mut self, octets: &[u8]) {
        match self.0.last_mut() {
            _ if octets.is_empty() => {}
            Some(Token::Octets(last)) => last.extend_from_slice(octets),
            _ => self.0.push(Token::Octets(octets.to_vec())),
        }
    }

    fn push_text(
        &mut self,
        text: &str,
        octets: &mut impl FnMut(&str) -> Result<Vec<u8>, InvalidEscape>,
    ) -> Result<(), InvalidEscape> {
        for (index, part) in text.split("[..]").enumerate() {
            if index > 0 {
                self.0.push(Token::Anything);
            }
            let mut rest = part;
            while let Some(at) = rest.find('$') {
                self.push_octets(&octets(&rest[..at])?);
                let (name, length) = name_at(&rest.as_bytes()[at..]);
                if !name.is_empty() {
                    self.0.push(Token::Bound(name.to_owned()));
                    rest = &rest[at + length..];
                } else {
                    self.push_octets(b"$");
                    rest = &rest[at + 1..];
                    rest = rest.strip_prefix('$').unwrap_or(rest);
                }
            }
            self.push_octets(&octets(rest)?);
        }
        Ok(())
    }

    /// The pattern cut behind every LF.
    fn split(self) -> Vec<Self> {
        let mut lines = vec![Self::default()];
        for token in self.0 {
            let Token::Octets(octets) = token else {
                last(&mut lines).0.push(token);
                continue;
            };
            for piece in octets.split_inclusive(|octet| *octet == b'\n') {
                last(&mut lines).push_octets(piece);
                if piece.ends_with(b"\n") {
                    lines.push(Self::default());
                }
            }
        }
        if last(&mut lines).0.is_empty() {
            lines.pop();
        }
        lines
    }

    fn ends_line(&self) -> bool {
        matches!(self.0.last(), Some(Token::Octets(octets)) if octets.ends_with(b"\n"))
    }

    /// How many octets of it are given: the more, the fewer lines match.
    fn weight(&self) -> usize {
        self.0
            .iter()
            .map(|token| match token {
                Token::Octets(octets) => octets.len() + 1,
                Token::Bound(_) => 1,
                Token::Anything => 0,
            })
            .sum()
    }

    /// Whether `seen` is what is expected; if so, names are bound.
    #[must_use]
    pub fn matches(&self, seen: &[u8], bindings: &mut Bindings) -> bool {
        let mut bound = bindings.clone();
        let matches = matches(&self.0, seen, &mut bound);
        if matches {
            *bindings = bound;
        }
        matches
    }
}

fn last(lines: &mut [Pattern]) -> &mut Pattern {
    lines.last_mut().expect("there is always a line")
}

fn matches(tokens: &[Token], seen: &[u8], bindings: &mut Bindings) -> bool {
    let Some((token, rest)) = tokens.split_first() else {
        return seen.is_empty();
    };
    match token {
        Token::Octets(octets) => {
            seen.strip_prefix(&**octets).is_some_and(|seen| matches(rest, seen, bindings))
        }
        Token::Anything => (0..=seen.len()).any(|count| matches(rest, &seen[count..], bindings)),
        Token::Bound(name) => match bindings.0.get(name).cloned() {
            Some(value) => {
                seen.strip_prefix(&*value).is_some_and(|seen| matches(rest, seen, bindings))
            }
            None => bind(name, rest, seen, bindings),
        },
    }
}

/// Binds `name` to the longest run of octets without blanks that lets the rest match.
fn bind(name: &str, rest: &[Token], seen: &[u8], bindings: &mut Bindings) -> bool {
    let longest = seen.iter().take_while(|octet| !octet.is_ascii_whitespace()).count();
    for count in (1..=longest).rev() {
        bindings.0.insert(name.to_owned(), seen[..count].to_vec());
        if matches(rest, &seen[count..], bindings) {
            return true;
        }
    }
    bindings.0.remove(name);
    false
}
