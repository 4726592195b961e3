//! The detector's hash: SHA-256 over everything that decides its findings, and nothing else.
//!
//! A stored verdict stays good while the hash stays the same, so examples, prose and file names must not enter, and a
//! list's terms, a validator's version and the normaliser's version must. The form is a sequence of named fields, each
//! with its length, so that no two rules write the same bytes.

use crate::rule::normalise::NORMALISER_VERSION;
use crate::rule::ruleset::{
    Check, CheckWhat, Detector, DetectorId, KeywordList, Leaf, Node, Primary, PrimaryKind, RuleSet, Tier, What,
};
use crate::rule::validate::Row;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// Raised when the form below changes.
const FORM: &str = "sluicebox detector 1";

/// Bytes that two equal rules write equally.
#[derive(Clone, Debug, Default)]
pub(super) struct Canon(Vec<u8>);

impl Canon {
    /// Writes a named field.
    pub(super) fn field(&mut self, name: &str, value: impl AsRef<[u8]>) {
        for part in [name.as_bytes(), value.as_ref()] {
            self.0.extend((part.len() as u64).to_le_bytes());
            self.0.extend(part);
        }
    }

    fn debug(&mut self, name: &str, value: impl std::fmt::Debug) {
        self.field(name, format!("{value:?}"));
    }

    /// Writes a validator: its row, group and parameters.
    pub(super) fn validator(&mut self, row: &Row, group: Option<usize>, params: &Table) {
        self.field("validator", row.name);
        self.debug("version", row.version);
        self.debug("group", group);
        self.value("params", &Value::Table(params.clone()));
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.field(name, text),
            Value::Array(items) => {
                self.debug(name, items.len());
                items.iter().for_each(|item| self.value("item", item));
            }
            Value::Table(table) => {
                self.debug(name, table.len());
                let mut keys: Vec<_> = table.iter().collect();
                keys.sort_by_key(|(key, _)| key.as_str());
                keys.into_iter().for_each(|(key, value)| self.value(key, value));
            }
            other => self.debug(name, other),
        }
    }

    fn list(&mut self, list: &KeywordList) {
        self.field("list", &*list.id);
        self.debug("style", list.style);
        self.debug("case_sensitive", list.case_sensitive);
        let mut terms: Vec<&String> = list.terms.iter().collect();
        terms.sort();
        terms.into_iter().for_each(|term| self.field("term", term));
    }

    fn primary(&mut self, set: &RuleSet, primary: &Primary) {
        self.field("primary", &*primary.id);
        match &primary.kind {
            PrimaryKind::Pattern(pattern) => {
                self.field("regex", &pattern.source);
                self.debug("value_group", pattern.value_group);
            }
            PrimaryKind::Keywords(list) => self.list(&set.lists[list.index()]),
        }
        self.debug("max_match_bytes", primary.max_match_bytes);
        self.debug("edges", primary.edges);
        self.debug("across_soft", primary.across_soft);
    }

    fn check(&mut self, check: &Check) {
        self.debug("check", check.place);
        self.debug("exclude", check.exclude);
        match &check.what {
            CheckWhat::Texts(texts) => texts.iter().for_each(|text| self.field("text", text)),
            CheckWhat::Regex(regex) => self.field("regex", regex.source()),
        }
    }

    /// What decides whether a text is this detector's match at all. A tier's checks are part of it, since a match that no
    /// tier can hold is none; a tier without checks writes nothing.
    fn shape(&mut self, set: &RuleSet, detector: &Detector) {
        detector.primaries.iter().for_each(|id| self.primary(set, &set.primaries[id.index()]));
        detector.checks.iter().for_each(|check| self.check(check));
        self.debug("exclude_same_digits", detector.exclude_same_digits);
        self.debug("canonical", detector.canonical);
        for tier in detector.tiers.iter().filter(|tier| !tier.checks.is_empty()) {
            self.field("checks of tier", &*tier.name);
            tier.checks.iter().for_each(|check| self.check(check));
        }
    }

    fn tier(&mut self, set: &RuleSet, shapes: &[[u8; 32]], tier: &Tier) {
        self.field("tier", &*tier.name);
        self.debug("confidence", tier.confidence.percent());
        tier.primaries.iter().for_each(|id| self.field("holds for", &*set.primaries[id.index()].id));
        if let Some(form) = &tier.form {
            self.field("form", form.source());
        }
        if let Some(node) = &tier.evidence {
            self.node(set, shapes, node);
        }
    }

    fn node(&mut self, set: &RuleSet, shapes: &[[u8; 32]], node: &Node) {
        match node {
            Node::All(nodes) => {
                self.debug("all", nodes.len());
                nodes.iter().for_each(|node| self.node(set, shapes, node));
            }
            Node::Any { nodes, min, max } => {
                self.debug("any", (nodes.len(), min, max));
                nodes.iter().for_each(|node| self.node(set, shapes, node));
            }
            Node::Not(node) => {
                self.field("not", "");
                self.node(set, shapes, node);
            }
            Node::Leaf(leaf) => self.leaf(set, shapes, leaf),
        }
    }

    fn leaf(&mut self, set: &RuleSet, shapes: &[[u8; 32]], leaf: &Leaf) {
        match leaf.what {
            What::List(list) => self.list(&set.lists[list.index()]),
            What::Probe(probe) => self.field("probe", set.probes[probe.index()].regex.source()),
            What::Detector(DetectorId(at)) => {
                self.field("detector", shapes.get(at as usize).map_or(&[][..], |shape| &shape[..]));
            }
        }
        self.field("label", &*leaf.label);
        self.debug("bounds", (leaf.within, leaf.side, leaf.min, leaf.max, leaf.distinct));
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

/// What of a detector is written while it is compiled: validators know their parameters only then.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The detector's own validators.
    pub(super) shape: Canon,
    /// The tiers' validators.
    pub(super) tiers: Canon,
}

/// Fills in the hash of every detector; `drafts` are in the order of the set's detectors.
pub(super) fn finish(set: &mut RuleSet, drafts: &[Draft]) {
    let shape = |detector: &Detector, draft: &Draft| {
        let mut canon = draft.shape.clone();
        canon.shape(set, detector);
        canon.digest()
    };
    let shapes: Vec<_> = set.detectors.iter().zip(drafts).map(|(detector, draft)| shape(detector, draft)).collect();
    let full = |(at, detector): (usize, &Detector)| {
        let mut canon = drafts[at].tiers.clone();
        canon.field("form", FORM);
        canon.debug("normaliser", NORMALISER_VERSION);
        canon.field("id", &*detector.id);
        canon.field("shape", shapes[at]);
        canon.debug("min_unique", detector.min_unique);
        canon.debug("mask", detector.mask);
        detector.tiers.iter().for_each(|tier| canon.tier(set, &shapes, tier));
        canon.digest()
    };
    let hashes: Vec<_> = set.detectors.iter().enumerate().map(full).collect();
    set.detectors.iter_mut().zip(hashes).for_each(|(detector, hash)| detector.hash = hash);
}
