//! Time that tests can move: the only place that reads the machine's clocks.
//!
//! A [`Clock`] is handed to whoever needs to know the time. The movable kind starts at zero and stands still until a test
//! advances it, so no test waits for time to pass.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A source of time, cheap to clone; clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine { origin: Instant, began: Moment },
    Movable { elapsed_ms: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's own clocks.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this file is where the machine's clock is read")]
    pub fn machine() -> Self {
        Self(Source::Machine { origin: Instant::now(), began: Moment::from(SystemTime::now()) })
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
            Source::Machine { origin, .. } => origin.elapsed(),
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

impl Clock {
    /// The calendar time as a [`Moment`].
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::from(self.calendar())
    }

    /// The time by a clock that nobody sets: the calendar as it was when this clock was made, and the time since. What waits
    /// or leases rests on this, so that a step of the machine's calendar neither ends a lease nor prolongs a wait.
    #[must_use]
    pub fn steady(&self) -> Moment {
        match &self.0 {
            Source::Machine { began, .. } => began.plus(self.elapsed()),
            Source::Movable { .. } => self.now(),
        }
    }

    /// True for the movable kind, whose waits move it.
    #[must_use]
    pub fn is_movable(&self) -> bool {
        matches!(self.0, Source::Movable { .. })
    }

    /// Waits so long, or until `stop` rises, and says whether the whole wait went by. On a movable clock nothing waits:
    /// the clock is moved to the end of the wait (and stays where it is when another waiter moved it further).
    pub fn wait(&self, span: Duration, stop: &AtomicBool) -> bool {
        let end = self.elapsed().saturating_add(span);
        if let Source::Movable { elapsed_ms } = &self.0 {
            elapsed_ms.fetch_max(u64::try_from(end.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
            return !stop.load(Ordering::Relaxed);
        }
        while !stop.load(Ordering::Relaxed) {
            let left = end.saturating_sub(self.elapsed());
            if left.is_zero() {
                return true;
            }
            std::thread::park_timeout(left.min(LOOK_FOR_STOP_EVERY));
        }
        false
    }
}

/// How soon a wait sees that it should end.
const LOOK_FOR_STOP_EVERY: Duration = Duration::from_millis(50);

impl Default for Clock {
    fn default() -> Self {
        Self::machine()
    }
}

/// A point in calendar time, to the millisecond, as providers tell it.
/// In JSON a number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment {
    since_epoch_ms: i64,
}

impl Moment {
    /// A moment by its milliseconds since the Unix epoch.
    #[must_use]
    pub fn from_millis(since_epoch_ms: i64) -> Self {
        Self { since_epoch_ms }
    }

    /// Milliseconds since the Unix epoch; negative before it.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.since_epoch_ms
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn as_secs(self) -> i64 {
        self.since_epoch_ms.div_euclid(1_000)
    }

    /// Reads RFC 3339 with any offset and any number of fractional digits (`2026-03-01T12:00:00-08:00`); `None` otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let read = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(read.unix_timestamp_nanos().div_euclid(1_000_000)).ok().map(Self::from_millis)
    }

    /// This moment and so much later.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_millis(self.since_epoch_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and so much earlier.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_millis(self.since_epoch_ms.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(u64::try_from(self.since_epoch_ms.saturating_sub(earlier.since_epoch_ms)).unwrap_or(0))
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::from_millis(ms(after)),
            Err(before) => Self::from_millis(-ms(before.duration())),
        }
    }
}

/// RFC 3339 in UTC, to the second: the only form that both Box and Dropbox take.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp(self.as_secs()).ok().and_then(|time| time.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("(a time outside the calendar)"))
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
        let stop = AtomicBool::new(false);
        assert!(clock.wait(Duration::from_secs(3), &stop));
        assert_eq!(twin.elapsed(), Duration::from_secs(5));
        stop.store(true, Ordering::Relaxed);
        assert!(!clock.wait(Duration::ZERO, &stop));
    }

    #[test]
    fn a_moment_is_read_with_any_offset_and_written_in_utc() {
        for (text, written) in [
            ("2026-03-01T12:00:00-08:00", "2026-03-01T20:00:00Z"),
            ("2026-03-01T12:00:00.999Z", "2026-03-01T12:00:00Z"),
            ("1969-12-31T23:59:59.5+00:00", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Moment::parse(text).map(|moment| moment.to_string()).as_deref(), Some(written));
        }
        assert_eq!(Moment::parse("2026-03-01"), None);
        let moment = Moment::from_millis(5_000);
        assert_eq!(moment.plus(Duration::from_secs(1)).since(moment), Duration::from_secs(1));
        assert_eq!(moment.minus(Duration::from_secs(9)).since(moment), Duration::ZERO);
    }
}
