//! The rules that benches make are what benches/README.md says: different enough, and the same every time.

use crate::rules_made::{SEED, anatomy, made};
use std::collections::HashSet;

const RULES: usize = 1000;

fn pii30() -> Vec<String> {
    let lines = include_str!("../../benches/pii30.tsv").lines();
    lines.map(|line| line.split_once('\t').expect("an identifier, a tab, an expression").1.to_owned()).collect()
}

#[test]
fn sets_are_the_same_every_time_and_hold_the_smaller_ones() {
    let all = made(&pii30(), SEED, RULES);
    assert_eq!(all.len(), RULES);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), RULES, "a rule comes twice");
    assert_eq!(all[..30], pii30());
    for count in [10, 30, 100, RULES] {
        assert_eq!(made(&pii30(), SEED, count), all[..count], "{count} rules");
    }
    assert_ne!(made(&pii30(), SEED + 1, RULES), all);
}

#[test]
fn a_thousand_rules_begin_in_many_ways_and_have_shapes_of_their_own() {
    let all = made(&pii30(), SEED, RULES);
    let anchors: HashSet<String> = all.iter().map(|rule| anatomy::anchor(rule)).collect();
    let given: HashSet<String> = pii30().iter().map(|rule| anatomy::shape(rule)).collect();
    let own: HashSet<String> =
        all.iter().map(|rule| anatomy::shape(rule)).filter(|shape| !given.contains(shape)).collect();
    println!("{} anchors, {} shapes outside pii30.tsv", anchors.len(), own.len());
    assert!(anchors.len() >= 300, "{} different beginnings", anchors.len());
    assert!(own.len() >= 100, "{} shapes outside pii30.tsv", own.len());
}

#[test]
fn anatomy_is_coarse() {
    let rows = [
        (r"\b\d{3}-\d{2}-\d{4}\b", "DDD[-]DD[-]DDDD", "D-D-D"),
        (r"\bAB\d{2}[ -]?[A-Z]\b", "UUDD[ -]?U", "UD-U"),
        (r"\b(?:4\d|51)x{1,3}\b", "DDLL?L?", "DL"),
        (r"\b[A-Z0-9]{20}\b", "AAAAAAAAAAAAAAAA", "A"),
        (r"\b[0-9A-F]{2}:", "HH[:]", "H-"),
    ];
    for (rule, anchor, shape) in rows {
        assert_eq!((anatomy::anchor(rule).as_str(), anatomy::shape(rule).as_str()), (anchor, shape), "{rule}");
    }
}

#[test]
fn no_rule_matches_ordinary_words_and_numbers() {
    let text = "The 4 harbours of 1987 had 12,345 boats; order 42 of 3 May came to 1,299.00 and 0.5 % of it\n\
                fn reads_2_lines(at: usize) -> u64 { buffer[at + 16] ^ 0xff } // 100 of 2048, see v1.2.3\n";
    for rule in made(&pii30(), SEED, RULES) {
        let rule = regex::bytes::RegexBuilder::new(&rule).unicode(false).build().expect("the rule parses");
        assert!(rule.is_match(b"") || !rule.is_match(text.as_bytes()), "{rule}");
        assert!(!rule.is_match(b""), "{rule} matches nothing at all");
        assert!(rule.as_str().ends_with(r"\b") && !rule.as_str()[..2].starts_with("\\d"), "{rule} has free edges");
    }
}
