//! Rules as a whole: a good file to a rule set, and every bad file to its errors.
//!
//! The validators here are two private rows, so that this room is tested without the real table.

use super::load::load_with;
use super::ruleset::{Node, PrimaryKind, What};
use super::validate::{Row, Validate};
use super::{Loaded, Options, RuleError, RuleSet, Select};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

struct Always;

impl Validate for Always {
    fn check(&self, _: &str) -> bool {
        true
    }

    fn trace(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

static TABLE: [Row; 2] = [
    Row {
        name: "luhn",
        what: "stands for a check without parameters",
        source: "this test",
        version: 1,
        params: &[],
        build: |_| Ok(Arc::new(Always)),
    },
    Row {
        name: "weighted",
        what: "stands for a check with parameters",
        source: "this test",
        version: 1,
        params: &[("weights", "the weights, from the left"), ("modulus", "the modulus")],
        build: |params| match params.get("weights") {
            Some(_) => Ok(Arc::new(Always)),
            None => Err("`weights` is missing".to_owned()),
        },
    },
];

fn options(paths: &[&Path]) -> Options {
    Options { builtin: false, paths: paths.iter().map(|path| (*path).to_owned()).collect(), select: Select::default() }
}

/// Loads rules written into a folder of their own.
fn load_texts(files: &[(&str, &str)], select: Select) -> Result<Loaded, Vec<RuleError>> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    load_with(&Options { select, ..options(&[folder.path()]) }, &TABLE)
}

fn load_text(text: &str) -> RuleSet {
    match load_texts(&[("rules.toml", text)], Select::default()) {
        Ok(loaded) => loaded.rules,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

const GOOD: &str = r##"
schema = 1

[[list]]
id = "card.words"
terms = ["Credit  card", "ｃａｒｄ number", "credit card"]

[[detector]]
id = "card.number"
name = "Payment card number"
why = "It pays."
tags = ["pci"]
edges = "digit"
validators = ["luhn", { name = "weighted", weights = [1, 2], group = "body" }]
exclude_same_digits = true

[[detector.primary]]
id = "plain"
regex = '(?:no )?(?P<body>[0-9]{4}(?:[ -]?[0-9]{4}){3})'
group = "body"

[[detector.check]]
where = "full"
exclude = ["4111-1111-1111-1111"]

[[detector.check]]
where = "before"
exclude_regex = '(?x) order\s # an order'

[[detector.tier]]
name = "low"
confidence = 65

[[detector.tier]]
name = "high"
confidence = 85
primary = ["plain"]
form = '[0-9]+'
evidence = { all = [
  { list = "card.words", within = 100 },
  { any = [{ function = "expiry-date" }, { regex = 'cvv\s*[0-9]{3}', side = "after" }, { detector = "person.name" }] },
  { not = { list = "card.words", within = "part", min = 50 } },
] }

[[detector.example]]
text = "credit card 4012 8888 8888 1881 exp 04/29"
value = "4012 8888 8888 1881"
tier = "high"

[[detector.counter]]
text = "order 4111-1111-1111-1111"
tier = "low"
reason = "check"

[[detector]]
id = "person.name"
name = "A name"
off = true
primary = [{ keywords = "card.words" }]
tier = [{ name = "any", confidence = 65 }]
"##;

#[test]
fn a_good_file_compiles() {
    let set = load_text(GOOD);
    let names: Vec<_> = set.detectors.iter().map(|detector| (&*detector.id, detector.silent)).collect();
    assert_eq!(names, [("card.number", false), ("person.name", true)]);
    let card = set.detector("card.number").unwrap();
    assert_eq!(card.tiers.iter().map(|tier| &*tier.name).collect::<Vec<_>>(), ["high", "low"]);
    assert_eq!(card.validators[1].group, Some(1));
    assert_eq!((card.examples[0].tier, card.counters[0].tier), (0, 1));
    assert_eq!(card.origin.1, 8);
    let PrimaryKind::Pattern(pattern) = &set.primaries[card.primaries[0].index()].kind else { panic!("a pattern") };
    assert_eq!((pattern.value_group, pattern.needs_groups), (1, true));
    assert_eq!(set.lists[0].terms, ["credit card", "card number"]);
    let Some(Node::All(nodes)) = &card.tiers[0].evidence else { panic!("all") };
    let Node::Leaf(leaf) = &nodes[0] else { panic!("a leaf") };
    assert_eq!((leaf.within, leaf.min, leaf.max), (Some(100), 1, None));
    assert!(matches!(leaf.what, What::List(_)));
    assert!(card.tiers[0].form.as_ref().unwrap().is_match(b"123"));
    assert!(!card.tiers[0].form.as_ref().unwrap().is_match(b"123x"));
}
