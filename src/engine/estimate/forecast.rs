//! When a pass will be over, as a range: pure arithmetic over what was done so far and what is left.
//!
//! A single date would be wrong every time. The range is made of the rates that were really seen: over the whole pass and
//! its last half, by files and by bytes; the slowest and the fastest of them are its ends. Then it is widened by how
//! uneven the work went, and by how little of it is done: what nobody has seen yet may be otherwise.

use crate::clock::Moment;
use std::time::Duration;

/// Marks that are remembered; when full, every second one is forgotten.
const MARKS_MAX: usize = 256;
/// The shortest time between two marks at first.
const MARK_EVERY: Duration = Duration::from_secs(1);
/// Marks, and files, without which nothing is told.
const MARKS_MIN: usize = 6;
const FILES_MIN: u64 = 20;
/// By how much the time that bytes tell may differ from the one that files tell.
const BYTES_SAY: f64 = 3.0;
/// Slices of the time so far, whose rates are held against each other.
const SLICES: u32 = 16;
/// How much a range is widened in any case, and how much more while nothing is done yet.
const WIDEN_ALWAYS: f64 = 0.15;
const WIDEN_UNSEEN: f64 = 0.75;
/// The most that uneven work widens it.
const WIDEN_UNEVEN_MAX: f64 = 1.0;
/// Calls of a day that the backlog leaves to others, at a limit: live work 20 %, actions and restores 5 %.
const RESERVED: f64 = 0.25;
const DAY: Duration = Duration::from_secs(86_400);

/// A number that is known between two ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

impl Between {
    /// A number that is known.
    #[must_use]
    pub fn exactly(value: u64) -> Self {
        Self { low: value, high: value }
    }

    /// Both ends, in either order.
    #[must_use]
    pub fn of(one: u64, other: u64) -> Self {
        Self { low: one.min(other), high: one.max(other) }
    }

    /// Both added, end by end.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }

    /// What is left of it after so much.
    #[must_use]
    pub fn less(self, done: u64) -> Self {
        Self { low: self.low.saturating_sub(done), high: self.high.saturating_sub(done) }
    }

    /// True when the number is known.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// True when it may be this one.
    #[must_use]
    pub fn holds(self, value: u64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// How far the work was at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Files that are seen to.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Moment,
    done: Done,
}

/// Remembers how the work went, in bounded memory: the marks lie the further apart the longer it takes.
#[derive(Clone, Debug)]
pub struct Meter {
    marks: Vec<Mark>,
    every: Duration,
}

impl Meter {
    /// Begins at this moment (by [`crate::clock::Clock::steady`]) with what is done already, which counts for no rate.
    #[must_use]
    pub fn begin(at: Moment, done: Done) -> Self {
        Self { marks: vec![Mark { at, done }], every: MARK_EVERY }
    }

    /// Notes how far the work is.
    pub fn mark(&mut self, at: Moment, done: Done) {
        if self.marks.last().is_some_and(|last| at.since(last.at) < self.every) {
            return;
        }
        self.marks.push(Mark { at, done });
        if self.marks.len() >= MARKS_MAX {
            let mut keep = true;
            self.marks.retain(|_| {
                keep = !keep;
                !keep
            });
            self.every = self.every.saturating_mul(2);
        }
    }

    /// Files and bytes a second over the whole time; `None` while there is nothing to tell them by.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        self.rate_since(Duration::ZERO)
    }

    /// The same over the time after so much of it.
    fn rate_since(&self, after: Duration) -> Option<Rate> {
        let (first, last) = (self.marks.first()?, self.marks.last()?);
        let from = self.marks.iter().rev().find(|mark| mark.at.since(first.at) <= after)?;
        let seconds = last.at.since(from.at).as_secs_f64();
        let more = |now: u64, then: u64| float(now.saturating_sub(then)) / seconds;
        (seconds > 0.0).then(|| Rate {
            files: more(last.done.files, from.done.files),
            bytes: more(last.done.bytes, from.done.bytes),
        })
    }

    fn span(&self) -> Duration {
        match (self.marks.first(), self.marks.last()) {
            (Some(first), Some(last)) => last.at.since(first.at),
            _ => Duration::ZERO,
        }
    }

    /// How uneven the work went: the deviation of the rates of its slices from their mean, as a share of it.
    fn unevenness(&self) -> f64 {
        let Some(first) = self.marks.first() else { return 0.0 };
        let slice = self.span() / SLICES;
        if slice.is_zero() {
            return 0.0;
        }
        let at = |end: Duration| self.marks.iter().rev().find(|mark| mark.at.since(first.at) <= end).unwrap_or(first);
        let steps: Vec<f64> = (1..=SLICES)
            .map(|number| float(at(slice * number).done.files.saturating_sub(at(slice * (number - 1)).done.files)))
            .collect();
        let mean = steps.iter().sum::<f64>() / f64::from(SLICES);
        if mean <= 0.0 {
            return 0.0;
        }
        let variance = steps.iter().map(|step| (step - mean).powi(2)).sum::<f64>() / f64::from(SLICES);
        variance.sqrt() / mean
    }

    /// How long the rest will take at the rates that were seen; `None` while too little was.
    #[must_use]
    pub fn remaining(&self, left: Left) -> Option<Remaining> {
        if left.files.high == 0 {
            return Some(Remaining::default());
        }
        let (first, last) = (self.marks.first()?, self.marks.last()?);
        if self.marks.len() < MARKS_MIN || last.done.files.saturating_sub(first.done.files) < FILES_MIN {
            return None;
        }
        let span = self.span();
        let windows = [Duration::ZERO, span / 2];
        let mut shortest = f64::INFINITY;
        let mut longest: f64 = 0.0;
        for rate in windows.into_iter().filter_map(|after| self.rate_since(after)).filter(|rate| rate.files > 0.0) {
            for (files, bytes) in [(left.files.low, left.bytes.low), (left.files.high, left.bytes.high)] {
                let by_files = float(files) / rate.files;
                // A file costs something however small, and the line is shared however large: bytes alone say little.
                let by_bytes = match rate.bytes > 0.0 {
                    true => (float(bytes) / rate.bytes).clamp(by_files / BYTES_SAY, by_files * BYTES_SAY),
                    false => by_files,
                };
                shortest = shortest.min(by_files).min(by_bytes);
                longest = longest.max(by_files).max(by_bytes);
            }
        }
        let done = last.done.files;
        let unseen = float(left.files.high) / float(left.files.high.saturating_add(done)).max(1.0);
        let widen = 1.0 + WIDEN_ALWAYS + WIDEN_UNSEEN * unseen + (self.unevenness() / 4.0).min(WIDEN_UNEVEN_MAX);
        (longest > 0.0).then(|| Remaining { shortest: seconds(shortest / widen), longest: seconds(longest * widen) })
    }
}

/// Work a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Files.
    pub files: f64,
    /// Bytes.
    pub bytes: f64,
}

/// What is left to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Files.
    pub files: Between,
    /// Bytes.
    pub bytes: Between,
}

/// How long the rest takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// At least.
    pub shortest: Duration,
    /// At most.
    pub longest: Duration,
}

/// What the provider's allotment leaves of a day and of a month; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allotment {
    /// Calls of a day, and those left of this one.
    pub day: Option<(u64, u64)>,
    /// Calls of a month, and those left of this one.
    pub month: Option<(u64, u64)>,
}

impl Allotment {
    /// The least time in which so many calls are allowed, what is reserved for more urgent work left out. Whole days and months
    /// are counted, so that the answer does not depend on the hour.
    #[must_use]
    pub fn least_time(self, calls: u64) -> Duration {
        let of = |limit: Option<(u64, u64)>, period: Duration| {
            let Some((each, left)) = limit else { return Duration::ZERO };
            let share = |calls: u64| whole(float(calls) * (1.0 - RESERVED)).max(1);
            let reserve = each.saturating_sub(share(each));
            let beyond = calls.saturating_sub(left.saturating_sub(reserve));
            let periods = beyond.div_ceil(share(each));
            period.saturating_mul(u32::try_from(periods).unwrap_or(u32::MAX))
        };
        of(self.day, DAY).max(of(self.month, DAY * 30))
    }
}

/// A count as a floating-point number: exact below 2^53, above the nearest one there is.
#[expect(clippy::cast_precision_loss, reason = "rates are estimates; the cast rounds to the nearest")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// The whole number next to a floating-point one: 0 for what lies below it, the largest for what lies above it, and for what is
/// no number at all, since nobody knows then how much is left.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from floating point stays within u64"
)]
#[must_use]
pub fn whole(number: f64) -> u64 {
    if number.is_nan() { u64::MAX } else { number.round() as u64 }
}

/// A time of so many seconds, at most a hundred years.
pub(super) fn seconds(seconds: f64) -> Duration {
    const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;
    Duration::from_secs_f64(if seconds.is_finite() { seconds.clamp(0.0, LONGEST) } else { LONGEST })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_become_floating_point_and_come_back() {
        for (count, number) in
            [(0, 0.0), (1, 1.0), (u64::from(u32::MAX), 4_294_967_295.0), (1 << 53, 9_007_199_254_740_992.0)]
        {
            assert_eq!((float(count).to_bits(), whole(number)), (f64::to_bits(number), count), "{count}");
        }
        assert_eq!(float(u64::MAX).to_bits(), 18_446_744_073_709_551_616.0_f64.to_bits());
        for (number, count) in [
            (0.4, 0),
            (0.5, 1),
            (-3.0, 0),
            (f64::NEG_INFINITY, 0),
            (f64::INFINITY, u64::MAX),
            (1e300, u64::MAX),
            (f64::NAN, u64::MAX),
        ] {
            assert_eq!(whole(number), count, "{number}");
        }
    }

    /// A number from 0 to 1 that depends on nothing but `n`.
    fn chance(n: u64) -> f64 {
        let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        float((x ^ (x >> 31)) >> 11) / float(1 << 53)
    }

    const FILES: u64 = 40_000;

    /// The seconds that each file takes in a kind of pass, and its bytes.
    type Pass = fn(file: u64, seed: u64) -> (f64, u64);

    /// Plays a pass and returns the forecasts at 10 % and at half as `(shortest, true, longest)`.
    fn play(pass: Pass, seed: u64, told: impl Fn(u64) -> Between) -> [(f64, f64, f64); 2] {
        let work: Vec<(f64, u64)> = (0..FILES).map(|file| pass(file, seed)).collect();
        let total: f64 = work.iter().map(|(seconds, _)| seconds).sum();
        let all_bytes: u64 = work.iter().map(|(_, bytes)| bytes).sum();
        let mut meter = Meter::begin(Moment::from_millis(0), Done::default());
        let (mut time, mut done, mut forecasts) = (0.0, Done::default(), Vec::new());
        for (seconds, bytes) in work {
            time += seconds;
            done = Done { files: done.files + 1, bytes: done.bytes + bytes };
            meter.mark(Moment::from_millis(i64::try_from(whole(time * 1_000.0)).unwrap()), done);
            if done.files == FILES / 10 || done.files == FILES / 2 {
                let left = Left { files: told(FILES - done.files), bytes: told(all_bytes - done.bytes) };
                let remaining = meter.remaining(left).expect("enough was seen");
                forecasts.push((remaining.shortest.as_secs_f64(), total - time, remaining.longest.as_secs_f64()));
            }
        }
        forecasts.try_into().unwrap()
    }

    /// Every so often the provider says to wait a minute or two.
    fn throttled(file: u64, seed: u64) -> (f64, u64) {
        let wait = if chance(seed ^ file) < 0.002 { 60.0 + 60.0 * chance(seed ^ file ^ 1) } else { 0.0 };
        (0.05 + wait, 50_000)
    }

    /// A file takes a while for itself and longer the larger it is; a few are very large.
    fn uneven(file: u64, seed: u64) -> (f64, u64) {
        let bytes = whole(20_000.0 / (0.001 + chance(seed ^ file)));
        (0.05 + float(bytes) / 2e6, bytes)
    }

    #[test]
    fn a_range_holds_the_true_end_at_a_tenth_and_at_half() {
        let passes: [(&str, Pass); 8] = [
            ("even", |_, _| (0.1, 100_000)),
            ("noisy", |file, seed| (0.02 + 0.2 * chance(seed ^ file), 100_000)),
            ("throttled", throttled),
            ("uneven sizes", uneven),
            ("slower and slower", |file, _| (0.1 + 0.07 * float(file) / float(FILES), 100_000)),
            ("faster and faster", |file, _| (0.1 - 0.04 * float(file) / float(FILES), 100_000)),
            ("large files last", |file, _| if file < FILES / 2 { (0.06, 40_000) } else { (0.14, 200_000) }),
            ("by day and by night", |file, _| if file / 9_000 % 2 == 0 { (0.1, 80_000) } else { (0.06, 80_000) }),
        ];
        let exact: fn(u64) -> Between = Between::exactly;
        let rough: fn(u64) -> Between = |left| Between::of(left - left / 5, left + left / 3);
        for (name, pass) in passes {
            for seed in 0..8_u64 {
                for told in [exact, rough] {
                    let forecasts = play(pass, seed << 32, told);
                    for (shortest, truly, longest) in forecasts {
                        let held = shortest <= truly && truly <= longest;
                        assert!(held, "{name} {seed}: {shortest:.0} {truly:.0} {longest:.0}");
                    }
                }
                // A range that holds everything says nothing.
                for (shortest, _, longest) in play(pass, seed << 32, exact) {
                    assert!(longest / shortest < 12.0, "{name} {seed}: {shortest:.0} {longest:.0}");
                }
            }
        }
    }

    #[test]
    fn even_work_has_a_narrow_range_that_narrows() {
        let [(low, _, high), (low_at_half, _, high_at_half)] = play(|_, _| (0.1, 1_000), 0, Between::exactly);
        assert!(high / low < 3.5 && high_at_half / low_at_half < 2.5, "{low} {high} {low_at_half} {high_at_half}");
    }

    #[test]
    fn too_little_tells_nothing_and_nothing_left_is_over() {
        let at = |seconds: i64| Moment::from_millis(seconds * 1_000);
        let mut meter = Meter::begin(at(0), Done::default());
        let left = Left { files: Between::exactly(10), bytes: Between::exactly(10) };
        assert_eq!(meter.remaining(left), None);
        assert_eq!(meter.remaining(Left::default()), Some(Remaining::default()));
        (1..=9).for_each(|second| meter.mark(at(second), Done::default()));
        assert_eq!(meter.remaining(left), None, "nothing was done at all");
        assert_eq!(meter.rate(), Some(Rate::default()));
    }

    #[test]
    fn marks_are_bounded_and_reach_to_the_beginning() {
        let mut meter = Meter::begin(Moment::from_millis(0), Done::default());
        for second in 1..100_000 {
            let done = Done { files: second, bytes: second * 10 };
            meter.mark(Moment::from_millis(i64::try_from(second).unwrap() * 1_000), done);
        }
        assert!(meter.marks.len() <= MARKS_MAX && meter.marks[0].done.files == 0);
        let rate = meter.rate().unwrap();
        assert!((rate.files - 1.0).abs() < 1e-9 && (rate.bytes - 10.0).abs() < 1e-9);
    }

    #[test]
    fn an_allotment_takes_its_days() {
        for (day, month, calls, days) in [
            (None, None, u64::MAX, 0),
            (Some((1_000, 1_000)), None, 750, 0),
            (Some((1_000, 1_000)), None, 751, 1),
            (Some((1_000, 400)), None, 150, 0),
            (Some((1_000, 400)), None, 1_000, 2),
            (Some((1_000, 0)), None, 1, 1),
            (Some((1_000, 1_000)), Some((10_000, 0)), 7_501, 60),
        ] {
            assert_eq!(Allotment { day, month }.least_time(calls), DAY * days, "{day:?} {month:?} {calls}");
        }
    }
}
