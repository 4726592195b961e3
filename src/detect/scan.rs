//! The scanner: one thread's scratch, fed part by part with pieces of text, giving findings.

use super::Matcher;
use super::confirm::{self, Confirmed};
use super::evidence::{self, Counts, Nearby, Scene, Truth, fingerprint};
use super::excerpt::{self, TokenKey};
use super::window::{RawLength, Window};
use crate::detect::candidates::Candidate;
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Finding, Locator, OwnText, Place, Token};
use crate::rule::normalise::canonical_value;
use crate::rule::ruleset::{DetectorId, Leaf, PrimaryId, What};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

/// Settings of a scanner.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Findings and different values kept for each detector and part; totals go on past it. Default 10,000.
    pub kept_max: usize,
    /// Text collected before it is searched, in bytes. Default 256 KiB; a larger window lets several threads search one
    /// text. It never changes what is found.
    pub window_bytes: usize,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { kept_max: 10_000, window_bytes: 256 << 10 }
    }
}

/// What a new part is.
#[derive(Clone, Debug, Default)]
pub struct PartStart {
    /// Names of the members that lead to the part, outermost first.
    pub chain: Vec<String>,
    /// The part's name.
    pub name: String,
    /// Set when the part is the file's own text: how many bytes of the file each character takes.
    pub own_text: Option<RawLength>,
    /// Text recovered from a refused file: findings are at most of low confidence.
    pub recovered: bool,
}

/// Nominations are taken in slices of this many bytes, so that their list is bounded whatever the text.
pub(crate) const SLICE_BYTES: usize = 32 << 10;
/// From this many bytes on a stretch is searched by several threads.
const PARALLEL_BYTES_MIN: usize = 512 << 10;
/// Slices searched in one round of several threads.
const ROUND_SLICES: usize = 32;

/// A rule whose matches may be longer than this can make a miss dear.
const LONG_MATCH_BYTES: usize = 2 << 10;
/// Misses of a long rule in one slice before its own engine is asked for the next match.
const LONG_MISSES_MAX: u32 = 8;
/// How often it is asked in one slice before the rest of the slice is given up.
const LONG_SEARCHES_MAX: u32 = 64;

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    NoMatch,
    Refused,
    Accepted,
}

/// One thread's scratch.
#[derive(Debug)]
pub struct Scanner<'m> {
    matcher: &'m Matcher,
    key: &'m TokenKey,
    options: ScanOptions,
    window: Window,
    nearby: Nearby,
    /// Up to where the window is searched.
    cursor: usize,
    /// For each rule, the first beginning that is still free, in the window.
    free_from: Vec<usize>,
    /// For each rule, beginnings in this slice at which it did not match.
    misses: Vec<u32>,
    nominated: Vec<Candidate>,
    accepted: Vec<(PrimaryId, Confirmed)>,
    part: Part,
    file: FileTotals,
}

/// What is known of the part being read.
#[derive(Debug, Default)]
struct Part {
    start: PartStart,
    name: Arc<str>,
    /// For each detector, the last finding, which a better one that overlaps may still replace.
    held: Vec<Option<Held>>,
    /// Decided findings in order.
    kept: Vec<Held>,
    /// For each detector.
    totals: Vec<PartTotals>,
    /// Findings that hang on evidence from the whole part.
    open: Vec<Open>,
    /// For each question to the whole part, what was seen.
    tallies: Vec<Tally>,
}

#[derive(Debug, Default)]
struct PartTotals {
    kept: usize,
    total: u64,
    unique: HashSet<Token>,
    unique_at_least: bool,
}

/// A finding with what later steps need of it.
#[derive(Clone, Debug)]
struct Held {
    detector: DetectorId,
    /// The match in the part's normalised text.
    span: (u64, u64),
    place: Place,
    finding: Finding,
}

/// A finding whose tier is decided when the part ends.
#[derive(Debug)]
struct Open {
    held: Held,
    /// Better tiers than the one that holds already, best first, with what their leaves found.
    tiers: Vec<(u16, Counts)>,
    /// Whether `held` is a finding even if none of them holds.
    holds: bool,
}

#[derive(Debug, Default)]
struct Tally {
    count: u32,
    distinct: HashSet<u64>,
}

/// Counts over all parts of one file.
#[derive(Debug, Default)]
struct FileTotals {
    findings: Vec<Finding>,
    candidates: Vec<u64>,
    total: Vec<u64>,
    unique: Vec<HashSet<Token>>,
    unique_at_least: Vec<bool>,
    given_up: bool,
}

/// What a file's scan gave.
#[derive(Debug, Default)]
pub struct Scanned {
    /// Findings in order of part and place.
    pub findings: Vec<Finding>,
    /// Counts for each detector whose shape occurred.
    pub counts: Vec<DetectorCount>,
    /// True when candidates were left undecided: more hung on the whole part than are kept, or a long rule missed too
    /// often. Coverage is then `candidate_limit`.
    pub candidate_limit: bool,
}

impl<'m> Scanner<'m> {
    /// Scratch for one matcher; tokens are made under `key`.
    #[must_use]
    pub fn new(matcher: &'m Matcher, key: &'m TokenKey, options: ScanOptions) -> Self {
        let mut scanner = Self {
            matcher,
            key,
            options,
            window: Window::new(),
            nearby: Nearby::default(),
            cursor: 0,
            free_from: vec![0; matcher.rules.primaries.len()],
            misses: vec![0; matcher.rules.primaries.len()],
            nominated: Vec::new(),
            accepted: Vec::new(),
            part: Part::default(),
            file: FileTotals::default(),
        };
        scanner.reset_file();
        scanner
    }

    /// Changes how much text is collected before it is searched; takes effect at once.
    pub fn set_window_bytes(&mut self, bytes: usize) {
        self.options.window_bytes = bytes;
    }

    fn reset_file(&mut self) {
        let detectors = self.matcher.rules.detectors.len();
        self.file = FileTotals {
            findings: Vec::new(),
            candidates: vec![0; detectors],
            total: vec![0; detectors],
            unique: vec![HashSet::new(); detectors],
            unique_at_least: vec![false; detectors],
            given_up: false,
        };
    }

    /// Scans one text as a part of its own; for tests, examples and explanations.
    pub fn scan_text(&mut self, text: &str) -> Vec<Finding> {
        self.begin_part(PartStart {
            name: "text".to_owned(),
            own_text: Some(RawLength::utf8()),
            ..PartStart::default()
        });
        self.push(text, &Place::Whole, Some(0));
        self.end_part();
        self.finish_file().findings
    }

    /// Begins a part; the one before it must be ended.
    pub fn begin_part(&mut self, start: PartStart) {
        let rules = &self.matcher.rules;
        self.window.reset(start.own_text.clone());
        self.nearby.clear();
        self.cursor = 0;
        self.free_from.fill(0);
        self.part.name = start.name.as_str().into();
        self.part.start = start;
        self.part.held.resize_with(rules.detectors.len(), || None);
        self.part.totals.resize_with(rules.detectors.len(), PartTotals::default);
        self.part.tallies.clear();
        self.part.tallies.resize_with(self.matcher.whole_part.len(), Tally::default);
    }

    /// Inserts a separator that evidence may cross and a match only if its rule allows.
    pub fn soft_edge(&mut self, separator: char) {
        self.window.push_soft(separator);
    }

    /// Adds text of the part. `raw` is the file position of its first character when the part is the file's own text.
    pub fn push(&mut self, text: &str, place: &Place, raw: Option<u64>) {
        self.window.set_place(place);
        self.window.push(text, raw);
        let ready = self.window.text().len().saturating_sub(self.matcher.reach.right);
        if ready >= self.cursor + self.options.window_bytes {
            self.search(ready);
            self.move_on();
        }
    }

    /// Ends the part: everything still waiting is decided.
    pub fn end_part(&mut self) {
        self.window.finish();
        self.search(self.window.text().len());
        self.decide_open();
        for slot in 0..self.part.held.len() {
            if let Some(held) = self.part.held[slot].take() {
                self.keep(held);
            }
        }
        self.close_totals();
    }

    /// Ends the file and gives what was found in it.
    pub fn finish_file(&mut self) -> Scanned {
        let rules = &self.matcher.rules;
        let file = &mut self.file;
        let mut counts = Vec::new();
        for (slot, detector) in rules.detectors.iter().enumerate() {
            if file.candidates[slot] > 0 && !detector.silent {
                counts.push(DetectorCount {
                    detector: detector.id.clone(),
                    candidates: file.candidates[slot],
                    total: file.total[slot],
                    unique: file.unique[slot].len() as u64,
                    unique_at_least: file.unique_at_least[slot],
                });
            }
        }
        let scanned = Scanned { findings: std::mem::take(&mut file.findings), counts, candidate_limit: file.given_up };
        self.reset_file();
        scanned
    }

    /// Drops the text that nothing will look at again.
    fn move_on(&mut self) {
        let done = self.cursor.saturating_sub(self.matcher.reach.left);
        let dropped = self.window.drop_front(done, self.part.start.own_text.is_some());
        self.cursor -= dropped;
        self.nearby.shift(dropped);
        for free in &mut self.free_from {
            *free = free.saturating_sub(dropped);
        }
    }

    /// Decides every match that begins before `limit`.
    fn search(&mut self, limit: usize) {
        let from = self.cursor;
        if limit <= from {
            return;
        }
        if limit - from >= PARALLEL_BYTES_MIN {
            for round in (from..limit).step_by(SLICE_BYTES * ROUND_SLICES) {
                let end = (round + SLICE_BYTES * ROUND_SLICES).min(limit);
                let (matcher, text) = (self.matcher, self.window.text());
                let slices: Vec<usize> = (round..end).step_by(SLICE_BYTES).collect();
                let found: Vec<Vec<Candidate>> = slices
                    .into_par_iter()
                    .map(|slice| {
                        let mut found = Vec::new();
                        matcher.candidates.nominate(text, slice, (slice + SLICE_BYTES).min(end), &mut found);
                        found
                    })
                    .collect();
                for nominated in found {
                    self.nominated = nominated;
                    self.confirm_nominated();
                }
            }
        } else {
            for slice in (from..limit).step_by(SLICE_BYTES) {
                let end = (slice + SLICE_BYTES).min(limit);
                self.nominated.clear();
                self.matcher.candidates.nominate(self.window.text(), slice, end, &mut self.nominated);
                self.confirm_nominated();
            }
        }
        for &primary in self.matcher.candidates.search() {
            self.confirm_search(primary, from, limit);
        }
        self.tally_whole_part(from, limit);
        self.cursor = limit;
        let mut accepted = std::mem::take(&mut self.accepted);
        accepted.sort_by_key(|(primary, confirmed)| (confirmed.span.start, *primary));
        for (primary, confirmed) in accepted.drain(..) {
            self.support(primary, &confirmed);
        }
        self.accepted = accepted;
    }

    fn confirm_nominated(&mut self) {
        let nominated = std::mem::take(&mut self.nominated);
        let end = nominated.last().map_or(0, |last| last.start + 1);
        self.misses.fill(0);
        for candidate in &nominated {
            let slot = candidate.primary.index();
            if candidate.start >= self.free_from[slot]
                && self.confirm(candidate.primary, candidate.start, candidate.end()) == Outcome::NoMatch
            {
                self.count_miss(candidate.primary, candidate.start, end);
            }
        }
        self.nominated = nominated;
    }

    /// Counts a beginning at which a long rule did not match: that walk may have been as long as the rule. After a few of
    /// them the rule's own engine is asked once where the next match begins, and what lies before is passed over. A text
    /// that makes even that happen too often is given up for this rule, and coverage says so.
    fn count_miss(&mut self, primary: PrimaryId, start: usize, end: usize) {
        let slot = primary.index();
        let matcher = self.matcher;
        if matcher.rules.primaries[slot].max_match_bytes < LONG_MATCH_BYTES {
            return;
        }
        self.misses[slot] += 1;
        if self.misses[slot] <= LONG_MISSES_MAX {
            return;
        }
        if self.misses[slot] > LONG_MISSES_MAX + LONG_SEARCHES_MAX {
            self.free_from[slot] = end;
            self.file.given_up = true;
            return;
        }
        let text = self.window.text();
        let next = matcher.confirmer.next_start(&matcher.rules, primary, text, start + 1, end);
        self.free_from[slot] = next.unwrap_or(end);
    }

    fn confirm_search(&mut self, primary: PrimaryId, from: usize, limit: usize) {
        loop {
            let at = from.max(self.free_from[primary.index()]);
            let matcher = self.matcher;
            let text = self.window.text();
            let Some(start) = matcher.confirmer.next_start(&matcher.rules, primary, text, at, limit) else { return };
            if self.confirm(primary, start, None) != Outcome::Accepted {
                self.free_from[primary.index()] = start + 1;
            }
        }
    }

    /// Confirms one candidate; an accepted one consumes its text.
    fn confirm(&mut self, primary: PrimaryId, start: usize, end: Option<usize>) -> Outcome {
        let matcher = self.matcher;
        let (rules, text) = (&*matcher.rules, self.window.text());
        let Some(raw) = matcher.confirmer.raw(rules, &matcher.keywords, primary, text, start, end) else {
            return Outcome::NoMatch;
        };
        let rule = &rules.primaries[primary.index()];
        self.file.candidates[rule.detector.index()] += 1;
        if !rule.across_soft && self.window.crosses_soft(raw.span.start, raw.span.end) {
            return Outcome::Refused;
        }
        let Ok(confirmed) = confirm::judge(rules, primary, text, &raw) else { return Outcome::Refused };
        self.free_from[primary.index()] = confirmed.span.end;
        self.accepted.push((primary, confirmed));
        Outcome::Accepted
    }

    /// Counts what evidence trees ask of the whole part, in the stretch that was just searched.
    fn tally_whole_part(&mut self, from: usize, limit: usize) {
        let matcher = self.matcher;
        let text = self.window.text();
        for (what, tally) in matcher.whole_part.iter().zip(&mut self.part.tallies) {
            match *what {
                What::List(list) => {
                    let mut hits = Vec::new();
                    matcher.keywords.find(text, from, limit, &mut hits);
                    for hit in hits.iter().filter(|hit| hit.list == list) {
                        tally.add(u64::from(hit.term), self.options.kept_max);
                    }
                }
                What::Probe(probe) => {
                    let regex = &matcher.rules.probes[probe.index()].regex;
                    let mut at = from;
                    while let Some(found) = regex.find_at(text, at).filter(|found| found.start() < limit) {
                        tally.add(fingerprint(found.as_bytes()), self.options.kept_max);
                        at = found.end().max(found.start() + 1);
                    }
                }
                What::Detector(detector) => {
                    let of_detector =
                        self.accepted.iter().filter(|(id, _)| matcher.rules.primaries[id.index()].detector == detector);
                    for (_, confirmed) in of_detector {
                        tally.add(fingerprint(&text[confirmed.value.clone()]), self.options.kept_max);
                    }
                }
            }
        }
    }

    /// Looks for evidence around a confirmed match and takes the best tier that holds.
    fn support(&mut self, primary: PrimaryId, confirmed: &Confirmed) {
        let matcher = self.matcher;
        let rules = &*matcher.rules;
        let detector = rules.primaries[primary.index()].detector;
        if rules.detectors[detector.index()].silent {
            return;
        }
        let mut open = Vec::new();
        let mut holds: Option<(u16, Vec<Evidence>)> = None;
        let scene = Scene {
            rules,
            keywords: &matcher.keywords,
            confirmer: &matcher.confirmer,
            text: self.window.text(),
            ascii: self.window.is_ascii(),
            span: confirmed.span.clone(),
            value: confirmed.value.clone(),
        };
        for index in confirmed.tiers.iter() {
            let tier = &rules.detectors[detector.index()].tiers[usize::from(index)];
            let Some(tree) = &tier.evidence else {
                holds = Some((index, Vec::new()));
                break;
            };
            let needs = &matcher.needs[detector.index()][usize::from(index)];
            if !needs.is_empty() {
                let widest = scene.window(matcher.within);
                let lists = self.nearby.lists(&matcher.keywords, scene.text, &widest);
                if needs.iter().any(|set| lists & set == 0) {
                    continue;
                }
            }
            if evidence::glance(tree, &scene, &mut self.nearby) == Truth::Fails {
                continue;
            }
            let mut counts = Counts::default();
            evidence::count(tree, &scene, &mut self.nearby, &mut counts);
            match evidence::truth(tree, &mut counts.counts.iter().copied()) {
                Truth::Holds => {
                    holds = Some((index, counts.evidence));
                    break;
                }
                Truth::Open => open.push((index, counts)),
                Truth::Fails => {}
            }
        }
        if open.is_empty() && holds.is_none() {
            return;
        }
        let is_held = holds.is_some();
        let (tier, found) = holds.unwrap_or_else(|| (open[0].0, Vec::new()));
        let held = self.make_finding(primary, detector, confirmed, tier, found);
        if open.is_empty() {
            self.offer(held);
        } else if self.part.open.len() < self.options.kept_max {
            self.part.open.push(Open { held, tiers: open, holds: is_held });
        } else {
            self.file.given_up = true;
        }
    }

    fn make_finding(
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
    fn offer(&mut self, held: Held) {
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
    fn decide_open(&mut self) {
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
    fn fill(&self, tree: &crate::rule::ruleset::Node, counts: Counts) -> (Vec<Option<u32>>, Vec<Evidence>) {
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
    fn keep(&mut self, held: Held) {
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
    fn close_totals(&mut self) {
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
    fn add(&mut self, key: u64, distinct_max: usize) {
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
