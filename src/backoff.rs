//! When to try again: a pure function of how often it failed and of a number drawn by the caller.

use std::time::Duration;

/// How waits grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The longest first wait.
    pub first: Duration,
    /// The longest wait of all.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// The wait after `failures` failures in a row (1 is the first): doubles each time up to the longest, then cut to
    /// between a half and all of it by `drawn`, a random number, so that many waiters do not come back at once.
    #[must_use]
    pub fn wait(&self, failures: u32, drawn: u64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half_ms = u64::try_from(whole.as_millis() / 2).unwrap_or(u64::MAX);
        Duration::from_millis(half_ms + drawn % (half_ms + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_stay_between_half_and_whole() {
        let backoff = Backoff { first: Duration::from_millis(400), longest: Duration::from_secs(3) };
        for (failures, drawn, ms) in
            [(0, 0, 200), (1, 0, 200), (1, 200, 400), (2, 0, 400), (3, 801, 800), (4, 0, 1_500), (99, 1_500, 3_000)]
        {
            assert_eq!(backoff.wait(failures, drawn), Duration::from_millis(ms), "{failures} {drawn}");
        }
    }
}
