//! xtext: how ORCPT and ENVID carry any octet through an ESMTP parameter (RFC 3461 §4).

use alloc::string::String;
use alloc::vec::Vec;

use super::Invalid;
use crate::encoding::{hex_digit, hex_digits};

/// Encodes octets as xtext: printable ASCII stands for itself, save `+` and `=`; everything else becomes `+` and two
/// upper-case hexadecimal digits.
///
/// ```
/// use postroad_core::address::xtext;
/// assert_eq!(xtext::encode(b"joe+spam@example.org"), "joe+2Bspam@example.org");
/// ```
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for octet in octets {
        if is_xchar(*octet) {
            text.push(char::from(*octet));
        } else {
            text.push('+');
            text.extend(hex_digits(*octet).map(char::from));
        }
    }
    text
}

/// Decodes xtext.
///
/// # Errors
/// [`Invalid::Xtext`] for an octet that must not stand for itself, or a `+` without two hexadecimal digits.
// Deviation: RFC 3461 §4 has upper-case digits only; lower-case ones can mean nothing else.
pub fn decode(xtext: &[u8]) -> Result<Vec<u8>, Invalid> {
    let mut octets = Vec::with_capacity(xtext.len());
    let mut rest = xtext;
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if is_xchar(*octet) {
            octets.push(*octet);
            continue;
        }
        let [high, low, after @ ..] = rest else {
            return Err(Invalid::Xtext);
        };
        let (b'+', Some(high), Some(low)) = (*octet, hex_digit(*high), hex_digit(*low)) else {
            return Err(Invalid::Xtext);
        };
        octets.push(high << 4 | low);
        rest = after;
    }
    Ok(octets)
}

fn is_xchar(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'+' | b'=')
}
