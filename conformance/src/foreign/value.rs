//! A response, or what a script expects of one, as atoms, strings and lists.

use core::fmt;

/// How deep lists may stand in one another; what is deeper is read as text.
const DEPTH: usize = 100;

/// One value of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// `NIL`.
    Nil,
    /// An atom. `BODY[HEADER.FIELDS (From)]` is one; `[UIDNEXT 4]`, a response code, is several.
    Atom(Vec<u8>),
    /// What a quoted string or a literal stands for.
    Text(Vec<u8>),
    /// A list in parentheses.
    List(Vec<Value>),
}

impl Value {
    /// The octets of an atom, a string or `NIL`; `None` for a list.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Nil => Some(b"NIL"),
            Self::Atom(octets) | Self::Text(octets) => Some(octets),
            Self::List(_) => None,
        }
    }

    /// Whether this is the atom `word`, in either case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Atom(octets) if octets.eq_ignore_ascii_case(word.as_bytes()))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("NIL"),
            Self::Atom(octets) => write!(f, "{}", octets.escape_ascii()),
            Self::Text(octets) => write!(f, "\"{}\"", octets.escape_ascii()),
            Self::List(values) => write!(f, "({})", Values(values)),
        }
    }
}

/// Values with blanks between them.
#[derive(Debug)]
pub struct Values<'a>(pub &'a [Value]);

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{value}")?;
        }
        Ok(())
    }
}

/// Reads `octets`, a response without its last CRLF. Whatever they are, they mean something: free text is atoms, a list or a
/// string that does not end goes to the end.
#[must_use]
pub fn parse(octets: &[u8]) -> Vec<Value> {
    Reader { rest: octets }.values(0)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn values(&mut self, depth: usize) -> Vec<Value> {
        let mut values = Vec::new();
        while let Some(&first) = self.rest.first() {
            match first {
                b' ' | b'\r' | b'\n' => self.rest = &self.rest[1..],
                b'(' if depth < DEPTH => {
                    self.rest = &self.rest[1..];
                    values.push(Value::List(self.values(depth + 1)));
                }
                b')' if depth > 0 => {
                    self.rest = &self.rest[1..];
                    return values;
                }
                b'"' => values.push(Value::Text(self.quoted())),
                _ => values.push(self.literal().unwrap_or_else(|| self.atom())),
            }
        }
        values
    }

    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut at = 1;
        while let Some(&octet) = self.rest.get(at) {
            match octet {
                b'"' => break,
                b'\\' if at + 1 < self.rest.len() => {
                    at += 1;
                    text.push(self.rest[at]);
                }
                _ => text.push(octet),
            }
            at += 1;
        }
        self.rest = self.rest.get(at + 1..).unwrap_or_default();
        text
    }

    /// `{COUNT}` or `~{COUNT}`, CRLF and so many octets (RFC 9051 §4.3).
    fn literal(&mut self) -> Option<Value> {
        let behind = self.rest.strip_prefix(b"~").unwrap_or(self.rest).strip_prefix(b"{")?;
        let end = behind.iter().position(|octet| !octet.is_ascii_digit())?;
        let count: usize = core::str::from_utf8(&behind[..end]).ok()?.parse().ok()?;
        let content = behind[end..].strip_prefix(b"}\r\n")?;
        let text = content.get(..count)?;
        self.rest = &content[count..];
        Some(Value::Text(text.to_vec()))
    }

    fn atom(&mut self) -> Value {
        let mut end = 0;
        let mut in_section = false;
        while let Some(&octet) = self.rest.get(end) {
            match octet {
                b'\r' | b'\n' => break,
                b'[' if end > 0 && is_name(&self.rest[..end]) => in_section = true,
                b']' => in_section = false,
                b' ' | b'(' | b')' if !in_section && end > 0 => break,
                _ => {}
            }
            end += 1;
        }
        let (atom, rest) = self.rest.split_at(end.max(1));
        self.rest = rest;
        if atom.eq_ignore_ascii_case(b"NIL") { Value::Nil } else { Value::Atom(atom.to_vec()) }
    }
}

/// Whether a `[` behind `name` begins a section (`BODY[…]`, `BINARY.SIZE[…]`) and is not one more letter of an atom.
fn is_name(name: &[u8]) -> bool {
    let is_letter = |octet: &u8| octet.is_ascii_alphabetic() || *octet == b'.';
    name.iter().all(is_letter)
}

/// The first value of `octets` as it is written, and what stands behind it; `None` at the end of a list.
#[must_use]
pub fn split_first(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let octets = octets.trim_ascii_start();
    let mut reader = Reader { rest: octets };
    match octets.first()? {
        b')' => return None,
        b'(' => {
            reader.rest = &octets[1..];
            reader.values(1);
        }
        b'"' => drop(reader.quoted()),
        _ => drop(reader.literal().unwrap_or_else(|| reader.atom())),
    }
    Some(octets.split_at(octets.len() - reader.rest.len()))
}
