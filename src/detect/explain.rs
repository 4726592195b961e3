//! Why and why not: every step of one detector over a short text, for `rules explain`, `rules test` and their authors.
//!
//! It asks the same functions as a scan, without the candidate search: what it says is what a scan does. All matches are
//! found first, which is cheap; only those that shall be shown are explained, and what must be looked for in the whole
//! text is looked for once.

mod whole;

use super::Matcher;
use super::confirm::{self, Confirmed, Raw};
use super::evidence::{self, Counts, Nearby, Scene, Truth};
use super::window::Window;
use crate::model::{Confidence, Evidence};
use crate::rule::ruleset::{DetectorId, Leaf, Node, PrimaryId, Validator};
use crate::rule::syntax::{Miss, Side};
use crate::rule::validate::Value;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use whole::WholeText;

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

/// The matches of one detector in a text.
#[derive(Debug)]
pub struct Explanation {
    /// The first of them, explained.
    pub shown: Vec<Explained>,
    /// How many there are.
    pub total: usize,
    /// How often the whole text was searched for evidence: at most once for each thing looked for.
    pub searches: usize,
}

/// A match that may be explained.
struct Spotted {
    primary: PrimaryId,
    /// Where the match begins, in bytes of the window.
    at: usize,
    /// The value, in characters of the text.
    value: Range<u64>,
}

impl Matcher {
    /// Matches of one detector's shapes in a text, with what became of them: those whose value touches one of `places`
    /// (characters; in order, none touching another), or all, and of these the first `max`.
    #[must_use]
    pub fn explain(&self, id: DetectorId, text: &str, places: Option<&[Range<u64>]>, max: usize) -> Explanation {
        let mut window = Window::new();
        window.push(text, None);
        window.finish();
        let (spotted, total) = self.spot(id, &window, places, max);
        let mut whole = WholeText::new(self, window.text());
        let shown: Vec<Explained> =
            spotted.iter().filter_map(|spotted| self.explain_match(id, spotted, &window, &mut whole)).collect();
        Explanation { shown, total, searches: whole.searches() }
    }

    /// The first `max` matches in order of their values, and how many there are.
    fn spot(
        &self,
        id: DetectorId,
        window: &Window,
        places: Option<&[Range<u64>]>,
        max: usize,
    ) -> (Vec<Spotted>, usize) {
        let mut spotted: Vec<Spotted> = Vec::new();
        let mut total = 0;
        let cut = |spotted: &mut Vec<Spotted>| {
            spotted.sort_by_key(|spotted| spotted.value.start);
            spotted.truncate(max);
        };
        for &primary in &self.rules.detectors[id.index()].primaries {
            self.each_match(primary, window.text(), |raw, _| {
                let value = self.value_of(primary, raw);
                let value = window.start_position(value.start).chars..window.end_position(value.end).chars;
                if places.is_none_or(|places| touches(places, &value)) {
                    total += 1;
                    spotted.push(Spotted { primary, at: raw.span.start, value });
                }
                if spotted.len() >= max.saturating_mul(2).max(1024) {
                    cut(&mut spotted);
                }
            });
        }
        cut(&mut spotted);
        (spotted, total)
    }

    /// Calls `see` with every match of a shape as a scan takes them: what is refused consumes nothing.
    fn each_match(&self, primary: PrimaryId, hay: &[u8], mut see: impl FnMut(&Raw, &Option<Confirmed>)) {
        let mut start = 0;
        while start < hay.len() {
            let Some(raw) = self.confirmer.raw(&self.rules, &self.keywords, primary, hay, start, None) else {
                start += 1;
                continue;
            };
            let judged = self.confirmer.judge(&self.rules, primary, hay, &raw);
            start = if judged.is_some() { raw.span.end } else { start + 1 };
            see(&raw, &judged);
        }
    }

    fn value_of(&self, primary: PrimaryId, raw: &Raw) -> Range<usize> {
        confirm::value_span(&self.rules.primaries[primary.index()], raw).unwrap_or_else(|| raw.span.clone())
    }

    fn explain_match(
        &self,
        id: DetectorId,
        spotted: &Spotted,
        window: &Window,
        whole: &mut WholeText<'_>,
    ) -> Option<Explained> {
        let primary = spotted.primary;
        let raw = &self.confirmer.raw(&self.rules, &self.keywords, primary, window.text(), spotted.at, None)?;
        let hay = window.text();
        let detector = &self.rules.detectors[id.index()];
        let rule = &self.rules.primaries[primary.index()];
        let value = self.value_of(primary, raw);
        let text = String::from_utf8_lossy(&hay[value.clone()]).into_owned();
        let stands = self.confirmer.judge(&self.rules, primary, hay, raw).is_some();
        let refused = confirm::refusal(&self.rules, primary, hay, raw);
        let scene = Scene {
            rules: &self.rules,
            keywords: &self.keywords,
            confirmer: &self.confirmer,
            text: hay,
            ascii: window.is_ascii(),
            span: raw.span.clone(),
            value: value.clone(),
        };
        let seen = Value::new(&text);
        let mut own_miss = None;
        let tiers: Vec<TierExplained> = detector
            .tiers
            .iter()
            .map(|tier| {
                let mut leaves = Vec::new();
                let supported = tier.evidence.as_ref().is_none_or(|tree| scene.explain_tree(tree, whole, &mut leaves));
                let own = confirm::tier_possible(tier, detector, primary, hay, raw, &seen).err();
                own_miss = own.or(own_miss);
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
        Some(Explained {
            value: text,
            start: spotted.value.start,
            end: spotted.value.end,
            primary: rule.id.clone(),
            miss: if stands { None } else { refused.or(own_miss).or(Some(Miss::Shape)) },
            validators,
            tiers,
            reached,
        })
    }
}

/// True when a stretch shares a character with one of some places that stand in order.
fn touches(places: &[Range<u64>], stretch: &Range<u64>) -> bool {
    let first = places.partition_point(|place| place.end <= stretch.start);
    places.get(first).is_some_and(|place| place.start < stretch.end)
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
    fn explain_tree(&self, tree: &Node, whole: &mut WholeText<'_>, out: &mut Vec<LeafExplained>) -> bool {
        let mut leaves: Vec<&Leaf> = Vec::new();
        evidence::leaves(tree, &mut leaves);
        let mut counts = Vec::new();
        for leaf in leaves {
            let (found, near) = match leaf.within {
                Some(within) => self.count_near(leaf, within),
                None => (whole.count(leaf), None),
            };
            counts.push(Some(found));
            out.push(LeafExplained {
                label: leaf.label.clone(),
                within: leaf.within,
                side: leaf.side,
                bounds: (leaf.min, leaf.max),
                found,
                nearest: near.or_else(|| whole.nearest(leaf, self)),
            });
        }
        evidence::truth(tree, &mut counts.into_iter()) == Truth::Holds
    }

    /// What a leaf finds within so many characters, and the nearest of it.
    fn count_near(&self, leaf: &Leaf, within: u32) -> (u32, Option<Evidence>) {
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
        let found = counts.counts.first().copied().flatten().unwrap_or(0);
        (found, counts.evidence.into_iter().next())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{self, Options, Select};

    fn matcher(id: &str) -> (Matcher, DetectorId) {
        let select = Select { only: vec![id.to_owned()], tags: Vec::new() };
        let loaded = rule::load(&Options { select, ..Options::default() }).expect("the built-in rules load");
        let found = (0..).map(DetectorId).zip(&loaded.rules.detectors).find(|(_, detector)| *detector.id == *id);
        let (id, _) = found.expect("it was asked for");
        (Matcher::new(Arc::new(loaded.rules)), id)
    }

    #[test]
    fn a_long_text_is_searched_once_and_little_of_it_explained() {
        let (matcher, id) = matcher("card.payment");
        let mut leaves = Vec::new();
        for tier in &matcher.rules.detectors[id.index()].tiers {
            tier.evidence.iter().for_each(|tree| evidence::leaves(tree, &mut leaves));
        }
        let looked_for: std::collections::HashSet<_> = leaves.iter().map(|leaf| leaf.what).collect();
        for (text, total) in
            [("4556 7375 8689 9854, ".repeat(2000), 2000), ("4556 7375 8689 9855; ".repeat(2000), 2000)]
        {
            let explanation = matcher.explain(id, &text, None, 50);
            assert_eq!((explanation.shown.len(), explanation.total), (50, total));
            assert!(explanation.searches <= looked_for.len(), "{} searches", explanation.searches);
        }
    }

    #[test]
    fn the_first_matches_are_those_of_all_matches() {
        let (matcher, id) = matcher("card.payment");
        let text =
            "card 4556 7375 8689 9855 and 4556737586899854 of Ünal: 4556-7375-8689-9855, 378282246310005 ".repeat(8);
        let all = matcher.explain(id, &text, None, usize::MAX);
        assert!(all.shown.len() >= 24 && all.total == all.shown.len());
        for max in [0, 1, 3, 7, all.total, all.total + 1] {
            let some = matcher.explain(id, &text, None, max);
            assert_eq!((some.total, some.shown.len()), (all.total, max.min(all.total)));
            assert_eq!(format!("{:?}", some.shown), format!("{:?}", &all.shown[..some.shown.len()]));
        }
        let (place, next) = (5..6, 29..30);
        let nowhere = 0..5;
        for (places, want) in [(vec![place.clone()], 1), (vec![place, next], 2), (vec![nowhere], 0), (vec![], 0)] {
            assert_eq!(matcher.explain(id, &text, Some(&places), 9).total, want, "{places:?}");
        }
    }
}
