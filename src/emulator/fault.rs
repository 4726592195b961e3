//! Seeded faults: throttling, server errors, delays, cut bodies, lost positions.

use std::time::Duration;

/// How often which fault happens, as a share of the requests it can happen to (0.0 to 1.0).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// 429.
    pub throttled: f64,
    /// 500, 502, 503.
    pub failing: f64,
    /// A content's body ends too early.
    pub cut: f64,
    /// A content is not ready: 202 with `Retry-After` (Box).
    pub not_ready: f64,
    /// A cursor or stream position is forgotten.
    pub reset: f64,
    /// An answer comes late.
    pub late: f64,
    /// How late at most; a movable clock waits for nothing.
    pub late_by: Duration,
}

impl Faults {
    /// What a service does on an ordinary bad day, and what the tests run with: 429 5 %, 5xx 2 %, cut 5 %, 202 5 %,
    /// forgotten positions 5 %.
    #[must_use]
    pub fn light() -> Self {
        Self { throttled: 0.05, failing: 0.02, cut: 0.05, not_ready: 0.05, reset: 0.05, ..Self::default() }
    }

    /// Far worse than any service: each kind at 20 %, and every fifth answer up to half a second late.
    #[must_use]
    pub fn heavy() -> Self {
        let late_by = Duration::from_millis(500);
        Self { throttled: 0.2, failing: 0.2, cut: 0.2, not_ready: 0.2, reset: 0.2, late: 0.2, late_by }
    }
}
