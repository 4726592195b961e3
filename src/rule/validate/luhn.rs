//! Luhn: every second digit from the right is doubled, and the digits of all products add up to a multiple of ten.

use super::Row;
use super::steps::{Ear, LETTERS_MAX, Steps, Value, plain};

pub(super) const ROWS: &[Row] =
    &[plain!("luhn", "The last digit is the Luhn check digit of those before it.", "ISO/IEC 7812-1 annex B", luhn)];

/// The Luhn sum modulo ten of a number with its check digit; 0 is right.
#[inline]
pub(super) fn remainder(digits: &[u8]) -> u8 {
    const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let mut sum = 0_u32;
    for (place, &digit) in digits.iter().rev().enumerate() {
        sum += u32::from(if place % 2 == 1 { DOUBLED[usize::from(digit % 10)] } else { digit });
    }
    u8::try_from(sum % 10).unwrap_or(u8::MAX)
}

/// Tells and judges the Luhn sum of digits.
pub(super) fn holds(digits: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    steps.expect("Luhn sum modulo 10", 0, remainder(digits))
}

fn luhn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 2, LETTERS_MAX) else { return false };
    holds(digits, steps)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn published_numbers() {
        accepts("luhn", &["7992739871 3", "4111 1111 1111 1111", "3782-822463-10005", "18", "0000"]);
        refuses("luhn", &["79927398710", "4111 1111 1111 1112", "7992738971 3", "8", "", "41a1"]);
    }
}
