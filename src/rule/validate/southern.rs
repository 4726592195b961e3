//! Numbers of people in Australia and South Africa.

use super::Row;
use super::calendar::{exists_in_some_century, two};
use super::luhn;
use super::steps::{Ear, Steps, Value, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "au-medicare",
        "Begins with 2 to 6, and the ninth digit is right modulo 10; ten digits, or eleven with the person's number.",
        "Services Australia; METeOR 270101, person Medicare card number",
        medicare
    ),
    plain!(
        "au-tfn",
        "Weighted sum of eight or nine digits modulo 11.",
        "Australian Taxation Office, tax file number algorithm for software developers",
        tfn
    ),
    plain!(
        "za-id",
        "Luhn over thirteen digits, a birth date, and citizenship 0, 1 or 2.",
        "Department of Home Affairs of South Africa, Identification Act 68 of 1997",
        identity
    ),
];

fn medicare(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 10, 11) else { return false };
    let sum = steps.sum(digits, &[1, 3, 7, 9, 1, 3, 7, 9]);
    steps.require("begins with 2 to 6", (2..=6).contains(&digits[0]))
        && steps.expect("check digit", sum % 10, u32::from(digits[8]))
        && steps.require("issue number is not 0", digits[9] != 0)
        && steps.require("person's number is not 0", digits.get(10) != Some(&0))
}

fn tfn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 8, 9) else { return false };
    let weights: &[u8] = if digits.len() == 8 { &[10, 7, 8, 4, 6, 3, 5, 1] } else { &[1, 4, 3, 7, 5, 8, 6, 9, 10] };
    let sum = steps.sum(digits, weights);
    steps.require("not all zeros", digits.iter().any(|&digit| digit != 0)) && steps.expect("sum modulo 11", 0, sum % 11)
}

fn identity(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let there = exists_in_some_century(two(&digits, 0), two(&digits, 2), two(&digits, 4));
    steps.require("birth date exists", there)
        && steps.require("citizen, resident or refugee", digits[10] <= 2)
        && luhn::holds(&digits, steps)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn australia() {
        accepts("au-tfn", &["123 456 782", "876543210", "81854402", "37118629", "37118660", "37118705"]);
        refuses("au-tfn", &["123 456 783", "132 456 782", "000000000", "37118692", "1234567"]);
        accepts("au-medicare", &["2123 45670 1", "2123456701", "21234567011"]);
        refuses("au-medicare", &["2123 45671 1", "7123 45670 1", "2123 45670 0", "212345670", "1123456701"]);
    }

    #[test]
    fn south_africa() {
        accepts("za-id", &["8001015009087", "7503305044089"]);
        refuses("za-id", &["8001015009088", "8013015009087", "8001015009387", "800101500908"]);
    }
}
