//! The scanner: one thread's scratch, fed part by part with pieces of text, giving findings.

mod findings;
pub(crate) use findings::explained_prefix;
pub(super) mod gate;
mod pass;

use pass::LONG_MATCH_BYTES;

use super::Matcher;
use super::confirm::Confirmed;
use super::evidence::{self, Counts, Nearby, Scene, Truth, fingerprint};
use super::grounds::Questions;
use super::token::TokenKey;
use super::window::{RawLength, Window};
use crate::detect::candidates::Candidate;
use crate::model::verdict::DetectorCount;
use crate::model::{Evidence, Finding, Place};
use crate::rule::ruleset::{DetectorId, PrimaryId, What};
use findings::{FileTotals, Open, Part, PartTotals, Tally};
use pass::Consumed;
use rayon::prelude::*;
use std::cmp::Reverse;

/// Settings of a scanner.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Findings and different values kept for each detector and part; totals go on past it. Default 10,000.
    pub kept_max: usize,
    /// Text collected before it is searched, in bytes. Default 256 KiB; a larger window lets several threads search one
    /// text. It never changes what is found.
    pub window_bytes: usize,
    /// Keep with each finding what it was judged on ([`Grounds`](crate::model::Grounds)), so that it can be judged again
    /// without the text; default false. It never changes what is found.
    pub grounds: bool,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self { kept_max: 10_000, window_bytes: 256 << 10, grounds: false }
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
    /// For each rule, how far its matches have consumed the window.
    consumed: Vec<Consumed>,
    /// For each rule, dear misses in this slice.
    misses: Vec<u32>,
    nominated: Vec<Candidate>,
    accepted: Vec<(PrimaryId, Confirmed)>,
    /// Accepted matches of the search lane whose turn comes, the first one last.
    searched: Vec<(PrimaryId, Confirmed)>,
    part: Part,
    file: FileTotals,
    /// Asked about each finding, where grounds are kept.
    questions: Option<&'m [Questions]>,
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
        let questions = options.grounds.then(|| matcher.questions());
        let mut scanner = Self {
            matcher,
            key,
            questions,
            options,
            window: Window::new(),
            nearby: Nearby::default(),
            cursor: 0,
            consumed: vec![Consumed::default(); matcher.rules.primaries.len()],
            misses: vec![0; matcher.rules.primaries.len()],
            nominated: Vec::new(),
            accepted: Vec::new(),
            searched: Vec::new(),
            part: Part { names: findings::Names::of(&matcher.rules), ..Part::default() },
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
        self.file.reset(self.matcher.rules.detectors.len());
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
        self.consumed.fill(Consumed::default());
        self.part.number = self.file.parts;
        self.file.parts = self.file.parts.saturating_add(1);
        self.part.name = start.name.as_str().into();
        self.part.start = start;
        self.part.located = None;
        self.part.first = self.file.findings.len();
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
            if let Some(last) = self.part.held[slot].take() {
                let detector = DetectorId(u32::try_from(slot).unwrap_or(u32::MAX));
                self.keep(detector, last);
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
                    detector: self.part.names[slot].detector.clone(),
                    candidates: file.candidates[slot],
                    total: file.total[slot],
                    unique: file.unique[slot].len() as u64,
                    unique_at_least: file.unique_at_least[slot],
                    shadowed: file.shadowed[slot],
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
        for consumed in &mut self.consumed {
            consumed.shift(dropped);
        }
    }

    /// Decides every match that begins before `limit`.
    fn search(&mut self, limit: usize) {
        let from = self.cursor;
        if limit <= from {
            return;
        }
        for &primary in self.matcher.candidates.search() {
            self.confirm_search(primary, from, limit);
        }
        self.searched.append(&mut self.accepted);
        self.searched.sort_by_key(|(primary, confirmed)| Reverse((confirmed.span.start, *primary)));
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
                    self.confirm_nominated(limit);
                }
            }
        } else {
            for slice in (from..limit).step_by(SLICE_BYTES) {
                let end = (slice + SLICE_BYTES).min(limit);
                self.nominated.clear();
                self.matcher.candidates.nominate(self.window.text(), slice, end, &mut self.nominated);
                self.confirm_nominated(limit);
            }
        }
        self.support_accepted(limit);
        self.settle_waiting(limit);
        self.tally_whole_part(from, limit);
        self.cursor = limit;
    }

    /// Finds the evidence of what was accepted, in order, with the matches of the search lane that begin before `limit`.
    fn support_accepted(&mut self, limit: usize) {
        let mut accepted = std::mem::take(&mut self.accepted);
        while let Some(first) = self.searched.pop_if(|(_, confirmed)| confirmed.span.start < limit) {
            accepted.push(first);
        }
        accepted.sort_by_key(|(primary, confirmed)| (confirmed.span.start, *primary));
        for (primary, confirmed) in accepted.drain(..) {
            self.tally_match(primary, &confirmed);
            self.support(primary, &confirmed);
        }
        self.accepted = accepted;
    }

    /// Counts a match that evidence trees ask for in the whole part.
    fn tally_match(&mut self, primary: PrimaryId, confirmed: &Confirmed) {
        if self.matcher.whole_part.is_empty() {
            return;
        }
        let asked = What::Detector(self.matcher.rules.primaries[primary.index()].detector);
        let tallies = self.matcher.whole_part.iter().zip(&mut self.part.tallies);
        for (_, tally) in tallies.filter(|(what, _)| **what == asked) {
            tally.add(fingerprint(&self.window.text()[confirmed.value.clone()]), self.options.kept_max);
        }
    }

    /// Counts what evidence trees ask of the whole part, in the stretch that was just searched.
    fn tally_whole_part(&mut self, from: usize, limit: usize) {
        let matcher = self.matcher;
        let text = self.window.text();
        // All lists are looked for at once, however many are asked for.
        let mut hits = Vec::new();
        if matcher.whole_part.iter().any(|what| matches!(what, What::List(_))) {
            matcher.keywords.find(text, from, limit, &mut hits);
        }
        for (what, tally) in matcher.whole_part.iter().zip(&mut self.part.tallies) {
            match *what {
                What::List(list) => {
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
                // Counted one by one as they are accepted.
                What::Detector(_) => {}
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
            if !self.nearby.may_support(&matcher.keywords, scene.text, scene.ascii, &scene.span, matcher.within, needs)
            {
                continue;
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
        let grounds = self.questions.map(|all| all[detector.index()].answer(&scene, &mut self.nearby, confirmed.tiers));
        let is_held = holds.is_some();
        let (tier, found) = holds.unwrap_or_else(|| (open[0].0, Vec::new()));
        let held = self.make_finding(primary, detector, confirmed, tier, found, grounds);
        if open.is_empty() {
            self.offer(held);
        } else if self.part.open.len() < self.options.kept_max {
            self.part.open.push(Open { held, tiers: open, holds: is_held });
        } else {
            self.file.given_up = true;
        }
    }
}
