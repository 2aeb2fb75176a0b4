//! Searching text without regard to case, piece by piece (RFC 3501 §6.4.4).

#[cfg(test)]
mod tests;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Deref;

/// Folds case: characters that differ only in case become the same, in any script.
///
/// Upper-casing before lower-casing brings together what lower-casing alone would not: `ß` and `ss`, `ς` and `σ`.
///
/// ```
/// use postroad_core::encoding::search;
/// assert_eq!(search::fold("STRASSE"), search::fold("Straße"));
/// assert_eq!(search::fold("ΟΔΟΣ"), search::fold("οδος"));
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().flat_map(fold_char).collect()
}

fn fold_char(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

/// A string to search for, prepared.
#[derive(Clone, Debug)]
pub struct Needle {
    folded: Vec<u8>,
    /// For each prefix of `folded` that matched, how much of it still matches when the next octet does not
    /// (Knuth, Morris and Pratt).
    fallbacks: Vec<usize>,
}

impl Needle {
    /// Prepares a string. The empty string is found in every text, even an empty one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let folded = fold(text).into_bytes();
        let mut fallbacks = vec![0; folded.len()];
        let mut matched = 0;
        for at in 1..folded.len() {
            matched = advance(&folded, &fallbacks, matched, folded[at]);
            fallbacks[at] = matched;
        }
        Self { folded, fallbacks }
    }

    /// Whether a text contains the string.
    ///
    /// ```
    /// use postroad_core::encoding::search::Needle;
    /// assert!(Needle::new("GRÜN").is_in("ein grüner Baum"));
    /// ```
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let mut search = Search::new(self);
        search.push(text.as_bytes());
        search.is_found()
    }
}

/// How much of `folded` matches, after `matched` octets of it matched, and then came `octet`.
fn advance(folded: &[u8], fallbacks: &[usize], mut matched: usize, octet: u8) -> usize {
    while matched > 0 && folded[matched] != octet {
        matched = fallbacks[matched - 1];
    }
    if folded[matched] == octet { matched + 1 } else { matched }
}

/// A search under way in a text that comes in pieces. It holds a few octets, however long the text is.
///
/// ```
/// use postroad_core::encoding::search::{Needle, Search};
/// let needle = Needle::new("hello");
/// let mut search = Search::new(&needle);
/// search.push(b"HEL");
/// search.push(b"LO!");
/// assert!(search.is_found());
/// ```
#[derive(Clone, Debug)]
pub struct Search<N> {
    needle: N,
    /// How many octets of the needle match at the end of what has come.
    matched: usize,
    /// The beginning of a character whose end has not come.
    partial: Vec<u8>,
}

impl<N: Deref<Target = Needle>> Search<N> {
    /// Begins a search for a needle that is borrowed or shared.
    #[must_use]
    pub const fn new(needle: N) -> Self {
        Self { needle, matched: 0, partial: Vec::new() }
    }

    /// Searches the next octets of the text, which is UTF-8. Octets that are not match nothing.
    pub fn push(&mut self, text: &[u8]) {
        for octet in text {
            if self.is_found() {
                return;
            }
            if octet.is_ascii() && self.partial.is_empty() {
                self.advance(octet.to_ascii_lowercase());
            } else {
                self.push_octet(*octet);
            }
        }
    }

    /// Whether the text that has come contains the needle.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.matched == self.needle.folded.len()
    }

    fn push_octet(&mut self, octet: u8) {
        self.partial.push(octet);
        match core::str::from_utf8(&self.partial) {
            Ok(text) => {
                let folded = fold(text);
                self.partial.clear();
                folded.bytes().for_each(|octet| self.advance(octet));
            }
            // The character may be completed by what follows.
            Err(error) if error.error_len().is_none() => {}
            Err(_) => {
                let is_broken_off = self.partial.len() > 1;
                self.matched = 0;
                self.partial.clear();
                // What broke a character off may begin another.
                if is_broken_off {
                    self.push_octet(octet);
                }
            }
        }
    }

    fn advance(&mut self, octet: u8) {
        if !self.is_found() {
            self.matched =
                advance(&self.needle.folded, &self.needle.fallbacks, self.matched, octet);
        }
    }
}
