//! The lexical tokens of RFC 5322 §3.2, taken from anything.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use crate::address::Invalid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Atom,
    Quoted,
    /// A domain literal: what stands in brackets behind an `@`.
    Literal,
    Comment,
    /// One of `< > @ , ; : .`
    Special(u8),
}

#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// The octets without quotes, parentheses, backslashes and folds; of a literal with its brackets.
    pub(super) text: Cow<'a, [u8]>,
    /// Whether white space or a comment stood in front of it.
    pub(super) gap: bool,
}

/// Cuts a value into tokens. Every octet is looked at once.
pub(super) struct Lexer<'a> {
    rest: &'a [u8],
    put_back: Option<Token<'a>>,
    last: Option<Kind>,
    /// The first thing seen that RFC 5322 does not allow.
    pub(super) flaw: Option<Invalid>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(value: &'a [u8]) -> Self {
        Self { rest: value, put_back: None, last: None, flaw: None }
    }

    pub(super) fn put_back(&mut self, token: Token<'a>) {
        self.put_back = Some(token);
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        if let Some(token) = self.put_back.take() {
            return Some(token);
        }
        let blank = self.skip_blanks();
        let gap = blank || self.last == Some(Kind::Comment);
        let octet = *self.rest.first()?;
        let (kind, text) = match octet {
            b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' => {
                (Kind::Special(octet), self.take(1).into())
            }
            b'"' => (Kind::Quoted, self.quoted().into()),
            b'(' => (Kind::Comment, self.comment().into()),
            b'[' if self.last == Some(Kind::Special(b'@')) => {
                (Kind::Literal, self.literal().into())
            }
            _ => (Kind::Atom, self.atom().into()),
        };
        // What a comment stands behind is not forgotten: `@ (here) [192.0.2.1]`.
        if kind != Kind::Comment || self.last != Some(Kind::Special(b'@')) {
            self.last = Some(kind);
        }
        Some(Token { kind, text, gap })
    }

    fn note(&mut self, flaw: Invalid) {
        self.flaw.get_or_insert(flaw);
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    fn bump(&mut self) -> Option<u8> {
        let (octet, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*octet)
    }

    fn skip_blanks(&mut self) -> bool {
        let mut skipped = false;
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.rest.first() {
            self.fold();
            skipped = true;
        }
        skipped
    }

    /// Takes one blank or line end; a line end is a fold only as CRLF before a blank (RFC 5322 §3.2.2).
    fn fold(&mut self) {
        match self.rest {
            [b'\r', b'\n', b' ' | b'\t', ..] => self.rest = &self.rest[2..],
            [b' ' | b'\t', ..] => self.rest = &self.rest[1..],
            _ => {
                self.bump();
                self.note(Invalid::List);
            }
        }
    }

    fn atom(&mut self) -> &'a [u8] {
        let is_end = |octet: &u8| b" \t\r\n<>@,;:.\"(".contains(octet);
        let end = self.rest.iter().position(is_end).unwrap_or(self.rest.len());
        let atom = self.take(end);
        if atom.iter().any(|octet| octet.is_ascii_control() || b")[]\\".contains(octet)) {
            self.note(Invalid::List);
        }
        atom
    }

    fn quoted(&mut self) -> Vec<u8> {
        self.bump();
        let mut text = Vec::new();
        loop {
            match self.rest.first() {
                Some(b'\r' | b'\n') => self.fold(),
                _ => match self.bump() {
                    Some(b'"') => return text,
                    Some(b'\\') => text.extend(self.bump()),
                    Some(0) => self.note(Invalid::List),
                    Some(octet) => text.push(octet),
                    None => {
                        self.note(Invalid::UnclosedQuote);
                        return text;
                    }
                },
            }
        }
    }

    /// Comments nest; only their depth is kept, so that any depth costs the same.
    fn comment(&mut self) -> Vec<u8> {
        self.bump();
        let mut text = Vec::new();
        let mut depth = 0_usize;
        loop {
            if let Some(b'\r' | b'\n') = self.rest.first() {
                self.fold();
                continue;
            }
            let Some(mut octet) = self.bump() else {
                self.note(Invalid::UnclosedComment);
                return text;
            };
            match octet {
                b'(' => depth += 1,
                b')' if depth == 0 => return text,
                b')' => depth -= 1,
                b'\\' => match self.bump() {
                    Some(escaped) => octet = escaped,
                    None => continue,
                },
                _ => {}
            }
            text.push(octet);
        }
    }

    fn literal(&mut self) -> Vec<u8> {
        self.bump();
        let mut text = vec![b'['];
        loop {
            if let Some(b' ' | b'\t' | b'\r' | b'\n') = self.rest.first() {
                self.fold();
                continue;
            }
            match self.bump() {
                Some(b'\\') => text.extend(self.bump()),
                Some(b']') => break,
                Some(octet) => {
                    if matches!(octet, b'[' | 0) {
                        self.note(Invalid::List);
                    }
                    text.push(octet);
                }
                None => {
                    self.note(Invalid::UnclosedLiteral);
                    break;
                }
            }
        }
        text.push(b']');
        text
    }
}
