//! Jobs in hand: from their lease until it is settled, given back or failed.
//!
//! Whatever ends a job without settling it (a wait, a stop, a panic) ends at the drop of its [`Ticket`]: the lease is noted
//! here and goes back to the store with the next round of the one thread that leases.

use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Principal, Reason};
use crate::store::{Failure, GivenBack, Job};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many jobs may be in hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// All.
    pub(crate) max: usize,
    /// Of them only live ones may fill so many.
    pub(crate) live_slots: usize,
    /// Of one principal.
    pub(crate) per_principal: usize,
}

/// The jobs in hand. Threads share it.
#[derive(Debug)]
pub(crate) struct Hand {
    bounds: Bounds,
    inner: Mutex<Inner>,
    ring: Sender<()>,
    bell: Receiver<()>,
}

#[derive(Debug, Default)]
struct Inner {
    held: HashMap<ItemNumber, InHand>,
    back: Vec<GivenBack>,
    failed: Vec<Failure>,
}

#[derive(Debug)]
struct InHand {
    lease: Lease,
    live: bool,
    of: (ConnectorNumber, Principal),
    renewed: Moment,
}

/// Leases that ended without a settlement.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Given back.
    pub(crate) back: Vec<GivenBack>,
    /// Failed attempts.
    pub(crate) failed: Vec<Failure>,
}

/// How many more jobs may be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Free {
    /// In all.
    pub(crate) all: usize,
    /// Of them not live.
    pub(crate) not_live: usize,
}

impl Hand {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let (ring, bell) = bounded(1);
        Self { bounds, inner: Mutex::default(), ring, bell }
    }

    /// Takes a leased job in hand. `None` when an older lease of the same item is still on its way: that one is void, but its
    /// thread does not know it yet.
    pub(crate) fn take(self: &Arc<Self>, job: &Job, now: Moment) -> Option<Ticket> {
        let mut inner = self.lock();
        let of = (job.known.connector, job.known.item.read_as.clone());
        let entry = InHand { lease: job.lease, live: job.lane == Lane::Live, of, renewed: now };
        if inner.held.contains_key(&job.lease.item) {
            inner.back.push(GivenBack { lease: job.lease, not_before: Some(now.plus(Duration::from_secs(1))) });
            return None;
        }
        inner.held.insert(job.lease.item, entry);
        Some(Ticket { hand: Arc::clone(self), lease: job.lease, open: true })
    }

    /// Room for further jobs.
    pub(crate) fn free(&self) -> Free {
        let inner = self.lock();
        let not_live = inner.held.values().filter(|held| !held.live).count();
        let all = self.bounds.max.saturating_sub(inner.held.len());
        let for_not_live = self.bounds.max.saturating_sub(self.bounds.live_slots).saturating_sub(not_live);
        Free { all, not_live: for_not_live.min(all) }
    }

    /// Principals that have enough in hand.
    pub(crate) fn busy(&self) -> Vec<(ConnectorNumber, Principal)> {
        let inner = self.lock();
        let mut counts: HashMap<&(ConnectorNumber, Principal), usize> = HashMap::new();
        inner.held.values().for_each(|held| *counts.entry(&held.of).or_default() += 1);
        counts.into_iter().filter(|(_, count)| *count >= self.bounds.per_principal).map(|(of, _)| of.clone()).collect()
    }

    /// Leases that were last renewed at or before a moment.
    pub(crate) fn renewed_by(&self, by: Moment) -> Vec<Lease> {
        self.lock().held.values().filter(|held| held.renewed <= by).map(|held| held.lease).collect()
    }

    /// Notes a renewal.
    pub(crate) fn renewed(&self, leases: &[Lease], now: Moment) {
        let mut inner = self.lock();
        for lease in leases {
            if let Some(held) = inner.held.get_mut(&lease.item) {
                held.renewed = now;
            }
        }
    }

    /// What ended since this was asked last.
    pub(crate) fn ended(&self) -> Ended {
        let mut inner = self.lock();
        Ended { back: std::mem::take(&mut inner.back), failed: std::mem::take(&mut inner.failed) }
    }

    /// Ends everything that is still on its way, as given back.
    pub(crate) fn clear(&self) -> Ended {
        let mut ended = self.ended();
        let held = std::mem::take(&mut self.lock().held);
        ended.back.extend(held.into_values().map(|held| GivenBack { lease: held.lease, not_before: None }));
        ended
    }

    /// Jobs in hand, and live ones among them.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.held.len(), inner.held.values().filter(|held| held.live).count())
    }

    /// Rung when a job ends.
    pub(crate) fn bell(&self) -> &Receiver<()> {
        &self.bell
    }

    /// Wakes who listens to the bell.
    pub(crate) fn ring(&self) {
        // Rung already is rung enough.
        let _ = self.ring.try_send(());
    }

    fn end(&self, lease: Lease, note: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        if inner.held.get(&lease.item).is_some_and(|held| held.lease == lease) {
            inner.held.remove(&lease.item);
            note(&mut inner);
        }
        drop(inner);
        self.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One job's place in hand. Dropped open, it gives its lease back.
#[derive(Debug)]
pub(crate) struct Ticket {
    hand: Arc<Hand>,
    lease: Lease,
    open: bool,
}

impl Ticket {
    /// The job is settled.
    pub(crate) fn settled(mut self) {
        self.open = false;
        self.hand.end(self.lease, |_| {});
    }

    /// The job waits again, attempts unchanged, not before a moment.
    pub(crate) fn give_back(mut self, not_before: Option<Moment>) {
        self.open = false;
        let back = GivenBack { lease: self.lease, not_before };
        self.hand.end(self.lease, |inner| inner.back.push(back));
    }

    /// The attempt failed.
    pub(crate) fn failed(mut self, reason: Reason, said: String, not_before: Moment, attempts_max: u32) {
        self.open = false;
        let failure = Failure { lease: self.lease, reason, said, not_before, attempts_max };
        self.hand.end(self.lease, |inner| inner.failed.push(failure));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if std::mem::take(&mut self.open) {
            let back = GivenBack { lease: self.lease, not_before: None };
            self.hand.end(self.lease, |inner| inner.back.push(back));
        }
    }
}
