//! Names that servers give to things for good.

use alloc::string::String;
use core::fmt;

/// An object identifier: 1 to 255 letters, digits, `_` and `-` (RFC 8474 §7).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId(String);

impl ObjectId {
    /// `text` as an identifier, if it is one.
    ///
    /// ```
    /// use postroad_core::imap::ObjectId;
    /// assert!(ObjectId::new("M6d99ac3275bb4e").is_some());
    /// assert!(ObjectId::new("a b").is_none());
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-');
        let is_id = (1..=255).contains(&text.len()) && text.bytes().all(fits);
        is_id.then(|| Self(text.into()))
    }

    /// The identifier as text. Case matters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
