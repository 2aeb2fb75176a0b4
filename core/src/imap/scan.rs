//! A cursor over the octets of one complete command: the terminals of RFC 3501 §9.

use super::types::{Literal, Synchronizing, is_astring_char, is_atom_char};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use memchr::memchr2;

/// Why a command was not understood, in words for its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Syntax(pub(super) Cow<'static, str>);

impl From<&'static str> for Syntax {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

pub(super) type Scanned<T> = Result<T, Syntax>;

/// The cursor. Every method takes what its name says off the front, or leaves an error.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes `octet` if it is next.
    pub(super) fn eat(&mut self, octet: u8) -> bool {
        match self.rest.split_first() {
            Some((&next, rest)) if next == octet => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    pub(super) fn expect(&mut self, octet: u8, missing: &'static str) -> Scanned<()> {
        if self.eat(octet) { Ok(()) } else { Err(missing.into()) }
    }

    /// `SP`: exactly one, or the arguments are not what they seem.
    pub(super) fn space(&mut self) -> Scanned<()> {
        if self.eat(b' ') {
            return Ok(());
        }
        let text = match self.peek() {
            None => "Arguments are missing",
            Some(0x80..) => "Characters beyond ASCII need a literal",
            Some(_) => "A space is missing between arguments",
        };
        Err(text.into())
    }

    /// The end of the command.
    pub(super) fn end(&self) -> Scanned<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err("Something follows the last argument".into())
        }
    }

    /// The octets up to the first that does not fit, possibly none.
    pub(super) fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().take_while(|&&octet| fits(octet)).count();
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// The same for octets that are all ASCII, at least one.
    fn word(&mut self, fits: impl Fn(u8) -> bool, missing: &'static str) -> Scanned<&'a str> {
        match str::from_utf8(self.take_while(fits)) {
            Ok(word) if !word.is_empty() => Ok(word),
            _ => Err(missing.into()),
        }
    }

    /// `atom`.
    pub(super) fn atom(&mut self, missing: &'static str) -> Scanned<&'a str> {
        self.word(is_atom_char, missing)
    }

    /// `tag`.
    pub(super) fn tag(&mut self) -> Scanned<&'a str> {
        let fits = |octet| is_astring_char(octet) && octet != b'+';
        self.word(fits, "A command starts with a tag")
    }

    /// Letters, digits, dots and hyphens: the names of commands, data items and search keys.
    pub(super) fn name(&mut self, missing: &'static str) -> Scanned<&'a str> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-');
        self.word(fits, missing)
    }

    /// `number`, which may be larger than RFC 3501 says (RFC 9051 §9, `number64`).
    pub(super) fn number64(&mut self, missing: &'static str) -> Scanned<u64> {
        let digits = self.word(|octet| octet.is_ascii_digit(), missing)?;
        digits.parse().map_err(|_| "A number is too large".into())
    }

    /// `number`.
    pub(super) fn number(&mut self, missing: &'static str) -> Scanned<u32> {
        u32::try_from(self.number64(missing)?).map_err(|_| "A number is too large".into())
    }

    /// `nz-number`.
    pub(super) fn nz_number(&mut self, missing: &'static str) -> Scanned<NonZeroU32> {
        if self.peek() == Some(b'0') {
            return Err(missing.into());
        }
        let number = self.number(missing)?;
        NonZeroU32::new(number).ok_or_else(|| missing.into())
    }

    /// `astring`.
    pub(super) fn astring(&mut self, missing: &'static str) -> Scanned<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(missing),
            _ => Ok(self.word(is_astring_char, missing)?.as_bytes().into()),
        }
    }

    /// `list-mailbox`.
    pub(super) fn list_mailbox(&mut self) -> Scanned<Cow<'a, [u8]>> {
        let missing = "A mailbox name is missing";
        let fits = |octet| is_astring_char(octet) || matches!(octet, b'%' | b'*');
        match self.peek() {
            Some(b'"' | b'{') => self.string(missing),
            _ => Ok(self.word(fits, missing)?.as_bytes().into()),
        }
    }

    /// `nstring`, where NIL is `None`.
    pub(super) fn nstring(&mut self, missing: &'static str) -> Scanned<Option<Cow<'a, [u8]>>> {
        if matches!(self.peek(), Some(b'"' | b'{')) {
            return self.string(missing).map(Some);
        }
        if self.atom(missing)?.eq_ignore_ascii_case("NIL") { Ok(None) } else { Err(missing.into()) }
    }

    /// `string`.
    pub(super) fn string(&mut self, missing: &'static str) -> Scanned<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal().map(Cow::Borrowed),
            _ => Err(missing.into()),
        }
    }

    /// `quoted`.
    pub(super) fn quoted(&mut self) -> Scanned<Cow<'a, [u8]>> {
        self.expect(b'"', "A quoted string is missing")?;
        let mut text = Cow::Borrowed(&[][..]);
        loop {
            let stop = memchr2(b'"', b'\\', self.rest).ok_or("A quoted string has no end")?;
            let (plain, rest) = self.rest.split_at(stop);
            // RFC 3501 §9: TEXT-CHAR is a CHAR, and so of 7 bits.
            if !plain
                .iter()
                .all(|octet| matches!(octet, 0x01..=0x7f) && !matches!(octet, b'\r' | b'\n'))
            {
                return Err("A quoted string may hold ASCII alone; use a literal".into());
            }
            append(&mut text, plain);
            match rest {
                [b'\\', escaped @ (b'"' | b'\\'), rest @ ..] => {
                    append(&mut text, core::slice::from_ref(escaped));
                    self.rest = rest;
                }
                [b'\\', ..] => {
                    return Err("In a quoted string only \" and \\ follow a backslash".into());
                }
                _ => {
                    self.rest = rest.get(1..).unwrap_or_default();
                    return Ok(text);
                }
            }
        }
    }

    /// The head of a literal without its CRLF: `"{" number ["+"] "}"` (RFC 7888 §8).
    pub(super) fn literal_head(&mut self) -> Scanned<Literal> {
        self.expect(b'{', "A literal is missing")?;
        let size = self.number64("A literal's size is missing")?;
        let synchronizing = if self.eat(b'+') { Synchronizing::No } else { Synchronizing::Yes };
        self.expect(b'}', "A literal's size does not end in a brace")?;
        Ok(Literal { size, synchronizing })
    }

    /// `literal`.
    pub(super) fn literal(&mut self) -> Scanned<&'a [u8]> {
        let head = self.literal_head()?;
        let octets = self.rest.strip_prefix(b"\r\n");
        let size = usize::try_from(head.size).ok();
        let split = octets.zip(size).and_then(|(octets, size)| octets.split_at_checked(size));
        let (octets, rest) = split.ok_or("A literal must end its line")?;
        self.rest = rest;
        Ok(octets)
    }

    /// `"(" item *(SP item) ")"`. An empty list is one too: the caller says whether it may be.
    pub(super) fn list<T>(
        &mut self,
        missing: &'static str,
        mut item: impl FnMut(&mut Self) -> Scanned<T>,
    ) -> Scanned<Vec<T>> {
        self.expect(b'(', missing)?;
        let mut items = Vec::new();
        if self.eat(b')') {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(b')') {
                return Ok(items);
            }
            self.expect(b' ', "A list has no closing parenthesis")?;
        }
    }
}

/// Appends without a copy as long as there was nothing.
fn append<'a>(text: &mut Cow<'a, [u8]>, more: &'a [u8]) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else if !more.is_empty() {
        text.to_mut().extend_from_slice(more);
    }
}
