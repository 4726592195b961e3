//! What was typed to what runs: names become indices, expressions are parsed, defaults are filled in.
//!
//! Detectors that do not run are compiled too when a user wrote them, into a set that is thrown away: an error must not
//! hide behind a selection. Built-in ones that do not run are skipped; the tests compile them all.

mod detector;
mod evidence;
mod hash;
mod validator;

use super::SourceFile;
use super::catalogue::{Catalogue, KnownDetector};
use super::error::RuleError;
use super::lazy::{AnchoredRegex, LazyRegex};
use super::normalise::{fold_case, normalise};
use super::pattern;
use super::ruleset::{DetectorId, KeywordList, ListId, Probe, ProbeId, RuleSet};
use super::syntax::Evidence;
use super::validate::Row;
use hash::Draft;
pub(super) use hash::list_hash;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use toml::Spanned;

/// Compiles the chosen detectors, and those that they take as evidence.
pub(super) fn compile(
    all: &Catalogue<'_>,
    chosen: &BTreeSet<&str>,
    table: &'static [Row],
    errors: &mut Vec<RuleError>,
) -> RuleSet {
    let named: BTreeSet<&str> = chosen.iter().flat_map(|id| evidence_detectors(all, id)).collect();
    let running: BTreeSet<&str> = chosen.union(&named).copied().collect();
    let known = all.detectors.values().filter(|known| !running.contains(known.syntax.id.get_ref().as_str()));
    let idle = known.chain(&all.shadowed).copied().filter(|known| !known.source.builtin());
    let idle: Vec<KnownDetector<'_>> = idle.collect();
    if !idle.is_empty() {
        let every = all.detectors.keys().copied().collect();
        Compiler::new(all, table, &every, chosen, errors).run(&idle);
    }
    let run: Vec<_> = running.iter().filter_map(|id| all.detectors.get(id)).copied().collect();
    Compiler::new(all, table, &running, chosen, errors).run(&run)
}

/// The ids of the detectors that a detector takes as evidence.
fn evidence_detectors<'a>(all: &Catalogue<'a>, id: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let Some(known) = all.detectors.get(id) else { return found };
    let mut waiting: Vec<&Evidence> =
        known.syntax.tier.iter().filter_map(|tier| tier.evidence.as_ref().map(Spanned::get_ref)).collect();
    while let Some(node) = waiting.pop() {
        waiting.extend(node.all.iter().chain(&node.any).flatten().map(Spanned::get_ref));
        waiting.extend(node.not.as_deref().map(Spanned::get_ref));
        let named = node.detector.as_ref().and_then(|id| all.detectors.get_key_value(id.get_ref().as_str()));
        found.extend(named.map(|(id, _)| *id));
    }
    found
}

/// A keyword as it is looked for: normalised as text is, case folded unless it counts, single spaces.
pub(super) fn term(typed: &str, case_sensitive: bool) -> String {
    let text = normalise(typed);
    let text = if case_sensitive { text } else { fold_case(&text) };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Fills one rule set.
struct Compiler<'a> {
    all: &'a Catalogue<'a>,
    table: &'static [Row],
    chosen: &'a BTreeSet<&'a str>,
    ids: BTreeMap<&'a str, DetectorId>,
    lists: HashMap<String, ListId>,
    probes: HashMap<String, ProbeId>,
    /// Expressions of checks and forms, each source once: rules of one family share most of them.
    expressions: HashMap<String, Arc<AnchoredRegex>>,
    searches: HashMap<String, Arc<LazyRegex>>,
    set: RuleSet,
    errors: &'a mut Vec<RuleError>,
}

impl<'a> Compiler<'a> {
    fn new(
        all: &'a Catalogue<'a>,
        table: &'static [Row],
        known: &BTreeSet<&'a str>,
        chosen: &'a BTreeSet<&'a str>,
        errors: &'a mut Vec<RuleError>,
    ) -> Self {
        let ids = known.iter().copied().zip((0..).map(DetectorId)).collect();
        let (lists, probes, expressions, searches) = Default::default();
        Self { all, table, chosen, ids, lists, probes, expressions, searches, set: RuleSet::default(), errors }
    }

    fn run(mut self, which: &[KnownDetector<'_>]) -> RuleSet {
        let drafts: Vec<Draft> = which.iter().map(|known| self.detector(*known)).collect();
        hash::finish(&mut self.set, &drafts);
        self.set
    }

    /// The index of a list, compiled when it is first named.
    fn list(&mut self, source: &SourceFile, id: &Spanned<String>) -> Option<ListId> {
        if let Some(found) = self.lists.get(id.get_ref()) {
            return Some(*found);
        }
        let Some(known) = self.all.lists.get(id.get_ref().as_str()) else {
            self.errors.push(self.all.unknown_list(source, id));
            return None;
        };
        let case_sensitive = known.syntax.case_sensitive;
        let mut seen = HashSet::new();
        let terms = known.terms().map(|(typed, _)| term(typed, case_sensitive));
        let terms = terms.filter(|term| !term.is_empty() && seen.insert(term.clone())).collect();
        let index = ListId(next(self.set.lists.len()));
        let style = known.syntax.style;
        self.set.lists.push(KeywordList { id: id.get_ref().as_str().into(), terms, style, case_sensitive });
        self.lists.insert(id.get_ref().clone(), index);
        Some(index)
    }

    /// The index of a probe for an expression that was checked, or for a function.
    fn probe(&mut self, label: Arc<str>, expression: &str) -> Result<ProbeId, pattern::PatternError> {
        if let Some(found) = self.probes.get(expression) {
            return Ok(*found);
        }
        let regex = pattern::searched(expression)?;
        let index = ProbeId(next(self.set.probes.len()));
        self.set.probes.push(Probe { label, regex, validators: Vec::new() });
        self.probes.insert(expression.to_owned(), index);
        Ok(index)
    }

    fn pattern_error(&mut self, source: &SourceFile, typed: &Spanned<String>, error: pattern::PatternError) {
        self.errors.push(error.locate(source, typed.span()));
    }
}

/// An index that fits: a file of 4 MiB cannot hold more definitions than a `u32` counts.
fn next(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
