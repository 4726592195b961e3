//! What a part's matches become: findings, made, settled against each other, counted and kept.
//!
//! Of overlapping matches of one detector the surer stays; what is past the cap is counted and not kept; a finding that
//! hangs on the whole part waits for its end.

use super::{PartStart, Scanner};
use crate::detect::confirm::Confirmed;
use crate::detect::evidence::{self, Counts, Truth};
use crate::detect::excerpt;
use crate::model::{Confidence, Evidence, Finding, Locator, OwnText, Place, Token};
use crate::rule::normalise::canonical_value;
use crate::rule::ruleset::{DetectorId, Leaf, Node, PrimaryId};
use std::collections::HashSet;
use std::sync::Arc;

/// What is known of the part being read.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) start: PartStart,
    pub(super) name: Arc<str>,
    /// For each detector, the last finding, which a better one that overlaps may still replace.
    pub(super) held: Vec<Option<Held>>,
    /// Decided findings in order.
    pub(super) kept: Vec<Held>,
    /// For each detector.
    pub(super) totals: Vec<PartTotals>,
    /// Findings that hang on evidence from the whole part.
    pub(super) open: Vec<Open>,
    /// For each question to the whole part, what was seen.
    pub(super) tallies: Vec<Tally>,
}

#[derive(Debug, Default)]
pub(super) struct PartTotals {
    pub(super) kept: usize,
    pub(super) total: u64,
    pub(super) unique: HashSet<Token>,
    pub(super) unique_at_least: bool,
}

/// A finding with what later steps need of it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) detector: DetectorId,
    /// The match in the part's normalised text.
    pub(super) span: (u64, u64),
    pub(super) place: Place,
    pub(super) finding: Finding,
}

/// A finding whose tier is decided when the part ends.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) held: Held,
    /// Better tiers than the one that holds already, best first, with what their leaves found.
    pub(super) tiers: Vec<(u16, Counts)>,
    /// Whether `held` is a finding even if none of them holds.
    pub(super) holds: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) count: u32,
    pub(super) distinct: HashSet<u64>,
}

/// Counts over all parts of one file.
#[derive(Debug, Default)]
pub(super) struct FileTotals {
    pub(super) findings: Vec<Finding>,
    pub(super) candidates: Vec<u64>,
    pub(super) total: Vec<u64>,
    pub(super) unique: Vec<HashSet<Token>>,
    pub(super) unique_at_least: Vec<bool>,
    pub(super) given_up: bool,
}

impl Scanner<'_> {
    pub(super) fn make_finding(
        &mut self,
        primary: PrimaryId,
        id: DetectorId,
        confirmed: &Confirmed,
        tier: u16,
        found: Vec<Evidence>,
    ) -> Held {
        let matcher = self.matcher;
        let detector = &matcher.rules.detectors[id.index()];
        let (value, span) = (&confirmed.value, &confirmed.span);
        let start = self.window.start_position(value.start);
        let end = self.window.end_position(value.end);
        let own_text = self.part.start.own_text.is_some().then(|| {
            let (line, column) = self.window.line_and_column(span.start, value.start, start);
            OwnText { byte_start: start.raw, byte_end: end.raw, line, column }
        });
        let text = self.window.text();
        let value_text = String::from_utf8_lossy(&text[value.clone()]);
        let prefix = matcher.spelled_prefix(primary).map_or(0, |hir| {
            let whole = &text[span.clone()];
            explained_prefix(hir, whole).saturating_sub(value.start - span.start)
        });
        let mask = excerpt::mask(&value_text, detector.mask, prefix);
        let token = self.key.token(&canonical_value(&value_text, detector.canonical));
        let range = excerpt::excerpt_range(text, span, self.window.is_ascii());
        let hits = self.nearby.terms(&matcher.keywords, text, &range);
        let shown = excerpt::excerpt(text, &range, value, &mask, &hits);
        let place = self.window.place(value.start);
        let tier = &detector.tiers[usize::from(tier)];
        let finding = Finding {
            detector: detector.id.clone(),
            confidence: self.capped(tier.confidence),
            tier: tier.name.clone(),
            part: self.part.name.clone(),
            location: self.locator(&place),
            start: start.chars,
            end: end.chars,
            own_text,
            mask,
            token,
            excerpt: shown,
            evidence: found,
        };
        let base = self.window.norm(0);
        Held { detector: id, span: (base + span.start as u64, base + span.end as u64), place, finding }
    }

    fn capped(&self, confidence: Confidence) -> Confidence {
        if self.part.start.recovered { confidence.min(Confidence::LOW) } else { confidence }
    }

    fn locator(&self, place: &Place) -> Locator {
        let start = &self.part.start;
        let mut steps = start.chain.clone();
        if !matches!(start.name.as_str(), "text" | "body") {
            steps.push(start.name.clone());
        }
        if *place != Place::Whole {
            steps.push(place.to_string());
        }
        Locator { steps }
    }

    /// Settles a finding against the one before it of the same detector: of two that overlap the surer one stays, of equal
    /// ones the first.
    pub(super) fn offer(&mut self, held: Held) {
        let slot = &mut self.part.held[held.detector.index()];
        match slot {
            Some(last) if held.span.0 < last.span.1 => {
                let rank = |held: &Held| (held.finding.confidence, held.span.1 - held.span.0);
                if rank(&held) > rank(last) {
                    *slot = Some(held);
                }
            }
            _ => {
                if let Some(last) = slot.replace(held) {
                    self.keep(last);
                }
            }
        }
    }

    /// Decides the findings that hung on the whole part.
    pub(super) fn decide_open(&mut self) {
        let open = std::mem::take(&mut self.part.open);
        for Open { mut held, tiers, holds } in open {
            let detector = &self.matcher.rules.detectors[held.detector.index()];
            let best = tiers.into_iter().find_map(|(index, counts)| {
                let tier = &detector.tiers[usize::from(index)];
                let tree = tier.evidence.as_ref()?;
                let (filled, mut evidence) = self.fill(tree, counts);
                let holds = evidence::truth(tree, &mut filled.into_iter()) == Truth::Holds;
                evidence.sort_by_key(|found| found.distance);
                holds.then_some((tier, evidence))
            });
            if let Some((tier, evidence)) = best {
                held.finding.confidence = self.capped(tier.confidence);
                held.finding.tier = tier.name.clone();
                held.finding.evidence = evidence;
                self.keep(held);
            } else if holds {
                self.keep(held);
            }
        }
    }

    /// Puts the whole part's tallies where counts were open.
    fn fill(&self, tree: &Node, counts: Counts) -> (Vec<Option<u32>>, Vec<Evidence>) {
        let mut leaves: Vec<&Leaf> = Vec::new();
        evidence::leaves(tree, &mut leaves);
        let mut found = counts.evidence;
        let filled = leaves
            .iter()
            .zip(counts.counts)
            .map(|(leaf, count)| {
                count.or_else(|| {
                    let slot = self.matcher.whole_part.iter().position(|what| *what == leaf.what)?;
                    let tally = &self.part.tallies[slot];
                    let count = if leaf.distinct {
                        u32::try_from(tally.distinct.len()).unwrap_or(u32::MAX)
                    } else {
                        tally.count
                    };
                    if count > 0 {
                        found.push(Evidence { name: leaf.label.clone(), distance: None, before: false });
                    }
                    Some(count)
                })
            })
            .collect();
        (filled, found)
    }

    /// Counts a decided finding and keeps it while there is room.
    pub(super) fn keep(&mut self, held: Held) {
        let totals = &mut self.part.totals[held.detector.index()];
        // Two views of one value (as stored and as shown, row and cell) count once.
        let twin = self.part.kept.iter().rev().take(8).any(|other| {
            held.place != Place::Whole
                && other.place == held.place
                && other.detector == held.detector
                && other.finding.token == held.finding.token
        });
        if twin {
            return;
        }
        totals.total += 1;
        if totals.unique.len() < self.options.kept_max {
            totals.unique.insert(held.finding.token.clone());
        } else if !totals.unique.contains(&held.finding.token) {
            totals.unique_at_least = true;
        }
        if totals.kept < self.options.kept_max {
            totals.kept += 1;
            self.part.kept.push(held);
        }
    }

    /// Ends the part's counting: detectors below their fewest different values drop out.
    pub(super) fn close_totals(&mut self) {
        let rules = &self.matcher.rules;
        let mut dropped = vec![false; rules.detectors.len()];
        for (slot, totals) in self.part.totals.iter_mut().enumerate() {
            let totals = std::mem::take(totals);
            if (totals.unique.len() as u64) < u64::from(rules.detectors[slot].min_unique) {
                dropped[slot] = true;
                continue;
            }
            self.file.total[slot] += totals.total;
            self.file.unique_at_least[slot] |= totals.unique_at_least;
            for token in totals.unique {
                if self.file.unique[slot].len() < self.options.kept_max {
                    self.file.unique[slot].insert(token);
                } else {
                    self.file.unique_at_least[slot] |= !self.file.unique[slot].contains(&token);
                }
            }
        }
        self.part.kept.retain(|held| !dropped[held.detector.index()]);
        self.part.kept.sort_by_key(|held| (held.span, held.detector));
        self.file.findings.extend(self.part.kept.drain(..).map(|held| held.finding));
    }
}
impl Tally {
    pub(super) fn add(&mut self, key: u64, distinct_max: usize) {
        self.count = self.count.saturating_add(1);
        if self.distinct.len() < distinct_max {
            self.distinct.insert(key);
        }
    }
}

/// How many first bytes of a match its pattern spells out.
fn explained_prefix(hir: &regex_syntax::hir::Hir, text: &[u8]) -> usize {
    use regex_syntax::hir::HirKind;
    match hir.kind() {
        HirKind::Literal(literal) if text.starts_with(&literal.0) => literal.0.len(),
        HirKind::Capture(capture) => explained_prefix(&capture.sub, text),
        HirKind::Alternation(branches) => {
            branches.iter().map(|branch| explained_prefix(branch, text)).max().unwrap_or(0)
        }
        HirKind::Concat(pieces) => {
            let mut spelled = 0;
            for piece in pieces {
                let length = explained_prefix(piece, &text[spelled..]);
                spelled += length;
                if length == 0 || piece.properties().maximum_len() != Some(length) {
                    break;
                }
            }
            spelled
        }
        _ => 0,
    }
}
