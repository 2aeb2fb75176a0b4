//! A few named deadlines.

use crate::machine::Instant;

/// The deadlines of one machine, one per `K`.
///
/// ```
/// use postroad_core::{machine::Instant, timers::Timers};
/// #[derive(Clone, Copy, PartialEq)]
/// enum Timer { Idle, Handshake }
/// let mut timers = Timers::default();
/// timers.set(Timer::Idle, Instant::from_seconds(300));
/// timers.set(Timer::Handshake, Instant::from_seconds(60));
/// assert_eq!(timers.next(), Some(Instant::from_seconds(60)));
/// assert!(timers.expire(Instant::from_seconds(60)) == Some(Timer::Handshake));
/// assert!(timers.expire(Instant::from_seconds(60)).is_none());
/// ```
#[derive(Debug)]
pub struct Timers<K>(alloc::vec::Vec<(K, Instant)>);

impl<K> Default for Timers<K> {
    fn default() -> Self {
        Self(alloc::vec::Vec::new())
    }
}

impl<K: Copy + PartialEq> Timers<K> {
    /// Sets the deadline of `timer`, replacing an earlier one.
    pub fn set(&mut self, timer: K, deadline: Instant) {
        self.clear(timer);
        self.0.push((timer, deadline));
    }

    /// Forgets `timer`.
    pub fn clear(&mut self, timer: K) {
        self.0.retain(|(other, _)| *other != timer);
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.0.iter().map(|(_, deadline)| *deadline).min()
    }

    /// Takes the earliest timer whose deadline has passed at `now`.
    pub fn expire(&mut self, now: Instant) -> Option<K> {
        let (index, _) = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, (_, deadline))| *deadline <= now)
            .min_by_key(|(_, (_, deadline))| *deadline)?;
        Some(self.0.swap_remove(index).0)
    }
}
