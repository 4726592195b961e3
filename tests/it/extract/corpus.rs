//! Real documents: every expected string of the manifest is found, and what is known to be missed is listed.

use super::read;
use std::collections::BTreeSet;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Types of the manifest whose extractors exist.
const BUILT: &[&str] = &[
    "docx", "xlsx", "xlsm", "xlsb", "pptx", "odt", "ods", "odp", "odg", "epub", "html", "csv", "tsv", "psv", "txt",
    "md", "json", "ipynb", "xml", "py", "go", "org", "zip", "noext",
];

/// The comparison rule of the corpus: NFKC, no soft hyphens or marks, white space collapsed.
fn comparable(text: &str) -> String {
    let folded: String = text.nfkc().filter(|c| !matches!(c, '\u{ad}' | '\u{feff}')).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn real_documents_yield_what_the_manifest_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/documents");
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv")).expect("the manifest");
    let listed = std::fs::read_to_string(folder.join("KNOWN-MISSES.tsv")).expect("the list of misses");
    let known: BTreeSet<_> = listed.lines().skip(1).map(|line| columns(line)[..2].join("\t")).collect();
    let (mut missed, mut rows, mut last) = (BTreeSet::new(), 0, (String::new(), String::new()));
    for line in manifest.lines().skip(1) {
        let [file, kind, expected, ..] = columns(line)[..] else { panic!("a short row: {line}") };
        if !BUILT.contains(&kind) {
            continue;
        }
        rows += 1;
        if last.0 != file {
            let bytes = std::fs::read(folder.join(file)).expect("a document");
            let read = read(file, bytes);
            last = (
                file.to_owned(),
                comparable(&read.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n")),
            );
        }
        if !last.1.contains(&comparable(expected)) {
            missed.insert(format!("{file}\t{expected}"));
        }
    }
    let new: Vec<_> = missed.difference(&known).collect();
    let found_again: Vec<_> = known.difference(&missed).collect();
    assert!(new.is_empty() && found_again.is_empty(), "of {rows}: missed {new:#?}\nlisted but found {found_again:#?}");
    assert!(missed.len() * 20 <= rows, "{} of {rows} missed: at least 95 % must be found", missed.len());
}

fn columns(line: &str) -> Vec<&str> {
    line.split('\t').collect()
}
