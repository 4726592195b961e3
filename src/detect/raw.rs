//! Raw matches: what rules match before edges, validators and evidence are asked. For tests, measurements and prices.

use super::candidates;
use super::{Matcher, slices};
use crate::rule::ruleset::PrimaryId;
use std::ops::Range;

impl Matcher {
    /// Every raw match of one rule: the spans that `regex::bytes` `find_iter` gives, found the fast way. For tests and
    /// measurements of the candidate search; edges, validators and evidence are not asked.
    #[must_use]
    pub fn raw_matches(&self, primary: PrimaryId, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = self.raw_matches_of_all(text);
        std::mem::take(&mut found[primary.index()])
    }

    /// [`Matcher::raw_matches`] for every rule at once, in the order of the rules.
    #[must_use]
    pub fn raw_matches_of_all(&self, text: &[u8]) -> Vec<Vec<Range<usize>>> {
        self.raw_matches_by(text, slices(text.len()))
    }

    /// Calls `each` with every raw match and its rule, slice by slice in the order of the text.
    pub fn each_raw_match(&self, text: &[u8], each: impl FnMut(PrimaryId, Range<usize>)) {
        self.each_raw_match_in(text, slices(text.len()), each);
    }

    /// [`Matcher::raw_matches_of_all`] with the text's candidates looked for in these slices, which cover it in order.
    pub(super) fn raw_matches_by(
        &self,
        text: &[u8],
        slices: impl Iterator<Item = Range<usize>>,
    ) -> Vec<Vec<Range<usize>>> {
        let mut found = vec![Vec::new(); self.rules.primaries.len()];
        self.each_raw_match_in(text, slices, |primary, span| found[primary.index()].push(span));
        found
    }

    fn each_raw_match_in(
        &self,
        text: &[u8],
        slices: impl Iterator<Item = Range<usize>>,
        mut each: impl FnMut(PrimaryId, Range<usize>),
    ) {
        // For each rule, the first beginning behind its last match.
        let mut free = vec![0; self.rules.primaries.len()];
        let mut nominated = Vec::new();
        for slice in slices {
            nominated.clear();
            self.candidates.nominate(text, slice.start, slice.end, &mut nominated);
            for &candidate in &nominated {
                let candidates::Candidate { primary, start, .. } = candidate;
                if start < free[primary.index()] {
                    continue;
                }
                let (rules, keywords) = (&self.rules, &self.keywords);
                if let Some(raw) = self.confirmer.raw(rules, keywords, primary, text, start, candidate.end()) {
                    free[primary.index()] = raw.span.end;
                    each(primary, raw.span);
                }
            }
        }
        for &primary in self.candidates.search() {
            self.search(primary, text, |raw| {
                if let Some(raw) = raw {
                    each(primary, raw);
                }
            });
        }
    }

    /// How many places of a text the candidate search names for each rule, in the order of the rules: what is left to be
    /// confirmed. For a rule of the search lane, the places that its own engine stops at.
    #[must_use]
    pub fn nominations(&self, text: &[u8]) -> Vec<u64> {
        let mut counts = vec![0; self.rules.primaries.len()];
        let mut nominated = Vec::new();
        for slice in slices(text.len()) {
            nominated.clear();
            self.candidates.nominate(text, slice.start, slice.end, &mut nominated);
            for candidate in &nominated {
                counts[candidate.primary.index()] += 1;
            }
        }
        for &primary in self.candidates.search() {
            self.search(primary, text, |_| counts[primary.index()] += 1);
        }
        counts
    }

    /// Lets a rule's own engine go over a text, and tells of each place it stops at the match that begins there, if any.
    fn search(&self, primary: PrimaryId, text: &[u8], mut each: impl FnMut(Option<Range<usize>>)) {
        let mut at = 0;
        while let Some(start) = self.confirmer.next_start(&self.rules, primary, text, at, text.len()) {
            let raw = self.confirmer.raw(&self.rules, &self.keywords, primary, text, start, None);
            at = raw.as_ref().map_or(start + 1, |raw| raw.span.end);
            each(raw.map(|raw| raw.span));
        }
    }
}
