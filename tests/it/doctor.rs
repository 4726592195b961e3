//! `sluicebox doctor` finds each planted fault, names it, and says what to do next; and finds none where there is none.

use crate::connect::world::World;
use crate::harness::{Ran, same};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::engine::control::Lock;
use sluicebox::model::{ItemKind, Lane, Principal, Provider, Reason, Todo};
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{Options, Sqlite};
use sluicebox::store::{Activities, Claim, Connectors, Failure, Promotion, Queue, SealKey, TakenChanges};
use std::any::Any;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Tenants, a settings file that leads to them, and all that `init` makes.
pub(crate) fn world() -> World {
    let world = World::new();
    world.edit(|text| format!("{text}\n[service]\ndata_dir = \"data\"\n"));
    call(&world, "init", &[]).expect_code(0);
    world
}

pub(crate) fn call(world: &World, command: &str, args: &[&str]) -> Ran {
    world.discreet(world.scene.call([command, "--settings", "s.toml"]).args(args).run())
}

/// The objects of what was found, without the summary.
fn found(ran: &Ran) -> Vec<Value> {
    ran.lines().into_iter().filter(|line| line["id"].is_string()).collect()
}

fn faults(ran: &Ran) -> Vec<String> {
    let faults = found(ran).into_iter().filter(|line| line["fault"] == true);
    faults.map(|line| line["id"].as_str().unwrap_or_default().to_owned()).collect()
}

fn put(world: &World, file: &str, text: &str) {
    std::fs::write(world.scene.path(file), text).expect("written");
}

/// Adds a line to a table of the settings.
fn set(world: &World, table: &str, line: &str) {
    world.edit(|text| {
        let kept: Vec<&str> = text.lines().filter(|one| one.split('=').next() != line.split('=').next()).collect();
        let header = format!("[{table}]");
        kept.join("\n").replace(&header, &format!("{header}\n{line}")) + "\n"
    });
}

/// A port of this machine on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// A host whose clock is so far ahead of ours; it says nothing else.
fn host_ahead(by: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a caller");
            let mut head = [0; 4 << 10];
            let _ = stream.read(&mut head);
            let date = http_date(&Clock::machine().now().plus(by).to_string());
            let _ = write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    });
    format!("http://{address}")
}

/// `2026-03-01T12:00:00Z` as a header has it; the day of the week is not looked at.
fn http_date(at: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |range: std::ops::Range<usize>| at[range].parse::<usize>().expect("digits");
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let weekday = weekday(year, month, day);
    format!("{weekday}, {day:02} {} {year} {} GMT", MONTHS[month - 1], &at[11..19])
}

/// By Sakamoto's table.
fn weekday(year: usize, month: usize, day: usize) -> &'static str {
    const SHIFT: [usize; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    let at = (year + year / 4 - year / 100 + year / 400 + SHIFT[month - 1] + day) % 7;
    ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][at]
}

fn database(world: &World) -> rusqlite::Connection {
    rusqlite::Connection::open(world.scene.path("data/store.sqlite")).expect("a store")
}

fn schema(world: &World, number: u32) {
    database(world).pragma_update(None, "user_version", number).expect("written");
}

/// The key of sealed names, which the program derives from the token key.
fn seal(world: &World) -> SealKey {
    let text = std::fs::read_to_string(world.scene.key()).expect("a key");
    let digits = text.split_whitespace().nth(2).expect("digits");
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("a byte")).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).expect("a key");
    mac.update(b"sluicebox seal 1\0");
    SealKey::new(mac.finalize().into_bytes().into())
}

/// The store of a world, open to be written.
pub(crate) fn store(world: &World) -> Sqlite {
    let path = world.scene.path("data/store.sqlite");
    let options = Options { path, seal: seal(world), clock: Clock::machine(), shares: Shares::default() };
    Sqlite::open(options).expect("a store")
}

/// A job of the connector `box` that failed too often.
pub(crate) fn park(world: &World) {
    let clock = Clock::machine();
    let store = store(world);
    let connector = store.connector(&"box".parse().expect("a name"), Provider::Box).expect("known").number;
    let promotion = Promotion {
        id: "4711".into(),
        kind: ItemKind::File,
        place: None,
        read_as: Principal::Tenant,
        lane: Lane::Live,
        todo: Todo::LOOK,
        happened: None,
    };
    let changes = TakenChanges {
        activities: Vec::new(),
        promotions: vec![promotion],
        pages: Vec::new(),
        cursor: None,
        offered: clock.now(),
    };
    store.take_changes(connector, changes).expect("taken");
    let claim = Claim {
        owner: "test",
        connectors: &[connector],
        max: 1,
        not_live_max: 1,
        per_principal_max: 1,
        busy: &[],
        lease: Duration::from_secs(60),
    };
    let job = store.claim(&claim).expect("claimed").pop().expect("a job");
    let (reason, said, not_before) = (Reason::Corrupt, "500".to_owned(), clock.now());
    store.fail(&[Failure { lease: job.lease, reason, said, not_before, attempts_max: 1 }]).expect("noted");
}

/// What is planted, kept for as long as the doctor looks.
type Planted = Box<dyn Any>;

/// A fault: its id, what brings it about, what is run, a part of what is said.
type Row = (&'static str, fn(&World) -> Planted, &'static [&'static str], &'static str);

#[rustfmt::skip]
const ROWS: [Row; 21] = [
    ("credentials", |world| { put(world, "box.secret", "hunter2"); Box::new(()) }, &["--connector", "box"], "connect box box --again"),
    ("scope", |world| { world.tenants.boxcom.set_scopes(&["root_readwrite"]); Box::new(()) }, &["--connector", "box"], "reauthorize"),
    ("clock", |world| {
        let host = host_ahead(Duration::from_secs(600));
        set(world, "connector.box", &format!("api = \"{host}/2.0/\""));
        Box::new(())
    }, &["--connector", "box"], "10 min behind"),
    ("disk", |world| { set(world, "service", "disk_free_min_bytes = 1125899906842624"); Box::new(()) }, &["--offline"], "free some room"),
    ("store-damaged", |world| {
        let mut file = std::fs::OpenOptions::new().write(true).open(world.scene.path("data/store.sqlite")).expect("a store");
        file.seek(SeekFrom::Start(4096 * 2)).and_then(|_| file.write_all(&[0xa5; 4096 * 12])).expect("damaged");
        Box::new(())
    }, &["--offline"], "restore a copy"),
    ("open-secret", |world| { chmod(world.scene.key(), 0o644); Box::new(()) }, &["--offline"], "chmod 600"),
    ("open-secret", |world| { chmod(world.scene.path("box.secret"), 0o640); Box::new(()) }, &["--offline"], "chmod 600"),
    ("no-key", |world| { std::fs::remove_file(world.scene.key()).expect("removed"); Box::new(()) }, &["--offline"], "put it back"),
    ("store-older", |world| { schema(world, 1); Box::new(()) }, &["--offline"], "sluicebox run"),
    ("store-newer", |world| { schema(world, 999); Box::new(()) }, &["--offline"], "newer program"),
    ("feed-silent", |world| {
        // A service that began in 1970 and never heard of a feed since.
        Box::new(Lock::take(&world.scene.path("data"), "run", &Clock::movable()).expect("a lock"))
    }, &["--offline"], "connect test"),
    ("no-answer", |world| Box::new(Lock::take(&world.scene.path("data"), "run", &Clock::machine()).expect("a lock")), &["--offline"], "starting or stopping"),
    ("hooks", |world| {
        put(world, "hook.key", "hunter2");
        chmod(world.scene.path("hook.key"), 0o600);
        set(world, "connector.box", "hook_key_file = \"hook.key\"");
        set(world, "service", "http = \"127.0.0.1:0\"");
        set(world, "service", "public_address = \"https://dlp.example.com\"");
        Box::new(())
    }, &["--connector", "box"], "no webhook was registered"),
    ("hook-key", |world| {
        world.edit(|text| text.lines().filter(|line| !line.starts_with("hook_")).map(|line| format!("{line}\n")).collect());
        set(world, "service", "http = \"127.0.0.1:0\"");
        set(world, "service", "public_address = \"https://dlp.example.com\"");
        Box::new(())
    }, &["--connector", "box"], "hook_key_file"),
    ("hooks-unheard", |world| { set(world, "service", "public_address = \"https://dlp.example.com\""); Box::new(()) }, &["--offline"], "/hooks/"),
    ("parked", |world| { park(world); Box::new(()) }, &["--offline"], "queue retry"),
    ("budget", |world| {
        set(world, "connector.box", "calls_per_day = 5");
        let day = Clock::machine().now().to_string()[..10].to_owned();
        std::fs::create_dir_all(world.own("box", "")).expect("a folder");
        std::fs::write(world.own("box", "calls.json"), format!("{{\"day\":\"{day}\",\"calls_in_day\":5,\"calls_in_month\":5}}")).expect("written");
        Box::new(())
    }, &["--connector", "box"], "calls_per_day"),
    ("old-reader", |world| {
        let reader = database(world);
        reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;").expect("a view");
        Box::new(reader)
    }, &["--offline"], "let it end"),
    ("unreachable", |world| { set(world, "connector.box", &format!("token = \"http://127.0.0.1:{}/oauth2/token\"", closed_port())); Box::new(()) }, &["--connector", "box"], "connect hosts box"),
    ("settings", |world| { set(world, "service", "rescan_evry = \"1h\""); Box::new(()) }, &[], "did you mean `rescan_every`?"),
    ("open-http", |world| { set(world, "service", "http = \"0.0.0.0:0\""); Box::new(()) }, &["--offline"], "http_credential_file"),
];

fn chmod(path: impl AsRef<std::path::Path>, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

/// What of a row is not as it should be, framed; `None` when all is.
fn unlike(row: &Row) -> Option<String> {
    let (id, plant, args, part) = row;
    let world = world();
    let planted = plant(&world);
    let ran = call(&world, "doctor", &[*args, &["--format", "json"]].concat());
    drop(planted);
    let found = found(&ran);
    let Some(one) = found.iter().find(|line| line["id"] == *id && line["fault"] == true) else {
        return Some(format!("{id}{}", ran.frame(&format!("a fault `{id}`"), &format!("{:?}", faults(&ran)))));
    };
    let said = format!("{} {}", one["what"].as_str().unwrap_or_default(), one["next"].as_str().unwrap_or_default());
    if ran.code() != 2 || !said.contains(part) || one["next"].as_str().unwrap_or_default().is_empty() {
        return Some(format!("{id}{}", ran.frame(&format!("exit code 2, said: {part}"), &said)));
    }
    None
}

#[test]
fn each_planted_fault_is_found_with_its_next_step() {
    let unlike: Vec<String> = ROWS.iter().filter_map(unlike).collect();
    assert!(unlike.is_empty(), "{} of {} rows{}", unlike.len(), ROWS.len(), unlike.concat());
}

#[test]
fn the_guide_names_every_planted_fault() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/service.md")).expect("the guide");
    let part = guide.split("## doctor").nth(1).expect("a part");
    for (id, ..) in ROWS {
        assert!(part.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{id}`"))), "{id}");
    }
}

#[test]
fn where_nothing_is_wrong_nothing_is_found() {
    let world = world();
    let ran = call(&world, "doctor", &["--format", "json"]);
    same("faults", &Vec::<String>::new(), &faults(&ran));
    ran.expect_code(0);
    let text = call(&world, "doctor", &[]);
    text.expect_code(0).expect_out("ok     store").expect_out("Nothing is wrong");
    // It changed nothing: a second look finds the same.
    same("faults", &Vec::<String>::new(), &faults(&call(&world, "doctor", &["--format", "json"])));
}

#[test]
fn text_and_json_tell_the_same() {
    let world = world();
    chmod(world.scene.key(), 0o644);
    let text = call(&world, "doctor", &["--offline"]);
    text.expect_code(2).expect_out("FAULT  secrets: others can read the token key").expect_out("next: chmod 600");
    text.expect_out("1 to mend.");
    let json = call(&world, "doctor", &["--offline", "--format", "json"]);
    same("faults", &vec!["open-secret".to_owned()], &faults(&json));
    same("in the summary", &Value::from(1), &json.lines().pop().unwrap_or_default()["summary"]["faults"]);
}

#[test]
fn before_init_the_next_step_is_init() {
    let world = World::new();
    world.edit(|text| format!("{text}\n[service]\ndata_dir = \"data\"\n"));
    let ran = call(&world, "doctor", &["--offline", "--format", "json"]);
    same("faults", &vec!["no-data-folder".to_owned(), "no-store".to_owned()], &faults(&ran));
    let next = found(&ran).iter().filter(|one| one["next"].as_str().is_some_and(|next| next.contains("init"))).count();
    same("lead to init", &2, &next);
}
