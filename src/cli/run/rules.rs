//! The rules that the service reads with: compiled, and known to the store by number.

use crate::cli::config::Config;
use crate::cli::key::Keys;
use crate::cli::{Failed, refused};
use crate::detect::Matcher;
use crate::engine::core::InForce;
use crate::engine::rules_change::kept;
use crate::store::Store;
use std::sync::Arc;
use tracing::info;

/// Compiles the rules of the settings, and puts them in force: what is read from now on is read with them.
///
/// # Errors
/// What is wrong with the rules; when the store could not be written.
pub(super) fn in_force(config: &Config, store: &dyn Store, keys: &Keys) -> Result<InForce, Failed> {
    let loaded = compiled(config, store, keys)?;
    let before = store.rules_in_force().map_err(Failed::new)?.map(|(number, _)| number);
    if before != Some(loaded.number) {
        info!(rules = loaded.number.0, before = before.map(|number| number.0), "other rules are in force");
        store.put_in_force(loaded.number).map_err(Failed::new)?;
    }
    Ok(loaded)
}

/// Compiles the rules of the settings and numbers them; nothing is put in force.
pub(super) fn compiled(config: &Config, store: &dyn Store, keys: &Keys) -> Result<InForce, Failed> {
    let loaded = crate::rule::load(config.rules()).map_err(|errors| refused(&errors))?;
    crate::cli::rules::tell_imports(&loaded);
    let number = store.rules_number(&kept(&loaded.rules, &keys.token)).map_err(Failed::new)?;
    Ok(InForce { number, matcher: Arc::new(Matcher::new(Arc::new(loaded.rules))) })
}
