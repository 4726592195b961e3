//! Why and why not: every step of one detector over a short text, for `rules explain`, `rules test` and their authors.
//!
//! It asks the same functions as a scan, without the candidate search: what it says is what a scan does.

use super::Matcher;
use super::confirm::{self, Raw};
use super::evidence::{self, Counts, Nearby, Scene, Truth};
use super::window::Window;
use crate::model::{Confidence, Evidence};
use crate::rule::ruleset::{DetectorId, Leaf, Node, Validator};
use crate::rule::syntax::{Miss, Side};
use std::fmt;
use std::sync::Arc;

/// One place where a shape of the detector matches, and what became of it.
///
/// It holds the value as the author typed it; only an answer to that author may show it, so `Debug` leaves it out.
#[derive(Clone)]
pub struct Explained {
    /// The value, normalised.
    pub value: String,
    /// First character of the value in the text.
    pub start: u64,
    /// Character after the last.
    pub end: u64,
    /// The shape's name.
    pub primary: Arc<str>,
    /// Why the match was refused, if it was.
    pub miss: Option<Miss>,
    /// The detector's validators: name, passed, steps.
    pub validators: Vec<(Arc<str>, bool, Vec<String>)>,
    /// Each tier, best first.
    pub tiers: Vec<TierExplained>,
    /// Index of the tier that it reaches.
    pub reached: Option<usize>,
}

impl fmt::Debug for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explained")
            .field("start", &self.start)
            .field("end", &self.end)
            .field("primary", &self.primary)
            .field("miss", &self.miss)
            .field("tiers", &self.tiers)
            .field("reached", &self.reached)
            .finish_non_exhaustive()
    }
}

/// One tier's answer.
#[derive(Clone, Debug)]
pub struct TierExplained {
    /// The tier's name.
    pub name: Arc<str>,
    /// Its confidence.
    pub confidence: Confidence,
    /// Why it does not hold; `None` when it does.
    pub miss: Option<Miss>,
    /// The tier's own validators: name, passed.
    pub validators: Vec<(Arc<str>, bool)>,
    /// What its evidence asks for, and what was found.
    pub leaves: Vec<LeafExplained>,
}

/// One thing a tier looks for near the match.
#[derive(Clone, Debug)]
pub struct LeafExplained {
    /// What is looked for.
    pub label: Arc<str>,
    /// Characters from the match; `None` for anywhere in the part.
    pub within: Option<u32>,
    /// Which side.
    pub side: Side,
    /// Fewest and most occurrences.
    pub bounds: (u32, Option<u32>),
    /// How many were found.
    pub found: u32,
    /// The nearest one in the whole text, also when it is too far away.
    pub nearest: Option<Evidence>,
}

impl Matcher {
    /// Every match of one detector's shapes in a short text, with what became of it.
    #[must_use]
    pub fn explain(&self, id: DetectorId, text: &str) -> Vec<Explained> {
        let mut window = Window::new();
        window.push(text, None);
        window.finish();
        let hay = window.text();
        let detector = &self.rules.detectors[id.index()];
        let mut all = Vec::new();
        for &primary in &detector.primaries {
            let mut start = 0;
            while start < hay.len() {
                let Some(raw) = self.confirmer.raw(&self.rules, &self.keywords, primary, hay, start, None) else {
                    start += 1;
                    continue;
                };
                let explained = self.explain_match(id, primary, &window, &raw);
                start = if explained.miss.is_none() { raw.span.end } else { start + 1 };
                all.push(explained);
            }
        }
        all.sort_by_key(|explained| explained.start);
        all
    }

    fn explain_match(
        &self,
        id: DetectorId,
        primary: crate::rule::ruleset::PrimaryId,
        window: &Window,
        raw: &Raw,
    ) -> Explained {
        let hay = window.text();
        let detector = &self.rules.detectors[id.index()];
        let rule = &self.rules.primaries[primary.index()];
        let value = confirm::value_span(rule, raw).unwrap_or_else(|| raw.span.clone());
        let text = String::from_utf8_lossy(&hay[value.clone()]).into_owned();
        let judged = confirm::judge(&self.rules, primary, hay, raw);
        let refused = confirm::admit(&self.rules, primary, hay, raw).err();
        let scene = Scene {
            rules: &self.rules,
            keywords: &self.keywords,
            confirmer: &self.confirmer,
            text: hay,
            ascii: window.is_ascii(),
            span: raw.span.clone(),
            value: value.clone(),
        };
        let tiers: Vec<TierExplained> = detector
            .tiers
            .iter()
            .map(|tier| {
                let mut leaves = Vec::new();
                let supported = tier.evidence.as_ref().is_none_or(|tree| scene.explain_tree(tree, &mut leaves));
                let own = confirm::tier_possible(tier, detector, primary, hay, raw, &text).err();
                TierExplained {
                    name: tier.name.clone(),
                    confidence: tier.confidence,
                    // A refusal of the whole match says why; otherwise the tier's own reason, then its evidence.
                    miss: refused.or(own).or((!supported).then_some(Miss::Evidence)),
                    validators: outcomes(&tier.validators, raw, hay, &text),
                    leaves,
                }
            })
            .collect();
        let reached = tiers.iter().position(|tier| tier.miss.is_none());
        let validators = detector
            .validators
            .iter()
            .map(|validator| {
                let seen = seen_by(validator, raw, hay, &text);
                (validator.name.clone(), validator.check.check(&seen), validator.check.trace(&seen))
            })
            .collect();
        Explained {
            value: text,
            start: window.start_position(value.start).chars,
            end: window.end_position(value.end).chars,
            primary: rule.id.clone(),
            miss: judged.err(),
            validators,
            tiers,
            reached,
        }
    }
}

fn seen_by(validator: &Validator, raw: &Raw, hay: &[u8], value: &str) -> String {
    let group = validator.group.and_then(|group| raw.groups.get(group).cloned().flatten());
    group.map_or_else(|| value.to_owned(), |span| String::from_utf8_lossy(&hay[span]).into_owned())
}

fn outcomes(validators: &[Validator], raw: &Raw, hay: &[u8], value: &str) -> Vec<(Arc<str>, bool)> {
    validators
        .iter()
        .map(|validator| (validator.name.clone(), validator.check.check(&seen_by(validator, raw, hay, value))))
        .collect()
}

impl Scene<'_> {
    /// Whether a tree holds over a text that is a whole part, and what each leaf found.
    fn explain_tree(&self, tree: &Node, out: &mut Vec<LeafExplained>) -> bool {
        let mut leaves: Vec<&Leaf> = Vec::new();
        evidence::leaves(tree, &mut leaves);
        let mut counts = Vec::new();
        for leaf in leaves {
            // The whole text is the whole part.
            let within = leaf.within.unwrap_or(u32::MAX);
            let counted = self.count_leaf(leaf, within);
            let anywhere = self.count_leaf(leaf, u32::MAX);
            let found = counted.counts.first().copied().flatten().unwrap_or(0);
            counts.push(Some(found));
            out.push(LeafExplained {
                label: leaf.label.clone(),
                within: leaf.within,
                side: leaf.side,
                bounds: (leaf.min, leaf.max),
                found,
                nearest: anywhere.evidence.into_iter().next(),
            });
        }
        evidence::truth(tree, &mut counts.into_iter()) == Truth::Holds
    }

    fn count_leaf(&self, leaf: &Leaf, within: u32) -> Counts {
        let mut counts = Counts::default();
        let asked = Node::Leaf(Leaf {
            what: leaf.what,
            within: Some(within),
            side: leaf.side,
            min: leaf.min,
            max: leaf.max,
            distinct: leaf.distinct,
            label: leaf.label.clone(),
        });
        evidence::count(&asked, self, &mut Nearby::default(), &mut counts);
        counts
    }
}

/// The text as the matcher sees it, for tests of normalising through the window.
#[cfg(test)]
pub(crate) fn normalised(pieces: &[&str]) -> (Vec<u8>, Vec<u64>) {
    let mut window = Window::new();
    window.reset(Some(super::window::RawLength::utf8()));
    let mut raw = 0;
    for piece in pieces {
        window.push(piece, Some(raw));
        raw += piece.len() as u64;
    }
    window.finish();
    let starts = (0..=window.text().len()).map(|at| window.start_position(at).raw).collect();
    (window.text().to_vec(), starts)
}
