//! Time that tests can move: the only place that reads the machine's clocks.
//!
//! A [`Clock`] is handed to whoever needs to know the time. The movable kind starts at zero and stands still until a test
//! advances it, so no test waits for time to pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// A source of time, cheap to clone; clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine { origin: Instant },
    Movable { elapsed_ms: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's own clocks.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this file is where the machine's clock is read")]
    pub fn machine() -> Self {
        Self(Source::Machine { origin: Instant::now() })
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn movable() -> Self {
        Self(Source::Movable { elapsed_ms: Arc::new(AtomicU64::new(0)) })
    }

    /// Moves a movable clock forward; does nothing to the machine's.
    pub fn advance(&self, by: Duration) {
        if let Source::Movable { elapsed_ms } = &self.0 {
            elapsed_ms.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    /// Time since this clock was made; never goes back.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Machine { origin } => origin.elapsed(),
            Source::Movable { elapsed_ms } => Duration::from_millis(elapsed_ms.load(Ordering::SeqCst)),
        }
    }

    /// The calendar time; a movable clock counts from the Unix epoch.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this file is where the machine's clock is read")]
    pub fn calendar(&self) -> SystemTime {
        match &self.0 {
            Source::Machine { .. } => SystemTime::now(),
            Source::Movable { .. } => SystemTime::UNIX_EPOCH + self.elapsed(),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::machine()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_moves_only_when_told() {
        let clock = Clock::movable();
        let twin = clock.clone();
        assert_eq!(clock.elapsed(), Duration::ZERO);
        twin.advance(Duration::from_secs(2));
        assert_eq!(clock.elapsed(), Duration::from_secs(2));
        assert_eq!(clock.calendar(), SystemTime::UNIX_EPOCH + Duration::from_secs(2));
    }
}
