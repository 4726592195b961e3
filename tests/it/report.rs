//! The five output formats over one fixed scan with nasty names: each against its golden file, and what no format may do.
//!
//! `SLUICEBOX_BLESS=1` writes the golden files anew; review the diff. The page's style and script stand in the golden
//! only as a mark, since they have files of their own.

mod fixture;
mod rows;

use fixture::{crowded, reports, summary};
use sluicebox::report::{FileReport, Format, Options, RuleInfo, Summary};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// A writer whose bytes can be read after the report is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn options() -> Options {
    let rule = |id: &str, name: &str, why: &str, tags: &[&str]| RuleInfo {
        id: id.to_owned(),
        name: name.to_owned(),
        why: why.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    Options {
        version: "0.0.0-test".to_owned(),
        rules: vec![
            rule("card.payment", "Payment card number", "A card number alone is enough to charge it.", &["pci"]),
            rule("secret.aws-key", "AWS access key [id] {v2}", "", &["credential", "cloud"]),
        ],
        ..Options::default()
    }
}

/// What `format` writes for `files`.
fn written(format: Format, options: &Options, files: &[FileReport], summary: &Summary) -> String {
    let shared = Shared::default();
    let mut report = format.open(Box::new(shared.clone()), options);
    report.begin().unwrap();
    for file in files {
        report.file(file).unwrap();
    }
    report.end(summary).unwrap();
    assert!(!report.reader_gone());
    drop(report);
    let bytes = shared.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn standard(format: Format) -> String {
    let files = reports();
    written(format, &options(), &files, &summary(&files))
}

/// Compares with a golden file, or writes it under `SLUICEBOX_BLESS=1`.
fn golden(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report").join(name);
    if std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, got).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some(difference) = difference(&expected, got) {
        panic!("tests/golden/report/{name} differs (SLUICEBOX_BLESS=1 writes it anew)\n{difference}");
    }
}

/// The first line in which two texts differ, with its neighbours, both framed.
fn difference(expected: &str, got: &str) -> Option<String> {
    if expected == got {
        return None;
    }
    let (left, right): (Vec<&str>, Vec<&str>) = (expected.split('\n').collect(), got.split('\n').collect());
    let same = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let frame = |title: &str, lines: &[&str]| {
        let first = same.saturating_sub(2);
        let shown: Vec<String> = lines
            .iter()
            .enumerate()
            .skip(first)
            .take(6)
            .map(|(at, line)| format!("| {:>4} {line:?}", at + 1))
            .collect();
        format!("+-- {title}, from line {}\n{}\n+--\n", first + 1, shown.join("\n"))
    };
    Some(frame("expected", &left) + &frame("got", &right))
}

#[test]
fn text_is_as_in_its_golden_file() {
    golden("text.txt", &standard(Format::Text));
}

#[test]
fn coloured_and_verbose_text_is_as_in_its_golden_file() {
    let files = reports();
    let options = Options { colour: true, verbose: true, ..options() };
    golden("text-colour.txt", &written(Format::Text, &options, &files, &summary(&files)));
}

#[test]
fn crowded_text_is_as_in_its_golden_file() {
    let files = crowded();
    golden("text-crowded.txt", &written(Format::Text, &options(), &files, &summary(&files)));
}

#[test]
fn json_lines_are_as_in_their_golden_file() {
    golden("findings.jsonl", &standard(Format::Jsonl));
}

#[test]
fn csv_is_as_in_its_golden_file() {
    golden("findings.csv", &standard(Format::Csv));
}

#[test]
fn sarif_is_as_in_its_golden_file() {
    golden("findings.sarif", &standard(Format::Sarif));
}

#[test]
fn the_page_is_as_in_its_golden_file() {
    let page = standard(Format::Html);
    let style = include_str!("../../src/report/html/page.css");
    let script = include_str!("../../src/report/html/page.js");
    assert!(page.contains(style) && page.contains(script));
    if let Some(path) = std::env::var_os("SLUICEBOX_PAGE_NASTY") {
        std::fs::write(path, &page).unwrap();
    }
    let mut marked = page.replace(style, "(page.css)").replace(script, "(page.js)");
    while let Some(at) = marked.find("'sha256-") {
        let end = at + 1 + marked[at + 1..].find('\'').unwrap();
        marked.replace_range(at..=end, "(hash)");
    }
    golden("page.html", &marked);
}

#[test]
fn a_difference_is_framed() {
    assert_eq!(difference("a\nb", "a\nb"), None);
    let framed = difference("a\nb\nc", "a\nx\nc").unwrap();
    assert!(framed.contains("expected, from line 1\n|    1 \"a\"\n|    2 \"b\""), "{framed}");
    assert!(framed.contains("got, from line 1\n|    1 \"a\"\n|    2 \"x\""), "{framed}");
}
