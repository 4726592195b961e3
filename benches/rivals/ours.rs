//! Our side of a comparison: the raw matcher over bare patterns, and all of detection with the built-in rules.

use super::matchers::Counter;
use sluicebox::detect::{Matcher, PartStart, Path, RawLength, ScanOptions, Scanner, TokenKey};
use sluicebox::model::Place;
use sluicebox::rule::load::{self, Options};
use std::error::Error;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The instructions our matchers run on; the best of this machine unless it is set before the first is built.
pub(crate) static PATH: OnceLock<Path> = OnceLock::new();

/// The matcher over a rule set.
pub(crate) fn matcher(options: &Options) -> Result<Matcher, Box<dyn Error>> {
    match load::load(options) {
        Ok(loaded) => Ok(Matcher::on(*PATH.get_or_init(Path::best), Arc::new(loaded.rules))),
        Err(errors) => Err(errors.iter().map(|error| format!("{error}\n")).collect::<String>().into()),
    }
}

/// The patterns of pii30.tsv (identifier, tab, expression), in the file's order.
pub(crate) fn pii30() -> Vec<String> {
    include_str!("../pii30.tsv").lines().filter_map(|line| Some(line.split_once('\t')?.1.to_owned())).collect()
}

/// The patterns as a rule file: one detector each, edges free, no check.
pub(crate) fn rule_file(patterns: &[String]) -> String {
    let mut rules = String::from("schema = 1\n");
    for (at, pattern) in patterns.iter().enumerate() {
        let _ = write!(
            rules,
            "[[detector]]\nid = \"bench.shape-{at:04}\"\nname = \"shape {at}\"\nwhy = \"measuring\"\nedges = \"none\"\n\
             [[detector.primary]]\nregex = '''{pattern}'''\n[[detector.tier]]\nname = \"shape\"\nconfidence = 65\n"
        );
    }
    rules
}

/// Our matcher over bare patterns, matches only.
pub(crate) struct Ours(pub(crate) Matcher);

impl Ours {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("shapes.toml");
        std::fs::write(&path, rule_file(patterns))?;
        Ok(Self(matcher(&Options { builtin: false, paths: vec![path], ..Options::default() })?))
    }

    /// Where each rule matches.
    pub(crate) fn spans(&self, text: &[u8]) -> Vec<Vec<Range<usize>>> {
        self.0.raw_matches_of_all(text)
    }
}

impl Counter for Ours {
    fn reports(&self) -> &'static str {
        "all rules, positions"
    }

    fn count(&self, text: &[u8]) -> usize {
        let mut count = 0;
        self.0.each_raw_match(text, |_, _| count += 1);
        count
    }
}

/// All of detection with the built-in rules: confirmation, evidence, masks.
pub(crate) struct Builtin {
    matcher: Matcher,
    key: TokenKey,
}

impl Builtin {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        Ok(Self { matcher: matcher(&Options::default())?, key: TokenKey::new([7; 32], 1) })
    }
}

impl Counter for Builtin {
    fn reports(&self) -> &'static str {
        "findings of all built-in rules"
    }

    fn count(&self, text: &[u8]) -> usize {
        self.count_in(str::from_utf8(text).expect("the corpus is text"), None)
    }

    /// Fed as a stream: pieces are one text, so that every chunk size finds the same.
    fn count_in(&self, text: &str, chunk: Option<usize>) -> usize {
        let mut scanner = Scanner::new(&self.matcher, &self.key, ScanOptions::default());
        scanner.begin_part(PartStart {
            name: "text".to_owned(),
            own_text: Some(RawLength::utf8()),
            ..PartStart::default()
        });
        let (mut at, size) = (0, chunk.unwrap_or(text.len()).max(1));
        while at < text.len() {
            // A chunk holds whole characters and at least one.
            let end = text.ceil_char_boundary((at + size).min(text.len()));
            scanner.push(&text[at..end], &Place::Whole, Some(at as u64));
            at = end;
        }
        scanner.end_part();
        scanner.finish_file().findings.len()
    }
}
