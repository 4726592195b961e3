//! Why and why not, in words: what one detector makes of a text.
//!
//! The text is the author's own, so the answer shows values; it goes to the author's terminal and nowhere else.

use super::places;
use crate::detect::{Explained, LeafExplained, Matcher, TierExplained};
use crate::rule::ruleset::{Detector, DetectorId};
use crate::rule::syntax::{Miss, Side};
use std::fmt::Write;
use std::ops::Range;

/// Longest text that is explained, in bytes.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Matches that are explained; more are only counted.
const SHOWN_MAX: usize = 50;

/// Explains what a detector makes of `text`; with `value`, only of matches that touch one of its occurrences.
#[must_use]
pub fn explain(matcher: &Matcher, id: DetectorId, text: &str, value: Option<&str>) -> String {
    let detector = &matcher.rules().detectors[id.index()];
    let mut out = format!("{}  {}\n", detector.id, detector.name);
    let places = value.map(|value| places(text, value));
    if places.as_ref().is_some_and(Vec::is_empty) {
        out.push_str("the value does not stand in the text\n");
        return out;
    }
    let explanation = matcher.explain(id, text, places.as_deref(), SHOWN_MAX);
    if explanation.total == 0 {
        out.push_str("no candidate: no shape of this detector matches");
        out.push_str(if value.is_some() { " at that value\n" } else { " anywhere in the text\n" });
        for &primary in &detector.primaries {
            if let crate::rule::ruleset::PrimaryKind::Pattern(pattern) =
                &matcher.rules().primaries[primary.index()].kind
            {
                let _ = writeln!(out, "  shape: {}", pattern.source);
            }
        }
    }
    for explained in &explanation.shown {
        describe(detector, explained, &mut out);
    }
    match explanation.total - explanation.shown.len() {
        0 => {}
        1 => out.push_str("\nand 1 more match\n"),
        more => {
            let _ = writeln!(out, "\nand {more} more matches");
        }
    }
    out
}

/// Explains what every detector that reports something makes of a text, or of one place in it (characters): those with a
/// match, then those that nearly have one. Detectors without either are only counted.
#[must_use]
pub fn everything(matcher: &Matcher, text: &str, place: Option<Range<u64>>) -> String {
    let (mut out, mut near, mut none) = (String::new(), String::new(), 0_u64);
    let places = place.map(|place| [place]);
    for (id, detector) in (0..).map(DetectorId).zip(&matcher.rules().detectors).filter(|(_, detector)| !detector.silent)
    {
        let explanation = matcher.explain(id, text, places.as_ref().map(|places| places.as_slice()), SHOWN_MAX);
        if explanation.total == 0 {
            let spot = places.as_ref().map_or_else(|| text.to_owned(), |[place]| around(text, place));
            match nearly(matcher, id, &spot) {
                Some(how) => {
                    let _ = writeln!(near, "  {}: a shape would match {how}", detector.id);
                }
                None => none += 1,
            }
            continue;
        }
        let _ = writeln!(out, "{}  {}", detector.id, detector.name);
        explanation.shown.iter().for_each(|explained| describe(detector, explained, &mut out));
        let more = explanation.total - explanation.shown.len();
        if more > 0 {
            let _ = writeln!(out, "\nand {more} more matches");
        }
        out.push('\n');
    }
    if out.is_empty() {
        out.push_str("no shape of any detector matches\n\n");
    }
    if !near.is_empty() {
        let _ = write!(out, "near misses\n{near}\n");
    }
    let _ = writeln!(out, "{none} other detectors have no match here");
    out
}

/// Characters on each side of a place in which near misses are looked for.
const NEAR_CHARS: u64 = 40;
/// Longest text in which near misses are looked for, in bytes.
const NEAR_BYTES_MAX: usize = 4 << 10;

/// A place with what stands around it.
fn around(text: &str, place: &Range<u64>) -> String {
    let from = usize::try_from(place.start.saturating_sub(NEAR_CHARS)).unwrap_or(usize::MAX);
    let many = usize::try_from(place.end - place.start + 2 * NEAR_CHARS).unwrap_or(usize::MAX);
    text.chars().skip(from).take(many).collect()
}

/// How a text would have to be written for a shape of the detector to match.
fn nearly(matcher: &Matcher, id: DetectorId, text: &str) -> Option<&'static str> {
    // What matches beside the place is no near miss of it.
    if text.len() > NEAR_BYTES_MAX || matcher.explain(id, text, None, 1).total > 0 {
        return None;
    }
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '_')).collect();
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
    let rows = [
        (text.to_uppercase(), "in capitals"),
        (text.to_lowercase(), "in small letters"),
        (bare, "without separators"),
        (digits, "with its digits standing alone"),
    ];
    let matches = |(variant, _): &&(String, &str)| *variant != text && matcher.explain(id, variant, None, 1).total > 0;
    rows.iter().find(matches).map(|(_, how)| *how)
}

fn describe(detector: &Detector, explained: &Explained, out: &mut String) {
    let _ = writeln!(out, "\ncandidate at {}..{}: {}", explained.start, explained.end, explained.value);
    if detector.primaries.len() > 1 {
        let _ = writeln!(out, "  shape {}", explained.primary);
    }
    for (name, passed, steps) in &explained.validators {
        let _ = writeln!(out, "  validator {name}: {}", if *passed { "passed" } else { "refused" });
        for step in steps {
            let _ = writeln!(out, "    {step}");
        }
    }
    if let Some(miss) = explained.miss {
        let _ = writeln!(out, "  refused: {}", miss_words(miss));
    }
    for (index, tier) in explained.tiers.iter().enumerate() {
        if explained.reached.is_some_and(|reached| index > reached) {
            break;
        }
        describe_tier(tier, out);
    }
    let _ = match explained.reached {
        Some(reached) => {
            let tier = &explained.tiers[reached];
            writeln!(out, "  reached: {} ({}, {})", tier.name, tier.confidence, tier.confidence.band())
        }
        None => writeln!(out, "  reached: no tier"),
    };
}

fn describe_tier(tier: &TierExplained, out: &mut String) {
    let state = tier.miss.map_or_else(|| "holds".to_owned(), |miss| format!("lacks: {}", miss_words(miss)));
    let _ = writeln!(out, "  tier {} ({}): {state}", tier.name, tier.confidence);
    for (name, passed) in &tier.validators {
        let _ = writeln!(out, "    validator {name}: {}", if *passed { "passed" } else { "refused" });
    }
    for leaf in &tier.leaves {
        let _ = writeln!(out, "    {}", leaf_words(leaf));
    }
}

fn leaf_words(leaf: &LeafExplained) -> String {
    let side = match leaf.side {
        Side::Both => "",
        Side::Before => " before it",
        Side::After => " after it",
    };
    let within =
        leaf.within.map_or_else(|| "anywhere".to_owned(), |within| format!("within {within} characters{side}"));
    let wanted = match leaf.bounds {
        (min, None) => format!("at least {min}"),
        (min, Some(max)) => format!("{min} to {max}"),
    };
    let nearest = match &leaf.nearest {
        None => "none in the text".to_owned(),
        Some(nearest) => {
            let side = if nearest.before { "before" } else { "after" };
            format!("nearest {} characters {side}", nearest.distance.unwrap_or(0))
        }
    };
    format!("{} {within}: found {}, wants {wanted}; {nearest}", leaf.label, leaf.found)
}

fn miss_words(miss: Miss) -> String {
    let words = match miss {
        Miss::Shape => "another shape than the tier asks for",
        Miss::Edge => "a letter or digit stands directly beside it",
        Miss::Check => "an additional check excludes it",
        Miss::Validator => "a validator refuses it",
        Miss::Form => "written in another form than the tier asks for",
        Miss::Any => "it does not hold",
        Miss::Evidence => "evidence is missing, too far away or on the wrong side, or an exclusion is present",
    };
    format!("{words} ({})", miss.name())
}
