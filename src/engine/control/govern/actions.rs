//! Intents that a person brings back or cancels.

use super::exceptions::written;
use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::model::{IntentNumber, IntentState, PlanNumber};
use crate::store::{Entry, IntentQuery, Store};
use serde_json::json;

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::ActionsRetry { intent } => retry(store, deed, actor, intent.map(IntentNumber)),
        Deed::ActionsCancel { intent, policy, plan, reason } => {
            let query = IntentQuery {
                number: intent.map(IntentNumber),
                policy: policy.as_deref().map(Into::into),
                plan: plan.map(PlanNumber),
                ..IntentQuery::default()
            };
            cancel(store, deed, actor, &query, written(reason)?)
        }
        other => Err(not_here(other)),
    }
}

fn entry(deed: &Deed, actor: &str, about: String, details: &serde_json::Value) -> Entry {
    Entry { actor: actor.to_owned(), act: deed.act().to_owned(), about, details: details.to_string() }
}

fn retry(store: &dyn Store, deed: &Deed, actor: &str, number: Option<IntentNumber>) -> Result<Answer, Refusal> {
    let about = number.map_or_else(|| "all parked actions".to_owned(), |number| format!("action {number}"));
    let query = IntentQuery { number, ..IntentQuery::default() };
    let count = store.retry_intents(&query, &entry(deed, actor, about, &json!({})))?;
    match number {
        Some(number) if count == 0 => Err(stands(store, number, "was not given up")?),
        _ => Ok(Answer::Counted { count }),
    }
}

fn cancel(store: &dyn Store, deed: &Deed, actor: &str, query: &IntentQuery, reason: &str) -> Result<Answer, Refusal> {
    let which = [
        query.number.map(|number| format!("action {number}")),
        query.policy.as_deref().map(|policy| format!("policy {policy}")),
        query.plan.map(|plan| format!("plan {plan}")),
    ];
    let which: Vec<String> = which.into_iter().flatten().collect();
    if which.is_empty() {
        return Err(Refusal::new("which actions are to be cancelled?\n  name one, or a policy, or a plan"));
    }
    let entry = entry(deed, actor, which.join(", "), &json!({ "reason": reason }));
    let count = store.cancel_intents(query, &format!("cancelled by {actor}"), &entry)?;
    match query.number {
        Some(number) if count == 0 => Err(stands(store, number, "cannot be cancelled")?),
        _ => Ok(Answer::Counted { count }),
    }
}

/// Why nothing came of an action that was named.
fn stands(store: &dyn Store, number: IntentNumber, what: &str) -> Result<Refusal, Refusal> {
    let Some(intent) = store.intent(number)? else {
        return Ok(Refusal::new(format!("there is no action {number}\n  `sluicebox actions list` tells all")));
    };
    let why = match intent.state {
        IntentState::Begun => "it has begun, and is seen through",
        IntentState::Waits | IntentState::Held => "it waits for its turn",
        IntentState::Ended => "it has ended; `sluicebox undo` takes back what was done",
        IntentState::Parked => "it has begun; `sluicebox actions retry` goes on with it",
        IntentState::Cancelled => "it was cancelled before",
    };
    Ok(Refusal::new(format!("action {number} {what}: {why}\n  `sluicebox actions show {number}` tells all about it")))
}

#[cfg(test)]
mod tests {
    use super::super::perform;
    use super::*;
    use crate::clock::Clock;
    use crate::model::action::{Target, TargetPerson};
    use crate::model::{Cause, Provider};
    use crate::store::order::Shares;
    use crate::store::sqlite::{Options, Sqlite};
    use crate::store::{
        Audit as _, Connectors as _, IntentClaim, Intents as _, NewIntent, PolicyLimits, SealKey, Voter,
    };

    fn store(folder: &std::path::Path) -> Sqlite {
        let (seal, clock) = (SealKey::new([7; 32]), Clock::movable());
        Sqlite::open(Options { path: folder.join("store"), seal, clock, shares: Shares::default() }).unwrap()
    }

    fn acts(store: &Sqlite) -> Vec<(String, String)> {
        let rows = store.entries(0, 99).unwrap();
        rows.into_iter().map(|row| (row.entry.act, row.entry.about)).collect()
    }

    #[test]
    fn what_a_person_decides_of_actions_is_carried_out_and_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let of = store.connector(&"main".parse().unwrap(), Provider::Box).unwrap().number;
        let person =
            |id: usize| Target::Person(TargetPerson { id: None, account: Some(id.to_string().into()), login: None });
        let new = |id: usize| NewIntent {
            id: format!("a{id}").into(),
            connector: of,
            item: None,
            on: person(id),
            owner: "".into(),
            cause: Cause::Policy,
            voters: vec![Voter { policy: "p".into(), hash: [1; 32] }],
            rules: None,
            plan: None,
            undoes: None,
            what: "{}".into(),
            name: "suspend".into(),
            actor: "policy p".into(),
            due: None,
            moves: false,
        };
        let made = Entry { actor: "service".into(), act: "made".into(), about: "".into(), details: "{}".into() };
        store.add_intents(&(1..=4).map(new).collect::<Vec<_>>(), &made).unwrap();
        let limits =
            [PolicyLimits { policy: "p".into(), items_max: Some(1), share_max: None, per_owner_hour_max: None }];
        let claim = IntentClaim { connectors: &[of], causes: &Cause::ALL, limits: &limits };
        let taken = store.claim_intent(&claim).unwrap().unwrap();
        store.begin_intent(taken.number, &[]).unwrap();
        assert!(store.claim_intent(&claim).unwrap().is_none());

        let said = |deed: &Deed| perform(&store, deed, "operator uid 7").map_err(|refusal| refusal.what);
        let cancel = |intent, policy: Option<&str>, reason: &str| Deed::ActionsCancel {
            intent,
            policy: policy.map(Into::into),
            plan: None,
            reason: reason.to_owned(),
        };
        let release = |policy: &str| Deed::BreakerRelease { policy: policy.to_owned(), reason: "ticket 7".to_owned() };
        let rows = [
            (cancel(None, None, "why"), Err("which actions")),
            (cancel(Some(2), None, " "), Err("reason")),
            (cancel(Some(9), None, "why"), Err("there is no action 9")),
            (cancel(Some(1), None, "why"), Err("it has begun")),
            (cancel(Some(2), None, "why"), Ok(1)),
            (cancel(Some(2), None, "why"), Err("it was cancelled before")),
            (Deed::ActionsRetry { intent: Some(3) }, Err("was not given up")),
            (Deed::ActionsRetry { intent: None }, Ok(0)),
            (release("q"), Err("has not tripped")),
            (release("p"), Ok(2)),
            (release("p"), Err("has not tripped")),
            (cancel(None, Some("p"), "why"), Ok(2)),
        ];
        for (deed, expected) in rows {
            match (said(&deed), expected) {
                (Ok(Answer::Counted { count }), Ok(wanted)) => assert_eq!(count, wanted, "{deed:?}"),
                (Err(said), Err(part)) => assert!(said.contains(part), "{deed:?}: {said}"),
                (got, _) => panic!("{deed:?}: {got:?}"),
            }
        }
        store.fail_intent(taken.number, "503", crate::clock::Moment::from_millis(0), 1).unwrap();
        assert_eq!(said(&Deed::ActionsRetry { intent: Some(1) }).unwrap(), Answer::Counted { count: 1 });
        let written = [
            ("made", ""),
            ("action.cancel", "action 2"),
            ("breaker.release", "policy p"),
            ("action.cancel", "policy p"),
            ("action.retry", "action 1"),
        ];
        assert_eq!(acts(&store), written.map(|(act, about)| (act.to_owned(), about.to_owned())));
    }
}
