//! What evidence finds in the whole of a text, looked for once however many matches ask.
//!
//! It counts what a scan counts over a whole part, and tells how far the nearest occurrence stands when none is near enough.

use crate::detect::Matcher;
use crate::detect::evidence::{Scene, fingerprint};
use crate::detect::keywords::Hit;
use crate::detect::text::count_chars;
use crate::model::Evidence;
use crate::rule::ruleset::{DetectorId, Leaf, ProbeId, What};
use crate::rule::syntax::Side;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Where something stands, and what makes it different from others.
type Occurrence = (Range<usize>, u64);

/// A text and what was found in it so far.
pub(super) struct WholeText<'a> {
    matcher: &'a Matcher,
    text: &'a [u8],
    terms: Option<Vec<Hit>>,
    found: HashMap<What, Vec<Occurrence>>,
}

impl<'a> WholeText<'a> {
    pub(super) fn new(matcher: &'a Matcher, text: &'a [u8]) -> Self {
        Self { matcher, text, terms: None, found: HashMap::new() }
    }

    /// How often the text was searched.
    pub(super) fn searches(&self) -> usize {
        self.found.len()
    }

    /// How often, or how differently, a leaf's thing occurs.
    pub(super) fn count(&mut self, leaf: &Leaf) -> u32 {
        let found = self.occurrences(leaf.what);
        let count =
            if leaf.distinct { found.iter().map(|(_, key)| key).collect::<HashSet<_>>().len() } else { found.len() };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The occurrence nearest to a match, on the side that the leaf asks for.
    pub(super) fn nearest(&mut self, leaf: &Leaf, scene: &Scene<'_>) -> Option<Evidence> {
        let (value, span) = (&scene.value, &scene.span);
        let before = |found: &Range<usize>| found.end <= value.start;
        let after = |found: &Range<usize>| found.start >= value.end;
        let asked = |found: &Range<usize>| match leaf.side {
            Side::Before => before(found),
            Side::After => after(found),
            Side::Both => before(found) || after(found),
        };
        let gap = |found: &Range<usize>| {
            if found.end <= span.start { found.end..span.start } else { span.end..found.start.max(span.end) }
        };
        let found = self.occurrences(leaf.what).iter().map(|(found, _)| found);
        let nearest = found.filter(|found| asked(found)).min_by_key(|found| gap(found).len())?;
        let distance = count_chars(&scene.text[gap(nearest)], scene.ascii);
        Some(Evidence {
            name: leaf.label.clone(),
            distance: Some(u32::try_from(distance).unwrap_or(u32::MAX)),
            before: nearest.start < value.start,
        })
    }

    fn occurrences(&mut self, what: What) -> &[Occurrence] {
        if !self.found.contains_key(&what) {
            let found = match what {
                What::List(list) => {
                    let hits = self.terms().iter().filter(|hit| hit.list == list);
                    hits.map(|hit| (hit.start..hit.end, u64::from(hit.term))).collect()
                }
                What::Probe(probe) => self.probe(probe),
                What::Detector(detector) => self.detector(detector),
            };
            self.found.insert(what, found);
        }
        self.found.get(&what).map_or(&[], Vec::as_slice)
    }

    /// Every term of every list.
    fn terms(&mut self) -> &[Hit] {
        self.terms.get_or_insert_with(|| {
            let mut hits = Vec::new();
            self.matcher.keywords.find(self.text, 0, self.text.len(), &mut hits);
            hits
        })
    }

    fn probe(&self, probe: ProbeId) -> Vec<Occurrence> {
        let probe = &self.matcher.rules.probes[probe.index()];
        let holds = |text: &[u8]| {
            str::from_utf8(text).is_ok_and(|text| probe.validators.iter().all(|validator| validator.check.check(text)))
        };
        let found = probe.regex.find_iter(self.text);
        let found = found.filter(|found| probe.validators.is_empty() || holds(found.as_bytes()));
        found.map(|found| (found.range(), fingerprint(found.as_bytes()))).collect()
    }

    fn detector(&self, detector: DetectorId) -> Vec<Occurrence> {
        let mut found = Vec::new();
        for &primary in &self.matcher.rules.detectors[detector.index()].primaries {
            self.matcher.each_match(primary, self.text, |_, judged| {
                if let Some(confirmed) = judged {
                    found.push((confirmed.value.clone(), fingerprint(&self.text[confirmed.value.clone()])));
                }
            });
        }
        found
    }
}
