//! `rules cost` from outside: its table and its lines against golden files, and what it refuses.
//!
//! `SLUICEBOX_BLESS=1` writes the golden files anew; review the diff. What the search runs on differs from one machine to
//! the next and stands in them as a mark.

use crate::harness::Scene;
use std::path::PathBuf;

/// Rules for several lanes: a rare literal, shapes with and without an edge, one whose beginning is any word.
const RULES: &str = r"
schema = 1

[[list]]
id = 'acme.cities'
terms = ['Springfield', 'Shelbyville']

[[detector]]
id = 'acme.badge'
name = 'Badge'
primary = [{ id = 'old', regex = 'BDG-[0-9]{6}' }, { id = 'new', regex = '[0-9]{3}-[0-9]{6}' }]
[[detector.tier]]
name = 'low'
confidence = 65

[[detector]]
id = 'acme.city'
name = 'City'
primary = [{ keywords = 'acme.cities' }]
[[detector.tier]]
name = 'low'
confidence = 65

[[detector]]
id = 'acme.handle'
name = 'Handle'
edges = 'none'
primary = [{ regex = '[a-z]{2,20}' }]
[[detector.tier]]
name = 'low'
confidence = 65

[[detector]]
id = 'acme.locker'
name = 'Locker'
edges = 'digit'
primary = [{ regex = '[0-9]{4}' }]
[[detector.tier]]
name = 'low'
confidence = 65
";

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("acme.toml", RULES);
    scene.write("texts/one.txt", "Badge BDG-123456 of Springfield, locker 4711.\n".repeat(100));
    scene.write("texts/deep/two.txt", "nothing at all, 101-404040 but this\n".repeat(100));
    scene
}

/// Compares with a golden file, or writes it under `SLUICEBOX_BLESS=1`.
fn golden(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cost").join(name);
    let got: String = got.lines().map(|line| format!("{}\n", without_machine(line))).collect();
    if std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, got).expect("written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == expected, "{name} is not its golden file:\n{got}");
}

/// A line without what the search runs on.
fn without_machine(line: &str) -> String {
    match line.split_once("; shapes on ") {
        Some((before, after)) => {
            format!("{before}; shapes on MACHINE{}", if after.ends_with("\"}") { "\"}" } else { "" })
        }
        None => line.to_owned(),
    }
}

#[test]
fn the_table_and_the_lines_are_those_of_the_golden_files() {
    let scene = scene();
    let rows: [(&str, &[&str]); 4] = [
        ("estimated.txt", &[]),
        ("measured.txt", &["--on", "texts"]),
        ("estimated.jsonl", &["--format", "jsonl"]),
        ("measured.jsonl", &["--format", "jsonl", "--on", "texts"]),
    ];
    for (name, args) in rows {
        let ran = scene.call(["rules", "cost", "--no-builtin", "--rules", "acme.toml"]).args(args).run();
        ran.expect_code(0).expect_quiet();
        golden(name, &ran.out());
    }
}

#[test]
fn the_built_in_rules_fit_a_terminal_and_tell_no_value() {
    let scene = scene();
    let ran = scene.call(["rules", "cost", "--on", "texts/one.txt"]).run();
    ran.expect_code(0).expect_quiet().expect_out("card.payment").expect_out("rules by shape");
    for line in ran.out().lines() {
        assert!(line.chars().count() <= 120, "{}", ran.frame("120 columns", line));
        assert!(!line.contains("123456") && !line.contains("4711."), "{}", ran.frame("no value", line));
    }
    let ran = scene.call(["rules", "cost", "--only", "card.*", "--format", "jsonl"]).run();
    ran.expect_code(0);
    let rows = ran.lines();
    let (sum, rules) = rows.split_last().expect("lines");
    assert!(!rules.is_empty() && sum["rules"] == rules.len());
    for rule in rules {
        assert!(rule["detector"].as_str().is_some_and(|id| id.starts_with("card.")), "{rule}");
    }
}

#[test]
fn what_cannot_be_measured_is_told() {
    let scene = scene();
    scene.write("empty.txt", "");
    let rows: &[(&[&str], &str)] = &[
        (&["--on", "missing.txt"], "error: cannot read missing.txt: "),
        (&["--on", "empty.txt"], "error: nothing to measure: empty.txt holds no text"),
        (&["--format", "json"], "[possible values: text, jsonl]"),
        (&["--rules", "missing.toml"], "missing.toml"),
    ];
    for (args, part) in rows {
        scene.call(["rules", "cost"]).args(*args).run().expect_code(2).expect_err(part);
    }
}
