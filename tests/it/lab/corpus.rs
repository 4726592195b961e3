//! `rules test --corpus` and `rules cost --corpus`.

use super::{OWN, scene};
use crate::harness::{Scene, same};
use serde_json::{Value, json};

const LABELS: &str = "{\"file\":\"a.txt\",\"start\":6,\"end\":16,\"detector\":\"test.badge\",\"tier\":\"high\"}\n\
    {\"file\":\"a.txt\",\"line\":2,\"column\":5,\"length\":10,\"detector\":\"test.crate\"}\n\
    {\"file\":\"sub/b.txt\",\"start\":12,\"end\":22,\"detector\":\"test.badge\",\"confidence\":85}\n\
    {\"file\":\"c.html\",\"detector\":\"test.crate\",\"count\":1}\n";

fn labelled() -> Scene {
    let scene = scene();
    scene.write("corpus/labels.jsonl", LABELS);
    scene
}

fn row(rows: &[Value], detector: &str, confidence: u64) -> Value {
    let found = rows.iter().find(|row| row["detector"] == detector && row["confidence"] == confidence);
    let row = found.unwrap_or_else(|| panic!("no row of {detector} at {confidence}: {rows:#?}"));
    json!([row["true"], row["false"], row["missed"]])
}

#[test]
fn a_corpus_is_held_against_its_labels() {
    let scene = labelled();
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--format", "json"]).args(OWN).run();
    ran.expect_code(0).expect_quiet();
    let rows = ran.lines();
    same("badge at 85", &json!([1, 0, 1]), &row(&rows, "test.badge", 85));
    same("badge at 65", &json!([2, 0, 0]), &row(&rows, "test.badge", 65));
    // A document is read as a scan reads it: the number stands in two runs.
    same("crate", &json!([2, 0, 0]), &row(&rows, "test.crate", 75));
    let file = rows.iter().find(|row| row["row"] == "file").expect("a file");
    same("worst", &json!("corpus/sub/b.txt"), &file["path"]);
    same("kind", &json!("weak"), &file["wrong"][0]["kind"]);
    assert!(!ran.out().contains("654321"), "{}", ran.frame("no value", "654321"));
}

#[test]
fn figures_below_what_was_asked_fail() {
    let scene = labelled();
    let rows: &[(&[&str], i32, &str)] = &[
        (&[], 0, "3 files judged by 4 labels, places by overlap"),
        (&["--min-recall", "100"], 0, "holds    recall of all detectors at least 1.00: 1.0000"),
        (&["--min-recall", "90", "--at", "85"], 1, "NOT MET  recall of all detectors at 85 at least 0.90"),
        (&["--min-precision", "100", "--min-f1", "100"], 0, "holds    precision"),
        (&["--span", "exact", "--min-recall", "100"], 0, "places by exact"),
        (&["--worst", "1"], 0, "weak    test.badge  85  bytes 12..22"),
    ];
    for (args, code, part) in rows {
        let ran = scene.call(["rules", "test", "--corpus", "corpus"]).args(OWN).args(*args).run();
        ran.expect_code(*code).expect_out(part);
    }
    scene.write("corpus/labels.toml", "schema = 1\n[[threshold]]\ndetector = \"test.badge\"\nconfidence = 85\nrecall = 60\n");
    let ran = scene.call(["rules", "test", "--corpus", "corpus"]).args(OWN).run();
    ran.expect_code(1).expect_out("NOT MET  recall of test.badge at 85 at least 0.60: 0.5000");
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--format", "junit"]).args(OWN).run();
    ran.expect_code(1).expect_out("<testsuites name=\"sluicebox\"").expect_out("<failure message=\"got 0.500\">");
}

#[test]
fn what_nobody_labelled_is_not_judged_unless_it_is_called_clean() {
    let scene = labelled();
    scene.write("corpus/d.txt", "BDG-000009");
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--format", "json"]).args(OWN).run();
    let summary = ran.lines().pop().expect("a summary");
    same("unlabelled", &json!(1), &summary["unlabelled"]);
    scene.write("corpus/labels.toml", "schema = 1\nunlabelled = \"clean\"\n");
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--min-precision", "100"]).args(OWN).run();
    ran.expect_code(1).expect_out("false   test.badge  65  line 1 column 1");
}

#[test]
fn wrong_labels_are_refused_with_their_place() {
    let scene = scene();
    let rows = [
        ("{\"file\":\"a.txt\",\"start\":6,\"end\":16,\"detector\":\"test.bagde\"}", "corpus/labels.jsonl:1:36", "did you mean `test.badge`?"),
        ("{\"file\":\"a.txt\",\"start\":6,\"end\":160,\"detector\":\"test.badge\"}", "corpus/labels.jsonl:1:1", "count bytes from 0"),
        ("{\"file\":\"a.txt\"", "corpus/labels.jsonl:1:", "each line is one whole JSON object"),
        ("", "there are no labels in corpus", "labels.jsonl"),
    ];
    for (labels, place, help) in rows {
        scene.write("corpus/labels.jsonl", labels);
        let ran = scene.call(["rules", "test", "--corpus", "corpus"]).args(OWN).run();
        ran.expect_code(2).expect_err(place).expect_err(help).expect_err("nothing was judged");
    }
    scene.write("corpus/labels.jsonl", "{\"file\":\"a.txt\",\"start\":6,\"end\":16,\"detector\":\"not.yet\"}");
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--skip-unknown"]).args(OWN).run();
    ran.expect_code(0).expect_out("1 label left out, of detectors that are not loaded: not.yet");
    for corpus in ["missing", "corpus/a.txt"] {
        scene.call(["rules", "test", "--corpus", corpus]).args(OWN).run().expect_code(2).expect_err(corpus);
    }
}

#[test]
fn what_a_scan_finds_in_documents_can_be_labelled_as_it_says() {
    let scene = scene();
    let mut labels = String::new();
    for finding in scene.jsonl(["corpus"]).findings() {
        let path = finding["path"].as_str().expect("a path").trim_start_matches("corpus/").to_owned();
        let label = json!({
            "file": path, "part": finding["part"], "start": finding["start"], "end": finding["end"],
            "detector": finding["detector"], "tier": finding["tier"],
        });
        labels.push_str(&format!("{label}\n"));
    }
    scene.write("corpus/labels.jsonl", labels);
    let ran = scene.call(["rules", "test", "--corpus", "corpus", "--span", "exact", "--min-f1", "100"]).args(OWN).run();
    ran.expect_code(0).expect_out("4 labels").expect_out("holds");
}

#[test]
fn a_file_that_is_not_wholly_read_is_said() {
    let scene = labelled();
    scene.write("corpus/e.docx", b"PK\x03\x04 broken");
    let ran = scene.call(["rules", "test", "--corpus", "corpus"]).args(OWN).run();
    ran.expect_code(3).expect_out("not wholly read: 1 file").expect_out("corpus/e.docx");
    scene.call(["rules", "test", "--corpus", "corpus", "--allow-partial"]).args(OWN).run().expect_code(0);
}

#[test]
fn the_price_of_rules_is_told_on_documents_and_held_against_a_budget() {
    let scene = scene();
    scene.write("corpus/long.txt", "BDG-1234 BDG-123456 ".repeat(200));
    let ran = scene.call(["rules", "cost", "--corpus", "corpus", "--format", "jsonl"]).args(OWN).run();
    ran.expect_code(0).expect_quiet();
    let rows = ran.lines();
    let badge = rows.iter().find(|row| row["detector"] == "test.badge").expect("a row");
    let hit_rate = badge["hit_rate"].as_f64().expect("a rate");
    assert!(hit_rate > 0.2 && hit_rate <= 1.0, "{}", ran.frame("half of the candidates", &hit_rate.to_string()));
    same("worst", &json!("corpus/long.txt"), &badge["worst"]["path"]);
    let ran = scene.call(["rules", "cost", "--corpus", "corpus", "--budget", "0"]).args(OWN).run();
    ran.expect_code(0).expect_err("warning: test.badge").expect_err("over the budget of 0");
    let ran = scene.call(["rules", "cost", "--corpus", "corpus", "--budget", "0", "--strict"]).args(OWN).run();
    ran.expect_code(1);
    let ran = scene.call(["rules", "cost", "--corpus", "corpus", "--time", "--budget", "1e12", "--strict"]).args(OWN).run();
    ran.expect_code(0).expect_quiet().expect_out("us/MiB");
}
