//! Modified UTF-7: how IMAP4rev1 writes the names of mailboxes (RFC 3501 §5.1.3).
//!
//! One name has one form here, so that no two names on the wire are the same mailbox, and no name slips past a check
//! in a disguise: [`decode`] refuses every other form.

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::base64::sextet;

/// A name that is not written in modified UTF-7, or not in its only form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name is not written in modified UTF-7")
    }
}

impl core::error::Error for Malformed {}

/// Decodes a name.
///
/// # Errors
/// [`Malformed`] for octets that are not printable ASCII, a `&` without its `-`, bits that are left over, lone
/// surrogates, and for printable ASCII or `&…-&…-` in base64, which RFC 3501 forbids.
///
/// ```
/// use postroad_core::encoding::utf7;
/// assert_eq!(utf7::decode(b"Entw&APw-rfe &- mehr").unwrap(), "Entwürfe & mehr");
/// assert_eq!(utf7::decode(b"&AGE-"), Err(utf7::Malformed));
/// ```
pub fn decode(name: &[u8]) -> Result<String, Malformed> {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    let mut after_base64 = false;
    while let Some((octet, after)) = rest.split_first() {
        match octet {
            b'&' => {
                let end = after.iter().position(|octet| *octet == b'-').ok_or(Malformed)?;
                let base64 = &after[..end];
                rest = &after[end + 1..];
                if base64.is_empty() {
                    text.push('&');
                    after_base64 = false;
                    continue;
                }
                if after_base64 {
                    return Err(Malformed);
                }
                decode_base64(base64, &mut text)?;
                after_base64 = true;
            }
            b' '..=b'~' => {
                text.push(char::from(*octet));
                rest = after;
                after_base64 = false;
            }
            _ => return Err(Malformed),
        }
    }
    Ok(text)
}

fn decode_base64(base64: &[u8], text: &mut String) -> Result<(), Malformed> {
    let mut units = Vec::with_capacity(base64.len());
    let mut bits = 0_u32;
    let mut count = 0;
    for octet in base64 {
        let value = match octet {
            b',' => sextet(b'/'),
            b'/' => None,
            _ => sextet(*octet),
        };
        bits = bits << 6 | u32::from(value.ok_or(Malformed)?);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count).map_err(|_| Malformed)?);
            bits &= (1 << count) - 1;
        }
    }
    if count >= 6 || bits != 0 {
        return Err(Malformed);
    }
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(' '..='~') | Err(_) => return Err(Malformed),
            Ok(c) => text.push(c),
        }
    }
    Ok(())
}

/// Encodes a name.
///
/// ```
/// use postroad_core::encoding::utf7;
/// assert_eq!(utf7::encode("台北 & 日本語"), "&U,BTFw- &- &ZeVnLIqe-");
/// ```
#[must_use]
pub fn encode(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if c == '&' {
            text.push_str("&-");
            rest = &rest[1..];
        } else if is_direct(c) {
            text.push(c);
            rest = &rest[1..];
        } else {
            let end = rest.find(is_direct).unwrap_or(rest.len());
            encode_base64(&rest[..end], &mut text);
            rest = &rest[end..];
        }
    }
    text
}

/// Whether a character is printable ASCII; `&` is, too.
fn is_direct(c: char) -> bool {
    matches!(c, ' '..='~')
}

fn encode_base64(run: &str, text: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let mut bits = 0_u32;
    let mut count = 0;
    text.push('&');
    for unit in run.encode_utf16() {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            text.push(char::from(ALPHABET[(bits >> count & 0x3f) as usize]));
        }
        bits &= 0x3f;
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (6 - count) & 0x3f) as usize]));
    }
    text.push('-');
}
