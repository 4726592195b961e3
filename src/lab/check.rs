//! `rules check`: what is probably not meant, with what only a run of the examples can tell.

use super::examples::{self, Tested};
use crate::detect::Matcher;
use crate::rule::Loaded;
use crate::rule::check::{Exercised, Scope, Warning, unexercised, warnings};
use std::sync::Arc;

/// What a check of rules found.
#[derive(Debug)]
pub struct Checked {
    /// Detectors that were looked at.
    pub detectors: usize,
    /// Warnings in order of files and lines.
    pub warnings: Vec<Warning>,
}

/// Looks at rules and runs their examples; the chosen detectors alone.
#[must_use]
pub fn check(mut loaded: Loaded, scope: Scope) -> Checked {
    let mut found = warnings(&loaded, scope);
    let matcher = Matcher::new(Arc::new(std::mem::take(&mut loaded.rules)));
    found.extend(unexercised(&loaded, scope, &exercised(&examples::test(&matcher))));
    found.sort_by(|a, b| (a.file(), a.line()).cmp(&(b.file(), b.line())));
    Checked { detectors: matcher.rules().detectors.iter().filter(|detector| !detector.silent).count(), warnings: found }
}

/// What the examples reached, in the words of the check.
fn exercised(tested: &[Tested]) -> Exercised {
    let mut all = Exercised::default();
    for Tested { detector, reached, .. } in tested {
        let of = |names: &std::collections::BTreeSet<String>| -> Vec<(String, String)> {
            names.iter().map(|name| (detector.clone(), name.clone())).collect()
        };
        all.detectors.insert(detector.clone());
        all.lists.extend(of(&reached.evidence));
        all.primaries.extend(of(&reached.primaries));
        all.tiers.extend(of(&reached.tiers));
    }
    all
}
