//! How many calls a principal may make: a token bucket for each, on the clock of whoever tests.
//!
//! It also keeps, for each principal, the most calls that came within any [`WINDOW`], so that a test can say that a client
//! kept to a rate even when the emulator enforces none.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The span over which a rate is measured.
pub const WINDOW: Duration = Duration::from_secs(10);
/// Calls remembered for each principal to measure its rate; a faster one is measured as this many in a window.
const REMEMBERED_MAX: usize = 20_000;

/// What a principal may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Calls a second; more are answered with 429. `f64::INFINITY` for no limit, the default.
    pub per_second: f64,
    /// Calls at once that a rested principal may make.
    pub burst: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { per_second: f64::INFINITY, burst: f64::INFINITY }
    }
}

/// The buckets of all principals.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Duration,
    /// When the calls of the last [`WINDOW`] came.
    calls: VecDeque<Duration>,
    most: usize,
}

impl Limiter {
    /// Takes one call of a principal at this time of the clock. Gives how long to wait when none is left; such a call
    /// counts for the measured rate, but takes nothing from the bucket.
    pub(super) fn take(&mut self, principal: &str, pace: Pace, now: Duration) -> Option<Duration> {
        if !self.buckets.contains_key(principal) {
            let new = Bucket { tokens: pace.burst, filled_at: now, calls: VecDeque::new(), most: 0 };
            self.buckets.insert(principal.to_owned(), new);
        }
        let bucket = self.buckets.get_mut(principal)?;
        bucket.note(now);
        if pace.per_second.is_infinite() {
            return None;
        }
        bucket.fill(pace, now);
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return None;
        }
        Some(Duration::try_from_secs_f64((1.0 - bucket.tokens) / pace.per_second).unwrap_or(Duration::MAX))
    }

    /// The most calls a second that each principal made, as an average over the busiest [`WINDOW`].
    pub(super) fn highest_rates(&self) -> BTreeMap<String, f64> {
        let rate = |most: usize| f64::from(u32::try_from(most).unwrap_or(u32::MAX)) / WINDOW.as_secs_f64();
        self.buckets.iter().map(|(principal, bucket)| (principal.clone(), rate(bucket.most))).collect()
    }
}

impl Bucket {
    fn note(&mut self, now: Duration) {
        while self.calls.front().is_some_and(|&at| now.saturating_sub(at) >= WINDOW)
            || self.calls.len() >= REMEMBERED_MAX
        {
            self.calls.pop_front();
        }
        self.calls.push_back(now);
        self.most = self.most.max(self.calls.len());
    }

    fn fill(&mut self, pace: Pace, now: Duration) {
        let gained = now.saturating_sub(self.filled_at).as_secs_f64() * pace.per_second;
        self.filled_at = self.filled_at.max(now);
        self.tokens = (self.tokens + gained).min(pace.burst.max(1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rested_principal_has_its_burst_and_then_its_pace() {
        let pace = Pace { per_second: 2.0, burst: 3.0 };
        let mut limiter = Limiter::default();
        let ms = Duration::from_millis;
        for (at, principal, wait) in [
            (0, "a", None),
            (0, "a", None),
            (0, "a", None),
            (0, "a", Some(500)),
            (0, "b", None),
            (250, "a", Some(250)),
            (500, "a", None),
            (500, "a", Some(500)),
            (60_000, "a", None),
            (60_000, "a", None),
            (60_000, "a", None),
            (60_000, "a", Some(500)),
        ] {
            assert_eq!(limiter.take(principal, pace, ms(at)), wait.map(ms), "{principal} at {at}");
        }
        assert_eq!(limiter.highest_rates(), BTreeMap::from([("a".into(), 0.7), ("b".into(), 0.1)]));
    }

    #[test]
    fn without_a_limit_the_rate_is_measured_all_the_same() {
        let mut limiter = Limiter::default();
        for call in 0..100_u64 {
            assert_eq!(limiter.take("a", Pace::default(), Duration::from_millis(call * 200)), None);
        }
        assert_eq!(limiter.highest_rates(), BTreeMap::from([("a".into(), 5.0)]));
    }
}
