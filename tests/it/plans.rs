//! Plans through the program: made, shown, approved, applied after something drifted, undone; held against the tenants' own state.

mod company;
mod quarantine;

use crate::harness::same;
use company::{Company, OPEN, steps};
use serde_json::Value;
use sluicebox::emulator::Effect;
use sluicebox::emulator::edit::{Edit, Play};
use std::collections::BTreeMap;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Path, standing and number of calls of each action of a plan.
fn planned(plan: &Value) -> Vec<(String, String, usize)> {
    let entries = plan["entries"].as_array().expect("entries");
    let of = |entry: &Value| {
        let planned = entry["planned"].as_array().cloned().unwrap_or_default();
        let path = text(&entry["path"]).to_owned();
        planned.into_iter().map(move |one| {
            (path.clone(), text(&one["standing"]).to_owned(), one["calls"].as_array().map_or(0, Vec::len))
        })
    };
    entries.iter().flat_map(of).collect()
}

/// How often each effect occurs.
fn counted(effects: &[Effect]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for effect in effects {
        *counts.entry(effect.what).or_insert(0) += 1;
    }
    counts
}

const NOTES: &str = "ada/Notes.txt";
const BUDGET: &str = "frank/Projekt X/Budget.csv";
const CARDS: &str = "erin/Travel/Cards.txt";

#[test]
fn what_drifted_after_the_plan_is_refused_and_the_rest_is_done_and_comes_back() {
    let company = Company::new(&[NOTES, BUDGET], "plan", "");
    company.ask(&["reevaluate"]).expect_code(0);
    let (plan, number) = company.plan(&[]);
    let all = planned(&plan);
    let will: Vec<_> = all.iter().filter(|(_, standing, _)| standing == "will").collect();
    let of = |name: &str| will.iter().filter(|(path, ..)| path.ends_with(name)).map(|one| one.2).sum::<usize>();
    same("a link at each tenant", &(2, 2, 2), &(of("Notes.txt"), of("Budget.csv"), of("Cards.txt")));
    // What is open only through a folder above has nothing of its own to close, and the plan says what would.
    let contact = plan["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .find(|entry| text(&entry["path"]).ends_with("contact.html"));
    let contact = contact.expect("open through its folder").to_string();
    assert!(contact.contains("still public through a link on the folder"), "{contact}");
    assert!(contact.contains("--do remove_links"), "{contact}");
    // For people.
    company
        .ask(&["plan", "show", &number])
        .expect_code(0)
        .expect_out("make it private")
        .expect_out("a link for anybody");
    company.ask(&["plan", "show", &number, "--format", "html"]).expect_code(0).expect_out("<!doctype html>");
    let before: Vec<String> = [BUDGET, CARDS].iter().map(|path| company.sharing(path)).collect();

    // Somebody edits the sharing of one file: another call would be needed now.
    let invite = Edit::Invite { by: "ada", path: steps(NOTES), whom: "pat".to_owned() };
    company.world.tenants.play(&invite).expect("played");
    let drifted = company.sharing(NOTES);
    let earlier = company.effects().len();
    let ran = company.ask(&["plan", "apply", &number, "--yes"]);
    ran.expect_code(1).expect_out("drifted").expect_out("Notes.txt");
    same("what drifted is as it was", &drifted, &company.sharing(NOTES));
    let done = company.effects().split_off(earlier);
    let calls: usize = will.iter().filter(|(path, ..)| !path.ends_with("Notes.txt")).map(|one| one.2).sum();
    same("each call of the plan, and no other", &calls, &done.len());
    for path in [BUDGET, CARDS] {
        assert!(!company.sharing(path).contains("public") && !company.sharing(path).contains("open"), "{path}");
    }
    // It is applied once.
    let again = company.effects().len();
    company.ask(&["plan", "apply", &number, "--yes"]).expect_code(1);
    same("nothing more was done", &again, &company.effects().len());

    let before_undo = counted(&company.effects());
    let ran = company.ask(&["undo", "--plan", &number, "--apply", "--yes"]);
    ran.expect_code(0).expect_out("a link that is made again has a new address");
    let after: Vec<String> = [BUDGET, CARDS].iter().map(|path| company.sharing(path)).collect();
    same("sharing is as it was", &before, &after);
    let made: Vec<_> =
        counted(&company.effects()).into_iter().filter(|(what, times)| before_undo.get(what) != Some(times)).collect();
    same("links are made and nothing else", &vec!["link_made"], &made.iter().map(|(what, _)| *what).collect());
    company.ask(&["undo", "--plan", &number]).expect_code(2).expect_err("undone already");
    company.ask(&["audit", "verify"]).expect_code(0);
}

#[test]
fn a_policy_is_enforced_only_as_it_was_shown() {
    let company = Company::new(&[NOTES], "enforce", "");
    let before = company.effects().len();
    company.ask(&["reevaluate"]).expect_code(0);
    same("nothing is done before it is approved", &before, &company.effects().len());
    company.ask(&["policy", "approve", "open", "--plan", "1"]).expect_code(2).expect_err("there is no plan 1");
    let (plan, number) = company.plan(&["--item", "box:/Notes.txt", "--do", "remove_links"]);
    same("its policies", &0, &plan["policies"].as_array().map_or(9, Vec::len));
    company
        .ask(&["policy", "approve", "open", "--plan", &number])
        .expect_code(2)
        .expect_err("shows nothing of the policy");
    let (_, number) = company.plan(&["--policy", "open"]);
    // Edited after it was shown: that form was never planned.
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce").replace("make_private", "remove_links"));
    company.ask(&["policy", "approve", "open", "--plan", &number]).expect_code(2).expect_err("is another now");
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce"));
    company.ask(&["policy", "approve", "open", "--plan", &number]).expect_code(0);
    company.ask(&["policy", "list"]).expect_code(0).expect_out("enforce");
    // An edit makes it fall back.
    company.world.scene.write("open.toml", OPEN.replace("MODE", "enforce").replace("make_private", "remove_links"));
    let ran = company.ask(&["plan", "new", "--policy", "open", "--format", "json"]);
    assert!(!ran.out().contains("\"mode\":\"enforce\""), "{}", ran.out());
    company.ask(&["policy", "revoke", "open"]).expect_code(0);
}

/// Makes the operators ada and bob known.
fn with_operators(company: &Company) {
    company.world.edit(|mut text| {
        for name in ["ada", "bob"] {
            let ran = company.world.scene.call(["operator", "key", name]).run();
            let out = ran.expect_code(0).out();
            text.push_str(out.split_once("\n\n").expect("a table").1);
        }
        text
    });
}

#[test]
fn a_second_operator_approves_what_needs_two() {
    let company = Company::new(&[NOTES], "plan", "");
    with_operators(&company);
    company.ask(&["operator", "list"]).expect_code(0).expect_out("ada\nbob\n");
    // Of a colleague: an administrator cannot be suspended.
    let suspend = ["--item", "box:/Travel/Cards.txt", "--do", "suspend"];
    let (plan, number) = company.plan(&[&suspend[..], &["--operator", "ada"]].concat());
    same("approvals", &Some(1), &plan["approvals"].as_u64());
    let before = company.effects().len();
    company
        .ask(&["plan", "apply", &number, "--yes"])
        .expect_code(2)
        .expect_err("needs the approval of another operator");
    company.ask(&["plan", "approve", &number, "--operator", "ada"]).expect_code(2).expect_err("made plan");
    company
        .ask(&["plan", "approve", &number, "--operator", "eve"])
        .expect_code(2)
        .expect_err("only with the operator's key");
    // Somebody else's key is no key.
    let other = company.world.scene.home(".config/sluicebox/operators/ada.key");
    let other = other.to_str().expect("a path");
    let ran = company.ask(&["plan", "approve", &number, "--operator", "bob", "--operator-key", other]);
    ran.expect_code(2).expect_err("not the key of operator `bob`");
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(0);
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(2).expect_err("has approved");
    same("nothing was done so far", &before, &company.effects().len());
    company.ask(&["plan", "apply", &number, "--yes", "--operator", "ada"]).expect_code(0);
    let done = company.effects().split_off(before);
    same("one suspended", &vec!["suspended"], &done.iter().map(|effect| effect.what).collect());
    // Whoever made a plan without a name cannot be told from who approves it.
    let (_, number) = company.plan(&suspend.map(|word| if word == "suspend" { "end_sessions" } else { word }));
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(2).expect_err("nobody knows who made");
}

/// A policy may ask for a second operator for whatever it does.
#[test]
fn a_policy_that_asks_for_two_is_applied_after_the_second() {
    let company = Company::new(&[NOTES], "plan", "");
    with_operators(&company);
    let two = OPEN.replace("MODE", "plan").replace("where =", "approvals = 2\nwhere =");
    company.world.scene.write("open.toml", two);
    company.ask(&["reevaluate"]).expect_code(0);
    let (plan, number) = company.plan(&["--policy", "open", "--operator", "ada"]);
    same("approvals", &Some(1), &plan["approvals"].as_u64());
    let before = company.effects().len();
    let apply = || company.ask(&["plan", "apply", &number, "--yes", "--operator", "ada"]);
    apply().expect_code(2).expect_err("needs the approval of another operator");
    company.ask(&["plan", "approve", &number, "--operator", "ada"]).expect_code(2).expect_err("made plan");
    same("nothing was done so far", &before, &company.effects().len());
    company.ask(&["plan", "approve", &number, "--operator", "bob"]).expect_code(0);
    apply().expect_code(0);
    assert!(company.effects().len() > before, "the links are gone");
}

/// Files in each tenant of the large undo.
const MANY: usize = 100;

#[test]
fn hundreds_of_actions_are_undone_through_a_kill() {
    let company = Company::with(&[], "plan", "", MANY);
    let many = ["--where", "path under \"/Many\"", "--do", "remove_links", "--max", "2000"];
    let (plan, number) = company.plan(&many);
    let will = planned(&plan).iter().filter(|(_, standing, _)| standing == "will").count();
    same("links of all", &(2 * MANY), &will);
    company.ask(&["plan", "apply", &number, "--yes"]).expect_code(0);
    let (begun, before) = (company.effects().len(), counted(&company.effects()));
    let running =
        company.world.scene.call(["undo", "--plan", &number, "--apply", "--yes", "--settings", "s.toml"]).start();
    while company.effects().len() < begun + MANY / 2 {
        std::thread::yield_now();
    }
    running.signal("KILL");
    running.finish();
    let left = company.effects().len();
    assert!(left < begun + 2 * MANY, "it was killed too late: {left}");
    let undo = company.ask(&["plan", "list", "--max", "1", "--format", "jsonl"]).lines()[0]["plan"].to_string();
    company.ask(&["plan", "apply", &undo, "--yes"]).expect_code(0);
    let of_undo: Vec<_> =
        counted(&company.effects()).into_iter().filter(|(what, times)| before.get(what) != Some(times)).collect();
    same("each link once", &vec![("link_made", before.get("link_made").copied().unwrap_or(0) + 2 * MANY)], &of_undo);
    company.ask(&["undo", "--plan", &number]).expect_code(2).expect_err("undone already");
}
