use std::time::{Duration, Instant};

/// Measures how long something took, for the report alone: nothing is decided by it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the report's clock")]
        let now = Instant::now();
        Self(now)
    }

    /// How long it has been.
    #[must_use]
    pub fn took(self) -> Duration {
        self.0.elapsed()
    }
}
