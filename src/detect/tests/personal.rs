//! The thirty shapes of personal data that benches measure (`benches/pii30.tsv`), against one search for each.

use super::proof::{EDGES, Given, Proof, cuts_of};
use super::*;
use std::sync::LazyLock;

static PROOF: LazyLock<Proof> = LazyLock::new(|| {
    let lines = include_str!("../../../benches/pii30.tsv").lines();
    Proof::new(lines.map(|line| {
        let (id, pattern) = line.split_once('\t').expect("an identifier, a tab, an expression");
        Given { id, pattern, groups: false }
    }))
});

/// A text for each shape, in the file's order; several shapes match some of them.
const SAMPLES: [&str; 30] = [
    "4111 1111 1111 1111",
    "3782-822463-10005",
    "3056 930902 5904",
    "078-05-1120",
    "12-3456789",
    "415.555 2671",
    "(415) 555-2671",
    "+49 30 1234 5678",
    "first.last+tag@mail.example.org",
    "192.168.100.254",
    "00:1A:2b:3C:4d:5E",
    "2001:db8:0:12:3:456:7:89ab",
    "GB82 WEST 1234 5698 7654 32",
    "AB 12 34 56 C",
    "943 476-5919",
    "SW1A 1AA",
    "86095742719",
    "1 85 05 78 006 084 36",
    "12345678-Z",
    "X1234567L",
    "RSSMRA85T10A562S",
    "046-454-286",
    "111222333",
    "2345 6789-0124",
    "ABCPD1234E",
    "390.533.447-05",
    "12/31/1999",
    "C01234567",
    "D1234567",
    "1M8GDM9AXKP042788",
];

#[test]
fn every_shape_finds_its_sample() {
    for (slot, sample) in SAMPLES.iter().enumerate() {
        assert!(matches!(&PROOF.alone(slot, sample.as_bytes())[..], [span] if *span == (0..sample.len())), "{sample}");
        PROOF.check(sample, sample.as_bytes());
    }
}

#[test]
fn each_sample_is_found_across_every_edge() {
    for (slot, sample) in SAMPLES.iter().enumerate() {
        for before in 0..=sample.len() {
            for edge in EDGES {
                let text = format!("{}{sample} {sample}", " ".repeat(edge.saturating_sub(before)));
                assert_eq!(PROOF.difference_of(slot, text.as_bytes()), None, "{before} bytes before {edge}");
            }
        }
    }
}

#[test]
fn all_samples_are_found_wherever_the_text_begins() {
    for glue in [" ", "\n", "", "-", "x", "0"] {
        let samples = SAMPLES.join(glue);
        for shift in 0..=130 {
            PROOF.check(&format!("{glue:?} behind {shift}"), format!("{}{samples}", " ".repeat(shift)).as_bytes());
        }
    }
}

#[test]
fn the_shortest_texts_give_the_same() {
    for sample in SAMPLES {
        for length in 0..=sample.len().min(17) {
            PROOF.check(sample, &sample.as_bytes()[..length]);
            PROOF.check(sample, &sample.as_bytes()[sample.len() - length..]);
        }
    }
}

#[test]
fn slices_of_any_size_give_the_same() {
    PROOF.check_slices(SAMPLES.join(" ").repeat(16).as_bytes());
}

#[test]
fn hostile_text_gives_the_same() {
    PROOF.check_hostile();
}

#[test]
fn files_of_the_repository_give_the_same() {
    PROOF.check_files();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_made_of_their_pieces_gives_the_same(
        pieces in proptest::collection::vec((0..30_usize, any::<prop::sample::Index>(), "[-+ .:/@0-9A-F\n]{0,3}"), 1..60),
        shift in 0..130_usize,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut text = " ".repeat(shift);
        for (slot, cut, glue) in pieces {
            // Cut at an end, or whole: matches, near misses and runs of both.
            let at = cut.index(2 * SAMPLES[slot].len());
            text.push_str(SAMPLES[slot].get(..at).unwrap_or(SAMPLES[slot]));
            text.push_str(&glue);
        }
        let differences = PROOF.differences(text.as_bytes());
        prop_assert!(differences.is_empty(), "{:#?} over {:?}", differences, text);
        let cuts = cuts_of(text.as_bytes(), &cuts);
        let differences = PROOF.differences_by_slices(text.as_bytes(), &cuts);
        prop_assert!(differences.is_empty(), "{:#?} cut at {:?} over {:?}", differences, cuts, text);
    }
}
