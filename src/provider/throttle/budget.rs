//! Calls a day and a month, counted in UTC, with shares that only urgent calls may touch.
//!
//! Counts are kept ahead of use, a block at a time: after a crash up to a block too many is counted, never too few.

use super::kept::{KEPT_MAX, KeptPause};
use crate::clock::Moment;
use crate::provider::http::Urgency;
use crate::provider::settings::Limits;
use crate::provider::vault::write_whole;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::{Date, Month, OffsetDateTime};

/// Calls counted so far in a day and a month of UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Used {
    /// The day (`2026-03-01`); empty when nothing was counted yet.
    pub day: String,
    /// Calls in it.
    pub calls_in_day: u64,
    /// Calls in its month.
    pub calls_in_month: u64,
}

impl Used {
    /// These counts as they stand on another day: a new day, a new month begins at zero.
    fn on(mut self, day: &str) -> Self {
        if self.day.get(..7) != day.get(..7) {
            self.calls_in_month = 0;
        }
        if self.day != day {
            self.calls_in_day = 0;
            self.day = day.to_owned();
        }
        self
    }

    fn plus(&self, calls: u64) -> Self {
        Self {
            day: self.day.clone(),
            calls_in_day: self.calls_in_day.saturating_add(calls),
            calls_in_month: self.calls_in_month.saturating_add(calls),
        }
    }
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

    /// The long pauses that were kept; none by default.
    ///
    /// # Errors
    /// When what was kept cannot be read.
    fn load_pauses(&self) -> io::Result<Vec<KeptPause>> {
        Ok(Vec::new())
    }

    /// Keeps these pauses durably, in place of those kept before; by default they are forgotten with the program.
    ///
    /// # Errors
    /// When they could not be kept.
    fn save_pauses(&self, pauses: &[KeptPause]) -> io::Result<()> {
        let _ = pauses;
        Ok(())
    }
}

/// Counts in a small JSON file of their own, one for each connector; long pauses in another one beside it
/// (`calls.json`: `calls.pauses`).
#[derive(Clone, Debug)]
pub struct BudgetFile(PathBuf);

/// A longer file was not written by us.
const FILE_BYTES_MAX: u64 = 4_096;
/// The same of a file of pauses.
const PAUSES_BYTES_MAX: u64 = 256 * KEPT_MAX as u64;

impl BudgetFile {
    /// The counts in that file, which need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    fn pauses(&self) -> PathBuf {
        self.0.with_extension("pauses")
    }
}

/// What a file holds; the default when there is none.
fn read<T: DeserializeOwned + Default>(path: &Path, bytes_max: u64) -> io::Result<T> {
    let mut text = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        opened => opened?.take(bytes_max).read_to_end(&mut text)?,
    };
    serde_json::from_slice(&text).map_err(io::Error::from)
}

impl BudgetStore for BudgetFile {
    fn load(&self) -> io::Result<Used> {
        read(&self.0, FILE_BYTES_MAX)
    }

    fn load_pauses(&self) -> io::Result<Vec<KeptPause>> {
        read(&self.pauses(), PAUSES_BYTES_MAX)
    }

    fn save_pauses(&self, pauses: &[KeptPause]) -> io::Result<()> {
        write_whole(&self.pauses(), &serde_json::to_vec(pauses)?)
    }

    fn save(&self, used: &Used) -> io::Result<()> {
        write_whole(&self.0, &serde_json::to_vec(used)?)
    }
}

/// Limits, counts, and what of them is kept already.
#[derive(Debug)]
pub(super) struct Budget {
    per_day: Option<u64>,
    per_month: Option<u64>,
    used: Used,
    kept: Used,
    store: Option<Arc<dyn BudgetStore>>,
}

/// Calls counted ahead at a time; a smaller limit has smaller blocks.
const BLOCK_MAX: u64 = 100;

impl Budget {
    pub(super) fn open(limits: Limits, store: Option<Arc<dyn BudgetStore>>, now: Moment) -> io::Result<Self> {
        let kept = store.as_ref().map_or_else(|| Ok(Used::default()), |store| store.load())?;
        let used = kept.clone().on(&day_of(now));
        Ok(Self { per_day: limits.calls_per_day, per_month: limits.calls_per_month, used, kept, store })
    }

    /// The counts as they stand on this day.
    pub(super) fn used(&self, now: Moment) -> Used {
        self.used.clone().on(&day_of(now))
    }

    /// When this urgency may call again; `None` when it may now. The later of day and month counts.
    pub(super) fn spent_until(&self, urgency: Urgency, now: Moment) -> Option<Moment> {
        if self.per_day.is_none() && self.per_month.is_none() {
            return None;
        }
        let used = self.used(now);
        let is_spent = |limit: Option<u64>, calls: u64| limit.is_some_and(|limit| calls >= share(urgency, limit));
        let (day, month) = (is_spent(self.per_day, used.calls_in_day), is_spent(self.per_month, used.calls_in_month));
        match (day, month) {
            (_, true) => Some(next_month(now)),
            (true, false) => Some(next_day(now)),
            (false, false) => None,
        }
    }

    /// Calls left in the day and in the month, by the whole limits; `None` without a limit.
    pub(super) fn left(&self, now: Moment) -> (Option<u64>, Option<u64>) {
        let used = self.used(now);
        let left = |limit: Option<u64>, calls: u64| limit.map(|limit| limit.saturating_sub(calls));
        (left(self.per_day, used.calls_in_day), left(self.per_month, used.calls_in_month))
    }

    /// Counts one call.
    pub(super) fn count(&mut self, now: Moment) -> io::Result<()> {
        let used = self.used(now).plus(1);
        if let Some(store) = &self.store
            && (used.day != self.kept.day || used.calls_in_day > self.kept.calls_in_day)
        {
            let kept = used.plus(self.block() - 1);
            store.save(&kept)?;
            self.kept = kept;
        }
        self.used = used;
        Ok(())
    }

    fn block(&self) -> u64 {
        let smallest = self.per_day.into_iter().chain(self.per_month).min().unwrap_or(u64::MAX);
        (smallest / 1_000).clamp(1, BLOCK_MAX)
    }
}

/// How many calls of a limit an urgency may use: the backlog leaves a quarter, live work a twentieth.
fn share(urgency: Urgency, limit: u64) -> u64 {
    let leave = match urgency {
        Urgency::Bulk => limit / 4,
        Urgency::Live => limit / 20,
        Urgency::Act => 0,
    };
    limit - leave
}

fn date_of(now: Moment) -> Date {
    OffsetDateTime::from_unix_timestamp(now.as_secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH).date()
}

fn day_of(now: Moment) -> String {
    let date = date_of(now);
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

fn next_day(now: Moment) -> Moment {
    date_of(now).next_day().map_or(now, start_of)
}

fn next_month(now: Moment) -> Moment {
    let date = date_of(now);
    let year = if date.month() == Month::December { date.year() + 1 } else { date.year() };
    Date::from_calendar_date(year, date.month().next(), 1).map_or(now, start_of)
}

fn start_of(date: Date) -> Moment {
    Moment::from_millis(date.midnight().assume_utc().unix_timestamp().saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_day: Option<u64>, per_month: Option<u64>) -> Limits {
        Limits { calls_per_day: per_day, calls_per_month: per_month, ..Limits::default() }
    }

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn each_urgency_stops_at_its_share() {
        let now = at("2026-12-31T23:00:00Z");
        let (day, month) = (Some("2027-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z"));
        for (per_day, per_month, calls, urgency, until) in [
            (None, None, 1_000_000, Urgency::Bulk, None),
            (Some(100), None, 74, Urgency::Bulk, None),
            (Some(100), None, 75, Urgency::Bulk, day),
            (Some(100), None, 94, Urgency::Live, None),
            (Some(100), None, 95, Urgency::Live, day),
            (Some(100), None, 99, Urgency::Act, None),
            (Some(100), None, 100, Urgency::Act, day),
            (None, Some(1_000), 749, Urgency::Bulk, None),
            (None, Some(1_000), 750, Urgency::Bulk, month),
            (Some(3), None, 2, Urgency::Bulk, None),
            (Some(0), None, 0, Urgency::Act, day),
        ] {
            let mut budget = Budget::open(limits(per_day, per_month), None, now).unwrap();
            budget.used = Used { day: day_of(now), calls_in_day: calls, calls_in_month: calls };
            let got = budget.spent_until(urgency, now).map(|until| until.to_string());
            assert_eq!(got.as_deref(), until, "{per_day:?} {per_month:?} {calls} {urgency:?}");
        }
    }

    #[test]
    fn a_new_day_and_a_new_month_begin_at_zero() {
        let used = Used { day: "2026-03-30".into(), calls_in_day: 7, calls_in_month: 70 };
        for (day, calls_in_day, calls_in_month) in
            [("2026-03-30", 7, 70), ("2026-03-31", 0, 70), ("2026-04-01", 0, 0), ("2027-03-30", 0, 0)]
        {
            assert_eq!(used.clone().on(day), Used { day: day.into(), calls_in_day, calls_in_month }, "{day}");
        }
        assert_eq!(next_day(at("2026-02-28T12:00:00Z")).to_string(), "2026-03-01T00:00:00Z");
        assert_eq!(next_month(at("2026-02-28T12:00:00Z")).to_string(), "2026-03-01T00:00:00Z");
    }

    #[test]
    fn after_a_crash_too_few_are_never_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn BudgetStore> = Arc::new(BudgetFile::new(folder.path().join("calls")));
        let now = at("2026-03-01T00:00:00Z");
        let mut made = 0;
        for calls in [0, 1, 9, 10, 11, 250] {
            let mut budget =
                Budget::open(limits(Some(10_000), None), Some(Arc::clone(&store)), now).expect("what was kept");
            let known = budget.used(now);
            assert!(known.calls_in_day >= made && known.calls_in_day < made + 60, "{known:?} after {made}");
            assert_eq!(known.calls_in_day, known.calls_in_month);
            for _ in 0..calls {
                budget.count(now).unwrap();
            }
            made = known.calls_in_day + calls;
        }
    }

    #[test]
    fn a_spoilt_file_is_an_error_and_none_is_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls");
        assert_eq!(BudgetFile::new(path.clone()).load().unwrap(), Used::default());
        std::fs::write(&path, "{}").unwrap();
        assert!(BudgetFile::new(path).load().is_err());
    }
}
