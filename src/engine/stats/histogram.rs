//! How long things took: counts by span, without a lock, from which percentiles are told.
//!
//! Spans are counted in buckets whose width grows with the span: sixteen to each doubling. So a percentile is told to within
//! a sixteenth of itself, from a millisecond to weeks, by a table of fixed size that any thread may add to.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets to each doubling.
const STEPS: u64 = 16;
/// Doublings of a millisecond that are told apart; the last bucket takes all that is longer (12 days).
const DOUBLINGS: usize = 30;
/// Buckets in all.
const BUCKETS: usize = DOUBLINGS * 16;

/// Spans by their length.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ms: AtomicU64,
    longest_ms: AtomicU64,
}

/// What a histogram says. A percentile is the upper end of its bucket: never less than the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many were counted.
    pub count: u64,
    /// All together.
    pub sum: Duration,
    /// Half took at most this.
    pub p50: Duration,
    /// 95 of 100 took at most this.
    pub p95: Duration,
    /// 99 of 100 took at most this.
    pub p99: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: array::from_fn(|_| AtomicU64::new(0)),
            sum_ms: AtomicU64::new(0),
            longest_ms: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    /// Counts a span, to the millisecond.
    pub fn add(&self, span: Duration) {
        let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.buckets[bucket(ms)].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms, Ordering::Relaxed);
        self.longest_ms.fetch_max(ms, Ordering::Relaxed);
    }

    /// What it says now.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let counts = self.counts();
        let count = counts.iter().sum();
        let longest = self.longest_ms.load(Ordering::Relaxed);
        let at = |percent: u64| {
            let ms = percentile(&counts, count, percent).min(longest);
            Duration::from_millis(ms)
        };
        Spread {
            count,
            sum: Duration::from_millis(self.sum_ms.load(Ordering::Relaxed)),
            p50: at(50),
            p95: at(95),
            p99: at(99),
            longest: Duration::from_millis(longest),
        }
    }

    /// How many took at most each of these; `bounds` rise.
    #[must_use]
    pub fn at_most(&self, bounds: &[Duration]) -> Vec<u64> {
        let counts = self.counts();
        let until = |bound: &Duration| {
            let ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
            counts.iter().enumerate().take_while(|(at, _)| ends_at(*at) <= ms).map(|(_, count)| count).sum()
        };
        bounds.iter().map(until).collect()
    }

    fn counts(&self) -> Vec<u64> {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect()
    }
}

/// The bucket of a span. The first sixteen hold one millisecond each.
fn bucket(ms: u64) -> usize {
    if ms < STEPS {
        return usize::try_from(ms).unwrap_or(0);
    }
    let doubling = u64::from(ms.ilog2() - STEPS.ilog2());
    let at = (doubling + 1) * STEPS + ((ms >> doubling) - STEPS);
    usize::try_from(at).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// The longest span of a bucket, in milliseconds.
fn ends_at(bucket: usize) -> u64 {
    let at = u64::try_from(bucket).unwrap_or(u64::MAX);
    if at < STEPS {
        return at;
    }
    if bucket == BUCKETS - 1 {
        return u64::MAX;
    }
    let doubling = at / STEPS - 1;
    ((at % STEPS + STEPS + 1) << doubling) - 1
}

/// The end of the bucket that holds the span which so many percent do not pass.
fn percentile(counts: &[u64], count: u64, percent: u64) -> u64 {
    let rank = count.saturating_mul(percent).div_ceil(100);
    let mut seen = 0;
    for (at, of) in counts.iter().enumerate() {
        seen += of;
        if seen >= rank && seen > 0 {
            return ends_at(at);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_lies_in_its_bucket_and_no_bucket_is_wider_than_a_sixteenth() {
        for ms in (0..5_000).chain((12..40).map(|shift| (1 << shift) - 1)).chain((12..40).map(|shift| 1 << shift)) {
            let at = bucket(ms);
            let begins = if at == 0 { 0 } else { ends_at(at - 1) + 1 };
            assert!(begins <= ms && ms <= ends_at(at), "{ms} in {begins}..={}", ends_at(at));
            assert!(at == BUCKETS - 1 || ends_at(at) - begins <= ms / 16, "{ms}: {begins}..={}", ends_at(at));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_spans_to_a_sixteenth() {
        let histogram = Histogram::default();
        assert_eq!(histogram.spread(), Spread::default());
        (1..=1_000).for_each(|ms| histogram.add(Duration::from_millis(ms)));
        let spread = histogram.spread();
        for (told, truth) in [(spread.p50, 500_u128), (spread.p95, 950), (spread.p99, 990), (spread.longest, 1_000)] {
            assert!((truth..=truth + truth / 16).contains(&told.as_millis()), "{told:?} for {truth} ms");
        }
        assert_eq!((spread.count, spread.sum), (1_000, Duration::from_millis(500_500)));
        let ms = Duration::from_millis;
        assert_eq!(histogram.at_most(&[ms(0), ms(15), ms(511), ms(2_047)]), [0, 15, 511, 1_000]);
    }

    #[test]
    fn one_long_span_shows_as_the_longest_and_not_as_the_middle() {
        let histogram = Histogram::default();
        (0..99).for_each(|_| histogram.add(Duration::from_millis(3)));
        histogram.add(Duration::from_secs(30 * 86_400));
        let spread = histogram.spread();
        assert_eq!((spread.p50, spread.p99), (Duration::from_millis(3), Duration::from_millis(3)));
        assert_eq!(spread.longest, Duration::from_secs(30 * 86_400));
    }
}
