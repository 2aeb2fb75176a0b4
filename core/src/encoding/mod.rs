//! The text encodings of mail, both ways.
//!
//! Whatever may be long is decoded by a machine that is pushed: `decode` takes the next octets and appends what they mean
//! to `output`, `finish` appends what was still held back. How the input is cut makes no difference, and what is held back
//! is bounded. So decoders chain: a transfer encoding ([`base64`], [`quoted_printable`]), then a [`charset`], then a
//! [`search`].
//!
//! Header fields are short, so [`encoded_word`], [`rfc2231`] and the mailbox names of [`utf7`] are functions on slices.
//! Decoders of content never fail: what makes no sense is passed on or left out, as each says. Names of mailboxes are
//! another matter, and [`utf7`] is strict.
//!
//! ```
//! use postroad_core::encoding::{charset, quoted_printable};
//!
//! let mut transfer = quoted_printable::Decoder::default();
//! let mut charset = charset::Decoder::for_label(b"iso-8859-1").unwrap();
//! let (mut octets, mut text) = (Vec::new(), Vec::new());
//! for piece in [&b"caf="[..], b"E", b"9"] {
//!     transfer.decode(piece, &mut octets);
//! }
//! transfer.finish(&mut octets);
//! charset.decode(&octets, &mut text);
//! charset.finish(&mut text);
//! assert_eq!(text, "café".as_bytes());
//! ```

pub mod base64;
pub mod casemap;
pub mod charset;
pub mod checked;
pub mod dot;
pub mod encoded_word;
pub mod quoted_printable;
pub mod rfc2231;
pub mod search;
pub mod utf7;

/// The value of a hexadecimal digit in either case.
pub(crate) fn hex_digit(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        b'a'..=b'f' => Some(octet - b'a' + 10),
        _ => None,
    }
}

/// The upper-case hexadecimal digits of an octet.
pub(crate) fn hex_digits(octet: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]
}
