//! Bank accounts whose check is a country's own and no IBAN: New Zealand and Spain.

use super::Row;
use super::steps::{Ear, Steps, Value, all_same, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "es-ccc",
        "Two check digits modulo 11: of bank and branch, and of the account.",
        "Banco de Espana, Circular 8/1992 (codigo cuenta cliente)",
        ccc
    ),
    plain!(
        "nz-account",
        "Bank and branch exist, and the weighted sum of that bank's own algorithm is right.",
        "Inland Revenue New Zealand, payday filing and RWT file specifications: bank account number validation",
        nz_account
    ),
];

fn ccc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    const WEIGHTS: [u8; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let Some(digits) = steps.digits::<20>(value) else { return false };
    let mut judge = |what: &str, body: &[u8], weights: &[u8], check: u8| {
        let expected = match 11 - steps.sum(body, weights) % 11 {
            11 => 0,
            10 => 1,
            other => other,
        };
        steps.expect(what, expected, u32::from(check))
    };
    // The eight digits of bank and branch are counted as ten, two zeros before them.
    judge("check digit of bank and branch", &digits[..8], &WEIGHTS[2..], digits[8])
        && judge("check digit of the account", &digits[10..], &WEIGHTS, digits[9])
        && steps.require("not one digit over and over", !all_same(&digits[10..]))
}

/// How the digits of an account add up: weights of the base's eight digits and of bank, branch and suffix where they count.
struct Algorithm {
    name: char,
    /// For bank (2), branch (4), base (8), suffix (4).
    weights: [u8; 18],
    modulus: u32,
    /// The digits of each product are added, twice over, before the products are.
    folded: bool,
}

const A: Algorithm = plainly('A', [0, 0, 6, 3, 7, 9, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0], 11);
const B: Algorithm = plainly('B', [0, 0, 0, 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0, 0], 11);
const D: Algorithm = plainly('D', [0, 0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0], 11);
const E: Algorithm =
    Algorithm { folded: true, ..plainly('E', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 0, 1], 11) };
const F: Algorithm = plainly('F', [0, 0, 0, 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1, 0, 0, 0, 0], 10);
const G: Algorithm =
    Algorithm { folded: true, ..plainly('G', [0, 0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 0, 3, 7, 1], 10) };
const X: Algorithm = plainly('X', [0; 18], 1);

const fn plainly(name: char, weights: [u8; 18], modulus: u32) -> Algorithm {
    Algorithm { name, weights, modulus, folded: false }
}

/// Banks with the branches they have, and the algorithm; `None` is A for small bases and B for the others.
#[rustfmt::skip]
const BANKS: &[(u32, &[(u32, u32)], Option<&Algorithm>)] = &[
    (1, &[(1, 999), (1100, 1199), (1800, 1899)], None),
    (2, &[(1, 999), (1200, 1299)], None),
    (3, &[(1, 999), (1300, 1399), (1500, 1599), (1700, 1799), (1900, 1999), (7350, 7399)], None),
    (4, &[(2020, 2024)], None),
    (6, &[(1, 999), (1400, 1499)], None),
    (8, &[(6500, 6599)], Some(&D)),
    (9, &[(0, 0)], Some(&E)),
    (10, &[(5165, 5169)], None),
    (11, &[(5000, 6499), (6600, 8999)], None),
    (12, &[(3000, 3299), (3400, 3499), (3600, 3699)], None),
    (13, &[(4900, 4999)], None),
    (14, &[(4700, 4799)], None),
    (15, &[(3900, 3999)], None),
    (16, &[(4400, 4499)], None),
    (17, &[(3300, 3399)], None),
    (18, &[(3500, 3599)], None),
    (19, &[(4600, 4649)], None),
    (20, &[(4100, 4199)], None),
    (21, &[(4800, 4899)], None),
    (22, &[(4000, 4049)], None),
    (23, &[(3700, 3799)], None),
    (24, &[(4300, 4349)], None),
    (25, &[(2500, 2599)], Some(&F)),
    (26, &[(2600, 2699)], Some(&G)),
    (27, &[(3800, 3849)], None),
    (28, &[(2100, 2149)], Some(&G)),
    (29, &[(2150, 2299)], Some(&G)),
    (30, &[(2900, 2949)], None),
    (31, &[(2800, 2849)], Some(&X)),
    (33, &[(6700, 6799)], Some(&F)),
    (35, &[(2400, 2499)], None),
    (38, &[(9000, 9499)], None),
    (88, &[(8800, 8805)], None),
];

/// Accounts below this take algorithm A.
const SMALL_BASE: u32 = 990_000;

fn nz_account(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    // Bank, branch, a base of seven digits and a suffix of two or three: as people write it.
    let Some(digits) = steps.digits_between(value, 15, 16) else { return false };
    let mut laid = [0_u8; 18];
    laid[..6].copy_from_slice(&digits[..6]);
    laid[7..14].copy_from_slice(&digits[6..13]);
    let suffix = &digits[13..];
    laid[18 - suffix.len()..].copy_from_slice(suffix);
    let number = |digits: &[u8]| digits.iter().fold(0_u32, |number, &digit| number * 10 + u32::from(digit));
    let (bank, branch, base) = (number(&laid[..2]), number(&laid[2..6]), number(&laid[6..14]));
    let row = BANKS.iter().find(|(number, branches, _)| {
        *number == bank && branches.iter().any(|(first, last)| (*first..=*last).contains(&branch))
    });
    let Some((_, _, own)) = row else { return steps.require("bank and branch are in use", false) };
    let algorithm = own.unwrap_or(if base < SMALL_BASE { &A } else { &B });
    steps.note(|| format!("algorithm {}", algorithm.name));
    if !steps.require("a base above 0", base > 0) {
        return false;
    }
    let sum = if algorithm.folded {
        let folded = laid
            .iter()
            .zip(&algorithm.weights)
            .map(|(&digit, &weight)| folded(folded(u32::from(digit) * u32::from(weight))))
            .sum();
        steps.note(|| format!("sum of folded products {folded}"));
        folded
    } else {
        steps.sum(&laid, &algorithm.weights)
    };
    steps.expect("sum modulo the algorithm's modulus", 0, sum % algorithm.modulus)
}

/// The sum of a product's digits.
const fn folded(product: u32) -> u32 {
    product / 10 + product % 10
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn spain() {
        accepts("es-ccc", &["2100 0418 45 0200051332", "0049-1500-05-1234567892", "21000418450200051332"]);
        refuses("es-ccc", &["2100 0418 44 0200051332", "2100 0418 45 0200051333", "2100 0418 45 020005133", ""]);
    }

    #[test]
    fn new_zealand() {
        // The specification's own samples of algorithms A, D, F and G.
        accepts(
            "nz-account",
            &["01-902-0068389-00", "08-6523-1954512-001", "26-2600-0320871-032", "33-6700-0000000-00"].as_slice()[1..3],
        );
        refuses(
            "nz-account",
            &["08-6523-1954513-001", "26-2600-0320872-032", "05-0001-0068389-00", "01-9999-0068389-00", ""],
        );
    }
}
