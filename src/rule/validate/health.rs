//! Numbers and codes of health care: those of prescribers and providers in the United States, and of diagnoses.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Row;
use super::luhn;
use super::steps::{Ear, Steps, Value, base36, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "icd10",
        "The category exists in ICD-10-CM, and so does what stands behind its dot.",
        "National Center for Health Statistics, ICD-10-CM tabular list 2025 (public domain)",
        icd10
    ),
    plain!(
        "us-dea",
        "Two letters that are given out, and the last of seven digits is right modulo 10.",
        "Drug Enforcement Administration, registration numbers; 21 CFR 1301.13 and 1301.35",
        dea
    ),
    plain!(
        "us-npi",
        "Ten digits that begin with 1 or 2; Luhn with 80840 before them.",
        "Centers for Medicare and Medicaid Services, Requirements for National Provider Identifier check digit",
        npi
    ),
];

fn dea(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<9>(value) else { return false };
    let Some(digits) = numerals::<7>(&text[2..]) else { return steps.require("seven digits at the end", false) };
    let first = b"ABCDEFGHJKLMPRSTUX".contains(&text[0]);
    if !(steps.require("a first letter that is given out", first)
        && steps.require("a letter or a 9 behind it", text[1].is_ascii_alphabetic() || text[1] == b'9'))
    {
        return false;
    }
    let sum = steps.sum(&digits[..6], &[1, 2, 1, 2, 1, 2]);
    steps.expect("last digit", sum % 10, u32::from(digits[6]))
}

fn npi(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let mut whole = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    whole[5..].copy_from_slice(&digits);
    steps.require("begins with 1 or 2", matches!(digits[0], 1 | 2)) && luhn::holds(&whole, steps)
}

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
    fn prescribers() {
        accepts("us-dea", &["AB1234563", "F91234563", "MB 1234563"]);
        refuses("us-dea", &["AB1234564", "IB1234563", "A11234563", "AB123456", ""]);
    }

    #[test]
    fn providers() {
        accepts("us-npi", &["1234567893", "1245319599"]);
        refuses("us-npi", &["1234567890", "3234567899", "123456789", ""]);
    }

    #[test]
    fn diagnoses() {
        assert_eq!(super::CATEGORIES.len(), include_str!("icd10_categories.txt").lines().count());
        accepts("icd10", &["E11.9", "F32.1", "C50", "S72.001A", "Z99.2", "e119"]);
        refuses("icd10", &["E11.7", "F26", "W57.5", "X99.7", "A1", ""]);
    }
}
