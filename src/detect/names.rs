//! Values in names: a name has no surroundings, so a match counts whatever stands around it.
//!
//! A file's name, a member's, a sheet's or a subject is a few words at most. Evidence that a document would have beside a value
//! is missing there, and what is found is only covered, never reported: so every match that passes its edges, checks and
//! validators counts, at any tier. Two kinds of match would cover every date and number instead: a shape that no validator
//! looks at and that is nothing without words, which counts where a scan of the name finds it; and markings, which are no secret.

use super::Matcher;
use super::candidates::Candidate;
use super::confirm::{Confirmed, whole_chars};
use super::scan::explained_prefix;
use super::window::Window;
use super::{PartStart, ScanOptions, Scanner, TokenKey, excerpt, slices};
use crate::model::{Mask, Place};
use crate::rule::normalise::normalise;
use crate::rule::ruleset::{Detector, PrimaryId};
use crate::rule::syntax::MaskStyle;
use std::cell::OnceCell;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// A value in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedValue {
    /// Its characters (Unicode scalar values) in the name as it was given.
    pub chars: Range<usize>,
    /// How its detector covers it.
    pub mask: Mask,
}

impl Matcher {
    /// True when a name certainly holds no value: the quick way past nearly all of them.
    #[must_use]
    pub fn is_plain_name(&self, name: &str) -> bool {
        let plain = |text: &[u8]| self.each_in_name(text, |_, _| ControlFlow::Break(())).is_continue();
        if name.is_ascii() { plain(name.as_bytes()) } else { plain(normalise(name).as_bytes()) }
    }

    /// Every value in a name, in the order of the search; they may overlap.
    #[must_use]
    pub fn values_in_name(&self, name: &str) -> Vec<NamedValue> {
        let mut window = Window::new();
        window.reset(None);
        window.set_place(&Place::Whole);
        window.push(name, None);
        window.finish();
        let text = window.text();
        let mut values = Vec::new();
        let _ = self.each_in_name(text, |primary, confirmed| {
            let span = whole_chars(text, confirmed.value.clone());
            let (start, end) = (window.start_position(span.start).chars, window.end_position(span.end).chars);
            let place = |chars: u64| usize::try_from(chars).unwrap_or(usize::MAX);
            let mask = self.mask_in_name(primary, text, confirmed, &span);
            values.push(NamedValue { chars: place(start)..place(end), mask });
            ControlFlow::Continue(())
        });
        values
    }

    fn mask_in_name(&self, primary: PrimaryId, text: &[u8], confirmed: &Confirmed, value: &Range<usize>) -> Mask {
        let style = self.rules.detectors[self.rules.primaries[primary.index()].detector.index()].mask;
        let prefix = if style == MaskStyle::Prefix { self.spelled_prefix(primary) } else { None };
        let prefix = prefix.map_or(0, |hir| {
            explained_prefix(hir, &text[confirmed.span.clone()]).saturating_sub(value.start - confirmed.span.start)
        });
        excerpt::mask(&String::from_utf8_lossy(&text[value.clone()]), style, prefix)
    }

    /// Calls `each` with every match in a normalised text that passes its edges, checks and validators.
    fn each_in_name(
        &self,
        text: &[u8],
        mut each: impl FnMut(PrimaryId, &Confirmed) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let name = Name { text, found: OnceCell::new() };
        let mut nominated: Vec<Candidate> = Vec::new();
        for slice in slices(text.len()) {
            nominated.clear();
            self.candidates.nominate(text, slice.start, slice.end, &mut nominated);
            for candidate in &nominated {
                self.try_in_name(&name, candidate.primary, candidate.start, candidate.end(), &mut each)?;
            }
        }
        for &primary in self.candidates.search() {
            let mut at = 0;
            while let Some(start) = self.confirmer.next_start(&self.rules, primary, text, at, text.len()) {
                self.try_in_name(&name, primary, start, None, &mut each)?;
                at = start + 1;
            }
        }
        ControlFlow::Continue(())
    }

    fn try_in_name(
        &self,
        name: &Name<'_>,
        primary: PrimaryId,
        start: usize,
        end: Option<usize>,
        each: &mut impl FnMut(PrimaryId, &Confirmed) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let rule = &self.rules.detectors[self.rules.primaries[primary.index()].detector.index()];
        // What reports nothing covers nothing.
        if rule.silent || rule.tags.iter().any(|tag| tag == MARKING) {
            return ControlFlow::Continue(());
        }
        let raw = self.confirmer.raw(&self.rules, &self.keywords, primary, name.text, start, end);
        let confirmed = raw.and_then(|raw| self.confirmer.judge(&self.rules, primary, name.text, &raw));
        match confirmed {
            Some(confirmed) if !needs_words(rule, primary) || name.holds(self, &rule.id) => each(primary, &confirmed),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A name that is looked through.
struct Name<'t> {
    text: &'t [u8],
    /// Detectors that find something in a scan of it alone; asked for by few names, and once for each.
    found: OnceCell<Vec<Arc<str>>>,
}

impl Name<'_> {
    fn holds(&self, matcher: &Matcher, detector: &str) -> bool {
        let scanned = || {
            // Tokens are of no use here, and the key is nobody's.
            let key = TokenKey::new([0; 32], 0);
            let mut scanner = Scanner::new(matcher, &key, ScanOptions::default());
            scanner.begin_part(PartStart::default());
            scanner.push(&String::from_utf8_lossy(self.text), &Place::Whole, None);
            scanner.end_part();
            scanner.finish_file().findings.into_iter().map(|finding| finding.detector).collect()
        };
        self.found.get_or_init(scanned).iter().any(|found| **found == *detector)
    }
}

/// The tag of detectors that find what a document says of itself.
const MARKING: &str = "classification";

/// Whether no validator looks at a shape's matches, and every tier of it asks for words.
fn needs_words(rule: &Detector, primary: PrimaryId) -> bool {
    let mut tiers = rule.tiers.iter().filter(|tier| tier.primaries.is_empty() || tier.primaries.contains(&primary));
    rule.validators.is_empty() && tiers.all(|tier| tier.evidence.is_some() && tier.validators.is_empty())
}
