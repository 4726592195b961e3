//! What importers make: the types of our own rule files, filled with places of a foreign file.

use super::{Fate, Journal};
use crate::rule::MATCH_BYTES_DEFAULT;
use crate::rule::import::dialect::Written;
use crate::rule::pattern;
use crate::rule::syntax::{
    Canonical, Check, CheckPlace, Detector, Edges, Evidence, Group, List, MaskStyle, MatchStyle, Primary, RuleFile,
    Tier, ValidatorUse, Within,
};
use regex_syntax::hir::Hir;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::{Spanned, Table, Value};

/// Longest match of an expression that sets no end to it, in bytes.
const UNBOUNDED_BYTES: u32 = 8_192;

/// Bytes of the foreign file.
pub(super) type At = Range<usize>;

/// A value at a place.
pub(super) fn at<T>(place: &At, value: T) -> Spanned<T> {
    Spanned::new(place.clone(), value)
}

pub(super) fn texts(place: &At, texts: impl IntoIterator<Item = String>) -> Vec<Spanned<String>> {
    texts.into_iter().map(|text| at(place, text)).collect()
}

/// An empty rule file.
pub(super) fn file() -> RuleFile {
    RuleFile { schema: Spanned::new(0..0, 1), list: Vec::new(), detector: Vec::new() }
}

/// A detector that has an id and nothing else. What foreign rules find needs no edges: they say themselves what may stand
/// beside a match.
pub(super) fn detector(place: &At, id: &str, name: String) -> Detector {
    Detector {
        id: at(place, id.to_owned()),
        name,
        why: String::new(),
        regions: Vec::new(),
        tags: Vec::new(),
        off: false,
        min_unique: None,
        mask: MaskStyle::Auto,
        canonical: Canonical::Exact,
        edges: Edges::None,
        max_match_bytes: None,
        across_soft: false,
        exclude_same_digits: false,
        exclude_tokens: Vec::new(),
        primary: Vec::new(),
        validators: Vec::new(),
        check: Vec::new(),
        tier: Vec::new(),
        example: Vec::new(),
        counter: Vec::new(),
        allow: BTreeMap::new(),
    }
}

pub(super) fn tier(place: &At, name: &str, confidence: u8, evidence: Option<Evidence>) -> Tier {
    Tier {
        name: at(place, name.to_owned()),
        confidence: at(place, confidence),
        primary: Vec::new(),
        validators: Vec::new(),
        check: Vec::new(),
        form: None,
        evidence: evidence.map(|evidence| at(place, evidence)),
    }
}

/// A shape by an expression.
pub(super) fn primary(place: &At, regex: String, bounded: Option<String>, group: Option<Group>) -> Primary {
    Primary {
        id: None,
        regex: Some(at(place, regex)),
        keywords: None,
        function: None,
        group: group.map(|group| at(place, group)),
        bounded: bounded.map(|bounded| at(place, bounded)),
    }
}

fn check(place: CheckPlace) -> Check {
    Check { place, exclude: None, include: None, exclude_regex: None, include_regex: None, together: Vec::new() }
}

/// Refuses what holds one of these texts.
pub(super) fn exclude(place: &At, looks: CheckPlace, these: impl IntoIterator<Item = String>) -> Check {
    Check { exclude: Some(texts(place, these)), ..check(looks) }
}

/// Refuses what this matches.
pub(super) fn exclude_regex(place: &At, looks: CheckPlace, regex: String) -> Check {
    Check { exclude_regex: Some(at(place, regex)), ..check(looks) }
}

/// Refuses what this does not match.
pub(super) fn include_regex(place: &At, looks: CheckPlace, regex: String) -> Check {
    Check { include_regex: Some(at(place, regex)), ..check(looks) }
}

/// Refuses what all of these refuse.
pub(super) fn together(place: &At, checks: Vec<Check>) -> Check {
    Check { together: checks.into_iter().map(|one| at(place, one)).collect(), ..check(CheckPlace::Full) }
}

/// A validator with parameters.
pub(super) fn validator(
    place: &At,
    name: &str,
    params: impl IntoIterator<Item = (&'static str, Value)>,
) -> Spanned<ValidatorUse> {
    let mut table = Table::new();
    table.insert("name".to_owned(), Value::String(name.to_owned()));
    table.extend(params.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let plain = table.len() == 1;
    at(place, if plain { ValidatorUse::Name(name.to_owned()) } else { ValidatorUse::With(table) })
}

fn node() -> Evidence {
    Evidence {
        all: None,
        any: None,
        not: None,
        list: None,
        regex: None,
        function: None,
        detector: None,
        within: None,
        side: None,
        min: None,
        max: None,
        distinct: false,
    }
}

/// What evidence leaf looks for.
pub(super) enum Leaf {
    List(String),
    Regex(String),
    Detector(String),
}

/// A leaf; `within` characters, or the whole part.
pub(super) fn leaf(place: &At, what: Leaf, within: Option<u32>) -> Evidence {
    let mut leaf = node();
    match what {
        Leaf::List(id) => leaf.list = Some(at(place, id)),
        Leaf::Regex(regex) => leaf.regex = Some(at(place, regex)),
        Leaf::Detector(id) => leaf.detector = Some(at(place, id)),
    }
    leaf.within = Some(at(place, within.map_or_else(|| Within::Word("part".to_owned()), Within::Characters)));
    leaf
}

/// All of these; one alone stands for itself.
pub(super) fn all(place: &At, mut nodes: Vec<Evidence>) -> Option<Evidence> {
    if nodes.len() > 1 {
        return Some(Evidence { all: Some(nodes.into_iter().map(|one| at(place, one)).collect()), ..node() });
    }
    nodes.pop()
}

/// Between `min` and `max` of these.
pub(super) fn any(place: &At, nodes: Vec<Evidence>, min: u32, max: Option<u32>) -> Evidence {
    let any = Some(nodes.into_iter().map(|one| at(place, one)).collect());
    Evidence { any, min: Some(at(place, min)), max: max.map(|max| at(place, max)), ..node() }
}

/// A list of texts that may stand anywhere.
pub(super) fn list(place: &At, id: &str, terms: impl IntoIterator<Item = String>, style: MatchStyle) -> List {
    List { id: at(place, id.to_owned()), terms: texts(place, terms), file: None, style, case_sensitive: false }
}

/// Ids of detectors made from foreign names, no two alike.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeSet<String>);

impl Ids {
    /// `prefix.name` in the letters that ids may have.
    pub(super) fn make(&mut self, prefix: &str, name: &str) -> String {
        let plain = plain_id(name);
        let begins = plain.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
        let base = if begins { plain } else { format!("{prefix}.{plain}") };
        let mut id = base.clone();
        for number in 2_u32.. {
            if self.0.insert(id.clone()) {
                break;
            }
            id = format!("{base}-{number}");
        }
        id
    }
}

/// The id that a foreign name becomes: lower-case letters, digits and `-`, single dots between steps.
pub(super) fn plain_id(name: &str) -> String {
    let steps = name.split('.').map(|step| {
        let mut out = String::new();
        for c in step.chars() {
            let c = c.to_ascii_lowercase();
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                out.push(c);
            } else if !out.ends_with('-') && !out.is_empty() {
                out.push('-');
            }
        }
        out.trim_end_matches('-').to_owned()
    });
    let steps: Vec<String> = steps.filter(|step| !step.is_empty()).collect();
    if steps.is_empty() { "rule".to_owned() } else { steps.join(".") }
}

/// Tells what became of an expression and whether it can serve: its tree, or `None` when the rule was skipped.
pub(super) fn measured(journal: &mut Journal<'_>, written: &Written) -> Option<Hir> {
    let hir = match pattern::parse(&written.regex) {
        Ok(hir) => hir,
        Err(error) => {
            let label = if error.label.is_empty() { String::new() } else { format!(" ({})", error.label) };
            journal.skip(format!("its expression cannot serve: {}{label}", error.message));
            return None;
        }
    };
    if let Some(Err(why)) = written.bounded.as_deref().map(crate::rule::bounded::BoundedRegex::new) {
        journal.skip(format!("its expression cannot serve: {why}"));
        return None;
    }
    for note in &written.notes {
        journal.tell(Fate::Rewritten, *note);
    }
    for loss in &written.losses {
        journal.tell(Fate::Approximated, *loss);
    }
    Some(hir)
}

/// Sets how long a match may be; what sets no end to itself is cut, and that is told.
pub(super) fn set_match_bytes(journal: &mut Journal<'_>, place: &At, detector: &mut Detector, trees: &[&Hir]) {
    let longest =
        trees.iter().map(|tree| tree.properties().maximum_len()).try_fold(0, |most, one| Some(most.max(one?)));
    let most = u32::try_from(crate::rule::MATCH_BYTES_MAX).unwrap_or(u32::MAX);
    let bytes = match longest.and_then(|bytes| u32::try_from(bytes).ok()) {
        Some(bytes) if bytes <= most => bytes.max(MATCH_BYTES_DEFAULT),
        Some(_) => {
            journal.tell(Fate::Approximated, format!("a match ends after {most} bytes at the latest"));
            most
        }
        None => UNBOUNDED_BYTES,
    };
    if bytes != MATCH_BYTES_DEFAULT {
        detector.max_match_bytes = Some(at(place, bytes));
    }
}

/// Puts what an expression says of its edges into checks.
pub(super) fn edge_checks(place: &At, written: &Written) -> Vec<Check> {
    let before = written.not_before.iter().map(|not| exclude_regex(place, CheckPlace::Before, not.clone()));
    let after = written.not_after.iter().map(|not| exclude_regex(place, CheckPlace::After, not.clone()));
    before.chain(after).collect()
}
