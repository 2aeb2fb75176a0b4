//! What a queue goes by.

use super::Routes;
use crate::dns::Name;
use crate::entropy::Entropy;
use crate::limits::Limits;
use crate::mx::Loopback;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// What a queue goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long to wait after each attempt that failed for now (RFC 5321 §4.5.4.1); the last one is
    /// repeated. Never empty.
    pub retry: Vec<Duration>,
    /// How long to try.
    pub lifetime: Duration,
    /// When to tell the sender of a delay.
    pub warn_after: Duration,
    /// Connections to one destination at a time.
    pub connections_per_host: usize,
    /// Messages in one connection.
    pub messages_per_connection: u32,
    /// The port of other hosts' transfer agents.
    pub port: u16,
    /// The names of this host, at which mail for others loops.
    pub own: Vec<Name>,
    /// Whether domains may name this host's loopback addresses.
    pub loopback: Loopback,
    /// Where mail goes that does not go by DNS.
    pub routes: Routes,
    /// The limits in force.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            retry: [5, 15, 30, 60, 120, 240].map(minutes).to_vec(),
            lifetime: minutes(5 * 24 * 60),
            warn_after: minutes(4 * 60),
            connections_per_host: 20,
            messages_per_connection: 100,
            port: 25,
            own: vec![],
            loopback: Loopback::Refused,
            routes: Routes::default(),
            limits: Limits::DEFAULT,
        }
    }
}

impl Settings {
    /// How long to wait after so many attempts: an eighth more or less, so that what failed together
    /// does not come back together.
    pub(super) fn backoff(&self, attempts: u32, entropy: &mut Entropy) -> Duration {
        let place = (attempts.max(1) as usize - 1).min(self.retry.len().saturating_sub(1));
        let base = self.retry.get(place).copied().unwrap_or(Duration::from_secs(60));
        let micros = u64::try_from(base.as_micros()).unwrap_or(u64::MAX / 2);
        Duration::from_micros(micros - micros / 8 + entropy.below(micros / 4 + 1))
    }

    /// How long a host that failed is left alone by all messages.
    pub(super) fn rest(&self) -> Duration {
        self.retry.first().copied().unwrap_or(Duration::from_secs(60))
    }
}
