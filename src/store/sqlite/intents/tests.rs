//! What intents and plans must be in a file beside the behaviours of every store: sealed, and found by indexes.

use crate::clock::Clock;
use crate::model::action::{Target, TargetItem};
use crate::model::{Cause, ConnectorNumber, ItemKind, Principal, Provider};
use crate::store::behaviours::{good, shared};
use crate::store::intents::{Intents, NewIntent};
use crate::store::plans::{NewPlan, Plans};
use crate::store::sqlite::Sqlite;
use crate::store::{Connectors, Entry, IntentClaim};

const CANARY: &str = "canary4111111111111111";

fn entry() -> Entry {
    Entry { actor: "service".into(), act: "test".into(), about: "test".into(), details: "{}".into() }
}

fn person(id: usize, of: ConnectorNumber) -> NewIntent {
    let target = TargetItem {
        id: format!("id:{id}").into(),
        kind: ItemKind::File,
        place: "n1".into(),
        read_as: Principal::Person("7".into()),
        path: Some(format!("/{CANARY}/a.txt").into()),
    };
    NewIntent {
        id: format!("a{id}").into(),
        connector: of,
        item: None,
        on: Target::Item(target),
        owner: format!("{CANARY}@example.com").into(),
        cause: Cause::Policy,
        voters: Vec::new(),
        rules: None,
        plan: None,
        undoes: None,
        what: format!("{{\"to\":\"{CANARY}\"}}"),
        name: "move".into(),
        actor: "policy p".into(),
        due: None,
        moves: false,
    }
}

#[test]
fn no_path_no_owner_and_no_plan_is_in_the_files() {
    let (folder, clock) = (good(tempfile::tempdir()), Clock::movable());
    let store = shared(folder.path(), &clock);
    let of = good(store.connector(&good("main".parse()), Provider::Dropbox)).number;
    let number = good(store.add_intents(&[person(1, of)], &entry()))[0];
    let body = format!("{{\"who\":\"{CANARY}\"}}");
    let plan = NewPlan {
        hash: [1; 32],
        body: body.clone(),
        by: "anna".into(),
        kind: "plan".into(),
        items: 1,
        policies: Vec::new(),
        approvals: 0,
    };
    let plan = good(store.add_plan(&plan, &entry()));
    assert_eq!(good(store.intent(number)).map(|intent| intent.is), Some(person(1, of)));
    assert_eq!(good(store.plan(plan)).map(|plan| plan.is.body), Some(body));
    for name in ["store.db", "store.db-wal"] {
        let bytes = good(std::fs::read(folder.path().join(name)));
        let met = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!met, "{name} holds what is to be sealed");
    }
}

/// What a claim asks is answered from an index that holds only what has a turn, whatever else there is.
#[test]
fn a_claim_looks_at_nothing_that_has_no_turn() {
    let (folder, clock) = (good(tempfile::tempdir()), Clock::movable());
    let store = shared(folder.path(), &clock);
    let plan_of = |sql: &str| -> String {
        good(store.read("explain", |tx| {
            let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            // What is asked for does not decide how it is looked for: nothing is bound.
            let rows = statement.raw_query().mapped(|row| row.get::<_, String>(3));
            Ok(rows.collect::<Result<Vec<_>, _>>()?.join("; "))
        }))
    };
    for (sql, index) in super::claim::LOOKS {
        let plan = plan_of(sql);
        assert!(plan.contains(&format!("INDEX {index} ")) && !plan.contains("SCAN"), "{sql}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}

/// A million waiting intents, one of them claimed and given back at a time. Measures; asserts nothing of time.
#[test]
#[ignore = "takes minutes; run it to measure"]
fn a_claim_with_a_million_waiting() {
    const ALL: usize = 1_000_000;
    let (folder, clock) = (good(tempfile::tempdir()), Clock::machine());
    let store: std::sync::Arc<Sqlite> = shared(folder.path(), &clock);
    let of = good(store.connector(&good("main".parse()), Provider::Dropbox)).number;
    for from in (0..ALL).step_by(10_000) {
        good(store.add_intents(&(from..from + 10_000).map(|id| person(id, of)).collect::<Vec<_>>(), &entry()));
    }
    let claim = IntentClaim { connectors: &[of], causes: &Cause::ALL, limits: &[] };
    let begun = clock.elapsed();
    for _ in 0..1_000 {
        good(store.claim_intent(&claim)).expect("a million wait");
    }
    println!("1,000 claims of {ALL} waiting: {:?}", clock.elapsed() - begun);
}
