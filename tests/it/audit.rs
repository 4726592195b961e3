//! `sluicebox audit`: whoever changes the log is found out, by its chain or by the heads that lie outside.

use crate::harness::{Ran, Scene, same};
use crate::notify::{started, store};
use rusqlite::Connection;
use sluicebox::clock::{Clock, Moment};
use sluicebox::emulator::sink::HookSink;
use sluicebox::store::audit::{BEFORE_ALL, commitment, link};
use sluicebox::store::{Audit as _, Entry};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(600);

fn call(scene: &Scene, args: &[&str]) -> Ran {
    scene.call(args).args(["--settings", "s.toml"]).run()
}

fn append(scene: &Scene, numbers: std::ops::RangeInclusive<u32>) {
    let store = store(scene);
    for number in numbers {
        let entry = Entry {
            actor: "operator uid 1000".into(),
            act: "finding.reveal".into(),
            about: format!("finding {number}"),
            details: format!("{{\"reason\":\"case {number}, \u{202e}x\"}}"),
        };
        store.append(&entry).expect("written");
    }
}

/// Nine entries; heads lie outside of the first six and of all.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write(
        "s.toml",
        "state_dir = \"state\"\n[service]\ndata_dir = \"data\"\n[audit]\nanchor = \"outside/heads.jsonl\"\n",
    );
    std::fs::create_dir(scene.path("outside")).expect("a folder");
    call(&scene, &["init"]).expect_code(0).expect_out("audit key");
    append(&scene, 1..=6);
    call(&scene, &["audit", "anchor"]).expect_code(0).expect_out("6 entries");
    append(&scene, 7..=9);
    call(&scene, &["audit", "anchor"]).expect_code(0).expect_out("9 entries");
    scene
}

fn edit(scene: &Scene, sql: &str) {
    let file = Connection::open(scene.path("data/store.sqlite")).expect("a store");
    file.execute_batch(sql).expect("edited");
}

/// Makes every commitment and hash anew.
fn rehash(scene: &Scene) {
    let file = Connection::open(scene.path("data/store.sqlite")).expect("a store");
    let sql = "SELECT number, at, actor, act, about, details, salt FROM audit ORDER BY number";
    let mut statement = file.prepare(sql).expect("asked");
    let (mut rows, mut before) = (statement.query([]).expect("asked"), BEFORE_ALL);
    while let Some(row) = rows.next().expect("read") {
        let text = |at| row.get::<_, String>(at).expect("a text");
        let entry = Entry { actor: text(2), act: text(3), about: text(4), details: text(5) };
        let (number, at): (i64, i64) = (row.get(0).expect("a number"), row.get(1).expect("a moment"));
        let committed = commitment(&row.get::<_, Vec<u8>>(6).expect("a salt"), &entry.details);
        before = link(&before, number.unsigned_abs(), Moment::from_millis(at), &entry, &committed);
        let values = (number, committed, before);
        file.execute("UPDATE audit SET commitment = ?2, hash = ?3 WHERE number = ?1", values).expect("written");
    }
}

#[test]
fn an_edit_a_removal_a_cut_and_a_rewrite_are_found_and_told_apart() {
    #[rustfmt::skip]
    let rows = [
        ("", false, 0, "The audit log is what it was: 9 entries, held against 2 heads."),
        ("UPDATE audit SET details = NULL, salt = NULL WHERE number < 5", false, 0, "4 without details"),
        ("UPDATE audit SET actor = 'service' WHERE number = 4", false, 1, "edited: entry 4"),
        ("DELETE FROM audit WHERE number = 4", false, 1, "removed: entry 4"),
        ("DELETE FROM audit WHERE number > 7", false, 1, "cut: the log ends at entry 7, but had 9"),
        ("UPDATE audit SET actor = 'service' WHERE number = 4", true, 1, "rewritten: "),
    ];
    for (sql, anew, code, said) in rows {
        let scene = scene();
        edit(&scene, sql);
        if anew {
            rehash(&scene);
            call(&scene, &["audit", "verify", "--no-anchor"]).expect_code(0).expect_out("would not show");
        }
        call(&scene, &["audit", "verify", "--anchor", "outside/heads.jsonl"]).expect_code(code).expect_out(said);
        let ran = call(&scene, &["audit", "verify", "--format", "json"]);
        ran.expect_code(code);
        let row: serde_json::Value = serde_json::from_str(ran.out().trim()).expect("JSON");
        let kind = row["damage"][0]["kind"].as_str().map(|kind| said.starts_with(kind));
        same(sql, &(code == 1).then_some(true), &kind);
    }
}

#[test]
fn an_anchor_that_is_missing_or_forged_is_no_proof() {
    let scene = scene();
    let heads = std::fs::read_to_string(scene.path("outside/heads.jsonl")).expect("heads");
    let verify = ["audit", "verify", "--anchor", "outside/heads.jsonl"];
    let public = call(&scene, &["audit", "key"]);
    assert!(public.out().starts_with("whpk_"), "{}", public.out());
    call(&scene, &[&verify[..], &["--key", public.out().trim()]].concat()).expect_code(0);
    scene.write("outside/heads.jsonl", heads.replace("\"entries\":9", "\"entries\":8"));
    call(&scene, &verify).expect_code(1).expect_out("bad head: line 2");
    scene.write("outside/heads.jsonl", "");
    call(&scene, &verify).expect_code(1).expect_out("no heads");
    std::fs::remove_file(scene.path("outside/heads.jsonl")).expect("removed");
    call(&scene, &verify).expect_code(2).expect_err("cannot read the heads");
    call(&scene, &["audit", "verify", "--key", "else", "--anchor", "s.toml"])
        .expect_code(2)
        .expect_err("no public key");
}

#[test]
fn an_export_can_be_verified_alone() {
    let scene = scene();
    let export = |args: &[&str]| {
        let ran = call(&scene, &[&["audit", "export"], args].concat());
        ran.expect_code(0);
        ran.out().to_owned()
    };
    let whole = export(&[]);
    same("lines", &11, &whole.lines().count());
    let verify = |text: &str| {
        scene.write("export.jsonl", text);
        call(&scene, &["audit", "verify", "--file", "export.jsonl"])
    };
    verify(&whole).expect_code(0).expect_out("9 entries, held against 1 head.");
    verify(&export(&["--after", "4"])).expect_code(0).expect_out("5 entries, held against 1 head.");
    verify(&whole.replace("finding 3", "finding 4")).expect_code(1).expect_out("edited: entry 3");
    let without = |part: &str| {
        whole.lines().filter(|line| !line.contains(part)).map(|line| format!("{line}\n")).collect::<String>()
    };
    verify(&without("finding 9")).expect_code(1).expect_out("cut: ");
    verify(&without("finding 5")).expect_code(1).expect_out("removed: entry 5");
    verify("{}\n").expect_code(2).expect_err("line 1");
    let csv = export(&["--format", "csv"]);
    same("rows", &10, &csv.lines().count());
    assert!(csv.contains("\"finding 3\"") && !csv.contains('\u{202e}'), "{csv}");
}

#[test]
fn the_service_writes_heads_to_an_address_at_its_start_and_end() {
    let scene = scene();
    let key = call(&scene, &["audit", "key"]).out().trim().to_owned();
    let sink = HookSink::start(0, &[key], false, Clock::machine()).expect("a sink");
    let settings = std::fs::read_to_string(scene.path("s.toml")).expect("settings");
    scene.write("s.toml", settings.replace("outside/heads.jsonl", &sink.url("heads")));
    let running = started(&scene);
    assert!(sink.wait_for(1, SOON));
    running.signal("INT");
    running.finish().expect_code(0);
    assert!(sink.posts().iter().all(|post| post.refused.is_none() && post.id.starts_with("head-")));
    call(&scene, &["audit", "verify"]).expect_code(0).expect_out("held against ");
    edit(&scene, "DELETE FROM audit WHERE number > 7");
    call(&scene, &["audit", "verify", "--anchor", &sink.url("heads")]).expect_code(1).expect_out("cut: ");
}
