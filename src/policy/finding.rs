//! `finding(...)`: which detectors, how sure, how many.
//!
//! Counts are of all detectors together that the tests choose, and at least one finding is asked for. Of a file that was
//! not read, or not wholly, what was not found may still be there: such counts are lower bounds, and the answer may be
//! unknown.

use super::answer::Answer;
use super::facts::{Facts, Found};
use super::range::{Range, lies_in};
use crate::model::ItemKind;

/// The tests of one `finding(...)`.
#[derive(Clone, Debug, Default)]
pub(super) struct FindingTests {
    pub(super) detectors: Vec<Choice>,
    pub(super) tags: Vec<Choice>,
    pub(super) confidence: Vec<Counted>,
    pub(super) totals: Vec<Counted>,
    pub(super) uniques: Vec<Counted>,
}

/// One of these names, or none of them.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) names: Vec<String>,
    pub(super) negated: bool,
}

/// A number in one of these ranges, or in none.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) ranges: Vec<Range>,
    pub(super) negated: bool,
}

impl Counted {
    fn answer(&self, low: u64, high: Option<u64>) -> Answer {
        lies_in(&self.ranges, low, high).negate_if(self.negated)
    }

    fn takes(&self, percent: u8) -> bool {
        self.answer(u64::from(percent), Some(u64::from(percent))) == Answer::Yes
    }
}

impl FindingTests {
    pub(super) fn answer(&self, facts: &Facts<'_>) -> Answer {
        let Some(found) = facts.found else { return Answer::Unknown };
        let mut sum = Sum::default();
        for one in found {
            match self.chooses(one, facts) {
                Answer::Yes => self.add(one, &mut sum),
                Answer::Unknown => sum.open = true,
                Answer::No => {}
            }
        }
        let more = sum.open || !is_wholly_read(facts);
        let total = (sum.total, (!more).then_some(sum.total + sum.beyond));
        let unique = (sum.unique, (!more && !sum.unique_open).then_some(sum.unique + sum.beyond));
        let at_least_one = lies_in(&[(1, u64::MAX)], total.0, total.1);
        let totals = self.totals.iter().map(|one| one.answer(total.0, total.1));
        let uniques = self.uniques.iter().map(|one| one.answer(unique.0, unique.1));
        totals.chain(uniques).fold(at_least_one, Answer::and)
    }

    fn chooses(&self, found: &Found, facts: &Facts<'_>) -> Answer {
        let by_id = self
            .detectors
            .iter()
            .map(|choice| Answer::from(choice.names.iter().any(|name| fits(name, &found.detector)) != choice.negated));
        let by_tag = self.tags.iter().map(|choice| match facts.tags {
            Some(tags) => Answer::from(choice.names.iter().any(|tag| tags.has(&found.detector, tag)) != choice.negated),
            None => Answer::Unknown,
        });
        by_id.chain(by_tag).fold(Answer::Yes, Answer::and)
    }

    fn add(&self, found: &Found, sum: &mut Sum) {
        let sure = |percent: u8| self.confidence.iter().all(|one| one.takes(percent));
        for count in found.counts.iter().filter(|count| sure(count.confidence.percent())) {
            sum.total = sum.total.saturating_add(count.total);
            sum.unique = sum.unique.saturating_add(count.unique);
        }
        if self.confidence.is_empty() {
            sum.total = sum.total.saturating_add(found.beyond_cap);
        } else {
            sum.beyond = sum.beyond.saturating_add(found.beyond_cap);
        }
        sum.unique_open |= found.unique_at_least || found.beyond_cap > 0;
    }

    /// Ids of detectors of which one must have found something; `None` when that is not bounded by plain ids.
    pub(super) fn ids(&self) -> Option<impl Iterator<Item = &str>> {
        let plain = |choice: &&Choice| !choice.negated && choice.names.iter().all(|name| !name.contains('*'));
        self.detectors.iter().find(plain).map(|choice| choice.names.iter().map(String::as_str))
    }
}

/// Counts over detectors.
#[derive(Debug, Default)]
struct Sum {
    total: u64,
    unique: u64,
    /// Findings that may belong here or not.
    beyond: u64,
    unique_open: bool,
    /// A detector with findings that may belong here or not.
    open: bool,
}

/// True when what was not found is not there: a folder, or a file that left no gap.
fn is_wholly_read(facts: &Facts<'_>) -> bool {
    if facts.item.kind != ItemKind::File {
        return true;
    }
    let coverage = facts.inspection.and_then(|inspection| inspection.coverage);
    coverage.is_some_and(|coverage| !coverage.is_gap())
}

/// True when a detector's id is `pattern`, in which `*` stands for any run of characters; letter case does not count.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}
