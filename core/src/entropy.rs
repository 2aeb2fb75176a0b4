//! Randomness from one seed: ids, boundaries, nonces, jitter.
//!
//! The operating system is asked for a seed by a runtime, once; a test or a simulation passes a
//! fixed one and gets the same run again.

use alloc::string::String;
use core::fmt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A deterministic random source: HMAC-SHA-256 of a counter under the seed.
///
/// ```
/// use postroad_core::entropy::Entropy;
/// let (mut one, mut two) = (Entropy::from_seed([7; 32]), Entropy::from_seed([7; 32]));
/// assert_eq!(one.next_u64(), two.next_u64());
/// assert_ne!(one.fork().next_u64(), one.next_u64());
/// ```
#[derive(Clone)]
pub struct Entropy {
    seed: [u8; 32],
    counter: u64,
}

/// The letters of a [token](Entropy::token).
pub const ALPHABET: &[u8; 28] = b"23456789bcdfghjkmnpqrstvwxyz";

impl Entropy {
    /// The source that `seed` determines.
    #[must_use]
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// A source of its own for a part of the program; this one moves on.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self::from_seed(self.block())
    }

    /// Fills `bytes`.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.block();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// A number below `bound`; 0 when `bound` is 0. The bias is below 2⁻³² for bounds below 2³².
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// `length` random letters and digits without vowels and look-alikes, 4.8 bits each: fit for
    /// queue ids, boundaries, Message-IDs and file names on any file system.
    pub fn token(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(ALPHABET[self.next_u64() as usize % ALPHABET.len()]))
            .collect()
    }

    fn block(&mut self) -> [u8; 32] {
        self.counter += 1;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.seed).expect("HMAC takes any key");
        mac.update(&self.counter.to_le_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy([redacted])")
    }
}
