//! The detector's hash: SHA-256 over everything that decides its findings, and nothing else.
//!
//! A stored verdict stays good while the hash stays the same, so examples, prose and file names must not enter, and a
//! list's terms, a validator's version and the normaliser's version must. The form is a sequence of named fields, each
//! with its length, so that no two rules write the same bytes.

use crate::rule::normalise::NORMALISER_VERSION;
use crate::rule::ruleset::{
    Check, CheckWhat, Detector, DetectorId, Identity, KeywordList, Leaf, Node, Primary, PrimaryId, PrimaryKind,
    RuleSet, Tier, What,
};
use crate::rule::validate::Row;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

/// Raised when the form below changes.
const FORM: &str = "sluicebox detector 2";

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

    /// What decides where a primary matches.
    fn primary(&mut self, set: &RuleSet, primary: &Primary) {
        match &primary.kind {
            PrimaryKind::Pattern(pattern) => {
                self.field("regex", &pattern.source);
                self.debug("value_group", pattern.value_group);
                if pattern.first_group {
                    self.field("first_group", "");
                }
                if let Some(bounded) = &pattern.bounded {
                    self.field("bounded", bounded.source());
                }
            }
            PrimaryKind::Keywords(list) => self.list(&set.lists[list.index()]),
        }
        self.debug("max_match_bytes", primary.max_match_bytes);
        self.debug("edges", primary.edges);
    }

    fn check(&mut self, check: &Check) {
        self.debug("check", check.place);
        self.debug("exclude", check.exclude);
        match &check.what {
            CheckWhat::Texts(texts) => texts.iter().for_each(|text| self.field("text", text)),
            CheckWhat::Regex(regex) => self.field("regex", regex.source()),
            CheckWhat::Search(regex) => self.field("search", regex.source()),
            CheckWhat::Words(words) => words.texts().iter().for_each(|text| self.field("word", text)),
            CheckWhat::Together(checks) => {
                self.debug("together", checks.len());
                checks.iter().for_each(|check| self.check(check));
            }
        }
    }

    /// What decides which of the shapes' matches stand, tiers aside. `values` says whether values that
    /// are refused whatever stands around them are part of it.
    fn judging(&mut self, set: &RuleSet, detector: &Detector, values: bool) {
        let checks = detector.checks.iter();
        let counts = |check: &&Check| values || check.plain_values(detector.canonical).is_none();
        checks.filter(counts).for_each(|check| self.check(check));
        self.debug("exclude_same_digits", detector.exclude_same_digits);
        self.debug("canonical", detector.canonical);
        detector.primaries.iter().for_each(|id| self.debug("across_soft", set.primaries[id.index()].across_soft));
    }

    /// What a tier asks of a value itself; its validators are written already.
    fn gate(&mut self, shapes: &[[u8; 32]], detector: &Detector, tier: &Tier) {
        let place = |id: &PrimaryId| detector.primaries.iter().position(|own| own == id);
        tier.primaries.iter().filter_map(place).for_each(|at| self.field("holds for", shapes[at]));
        tier.checks.iter().for_each(|check| self.check(check));
        if let Some(form) = &tier.form {
            self.field("form", form.source());
        }
        self.debug("gate", (tier.primaries.len(), tier.checks.len()));
    }

    fn tier(&mut self, set: &RuleSet, shapes: &[[u8; 32]], tier: &Tier) {
        self.field("tier", &*tier.name);
        self.debug("confidence", tier.confidence.percent());
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
    /// For each tier, best first, its validators.
    pub(super) gates: Vec<Canon>,
}

/// The hash of a list's identity: its terms and how they stand.
pub(in crate::rule) fn list_hash(list: &KeywordList) -> [u8; 32] {
    let mut canon = Canon::default();
    canon.list(list);
    canon.digest()
}

/// Fills in the hashes of every detector; `drafts` are in the order of the set's detectors.
pub(super) fn finish(set: &mut RuleSet, drafts: &[Draft]) {
    let identities: Vec<_> = set.detectors.iter().zip(drafts).map(|(one, draft)| identity(set, one, draft)).collect();
    let shapes: Vec<_> = identities.iter().map(|identity| identity.as_evidence).collect();
    let full = |(at, detector): (usize, &Detector)| {
        let mut canon = Canon::default();
        canon.field("form", FORM);
        canon.debug("normaliser", NORMALISER_VERSION);
        canon.field("id", &*detector.id);
        canon.field("shape", shapes[at]);
        canon.debug("min_unique", detector.min_unique);
        canon.debug("mask", detector.mask);
        detector.exclude_tokens.iter().for_each(|token| canon.field("exclude_token", &**token));
        for (tier, gate) in detector.tiers.iter().zip(&identities[at].gates) {
            canon.field("gate", gate);
            canon.tier(set, &shapes, tier);
        }
        canon.digest()
    };
    let hashes: Vec<_> = set.detectors.iter().enumerate().map(full).collect();
    for ((detector, hash), identity) in set.detectors.iter_mut().zip(hashes).zip(identities) {
        (detector.hash, detector.identity) = (hash, identity);
    }
}

fn identity(set: &RuleSet, detector: &Detector, draft: &Draft) -> Identity {
    let primary = |id: &PrimaryId| {
        let mut canon = Canon::default();
        canon.primary(set, &set.primaries[id.index()]);
        canon.digest()
    };
    let primaries: Vec<_> = detector.primaries.iter().map(primary).collect();
    let gate = |(tier, validators): (&Tier, &Canon)| {
        let mut canon = validators.clone();
        canon.gate(&primaries, detector, tier);
        canon.digest()
    };
    let gates: Vec<_> = detector.tiers.iter().zip(&draft.gates).map(gate).collect();
    let judging = |values| {
        let mut canon = draft.shape.clone();
        canon.judging(set, detector, values);
        canon
    };
    // A match that no tier takes is none, as evidence too.
    let mut shape = judging(true);
    primaries.iter().for_each(|primary| shape.field("primary", primary));
    gates.iter().for_each(|gate| shape.field("gate", gate));
    let mut own = judging(false);
    own.debug("mask", detector.mask);
    Identity { judging: own.digest(), as_evidence: shape.digest(), primaries, gates }
}
