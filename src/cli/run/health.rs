//! What keeps a running service from being well: told by `/health`, from numbers that are at hand.

use crate::console::{Health, Unwell};
use crate::engine::core::Core;
use crate::engine::stats::Gauge;
use std::time::Duration;

/// A feed that has not answered for so long is silent. Longer than any long poll stands.
const SILENT: Duration = Duration::from_secs(15 * 60);
/// Bytes not folded into the store beyond which something keeps them from it.
const PENDING_BYTES_MAX: u64 = 1 << 30;

/// How the service is.
pub(super) fn of(core: &Core) -> Health {
    let mut reasons = Vec::new();
    let mut tell = |id, connector: Option<&str>, what: &str| {
        reasons.push(Unwell { id, connector: connector.map(str::to_owned), what: what.to_owned() });
    };
    if core.stopped() {
        tell("stopping", None, "the service is ending");
    }
    if core.tenants.is_empty() {
        tell("no-connector", None, "no connector could be opened");
    }
    if core.stats.get(Gauge::StorePendingBytes) > PENDING_BYTES_MAX {
        tell("store-pending", None, "a long reader keeps what is new from being folded into the store");
    }
    if core.stats.get(Gauge::BreakersTripped) > 0 {
        tell("breaker", None, "a policy's breaker tripped; see `sluicebox breaker`");
    }
    if core.stats.get(Gauge::ActionsParked) > 0 {
        tell("actions-parked", None, "actions wait for a person; see `sluicebox actions`");
    }
    if core.stats.get(Gauge::MessagesParked) > 0 {
        tell("messages-parked", None, "messages could not be sent; see `sluicebox notify`");
    }
    let now = core.clock.now();
    for tenant in &core.tenants {
        let name = Some(tenant.name.as_str());
        let tally = core.stats.of(tenant.number);
        // What is switched off on purpose is well; what failed by its credentials was switched off by the service.
        if !tenant.is_enabled() {
            if core.store.connectors().is_ok_and(|all| {
                all.iter().any(|one| one.number == tenant.number && one.state == crate::store::ConnectorState::Broken)
            }) {
                tell("credentials", name, "its credentials fail; see `sluicebox connect test`");
            }
            continue;
        }
        // Before its first answer a feed counts from the start of the service.
        let quiet = tally.last_fed().map_or_else(|| core.clock.elapsed(), |fed| now.since(fed));
        if quiet > SILENT {
            tell("feed-silent", name, "its change feed does not answer");
        }
        if tally.calls_left() == Some(0) {
            tell("budget", name, "its allotment of calls is used up");
        }
    }
    Health { reasons }
}
