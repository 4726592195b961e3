use super::*;
use crate::rule;
use std::path::Path;

/// Rules of two tiers, and of one.
const RULES: &str = "schema = 1\n\
    [[list]]\nid = 'badge.words'\nterms = ['badge']\n\
    [[detector]]\nid = 'test.badge'\nname = 'n'\n[[detector.primary]]\nregex = 'BDG-[0-9]{6}'\n\
    [[detector.tier]]\nname = 'high'\nconfidence = 85\nevidence = { list = 'badge.words', within = 20 }\n\
    [[detector.tier]]\nname = 'low'\nconfidence = 65\n\
    [[detector]]\nid = 'test.crate'\nname = 'n'\n[[detector.primary]]\nregex = 'CRT-[0-9]{6}'\n\
    [[detector.tier]]\nname = 'medium'\nconfidence = 75\n";

pub(in crate::lab) fn rules() -> RuleSet {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, RULES).unwrap();
    let options = rule::Options { builtin: false, paths: vec![path], ..rule::Options::default() };
    rule::load(&options).unwrap().rules
}

/// A corpus of two files.
fn corpus() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    std::fs::write(folder.path().join("a.txt"), "badge BDG-123456 at the door\nno badge here\n").unwrap();
    std::fs::write(folder.path().join("sub/b.txt"), "Grüße: BDG-654321").unwrap();
    folder
}

/// Where the labels of a golden file lie in their corpus.
fn place_of(golden: &Path) -> Option<&'static str> {
    match golden.extension()?.to_str()? {
        "jsonl" => Some(LABELS),
        "sidecar" => Some("a.txt.labels.jsonl"),
        "toml" => Some(SETTINGS),
        _ => None,
    }
}

/// Labels of every `NAME.jsonl`, `NAME.sidecar` and `NAME.toml` in `tests/bad-labels` must be refused with exactly `NAME.stderr`.
#[test]
fn wrong_labels_are_told_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-labels");
    let bless = std::env::var_os("SLUICEBOX_BLESS").is_some_and(|bless| bless == "1");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (rules, mut run, mut failures) = (rules(), 0, String::new());
    for file in files {
        let Some(place) = place_of(&file) else { continue };
        run += 1;
        let corpus = corpus();
        std::fs::copy(&file, corpus.path().join(place)).unwrap();
        let got = match load(corpus.path(), &rules, Options::default()) {
            Ok(_) => "no error\n".to_owned(),
            Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect::<Vec<_>>().join("\n"),
        };
        let got = got.replace(&format!("{}", corpus.path().display()), "corpus");
        let golden = file.with_extension("stderr");
        if bless {
            std::fs::write(&golden, &got).unwrap();
        }
        let want = std::fs::read_to_string(&golden).unwrap_or_default();
        if got != want {
            failures += &format!("{}\n--- expected\n{want}--- got\n{got}---\n", file.display());
        }
    }
    assert!(run >= 35, "only {run} files");
    assert!(failures.is_empty(), "\n{failures}SLUICEBOX_BLESS=1 writes what was got");
}

#[test]
fn every_error_names_a_place_and_a_next_step() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-labels");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "stderr") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for error in text.split("\n\n").filter(|error| error.starts_with("error: ")) {
            let is_whole = error.contains("more errors") || error.contains("there are no labels in");
            assert!(is_whole || error.contains("--> corpus/"), "{}: {error}", path.display());
            let told = error.contains(" = help: ") || error.contains("not UTF-8") || error.contains(" ^") || is_whole;
            assert!(told, "{}: {error}", path.display());
        }
    }
}

#[test]
fn labels_beside_a_file_and_in_folders_below_are_read() {
    let corpus = corpus();
    let at = |name: &str| corpus.path().join(name);
    std::fs::write(
        at("labels.jsonl"),
        "{\"file\":\"./a.txt\",\"start\":6,\"end\":16,\"detector\":\"test.badge\",\"confidence\":70}\n\n",
    )
    .unwrap();
    std::fs::write(
        at("sub/b.txt.labels.jsonl"),
        "{\"line\":1,\"column\":8,\"length\":10,\"detector\":\"test.badge\",\"tier\":\"low\"}",
    )
    .unwrap();
    std::fs::write(
        at("sub/labels.jsonl"),
        "{\"file\":\"b.txt\",\"detector\":\"*\",\"negative\":true,\"confidence\":85}",
    )
    .unwrap();
    std::fs::write(
        at("labels.toml"),
        "schema = 1\ndetectors = [\"test.*\"]\nunlabelled = \"clean\"\n[[threshold]]\nrecall = 98\n",
    )
    .unwrap();
    let labels = load(corpus.path(), &rules(), Options::default()).unwrap();
    let a = &labels.files[&at("a.txt")];
    // 70 is met by no less than 85.
    assert_eq!((a.len(), a[0].confidence), (1, Some(85)));
    let b = &labels.files[&at("sub/b.txt")];
    assert_eq!(b.len(), 2);
    assert!(b.iter().any(|label| label.confidence == Some(65)));
    assert!(b.iter().any(|label| label.says == Says::Negative { at: None }));
    assert!(labels.settings.unlabelled_clean && labels.settings.thresholds[0].recall == Some(98));
    std::fs::write(at("labels.jsonl"), "{\"file\":\"a.txt\",\"start\":6,\"end\":16,\"detector\":\"not.yet\"}\n")
        .unwrap();
    let labels = load(corpus.path(), &rules(), Options { skip_unknown: true }).unwrap();
    assert_eq!(labels.unknown.get("not.yet"), Some(&1));
}
