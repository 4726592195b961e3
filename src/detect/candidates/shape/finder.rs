//! Where a text has the look of a match: every place that lies within a bucket's anchor.
//!
//! Bytes are named by class, then each place of all anchors is looked up at once: eight buckets to a byte, so that a byte
//! costs the same for ten rules and for a thousand. Text is taken in blocks whose classes stay in the first-level cache.

use super::anchors::{Anchor, PLACES};
use super::buckets::{self, GROUP};
use super::rate::Rates;
use crate::detect::candidates::bytes::ByteSet;
use crate::detect::candidates::simd::{self, Hits, Path, REACH, Row, STEP, Tables};

/// Positions of one block.
const BLOCK: usize = 8 << 10;
/// What stands beyond the ends of a text.
const OUTSIDE: u8 = b'\n';

/// The anchors of a lane, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Finder {
    tables: Tables,
    path: Path,
}

/// One thread's buffers.
#[derive(Debug)]
pub(crate) struct Scratch {
    classes: Box<[u8; BLOCK + REACH]>,
    found: Box<[u64; BLOCK / 64]>,
    /// Which buckets admit a position found, the first eight and the second.
    buckets: [Box<[u8; BLOCK]>; 2],
    /// A block at the end of a text, filled up.
    padded: Box<[u8; BLOCK + REACH]>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            classes: Box::new([0; BLOCK + REACH]),
            found: Box::new([0; BLOCK / 64]),
            buckets: [Box::new([0; BLOCK]), Box::new([0; BLOCK])],
            padded: Box::new([OUTSIDE; BLOCK + REACH]),
        }
    }
}

impl Finder {
    /// A finder of these buckets, at most two groups of them.
    pub(crate) fn new(path: Path, all: &[Anchor], rates: &mut Rates) -> Self {
        let groups: Vec<&[Anchor]> = all.chunks(GROUP).collect();
        let classes_max = if path == Path::Avx2 { 16 } else { 64 };
        let classes = Classes::new(&groups, classes_max, rates);
        let mut rows: Vec<(f32, Row)> = (0..PLACES)
            .filter(|&place| all.iter().any(|anchor| anchor.0[place] != ByteSet::ALL))
            .map(|place| {
                let mut admits = [[0; 64]; 2];
                for (admits, group) in admits.iter_mut().zip(&groups) {
                    for (admits, members) in admits.iter_mut().zip(&classes.members) {
                        // A class admits what any of its bytes does.
                        *admits = buckets::admitting(group, place, |set| !set.and(*members).is_empty());
                    }
                }
                let passes = all.iter().map(|anchor| rates.of_set(anchor.0[place])).sum();
                (passes, Row { admits, offset: place })
            })
            .collect();
        rows.sort_by(|this, other| this.0.total_cmp(&other.0));
        let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
        let wide = groups.len() > 1;
        Self { tables: Tables { chains: chains(&rows, all.len()), classes: classes.of_byte, rows, wide }, path }
    }

    /// Calls `each` with every position in `from..to` at which a match may begin, in order, and the buckets it lies in.
    pub(crate) fn find(
        &self,
        hay: &[u8],
        from: usize,
        to: usize,
        scratch: &mut Scratch,
        mut each: impl FnMut(usize, u16),
    ) {
        if self.tables.rows.is_empty() {
            return;
        }
        let mut base = from;
        while base < to {
            let positions = (to - base).min(BLOCK).next_multiple_of(STEP);
            self.find_in_block(hay, base, positions, scratch);
            for (at, &word) in scratch.found[..positions / 64].iter().enumerate() {
                let first = base + at * 64;
                let mut bits = word;
                if to < first + 64 {
                    // Positions past the end were looked at to fill the step.
                    bits &= to.checked_sub(first).map_or(0, |left| (1 << left) - 1);
                }
                while bits != 0 {
                    let bit = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let second = if self.tables.wide { scratch.buckets[1][at * 64 + bit] } else { 0 };
                    each(first + bit, u16::from_le_bytes([scratch.buckets[0][at * 64 + bit], second]));
                }
            }
            base += positions;
        }
    }

    fn find_in_block(&self, hay: &[u8], base: usize, positions: usize, scratch: &mut Scratch) {
        let Scratch { classes, found, buckets: [low, high], padded } = scratch;
        let classes = &mut classes[..positions + REACH];
        let whole = base.checked_sub(1).and_then(|first| hay.get(first..first + positions + REACH));
        let bytes = whole.unwrap_or_else(|| {
            // The first place is the byte before the first position.
            let before = usize::from(base == 0);
            let rest = &hay[base.saturating_sub(1)..];
            let rest = &rest[..rest.len().min(positions + REACH - before)];
            padded.fill(OUTSIDE);
            padded[before..before + rest.len()].copy_from_slice(rest);
            &padded[..positions + REACH]
        });
        simd::classify(self.path, &self.tables.classes, bytes, classes);
        let buckets = [&mut low[..positions], &mut high[..positions]];
        let mut hits = Hits { found: &mut found[..positions / 64], buckets };
        simd::search(self.path, &self.tables, classes, &mut hits);
    }
}

/// The places of all anchors as plain code looks them up; where there is no bucket, nothing is admitted.
fn chains(rows: &[Row], buckets: usize) -> Box<[[u128; 2]; 64]> {
    let mut chains = Box::new([[0; 2]; 64]);
    let in_use = [buckets.min(GROUP), buckets.saturating_sub(GROUP)];
    for (class, chains) in chains.iter_mut().enumerate() {
        for (group, chain) in chains.iter_mut().enumerate() {
            for place in 0..PLACES {
                let all = u8::try_from((1_u16 << in_use[group]) - 1).unwrap_or(u8::MAX);
                let row = rows.iter().find(|row| row.offset == place);
                let admits = row.map_or(all, |row| row.admits[group][class]);
                *chain |= u128::from(admits) << (8 * place);
            }
        }
    }
    chains
}

/// Bytes that no place tells apart, as one class.
struct Classes {
    of_byte: [u8; 128],
    members: Vec<ByteSet>,
}

/// For each place of each bucket, whether it admits a class.
type Signature = [u16; PLACES];

impl Classes {
    /// At most `max` classes; where more would be needed, those that are told apart least become one.
    fn new(groups: &[&[Anchor]], max: usize, rates: &mut Rates) -> Self {
        let signature = |members: &ByteSet| -> Signature {
            std::array::from_fn(|place| {
                groups.iter().enumerate().fold(0, |bits, (group, anchors)| {
                    let mask = buckets::admitting(anchors, place, |set| !set.and(*members).is_empty());
                    bits | u16::from(mask) << (GROUP * group)
                })
            })
        };
        let mut classes: Vec<(Signature, ByteSet, f32)> = Vec::new();
        let last = ByteSet::of(|byte| byte >= 127);
        let singles = (0..127_u8).map(|byte| ByteSet::of(|other| other == byte)).chain([last]);
        for single in singles {
            let (seen, often) = (signature(&single), rates.of_set(single));
            match classes.iter_mut().find(|(known, ..)| *known == seen) {
                Some((_, members, rate)) => (*members, *rate) = (members.or(single), *rate + often),
                None => classes.push((seen, single, often)),
            }
        }
        while classes.len() > max {
            let (this, other) = nearest(&classes);
            let (seen, members, often) = classes.swap_remove(other);
            let kept = &mut classes[this];
            kept.0 = std::array::from_fn(|place| kept.0[place] | seen[place]);
            kept.1 = kept.1.or(members);
            kept.2 += often;
        }
        let mut of_byte = [0; 128];
        for (number, (_, members, _)) in (0_u8..).zip(&classes) {
            for (byte, class) in (0..128_u8).zip(&mut of_byte) {
                if members.contains(byte) {
                    *class = number;
                }
            }
        }
        Self { of_byte, members: classes.into_iter().map(|(_, members, _)| members).collect() }
    }
}

/// The two classes, in order, whose union admits least that either did not.
fn nearest(classes: &[(Signature, ByteSet, f32)]) -> (usize, usize) {
    let mut best = (f32::INFINITY, 0, 1);
    for other in 1..classes.len() {
        for this in 0..other {
            let ((left, _, left_rate), (right, _, right_rate)) = (&classes[this], &classes[other]);
            let added = |of: &Signature, to: &Signature| {
                let bits: u32 = of.iter().zip(to).map(|(of, to)| (of & !to).count_ones()).sum();
                f32::from(u16::try_from(bits).unwrap_or(u16::MAX))
            };
            let cost = added(right, left) * left_rate + added(left, right) * right_rate;
            if cost < best.0 {
                best = (cost, this, other);
            }
        }
    }
    (best.1, best.2)
}
