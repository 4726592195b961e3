//! Plans that are kept, approved and applied.
//!
//! The bytes that were shown are the bytes that are kept: whoever hands in a plan hands in its canonical JSON, and it is read
//! again here. Who approves is a named operator; that the name is the operator's own is found out before ([`super::Deed`] is
//! carried out only for who holds the operator's key), that it is another than the maker's is found out here and by the store.

use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::engine::plan::intents;
use crate::engine::undo;
use crate::model::PlanNumber;
use crate::report::plan::{Document, digits, hash};
use crate::store::{Entry, NewPlan, Plan, Store, Voter};
use serde_json::json;

/// Kinds of plan.
const KINDS: [&str; 3] = ["plan", "undo", "restore"];

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::PlanAdd { kind, body, operator } => add(store, deed, kind, body, &who(operator.as_deref(), actor)),
        Deed::PlanApprove { plan, operator } => approve(store, deed, PlanNumber(*plan), operator, actor),
        Deed::PlanApply { plan, operator } => apply(store, deed, PlanNumber(*plan), operator.as_deref(), actor),
        _ => Err(not_here(deed)),
    }
}

/// Who is written down: the operator of the settings, with the user; else the user.
pub(super) fn who(operator: Option<&str>, actor: &str) -> String {
    operator.map_or_else(|| actor.to_owned(), named)
}

/// An operator of the settings as stores and logs name one.
pub(super) fn named(operator: &str) -> String {
    format!("operator {operator}")
}

fn add(store: &dyn Store, deed: &Deed, kind: &str, body: &str, by: &str) -> Result<Answer, Refusal> {
    let plan = Document::read(body).map_err(Refusal::new)?;
    if !KINDS.contains(&kind) || plan.kind != kind {
        return Err(Refusal::new(format!("a plan is one of {}", KINDS.join(", "))));
    }
    if plan.by != by {
        return Err(Refusal::new("the plan names another maker than who hands it in\n  make it again"));
    }
    let voter = |line: &crate::report::plan::PolicyLine| {
        Some(Voter { policy: line.name.as_str().into(), hash: intents::unhex(&line.hash)? })
    };
    let new = NewPlan {
        hash: hash(body),
        body: body.to_owned(),
        by: by.into(),
        kind: kind.into(),
        items: plan.totals.items,
        policies: plan.policies.iter().filter_map(voter).collect(),
        approvals: plan.approvals,
    };
    let details = json!({
        "kind": kind, "asked": plan.asked, "items": plan.totals.items, "actions": plan.totals.actions,
        "hash": digits(&new.hash),
    });
    let entry = entry(deed, by, format!("plan {}", &digits(&new.hash)[..12]), &details);
    Ok(Answer::Made { number: store.add_plan(&new, &entry)?.0 })
}

fn entry(deed: &Deed, actor: &str, about: String, details: &serde_json::Value) -> Entry {
    Entry { actor: actor.to_owned(), act: deed.act().to_owned(), about, details: details.to_string() }
}

/// A plan with its body.
pub(super) fn kept(store: &dyn Store, number: PlanNumber) -> Result<Plan, Refusal> {
    store
        .plan(number)?
        .ok_or_else(|| Refusal::new(format!("there is no plan {number}\n  `sluicebox plan list` tells all")))
}

fn applied(plan: &Plan) -> Result<(), Refusal> {
    match &plan.applied {
        Some((at, by)) => {
            Err(Refusal::new(format!("plan {} was applied at {at} by {by}\n  make another", plan.number)))
        }
        None => Ok(()),
    }
}

fn approve(store: &dyn Store, deed: &Deed, number: PlanNumber, operator: &str, actor: &str) -> Result<Answer, Refusal> {
    let (plan, by) = (kept(store, number)?, named(operator));
    applied(&plan)?;
    if *plan.is.by == *by {
        return Err(Refusal::new(format!(
            "{operator} made plan {number} and cannot approve it\n  another operator of the settings can"
        )));
    }
    if !plan.is.by.starts_with("operator ") || plan.is.by.starts_with("operator uid ") {
        return Err(Refusal::new(format!(
            "nobody knows who made plan {number}, so nobody can be another than its maker\n  make it again with --operator NAME"
        )));
    }
    if plan.approved.iter().any(|(one, _)| **one == *by) {
        return Err(Refusal::new(format!("{operator} has approved plan {number} already\n  another operator can")));
    }
    let details = json!({ "hash": digits(&plan.is.hash), "user": actor });
    if !store.approve_plan(number, &by, &entry(deed, &by, format!("plan {number}"), &details))? {
        return Err(Refusal::new(format!(
            "plan {number} cannot be approved by {operator} any more\n  `sluicebox plan list` says how it stands"
        )));
    }
    Ok(Answer::Done)
}

fn apply(
    store: &dyn Store,
    deed: &Deed,
    number: PlanNumber,
    operator: Option<&str>,
    actor: &str,
) -> Result<Answer, Refusal> {
    let (plan, by) = (kept(store, number)?, who(operator, actor));
    applied(&plan)?;
    let lacking = usize::from(plan.is.approvals).saturating_sub(plan.approved.len());
    if lacking > 0 {
        return Err(Refusal::new(format!(
            "plan {number} needs the approval of {} than its maker first\n  `sluicebox plan approve {number} --operator NAME`",
            if lacking == 1 { "another operator" } else { "other operators" }
        )));
    }
    let document = Document::read(&plan.is.body).map_err(Refusal::new)?;
    let new = intents::of(store, number, &document, &by).map_err(Refusal::new)?;
    if new.is_empty() {
        return Err(Refusal::new(format!("plan {number} has nothing to do")));
    }
    if document.kind == "undo" {
        undo::excuse(store, &document, &by)?;
    }
    let approved: Vec<&str> = plan.approved.iter().map(|(one, _)| &**one).collect();
    let details = json!({
        "hash": digits(&plan.is.hash), "actions": new.len(), "approved": approved, "user": actor,
    });
    if !store.apply_plan(number, &by, &new, &entry(deed, &by, format!("plan {number}"), &details))? {
        return Err(Refusal::new(format!("plan {number} was applied meanwhile")));
    }
    Ok(Answer::Counted { count: new.len() as u64 })
}
