//! `Content-Type`, `Content-Disposition` and their parameters (RFC 2045 §5, 2183, 2231).
//!
//! Values stay octets, undecoded, as IMAP shows them; only parameters that RFC 2231 §3 split into
//! numbered sections are put together again, which RFC 2231 §6 asks of IMAP servers.

#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::header::{after_blanks, is_blank, unfold};
use crate::encoding::hex_digits;
use crate::limits::Limits;

/// Parameters read from one field; what follows is dropped.
const MOST: usize = Limits::DEFAULT.parameters;

/// One parameter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Parameter {
    /// The attribute in the case it was written in; with a `*` at its end if the value is in the
    /// extended form of RFC 2231 §4.
    pub name: Vec<u8>,
    /// The value, without quotes.
    pub value: Vec<u8>,
}

/// A media type and its parameters, in the case and order they were written in.
///
/// ```
/// use postroad_core::message::parameters::ContentType;
///
/// let html = ContentType::parse(b"Text/HTML; charset=\"utf-8\" (that is all)").unwrap();
/// assert!(html.is("text", "html"));
/// assert_eq!(html.parameter("Charset"), Some(&b"utf-8"[..]));
/// assert_eq!(ContentType::parse(b"nonsense"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ContentType {
    /// The type: `text`, `multipart`, …
    pub main: Vec<u8>,
    /// The subtype: `plain`, `mixed`, …
    pub subtype: Vec<u8>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

impl ContentType {
    /// Reads the value of a `Content-Type` field, folded or not; `None` if it names no type and
    /// subtype, in which case RFC 2045 §5.2 takes the part for plain text.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = unfold(value);
        let mut reader = Reader { rest: &value };
        let main = reader.token()?.to_vec();
        reader.expect(b'/')?;
        let subtype = reader.token()?.to_vec();
        Some(Self { main, subtype, parameters: reader.parameters() })
    }

    /// A type without parameters.
    #[must_use]
    pub fn new(main: &str, subtype: &str) -> Self {
        Self { main: main.into(), subtype: subtype.into(), parameters: Vec::new() }
    }

    /// `text/plain; charset=us-ascii`: what a part is that says nothing (RFC 2045 §5.2).
    #[must_use]
    pub fn plain_text() -> Self {
        let charset = Parameter { name: b"charset".to_vec(), value: b"us-ascii".to_vec() };
        Self { parameters: Vec::from([charset]), ..Self::new("text", "plain") }
    }

    /// Whether this is the named type and subtype, in any case.
    #[must_use]
    pub fn is(&self, main: &str, subtype: &str) -> bool {
        self.is_main(main) && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
    }

    /// Whether this is the named type, in any case.
    #[must_use]
    pub fn is_main(&self, main: &str) -> bool {
        self.main.eq_ignore_ascii_case(main.as_bytes())
    }

    /// The value of the first parameter of this name, in any case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        find(&self.parameters, name)
    }
}

/// A disposition and its parameters (RFC 2183).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Disposition {
    /// `inline`, `attachment`, …
    pub kind: Vec<u8>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
}

impl Disposition {
    /// Reads the value of a `Content-Disposition` field, folded or not; `None` if it names none.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = unfold(value);
        let mut reader = Reader { rest: &value };
        let kind = reader.token()?.to_vec();
        Some(Self { kind, parameters: reader.parameters() })
    }

    /// The value of the first parameter of this name, in any case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        find(&self.parameters, name)
    }
}

fn find<'a>(parameters: &'a [Parameter], name: &str) -> Option<&'a [u8]> {
    let found =
        parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()));
    found.map(|parameter| &parameter.value[..])
}

/// The tokens of a field that consists of one token, or of a list of tokens set off by commas,
/// such as `Content-Transfer-Encoding` and `Content-Language`. Comments are left out.
#[must_use]
pub fn tokens(value: &[u8]) -> Vec<Vec<u8>> {
    let value = unfold(value);
    let mut reader = Reader { rest: &value };
    let mut tokens = Vec::new();
    while tokens.len() < MOST {
        match reader.token() {
            Some(token) => tokens.push(token.to_vec()),
            None if reader.rest.is_empty() => break,
            None => reader.rest = &reader.rest[1..],
        }
    }
    tokens
}

/// Reads an unfolded structured value from its start.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Skips blanks and comments (RFC 5322 §3.2.2 CFWS).
    fn skip_blanks(&mut self) {
        self.rest = after_blanks(self.rest);
    }

    /// RFC 2045 §5.1 `token`.
    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip_blanks();
        let length = self.rest.iter().position(|&byte| !is_token(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(length);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        while parameters.len() < MOST && self.skip_to_semicolon() {
            parameters.extend(self.parameter());
        }
        join_sections(parameters)
    }

    /// Skips to behind the next semicolon; false if there is none.
    fn skip_to_semicolon(&mut self) -> bool {
        loop {
            self.skip_blanks();
            match self.rest.split_first() {
                Some((b';', rest)) => {
                    self.rest = rest;
                    return true;
                }
                Some((b'"', _)) => drop(self.quoted()),
                Some((_, rest)) => self.rest = rest,
                None => return false,
            }
        }
    }

    fn parameter(&mut self) -> Option<Parameter> {
        let name = self.token()?.to_vec();
        self.expect(b'=')?;
        self.skip_blanks();
        let value = if self.rest.first() == Some(&b'"') { self.quoted() } else { self.bare() };
        Some(Parameter { name, value })
    }

    /// A quoted-string whose first quote is next; one that is not closed reaches to the end.
    fn quoted(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        let mut bytes = self.rest.iter().enumerate().skip(1);
        while let Some((index, &byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[index + 1..];
                    return value;
                }
                b'\\' => value.extend(bytes.next().map(|(_, &byte)| byte)),
                _ => value.push(byte),
            }
        }
        self.rest = &[];
        value
    }

    /// A value without quotes. RFC 2045 wants a token; real mail has blanks, slashes and equal
    /// signs here, so the value reaches to the semicolon or to a comment after a blank.
    fn bare(&mut self) -> Vec<u8> {
        let mut blank = false;
        let end = self.rest.iter().position(|&byte| {
            let ends = byte == b';' || (blank && byte == b'(');
            blank = is_blank(byte);
            ends
        });
        let (value, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        value.trim_ascii().to_vec()
    }
}

fn is_token(byte: u8) -> bool {
    // RFC 2045 §5.1 tspecials; octets above ASCII are let through.
    !(byte <= b' ' || byte == 127 || b"()<>@,;:\\\"/[]?=".contains(&byte))
}

/// A section of a parameter: `name*3` or, extended, `name*3*` (RFC 2231 §3, §4.1).
struct Section<'a> {
    base: &'a [u8],
    number: u8,
    extended: bool,
}

impl<'a> Section<'a> {
    fn parse(name: &'a [u8]) -> Option<Self> {
        let (name, extended) = name.strip_suffix(b"*").map_or((name, false), |name| (name, true));
        let star = name.iter().rposition(|&byte| byte == b'*')?;
        let number = core::str::from_utf8(&name[star + 1..]).ok()?.parse().ok()?;
        Some(Self { base: &name[..star], number, extended })
    }
}

/// The sections of one parameter by their numbers: whether each is extended, and its value.
type Sections = BTreeMap<u8, (bool, Vec<u8>)>;

/// Puts sections together, each parameter where its first section stood.
fn join_sections(parameters: Vec<Parameter>) -> Vec<Parameter> {
    let mut joined: Vec<Parameter> = Vec::with_capacity(parameters.len());
    let mut split: BTreeMap<Vec<u8>, (usize, Sections)> = BTreeMap::new();
    for Parameter { name, value } in parameters {
        let Some(section) = Section::parse(&name) else {
            joined.push(Parameter { name, value });
            continue;
        };
        let (_, sections) = split.entry(section.base.to_ascii_lowercase()).or_insert_with(|| {
            joined.push(Parameter { name: section.base.to_vec(), value: Vec::new() });
            (joined.len() - 1, Sections::new())
        });
        sections.entry(section.number).or_insert((section.extended, value));
    }
    for (place, sections) in split.into_values() {
        let parameter = &mut joined[place];
        parameter.value = join(&sections);
        if sections.values().any(|(extended, _)| *extended) {
            parameter.name.push(b'*');
        }
    }
    joined
}

/// The sections from 0 on, up to the first that is missing.
fn join(sections: &Sections) -> Vec<u8> {
    let mut whole = Vec::new();
    let extended = sections.values().any(|(extended, _)| *extended);
    if extended && sections.get(&0).is_some_and(|(extended, _)| !extended) {
        // The charset and language that an extended value must start with, both empty.
        whole.extend_from_slice(b"''");
    }
    let in_order = (0..=u8::MAX).map_while(|number| sections.get(&number));
    for (is_extended, value) in in_order {
        if extended && !is_extended {
            value.iter().for_each(|&byte| push_encoded(&mut whole, byte));
        } else {
            whole.extend_from_slice(value);
        }
    }
    whole
}

/// RFC 2231 §7 `attribute-char`, everything else by its hexadecimal value.
fn push_encoded(out: &mut Vec<u8>, byte: u8) {
    if is_token(byte) && byte.is_ascii() && !b"*'%".contains(&byte) {
        out.push(byte);
        return;
    }
    let [high, low] = hex_digits(byte);
    out.extend_from_slice(&[b'%', high, low]);
}
