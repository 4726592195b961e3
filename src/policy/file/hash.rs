//! The hash of a policy: of what it matches and does, not of how its file is written.

use crate::policy::set::Policy;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The form that is hashed; another one would make every approval void.
const FORM: &str = "sluicebox.policy/1";

/// SHA-256 over the canonical form of all but title, severity, mode and note.
pub(super) fn of(policy: &Policy) -> [u8; 32] {
    Sha256::digest(canonical(policy).as_bytes()).into()
}

/// JSON with its keys in this order; defaults are spelled out, so that writing one down changes nothing.
fn canonical(policy: &Policy) -> String {
    let wishes: Vec<_> = policy
        .wishes
        .iter()
        .map(|wish| json!({"ask": wish.ask, "after_ms": millis(wish.after), "still": wish.still}))
        .collect();
    json!({
        "form": FORM,
        "name": &*policy.name,
        "filter": policy.filter.to_string(),
        "wishes": wishes,
        "breaker": [
            json!(policy.breaker.items_max),
            json!(policy.breaker.share_max),
            json!(policy.breaker.per_owner_hour_max),
        ],
        "approvals": policy.approvals,
        "allow_people_actions": policy.allow_people_actions,
        "tombstone": [&*policy.tombstone.suffix, &*policy.tombstone.text, &*policy.tombstone.contact],
        "label_order": policy.label_order.iter().map(|label| &**label).collect::<Vec<_>>(),
    })
    .to_string()
}

fn millis(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
