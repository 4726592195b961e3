//! Grounds: what a detector asks about its matches, answered once for each finding and kept with it.
//!
//! A scan needs only the best tier that holds and stops there. To judge a finding again under stricter rules, all tiers count,
//! and how far one must look for each support; so the questions of all tiers are asked again for the few matches that became
//! findings, and nothing is asked where nobody keeps the answers.

use crate::detect::confirm::TierSet;
use crate::detect::evidence::{self, Nearby, Scene};
use crate::model::Grounds;
use crate::model::grounds::{LeafGrounds, NEAREST_MAX, Nearest, REACHES_MAX};
use crate::rule::ruleset::{Leaf, RuleSet};
use crate::rule::{Profile, profile::NodeProfile};
use std::collections::BTreeMap;

/// All that one detector asks about a match.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// For each tier, the hash of what it asks of the value itself.
    gates: Vec<u64>,
    /// What is looked for near the match, by the questions' hashes.
    leaves: Vec<(u64, Leaf)>,
}

impl Questions {
    /// The questions of all detectors, in the order of the set.
    pub(crate) fn of(rules: &RuleSet) -> Vec<Self> {
        let mut profiles = Profile::all(rules, &|_| String::new()).into_iter().peekable();
        let questions = rules.detectors.iter().map(|detector| {
            let profile = profiles.next_if(|profile| *profile.id == *detector.id);
            // Whether a tier holds that asks whole parts is known too late.
            let Some(profile) = profile.filter(|profile| !profile.asks_whole_parts()) else { return Self::default() };
            let mut leaves: BTreeMap<u64, Leaf> = BTreeMap::new();
            for (tier, known) in detector.tiers.iter().zip(&profile.tiers) {
                let (mut own, mut hashes) = (Vec::new(), Vec::new());
                tier.evidence.iter().for_each(|node| evidence::leaves(node, &mut own));
                known.evidence.iter().for_each(|node: &NodeProfile| node.leaves(&mut hashes));
                for (leaf, hash) in own.into_iter().zip(hashes) {
                    let widest = leaves.entry(hash.question()).or_insert_with(|| copy(leaf));
                    widest.within = widest.within.max(leaf.within);
                }
            }
            let gates = profile.tiers.iter().map(|tier| tier.gate).collect();
            Self { gates, leaves: leaves.into_iter().collect() }
        });
        questions.collect()
    }

    /// The answers for one match, whose tiers' gates were asked before.
    pub(crate) fn answer(&self, scene: &Scene<'_>, nearby: &mut Nearby, taken: TierSet) -> Box<Grounds> {
        let mut gates: Vec<(u64, bool)> = Vec::with_capacity(self.gates.len());
        for (tier, gate) in self.gates.iter().enumerate() {
            if !gates.iter().any(|(known, _)| known == gate) {
                gates.push((*gate, taken.contains(tier)));
            }
        }
        let leaves = self.leaves.iter().map(|(question, leaf)| scene.answer(*question, leaf, nearby)).collect();
        Box::new(Grounds { gates, leaves, ..Grounds::default() })
    }
}

fn copy(leaf: &Leaf) -> Leaf {
    Leaf { label: leaf.label.clone(), ..*leaf }
}

impl Scene<'_> {
    fn answer(&self, question: u64, leaf: &Leaf, nearby: &mut Nearby) -> LeafGrounds {
        let within = leaf.within.unwrap_or(0);
        let found = self.occurrences(leaf, within, nearby);
        let mut seen: Vec<Seen> = found
            .iter()
            .enumerate()
            .map(|(order, one)| Seen {
                reach: self.reach(&one.span),
                gap: self.gap(&one.span).len(),
                order,
                key: one.key,
                distance: self.distance(&one.span),
                before: one.span.start < self.value.start,
            })
            .collect();
        seen.sort_unstable_by_key(|seen| (seen.reach, seen.gap, seen.order));
        let mut reaches: Vec<u32> = Vec::new();
        let mut keys: Vec<u64> = Vec::new();
        let mut count = 0_u32;
        for one in &seen {
            if leaf.distinct && keys.contains(&one.key) {
                continue;
            }
            if leaf.distinct {
                keys.push(one.key);
            }
            count = count.saturating_add(1);
            if reaches.len() < REACHES_MAX {
                reaches.push(one.reach);
            }
        }
        LeafGrounds { question, within, count, reaches, nearest: nearest(&seen) }
    }
}

/// One support, as seen from the match.
struct Seen {
    /// Characters to its far end.
    reach: u32,
    /// Bytes between it and the match: what the nearest is told by.
    gap: usize,
    /// Its place in the text.
    order: usize,
    key: u64,
    distance: u32,
    before: bool,
}

/// The nearest support for each reach, of those sorted by reach.
fn nearest(seen: &[Seen]) -> Vec<Nearest> {
    let mut best: Option<(usize, usize)> = None;
    let mut rows: Vec<Nearest> = Vec::new();
    for one in seen {
        let rank = (one.gap, one.order);
        if best.is_some_and(|best| rank > best) {
            continue;
        }
        best = Some(rank);
        let row = Nearest { reach: one.reach, distance: one.distance, before: one.before };
        match rows.last_mut() {
            Some(last) if last.reach == row.reach => *last = row,
            _ => rows.push(row),
        }
    }
    rows.drain(..rows.len().saturating_sub(NEAREST_MAX));
    rows
}
