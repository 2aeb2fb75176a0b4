//! Header blocks: the fields of one in memory, and a scanner for one that arrives in pieces.
//!
//! A header block ends with the first empty line, or with the message (RFC 5322 §2.1). A line that
//! begins with a space or a tab continues the field before it (§2.2.3). A line that is neither a
//! field nor a continuation does not end the block; it is shown as a field without a name.

mod scan;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use memchr::{memchr, memchr_iter};

pub use scan::{Census, Excess, Scanner};

/// One field of a header block, as it stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    raw: &'a [u8],
    start: usize,
    colon: Option<usize>,
}

impl<'a> Field<'a> {
    /// The field with its folding and its line end, if it has one.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Where the field starts in its block.
    #[must_use]
    pub const fn start(&self) -> usize {
        self.start
    }

    /// The field's name; empty if the line is no field.
    ///
    /// White space before the colon is not part of it (RFC 5322 §4.5).
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.colon.map_or(&[], |colon| self.raw[..colon].trim_ascii_end())
    }

    /// Whether the field has this name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// What follows the colon, folded as it came, without the last line end.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        let value = self.colon.map_or(self.raw, |colon| &self.raw[colon + 1..]);
        let value = value.strip_suffix(b"\n").unwrap_or(value);
        value.strip_suffix(b"\r").unwrap_or(value)
    }

    /// The value with its folding undone and the white space around it removed.
    #[must_use]
    pub fn unfolded(&self) -> Vec<u8> {
        unfold(self.value().trim_ascii())
    }
}

/// Iterates over the fields of a header block, up to its empty line or its end.
///
/// ```
/// use postroad_core::message::header::fields;
///
/// let block = b"Subject: two\r\n lines\r\nTo: you\r\n\r\nbody";
/// let found: Vec<_> = fields(block).map(|field| (field.name(), field.unfolded())).collect();
/// assert_eq!(found, [(&b"Subject"[..], b"two lines".to_vec()), (b"To", b"you".to_vec())]);
/// ```
#[must_use]
pub const fn fields(block: &[u8]) -> Fields<'_> {
    Fields { block, at: 0 }
}

/// The iterator that [`fields`] makes.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let rest = &self.block[self.at..];
        if rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return None;
        }
        let length = memchr_iter(b'\n', rest)
            .map(|line_feed| line_feed + 1)
            .find(|&next| !matches!(rest.get(next), Some(b' ' | b'\t')))
            .unwrap_or(rest.len());
        let raw = &rest[..length];
        let field = Field { raw, start: self.at, colon: colon(raw) };
        self.at += length;
        Some(field)
    }
}

/// Where a field's name ends; RFC 5322 §2.2: printable characters, then (§4.5) blanks, then a colon.
fn colon(raw: &[u8]) -> Option<usize> {
    let colon = memchr(b':', raw)?;
    let name = raw[..colon].trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let blanks = raw[name.len()..colon].iter().all(|&byte| is_blank(byte));
    (printable && blanks).then_some(colon)
}

/// A header block's octets: its fields and its empty line, if it has one.
#[must_use]
pub fn block_length(message: &[u8]) -> usize {
    let mut scanner = Scanner::new();
    scanner.push(message).unwrap_or(message.len())
}

/// Undoes folding (RFC 5322 §2.2.3): removes every line end, and the blanks after it stay.
#[must_use]
pub fn unfold(value: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(line_feed) = memchr(b'\n', rest) {
        let line = &rest[..line_feed];
        unfolded.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        rest = &rest[line_feed + 1..];
    }
    unfolded.extend_from_slice(rest);
    unfolded
}

/// RFC 5234 WSP.
pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What follows blanks and comments (RFC 5322 §3.2.2 CFWS).
pub(super) fn after_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    while rest.first() == Some(&b'(') {
        rest = after_comment(rest).trim_ascii_start();
    }
    rest
}

/// What follows the comment that `text` begins with. Comments nest, and a backslash takes the next
/// octet literally; one that is not closed reaches to the end.
fn after_comment(text: &[u8]) -> &[u8] {
    let mut depth = 0_usize;
    let mut bytes = text.iter().enumerate();
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'(' => depth += 1,
            b')' if depth <= 1 => return &text[index + 1..],
            b')' => depth -= 1,
            _ => {}
        }
    }
    &[]
}
