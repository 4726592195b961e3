//! Every request that came in, for assertions and for the summary at the end.
//!
//! A campaign makes millions of requests, so only the latest are kept whole; what tests assert over a whole run (how many
//! of each kind, which were refused, which came too early) is counted or kept apart as it happens.

use super::wire::{Content, Door};
use crate::clock::Moment;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests kept whole; the earliest leave first.
const KEPT_MAX: usize = 50_000;
/// Requests kept apart for each reason (refused, early, over pace); further ones are only counted.
const APART_MAX: usize = 1_000;
/// Kinds of route counted; further ones are counted as [`OTHER`].
const KINDS_MAX: usize = 2_000;
/// The kind of what is one too many.
const OTHER: &str = "(other)";
/// Versions whose downloads are counted apart; further ones are counted as [`OTHER`].
const VERSIONS_MAX: usize = 1 << 20;

/// One request and what became of it. Bodies and tokens are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Moment,
    /// Where it came in.
    pub door: Door,
    /// Whose pace it used.
    pub principal: String,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query.
    pub query: String,
    /// Status of the answer.
    pub status: u16,
    /// The `Retry-After` it was answered with, in seconds.
    pub retry_after_secs: Option<u64>,
    /// Why the tenant refused it as the caller's fault.
    pub refused: Option<String>,
    /// True when a fault was put in.
    pub faulted: bool,
    /// Which, by the name of its share in [`Faults`](super::Faults): `lost` was done and not answered, `delayed` (status 0)
    /// was not answered and is done later, `stale` was answered as before the last write.
    pub fault: Option<&'static str>,
    /// True when it carried an `Authorization` header.
    pub authorized: bool,
    /// True when it came before the time an earlier answer had named (`Retry-After`).
    pub early: bool,
    /// True when its principal had no call left: its answer is 429, and no injected one.
    pub over_pace: bool,
}

impl Recorded {
    /// What kind of request this is: method and path, where `*` stands for what names one thing (`GET /2.0/folders/*/items`).
    #[must_use]
    pub fn kind(&self) -> String {
        // The first step is the version of the interface.
        let shown = |(place, step)| if place > 1 && names_one_thing(step) { "*" } else { step };
        let steps: Vec<&str> = self.path.split('/').enumerate().map(shown).collect();
        format!("{} {}", self.method, steps.join("/"))
    }
}

/// An id or a token: digits alone, or long and with a digit in it.
fn names_one_thing(step: &str) -> bool {
    let digits = step.bytes().filter(u8::is_ascii_digit).count();
    digits > 0 && (digits == step.len() || step.len() > 20)
}

/// How often the content of one version was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Downloads {
    /// How often its first byte went out (of an empty content: its answer). Going on after a cut is no new beginning.
    pub started: u64,
    /// How often its last byte did.
    pub completed: u64,
}

/// All requests, in the order they were answered.
#[derive(Debug, Default)]
pub struct Record {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    latest: VecDeque<Recorded>,
    count: u64,
    faulted: u64,
    faults: BTreeMap<&'static str, u64>,
    carried_out: u64,
    kinds: BTreeMap<String, u64>,
    statuses: BTreeMap<u16, u64>,
    downloads: BTreeMap<String, Downloads>,
    refused: Apart,
    early: Apart,
    over_pace: Apart,
}

/// Requests of one reason: the first of them, and how many.
#[derive(Debug, Default)]
struct Apart {
    first: Vec<Recorded>,
    count: u64,
}

impl Apart {
    fn add(&mut self, request: &Recorded) {
        self.count += 1;
        if self.first.len() < APART_MAX {
            self.first.push(request.clone());
        }
    }
}

impl Record {
    /// Adds a request that was answered.
    pub(super) fn add(&self, request: Recorded) {
        let kept = &mut *self.lock();
        kept.count += 1;
        kept.faulted += u64::from(request.faulted);
        if let Some(fault) = request.fault {
            *kept.faults.entry(fault).or_default() += 1;
        }
        *kept.statuses.entry(request.status).or_default() += 1;
        let kind = request.kind();
        let full = kept.kinds.len() >= KINDS_MAX && !kept.kinds.contains_key(&kind);
        *kept.kinds.entry(if full { OTHER.to_owned() } else { kind }).or_default() += 1;
        for (applies, apart) in [
            (request.refused.is_some(), &mut kept.refused),
            (request.early, &mut kept.early),
            (request.over_pace, &mut kept.over_pace),
        ] {
            if applies {
                apart.add(&request);
            }
        }
        if kept.latest.len() >= KEPT_MAX {
            kept.latest.pop_front();
        }
        kept.latest.push_back(request);
    }

    /// Counts a delayed write that was carried out; it was added as a request when it came.
    pub(super) fn add_carried_out(&self, request: &Recorded) {
        let kept = &mut *self.lock();
        kept.carried_out += 1;
        if request.refused.is_some() {
            kept.refused.add(request);
        }
    }

    /// Counts a body that went out, up to where it was cut.
    pub(super) fn add_download(&self, content: &Content, sent: usize, cut: bool) {
        let kept = &mut *self.lock();
        let full = kept.downloads.len() >= VERSIONS_MAX && !kept.downloads.contains_key(&content.version);
        let version = if full { OTHER } else { &content.version };
        let counted = kept.downloads.entry(version.to_owned()).or_default();
        counted.started += u64::from(content.from == 0 && (sent > 0 || content.whole == 0));
        counted.completed += u64::from(!cut && content.from + sent >= content.whole);
    }

    /// How often the content of each version was read: Box `file_version.id`, Dropbox `rev`.
    #[must_use]
    pub fn downloads(&self) -> BTreeMap<String, Downloads> {
        self.lock().downloads.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked while holding it left at worst one request uncounted.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The latest requests, 50,000 at most, in the order they were answered.
    #[must_use]
    pub fn latest(&self) -> Vec<Recorded> {
        self.lock().latest.iter().cloned().collect()
    }

    /// How many requests there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lock().count
    }

    /// How many of them met an injected fault.
    #[must_use]
    pub fn faulted(&self) -> u64 {
        self.lock().faulted
    }

    /// How many met each fault, by the name of its share in [`Faults`](super::Faults).
    #[must_use]
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.lock().faults.clone()
    }

    /// How many of the delayed writes were carried out so far.
    #[must_use]
    pub fn carried_out(&self) -> u64 {
        self.lock().carried_out
    }

    /// How many requests of each [kind](Recorded::kind) there were, faulted ones among them.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.lock().kinds.clone()
    }

    /// How many answers had each status.
    #[must_use]
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        self.lock().statuses.clone()
    }

    /// Requests refused as the caller's fault, the first 1,000.
    #[must_use]
    pub fn refused(&self) -> Vec<Recorded> {
        self.lock().refused.first.clone()
    }

    /// Requests made before the time an answer had named, the first 1,000.
    #[must_use]
    pub fn early(&self) -> Vec<Recorded> {
        self.lock().early.first.clone()
    }

    /// Requests of principals that had no call left, the first 1,000.
    #[must_use]
    pub fn over_pace(&self) -> Vec<Recorded> {
        self.lock().over_pace.first.clone()
    }

    /// How many were refused, came early, and were over pace.
    #[must_use]
    pub fn wrongs(&self) -> [u64; 3] {
        let kept = self.lock();
        [kept.refused.count, kept.early.count, kept.over_pace.count]
    }

    /// Forgets all.
    pub fn clear(&self) {
        *self.lock() = Kept::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Recorded {
        Recorded {
            at: Moment::default(),
            door: Door::BoxApi,
            principal: "p".into(),
            method: "GET".into(),
            path: path.into(),
            query: String::new(),
            status: 200,
            retry_after_secs: None,
            refused: None,
            faulted: false,
            fault: None,
            authorized: true,
            early: false,
            over_pace: false,
        }
    }

    #[test]
    fn ids_are_taken_out_of_kinds() {
        for (path, kind) in [
            ("/2.0/folders/0/items", "GET /2.0/folders/*/items"),
            ("/2.0/folders/trash/items", "GET /2.0/folders/trash/items"),
            ("/2/files/list_folder/continue", "GET /2/files/list_folder/continue"),
            ("/2/team/members/get_info_v2", "GET /2/team/members/get_info_v2"),
            ("/dl/a5f09e7d3c1b2a4f5e6d7c8b9a/x", "GET /dl/*/x"),
            ("/", "GET /"),
        ] {
            assert_eq!(request(path).kind(), kind);
        }
    }

    #[test]
    fn downloads_are_counted_by_their_first_and_last_byte() {
        let record = Record::default();
        for (version, from, whole, sent, cut) in [
            ("whole", 0, 10, 10, false),
            ("cut", 0, 10, 4, true),
            ("cut", 4, 10, 6, false),
            ("twice", 0, 10, 10, false),
            ("twice", 0, 10, 10, false),
            ("never begun", 0, 1, 0, true),
            ("empty", 0, 0, 0, false),
        ] {
            record.add_download(&Content { version: version.into(), from, whole }, sent, cut);
        }
        let count = |started, completed| Downloads { started, completed };
        let rows = [
            ("cut", count(1, 1)),
            ("empty", count(1, 1)),
            ("never begun", count(0, 0)),
            ("twice", count(2, 2)),
            ("whole", count(1, 1)),
        ];
        assert_eq!(record.downloads(), rows.map(|(version, count)| (version.to_owned(), count)).into());
    }

    #[test]
    fn the_record_is_bounded_and_its_counts_are_not() {
        let record = Record::default();
        let times = u64::try_from(KEPT_MAX).expect("small") + 10;
        for number in 0..times {
            let refused = (number % 2 == 0).then(|| "unknown field".to_owned());
            record.add(Recorded { refused, faulted: number < 3, ..request(&format!("/k{number}")) });
        }
        assert_eq!((record.count(), record.latest().len()), (times, KEPT_MAX));
        assert_eq!((record.refused().len(), record.wrongs()), (APART_MAX, [times / 2, 0, 0]));
        assert_eq!(record.calls().len(), KINDS_MAX + 1);
        assert_eq!((record.calls().values().sum::<u64>(), record.faulted()), (times, 3));
        assert_eq!(record.statuses(), BTreeMap::from([(200, times)]));
        record.clear();
        assert_eq!(record.count(), 0);
    }
}
