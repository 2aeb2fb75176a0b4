//! How much an account has and may have (RFC 9208).

/// What an account has and may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Octets of all messages (`STORAGE`, RFC 9208 §5.1).
    pub octets: Resource,
    /// Messages (`MESSAGE`, RFC 9208 §5.2).
    pub messages: Resource,
}

/// How much of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resource {
    /// How much there is.
    pub used: u64,
    /// How much there may be.
    pub limit: Option<u64>,
}

impl Quota {
    /// Whether there is room for so many more octets in so many more messages.
    ///
    /// ```
    /// use postroad_core::store::{Quota, Resource};
    /// let quota = Quota {
    ///     octets: Resource { used: 900, limit: Some(1_000) },
    ///     messages: Resource { used: 2, limit: None },
    /// };
    /// assert!(quota.has_room(100, 1) && !quota.has_room(101, 1));
    /// ```
    #[must_use]
    pub fn has_room(&self, octets: u64, messages: u64) -> bool {
        self.octets.has_room(octets) && self.messages.has_room(messages)
    }
}

impl Resource {
    fn has_room(self, more: u64) -> bool {
        self.limit.is_none_or(|limit| self.used.saturating_add(more) <= limit)
    }
}
