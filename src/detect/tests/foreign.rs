//! A hundred rules that nobody had in mind (`benches/foreign.tsv`), against one search for each: spans and groups, at every
//! edge, on their own samples, on text made of their pieces, and on the repository's files.

use super::oracle::{Match, Oracle};
use super::*;
use crate::detect::confirm::Raw;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// A line of the file.
struct Foreign {
    id: &'static str,
    pattern: &'static str,
    groups: bool,
    sample: &'static str,
}

static RULES: LazyLock<Vec<Foreign>> = LazyLock::new(|| {
    let lines = include_str!("../../../benches/foreign.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [id, pattern, groups @ ("yes" | "no"), sample] = fields[..] else { panic!("four fields: {line}") };
            Foreign { id, pattern, groups: groups == "yes", sample }
        })
        .collect()
});

/// The longest match, as for the other rules of these tests: some of these are longer and are cut.
const MATCH_BYTES_MAX: usize = 96;

/// All hundred in one matcher, and each by itself.
struct Bench {
    matcher: Matcher,
    oracles: Vec<Oracle>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let numbered = || (0_u32..).zip(RULES.iter());
    let rules = RuleSet {
        detectors: numbered().map(|(id, _)| detector(id, vec![tier(65, None)])).collect(),
        primaries: numbered().map(|(id, rule)| foreign_primary(rule, id)).collect(),
        ..RuleSet::default()
    };
    let oracles = rules.primaries.iter().map(Oracle::new).collect();
    Bench { matcher: Matcher::new(Arc::new(rules)), oracles }
});

fn foreign_primary(rule: &Foreign, id: u32) -> Primary {
    let mut made = primary(rule.pattern, id, Edges::None);
    made.max_match_bytes = MATCH_BYTES_MAX;
    if let PrimaryKind::Pattern(pattern) = &mut made.kind {
        pattern.needs_groups = rule.groups;
    }
    made
}

impl Bench {
    /// Where rules matched otherwise than alone, empty when all is well.
    fn differences(&self, text: &[u8]) -> Vec<String> {
        let found = self.matcher.raw_matches_of_all(text);
        let slots = 0..RULES.len();
        slots.filter_map(|slot| self.difference(slot, &found[slot], text)).collect()
    }

    fn difference(&self, slot: usize, found: &[Range<usize>], text: &[u8]) -> Option<String> {
        let (rule, oracle) = (&RULES[slot], &self.oracles[slot]);
        let wanted = oracle.spans(text);
        if found != wanted {
            let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
            return Some(format!("{}: {:?} in place of {:?}", rule.id, found.get(at), wanted.get(at)));
        }
        if !rule.groups {
            return None;
        }
        let differs = |wanted: &&Match| self.groups(slot, text, &wanted.0).into_iter().any(|groups| groups != wanted.1);
        let wanted = oracle.matches(text);
        wanted.iter().find(differs).map(|(span, _)| format!("{}: groups of the match at {span:?}", rule.id))
    }

    /// Groups as confirmation gives them, with the end known from the search and without.
    fn groups(&self, slot: usize, text: &[u8], span: &Range<usize>) -> [Vec<Option<Range<usize>>>; 2] {
        let (matcher, id) = (&self.matcher, PrimaryId(u32::try_from(slot).expect("a hundred")));
        [Some(span.end), None].map(|end| {
            let raw = matcher.confirmer.raw(&matcher.rules, &matcher.keywords, id, text, span.start, end);
            raw.map_or_else(Vec::new, |Raw { groups, .. }| groups)
        })
    }

    fn check(&self, what: &str, text: &[u8]) {
        let differences = self.differences(text);
        assert!(differences.is_empty(), "{what}: {differences:#?}");
    }
}

#[test]
fn every_rule_has_a_lane_and_finds_its_sample() {
    assert_eq!(RULES.len(), 100);
    let mut lanes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (slot, rule) in RULES.iter().enumerate() {
        let lane = BENCH.matcher.lane(PrimaryId(u32::try_from(slot).expect("a hundred"))).name();
        lanes.entry(lane).or_default().push(rule.id);
        let spans = BENCH.oracles[slot].spans(rule.sample.as_bytes());
        assert!(
            matches!(&spans[..], [span] if *span == (0..rule.sample.len())),
            "{}: {spans:?} of its sample",
            rule.id
        );
        BENCH.check(rule.id, rule.sample.as_bytes());
    }
    for (lane, rules) in lanes {
        println!("{lane}: {} rules: {}", rules.len(), rules.join(" "));
    }
}

#[test]
fn samples_side_by_side_are_found_whatever_stands_between() {
    for glue in
        ["", " ", "\n", "\n\n", ", ", "-", ".", "/", "0", "A", "a", "_", "\"", "é", "\0", ": ", "=", "@", "(", "  "]
    {
        let samples: Vec<&str> = RULES.iter().map(|rule| rule.sample).collect();
        let backwards: Vec<&str> = samples.iter().rev().copied().collect();
        for text in [samples.join(glue), backwards.join(glue)] {
            BENCH.check(&format!("joined with {glue:?}"), text.as_bytes());
        }
    }
}

#[test]
fn all_samples_are_found_wherever_the_text_begins() {
    let samples: Vec<&str> = RULES.iter().map(|rule| rule.sample).collect();
    let samples = samples.join(" ");
    for shift in 0..=130 {
        for filler in [" ", "x", "7"] {
            BENCH.check(
                &format!("behind {shift} of {filler:?}"),
                format!("{} {samples}", filler.repeat(shift)).as_bytes(),
            );
        }
    }
}

/// Lengths at which a matcher may cut: words of bits, vectors, blocks, slices.
const EDGES: [usize; 9] = [64, 128, 512, 1024, 4096, 8192, 16_384, scan::SLICE_BYTES, 2 * scan::SLICE_BYTES];

#[test]
fn each_sample_is_found_across_every_edge() {
    for (slot, rule) in RULES.iter().enumerate() {
        let sample = rule.sample.as_bytes();
        for before in 0..=sample.len() {
            let filler = [b' ', b'\n', b','][before % 3];
            let mut text = vec![filler; 2 * scan::SLICE_BYTES + 256];
            // A sample longer than the first word would cover the second one's: each is left out in turn.
            for (_, edge) in EDGES.iter().enumerate().filter(|(at, _)| *at > 1 || at % 2 == before % 2) {
                let start = edge.saturating_sub(before);
                text[start..start + sample.len()].copy_from_slice(sample);
            }
            let found = BENCH.matcher.raw_matches_of_all(&text);
            let difference = BENCH.difference(slot, &found[slot], &text);
            assert_eq!(difference, None, "{before} bytes before the edge");
        }
    }
}

#[test]
fn files_of_the_repository_give_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut files, mut bytes) = (0, 0);
    let mut folders = ["corpus", "docs", "rules", "benches"].map(|folder| root.join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read(&path).expect("a file of it");
            BENCH.check(&path.display().to_string(), &text);
            files += 1;
            bytes += text.len();
        }
    }
    println!("{files} files, {bytes} bytes");
    assert!(files > 100);
}

/// Pieces of the samples, cut anywhere, with glue.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = (
        0..100_usize,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "[-+ .,:;/=@_()\n\"'<>0-9A-Fa-fxyz]{0,3}",
    );
    proptest::collection::vec(piece, 1..40).prop_map(|pieces| {
        let mut text = Vec::new();
        for (slot, from, to, glue) in pieces {
            let sample = RULES[slot].sample.as_bytes();
            let (one, other) = (from.index(sample.len() + 1), to.index(sample.len() + 1));
            // Half of the pieces are whole, so that matches are common.
            let whole = (one + other) % 2 == 0;
            text.extend(if whole { sample } else { &sample[one.min(other)..one.max(other)] });
            text.extend(glue.as_bytes());
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_made_of_their_pieces_gives_the_same(text in pieces(), shift in 0..130_usize) {
        let mut shifted = vec![b' '; shift];
        shifted.extend(&text);
        for text in [text, shifted] {
            let differences = BENCH.differences(&text);
            prop_assert!(differences.is_empty(), "{:#?} over {:?}", differences, String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn random_bytes_of_few_kinds_give_the_same(text in "[ACGT01 -]{0,300}|[0-9a-f.:-]{0,300}|[A-Z0-9 /]{0,300}|[a-d\"=<>/* ]{0,200}") {
        let differences = BENCH.differences(text.as_bytes());
        prop_assert!(differences.is_empty(), "{:#?} over {:?}", differences, text);
    }
}
