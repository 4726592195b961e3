//! The emulator as a command: it starts, answers, hands out what a client needs, and ends by Ctrl-C.

use crate::harness::{Running, Scene, same};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;

/// Starts it and reads along until it is ready; gives what it printed.
fn started(scene: &Scene, args: &[&str]) -> (Running, String) {
    let mut running = scene.call(["emulate", "--ready-file", "ready.json"]).args(args).start();
    let mut printed = String::new();
    loop {
        let line = running.line();
        if line.is_empty() && running.ended().is_some() {
            panic!("ended before it was ready: {}", running.finish().err());
        }
        printed.push_str(&line);
        printed.push('\n');
        if line.starts_with("Ready.") {
            return (running, printed);
        }
    }
}

fn ready(scene: &Scene) -> Value {
    let text = std::fs::read(scene.path("ready.json")).expect("a ready file");
    serde_json::from_slice(&text).expect("JSON")
}

/// One request; gives status and body.
fn call(method: &str, address: &str, headers: &str, body: &str) -> (u16, String) {
    let (host, path) = address.trim_start_matches("http://").split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("connected");
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head[9..12].parse().expect("a status"), body.to_owned())
}

fn token(address: &Value, form: &str) -> String {
    let form_type = "Content-Type: application/x-www-form-urlencoded\r\n";
    let (status, body) = call("POST", address.as_str().expect("an address"), form_type, form);
    same("status of the token", &200, &status);
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn box_token(ready: &Value) -> String {
    let [id, secret, enterprise] =
        ["client_id", "client_secret", "enterprise_id"].map(|key| ready["box"][key].as_str());
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&box_subject_type=enterprise&box_subject_id={}",
        id.expect("an id"),
        secret.expect("a secret"),
        enterprise.expect("an enterprise")
    );
    token(&ready["box"]["token"], &form)
}

fn dropbox_token(ready: &Value) -> String {
    let [key, secret, refresh] = ["app_key", "app_secret", "refresh_token"].map(|key| ready["dropbox"][key].as_str());
    let form = format!(
        "grant_type=refresh_token&client_id={}&client_secret={}&refresh_token={}",
        key.expect("a key"),
        secret.expect("a secret"),
        refresh.expect("a token")
    );
    token(&ready["dropbox"]["token"], &form)
}

#[test]
fn both_tenants_answer_with_what_was_handed_out_and_ctrl_c_ends_them() {
    let scene = Scene::new();
    let (running, printed) = started(&scene, &[]);
    let ready = ready(&scene);
    for part in ["\nBox\n", "\nDropbox\n", "ada@example.com", "opens nothing but this run"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    for (provider, key) in
        [("box", "api"), ("box", "client_secret"), ("dropbox", "notify"), ("dropbox", "refresh_token")]
    {
        let value = ready[provider][key].as_str().expect("a value");
        assert!(printed.contains(value), "{provider} {key} in {printed}");
    }
    let bearer = format!("Authorization: Bearer {}\r\n", box_token(&ready));
    let me = format!("{}users/me", ready["box"]["api"].as_str().expect("an address"));
    same("users/me", &200, &call("GET", &me, &bearer, "").0);
    same("users/me without a token", &401, &call("GET", &me, "", "").0);
    let bearer = format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", dropbox_token(&ready));
    let members = format!("{}team/members/list_v2", ready["dropbox"]["api"].as_str().expect("an address"));
    let (status, body) = call("POST", &members, &bearer, "{\"limit\":1000}");
    same("members", &200, &status);
    assert!(body.contains("erin@example.com"));
    running.signal("INT");
    let ran = running.finish();
    ran.expect_code(0).expect_out("5 requests in ").expect_out("GET /2.0/users/me");
    let port = me.trim_start_matches("http://").split('/').next().expect("a host");
    assert!(TcpStream::connect(port).is_err(), "the port is still open");
}

#[test]
fn settings_and_secrets_are_written_for_a_client() {
    let scene = Scene::new();
    let (running, printed) = started(&scene, &["--tls", "--authority", "ca.pem", "--settings", "set.toml"]);
    let told = ready(&scene);
    let text = std::fs::read_to_string(scene.path("set.toml")).expect("settings");
    let settings: toml::Table = text.parse().expect("TOML");
    for (provider, keys) in [
        ("box", &["api", "upload", "token", "authorize", "client_id", "enterprise_id"][..]),
        ("dropbox", &["api", "content", "notify", "token", "authorize", "app_key"]),
    ] {
        let connector = &settings["connector"][provider];
        same("provider", &Some(provider), &connector["provider"].as_str());
        for key in keys {
            same(key, &told[provider][*key].as_str(), &connector[*key].as_str());
        }
        assert!(connector["api"].as_str().is_some_and(|address| address.starts_with("https://127.0.0.1:")));
        same("authority", &Some("authority.pem"), &connector["authority"].as_str());
    }
    let host = told["doors"]["box_download"].as_str().expect("a door").trim_start_matches("https://");
    same("download host", &Some(host), &settings["connector"]["box"]["download_hosts"][0].as_str());
    for (file, held) in [
        ("box.secret", told["box"]["client_secret"].as_str()),
        ("box.hook-key", told["box"]["hook_keys"][0].as_str()),
        ("box.hook-second-key", told["box"]["hook_keys"][1].as_str()),
        ("dropbox.secret", told["dropbox"]["app_secret"].as_str()),
        ("dropbox.refresh", told["dropbox"]["refresh_token"].as_str()),
        ("authority.pem", told["authority_pem"].as_str()),
        ("ca.pem", told["authority_pem"].as_str()),
        ("box.jwt.json", None),
        ("set.toml", None),
        ("ready.json", None),
    ] {
        let path = scene.path(file);
        same(file, &0o600, &(path.metadata().expect("a file").permissions().mode() & 0o777));
        if let Some(held) = held {
            same(file, &held.to_owned(), &std::fs::read_to_string(path).expect("text"));
        }
    }
    for secret in [&told["box"]["client_secret"], &told["dropbox"]["refresh_token"]] {
        assert!(!text.contains(secret.as_str().expect("a secret")), "a secret in the settings");
    }
    for part in ["set.toml", "ca.pem", "ready.json"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    running.signal("TERM");
    running.finish().expect_code(0);
}

#[test]
fn a_folder_fills_them_and_made_up_files_cost_no_memory() {
    let scene = Scene::new();
    scene.write("stuff/erin/plan é.txt", "a plan");
    scene.write("stuff/other.txt", "another");
    // The harness bounds memory.
    for (files, told) in [("0", "2 files of 13 B"), ("12", "12 files of ")] {
        let flags = ["--folder", "stuff", "--files", files, "--made-up", "1000000", "--seed", "7"];
        let (running, printed) = started(&scene, &flags);
        assert!(printed.contains(told) && printed.contains(", 1,000,000 made up; seed 7"), "{printed}");
        running.signal("INT");
        running.finish().expect_code(0);
    }
}

#[test]
fn people_at_work_show_in_the_event_stream() {
    let scene = Scene::new();
    let (running, _) = started(&scene, &["--edits", "500"]);
    let ready = ready(&scene);
    let bearer = format!("Authorization: Bearer {}\r\n", box_token(&ready));
    let events = format!(
        "{}events?stream_type=admin_logs_streaming&stream_position=0&limit=500",
        ready["box"]["api"].as_str().expect("an address")
    );
    // The harness ends it if nothing ever shows.
    while !call("GET", &events, &bearer, "").1.contains("\"UPLOAD\"") {
        std::thread::yield_now();
    }
    running.signal("INT");
    running.finish().expect_code(0).expect_out(" edits were made.");
}

#[test]
fn injected_faults_and_the_rate_are_told_at_the_end() {
    let scene = Scene::new();
    let (running, _) = started(&scene, &["--faults", "none,failing=1"]);
    let me = format!("{}users/me", ready(&scene)["box"]["api"].as_str().expect("an address"));
    assert!(call("GET", &me, "", "").0 >= 500);
    running.signal("INT");
    running.finish().expect_code(0).expect_out("1 requests in ").expect_out(": 1 met a fault,");
}

#[test]
fn what_cannot_start_says_why() {
    let scene = Scene::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let rows: [(&[&str], &str); 10] = [
        (&["--folder", "nowhere"], "cannot read nowhere"),
        (&["--folder", "x", "--empty"], "cannot be used with"),
        (&["--faults", "mild"], "there are none, light, heavy, storm"),
        (&["--faults", "cut=2"], "a number from 0 to 1"),
        (&["--hook", "https://example.com/hook"], "http://127.0.0.1:8080"),
        (&["--edits", "0"], "write a number above 0"),
        (&["--authority", "ca.pem"], "--tls"),
        (&["--box-port", &port], &port),
        (&["--settings", "none/set.toml"], "cannot write none/"),
        (&["--ready-file", "."], "cannot replace ."),
    ];
    for (args, part) in rows {
        let ran = scene.call(["emulate"]).args(args).run();
        ran.expect_code(2).expect_err(part);
        assert!(!ran.out().contains("Ready."), "{args:?}");
    }
}
