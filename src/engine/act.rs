//! Act: intents become orders, orders are performed, and what came of them is written down.
//!
//! A bounded number of threads claim intents from the store. What is asked for becomes orders once, in the commit that begins
//! the intent ([`What`], `resolve`); every step is journaled before it is called; the end is one commit. After a crash the same
//! orders are given again with what was found before, so that nothing is done twice. What moves something is handed out one at
//! a time for each tenant ([`What::moves`]), and whatever else there is goes on beside it.

mod close;
mod hand;
mod journal;
mod outcome;
pub mod resolve;
#[cfg(test)]
mod tests;

pub use outcome::{fallback, proposal};

use super::core::{Core, Tenant};
use super::passes::people;
use super::service::Task;
use super::stats::Gauge;
use super::step;
use crate::clock::Moment;
use crate::model::action::{Step, Target};
use crate::model::{Action, Cause, ConnectorNumber, IntentState};
use crate::policy::Still;
use crate::policy::ask::Ask;
use crate::provider::govern::Governor;
use crate::store::{self, IntentClaim, IntentQuery, PolicyLimits};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What an intent wants, as it is kept ([`crate::store::NewIntent::what`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What policies ask for: it becomes actions when it is begun.
    Ask {
        /// What.
        ask: Ask,
        /// What must still be so when its time has come.
        still: Still,
    },
    /// These actions in this order: of a plan, an undo.
    Do {
        /// Each with what a plan foresaw.
        actions: Vec<Planned>,
    },
    /// Something out of quarantine: like [`What::Do`], and its end says what is excused from now on.
    Restore {
        /// The correlation id.
        id: Arc<str>,
        /// What brings it back.
        actions: Vec<Planned>,
        /// What is excused, so that it stays; `None` excuses nothing.
        excuse: Option<Excuse>,
    },
}

impl What {
    /// Whether it may move something ([`store::NewIntent::moves`]).
    #[must_use]
    pub fn moves(&self) -> bool {
        match self {
            What::Ask { ask, .. } => {
                matches!(ask, Ask::UserQuarantine | Ask::AdminQuarantine { .. } | Ask::Copy { .. })
            }
            What::Do { actions } | What::Restore { actions, .. } => {
                actions.iter().any(|planned| moves(&planned.action))
            }
        }
    }
}

/// True for what may let somebody into a folder for its length.
fn moves(action: &Action) -> bool {
    matches!(action, Action::Quarantine(_) | Action::Release { .. } | Action::Move { .. } | Action::Copy { .. })
}

/// What a restore excuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// The policies that put it there; none is every policy.
    pub policies: Vec<Arc<str>>,
    /// Until when.
    pub until: Moment,
    /// Why.
    pub reason: Arc<str>,
}

/// An action as it was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What it is done to; `None` is what the intent is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Target>,
    /// What.
    pub action: Action,
    /// The version it was planned on.
    pub version: Option<Arc<str>>,
    /// The steps that were foreseen; `None` takes any.
    pub expects: Option<Vec<Step>>,
}

/// How intents are acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads, one more for restores left aside. Default 4.
    pub threads: usize,
    /// Failed attempts after which an intent is parked. Default 8.
    pub attempts_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: 4, attempts_max: 8 }
    }
}

/// Between two looks for intents.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Between two looks at breakers and counts.
const COUNT_EVERY: Duration = Duration::from_secs(2);

/// The threads that act, for a running service. One of them serves nothing but restores, so that whoever waits for a file never
/// waits for a policy.
#[must_use]
pub fn tasks(options: Options) -> Vec<Task> {
    let pauses = Arc::new(Pauses::default());
    let task = |name: String, causes: &'static [Cause]| {
        let pauses = Arc::clone(&pauses);
        Task { name, run: Box::new(move |core| run(core, options, &pauses, causes)) }
    };
    let mut tasks: Vec<Task> =
        (0..options.threads.max(1)).map(|number| task(format!("act-{number}"), &Cause::ALL)).collect();
    tasks.push(task("act-restore".into(), &[Cause::Restore]));
    tasks.push(Task { name: "act-watch".into(), run: Box::new(watch) });
    tasks
}

/// Connectors whose provider wants a pause, and until when by the steady time.
#[derive(Debug, Default)]
struct Pauses(Mutex<HashMap<ConnectorNumber, Moment>>);

impl Pauses {
    fn pause(&self, connector: ConnectorNumber, until: Moment) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(connector).or_insert(until);
        *known = (*known).max(until);
    }

    fn is_over(&self, connector: ConnectorNumber, now: Moment) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&connector).is_none_or(|until| *until <= now)
    }
}

/// A thread's life.
fn run(core: &Core, options: Options, pauses: &Pauses, causes: &[Cause]) -> Result<(), store::Error> {
    while !core.stopped() {
        if !one(core, options, pauses, causes)? && !core.clock.wait(LOOK_EVERY, &core.stop) {
            break;
        }
    }
    Ok(())
}

/// Acts on the next intent; false when there is none.
fn one(core: &Core, options: Options, pauses: &Pauses, causes: &[Cause]) -> Result<bool, store::Error> {
    let now = core.clock.steady();
    let ready = |tenant: &&Arc<Tenant>| governor(tenant).is_some() && pauses.is_over(tenant.number, now);
    let connectors: Vec<ConnectorNumber> = core.tenants.iter().filter(ready).map(|tenant| tenant.number).collect();
    if connectors.is_empty() {
        return Ok(false);
    }
    let limits = limits(core);
    let claim = IntentClaim { connectors: &connectors, causes, limits: &limits };
    let Some(intent) = core.store.claim_intent(&claim)? else { return Ok(false) };
    step::passed("intent.claimed");
    let Some((tenant, governor)) =
        core.tenant(intent.is.connector).and_then(|tenant| Some((tenant, governor(tenant)?)))
    else {
        // Switched off just now.
        core.store.give_back_intent(intent.number, Some(now.plus(LOOK_EVERY)))?;
        return Ok(true);
    };
    if let Some(until) = hand::act(core, &options, tenant, &**governor, intent)? {
        pauses.pause(tenant.number, until);
    }
    Ok(true)
}

/// Who acts in a tenant now; `None` while nothing may be done there. Without a list of its people nobody can be told from an
/// outsider, so nothing is done before it is known.
fn governor(tenant: &Tenant) -> Option<&Arc<dyn Governor>> {
    let ready = tenant.is_enabled() && !tenant.directory().people().is_empty();
    tenant.governor.as_ref().filter(|_| ready)
}

/// What each policy may do before its breaker trips.
fn limits(core: &Core) -> Vec<PolicyLimits> {
    let of = |policy: &Arc<crate::policy::Policy>| PolicyLimits {
        policy: Arc::clone(&policy.name),
        items_max: policy.breaker.items_max,
        share_max: policy.breaker.share_max,
        per_owner_hour_max: policy.breaker.per_owner_hour_max,
    };
    core.governing().policies.all.iter().map(of).collect()
}

/// Keeps the counts, and logs breakers that trip.
fn watch(core: &Core) -> Result<(), store::Error> {
    let mut told = HashSet::new();
    loop {
        count(core)?;
        trips(core, &mut told)?;
        if !core.clock.wait(COUNT_EVERY, &core.stop) {
            return Ok(());
        }
    }
}

/// Counts and logs breakers that tripped since this was last asked; messages about them are [`super::tell`]'s.
fn trips(core: &Core, told: &mut HashSet<(Arc<str>, Moment)>) -> Result<(), store::Error> {
    let tripped = core.store.tripped()?;
    core.stats.set(Gauge::BreakersTripped, tripped.len() as u64);
    told.retain(|(policy, at)| tripped.iter().any(|one| one.policy == *policy && one.at == *at));
    for one in &tripped {
        if told.insert((Arc::clone(&one.policy), one.at)) {
            tracing::warn!(policy = %one.policy, limit = %one.limit, touched = one.touched, "a breaker tripped");
        }
    }
    Ok(())
}

fn count(core: &Core) -> Result<(), store::Error> {
    for (state, many) in core.store.intent_counts()? {
        let gauge = match state {
            IntentState::Waits => Gauge::ActionsWaiting,
            IntentState::Held => Gauge::ActionsHeld,
            IntentState::Begun => Gauge::ActionsBegun,
            IntentState::Parked => Gauge::ActionsParked,
            IntentState::Ended | IntentState::Cancelled => continue,
        };
        core.stats.set(gauge, many);
    }
    Ok(())
}

/// Acts until none of these intents waits or is begun, for commands that act without a service: those that are parked or held
/// stay, as do those that wait for long or for a connector that is switched off. What else persons asked for is done on the
/// way; what policies want by themselves is the service's.
///
/// # Errors
/// The store's.
pub fn drain(core: &Core, query: &IntentQuery) -> Result<(), store::Error> {
    for tenant in core.tenants.iter().filter(|tenant| tenant.directory().people().is_empty()) {
        people::recall(core, tenant)?;
    }
    let (options, pauses) = (Options::default(), Pauses::default());
    let open = IntentQuery { states: vec![IntentState::Waits, IntentState::Begun], ..query.clone() };
    loop {
        while !core.stopped() && one(core, options, &pauses, &BY_PERSONS)? {}
        if core.stopped() || core.store.intents(&open, None, 1)?.is_empty() {
            return Ok(());
        }
        if !core.tenants.iter().any(|tenant| governor(tenant).is_some()) {
            return Ok(());
        }
        // What waits for its time beyond that, or for a connector that may not be changed now, is the service's.
        let now = core.clock.steady();
        let Some(due) = core.store.next_intent_due()?.filter(|due| due.since(now) <= DRAIN_WAIT_MAX) else {
            return Ok(());
        };
        if !core.clock.wait(due.since(now).max(LOOK_EVERY), &core.stop) {
            return Ok(());
        }
    }
}

/// What is done because a person said so.
const BY_PERSONS: [Cause; 3] = [Cause::Restore, Cause::Undo, Cause::Plan];

/// What is due by then a command without a service waits for.
const DRAIN_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
