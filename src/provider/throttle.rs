//! The pace of calls: a token bucket with AIMD for each principal, call budgets, one writer for each namespace.
//!
//! Every call takes a [`Permit`] first, and nobody else decides when. The decision worth knowing: the bucket holds **one**
//! call. Two calls of a principal begin at least `1 / rate` apart, so that no window of time, wherever it is laid, holds
//! more than the provider allows a principal that rested not at all. A 429 halves the rate and pauses the whole principal;
//! each good answer gives a hundredth of the full rate back.
//!
//! On a movable clock time goes on only while no call waits for its answer, and to the nearest of all waits. So a test
//! with many threads sees each call at the very moment it was let go.

mod budget;
mod gate;
mod kept;
mod pace;

#[cfg(test)]
mod tests;

pub use budget::{BudgetFile, BudgetStore, Used};
pub use kept::KeptPause;

use super::http::Urgency;
use super::settings::{LimitOf, Limits};
use crate::clock::{Clock, Moment};
use crate::model::Principal;
use budget::Budget;
use gate::{Gate, Turn};
use pace::Key;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who asks to call, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Whose pace it uses.
    pub principal: &'a Principal,
    /// Whether it may go ahead.
    pub urgency: Urgency,
    /// The namespace it writes in.
    pub writes_in: Option<&'a str>,
    /// True when the provider counts it as a call of its API; false for signed download addresses, which keep a pace of
    /// their own and use no budget.
    pub counted: bool,
    /// True when it waits for its answer on purpose (a long poll): it takes none of the calls at the same time, and a
    /// movable clock goes on meanwhile.
    pub lingers: bool,
}

/// Why a call may not go.
#[derive(Debug)]
pub enum Refusal {
    /// The program ends.
    Stopped,
    /// The principal is paused for longer than a thread should sit out.
    Paused(Moment),
    /// The budget of the day or month is used up.
    Spent(Moment),
    /// The counts could not be kept.
    Store(io::Error),
}

/// What went through a gate since it was made, and what may still go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Calls of the provider's API, each try counted.
    pub calls: u64,
    /// Reads of signed download addresses.
    pub downloads: u64,
    /// Calls in the present day and month, also those of earlier runs.
    pub used: Used,
    /// Calls left in the day; `None` without a limit. Backlog and live work may use shares of it only.
    pub left_in_day: Option<u64>,
    /// Calls left in the month; `None` without a limit.
    pub left_in_month: Option<u64>,
    /// The time in which at least one call waited because the provider had asked for a pause; it only grows.
    pub throttled: Duration,
    /// Until when the provider asked to leave some principal alone; `None` when none is paused.
    pub paused_until: Option<Moment>,
}

/// The gate all calls of one connector pass. Threads share it.
#[derive(Debug)]
pub struct Throttle {
    clock: Clock,
    stop: Arc<AtomicBool>,
    limit_of: LimitOf,
    pause_max: Duration,
    gate: Mutex<Gate>,
    changed: Condvar,
    /// Where long pauses are kept; whoever writes holds it.
    keeper: Mutex<Option<Arc<dyn BudgetStore>>>,
}

/// How soon a thread that waits for others looks whether the program ends.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Throttle {
    /// A gate with these limits. A pause longer than `pause_max` is told to the caller instead of being sat out.
    ///
    /// # Errors
    /// When the counts in `store` cannot be read.
    pub fn new(
        limits: Limits,
        clock: Clock,
        stop: Arc<AtomicBool>,
        pause_max: Duration,
        store: Option<Arc<dyn BudgetStore>>,
    ) -> io::Result<Self> {
        let budget = Budget::open(limits, store.clone(), clock.now())?;
        let mut gate = Gate::new(limits, budget);
        for pause in store.as_ref().map_or_else(|| Ok(Vec::new()), |store| store.load_pauses())? {
            if let Some(left) = pause.left(clock.now()) {
                gate.pace(&pause.key()).pause_until(clock.elapsed().saturating_add(left));
            }
        }
        Ok(Self {
            clock,
            stop,
            limit_of: limits.limit_of,
            pause_max,
            gate: Mutex::new(gate),
            changed: Condvar::new(),
            keeper: Mutex::new(store),
        })
    }

    /// Waits until this call may begin.
    ///
    /// # Errors
    /// A [`Refusal`], without any use of pace or budget.
    pub fn admit(self: &Arc<Self>, asking: Asking<'_>) -> Result<Permit, Refusal> {
        let key = self.key(asking);
        let mut gate = self.lock();
        let ticket = gate.queue(&key, asking);
        loop {
            let at = match self.turn(&gate, ticket, asking) {
                Err(refusal) => {
                    gate.end_wait(ticket, self.clock.elapsed());
                    gate.leave(ticket);
                    self.changed.notify_all();
                    return Err(refusal);
                }
                Ok(Turn::Now) => break,
                Ok(Turn::At(at)) => Some(at),
                Ok(Turn::AfterOthers) => None,
            };
            gate.note_wait(ticket, &key, self.clock.elapsed());
            gate = self.rest(gate, ticket, at);
        }
        gate.end_wait(ticket, self.clock.elapsed());
        let begun = gate.go(ticket, asking, self.clock.elapsed(), self.clock.now()).map_err(Refusal::Store);
        // Who waited behind this call now waits for a time, or for another.
        self.changed.notify_all();
        let begun = begun?;
        Ok(Permit {
            throttle: Arc::clone(self),
            key,
            writes_in: asking.writes_in.map(Arc::from),
            begun,
            lingers: asking.lingers,
            awaited: !asking.lingers,
        })
    }

    /// Waits so long on this call's own account. False when the program ends.
    #[must_use]
    pub fn pause_self(&self, span: Duration) -> bool {
        let end = self.clock.elapsed().saturating_add(span);
        let mut gate = self.lock();
        let ticket = gate.queue_sleeper();
        while self.clock.elapsed() < end && !self.stop.load(Ordering::Relaxed) {
            gate = self.rest(gate, ticket, Some(end));
        }
        gate.leave(ticket);
        self.changed.notify_all();
        !self.stop.load(Ordering::Relaxed)
    }

    /// Calls counted in the present day and month.
    #[must_use]
    pub fn used(&self) -> Used {
        self.lock().used(self.clock.now())
    }

    /// What went through so far, and what may still go.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.lock().traffic(self.clock.elapsed(), self.clock.now())
    }

    /// Keeps the long pauses. That they cannot be kept is no reason to fail a call: they hold for this run all the same.
    fn keep_pauses(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(store) = &*keeper else { return };
        let pauses = self.lock().long_pauses(self.clock.elapsed(), self.clock.now());
        if let Err(error) = store.save_pauses(&pauses) {
            tracing::warn!(reason = %error.kind(), "a long pause of the provider's could not be kept for the next start");
        }
    }

    fn key(&self, asking: Asking<'_>) -> Key {
        Key::of(asking.principal, asking.counted, self.limit_of)
    }

    fn turn(&self, gate: &Gate, ticket: u64, asking: Asking<'_>) -> Result<Turn, Refusal> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Refusal::Stopped);
        }
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        if asking.counted
            && let Some(until) = gate.spent_until(asking.urgency, now)
        {
            return Err(Refusal::Spent(until));
        }
        let turn = gate.turn(ticket, elapsed);
        match turn {
            Turn::At(at) if at.saturating_sub(elapsed) > self.pause_max => {
                Err(Refusal::Paused(now.plus(at.saturating_sub(elapsed))))
            }
            turn => Ok(turn),
        }
    }

    /// Rests until `at`, or until something changed, whichever comes first; at most a little while.
    fn rest<'g>(&self, mut gate: MutexGuard<'g, Gate>, ticket: u64, at: Option<Duration>) -> MutexGuard<'g, Gate>
    where
        Self: 'g,
    {
        gate.set_wake(ticket, at);
        let left = at.map(|at| whole_millis(at.saturating_sub(self.clock.elapsed())));
        if let Some(left) = left
            && self.clock.is_movable()
            && gate.may_move_clock(ticket)
        {
            let _ = self.clock.wait(left, &self.stop);
            self.changed.notify_all();
            return gate;
        }
        let real = left.filter(|_| !self.clock.is_movable()).unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
        self.changed.wait_timeout(gate, real).unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded up to whole milliseconds, the grain of a movable clock.
fn whole_millis(span: Duration) -> Duration {
    let whole = Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    if whole < span { whole.saturating_add(Duration::from_millis(1)) } else { whole }
}

/// Leave to make one call; ends when dropped. It is held until the body has been read.
#[derive(Debug)]
pub struct Permit {
    throttle: Arc<Throttle>,
    key: Key,
    writes_in: Option<Arc<str>>,
    begun: Duration,
    lingers: bool,
    awaited: bool,
}

impl Permit {
    /// The answer's meaning is known and what it asks for was done: a movable clock may go on.
    pub fn landed(&mut self) {
        if std::mem::take(&mut self.awaited) {
            self.throttle.lock().land();
            self.throttle.changed.notify_all();
        }
    }

    /// The answer was good: the principal may go a little faster.
    pub fn went_well(&self) {
        self.throttle.lock().pace(&self.key).speed_up();
    }

    /// When it was given, by [`Clock::elapsed`].
    #[must_use]
    pub fn begun(&self) -> Duration {
        self.begun
    }

    /// No call of this principal before so long has passed.
    pub fn pause(&self, span: Duration) {
        let until = self.throttle.clock.elapsed().saturating_add(span);
        self.throttle.lock().pace(&self.key).pause_until(until);
        if span > kept::LONG {
            self.throttle.keep_pauses();
        }
    }

    /// Too many calls: halves the principal's rate, once for all calls that were under way together.
    pub fn slow_down(&self) {
        let now = self.throttle.clock.elapsed();
        self.throttle.lock().pace(&self.key).slow_down(self.begun, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.landed();
        self.throttle.lock().end(self.writes_in.as_deref(), self.lingers);
        self.throttle.changed.notify_all();
    }
}
