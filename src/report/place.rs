//! A finding's place and its evidence in words, the same in every format for people.

use super::units;
use crate::model::{Evidence, Finding};

/// Where the finding stands: `line 12:5` in a file that is its own text, the chain of steps in a document, and with
/// neither the part and the character. Hostile characters are still in it.
#[must_use]
pub fn words(finding: &Finding) -> String {
    let chain = finding.location.steps.join(" > ");
    match (finding.own_text, chain.is_empty()) {
        (Some(own), true) => format!("line {}:{}", own.line, own.column),
        (Some(own), false) => format!("{chain} > line {}:{}", own.line, own.column),
        (None, false) => chain,
        (None, true) => format!("{}, character {}", finding.part, units::count(finding.start)),
    }
}

/// The evidence: `card.words 12 before; expiry-date anywhere`.
#[must_use]
pub fn evidence_words(evidence: &[Evidence]) -> String {
    evidence.iter().map(one_evidence).collect::<Vec<_>>().join("; ")
}

fn one_evidence(evidence: &Evidence) -> String {
    match evidence.distance {
        None => format!("{} anywhere", evidence.name),
        Some(distance) => format!("{} {distance} {}", evidence.name, if evidence.before { "before" } else { "after" }),
    }
}
