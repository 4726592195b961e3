//! The guides keep their word: each rule that they show loads and its examples hold, every key of a rule file is named, and
//! the tables of validators and file types are the program's own (`SLUICEBOX_BLESS=1` writes those anew).

use sluicebox::extract::registry::{KINDS, Kind, Treatment};
use sluicebox::lab::examples;
use sluicebox::rule::{self, validate};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const RULES: &str = "docs/rules.md";

fn path(guide: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(guide)
}

fn text(guide: &str) -> String {
    std::fs::read_to_string(path(guide)).unwrap()
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
fn every_rule_of_the_guides_loads_and_its_examples_hold() {
    holds("README.md", 1);
    holds(RULES, 6);
}

/// Loads and tests each block of a guide, which has so many at least.
fn holds(guide: &str, blocks_min: usize) {
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks(&text(guide));
    assert!(blocks.len() >= blocks_min, "{guide}: {} blocks of TOML", blocks.len());
    for (line, block) in blocks {
        let path = folder.path().join(format!("line-{line}.toml"));
        std::fs::write(&path, block).unwrap();
        let options = rule::Options { builtin: false, paths: vec![path], ..rule::Options::default() };
        let loaded = rule::load(&options).unwrap_or_else(|errors| panic!("{guide}, line {line}: {errors:?}"));
        let matcher = sluicebox::detect::Matcher::new(loaded.rules.into());
        for tested in examples::test(&matcher) {
            assert!(tested.run > 0, "{guide}, line {line}: {} has no example", tested.detector);
            assert!(tested.failures.is_empty(), "{guide}, line {line}: {:?}", tested.failures);
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
    let (text, keys) = (text(RULES), keys());
    assert!(keys.len() > 40 && keys.contains(&"where") && keys.contains(&"max_match_bytes"), "{keys:?}");
    let missing: Vec<_> = keys.iter().filter(|key| !text.contains(&format!("`{key}"))).collect();
    assert!(missing.is_empty(), "{RULES} does not name {missing:?}");
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn validators() -> String {
    let mut out = String::from("| name | checks | parameters | source |\n| --- | --- | --- | --- |\n");
    for row in validate::table() {
        let params: Vec<String> = row.params.iter().map(|(name, what)| format!("`{name}`: {}", cell(what))).collect();
        let (what, source) = (cell(row.what), cell(row.source));
        let _ = writeln!(out, "| `{}` | {what} | {} | {source} |", row.name, params.join("; "));
    }
    out
}

fn types() -> String {
    let mut out = String::from("| type | names that promise it | outcome |\n| --- | --- | --- |\n");
    for kind in KINDS {
        let names: Vec<String> = kind.extensions.iter().map(|extension| format!("`.{extension}`")).collect();
        let _ = writeln!(out, "| `{}` | {} | {} |", kind.name, names.join(" "), outcome(kind));
    }
    out
}

fn outcome(kind: &Kind) -> String {
    let read = |place: &str| match kind.short_of {
        Some(reason) => format!("what stands beside the pixels is read{place}, `partial: {reason}`"),
        None => format!("read{place}"),
    };
    match kind.treatment {
        Treatment::InPlace(_) => read(""),
        Treatment::InCell(_) => read(" in a cell"),
        Treatment::AsText(reason) => format!("read as plain text, `partial: {reason}`"),
        Treatment::AsRuns(reason) => format!("runs of text are read, `partial: {reason}`"),
        Treatment::Cell => "not read yet, `skipped: unsupported`".to_owned(),
        Treatment::Skip(reason) => format!("not read, `skipped: {reason}`"),
    }
}

/// Holds what stands between two marks of a guide against `table`, or writes it there under `SLUICEBOX_BLESS=1`.
fn generated(guide: &str, mark: &str, table: &str) {
    let text = text(guide);
    let open = format!("<!-- {mark} -->\n");
    let (head, rest) = text.split_once(&open).unwrap();
    let (written, tail) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1") {
        // Under another name first: the tests beside this one read the guide.
        let draft = path(guide).with_extension("draft");
        std::fs::write(&draft, format!("{head}{open}{table}<!-- end -->{tail}")).unwrap();
        std::fs::rename(draft, path(guide)).unwrap();
        return;
    }
    let stale = table.lines().find(|line| !written.lines().any(|other| other == *line));
    assert!(written == table, "{guide} is stale (SLUICEBOX_BLESS=1 writes it anew), first at {stale:?}");
}

#[test]
fn the_table_of_validators_is_the_programs_own() {
    generated(RULES, "validators", &validators());
}

#[test]
fn the_table_of_file_types_is_the_programs_own() {
    generated("docs/formats.md", "types", &types());
}
