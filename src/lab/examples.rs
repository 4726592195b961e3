//! A rule's own examples, held against what a scan really does.
//!
//! An example names the tier that must be the best one, a counter-example the tier that must not hold and the reason. The
//! finding comes from a scan; the reason from an explanation, which asks the same functions.

use super::places;
use crate::detect::{Explained, Matcher, ScanOptions, Scanner, TokenKey};
use crate::model::Finding;
use crate::rule::ruleset::{Counter, Detector, DetectorId, Example, PrimaryKind};
use crate::rule::syntax::Miss;
use std::collections::BTreeSet;
use std::ops::Range;

/// One example that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule file, as a user would name it.
    pub file: String,
    /// The line of the example.
    pub line: usize,
    /// The detector.
    pub detector: String,
    /// What was expected.
    pub expected: String,
    /// What came instead.
    pub got: String,
}

/// The outcome for one detector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    /// The detector.
    pub detector: String,
    /// Examples and counter-examples that were run.
    pub run: usize,
    /// Those that do not hold.
    pub failures: Vec<Failure>,
    /// Examples for each tier (name, examples, counter-examples).
    pub tiers: Vec<(String, usize, usize)>,
    /// What the examples that hold went through.
    pub reached: Reached,
}

/// What examples that hold went through, by names within their detector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Lists and whatever else stood as evidence, or was the match; also where it was what spoke against a tier.
    pub evidence: BTreeSet<String>,
    /// Shapes that were the match.
    pub primaries: BTreeSet<String>,
    /// Tiers that were the best.
    pub tiers: BTreeSet<String>,
}

impl Reached {
    fn note(&mut self, matcher: &Matcher, id: DetectorId, text: &str, finding: &Finding) {
        self.tiers.insert(finding.tier.to_string());
        self.evidence.extend(finding.evidence.iter().map(|evidence| evidence.name.to_string()));
        let place = finding.start..finding.end;
        let explained = matcher.explain(id, text, Some(std::slice::from_ref(&place)), usize::MAX).shown;
        for explained in explained.iter().filter(|explained| (explained.start..explained.end) == place) {
            if explained.reached.is_some_and(|tier| explained.tiers[tier].name == finding.tier) {
                self.primaries.insert(explained.primary.to_string());
                self.evidence.extend(list_of(matcher, id, &explained.primary));
            }
        }
    }

    /// A term that spoke against a tier was reached too.
    fn note_counter(&mut self, meant: Option<&Explained>, counter: &Counter) {
        let leaves = meant.filter(|_| counter.reason == Miss::Evidence).map(|meant| &meant.tiers[counter.tier].leaves);
        let found = leaves.into_iter().flatten().filter(|leaf| leaf.found > 0);
        self.evidence.extend(found.map(|leaf| leaf.label.to_string()));
    }
}

/// The list whose terms are a shape.
fn list_of(matcher: &Matcher, id: DetectorId, primary: &str) -> Option<String> {
    let rules = matcher.rules();
    let mut primaries = rules.detectors[id.index()].primaries.iter().map(|primary| &rules.primaries[primary.index()]);
    match primaries.find(|known| *known.id == *primary)?.kind {
        PrimaryKind::Keywords(list) => Some(rules.lists[list.index()].id.to_string()),
        PrimaryKind::Pattern(_) => None,
    }
}

/// Runs the examples of every detector that reports something.
#[must_use]
pub fn test(matcher: &Matcher) -> Vec<Tested> {
    let key = TokenKey::new([0; 32], 0);
    let mut scanner = Scanner::new(matcher, &key, ScanOptions::default());
    let rules = matcher.rules();
    (0..)
        .map(DetectorId)
        .zip(&rules.detectors)
        .filter(|(_, detector)| !detector.silent)
        .map(|(id, detector)| test_one(matcher, &mut scanner, id, detector))
        .collect()
}

fn test_one(matcher: &Matcher, scanner: &mut Scanner<'_>, id: DetectorId, detector: &Detector) -> Tested {
    let mut tested = Tested { detector: detector.id.to_string(), ..Tested::default() };
    for (index, tier) in detector.tiers.iter().enumerate() {
        let examples = detector.examples.iter().filter(|example| example.tier == index).count();
        let counters = detector.counters.iter().filter(|counter| counter.tier == index).count();
        tested.tiers.push((tier.name.to_string(), examples, counters));
    }
    let of_detector = |findings: Vec<Finding>| -> Vec<Finding> {
        findings.into_iter().filter(|finding| finding.detector == detector.id).collect()
    };
    for example in &detector.examples {
        let findings = of_detector(scanner.scan_text(&example.text));
        tested.run += 1;
        match holds(detector, example, &findings) {
            Ok(finding) => tested.reached.note(matcher, id, &example.text, finding),
            Err((expected, got)) => tested.failures.push(failure(detector, example.line, expected, got)),
        }
    }
    for counter in &detector.counters {
        let findings = of_detector(scanner.scan_text(&counter.text));
        tested.run += 1;
        match misses(matcher, id, detector, counter, &findings) {
            Ok(meant) => tested.reached.note_counter(meant.as_ref(), counter),
            Err((expected, got)) => tested.failures.push(failure(detector, counter.line, expected, got)),
        }
    }
    tested
}

fn failure(detector: &Detector, line: usize, expected: String, got: String) -> Failure {
    Failure { file: detector.origin.0.to_string(), line, detector: detector.id.to_string(), expected, got }
}

/// The finding that an example asks for; else what was expected and what came.
fn holds<'a>(detector: &Detector, example: &Example, findings: &'a [Finding]) -> Result<&'a Finding, (String, String)> {
    let tier = &detector.tiers[example.tier].name;
    let found = match &example.value {
        None => match findings {
            [finding] => Some(finding),
            [_, ..] if example.several => findings.iter().find(|finding| finding.tier == *tier),
            _ => return Err((format!("one finding of tier `{tier}`"), format!("{} findings", findings.len()))),
        },
        Some(value) => {
            let places = places(&example.text, value);
            findings.iter().find(|finding| places.contains(&(finding.start..finding.end)))
        }
    };
    match found {
        Some(finding) if finding.tier == *tier => Ok(finding),
        Some(finding) => Err((format!("tier `{tier}`"), format!("tier `{}`", finding.tier))),
        None => {
            let spans: Vec<String> =
                findings.iter().map(|finding| format!("{}..{}", finding.start, finding.end)).collect();
            let got = if spans.is_empty() { "nothing".to_owned() } else { format!("findings at {}", spans.join(", ")) };
            Err((format!("a finding of tier `{tier}` at the value"), got))
        }
    }
}

/// The near miss that a counter-example means, if a shape matches it at all; else what was expected and what came.
fn misses(
    matcher: &Matcher,
    id: DetectorId,
    detector: &Detector,
    counter: &Counter,
    findings: &[Finding],
) -> Result<Option<Explained>, (String, String)> {
    let tier = &detector.tiers[counter.tier].name;
    let places = counter.value.as_ref().map(|value| places(&counter.text, value));
    let concerns = |span: Range<u64>| {
        places.as_ref().is_none_or(|places| places.iter().any(|place| span.start < place.end && place.start < span.end))
    };
    let expected = format!("tier `{tier}` not reached, by reason `{}`", counter.reason.name());
    if findings.iter().any(|finding| finding.tier == *tier && concerns(finding.start..finding.end)) {
        return Err((expected, format!("tier `{tier}` holds")));
    }
    let explained = matcher.explain(id, &counter.text, places.as_deref(), usize::MAX).shown;
    let exact = |explained: &Explained| {
        places.as_ref().is_some_and(|places| places.contains(&(explained.start..explained.end)))
    };
    let any_exact = explained.iter().any(exact);
    // The match that came farthest is the one the author means.
    let meant = explained
        .into_iter()
        .filter(|explained| !any_exact || exact(explained))
        .filter_map(|explained| Some((explained.tiers[counter.tier].miss?, explained)))
        .max_by_key(|(miss, _)| progress(*miss));
    let got = meant.as_ref().map_or(Miss::Shape, |(miss, _)| *miss);
    if counter.reason == Miss::Any || got == counter.reason {
        Ok(meant.map(|(_, explained)| explained))
    } else {
        Err((expected, format!("reason `{}`", got.name())))
    }
}

/// How far a match came before it was refused.
fn progress(miss: Miss) -> u8 {
    match miss {
        Miss::Shape => 0,
        Miss::Edge => 1,
        Miss::Validator => 2,
        Miss::Check => 3,
        Miss::Form => 4,
        Miss::Evidence | Miss::Any => 5,
    }
}
