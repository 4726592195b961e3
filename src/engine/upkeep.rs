//! What the service does now and then beside its work: numbers of how things stand, records whose time is over, webhooks,
//! room on the disk.
//!
//! One thread, a second between two looks. None of it is urgent, and what fails is tried again at its next turn; only a disk
//! that is nearly full ends the service, cleanly, before the store has to.

use super::core::{Core, Tenant};
use super::stats::{Count, Gauge, Waiting};
use crate::clock::{Clock, Moment};
use crate::model::{Lane, Provider};
use crate::store::{self, Record};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};
use url::Url;

/// Between two looks at numbers.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks at the store as a whole.
const STORE_EVERY: Duration = Duration::from_secs(15);
/// Between two rounds of retention, and of webhooks once they are seen to.
const DAILY: Duration = Duration::from_secs(86_400);
/// Between two tries at webhooks that failed, or while nobody is listed yet.
const HOOKS_AGAIN: Duration = Duration::from_secs(60);

/// The fact of a connector that keeps what became of its webhooks ([`Hooks`]).
pub const HOOKS: &str = "hooks";

/// What became of a connector's webhooks when they were last seen to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks {
    /// Where they lead.
    pub address: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How many had been missing.
    pub made: u64,
}

/// What is looked after, and how.
pub struct Options {
    /// Days each kind of record is kept after its end.
    pub keep_days: Vec<(Record, u32)>,
    /// The address under which providers reach the HTTP edge; `None` makes no webhooks.
    pub public_address: Option<Url>,
    /// Bytes free where the store lies; `None` when it cannot be told.
    pub free_bytes: Box<dyn Fn() -> Option<u64> + Send>,
    /// The service ends when less is free.
    pub free_bytes_min: u64,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("keep_days", &self.keep_days).finish_non_exhaustive()
    }
}

/// When each thing is to be done next, by the steady time.
#[derive(Debug)]
struct Turns {
    store: Moment,
    retention: Moment,
    hooks: Vec<Moment>,
}

/// Looks after everything until the service stops.
///
/// # Errors
/// [`store::error::Kind::Full`] when the disk is nearly full.
pub fn run(core: &Core, options: &Options) -> Result<(), store::Error> {
    let began = core.clock.steady();
    let mut turns = Turns { store: began, retention: began, hooks: vec![began; core.tenants.len()] };
    while !core.stopped() {
        numbers(core);
        let now = core.clock.steady();
        if now >= turns.store {
            turns.store = now.plus(STORE_EVERY);
            let free = (options.free_bytes)();
            health(core, free);
            if free.is_some_and(|free| free < options.free_bytes_min) {
                warn!(free_bytes = free, "the disk is nearly full: the service ends");
                return Err(store::Error::new(store::error::Kind::Full, "keep the service running"));
            }
        }
        if now >= turns.retention {
            turns.retention = now.plus(DAILY);
            forget(core, &options.keep_days);
        }
        if let Some(public) = &options.public_address {
            for (tenant, turn) in core.tenants.iter().zip(&mut turns.hooks).filter(|(_, turn)| now >= **turn) {
                *turn = now.plus(if hooks(core, tenant, public) { DAILY } else { HOOKS_AGAIN });
            }
        }
        if !core.clock.wait(LOOK_EVERY, &core.stop) {
            break;
        }
    }
    Ok(())
}

/// Numbers that are kept elsewhere.
fn numbers(core: &Core) {
    for tenant in &core.tenants {
        let tally = core.stats.of(tenant.number);
        tally.set_enabled(tenant.is_enabled());
        if let Some(traffic) = tenant.http.as_ref().map(|http| http.traffic()) {
            tally.raise(Count::Calls, traffic.calls.saturating_add(traffic.downloads));
            tally.raise(Count::ThrottledMs, u64::try_from(traffic.throttled.as_millis()).unwrap_or(u64::MAX));
            tally.set_calls_left(traffic.left_in_day.into_iter().chain(traffic.left_in_month).min());
        }
    }
    let Ok(depths) = core.store.depth() else { return };
    for tenant in &core.tenants {
        for lane in Lane::ALL {
            let of = depths.iter().find(|depth| depth.connector == tenant.number && depth.lane == lane);
            let counts = of.map_or([0; 4], |depth| [depth.ready, depth.delayed, depth.leased, depth.parked]);
            for (state, count) in Waiting::ALL.into_iter().zip(counts) {
                core.stats.of(tenant.number).set_depth(lane, state, count);
            }
        }
    }
}

/// How the store is, and the disk below it.
fn health(core: &Core, free: Option<u64>) {
    if let Some(free) = free {
        core.stats.set(Gauge::DiskFreeBytes, free);
    }
    if let Ok(health) = core.store.health() {
        core.stats.set(Gauge::StoreBytes, health.bytes);
        core.stats.set(Gauge::StorePendingBytes, health.pending_bytes);
        core.stats.set(Gauge::StoreOldestReaderMs, health.oldest_reader_ms);
    }
    if let Ok(depth) = core.store.outbox_depth() {
        core.stats.set(Gauge::OutboxDepth, depth);
    }
}

/// Deletes records whose time is over.
fn forget(core: &Core, keep_days: &[(Record, u32)]) {
    for (record, days) in keep_days {
        let before = core.clock.steady().minus(DAILY * *days);
        match core.store.forget(*record, before) {
            Ok(gone) if gone > 0 => info!(?record, gone, "records whose time is over are deleted"),
            Ok(_) => {}
            Err(error) => warn!(?record, %error, "records whose time is over could not be deleted"),
        }
    }
}

/// Sees to one tenant's webhooks; false when it is to be tried again soon.
fn hooks(core: &Core, tenant: &Arc<Tenant>, public: &Url) -> bool {
    // One address for a whole Dropbox application, and only its console sets it.
    if tenant.provider != Provider::Box {
        return true;
    }
    let people = tenant.directory();
    if !tenant.is_enabled() || people.people().is_empty() {
        return false;
    }
    let Ok(address) = public.join(&format!("hooks/{}", tenant.name)) else { return true };
    match tenant.source.repair_hooks(&people, &address) {
        Ok(made) => {
            info!(connector = %tenant.name, made, "webhooks are as they should be");
            note(core, tenant, &address, made, &core.clock)
        }
        Err(error) => {
            core.stats.of(tenant.number).add(Count::CallsFailed, 1);
            warn!(connector = %tenant.name, next = ?error.next(), "webhooks could not be seen to");
            false
        }
    }
}

fn note(core: &Core, tenant: &Tenant, address: &Url, made: u64, clock: &Clock) -> bool {
    let hooks = Hooks { address: address.to_string(), at_ms: clock.now().as_millis(), made };
    let text = serde_json::to_string(&hooks).unwrap_or_default();
    core.store.keep_fact(Some(tenant.number), HOOKS, Some(&text)).is_ok()
}
