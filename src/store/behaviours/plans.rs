//! What a store must show of plans: each is kept once, approved by others than who made it, and applied once.

use super::intents::{acts, add, entry, take};
use super::matches::{files, tick, wanted};
use super::{Behaviour, Stand, good};
use crate::model::{Cause, PlanNumber};
use crate::store::intents::{IntentQuery, NewIntent, Voter};
use crate::store::plans::{Approved, NewPlan};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a plan is kept as it was shown, and once", kept_once),
    ("a plan is approved by others than who made it, each once", approved_by_others),
    ("a plan is applied once, with all of its intents", applied_once),
    ("one form of a policy is approved at a time", policies_approved),
];

fn plan(hash: u8, approvals: u8) -> NewPlan {
    NewPlan {
        hash: [hash; 32],
        body: format!("{{\"plan\":{hash},\"who\":\"anna@example.com\"}}"),
        by: "operator uid 1000".into(),
        kind: "plan".into(),
        items: 3,
        policies: vec![voter("p", 1), voter("q", 2)],
        approvals,
    }
}

fn voter(policy: &str, hash: u8) -> Voter {
    Voter { policy: policy.into(), hash: [hash; 32] }
}

fn kept_once(stand: &mut Stand) {
    let made = stand.clock.steady();
    let first = good(stand.store.add_plan(&plan(1, 0), &entry("plan.make")));
    assert_eq!(good(stand.store.add_plan(&plan(1, 0), &entry("plan.make"))), first);
    tick(stand);
    let second = good(stand.store.add_plan(&plan(2, 2), &entry("plan.make")));
    assert_eq!(acts(stand), ["plan.make", "plan.make"]);
    stand.crash();
    let kept = good(stand.store.plan(first)).expect("it is kept");
    assert_eq!((&kept.is, kept.made, kept.applied), (&plan(1, 0), made, None));
    assert!(good(stand.store.plan(PlanNumber(99))).is_none());
    let listed = good(stand.store.plans(None, 9));
    assert_eq!(listed.iter().map(|one| one.number).collect::<Vec<_>>(), [second, first], "the newest first");
    assert_eq!(listed[1].is, NewPlan { body: String::new(), ..plan(1, 0) });
    assert_eq!(good(stand.store.plans(Some(second), 9)).len(), 1);
    assert_eq!(good(stand.store.plans(None, 1)).len(), 1);
}

fn approved_by_others(stand: &mut Stand) {
    let number = good(stand.store.add_plan(&plan(1, 2), &entry("plan.make")));
    let approve = |stand: &Stand, by: &str| good(stand.store.approve_plan(number, by, &entry("plan.approve")));
    assert!(!approve(stand, "operator uid 1000"), "who made it cannot");
    assert!(approve(stand, "anna"));
    assert!(!approve(stand, "anna"), "nobody counts twice");
    let apply = |stand: &Stand| good(stand.store.apply_plan(number, "operator uid 1000", &[], &entry("plan.apply")));
    assert!(!apply(stand), "one approval is missing");
    let first = stand.clock.steady();
    let second = tick(stand);
    assert!(approve(stand, "bert"));
    stand.crash();
    let kept = good(stand.store.plan(number)).expect("it is kept");
    assert_eq!(kept.approved, [("anna".into(), first), ("bert".into(), second)]);
    assert!(apply(stand));
    assert!(!approve(stand, "carl"), "it was applied");
    assert_eq!(acts(stand), ["plan.make", "plan.approve", "plan.approve", "plan.apply"]);
    assert!(stand.store.approve_plan(PlanNumber(99), "anna", &entry("no")).is_err());
    assert!(stand.store.apply_plan(PlanNumber(99), "anna", &[], &entry("no")).is_err());
}

fn applied_once(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let number = good(stand.store.add_plan(&plan(1, 0), &entry("plan.make")));
    let intents: Vec<NewIntent> = items
        .iter()
        .map(|item| NewIntent { cause: Cause::Plan, ..wanted(&format!("a{}", item.0), of, *item, &[("p", 1)]) })
        .collect();
    add(stand, &[wanted("z1", of, items[0], &[])]);
    let apply = |stand: &Stand| stand.store.apply_plan(number, "anna", &intents, &entry("plan.apply"));
    let of_plan = IntentQuery { plan: Some(number), ..IntentQuery::default() };
    stand.refuse_after(0);
    assert!(apply(stand).is_err());
    stand.crash();
    assert!(good(stand.store.intents(&of_plan, None, 9)).is_empty());
    assert_eq!(good(stand.store.plan(number)).and_then(|plan| plan.applied), None);
    assert!(good(apply(stand)));
    assert!(!good(apply(stand)), "once");
    stand.crash();
    assert_eq!(good(stand.store.intents(&of_plan, None, 9)).len(), 2);
    let applied = good(stand.store.plan(number)).and_then(|plan| plan.applied);
    assert_eq!(applied, Some((stand.clock.steady(), "anna".into())));
    assert_eq!(take(stand, of).and_then(|intent| intent.is.plan), Some(number), "before what policies want");
    assert_eq!(acts(stand), ["plan.make", "intent.add", "plan.apply"]);
}

fn policies_approved(stand: &mut Stand) {
    let approve = |stand: &Stand, policy: &Voter, plan: i64| {
        good(stand.store.approve_policy(policy, PlanNumber(plan), "anna", &entry("policy.approve")));
    };
    assert_eq!(good(stand.store.approved_policies()), []);
    approve(stand, &voter("p", 1), 1);
    approve(stand, &voter("q", 1), 2);
    let at = tick(stand);
    approve(stand, &voter("p", 2), 3);
    stand.crash();
    let approved = good(stand.store.approved_policies());
    let newest = Approved { policy: voter("p", 2), plan: PlanNumber(3), by: "anna".into(), at };
    assert_eq!((approved.len(), &approved[0]), (2, &newest), "the form that stood before may be enforced no more");
    assert_eq!(approved[1].policy, voter("q", 1));
    assert!(good(stand.store.revoke_policy("p", &entry("policy.revoke"))));
    assert!(!good(stand.store.revoke_policy("p", &entry("policy.revoke"))));
    assert_eq!(good(stand.store.approved_policies()), approved[1..]);
    assert_eq!(acts(stand), ["policy.approve", "policy.approve", "policy.approve", "policy.revoke"]);
}
