//! Verhoeff and Damm: check digits from tables that catch every single change and every transposition of neighbours.

use super::Row;
use super::steps::{Ear, LETTERS_MAX, Steps, Value, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "damm",
        "The last digit is the Damm check digit of those before it.",
        "H. M. Damm, Total anti-symmetrische Quasigruppen, thesis, Marburg 2004",
        damm
    ),
    plain!(
        "verhoeff",
        "The last digit is the Verhoeff check digit of those before it.",
        "J. Verhoeff, Error Detecting Decimal Codes, Mathematical Centre Tract 29 (1969)",
        verhoeff
    ),
];

/// The permutation of digits that is applied once more at each place.
const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

/// The permutation applied 0 to 7 times; eight times is none.
const POWERS: [[u8; 10]; 8] = {
    let mut powers = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]; 8];
    let mut power = 1;
    while power < 8 {
        let mut digit = 0;
        while digit < 10 {
            powers[power][digit] = powers[power - 1][PERMUTATION[digit] as usize];
            digit += 1;
        }
        power += 1;
    }
    powers
};

/// The product in the dihedral group of the pentagon: 0 to 4 are turns, 5 to 9 reflections.
const fn product(left: u8, right: u8) -> u8 {
    match (left < 5, right < 5) {
        (true, true) => (left + right) % 5,
        (true, false) => (left + right) % 5 + 5,
        (false, true) => (left - right) % 5 + 5,
        (false, false) => (5 + left - right) % 5,
    }
}

/// What Verhoeff's scheme leaves of a number with its check digit; 0 is right.
#[inline]
pub(super) fn verhoeff_remainder(digits: &[u8]) -> u8 {
    digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, &digit)| product(sum, POWERS[place % 8][usize::from(digit % 10)]))
}

fn verhoeff(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 2, LETTERS_MAX) else { return false };
    steps.expect("Verhoeff remainder", 0, verhoeff_remainder(digits))
}

/// Damm's quasigroup of order ten.
const QUASIGROUP: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 2, LETTERS_MAX) else { return false };
    let left = digits.iter().fold(0, |row, &digit| QUASIGROUP[usize::from(row)][usize::from(digit)]);
    steps.expect("Damm remainder", 0, left)
}

#[cfg(test)]
mod tests {
    use super::{QUASIGROUP, verhoeff_remainder};
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn published_numbers() {
        accepts("verhoeff", &["2363", "123451", "1428570"]);
        refuses("verhoeff", &["2364", "3263", "1", ""]);
        accepts("damm", &["5724", "112946"]);
        refuses("damm", &["5727", "7524", "1", ""]);
    }

    /// Every change of a digit and every transposition of neighbours is caught.
    #[test]
    fn promises_are_kept() {
        fn damm(digits: &[u8]) -> u8 {
            digits.iter().fold(0, |row, &digit| QUASIGROUP[usize::from(row)][usize::from(digit)])
        }
        type Remainder = fn(&[u8]) -> u8;
        let schemes: [(Remainder, [u8; 6]); 2] = [(verhoeff_remainder, [1, 2, 3, 4, 5, 1]), (damm, [1, 1, 2, 9, 4, 6])];
        for (remainder, right) in &schemes {
            assert_eq!(remainder(right), 0);
            for place in 0..right.len() {
                for digit in (0..10).filter(|digit| *digit != right[place]) {
                    let mut wrong = right.to_vec();
                    wrong[place] = digit;
                    assert_ne!(remainder(&wrong), 0, "{wrong:?}");
                }
                if place > 0 && right[place] != right[place - 1] {
                    let mut wrong = right.to_vec();
                    wrong.swap(place, place - 1);
                    assert_ne!(remainder(&wrong), 0, "{wrong:?}");
                }
            }
        }
    }
}
