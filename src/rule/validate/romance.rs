//! Numbers of Spain and France that are no identity numbers: social security, bank account, tax.

use super::Row;
use super::calendar::two;
use super::steps::{Ear, Steps, Value, number, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "es-ccc",
        "Two check digits modulo 11 over bank and branch, and over the account.",
        "Consejo Superior Bancario, norma 50, codigo cuenta cliente",
        ccc
    ),
    plain!(
        "es-ssn",
        "A province, and the last two digits are the rest modulo 97.",
        "Tesoreria General de la Seguridad Social, numero de afiliacion; Real Decreto 84/1996",
        afiliacion
    ),
    plain!(
        "fr-nif",
        "Begins with 0 to 3, and the last three of thirteen digits are the first ten modulo 511.",
        "Direction generale des finances publiques, numero SPI; OECD, TIN rules of France",
        spi
    ),
    plain!(
        "nz-bank",
        "A bank and branch in use, and the account right under the algorithm of that bank.",
        "Payments NZ, Bank branch register; Inland Revenue, RWT and NRWT specification, account number validation",
        new_zealand
    ),
];

fn ccc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<20>(value) else { return false };
    let weights = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let check = |sum: u32| match 11 - sum % 11 {
        10 => 1,
        11 => 0,
        check => check,
    };
    let first = check(steps.sum(&digits[..8], &weights[2..]));
    let second = check(steps.sum(&digits[10..], &weights));
    steps.require("a bank", number(&digits[..4]) != 0)
        && steps.expect("first check digit", first, u32::from(digits[8]))
        && steps.expect("second check digit", second, u32::from(digits[9]))
}

fn afiliacion(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 11, 12) else { return false };
    let (body, check) = digits.split_at(digits.len() - 2);
    let serial = number(&body[2..]);
    // A serial below ten million is taken without its leading zeros.
    let whole = u64::from(two(digits, 0)) * if serial < 10_000_000 { 10_000_000 } else { 100_000_000 } + serial;
    steps.require("a province", matches!(two(digits, 0), 1..=53 | 66))
        && steps.require("a serial", serial != 0)
        && steps.expect("check digits", whole % 97, number(check))
}

fn spi(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    steps.require("begins with 0 to 3", digits[0] < 4)
        && steps.require("not nothing but zeros", number(&digits) != 0)
        && steps.expect("check digits", number(&digits[..10]) % 511, number(&digits[10..]))
}

/// Weights over two digits of bank, four of branch, eight of account (seven, a zero before), four of suffix; and the modulus.
struct Algorithm {
    weights: [u8; 18],
    modulus: u32,
    /// Digits of products are added.
    folded: bool,
}

const A: Algorithm =
    Algorithm { weights: [0, 0, 6, 3, 7, 9, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0], modulus: 11, folded: false };
const B: Algorithm =
    Algorithm { weights: [0, 0, 0, 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0], modulus: 11, folded: false };
const D: Algorithm =
    Algorithm { weights: [0, 0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0], modulus: 11, folded: false };
const E: Algorithm =
    Algorithm { weights: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 0, 1], modulus: 11, folded: true };
const F: Algorithm =
    Algorithm { weights: [0, 0, 0, 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1, 0, 0, 0, 0], modulus: 10, folded: false };
const G: Algorithm =
    Algorithm { weights: [0, 0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 0, 3, 7, 1], modulus: 10, folded: true };

fn new_zealand(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(found) = steps.digits_between(value, 15, 16) else { return false };
    let mut digits = [0; 18];
    digits[..6].copy_from_slice(&found[..6]);
    digits[7..14].copy_from_slice(&found[6..13]);
    let suffix = &found[13..];
    digits[18 - suffix.len()..].copy_from_slice(suffix);
    let account = number(&digits[6..14]);
    let algorithm = match two(&digits, 0) {
        1..=3 | 6 | 11..=24 | 27 | 30 | 35 | 38 => {
            if account < 990_000 {
                &A
            } else {
                &B
            }
        }
        8 => &D,
        9 => &E,
        25 | 33 => &F,
        26 | 28 | 29 => &G,
        31 => return steps.require("a bank without a check digit", true),
        _ => return steps.require("a bank in use", false),
    };
    let sum: u32 = digits
        .iter()
        .zip(algorithm.weights)
        .map(|(&digit, weight)| {
            let product = u32::from(digit) * u32::from(weight);
            let once = if product > 9 && algorithm.folded { product / 10 + product % 10 } else { product };
            if once > 9 && algorithm.folded { once / 10 + once % 10 } else { once }
        })
        .sum();
    steps.require("an account", account != 0) && steps.expect("remainder", 0, sum % algorithm.modulus)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn accounts_and_contributions() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            (
                "es-ccc",
                &["2100 0418 45 0200051332", "1234-1234-16 1234567890"],
                &["2100 0418 46 0200051332", "2100041845"],
            ),
            ("es-ssn", &["28/12345678/40", "281234567840"], &["28/12345678/41", "99/12345678/40"]),
            ("fr-nif", &["30 23 217 600 053", "0701987765493"], &["30 23 217 600 054", "4023217600053"]),
            (
                "nz-bank",
                &["01-0902-0068389-00", "08-6523-1954512-001", "26-2600-0320871-032"],
                &["01-0902-0068380-00", "99-0902-0068389-00"],
            ),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
