//! What stands before the `@`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::FromStr;

use super::{Invalid, is_atext};
use crate::limits::Limits;

/// A local-part: held without its quotes, written with them only where they are needed (RFC 5321 §4.1.2).
///
/// Two local-parts are equal when they are the same to the letter, because only the host that owns the mailbox may decide
/// otherwise (RFC 5321 §2.4). A directory that ignores case compares [`LocalPart::folded`].
///
/// ```
/// use postroad_core::address::LocalPart;
/// assert_eq!(LocalPart::parse(br#""joe""#, false), LocalPart::parse(b"joe", false));
/// assert_eq!(LocalPart::parse(br#""a\b c""#, false).unwrap().to_string(), r#""ab c""#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalPart(Box<str>);

impl LocalPart {
    /// The longest local-part in octets, quotes and backslashes included (RFC 5321 §4.5.3.1.1).
    pub const MAX: usize = Limits::DEFAULT.local_part;

    /// A local-part from its bare text, without quotes or backslashes. Text that has to be quoted is welcome.
    ///
    /// # Errors
    /// [`Invalid::LocalPartTooLong`] when the written form has more than 64 octets, [`Invalid::LocalPartOctet`] for a
    /// control character.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        if text.len() > Self::MAX {
            return Err(Invalid::LocalPartTooLong);
        }
        check_controls(text)?;
        let local_part = Self(text.into());
        if local_part.written_len() > Self::MAX {
            return Err(Invalid::LocalPartTooLong);
        }
        Ok(local_part)
    }

    /// Parses the whole of `input`, a dot-string or a quoted string. `utf8` allows UTF-8 (RFC 6531 §3.3).
    ///
    /// # Errors
    /// What is wrong with the local-part.
    pub fn parse(input: &[u8], utf8: bool) -> Result<Self, Invalid> {
        match Self::parse_prefix(input, utf8)? {
            (local_part, []) => Ok(local_part),
            (_, [octet, ..]) => Err(Invalid::LocalPartOctet(*octet)),
        }
    }

    /// Parses a local-part up to its `@`, or up to what cannot belong to it.
    pub(super) fn parse_prefix(input: &[u8], utf8: bool) -> Result<(Self, &[u8]), Invalid> {
        match input.strip_prefix(b"\"") {
            Some(quoted) => parse_quoted(quoted, utf8),
            None => parse_dot_string(input, utf8),
        }
    }

    /// The bare text, without quotes and backslashes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with ASCII letters in lower case: for a directory that ignores case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The text before the first `+`, or the whole of it (RFC 5233 §4). A `+` in front separates nothing.
    ///
    /// ```
    /// use postroad_core::address::LocalPart;
    /// let local_part = LocalPart::new("joe+lists+rust").unwrap();
    /// assert_eq!((local_part.base(), local_part.tag()), ("joe", Some("lists+rust")));
    /// ```
    #[must_use]
    pub fn base(&self) -> &str {
        self.split().map_or(&self.0, |(base, _)| base)
    }

    /// The sub-address: the text behind the first `+`, if there is one (RFC 5233 §4).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.split().map(|(_, tag)| tag)
    }

    fn split(&self) -> Option<(&str, &str)> {
        self.0.split_once('+').filter(|(base, _)| !base.is_empty())
    }

    /// Whether the text is a dot-string (RFC 5321 §4.1.2, with UTF-8 by RFC 6531 §3.3).
    fn is_dot_string(&self) -> bool {
        self.0.split('.').all(|atom| {
            !atom.is_empty() && atom.bytes().all(|octet| is_atext(octet) || octet >= 0x80)
        })
    }

    fn written_len(&self) -> usize {
        if self.is_dot_string() {
            return self.0.len();
        }
        self.0.len() + 2 + self.0.bytes().filter(|octet| matches!(octet, b'"' | b'\\')).count()
    }
}

fn parse_dot_string(input: &[u8], utf8: bool) -> Result<(LocalPart, &[u8]), Invalid> {
    let is_end = |octet: &u8| matches!(octet, b'@' | b'>' | b' ' | b'\t');
    let end = input.iter().position(is_end).unwrap_or(input.len());
    let (atoms, rest) = input.split_at(end);
    if atoms.is_empty() {
        return Err(Invalid::NoLocalPart);
    }
    if atoms.len() > LocalPart::MAX {
        return Err(Invalid::LocalPartTooLong);
    }
    for atom in atoms.split(|octet| *octet == b'.') {
        if let Some(octet) = atom.iter().find(|octet| !is_atext(**octet) && octet.is_ascii()) {
            return Err(Invalid::LocalPartOctet(*octet));
        }
        if atom.is_empty() {
            return Err(Invalid::MisplacedDot);
        }
    }
    Ok((from_octets(atoms, utf8)?, rest))
}

/// `quoted` begins behind the opening quote.
fn parse_quoted(quoted: &[u8], utf8: bool) -> Result<(LocalPart, &[u8]), Invalid> {
    let mut text = Vec::new();
    let mut at = 0;
    loop {
        let octet = *quoted.get(at).ok_or(Invalid::UnclosedQuote)?;
        at += 1;
        match octet {
            b'"' => break,
            b'\\' => match quoted.get(at).ok_or(Invalid::UnclosedQuote)? {
                pair @ 32..=126 => {
                    text.push(*pair);
                    at += 1;
                }
                other => return Err(Invalid::LocalPartOctet(*other)),
            },
            32..=126 | 0x80.. => text.push(octet),
            _ => return Err(Invalid::LocalPartOctet(octet)),
        }
        if at > LocalPart::MAX {
            return Err(Invalid::LocalPartTooLong);
        }
    }
    // The opening quote counts, too.
    if at + 1 > LocalPart::MAX {
        return Err(Invalid::LocalPartTooLong);
    }
    let rest = quoted.get(at..).unwrap_or_default();
    Ok((from_octets(&text, utf8)?, rest))
}

fn from_octets(octets: &[u8], utf8: bool) -> Result<LocalPart, Invalid> {
    if !utf8 && !octets.is_ascii() {
        return Err(Invalid::Utf8NotAllowed);
    }
    let text = core::str::from_utf8(octets).map_err(|_| Invalid::NotUtf8)?;
    check_controls(text)?;
    Ok(LocalPart(text.into()))
}

// Deviation: RFC 6531 §3.3 would allow the C1 controls, U+0080 to U+009F, which only ever confuse terminals and logs.
fn check_controls(text: &str) -> Result<(), Invalid> {
    match text.chars().find(|c| c.is_control()) {
        Some(control) => Err(Invalid::LocalPartOctet(u8::try_from(control).unwrap_or_default())),
        None => Ok(()),
    }
}

impl FromStr for LocalPart {
    type Err = Invalid;

    /// Parses a local-part as it is written in an address, UTF-8 included.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text.as_bytes(), true)
    }
}

impl fmt::Display for LocalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dot_string() {
            return f.write_str(&self.0);
        }
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}
