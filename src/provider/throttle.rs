//! The pace of calls: a token bucket with AIMD for each principal, call budgets, one writer for each namespace.

use std::fmt;
use std::io;

/// Calls counted so far in a day and a month of UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The day (`2026-03-01`).
    pub day: String,
    /// Calls in it.
    pub calls_in_day: u64,
    /// Calls in its month.
    pub calls_in_month: u64,
}

/// Where the counts of calls outlive the program.
pub trait BudgetStore: fmt::Debug + Send + Sync {
    /// What was kept; the default when nothing was.
    ///
    /// # Errors
    /// When what was kept cannot be read.
    fn load(&self) -> io::Result<Used>;

    /// Keeps the counts durably.
    ///
    /// # Errors
    /// When they could not be kept.
    fn save(&self, used: &Used) -> io::Result<()>;
}
