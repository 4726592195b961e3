//! Breakers that a person releases.

use super::exceptions::written;
use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::store::{Entry, Store};
use serde_json::json;

/// Carries one out; tells how many actions were held back.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    let Deed::BreakerRelease { policy, reason } = deed else { return Err(not_here(deed)) };
    let entry = Entry {
        actor: actor.to_owned(),
        act: deed.act().to_owned(),
        about: format!("policy {policy}"),
        details: json!({ "reason": written(reason)? }).to_string(),
    };
    let held = store.tripped()?.into_iter().find(|one| *one.policy == **policy).map_or(0, |one| one.held);
    if !store.release_breaker(policy, &entry)? {
        return Err(Refusal::new(
            "the breaker of that policy has not tripped\n  `sluicebox breaker list` tells those that have",
        ));
    }
    Ok(Answer::Counted { count: held })
}
