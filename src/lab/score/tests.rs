use super::super::labels::{self, Threshold, tests::rules};
use super::*;
use crate::detect::{Matcher, ScanOptions, Scanner, TokenKey};
use std::str::FromStr;

/// Two badges, the first with its word; a crate.
const TEXT: &str = "badge BDG-123456 at the door ..................... BDG-654321 CRT-000001 BDG-123456";

/// What a corpus of this one text gives with these labels.
fn scored(labels: &str, settings: &str, policy: Policy) -> (Score, Vec<Threshold>) {
    let corpus = tempfile::tempdir().unwrap();
    let path = corpus.path().join("a.txt");
    std::fs::write(&path, TEXT).unwrap();
    let lines: String = labels.lines().map(|line| format!("{{\"file\":\"a.txt\",{line}}}\n")).collect();
    std::fs::write(corpus.path().join("labels.jsonl"), lines).unwrap();
    std::fs::write(corpus.path().join("labels.toml"), format!("schema = 1\n{settings}")).unwrap();
    let matcher = Matcher::new(rules().into());
    let labels = labels::load(corpus.path(), matcher.rules(), labels::Options::default()).unwrap();
    let mut scorer = Scorer::new(&labels, matcher.rules(), policy);
    let key = TokenKey::new([0; 32], 0);
    let findings = Scanner::new(&matcher, &key, ScanOptions::default()).scan_text(TEXT);
    scorer.file(&path, &Verdict { findings, ..Verdict::default() });
    (scorer.end(), labels.settings.thresholds)
}

/// True, false, missed of the badge at 85 and at 65.
fn badge(score: &Score) -> [(u64, u64, u64); 2] {
    [85, 65].map(|at| {
        let sums = score.rows.get(&("test.badge".into(), at)).copied().unwrap_or_default();
        (sums.found_true, sums.found_false, sums.missed)
    })
}

#[test]
fn labels_and_findings_meet_once_each() {
    let first = "\"start\":6,\"end\":16,\"detector\":\"test.badge\"";
    let second = "\"start\":51,\"end\":61,\"detector\":\"test.badge\"";
    let third = "\"line\":1,\"column\":74,\"length\":10,\"detector\":\"test.badge\"";
    // What, labels, how places are held, and for each confidence true, false and missed.
    type Row<'r> = (&'r str, String, &'r str, [(u64, u64, u64); 2]);
    let rows: &[Row<'_>] = &[
        ("all", format!("{first},\"confidence\":85\n{second}\n{third}"), "overlap", [(1, 0, 0), (3, 0, 0)]),
        ("one is not labelled", format!("{first},\"tier\":\"high\"\n{second}"), "overlap", [(1, 0, 0), (2, 1, 0)]),
        ("too weak", format!("{first}\n{second},\"confidence\":85\n{third}"), "overlap", [(0, 0, 1), (3, 0, 0)]),
        ("surer than asked", format!("{first},\"confidence\":65\n{second}\n{third}"), "exact", [(0, 0, 0), (3, 0, 0)]),
        (
            "optional",
            format!("{first}\n{second},\"optional\":true\n{third},\"optional\":true"),
            "exact",
            [(0, 0, 0), (1, 0, 0)],
        ),
        ("decoy", format!("{first},\"negative\":true\n{second}\n{third}"), "overlap", [(0, 1, 0), (2, 1, 0)]),
        (
            "weak decoy",
            format!("{first}\n{second},\"negative\":true,\"confidence\":85\n{third}"),
            "overlap",
            [(0, 0, 0), (2, 0, 0)],
        ),
        (
            "not there",
            format!("{first}\n{second}\n{third}\n\"start\":20,\"end\":23,\"detector\":\"test.badge\""),
            "overlap",
            [(0, 0, 0), (3, 0, 1)],
        ),
        (
            "a part of it",
            format!("\"start\":6,\"end\":9,\"detector\":\"test.badge\"\n{second}\n{third}"),
            "overlap",
            [(0, 0, 0), (3, 0, 0)],
        ),
        (
            "a part, exactly",
            format!("\"start\":6,\"end\":9,\"detector\":\"test.badge\"\n{second}\n{third}"),
            "exact",
            [(0, 1, 0), (2, 1, 1)],
        ),
        (
            "a part, iou",
            format!("\"start\":6,\"end\":9,\"detector\":\"test.badge\"\n{second}\n{third}"),
            "iou=0.3",
            [(0, 0, 0), (3, 0, 0)],
        ),
        (
            "too small a part",
            format!("\"start\":6,\"end\":9,\"detector\":\"test.badge\"\n{second}\n{third}"),
            "iou",
            [(0, 1, 0), (2, 1, 1)],
        ),
        ("counted", "\"detector\":\"test.badge\",\"count\":4".to_owned(), "overlap", [(0, 0, 0), (3, 0, 1)]),
        ("different", "\"detector\":\"test.badge\",\"unique\":2".to_owned(), "overlap", [(0, 0, 0), (2, 0, 0)]),
        (
            "too many",
            "\"detector\":\"test.badge\",\"unique\":1,\"confidence\":65".to_owned(),
            "overlap",
            [(0, 0, 0), (1, 1, 0)],
        ),
        (
            "by part",
            format!("{first}\n\"part\":\"text\",\"start\":51,\"end\":61,\"detector\":\"test.badge\"\n{third}"),
            "exact",
            [(0, 0, 0), (3, 0, 0)],
        ),
        (
            "another part",
            format!("{first}\n\"part\":\"body\",\"start\":51,\"end\":61,\"detector\":\"test.badge\"\n{third}"),
            "exact",
            [(0, 0, 0), (2, 1, 1)],
        ),
    ];
    for (what, labels, policy, want) in rows {
        let (score, _) = scored(labels, "", Policy::from_str(policy).unwrap());
        assert_eq!(badge(&score), *want, "{what}");
        assert!(!score.rows.keys().any(|(id, _)| &**id == "test.crate"), "{what}: nobody labelled crates");
    }
}

#[test]
fn what_labels_are_complete_for_is_false_when_found() {
    let labels = "\"start\":6,\"end\":16,\"detector\":\"test.badge\"\n\"start\":51,\"end\":61,\"detector\":\"test.badge\",\"optional\":true";
    let (score, thresholds) = scored(
        labels,
        "detectors = ['*']\n[[threshold]]\nprecision = 50\nrecall = 100\n[[threshold]]\ndetector = 'test.*'\neach = true\nf1 = 80\n",
        Policy::Overlap,
    );
    let crates = score.rows[&("test.crate".into(), 75)];
    assert_eq!((crates.found_true, crates.found_false), (0, 1));
    let judged: Vec<(String, bool)> =
        judge(&score.rows, &thresholds).iter().map(|one| (format!("{} {}", one.figure, one.of), one.holds())).collect();
    let want = [
        ("precision all detectors", false),
        ("recall all detectors", true),
        ("f1 test.badge", false),
        ("f1 test.crate", false),
    ];
    assert_eq!(judged, want.map(|(what, holds)| (what.to_owned(), holds)));
    let kinds: Vec<(Kind, &str)> = score.wrong[0].wrong.iter().map(|wrong| (wrong.kind, &*wrong.detector)).collect();
    assert_eq!(kinds, [(Kind::False, "test.crate"), (Kind::False, "test.badge")]);
    assert!(
        score.wrong[0]
            .wrong
            .iter()
            .all(|wrong| wrong.mask.as_ref().is_some_and(|mask| !mask.as_str().contains("123456")))
    );
}

#[test]
fn figures_are_those_of_the_textbook() {
    let sums = Sums { found_true: 8, found_false: 2, missed: 4 };
    let near = |got: Option<f64>, want: f64| (got.unwrap() - want).abs() < 1e-12;
    assert!(near(sums.precision(), 0.8) && near(sums.recall(), 2.0 / 3.0));
    assert!(near(sums.f(1), 8.0 / 11.0) && near(sums.f(2), 40.0 / 58.0));
    let nothing = Sums::default();
    assert!([nothing.precision(), nothing.recall(), nothing.f(1), nothing.f(2)].iter().all(Option::is_none));
}

#[test]
fn span_policies_are_read_and_shown() {
    for (typed, shown) in [("exact", "exact"), ("overlap", "overlap"), ("iou", "iou=0.5"), ("iou=0.75", "iou=0.75")] {
        assert_eq!(Policy::from_str(typed).unwrap().to_string(), shown);
    }
    for typed in ["iou=0", "iou=2", "iou=x", "near", ""] {
        assert!(Policy::from_str(typed).is_err(), "{typed}");
    }
}
