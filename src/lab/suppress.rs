//! Findings that somebody has said are fine: by a baseline, a list with reasons, or a mark on their line.
//!
//! What is left out is counted and can be told one by one; nothing goes silently. Every reason on a list ends on a day, and
//! a mark counts only where whoever scans asked for marks, since those who write a file could else hide what is in it.

mod allow;
mod baseline;
mod marks;
#[cfg(test)]
mod tests;

pub use allow::AllowList;
pub use baseline::{Baseline, head as baseline_head};

use crate::model::{Finding, Verdict};
use crate::report::identity::{FindingId, ids};
use crate::rule::RuleSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a finding was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// It stands in the baseline.
    Baseline,
    /// An entry of an allow list; its reason.
    Allowed(String),
    /// A mark on its line.
    Mark,
}

/// One finding that was left out.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Its id.
    pub id: FindingId,
    /// Its detector.
    pub detector: Arc<str>,
    /// Where in the file.
    pub place: String,
    /// Why.
    pub by: By,
}

/// What a scan leaves out.
#[derive(Debug, Default)]
pub struct Suppressor {
    baseline: Option<Baseline>,
    allow: AllowList,
    /// Whether marks on lines count.
    marks: bool,
    /// Detectors of credentials, the only ones that marks of secret scanners concern.
    credentials: BTreeSet<Arc<str>>,
}

/// What came of one file.
#[derive(Debug, Default)]
pub struct Told {
    /// What was left out.
    pub left_out: Vec<LeftOut>,
    /// All findings as they were, for a new baseline: a line each. Empty unless asked for.
    pub baseline: String,
    /// Ids that were met of the baseline.
    pub met: Vec<FindingId>,
    /// Entries of the allow list that left something out, by number.
    pub entries: Vec<usize>,
}

impl Suppressor {
    /// What leaves findings out; `rules` are those that scan.
    #[must_use]
    pub fn new(baseline: Option<Baseline>, allow: AllowList, marks: bool, rules: &RuleSet) -> Self {
        let secret = rules.detectors.iter().filter(|detector| detector.tags.iter().any(|tag| tag == "credential"));
        Self { baseline, allow, marks, credentials: secret.map(|detector| Arc::clone(&detector.id)).collect() }
    }

    /// True when marks count, so that a file's text is needed.
    #[must_use]
    pub fn wants_text(&self, verdict: &Verdict) -> bool {
        self.marks && verdict.findings.iter().any(|finding| finding.own_text.is_some())
    }

    /// Takes out of a verdict what is fine, and says what that was. `text` are the file's own bytes, where marks want them;
    /// `write` asks for lines of a new baseline.
    pub fn apply(&self, path: &str, verdict: &mut Verdict, text: Option<&[u8]>, write: bool) -> Told {
        let mut told = Told::default();
        if verdict.findings.is_empty() {
            return told;
        }
        let marks = text.map(marks::Marks::of).unwrap_or_default();
        let ids = ids(&verdict.findings);
        if write {
            told.baseline = baseline::lines(path, &verdict.findings, &ids);
        }
        let mut kept = Vec::new();
        for (finding, id) in std::mem::take(&mut verdict.findings).into_iter().zip(ids) {
            match self.why(path, &finding, id, &marks, &mut told) {
                None => kept.push(finding),
                Some(by) => {
                    let (detector, place) = (Arc::clone(&finding.detector), place(&finding));
                    told.left_out.push(LeftOut { id, detector, place, by });
                }
            }
        }
        verdict.findings = kept;
        recount(verdict, &told.left_out);
        told
    }

    fn why(&self, path: &str, finding: &Finding, id: FindingId, marks: &marks::Marks, told: &mut Told) -> Option<By> {
        if self.baseline.as_ref().is_some_and(|baseline| baseline.has(id)) {
            told.met.push(id);
            return Some(By::Baseline);
        }
        if let Some((number, reason)) = self.allow.allows(path, finding, id) {
            told.entries.push(number);
            return Some(By::Allowed(reason.to_owned()));
        }
        let line = finding.own_text.filter(|_| self.marks)?.line;
        marks.allows(line, &finding.detector, self.credentials.contains(&finding.detector)).then_some(By::Mark)
    }

    /// The baseline that was given.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// The allow list.
    #[must_use]
    pub fn allow(&self) -> &AllowList {
        &self.allow
    }
}

/// Takes what was left out off the sums; findings past the cap are not kept, and stay in them.
fn recount(verdict: &mut Verdict, left_out: &[LeftOut]) {
    let mut gone: BTreeMap<&str, u64> = BTreeMap::new();
    for left in left_out {
        *gone.entry(&left.detector).or_default() += 1;
    }
    for count in &mut verdict.counts {
        let Some(gone) = gone.get(&*count.detector) else { continue };
        count.total = count.total.saturating_sub(*gone);
        let tokens = verdict.findings.iter().filter(|finding| finding.detector == count.detector);
        let unique = tokens.map(|finding| &finding.token).collect::<BTreeSet<_>>().len() as u64;
        let beyond = count.total > verdict.findings.iter().filter(|one| one.detector == count.detector).count() as u64;
        count.unique = if beyond { count.unique.min(count.total) } else { unique };
    }
}

fn place(finding: &Finding) -> String {
    match finding.own_text {
        Some(own) => format!("line {}", own.line),
        None => finding.location.to_string(),
    }
}
