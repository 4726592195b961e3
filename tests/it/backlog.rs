//! `sluicebox backlog` and the passes behind it, by the real program on both emulated tenants: what the estimate says against
//! what the tenants hold, passes that cost what they should, orders, and changes seen between passes.

use crate::connect::world::World;
use crate::harness::{Ran, Running};
use serde_json::Value;
use sluicebox::emulator::Door;
use sluicebox::emulator::edit::{Edit, Play};

/// Tenants, and settings of a service that follows their feeds quickly and hurries.
fn world() -> World {
    let world = World::new();
    world.edit(|text| format!("{text}\n[service]\ndata_dir = \"data\"\nhttp = \"127.0.0.1:0\"\nfeed_poll_ms = 200\n"));
    world.pace(500);
    call(&world, &["init"]).expect_code(0);
    world
}

fn call(world: &World, args: &[&str]) -> Ran {
    world.discreet(world.scene.call(args).args(["--settings", "s.toml"]).run())
}

fn started(world: &World) -> Running {
    let mut running = world.scene.call(["run", "--no-backlog", "--settings", "s.toml"]).start();
    let line = running.line();
    assert!(line.starts_with("Running: "), "{line}");
    running
}

/// One row for each connector.
fn rows(ran: &Ran) -> Vec<Value> {
    ran.out().lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

fn status(world: &World, name: &str) -> Value {
    let ran = call(world, &["backlog", "status", name, "--format", "jsonl"]);
    rows(ran.expect_code(0)).remove(0)
}

/// Looks at a status until it fits; the service is killed, and the test fails, when that takes too long.
fn until(world: &World, running: &mut Running, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let status = status(world, name);
        if fits(&status) {
            return status;
        }
        assert!(running.ended().is_none(), "the service ended at {status}");
        std::thread::yield_now();
    }
}

fn is_done(pass: u64) -> impl Fn(&Value) -> bool {
    move |status| status["pass"]["number"] == pass && status["phase"] == "done" && status["files_waiting"] == 0
}

#[test]
fn an_estimate_is_exact_where_all_is_looked_at_and_a_range_where_not() {
    let world = world();
    let exact = rows(call(&world, &["backlog", "estimate", "--calls", "5000", "--format", "jsonl"]).expect_code(0));
    let rough = rows(call(&world, &["backlog", "estimate", "--calls", "16", "--format", "jsonl"]).expect_code(0));
    assert_eq!((exact.len(), rough.len()), (2, 2));
    let truths = [world.tenants.boxcom.files().len(), world.tenants.dropbox.files().len()];
    for ((exact, rough), truth) in exact.iter().zip(&rough).zip(truths) {
        let (low, high) = (exact["files"]["low"].as_u64().unwrap(), exact["files"]["high"].as_u64().unwrap());
        assert_eq!(low, high, "{exact}");
        // Files of other companies, and those that cannot be had at all, are not to be read.
        let truth = u64::try_from(truth).unwrap();
        assert!(low <= truth + 5 && low + 12 >= truth, "{low} of {truth}");
        assert!(rough["files"]["low"].as_u64() <= Some(low), "{rough} {low}");
        assert!(rough["files"]["high"].as_u64() >= Some(low), "{rough} {low}");
        assert!(rough["walks"]["sampled"].as_u64() < exact["walks"]["sampled"].as_u64());
        assert!(rough["calls_used"].as_u64() < Some(60), "{rough}");
    }
    // It left nothing behind: no item, no job, no pass.
    for row in rows(call(&world, &["backlog", "status", "--format", "jsonl"]).expect_code(0)) {
        assert_eq!((&row["files"], &row["jobs"]["ready"], &row["pass"]), (&0.into(), &0.into(), &Value::Null), "{row}");
    }
}

#[test]
fn passes_are_ordered_paused_and_cost_what_they_should() {
    let world = world();
    let mut running = started(&world);
    until(&world, &mut running, "box", |status| status["phase"] == "never begun");
    call(&world, &["backlog", "start"]).expect_code(0).expect_out("2 connectors");
    let status = until(&world, &mut running, "box", is_done(1));
    assert_eq!((&status["running"], &status["jobs"]["parked"]), (&Value::Bool(true), &Value::from(0)), "{status}");
    until(&world, &mut running, "dropbox", is_done(1));
    // A further pass over tenants where nothing changed.
    world.running.record().clear();
    call(&world, &["backlog", "start"]).expect_code(0);
    let dropbox = until(&world, &mut running, "dropbox", is_done(2));
    let boxed = until(&world, &mut running, "box", is_done(2));
    for status in [&dropbox, &boxed] {
        assert_eq!(
            (&status["pass"]["new"], &status["pass"]["changed"]),
            (&Value::from(0), &Value::from(0)),
            "{status}"
        );
    }
    let latest = world.running.record().latest();
    let content = |door| latest.iter().filter(|request| request.door == door).count();
    assert_eq!((content(Door::BoxDownload), content(Door::DropboxContent)), (0, 0), "nothing unchanged is downloaded");
    let continued = latest.iter().filter(|request| request.path.ends_with("list_folder/continue")).count();
    let listed = latest.iter().filter(|request| request.path.ends_with("files/list_folder")).count();
    assert_eq!(listed, 0, "cursors go on");
    let walks = dropbox["pass"]["walks"].as_u64().unwrap();
    assert!(u64::try_from(continued).unwrap() <= walks, "{continued} calls for {walks} namespaces");
    call(&world, &["backlog", "pause", "box"]).expect_code(0).expect_out("1 connector");
    let paused = until(&world, &mut running, "box", |status| status["paused"] == true);
    assert_eq!(paused["phase"], "done");
    running.signal("INT");
    running.finish().expect_code(0);
    let text = call(&world, &["backlog", "status", "box"]);
    text.expect_code(0).expect_out("pass 2").expect_out("paused");
}

#[test]
fn a_change_is_seen_between_passes() {
    let world = world();
    let mut running = started(&world);
    call(&world, &["backlog", "start"]).expect_code(0);
    for (name, tenant) in
        [("box", &*world.tenants.boxcom as &dyn Play), ("dropbox", &*world.tenants.dropbox as &dyn Play)]
    {
        let before = until(&world, &mut running, name, is_done(1));
        let path = ["ada", "Board", "seen at once.txt"].map(str::to_owned).to_vec();
        let edit = Edit::Write { by: "ada", path, body: b"new words"[..].into() };
        tenant.play(&edit).expect("played");
        let more = before["files"].as_u64().unwrap() + 1;
        let after = until(&world, &mut running, name, |status| status["files"] == more && status["files_waiting"] == 0);
        assert_eq!(after["pass"]["number"], 1, "no pass was needed");
    }
    running.signal("INT");
    running.finish().expect_code(0);
}
