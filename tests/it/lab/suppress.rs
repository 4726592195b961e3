//! What `scan` leaves out: baselines, allow lists, marks on lines; each counted and said.

use super::scene;
use crate::harness::same;
use serde_json::json;

#[test]
fn a_baseline_tells_new_findings_from_known_ones() {
    let scene = scene();
    let ran = scene.jsonl(["corpus", "--write-baseline", "known.jsonl"]);
    ran.expect_code(1).expect_quiet();
    let known = std::fs::read_to_string(scene.path("known.jsonl")).expect("written");
    same("lines", &json!(5), &json!(known.lines().count()));
    for value in ["123456", "654321", "777777"] {
        assert!(!known.contains(value), "{known}");
    }
    let ran = scene.jsonl(["corpus", "--baseline", "known.jsonl"]);
    ran.expect_code(0).expect_quiet();
    same("suppressed", &json!({"baseline": 4, "allowed": 0, "marked": 0}), &ran.summary()["suppressed"]);
    same("findings", &json!(0), &ran.summary()["findings"]);
    // A file that moves keeps its findings; a new one stands out.
    std::fs::rename(scene.path("corpus/sub/b.txt"), scene.path("corpus/moved.txt")).expect("moved");
    scene.write("corpus/a.txt", "A line above.\nbadge BDG-123456 at the door\nand CRT-000002 instead\n");
    let ran = scene.jsonl(["corpus", "--baseline", "known.jsonl"]);
    ran.expect_code(1).expect_err("1 entry of the baseline met no finding");
    let found: Vec<String> = ran.findings().iter().map(|one| one["detector"].to_string()).collect();
    same("new", &json!(["\"test.crate\""]), &json!(found));
    let ran = scene.scan(["corpus", "--baseline", "known.jsonl", "--show-suppressed"]).run();
    ran.expect_code(1).expect_out("3 more findings left out: 3 known by the baseline");
    ran.expect_err("left out: corpus/moved.txt, line 1: test.badge");
}

#[test]
fn a_baseline_of_another_key_is_refused() {
    let scene = scene();
    scene.jsonl(["corpus", "--write-baseline", "known.jsonl"]).expect_code(1);
    let ran = scene.jsonl(["corpus", "--baseline", "known.jsonl", "--key-file", "other.key"]);
    ran.expect_code(2).expect_err("known.jsonl:1").expect_err("another key of tokens");
    scene.write("known.jsonl", "{}");
    scene.jsonl(["corpus", "--baseline", "known.jsonl"]).expect_code(2).expect_err("this is no baseline");
    scene.jsonl(["corpus", "--baseline", "gone.jsonl"]).expect_code(2).expect_err("gone.jsonl");
}

#[test]
fn an_allow_list_has_reasons_and_ends() {
    let scene = scene();
    let token = scene.jsonl(["corpus/sub/b.txt"]).findings()[0]["token"].as_str().expect("a token").to_owned();
    let entry = |expires: &str| {
        format!("schema = 1\n[[allow]]\nreason = \"the sample in the lobby\"\nexpires = \"{expires}\"\ntoken = \"{token}\"\n")
    };
    scene.write("allow.toml", entry("2999-12-31"));
    let ran = scene.jsonl(["corpus", "--allow", "allow.toml", "--show-suppressed"]);
    ran.expect_code(1).expect_err("allowed: the sample in the lobby");
    same("suppressed", &json!(1), &ran.summary()["suppressed"]["allowed"]);
    same("left", &json!(3), &json!(ran.findings().len()));
    scene.write("allow.toml", entry("2020-01-31"));
    let ran = scene.jsonl(["corpus", "--allow", "allow.toml"]);
    ran.expect_code(1).expect_err("ended on 2020-01-31: what it allowed is reported again");
    same("left", &json!(4), &json!(ran.findings().len()));
    scene.write("allow.toml", "schema = 1\n[[allow]]\nreason = \"r\"\nexpires = \"2999-12-31\"\npath = \"elsewhere/*\"\n");
    scene.jsonl(["corpus", "--allow", "allow.toml"]).expect_code(1).expect_err("allow.toml:2: meets no finding");
    scene.write("allow.toml", "schema = 1\n[[allow]]\nreason = \"r\"\nexpires = \"soon\"\npath = \"*\"\n");
    let ran = scene.jsonl(["corpus", "--allow", "allow.toml"]);
    ran.expect_code(2).expect_err("allow.toml:4:11").expect_err("as 2026-01-31").expect_err("nothing was scanned");
}

#[test]
fn marks_count_only_where_they_are_asked_for() {
    let scene = scene();
    scene.write("marked/a.txt", "BDG-123456 # sluicebox:allow known\nBDG-654321\nCRT-000001 # sluicebox:allow test.badge\n");
    same("unasked", &json!(3), &json!(scene.jsonl(["marked"]).findings().len()));
    let ran = scene.jsonl(["marked", "--inline-markers"]);
    ran.expect_code(1);
    same("asked", &json!(2), &json!(ran.findings().len()));
    same("suppressed", &json!(1), &ran.summary()["suppressed"]["marked"]);
    let ran = scene.scan(["marked", "--inline-markers"]).run();
    ran.expect_out("1 more finding left out: 1 marked on its line");
}
