//! The name of a message.

use crate::entropy::{ALPHABET, Entropy};
use core::fmt;
use sha2::{Digest, Sha256};

/// A queue id: 16 letters and digits, 77 bits, so that no two messages ever share one. It is in the
/// reply that took the message, in every line of the log, in its trace fields and in its reports.
///
/// ```
/// use postroad_core::{entropy::Entropy, queue::Id};
/// let id = Id::new(&mut Entropy::from_seed([7; 32]));
/// assert_eq!(Id::parse(id.as_str()), Some(id));
/// assert_eq!(Id::parse("../etc/passwd"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; Self::LENGTH]);

impl Id {
    /// Letters of an id.
    pub const LENGTH: usize = 16;

    /// A fresh id.
    #[must_use]
    pub fn new(entropy: &mut Entropy) -> Self {
        let mut letters = [0; Self::LENGTH];
        letters.copy_from_slice(entropy.token(Self::LENGTH).as_bytes());
        Self(letters)
    }

    /// The id in `text`, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        letters.iter().all(|letter| ALPHABET.contains(letter)).then_some(Self(letters))
    }

    /// The id of the report of this `number` about the message: always the same, so that a report
    /// that is written again after a crash is the one that was written before.
    #[must_use]
    pub fn of_report(self, number: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(number.to_be_bytes());
        let hash = hash.finalize();
        let mut letters = [0; Self::LENGTH];
        for (letter, pair) in letters.iter_mut().zip(hash.chunks(2)) {
            let value = usize::from(u16::from_be_bytes([pair[0], pair[1]]));
            *letter = ALPHABET[value % ALPHABET.len()];
        }
        Self(letters)
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}
