//! How many calls a principal may make.

/// What a principal may do.
#[derive(Clone, Copy, Debug)]
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
