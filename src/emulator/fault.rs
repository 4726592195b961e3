//! Seeded faults: throttling, server errors, delays, cut bodies, lost positions.

/// How often which fault happens, as a share of the requests it can happen to (0.0 to 1.0).
#[derive(Clone, Copy, Debug, Default)]
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
}
