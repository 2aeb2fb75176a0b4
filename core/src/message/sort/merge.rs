//! A merge sort that can be left and taken up again.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

/// The first places that are sorted in one go.
const RUN: usize = 32;

/// Places from 0 on that are being sorted; what is equal keeps its order.
#[derive(Debug)]
pub(super) struct Merging {
    /// Runs of so many sorted places each; at first those that `merged` does not hold are unsorted.
    order: Vec<usize>,
    width: usize,
    /// What has been made of them: sorted runs of twice the width.
    merged: Vec<usize>,
    /// How many places of each of the two runs that are being merged have been taken.
    taken: [usize; 2],
}

impl Merging {
    pub(super) fn new(count: usize) -> Self {
        let merged = Vec::with_capacity(count);
        Self { order: (0..count).collect(), width: 0, merged, taken: [0; 2] }
    }

    /// Sorts on, for about so many comparisons.
    pub(super) fn go_on(
        &mut self,
        comparisons: usize,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Option<Vec<usize>> {
        let mut left = comparisons.max(1);
        while self.width < self.order.len() {
            if left == 0 {
                return None;
            }
            let done = match self.width {
                0 => self.sort_run(&compare),
                _ => self.merge(left, &compare),
            };
            left = left.saturating_sub(done);
            if self.merged.len() == self.order.len() {
                mem::swap(&mut self.order, &mut self.merged);
                self.merged.clear();
                self.width = if self.width == 0 { RUN } else { 2 * self.width };
            }
        }
        Some(mem::take(&mut self.order))
    }

    /// Sorts the first run that is not.
    fn sort_run(&mut self, compare: impl Fn(usize, usize) -> Ordering) -> usize {
        let start = self.merged.len();
        let end = self.order.len().min(start + RUN);
        self.merged.extend_from_slice(&self.order[start..end]);
        self.merged[start..].sort_by(|&one, &other| compare(one, other));
        RUN * RUN.ilog2() as usize
    }

    /// Merges two runs, or so many places of them; how many that were.
    fn merge(&mut self, most: usize, compare: impl Fn(usize, usize) -> Ordering) -> usize {
        let before = self.merged.len();
        let start = before - self.taken[0] - self.taken[1];
        let (_, rest) = self.order.split_at(start);
        let (one, rest) = rest.split_at(rest.len().min(self.width));
        let (other, _) = rest.split_at(rest.len().min(self.width));
        for _ in 0..most {
            let [first, second] = self.taken;
            let (place, from) = match (one.get(first), other.get(second)) {
                (Some(first), Some(second)) if compare(*first, *second).is_gt() => (*second, 1),
                (Some(first), _) => (*first, 0),
                (None, Some(second)) => (*second, 1),
                (None, None) => break,
            };
            self.merged.push(place);
            self.taken[from] += 1;
        }
        if self.taken == [one.len(), other.len()] {
            self.taken = [0; 2];
        }
        self.merged.len() - before
    }
}

#[cfg(test)]
mod tests {
    use super::Merging;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_any_other(
            keys in proptest::collection::vec(0..50_u8, 0..400),
            steps in proptest::collection::vec(0..300_usize, 1..9),
        ) {
            let mut sorted: Vec<usize> = (0..keys.len()).collect();
            sorted.sort_by_key(|&place| keys[place]);
            let mut merging = Merging::new(keys.len());
            let mut compared = core::cell::Cell::new(0_usize);
            for comparisons in steps.iter().cycle() {
                compared.set(0);
                let done = merging.go_on(*comparisons, |one, other| {
                    compared.set(compared.get() + 1);
                    keys[one].cmp(&keys[other])
                });
                prop_assert!(*compared.get_mut() <= comparisons + super::RUN * super::RUN / 2);
                if let Some(order) = done {
                    prop_assert_eq!(order, sorted);
                    break;
                }
            }
        }
    }
}
