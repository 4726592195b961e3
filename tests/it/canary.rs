//! No value leaves the service: a thousand made-up numbers lie in contents, archives, sheets and names of both tenants, the
//! service reads all of it, is asked everything, and none of them is in anything it says or keeps.
//!
//! Whole values are searched, as written and without separators, in UTF-8, UTF-16 and percent encoding; masks show their last
//! characters and are no leak.

mod planted;
mod search;

use crate::connect::world::World;
use crate::doctor::park;
use crate::harness::{Ran, Running, same};
use planted::{NAMES, Planted, SHEETS, steps};
use search::Search;
use serde_json::Value;
use sluicebox::emulator::edit::{Edit, Play};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// Looks at a running service until it is where it should be; each takes a tenth of a second and more.
const LOOKS_MAX: usize = 10_000;

/// All that is asked of a store, in words and for machines. None of these reads a tenant's content.
#[rustfmt::skip]
const QUESTIONS: [&[&str]; 26] = [
    &["files"], &["files", "--format", "jsonl"],
    &["files", "--where", "coverage.gap"], &["files", "--where", "name contains nothing"],
    &["findings"], &["findings", "--format", "jsonl"], &["findings", "--as-of", "now"],
    &["coverage"], &["coverage", "--format", "jsonl"], &["coverage", "--as-of", "now"],
    &["activity"], &["activity", "--format", "jsonl"], &["activity", "--kind", "share"], &["activity", "--kind", "rename"],
    &["report", "--output", "r.html"],
    &["backlog", "status"], &["backlog", "status", "--format", "jsonl"], &["backlog", "estimate", "--calls", "40"],
    &["queue", "status"], &["queue", "status", "--format", "jsonl"],
    &["queue", "parked"], &["queue", "parked", "--format", "jsonl"],
    &["doctor"], &["doctor", "--format", "json"], &["doctor", "--offline"],
    &["connect", "list"],
];

fn ask(world: &World, args: &[&str]) -> Ran {
    world.discreet(world.scene.call(args).args(["--settings", "s.toml"]).run())
}

fn rows(world: &World, args: &[&str]) -> Vec<Value> {
    ask(world, &[args, &["--format", "jsonl"]].concat()).lines()
}

/// Starts the service; gives the address of its door too.
fn started(world: &World, search: &Search) -> (Running, String) {
    let mut running = world.scene.call(["run", "--settings", "s.toml"]).start();
    let line = running.line();
    search.none_in("first line", line.as_bytes());
    let address = line.split("http://").nth(1).and_then(|rest| rest.split(". ").next()).unwrap_or_default();
    if address.is_empty() {
        panic!("no address{}", running.finish().frame("Running: ", "something else"));
    }
    let address = address.to_owned();
    (running, address)
}

fn get(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("a door");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}");
    answer
}

/// Both tenants by their connectors' names.
fn tenants(world: &World) -> [(&'static str, &dyn Play); 2] {
    [("box", &*world.tenants.boxcom), ("dropbox", &*world.tenants.dropbox)]
}

/// How many shares each connector told of.
fn told(world: &World) -> [usize; 2] {
    tenants(world).map(|(name, _)| rows(world, &["activity", "--kind", "share", "--connector", name]).len())
}

/// Waits until all that the tenants hold was read, and each told of so many shares.
fn read_to_the_end(world: &World, running: &mut Running, told_min: [usize; 2]) {
    let stock = world.tenants.inventory();
    let items = stock.boxcom.items.len() + stock.dropbox.items.len();
    for _ in 0..LOOKS_MAX {
        assert!(running.ended().is_none(), "the service ended before");
        let total = rows(world, &["coverage"]).pop().unwrap_or_default();
        let all = total["waiting"] == 0 && total["items"].as_u64() >= u64::try_from(items).ok();
        if all && told(world).iter().zip(told_min).all(|(told, min)| *told >= min) {
            return;
        }
    }
    panic!("{}", ask(world, &["coverage"]).frame(&format!("{items} items, none waiting"), "others"));
}

fn play(world: &World, edits: &[Edit]) {
    for (name, tenant) in tenants(world) {
        // Labels are Box's.
        for edit in edits.iter().filter(|edit| name == "box" || !matches!(edit, Edit::Label { .. })) {
            tenant.play(edit).unwrap_or_else(|why| panic!("{name}: {}", why.len()));
        }
    }
}

/// Every file below a folder, sockets left out.
fn all_files(below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(all_files(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}

/// Searches all that lies in the program's folder and its home; gives the names of what was searched.
fn search_files(world: &World, search: &Search) -> BTreeSet<String> {
    let files =
        [world.scene.path(""), world.scene.home("")].iter().flat_map(|folder| all_files(folder)).collect::<Vec<_>>();
    let mut names = BTreeSet::new();
    for file in files {
        // A file may go while others are read.
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        search.none_in(&name, &bytes);
        names.insert(name);
    }
    names
}

fn search_ran(what: &str, search: &Search, ran: &Ran) {
    search.none_in(&format!("{what}, stdout"), &ran.stdout);
    search.none_in(&format!("{what}, stderr"), &ran.stderr);
}

/// Asks everything, and searches each answer.
fn search_answers(world: &World, search: &Search) {
    for args in QUESTIONS {
        let ran = ask(world, args);
        let what = args.join(" ");
        // The doctor may find something; every other question must be one that is answered. An empty queue is told by no line.
        assert!(matches!(ran.code(), 0 | 1 | 3) || args[0] == "doctor", "{what}: {}", ran.code());
        assert!(!ran.stdout.is_empty() || matches!(args[0], "report" | "queue"), "{what} said nothing");
        search_ran(&what, search, &ran);
    }
    let found = rows(world, &["findings"]);
    for row in found.iter().filter(|row| row["finding"].is_u64()).step_by(97) {
        let (number, token) = (row["finding"].to_string(), row["token"].as_str().unwrap_or_default());
        search_ran("findings show", search, ask(world, &["findings", "show", &number]).expect_code(0));
        search_ran("findings trace", search, &ask(world, &["findings", "trace", token]));
    }
    let page = std::fs::read(world.scene.path("r.html")).expect("a page");
    assert!(page.starts_with(b"<!doctype html>"));
    search.none_in("the report's page", &page);
}

/// Fails unless four fifths of what was planted in each place were found: else nothing could leak, and the rest proves little.
fn most_were_found(world: &World, planted: &Planted) {
    for (name, _) in tenants(world) {
        let found = rows(world, &["findings", "--connector", name]);
        let listed = rows(world, &["files", "--connector", name]);
        let ends = |row: &Value, end: &str| row["path"].as_str().is_some_and(|path| path.ends_with(end));
        let enough = |place: &str, count: usize, of: usize| {
            assert!(of > 0 && count * 5 >= of * 4, "{name}, {place}: {count} of {of} were found");
        };
        for (file, count) in &planted.contents {
            let tokens: BTreeSet<&str> =
                found.iter().filter(|row| ends(row, file)).filter_map(|row| row["token"].as_str()).collect();
            enough(file, tokens.len(), *count);
        }
        for (file, count) in [("names.zip", NAMES), ("sheets.xlsx", SHEETS)] {
            let places =
                found.iter().filter(|row| ends(row, file)).map(|row| format!("{}{}", row["location"], row["part"]));
            let covered: BTreeSet<String> = places.filter(|place| place.contains('*')).collect();
            enough(&format!("names in {file}"), covered.len(), count);
        }
        for (folder, count) in [("/Names/", planted.files), ("/Folders/", planted.folders)] {
            let paths = listed.iter().filter_map(|row| row["path"].as_str());
            let covered: BTreeSet<&str> = paths.filter(|path| path.contains(folder) && path.contains('*')).collect();
            enough(folder, covered.len(), count);
        }
    }
}

/// Deeds while the service looks on: new files, links, invitations, renames.
fn edits(planted: &Planted, round: usize) -> Vec<Edit> {
    let [new, renamed, folder] = &planted.later[round][..] else { panic!("three names a round") };
    let (first, second) = (planted.named[round].clone(), planted.named[round + 2].clone());
    let beside = |file: &[String], name: &str| [&file[..file.len() - 1], &[name.to_owned()]].concat();
    let parent = planted.foldered[round][..planted.foldered[round].len() - 1].to_vec();
    let new_path = steps(&["erin", "Names", new]);
    let deleted = &planted.foldered[round + 2];
    vec![
        Edit::Write {
            by: "erin",
            path: new_path.clone(),
            body: format!("seen at once: {renamed}\n").into_bytes().into(),
        },
        Edit::Link { by: "erin", path: first.clone(), audience: Some("public") },
        Edit::Invite { by: "erin", path: parent.clone(), whom: "pat".to_owned() },
        Edit::Move { by: "erin", from: second.clone(), to: beside(&second, renamed) },
        Edit::Move { by: "erin", from: parent.clone(), to: beside(&parent, folder) },
        Edit::Label { by: "erin", path: new_path, level: Some("Confidential") },
        Edit::Delete { by: "erin", path: first },
        Edit::Delete { by: "erin", path: deleted[..deleted.len() - 1].to_vec() },
    ]
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let planted = Planted::new();
    let search = Search::new(&planted.values);
    same("values", &1_000, &planted.values.iter().filter(|value| value.place != "later").count());
    for file in planted.fill.files.iter().filter(|file| file.path.last().is_some_and(|name| name.ends_with(".txt"))) {
        let place = file.path.last().map(String::len);
        assert!(search.leak(&file.body).is_some(), "a body whose name has {place:?} bytes");
    }
    for path in planted.named.iter().chain(&planted.foldered) {
        let text = path.join("/");
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for form in [text.to_lowercase(), text.replace(' ', "%20"), encoded] {
            assert!(search.leak(form.as_bytes()).is_some(), "a path of {} bytes", form.len());
        }
    }
    assert!(search.leak(b"2026-11-21T20:10:14.123456789Z 0123456789abcdef ***-**-1873").is_none());
}

#[test]
fn no_planted_value_leaves_the_service() {
    let planted = Planted::new();
    let search = Search::new(&planted.values);
    let world = World::holding(&planted.fill);
    world.edit(|text| {
        format!(
            "{text}\n[service]\ndata_dir = \"data\"\nhttp = \"127.0.0.1:0\"\nfeed_poll_ms = 200\nlog_level = \"trace\"\n\
             log = \"json\"\nlog_file = \"log\"\n"
        )
    });
    world.pace(500);
    search_ran("init", &search, ask(&world, &["init"]).expect_code(0));
    // All is read once, with the log as JSON in a file; then a second time around, with the log as text on standard error.
    for round in 0..2 {
        let (mut running, address) = started(&world, &search);
        read_to_the_end(&world, &mut running, [0; 2]);
        if round == 0 {
            most_were_found(&world, &planted);
        }
        let told_before = told(&world);
        play(&world, &edits(&planted, round));
        if round == 0 {
            // Namespaces listed a moment ago are not watched yet; a further pass asks them at once.
            search_ran("backlog start", &search, ask(&world, &["backlog", "start"]).expect_code(0));
        }
        read_to_the_end(&world, &mut running, told_before.map(|told| told + 2));
        search_answers(&world, &search);
        for path in ["/metrics", "/health"] {
            search.none_in(path, &get(&address, path));
        }
        let names = search_files(&world, &search);
        for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "lock", "log", "r.html"] {
            assert!(names.contains(name), "{name} is not among what was searched: {names:?}");
        }
        running.signal("INT");
        let ran = world.discreet(running.finish());
        search_ran("run", &search, ran.expect_code(0));
        let log = if round == 0 { std::fs::read(world.scene.path("log")).expect("a log") } else { ran.stderr.clone() };
        let log = String::from_utf8_lossy(&log).into_owned();
        assert!(log.contains("the service runs"), "round {round} has no log");
        search_files(&world, &search);
        world.edit(|text| text.replace("log = \"json\"\nlog_file = \"log\"\n", "log = \"text\"\n"));
    }
    park(&world);
    search_answers(&world, &search);
    search_files(&world, &search);
}
