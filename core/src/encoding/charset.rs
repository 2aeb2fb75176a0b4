//! Charsets: from the label of a part to UTF-8 (RFC 2045 §5.1, RFC 2046 §4.1.2).

mod utf7;

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use encoding_rs::{Encoding, UTF_16BE};

/// Decodes text in one charset to UTF-8; what has no meaning becomes U+FFFD.
///
/// Labels are those of the WHATWG's Encoding Standard, which covers US-ASCII, UTF-8, UTF-16, ISO 8859, the Windows
/// code pages, KOI8, GB 18030, Big5, EUC, Shift_JIS and ISO-2022-JP; besides, a few that mail has and the web has not,
/// and UTF-7 (RFC 2152).
///
/// Every piece of output is whole characters.
///
/// ```
/// use postroad_core::encoding::charset;
/// let mut decoder = charset::Decoder::for_label(b"Shift_JIS").unwrap();
/// let mut output = Vec::new();
/// decoder.decode(b"\x93", &mut output);
/// decoder.decode(b"\xfa\x96\x7b", &mut output);
/// decoder.finish(&mut output);
/// assert_eq!(output, "日本".as_bytes());
/// assert!(charset::Decoder::for_label(b"unknown-8bit").is_none());
/// ```
#[derive(Debug)]
pub struct Decoder(Inner);

enum Inner {
    Utf7(utf7::Decoder),
    Other(encoding_rs::Decoder),
}

impl Decoder {
    /// A decoder for the charset of this label, in any case; `None` when the charset is unknown.
    #[must_use]
    pub fn for_label(label: &[u8]) -> Option<Self> {
        let lower = label.trim_ascii().to_ascii_lowercase();
        let inner = match &*lower {
            b"utf-7" | b"unicode-1-1-utf-7" | b"csunicode11utf7" => {
                Inner::Utf7(utf7::Decoder::default())
            }
            // RFC 2781 §4.3: without a byte order mark, big-endian.
            b"utf-16" => Inner::Other(UTF_16BE.new_decoder()),
            lower => {
                let encoding = Encoding::for_label_no_replacement(synonym(lower))?;
                Inner::Other(encoding.new_decoder_with_bom_removal())
            }
        };
        Some(Self(inner))
    }

    /// Whether the next octets mean just themselves: ASCII, in a charset that has it and in which no
    /// octet depends on those before.
    pub(crate) fn is_identity(&self, input: &[u8]) -> bool {
        match &self.0 {
            Inner::Utf7(_) => false,
            Inner::Other(decoder) => {
                let encoding = decoder.encoding();
                encoding.is_single_byte() && encoding.is_ascii_compatible() && input.is_ascii()
            }
        }
    }

    /// Decodes the next octets.
    pub fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) {
        match &mut self.0 {
            Inner::Utf7(decoder) => decoder.decode(input, output),
            Inner::Other(decoder) => run(decoder, input, output, Piece::Any),
        }
    }

    /// Ends the text: a character that was cut off becomes U+FFFD. The decoder is spent.
    pub fn finish(mut self, output: &mut Vec<u8>) {
        match &mut self.0 {
            Inner::Utf7(decoder) => decoder.finish(output),
            Inner::Other(decoder) => run(decoder, b"", output, Piece::Last),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Any,
    Last,
}

/// Octets of output beyond those of the input for which there is room at a time.
const ROOM: usize = 64;

fn run(decoder: &mut encoding_rs::Decoder, mut input: &[u8], output: &mut Vec<u8>, piece: Piece) {
    loop {
        let start = output.len();
        output.resize(start + input.len() + ROOM, 0);
        let (result, read, written, _) =
            decoder.decode_to_utf8(input, &mut output[start..], piece == Piece::Last);
        output.truncate(start + written);
        input = &input[read..];
        if result == encoding_rs::CoderResult::InputEmpty {
            return;
        }
    }
}

/// The WHATWG's label for one that only mail uses.
fn synonym(label: &[u8]) -> &[u8] {
    match label {
        b"cp932" => b"shift_jis",
        b"cp936" | b"ms936" => b"gbk",
        b"cp949" => b"euc-kr",
        b"cp950" => b"big5",
        b"iso-8859-8-e" => b"iso-8859-8",
        b"utf_8" => b"utf-8",
        _ => label,
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf7(decoder) => decoder.fmt(f),
            Self::Other(decoder) => f.write_str(decoder.encoding().name()),
        }
    }
}

/// Decodes the whole of a text; `None` when the charset is unknown.
///
/// ```
/// use postroad_core::encoding::charset;
/// assert_eq!(charset::decode(b"koi8-r", b"\xed\xc9\xd2").unwrap(), "Мир");
/// ```
#[must_use]
pub fn decode(label: &[u8], input: &[u8]) -> Option<String> {
    let mut decoder = Decoder::for_label(label)?;
    let mut output = Vec::with_capacity(input.len());
    decoder.decode(input, &mut output);
    decoder.finish(&mut output);
    Some(into_string(output))
}

/// Text that a decoder has made.
pub(super) fn into_string(text: Vec<u8>) -> String {
    String::from_utf8(text)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
