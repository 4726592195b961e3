//! Who goes next: the state behind the lock, and pure answers about it.

use super::budget::{Budget, Used};
use super::kept::{KEPT_MAX, KeptPause, LONG};
use super::pace::{Key, Pace};
use super::{Asking, Traffic};
use crate::clock::Moment;
use crate::provider::http::Urgency;
use crate::provider::settings::Limits;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Paces kept at once; beyond, those of rested principals are forgotten, which changes nothing for them.
const PACES_MAX: usize = 10_000;

/// Everything that decides.
#[derive(Debug)]
pub(super) struct Gate {
    rate: f64,
    concurrency: usize,
    paces: HashMap<Key, Pace>,
    waiters: Vec<Waiter>,
    writers: HashSet<Arc<str>>,
    running: usize,
    awaited: usize,
    next_ticket: u64,
    budget: Budget,
    calls: u64,
    downloads: u64,
    throttled: Throttled,
}

/// How long calls have waited because the provider said so: the time in which at least one did.
#[derive(Debug, Default)]
struct Throttled {
    so_far: Duration,
    /// Tickets of those who wait so, and since when anybody has.
    waiting: HashSet<u64>,
    since: Duration,
}

impl Throttled {
    fn note(&mut self, ticket: u64, waits: bool, now: Duration) {
        if waits && self.waiting.is_empty() {
            self.since = now;
        }
        let changed = if waits { self.waiting.insert(ticket) } else { self.waiting.remove(&ticket) };
        if changed && self.waiting.is_empty() {
            self.so_far += now.saturating_sub(self.since);
        }
    }

    fn total(&self, now: Duration) -> Duration {
        if self.waiting.is_empty() { self.so_far } else { self.so_far + now.saturating_sub(self.since) }
    }
}

/// A thread that waits.
#[derive(Debug)]
pub(super) struct Waiter {
    ticket: u64,
    /// `None` waits for time alone.
    wants: Option<Wants>,
    wake: Option<Duration>,
}

#[derive(Debug)]
struct Wants {
    key: Key,
    urgency: Urgency,
    writes_in: Option<Arc<str>>,
    lingers: bool,
}

/// Whether a waiter may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// When that time has come.
    At(Duration),
    /// When somebody else went or came back.
    AfterOthers,
}

impl Gate {
    pub(super) fn new(limits: Limits, budget: Budget) -> Self {
        Self {
            rate: limits.rate_per_principal,
            concurrency: limits.concurrency.max(1),
            paces: HashMap::new(),
            waiters: Vec::new(),
            writers: HashSet::new(),
            running: 0,
            awaited: 0,
            next_ticket: 0,
            budget,
            calls: 0,
            downloads: 0,
            throttled: Throttled::default(),
        }
    }

    pub(super) fn queue(&mut self, key: &Key, asking: Asking<'_>) -> u64 {
        let Asking { urgency, writes_in, lingers, .. } = asking;
        self.enter(Some(Wants { key: key.clone(), urgency, writes_in: writes_in.map(Arc::from), lingers }))
    }

    pub(super) fn queue_sleeper(&mut self) -> u64 {
        self.enter(None)
    }

    fn enter(&mut self, wants: Option<Wants>) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiters.push(Waiter { ticket, wants, wake: None });
        ticket
    }

    pub(super) fn leave(&mut self, ticket: u64) {
        self.waiters.retain(|waiter| waiter.ticket != ticket);
    }

    pub(super) fn set_wake(&mut self, ticket: u64, at: Option<Duration>) {
        if let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.ticket == ticket) {
            waiter.wake = at;
        }
    }

    /// True when no call waits for its answer and nobody waits for an earlier time.
    pub(super) fn may_move_clock(&self, ticket: u64) -> bool {
        let mine = self.waiters.iter().find(|waiter| waiter.ticket == ticket).and_then(|waiter| waiter.wake);
        self.awaited == 0 && self.waiters.iter().filter_map(|waiter| waiter.wake).min() == mine
    }

    /// When the budget allows this urgency again; `None` when it does now.
    pub(super) fn spent_until(&self, urgency: Urgency, now: Moment) -> Option<Moment> {
        self.budget.spent_until(urgency, now)
    }

    /// Notes whether a waiter waits because its principal is paused.
    pub(super) fn note_wait(&mut self, ticket: u64, key: &Key, now: Duration) {
        let waits = self.paces.get(key).is_some_and(|pace| !pace.pause_left(now).is_zero());
        self.throttled.note(ticket, waits, now);
    }

    /// A waiter waits no more.
    pub(super) fn end_wait(&mut self, ticket: u64, now: Duration) {
        self.throttled.note(ticket, false, now);
    }

    /// What went through so far, and what is left.
    pub(super) fn traffic(&self, elapsed: Duration, now: Moment) -> Traffic {
        let (left_in_day, left_in_month) = self.budget.left(now);
        let longest = self.paces.values().map(|pace| pace.pause_left(elapsed)).max().filter(|left| !left.is_zero());
        Traffic {
            calls: self.calls,
            downloads: self.downloads,
            used: self.used(now),
            left_in_day,
            left_in_month,
            throttled: self.throttled.total(elapsed),
            paused_until: longest.map(|left| now.plus(left)),
        }
    }

    /// Pauses that are long enough to be kept, the longest first.
    pub(super) fn long_pauses(&self, elapsed: Duration, now: Moment) -> Vec<KeptPause> {
        let long = self.paces.iter().map(|(key, pace)| (key, pace.pause_left(elapsed)));
        let mut kept: Vec<_> =
            long.filter(|(_, left)| *left > LONG).map(|(key, left)| KeptPause::of(key, now, left)).collect();
        kept.sort_by_key(|pause| std::cmp::Reverse(pause.until_ms));
        kept.truncate(KEPT_MAX);
        kept
    }

    pub(super) fn used(&self, now: Moment) -> Used {
        self.budget.used(now)
    }

    /// Whether the waiter of that ticket may go.
    pub(super) fn turn(&self, ticket: u64, now: Duration) -> Turn {
        let Some((ticket, wants)) = self.waiting().find(|(other, _)| *other == ticket) else {
            return Turn::AfterOthers;
        };
        if self.is_held_up(wants) {
            return Turn::AfterOthers;
        }
        let ahead = || self.waiting().filter(|other| goes_before(*other, (ticket, wants)) && !self.is_held_up(other.1));
        if ahead().any(|(_, other)| other.key == wants.key || same_namespace(other, wants)) {
            return Turn::AfterOthers;
        }
        let ready_at = self.ready_at(&wants.key);
        if ready_at > now {
            return Turn::At(ready_at);
        }
        if wants.lingers {
            return Turn::Now;
        }
        let takes_place = |other: &Wants| !other.lingers && self.ready_at(&other.key) <= now;
        let ready_ahead = ahead().filter(|(_, other)| takes_place(other)).count();
        if self.running + ready_ahead >= self.concurrency { Turn::AfterOthers } else { Turn::Now }
    }

    /// Lets the waiter go.
    pub(super) fn go(&mut self, ticket: u64, asking: Asking<'_>, now: Duration, day: Moment) -> io::Result<Duration> {
        let wants = self.waiters.iter_mut().find(|waiter| waiter.ticket == ticket).and_then(|w| w.wants.take());
        self.leave(ticket);
        if asking.counted {
            self.budget.count(day)?;
            self.calls += 1;
        } else {
            self.downloads += 1;
        }
        if let Some(wants) = wants {
            self.forget_rested(now);
            self.pace(&wants.key).go(now);
            self.writers.extend(wants.writes_in);
        }
        self.running += usize::from(!asking.lingers);
        self.awaited += usize::from(!asking.lingers);
        Ok(now)
    }

    /// A call's answer is understood.
    pub(super) fn land(&mut self) {
        self.awaited = self.awaited.saturating_sub(1);
    }

    /// A call is over.
    pub(super) fn end(&mut self, writes_in: Option<&str>, lingers: bool) {
        self.running = self.running.saturating_sub(usize::from(!lingers));
        if let Some(namespace) = writes_in {
            self.writers.remove(namespace);
        }
    }

    pub(super) fn pace(&mut self, key: &Key) -> &mut Pace {
        self.paces.entry(key.clone()).or_insert_with(|| Pace::new(self.rate))
    }

    #[cfg(test)]
    pub(super) fn paces_len(&self) -> usize {
        self.paces.len()
    }

    fn forget_rested(&mut self, now: Duration) {
        if self.paces.len() >= PACES_MAX {
            self.paces.retain(|_, pace| !pace.is_rested(now));
        }
    }

    fn waiting(&self) -> impl Iterator<Item = (u64, &Wants)> {
        self.waiters.iter().filter_map(|waiter| Some((waiter.ticket, waiter.wants.as_ref()?)))
    }

    fn ready_at(&self, key: &Key) -> Duration {
        self.paces.get(key).map_or(Duration::ZERO, Pace::ready_at)
    }

    fn is_held_up(&self, wants: &Wants) -> bool {
        wants.writes_in.as_ref().is_some_and(|namespace| self.writers.contains(namespace))
    }
}

fn same_namespace(one: &Wants, other: &Wants) -> bool {
    one.writes_in.is_some() && one.writes_in == other.writes_in
}

/// More urgent first, then who came first.
fn goes_before(one: (u64, &Wants), other: (u64, &Wants)) -> bool {
    one.1.urgency > other.1.urgency || (one.1.urgency == other.1.urgency && one.0 < other.0)
}
