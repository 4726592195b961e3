//! `sluicebox alerts`: what policies matched, grouped for a person, who closes it with a reason.

use crate::connect::world::World;
use crate::doctor::{call, store, world};
use crate::exceptions::{acts, filled};
use crate::harness::{Ran, same};
use serde_json::{Value, json};
use sluicebox::model::{Level, Severity};
use sluicebox::store::alerts::{AlertGroup, AlertKey};
use sluicebox::store::{Matched, Matches, Ruling};

/// One file in the roll-up of a policy, and in another's group of the folder `/HR`; the other in the roll-up too.
fn ruled(world: &World) {
    let store = store(world);
    let held = filled(&store);
    let matched = |policy: &str, severity: Severity, group: Option<AlertGroup>| Matched {
        policy: policy.into(),
        hash: [1; 32],
        level: Some(Level::Public),
        alert: Some(AlertKey { severity, group }),
    };
    let group = AlertGroup { connector: held.of, owner: "ann@example.com".into(), folder: "900".into() };
    let rollup = || matched("pci", Severity::Medium, None);
    let ruling =
        |item, matches| Ruling { item, connector: held.of, matches, undecided: Vec::new(), intents: Vec::new() };
    let both = vec![rollup(), matched("secrets", Severity::Critical, Some(group))];
    store.rule(&[ruling(held.salaries, both.clone()), ruling(held.notes, vec![rollup()])]).expect("ruled");
    store.rule(&[ruling(held.salaries, both), ruling(held.notes, Vec::new())]).expect("ruled");
}

fn ask(world: &World, args: &[&str]) -> Ran {
    call(world, "alerts", args)
}

fn listing(world: &World, args: &[&str]) -> Vec<Value> {
    ask(world, &[args, &["--format", "jsonl"]].concat()).lines()
}

#[test]
fn alerts_are_listed_shown_and_closed() {
    let world = world();
    ask(&world, &["list"]).expect_code(0).expect_out("0 alerts open.");
    ruled(&world);
    ask(&world, &["list"])
        .expect_code(0)
        .expect_out("secrets: box:/HR/ of ann@example.com")
        .expect_out("pci: roll-up of what was there before")
        .expect_out("2 alerts open.");
    let rows = listing(&world, &["list"]);
    let told: Vec<_> =
        rows.iter().map(|row| (&row["alert"], &row["policy"], &row["severity"], &row["matches"])).collect();
    let want = [
        (json!(2), json!("secrets"), json!("critical"), json!(1)),
        (json!(1), json!("pci"), json!("medium"), json!(2)),
    ];
    same("alerts", &want.iter().map(|(a, b, c, d)| (a, b, c, d)).collect(), &told);
    let group = json!({"connector": "box", "owner": "ann@example.com", "folder": "900", "path": "/HR"});
    same("group", &group, &rows[0]["group"]);
    same("roll-up", &Value::Null, &rows[1]["group"]);
    same("of a policy", &1, &listing(&world, &["list", "--policy", "pci"]).len());
    same("grave ones", &1, &listing(&world, &["list", "--min-severity", "high"]).len());
    same("at most", &1, &listing(&world, &["list", "--max", "1"]).len());
    ask(&world, &["show", "1"])
        .expect_code(0)
        .expect_out("Alert 1: pci, severity medium")
        .expect_out("nobody was told")
        .expect_out("box:/HR/salaries.txt\n")
        .expect_out("box:/notes.txt  (matches no more)");
    let items: Vec<Value> = listing(&world, &["show", "1"]).into_iter().skip(1).collect();
    let told: Vec<_> = items.iter().map(|row| (row["path"].clone(), row["matches_now"].clone())).collect();
    same("items", &vec![(json!("/HR/salaries.txt"), json!(true)), (json!("/notes.txt"), json!(false))], &told);
    ask(&world, &["show", "1", "--max", "1"]).expect_code(0).expect_out("1 of 2 matches");
    ask(&world, &["close", "1", "--reason", "links were removed by hand"])
        .expect_code(0)
        .expect_out("Alert 1 is closed.");
    same("open ones", &1, &listing(&world, &["list"]).len());
    same("all", &2, &listing(&world, &["list", "--all"]).len());
    ask(&world, &["show", "1"]).expect_code(0).expect_out(": links were removed by hand");
    same("the audit log", &vec!["alert.close".to_owned()], &acts(&world));
}

#[test]
fn what_cannot_be_closed_is_told() {
    let world = world();
    ruled(&world);
    ask(&world, &["close", "9", "--reason", "r"]).expect_code(2).expect_err("there is no alert 9");
    ask(&world, &["show", "9"]).expect_code(2).expect_err("there is no alert 9");
    ask(&world, &["close", "1", "--reason", ""]).expect_code(2).expect_err("a reason must be given");
    ask(&world, &["close", "1"]).expect_code(2).expect_err("--reason");
    ask(&world, &["close", "1", "--reason", "r"]).expect_code(0);
    ask(&world, &["close", "1", "--reason", "r"]).expect_code(2).expect_err("was closed already");
    same("closed once", &1, &acts(&world).len());
}
