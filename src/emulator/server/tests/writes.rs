//! Faults that writes meet: done and not answered, done late, seen late.

use super::*;
use crate::clock::Moment;
use crate::emulator::Tenants;
use crate::emulator::fault::Faults;
use crate::emulator::seed::Fill;
use serde_json::json;
use std::sync::Mutex;

/// A tenant that keeps what is written to it, with the time, and tells how much it has.
#[derive(Debug, Default)]
struct Ledger {
    written: Mutex<Vec<(String, Moment)>>,
    /// From this moment on it lets nobody in.
    closes: Option<Moment>,
}

impl Ledger {
    fn written(&self) -> Vec<String> {
        self.written.lock().expect("whole").iter().map(|(body, _)| body.clone()).collect()
    }

    fn times(&self) -> Vec<i64> {
        self.written.lock().expect("whole").iter().map(|(_, at)| at.as_millis()).collect()
    }
}

impl Cloud for Ledger {
    fn answer(&self, asked: &Asked) -> Answer {
        if self.closes.is_some_and(|closes| asked.at >= closes) {
            return Answer::empty(401).refused("closed");
        }
        let mut written = self.written.lock().expect("whole");
        match (asked.method.as_str(), asked.path.as_str()) {
            (_, "/oauth2/token") => Answer::json(200, &json!({ "token": "fresh" })),
            ("GET", "/all") => Answer::json(200, &json!({ "written": written.len() })),
            ("GET", "/listing") => Answer::json(200, &json!({ "written": written.len(), "next_marker": "more" })),
            ("GET", "/text") => Answer::text(200, written.len().to_string()),
            ("GET", "/poll") if written.is_empty() => {
                Answer { hold: Some(Duration::from_secs(30)), ..Answer::text(200, "nothing") }
            }
            ("GET", "/poll") => Answer::text(200, "changed"),
            ("GET", _) => Answer::json(404, &json!({ "written": written.len() })),
            _ => {
                written.push((String::from_utf8_lossy(&asked.body).into_owned(), asked.at));
                Answer::json(201, &json!({ "written": written.len() }))
            }
        }
    }

    fn version(&self) -> u64 {
        self.written.lock().expect("whole").len() as u64
    }

    fn principal(&self, _asked: &Asked) -> String {
        "p".into()
    }

    fn too_many(&self, _asked: &Asked, _form: u64, _wait: Duration) -> Answer {
        Answer::empty(429)
    }

    fn is_content(&self, _asked: &Asked) -> bool {
        false
    }

    fn forget_position(&self, _asked: &Asked) -> bool {
        false
    }

    fn set_doors(&self, _doors: &[(Door, String)]) {}
}

struct Stage {
    running: Running,
    clock: Clock,
    ledger: Arc<Ledger>,
}

fn stage(faults: Faults, set: impl FnOnce(&mut Options, &mut Ledger)) -> Stage {
    let mut options = Options { clock: Clock::movable(), faults, ..Options::default() };
    let mut ledger = Ledger::default();
    set(&mut options, &mut ledger);
    let ledger = Arc::new(ledger);
    options.clouds = Door::ALL.into_iter().map(|door| (door, Arc::clone(&ledger) as Arc<dyn Cloud>)).collect();
    let clock = options.clock.clone();
    Stage { running: start(options).expect("started"), clock, ledger }
}

impl Stage {
    /// Status (0 for no answer) and body.
    fn ask(&self, door: Door, method: &str, path: &str, more: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}Content-Length: {length}\r\n\r\n{body}"
        );
        let text = String::from_utf8(raw(&self.running, door, &request)).expect("text");
        let status = text.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
        (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    fn write(&self, body: &str) -> u16 {
        self.ask(Door::BoxApi, "POST", "/entry", "", body).0
    }

    fn read(&self, path: &str) -> String {
        self.ask(Door::BoxApi, "GET", path, "", "").1
    }

    fn fault(&self) -> Option<&'static str> {
        self.running.record().latest().last().expect("recorded").fault
    }
}

fn lost() -> Faults {
    Faults { lost: 1.0, ..Faults::default() }
}

fn delayed() -> Faults {
    Faults { delayed: 1.0, ..Faults::default() }
}

fn stale() -> Faults {
    Faults { stale: 1.0, ..Faults::default() }
}

#[test]
fn whatever_is_written_may_be_lost_or_late_and_no_token_is() {
    let form = "Content-Type: multipart/form-data; boundary=edge\r\n";
    let arg = "Dropbox-API-Arg: {}\r\n";
    for (door, method, path, more, is_hit) in [
        (Door::BoxApi, "POST", "/2.0/comments", "", true),
        (Door::BoxApi, "PUT", "/2.0/files/1", "If-Match: 1\r\n", true),
        (Door::BoxApi, "DELETE", "/2.0/files/1", "", true),
        (Door::BoxUpload, "POST", "/api/2.0/files/content", form, true),
        (Door::DropboxApi, "POST", "/2/files/move_v2", "", true),
        (Door::DropboxContent, "POST", "/2/files/upload", arg, true),
        (Door::BoxApi, "POST", "/oauth2/token", "", false),
        (Door::BoxApi, "POST", "/oauth2/revoke", "", false),
        (Door::BoxApi, "POST", "/api/oauth2/authorize", "", false),
        (Door::DropboxApi, "POST", "/oauth2/token", "", false),
        (Door::DropboxApi, "POST", "/2/auth/token/revoke", "", false),
    ] {
        for (faults, word) in [(lost(), "lost"), (delayed(), "delayed")] {
            let stage = stage(faults, |_, _| {});
            let (status, _) = stage.ask(door, method, path, more, "x");
            assert_eq!((status == 0, stage.fault()), (is_hit, is_hit.then_some(word)), "{word} {method} {path}");
            let record = stage.running.record().latest();
            let told = if word == "lost" && is_hit { 201 } else { status };
            assert_eq!((record.len(), record[0].faulted, record[0].status), (1, is_hit, told), "{word} {path}");
            stage.running.settle();
            let times = usize::from(path != "/oauth2/token");
            assert_eq!(stage.ledger.written(), vec!["x"; times], "{word}: {method} {path} is done once");
            let counted = if is_hit { BTreeMap::from([(word, 1)]) } else { BTreeMap::new() };
            assert_eq!(stage.running.record().faults(), counted);
        }
    }
}

#[test]
fn tenants_say_what_is_written() {
    let tenants = Tenants::new(1, &Clock::movable(), &Fill::small());
    for (door, method, path, is_write) in [
        (Door::BoxApi, "GET", "/2.0/files/1", false),
        (Door::BoxApi, "OPTIONS", "/2.0/events", false),
        (Door::BoxApi, "POST", "/2.0/collaborations", true),
        (Door::BoxApi, "DELETE", "/2.0/collaborations/1", true),
        (Door::DropboxApi, "POST", "/2/files/get_metadata", false),
        (Door::DropboxApi, "POST", "/2/files/list_folder/continue", false),
        (Door::DropboxApi, "POST", "/2/files/tags/get", false),
        (Door::DropboxApi, "POST", "/2/files/get_file_lock_batch", false),
        (Door::DropboxApi, "POST", "/2/sharing/list_shared_links", false),
        (Door::DropboxApi, "POST", "/2/sharing/check_job_status", false),
        (Door::DropboxApi, "POST", "/2/team_log/get_events", false),
        (Door::DropboxContent, "POST", "/2/files/download", false),
        (Door::DropboxNotify, "POST", "/2/files/list_folder/longpoll", false),
        (Door::DropboxApi, "POST", "/2/sharing/create_shared_link_with_settings", true),
        (Door::DropboxApi, "POST", "/2/sharing/remove_folder_member", true),
        (Door::DropboxApi, "POST", "/2/file_properties/properties/overwrite", true),
        (Door::DropboxApi, "POST", "/2/team/members/suspend", true),
        (Door::DropboxApi, "POST", "/2/team/legal_holds/release_policy", true),
        (Door::DropboxContent, "POST", "/2/files/upload", true),
    ] {
        let asked = Asked {
            door,
            method: method.into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
            at: Moment::default(),
        };
        let cloud: &dyn Cloud = if door.is_box() { &*tenants.boxcom } else { &*tenants.dropbox };
        assert_eq!(cloud.is_write(&asked), is_write, "{method} {path}");
    }
}

#[test]
fn a_delayed_write_is_done_once_and_before_a_later_read() {
    let mut dues = Vec::new();
    for seed in [1, 1, 2, 3] {
        let stage = stage(delayed(), |options, _| options.seed = seed);
        assert_eq!(stage.write("a"), 0, "seed {seed}");
        let mut seen = Vec::new();
        for _ in 0..=51 {
            seen.push(stage.read("/all"));
            stage.clock.advance(Duration::from_millis(100));
        }
        assert!(seen[0].contains(":0") && seen[51].contains(":1") && seen.is_sorted(), "seed {seed}: {seen:?}");
        let first = seen.iter().position(|body| body.contains(":1")).expect("seen");
        assert_eq!(stage.ledger.times(), [i64::try_from(first).expect("small") * 100], "seed {seed}");
        assert_eq!((stage.ledger.written(), stage.running.delayed()), (vec!["a".to_owned()], 0));
        assert_eq!(stage.running.record().carried_out(), 1);
        dues.push(first);
    }
    assert!(dues[0] == dues[1] && (dues[1], dues[1]) != (dues[2], dues[3]), "the seed decides: {dues:?}");
}

#[test]
fn delayed_writes_are_done_by_their_times_and_none_is_dropped() {
    let stage = stage(delayed(), |_, _| {});
    assert_eq!(["a", "a", "a"].map(|body| stage.write(body)), [0, 0, 201], "two faults in a row at most");
    assert_eq!(stage.running.delayed(), 2);
    assert_eq!(["b", "c"].map(|body| stage.write(body)), [0, 0]);
    stage.running.settle();
    let mut written = stage.ledger.written();
    written.sort();
    assert_eq!((written.join(""), stage.running.delayed()), ("aaabc".to_owned(), 0));
    assert_eq!(stage.write("d"), 0);
    let ledger = Arc::clone(&stage.ledger);
    drop(stage);
    assert_eq!(ledger.written().len(), 6, "what is delayed when the doors close is done all the same");
}

#[test]
fn a_delayed_write_is_let_in_as_when_it_came() {
    let stage = stage(delayed(), |_, ledger| ledger.closes = Some(Moment::from_millis(6_000)));
    assert_eq!(stage.write("a"), 0);
    stage.clock.advance(Duration::from_secs(7));
    assert_eq!(stage.ask(Door::BoxApi, "GET", "/all", "", "").0, 401);
    assert_eq!((stage.ledger.written(), stage.ledger.times()), (vec!["a".to_owned()], vec![0]));
    assert_eq!(stage.running.record().refused().len(), 1, "the read alone was refused");
}

#[test]
fn a_delayed_write_wakes_what_waits_for_it() {
    let stage = stage(delayed(), |_, _| {});
    assert_eq!(stage.write("a"), 0);
    assert_eq!(stage.read("/poll"), "changed");
    assert!(stage.clock.elapsed() <= Faults::default().delayed_by, "and not at the end of the poll");
}

#[test]
fn on_the_machines_clock_a_delayed_write_is_done_though_nothing_comes() {
    let faults = Faults { delayed_by: Duration::from_millis(20), ..delayed() };
    let stage = stage(faults, |options, _| options.clock = Clock::machine());
    for body in ["a", "b", "c"] {
        assert_eq!(stage.write(body), 0);
    }
    while stage.running.record().carried_out() < 3 {
        std::thread::yield_now();
    }
    assert_eq!((stage.ledger.written().len(), stage.running.delayed()), (3, 0));
}

#[test]
fn a_stale_read_shows_the_old_then_the_new() {
    let old = |answer: String| answer.contains(":0");
    for (path, can_be) in [("/all", true), ("/missing", true), ("/listing", false), ("/text", false)] {
        let stage = stage(stale(), |_, _| {});
        let first = stage.read(path);
        assert_eq!((stage.read(path), stage.fault()), (first.clone(), None), "{path}: nothing was written");
        assert_eq!(stage.write("a"), 201);
        let told = [(); 4].map(|()| (stage.read(path) == first, stage.fault()));
        let stale = (true, Some("stale"));
        let expected = if can_be { [stale, stale, (false, None), (false, None)] } else { [(false, None); 4] };
        assert_eq!(told, expected, "{path}");
    }
    for (name, after, expected) in [("in time", 5_000, true), ("too late", 5_001, false)] {
        let stage = stage(stale(), |_, _| {});
        stage.read("/all");
        assert_eq!(stage.write("a"), 201);
        stage.clock.advance(Duration::from_millis(after));
        assert_eq!(old(stage.read("/all")), expected, "{name}");
        stage.clock.advance(Duration::from_secs(6));
        assert!(!old(stage.read("/all")), "{name}: never for longer");
    }
}

#[test]
fn a_read_is_stale_after_a_write_of_its_own_tenant_and_its_own_words() {
    for (name, door, method, path, more, stale_after) in [
        ("the same", Door::BoxApi, "POST", "/entry", "", true),
        ("another door of the tenant", Door::BoxUpload, "POST", "/entry", "", true),
        ("another tenant", Door::DropboxApi, "POST", "/entry", "", false),
        ("a token", Door::BoxApi, "POST", "/oauth2/token", "", false),
        ("no write", Door::BoxApi, "GET", "/all", "", false),
        ("another question", Door::BoxApi, "POST", "/entry", "BoxApi: shared_link=x\r\n", false),
    ] {
        let stage = stage(stale(), |_, _| {});
        stage.read("/all");
        stage.ask(door, method, path, "", "a");
        stage.ask(Door::BoxApi, "GET", "/all", more, "");
        assert_eq!(stage.fault().is_some(), stale_after, "{name}");
    }
}

#[test]
fn a_delayed_write_makes_reads_stale_when_it_is_done() {
    let stage = stage(Faults { delayed: 1.0, ..stale() }, |_, _| {});
    stage.read("/all");
    assert_eq!(stage.write("a"), 0);
    assert!(stage.read("/all").contains(":0"));
    assert_eq!(stage.fault(), None, "it is the truth still");
    stage.running.settle();
    assert!(stage.read("/all").contains(":0"));
    assert_eq!(stage.fault(), Some("stale"));
}

#[test]
fn without_a_share_nothing_of_it_happens_and_a_movable_clock_waits_for_nothing() {
    for (faults, word) in [
        (Faults::default(), None),
        (Faults { stalled: 1.0, stall_for: Duration::from_secs(60), ..Faults::default() }, Some("stalled")),
        (delayed(), Some("delayed")),
    ] {
        let stage = stage(faults, |_, _| {});
        let told = (stage.read("/all"), stage.write("a"), stage.read("/all"));
        assert_eq!(stage.clock.elapsed(), Duration::ZERO, "{word:?}");
        let met: Vec<&str> = stage.running.record().faults().into_keys().collect();
        assert_eq!(met, word.into_iter().collect::<Vec<_>>());
        if word.is_none() {
            assert!(told.0.contains(":0") && told.1 == 201 && told.2.contains(":1"), "{told:?}");
            assert_eq!((stage.running.record().faulted(), stage.running.delayed()), (0, 0));
        }
    }
}

#[test]
fn who_has_no_call_left_is_told_so_and_nothing_is_done_late() {
    let pace = Pace { per_second: 1.0, burst: 1.0 };
    for faults in [lost(), delayed()] {
        let stage = stage(faults, |options, _| options.pace = pace);
        assert_eq!([stage.write("a"), stage.write("b")], [0, 429]);
        assert_eq!(stage.fault(), None);
        stage.running.settle();
        assert_eq!(stage.ledger.written(), ["a"]);
    }
}

/// Signs in and gives the headers of a call, and for how many seconds they are good.
fn sign_in(stage: &Stage, tenants: &Tenants, door: Door) -> (String, u64) {
    let keys = tenants.dropbox.keys();
    let form = if door.is_box() {
        use crate::emulator::boxcom::{CLIENT_ID, CLIENT_SECRET, ENTERPRISE_ID};
        format!(
            "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}\
             &box_subject_type=enterprise&box_subject_id={ENTERPRISE_ID}"
        )
    } else {
        format!("grant_type=refresh_token&refresh_token={}&client_id={}", keys.refresh_token, keys.app_key)
    };
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let json = |(status, body): (u16, String)| -> serde_json::Value {
        assert_eq!(status, 200, "{door:?}");
        serde_json::from_str(&body).expect("JSON")
    };
    let answer = json(stage.ask(door, "POST", "/oauth2/token", kind, &form));
    let token = answer["access_token"].as_str().expect("a token");
    let mut headers = format!("Authorization: Bearer {token}\r\n");
    if !door.is_box() {
        let admin = json(stage.ask(door, "POST", "/2/team/token/get_authenticated_admin", &headers, ""));
        let id = admin["admin_profile"]["team_member_id"].as_str().expect("an id").to_owned();
        headers.push_str(&format!("Dropbox-API-Select-User: {id}\r\nContent-Type: application/json\r\n"));
    }
    (headers, answer["expires_in"].as_u64().expect("seconds"))
}

#[test]
fn both_tenants_do_a_write_once_though_its_token_ended_before() {
    let made = r#"{"name":"Held","parent":{"id":"0"}}"#;
    let items = "/2.0/folders/0/items?limit=1000";
    for (door, write, body, method, read, what) in [
        (Door::BoxApi, "/2.0/folders", made, "GET", items, ""),
        (
            Door::DropboxApi,
            "/2/files/create_folder_v2",
            r#"{"path":"/Held"}"#,
            "POST",
            "/2/files/get_metadata",
            r#"{"path":"/Held"}"#,
        ),
    ] {
        let clock = Clock::movable();
        let tenants = Tenants::new(1, &clock, &Fill::small());
        let options = Options { clock: clock.clone(), clouds: tenants.clouds(), ..Options::default() };
        let stage = Stage { running: start(options).expect("started"), clock, ledger: Arc::default() };
        let (headers, lives_secs) = sign_in(&stage, &tenants, door);
        stage.clock.advance(Duration::from_secs(lives_secs - 1));
        stage.running.set_faults(delayed());
        assert_eq!(stage.ask(door, "POST", write, &headers, body).0, 0, "{door:?}");
        assert_eq!(stage.running.delayed(), 1, "{door:?}");
        stage.running.set_faults(Faults::default());
        assert_eq!(stage.ask(door, method, read, &headers, what).1.matches("\"Held\"").count(), 0, "{door:?}");
        stage.clock.advance(Duration::from_secs(5));
        assert_eq!(stage.ask(door, method, read, &headers, what).0, 401, "{door:?}: the token is no good any more");
        assert_eq!((stage.running.delayed(), stage.running.record().carried_out()), (0, 1), "{door:?}");
        let (headers, _) = sign_in(&stage, &tenants, door);
        let (status, seen) = stage.ask(door, method, read, &headers, what);
        assert_eq!((status, seen.matches("\"Held\"").count()), (200, 1), "{door:?}");
        assert_eq!(stage.ask(door, "POST", write, &headers, body).0, 409, "{door:?}: it is there");
    }
}
