//! UIDs, and sets of them.

use alloc::vec::Vec;
use core::num::NonZeroU32;

/// A message's unique identifier in its mailbox (RFC 3501 §2.3.1.1).
pub type Uid = NonZeroU32;

/// A set of UIDs, as ascending ranges that neither touch nor overlap.
///
/// ```
/// use postroad_core::store::{Uid, UidSet};
/// let uid = |n| Uid::new(n).unwrap();
/// let set: UidSet = [4, 1, 2, 2].into_iter().map(uid).collect();
/// assert_eq!(set.to_string(), "1:2,4");
/// assert!(set.contains(uid(2)) && !set.contains(uid(3)));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UidSet(Vec<(Uid, Uid)>);

impl UidSet {
    /// The set of all UIDs from `first` to `last`, both included; empty if `last` is smaller.
    #[must_use]
    pub fn range(first: Uid, last: Uid) -> Self {
        Self(if first <= last { alloc::vec![(first, last)] } else { Vec::new() })
    }

    /// Whether `uid` is in the set; logarithmic.
    #[must_use]
    pub fn contains(&self, uid: Uid) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < uid);
        self.0.get(at).is_some_and(|(first, _)| *first <= uid)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, ascending.
    #[must_use]
    pub fn ranges(&self) -> &[(Uid, Uid)] {
        &self.0
    }

    /// The set without the UIDs of `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Vec::new();
        let mut others = other.0.iter().copied().peekable();
        for &(first, last) in &self.0 {
            let mut next = Some(first);
            while others.next_if(|(_, end)| *end < first).is_some() {}
            let mut cuts = others.clone();
            while let (Some(start), Some((cut, end))) = (next, cuts.next())
                && cut <= last
            {
                if start < cut {
                    rest.extend(Uid::new(cut.get() - 1).map(|before| (start, before)));
                }
                next = end.checked_add(1).filter(|after| *after <= last);
            }
            rest.extend(next.map(|start| (start, last)));
        }
        Self(rest)
    }

    /// Those of its UIDs that are in `other` too.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let mut others = other.0.iter().copied().peekable();
        for &(first, last) in &self.0 {
            while others.next_if(|(_, end)| *end < first).is_some() {}
            let meeting = others.clone().take_while(|(start, _)| *start <= last);
            both.extend(meeting.map(|(start, end)| (start.max(first), end.min(last))));
        }
        Self(both)
    }

    /// Takes the `count` smallest UIDs out.
    #[must_use]
    pub fn take_first(&mut self, count: usize) -> Self {
        let first = self.iter().take(count).collect();
        *self = self.without(&first);
        first
    }

    /// Every UID, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Uid> {
        self.0.iter().flat_map(|(first, last)| (first.get()..=last.get()).filter_map(Uid::new))
    }
}

impl FromIterator<Uid> for UidSet {
    fn from_iter<I: IntoIterator<Item = Uid>>(uids: I) -> Self {
        uids.into_iter().map(|uid| (uid, uid)).collect()
    }
}

impl FromIterator<(Uid, Uid)> for UidSet {
    fn from_iter<I: IntoIterator<Item = (Uid, Uid)>>(ranges: I) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(first, last)| first <= last).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let touches = next.0.get() <= kept.1.get().saturating_add(1);
            if touches {
                kept.1 = kept.1.max(next.1);
            }
            touches
        });
        Self(ranges)
    }
}

/// Writes the set as IMAP does: `1:2,4`; nothing for the empty set.
impl core::fmt::Display for UidSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}:{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Uid, UidSet};
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn set() -> impl Strategy<Value = UidSet> {
        proptest::collection::vec((1..60u32, 0..9u32), 0..8).prop_map(|ranges| {
            let uid = |number| Uid::new(number).unwrap();
            ranges.into_iter().map(|(first, more)| (uid(first), uid(first + more))).collect()
        })
    }

    proptest! {
        #[test]
        fn sets_are_sets(one in set(), two in set()) {
            let plain = |set: &UidSet| set.iter().collect::<BTreeSet<Uid>>();
            let rest = one.without(&two);
            prop_assert_eq!(plain(&rest), &plain(&one) - &plain(&two));
            prop_assert_eq!(rest.iter().collect::<UidSet>(), rest);
            let both = one.intersection(&two);
            prop_assert_eq!(plain(&both), &plain(&one) & &plain(&two));
            prop_assert_eq!(both.iter().collect::<UidSet>(), both);
        }
    }
}
