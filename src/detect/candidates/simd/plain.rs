//! The loops in plain code: one byte at a time, sixteen places and eight buckets in a word.

use super::{Hits, Tables};

/// The bits of the place before a match.
const BEGIN: u128 = 0xFF;
/// How far the last place shifts the bits of the first.
const LAST: u32 = 120;
/// Bytes from the first place to the last.
const SPAN: usize = 15;

pub(super) fn classify(classes: &[u8; 128], bytes: &[u8], out: &mut [u8]) {
    for (out, &byte) in out.iter_mut().zip(bytes) {
        *out = classes[usize::from(byte.min(127))];
    }
}

/// Shift-and: each byte moves every bucket's chain one place on, and keeps the chains whose place admits it.
pub(super) fn search(tables: &Tables, classes: &[u8], hits: &mut Hits<'_>) {
    hits.found.fill(0);
    let positions = hits.found.len() * 64;
    let mut chains = [0_u128; 2];
    for (at, &class) in classes[..positions + SPAN].iter().enumerate() {
        let admits = &tables.chains[usize::from(class & 63)];
        chains[0] = ((chains[0] << 8) | BEGIN) & admits[0];
        chains[1] = ((chains[1] << 8) | BEGIN) & admits[1];
        if (chains[0] | chains[1]) >> LAST != 0
            && let Some(position) = at.checked_sub(SPAN)
        {
            hits.found[position / 64] |= 1 << (position % 64);
            for (buckets, chain) in hits.buckets.iter_mut().zip(chains) {
                buckets[position] = (chain >> LAST).to_le_bytes()[0];
            }
        }
    }
}
