//! The keys of a policy file, in tables: what is not in them is refused.

use super::actions::{ACTIONS, EVERY};
use crate::source::schema::{Key, Kind, may, must};
use crate::source::{Reader, SourceFile};
use std::ops::Range;

/// How policy files are read.
pub(super) const READER: Reader = Reader { noun: "policy", many: "policies", cover, keys: &FILE };

const TEXTS: Kind = Kind::Array(&Kind::Text);
/// One text or several.
const ONE_OR_MORE: Kind = Kind::Either("text or an array of texts", "an array of them", &[Kind::Text, TEXTS]);
/// How sure a finding is.
const CONFIDENCE: Kind = Kind::Either(
    "`high`, `medium`, `low` or a number from 1 to 100",
    "an array of them",
    &[Kind::Word(&["high", "medium", "low"]), Kind::Number(1, 100)],
);
/// Different values or findings of one file.
const COUNT: Kind = Kind::Number(1, 1_000_000_000);
/// A bound of a breaker.
const BOUND: Kind = Kind::Either(
    "a whole number, or \"none\" for no limit",
    "an array of them",
    &[Kind::Number(1, 1_000_000_000), Kind::Word(&["none"])],
);
/// A share of the tenant.
const SHARE: Kind = Kind::Either(
    "per cent, as `2` or \"0.5 %\", or \"none\" for no limit",
    "an array of them",
    &[Kind::Number(1, 100), Kind::Text],
);

pub(super) static FILE: [Key; 2] =
    [must("schema", Kind::Number(0, u32::MAX as i64)), must("policy", Kind::Array(&Kind::Table(&POLICY)))];

pub(super) static POLICY: [Key; 17] = [
    must("name", Kind::Text),
    must("title", Kind::Text),
    must("severity", Kind::Word(&["low", "medium", "high", "critical"])),
    may("mode", Kind::Word(&["off", "watch", "plan", "enforce"])),
    may("description", Kind::Text),
    may("note", Kind::Text),
    may("jurisdiction", ONE_OR_MORE),
    may("scope", Kind::Table(&SCOPE)),
    may("where", Kind::Text),
    may("findings", Kind::Table(&FINDINGS)),
    may("exclude", Kind::Table(&EXCLUDE)),
    may("action", Kind::Array(&Kind::ByWord("do", &EVERY, &ACTIONS))),
    may("breaker", Kind::Table(&BREAKER)),
    may("approvals", Kind::Number(1, 2)),
    may("allow_people_actions", Kind::Bool),
    may("tombstone", Kind::Table(&TOMBSTONE)),
    may("label_order", TEXTS),
];

pub(super) static SCOPE: [Key; 8] = [
    may("connectors", TEXTS),
    may("providers", TEXTS),
    may("folders", TEXTS),
    may("not_folders", TEXTS),
    may("owners", TEXTS),
    may("not_owners", TEXTS),
    may("groups", TEXTS),
    may("not_groups", TEXTS),
];

pub(super) static FINDINGS: [Key; 10] = [
    may("all", Kind::Array(&Kind::Table(&FINDINGS))),
    may("any", Kind::Array(&Kind::Table(&FINDINGS))),
    may("not", Kind::Table(&FINDINGS)),
    may("detector", ONE_OR_MORE),
    may("tag", ONE_OR_MORE),
    may("min_confidence", CONFIDENCE),
    may("min_unique", COUNT),
    may("max_unique", COUNT),
    may("min_total", COUNT),
    may("max_total", COUNT),
];

pub(super) static EXCLUDE: [Key; 3] =
    [may("names", ONE_OR_MORE), may("labels", ONE_OR_MORE), may("findings", Kind::Array(&Kind::Table(&FINDINGS)))];

pub(super) static BREAKER: [Key; 3] =
    [may("items_max", BOUND), may("share_max", SHARE), may("per_owner_hour_max", BOUND)];

pub(super) static TOMBSTONE: [Key; 3] =
    [may("suffix", Kind::Text), may("text", Kind::Text), may("contact", Kind::Text)];

/// A policy file holds nothing that may not be shown; of what is none, nothing shows.
fn cover(text: &str) -> Option<Vec<Range<usize>>> {
    let sets = |line: &str| {
        let line = line.trim_start();
        line.starts_with("[[policy") || line.starts_with("[policy") || line.starts_with("schema")
    };
    text.lines().any(sets).then(Vec::new)
}

/// An embedded file.
pub(super) fn embedded(name: &str, text: &str) -> SourceFile {
    SourceFile::new(name, text.to_owned(), None, cover)
}
