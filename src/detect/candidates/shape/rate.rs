//! How often an anchor is expected to be met in ordinary text: what chooses lanes and merges anchors.
//!
//! Two estimates are added. One takes text as a chain of kinds of bytes, each depending on the one before; its numbers were
//! counted over 40 MB of manuals, source code, tables and change logs. It knows nothing of dates, addresses and records,
//! so the other counts the places of a small made-up sample of prose, code, logs, tables and JSON. Only speed hangs on
//! either, never an answer.

use super::anchors::{Anchor, PLACES};
use crate::detect::candidates::bytes::ByteSet;
use crate::detect::candidates::facts::frequency;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Kinds of bytes.
const KINDS: usize = 12;

const fn kind(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'f' => 2,
        b'g'..=b'z' => 3,
        b' ' | b'\t' => 4,
        0..=31 | 127 => 5,
        b'-' => 6,
        b'.' => 7,
        b'/' | b'_' => 8,
        b':' | b',' => 9,
        128..=255 => 11,
        _ => 10,
    }
}

/// How many of 1,000 bytes are of each kind.
const SHARE: [f32; KINDS] = [43.0, 61.0, 165.0, 348.0, 164.0, 27.0, 9.0, 13.0, 24.0, 19.0, 85.0, 42.0];

/// Behind a byte of the row's kind, how many of 1,000 are of the column's.
const NEXT: [[f32; KINDS]; KINDS] = [
    [551.0, 30.0, 16.0, 19.0, 58.0, 39.0, 11.0, 64.0, 20.0, 86.0, 106.0, 1.0],
    [27.0, 535.0, 78.0, 157.0, 56.0, 16.0, 5.0, 5.0, 56.0, 23.0, 38.0, 2.0],
    [6.0, 14.0, 183.0, 568.0, 114.0, 8.0, 7.0, 12.0, 17.0, 16.0, 54.0, 1.0],
    [8.0, 5.0, 269.0, 512.0, 88.0, 8.0, 6.0, 12.0, 19.0, 14.0, 56.0, 3.0],
    [26.0, 71.0, 121.0, 204.0, 444.0, 1.0, 6.0, 2.0, 10.0, 2.0, 106.0, 8.0],
    [41.0, 40.0, 29.0, 119.0, 419.0, 155.0, 5.0, 44.0, 18.0, 1.0, 119.0, 12.0],
    [110.0, 65.0, 119.0, 259.0, 58.0, 17.0, 271.0, 10.0, 2.0, 9.0, 79.0, 1.0],
    [198.0, 72.0, 99.0, 232.0, 87.0, 101.0, 1.0, 75.0, 65.0, 5.0, 60.0, 5.0],
    [25.0, 153.0, 206.0, 385.0, 40.0, 16.0, 1.0, 15.0, 125.0, 2.0, 34.0, 1.0],
    [89.0, 35.0, 23.0, 46.0, 498.0, 162.0, 17.0, 2.0, 13.0, 75.0, 39.0, 1.0],
    [29.0, 51.0, 84.0, 148.0, 130.0, 127.0, 12.0, 16.0, 48.0, 50.0, 298.0, 5.0],
    [1.0, 3.0, 6.0, 19.0, 26.0, 9.0, 1.0, 2.0, 1.0, 1.0, 10.0, 922.0],
];

/// Text of the usual kinds, made up.
const SAMPLE: &[u8] = include_bytes!("ordinary.txt");
/// Words of a map of the sample's places, with room to shift.
const WORDS: usize = SAMPLE.len().div_ceil(64) + 1;
/// What a place of the sample counts, in places of a byte of text.
#[expect(clippy::cast_precision_loss, reason = "a few thousand bytes, exact in 32 bits")]
const SAMPLE_PLACE: f32 = 1.0 / SAMPLE.len() as f32;

/// Expected rates, with the shares of sets met so far.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Each byte's share of its kind.
    weights: [f32; 256],
    /// For each byte that the sample has, where.
    sample: Vec<(u8, [u64; WORDS])>,
    maps: HashMap<ByteSet, Box<[u64; WORDS]>, BuildHasherDefault<Mixed>>,
    shares: HashMap<ByteSet, [f32; KINDS], BuildHasherDefault<Mixed>>,
}

impl Rates {
    pub(crate) fn new() -> Self {
        let mut sums = [0.0; KINDS];
        let mut weights = [0.0; 256];
        for (byte, weight) in (0..=255_u8).zip(&mut weights) {
            // Frequencies are of folded letters, in parts of 65,536: exact in 32 bits.
            *weight = f32::from(u16::try_from(frequency(byte.to_ascii_lowercase())).unwrap_or(u16::MAX));
            sums[kind(byte)] += *weight;
        }
        for (byte, weight) in (0..=255_u8).zip(&mut weights) {
            *weight /= sums[kind(byte)];
        }
        Self { weights, sample: sample_maps(), maps: HashMap::default(), shares: HashMap::default() }
    }

    /// Places expected in a byte of text, of those that lie within the anchor.
    pub(crate) fn of(&mut self, anchor: &Anchor) -> f32 {
        self.by_chain(anchor) + self.by_sample(anchor)
    }

    /// [`Rates::of`] an anchor, when that is less than `limit`.
    pub(crate) fn below(&mut self, anchor: &Anchor, limit: f32) -> Option<f32> {
        let by_sample = self.by_sample(anchor);
        if by_sample >= limit {
            return None;
        }
        let rate = by_sample + self.by_chain(anchor);
        (rate < limit).then_some(rate)
    }

    /// The share of the sample's places that lie within the anchor.
    fn by_sample(&mut self, anchor: &Anchor) -> f32 {
        let mut left = [u64::MAX; WORDS];
        left[WORDS - 1] = 0;
        for (place, set) in anchor.0.iter().enumerate().filter(|(_, set)| **set != ByteSet::ALL) {
            let map = self.map(*set);
            let mut any = 0;
            for at in 0..WORDS - 1 {
                let shifted = if place == 0 { map[at] } else { map[at] >> place | map[at + 1] << (64 - place) };
                left[at] &= shifted;
                any |= left[at];
            }
            if any == 0 {
                return 0.0;
            }
        }
        let places: u32 = left.iter().map(|word| word.count_ones()).sum();
        f32::from(u16::try_from(places).unwrap_or(u16::MAX)) * SAMPLE_PLACE
    }

    /// Where in the sample a byte of the set stands.
    fn map(&mut self, set: ByteSet) -> &[u64; WORDS] {
        let sample = &self.sample;
        self.maps.entry(set).or_insert_with(|| {
            let mut map = Box::new([0; WORDS]);
            for (_, own) in sample.iter().filter(|(byte, _)| set.contains(*byte)) {
                for (map, own) in map.iter_mut().zip(own) {
                    *map |= own;
                }
            }
            map
        })
    }

    fn by_chain(&mut self, anchor: &Anchor) -> f32 {
        let mut reached = self.share(anchor.0[0]);
        for (reached, share) in reached.iter_mut().zip(SHARE) {
            *reached *= share / 1000.0;
        }
        // Places behind the last that asks for something change nothing.
        let asked = (1..PLACES).rev().find(|&at| anchor.0[at] != ByteSet::ALL).unwrap_or(0);
        for set in &anchor.0[1..=asked] {
            let share = self.share(*set);
            let mut next = [0.0; KINDS];
            for (from, row) in NEXT.iter().enumerate() {
                for (next, step) in next.iter_mut().zip(row) {
                    *next += reached[from] * step;
                }
            }
            for (reached, (next, share)) in reached.iter_mut().zip(next.iter().zip(share)) {
                *reached = next * share / 1000.0;
            }
        }
        reached.iter().sum()
    }

    /// How much of ordinary text the bytes of a set are.
    pub(crate) fn of_set(&mut self, set: ByteSet) -> f32 {
        self.share(set).iter().zip(SHARE).map(|(part, share)| part * share / 1000.0).sum()
    }

    /// How much of each kind is in a set.
    fn share(&mut self, set: ByteSet) -> [f32; KINDS] {
        *self.shares.entry(set).or_insert_with(|| {
            let mut share = [0.0; KINDS];
            for byte in set.iter() {
                share[kind(byte)] += self.weights[usize::from(byte)];
            }
            share
        })
    }
}

/// Where each byte stands in the sample.
fn sample_maps() -> Vec<(u8, [u64; WORDS])> {
    let mut maps = vec![[0_u64; WORDS]; 256];
    for (at, &byte) in SAMPLE.iter().enumerate() {
        maps[usize::from(byte)][at / 64] |= 1 << (at % 64);
    }
    (0..=255_u8).zip(maps).filter(|(_, map)| map.iter().any(|word| *word != 0)).collect()
}

/// Mixes the words of a set: the table is asked for every place of every anchor tried.
#[derive(Debug, Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::candidates::shape::anchors::anchors;
    use crate::rule::syntax::Edges;

    #[test]
    fn rates_rank_shapes_as_text_does() {
        let mut rates = Rates::new();
        let mut rate = |pattern: &str| {
            let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
            let anchors = anchors(&hir.expect("test pattern"), Edges::Word);
            anchors.anchors.iter().map(|(anchor, _)| rates.of(anchor)).sum::<f32>()
        };
        let ranked = [r"AKIA[A-Z2-7]{16}", r"\d{3}-\d{2}-\d{4}", r"\d{9}", r"\d{4}", r"\d+", r"[a-z]+"].map(&mut rate);
        assert!(ranked.is_sorted(), "{ranked:?}");
        assert!(ranked[0] < 1e-6 && ranked[5] > 0.05, "{ranked:?}");
    }
}
