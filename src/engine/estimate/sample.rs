//! From walks that were made to all walks there are: pure arithmetic.
//!
//! Walks of one kind resemble each other more than those of different kinds (a team folder, a home, a trash), so each kind is
//! extrapolated by itself. The range is two standard errors wide on either side; what was seen is its least low end, and a
//! kind that was walked whole is exact.

use super::forecast::{Between, float, whole};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So few trees say little of the largest there may be.
const FEW: f64 = 6.0;

/// What walks brought, or may bring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Items of all kinds.
    pub(super) items: u64,
    /// Files among them whose bytes can be had.
    pub(super) files: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Calls that listed them.
    pub(super) calls: u64,
    /// Items whose members must be asked for.
    pub(super) shared: u64,
}

impl Size {
    fn fields(self) -> [u64; 5] {
        [self.items, self.files, self.bytes, self.calls, self.shared]
    }

    pub(super) fn add(&mut self, more: Size) {
        self.items = self.items.saturating_add(more.items);
        self.files = self.files.saturating_add(more.files);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.calls = self.calls.saturating_add(more.calls);
        self.shared = self.shared.saturating_add(more.shared);
    }
}

/// The same as ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) items: Between,
    pub(super) files: Between,
    pub(super) bytes: Between,
    pub(super) calls: Between,
    pub(super) shared: Between,
}

impl Sizes {
    fn of(fields: [Between; 5]) -> Self {
        let [items, files, bytes, calls, shared] = fields;
        Self { items, files, bytes, calls, shared }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            items: self.items.plus(other.items),
            files: self.files.plus(other.files),
            bytes: self.bytes.plus(other.bytes),
            calls: self.calls.plus(other.calls),
            shared: self.shared.plus(other.shared),
        }
    }
}

/// One tree, walked as far as the calls reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tree {
    /// What it brought.
    pub(super) seen: Size,
    /// Walks of it that were made, and that were still to be made.
    pub(super) walked: u64,
    pub(super) pending: u64,
}

/// The trees of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Stratum {
    /// How many there are.
    pub(super) all: u64,
    /// Those that were walked.
    pub(super) trees: Vec<Tree>,
}

/// All trees of all kinds, from those that were walked.
pub(super) fn extrapolate(strata: &BTreeMap<Arc<str>, Stratum>) -> Sizes {
    strata.values().map(of_stratum).fold(Sizes::default(), Sizes::plus)
}

fn of_stratum(stratum: &Stratum) -> Sizes {
    let low: Vec<[f64; 5]> = stratum.trees.iter().map(|tree| reckoned(tree, 0.5)).collect();
    let high: Vec<[f64; 5]> = stratum.trees.iter().map(|tree| reckoned(tree, 2.0)).collect();
    let count = stratum.trees.len();
    let all = float(stratum.all.max(u64::try_from(count).unwrap_or(u64::MAX)));
    let fields: [usize; 5] = [0, 1, 2, 3, 4];
    Sizes::of(fields.map(|field| {
        let column = |trees: &[[f64; 5]]| trees.iter().map(|tree| tree[field]).collect::<Vec<f64>>();
        let (low, high) = (column(&low), column(&high));
        let unseen = all - float(u64::try_from(count).unwrap_or(u64::MAX));
        let (less, _) = unseen_range(&low, unseen, all);
        let (_, more) = unseen_range(&high, unseen, all);
        let seen: u64 = stratum.trees.iter().map(|tree| tree.seen.fields()[field]).fold(0, u64::saturating_add);
        Between { low: whole(low.iter().sum::<f64>() + less).max(seen), high: whole(high.iter().sum::<f64>() + more) }
    }))
}

/// A tree with what is pending: each walk as much as those made, times `factor`.
fn reckoned(tree: &Tree, factor: f64) -> [f64; 5] {
    let more = match tree.walked {
        0 => 0.0,
        walked => factor * float(tree.pending) / float(walked),
    };
    tree.seen.fields().map(|field| float(field) * (1.0 + more))
}

/// What the unseen trees of a kind hold together, at least and at most.
fn unseen_range(trees: &[f64], unseen: f64, all: f64) -> (f64, f64) {
    if unseen <= 0.0 || trees.is_empty() {
        return (0.0, 0.0);
    }
    let count = float(u64::try_from(trees.len()).unwrap_or(u64::MAX));
    let mean = trees.iter().sum::<f64>() / count;
    let variance = match trees.len() {
        // One tree says nothing of how they differ: as much as the largest offices do.
        1 => mean.powi(2),
        _ => trees.iter().map(|tree| (tree - mean).powi(2)).sum::<f64>() / (count - 1.0),
    };
    // Of the total of the unseen: their own spread, and that of the mean they are reckoned by.
    let error = (variance * unseen * (1.0 + unseen / count)).sqrt() * (unseen / all).sqrt().max(0.5);
    let expected = mean * unseen;
    // A few trees may all be small ones: the fewer, the more the largest of them stands for what was not seen.
    let largest = trees.iter().copied().fold(0.0, f64::max);
    let if_large = unseen * (mean + (largest - mean) * (FEW / count).min(1.0));
    ((expected - 2.0 * error).max(0.0), (expected + 2.0 * error).max(if_large))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: u64, walked: u64, pending: u64) -> Tree {
        let seen = Size { items: files + 1, files, bytes: files * 1_000, calls: walked, shared: files / 10 };
        Tree { seen, walked, pending }
    }

    #[test]
    fn what_was_walked_whole_is_exact() {
        let stratum = Stratum { all: 2, trees: vec![tree(10, 3, 0), tree(500, 30, 0)] };
        let sizes = extrapolate(&[("home".into(), stratum)].into());
        assert_eq!(sizes.files, Between::exactly(510));
        assert_eq!((sizes.bytes, sizes.calls), (Between::exactly(510_000), Between::exactly(33)));
    }

    #[test]
    fn the_range_holds_the_truth_of_many_companies() {
        // Sizes of homes differ by factors; a sample of a third must hold the whole in nearly all companies.
        let mut missed = 0;
        for company in 0..200_u64 {
            let size = |home: u64| {
                let draw = (home * 7_919 + company * 104_729) % 1_000;
                20 + draw * draw / 500
            };
            let truth: u64 = (0..60).map(size).sum();
            let trees = (0..20).map(|home| tree(size(home), 5, 0)).collect();
            let sizes = extrapolate(&[("home".into(), Stratum { all: 60, trees })].into());
            missed += u32::from(!sizes.files.holds(truth));
            assert!(sizes.files.high < truth * 4, "{sizes:?} {truth}");
        }
        assert!(missed <= 10, "{missed} of 200 missed");
    }

    #[test]
    fn a_tree_that_was_cut_short_counts_as_at_least_what_was_seen() {
        let sizes = extrapolate(&[("home".into(), Stratum { all: 1, trees: vec![tree(100, 10, 10)] })].into());
        assert_eq!(sizes.files, Between { low: 150, high: 300 });
        let nothing = extrapolate(&[("home".into(), Stratum { all: 9, trees: Vec::new() })].into());
        assert_eq!(nothing, Sizes::default());
    }
}
