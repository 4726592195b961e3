//! Webhook deliveries of the connected tenants: verified by the provider's room, then only a nudge to the feed.
//!
//! A delivery is a hint and never a fact, so all that is kept of one is that there was one: the tenant's flag, which its feed
//! looks at. A flag that is up already holds a thousand further hints, so nothing can pile up.

use super::route::{Hooks, Told};
use crate::engine::core::Tenant;
use crate::engine::stats::{Count, Stats};
use crate::provider::{Delivered, Delivery};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tracing::{debug, warn};

/// The webhook addresses of these tenants.
#[derive(Debug)]
pub struct TenantHooks {
    tenants: Vec<Arc<Tenant>>,
    stats: Arc<Stats>,
}

impl TenantHooks {
    /// For these tenants; deliveries are counted in `stats`.
    #[must_use]
    pub fn new(tenants: Vec<Arc<Tenant>>, stats: Arc<Stats>) -> Self {
        Self { tenants, stats }
    }

    fn tenant(&self, connector: &str) -> Option<&Arc<Tenant>> {
        self.tenants.iter().find(|tenant| tenant.name.as_str() == connector)
    }

    /// Wakes the tenant's feed, unless nothing may be asked of the tenant.
    fn hint(&self, tenant: &Tenant) {
        let count = match tenant.is_enabled() {
            true if !tenant.hinted.swap(true, Ordering::Relaxed) => Count::HookHints,
            _ => Count::HookDropped,
        };
        self.stats.of(tenant.number).add(count, 1);
    }
}

impl Hooks for TenantHooks {
    fn deliver(&self, connector: &str, delivery: &Delivery<'_>) -> Option<Told> {
        let tenant = self.tenant(connector)?;
        let tally = self.stats.of(tenant.number);
        Some(match tenant.source.delivery(delivery) {
            Delivered::Handshake { text, headers } => Told::Handshake(text, headers),
            Delivered::Hint { subjects, accounts } => {
                debug!(connector, subjects = subjects.len(), accounts = accounts.len(), "webhook delivery");
                self.hint(tenant);
                Told::Taken
            }
            Delivered::Repeat => {
                tally.add(Count::HookRepeats, 1);
                Told::Taken
            }
            Delivered::Refused(reason) => {
                tally.add(Count::HookRefused, 1);
                warn!(connector, reason, "webhook delivery refused");
                Told::Refused
            }
        })
    }

    fn knows(&self, connector: &str) -> bool {
        self.tenant(connector).is_some()
    }
}
