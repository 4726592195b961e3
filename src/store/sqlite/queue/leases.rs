//! When leases end: in memory, by the steady clock. The rows say who holds a job; this says for how long.

use crate::clock::Moment;
use crate::model::{ItemNumber, Lease};
use std::collections::{BTreeMap, HashMap};

/// All leases of this run that nobody ended yet.
#[derive(Debug, Default)]
pub(super) struct Leases {
    by_item: HashMap<ItemNumber, (Lease, Moment)>,
    by_end: BTreeMap<(Moment, ItemNumber), Lease>,
}

impl Leases {
    /// A lease begins; an earlier one of the same job is over.
    pub(super) fn begin(&mut self, lease: Lease, ends: Moment) {
        if let Some((_, at)) = self.by_item.insert(lease.item, (lease, ends)) {
            self.by_end.remove(&(at, lease.item));
        }
        self.by_end.insert((ends, lease.item), lease);
    }

    /// A lease ended; nothing happens when the job has a newer one.
    pub(super) fn end(&mut self, lease: &Lease) {
        if self.by_item.get(&lease.item).is_some_and(|(known, _)| known.epoch == lease.epoch)
            && let Some((_, at)) = self.by_item.remove(&lease.item)
        {
            self.by_end.remove(&(at, lease.item));
        }
    }

    /// A lease ends later; false when it is not known.
    pub(super) fn renew(&mut self, lease: &Lease, ends: Moment) -> bool {
        let Some((known, _)) = self.by_item.get(&lease.item).copied().filter(|(known, _)| known.epoch == lease.epoch)
        else {
            return false;
        };
        self.begin(known, ends);
        true
    }

    /// Leases that are over by now.
    pub(super) fn over(&self, now: Moment) -> Vec<Lease> {
        self.by_end.iter().take_while(|((end, _), _)| *end <= now).map(|(_, lease)| *lease).collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Lease> {
        self.by_end.values().copied().collect()
    }
}
