//! Which queue ids messages were delivered under lately.

use crate::name::FileName;
use postroad_core::encoding::checked::checksum;
use postroad_core::machine::Instant;
use std::collections::BTreeMap;

/// For so many days a delivery may be repeated: the queue gives a message up after five days by
/// default (RFC 5321 §4.5.4.1), and a machine that was off may take it up a week later.
const DAYS: u32 = 14;
const DAY: u64 = 24 * 60 * 60;

/// Hashes of the queue ids of messages that came lately, by day. An id whose hash is not here was not
/// delivered lately; one whose hash is here may have been.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct RecentIds {
    /// Ascending in each day.
    days: BTreeMap<u32, Vec<u32>>,
}

impl RecentIds {
    /// The ids of these files.
    pub(crate) fn of<'a>(now: Instant, names: impl Iterator<Item = &'a FileName>) -> Self {
        let ids = names.filter_map(|name| Some((day(name.time()), checksum(name.id()?))));
        Self::from_hashes(now, ids)
    }

    /// What [`hashes`](Self::hashes) has given, without what is too old.
    pub(crate) fn from_hashes(now: Instant, hashes: impl Iterator<Item = (u32, u32)>) -> Self {
        let oldest = day(now.as_seconds()).saturating_sub(DAYS);
        let mut days: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (day, hash) in hashes.filter(|(day, _)| *day >= oldest) {
            days.entry(day).or_default().push(hash);
        }
        for hashes in days.values_mut() {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.shrink_to_fit();
        }
        Self { days }
    }

    /// Days since the Unix epoch, and hashes.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = (u32, u32)> {
        self.days.iter().flat_map(|(day, hashes)| hashes.iter().map(|hash| (*day, *hash)))
    }

    /// Whether a message may have been delivered under this id.
    pub(crate) fn may_contain(&self, id: &[u8]) -> bool {
        let hash = checksum(id);
        self.days.values().any(|hashes| hashes.binary_search(&hash).is_ok())
    }

    /// Adds the id of a message that comes at `seconds`, and forgets what has become too old; its
    /// day and hash if it is new.
    pub(crate) fn insert(&mut self, seconds: u64, id: &[u8]) -> Option<(u32, u32)> {
        let (day, hash) = (day(seconds), checksum(id));
        let oldest = day.saturating_sub(DAYS);
        while self.days.first_entry().is_some_and(|first| *first.key() < oldest) {
            self.days.pop_first();
        }
        let hashes = self.days.entry(day).or_default();
        let at = hashes.binary_search(&hash).err()?;
        if hashes.len() == hashes.capacity() {
            hashes.reserve_exact(hashes.len() / 8 + 16);
        }
        hashes.insert(at, hash);
        Some((day, hash))
    }
}

fn day(seconds: u64) -> u32 {
    u32::try_from(seconds / DAY).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{DAY, DAYS, RecentIds};
    use postroad_core::machine::Instant;

    #[test]
    fn ids_are_known_for_a_while() {
        let mut ids = RecentIds::default();
        assert!(ids.insert(DAY, b"one").is_some());
        assert_eq!(ids.insert(DAY + 1, b"one"), None);
        ids.insert(2 * DAY, b"two");
        assert!(ids.may_contain(b"one") && ids.may_contain(b"two") && !ids.may_contain(b"three"));
        ids.insert((u64::from(DAYS) + 2) * DAY, b"three");
        assert!(!ids.may_contain(b"one") && ids.may_contain(b"two"));
        let now = Instant::from_seconds((u64::from(DAYS) + 3) * DAY);
        let again = RecentIds::from_hashes(now, ids.hashes());
        assert!(!again.may_contain(b"two") && again.may_contain(b"three"));
    }
}
