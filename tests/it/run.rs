//! `sluicebox init` and `run`: one writer, whoever asks; what a killed service leaves is in nobody's way.

use crate::connect::world::World;
use crate::harness::{BADGE_RULES, Ran, Running, Scene, same};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
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
    ask(line, "GET", path, "", "")
}

fn ask(line: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let address = line.split("http://").nth(1).and_then(|rest| rest.split(". ").next()).expect("an address");
    let mut stream = TcpStream::connect(address).expect("a door");
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
        .expect("asked");
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

/// Waits until something is so, for as long as the service runs.
fn until(running: &mut Running, is_so: impl Fn() -> bool) {
    while !is_so() {
        assert!(running.ended().is_none(), "the service ended before");
        std::thread::yield_now();
    }
}

#[test]
fn webhooks_are_registered_and_wake_the_feed() {
    let world = world();
    world.edit(|text| {
        text.replace("[service]", "[service]\nlog_file = \"log\"\npublic_address = \"https://dlp.example.com\"")
    });
    call(&world, &["doctor", "--connector", "box"]).expect_code(2).expect_out("no webhook was registered yet");
    let (mut running, line) = started(&world.scene);
    // Dropbox: the handshake, a forged notice, a genuine one.
    assert!(get(&line, "/hooks/dropbox?challenge=abc").ends_with("\r\n\r\nabc"));
    let body = "{\"list_folder\":{\"accounts\":[\"dbid:a\"]}}";
    let mut mac = Hmac::<Sha256>::new_from_slice(world.tenants.dropbox.keys().app_secret.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let signature: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let post =
        |signature: &str| ask(&line, "POST", "/hooks/dropbox", &format!("X-Dropbox-Signature: {signature}\r\n"), body);
    assert!(post(&"0".repeat(64)).starts_with("HTTP/1.1 403"));
    assert!(post(&signature).starts_with("HTTP/1.1 200"));
    assert!(ask(&line, "POST", "/hooks/nobody", "", body).starts_with("HTTP/1.1 404"));
    let counted = get(&line, "/metrics");
    assert!(counted.contains("\nsluicebox_hook_refused_total{connector=\"dropbox\"} 1\n"), "{counted}");
    assert!(counted.contains("\nsluicebox_hook_hints_total{connector=\"dropbox\"} 1\n"), "{counted}");
    // Box: the service registers them once it knows people.
    let log = world.scene.path("log");
    until(&mut running, || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.contains("webhooks are as they should be"))
    });
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
    call(&world, &["doctor", "--connector", "box"]).expect_code(0);
    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(!log.contains(&signature), "{log}");
}

#[test]
fn a_disk_that_is_nearly_full_ends_the_service_cleanly() {
    let world = world();
    world.edit(|text| text.replace("[service]", "[service]\ndisk_free_min_bytes = 1125899906842624"));
    let ran = world.discreet(world.scene.call(["run", "--settings", "s.toml"]).run());
    ran.expect_code(2).expect_err("no room left on the disk").expect_err("goes on where it stopped");
    world.edit(|text| text.replace("disk_free_min_bytes = 1125899906842624", "disk_free_min_bytes = 0"));
    let (running, _) = started(&world.scene);
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
}

#[test]
fn changed_rules_are_priced_and_applied_once() {
    let world = world();
    let rules = world.scene.path("own.toml");
    let write = |text: &str| std::fs::write(&rules, text).expect("written");
    write(BADGE_RULES);
    world.edit(|text| format!("{text}\n[rules]\nno_builtin = true\npaths = [\"own.toml\"]\n"));
    call(&world, &["rules", "apply"]).expect_code(2).expect_err("no rules are in force yet");
    let (running, line) = started(&world.scene);
    assert!(line.contains("; 2 detectors;"), "{line}");
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
    call(&world, &["rules", "apply"]).expect_code(0).expect_out("Nothing changes");
    // One detector goes, and one is tightened: no content is read for either.
    let (badge, _) = BADGE_RULES.split_once("[[detector]]\nid = 'test.crate'").expect("two detectors");
    write(&badge.replace("within = 20", "within = 10"));
    let told = call(&world, &["rules", "apply", "--price", "--format", "json"]);
    told.expect_code(0);
    let price = told.lines().pop().unwrap_or_default();
    same("changes", &2, &price["changes"].as_array().map_or(0, Vec::len));
    same("contents", &serde_json::Value::from(0), &price["contents"]);
    let (running, line) = started_with(&world.scene, "; 1 detector;");
    call(&world, &["rules", "apply"]).expect_code(0).expect_out("Nothing changes");
    write(BADGE_RULES);
    let applied = call(&world, &["rules", "apply", "--yes"]);
    applied.expect_code(0).expect_out("test.crate").expect_out("Applied.");
    call(&world, &["rules", "apply"]).expect_code(0).expect_out("Nothing changes");
    // A rule file that is wrong is told, and changes nothing.
    write("schema = 1\n[[detector]]\nid = 'broken'\n");
    call(&world, &["rules", "apply"]).expect_code(2);
    assert!(get(&line, "/health").contains("\"ok\":true"));
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
}

/// Starts the service, whose first line must hold this.
fn started_with(scene: &Scene, part: &str) -> (Running, String) {
    let (running, line) = started(scene);
    assert!(line.contains(part), "{line}");
    (running, line)
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_would_leave_no_core() {
    let world = world();
    let (running, _) = started(&world.scene);
    let lock = std::fs::read_to_string(world.scene.path("data/lock")).expect("a lock");
    let holder: serde_json::Value = serde_json::from_str(&lock).expect("JSON");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", holder["pid"])).expect("limits");
    let row = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a row");
    let words: Vec<&str> = row.split_whitespace().skip(4).take(2).collect();
    same("soft and hard limit", &vec!["0", "0"], &words);
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
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

/// Rows of `backlog status`, when it can be had.
fn statuses(world: &World) -> Vec<serde_json::Value> {
    let ran = call(world, &["backlog", "status", "--format", "jsonl"]);
    ran.expect_code(0).out().lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

fn all_read(world: &World) -> bool {
    statuses(world).iter().all(|row| row["pass"]["number"] == 1 && row["phase"] == "done" && row["files_waiting"] == 0)
}

#[test]
fn a_full_disk_ends_the_service_and_the_next_run_goes_on_where_it_stopped() {
    let world = world();
    world.pace(500);
    let store = world.scene.path("data/store.sqlite");
    let begun = std::fs::metadata(&store).expect("a store").len();
    let mut room = begun + (160 << 10);
    // The store's log may grow to a bound, as under a quota; then there is a little more room, then enough.
    for stop in 0..3 {
        let ran = world.discreet(world.scene.call(["run", "--settings", "s.toml"]).file_bytes_max(room).run());
        ran.expect_code(2).expect_err("no room left on the disk").expect_err("the work goes on where it stopped");
        ran.expect_err("store.sqlite");
        assert!(!world.scene.path("data/control.sock").exists(), "stop {stop}");
        assert!(!all_read(&world), "stop {stop} came in the middle");
        call(&world, &["doctor", "--offline"]).expect_out("ok     store");
        room += 64 << 10;
    }
    let (mut running, _) = started(&world.scene);
    until(&mut running, || all_read(&world));
    for row in statuses(&world) {
        let files = match row["connector"].as_str() {
            Some("box") => world.tenants.boxcom.files().len(),
            _ => world.tenants.dropbox.files().len() + world.tenants.dropbox.deleted().len(),
        };
        same("files", &Some(u64::try_from(files).expect("few")), &row["files"].as_u64());
        same("parked", &serde_json::Value::from(0), &row["jobs"]["parked"]);
    }
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
}

#[test]
fn a_damaged_store_is_refused_and_left_as_it_is() {
    let world = world();
    world.pace(500);
    let (mut running, _) = started(&world.scene);
    until(&mut running, || all_read(&world));
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
    let store = world.scene.path("data/store.sqlite");
    let whole = std::fs::read(&store).expect("a store");
    let mut damaged = whole.clone();
    // In the middle of every fourth page: some hold rows, wherever those lie.
    for page in (4..whole.len() / 4096).step_by(4) {
        damaged[page * 4096 + 700..page * 4096 + 1_400].fill(0xa5);
    }
    std::fs::write(&store, &damaged).expect("written");
    let ran = world.discreet(world.scene.call(["run", "--settings", "s.toml"]).run());
    ran.expect_code(2).expect_err("the store is damaged").expect_err("store.sqlite").expect_err("restore a copy");
    call(&world, &["doctor", "--offline"]).expect_err("");
    assert!(std::fs::read(&store).expect("a store") == damaged, "nothing was changed");
    // A copy put in its place is all it takes: what was read is known before anything is asked of a provider.
    std::fs::write(&store, &whole).expect("written");
    assert!(all_read(&world));
    let (mut running, _) = started(&world.scene);
    until(&mut running, || all_read(&world));
    running.signal("INT");
    world.discreet(running.finish()).expect_code(0);
}
