//! `files`, `findings`, `coverage`, `activity`, `report`: what a service over both emulated tenants came to know, held against the
//! tenants' own stock.

use crate::connect::world::World;
use crate::harness::{Ran, Scene, same};
use serde_json::Value;
use sluicebox::emulator::inventory::{Inventories, Inventory};
use std::collections::BTreeSet;

/// Looks at coverage until nothing waits; each takes a tenth of a second and more.
const LOOKS_MAX: usize = 10_000;

/// A service that has read both tenants and ended.
fn read_once() -> World {
    let world = World::new();
    world.edit(|text| format!("{text}\n[service]\ndata_dir = \"data\"\n"));
    ask(&world, &["init"]).expect_code(0);
    let mut running = world.scene.call(["run", "--settings", "s.toml"]).start();
    let line = running.line();
    assert!(line.starts_with("Running: "), "{line}");
    let items = stock(&world).iter().map(|(_, stock)| stock.items.len()).sum::<usize>();
    let done = |total: &Value| total["waiting"] == 0 && number(&total["items"]) >= items as u64;
    let look = || last(&ask(&world, &["coverage", "--format", "jsonl"]));
    let looked = (0..LOOKS_MAX).map(|_| look()).find(done);
    running.signal("INT");
    let ran = world.discreet(running.finish());
    ran.expect_code(0);
    let told = format!("{}\n{}", look(), ran.err());
    assert!(looked.is_some(), "{}", ran.frame(&format!("{items} items, none waiting"), &told));
    world
}

fn stock(world: &World) -> [(&'static str, Inventory); 2] {
    let Inventories { boxcom, dropbox } = world.tenants.inventory();
    [("box", boxcom), ("dropbox", dropbox)]
}

fn ask(world: &World, args: &[&str]) -> Ran {
    world.discreet(world.scene.call(args).args(["--settings", "s.toml"]).run())
}

fn lines(world: &World, args: &[&str]) -> Vec<Value> {
    ask(world, &[args, &["--format", "jsonl"]].concat()).lines()
}

fn last(ran: &Ran) -> Value {
    ran.lines().pop().unwrap_or_default()
}

fn of<'a>(lines: &'a [Value], schema: &str) -> impl Iterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["schema"] == schema)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

#[test]
fn before_there_is_a_store_the_next_step_is_told() {
    let scene = Scene::new();
    scene.write("s.toml", "");
    for command in ["files", "findings", "coverage", "activity", "report"] {
        scene.call([command, "--settings", "s.toml"]).run().expect_code(2).expect_err("run `sluicebox init`");
    }
    // A mistake in the filter is told before anything else.
    let ran = scene.call(["files", "--where", "acess > 3"]).run();
    ran.expect_code(2).expect_err("filter:1:1").expect_err("did you mean `access`?");
}

#[test]
fn what_is_asked_of_a_store_agrees_with_the_tenants_own_stock() {
    let world = read_once();
    coverage_adds_up(&world);
    filters_mean_what_they_say(&world);
    findings_are_found_again(&world);
    activities_are_told(&world);
    the_report_is_one_page(&world);
}

/// Rows add up to the items listed, and holes are what could not be walked.
fn coverage_adds_up(world: &World) {
    let told = lines(world, &["coverage"]);
    for (name, stock) in stock(world) {
        let rows = || of(&told, "sluicebox.coverage/1").filter(|row| row["connector"] == name);
        let items: u64 = rows().map(|row| number(&row["items"])).sum();
        let bytes: u64 = rows().map(|row| number(&row["bytes"])).sum();
        let listed = files(world, name);
        same("items", &(listed.len() as u64), &items);
        same("ids", &stock.items.iter().map(|item| item.id.clone()).collect(), &told_by_the_tenant(&listed));
        same("bytes", &stock.items.iter().map(|item| item.bytes).sum(), &bytes);
        let closed: BTreeSet<_> =
            stock.closed.iter().map(|closed| (closed.what.clone(), closed.why.to_owned())).collect();
        let holes = of(&told, "sluicebox.hole/1").filter(|row| row["connector"] == name);
        same("holes", &closed, &holes.map(|row| (text(&row["what"]), text(&row["why"]))).collect());
        let sums = of(&told, "sluicebox.coverage-connector/1").find(|row| row["connector"] == name).expect("sums");
        same("the provider's own bytes", &stock.used_bytes, &number(&sums["provider_bytes"]));
        let states = ["complete", "partial", "skipped", "no_text", "waiting"];
        same("states", &items, &states.iter().map(|state| number(&sums[*state])).sum());
    }
    let ran = ask(world, &["coverage"]);
    ran.expect_code(3).expect_out("of the provider's").expect_out("NOT WALKED");
    ask(world, &["coverage", "--allow-partial"]).expect_code(0);
    same(
        "the past",
        &0,
        &number(&last(&ask(world, &["coverage", "--as-of", "2020-01-01", "--format", "jsonl"]))["items"]),
    );
}

/// Ids of all items that `files` lists of a connector.
fn files(world: &World, connector: &str) -> Vec<String> {
    let told = lines(world, &["files", "--connector", connector]);
    of(&told, "sluicebox.item/1").map(|row| text(&row["id"])).collect()
}

/// All but folders that nothing told of but the paths of what lay in them (Dropbox, in deleted folders).
fn told_by_the_tenant(ids: &[String]) -> BTreeSet<String> {
    ids.iter().filter(|id| !id.starts_with("path:")).cloned().collect()
}

/// Every part of the facts is there for a filter.
fn filters_mean_what_they_say(world: &World) {
    let count = |filter: &str| {
        let sum = last(&ask(world, &["files", "--where", filter, "--format", "jsonl"]));
        (number(&sum["matched"]), number(&sum["unknown"]))
    };
    let all = number(&last(&ask(world, &["files", "--format", "jsonl"]))["matched"]);
    let files: usize =
        stock(world).iter().map(|(_, stock)| stock.items.iter().filter(|item| item.bytes > 0).count()).sum();
    same("sizes", &(files as u64, 0), &count("size > 0"));
    for filter in [
        "access >= external",
        "link = public",
        "collaborator.domain outside (example.com)",
        "collaborator.externals >= 1",
        "collaborator.group = Finance",
        "collaborator.member_of = \"Project X\"",
        "owner.status = inactive",
        "owner.group = Finance",
        "path under /Payroll",
        "parent = /Contracts",
        "name word contract and extension = docx",
        "type = spreadsheet",
        "format = zip",
        "trashed",
        "label is set",
        "coverage.gap",
        "finding(detector = bank.iban, confidence >= high)",
        "finding(tag = pii) and not finding(detector = card.payment)",
        "activity = share",
        "first_seen newer than 1 hour and snapshot newer than 1 hour",
        "created older than 1 day",
    ] {
        let (yes, unknown) = count(filter);
        assert!(0 < yes && yes < all || filter.starts_with("first_seen") && yes == all, "{filter}: {yes} of {all}");
        // What is not yes is no or unknown, and its contrary the other way round.
        let contrary = count(&format!("not ({filter})"));
        same(filter, &(all - yes - unknown, unknown), &contrary);
    }
    same("nobody", &0, &count("collaborator = nobody@example.com").0);
    assert!(count("collaborator = nobody@example.com").1 > 0, "hidden members are nobody's answer");
    let listed = lines(world, &["files", "--where", "collaborator = nobody@example.com", "--unknown"]);
    assert!(of(&listed, "sluicebox.item/1").all(|row| row["answer"] == "unknown"));
    let ran = ask(world, &["files", "--where", "finding(detector = bank.ibna)"]);
    ran.expect_code(0).expect_err("did you mean `bank.iban`?");
    ask(world, &["files", "--connector", "nowhere"]).expect_code(2).expect_err("it knows box, dropbox");
}

fn findings_are_found_again(world: &World) {
    let told = lines(world, &["findings", "--min-confidence", "high", "--detector", "id.*"]);
    let found: Vec<&Value> = of(&told, "sluicebox.stored-finding/1").collect();
    let one = found.first().expect("a finding");
    assert!(found.iter().all(|row| text(&row["detector"]).starts_with("id.") && number(&row["confidence"]) >= 85));
    // By its token alone: the same items as hold it in the list.
    let holders = |rows: &mut dyn Iterator<Item = &Value>| {
        rows.filter(|row| row["token"] == one["token"]).map(|row| number(&row["item"])).collect::<BTreeSet<u64>>()
    };
    let everywhere = lines(world, &["findings"]);
    let wanted = holders(&mut of(&everywhere, "sluicebox.stored-finding/1"));
    assert!(wanted.len() > 1, "{one}");
    for what in [text(&one["token"]), number(&one["finding"]).to_string()] {
        let traced = lines(world, &["findings", "trace", &what]);
        same("holders", &wanted, &holders(&mut of(&traced, "sluicebox.stored-finding/1")));
        same("counted", &(wanted.len() as u64), &number(&traced.last().expect("a sum")["items"]));
    }
    ask(world, &["findings"]).expect_code(1);
    let number = number(&one["finding"]).to_string();
    let shown = ask(world, &["findings", "show", &number]);
    shown.expect_code(0).expect_out(&text(&one["mask"])).expect_out(&text(&one["token"]));
    // A value is shown on a terminal only, and what looks like a value is not repeated.
    let refused = ask(world, &["findings", "show", &number, "--reveal", "--reason", "a test"]);
    refused.expect_code(2).expect_err("on a terminal only");
    let typed = ask(world, &["findings", "trace", "219-45-7788"]);
    typed.expect_code(2);
    assert!(!typed.err().contains("219-45"), "{}", typed.err());
    ask(world, &["findings", "--as-of", "2020-01-01"]).expect_code(0).expect_out("0 findings in 0 files");
    same("today", &everywhere.len(), &lines(world, &["findings", "--as-of", "now"]).len());
}

fn activities_are_told(world: &World) {
    let told = lines(world, &["activity"]);
    assert!(told.len() > 10, "{} activities", told.len());
    for (flags, key, value) in [(["--kind", "share"], "kind", "share"), (["--connector", "box"], "connector", "box")] {
        let some = lines(world, &["activity", flags[0], flags[1]]);
        let wanted = told.iter().filter(|row| row[key] == value).count();
        same(value, &wanted, &some.len());
    }
    let erin = |row: &&Value| row["actor"]["login"] == "erin@example.com";
    same("erin", &told.iter().filter(erin).count(), &lines(world, &["activity", "--person", "ERIN@example.com"]).len());
    let item = told.iter().find_map(|row| row["subjects"][0]["item"].as_u64()).expect("a known item");
    let about = lines(world, &["activity", "--item", &format!("#{item}")]);
    assert!(
        !about.is_empty() && about.iter().all(|row| row["subjects"].to_string().contains(&format!("\"item\":{item},")))
    );
    same("the future", &0, &lines(world, &["activity", "--since", "now + 1 day"]).len());
}

fn the_report_is_one_page(world: &World) {
    ask(world, &["report", "--output", "r.html"]).expect_code(0);
    let page = std::fs::read_to_string(world.scene.path("r.html")).expect("a page");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("Old projects") && page.contains("bank.iban"), "holes and findings");
    for value in ["219-45-7788", "<script", "http://", "https://"] {
        assert!(!page.contains(value), "{value} on the page");
    }
}
