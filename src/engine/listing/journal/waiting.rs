//! Walks that wait for their next page: the journal's own queue.
//!
//! Depth first within a principal, so that few folders wait at a time; between principals whoever has the fewest calls
//! under way comes next, since limits are theirs.

use crate::model::Principal;
use crate::provider::Walk;
use std::collections::HashMap;
use std::sync::Arc;

/// The queue. A walk is in it from its finding to its end, also while its page is fetched.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    walks: HashMap<u32, Waiter>,
    lanes: Vec<Lane>,
    lane_of: HashMap<Principal, usize>,
    next: usize,
}

#[derive(Debug)]
struct Waiter {
    walk: Walk,
    /// True while it stands in its lane's stack; what stands there without it is left over and passed by.
    queued: bool,
}

#[derive(Debug)]
struct Lane {
    stack: Vec<u32>,
    under_way: usize,
}

impl Waiting {
    /// How many walks are not at their end.
    pub(super) fn len(&self) -> usize {
        self.walks.len()
    }

    pub(super) fn push(&mut self, at: u32, walk: Walk) {
        self.lane(&walk.read_as).stack.push(at);
        self.walks.insert(at, Waiter { walk, queued: true });
    }

    /// The next walk to ask a page of; it counts as under way until [`Waiting::rest`] or [`Waiting::end`].
    pub(super) fn take(&mut self) -> Option<(u32, Walk)> {
        let at = self.quietest()?;
        self.next = at + 1;
        let lane = &mut self.lanes[at];
        let walk = lane.stack.pop()?;
        lane.under_way += 1;
        let waiter = self.walks.get_mut(&walk)?;
        waiter.queued = false;
        Some((walk, waiter.walk.clone()))
    }

    /// The lane with somebody waiting and the fewest under way; those after the last one taken come first.
    fn quietest(&mut self) -> Option<usize> {
        let lanes = self.lanes.len();
        let mut best: Option<(usize, usize)> = None;
        for at in (0..lanes).map(|step| (self.next + step) % lanes) {
            let lane = &mut self.lanes[at];
            while lane.stack.last().is_some_and(|walk| !self.walks.get(walk).is_some_and(|waiter| waiter.queued)) {
                lane.stack.pop();
            }
            if !lane.stack.is_empty() && best.is_none_or(|(_, busy)| lane.under_way < busy) {
                best = Some((at, lane.under_way));
            }
            if best.is_some_and(|(_, busy)| busy == 0) {
                break;
            }
        }
        best.map(|(at, _)| at)
    }

    /// A walk waits (again), from this cursor on.
    pub(super) fn rest(&mut self, at: u32, cursor: Option<Arc<str>>) {
        let Some(waiter) = self.walks.get_mut(&at) else { return };
        waiter.walk.cursor = cursor;
        let taken = !std::mem::replace(&mut waiter.queued, true);
        let principal = waiter.walk.read_as.clone();
        if taken {
            let lane = self.lane(&principal);
            lane.under_way = lane.under_way.saturating_sub(1);
            lane.stack.push(at);
        }
    }

    /// A walk is at its end.
    pub(super) fn end(&mut self, at: u32) -> Option<Walk> {
        let waiter = self.walks.remove(&at)?;
        if !waiter.queued {
            let lane = self.lane(&waiter.walk.read_as);
            lane.under_way = lane.under_way.saturating_sub(1);
        }
        Some(waiter.walk)
    }

    fn lane(&mut self, of: &Principal) -> &mut Lane {
        let at = *self.lane_of.entry(of.clone()).or_insert_with(|| {
            self.lanes.push(Lane { stack: Vec::new(), under_way: 0 });
            self.lanes.len() - 1
        });
        &mut self.lanes[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(id: &str, person: &str) -> Walk {
        Walk {
            id: id.into(),
            place: id.into(),
            kind: "folder".into(),
            read_as: Principal::Person(person.into()),
            path: "".into(),
            cursor: None,
        }
    }

    #[test]
    fn principals_take_turns_and_folders_go_deep_first() {
        let mut waiting = Waiting::default();
        for (at, id, person) in [(0, "a1", "ann"), (1, "a2", "ann"), (2, "b1", "bob"), (3, "a3", "ann")] {
            waiting.push(at, walk(id, person));
        }
        let order: Vec<Arc<str>> = std::iter::from_fn(|| waiting.take().map(|(_, walk)| walk.id)).collect();
        assert_eq!(order.iter().map(|id| &**id).collect::<Vec<_>>(), ["a3", "b1", "a2", "a1"]);
        assert_eq!(waiting.len(), 4);
        waiting.rest(2, Some("later".into()));
        assert_eq!(waiting.take().and_then(|(_, walk)| walk.cursor).as_deref(), Some("later"));
        for at in 0..4 {
            assert!(waiting.end(at).is_some());
        }
        assert_eq!((waiting.len(), waiting.take().is_none()), (0, true));
    }
}
