//! A finding's place and its evidence in words, the same in every format for people.

use super::units;
use crate::model::{Evidence, Finding};
use std::fmt::Write as _;

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
    let mut words = String::new();
    for one in evidence {
        words.push_str(if words.is_empty() { "" } else { "; " });
        words.push_str(&one.name);
        // Writing to a String cannot fail.
        let _ = match one.distance {
            None => write!(words, " anywhere"),
            Some(distance) => write!(words, " {distance} {}", if one.before { "before" } else { "after" }),
        };
    }
    words
}
