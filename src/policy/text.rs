//! Text held against the values of one filter: one of them is enough.

use super::glob;
use super::words::{self, Search, folded};
use crate::rule::normalise::normalise;
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeSet, HashSet};

/// Bytes of one typed expression or pattern.
pub(super) const PATTERN_BYTES_MAX: usize = 1_000;
/// Bytes one compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Bytes of memory one expression may use while it searches.
const SEARCH_BYTES_MAX: usize = 1 << 20;

/// All values of one filter.
#[derive(Clone, Debug, Default)]
pub(super) struct TextTests {
    /// Whole texts, folded unless exact.
    wholes: HashSet<String>,
    tests: Vec<TextTest>,
    /// Letter case counts (ids).
    exact: bool,
}

#[derive(Clone, Debug)]
enum TextTest {
    Search(Search),
    Words(Vec<String>),
    Phrase(String),
    Starts(String),
    Ends(String),
    /// A glob, on the folded text.
    Folded(Regex),
    /// A regular expression, on the text in its normal form.
    Plain(Regex),
}

impl TextTests {
    /// No values yet. When `exact`, letter case counts in whole texts.
    pub(super) fn new(exact: bool) -> Self {
        Self { exact, ..Self::default() }
    }

    pub(super) fn whole(&mut self, value: &str) {
        self.wholes.insert(if self.exact { value.to_owned() } else { folded(value).into_owned() });
    }

    /// The whole texts, when there is nothing else.
    pub(super) fn only_wholes(&self) -> Option<BTreeSet<String>> {
        self.tests.is_empty().then(|| self.wholes.iter().cloned().collect())
    }

    /// False when there is nothing to look for in the value.
    pub(super) fn search(&mut self, value: &str) -> bool {
        let search = Search::parse(value);
        let is = search.is_some();
        self.tests.extend(search.map(TextTest::Search));
        is
    }

    /// False when there is no word in the value.
    pub(super) fn words(&mut self, value: &str) -> bool {
        let found: Vec<String> = words::words(&folded(value)).map(str::to_owned).collect();
        let is = !found.is_empty();
        self.tests.push(TextTest::Words(found));
        is
    }

    pub(super) fn phrase(&mut self, value: &str) {
        self.tests.push(TextTest::Phrase(folded(value).into_owned()));
    }

    pub(super) fn starts(&mut self, value: &str) {
        self.tests.push(TextTest::Starts(folded(value).into_owned()));
    }

    pub(super) fn ends(&mut self, value: &str) {
        self.tests.push(TextTest::Ends(folded(value).into_owned()));
    }

    pub(super) fn glob(&mut self, pattern: &str, is_path: bool) -> Result<(), String> {
        let regex = glob::to_regex(&folded(pattern), is_path)?;
        self.tests.push(TextTest::Folded(compiled(&regex, false)?));
        Ok(())
    }

    pub(super) fn regex(&mut self, pattern: &str) -> Result<(), String> {
        self.tests.push(TextTest::Plain(compiled(pattern, true)?));
        Ok(())
    }

    /// Whether one of the values fits the text.
    pub(super) fn fit(&self, text: &str) -> bool {
        if self.exact && self.tests.is_empty() {
            return self.wholes.contains(text);
        }
        let low = folded(text);
        self.wholes.contains(&*low) || self.tests.iter().any(|test| test.fits(text, &low))
    }
}

impl TextTest {
    fn fits(&self, text: &str, low: &str) -> bool {
        match self {
            TextTest::Search(search) => search.finds(low),
            TextTest::Words(all) => all.iter().any(|word| words::has_word(low, word)),
            TextTest::Phrase(phrase) => words::has_phrase(low, phrase),
            TextTest::Starts(start) => low.starts_with(start.as_str()),
            TextTest::Ends(end) => low.ends_with(end.as_str()),
            TextTest::Folded(regex) => regex.is_match(low),
            TextTest::Plain(regex) if text.is_ascii() => regex.is_match(text),
            TextTest::Plain(regex) => regex.is_match(&normalise(text)),
        }
    }
}

/// The error is what is wrong, without the pattern itself.
fn compiled(pattern: &str, any_case: bool) -> Result<Regex, String> {
    if pattern.len() > PATTERN_BYTES_MAX * 4 {
        return Err(format!("it is longer than {PATTERN_BYTES_MAX} bytes"));
    }
    let built = RegexBuilder::new(pattern)
        .case_insensitive(any_case)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(SEARCH_BYTES_MAX)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("compiled it takes more than {COMPILED_BYTES_MAX} bytes"),
        error => {
            let said = error.to_string();
            said.rsplit("error: ").next().unwrap_or(&said).trim().to_owned()
        }
    })
}
