//! A cursor over the octets of one complete command: the terminals of RFC 3501 §9.

use super::types::{Encoding, Literal, Synchronizing, is_astring_char, is_atom_char};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU32;
use memchr::{memchr, memchr2};

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
    encoding: Encoding,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(octets: &'a [u8], encoding: Encoding) -> Self {
        Self { rest: octets, encoding }
    }

    /// How the session writes mailbox names and quoted strings.
    pub(super) const fn encoding(&self) -> Encoding {
        self.encoding
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

    /// `mod-sequence-valzer`, which is of 63 bits (RFC 7162 §7).
    pub(super) fn mod_seq_or_zero(&mut self) -> Scanned<u64> {
        let number = self.number64("A mod-sequence is missing")?;
        if i64::try_from(number).is_err() {
            return Err("A mod-sequence is too large".into());
        }
        Ok(number)
    }

    /// `mod-sequence-value`, which is not 0 (RFC 7162 §7).
    pub(super) fn mod_seq(&mut self) -> Scanned<u64> {
        match self.mod_seq_or_zero()? {
            0 => Err("A mod-sequence is from 1 on".into()),
            number => Ok(number),
        }
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
            self.check_quoted(plain)?;
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

    /// Whether `plain` may stand in a quoted string.
    fn check_quoted(&self, plain: &[u8]) -> Scanned<()> {
        let is_line = plain.iter().all(|octet| !matches!(octet, 0 | b'\r' | b'\n'));
        match self.encoding {
            // RFC 3501 §9: TEXT-CHAR is a CHAR, and so of 7 bits.
            Encoding::Utf7 if !is_line || !plain.is_ascii() => {
                Err("A quoted string may hold ASCII alone; use a literal".into())
            }
            // RFC 9051 §9: QUOTED-CHAR is of UTF-8.
            Encoding::Utf8 if !is_line || str::from_utf8(plain).is_err() => {
                Err("A quoted string may hold UTF-8 alone; use a literal".into())
            }
            _ => Ok(()),
        }
    }

    /// The head of a literal without its CRLF: `"{" number ["+"] "}"` (RFC 7888 §8).
    pub(super) fn literal_head(&mut self) -> Scanned<Literal> {
        self.expect(b'{', "A literal is missing")?;
        let size = self.number64("A literal's size is missing")?;
        let synchronizing = if self.eat(b'+') { Synchronizing::No } else { Synchronizing::Yes };
        self.expect(b'}', "A literal's size does not end in a brace")?;
        Ok(Literal { size, synchronizing, binary: false })
    }

    /// The head of a `literal8` without its CRLF (RFC 3516 §7).
    pub(super) fn literal8_head(&mut self) -> Scanned<Literal> {
        self.expect(b'~', "A literal is missing")?;
        Ok(Literal { binary: true, ..self.literal_head()? })
    }

    /// `literal`.
    pub(super) fn literal(&mut self) -> Scanned<&'a [u8]> {
        let head = self.literal_head()?;
        let octets = self.announced(head)?;
        if memchr(0, octets).is_some() {
            return Err("A literal holds a NUL".into());
        }
        Ok(octets)
    }

    /// `literal8`.
    pub(super) fn literal8(&mut self) -> Scanned<&'a [u8]> {
        let head = self.literal8_head()?;
        self.announced(head)
    }

    /// The octets of a literal, with the CRLF before them.
    fn announced(&mut self, head: Literal) -> Scanned<&'a [u8]> {
        let octets = self.rest.strip_prefix(b"\r\n");
        let size = usize::try_from(head.size).ok();
        let split = octets.zip(size).and_then(|(octets, size)| octets.split_at_checked(size));
        let (octets, rest) = split.ok_or("A literal must end its line")?;
        self.rest = rest;
        Ok(octets)
    }

    /// Takes `name` if it is next, in any case and as a whole word.
    pub(super) fn eat_name(&mut self, name: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.name("").is_ok_and(|next| next.eq_ignore_ascii_case(name));
        if found {
            *self = ahead;
        }
        found
    }

    /// Text in UTF-8: an `astring`.
    pub(super) fn text(&mut self, missing: &'static str) -> Scanned<String> {
        let octets = self.astring(missing)?;
        String::from_utf8(octets.into_owned()).map_err(|_| "An argument is not in UTF-8".into())
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

    /// The same of at least one item.
    pub(super) fn full_list<T>(
        &mut self,
        missing: &'static str,
        item: impl FnMut(&mut Self) -> Scanned<T>,
    ) -> Scanned<Vec<T>> {
        let items = self.list(missing, item)?;
        if items.is_empty() { Err(missing.into()) } else { Ok(items) }
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
