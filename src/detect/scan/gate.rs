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

#[cfg(test)]
mod tests {
    use crate::detect::{Matcher, PartStart, ScanOptions, Scanner, TokenKey};
    use crate::model::Place;
    use crate::rule::{self, Options};
    use std::sync::Arc;

    /// Pieces of a text in which numbers of many rules overlap, and few of their words stand.
    const PIECES: &[&str] = &[
        "41 234 567",
        " ",
        "412 689 035",
        "123456782",
        "4508123456",
        "45 08 123456",
        "-",
        "212 456 7890",
        "\n",
        ", ",
        "0049 30 1234567",
        "B1234567",
        "号码",
        "é",
        "03 12 34 56 78",
        "passport no ",
        "driver license ",
        "ИНН ",
        "SSN: ",
        "tel. ",
        "500100732259",
        "x",
        "12-345-678-9",
        "                                                            ",
    ];

    /// A text of so many pieces, by a generator of Marsaglia's (xorshift).
    fn text(mut state: u64, pieces: usize) -> String {
        let mut text = String::new();
        for _ in 0..pieces {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let common = (state >> 32) % 3 < 2;
            let among = if common { 13 } else { PIECES.len() as u64 };
            text.push_str(PIECES[usize::try_from((state >> 8) % among).expect("a few")]);
        }
        text
    }

    #[test]
    fn what_is_passed_over_changes_nothing() {
        let loaded = rule::load(&Options::default()).expect("the built-in rules load");
        let gated = Matcher::new(Arc::new(loaded.rules));
        let mut open = Matcher::new(Arc::clone(gated.rules()));
        assert!(open.gates.iter().flatten().count() > 10);
        open.gates.iter_mut().for_each(|gate| *gate = None);
        let key = TokenKey::new([1; 32], 1);
        let scan = |matcher: &Matcher, text: &str, cut: usize| {
            let mut scanner = Scanner::new(matcher, &key, ScanOptions { window_bytes: 4096, ..ScanOptions::default() });
            scanner.begin_part(PartStart { name: "text".to_owned(), ..PartStart::default() });
            let mut from = 0;
            for (at, _) in text.char_indices().step_by(cut) {
                scanner.push(&text[from..at], &Place::Whole, None);
                from = at;
            }
            scanner.push(&text[from..], &Place::Whole, None);
            scanner.end_part();
            let scanned = scanner.finish_file();
            (format!("{:?}", scanned.findings), scanned.counts)
        };
        for seed in 1..=40 {
            let text = text(seed * 0x9E37_79B9, 2500);
            for cut in [97, 5000] {
                assert_eq!(scan(&gated, &text, cut), scan(&open, &text, cut), "seed {seed}, pieces of {cut}");
            }
        }
    }
}
