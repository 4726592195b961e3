use super::super::labels::tests::rules;
use super::*;
use crate::clock::Moment;
use crate::detect::{Matcher, ScanOptions, Scanner, TokenKey};
use std::path::{Path, PathBuf};

fn key() -> TokenKey {
    TokenKey::new([3; 32], 1)
}

fn verdict(text: &str) -> Verdict {
    let matcher = Matcher::new(rules().into());
    let findings = Scanner::new(&matcher, &key(), ScanOptions::default()).scan_text(text);
    Verdict { findings, ..Verdict::default() }
}

fn allow(text: &str) -> Result<AllowList, Vec<crate::source::Fault>> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("allow.toml");
    std::fs::write(&path, text).unwrap();
    AllowList::load(&[path], &rules(), Moment::parse("2026-06-15T12:00:00Z").unwrap())
}

#[test]
fn an_id_is_of_detector_value_and_place_and_not_of_the_path_or_what_stands_before() {
    let one = ids(&verdict("badge BDG-123456, CRT-123456").findings);
    assert_eq!(one, ids(&verdict("something else before; badge BDG-123456 ... CRT-123456").findings));
    assert_ne!(one[0], one[1], "another detector");
    assert_ne!(one[0], ids(&verdict("badge BDG-123457").findings)[0], "another value");
    let twice = ids(&verdict("BDG-123456 BDG-123456").findings);
    assert_eq!(twice[0], one[0]);
    assert_ne!(twice[0], twice[1], "the second of the same value");
    assert_eq!(one[0].to_string().parse(), Ok(one[0]));
    assert!("xyz".parse::<FindingId>().is_err() && "".parse::<FindingId>().is_err());
}

#[test]
fn a_baseline_leaves_out_what_it_holds_and_nothing_else() {
    let mut old = verdict("badge BDG-123456");
    let writing = Suppressor::default().apply("a.txt", &mut old, None, true);
    assert_eq!(old.findings.len(), 1, "writing leaves nothing out");
    let text = format!("{}{}", baseline_head(&key()), writing.baseline);
    assert!(!text.contains("123456"), "{text}");
    let baseline = Baseline::parse(&text, &key()).unwrap();
    assert_eq!(baseline.len(), 1);
    let suppressor = Suppressor::new(Some(baseline), AllowList::default(), false, &rules());
    let mut new = verdict("badge BDG-123456 and BDG-654321");
    let told = suppressor.apply("moved/b.txt", &mut new, None, false);
    assert_eq!((new.findings.len(), told.left_out.len(), told.met.len()), (1, 1, 1));
    assert_eq!(told.left_out[0].by, By::Baseline);
    let rows: [(&str, String, usize); 4] = [
        ("no baseline", "{}\n".to_owned(), 1),
        ("another key", baseline_head(&TokenKey::new([4; 32], 1)), 1),
        ("no JSON", format!("{}oops\n", baseline_head(&key())), 2),
        ("no id", format!("{}{{\"id\":\"12\"}}\n", baseline_head(&key())), 2),
    ];
    for (what, text, line) in rows {
        let (got, why) = Baseline::parse(&text, &key()).unwrap_err();
        assert!(got == line && !why.contains("oops"), "{what}: {got} {why}");
    }
}

#[test]
fn an_allow_list_ends() {
    let token = verdict("BDG-123456").findings[0].token.to_string();
    let entry = |rest: &str, expires: &str| {
        allow(&format!("schema = 1\n[[allow]]\nreason = 'the sample in the lobby'\nexpires = '{expires}'\n{rest}\n"))
            .unwrap()
    };
    let by_token = format!("token = '{token}'");
    let by_id = format!("finding = '{}'", ids(&verdict("BDG-123456").findings)[0]);
    let rows = [
        ("token", entry(&by_token, "2026-12-31"), 1),
        ("the last day", entry(&by_token, "2026-06-15"), 1),
        ("ended", entry(&by_token, "2026-06-14"), 0),
        ("detector too", entry(&format!("{by_token}\ndetector = 'test.*'"), "2026-12-31"), 1),
        ("another detector", entry(&format!("{by_token}\ndetector = 'test.crate'"), "2026-12-31"), 0),
        ("path", entry("path = 'lobby/*'", "2026-12-31"), 2),
        ("another path", entry("path = 'office/*'", "2026-12-31"), 0),
        ("id", entry(&by_id, "2026-12-31"), 1),
    ];
    for (what, list, left_out) in rows {
        let suppressor = Suppressor::new(None, list, false, &rules());
        let mut verdict = verdict("BDG-123456 CRT-111111");
        let told = suppressor.apply("lobby/a.txt", &mut verdict, None, false);
        assert_eq!((told.left_out.len(), verdict.findings.len()), (left_out, 2 - left_out), "{what}");
        let used = told.entries.into_iter().collect();
        assert_eq!(suppressor.allow().idle(&used).count(), usize::from(left_out == 0), "{what}");
    }
}

#[test]
fn wrong_allow_lists_are_told_what_is_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-allow");
    let bless = std::env::var_os("SLUICEBOX_BLESS").is_some_and(|bless| bless == "1");
    let mut failures = String::new();
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= 7, "{}", files.len());
    for file in files {
        let now = Moment::parse("2026-06-15T12:00:00Z").unwrap();
        let errors = AllowList::load(std::slice::from_ref(&file), &rules(), now).err().unwrap_or_default();
        let got: String = errors.iter().map(|error| format!("{error}\n\n")).collect();
        let got = got.replace(&format!("{}/", folder.display()), "");
        if bless {
            std::fs::write(file.with_extension("stderr"), &got).unwrap();
        }
        if got.is_empty() || got != std::fs::read_to_string(file.with_extension("stderr")).unwrap_or_default() {
            failures += &format!("{}\n{got}\n", file.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}SLUICEBOX_BLESS=1 writes what was got");
}

#[test]
fn marks_count_on_their_line_where_marks_are_wanted() {
    let rows = [
        ("BDG-123456 # sluicebox:allow", true, 1),
        ("BDG-123456 # sluicebox:allow", false, 0),
        ("BDG-123456 # sluicebox:allow test.badge known", true, 1),
        ("BDG-123456 # sluicebox:allow test.crate", true, 0),
        ("BDG-123456 # sluicebox:allow the sample in the lobby", true, 1),
        ("BDG-123456\n# sluicebox:allow", true, 0),
        ("BDG-123456 # gitleaks:allow", true, 0),
        ("BDG-123456 # sluicebox:allow\nBDG-123456", true, 1),
    ];
    for (text, marks, left_out) in rows {
        let suppressor = Suppressor::new(None, AllowList::default(), marks, &rules());
        let mut verdict = verdict(text);
        assert_eq!(suppressor.wants_text(&verdict), marks, "{text}");
        let told = suppressor.apply("a.txt", &mut verdict, marks.then_some(text.as_bytes()), false);
        assert_eq!(told.left_out.len(), left_out, "{text}");
    }
    let mut rules = rules();
    rules.detectors[0].tags.push("credential".to_owned());
    let suppressor = Suppressor::new(None, AllowList::default(), true, &rules);
    let text = "BDG-123456 CRT-123456 # gitleaks:allow";
    let told = suppressor.apply("a.txt", &mut verdict(text), Some(text.as_bytes()), false);
    assert_eq!(told.left_out.iter().map(|left| &*left.detector).collect::<Vec<_>>(), ["test.badge"]);
}
