//! Policies that may be enforced, and those that may no more.

use super::plans::{kept, who};
use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::engine::plan::intents::unhex;
use crate::model::PlanNumber;
use crate::store::{Entry, Store, Voter};
use serde_json::json;

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::PolicyApprove { policy, hash, plan, operator } => {
            approve(store, deed, policy, hash, PlanNumber(*plan), &who(operator.as_deref(), actor))
        }
        Deed::PolicyRevoke { policy } => {
            let entry = entry(deed, actor, policy, &json!({}));
            Ok(Answer::Counted { count: u64::from(store.revoke_policy(policy, &entry)?) })
        }
        _ => Err(not_here(deed)),
    }
}

fn entry(deed: &Deed, actor: &str, policy: &str, details: &serde_json::Value) -> Entry {
    Entry {
        actor: actor.to_owned(),
        act: deed.act().to_owned(),
        about: format!("policy {policy}"),
        details: details.to_string(),
    }
}

/// Only the policy that a plan was shown of, as it stood in it.
fn approve(
    store: &dyn Store,
    deed: &Deed,
    policy: &str,
    hash: &str,
    number: PlanNumber,
    by: &str,
) -> Result<Answer, Refusal> {
    let hash = unhex(hash).ok_or_else(|| Refusal::new("a policy's hash is 64 hexadecimal digits"))?;
    let plan = kept(store, number)?;
    let Some(shown) = plan.is.policies.iter().find(|voter| *voter.policy == *policy) else {
        return Err(Refusal::new(format!(
            "plan {number} shows nothing of the policy `{policy}`\n  make one: `sluicebox plan new --policy {policy}`"
        )));
    };
    if shown.hash != hash {
        return Err(Refusal::new(format!(
            "the policy `{policy}` is another now than in plan {number}\n  make a plan of it as it is: `sluicebox plan new --policy {policy}`"
        )));
    }
    let details = json!({ "plan": number.0, "hash": crate::report::plan::digits(&hash) });
    let voter = Voter { policy: policy.into(), hash };
    store.approve_policy(&voter, number, by, &entry(deed, by, policy, &details))?;
    Ok(Answer::Done)
}
