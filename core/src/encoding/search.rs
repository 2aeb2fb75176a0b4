//! Searching text without regard to case, piece by piece (RFC 3501 §6.4.4).
//!
//! Texts are compared in the form of [`casemap`](super::casemap). Most text is ASCII, and in it the
//! octet of the needle that is least common is looked for, at the speed of memory; what begins in
//! one piece and ends in the next is followed octet by octet. Elsewhere characters are folded, but
//! those with which no match begins only once.

#[cfg(test)]
mod tests;

use alloc::vec;
use alloc::vec::Vec;
use core::iter::zip;
use core::ops::Deref;

use memchr::memchr2_iter;

use super::casemap::{fold, fold_octets};

/// Octets that are looked at in one go.
const RUN: usize = 128;

/// Characters from this on are not remembered.
const UNREMEMBERED: u32 = 0x2_0000;

/// A string to search for, prepared.
#[derive(Clone, Debug)]
pub struct Needle {
    folded: Vec<u8>,
    /// For each prefix of `folded` that matched, how much of it still matches when the next octet does not
    /// (Knuth, Morris and Pratt).
    fallbacks: Vec<usize>,
    /// Where in `folded` its least common octet is.
    rare: usize,
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
        let rare = (0..folded.len()).min_by_key(|&at| frequency(folded[at])).unwrap_or(0);
        Self { folded, fallbacks, rare }
    }

    /// Whether it is the empty string.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.folded.is_empty()
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

    /// Whether an ASCII text contains the string; if not, `Err` tells from where on a match may begin still.
    fn find_in_ascii(&self, text: &[u8]) -> Result<(), usize> {
        let length = self.folded.len();
        let Some(last) = text.len().checked_sub(length) else {
            return Err(0);
        };
        let octet = self.folded[self.rare];
        let starts = &text[self.rare..=self.rare + last];
        // What the comparisons may cost, so that no text makes them cost more than its length.
        let mut budget = text.len();
        for start in memchr2_iter(octet, octet.to_ascii_lowercase(), starts) {
            let mut pairs = zip(&self.folded, &text[start..start + length]);
            let Some(same) = pairs.position(|(a, b)| *a != b.to_ascii_uppercase()) else {
                return Ok(());
            };
            budget = budget.saturating_sub(same);
            if budget == 0 {
                return Err(start);
            }
        }
        Err(last + 1)
    }
}

/// How much of `folded` matches, after `matched` octets of it matched, and then came `octet`.
fn advance(folded: &[u8], fallbacks: &[usize], mut matched: usize, octet: u8) -> usize {
    while matched > 0 && folded[matched] != octet {
        matched = fallbacks[matched - 1];
    }
    if folded[matched] == octet { matched + 1 } else { matched }
}

/// A rank of how common a folded octet is in mail: 0 is the least.
fn frequency(octet: u8) -> usize {
    const LETTERS: &[u8] = b"QZJXKVBYWGPFMUCDLHRSNIOATE";
    match octet {
        b' ' => 40,
        b'=' | b'\r' | b'\n' => 20,
        _ if octet.is_ascii() => LETTERS.iter().position(|other| *other == octet).unwrap_or(5) + 1,
        _ => 0,
    }
}

/// How many octets `text` begins with that are ASCII.
fn ascii_length(text: &[u8]) -> usize {
    let mut length = 0;
    for chunk in text.chunks(RUN) {
        if !chunk.is_ascii() {
            return length + chunk.iter().take_while(|octet| octet.is_ascii()).count();
        }
        length += chunk.len();
    }
    length
}

/// A search under way in a text that comes in pieces. It holds a few octets, and of characters other
/// than ASCII up to 16 KiB, however long the text is.
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
    idle: Idle,
}

/// Characters with which no match begins: a bit for each.
#[derive(Clone, Debug)]
struct Idle(Vec<u64>);

impl Idle {
    fn contains(&self, c: char) -> bool {
        let c = u32::from(c);
        self.0.get((c / u64::BITS) as usize).is_some_and(|bits| bits >> (c % u64::BITS) & 1 == 1)
    }

    fn insert(&mut self, c: char) {
        let c = u32::from(c);
        if c < UNREMEMBERED {
            let place = (c / u64::BITS) as usize;
            if place >= self.0.len() {
                self.0.resize(place + 1, 0);
            }
            self.0[place] |= 1 << (c % u64::BITS);
        }
    }
}

impl<N: Deref<Target = Needle>> Search<N> {
    /// Begins a search for a needle that is borrowed or shared.
    #[must_use]
    pub const fn new(needle: N) -> Self {
        Self { needle, matched: 0, partial: Vec::new(), idle: Idle(Vec::new()) }
    }

    /// Searches the next octets of the text, which is UTF-8. Octets that are not match nothing.
    pub fn push(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((octet, after)) = rest.split_first() {
            if self.is_found() {
                return;
            }
            if !self.partial.is_empty() {
                self.push_octet(*octet);
                rest = after;
            } else if rest[..rest.len().min(RUN)].is_ascii() {
                let (ascii, after) = rest.split_at(ascii_length(rest));
                self.push_ascii(ascii);
                rest = after;
            } else {
                rest = &rest[self.push_run(rest)..];
            }
        }
    }

    /// Whether the text that has come contains the needle.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.matched == self.needle.folded.len()
    }

    /// Forgets what has come: another text begins.
    pub fn restart(&mut self) {
        self.matched = 0;
        self.partial.clear();
    }

    fn push_ascii(&mut self, text: &[u8]) {
        let mut rest = text;
        while self.matched > 0 && !self.is_found() {
            let Some((octet, after)) = rest.split_first() else {
                return;
            };
            self.advance(octet.to_ascii_uppercase());
            rest = after;
        }
        if self.is_found() {
            return;
        }
        match self.needle.find_in_ascii(rest) {
            Ok(()) => self.matched = self.needle.folded.len(),
            Err(start) => {
                rest[start..].iter().for_each(|octet| self.advance(octet.to_ascii_uppercase()));
            }
        }
    }

    /// Takes characters from the start of `text`; returns how many octets.
    fn push_run(&mut self, text: &[u8]) -> usize {
        let text = &text[..text.len().min(RUN)];
        let valid = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if valid.is_empty() {
            self.push_octet(text[0]);
            return 1;
        }
        for c in valid.chars() {
            let may_begin = self.matched == 0;
            if may_begin && self.idle.contains(c) {
                continue;
            }
            fold_octets(c, |octet| self.advance(octet));
            if may_begin && self.matched == 0 {
                self.idle.insert(c);
            }
        }
        valid.len()
    }

    fn push_octet(&mut self, octet: u8) {
        self.partial.push(octet);
        let partial = core::mem::take(&mut self.partial);
        match core::str::from_utf8(&partial) {
            Ok(text) => text.chars().for_each(|c| fold_octets(c, |octet| self.advance(octet))),
            // The character may be completed by what follows.
            Err(error) if error.error_len().is_none() => self.partial = partial,
            Err(_) => {
                self.matched = 0;
                // What broke a character off may begin another.
                if partial.len() > 1 {
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
