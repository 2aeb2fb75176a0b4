//! Writing responses: the terminals of RFC 3501 §9.

mod code;
mod fetch;
mod response;
mod search;
mod structure;

pub use fetch::{FetchData, FetchResponse};
pub use search::{EsearchData, EsearchResponse, NumberList, NumbersResponse, ThreadResponse};

use super::types::{Encoding, Mailbox, is_astring_char};
use crate::encoding::utf7;
use alloc::vec::Vec;
use core::fmt;

/// Formats onto the end of `out`.
fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    struct Octets<'a>(&'a mut Vec<u8>);

    impl fmt::Write for Octets<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }

    // A vector takes everything.
    let _ = fmt::write(&mut Octets(out), text);
}

/// The items with `separator` between them.
fn join<T>(
    out: &mut Vec<u8>,
    separator: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        write(out, item);
    }
}

/// `"(" item *(SP item) ")"`, or `"()"`.
fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'(');
    join(out, " ", items, write);
    out.push(b')');
}

/// `NIL`.
fn nil(out: &mut Vec<u8>) {
    out.extend_from_slice(b"NIL");
}

/// `nstring`.
fn nstring(out: &mut Vec<u8>, octets: Option<&[u8]>) {
    match octets {
        Some(octets) => string(out, octets),
        None => nil(out),
    }
}

/// `string`: quoted if it can be, else a literal.
fn string(out: &mut Vec<u8>, octets: &[u8]) {
    if octets.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~')) {
        quoted(out, octets);
        return;
    }
    literal_head(out, octets.len() as u64);
    // RFC 3501 §9: CHAR8 is not NUL.
    let without_nul = |octet: &u8| if *octet == 0 { b'?' } else { *octet };
    out.extend(octets.iter().map(without_nul));
}

/// `quoted`, of octets that can be in it.
fn quoted(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'"');
    for &octet in octets {
        if matches!(octet, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(octet);
    }
    out.push(b'"');
}

/// `literal8`: any octets (RFC 3516 §7).
fn literal8(out: &mut Vec<u8>, octets: &[u8]) {
    out.push(b'~');
    literal_head(out, octets.len() as u64);
    out.extend_from_slice(octets);
}

/// `"{" number "}" CRLF`.
fn literal_head(out: &mut Vec<u8>, size: u64) {
    put(out, format_args!("{{{size}}}\r\n"));
}

/// `astring`.
fn astring(out: &mut Vec<u8>, octets: &[u8]) {
    let is_atom = !octets.is_empty()
        && octets.iter().all(|&octet| is_astring_char(octet))
        && !octets.eq_ignore_ascii_case(b"NIL");
    if is_atom {
        out.extend_from_slice(octets);
    } else {
        string(out, octets);
    }
}

/// `astring` of text that is quoted where the session writes UTF-8.
fn text(out: &mut Vec<u8>, encoding: Encoding, text: &str) {
    if encoding == Encoding::Utf8 && !text.is_ascii() && !text.chars().any(char::is_control) {
        quoted(out, text.as_bytes());
    } else {
        astring(out, text.as_bytes());
    }
}

/// `mailbox` (RFC 3501 §5.1.3, RFC 9051 §5.1).
fn mailbox(out: &mut Vec<u8>, encoding: Encoding, mailbox: &Mailbox) {
    match encoding {
        Encoding::Utf7 => astring(out, utf7::encode(mailbox.as_str()).as_bytes()),
        Encoding::Utf8 => text(out, encoding, mailbox.as_str()),
    }
}

/// `DQUOTE QUOTED-CHAR DQUOTE / nil`: what parts the levels of names.
fn delimiter(out: &mut Vec<u8>, delimiter: Option<char>) {
    match delimiter {
        Some(delimiter) => string(out, delimiter.encode_utf8(&mut [0; 4]).as_bytes()),
        None => nil(out),
    }
}

#[cfg(test)]
mod tests;
