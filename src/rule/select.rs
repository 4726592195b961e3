//! Which of the loaded detectors run.
//!
//! Nothing asked for: all that are not `off`. Otherwise exactly those that an id, a pattern of ids, or a tag names, the
//! `off` ones too.

use super::catalogue::Catalogue;
use super::error::{RuleError, did_you_mean};
use super::syntax::Detector;
use std::collections::BTreeSet;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// Ids, or patterns in which `*` stands for any run of characters (`id.*`).
    pub only: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// The ids of the detectors that run; reports what nothing answers to.
pub(super) fn choose<'a>(select: &Select, all: &Catalogue<'a>, errors: &mut Vec<RuleError>) -> BTreeSet<&'a str> {
    let detectors = || all.detectors.values().map(|known| known.syntax);
    if select.only.is_empty() && select.tags.is_empty() {
        return detectors().filter(|detector| !detector.off).map(id).collect();
    }
    let mut chosen = BTreeSet::new();
    for pattern in &select.only {
        let named: Vec<_> = detectors().map(id).filter(|id| matches(pattern, id)).collect();
        // All of nothing is nothing, not a mistake: a file may hold lists alone.
        if named.is_empty() && pattern != "*" {
            errors.push(nothing("detector", pattern, detectors().map(id)));
        }
        chosen.extend(named);
    }
    for tag in &select.tags {
        let tagged: Vec<_> = detectors().filter(|detector| detector.tags.contains(tag)).map(id).collect();
        if tagged.is_empty() {
            errors.push(nothing("tag", tag, detectors().flat_map(|detector| &detector.tags).map(String::as_str)));
        }
        chosen.extend(tagged);
    }
    chosen
}

fn id(detector: &Detector) -> &str {
    detector.id.get_ref()
}

fn nothing<'a>(what: &str, word: &str, candidates: impl Iterator<Item = &'a str>) -> RuleError {
    let message = format!("unknown {what} `{word}`");
    RuleError::new(message).maybe_help(did_you_mean(word, candidates))
}

/// True when `text` is `pattern`, in which `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_run() {
        let rows = [
            ("us.ssn", "us.ssn", true),
            ("us.ssn", "us.ssn2", false),
            ("us.*", "us.ssn", true),
            ("us.*", "usa.ssn", false),
            ("*.ssn", "us.ssn", true),
            ("a*a", "a", false),
            ("*a*b*", "xaxbx", true),
            ("*b*a", "xaxb", false),
            ("*", "anything", true),
        ];
        for (pattern, text, want) in rows {
            assert_eq!(matches(pattern, text), want, "{pattern} on {text}");
        }
    }
}
