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

/// A calendar time as RFC 3339 in UTC, to the second; `None` before 1970.
#[must_use]
pub fn rfc3339(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a date in the proleptic Gregorian calendar, by eras of 400 years that begin on 1 March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
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
