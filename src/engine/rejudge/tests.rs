//! Judging again must say what scanning again says, or nothing: random texts, random tightenings of the built-in rules and of
//! made ones that use all that a rule can.

use super::*;
use crate::detect::{Matcher, PartStart, RawLength, ScanOptions, Scanner, TokenKey};
use crate::model::Place;
use crate::rule::normalise::{canonical_value, normalise};
use crate::rule::ruleset::{Check, CheckWhat, Detector, Leaf, Node, RuleSet, What};
use crate::rule::syntax::{Canonical, CheckPlace};
use crate::rule::{self, Options};
use std::collections::BTreeMap;

/// A generator of Marsaglia's (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("a small number")
    }

    fn below_u32(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound.max(1))).expect("a small number")
    }
}

const MADE: &str = r##"
schema = 1

[[list]]
id = "near"
terms = ["account", "customer account", "client", "größe"]

[[list]]
id = "far"
terms = ["ledger", "账号"]
match = "string"

[[list]]
id = "never"
terms = ["sample", "test data"]

[[detector]]
id = "made.trees"
name = "All that a tree can say"
[[detector.primary]]
id = "long"
regex = '[0-9]{6}'
[[detector.primary]]
id = "split"
regex = '[0-9]{3}[ -][0-9]{3}(?:[ -][0-9]{3})?'
[[detector.tier]]
name = "top"
confidence = 95
evidence = { all = [
  { list = "near", within = 60, min = 2, distinct = true },
  { any = [{ list = "far", within = 90 }, { list = "near", within = 20, side = "before" }, { regex = 'id:', within = 30 }], min = 2 },
  { not = { list = "never", within = 40 } },
] }
[[detector.tier]]
name = "high"
confidence = 85
primary = ["long"]
evidence = { any = [{ list = "near", within = 40, max = 3 }, { list = "far", within = 80, min = 2 }, { detector = "made.code", within = 50 }] }
[[detector.tier]]
name = "medium"
confidence = 75
form = '[1-9].*'
evidence = { list = "near", within = 120 }
[[detector.tier]]
name = "low"
confidence = 65
evidence = { any = [{ list = "near" }, { list = "far" }] }
[[detector.example]]
text = "account 123456"
value = "123456"
tier = "medium"

[[detector]]
id = "made.overlaps"
name = "Shapes that overlap"
edges = "none"
[[detector.primary]]
id = "a"
regex = '[0-9]{3}-[0-9]{3}'
[[detector.primary]]
id = "b"
regex = '[0-9]{2}-[0-9]{2}'
[[detector.tier]]
name = "b"
confidence = 80
primary = ["b"]
evidence = { list = "near", within = 50 }
[[detector.tier]]
name = "any"
confidence = 70
form = '[0-8-]+'
[[detector.tier]]
name = "rest"
confidence = 60
evidence = { list = "far", within = 50 }
[[detector.example]]
text = "12-34-56"
value = "12-34"
tier = "any"
[[detector.example]]
text = "111-222-333"
value = "111-222"
tier = "any"

[[detector]]
id = "made.code"
name = "Codes"
min_unique = 2
[[detector.primary]]
regex = 'C[0-9]{2}'
[[detector.tier]]
name = "only"
confidence = 65

[[detector]]
id = "made.part"
name = "Asks whole parts"
[[detector.primary]]
regex = 'P[0-9]{2}'
[[detector.tier]]
name = "sure"
confidence = 85
evidence = { list = "near", within = "part", min = 3 }
[[detector.tier]]
name = "unsure"
confidence = 65
evidence = { list = "far", within = 100 }
"##;

const MADE_PIECES: &[&str] = &[
    "123456",
    "654321",
    "123 456",
    "123-456 789",
    "12-34-56",
    "111-222-333",
    "987-65",
    "C11",
    "C12",
    "C13",
    "P01",
    "P02",
    "account",
    "customer account",
    "client",
    "größe",
    "ledger",
    "账号",
    "sample",
    "test data",
    "id:",
    " ",
    " ",
    "  ",
    "\n",
    " of a longer text that says nothing ",
    ", ",
    "; ",
    "x",
    "é ",
];

fn made() -> RuleSet {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, MADE).expect("written");
    let options = Options { builtin: false, paths: vec![path], ..Options::default() };
    rule::load(&options).expect("the made rules load").rules
}

fn builtin() -> RuleSet {
    rule::load(&Options::default()).expect("the built-in rules load").rules
}

/// Texts of examples and counter-examples, and their values.
fn pieces(rules: &RuleSet) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for detector in &rules.detectors {
        pieces.extend(detector.examples.iter().map(|example| example.text.clone()));
        pieces.extend(detector.examples.iter().filter_map(|example| example.value.clone()));
        pieces.extend(detector.counters.iter().map(|counter| counter.text.clone()));
    }
    pieces.extend([" ", "\n", ", ", " nothing of note here, and so on for a while "].map(str::to_owned));
    pieces
}

/// A file of a few parts: text of its own, cells seen twice, recovered text.
type File = Vec<(bool, Vec<(Place, String)>)>;

fn file(random: &mut Random, pieces: &[String], length: usize) -> File {
    let text = |random: &mut Random, length: usize| -> String {
        (0..length).map(|_| pieces[random.below(pieces.len())].as_str()).collect::<Vec<_>>().join(" ")
    };
    let count = 1 + random.below(3);
    let part = |random: &mut Random| match random.below(3) {
        0 => {
            let row = |n: u32, random: &mut Random| {
                (Place::Cell { row: n / 2 + 1, column: 1 }, text(random, 1 + length / 20))
            };
            let mut rows: Vec<_> = (0..12).map(|n| row(n, random)).collect();
            for at in (1..rows.len()).step_by(2).filter(|at| at % 3 > 0) {
                rows[at] = rows[at - 1].clone();
            }
            (false, rows)
        }
        kind => (kind == 1 && random.below(4) == 0, vec![(Place::Whole, text(random, length))]),
    };
    (0..count).map(|_| part(random)).collect()
}

fn scan(matcher: &Matcher, key: &TokenKey, file: &File) -> (Vec<Finding>, Vec<DetectorCount>) {
    let mut scanner = Scanner::new(matcher, key, ScanOptions { grounds: true, ..ScanOptions::default() });
    for (recovered, rows) in file {
        let whole = rows.len() == 1;
        let own_text = whole.then(RawLength::utf8);
        let name = if whole { "text" } else { "sheet" }.to_owned();
        scanner.begin_part(PartStart { name, own_text, recovered: *recovered, ..PartStart::default() });
        for (place, text) in rows {
            if !whole {
                scanner.soft_edge('\n');
            }
            scanner.push(text, place, whole.then_some(0));
        }
        scanner.end_part();
    }
    let scanned = scanner.finish_file();
    (scanned.findings, scanned.counts)
}

const KINDS: [&str; 9] =
    ["confidence", "tier removed", "min_unique", "window", "count", "token", "value", "any child removed", "max"];

/// Tightens (or not) one detector in one way; `None` when it has nothing to edit so.
fn edit(detector: &mut Detector, kind: &str, random: &mut Random, key: &TokenKey) -> Option<()> {
    let tier = random.below(detector.tiers.len());
    match kind {
        "confidence" => {
            let percent = u8::try_from(1 + random.below(100)).expect("a percentage");
            detector.tiers[tier].confidence = Confidence::new(percent)?;
            let gates = std::mem::take(&mut detector.identity.gates);
            let mut both: Vec<_> = std::mem::take(&mut detector.tiers).into_iter().zip(gates).collect();
            both.sort_by_key(|(tier, _)| std::cmp::Reverse(tier.confidence));
            (detector.tiers, detector.identity.gates) = both.into_iter().unzip();
        }
        "tier removed" if detector.tiers.len() > 1 => {
            detector.tiers.remove(tier);
            detector.identity.gates.remove(tier);
            detector.identity.as_evidence = [1; 32];
        }
        "min_unique" => detector.min_unique += 1 + random.below_u32(2),
        "token" | "value" => {
            let values: Vec<String> = detector.examples.iter().filter_map(|example| example.value.clone()).collect();
            let value = values.get(random.below(values.len()))?;
            let canonical = canonical_value(&normalise(value), detector.canonical);
            if kind == "token" {
                detector.exclude_tokens = vec![key.token(&canonical).as_str().into()];
            } else {
                if detector.canonical == Canonical::Exact || !canonical.is_ascii() {
                    return None;
                }
                let what = CheckWhat::Texts(vec![canonical]);
                detector.checks.push(Check { place: CheckPlace::Full, exclude: true, what });
                detector.identity.as_evidence = [2; 32];
            }
        }
        "any child removed" => {
            let (nodes, _, _) = first_any(detector.tiers[tier].evidence.as_mut()?)?;
            if nodes.len() < 2 {
                return None;
            }
            nodes.remove(random.below(nodes.len()));
        }
        _ => {
            let mut leaves = Vec::new();
            leaves_mut(detector.tiers[tier].evidence.as_mut()?, &mut leaves);
            // What an expression finds may hang on where its window cuts the text.
            leaves.retain(|leaf| kind != "window" || matches!(leaf.what, What::List(_)));
            if leaves.is_empty() {
                return None;
            }
            let at = random.below(leaves.len());
            let leaf = &mut leaves[at];
            match (kind, leaf.within) {
                ("window", Some(within)) => leaf.within = Some(random.below_u32(within)),
                ("count", _) => leaf.min += 1,
                ("max", _) => leaf.max = Some(leaf.max.unwrap_or(6).saturating_sub(1).max(leaf.min)),
                _ => return None,
            }
        }
    }
    detector.hash = [9; 32];
    Some(())
}

fn first_any(node: &mut Node) -> Option<(&mut Vec<Node>, &mut u32, &mut Option<u32>)> {
    match node {
        Node::Any { nodes, min, max } => Some((nodes, min, max)),
        Node::All(nodes) => nodes.iter_mut().find_map(first_any),
        Node::Not(_) | Node::Leaf(_) => None,
    }
}

fn leaves_mut<'n>(node: &'n mut Node, out: &mut Vec<&'n mut Leaf>) {
    match node {
        Node::All(nodes) | Node::Any { nodes, .. } => nodes.iter_mut().for_each(|node| leaves_mut(node, out)),
        Node::Not(node) => leaves_mut(node, out),
        Node::Leaf(leaf) => out.push(leaf),
    }
}

/// What judging again must reproduce of a finding.
fn shown(finding: &Finding, confidence: Confidence, tier: &str, evidence: &[Evidence]) -> String {
    let Finding { part, location, start, end, own_text, mask, token, .. } = finding;
    format!("{confidence} {tier} {evidence:?} {part} {location} {start} {end} {own_text:?} {mask} {token}")
}

#[derive(Default, Debug)]
struct Tally {
    same: u64,
    undecided: u64,
    /// Edits that no record can decide.
    not_tightened: u64,
}

/// Holds judging again against scanning again; gives for each kind of edit what came out, for contents with findings.
fn hold(
    make: fn() -> RuleSet,
    pieces: &[String],
    rounds: u64,
    texts: usize,
    length: usize,
) -> BTreeMap<&'static str, Tally> {
    let key = TokenKey::new([5; 32], 1);
    let token = |value: &str| key.token(value).as_str().to_owned();
    let old = Matcher::new(Arc::new(make()));
    let old_profiles = Profile::all(old.rules(), &token);
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for round in 1..=rounds {
        let mut random = Random(round * 0x9E37_79B9_7F4A_7C15);
        let mut edited = make();
        let mut kinds: BTreeMap<String, &'static str> = BTreeMap::new();
        for detector in &mut edited.detectors {
            let kind = KINDS[random.below(KINDS.len())];
            if edit(detector, kind, &mut random, &key).is_some() {
                kinds.insert((*detector.id).to_owned(), kind);
            }
        }
        let changed_evidence: Vec<_> = edited
            .detectors
            .iter()
            .map(|detector| detector.identity.as_evidence[1..] == detector.identity.as_evidence[..31])
            .collect();
        for detector in &mut edited.detectors {
            let mut asks_changed = false;
            for tier in &mut detector.tiers {
                let mut leaves = Vec::new();
                tier.evidence.iter_mut().for_each(|node| leaves_mut(node, &mut leaves));
                asks_changed |=
                    leaves.iter().any(|leaf| matches!(leaf.what, What::Detector(id) if changed_evidence[id.index()]));
            }
            if asks_changed {
                detector.hash = [9; 32];
            }
        }
        let new = Matcher::new(Arc::new(edited));
        let new_profiles = Profile::all(new.rules(), &token);
        for _ in 0..texts {
            let file = file(&mut random, pieces, length);
            let (was, was_counts) = scan(&old, &key, &file);
            let (is, is_counts) = scan(&new, &key, &file);
            for (old, new) in old_profiles.iter().zip(&new_profiles) {
                let of = |all: &[Finding]| -> Vec<Finding> {
                    all.iter().filter(|finding| *finding.detector == *old.id).cloned().collect()
                };
                let (was, is) = (of(&was), of(&is));
                let count = |all: &[DetectorCount]| all.iter().find(|count| *count.detector == *old.id).cloned();
                let Some(count_was) = count(&was_counts) else {
                    assert!(is.is_empty(), "{} finds where there was no candidate", old.id);
                    continue;
                };
                let kind = kinds.get(&old.id).copied().unwrap_or("none");
                let tally = tallies.entry(kind).or_default();
                let answer = rejudge(old, new, &count_was, &was);
                let Answer::Judged(judged) = answer else {
                    let rare = u64::from(!was.is_empty());
                    match compare(Some(old), Some(new)) {
                        Change::Tightened => tally.undecided += rare,
                        _ => tally.not_tightened += rare,
                    }
                    continue;
                };
                tally.same += u64::from(!was.is_empty());
                let got = judged
                    .findings
                    .iter()
                    .map(|kept| shown(&was[kept.at], kept.confidence, &kept.tier, &kept.evidence));
                let want = is.iter().map(|is| shown(is, is.confidence, &is.tier, &is.evidence));
                assert_eq!(
                    got.collect::<Vec<_>>(),
                    want.collect::<Vec<_>>(),
                    "round {round}, {kind} of {}\nold {old:?}\nnew {new:?}\nfile {file:?}",
                    old.id
                );
                let count_is = count(&is_counts).expect("its shape occurs still");
                let numbers = |count: &DetectorCount| (count.total, count.unique, count.unique_at_least);
                assert_eq!(numbers(&judged.count), numbers(&count_is), "{kind} of {}", old.id);
            }
        }
    }
    tallies
}

fn told(tallies: &BTreeMap<&'static str, Tally>) -> String {
    let row = |(kind, Tally { same, undecided, not_tightened }): (&&str, &Tally)| {
        format!("{kind}: {same} judged, {undecided} undecided, {not_tightened} not tightened")
    };
    tallies.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn judging_again_says_what_scanning_again_says_for_made_rules() {
    let pieces: Vec<String> = MADE_PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    let tallies = hold(made, &pieces, 200, 12, 60);
    println!("{}", told(&tallies));
    assert_eq!(tallies.len(), KINDS.len() + 1);
}

#[test]
fn judging_again_says_what_scanning_again_says_for_built_in_rules() {
    let pieces = pieces(&builtin());
    let tallies = hold(builtin, &pieces, 25, 12, 60);
    println!("{}", told(&tallies));
    for kind in ["confidence", "window", "min_unique", "count", "token"] {
        let Tally { same, undecided, .. } = tallies[kind];
        assert!(undecided * 20 <= same, "{kind}: {undecided} of {same} undecided");
    }
}
