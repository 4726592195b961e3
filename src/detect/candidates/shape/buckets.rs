//! Merging anchors into few buckets: the finder asks about eight, or sixteen, at once and no more.
//!
//! A bucket admits whatever one of its anchors admits, and some that only a mixture of them does. Anchors that look alike
//! are put together, so that mixtures are rare: each goes where the bucket's expected rate grows least.

use super::anchors::{Anchor, PLACES};
use super::rate::Rates;
use crate::detect::candidates::bytes::ByteSet;

/// Buckets that one pass over a byte of text serves.
pub(crate) const GROUP: usize = 8;

/// Rounds in which anchors may still change their bucket.
const ROUNDS: usize = 2;
/// More anchors than this are not moved again: it would take longer than it saves.
const MOVED_MAX: usize = 8192;

/// The buckets, and what they are expected to let through.
#[derive(Debug)]
pub(crate) struct Buckets {
    pub(crate) buckets: Vec<Anchor>,
    /// For each bucket, the anchors in it, by their index.
    pub(crate) members: Vec<Vec<usize>>,
}

/// Puts anchors into at most `count` buckets.
pub(crate) fn merge(anchors: &[Anchor], count: usize, rates: &mut Rates) -> Buckets {
    let mut order: Vec<(f32, usize)> = anchors.iter().enumerate().map(|(at, anchor)| (rates.of(anchor), at)).collect();
    order.sort_by(|this, other| other.0.total_cmp(&this.0));
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut buckets: Vec<Bucket> = vec![Bucket::EMPTY; count];
    for &(_, index) in &order {
        let home = cheapest(&buckets, &anchors[index], rates);
        buckets[home] = buckets[home].with(&anchors[index], rates);
        members[home].push(index);
    }
    if order.len() <= MOVED_MAX && order.len() > count {
        for _ in 0..ROUNDS {
            for &(_, index) in &order {
                let anchor = &anchors[index];
                let Some(from) = members.iter().position(|members| members.contains(&index)) else { continue };
                if members[from].len() == 1 {
                    continue;
                }
                members[from].retain(|&member| member != index);
                let left = members[from].iter().map(|&member| anchors[member]).reduce(|this, other| this.or(&other));
                buckets[from] = Bucket::of(left, rates);
                let home = cheapest(&buckets, anchor, rates);
                buckets[home] = buckets[home].with(anchor, rates);
                members[home].push(index);
            }
        }
    }
    let filled = buckets.iter().zip(members).filter_map(|(bucket, members)| Some((bucket.admits?, members)));
    let (buckets, members) = filled.unzip();
    Buckets { buckets, members }
}

#[derive(Clone, Copy)]
struct Bucket {
    admits: Option<Anchor>,
    rate: f32,
}

impl Bucket {
    const EMPTY: Self = Self { admits: None, rate: 0.0 };

    fn of(admits: Option<Anchor>, rates: &mut Rates) -> Self {
        Self { admits, rate: admits.map_or(0.0, |anchor| rates.of(&anchor)) }
    }

    fn with(&self, anchor: &Anchor, rates: &mut Rates) -> Self {
        Self::of(Some(self.admits.map_or(*anchor, |admits| admits.or(anchor))), rates)
    }
}

/// The bucket whose rate grows least.
fn cheapest(buckets: &[Bucket], anchor: &Anchor, rates: &mut Rates) -> usize {
    // Where the anchor is admitted already, nothing grows.
    let holds = |bucket: &Bucket| bucket.admits.is_some_and(|admits| anchor.is_within(&admits));
    if let Some(at) = buckets.iter().position(holds) {
        return at;
    }
    let mut best = (f32::INFINITY, 0);
    for (at, bucket) in buckets.iter().enumerate() {
        let joined = bucket.admits.map_or(*anchor, |admits| admits.or(anchor));
        if let Some(rate) = rates.below(&joined, bucket.rate + best.0) {
            best = (rate - bucket.rate, at);
        }
        if bucket.admits.is_none() {
            break;
        }
    }
    best.1
}

/// For one byte, which buckets admit it at a place: a bit each.
pub(crate) fn admitting(buckets: &[Anchor], place: usize, bytes: impl Fn(&ByteSet) -> bool) -> u8 {
    debug_assert!(place < PLACES && buckets.len() <= GROUP);
    buckets.iter().enumerate().fold(0, |mask, (bit, bucket)| mask | u8::from(bytes(&bucket.0[place])) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::candidates::shape::anchors::anchors;
    use crate::rule::syntax::Edges;

    #[test]
    fn every_anchor_lies_within_a_bucket() {
        let patterns =
            [r"\d{9}", r"\d{3}-\d{2}-\d{4}", r"AKIA[A-Z2-7]{16}", r"[A-Z]{2}\d{6}", r"(?:\d{1,3}\.){3}\d{1,3}"];
        let mut all = Vec::new();
        for pattern in patterns {
            let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
            all.extend(anchors(&hir.expect("test pattern"), Edges::Word).anchors.into_iter().map(|(anchor, _)| anchor));
        }
        for count in [1, 2, 8, 16] {
            let merged = merge(&all, count, &mut Rates::new());
            assert!(merged.buckets.len() <= count);
            for anchor in &all {
                assert!(merged.buckets.iter().any(|bucket| anchor.is_within(bucket)), "{count} buckets");
            }
            let mut members = merged.members.concat();
            members.sort_unstable();
            assert!(members.into_iter().eq(0..all.len()), "{count} buckets: each anchor in one");
        }
        let rate = |count| {
            let mut rates = Rates::new();
            merge(&all, count, &mut rates).buckets.iter().map(|bucket| rates.of(bucket)).sum::<f32>()
        };
        assert!(rate(16) <= rate(8) && rate(8) <= rate(1), "{} {} {}", rate(16), rate(8), rate(1));
    }
}
