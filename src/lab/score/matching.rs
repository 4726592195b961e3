//! Which finding answers which label.

use super::super::labels::{Label, Range64, Says, Where};
use crate::model::Finding;
use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// When a finding stands where a label says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// From the same place to the same place.
    Exact,
    /// They share at least a character.
    Overlap,
    /// What they share is at least this part of what they cover together, from 0 to 1.
    Iou(f64),
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ratio = |text: &str| text.parse().ok().filter(|ratio| *ratio > 0.0 && *ratio <= 1.0);
        match text {
            "exact" => Ok(Policy::Exact),
            "overlap" => Ok(Policy::Overlap),
            "iou" => Ok(Policy::Iou(0.5)),
            _ => text
                .strip_prefix("iou=")
                .and_then(ratio)
                .map(Policy::Iou)
                .ok_or_else(|| "write exact, overlap, or iou=R with R above 0 and up to 1".to_owned()),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Exact => f.write_str("exact"),
            Policy::Overlap => f.write_str("overlap"),
            Policy::Iou(ratio) => write!(f, "iou={ratio}"),
        }
    }
}

/// What became of the labels and findings of one detector in one file.
pub(super) struct Matched<'a> {
    /// Labels that ask for a finding, and the one that answers.
    pub(super) labels: Vec<(&'a Label, Option<&'a Finding>)>,
    /// Findings that no label explains; true where one says that nothing is there.
    pub(super) unmatched: Vec<(&'a Finding, bool)>,
}

/// Pairs labels with findings, the best fitting first; of equals the surer, then the first.
pub(super) fn pair<'a>(labels: &[&'a Label], findings: &[&'a Finding], policy: Policy) -> Matched<'a> {
    let spans: Vec<(&Label, &Where, bool)> = labels
        .iter()
        .filter_map(|label| match &label.says {
            Says::Span { at, optional } => Some((*label, at, *optional)),
            _ => None,
        })
        .collect();
    let mut fits = Vec::new();
    for (slot, (_, at, optional)) in spans.iter().enumerate() {
        for (number, finding) in findings.iter().enumerate() {
            let Some(shared) = of(at, finding).map(|range| iou(range.0, range.1)) else { continue };
            if allows(policy, shared) {
                // What must be found is served before what may be.
                fits.push((Reverse(permille(shared)), *optional, Reverse(finding.confidence), slot, number));
            }
        }
    }
    fits.sort_unstable();
    let (mut answers, mut taken) = (vec![None; spans.len()], vec![false; findings.len()]);
    for (_, _, _, slot, number) in fits {
        if answers[slot].is_none() && !taken[number] {
            answers[slot] = Some(findings[number]);
            taken[number] = true;
        }
    }
    let asked = spans.iter().zip(answers).filter(|((_, _, optional), _)| !optional);
    let unmatched = findings.iter().zip(taken).filter(|(_, taken)| !taken);
    Matched {
        labels: asked.map(|((label, _, _), answer)| (*label, answer)).collect(),
        unmatched: unmatched
            .filter_map(|(finding, _)| wrongly(labels, finding).map(|decoy| (*finding, decoy)))
            .collect(),
    }
}

/// Whether a label says that nothing is there; `None` when it says so from a higher confidence on only.
fn wrongly(labels: &[&Label], finding: &Finding) -> Option<bool> {
    let mut decoy = false;
    for label in labels {
        let Says::Negative { at } = &label.says else { continue };
        if at.as_ref().is_some_and(|at| of(at, finding).is_none_or(|(one, other)| iou(one, other) == 0.0)) {
            continue;
        }
        if label.confidence.is_some_and(|from| finding.confidence.percent() < from) {
            return None;
        }
        decoy = true;
    }
    Some(decoy)
}

fn allows(policy: Policy, shared: f64) -> bool {
    match policy {
        Policy::Exact => shared >= 1.0,
        Policy::Overlap => shared > 0.0,
        Policy::Iou(ratio) => shared >= ratio,
    }
}

/// A part of one as a whole number, for sorting.
fn permille(part: f64) -> u64 {
    // Between 0 and 1 by construction, so the text has four digits at most.
    format!("{:.0}", part * 1000.0).parse().unwrap_or(0)
}

/// A label's and a finding's place in the same units; `None` when they are not of one text.
fn of(at: &Where, finding: &Finding) -> Option<(Range64, Range64)> {
    match at {
        Where::Bytes(range) => {
            let own = finding.own_text?;
            Some((*range, Range64 { start: own.byte_start, end: own.byte_end }))
        }
        Where::Line(line, columns) => {
            let own = finding.own_text.filter(|own| own.line == *line)?;
            let end = own.column + (finding.end - finding.start);
            Some((*columns, Range64 { start: own.column, end }))
        }
        Where::Part { part, location, chars } => {
            let here =
                location.as_ref().is_none_or(|location| finding.location.to_string().starts_with(location.as_str()));
            (here && *finding.part == **part).then_some((*chars, Range64 { start: finding.start, end: finding.end }))
        }
    }
}

/// What two ranges share, as a part of what they cover together.
fn iou(one: Range64, other: Range64) -> f64 {
    let shared = one.end.min(other.end).saturating_sub(one.start.max(other.start));
    let all = one.end.max(other.end).saturating_sub(one.start.min(other.start));
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// True when a label counts bytes or lines of the file itself.
pub(super) fn by_own_text(labels: &[Label]) -> bool {
    labels.iter().any(|label| matches!(&label.says, Says::Span { at: Where::Bytes(_) | Where::Line(..), .. }))
}

/// A label's place in words.
pub(super) fn place(label: &Label) -> String {
    match &label.says {
        Says::Span { at, .. } | Says::Negative { at: Some(at) } => match at {
            Where::Bytes(range) => format!("bytes {}..{}", range.start, range.end),
            Where::Line(line, columns) => format!("line {line} column {}", columns.start),
            Where::Part { part, chars, .. } => format!("{part}, characters {}..{}", chars.start, chars.end),
        },
        _ => "the file".to_owned(),
    }
}

/// A finding's place in words.
pub(super) fn place_of(finding: &Finding) -> String {
    match finding.own_text {
        Some(own) => format!("line {} column {} (bytes {}..{})", own.line, own.column, own.byte_start, own.byte_end),
        None => format!("{}, characters {}..{}", finding.location, finding.start, finding.end),
    }
}
