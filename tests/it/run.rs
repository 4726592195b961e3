//! `sluicebox init` and `run`: one writer, whoever asks; what a killed service leaves is in nobody's way.

use crate::connect::world::World;
use crate::harness::{Ran, Running, Scene, same};
use sluicebox::engine::control::{Answer, Command, Reply, Request};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Tenants, and settings of a service over them with a port of its own choice.
fn world() -> World {
    let world = World::new();
    world.edit(|text| format!("{text}\n[service]\ndata_dir = \"data\"\nhttp = \"127.0.0.1:0\"\nfeed_poll_ms = 200\n"));
    call(&world, &["init"]).expect_code(0);
    world
}

fn call(world: &World, args: &[&str]) -> Ran {
    world.discreet(world.scene.call(args).args(["--settings", "s.toml"]).run())
}

/// Starts the service and waits until it says that it runs.
fn started(scene: &Scene) -> (Running, String) {
    let mut running = scene.call(["run", "--settings", "s.toml"]).start();
    let line = running.line();
    if !line.starts_with("Running: ") {
        panic!("{line}\n{}", running.finish().err());
    }
    (running, line)
}

fn tell(scene: &Scene, command: &Command) -> Option<Reply> {
    let mut stream = UnixStream::connect(scene.path("data/control.sock")).ok()?;
    stream.write_all(&Request::of(command).line()).ok()?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).ok()?;
    serde_json::from_slice(&reply).ok()
}

fn get(line: &str, path: &str) -> String {
    let address = line.split("http://").nth(1).and_then(|rest| rest.split(". ").next()).expect("an address");
    let mut stream = TcpStream::connect(address).expect("a door");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn init_makes_what_is_missing_and_changes_nothing_when_run_again() {
    let scene = Scene::new();
    let first = scene.call(["init", "--settings", "s.toml"]).run();
    first.expect_code(0).expect_out("made").expect_out("sluicebox connect box NAME");
    let state = scene.home(".local/state/sluicebox");
    same("data folder", &0o700, &mode(&state.join("data")));
    same("store", &0o600, &mode(&state.join("data/store.sqlite")));
    same("key", &0o600, &mode(&scene.key()));
    same("settings", &0o600, &mode(&scene.path("s.toml")));
    let (settings, key) =
        (std::fs::read(scene.path("s.toml")).expect("settings"), std::fs::read(scene.key()).expect("a key"));
    std::fs::set_permissions(state.join("data"), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let second = scene.call(["init", "--settings", "s.toml"]).run();
    second.expect_code(0).expect_out("was there").expect_out("mode 0700 now");
    same("settings", &settings, &std::fs::read(scene.path("s.toml")).expect("settings"));
    same("key", &key, &std::fs::read(scene.key()).expect("a key"));
    same("data folder", &0o700, &mode(&state.join("data")));
    // The settings it wrote are taken, and a store whose key is gone never gets another.
    std::fs::remove_file(scene.key()).expect("removed");
    scene.call(["init", "--settings", "s.toml"]).run().expect_code(2).expect_err("there is no token key");
    assert!(!scene.key().exists());
}

#[test]
fn run_before_init_says_what_to_do() {
    let scene = Scene::new();
    scene.write("s.toml", "");
    scene.call(["run", "--settings", "s.toml"]).run().expect_code(2).expect_err("sluicebox init");
}

#[test]
fn a_service_runs_is_asked_and_ends_in_good_order() {
    let world = world();
    let (running, line) = started(&world.scene);
    assert!(line.contains("2 connectors (box, dropbox)"), "{line}");
    assert!(get(&line, "/health").contains("\"ok\":true"));
    assert!(get(&line, "/metrics").contains("\nsluicebox_connector_enabled{connector=\"box\"} 1\n"));
    assert!(get(&line, "/nothing").starts_with("HTTP/1.1 404"));
    same("socket", &0o600, &mode(&world.scene.path("data/control.sock")));
    assert!(matches!(tell(&world.scene, &Command::Ping), Some(Reply::Ok(Answer::Here { .. }))));
    // A second service, and a command that would write itself, are told who is there.
    call(&world, &["run"]).expect_code(2).expect_err("sluicebox run").expect_err("writes there");
    let doctor = call(&world, &["doctor", "--offline"]);
    doctor.expect_code(0).expect_out("ok     service");
    same(
        "count",
        &Some(Reply::Ok(Answer::Counted { count: 2 })),
        &tell(&world.scene, &Command::BacklogPause { connector: None }),
    );
    let unknown = tell(&world.scene, &Command::BacklogPause { connector: Some("nobody".into()) });
    assert!(matches!(unknown, Some(Reply::Refused(_))), "{unknown:?}");
    running.signal("INT");
    let ran = world.discreet(running.finish());
    ran.expect_code(0).expect_out("Ended in good order");
    assert!(!world.scene.path("data/control.sock").exists());
}

#[test]
fn a_connector_is_switched_off_in_a_running_service() {
    let world = world();
    let (running, line) = started(&world.scene);
    call(&world, &["connect", "disable", "box"]).expect_code(0).expect_quiet();
    // The next look at numbers tells it.
    while !get(&line, "/metrics").contains("\nsluicebox_connector_enabled{connector=\"box\"} 0\n") {
        std::thread::yield_now();
    }
    call(&world, &["connect", "enable", "box"]).expect_code(0).expect_quiet();
    while !get(&line, "/metrics").contains("\nsluicebox_connector_enabled{connector=\"box\"} 1\n") {
        std::thread::yield_now();
    }
    same("stop", &Some(Reply::Ok(Answer::Done)), &tell(&world.scene, &Command::Stop));
    world.discreet(running.finish()).expect_code(0);
}

#[test]
fn what_a_killed_service_leaves_is_in_nobodys_way() {
    let world = world();
    let (running, _) = started(&world.scene);
    running.signal("KILL");
    running.finish();
    assert!(world.scene.path("data/control.sock").exists(), "a killed service leaves its socket");
    assert!(UnixStream::connect(world.scene.path("data/control.sock")).is_err());
    // A command sees that nobody holds the lock, and does the work itself.
    call(&world, &["connect", "disable", "box"]).expect_code(0).expect_quiet();
    call(&world, &["doctor", "--offline"]).expect_code(0);
    let (running, line) = started(&world.scene);
    assert!(line.contains("2 connectors"), "{line}");
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
}

#[test]
fn one_connector_that_cannot_be_opened_keeps_no_other_from_working() {
    let world = world();
    std::fs::remove_file(world.scene.path("box.secret")).expect("removed");
    let (running, line) = started(&world.scene);
    assert!(line.contains("connector dropbox, 1 left out"), "{line}");
    running.signal("INT");
    let ran = world.discreet(running.finish());
    ran.expect_code(0).expect_err("box is left out of this run");
}

#[test]
fn logs_are_json_when_asked_and_hold_no_colours() {
    let world = world();
    world.edit(|text| text.replace("[service]", "[service]\nlog = \"json\"\nlog_file = \"log\""));
    let (running, _) = started(&world.scene);
    running.signal("INT");
    let ran = world.discreet(running.finish());
    ran.expect_code(0);
    let log = std::fs::read_to_string(world.scene.path("log")).expect("a log");
    assert!(log.lines().count() >= 2 && !log.contains('\u{1b}'), "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(
            line["level"].is_string() && line["target"].as_str().is_some_and(|target| target.starts_with("sluicebox"))
        );
    }
    same("log", &0o600, &mode(&world.scene.path("log")));
}
