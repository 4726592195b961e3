//! The general engines that the raw matcher is held against, each used the way its documentation advises.
//!
//! They do not answer the same question: only the separate searches give every rule's matches with their places, as
//! sluicebox does. The others are faster because they say less, which each one's note tells.

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_automata::meta;
use regex_automata::util::syntax;
use std::error::Error;

/// Something that counts what it finds in a text.
pub(crate) trait Counter {
    /// What it reports, in a word or two.
    fn reports(&self) -> &'static str;
    /// How much it found.
    fn count(&self, text: &[u8]) -> usize;
}

/// One search for each rule: every rule's leftmost-first matches. This is the definition of the right answer.
pub(crate) struct EachRule(Vec<Regex>);

impl EachRule {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        let build = |pattern: &String| RegexBuilder::new(pattern).unicode(false).build();
        Ok(Self(patterns.iter().map(build).collect::<Result<_, _>>()?))
    }

    /// Matches of each rule.
    pub(crate) fn counts(&self, text: &[u8]) -> Vec<usize> {
        self.0.iter().map(|rule| rule.find_iter(text).count()).collect()
    }
}

impl Counter for EachRule {
    fn reports(&self) -> &'static str {
        "all rules, positions"
    }

    fn count(&self, text: &[u8]) -> usize {
        self.counts(text).iter().sum()
    }
}

/// `RegexSet` line by line: which rules match in a line, not where nor how often.
pub(crate) struct SetPerLine(RegexSet);

impl SetPerLine {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        Ok(Self(RegexSetBuilder::new(patterns).unicode(false).build()?))
    }
}

impl Counter for SetPerLine {
    fn reports(&self) -> &'static str {
        "rule ids of a line"
    }

    fn count(&self, text: &[u8]) -> usize {
        text.split(|byte| *byte == b'\n').map(|line| self.0.matches(line).iter().count()).sum()
    }
}

/// One meta engine over all rules: places, but of overlapping rules only the one listed first.
pub(crate) struct Together(meta::Regex);

impl Together {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut builder = meta::Builder::new();
        builder.syntax(syntax::Config::new().unicode(false).utf8(false));
        builder.configure(meta::Config::new().utf8_empty(false));
        Ok(Self(builder.build_many(patterns)?))
    }
}

impl Counter for Together {
    fn reports(&self) -> &'static str {
        "positions, one rule a place"
    }

    fn count(&self, text: &[u8]) -> usize {
        self.0.find_iter(text).count()
    }
}
