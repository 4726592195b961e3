//! From counts to precision, recall and F, and whether they suffice.

use super::super::labels::{Label, Says, Threshold, fits};
use super::{Kind, Rows, Wrong};
use crate::model::{Finding, Token};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Labels and findings of a detector, or of several, at a confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Labels that were expected and found.
    pub found_true: u64,
    /// Findings that no label explains.
    pub found_false: u64,
    /// Labels that were expected and not found.
    pub missed: u64,
}

impl Sums {
    /// Counts a label at a confidence.
    pub(super) fn label(&mut self, at: u8, expected: u8, got: Option<u8>) {
        if expected < at {
            return;
        }
        if got.is_some_and(|got| got >= at) {
            self.found_true += 1;
        } else {
            self.missed += 1;
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            found_true: self.found_true + other.found_true,
            found_false: self.found_false + other.found_false,
            missed: self.missed + other.missed,
        }
    }

    /// Of what was found, what is true; `None` when nothing was found.
    #[must_use]
    pub fn precision(self) -> Option<f64> {
        ratio(self.found_true, self.found_true + self.found_false)
    }

    /// Of what is true, what was found; `None` when nothing was expected.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        ratio(self.found_true, self.found_true + self.missed)
    }

    /// The F measure with recall counted `beta` times as much as precision; `None` when nothing was expected and found.
    #[must_use]
    pub fn f(self, beta: u64) -> Option<f64> {
        let square = beta * beta;
        let hits = (1 + square) * self.found_true;
        ratio(hits, hits + square * self.missed + self.found_false)
    }
}

fn ratio(part: u64, all: u64) -> Option<f64> {
    // Rates for people need no more than the 53 bits of a float.
    (all > 0).then(|| part as f64 / all as f64)
}

/// A count held against findings.
pub(super) fn count(
    rows: &mut Rows,
    id: &Arc<str>,
    sure: &[u8],
    label: &Label,
    findings: &[&Finding],
    wrong: &mut Vec<Wrong>,
) {
    let expected = label.confidence.unwrap_or(sure.first().copied().unwrap_or(1));
    let (Says::Count(wanted) | Says::Unique(wanted)) = label.says else { return };
    let unique = matches!(label.says, Says::Unique(_));
    let found = |at: u8| -> u64 {
        let at_least = findings.iter().filter(|finding| finding.confidence.percent() >= at);
        if unique {
            at_least.map(|finding| &finding.token).collect::<BTreeSet<&Token>>().len() as u64
        } else {
            at_least.count() as u64
        }
    };
    for &at in sure {
        let sums = rows.entry((Arc::clone(id), at)).or_default();
        if expected >= at {
            let got = found(at);
            *sums = sums.and(Sums {
                found_true: got.min(wanted),
                found_false: got.saturating_sub(wanted),
                missed: wanted.saturating_sub(got),
            });
        }
    }
    let got = found(expected);
    if got != wanted {
        let what = if unique { "different values" } else { "findings" };
        let place = format!("{got} {what}, {wanted} counted");
        wrong.push(Wrong { kind: Kind::Count, detector: Arc::clone(id), confidence: expected, place, mask: None });
    }
}

/// A figure that was asked for.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of which detectors, at which confidence: `card.payment at 85`.
    pub of: String,
    /// `precision`, `recall`, `f1`, `f2`.
    pub figure: &'static str,
    /// What was asked, from 0 to 1.
    pub wanted: f64,
    /// What came; `None` when there is nothing to measure it on.
    pub got: Option<f64>,
}

impl Judged {
    /// True when it suffices, or nothing was there to measure.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.got.is_none_or(|got| got >= self.wanted)
    }
}

/// The confidences at which detectors differ, the surest first, and what all of them together reach there.
#[must_use]
pub fn totals(rows: &Rows, chosen: &dyn Fn(&str) -> bool) -> Vec<(u8, Sums)> {
    let sure: BTreeSet<u8> = rows.keys().filter(|(id, _)| chosen(id)).map(|(_, at)| *at).collect();
    sure.into_iter().rev().map(|at| (at, total(rows, at, chosen))).collect()
}

/// All chosen detectors together, each at the least of its confidences that is no less than `at`.
fn total(rows: &Rows, at: u8, chosen: &dyn Fn(&str) -> bool) -> Sums {
    let ids: BTreeSet<&Arc<str>> = rows.keys().map(|(id, _)| id).filter(|id| chosen(id)).collect();
    ids.into_iter()
        .filter_map(|id| rows.range((Arc::clone(id), at)..=(Arc::clone(id), u8::MAX)).next())
        .fold(Sums::default(), |sums, (_, row)| sums.and(*row))
}

/// Holds figures against what was asked.
#[must_use]
pub fn judge(rows: &Rows, thresholds: &[Threshold]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for threshold in thresholds {
        let pattern = threshold.detector.as_deref().unwrap_or("*");
        let at = threshold.confidence.unwrap_or(1);
        let words = |of: &str| if at == 1 { of.to_owned() } else { format!("{of} at {at}") };
        if threshold.each {
            let ids: BTreeSet<&Arc<str>> = rows.keys().map(|(id, _)| id).filter(|id| fits(pattern, id)).collect();
            for id in ids {
                figures(threshold, words(id), total(rows, at, &|other| other == &**id), &mut judged);
            }
        } else {
            let of = if pattern == "*" { "all detectors" } else { pattern };
            figures(threshold, words(of), total(rows, at, &|id| fits(pattern, id)), &mut judged);
        }
    }
    judged
}

fn figures(threshold: &Threshold, of: String, sums: Sums, judged: &mut Vec<Judged>) {
    let Threshold { precision, recall, f1, f2, .. } = threshold;
    let rows = [
        ("precision", precision, sums.precision()),
        ("recall", recall, sums.recall()),
        ("f1", f1, sums.f(1)),
        ("f2", f2, sums.f(2)),
    ];
    for (figure, wanted, got) in rows {
        if let Some(wanted) = wanted {
            judged.push(Judged { of: of.clone(), figure, wanted: f64::from(*wanted) / 100.0, got });
        }
    }
}
