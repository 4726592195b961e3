//! What each rule costs a scan: how its candidates are found, how many are expected, and how many a text really gave.
//!
//! Looking at a byte costs the same however many rules there are; a rule costs by the places at which it has to be asked.
//! So a price is that number, known from counts over ordinary text, times what one place costs in the rule's lane.

use crate::detect::{Cost, Lane, Matcher};
use crate::rule::ruleset::PrimaryId;

/// Bytes in the megabyte that rates are given for.
const MEGABYTE: f64 = 1e6;

/// What one place costs in a lane, in nanoseconds: rounded from single rules (`benches/foreign.tsv`) over generated text,
/// on one core of a server of 2024. Another machine differs, by half and more; so does one rule from another of its lane.
#[must_use]
pub fn place_nanoseconds(lane: Lane) -> f64 {
    match lane {
        // A walk through an automaton, of some bytes. Most places are told without one since this was measured, so it is
        // rather too much.
        Lane::Shape => 30.0,
        // A comparison with the literal, and the beginnings before it.
        Lane::Literal => 100.0,
        // Walks of a byte or two, and where they are longer one pass for all.
        Lane::Residual => 6.0,
        // An engine of its own, at every byte.
        Lane::Search => 2.0,
    }
}

/// What makes a rule of a dear lane cheap; `None` for the cheap lanes.
#[must_use]
pub fn hint(lane: Lane) -> Option<&'static str> {
    match lane {
        Lane::Shape | Lane::Literal => None,
        Lane::Residual => Some(
            "most text looks like its beginning; what helps: a fixed beginning, a rarer literal in every match, an edge",
        ),
        Lane::Search => Some(
            "too large to be looked for with the others; what helps: shorter repeats, a rare literal in every match",
        ),
    }
}

/// One rule and its cost.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleCost {
    /// The detector's id.
    pub detector: String,
    /// The shape's name within the detector.
    pub primary: String,
    /// The lane that finds its candidates.
    pub lane: Lane,
    /// Ways that its matches can begin, or literals of which one is in every match.
    pub anchors: usize,
    /// Places expected in a megabyte of ordinary text at which the rule is asked.
    pub places: f64,
    /// Estimated price in nanoseconds a byte.
    pub nanoseconds: f64,
    /// Places in a megabyte of the measured text that the search named for it.
    pub candidates: Option<f64>,
}

/// How many candidates texts gave, by rule.
#[derive(Clone, Debug)]
pub struct Measured {
    bytes: u64,
    nominations: Vec<u64>,
}

impl Measured {
    /// Nothing yet.
    #[must_use]
    pub fn new(matcher: &Matcher) -> Self {
        Self { bytes: 0, nominations: vec![0; matcher.rules().primaries.len()] }
    }

    /// Counts the candidates in one more text.
    pub fn add(&mut self, matcher: &Matcher, text: &[u8]) {
        self.bytes += text.len() as u64;
        for (sum, count) in self.nominations.iter_mut().zip(matcher.nominations(text)) {
            *sum += count;
        }
    }

    /// Bytes of the texts so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Candidates of a rule in a megabyte.
    fn candidates(&self, primary: PrimaryId) -> f64 {
        float(self.nominations[primary.index()]) * MEGABYTE / float(self.bytes.max(1))
    }
}

/// The nearest floating-point number: rates for people need no more than its 53 bits.
fn float(count: u64) -> f64 {
    count as f64
}

/// The cost of every rule, dearest first; rules of one price in the order of their ids.
#[must_use]
pub fn costs(matcher: &Matcher, measured: Option<&Measured>) -> Vec<RuleCost> {
    let rules = matcher.rules();
    let mut costs: Vec<RuleCost> = (0..)
        .map(PrimaryId)
        .zip(&rules.primaries)
        .map(|(id, primary)| {
            let Cost { lane, anchors, places_per_megabyte } = matcher.cost(id);
            // Each anchor counts its own places; there are no more than bytes.
            let places = if lane == Lane::Search { MEGABYTE } else { places_per_megabyte.min(MEGABYTE) };
            RuleCost {
                detector: rules.detectors[primary.detector.index()].id.to_string(),
                primary: primary.id.to_string(),
                lane,
                anchors,
                places,
                nanoseconds: places * place_nanoseconds(lane) / MEGABYTE,
                candidates: measured.map(|measured| measured.candidates(id)),
            }
        })
        .collect();
    costs.sort_by(|this, other| other.nanoseconds.total_cmp(&this.nanoseconds));
    costs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;
    use std::sync::Arc;

    /// A matcher of one detector for each shape, with its edges.
    fn matcher(shapes: &[(&str, &str)]) -> Matcher {
        let folder = tempfile::tempdir().expect("a folder");
        let detector = |(at, (regex, edges)): (usize, &(&str, &str))| {
            format!(
                "[[detector]]\nid = 'a.r{at}'\nname = 'n'\nedges = '{edges}'\n[[detector.primary]]\nregex = '{regex}'\n\
                 [[detector.tier]]\nname = 'low'\nconfidence = 65\n"
            )
        };
        let text: String = shapes.iter().enumerate().map(detector).collect();
        let path = folder.path().join("rules.toml");
        std::fs::write(&path, format!("schema = 1\n{text}")).expect("written");
        let options = rule::Options { builtin: false, paths: vec![path], ..rule::Options::default() };
        Matcher::new(Arc::new(rule::load(&options).expect("the test's rules load").rules))
    }

    #[test]
    fn dear_shapes_come_first_and_have_a_hint() {
        let matcher = matcher(&[
            ("BDG-[0-9]{6}", "word"),
            (r"\d{3}-\d{2}-\d{4}", "word"),
            ("[a-z]{2,20}", "none"),
            (r"\d{9}", "none"),
        ]);
        let costs = costs(&matcher, None);
        let order: Vec<&str> = costs.iter().map(|cost| &*cost.detector).collect();
        assert_eq!((order[0], order.len()), ("a.r2", 4));
        assert!(costs.is_sorted_by(|this, next| this.nanoseconds >= next.nanoseconds), "{costs:?}");
        assert!(costs.iter().all(|cost| cost.candidates.is_none() && cost.primary == "1"));
        let dear: Vec<bool> = costs.iter().map(|cost| hint(cost.lane).is_some()).collect();
        assert_eq!(dear, [true, false, false, false]);
        assert!(costs[0].nanoseconds > 2.0 * costs[1].nanoseconds, "{costs:?}");
        for cost in &costs {
            assert_eq!(cost.nanoseconds, cost.places * place_nanoseconds(cost.lane) / 1e6, "{}", cost.detector);
        }
    }

    #[test]
    fn an_edge_makes_a_shape_rarer() {
        let costs = costs(&matcher(&[(r"\d{4}", "none"), (r"\d{4}", "word")]), None);
        assert_eq!(costs[0].detector, "a.r0", "{costs:?}");
        assert!(costs[1].places < costs[0].places / 1.5, "{costs:?}");
    }

    #[test]
    fn candidates_are_counted_over_all_texts() {
        let matcher = matcher(&[("BDG-[0-9]{6}", "word"), ("CRT-[0-9]{6}", "word")]);
        let mut measured = Measured::new(&matcher);
        let badge = "BDG-123456 ";
        // Longer than a slice, with a value at many of its edges.
        measured.add(&matcher, badge.repeat(10_000).as_bytes());
        measured.add(&matcher, "-".repeat(90_000).as_bytes());
        assert_eq!(measured.bytes(), 200_000);
        let costs = costs(&matcher, Some(&measured));
        let of = |id: &str| costs.iter().find(|cost| cost.detector == id).and_then(|cost| cost.candidates);
        assert_eq!((of("a.r0"), of("a.r1")), (Some(50_000.0), Some(0.0)));
    }
}
