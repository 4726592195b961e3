//! What the service has done since it started.

use crate::clock::Moment;
use crate::engine::pool::Work;
use crate::model::Lane;
use crate::store::{Outcome, Settled};
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start, and what is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Jobs in hand.
    pub in_hand: usize,
    /// Of them live ones.
    pub in_hand_live: usize,
    /// Of them waiting for a fetch thread.
    pub waiting_to_fetch: usize,
    /// Of them on fetch threads.
    pub fetching: usize,
    /// Of them waiting for the verdict of an identical content under way.
    pub waiting_for_twin: usize,
    /// Bytes of contents between fetch and settle, in memory.
    pub bytes_in_flight: u64,
    /// Jobs leased.
    pub claimed: u64,
    /// Jobs settled.
    pub settled: u64,
    /// Of them by lane, in the order of [`Lane::ALL`].
    pub settled_by_lane: [u64; 4],
    /// Jobs that wait again after being settled: more was asked for meanwhile, or something is left.
    pub again: u64,
    /// Settlements that came too late: the lease was over.
    pub lost: u64,
    /// Jobs given back to wait.
    pub given_back: u64,
    /// Failed attempts.
    pub failed: u64,
    /// Jobs parked.
    pub parked: u64,
    /// Contents begun to download.
    pub downloads: u64,
    /// Bytes downloaded.
    pub download_bytes: u64,
    /// Contents scanned.
    pub scanned: u64,
    /// Verdicts of an identical content that served.
    pub reused: u64,
    /// Items below a shared or moved folder whose exposure was told again.
    pub rejudged: u64,
    /// Contents read and settled.
    pub read: u64,
    /// Their bytes.
    pub read_bytes: u64,
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) claimed: AtomicU64,
    pub(crate) settled: AtomicU64,
    pub(crate) by_lane: [AtomicU64; 4],
    pub(crate) again: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) given_back: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) parked: AtomicU64,
    pub(crate) downloads: AtomicU64,
    pub(crate) download_bytes: AtomicU64,
    pub(crate) scanned: AtomicU64,
    pub(crate) reused: AtomicU64,
    pub(crate) rejudged: AtomicU64,
    pub(crate) read: AtomicU64,
    pub(crate) read_bytes: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    /// Counts a settlement.
    pub(crate) fn settled(&self, settled: Settled, work: &Work, _now: Moment) {
        match settled {
            Settled::Lost => return Self::add(&self.lost, 1),
            Settled::Again => Self::add(&self.again, 1),
            Settled::Done => {}
        }
        Self::add(&self.settled, 1);
        Self::add(&self.by_lane[work.job.lane.index()], 1);
        if let Some(Outcome::Read { verdict, .. }) = &work.settlement.outcome {
            Self::add(&self.read, 1);
            Self::add(&self.read_bytes, verdict.bytes);
        }
    }

    pub(crate) fn status(&self) -> Status {
        let told = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut settled_by_lane = [0; 4];
        for lane in Lane::ALL {
            settled_by_lane[lane.index()] = told(&self.by_lane[lane.index()]);
        }
        Status {
            claimed: told(&self.claimed),
            settled: told(&self.settled),
            settled_by_lane,
            again: told(&self.again),
            lost: told(&self.lost),
            given_back: told(&self.given_back),
            failed: told(&self.failed),
            parked: told(&self.parked),
            downloads: told(&self.downloads),
            download_bytes: told(&self.download_bytes),
            scanned: told(&self.scanned),
            reused: told(&self.reused),
            rejudged: told(&self.rejudged),
            read: told(&self.read),
            read_bytes: told(&self.read_bytes),
            ..Status::default()
        }
    }
}
