//! `sluicebox explain`: for every policy why it matches an item or why not, with the distance; as text and as JSON lines.

use crate::connect::world::World;
use crate::doctor::{call, store, world};
use crate::exceptions::filled;
use crate::harness::{Ran, same};
use serde_json::Value;
use sluicebox::model::Level;
use sluicebox::store::{Inventory, Judged};

/// One policy matches the salaries, one lacks two findings, one a size, one cannot be told, one is off, one is not approved.
const POLICIES: &str = r#"
schema = 1

[[policy]]
name = "some"
title = "Some values"
mode = "plan"
severity = "high"
where = "access = internal and finding(total >= 2)"

[[policy.action]]
do = "remove_links"

[[policy]]
name = "many"
title = "Many values"
mode = "watch"
severity = "high"
where = "finding(total >= 5)"

[[policy]]
name = "large"
title = "Large files"
mode = "watch"
severity = "low"
where = "size >= 150B and not trashed"

[[policy]]
name = "outsiders"
title = "Somebody of a partner"
mode = "watch"
severity = "low"
where = "activity.external newer than 10 days or name word Salaries"

[[policy]]
name = "sleeping"
title = "Off"
mode = "off"
severity = "low"
where = "size > 0"

[[policy]]
name = "eager"
title = "Stronger, and never shown"
mode = "enforce"
severity = "low"
where = "size > 0"

[[policy.action]]
do = "make_private"
"#;

fn explain(world: &World, args: &[&str]) -> Ran {
    call(world, "explain", args)
}

/// The answer of each policy in JSON lines, and the last line.
fn told(world: &World, args: &[&str]) -> (Vec<(String, String)>, Value) {
    let ran = explain(world, &[args, &["--format", "jsonl"]].concat());
    let mut lines = ran.expect_code(0).lines();
    let decision = lines.pop().expect("a decision");
    same("the last line", &"sluicebox.decision/1", &decision["schema"].as_str().unwrap_or_default());
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (lines.iter().map(|row| (text(row, "policy"), text(row, "answer"))).collect(), decision)
}

#[test]
fn each_policy_says_why_or_why_not_and_how_far_it_is() {
    let world = world();
    let held = filled(&store(&world));
    let judged = Judged { level: Level::Internal, known: true, until: None };
    store(&world).keep_exposure(&[(held.salaries, judged)]).expect("kept");
    explain(&world, &["/HR/salaries.txt"]).expect_code(0).expect_out("There is no policy.");
    world.scene.write("policies/all.toml", POLICIES);
    explain(&world, &["/hr/Salaries.txt"])
        .expect_code(0)
        .expect_out("box:/HR/salaries.txt")
        .expect_out("some matches (plan; high; ")
        .expect_out("yes access = internal   [it is internal")
        .expect_out("many does not match (watch; high; ")
        // Two short of the count.
        .expect_out("3 more that are not kept")
        .expect_out("total: 2 short")
        .expect_out("large does not match (watch; low; ")
        .expect_out("100 bytes: 50 short")
        .expect_out("outsiders matches")
        .expect_out("sleeping is off")
        .expect_out("eager matches (plan instead of enforce, since it is not approved as it stands")
        // The stronger one stands for both.
        .expect_out("make_private       by some (wants remove_links), eager");
    let (answers, decision) = told(&world, &["4711", "--connector", "box"]);
    let want =
        [("some", "yes"), ("many", "no"), ("large", "no"), ("outsiders", "yes"), ("sleeping", "no"), ("eager", "yes")];
    same("answers", &want.map(|(policy, answer)| (policy.to_owned(), answer.to_owned())).to_vec(), &answers);
    same("asks", &"make_private", &decision["kept"][0]["asks"].as_str().unwrap_or_default());
    same("votes", &2, &decision["kept"][0]["votes"].as_array().map_or(0, Vec::len));
    // What was not read is no answer.
    let number = format!("#{}", held.notes);
    let (answers, _) = told(&world, &[&number, "--policy", "many"]);
    same("one policy of an unread file", &vec![("many".to_owned(), "unknown".to_owned())], &answers);
    explain(&world, &[&number]).expect_code(0).expect_out("many cannot tell").expect_out("it is not read yet");
    // An exception is told with its standing.
    call(
        &world,
        "exceptions",
        &["add", "file", "/HR/salaries.txt", "--reason", "r", "--for", "5d", "--policy", "some"],
    )
    .expect_code(0);
    explain(&world, &["/HR/salaries.txt"])
        .expect_code(0)
        .expect_out("some does not match")
        .expect_out("spared: exception #1 holds")
        .expect_out("exception #1 (file, until ");
    let (answers, _) = told(&world, &["4711", "--policy", "some"]);
    same("spared", &vec![("some".to_owned(), "no".to_owned())], &answers);
}

#[test]
fn what_cannot_be_explained_is_told_with_the_next_step() {
    let world = world();
    filled(&store(&world));
    world.scene.write("policies/all.toml", POLICIES);
    let rows: [(&[&str], &str); 4] = [
        (&["/HR/none.txt"], "none.txt"),
        (&["#99"], "99"),
        (&["4711", "--policy", "smoe"], "there is no policy `smoe`\n  there are some, many, large"),
        (&["4711", "--connector", "bix"], "bix"),
    ];
    for (args, said) in rows {
        explain(&world, args).expect_code(2).expect_err(said);
    }
}
