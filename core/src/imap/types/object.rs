//! Names that servers give to things for good.

use crate::message::summary::Digest;
use alloc::format;
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

    /// The EMAILID of the messages of this content (RFC 8474 §5.1).
    #[must_use]
    pub fn email(content: Digest) -> Self {
        Self(format!("{EMAIL}{content}"))
    }

    /// The THREADID of the messages of this thread (RFC 8474 §5.2).
    #[must_use]
    pub fn thread(thread: Digest) -> Self {
        Self(format!("{THREAD}{thread}"))
    }

    /// The content whose EMAILID it is, if it is one.
    ///
    /// ```
    /// use postroad_core::imap::ObjectId;
    /// use postroad_core::message::summary::Digest;
    /// let content = Digest([0xab; 20]);
    /// assert_eq!(ObjectId::email(content).as_email(), Some(content));
    /// assert_eq!(ObjectId::thread(content).as_email(), None);
    /// ```
    #[must_use]
    pub fn as_email(&self) -> Option<Digest> {
        digest(self.0.strip_prefix(EMAIL)?)
    }

    /// The thread whose THREADID it is, if it is one.
    #[must_use]
    pub fn as_thread(&self) -> Option<Digest> {
        digest(self.0.strip_prefix(THREAD)?)
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

/// What an EMAILID begins with.
const EMAIL: char = 'E';
/// What a THREADID begins with.
const THREAD: char = 'T';

/// The digest that is written so.
fn digest(text: &str) -> Option<Digest> {
    let mut digest = Digest([0; 20]);
    let (pairs, rest) = text.as_bytes().as_chunks();
    if pairs.len() != digest.0.len() || !rest.is_empty() {
        return None;
    }
    for (octet, pair) in digest.0.iter_mut().zip(pairs) {
        let [high, low] = pair.map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            // Case matters: capitals were never written.
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        });
        *octet = high? << 4 | low?;
    }
    Some(digest)
}
