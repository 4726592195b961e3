//! VAT numbers of the European Union, Northern Ireland, Switzerland and Norway: a country, and that country's check.

use super::Row;
use super::balkans::{afm, davcna, egn, tic};
use super::benelux::{bsn, nif};
use super::britain::pps;
use super::companies::{cif, partita_iva, uid};
use super::eastern::rodne_cislo;
use super::europe::dni_nie;
use super::iso7064::{mod11_10, mod97};
use super::luhn;
use super::poland::nip;
use super::steps::{Ear, Steps, Value, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[plain!(
    "eu-vat",
    "A country's prefix, and the check of that country's VAT numbers.",
    "European Commission, VIES, structure and check digits of VAT numbers (BMF, Konstruktionsregeln der UID); eCH-0097; NS 4102",
    vat
)];

fn vat(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters_between(value, 4, 18) else { return false };
    if let Some(rest) = letters.strip_prefix(b"CHE") {
        return uid(&of(rest), steps);
    }
    if let Some(rest) = letters.strip_suffix(b"MVA") {
        return norwegian(rest.strip_prefix(b"NO").unwrap_or(rest), steps);
    }
    let (country, rest) = letters.split_at(2);
    if let Some(holds) = with_letters(country, rest, steps) {
        return holds;
    }
    if !steps.require("digits after the country", rest.iter().all(u8::is_ascii_digit) && rest.len() <= 12) {
        return false;
    }
    let mut digits = [0; 12];
    for (digit, letter) in digits.iter_mut().zip(rest) {
        *digit = letter - b'0';
    }
    let digits = &digits[..rest.len()];
    steps.require("a number", number(digits) != 0) && of_digits(country, digits, rest, steps)
}

/// A value of these letters and digits.
fn of(letters: &[u8]) -> Value<'_> {
    Value::new(str::from_utf8(letters).unwrap_or_default())
}

/// Countries whose numbers may hold letters; `None` for all others.
fn with_letters(country: &[u8], rest: &[u8], steps: &mut Steps<impl Ear>) -> Option<bool> {
    Some(match country {
        b"AT" => rest.strip_prefix(b"U").is_some_and(|rest| austrian(rest, steps)),
        b"CY" => tic(&of(rest), steps),
        b"ES" => cif(&of(rest), steps) || dni_nie(&of(rest), steps),
        b"FR" => french(rest, steps),
        b"IE" => pps(&of(rest), steps) || irish(rest, steps),
        b"NL" => dutch(rest, steps),
        b"IT" => partita_iva(&of(rest), steps),
        _ => return None,
    })
}

fn of_digits(country: &[u8], digits: &[u8], rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let last = digits.last().copied().map_or(0, u32::from);
    match (country, digits.len()) {
        (b"BE", 10) => steps.expect("check digits", 97 - number(&digits[..8]) % 97, number(&digits[8..])),
        (b"BG", 9) => twice(digits, &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8, 9, 10], steps),
        (b"BG", 10) => bulgarian(digits, rest, steps),
        (b"CZ", 8) => {
            let sum = steps.sum(digits, &[8, 7, 6, 5, 4, 3, 2]);
            steps.expect("check digit", (11 - sum % 11) % 10, last)
        }
        (b"CZ", 9 | 10) => rodne_cislo(&of(rest), steps),
        (b"DE", 9) | (b"HR", 11) => steps.expect("remainder of mod 11,10", 1, mod11_10(digits)),
        (b"DK", 8) => divisible(digits, &[2, 7, 6, 5, 4, 3, 2, 1], 11, steps),
        (b"EE", 9) => divisible(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1], 10, steps),
        (b"EL" | b"GR", 9) => afm(&of(rest), steps),
        (b"FI", 8) => divisible(digits, &[7, 9, 10, 5, 8, 4, 2, 1], 11, steps),
        (b"GB" | b"XI", 9 | 12) => british(&digits[..9], steps),
        (b"HU", 8) => divisible(digits, &[9, 7, 3, 1, 9, 7, 3, 1], 10, steps),
        (b"LT", 9) => twice(digits, &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 5, 6, 7, 8, 9, 1], steps),
        (b"LT", 12) => twice(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4], steps),
        (b"LU", 8) => steps.expect("check digits", number(&digits[..6]) % 89, number(&digits[6..])),
        (b"LV", 11) => divisible_to(digits, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1], 11, 3, steps) && digits[0] > 3,
        (b"MT", 8) => divisible(digits, &[3, 4, 6, 7, 8, 9, 10, 1], 37, steps),
        (b"PL", 10) => nip(&of(rest), steps),
        (b"PT", 9) => nif(&of(rest), steps),
        (b"RO", 2..=10) => romanian(digits, steps),
        (b"SE", 12) => number(&digits[10..]) != 0 && luhn::holds(&digits[..10], steps),
        (b"SI", 8) => davcna(&of(rest), steps),
        (b"SK", 10) => {
            steps.require("a kind of tax payer", digits[0] != 0 && matches!(digits[2], 2..=4 | 7..=9))
                && steps.expect("remainder modulo 11", 0, number(digits) % 11)
        }
        _ => steps.require("a country, and a length it has", false),
    }
}

fn divisible(digits: &[u8], weights: &[u8], modulus: u32, steps: &mut Steps<impl Ear>) -> bool {
    divisible_to(digits, weights, modulus, 0, steps)
}

fn divisible_to(digits: &[u8], weights: &[u8], modulus: u32, wanted: u32, steps: &mut Steps<impl Ear>) -> bool {
    let sum = steps.sum(digits, weights);
    steps.expect("remainder", wanted, sum % modulus)
}

/// A second row of weights where the first gives 10.
fn twice(digits: &[u8], first: &[u8], second: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let mut rest = steps.sum(digits, first) % 11;
    if rest == 10 {
        rest = steps.sum(digits, second) % 11 % 10;
    }
    steps.expect("check digit", rest, digits.last().copied().map_or(0, u32::from))
}

fn austrian(rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = numerals::<8>(rest) else { return steps.require("eight digits", false) };
    let sum: u32 = digits[..7]
        .iter()
        .enumerate()
        .map(|(at, &digit)| u32::from(if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }))
        .sum();
    steps.expect("check digit", (10 - (sum + 4) % 10) % 10, u32::from(digits[7]))
}

fn bulgarian(digits: &[u8], rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let foreigner = steps.sum(&digits[..9], &[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10;
    let other = (11 - steps.sum(&digits[..9], &[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let last = u32::from(digits[9]);
    egn(&of(rest), steps)
        || steps.require("a foreigner's or another body's check digit", last == foreigner || last == other)
}

fn french(rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let Some(siren) = rest.get(2..).and_then(numerals::<9>) else {
        return steps.require("a key and nine digits", false);
    };
    if !luhn::holds(&siren, steps) {
        return false;
    }
    match numerals::<2>(&rest[..2]) {
        Some(key) => steps.expect("key", (12 + 3 * (number(&siren) % 97)) % 97, number(&key)),
        // A key with letters has a rule of its own that is rarely met.
        None => steps.require("a key without I and O", !rest[..2].iter().any(|letter| b"IO".contains(letter))),
    }
}

/// The form before 2013: a digit, a letter, five digits, a letter.
fn irish(rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let [first, second, middle @ .., _] = rest else { return false };
    if rest.len() != 8 || !second.is_ascii_uppercase() && *second != b'+' && *second != b'*' {
        return steps.require("a form of Ireland", false);
    }
    let mut turned = [b'0'; 8];
    turned[1..6].copy_from_slice(&middle[..5]);
    turned[6] = *first;
    turned[7] = rest[7];
    pps(&of(&turned), steps)
}

fn dutch(rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let shaped = rest.len() == 12 && rest[9] == b'B' && rest[10..].iter().all(u8::is_ascii_digit);
    if !steps.require("nine digits, B, two digits", shaped && rest[..9].iter().all(u8::is_ascii_digit)) {
        return false;
    }
    // Companies keep a number of their own; since 2020 sole traders have one under mod 97.
    bsn(&of(&rest[..9]), steps) || steps.expect("remainder modulo 97", 1, mod97(b"NL", rest))
}

fn british(digits: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let sum = steps.sum(&digits[..7], &[8, 7, 6, 5, 4, 3, 2]) + u32::from(digits[7]) * 10 + u32::from(digits[8]);
    steps.require("sum, or sum and 55, divisible by 97", sum.is_multiple_of(97) || (sum + 55).is_multiple_of(97))
}

fn norwegian(rest: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = numerals::<9>(rest) else { return steps.require("nine digits", false) };
    let sum = steps.sum(&digits, &[3, 2, 7, 6, 5, 4, 3, 2]);
    steps.require("begins with 8 or 9", digits[0] >= 8)
        && steps.expect("check digit", (11 - sum % 11) % 11, u32::from(digits[8]))
}

fn romanian(digits: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let Some((last, body)) = digits.split_last() else { return false };
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let sum = steps.sum(body, &weights[9 - body.len()..]);
    steps.expect("check digit", sum * 10 % 11 % 10, u32::from(*last))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn countries() {
        accepts(
            "eu-vat",
            &[
                "ATU13585627",
                "BE 0403.019.261",
                "BG 175 074 752",
                "CY-10259033P",
                "CZ 25123891",
                "DE 136,695 976",
                "DK 13585628",
                "EE 100 931 558",
                "EL 094259216",
                "ES A58818501",
                "FI 20774740",
                "FR 40 303 265 045",
                "HR 33392005961",
                "HU-12892312",
                "IE 6433435F",
                "IE 8D79739I",
                "IT 00743110157",
                "LT 119511515",
                "LU 150 274 42",
                "LV 4000 3521 600",
                "MT 1167-9112",
                "NL004495445B01",
                "PL 8567346215",
                "PT 501 964 843",
                "RO 185 472 90",
                "SE 123456789701",
                "SI 5022 3054",
                "SK 202 274 96 19",
                "GB 980 7806 84",
                "CHE-107.787.577 IVA",
                "NO 995 525 828 MVA",
            ],
        );
        refuses(
            "eu-vat",
            &[
                "ATU13585626",
                "BE0403019262",
                "DE136695978",
                "DK13585627",
                "FI20774741",
                "FR41303265045",
                "LU15027443",
                "NL004495446B01",
                "RO18547291",
                "SE123456789101",
                "XX123456789",
                "DE12345",
                "DE000000000",
                "",
            ],
        );
    }
}
