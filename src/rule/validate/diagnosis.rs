//! Codes of diagnoses: which categories there are, and what may stand behind their dot.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Row;
use super::steps::{Ear, Steps, Value, base36, plain};

pub(super) const ROWS: &[Row] = &[plain!(
    "icd10",
    "The category exists in ICD-10-CM, and so does what stands behind its dot.",
    "National Center for Health Statistics, ICD-10-CM tabular list 2025 (public domain)",
    icd10
)];

/// Which characters may follow a category's dot, as bits: 0 to 9, A to Z; bit 36 when nothing may.
static CATEGORIES: LazyLock<HashMap<[u8; 3], u64>> = LazyLock::new(|| {
    let row = |line: &str| {
        let (category, next) = line.split_once('\t')?;
        let next = next.bytes().filter_map(base36).fold(0, |bits, place| bits | 1_u64 << place);
        Some((category.as_bytes().try_into().ok()?, next))
    };
    include_str!("icd10_categories.txt").lines().filter_map(row).collect()
});

fn icd10(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 3, 7) else { return false };
    let Some(next) = text.first_chunk::<3>().and_then(|category| CATEGORIES.get(category)) else {
        return steps.require("the category exists", false);
    };
    match text.get(3).copied().map(base36) {
        None => steps.require("the category exists", true),
        Some(place) => steps.require("what follows the dot exists", place.is_some_and(|place| next >> place & 1 == 1)),
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn diagnoses() {
        assert_eq!(super::CATEGORIES.len(), include_str!("icd10_categories.txt").lines().count());
        accepts("icd10", &["E11.9", "F32.1", "C50", "S72.001A", "Z99.2", "e119"]);
        refuses("icd10", &["E11.7", "F26", "W57.5", "X99.7", "A1", ""]);
    }
}
