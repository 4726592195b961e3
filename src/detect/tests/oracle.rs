//! One rule searched for by itself: the definition of the right answer, spans and groups.

use crate::rule::ruleset::{Pattern, Primary, PrimaryKind};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::{Anchored, Input};
use std::ops::Range;

/// A match: its span, then its groups, group 0 among them.
pub(super) type Match = (Range<usize>, Vec<Option<Range<usize>>>);

/// A rule under two engines that share nothing with the matcher's tables.
pub(super) struct Oracle {
    regex: regex::bytes::Regex,
    /// Decides how a match reads that `max_match_bytes` may cut; `None` where none can be so long.
    cut: Option<PikeVM>,
    max: usize,
}

impl Oracle {
    pub(super) fn new(primary: &Primary) -> Self {
        let PrimaryKind::Pattern(pattern) = &primary.kind else { panic!("the oracle knows expressions only") };
        let max = primary.max_match_bytes;
        let regex = regex::bytes::RegexBuilder::new(&pattern.source).unicode(false).build().expect("parses");
        let short = pattern.hir.properties().maximum_len().is_some_and(|longest| longest <= max);
        Self { regex, cut: (!short).then(|| simulation(pattern)), max }
    }

    /// All matches. A rule whose matches are short enough is `regex::bytes` and nothing else. One whose matches may be
    /// longer is asked for at each place where it begins, within `max` bytes; where it then does not match, the search goes
    /// on one byte later.
    pub(super) fn matches(&self, text: &[u8]) -> Vec<Match> {
        let Some(simulation) = &self.cut else {
            return self.regex.captures_iter(text).map(|found| groups(&found)).collect();
        };
        let mut cache = simulation.create_cache();
        let mut captures = simulation.create_captures();
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(start) = self.regex.find_at(text, at).map(|hit| hit.start()) {
            let input = Input::new(text).span(start..(start + self.max).min(text.len())).anchored(Anchored::Yes);
            simulation.captures(&mut cache, input, &mut captures);
            match captures.get_match().map(|hit| hit.range()).filter(|span| !span.is_empty()) {
                Some(span) => {
                    at = span.end;
                    found.push((span, captures.iter().map(|group| group.map(|group| group.range())).collect()));
                }
                None => at = start + 1,
            }
        }
        found
    }

    /// Only where they stand.
    pub(super) fn spans(&self, text: &[u8]) -> Vec<Range<usize>> {
        match &self.cut {
            None => self.regex.find_iter(text).map(|found| found.range()).collect(),
            Some(_) => self.matches(text).into_iter().map(|(span, _)| span).collect(),
        }
    }
}

fn simulation(pattern: &Pattern) -> PikeVM {
    let syntax = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
    PikeVM::builder()
        .syntax(syntax)
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build(&pattern.source)
        .expect("parses")
}

fn groups(found: &regex::bytes::Captures<'_>) -> Match {
    let groups: Vec<_> = found.iter().map(|group| group.map(|group| group.range())).collect();
    (found.get_match().range(), groups)
}
