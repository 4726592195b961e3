//! What a part's matches become: findings, made, settled against each other, counted and kept.
//!
//! Of overlapping matches of one detector the surer stays; what is past the cap is counted and not kept; a finding that
//! hangs on the whole part waits for its end.

use super::{PartStart, Scanner};
use crate::detect::confirm::Confirmed;
use crate::detect::evidence::{self, Counts, Truth};
use crate::detect::excerpt;
use crate::model::{Confidence, Evidence, Finding, Locator, OwnText, Place};
use crate::rule::RuleSet;
use crate::rule::ruleset::{DetectorId, Leaf, Node, PrimaryId};
use crate::rule::syntax::MaskStyle;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What is known of the part being read.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) start: PartStart,
    pub(super) name: Arc<str>,
    /// For each detector, the last finding, which a better one that overlaps may still replace.
    pub(super) held: Vec<Option<Held>>,
    /// Decided findings, as they came; none is missing before the part ends.
    pub(super) kept: Vec<Option<Finding>>,
    /// What settling them needs, for each.
    pub(super) kept_keys: Vec<KeptKey>,
    /// For each detector.
    pub(super) totals: Vec<PartTotals>,
    /// The detectors that have findings, in no order.
    pub(super) touched: Vec<DetectorId>,
    /// Findings that hang on evidence from the whole part.
    pub(super) open: Vec<Open>,
    /// For each question to the whole part, what was seen.
    pub(super) tallies: Vec<Tally>,
    /// Where the last finding stood.
    pub(super) located: Option<(Place, Arc<Locator>)>,
    /// The room that serves all excerpts.
    pub(super) room: excerpt::Room,
    /// For each detector.
    pub(super) names: Vec<Names>,
}

/// A detector's names for findings. Each scanner has copies of its own: the count of an `Arc` that all threads raise and
/// lower with each finding would pass from core to core.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) detector: Arc<str>,
    /// For each tier.
    pub(super) tiers: Vec<Arc<str>>,
}

impl Names {
    pub(super) fn of(rules: &RuleSet) -> Vec<Self> {
        let copy = |name: &Arc<str>| Arc::from(&**name);
        let names = rules.detectors.iter().map(|detector| Names {
            detector: copy(&detector.id),
            tiers: detector.tiers.iter().map(|tier| copy(&tier.name)).collect(),
        });
        names.collect()
    }
}

#[derive(Debug, Default)]
pub(super) struct PartTotals {
    pub(super) kept: usize,
    pub(super) total: u64,
    pub(super) unique: Digests,
    pub(super) unique_at_least: bool,
}

/// Different values, by the bits of their tokens.
pub(super) type Digests = HashSet<u128, BuildHasherDefault<Uniform>>;

/// Hashes what is a hash already: the bits of a token are as good as drawn by lot, and nobody without the key can choose
/// them.
#[derive(Debug, Default)]
pub(super) struct Uniform(u64);

impl Hasher for Uniform {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = evidence::fingerprint(bytes);
    }

    fn write_u128(&mut self, digest: u128) {
        let [.., a, b, c, d, e, f, g, h] = digest.to_ne_bytes();
        self.0 = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
    }
}

/// A finding with what later steps need of it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) detector: DetectorId,
    /// The match in the part's normalised text.
    pub(super) span: (u64, u64),
    pub(super) place: Place,
    /// The bits of its token.
    pub(super) digest: u128,
    pub(super) finding: Finding,
}

/// What is known of a kept finding beside itself.
#[derive(Clone, Debug)]
pub(super) struct KeptKey {
    /// By which findings are put in order: the match, then the detector.
    order: ((u64, u64), DetectorId),
    digest: u128,
    place: Place,
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
    pub(super) unique: Vec<Digests>,
    pub(super) unique_at_least: Vec<bool>,
    pub(super) given_up: bool,
}

impl FileTotals {
    /// Begins a file; what the counters of the last one took serves again.
    pub(super) fn reset(&mut self, detectors: usize) {
        self.findings.clear();
        for counts in [&mut self.candidates, &mut self.total] {
            counts.clear();
            counts.resize(detectors, 0);
        }
        self.unique.iter_mut().filter(|digests| !digests.is_empty()).for_each(Digests::clear);
        self.unique.resize_with(detectors, Digests::default);
        self.unique_at_least.clear();
        self.unique_at_least.resize(detectors, false);
        self.given_up = false;
    }
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
        let place = self.window.place(value.start);
        let location = self.locator(&place);
        let text = self.window.text();
        let value_text = String::from_utf8_lossy(&text[value.clone()]);
        let prefix = if detector.mask == MaskStyle::Prefix { matcher.spelled_prefix(primary) } else { None };
        let prefix = prefix.map_or(0, |hir| {
            let whole = &text[span.clone()];
            explained_prefix(hir, whole).saturating_sub(value.start - span.start)
        });
        let mask = excerpt::mask(&value_text, detector.mask, prefix);
        let digest = self.key.digest_of(&value_text, detector.canonical);
        let range = excerpt::excerpt_range(text, span, self.window.is_ascii());
        let hits = self.nearby.terms(&matcher.keywords, text, &range);
        let shown = excerpt::excerpt(text, &range, value, &mask, &hits, &mut self.part.room);
        let tier = usize::from(tier);
        let confidence = self.capped(detector.tiers[tier].confidence);
        let base = self.window.norm(0);
        Held {
            detector: id,
            span: (base + span.start as u64, base + span.end as u64),
            place,
            digest,
            finding: Finding {
                detector: self.part.names[id.index()].detector.clone(),
                confidence,
                tier: self.part.names[id.index()].tiers[tier].clone(),
                part: self.part.name.clone(),
                location,
                start: start.chars,
                end: end.chars,
                own_text,
                mask,
                token: self.key.print(digest),
                excerpt: shown,
                evidence: found,
            },
        }
    }

    fn capped(&self, confidence: Confidence) -> Confidence {
        if self.part.start.recovered { confidence.min(Confidence::LOW) } else { confidence }
    }

    /// The chain to a place of the part, shared by neighbours.
    fn locator(&mut self, place: &Place) -> Arc<Locator> {
        if let Some((last, location)) = &self.part.located
            && last == place
        {
            return Arc::clone(location);
        }
        let start = &self.part.start;
        let mut steps = start.chain.clone();
        if !matches!(start.name.as_str(), "text" | "body") {
            steps.push(start.name.clone());
        }
        if *place != Place::Whole {
            steps.push(place.to_string());
        }
        let location = Arc::new(Locator { steps });
        self.part.located = Some((place.clone(), Arc::clone(&location)));
        location
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
                holds.then_some((usize::from(index), tier, evidence))
            });
            if let Some((index, tier, evidence)) = best {
                held.finding.confidence = self.capped(tier.confidence);
                held.finding.tier = self.part.names[held.detector.index()].tiers[index].clone();
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
        // Two views of one value (as stored and as shown, row and cell) count once.
        let twin = held.place != Place::Whole
            && self.part.kept_keys.iter().rev().take(TWINS_MAX).any(|other| {
                other.digest == held.digest && other.order.1 == held.detector && other.place == held.place
            });
        if twin {
            return;
        }
        let totals = &mut self.part.totals[held.detector.index()];
        if totals.total == 0 {
            self.part.touched.push(held.detector);
        }
        totals.total += 1;
        totals.unique_at_least |= !add_within(&mut totals.unique, held.digest, self.options.kept_max);
        if totals.kept < self.options.kept_max {
            totals.kept += 1;
            let Held { detector, span, place, digest, finding } = held;
            self.part.kept_keys.push(KeptKey { order: (span, detector), digest, place });
            self.part.kept.push(Some(finding));
        }
    }

    /// Ends the part's counting: detectors below their fewest different values drop out.
    pub(super) fn close_totals(&mut self) {
        let rules = &self.matcher.rules;
        let kept_max = self.options.kept_max;
        let mut dropped: Vec<DetectorId> = Vec::new();
        for id in self.part.touched.drain(..) {
            let slot = id.index();
            let totals = &mut self.part.totals[slot];
            let fewest = u64::from(rules.detectors[slot].min_unique);
            if totals.unique.len() as u64 >= fewest {
                self.file.total[slot] += totals.total;
                self.file.unique_at_least[slot] |= totals.unique_at_least;
                let unique = &mut self.file.unique[slot];
                if unique.is_empty() {
                    std::mem::swap(unique, &mut totals.unique);
                }
                for digest in totals.unique.drain() {
                    self.file.unique_at_least[slot] |= !add_within(unique, digest, kept_max);
                }
            } else {
                dropped.push(id);
                totals.unique.clear();
            }
            (totals.kept, totals.total, totals.unique_at_least) = (0, 0, false);
        }
        self.hand_over(&dropped);
    }

    /// Moves the part's findings to the file, in the order of their places, save those of `dropped` detectors.
    fn hand_over(&mut self, dropped: &[DetectorId]) {
        let Part { kept, kept_keys, .. } = &mut self.part;
        let found = &mut self.file.findings;
        found.reserve(kept.len());
        if dropped.is_empty() && kept_keys.is_sorted_by_key(|key| key.order) {
            found.extend(kept.drain(..).flatten());
        } else {
            let keys = kept_keys.iter().enumerate().filter(|(_, key)| !dropped.contains(&key.order.1));
            let mut order: Vec<_> = keys.map(|(at, key)| (key.order, at)).collect();
            order.sort_unstable();
            found.extend(order.into_iter().filter_map(|(_, at)| kept[at].take()));
            kept.clear();
        }
        kept_keys.clear();
    }
}

/// How many findings back a twin may stand.
const TWINS_MAX: usize = 8;

/// Adds a value while there are fewer than `max`. False when it is not in the set afterwards.
fn add_within(set: &mut Digests, digest: u128, max: usize) -> bool {
    if set.len() < max {
        set.insert(digest);
        return true;
    }
    set.contains(&digest)
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
