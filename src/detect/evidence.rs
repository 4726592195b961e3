//! Evidence: what stands near a confirmed match, and whether a tier's tree holds.
//!
//! Keywords are looked for only in the windows of confirmed matches, each stretch of text once ([`Nearby`]). A tree is
//! judged in two steps: count every leaf, then fold the counts ([`truth`]). A leaf over the whole part has no count until
//! the part ends; a tree that hangs on it is kept and judged then.

use crate::detect::confirm::Confirmer;
use crate::detect::keywords::{Hit, KeywordIndex};
use crate::detect::text::{back_chars, count_chars, forward_chars};
use crate::model::Evidence;
use crate::rule::RuleSet;
use crate::rule::ruleset::{DetectorId, Leaf, ListId, Node, ProbeId, What};
use crate::rule::syntax::Side;
use std::ops::Range;

/// The keyword hits of the window, found stretch by stretch when something near them is asked for.
///
/// Positions are kept from the beginning of the first stretch, so that nothing moves when the window drops its front.
#[derive(Debug, Default)]
pub(crate) struct Nearby {
    stretches: Vec<Stretch>,
    /// For each block of each stretch, the lists of the terms that begin in it.
    blocks: Vec<ListMask>,
    /// How many stretches are in use; those behind wait with their memory.
    used: usize,
    /// Bytes of the first stretch that the window dropped already.
    dropped: usize,
    asked: Asked,
}

/// The question that was answered last.
#[derive(Debug, Default)]
struct Asked {
    blocks: Range<usize>,
    /// Up to where the last block was searched.
    end: usize,
    lists: ListMask,
}

/// A stretch of text that is searched at once.
#[derive(Debug, Default)]
struct Stretch {
    /// Bytes that are searched.
    searched: usize,
    /// The terms that begin in it, in order.
    hits: Vec<Hit>,
}

const STRETCH_BYTES: usize = 1024;
/// Bytes of text whose terms share one set of lists.
const BLOCK_BYTES: usize = 128;
const STRETCH_BLOCKS: usize = STRETCH_BYTES / BLOCK_BYTES;

impl Nearby {
    /// Makes sure that all terms beginning in `range` are known. Costs next to nothing when they are.
    fn cover(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) {
        let end = range.end + self.dropped;
        let mut at = range.start + self.dropped;
        while at < end {
            let index = at / STRETCH_BYTES;
            let begin = index * STRETCH_BYTES;
            let next = begin + STRETCH_BYTES;
            if index >= self.used || self.stretches[index].searched < end.min(next) - begin {
                self.search(keywords, text, index, end);
            }
            at = next;
        }
    }

    /// Searches the rest of a stretch: all of it, or as far as the text shows whole terms, but at least to `end`.
    #[cold]
    fn search(&mut self, keywords: &KeywordIndex, text: &[u8], index: usize, end: usize) {
        while self.used <= index {
            self.add_stretch();
        }
        let begin = index * STRETCH_BYTES;
        let stretch = &mut self.stretches[index];
        // What stands before the window's text is asked for no more.
        let from = (begin + stretch.searched).max(self.dropped);
        let known = (text.len() + self.dropped).saturating_sub(keywords.reach());
        let to = end.max(known).min(begin + STRETCH_BYTES);
        let first = stretch.hits.len();
        keywords.find(text, from - self.dropped, to - self.dropped, &mut stretch.hits);
        for hit in &mut stretch.hits[first..] {
            hit.start += self.dropped;
            hit.end += self.dropped;
            self.blocks[hit.start / BLOCK_BYTES] |= list_bit(hit.list);
        }
        stretch.searched = to - begin;
        self.asked = Asked::default();
    }

    fn add_stretch(&mut self) {
        if self.used == self.stretches.len() {
            self.stretches.push(Stretch::default());
            self.blocks.resize(self.stretches.len() * STRETCH_BLOCKS, 0);
        }
        let stretch = &mut self.stretches[self.used];
        stretch.searched = 0;
        stretch.hits.clear();
        self.blocks[self.used * STRETCH_BLOCKS..][..STRETCH_BLOCKS].fill(0);
        self.used += 1;
    }

    /// The terms that stand wholly in `range`, which must be covered.
    pub(crate) fn within(&self, range: &Range<usize>) -> impl Iterator<Item = Hit> {
        let dropped = self.dropped;
        let (start, end) = (range.start + dropped, range.end + dropped);
        let first = (start / STRETCH_BYTES).min(self.used);
        let last = end.div_ceil(STRETCH_BYTES).min(self.used);
        self.stretches[first..last.max(first)]
            .iter()
            .flat_map(|stretch| &stretch.hits)
            .skip_while(move |hit| hit.start < start)
            .take_while(move |hit| hit.start < end)
            .filter(move |hit| hit.end <= end)
            .map(move |hit| Hit { start: hit.start - dropped, end: hit.end - dropped, ..*hit })
    }

    /// All terms that stand wholly in `range`.
    pub(crate) fn terms(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) -> Vec<Hit> {
        self.cover(keywords, text, range);
        self.within(range).collect()
    }

    /// The lists that may have a term in `range`, by the blocks it touches: a list that is not in the set has none.
    pub(crate) fn lists(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) -> ListMask {
        if range.is_empty() {
            return 0;
        }
        let first = (range.start + self.dropped) / BLOCK_BYTES;
        let last = (range.end + self.dropped).div_ceil(BLOCK_BYTES);
        if self.asked.blocks != (first..last) || self.asked.end < range.end {
            self.cover(keywords, text, range);
            let lists = self.blocks[first..last].iter().fold(0, |lists, block| lists | block);
            self.asked = Asked { blocks: first..last, end: range.end, lists };
        }
        self.asked.lists
    }

    /// False when it is certain that one of the sets that evidence needs has no term within so many characters of `span`.
    /// `ascii` says that the text is ASCII.
    pub(crate) fn may_support(
        &mut self,
        keywords: &KeywordIndex,
        text: &[u8],
        ascii: bool,
        span: &Range<usize>,
        within: u32,
        needs: &[ListMask],
    ) -> bool {
        if needs.is_empty() {
            return true;
        }
        let lists = self.lists(keywords, text, &around(text, span, within, ascii));
        needs.iter().all(|set| lists & set != 0)
    }

    /// The window dropped its first `bytes`.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.dropped += bytes;
        let gone = self.dropped / STRETCH_BYTES;
        self.dropped %= STRETCH_BYTES;
        if gone >= self.used {
            self.used = 0;
        } else if gone > 0 {
            self.stretches[..self.used].rotate_left(gone);
            self.blocks.copy_within(gone * STRETCH_BLOCKS..self.used * STRETCH_BLOCKS, 0);
            self.used -= gone;
            for stretch in &mut self.stretches[..self.used] {
                for hit in &mut stretch.hits {
                    hit.start -= gone * STRETCH_BYTES;
                    hit.end -= gone * STRETCH_BYTES;
                }
            }
        }
        self.asked = Asked::default();
    }

    /// A new part begins.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
        self.dropped = 0;
        self.asked = Asked::default();
    }
}

/// The stretch within so many characters of `span`, `span` included.
fn around(text: &[u8], span: &Range<usize>, within: u32, ascii: bool) -> Range<usize> {
    let within = within as usize;
    let start = span.start.saturating_sub(within);
    let end = span.end.saturating_add(within).min(text.len());
    // Most stretches of any text are ASCII, where characters are bytes.
    let before = ascii || text[start..span.start].is_ascii();
    let after = ascii || text[span.end..end].is_ascii();
    let start = if before { start } else { back_chars(text, span.start, within, false) };
    start..if after { end } else { forward_chars(text, span.end, within, false) }
}

/// All that a leaf can look at.
pub(crate) struct Scene<'a> {
    pub(crate) rules: &'a RuleSet,
    pub(crate) keywords: &'a KeywordIndex,
    pub(crate) confirmer: &'a Confirmer,
    /// The window's text.
    pub(crate) text: &'a [u8],
    /// True when the text is ASCII, so that characters are bytes.
    pub(crate) ascii: bool,
    /// The whole match.
    pub(crate) span: Range<usize>,
    /// The value in it.
    pub(crate) value: Range<usize>,
}

/// What the leaves of one tree found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// One for each leaf in the order of the tree; `None` for a leaf over the whole part.
    pub(crate) counts: Vec<Option<u32>>,
    /// The nearest support of each leaf that found some.
    pub(crate) evidence: Vec<Evidence>,
}

/// Occurrences of an expression or another detector that are counted for one leaf; more never matter.
const OCCURRENCES_MAX: usize = 64;

/// A set of keyword lists that may have more members than were put in: lists share its bits by turns.
pub(crate) type ListMask = u128;

/// The set with one list.
fn list_bit(list: ListId) -> ListMask {
    1 << (list.0 % ListMask::BITS)
}

/// What a tree needs at the least: from each of these sets, a term of one list near the match.
pub(crate) fn needs(node: &Node) -> Vec<ListMask> {
    match node {
        Node::All(nodes) => nodes.iter().flat_map(needs).collect(),
        Node::Any { nodes, min: 1.., .. } => {
            let mut either = 0;
            for node in nodes {
                match needs(node).first() {
                    Some(set) => either |= set,
                    None => return Vec::new(),
                }
            }
            vec![either]
        }
        Node::Leaf(Leaf { what: What::List(list), within: Some(_), min: 1.., .. }) => vec![list_bit(*list)],
        _ => Vec::new(),
    }
}

/// A quick look before anything is counted: fails when the keywords around the match alone rule the tree out.
pub(crate) fn glance(node: &Node, scene: &Scene<'_>, nearby: &mut Nearby) -> Truth {
    match node {
        Node::All(nodes) => fold_any(nodes, count_of(nodes), None, |node| glance(node, scene, nearby)),
        Node::Any { nodes, min, max } => fold_any(nodes, *min, *max, |node| glance(node, scene, nearby)),
        // What is not there now may be counted later: only a list without a hit is certain.
        Node::Not(_) => Truth::Open,
        Node::Leaf(leaf) => match (leaf.what, leaf.within) {
            (What::List(list), Some(within)) if leaf.min > 0 => {
                let range = scene.window(within);
                let near = nearby.lists(scene.keywords, scene.text, &range) & list_bit(list) != 0;
                if near && nearby.within(&range).any(|hit| hit.list == list) { Truth::Open } else { Truth::Fails }
            }
            _ => Truth::Open,
        },
    }
}

fn count_of(nodes: &[Node]) -> u32 {
    u32::try_from(nodes.len()).unwrap_or(u32::MAX)
}

/// Counts every leaf of a tree.
pub(crate) fn count(node: &Node, scene: &Scene<'_>, nearby: &mut Nearby, out: &mut Counts) {
    match node {
        Node::All(nodes) | Node::Any { nodes, .. } => {
            for node in nodes {
                count(node, scene, nearby, out);
            }
        }
        Node::Not(node) => count(node, scene, nearby, out),
        Node::Leaf(leaf) => {
            let Some(within) = leaf.within else {
                out.counts.push(None);
                return;
            };
            let found = scene.occurrences(leaf, within, nearby);
            let counted = if leaf.distinct { distinct(&found) } else { found.len() };
            out.counts.push(Some(u32::try_from(counted).unwrap_or(u32::MAX)));
            out.evidence.extend(scene.nearest(leaf, &found));
        }
    }
}

/// Something a leaf found: where, and what makes it different from others.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) span: Range<usize>,
    pub(crate) key: u64,
}

fn distinct(found: &[Occurrence]) -> usize {
    let mut keys: Vec<u64> = found.iter().map(|occurrence| occurrence.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

impl Scene<'_> {
    pub(crate) fn occurrences(&self, leaf: &Leaf, within: u32, nearby: &mut Nearby) -> Vec<Occurrence> {
        let range = self.window(within);
        let mut found = match leaf.what {
            What::List(list) => {
                if nearby.lists(self.keywords, self.text, &range) & list_bit(list) == 0 {
                    return Vec::new();
                }
                let hits = nearby.within(&range).filter(|hit| hit.list == list);
                hits.map(|hit| Occurrence { span: hit.start..hit.end, key: u64::from(hit.term) }).collect()
            }
            What::Probe(probe) => self.probe(probe, &range),
            What::Detector(detector) => self.detector(detector, &range),
        };
        found.retain(|occurrence| match leaf.side {
            Side::Before => occurrence.span.end <= self.value.start,
            Side::After => occurrence.span.start >= self.value.end,
            // What lies in the value itself supports nothing.
            Side::Both => occurrence.span.end <= self.value.start || occurrence.span.start >= self.value.end,
        });
        found
    }

    /// The stretch within so many characters of the match, match included.
    pub(crate) fn window(&self, within: u32) -> Range<usize> {
        around(self.text, &self.span, within, self.ascii)
    }

    fn probe(&self, probe: ProbeId, range: &Range<usize>) -> Vec<Occurrence> {
        let probe = &self.rules.probes[probe.index()];
        let holds = |text: &[u8]| {
            str::from_utf8(text).is_ok_and(|text| probe.validators.iter().all(|validator| validator.check.check(text)))
        };
        let slice = &self.text[range.clone()];
        probe
            .regex
            .find_iter(slice)
            .filter(|found| probe.validators.is_empty() || holds(found.as_bytes()))
            .take(OCCURRENCES_MAX)
            .map(|found| Occurrence {
                span: range.start + found.start()..range.start + found.end(),
                key: fingerprint(found.as_bytes()),
            })
            .collect()
    }

    /// Validated matches of another detector that stand wholly in `range`; its own evidence is not asked for.
    fn detector(&self, detector: DetectorId, range: &Range<usize>) -> Vec<Occurrence> {
        let mut found = Vec::new();
        for &primary in &self.rules.detectors[detector.index()].primaries {
            let mut at = range.start;
            while at < range.end && found.len() < OCCURRENCES_MAX {
                let Some(start) = self.confirmer.next_start(self.rules, primary, self.text, at, range.end) else {
                    break;
                };
                at = start + 1;
                let Some(raw) = self.confirmer.raw(self.rules, self.keywords, primary, self.text, start, None) else {
                    continue;
                };
                if raw.span.end > range.end {
                    continue;
                }
                if let Some(confirmed) = self.confirmer.judge(self.rules, primary, self.text, &raw) {
                    at = confirmed.span.end;
                    let key = fingerprint(&self.text[confirmed.value.clone()]);
                    found.push(Occurrence { span: confirmed.value, key });
                }
            }
        }
        found
    }

    /// The nearest of a leaf's occurrences.
    fn nearest(&self, leaf: &Leaf, found: &[Occurrence]) -> Option<Evidence> {
        let nearest = found.iter().min_by_key(|occurrence| self.gap(&occurrence.span).len())?;
        Some(Evidence {
            name: leaf.label.clone(),
            distance: Some(self.distance(&nearest.span)),
            before: nearest.span.start < self.value.start,
        })
    }

    /// What lies between a support and the match.
    pub(crate) fn gap(&self, support: &Range<usize>) -> Range<usize> {
        if support.end <= self.span.start {
            support.end..self.span.start
        } else {
            self.span.end..support.start.max(self.span.end)
        }
    }

    /// Characters between a support and the match.
    pub(crate) fn distance(&self, support: &Range<usize>) -> u32 {
        self.chars(self.gap(support))
    }

    /// How far one must look from the match to see a support whole, in characters.
    pub(crate) fn reach(&self, support: &Range<usize>) -> u32 {
        let before = self.chars(support.start.min(self.span.start)..self.span.start);
        before.max(self.chars(self.span.end..support.end.max(self.span.end)))
    }

    fn chars(&self, range: Range<usize>) -> u32 {
        u32::try_from(count_chars(&self.text[range], self.ascii)).unwrap_or(u32::MAX)
    }
}

/// What a tree says while some counts are still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Holds,
    Fails,
    /// It hangs on the whole part.
    Open,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Holds } else { Truth::Fails }
    }
}

/// Folds the counts of a tree's leaves, which `counts` gives in the order of the tree.
pub(crate) fn truth(node: &Node, counts: &mut dyn Iterator<Item = Option<u32>>) -> Truth {
    match node {
        Node::All(nodes) => fold_any(nodes, count_of(nodes), None, |node| truth(node, counts)),
        Node::Any { nodes, min, max } => fold_any(nodes, *min, *max, |node| truth(node, counts)),
        Node::Not(node) => match truth(node, counts) {
            Truth::Holds => Truth::Fails,
            Truth::Fails => Truth::Holds,
            Truth::Open => Truth::Open,
        },
        Node::Leaf(leaf) => match counts.next().flatten() {
            None => Truth::Open,
            Some(count) => Truth::from(count >= leaf.min && leaf.max.is_none_or(|max| count <= max)),
        },
    }
}

/// Whether between `min` and `max` of the nodes hold; every node is asked, so that the counts stay in step.
fn fold_any(nodes: &[Node], min: u32, max: Option<u32>, mut ask: impl FnMut(&Node) -> Truth) -> Truth {
    let (mut holds, mut open) = (0_u32, 0_u32);
    for node in nodes {
        match ask(node) {
            Truth::Holds => holds += 1,
            Truth::Open => open += 1,
            Truth::Fails => {}
        }
    }
    let possible = holds + open;
    if possible < min || max.is_some_and(|max| holds > max) {
        Truth::Fails
    } else if holds >= min && max.is_none_or(|max| possible <= max) {
        Truth::Holds
    } else {
        Truth::Open
    }
}

/// The leaves of a tree, in its order.
pub(crate) fn leaves<'a>(node: &'a Node, out: &mut Vec<&'a Leaf>) {
    match node {
        Node::All(nodes) | Node::Any { nodes, .. } => nodes.iter().for_each(|node| leaves(node, out)),
        Node::Not(node) => leaves(node, out),
        Node::Leaf(leaf) => out.push(leaf),
    }
}

/// FNV-1a: tells values of one window apart, never leaves it.
pub(crate) fn fingerprint(text: &[u8]) -> u64 {
    text.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01B3)
    })
}
