//! What a store may leave out of a query, since a filter's answer is no for certain.
//!
//! A store that ignores all of it gives the same result, only slower. The answer must be no, not unknown: what is unknown
//! is counted and told.

use super::answer::Answer;
use super::facts::Facts;
use super::field::Field;
use super::filter::{Check, Leaf, Node};
use crate::model::{ItemKind, Level, Provider};
use std::collections::BTreeSet;

/// Conditions that every item must meet for which a filter does not say no. `None` is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// The connector is one of these (lower case).
    pub connectors: Option<BTreeSet<String>>,
    /// The provider is one of these.
    pub providers: Option<BTreeSet<Provider>>,
    /// The item's id at its provider is one of these.
    pub ids: Option<BTreeSet<String>>,
    /// The level is at least this, or the exposure is not wholly known.
    pub level_at_least: Option<Level>,
    /// One of these detectors (lower case) found something, or the item is a file that was not wholly read.
    pub detectors: Option<BTreeSet<String>>,
    /// It is in the trash, or it is not.
    pub trashed: Option<bool>,
    /// Bytes, at least.
    pub size_at_least: Option<u64>,
}

impl Narrow {
    pub(super) fn of(node: &Node) -> Self {
        match node {
            Node::And(parts) => parts.iter().map(Self::of).fold(Self::default(), Self::both),
            Node::Or(parts) => parts.iter().map(Self::of).reduce(Self::either).unwrap_or_default(),
            Node::Not(inner) => Self::of_contrary(inner),
            Node::Leaf(leaf) => Self::of_leaf(leaf, leaf.negated),
        }
    }

    fn of_contrary(node: &Node) -> Self {
        match node {
            Node::Not(inner) => Self::of(inner),
            Node::Leaf(leaf) => Self::of_leaf(leaf, !leaf.negated),
            // Not all of these is: one of them not; not one of these: none of them.
            Node::And(parts) => parts.iter().map(Self::of_contrary).reduce(Self::either).unwrap_or_default(),
            Node::Or(parts) => parts.iter().map(Self::of_contrary).fold(Self::default(), Self::both),
        }
    }

    fn of_leaf(leaf: &Leaf, negated: bool) -> Self {
        let mut narrow = Self::default();
        match (leaf.field, &leaf.check) {
            (Field::Trashed, Check::Flag(wanted)) => narrow.trashed = Some(*wanted != negated),
            (Field::Access, Check::Level(allowed)) => {
                let levels = [Level::Private, Level::Internal, Level::External, Level::Public];
                narrow.level_at_least =
                    levels.into_iter().zip(allowed).find(|(_, is)| **is != negated).map(|(level, _)| level);
            }
            _ if negated => {}
            (Field::Connector, Check::Texts(tests)) => narrow.connectors = tests.only_wholes(),
            (Field::Id, Check::Texts(tests)) => narrow.ids = tests.only_wholes(),
            (Field::Provider, Check::Texts(tests)) => {
                let named = |provider: &Provider| tests.fit(provider.name());
                narrow.providers = Some(Provider::ALL.into_iter().filter(named).collect());
            }
            (Field::Size, Check::Numbers(ranges)) => narrow.size_at_least = ranges.iter().map(|(from, _)| *from).min(),
            (Field::Finding, Check::Finding(tests)) => {
                narrow.detectors = tests.ids().map(|ids| ids.map(str::to_owned).collect());
            }
            _ => {}
        }
        narrow
    }

    fn both(self, other: Self) -> Self {
        Self {
            connectors: both(self.connectors, other.connectors, |a, b| &a & &b),
            providers: both(self.providers, other.providers, |a, b| &a & &b),
            ids: both(self.ids, other.ids, |a, b| &a & &b),
            level_at_least: both(self.level_at_least, other.level_at_least, Ord::max),
            // Found by one of these and by one of those: a store keeps to the shorter list.
            detectors: both(self.detectors, other.detectors, |a, b| if a.len() <= b.len() { a } else { b }),
            trashed: both(self.trashed, other.trashed, |a, _| a),
            size_at_least: both(self.size_at_least, other.size_at_least, Ord::max),
        }
    }

    fn either(self, other: Self) -> Self {
        Self {
            connectors: either(self.connectors, other.connectors, |a, b| Some(&a | &b)),
            providers: either(self.providers, other.providers, |a, b| Some(&a | &b)),
            ids: either(self.ids, other.ids, |a, b| Some(&a | &b)),
            level_at_least: either(self.level_at_least, other.level_at_least, |a, b| Some(a.min(b))),
            detectors: either(self.detectors, other.detectors, |a, b| Some(&a | &b)),
            trashed: either(self.trashed, other.trashed, |a, b| (a == b).then_some(a)),
            size_at_least: either(self.size_at_least, other.size_at_least, |a, b| Some(a.min(b))),
        }
    }

    /// True when the item may be left out: what a store must hold itself to, told in code.
    #[must_use]
    pub fn leaves_out(&self, facts: &Facts<'_>) -> bool {
        let item = facts.item;
        let none_of =
            |among: &Option<BTreeSet<String>>, word: &str| among.as_ref().is_some_and(|all| !all.contains(word));
        let known_level = facts.exposure.filter(|told| told.is_known()).map(|told| told.level);
        none_of(&self.connectors, facts.connector.as_str())
            || none_of(&self.ids, &item.id)
            || self.providers.as_ref().is_some_and(|all| !all.contains(&facts.provider))
            || self.trashed.is_some_and(|trashed| trashed != item.trashed.is_some())
            || self.size_at_least.is_some_and(|bytes| item.size_bytes < bytes)
            || self.level_at_least.zip(known_level).is_some_and(|(least, level)| level < least)
            || self.detectors.as_ref().is_some_and(|ids| nothing_by(ids, facts) == Answer::Yes)
    }
}

/// Whether none of these detectors can have found anything.
fn nothing_by(ids: &BTreeSet<String>, facts: &Facts<'_>) -> Answer {
    let coverage = facts.inspection.and_then(|inspection| inspection.coverage);
    let wholly = facts.item.kind != ItemKind::File || coverage.is_some_and(|coverage| !coverage.is_gap());
    let by_these = facts.found.map(|found| found.iter().any(|one| ids.contains(&one.detector.to_ascii_lowercase())));
    Answer::from(by_these).negate().and(wholly.into())
}

fn both<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

fn either<T>(one: Option<T>, other: Option<T>, join: impl FnOnce(T, T) -> Option<T>) -> Option<T> {
    one.zip(other).and_then(|(one, other)| join(one, other))
}
