//! The pace of one principal: when its next call may begin.

use crate::model::Principal;
use crate::provider::settings::LimitOf;
use std::sync::Arc;
use std::time::Duration;

/// Whose pace. A person and an administrator of the same id are one to the provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) counted: bool,
    pub(super) id: Option<Arc<str>>,
}

impl Key {
    pub(super) fn of(principal: &Principal, counted: bool, limit_of: LimitOf) -> Self {
        let id = match (limit_of, principal) {
            (LimitOf::Token, _) | (_, Principal::Tenant) => None,
            (LimitOf::ActingUser, Principal::Person(id) | Principal::Admin(id)) => Some(Arc::clone(id)),
        };
        Self { counted, id }
    }
}

/// A bucket of one call. Times are those of [`crate::clock::Clock::elapsed`].
#[derive(Debug)]
pub(super) struct Pace {
    full: f64,
    rate: f64,
    next: Duration,
    paused_until: Duration,
    slowed_at: Option<Duration>,
}

/// The share of the full rate below which 429s slow no further.
const SLOWEST: f64 = 1.0 / 16.0;
/// The share of the full rate that a good answer gives back.
const STEP: f64 = 1.0 / 100.0;

impl Pace {
    pub(super) fn new(full: f64) -> Self {
        Self { full, rate: full, next: Duration::ZERO, paused_until: Duration::ZERO, slowed_at: None }
    }

    /// When the next call may begin.
    pub(super) fn ready_at(&self) -> Duration {
        self.next.max(self.paused_until)
    }

    /// A call begins now.
    pub(super) fn go(&mut self, now: Duration) {
        let gap = Duration::try_from_secs_f64(1.0 / self.rate).unwrap_or(Duration::from_secs(3_600));
        self.next = now.saturating_add(gap);
    }

    /// What is left of its pause.
    pub(super) fn pause_left(&self, now: Duration) -> Duration {
        self.paused_until.saturating_sub(now)
    }

    pub(super) fn pause_until(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Halves the rate, unless the call that was refused began before the rate was halved last.
    pub(super) fn slow_down(&mut self, begun: Duration, now: Duration) {
        if self.slowed_at.is_none_or(|slowed_at| begun >= slowed_at) {
            self.rate = (self.rate / 2.0).max(self.full * SLOWEST);
            self.slowed_at = Some(now);
        }
    }

    pub(super) fn speed_up(&mut self) {
        self.rate = (self.rate + self.full * STEP).min(self.full);
    }

    /// True when forgetting it changes nothing.
    pub(super) fn is_rested(&self, now: Duration) -> bool {
        self.rate >= self.full && self.ready_at() <= now
    }

    /// Calls a second at present.
    #[cfg(test)]
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }
}
