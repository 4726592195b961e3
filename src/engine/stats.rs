//! Numbers of the running service: what its stages did, how long it took, and how things stand.
//!
//! Every number is an atomic in a table of fixed size, made when the service starts: counting never waits, and no stage can
//! make the set of labels grow. Labels are a connector's name, a lane, a state, a reason of the closed list; never the name of
//! a file or a person.

mod histogram;

pub use histogram::{Histogram, Spread};

use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, Coverage, Lane, Limit, Reason};
use std::array;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// All numbers of a running service.
#[derive(Debug)]
pub struct Stats {
    tallies: Vec<Tally>,
    /// Takes what belongs to no connector that was there at the start, so that no caller has to ask.
    other: Tally,
    gauges: [AtomicU64; Gauge::ALL.len()],
}

impl Stats {
    /// All at zero, for these connectors.
    #[must_use]
    pub fn new(connectors: impl IntoIterator<Item = (ConnectorNumber, ConnectorName)>) -> Self {
        let tallies = connectors.into_iter().map(|(number, name)| Tally::new(number, name.as_str().into())).collect();
        Self { tallies, other: Tally::new(ConnectorNumber(0), "other".into()), gauges: zeros() }
    }

    /// The numbers of one connector.
    #[must_use]
    pub fn of(&self, connector: ConnectorNumber) -> &Tally {
        self.tallies.iter().find(|tally| tally.number == connector).unwrap_or(&self.other)
    }

    /// The numbers of all connectors, in the order they were given.
    pub fn tallies(&self) -> impl Iterator<Item = &Tally> {
        let other = (!self.other.is_zero()).then_some(&self.other);
        self.tallies.iter().chain(other)
    }

    /// Says how something stands.
    pub fn set(&self, gauge: Gauge, value: u64) {
        self.gauges[gauge.index()].store(value, Ordering::Relaxed);
    }

    /// How something stands.
    #[must_use]
    pub fn get(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge.index()].load(Ordering::Relaxed)
    }

    /// Something of all connectors together.
    #[must_use]
    pub fn sum(&self, count: Count) -> u64 {
        self.tallies().map(|tally| tally.count(count)).sum()
    }
}

/// The numbers of one connector.
#[derive(Debug)]
pub struct Tally {
    number: ConnectorNumber,
    name: Box<str>,
    counts: [AtomicU64; Count::ALL.len()],
    ended: [[AtomicU64; Ended::ALL.len()]; Lane::ALL.len()],
    depths: [[AtomicU64; Waiting::ALL.len()]; Lane::ALL.len()],
    covered: [AtomicU64; COVERAGES],
    lags: [Histogram; Lag::ALL.len()],
    /// -1: no limit is set.
    calls_left: AtomicI64,
    /// When the feed last answered; 0: not yet.
    fed_ms: AtomicI64,
    enabled: AtomicU64,
}

impl Tally {
    fn new(number: ConnectorNumber, name: Box<str>) -> Self {
        Self {
            number,
            name,
            counts: zeros(),
            ended: array::from_fn(|_| zeros()),
            depths: array::from_fn(|_| zeros()),
            covered: zeros(),
            lags: array::from_fn(|_| Histogram::default()),
            calls_left: AtomicI64::new(-1),
            fed_ms: AtomicI64::new(0),
            enabled: AtomicU64::new(1),
        }
    }

    fn is_zero(&self) -> bool {
        self.counts.iter().chain(self.ended.iter().flatten()).all(|count| count.load(Ordering::Relaxed) == 0)
    }

    /// The connector's name; `other` for what belongs to none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The connector's number.
    #[must_use]
    pub fn number(&self) -> ConnectorNumber {
        self.number
    }

    /// Counts.
    pub fn add(&self, what: Count, many: u64) {
        self.counts[what.index()].fetch_add(many, Ordering::Relaxed);
    }

    /// Puts a count that is kept elsewhere; it never falls.
    pub fn raise(&self, what: Count, to: u64) {
        self.counts[what.index()].fetch_max(to, Ordering::Relaxed);
    }

    /// What was counted.
    #[must_use]
    pub fn count(&self, what: Count) -> u64 {
        self.counts[what.index()].load(Ordering::Relaxed)
    }

    /// Counts a job whose lease ended.
    pub fn ended(&self, lane: Lane, how: Ended) {
        self.ended[lane.index()][how.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Jobs of a lane that ended so.
    #[must_use]
    pub fn count_ended(&self, lane: Lane, how: Ended) -> u64 {
        self.ended[lane.index()][how.index()].load(Ordering::Relaxed)
    }

    /// Counts a verdict.
    pub fn covered(&self, coverage: Coverage) {
        self.covered[slot(coverage)].fetch_add(1, Ordering::Relaxed);
    }

    /// Verdicts by coverage, those that came up.
    pub fn coverages(&self) -> impl Iterator<Item = (Coverage, u64)> {
        let reasons = REASONS.iter().copied();
        let all = std::iter::once(Coverage::Complete)
            .chain(reasons.clone().map(Coverage::Partial))
            .chain(reasons.map(Coverage::Skipped));
        let counted = all.zip(&self.covered).map(|(coverage, count)| (coverage, count.load(Ordering::Relaxed)));
        counted.filter(|(_, count)| *count > 0)
    }

    /// Counts how long a live change took to its verdict, part by part.
    pub fn took(&self, parts: &LagParts) {
        let LagParts { provider, queue, fetch, scan } = *parts;
        let total = provider.saturating_add(queue).saturating_add(fetch).saturating_add(scan);
        for (lag, span) in Lag::ALL.into_iter().zip([provider, queue, fetch, scan, total]) {
            self.lags[lag.index()].add(span);
        }
    }

    /// How long a part took.
    #[must_use]
    pub fn lag(&self, part: Lag) -> &Histogram {
        &self.lags[part.index()]
    }

    /// Says how many jobs of a lane stand so.
    pub fn set_depth(&self, lane: Lane, state: Waiting, many: u64) {
        self.depths[lane.index()][state.index()].store(many, Ordering::Relaxed);
    }

    /// Jobs of a lane that stand so.
    #[must_use]
    pub fn depth(&self, lane: Lane, state: Waiting) -> u64 {
        self.depths[lane.index()][state.index()].load(Ordering::Relaxed)
    }

    /// Says how many calls of its allotment are left; `None` when no limit is set.
    pub fn set_calls_left(&self, left: Option<u64>) {
        let left = left.map_or(-1, |left| i64::try_from(left).unwrap_or(i64::MAX));
        self.calls_left.store(left, Ordering::Relaxed);
    }

    /// Calls left of its allotment; `None` when no limit is set.
    #[must_use]
    pub fn calls_left(&self) -> Option<u64> {
        u64::try_from(self.calls_left.load(Ordering::Relaxed)).ok()
    }

    /// Says that its feed answered, whatever it said.
    pub fn fed(&self, now: Moment) {
        self.fed_ms.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    /// When its feed last answered; `None` before the first time.
    #[must_use]
    pub fn last_fed(&self) -> Option<Moment> {
        Some(self.fed_ms.load(Ordering::Relaxed)).filter(|ms| *ms != 0).map(Moment::from_millis)
    }

    /// Says whether anything may be asked of it.
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.store(u64::from(enabled), Ordering::Relaxed);
    }

    /// Whether anything may be asked of it.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed) != 0
    }
}

/// A closed list with a place for each of its members.
macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $member:ident => $word:literal, $help:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$each])* #[doc = $help] $member,)* }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$member),*];

            /// The word that numbers use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$member => $word,)* }
            }

            /// What it says, in a sentence.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$member => $help,)* }
            }

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

closed! {
    /// What is counted for each connector; only ever rises.
    Count {
        Events => "events", "Events taken from the change feeds.";
        Promotions => "promotions", "Jobs that events asked for.";
        Pages => "listing_pages", "Pages of listings taken in.";
        Listed => "items_listed", "Items seen in listings.";
        Looked => "items_looked_at", "Items whose present facts were asked for one by one.";
        Downloads => "downloads", "Contents downloaded.";
        DownloadedBytes => "downloaded_bytes", "Bytes of contents downloaded.";
        Scanned => "files_scanned", "Contents inspected.";
        ScannedBytes => "scanned_bytes", "Bytes of contents inspected.";
        Findings => "findings", "Findings recorded.";
        Reused => "verdicts_reused", "Verdicts taken from identical content instead of a download.";
        Rejudged => "verdicts_rejudged", "Verdicts told again from what is stored, without a download.";
        Exposures => "exposures_told", "Exposures told again without a download.";
        Calls => "provider_calls", "Calls made to the provider.";
        CallsFailed => "provider_calls_failed", "Calls that failed for good.";
        ThrottledMs => "throttled_milliseconds", "Time that calls waited because the provider said so.";
        FeedErrors => "feed_errors", "Times the feed could not be read.";
        Reconciles => "feed_reconciles", "Lost feed positions that were repaired.";
        HookHints => "hook_hints", "Genuine webhook deliveries that woke the feed.";
        HookRepeats => "hook_repeats", "Webhook deliveries that came before.";
        HookRefused => "hook_refused", "Webhook deliveries that were not genuine.";
        HookDropped => "hook_dropped", "Genuine webhook deliveries that had to wake nobody: the feed was awake, or is off.";
        Actions => "actions", "Actions that came to their end, whatever it was.";
        ActionsShort => "actions_short", "Actions that were blocked, or left something open.";
    }
}

closed! {
    /// How a leased job ended.
    Ended {
        Done => "done", "It was settled.";
        Again => "again", "More was wanted meanwhile: it went back.";
        GivenBack => "given_back", "It waits, its attempts unchanged.";
        Failed => "failed", "It failed and is tried again.";
        Parked => "parked", "It failed too often and waits for a person.";
        Lost => "lost", "Its lease held no more.";
    }
}

closed! {
    /// How a job stands.
    Waiting {
        Ready => "ready", "It may be leased now.";
        Delayed => "delayed", "It waits for a moment.";
        Leased => "leased", "Somebody works on it.";
        Parked => "parked", "It waits for a person.";
    }
}

closed! {
    /// Parts of the way from a change to its verdict.
    Lag {
        Provider => "provider", "From the change to the feed's first word of it.";
        Queue => "queue", "From the feed's word to the lease.";
        Fetch => "fetch", "From the lease to the content.";
        Scan => "scan", "From the content to the stored verdict.";
        Total => "total", "From the change to the stored verdict.";
    }
}

closed! {
    /// How the service as a whole stands.
    Gauge {
        BytesInFlight => "bytes_in_flight", "Bytes of contents between fetch and settle.";
        FilesInFlight => "files_in_flight", "Contents between fetch and settle.";
        StoreBytes => "store_bytes", "Bytes of the store.";
        StorePendingBytes => "store_pending_bytes", "Bytes written and not yet folded into the store.";
        StoreOldestReaderMs => "store_oldest_reader_milliseconds", "Age of the oldest reader's view of the store.";
        DiskFreeBytes => "disk_free_bytes", "Bytes free where the store lies.";
        OutboxDepth => "outbox_depth", "Actions that wait, and messages that have not left.";
        ActionsWaiting => "actions_waiting", "Actions that wait for their turn or their time.";
        ActionsHeld => "actions_held", "Actions that a breaker holds back.";
        ActionsBegun => "actions_begun", "Actions that were begun and are not at their end.";
        ActionsParked => "actions_parked", "Actions that wait for a person.";
        BreakersTripped => "breakers_tripped", "Policies whose breaker waits to be released.";
        MessagesParked => "messages_parked", "Messages that failed too often and wait for a person.";
        Paused => "backlogs_paused", "Connectors whose backlog is paused.";
    }
}

/// How long a live change took, part by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LagParts {
    /// From the change to the feed's first word of it, by the provider's clock.
    pub provider: Duration,
    /// From the feed's word to the lease.
    pub queue: Duration,
    /// From the lease to the content.
    pub fetch: Duration,
    /// From the content to the stored verdict.
    pub scan: Duration,
}

/// Each reason of coverage; its place here is its place in the table.
#[rustfmt::skip]
const REASONS: [Reason; 32] = [
    Reason::Limit(Limit::Time), Reason::Limit(Limit::BytesRead), Reason::Limit(Limit::BytesInflated),
    Reason::Limit(Limit::Ratio), Reason::Limit(Limit::TextBytes), Reason::Limit(Limit::Members),
    Reason::Limit(Limit::Depth), Reason::Limit(Limit::Nesting), Reason::Limit(Limit::Memory),
    Reason::Member, Reason::CandidateLimit, Reason::ImageOnly, Reason::EncryptedPassword, Reason::EncryptedRights,
    Reason::Corrupt, Reason::Unsupported, Reason::NoText, Reason::NotInspectable, Reason::Crashed, Reason::TimedOut,
    Reason::AccessDenied, Reason::Locked, Reason::OutsideOwner, Reason::TooLarge, Reason::NotNeeded, Reason::NeverRead,
    Reason::Deleted, Reason::ChangedWhileRead, Reason::SpecialFile, Reason::IoError, Reason::Interrupted, Reason::Parked,
];

/// Complete, then partial and skipped by reason.
const COVERAGES: usize = 1 + 2 * REASONS.len();

/// The place of a coverage.
fn slot(coverage: Coverage) -> usize {
    // A reason that is missing from the table counts as the last: `every_reason_has_a_place` finds it.
    let place = |reason: Reason| REASONS.iter().position(|known| *known == reason).unwrap_or(REASONS.len() - 1);
    match coverage {
        Coverage::Complete => 0,
        Coverage::Partial(reason) => 1 + place(reason),
        Coverage::Skipped(reason) => 1 + REASONS.len() + place(reason),
    }
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    array::from_fn(|_| AtomicU64::new(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Stats {
        let name = |text: &str| text.parse().expect("a name");
        Stats::new([(ConnectorNumber(3), name("main")), (ConnectorNumber(7), name("team"))])
    }

    #[test]
    fn each_connector_counts_for_itself_and_strangers_together() {
        let stats = two();
        stats.of(ConnectorNumber(3)).add(Count::Events, 2);
        stats.of(ConnectorNumber(7)).add(Count::Events, 5);
        let names = |stats: &Stats| stats.tallies().map(|tally| tally.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&stats), ["main", "team"]);
        stats.of(ConnectorNumber(99)).add(Count::Events, 1);
        stats.of(ConnectorNumber(98)).add(Count::Events, 1);
        assert_eq!(names(&stats), ["main", "team", "other"]);
        assert_eq!((stats.of(ConnectorNumber(3)).count(Count::Events), stats.sum(Count::Events)), (2, 9));
    }

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        let stats = two();
        let tally = stats.of(ConnectorNumber(3));
        let partial = REASONS.into_iter().map(Coverage::Partial);
        let all: Vec<Coverage> =
            partial.chain(REASONS.into_iter().map(Coverage::Skipped)).chain([Coverage::Complete]).collect();
        all.iter().for_each(|coverage| tally.covered(*coverage));
        let counted: Vec<(Coverage, u64)> = tally.coverages().collect();
        assert_eq!(counted.len(), all.len());
        assert!(counted.iter().all(|(_, count)| *count == 1), "{counted:?}");
        let words: std::collections::BTreeSet<String> =
            counted.iter().map(|(coverage, _)| coverage.to_string()).collect();
        assert_eq!(words.len(), all.len());
    }

    #[test]
    fn the_parts_of_a_lag_add_up() {
        let stats = two();
        let tally = stats.of(ConnectorNumber(7));
        let ms = Duration::from_millis;
        tally.took(&LagParts { provider: ms(1), queue: ms(2), fetch: ms(3), scan: ms(4) });
        let sums: Vec<u128> = Lag::ALL.iter().map(|lag| tally.lag(*lag).spread().sum.as_millis()).collect();
        assert_eq!(sums, [1, 2, 3, 4, 10]);
    }

    #[test]
    fn what_is_set_is_told_and_what_was_never_set_is_not() {
        let stats = two();
        let tally = stats.of(ConnectorNumber(3));
        assert_eq!((tally.calls_left(), tally.last_fed()), (None, None));
        tally.set_calls_left(Some(0));
        tally.fed(Moment::from_millis(9));
        tally.fed(Moment::from_millis(5));
        assert_eq!((tally.calls_left(), tally.last_fed()), (Some(0), Some(Moment::from_millis(9))));
        tally.set_calls_left(None);
        assert_eq!(tally.calls_left(), None);
        tally.set_depth(Lane::Live, Waiting::Parked, 4);
        tally.ended(Lane::Backlog, Ended::Done);
        assert_eq!((tally.depth(Lane::Live, Waiting::Parked), tally.count_ended(Lane::Backlog, Ended::Done)), (4, 1));
        stats.set(Gauge::BytesInFlight, 8);
        assert_eq!((stats.get(Gauge::BytesInFlight), stats.get(Gauge::StoreBytes)), (8, 0));
    }
}
