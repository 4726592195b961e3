//! Warnings about expressions: cut matches, slow searches, and what Purview would not take.

use super::Sheet;
use crate::rule::MATCH_BYTES_DEFAULT;
use crate::rule::pattern;
use crate::rule::syntax::Detector;
use regex_syntax::hir::{Class, Hir, HirKind};
use toml::Spanned;

/// Longest expression Purview takes, in characters, and most expressions of a type: "Limits for sensitive information
/// types", learn.microsoft.com/purview.
const PURVIEW_REGEX_CHARS: usize = 1_024;
const PURVIEW_REGEXES: usize = 20;
/// A first character is selective when at most so many bytes can be it: all capital letters and digits.
const FIRST_BYTES_MAX: u32 = 36;

/// Looks at all expressions of a detector.
pub(super) fn check(sheet: &mut Sheet<'_>, detector: &Detector) {
    let id = detector.id.get_ref();
    let bytes = detector.max_match_bytes.as_ref().map_or(MATCH_BYTES_DEFAULT, |bytes| *bytes.get_ref());
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    for regex in detector.primary.iter().filter_map(|primary| primary.regex.as_ref()) {
        let Ok(hir) = pattern::parse(regex.get_ref()) else { continue };
        let longest = hir.properties().maximum_len();
        if longest.is_none_or(|longest| longest > bytes) {
            let length = longest.map_or("without bound".to_owned(), |longest| format!("up to {longest} bytes"));
            let message = format!("a match of `{id}` can be longer than {bytes} bytes and is cut there");
            sheet.detector(detector, "long-match", message, regex.span(), length);
        }
        if !has_fixed_text(&hir) && first_bytes(&hir).0.count() > FIRST_BYTES_MAX {
            let message = format!("`{id}` will be slow to look for");
            let label = "no fixed text, and it can begin with almost anything";
            sheet.detector(detector, "slow-pattern", message, regex.span(), label);
        }
    }
    let all = expressions(detector);
    for regex in all.iter().filter(|regex| regex.get_ref().chars().count() > PURVIEW_REGEX_CHARS) {
        let message = format!("an expression of `{id}` is longer than {PURVIEW_REGEX_CHARS} characters");
        let label = format!("{} characters", regex.get_ref().chars().count());
        sheet.detector(detector, "purview-limit", message, regex.span(), label);
    }
    if all.len() > PURVIEW_REGEXES {
        let message = format!("`{id}` has more than {PURVIEW_REGEXES} expressions");
        sheet.detector(detector, "purview-limit", message, detector.id.span(), format!("{} expressions", all.len()));
    }
}

/// Every expression of a detector, each text once.
fn expressions(detector: &Detector) -> Vec<&Spanned<String>> {
    let mut all: Vec<&Spanned<String>> = detector.primary.iter().filter_map(|primary| primary.regex.as_ref()).collect();
    let checks = detector.check.iter().chain(detector.tier.iter().flat_map(|tier| &tier.check));
    all.extend(checks.flat_map(|check| check.exclude_regex.iter().chain(&check.include_regex)));
    for tier in &detector.tier {
        all.extend(&tier.form);
        super::leaves(tier.evidence.as_ref().map(Spanned::get_ref), &mut |leaf| all.extend(&leaf.regex));
    }
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|regex| seen.insert(regex.get_ref()));
    all
}

/// True when every match holds one of some fixed texts: two characters, or one that is rare in prose.
fn has_fixed_text(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => {
            literal.0.len() > 1 || literal.0.iter().any(|byte| byte.is_ascii_punctuation() && !b".,-'\"".contains(byte))
        }
        HirKind::Capture(capture) => has_fixed_text(&capture.sub),
        HirKind::Repetition(repetition) => repetition.min > 0 && has_fixed_text(&repetition.sub),
        HirKind::Concat(nodes) => nodes.iter().any(has_fixed_text) || has_word(nodes),
        HirKind::Alternation(nodes) => nodes.iter().all(has_fixed_text),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => false,
    }
}

/// True when three characters stand side by side of which only the case is open.
fn has_word(nodes: &[Hir]) -> bool {
    let narrow = |node: &Hir| match node.kind() {
        HirKind::Literal(_) => true,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() <= 2 && class.iter().all(|range| range.len() == 1),
        _ => false,
    };
    nodes.windows(3).any(|run| run.iter().all(narrow))
}

/// A set of bytes.
#[derive(Clone, Copy, Default)]
struct Bytes([u64; 4]);

impl Bytes {
    fn add(&mut self, low: u8, high: u8) {
        (low..=high).for_each(|byte| self.0[usize::from(byte >> 6)] |= 1 << (byte & 63));
    }

    fn join(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, other)| *mine |= other);
    }

    fn count(self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }
}

/// Bytes that a match can begin with, and whether it can be empty.
fn first_bytes(hir: &Hir) -> (Bytes, bool) {
    let mut set = Bytes::default();
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (set, true),
        HirKind::Literal(literal) => {
            literal.0.first().iter().for_each(|first| set.add(**first, **first));
            (set, false)
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().for_each(|range| set.add(range.start(), range.end()));
            (set, false)
        }
        HirKind::Class(Class::Unicode(class)) => {
            for range in class.iter() {
                let ascii = u8::try_from(u32::from(range.start())).ok().filter(u8::is_ascii);
                let end = u8::try_from(u32::from(range.end())).unwrap_or(0xFF);
                set.add(ascii.unwrap_or(0xC2), if ascii.is_some() && end.is_ascii() { end } else { 0xF4 });
            }
            (set, false)
        }
        HirKind::Capture(capture) => first_bytes(&capture.sub),
        HirKind::Repetition(repetition) => {
            let (set, empty) = first_bytes(&repetition.sub);
            (set, empty || repetition.min == 0)
        }
        HirKind::Concat(nodes) => {
            for node in nodes {
                let (first, empty) = first_bytes(node);
                set.join(first);
                if !empty {
                    return (set, false);
                }
            }
            (set, true)
        }
        HirKind::Alternation(nodes) => {
            let mut empty = false;
            for (first, nothing) in nodes.iter().map(first_bytes) {
                set.join(first);
                empty |= nothing;
            }
            (set, empty)
        }
    }
}
