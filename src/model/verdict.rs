//! What an inspection says of one content: coverage and findings.

use super::coverage::{Coverage, Reason};
use super::finding::Finding;
use super::location::Locator;
use std::sync::Arc;

/// Something inside a file that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where it stands.
    pub location: Locator,
    /// Why it was not read.
    pub reason: Reason,
}

/// How often one detector's shape occurred and what became of it, kept also when nothing was found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DetectorCount {
    /// The detector's id.
    pub detector: Arc<str>,
    /// Matches of the shape whose edges hold, before validators and evidence.
    pub candidates: u64,
    /// Findings, also those past the cap on kept ones.
    pub total: u64,
    /// Different values among them.
    pub unique: u64,
    /// True when `unique` is only a lower bound, since the cap on remembered values was passed.
    pub unique_at_least: bool,
    /// Matches that an accepted one hid by consuming their beginning: were fewer accepted, these might be. Counted only where
    /// grounds are kept.
    pub shadowed: u64,
}

/// Coverage and findings of one content.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// How much was read.
    pub coverage: Coverage,
    /// What was found, in order of part and place, bounded for each detector and part.
    pub findings: Vec<Finding>,
    /// Members and parts that were not read, the first hundred.
    pub holes: Vec<Hole>,
    /// How many there were in all.
    pub holes_total: u64,
    /// Counts for each detector whose shape occurred.
    pub counts: Vec<DetectorCount>,
    /// The type told by the content (`text`, `docx`, `zip`).
    pub sniffed: &'static str,
    /// True when the name's extension promises another type.
    pub mismatch: bool,
    /// Bytes of the content.
    pub bytes: u64,
    /// Bytes of text that were scanned.
    pub text_bytes: u64,
}
