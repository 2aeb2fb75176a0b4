//! SASLprep (RFC 4013): the one form of a name or a password.

use alloc::string::String;
use core::fmt;
use unicode_normalization::UnicodeNormalization;

/// A name or password has a character that none may have, or nothing is left of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prohibited;

impl fmt::Display for Prohibited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("empty, or with characters that names and passwords cannot have")
    }
}

impl core::error::Error for Prohibited {}

/// Prepares a name or a password: invisible characters go, blanks become spaces, compatible forms
/// become one (NFKC), and controls are refused. ASCII text stays as it is.
///
/// Everything in here that takes a password prepares it. A host that stores one, or a hash of it,
/// has to do the same.
///
/// ```
/// use postroad_core::sasl::prepare;
/// assert_eq!(prepare("I\u{ad}X").as_deref(), Ok("IX"));
/// assert_eq!(prepare("\u{2168}").as_deref(), Ok("IX"));
/// assert!(prepare("a\u{7}b").is_err());
/// ```
///
/// # Errors
/// [`Prohibited`] for what RFC 4013 §2.3 prohibits, and for what is empty.
//
// Deviation: RFC 4013 §2.4 and §2.5 (bidirectional text, characters unassigned in Unicode 3.2) are
// not enforced. They protect no one here, and lock out scripts and emoji of later Unicode versions.
pub fn prepare(text: &str) -> Result<String, Prohibited> {
    if !text.is_empty() && text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return Ok(String::from(text));
    }
    let mapped = text.chars().filter_map(map);
    let prepared: String = mapped.nfkc().collect();
    if prepared.is_empty() || prepared.chars().any(is_prohibited) {
        return Err(Prohibited);
    }
    Ok(prepared)
}

/// Prepares an authorization identity (RFC 4954 §4, RFC 5034 §4). It is `None` when it says nothing
/// new: when it is empty or the login itself.
pub(super) fn prepare_authzid(text: &str, authcid: &str) -> Result<Option<String>, Prohibited> {
    if text.is_empty() {
        return Ok(None);
    }
    let authzid = prepare(text)?;
    Ok((authzid != authcid).then_some(authzid))
}

/// RFC 4013 §2.1, by the tables C.1.2 and B.1 of RFC 3454.
const fn map(character: char) -> Option<char> {
    match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some(' ')
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180d}'
        | '\u{200c}'
        | '\u{200d}'
        | '\u{2060}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        other => Some(other),
    }
}

/// RFC 4013 §2.3, by the tables C.2 to C.9 of RFC 3454.
fn is_prohibited(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{2028}' | '\u{2029}'
            | '\u{2061}'..='\u{2063}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffd}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{2ff0}'..='\u{2ffb}'
            | '\u{340}' | '\u{341}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
        || character as u32 & 0xfffe == 0xfffe
}
