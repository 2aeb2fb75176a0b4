//! The two buffers of a session: what came from the peer, what goes to it.

use alloc::vec::Vec;

/// Above this many octets of [`Outbox`] no new work starts (back-pressure).
pub const TRANSMIT_HIGH: usize = 64 * 1024;

/// Octets received and not yet consumed.
///
/// Consuming moves a cursor; memory is reclaimed when the buffer runs empty or its dead half
/// outweighs the living.
#[derive(Debug, Default)]
pub struct Inbox {
    octets: Vec<u8>,
    start: usize,
}

impl Inbox {
    /// Appends octets from the peer.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > self.octets.len() / 2 {
            self.octets.drain(..self.start);
            self.start = 0;
        }
        self.octets.extend_from_slice(bytes);
    }

    /// What has not been consumed.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    /// The same, to be edited in place.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.octets[self.start..]
    }

    /// Consumes the first `count` octets.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, count: usize) {
        assert!(count <= self.len(), "consumed more than there is");
        self.start += count;
        if self.start == self.octets.len() {
            self.clear();
        }
    }

    /// Forgets everything, and gives memory back that an idle session does not need.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.octets.shrink_to(KEPT);
        self.start = 0;
    }

    /// How many octets wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.octets.len() - self.start
    }

    /// Whether none waits. At STARTTLS this must hold (RFC 3207 §4.2).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Capacity that an empty buffer keeps, in octets.
const KEPT: usize = 1024;

/// Octets to transmit. Memory is reclaimed as by [`Inbox`], for a peer that is always a little behind
/// never lets it run empty.
#[derive(Debug, Default)]
pub struct Outbox {
    octets: Vec<u8>,
    start: usize,
}

impl Outbox {
    /// Appends octets for the peer.
    pub fn push(&mut self, bytes: &[u8]) {
        self.octets.extend_from_slice(bytes);
    }

    /// The vector to append to, for writers.
    pub fn as_mut_vec(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    /// What waits to be sent.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.octets[self.start..]
    }

    /// Drops the first `count` octets, which were sent.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn transmitted(&mut self, count: usize) {
        assert!(count <= self.as_slice().len(), "transmitted more than was lent");
        self.start += count;
        if self.start == self.octets.len() {
            self.octets.clear();
            self.octets.shrink_to(KEPT);
            self.start = 0;
        } else if self.start > self.octets.len() / 2 {
            self.octets.drain(..self.start);
            self.start = 0;
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// Whether so much waits that no new work should start.
    #[must_use]
    pub fn is_high(&self) -> bool {
        self.as_slice().len() >= TRANSMIT_HIGH
    }
}

impl core::fmt::Write for Outbox {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_that_never_runs_empty_stays_small() {
        let (mut outbox, mut sent) = (Outbox::default(), Vec::new());
        outbox.push(b"first");
        for round in 0..10_000_u32 {
            outbox.push(&round.to_be_bytes());
            sent.extend_from_slice(&outbox.as_slice()[..4]);
            outbox.transmitted(4);
            assert!(outbox.octets.len() < 32, "{} octets are kept", outbox.octets.len());
        }
        sent.extend_from_slice(outbox.as_slice());
        let rounds = (0..10_000_u32).flat_map(u32::to_be_bytes);
        assert_eq!(sent, b"first".iter().copied().chain(rounds).collect::<Vec<u8>>());
    }
}
