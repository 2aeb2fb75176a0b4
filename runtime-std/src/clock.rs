//! The one place that asks the system for the time and for randomness.

use postroad_core::entropy::Entropy;
use postroad_core::machine::Instant;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The time, never going back even if the system's does.
#[must_use]
pub fn now() -> Instant {
    static LATEST: AtomicU64 = AtomicU64::new(0);
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let micros = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
    Instant::from_micros(LATEST.fetch_max(micros, Ordering::Relaxed).max(micros))
}

/// A random source seeded by the system.
///
/// # Errors
/// If the system gives no randomness.
pub fn entropy() -> io::Result<Entropy> {
    let mut seed = [0; 32];
    let mut filled = 0;
    while filled < seed.len() {
        let flags = rustix::rand::GetRandomFlags::empty();
        filled += rustix::rand::getrandom(&mut seed[filled..], flags)?;
    }
    Ok(Entropy::from_seed(seed))
}
