//! What people order of the backlog, as facts in the store: `backlog start|pause|resume` write them with or without a running
//! service, and the passes look at them about once a second.

use crate::model::ConnectorNumber;
use crate::store::{Error, Store};

/// `1` while the backlog is paused.
pub(super) const PAUSED: &str = "backlog.paused";
/// `1` when a pass is to begin now; gone once it has begun.
pub(in crate::engine) const START: &str = "backlog.start";

/// Lets a pass begin now instead of at its time, paused backlogs going on; how many connectors are concerned.
///
/// # Errors
/// When it could not be written.
pub fn start(store: &dyn Store, of: Option<ConnectorNumber>) -> Result<u64, Error> {
    each(store, of, &[(START, Some("1")), (PAUSED, None)])
}

/// Pauses the backlog: listings and backlog jobs stop after what is under way, live work goes on. It stays paused over
/// restarts.
///
/// # Errors
/// When it could not be written.
pub fn pause(store: &dyn Store, of: Option<ConnectorNumber>) -> Result<u64, Error> {
    each(store, of, &[(PAUSED, Some("1"))])
}

/// Lets a paused backlog go on where it was.
///
/// # Errors
/// When it could not be written.
pub fn resume(store: &dyn Store, of: Option<ConnectorNumber>) -> Result<u64, Error> {
    each(store, of, &[(PAUSED, None)])
}

/// True while the backlog of a connector is paused.
///
/// # Errors
/// When it could not be read.
pub fn is_paused(store: &dyn Store, of: ConnectorNumber) -> Result<bool, Error> {
    Ok(store.fact(Some(of), PAUSED)?.is_some())
}

fn each(store: &dyn Store, of: Option<ConnectorNumber>, facts: &[(&str, Option<&str>)]) -> Result<u64, Error> {
    let connectors = store.connectors()?;
    let mut count = 0;
    for connector in connectors.iter().filter(|connector| of.is_none_or(|of| of == connector.number)) {
        for (name, value) in facts {
            store.keep_fact(Some(connector.number), name, *value)?;
        }
        count += 1;
    }
    Ok(count)
}
