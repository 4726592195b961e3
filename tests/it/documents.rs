//! Real documents (corpus/documents): every expected string comes out, each type is told, and what is known to be missed is
//! listed with its reason. The tables by type are printed whether the tests pass or not.

use crate::extract::{ReadFile, read};
use sluicebox::extract::registry::{Treatment, kind, mismatches};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Of 100 strings that could come out, this many must.
const FOUND_PERCENT_MIN: usize = 97;

/// Files whose name in the manifest is not what they are: the type that their content has.
const TOLD_OTHERWISE: &[(&str, &str)] = &[
    ("fake-email.txt", "eml"),
    ("fake-incomplete-json.txt", "json"),
    ("docx_paragraphs_and_tables", "docx"),
    ("msg_standardized_text", "msg"),
    ("simple-table.md", "csv"),
];

/// A row of the manifest.
struct Row {
    file: String,
    kind: String,
    expected: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/documents")
}

fn manifest() -> Vec<Row> {
    let manifest = std::fs::read_to_string(folder().join("manifest.tsv")).expect("the manifest");
    let row = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [file, kind, expected, ..] => {
            Row { file: file.to_owned(), kind: kind.to_owned(), expected: expected.to_owned() }
        }
        _ => panic!("a short row: {line}"),
    };
    manifest.lines().skip(1).map(row).collect()
}

fn read_document(file: &str) -> ReadFile {
    read(file, std::fs::read(folder().join(file)).expect("a document"))
}

/// The comparison rule of the corpus: NFKC, no soft hyphens or marks, white space collapsed.
fn comparable(text: &str) -> String {
    let folded: String = text.nfkc().filter(|c| !matches!(c, '\u{ad}' | '\u{feff}')).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The misses that are listed, each with a reason.
fn known_misses() -> BTreeSet<String> {
    let listed = std::fs::read_to_string(folder().join("KNOWN-MISSES.tsv")).expect("the list of misses");
    let miss = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [file, expected, reason] if !reason.trim().is_empty() => format!("{file}\t{expected}"),
        _ => panic!("a miss without its reason: {line}"),
    };
    listed.lines().skip(1).map(miss).collect()
}

/// What was found of one type.
#[derive(Default)]
struct Tally {
    files: BTreeSet<String>,
    found: usize,
    missed: usize,
    without_reader: usize,
}

/// Written past the test harness, which would keep it for failures.
fn print(table: &str) {
    std::io::stdout().write_all(table.as_bytes()).expect("standard output");
}

fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut out =
        String::from("\ncorpus/documents: strings that come out\ntype       files  found  missed  no reader\n");
    for (kind, tally) in tallies {
        let Tally { files, found, missed, without_reader } = tally;
        out += &format!("{kind:10} {:5}  {found:5}  {missed:6}  {without_reader:9}\n", files.len());
    }
    out
}

#[test]
fn real_documents_yield_what_the_manifest_expects() {
    let known = known_misses();
    let (mut missed, mut tallies) = (BTreeSet::new(), BTreeMap::<String, Tally>::new());
    let mut last = (String::new(), String::new(), true);
    for row in manifest() {
        if last.0 != row.file {
            let read = read_document(&row.file);
            let text: Vec<_> = read.parts.iter().map(|part| part.text.as_str()).collect();
            let has_reader = matches!(read.walked.kind.treatment, Treatment::InPlace(_) | Treatment::InCell(_));
            last = (row.file.clone(), comparable(&text.join("\n")), has_reader);
        }
        let tally = tallies.entry(row.kind).or_default();
        tally.files.insert(row.file.clone());
        if last.1.contains(&comparable(&row.expected)) {
            tally.found += 1;
            continue;
        }
        if last.2 {
            tally.missed += 1;
            missed.insert(format!("{}\t{}", row.file, row.expected));
        } else {
            tally.without_reader += 1;
        }
    }
    let sum = |of: fn(&Tally) -> usize| tallies.values().map(of).sum::<usize>();
    let (found, without_reader) = (sum(|tally| tally.found), sum(|tally| tally.without_reader));
    let of = found + missed.len();
    print(&format!("{}all: {found} of {of} found, {without_reader} without a reader\n", table(&tallies)));
    let new: Vec<_> = missed.difference(&known).collect();
    let found_again: Vec<_> = known.difference(&missed).collect();
    assert!(new.is_empty() && found_again.is_empty(), "missed {new:#?}\nlisted but not missed {found_again:#?}");
    assert_eq!(without_reader, 0, "rows have no reader");
    assert!(found * 100 >= of * FOUND_PERCENT_MIN, "{found} of {of} found: too few");
}

/// The type that the manifest's word for a file stands for.
fn expected_kind(row: &Row) -> &str {
    let otherwise = TOLD_OTHERWISE.iter().find(|(file, _)| row.file.ends_with(&format!("/{file}")));
    otherwise.map_or(row.kind.as_str(), |(_, kind)| kind)
}

/// True when a type told is the one meant. The manifest calls texts and variants of an office format by their extensions.
fn is_meant(expected: &str, told: &str) -> bool {
    let named = kind(expected).name == expected;
    expected == told || (!named && !mismatches(expected, kind(told)))
}

#[test]
fn the_types_of_real_documents_are_told() {
    let files: BTreeMap<String, Row> = manifest().into_iter().map(|row| (row.file.clone(), row)).collect();
    let (mut tallies, mut wrong, mut promises) = (BTreeMap::<String, Tally>::new(), Vec::new(), Vec::new());
    for (file, row) in &files {
        let read = read_document(file);
        let told = read.walked.kind.name;
        let tally = tallies.entry(expected_kind(row).to_owned()).or_default();
        tally.files.insert(file.clone());
        if is_meant(expected_kind(row), told) {
            tally.found += 1;
        } else {
            tally.missed += 1;
            wrong.push(format!("{file}: {told}, not {}", expected_kind(row)));
        }
        if read.walked.mismatch {
            promises.push(format!("{file}: {told}"));
        }
    }
    let mut out = String::from("\ncorpus/documents: types told\ntype       files  right\n");
    for (kind, tally) in &tallies {
        out += &format!("{kind:10} {:5}  {:5}\n", tally.files.len(), tally.found);
    }
    print(&format!("{out}all: {} of {} right\n", files.len() - wrong.len(), files.len()));
    assert!(wrong.len() * 100 <= files.len() * (100 - FOUND_PERCENT_MIN), "told wrong: {wrong:#?}");
    assert_eq!(promises, Vec::<String>::new(), "a name is said to promise another type, and does not");
}
