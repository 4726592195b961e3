//! The general engines that the raw matcher is held against, each used the way its documentation advises.
//!
//! They do not answer the same question: only the separate searches give every rule's matches with their places, as
//! sluicebox does. The others are faster because they say less, which each one's note tells.

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use regex_automata::meta;
use regex_automata::util::syntax;
use std::error::Error;
use std::ops::Range;

/// Room for the programs and caches of the general engines, in bytes: with a thousand rules their own limits would refuse
/// some sets, or empty the cache again and again.
const ROOM_BYTES: usize = 256 << 20;

/// Something that counts what it finds in a text.
pub(crate) trait Counter {
    /// What it reports, in a word or two.
    fn reports(&self) -> &'static str;
    /// How much it found.
    fn count(&self, text: &[u8]) -> usize;

    /// How much it found in a text that comes in chunks of that many bytes. General engines take each chunk as a text of
    /// its own and so lose what crosses an edge.
    fn count_in(&self, text: &str, chunk: Option<usize>) -> usize {
        let text = text.as_bytes();
        chunk.map_or_else(|| self.count(text), |size| text.chunks(size.max(1)).map(|piece| self.count(piece)).sum())
    }
}

/// One search for each rule: every rule's leftmost-first matches. This is the definition of the right answer.
pub(crate) struct EachRule(Vec<Regex>);

impl EachRule {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        let build = |pattern: &String| RegexBuilder::new(pattern).unicode(false).build();
        Ok(Self(patterns.iter().map(build).collect::<Result<_, _>>()?))
    }

    /// Where each rule matches.
    pub(crate) fn spans(&self, text: &[u8]) -> Vec<Vec<Range<usize>>> {
        self.0.iter().map(|rule| rule.find_iter(text).map(|found| found.range()).collect()).collect()
    }
}

impl Counter for EachRule {
    fn reports(&self) -> &'static str {
        "all rules, positions"
    }

    fn count(&self, text: &[u8]) -> usize {
        self.0.iter().map(|rule| rule.find_iter(text).count()).sum()
    }
}

/// `RegexSet` line by line: which rules match in a line, not where nor how often.
pub(crate) struct SetPerLine(RegexSet);

impl SetPerLine {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        Ok(Self(
            RegexSetBuilder::new(patterns).unicode(false).size_limit(ROOM_BYTES).dfa_size_limit(ROOM_BYTES).build()?,
        ))
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
        builder.configure(
            meta::Config::new().utf8_empty(false).nfa_size_limit(Some(ROOM_BYTES)).hybrid_cache_capacity(ROOM_BYTES),
        );
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
