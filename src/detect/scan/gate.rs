//! Gates: which rules' matches cannot become findings where the words that their evidence needs are missing.
//!
//! A rule whose every tier asks for a word nearby finds nothing where none of its words stands in the wider surroundings,
//! so most of its candidates are passed over before a validator is asked. The answer stays the same: what a gate passes
//! over is no finding, and it is judged after all when it might have consumed the text of the rule's next candidate.

use super::LONG_MATCH_BYTES;
use crate::detect::evidence::ListMask;
use crate::rule::RuleSet;
use crate::rule::ruleset::{PrimaryId, What};

/// Text whose surroundings are asked about once, in bytes.
pub(super) const BLOCK_BYTES: usize = 1 << 10;
/// How far past its block a match may reach for the block's answer to hold, in bytes.
pub(super) const BLOCK_OVERHANG_BYTES: usize = 256;

/// What one rule needs nearby.
#[derive(Debug)]
pub(crate) struct Gate {
    /// For each of its tiers, sets of lists: of each set, a term of one list.
    tiers: Vec<Vec<ListMask>>,
    /// All lists of all sets.
    any: ListMask,
}

impl Gate {
    /// True when a match may become a finding where terms of these lists stand around it.
    #[inline]
    pub(super) fn is_open(&self, lists: ListMask) -> bool {
        self.any & lists != 0 && self.tiers.iter().any(|sets| sets.iter().all(|set| set & lists != 0))
    }
}

/// The gates of all rules, `None` for those that have none: whose matches may be findings wherever they stand, are counted
/// over the whole part, may be long, or are searched for. `needs` tells for each detector and tier what must stand near.
pub(crate) fn gates(
    rules: &RuleSet,
    needs: &[Vec<Vec<ListMask>>],
    counted: &[What],
    searched: &[PrimaryId],
) -> Vec<Option<Gate>> {
    let gate = |(id, primary): (PrimaryId, &crate::rule::ruleset::Primary)| {
        let detector = &rules.detectors[primary.detector.index()];
        if counted.contains(&What::Detector(primary.detector))
            || primary.max_match_bytes >= LONG_MATCH_BYTES
            || searched.contains(&id)
        {
            return None;
        }
        let holds = detector.tiers.iter().zip(&needs[primary.detector.index()]);
        let holds = holds.filter(|(tier, _)| tier.primaries.is_empty() || tier.primaries.contains(&id));
        let tiers: Vec<_> = if detector.silent { Vec::new() } else { holds.map(|(_, sets)| sets.clone()).collect() };
        let any = tiers.iter().flatten().fold(0, |any, set| any | set);
        tiers.iter().all(|sets| !sets.is_empty()).then_some(Gate { tiers, any })
    };
    (0..).map(PrimaryId).zip(&rules.primaries).map(gate).collect()
}
