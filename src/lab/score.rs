//! Findings held against labels: true, false and missed, by detector and confidence.
//!
//! Each label is matched with one finding of its detector at most, and each finding with one label, the best fitting first. A
//! detector is judged once for each of its confidences, by the findings that are at least as sure: whoever acts on `high`
//! alone reads the row of `high`. A label that is only expected at a lower confidence is not missed at a higher one, and
//! when it is found there all the same, that is neither true nor false.

mod figures;
mod matching;
#[cfg(test)]
mod tests;

pub use figures::{Judged, Sums, judge, totals};
pub use matching::Policy;

use super::labels::{Label, Labels, Says, fits};
use crate::model::{Finding, Mask, Verdict};
use crate::rule::RuleSet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Wrong things that are kept of a file with their places.
const TOLD_MAX: usize = 50;

/// What is wrong in one place.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What.
    pub kind: Kind,
    /// The detector.
    pub detector: Arc<str>,
    /// The confidence that was expected, or that was wrongly reached.
    pub confidence: u8,
    /// Where, in words.
    pub place: String,
    /// The covered value, where something was found.
    pub mask: Option<Mask>,
}

/// How something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Not found at all.
    Missed,
    /// Found, and not as sure as expected.
    Weak,
    /// Found where nothing is.
    False,
    /// Found where a label says that nothing is.
    Decoy,
    /// Another number than was counted.
    Count,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Missed => "missed",
            Kind::Weak => "weak",
            Kind::False => "false",
            Kind::Decoy => "decoy",
            Kind::Count => "count",
        }
    }
}

/// One file with something wrong in it.
#[derive(Clone, Debug)]
pub struct FileScore {
    /// The path.
    pub path: PathBuf,
    /// How many things are wrong.
    pub wrong_total: u64,
    /// The first of them.
    pub wrong: Vec<Wrong>,
}

/// The state of a detector's labels and findings at one confidence.
pub type Rows = BTreeMap<(Arc<str>, u8), Sums>;

/// All of a corpus.
#[derive(Debug, Default)]
pub struct Score {
    /// By detector and confidence.
    pub rows: Rows,
    /// Files that were judged.
    pub files: u64,
    /// Files without labels that were not judged.
    pub unlabelled: u64,
    /// Labels that were held against findings.
    pub labels: u64,
    /// Files in which something is wrong, in order of their paths.
    pub wrong: Vec<FileScore>,
    /// Files labelled by bytes or lines that are no texts of their own: their labels can match nothing.
    pub no_own_text: Vec<PathBuf>,
}

/// Holds the verdicts of a corpus against its labels.
#[derive(Debug)]
pub struct Scorer<'a> {
    labels: &'a Labels,
    policy: Policy,
    /// Confidences of each detector, the least first.
    sure: BTreeMap<Arc<str>, Vec<u8>>,
    /// Detectors that the labels are complete for.
    complete: BTreeSet<Arc<str>>,
    score: Score,
}

impl<'a> Scorer<'a> {
    /// Nothing judged yet. `rules` are those that scan.
    #[must_use]
    pub fn new(labels: &'a Labels, rules: &RuleSet, policy: Policy) -> Self {
        let mut sure = BTreeMap::new();
        for detector in rules.detectors.iter().filter(|detector| !detector.silent) {
            let tiers: BTreeSet<u8> = detector.tiers.iter().map(|tier| tier.confidence.percent()).collect();
            sure.insert(Arc::clone(&detector.id), tiers.into_iter().collect());
        }
        let named: BTreeSet<&str> = labels.files.values().flatten().map(|label| &*label.detector).collect();
        let asked = &labels.settings.detectors;
        let complete = |id: &Arc<str>| {
            if asked.is_empty() { named.contains(&**id) } else { asked.iter().any(|pattern| fits(pattern, id)) }
        };
        let complete = sure.keys().filter(|id| complete(id)).cloned().collect();
        Self { labels, policy, sure, complete, score: Score::default() }
    }

    /// Judges one file of the corpus.
    pub fn file(&mut self, path: &Path, verdict: &Verdict) {
        let labels = self.labels.files.get(path).map_or(&[][..], Vec::as_slice);
        if labels.is_empty() && !self.labels.settings.unlabelled_clean {
            self.score.unlabelled += 1;
            return;
        }
        self.score.files += 1;
        self.score.labels += labels.len() as u64;
        let mut by_detector: BTreeMap<Arc<str>, (Vec<&Label>, Vec<&Finding>)> = BTreeMap::new();
        for label in labels.iter().filter(|label| self.sure.contains_key(&label.detector)) {
            by_detector.entry(Arc::clone(&label.detector)).or_default().0.push(label);
        }
        for finding in verdict.findings.iter().filter(|finding| self.complete.contains(&finding.detector)) {
            by_detector.entry(Arc::clone(&finding.detector)).or_default().1.push(finding);
        }
        let of_all: Vec<&Label> = labels.iter().filter(|label| &*label.detector == "*").collect();
        let mut wrong = Vec::new();
        for (detector, (mut labels, findings)) in by_detector {
            labels.extend(&of_all);
            self.detector(&detector, &labels, &findings, &mut wrong);
        }
        if matching::by_own_text(labels) && verdict.findings.iter().any(|finding| finding.own_text.is_none()) {
            self.score.no_own_text.push(path.to_owned());
        }
        if !wrong.is_empty() {
            wrong.sort_by(|one: &Wrong, other| (one.kind, &one.place).cmp(&(other.kind, &other.place)));
            let wrong_total = wrong.len() as u64;
            wrong.truncate(TOLD_MAX);
            self.score.wrong.push(FileScore { path: path.to_owned(), wrong_total, wrong });
        }
    }

    fn detector(&mut self, id: &Arc<str>, labels: &[&Label], findings: &[&Finding], wrong: &mut Vec<Wrong>) {
        let Some(sure) = self.sure.get(id) else { return };
        let least = sure.first().copied().unwrap_or(1);
        let counts: Vec<&&Label> =
            labels.iter().filter(|label| matches!(label.says, Says::Count(_) | Says::Unique(_))).collect();
        if !counts.is_empty() {
            for label in counts {
                figures::count(&mut self.score.rows, id, sure, label, findings, wrong);
            }
            return;
        }
        let matched = matching::pair(labels, findings, self.policy);
        for (label, found) in &matched.labels {
            let expected = label.confidence.unwrap_or(least);
            let got = found.map(|finding| finding.confidence.percent());
            for &at in sure {
                let sums = self.score.rows.entry((Arc::clone(id), at)).or_default();
                sums.label(at, expected, got);
            }
            if got.is_none_or(|got| got < expected) {
                let kind = if got.is_some() { Kind::Weak } else { Kind::Missed };
                let (place, mask) = (matching::place(label), found.map(|finding| finding.mask.clone()));
                wrong.push(Wrong { kind, detector: Arc::clone(id), confidence: expected, place, mask });
            }
        }
        for (finding, decoy) in &matched.unmatched {
            let confidence = finding.confidence.percent();
            for &at in sure.iter().filter(|at| **at <= confidence) {
                self.score.rows.entry((Arc::clone(id), at)).or_default().found_false += 1;
            }
            let kind = if *decoy { Kind::Decoy } else { Kind::False };
            let (place, mask) = (matching::place_of(finding), Some(finding.mask.clone()));
            wrong.push(Wrong { kind, detector: Arc::clone(id), confidence, place, mask });
        }
        // A detector that was labelled or found has a row for each of its confidences.
        for &at in sure {
            self.score.rows.entry((Arc::clone(id), at)).or_default();
        }
    }

    /// What came out.
    #[must_use]
    pub fn end(self) -> Score {
        self.score
    }
}

impl Score {
    /// The worst files first; equals in order of their paths.
    #[must_use]
    pub fn worst(&self, most: usize) -> Vec<&FileScore> {
        let mut worst: Vec<&FileScore> = self.wrong.iter().collect();
        worst.sort_by_key(|file| std::cmp::Reverse(file.wrong_total));
        worst.truncate(most);
        worst
    }
}
