//! Encoded words: text other than ASCII in header fields (RFC 2047).

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::iter;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::{base64, charset, hex_digit, hex_digits};

/// Decodes the value of a field or a display name: encoded words, and raw UTF-8 around them.
///
/// White space between two encoded words vanishes (§6.2), and a character may begin in one and end in the next, which
/// §5 forbids and programs do. A word with an unknown charset or encoding stays as it is. Folds are undone.
///
/// ```
/// use postroad_core::encoding::encoded_word;
/// assert_eq!(encoded_word::decode(b"=?iso-8859-1?q?Andr=E9?= Pirard"), "André Pirard");
/// assert_eq!(encoded_word::decode(b"=?utf-8?B?w4Q=?=\r\n =?utf-8?Q?_b?="), "Ä b");
/// ```
#[must_use]
pub fn decode(value: &[u8]) -> String {
    let mut text = Text::default();
    let mut plain = 0;
    let mut at = 0;
    while let Some(offset) = value.get(at..).and_then(|rest| memmem::find(rest, b"=?")) {
        let start = at + offset;
        // What a failed attempt has looked at holds no other `=?`, so that every octet is looked at a few times at most.
        at = start + 2;
        let Some(word) = Word::parse(&value[start..]) else { continue };
        if text.push_word(&value[plain..start], &word) {
            at = start + word.len;
            plain = at;
        }
    }
    text.push_plain(&value[plain..]);
    charset::into_string(text.output)
}

/// `=?charset?encoding?text?=`
struct Word<'a> {
    charset: &'a [u8],
    encoding: u8,
    text: &'a [u8],
    /// Octets of the whole.
    len: usize,
}

impl<'a> Word<'a> {
    fn parse(input: &'a [u8]) -> Option<Self> {
        let rest = input.strip_prefix(b"=?")?;
        let is_token = |octet: &u8| octet.is_ascii_graphic() && !b"()<>@,;\"/[]?=".contains(octet);
        let end = rest.iter().position(|octet| !is_token(octet))?;
        let (label, rest) = rest.split_at(end);
        let [b'?', encoding, b'?', rest @ ..] = rest else { return None };
        let end = memchr::memchr(b'?', rest)?;
        let (text, rest) = rest.split_at(end);
        let rest = rest.strip_prefix(b"?=")?;
        // RFC 2231 §5: a language may follow the charset.
        let charset = label.split(|octet| *octet == b'*').next()?;
        Some(Self {
            charset,
            encoding: encoding.to_ascii_lowercase(),
            text,
            len: input.len() - rest.len(),
        })
    }

    fn octets(&self) -> Option<Vec<u8>> {
        let mut octets = Vec::with_capacity(self.text.len());
        match self.encoding {
            b'q' => decode_q(self.text, &mut octets),
            b'b' => {
                let mut decoder = base64::Decoder::default();
                decoder.decode(self.text, &mut octets);
                decoder.finish(&mut octets);
            }
            _ => return None,
        }
        Some(octets)
    }
}

/// What has been decoded, and the charset of the word that it ends with.
#[derive(Default)]
struct Text<'a> {
    output: Vec<u8>,
    charset: Option<(&'a [u8], charset::Decoder)>,
}

impl<'a> Text<'a> {
    /// Appends a word and what stands before it; or nothing, if the word cannot be decoded.
    fn push_word(&mut self, before: &[u8], word: &Word<'a>) -> bool {
        let Some(octets) = word.octets() else { return false };
        let Some(fresh) = charset::Decoder::for_label(word.charset) else { return false };
        // Only now, so that what stands before is looked at once, however many words fail behind it.
        let is_adjacent = self.charset.is_some() && before.iter().all(u8::is_ascii_whitespace);
        let mut decoder = match self.charset.take() {
            Some((label, decoder)) if is_adjacent && label.eq_ignore_ascii_case(word.charset) => {
                decoder
            }
            other => {
                self.charset = other;
                if is_adjacent {
                    self.finish_word();
                } else {
                    self.push_plain(before);
                }
                fresh
            }
        };
        decoder.decode(&octets, &mut self.output);
        self.charset = Some((word.charset, decoder));
        true
    }

    fn push_plain(&mut self, plain: &[u8]) {
        self.finish_word();
        let unfolded = plain.iter().filter(|octet| !matches!(octet, b'\r' | b'\n'));
        self.output.extend(unfolded);
    }

    fn finish_word(&mut self) {
        if let Some((_, decoder)) = self.charset.take() {
            decoder.finish(&mut self.output);
        }
    }
}

// RFC 2047 §4.2
fn decode_q(text: &[u8], octets: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        match (octet, after) {
            (b'_', _) => octets.push(b' '),
            (b'=', [high, low, after @ ..]) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    octets.push(high << 4 | low);
                    rest = after;
                }
                _ => octets.push(b'='),
            },
            _ => octets.push(*octet),
        }
    }
}

/// The characters of an encoded word that are text: 75 without the rest (RFC 2047 §2).
const WORD: usize = 75 - "=?utf-8?q??=".len();

/// Encodes text for an unstructured field or a display name; printable ASCII stays as it is.
///
/// The words are parted by blanks, at which the writer of the field may fold.
///
/// ```
/// use postroad_core::encoding::encoded_word;
/// assert_eq!(encoded_word::encode("Andre"), "Andre");
/// assert_eq!(encoded_word::encode("André Pirard"), "=?utf-8?q?Andr=C3=A9_Pirard?=");
/// ```
#[must_use]
pub fn encode(text: &str) -> String {
    if text.chars().all(|c| matches!(c, ' '..='~')) && !text.contains("=?") {
        return text.into();
    }
    let as_q: usize = text.bytes().map(q_len).sum();
    if as_q <= text.len().div_ceil(3) * 4 {
        let len = |c: char| c.encode_utf8(&mut [0; 4]).bytes().map(q_len).sum();
        join_words(text, WORD, len, write_q)
    } else {
        join_words(text, WORD / 4 * 3, char::len_utf8, write_b)
    }
}

/// Cuts text between characters, so that each piece has at most `room` of what `len` counts.
fn join_words(
    text: &str,
    room: usize,
    len: impl Fn(char) -> usize,
    write: fn(&str, &mut String),
) -> String {
    let mut output = String::with_capacity(text.len() * 2);
    let mut start = 0;
    let mut used = 0;
    for (at, c) in text.char_indices() {
        if used + len(c) > room {
            write(&text[start..at], &mut output);
            output.push(' ');
            (start, used) = (at, 0);
        }
        used += len(c);
    }
    write(&text[start..], &mut output);
    output
}

fn write_b(piece: &str, output: &mut String) {
    output.push_str("=?utf-8?b?");
    STANDARD.encode_string(piece, output);
    output.push_str("?=");
}

fn write_q(piece: &str, output: &mut String) {
    output.push_str("=?utf-8?q?");
    for octet in piece.bytes() {
        match octet {
            b' ' => output.push('_'),
            _ if is_q_direct(octet) => output.push(char::from(octet)),
            _ => output.extend(iter::once('=').chain(hex_digits(octet).map(char::from))),
        }
    }
    output.push_str("?=");
}

fn q_len(octet: u8) -> usize {
    if octet == b' ' || is_q_direct(octet) { 1 } else { 3 }
}

/// What stands for itself even in a display name (RFC 2047 §5 (3)).
fn is_q_direct(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!*+-/".contains(&octet)
}
