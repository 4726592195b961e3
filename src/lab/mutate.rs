//! Rules attacked with their own examples: the same value, written as people, programs and scanners of paper write it.
//!
//! Each attack is a way in which true values reach a scanner in real documents. A variant is held when the detector still
//! finds something in the value's place; it is weaker when the best tier is less sure. What is lost is recall that the
//! examples as they stand do not show. Chance comes from a seed, so that two runs attack alike.

mod attacks;
#[cfg(test)]
mod tests;

pub use attacks::{Attack, Seed};

use super::texts::Held;
use crate::content::Content;
use crate::detect::{Matcher, PartStart, ScanOptions, Scanner, TokenKey};
use crate::inspect::{Inspector, Options, Surroundings};
use crate::model::{Confidence, Finding};
use crate::rule::ruleset::Detector;
use attacks::Variant;
use std::collections::BTreeMap;

/// What one attack did to one detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Toll {
    /// Variants that were made.
    pub made: u64,
    /// Those in which the value is still found.
    pub held: u64,
    /// Of these, those found by a less sure tier than in the example.
    pub weaker: u64,
}

impl Toll {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { made: self.made + other.made, held: self.held + other.held, weaker: self.weaker + other.weaker }
    }

    /// Of the variants, the part that is still found; `None` when there were none.
    #[must_use]
    pub fn recall(self) -> Option<f64> {
        // Counts of examples need no more than the 53 bits of a float.
        (self.made > 0).then(|| self.held as f64 / self.made as f64)
    }
}

/// A detector under attack.
#[derive(Clone, Debug)]
pub struct Attacked {
    /// Its id.
    pub detector: String,
    /// Examples that were attacked; those whose value stands in the text and is found there.
    pub examples: u64,
    /// By attack.
    pub tolls: BTreeMap<Attack, Toll>,
    /// The first variant that is lost, by attack: the line of its example and what was done, in words without the value.
    pub lost: BTreeMap<Attack, (usize, String)>,
}

/// Attacks every detector that reports something with its own examples.
#[must_use]
pub fn mutate(matcher: &Matcher, surroundings: &Surroundings, seed: u64) -> Vec<Attacked> {
    let key = TokenKey::new([0; 32], 0);
    let mut lab = Lab {
        scanner: Scanner::new(matcher, &key, ScanOptions::default()),
        inspector: Inspector::new(matcher, &key, Options::default(), surroundings.clone()),
    };
    let detectors = matcher.rules().detectors.iter().filter(|detector| !detector.silent);
    detectors.map(|detector| lab.attack(detector, seed)).collect()
}

struct Lab<'m> {
    scanner: Scanner<'m>,
    inspector: Inspector<'m>,
}

impl Lab<'_> {
    fn attack(&mut self, detector: &Detector, seed: u64) -> Attacked {
        let mut attacked =
            Attacked { detector: detector.id.to_string(), examples: 0, tolls: BTreeMap::new(), lost: BTreeMap::new() };
        // Each detector has chance of its own, so that another rule beside it changes nothing.
        let mut seed = Seed::new(seed, &detector.id);
        for example in &detector.examples {
            let found = self.scanner.scan_text(&example.text);
            let Some(first) = found.iter().find(|finding| finding.detector == detector.id) else { continue };
            let Some(value) = slice(&example.text, first.start, first.end) else { continue };
            let (before, after) = (&example.text[..value.start], &example.text[value.end..]);
            attacked.examples += 1;
            for attack in Attack::ALL {
                for variant in attacks::variants(attack, before, &example.text[value.clone()], after, &mut seed) {
                    let got = self.best(detector, &variant);
                    let toll = attacked.tolls.entry(attack).or_default();
                    toll.made += 1;
                    match got {
                        Some(sure) => {
                            toll.held += 1;
                            toll.weaker += u64::from(sure < first.confidence);
                        }
                        None => {
                            attacked.lost.entry(attack).or_insert_with(|| (example.line, variant.what.to_owned()));
                        }
                    }
                }
            }
        }
        attacked
    }

    /// The best confidence with which the detector finds something in a variant, where the value stands.
    fn best(&mut self, detector: &Detector, variant: &Variant) -> Option<Confidence> {
        let findings: Vec<Finding> = match &variant.form {
            attacks::Form::Text(text) => self.scanner.scan_text(text),
            attacks::Form::Cells(cells) => {
                let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
                self.cells(&Held::of_cells(&cells))
            }
            attacks::Form::Bytes(bytes) => {
                self.inspector.inspect(&Content::from_memory(bytes.as_slice()), "a.txt").findings
            }
        };
        let here = |finding: &&Finding| {
            finding.detector == detector.id && finding.start < variant.chars.1 && variant.chars.0 < finding.end
        };
        findings.iter().filter(here).map(|finding| finding.confidence).max()
    }

    fn cells(&mut self, part: &Held) -> Vec<Finding> {
        self.scanner.begin_part(PartStart { name: part.name.clone(), ..PartStart::default() });
        part.replay(&mut self.scanner);
        self.scanner.end_part();
        self.scanner.finish_file().findings
    }
}

/// Bytes of some characters of a text.
fn slice(text: &str, start: u64, end: u64) -> Option<std::ops::Range<usize>> {
    let at = |chars: u64| {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        places.nth(usize::try_from(chars).ok()?)
    };
    Some(at(start)?..at(end)?)
}
