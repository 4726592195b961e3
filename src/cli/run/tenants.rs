//! From the connectors of the settings to tenants that the stages can ask.
//!
//! The settings decide what is switched on; the store follows. One connector that cannot be opened keeps the others from
//! nothing: it is told, and left out.

use crate::cli::Failed;
use crate::cli::config::{Chosen, Config, Connector};
use crate::cli::connect::{Patience, opened};
use crate::clock::Clock;
use crate::engine::core::{Bounds, Named, Tenant};
use crate::provider::registry;
use crate::store::{ConnectorState, Store};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tracing::warn;

/// The tenants of this run.
pub(super) struct Opened {
    pub(super) tenants: Vec<Arc<Tenant>>,
    /// Connectors that are switched on and could not be opened.
    pub(super) left_out: usize,
}

/// Opens all connectors; no call is made yet.
///
/// # Errors
/// When the store cannot be read or written.
pub(super) fn open(
    config: &Config,
    store: &dyn Store,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Opened, Failed> {
    let mut all = Opened { tenants: Vec::new(), left_out: 0 };
    for connector in config.connectors() {
        match tenant(config, connector, store, clock, stop)? {
            Ok(tenant) => all.tenants.push(Arc::new(tenant)),
            Err(Failed(message)) if connector.enabled => {
                eprintln!("{message}\n  {} is left out of this run; `sluicebox doctor` says more", connector.name());
                warn!(connector = %connector.name(), "connector left out: it cannot be opened");
                all.left_out += 1;
            }
            // Switched off and unfinished: nobody waits for it.
            Err(_) => {}
        }
    }
    switch_off_others(config, store)?;
    Ok(all)
}

/// One tenant; the inner error is the connector's own, the outer one the store's.
fn tenant(
    config: &Config,
    connector: &Connector,
    store: &dyn Store,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Result<Tenant, Failed>, Failed> {
    let opened = match opened(config, connector, clock, stop, Patience::Service) {
        Ok(opened) => opened,
        Err(failed) => return Ok(Err(failed)),
    };
    let known = store.connector(connector.name(), connector.provider()).map_err(Failed::new)?;
    // A start is a new try for credentials that failed before.
    let wanted = if connector.enabled { ConnectorState::Enabled } else { ConnectorState::Disabled };
    if known.state != wanted {
        store.set_connector_state(known.number, wanted).map_err(Failed::new)?;
    }
    let mut tenant = Tenant::new(known.number, connector.name().clone(), Arc::from(opened.source));
    tenant.bounds = Bounds { never_read: named(&connector.never_read), pilot: named(&connector.pilot) };
    tenant.internal_domains = opened.settings.internal_domains.clone();
    tenant.history_days = opened.settings.history_days;
    if connector.acts {
        match registry::governor(&opened.settings, Arc::clone(&opened.http)) {
            Ok(governor) => tenant.governor = Some(Arc::from(governor)),
            Err(error) => return Ok(Err(Failed::new(error))),
        }
    }
    tenant.http = Some(opened.http);
    tenant.limits = opened.settings.limits;
    tenant.enabled = AtomicBool::new(connector.enabled);
    Ok(Ok(tenant))
}

fn named(chosen: &Chosen) -> Named {
    Named { owners: chosen.people.clone(), groups: chosen.groups.clone(), folders: chosen.folders.clone() }
}

/// What the store knows and the settings do not name any more waits: its records stay, nothing is asked of it.
fn switch_off_others(config: &Config, store: &dyn Store) -> Result<(), Failed> {
    for known in store.connectors().map_err(Failed::new)? {
        if config.find(&known.name).is_none() && known.state == ConnectorState::Enabled {
            warn!(connector = %known.name, "connector of the store is not in the settings: switched off");
            store.set_connector_state(known.number, ConnectorState::Disabled).map_err(Failed::new)?;
        }
    }
    Ok(())
}
