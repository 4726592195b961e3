//! `rules diff` and `rules mutate`.

use super::scene;
use crate::harness::{BADGE_RULES, Scene, same};
use serde_json::json;

/// The badge with another shape and a wider window, no crate.
fn newer() -> String {
    let badge = BADGE_RULES.split("[[detector]]\nid = 'test.crate'").next().expect("a beginning");
    badge.replace("BDG-[0-9]{6}", "(?:BDG|VIS)-[0-9]{6}").replace("within = 20", "within = 200")
}

fn two() -> Scene {
    let scene = scene();
    scene.write("old.toml", BADGE_RULES);
    scene.write("new.toml", newer());
    scene.write("corpus/d.txt", format!("badge{} BDG-000001, VIS-000002\n", " and so on".repeat(5)));
    scene
}

const DIFF: [&str; 7] = ["rules", "diff", "old.toml", "new.toml", "--no-builtin", "--corpus", "corpus"];

#[test]
fn gained_lost_and_moved_are_told_without_labels() {
    let scene = two();
    let ran = scene.call(DIFF).args(["--format", "json"]).run();
    ran.expect_code(1).expect_quiet();
    let rows = ran.lines();
    let summary = rows.last().expect("a summary");
    same("counts", &json!([1, 2, 1, 2]), &json!([summary["gained"], summary["lost"], summary["moved"], summary["same"]]));
    let moved = rows.iter().find(|row| row["change"] == "moved").expect("a move");
    same("moved", &json!(["d.txt", "low", "high"]), &json!([moved["file"], moved["old"], moved["new"]]));
    for value in ["000001", "000002", "777777", "123456"] {
        assert!(!ran.out().contains(value), "{}", ran.frame("no value", value));
    }
    let ran = scene.call(DIFF).run();
    ran.expect_code(1).expect_out("1 gained, 2 lost, 1 moved to another tier, 2 as before").expect_out("low -> high");
    let same_rules = ["rules", "diff", "old.toml", "old.toml", "--no-builtin", "--corpus", "corpus"];
    scene.call(same_rules).run().expect_code(0).expect_out("0 gained, 0 lost");
    let ran = scene.call(DIFF).args(["--only", "test.crate"]).run();
    ran.expect_code(1).expect_out("0 gained, 2 lost, 0 moved");
}

#[test]
fn a_baseline_holds_what_was_accepted() {
    let scene = two();
    scene.call(DIFF).args(["--write-baseline", "accepted.jsonl"]).run().expect_code(1);
    let ran = scene.call(DIFF).args(["--baseline", "accepted.jsonl"]).run();
    ran.expect_code(0).expect_out("0 not in the baseline");
    let held = std::fs::read_to_string(scene.path("accepted.jsonl")).expect("written");
    assert!(!held.contains("000001") && held.lines().count() == 4, "{held}");
    scene.write("corpus/e.txt", "VIS-000003");
    std::fs::remove_file(scene.path("corpus/c.html")).expect("removed");
    let ran = scene.call(DIFF).args(["--baseline", "accepted.jsonl"]).run();
    ran.expect_code(1).expect_out("e.txt").expect_out("1 change of the baseline did not come");
    scene.write("accepted.jsonl", "{\"change\":\"gained\"}\n");
    let ran = scene.call(DIFF).args(["--baseline", "accepted.jsonl"]).run();
    ran.expect_code(2).expect_err("accepted.jsonl:1: column").expect_err("not a change");
}

#[test]
fn files_whose_actions_would_change_are_told() {
    let scene = two();
    scene.write(
        "policies/badges.toml",
        "schema = 1\n[[policy]]\nname = \"badges\"\ntitle = \"Badges\"\nseverity = \"high\"\nmode = \"watch\"\n\
         where = \"access >= public and finding(detector = test.badge, confidence >= high)\"\n\
         [[policy.action]]\ndo = \"remove_links\"\n",
    );
    let ran = scene.call(DIFF).args(["--policies", "policies", "--format", "json"]).run();
    ran.expect_code(1);
    let rows = ran.lines();
    let changed: Vec<_> = rows.iter().filter(|row| row["change"] == "actions").collect();
    same("one file", &json!(1), &json!(changed.len()));
    same("which", &json!(["badges", "d.txt", ""]), &json!([changed[0]["of"], changed[0]["file"], changed[0]["old"]]));
    let ran = scene.call(DIFF).args(["--policies", "policies", "--access", "private"]).run();
    ran.expect_code(1).expect_out("0 files would have other actions");
}

#[test]
fn rules_that_cannot_be_loaded_are_told() {
    let scene = two();
    scene.write("new.toml", "schema = 1\n[[detector]]\nid = 'a.b'\n");
    scene.call(DIFF).run().expect_code(2).expect_err("new.toml:2");
    let ran = scene.call(["rules", "diff", "old.toml", "missing.toml", "--corpus", "corpus"]).run();
    ran.expect_code(2).expect_err("missing.toml");
}

#[test]
fn rules_are_attacked_with_their_own_examples() {
    let scene = Scene::new();
    let example = "[[detector.example]]\ntext = 'badge BDG-123456 here'\ntier = 'high'\n";
    let rules = BADGE_RULES.replacen("[[detector]]\nid = 'test.crate'", &format!("{example}\n[[detector]]\nid = 'test.crate'"), 1);
    scene.write("rules.toml", rules);
    let own = ["rules", "mutate", "--no-builtin", "--rules", "rules.toml", "--only", "test.badge"];
    let ran = scene.call(own).args(["--format", "json"]).run();
    ran.expect_code(0).expect_quiet();
    let row = &ran.lines()[0];
    same("examples", &json!(1), &row["examples"]);
    same("delimiters", &json!(0), &row["attacks"]["delimiter"]["held"]);
    same("encodings", &row["attacks"]["encoding"]["made"], &row["attacks"]["encoding"]["held"]);
    let again = scene.call(own).args(["--format", "json"]).run();
    same("the same seed", &json!(ran.out()), &json!(again.out()));
    let ran = scene.call(own).args(["--min-recall", "99"]).run();
    ran.expect_code(1).expect_err("1 detector below 99 %").expect_out("delimiter: lost first with groups without anything between");
    assert!(!ran.out().contains("123456"), "{}", ran.frame("no value", "123456"));
}
