//! Near-real-time: what changes at a provider becomes work within seconds, whatever waits besides.
//!
//! Three threads a tenant. One reads the **log** (Box's event stream, Dropbox's team log) and takes events, the work they cause
//! and the moved position in by one transaction. One follows the **places** (Dropbox namespaces, whose cursors tell changed
//! items whole). One does the **upkeep** that events cause and that is no job of one item: people listed again, links asked
//! for, folders listed that were copied, lost positions repaired, dates that come true.
//!
//! What an event causes besides jobs is noted in the store before the position moves on: a crash repeats it, and never loses it.

mod echo;
mod gap;
mod log;
mod needs;
mod places;
mod promote;
#[cfg(test)]
mod tests;
mod upkeep;

pub use echo::Echoes;

use super::core::{Core, Tenant};
use super::passes::Trouble;
use crate::clock::Moment;
use crate::model::Provider;
use crate::store;
use needs::{Gap, Needs};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How soon a hint of a webhook is seen.
const HINT_WITHIN: Duration = Duration::from_millis(50);
const DAY: Duration = Duration::from_secs(86_400);

/// What the feed remembers of a tenant beside the store.
#[derive(Debug, Default)]
pub struct Memo {
    /// Our own deeds, whose events cause no work.
    pub echoes: Echoes,
    /// Held while a list of needs is read and written again.
    noting: Mutex<()>,
}

/// Follows the feeds of all tenants until the service stops.
///
/// # Errors
/// When the store fails for good; the service then stops.
pub fn run(core: &Core) -> Result<(), store::Error> {
    type Thread<'a> = Box<dyn FnOnce() -> Result<(), store::Error> + Send + 'a>;
    let mut threads: Vec<Thread<'_>> = Vec::new();
    for tenant in &core.tenants {
        threads.push(Box::new(|| log::run(core, tenant)));
        threads.push(Box::new(|| upkeep::run(core, tenant)));
        if tenant.provider == Provider::Dropbox {
            threads.push(Box::new(|| places::run(core, tenant)));
        }
    }
    super::passes::together(core, threads)
}

/// Takes the feeds' positions, before the first listing; past activity is taken in beside it.
pub(super) fn begin(core: &Core, tenant: &Tenant) -> Result<(), Trouble> {
    let positions = tenant.source.feed_now()?;
    let now = core.clock.now();
    let days = tenant.history_days;
    for position in positions.iter().filter(|_| days > 0) {
        Needs::of(core, tenant).add_gap(Gap {
            feed: position.feed.to_string(),
            from_ms: now.minus(DAY * days).as_millis(),
            to_ms: now.as_millis(),
            at: None,
            promote: false,
            rounds: 0,
            due_ms: now.as_millis(),
        })?;
    }
    Ok(core.store.keep_cursors(tenant.number, &positions)?)
}

/// Rests between two looks at a feed, less when a webhook hints that something happened.
fn rest(core: &Core, tenant: &Tenant, most: Duration) {
    if core.clock.is_movable() {
        super::passes::rest(core, most);
        return;
    }
    let end = core.clock.elapsed().saturating_add(most);
    while !tenant.hinted.swap(false, Ordering::Relaxed) && !core.stopped() {
        let left = end.saturating_sub(core.clock.elapsed());
        if left.is_zero() || !core.clock.wait(left.min(HINT_WITHIN), &core.stop) {
            break;
        }
    }
}

/// How long to wait after a failure that names a moment, else `usual`.
fn pause_after(core: &Core, trouble: &Trouble, usual: Duration) -> Duration {
    use crate::provider::Next;
    let until: Option<Moment> = match trouble {
        Trouble::Provider(error) => match error.next() {
            Next::Throttled(until) | Next::Budget(until) => Some(until),
            _ => None,
        },
        _ => None,
    };
    until.map_or(usual, |until| until.since(core.clock.now()).max(usual))
}
