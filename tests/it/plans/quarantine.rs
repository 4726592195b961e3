//! `sluicebox quarantine` through the program: beside a service that runs, without one, and while somebody else writes.

use super::company::Company;
use crate::harness::same;
use serde_json::Value;
use sluicebox::clock::Clock;
use sluicebox::engine::control::Lock;

/// Files whose owner can be acted for in both tenants.
const NOTES: &str = "ada/Notes.txt";
const BUDGET: &str = "frank/Projekt X/Budget.csv";
/// Looks until the service has brought something back.
const LOOKS_MAX: usize = 2_000;

/// Puts what lies at these paths of the tenant at Box into quarantine; their correlation ids in the order of the paths.
fn put_away(company: &Company, paths: [&str; 2]) -> Vec<String> {
    for path in paths {
        let item = format!("box:/{}", path.split_once('/').expect("an owner").1);
        let (_, number) = company.plan(&["--item", &item, "--do", "admin_quarantine"]);
        company.ask(&["plan", "apply", &number, "--yes"]).expect_code(0);
        same("it is away", &None, &at(company, path));
    }
    let rows = company.ask(&["quarantine", "list", "--format", "jsonl"]).lines();
    let id = |path: &str| {
        let name = path.rsplit('/').next().expect("a name");
        let row = rows.iter().find(|row| row.to_string().contains(name)).unwrap_or_else(|| panic!("{rows:#?}"));
        row["id"].as_str().expect("an id").to_owned()
    };
    paths.into_iter().map(id).collect()
}

/// The id of what lies at a path of the tenant at Box.
fn at(company: &Company, path: &str) -> Option<String> {
    company.world.tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>())
}

fn lying(company: &Company) -> usize {
    company.ask(&["quarantine", "list", "--format", "jsonl"]).lines().len()
}

#[test]
fn a_restore_is_asked_of_the_service_done_without_one_or_refused_with_the_reason() {
    let company = Company::new(&[], "plan", "");
    let before = [NOTES, BUDGET].map(|path| at(&company, path));
    let ids = put_away(&company, [NOTES, BUDGET]);
    same("both lie there", &2, &lying(&company));
    // Somebody else writes: nothing is asked for, and who it is is told.
    let lock = Lock::take(&company.world.scene.path("data"), "a test", &Clock::machine()).expect("the lock");
    let restore = |id: &str| company.ask(&["quarantine", "restore", id, "--yes"]);
    restore(&ids[0]).expect_code(2).expect_err("writes the store");
    company.ask(&["quarantine", "adopt"]).expect_code(2).expect_err("writes the store");
    company.ask(&["quarantine", "list"]).expect_code(0).expect_out("2 items");
    drop(lock);
    same("both lie there still", &2, &lying(&company));
    // A service runs: it is asked, and brings the item back.
    let running = company.serve();
    company.ask(&["quarantine", "show", &ids[0]]).expect_code(0).expect_out(&ids[0]);
    restore(&ids[0]).expect_code(0).expect_out("1 restore asked for; the service brings them back now");
    let back = (0..LOOKS_MAX).any(|_| lying(&company) == 1);
    // What it knows already is not taken back twice.
    let adopted = company.ask(&["quarantine", "adopt"]);
    running.signal("INT");
    let ran = company.world.discreet(running.finish());
    ran.expect_code(0);
    assert!(back, "{}", ran.frame("the item is back", &company.ask(&["actions", "list"]).out()));
    adopted.expect_code(0).expect_out("0 items taken back, 1 known already");
    same("the same item at its place", &before[0], &at(&company, NOTES));
    // No service: it is done here.
    restore(&ids[1]).expect_code(0).expect_out("1 item brought back.");
    same("the same item at its place", &before[1], &at(&company, BUDGET));
    company.ask(&["quarantine", "list"]).expect_code(0).expect_out("Nothing lies in quarantine.");
    restore(&ids[1]).expect_code(2).expect_err("it was brought back already");
    // Each is excused for a week, and only as what it is.
    let excused: Vec<Value> = company.ask(&["exceptions", "list", "--format", "jsonl"]).lines();
    assert!(excused.iter().all(|row| row["kind"] == "file"), "{excused:#?}");
    company.ask(&["audit", "verify"]).expect_code(0);
}
