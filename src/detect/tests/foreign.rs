//! A hundred rules that nobody had in mind (`benches/foreign.tsv`), against one search for each: spans and groups, at every
//! edge, on their own samples, on text made of their pieces, and on the repository's files.

use super::proof::{EDGES, Given, Proof, cuts_of};
use super::*;
use std::collections::BTreeMap;
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

static PROOF: LazyLock<Proof> = LazyLock::new(|| {
    Proof::new(RULES.iter().map(|rule| Given { id: rule.id, pattern: rule.pattern, groups: rule.groups }))
});

#[test]
fn every_rule_has_a_lane_and_finds_its_sample() {
    assert_eq!(RULES.len(), 100);
    let mut lanes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (slot, rule) in RULES.iter().enumerate() {
        let lane = PROOF.lane(slot).name();
        lanes.entry(lane).or_default().push(rule.id);
        let spans = PROOF.alone(slot, rule.sample.as_bytes());
        assert!(
            matches!(&spans[..], [span] if *span == (0..rule.sample.len())),
            "{}: {spans:?} of its sample",
            rule.id
        );
        PROOF.check(rule.id, rule.sample.as_bytes());
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
            PROOF.check(&format!("joined with {glue:?}"), text.as_bytes());
        }
    }
}

#[test]
fn all_samples_are_found_wherever_the_text_begins() {
    let samples: Vec<&str> = RULES.iter().map(|rule| rule.sample).collect();
    let samples = samples.join(" ");
    for shift in 0..=130 {
        for filler in [" ", "x", "7"] {
            PROOF.check(
                &format!("behind {shift} of {filler:?}"),
                format!("{} {samples}", filler.repeat(shift)).as_bytes(),
            );
        }
    }
}

#[test]
fn each_sample_is_found_across_every_edge() {
    for (slot, rule) in RULES.iter().enumerate() {
        let sample = rule.sample.as_bytes();
        for before in 0..=sample.len() {
            let filler = [b' ', b'\n', b','][before % 3];
            let mut text = vec![filler; 2 * scan::SLICE_BYTES + 256];
            // A sample longer than the distance of two edges would cover the second one's: the small ones come alone.
            let (small, large) = EDGES.split_at(5);
            for edge in large {
                let start = edge - before;
                text[start..start + sample.len()].copy_from_slice(sample);
            }
            assert_eq!(PROOF.difference_of(slot, &text), None, "{before} bytes before the large edges");
            for edge in small {
                let mut text = vec![filler; 512];
                let start = edge.saturating_sub(before);
                text[start..start + sample.len()].copy_from_slice(sample);
                assert_eq!(PROOF.difference_of(slot, &text), None, "{before} bytes before {edge}");
            }
        }
    }
}

#[test]
fn each_sample_is_found_at_the_end_of_a_text_of_any_length() {
    for (slot, rule) in RULES.iter().enumerate() {
        for before in (0..=320).chain(EDGES[8] - 80..=EDGES[8] + 16) {
            let mut text = vec![[b' ', b'\n', b','][before % 3]; before];
            text.extend(rule.sample.as_bytes());
            assert_eq!(PROOF.difference_of(slot, &text), None, "behind {before}");
        }
    }
}

#[test]
fn the_shortest_texts_give_the_same() {
    for rule in RULES.iter() {
        let sample = rule.sample.as_bytes();
        for length in 0..=sample.len().min(17) {
            PROOF.check(rule.id, &sample[..length]);
            PROOF.check(rule.id, &sample[sample.len() - length..]);
        }
    }
}

#[test]
fn slices_of_any_size_give_the_same() {
    let samples: Vec<&str> = RULES.iter().map(|rule| rule.sample).collect();
    PROOF.check_slices(samples.join(" ").as_bytes());
    PROOF.check_slices(samples.join("\n").repeat(4).as_bytes());
}

#[test]
fn files_of_the_repository_give_the_same() {
    PROOF.check_files();
}

#[test]
fn hostile_text_gives_the_same() {
    PROOF.check_hostile();
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
            let differences = PROOF.differences(&text);
            prop_assert!(differences.is_empty(), "{:#?} over {:?}", differences, String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn slices_cut_anywhere_give_the_same(text in pieces(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let cuts = cuts_of(&text, &cuts);
        let differences = PROOF.differences_by_slices(&text, &cuts);
        prop_assert!(differences.is_empty(), "{:#?} cut at {:?} over {:?}", differences, cuts, String::from_utf8_lossy(&text));
    }

    #[test]
    fn random_bytes_of_few_kinds_give_the_same(text in "[ACGT01 -]{0,300}|[0-9a-f.:-]{0,300}|[A-Z0-9 /]{0,300}|[a-d\"=<>/* ]{0,200}") {
        let differences = PROOF.differences(text.as_bytes());
        prop_assert!(differences.is_empty(), "{:#?} over {:?}", differences, text);
    }
}
