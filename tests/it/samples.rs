//! The synthetic samples of `corpus/samples`: each file beside what a scan must say of it.
//!
//! A new sample needs no code: put the file there, run with `SLUICEBOX_BLESS=1`, and review what was written beside it.
//! `NAME.expected.json` holds the coverage, the places that were not read, and the findings by detector and band.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const EXPECTED: &str = ".expected.json";
const KEY: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples")
}

/// Every line that a scan of all samples writes, as JSON.
fn scanned() -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_sluicebox"))
        .args(["scan", ".", "--format", "jsonl", "--no-progress"])
        .current_dir(folder())
        .env("SLUICEBOX_TOKEN_KEY", KEY)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "one sample is sealed, so something was not read; stderr: {complaints}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the lines say of each file, in the shape of the expectations.
fn by_file(lines: &[Value]) -> BTreeMap<PathBuf, Value> {
    let mut findings: BTreeMap<&str, BTreeMap<String, BTreeMap<&str, u64>>> = BTreeMap::new();
    let mut files = BTreeMap::new();
    for line in lines {
        let Some(path) = line["path"].as_str() else { continue };
        if let Some(detector) = line["detector"].as_str() {
            let bands = findings.entry(path).or_default().entry(detector.to_owned()).or_default();
            *bands.entry(band(line["confidence"].as_u64().unwrap())).or_default() += 1;
        } else {
            let found = findings.remove(path).unwrap_or_default();
            files.insert(Path::new(path).strip_prefix(".").unwrap().to_owned(), outcome(line, json!(found)));
        }
    }
    files
}

fn outcome(file: &Value, findings: Value) -> Value {
    let mut outcome = Map::new();
    let reason = file["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
    outcome.insert("coverage".into(), json!(format!("{}{reason}", file["coverage"].as_str().unwrap())));
    let hole = |hole: &Value| {
        let steps: Vec<&str> = hole["location"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        format!("{}: {}", steps.join(" > "), hole["reason"].as_str().unwrap())
    };
    if let Some(holes) = file["holes"].as_array().filter(|holes| !holes.is_empty()) {
        outcome.insert("not_read".into(), holes.iter().map(hole).collect());
    }
    outcome.insert("findings".into(), findings);
    Value::Object(outcome)
}

fn band(confidence: u64) -> &'static str {
    match confidence {
        85.. => "high",
        75..=84 => "medium",
        _ => "low",
    }
}

/// A text in a frame, so that one sees where it begins and ends.
fn framed(title: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("| {line}\n")).collect();
    format!("+-- {title}\n{lines}+--\n")
}

#[test]
fn each_sample_yields_what_stands_beside_it() {
    let bless = std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1");
    let files = by_file(&scanned());
    let mut wrong = String::new();
    let is_expectation = |path: &Path| path.to_string_lossy().ends_with(EXPECTED);
    for (sample, outcome) in &files {
        if is_expectation(sample) {
            let of = PathBuf::from(sample.to_string_lossy().trim_end_matches(EXPECTED));
            if !files.contains_key(&of) {
                wrong.push_str(&format!("{}: expected of no sample\n", sample.display()));
            }
            continue;
        }
        let got = serde_json::to_string_pretty(outcome).unwrap() + "\n";
        let beside = folder().join(format!("{}{EXPECTED}", sample.display()));
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        if got == expected {
            continue;
        }
        if bless {
            std::fs::write(&beside, &got).unwrap();
        } else {
            wrong.push_str(&format!("{}\n", sample.display()));
            wrong.push_str(&(framed("expected", &expected) + &framed("got", &got)));
        }
    }
    assert!(files.len() >= 12, "only {} samples", files.len());
    assert!(wrong.is_empty(), "samples differ (SLUICEBOX_BLESS=1 writes them anew)\n{wrong}");
}
