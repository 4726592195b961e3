//! The rules that the service reads with: compiled, and known to the store by number.

use crate::cli::config::Config;
use crate::cli::key::Keys;
use crate::cli::{Failed, refused};
use crate::detect::Matcher;
use crate::engine::core::InForce;
use crate::rule::{Profile, RuleSet};
use crate::store::{DetectorKept, RulesNumber, Store};
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
    let number = numbered(&loaded.rules, store, keys)?;
    Ok(InForce { number, matcher: Arc::new(Matcher::new(Arc::new(loaded.rules))) })
}

/// The store's number of these rules.
fn numbered(rules: &RuleSet, store: &dyn Store, keys: &Keys) -> Result<RulesNumber, Failed> {
    let token = |value: &str| keys.token.token(value).to_string();
    let kept = Profile::all(rules, &token).into_iter().map(|profile| {
        let hash = unhex(&profile.hash).ok_or_else(|| Failed::new("a rule's hash is no SHA-256"))?;
        Ok(DetectorKept { id: profile.id.as_str().into(), hash, profile: profile.to_json().into() })
    });
    let kept: Vec<DetectorKept> = kept.collect::<Result<_, Failed>>()?;
    store.rules_number(&kept).map_err(Failed::new)
}

/// 64 hexadecimal digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
