//! The guides keep their word: each rule of `docs/rules.md` loads and its examples hold, its keys are those that rule files
//! have, and its table of validators is the program's own (`SLUICEBOX_BLESS=1` writes that anew).

use sluicebox::lab::examples;
use sluicebox::rule::{self, validate};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md")
}

fn text() -> String {
    std::fs::read_to_string(guide()).unwrap()
}

/// The fenced blocks of TOML, each with its line.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        match (&mut open, line) {
            (None, "```toml") => open = Some((at + 1, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, block)), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn every_rule_of_the_guide_loads_and_its_examples_hold() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&text());
    assert!(blocks.len() >= 6, "{} blocks of TOML", blocks.len());
    for (line, block) in blocks {
        let path = folder.path().join(format!("line-{line}.toml"));
        std::fs::write(&path, block).unwrap();
        let options = rule::Options { builtin: false, paths: vec![path], ..rule::Options::default() };
        let loaded = rule::load(&options).unwrap_or_else(|errors| panic!("docs/rules.md, line {line}: {errors:?}"));
        let matcher = sluicebox::detect::Matcher::new(loaded.rules.into());
        for tested in examples::test(&matcher) {
            assert!(tested.run > 0, "docs/rules.md, line {line}: {} has no example", tested.detector);
            assert!(tested.failures.is_empty(), "docs/rules.md, line {line}: {:?}", tested.failures);
        }
    }
}

/// The keys of the structures in `syntax.rs`, in the words of TOML.
fn keys() -> Vec<&'static str> {
    let source = include_str!("../../src/rule/syntax.rs");
    let mut keys = Vec::new();
    let mut renamed = None;
    for line in source.lines().map(str::trim) {
        if let Some((_, rest)) = line.split_once("rename = \"") {
            renamed = rest.split('"').next();
        }
        let Some(field) = line.strip_prefix("pub ").and_then(|line| line.split_once(": ")) else { continue };
        keys.push(renamed.take().unwrap_or(field.0));
    }
    keys
}

#[test]
fn the_guide_names_every_key() {
    let (text, keys) = (text(), keys());
    assert!(keys.len() > 40 && keys.contains(&"where") && keys.contains(&"max_match_bytes"), "{keys:?}");
    let missing: Vec<_> = keys.iter().filter(|key| !text.contains(&format!("`{key}"))).collect();
    assert!(missing.is_empty(), "docs/rules.md does not name {missing:?}");
}

fn validators() -> String {
    let mut out = String::from("| name | checks | parameters | source |\n| --- | --- | --- | --- |\n");
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    for row in validate::table() {
        let params: Vec<String> = row.params.iter().map(|(name, what)| format!("`{name}`: {}", cell(what))).collect();
        let _ = writeln!(out, "| `{}` | {} | {} | {} |", row.name, cell(row.what), params.join("; "), cell(row.source));
    }
    out
}

#[test]
fn the_table_of_validators_is_the_programs_own() {
    let (text, table) = (text(), validators());
    let (head, rest) = text.split_once("<!-- validators -->\n").unwrap();
    let (written, tail) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(guide(), format!("{head}<!-- validators -->\n{table}<!-- end -->{tail}")).unwrap();
        return;
    }
    let stale = table.lines().find(|line| !written.lines().any(|other| other == *line));
    assert!(written == table, "docs/rules.md is stale (SLUICEBOX_BLESS=1 writes it anew), first at {stale:?}");
}
