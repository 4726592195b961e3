//! Evidence: what stands near a confirmed match, and whether a tier's tree holds.
//!
//! Keywords are looked for only in the windows of confirmed matches, each stretch of text once ([`Nearby`]). A tree is
//! judged in two steps: count every leaf, then fold the counts ([`truth`]). A leaf over the whole part has no count until
//! the part ends; a tree that hangs on it is kept and judged then.

use crate::detect::confirm::{self, Confirmer};
use crate::detect::keywords::{Hit, KeywordIndex};
use crate::detect::text::{back_chars, count_chars, forward_chars};
use crate::model::Evidence;
use crate::rule::RuleSet;
use crate::rule::ruleset::{DetectorId, Leaf, ListId, Node, ProbeId, What};
use crate::rule::syntax::Side;
use std::ops::Range;

/// The keyword hits of a moving stretch of the window.
#[derive(Debug, Default)]
pub(crate) struct Nearby {
    hits: Vec<Hit>,
    covered: Range<usize>,
    /// The stretch asked about last, and the lists in it.
    asked: (Range<usize>, ListMask),
}

impl Nearby {
    /// Makes sure that all terms beginning in `range` are known. Ranges come in rising order, mostly overlapping.
    fn cover(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) {
        if range.start < self.covered.start || range.start > self.covered.end {
            self.hits.clear();
            self.covered = range.start..range.start;
        }
        if range.end > self.covered.end {
            keywords.find(text, self.covered.end, range.end, &mut self.hits);
            self.covered.end = range.end;
        }
    }

    /// The terms that stand wholly in `range`, which must be covered.
    pub(crate) fn within(&self, range: &Range<usize>) -> impl Iterator<Item = &Hit> {
        let first = self.hits.partition_point(|hit| hit.start < range.start);
        let (start, end) = (range.start, range.end);
        self.hits[first..]
            .iter()
            .take_while(move |hit| hit.start < end)
            .filter(move |hit| hit.start >= start && hit.end <= end)
    }

    /// All terms that stand wholly in `range`.
    pub(crate) fn terms(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) -> Vec<Hit> {
        self.cover(keywords, text, range);
        self.within(range).copied().collect()
    }

    /// The lists with a term that stands wholly in `range`. Asked again for the same stretch, it costs nothing.
    pub(crate) fn lists(&mut self, keywords: &KeywordIndex, text: &[u8], range: &Range<usize>) -> ListMask {
        if self.asked.0 != *range {
            self.cover(keywords, text, range);
            self.asked = (range.clone(), self.within(range).fold(0, |lists, hit| lists | list_bit(hit.list)));
        }
        self.asked.1
    }

    /// The window dropped its first `bytes`.
    pub(crate) fn shift(&mut self, bytes: usize) {
        self.hits.retain(|hit| hit.start >= bytes);
        for hit in &mut self.hits {
            hit.start -= bytes;
            hit.end -= bytes;
        }
        self.covered = self.covered.start.saturating_sub(bytes)..self.covered.end.saturating_sub(bytes);
        self.asked = (0..0, 0);
    }

    /// A new part begins.
    pub(crate) fn clear(&mut self) {
        self.hits.clear();
        self.covered = 0..0;
        self.asked = (0..0, 0);
    }
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

/// A set of keyword lists, by their index; lists from 128 on are in no set.
pub(crate) type ListMask = u128;

/// The set with one list.
fn list_bit(list: ListId) -> ListMask {
    1_u128.checked_shl(list.0).unwrap_or(0)
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
        Node::Leaf(Leaf { what: What::List(list), within: Some(_), min: 1.., .. }) if list_bit(*list) != 0 => {
            vec![list_bit(*list)]
        }
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
                nearby.cover(scene.keywords, scene.text, &range);
                if nearby.within(&range).any(|hit| hit.list == list) { Truth::Open } else { Truth::Fails }
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
struct Occurrence {
    span: Range<usize>,
    key: u64,
}

fn distinct(found: &[Occurrence]) -> usize {
    let mut keys: Vec<u64> = found.iter().map(|occurrence| occurrence.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

impl Scene<'_> {
    fn occurrences(&self, leaf: &Leaf, within: u32, nearby: &mut Nearby) -> Vec<Occurrence> {
        let range = self.window(within);
        let mut found = match leaf.what {
            What::List(list) => {
                nearby.cover(self.keywords, self.text, &range);
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
        let within = within as usize;
        back_chars(self.text, self.span.start, within, self.ascii)
            ..forward_chars(self.text, self.span.end, within, self.ascii)
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
                if let Ok(confirmed) = confirm::judge(self.rules, primary, self.text, &raw) {
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
        let gap = |occurrence: &Occurrence| {
            if occurrence.span.end <= self.span.start {
                occurrence.span.end..self.span.start
            } else {
                self.span.end..occurrence.span.start.max(self.span.end)
            }
        };
        let nearest = found.iter().min_by_key(|occurrence| gap(occurrence).len())?;
        let distance = count_chars(&self.text[gap(nearest)], self.ascii);
        Some(Evidence {
            name: leaf.label.clone(),
            distance: Some(u32::try_from(distance).unwrap_or(u32::MAX)),
            before: nearest.span.start < self.value.start,
        })
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
