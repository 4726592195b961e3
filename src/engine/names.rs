//! Names that may be shown: what of a file's name, a path, a member, a sheet or a subject is a value is covered.
//!
//! Names are data as well as contents are, so the service shows none in a log, report, mail or metric that has not been here.
//! A name is looked at as it stands and in a few other ways in which people and systems write values into names: with the
//! separators that stand for spaces (`536_22_1234`), with percent encoding, with the extension's dot inside a number. NFD and
//! full-width forms are brought into one form by the detectors' own normaliser.
//!
//! Nearly every name has nothing to cover, so the first question is only whether any detector's match stands in it.

use crate::detect::Matcher;
use crate::model::{Hole, Locator, Verdict};
use std::ops::Range;
use std::sync::Arc;

/// How often what was covered is looked at again before the whole name is covered.
const ROUNDS_MAX: usize = 4;
/// Digits that a number has at least before it is looked for on both sides of an extension's dot.
const SPLIT_DIGITS_MIN: usize = 8;
/// What stands for a name of which nothing can be shown.
const COVERED: &str = "****";

/// The name with every value in it covered; `None` when there is none, so that it may be shown as it is. For a name or one
/// segment of a path as well as for a whole path.
#[must_use]
pub fn cover(matcher: &Matcher, name: &str) -> Option<Arc<str>> {
    let mut covered: Option<String> = None;
    for _ in 0..ROUNDS_MAX {
        match cover_once(matcher, covered.as_deref().unwrap_or(name)) {
            Some(again) => covered = Some(again),
            None => return covered.map(Into::into),
        }
    }
    Some(COVERED.into())
}

/// Covers the names in a verdict: parts and locations of findings and holes.
pub fn cover_verdict(matcher: &Matcher, verdict: &mut Verdict) {
    // Neighbours share both.
    let mut last_part: Option<(Arc<str>, Arc<str>)> = None;
    let mut last_place: Option<(Arc<Locator>, Arc<Locator>)> = None;
    for finding in &mut verdict.findings {
        finding.part = match &last_part {
            Some((given, shown)) if Arc::ptr_eq(given, &finding.part) => Arc::clone(shown),
            _ => {
                let shown = cover(matcher, &finding.part).unwrap_or_else(|| Arc::clone(&finding.part));
                last_part = Some((Arc::clone(&finding.part), Arc::clone(&shown)));
                shown
            }
        };
        finding.location = match &last_place {
            Some((given, shown)) if Arc::ptr_eq(given, &finding.location) => Arc::clone(shown),
            _ => {
                let shown = covered_locator(matcher, &finding.location).map(Arc::new);
                let shown = shown.unwrap_or_else(|| Arc::clone(&finding.location));
                last_place = Some((Arc::clone(&finding.location), Arc::clone(&shown)));
                shown
            }
        };
    }
    for Hole { location, .. } in &mut verdict.holes {
        if let Some(shown) = covered_locator(matcher, location) {
            *location = shown;
        }
    }
}

/// The locator with its steps covered; `None` when it may be shown as it is.
fn covered_locator(matcher: &Matcher, locator: &Locator) -> Option<Locator> {
    let covered: Vec<Option<Arc<str>>> = locator.steps.iter().map(|step| cover(matcher, step)).collect();
    if covered.iter().all(Option::is_none) {
        return None;
    }
    let steps = covered.into_iter().zip(&locator.steps);
    Some(Locator {
        steps: steps.map(|(shown, step)| shown.map_or_else(|| step.clone(), |shown| (*shown).to_owned())).collect(),
    })
}

/// Covers what is found in any way of looking at a name.
fn cover_once(matcher: &Matcher, name: &str) -> Option<String> {
    let mut values = Vec::new();
    if !matcher.is_plain_name(name) {
        look(matcher, &View::plain(name), &mut values);
    }
    for view in views(name) {
        if !matcher.is_plain_name(&view.text) {
            look(matcher, &view, &mut values);
        }
    }
    (!values.is_empty()).then(|| covered(name, values))
}

/// A way of looking at a name.
#[derive(Debug)]
struct View {
    text: String,
    /// For each character, the bytes of the name that it stands for; empty when the text is the name or has its length.
    origins: Vec<Range<usize>>,
}

impl View {
    fn plain(name: &str) -> Self {
        Self { text: name.to_owned(), origins: Vec::new() }
    }

    /// The bytes of the name that some characters stand for.
    fn origin(&self, chars: &Range<usize>) -> Range<usize> {
        if self.origins.is_empty() {
            let mut places = self.text.char_indices().map(|(at, _)| at).chain([self.text.len()]);
            let start = places.nth(chars.start).unwrap_or(self.text.len());
            let end = if chars.is_empty() { Some(start) } else { places.nth(chars.len() - 1) };
            return start..end.unwrap_or(self.text.len());
        }
        let row = |at: usize| self.origins.get(at).cloned().unwrap_or(0..0);
        row(chars.start).start..row(chars.end.saturating_sub(1)).end
    }
}

/// The other ways of looking at a name that may show more than the plain one.
fn views(name: &str) -> Vec<View> {
    let mut views = Vec::new();
    let bytes = name.as_bytes();
    if has_separated_digit(bytes) {
        views.extend(
            [" ", "-"].map(|with| View { text: name.replace(['_', '.', '+', ','], with), origins: Vec::new() }),
        );
        views.extend(joined(name));
    }
    if let Some(decoded) = percent_decoded(name) {
        if has_separated_digit(decoded.text.as_bytes()) {
            let separated = |with| View {
                text: decoded.text.replace(['_', '.', '+', ','], with),
                origins: decoded.origins.clone(),
            };
            views.extend([" ", "-"].map(separated));
        }
        views.push(decoded);
    }
    views
}

/// True when a separator other than a space or dash stands beside a digit.
fn has_separated_digit(name: &[u8]) -> bool {
    let digit = |at: usize| name.get(at).is_some_and(u8::is_ascii_digit);
    name.iter().enumerate().any(|(at, byte)| {
        matches!(byte, b'_' | b'.' | b'+' | b',') && (digit(at + 1) || at.checked_sub(1).is_some_and(digit))
    })
}

/// The name without the dot before an extension of digits: a long number that was taken for a name and its extension.
fn joined(name: &str) -> Option<View> {
    let at = name.rfind('.')?;
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let beside = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let (before, after) = (&name[..at], &name[at + 1..]);
    if digits < SPLIT_DIGITS_MIN || !beside(before.as_bytes().last()) || !beside(after.as_bytes().first()) {
        return None;
    }
    let origins = name.char_indices().filter(|(place, _)| *place != at).map(|(place, c)| place..place + c.len_utf8());
    Some(View { text: format!("{before}{after}"), origins: origins.collect() })
}

/// The name with its percent codes decoded; `None` when there are none that make text.
fn percent_decoded(name: &str) -> Option<View> {
    let bytes = name.as_bytes();
    let code = |at: usize| {
        let digits = bytes.get(at..at + 3).filter(|code| code[0] == b'%')?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        Some(digit(digits[1])? << 4 | digit(digits[2])?)
    };
    if !(0..bytes.len()).any(|at| code(at).is_some()) {
        return None;
    }
    let (mut decoded, mut places) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < bytes.len() {
        let (byte, length) = code(at).map_or((bytes[at], 1), |byte| (byte, 3));
        decoded.push(byte);
        places.push(at..at + length);
        at += length;
    }
    let text = String::from_utf8(decoded).ok()?;
    let origins = text.char_indices().map(|(at, c)| places[at].start..places[at + c.len_utf8() - 1].end).collect();
    Some(View { text, origins })
}

/// Adds the values that a view shows, as bytes of the name with their masks.
fn look(matcher: &Matcher, view: &View, values: &mut Vec<(Range<usize>, String)>) {
    for value in matcher.values_in_name(&view.text) {
        values.push((view.origin(&value.chars), value.mask.as_str().to_owned()));
    }
}

/// Puts the masks in the values' places; where values overlap, the stretch of all of them is covered as a whole.
fn covered(name: &str, mut values: Vec<(Range<usize>, String)>) -> String {
    values.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut merged: Vec<(Range<usize>, Option<String>)> = Vec::new();
    for (range, mask) in values {
        match merged.last_mut() {
            Some((last, _)) if *last == range => {}
            Some((last, one)) if range.start < last.end => {
                // A value within a value shows no more than the outer mask does, which may yet show some of the inner.
                last.end = last.end.max(range.end);
                *one = None;
            }
            _ => merged.push((range, Some(mask))),
        }
    }
    let mut shown = String::with_capacity(name.len());
    let mut at = 0;
    for (range, mask) in merged {
        shown.push_str(name.get(at..range.start).unwrap_or_default());
        match mask {
            Some(mask) => shown.push_str(&mask),
            None => shown.push_str(COVERED),
        }
        at = range.end.max(at);
    }
    shown.push_str(name.get(at..).unwrap_or_default());
    shown
}

#[cfg(test)]
mod tests;
