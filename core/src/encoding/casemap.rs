//! Text without regard to case: the comparator `i;unicode-casemap` (RFC 5051), which SEARCH, SORT and THREAD share.

#[cfg(test)]
mod tests;

use alloc::string::String;
use core::iter;

use unicode_normalization::char::decompose_compatible;

/// The form of a text that is compared octet by octet (RFC 5051 §2): every character in upper case, and taken apart
/// as far as it goes. A letter with a mark thus begins like the letter without.
///
/// ```
/// use postroad_core::encoding::casemap::fold;
/// assert_eq!(fold("Straße"), fold("STRASSE"));
/// assert_eq!(fold("οδος"), fold("ΟΔΟΣ"));
/// assert!(fold("Élan").starts_with(&fold("e")));
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|c| fold_char(c, |c| folded.push(c)));
    folded
}

/// Gives what a character becomes.
// Deviation: RFC 5051 §2 maps one character to one, so that `ß` and `ﬁ` would have no case; a person expects them in
// `SS` and `FI`.
pub(super) fn fold_char(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        return push(c.to_ascii_uppercase());
    }
    match titlecase(c) {
        Some(c) => decompose_compatible(c, &mut push),
        None => c.to_uppercase().for_each(|c| decompose_compatible(c, &mut push)),
    }
}

/// The titlecase of the few characters of which it is not the upper case: pairs of letters in one.
fn titlecase(c: char) -> Option<char> {
    match c {
        '\u{1c4}'..='\u{1c6}' => Some('\u{1c5}'),
        '\u{1c7}'..='\u{1c9}' => Some('\u{1c8}'),
        '\u{1ca}'..='\u{1cc}' => Some('\u{1cb}'),
        '\u{1f1}'..='\u{1f3}' => Some('\u{1f2}'),
        _ => None,
    }
}

/// The octets of what a character becomes.
pub(super) fn fold_octets(c: char, mut push: impl FnMut(u8)) {
    fold_char(c, |c| {
        let mut octets = [0; 4];
        let length = c.encode_utf8(&mut octets).len();
        iter::zip(octets, 0..length).for_each(|(octet, _)| push(octet));
    });
}
