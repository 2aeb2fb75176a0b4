//! Message-IDs in the one form in which they are compared (RFC 5322 §3.6.4, RFC 5256 §3), and their hashes.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use super::header::{after_blanks, is_blank};

/// The hash of a Message-ID: what threads are made of. It is of SHA-256, so that no sender can give a
/// message the hash of another's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdHash(pub u64);

impl IdHash {
    /// Hashes a Message-ID in its normal form.
    ///
    /// ```
    /// use postroad_core::message::message_id::{IdHash, ids};
    /// let hash = |value: &[u8]| ids(value).next().map(|id| IdHash::of(&id));
    /// assert_eq!(hash(b"<\"a.b\"@example.org>"), hash(b"(first) <a.b @ example.org>"));
    /// ```
    #[must_use]
    pub fn of(id: &[u8]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(id));
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// Iterates over the Message-IDs of a field's value: those between angle brackets that have an `@`. Words, comments
/// and what is broken are passed over.
///
/// The normal form has neither brackets, blanks nor comments, and neither quotes nor backslashes (RFC 5256 §3).
///
/// ```
/// use postroad_core::message::message_id::ids;
/// let found: Vec<_> = ids(b"Your mail of today <1@a> (<2@b>)\r\n <\"3 4\"@c> <5>").collect();
/// assert_eq!(found, [b"1@a".to_vec(), b"3 4@c".to_vec()]);
/// ```
#[must_use]
pub const fn ids(value: &[u8]) -> Ids<'_> {
    Ids { rest: value }
}

/// The iterator that [`ids`] makes.
#[derive(Clone, Debug)]
pub struct Ids<'a> {
    rest: &'a [u8],
}

impl Iterator for Ids<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            self.rest = after_blanks(self.rest);
            let (octet, after) = self.rest.split_first()?;
            self.rest = after;
            match octet {
                b'"' => drop(self.quoted(&mut Vec::new())),
                b'<' => {
                    if let Some(id) = self.id() {
                        return Some(id);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Ids<'_> {
    /// What follows a `<`, up to its `>`; another `<` begins anew.
    fn id(&mut self) -> Option<Vec<u8>> {
        let mut id = Vec::new();
        // Where the domain starts.
        let mut domain = None;
        loop {
            let (octet, after) = self.rest.split_first()?;
            match octet {
                b'<' => return None,
                b'(' => {
                    self.rest = after_blanks(self.rest);
                    continue;
                }
                _ => self.rest = after,
            }
            match octet {
                b'>' => return domain.filter(|at| (2..id.len()).contains(at)).map(|_| id),
                b'"' => self.quoted(&mut id)?,
                b'\r' | b'\n' => {}
                octet if is_blank(*octet) => {}
                octet => id.push(*octet),
            }
            if *octet == b'@' {
                domain = Some(id.len());
            }
        }
    }

    /// What follows a quote, up to the next.
    fn quoted(&mut self, text: &mut Vec<u8>) -> Option<()> {
        loop {
            let (octet, after) = self.rest.split_first()?;
            self.rest = after;
            match octet {
                b'"' => return Some(()),
                b'\\' => {
                    let (octet, after) = self.rest.split_first()?;
                    text.push(*octet);
                    self.rest = after;
                }
                b'\r' | b'\n' => {}
                octet => text.push(*octet),
            }
        }
    }
}
