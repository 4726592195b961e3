//! What each rule costs a scan: how its candidates are found, how many are expected, and how many a text really gave.
//!
//! Looking at a byte costs the same however many rules there are; a rule costs by the places at which it has to be asked.
//! So a price is that number, known from counts over ordinary text, times what one place costs in the rule's lane.

use super::texts::Document;
use crate::detect::{Cost, Lane, Matcher, Scanner};
use crate::rule::ruleset::PrimaryId;
use std::path::PathBuf;

/// Bytes in the megabyte that rates are given for.
const MEGABYTE: f64 = 1e6;
/// Bytes in the mebibyte that budgets are given for.
const MEBIBYTE: f64 = 1_048_576.0;
const NANOSECONDS_IN_MICRO: f64 = 1e3;
/// Documents shorter than this, in bytes of text, are no rule's worst.
const WORST_BYTES_MIN: u64 = 1 << 10;

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
    /// What the search of documents told of it, where documents were read.
    pub seen: Option<Seen>,
}

/// What reading documents told of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Of the places that the search named, the part at which the detector's shapes matched, for the detector as a whole;
    /// `None` when it named none. More than one where a place holds several matches.
    pub hit_rate: Option<f64>,
    /// The document with the most named places for its length, and how many in a megabyte.
    pub worst: Option<(PathBuf, f64)>,
    /// Microseconds that a mebibyte takes with this detector alone beyond what it takes with none, where that was timed.
    pub micros_per_mib: Option<f64>,
}

impl RuleCost {
    /// The price in microseconds for a mebibyte: as timed, else by the places that were named, else by estimate.
    #[must_use]
    pub fn micros_per_mib(&self) -> f64 {
        if let Some(timed) = self.seen.as_ref().and_then(|seen| seen.micros_per_mib) {
            return timed;
        }
        let places = self.candidates.unwrap_or(self.places);
        places * place_nanoseconds(self.lane) / MEGABYTE * MEBIBYTE / NANOSECONDS_IN_MICRO
    }
}

/// How many candidates texts gave, by rule.
#[derive(Clone, Debug)]
pub struct Measured {
    bytes: u64,
    nominations: Vec<u64>,
    /// By rule, where documents were read.
    worst: Vec<Option<(PathBuf, f64)>>,
    /// Matches of shapes, by detector, where documents were read.
    matches: Option<Vec<u64>>,
    /// By detector, where it was timed.
    micros_per_mib: Vec<Option<f64>>,
}

impl Measured {
    /// Nothing yet.
    #[must_use]
    pub fn new(matcher: &Matcher) -> Self {
        let (rules, detectors) = (matcher.rules().primaries.len(), matcher.rules().detectors.len());
        Self {
            bytes: 0,
            nominations: vec![0; rules],
            worst: vec![None; rules],
            matches: None,
            micros_per_mib: vec![None; detectors],
        }
    }

    /// Counts the candidates in one more text.
    pub fn add(&mut self, matcher: &Matcher, text: &[u8]) {
        self.bytes += text.len() as u64;
        for (sum, count) in self.nominations.iter_mut().zip(matcher.nominations(text)) {
            *sum += count;
        }
    }

    /// Counts the candidates in a document, and which of them are matches; `scanner` is one over the same matcher.
    pub fn add_document(&mut self, matcher: &Matcher, scanner: &mut Scanner<'_>, document: &Document) {
        let (before, sums) = (self.bytes, self.nominations.clone());
        for part in &document.parts {
            self.add(matcher, part.text().as_bytes());
        }
        let bytes = self.bytes - before;
        if bytes >= WORST_BYTES_MIN {
            for (slot, worst) in self.worst.iter_mut().enumerate() {
                let named = self.nominations[slot] - sums[slot];
                let rate = float(named) * MEGABYTE / float(bytes);
                if named > 0 && worst.as_ref().is_none_or(|(_, most)| rate > *most) {
                    *worst = Some((document.path.clone(), rate));
                }
            }
        }
        let matches = self.matches.get_or_insert_with(|| vec![0; matcher.rules().detectors.len()]);
        for count in document.scan(scanner).1 {
            let slot = matcher.rules().detectors.binary_search_by(|detector| detector.id.cmp(&count.detector));
            if let Ok(slot) = slot {
                matches[slot] += count.candidates;
            }
        }
    }

    /// Notes what a mebibyte takes with one detector alone.
    pub fn timed(&mut self, matcher: &Matcher, detector: &str, micros_per_mib: f64) {
        if let Ok(slot) = matcher.rules().detectors.binary_search_by(|known| (*known.id).cmp(detector)) {
            self.micros_per_mib[slot] = Some(micros_per_mib);
        }
    }

    fn seen(&self, matcher: &Matcher, primary: PrimaryId) -> Option<Seen> {
        let matches = self.matches.as_ref()?;
        let rules = matcher.rules();
        let detector = rules.primaries[primary.index()].detector.index();
        let named: u64 = rules.detectors[detector].primaries.iter().map(|one| self.nominations[one.index()]).sum();
        Some(Seen {
            hit_rate: (named > 0).then(|| float(matches[detector]) / float(named)),
            worst: self.worst[primary.index()].clone(),
            micros_per_mib: self.micros_per_mib[detector],
        })
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
                seen: measured.and_then(|measured| measured.seen(matcher, id)),
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
