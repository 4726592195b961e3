//! What a part's matches become: findings, made, settled against each other, counted and kept.
//!
//! Of overlapping matches of one detector the surer stays; what is past the cap is counted and not kept; a finding that
//! hangs on the whole part waits for its end.

use super::{PartStart, Scanner};
use crate::detect::confirm::Confirmed;
use crate::detect::evidence::{self, Counts, Truth};
use crate::detect::excerpt;
use crate::model::{Confidence, Evidence, Finding, Grounds, Locator, OwnText, Place};
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
    /// Its number in the file.
    pub(super) number: u32,
    /// For each detector, the last finding, which a better one that overlaps may still replace.
    pub(super) held: Vec<Option<Last>>,
    /// Where the part's findings begin among the file's.
    pub(super) first: usize,
    /// By what the finding that was placed last is put in order.
    pub(super) placed: Option<Order>,
    /// Its findings must be put in order, or have some among them that are not kept.
    pub(super) untidy: bool,
    /// What is known of decided findings, as they came.
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
    /// The last findings kept that have a place of their own.
    recent: Recent,
}

/// The last few findings of a detector that a twin may be of, by their places among the kept keys.
#[derive(Debug, Default)]
struct Recent {
    keys: [usize; TWINS_MAX],
    count: usize,
}

impl Recent {
    fn push(&mut self, key: usize) {
        self.keys[self.count % TWINS_MAX] = key;
        self.count += 1;
    }

    fn keys(&self) -> &[usize] {
        &self.keys[..self.count.min(TWINS_MAX)]
    }
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

impl Held {
    /// Of two that overlap the one of higher rank stays.
    fn rank(&self) -> (Confidence, u64) {
        (self.finding.confidence, self.span.1 - self.span.0)
    }
}

/// By which findings are put in order: the match, then the detector.
type Order = ((u64, u64), DetectorId);

/// The last finding of a detector. Findings are large, so this one is written where it will stay, and only what settling it
/// needs is moved.
#[derive(Debug)]
pub(super) struct Last {
    span: (u64, u64),
    rank: (Confidence, u64),
    place: Place,
    digest: u128,
    stands: Stands,
}

/// Where an undecided finding stands.
#[derive(Debug)]
enum Stands {
    /// Among the file's.
    At(usize),
    /// Nowhere: it is past the cap.
    Beyond,
    /// Here, since it may be a second view of a value.
    Here(Box<Finding>),
}

/// What is known of a kept finding beside itself.
#[derive(Clone, Debug)]
pub(super) struct KeptKey {
    order: Order,
    digest: u128,
    place: Place,
    /// Its place among the file's.
    at: usize,
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
    /// For each detector, matches that an accepted one hid; counted where grounds are kept.
    pub(super) shadowed: Vec<u64>,
    /// Parts begun.
    pub(super) parts: u32,
    pub(super) given_up: bool,
}

impl FileTotals {
    /// Begins a file; what the counters of the last one took serves again.
    pub(super) fn reset(&mut self, detectors: usize) {
        self.findings.clear();
        for counts in [&mut self.candidates, &mut self.total, &mut self.shadowed] {
            counts.clear();
            counts.resize(detectors, 0);
        }
        self.unique.iter_mut().filter(|digests| !digests.is_empty()).for_each(Digests::clear);
        self.unique.resize_with(detectors, Digests::default);
        self.unique_at_least.clear();
        self.unique_at_least.resize(detectors, false);
        self.parts = 0;
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
        grounds: Option<Box<Grounds>>,
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
        let (part, recovered, placed) = (self.part.number, self.part.start.recovered, place != Place::Whole);
        let grounds = grounds.map(|grounds| Box::new(Grounds { part, recovered, placed, ..*grounds }));
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
                grounds,
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
    pub(super) fn offer(&mut self, mut held: Held) {
        let slot = held.detector.index();
        let rank = held.rank();
        if let Some(last) = &mut self.part.held[slot]
            && held.span.0 < last.span.1
        {
            let wins = rank > last.rank;
            if wins {
                mark(&mut held.finding, |grounds| grounds.overlapped = true);
            } else if self.questions.is_some() {
                last.mark_overlapped(&mut self.file.findings);
            }
            if wins {
                let stands = match std::mem::replace(&mut last.stands, Stands::Beyond) {
                    Stands::At(at) => {
                        self.file.findings[at] = held.finding;
                        self.part.untidy = true;
                        Stands::At(at)
                    }
                    Stands::Beyond => Stands::Beyond,
                    Stands::Here(_) => Stands::Here(Box::new(held.finding)),
                };
                *last = Last { span: held.span, rank, place: held.place, digest: held.digest, stands };
            }
            return;
        }
        let detector = held.detector;
        if let Some(last) = self.part.held[slot].take() {
            self.keep(detector, last);
        }
        let last = self.place(held);
        self.part.held[slot] = Some(last);
    }

    /// Puts a finding where it will stay, unless it is past the cap or may turn out a second view.
    fn place(&mut self, held: Held) -> Last {
        let rank = held.rank();
        let Held { detector, span, place, digest, finding } = held;
        let stands = if self.part.totals[detector.index()].kept >= self.options.kept_max {
            Stands::Beyond
        } else if place == Place::Whole {
            Stands::At(self.push_finding((span, detector), finding))
        } else {
            Stands::Here(Box::new(finding))
        };
        Last { span, rank, place, digest, stands }
    }

    fn push_finding(&mut self, order: Order, finding: Finding) -> usize {
        let Part { placed, untidy, .. } = &mut self.part;
        *untidy |= placed.is_some_and(|last| last > order);
        *placed = Some(order);
        let found = &mut self.file.findings;
        if found.capacity() == 0 {
            found.reserve(FINDINGS_FIRST);
        }
        found.push(finding);
        found.len() - 1
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
                self.keep_held(held);
            } else if holds {
                self.keep_held(held);
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

    fn keep_held(&mut self, held: Held) {
        let detector = held.detector;
        let last = self.place(held);
        self.keep(detector, last);
    }

    /// Counts a decided finding and keeps it while there is room.
    pub(super) fn keep(&mut self, detector: DetectorId, last: Last) {
        let Last { span, place, digest, stands, .. } = last;
        if self.is_excluded(detector, digest) {
            // Where it stands already, it is taken out when the part ends.
            self.part.untidy |= matches!(stands, Stands::At(_));
            return;
        }
        // Two views of one value (as stored and as shown, row and cell) count once.
        if place != Place::Whole {
            let recent = self.part.totals[detector.index()].recent.keys().iter();
            let mut recent = recent.map(|&key| &self.part.kept_keys[key]);
            if let Some(twin) = recent.find(|other| other.digest == digest && other.place == place) {
                let at = twin.at;
                let overlapped = stands.is_overlapped();
                mark(&mut self.file.findings[at], |grounds| {
                    grounds.twinned = true;
                    grounds.twin_overlapped |= overlapped;
                });
                return;
            }
        }
        let totals = &mut self.part.totals[detector.index()];
        if totals.total == 0 {
            self.part.touched.push(detector);
        }
        totals.total += 1;
        totals.unique_at_least |= !add_within(&mut totals.unique, digest, self.options.kept_max);
        let is_kept = totals.kept < self.options.kept_max;
        totals.kept += usize::from(is_kept);
        let at = match stands {
            Stands::At(at) if is_kept => at,
            Stands::Here(finding) if is_kept => self.push_finding((span, detector), *finding),
            // What was decided at the part's end may have filled the cap.
            Stands::At(_) => {
                self.part.untidy = true;
                return;
            }
            Stands::Beyond | Stands::Here(_) => return,
        };
        if place != Place::Whole {
            self.part.totals[detector.index()].recent.push(self.part.kept_keys.len());
        }
        self.part.kept_keys.push(KeptKey { order: (span, detector), digest, place, at });
    }

    /// True for a value whose token the detector's rule excludes.
    fn is_excluded(&self, detector: DetectorId, digest: u128) -> bool {
        let excluded = &self.matcher.excluded[detector.index()];
        !excluded.is_empty() && excluded.binary_search(&(self.key.version(), digest)).is_ok()
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
            totals.recent.count = 0;
        }
        self.tidy(&dropped);
    }

    /// Puts the part's findings in the order of their places, without those of `dropped` detectors.
    fn tidy(&mut self, dropped: &[DetectorId]) {
        let Part { first, untidy, placed, kept_keys, .. } = &mut self.part;
        let found = &mut self.file.findings;
        if *untidy || !dropped.is_empty() {
            kept_keys.retain(|key| !dropped.contains(&key.order.1));
            kept_keys.sort_unstable_by_key(|key| (key.order, key.at));
            sort_to_front(&mut found[*first..], kept_keys.iter().map(|key| key.at - *first));
            found.truncate(*first + kept_keys.len());
        }
        kept_keys.clear();
        (*untidy, *placed, *first) = (false, None, found.len());
    }
}

/// Notes something of what a finding was judged on, where that is kept.
fn mark(finding: &mut Finding, note: impl FnOnce(&mut Grounds)) {
    if let Some(grounds) = &mut finding.grounds {
        note(grounds);
    }
}

impl Stands {
    /// True for a finding of its own place that another match lost against, where that is kept.
    fn is_overlapped(&self) -> bool {
        let Stands::Here(finding) = self else { return false };
        finding.grounds.as_ref().is_some_and(|grounds| grounds.overlapped)
    }
}

impl Last {
    fn mark_overlapped(&mut self, findings: &mut [Finding]) {
        let finding = match &mut self.stands {
            Stands::At(at) => findings.get_mut(*at),
            Stands::Here(finding) => Some(&mut **finding),
            Stands::Beyond => None,
        };
        if let Some(finding) = finding {
            mark(finding, |grounds| grounds.overlapped = true);
        }
    }
}

/// Brings the items at the given places to the front, in the order of `places`. Most stand there already: only the others are
/// moved.
fn sort_to_front<T>(items: &mut [T], places: impl Iterator<Item = usize>) {
    // Where each item went, and which stands at each place.
    let mut went: Vec<usize> = (0..items.len()).collect();
    let mut stands = went.clone();
    for (to, item) in places.enumerate() {
        let from = went[item];
        items.swap(to, from);
        stands.swap(to, from);
        went[stands[from]] = from;
        went[item] = to;
    }
}

/// Room for the first findings of a file.
const FINDINGS_FIRST: usize = 64;
/// How many findings of its detector back a twin may stand.
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
pub(crate) fn explained_prefix(hir: &regex_syntax::hir::Hir, text: &[u8]) -> usize {
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

#[cfg(test)]
mod tests {
    use super::sort_to_front;

    #[test]
    fn what_is_kept_comes_to_the_front_in_order() {
        let rows: [(&str, &[usize], &str); 6] = [
            ("abcde", &[0, 1, 2, 3, 4], "abcde"),
            ("abcde", &[4, 3, 2, 1, 0], "edcba"),
            ("abcde", &[1, 2, 3, 4, 0], "bcdea"),
            ("abcde", &[3, 0], "da"),
            ("abcde", &[2, 4, 1], "ceb"),
            ("", &[], ""),
        ];
        for (items, places, want) in rows {
            let mut items: Vec<char> = items.chars().collect();
            sort_to_front(&mut items, places.iter().copied());
            assert_eq!(items[..places.len()].iter().collect::<String>(), want);
        }
    }
}
