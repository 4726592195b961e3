//! A rule's own examples, held against what a scan really does.
//!
//! An example names the tier that must be the best one, a counter-example the tier that must not hold and the reason. The
//! finding comes from a scan; the reason from an explanation, which asks the same functions.

use crate::detect::{Explained, Matcher, ScanOptions, Scanner, TokenKey};
use crate::model::Finding;
use crate::rule::ruleset::{Counter, Detector, DetectorId, Example};
use crate::rule::syntax::Miss;
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
    /// Keyword lists, expressions and detectors that the evidence of the examples used.
    pub evidence_used: Vec<String>,
}

/// Runs the examples of every detector.
#[must_use]
pub fn test(matcher: &Matcher) -> Vec<Tested> {
    let key = TokenKey::new([0; 32], 0);
    let mut scanner = Scanner::new(matcher, &key, ScanOptions::default());
    let rules = matcher.rules();
    (0..)
        .map(DetectorId)
        .zip(&rules.detectors)
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
        for evidence in findings.iter().flat_map(|finding| &finding.evidence) {
            if !tested.evidence_used.iter().any(|used| **used == *evidence.name) {
                tested.evidence_used.push(evidence.name.to_string());
            }
        }
        if let Err((expected, got)) = holds(detector, example, &findings) {
            tested.failures.push(failure(detector, example.line, expected, got));
        }
    }
    for counter in &detector.counters {
        let findings = of_detector(scanner.scan_text(&counter.text));
        tested.run += 1;
        if let Err((expected, got)) = misses(matcher, id, detector, counter, &findings) {
            tested.failures.push(failure(detector, counter.line, expected, got));
        }
    }
    tested
}

fn failure(detector: &Detector, line: usize, expected: String, got: String) -> Failure {
    Failure { file: detector.origin.0.to_string(), line, detector: detector.id.to_string(), expected, got }
}

/// Where `value` stands in `text`, in characters: every occurrence.
fn places(text: &str, value: &str) -> Vec<Range<u64>> {
    let length = value.chars().count() as u64;
    text.match_indices(value)
        .map(|(at, _)| {
            let start = text[..at].chars().count() as u64;
            start..start + length
        })
        .collect()
}

fn holds(detector: &Detector, example: &Example, findings: &[Finding]) -> Result<(), (String, String)> {
    let tier = &detector.tiers[example.tier].name;
    let found = match &example.value {
        None => match findings {
            [finding] => Some(finding),
            _ => return Err((format!("one finding of tier `{tier}`"), format!("{} findings", findings.len()))),
        },
        Some(value) => {
            let places = places(&example.text, value);
            findings.iter().find(|finding| places.contains(&(finding.start..finding.end)))
        }
    };
    match found {
        Some(finding) if finding.tier == *tier => Ok(()),
        Some(finding) => Err((format!("tier `{tier}`"), format!("tier `{}`", finding.tier))),
        None => {
            let spans: Vec<String> =
                findings.iter().map(|finding| format!("{}..{}", finding.start, finding.end)).collect();
            let got = if spans.is_empty() { "nothing".to_owned() } else { format!("findings at {}", spans.join(", ")) };
            Err((format!("a finding of tier `{tier}` at the value"), got))
        }
    }
}

fn misses(
    matcher: &Matcher,
    id: DetectorId,
    detector: &Detector,
    counter: &Counter,
    findings: &[Finding],
) -> Result<(), (String, String)> {
    let tier = &detector.tiers[counter.tier].name;
    let places = counter.value.as_ref().map(|value| places(&counter.text, value));
    let concerns = |span: Range<u64>| {
        places.as_ref().is_none_or(|places| places.iter().any(|place| span.start < place.end && place.start < span.end))
    };
    let expected = format!("tier `{tier}` not reached, by reason `{}`", miss_name(counter.reason));
    if findings.iter().any(|finding| finding.tier == *tier && concerns(finding.start..finding.end)) {
        return Err((expected, format!("tier `{tier}` holds")));
    }
    let explained: Vec<Explained> = matcher
        .explain(id, &counter.text)
        .into_iter()
        .filter(|explained| concerns(explained.start..explained.end))
        .collect();
    let exact = |explained: &&Explained| {
        places.as_ref().is_some_and(|places| places.contains(&(explained.start..explained.end)))
    };
    let at_value: Vec<&Explained> = explained.iter().filter(exact).collect();
    let pool = if at_value.is_empty() { explained.iter().collect() } else { at_value };
    // The match that came farthest is the one the author means.
    let got = pool
        .into_iter()
        .filter_map(|explained| explained.tiers[counter.tier].miss)
        .max_by_key(|miss| progress(*miss))
        .unwrap_or(Miss::Shape);
    if got == counter.reason { Ok(()) } else { Err((expected, format!("reason `{}`", miss_name(got)))) }
}

/// How far a match came before it was refused.
fn progress(miss: Miss) -> u8 {
    match miss {
        Miss::Shape => 0,
        Miss::Edge => 1,
        Miss::Validator => 2,
        Miss::Check => 3,
        Miss::Form => 4,
        Miss::Evidence => 5,
    }
}

/// A reason as rule files spell it.
#[must_use]
pub fn miss_name(miss: Miss) -> &'static str {
    match miss {
        Miss::Shape => "shape",
        Miss::Edge => "edge",
        Miss::Check => "check",
        Miss::Validator => "validator",
        Miss::Form => "form",
        Miss::Evidence => "evidence",
    }
}
