//! More numbers of Germany and Austria: pension insurance, health insurance, driving licence, tax office.

use super::Row;
use super::calendar::{exists_in_some_century, two};
use super::steps::{Ear, Steps, Value, base36, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "at-tin",
        "The last of nine digits is right modulo 10 under weights 1 and 2, digits of products added.",
        "Bundesministerium fuer Finanzen, BMF-010220/0018-IV/9/2006 (Abgabenkontonummer)",
        abgabenkonto
    ),
    plain!(
        "de-fuehrerschein",
        "The tenth of eleven characters is right modulo 11 under weights 9 to 1; letters count 10 to 35.",
        "Fahrerlaubnis-Verordnung, annex 8; Kraftfahrt-Bundesamt, Fuehrerscheinnummer",
        fuehrerschein
    ),
    plain!(
        "de-kvnr",
        "A letter, counted as two digits, and weights 1 and 2 modulo 10, digits of products added.",
        "Section 290 SGB V; GKV-Spitzenverband, Krankenversichertennummer, annex 1",
        kvnr
    ),
    plain!(
        "de-rvnr",
        "A birth date, and weights 212571212121 modulo 10 with the letter as two digits, digits of products added.",
        "Section 147 SGB VI; Verordnung ueber die Versicherungsnummer, section 2",
        rvnr
    ),
];

/// The sum of the digits of each product.
fn sum_of_digits(values: &[u8], weights: &[u8]) -> u32 {
    values
        .iter()
        .zip(weights)
        .map(|(&value, &weight)| value * weight)
        .map(|product| u32::from(product / 10 + product % 10))
        .sum()
}

fn abgabenkonto(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let sum = sum_of_digits(&digits, &[1, 2, 1, 2, 1, 2, 1, 2]);
    steps.require("not nothing but zeros", digits.iter().any(|&digit| digit != 0))
        && steps.expect("check digit", (10 - sum % 10) % 10, u32::from(digits[8]))
}

fn fuehrerschein(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<11>(value) else { return false };
    let values = letters.map(|letter| base36(letter).unwrap_or(0));
    let sum = steps.sum(&values[..9], &[9, 8, 7, 6, 5, 4, 3, 2, 1]);
    let expected = if sum % 11 == 10 { 'X' } else { char::from_digit(sum % 11, 10).unwrap_or('X') };
    steps.expect("check character", expected, char::from(letters[9]))
}

/// A letter as the two digits of its place in the alphabet, from 01.
fn place_in_alphabet(letter: u8) -> Option<[u8; 2]> {
    let place = letter.checked_sub(b'A').filter(|place| *place < 26)? + 1;
    Some([place / 10, place % 10])
}

fn kvnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<10>(value) else { return false };
    let (Some(first), Some(rest)) = (place_in_alphabet(letters[0]), numerals::<9>(&letters[1..])) else {
        return steps.require("a letter and nine digits", false);
    };
    let sum = sum_of_digits(&first, &[1, 2]) + sum_of_digits(&rest[..8], &[1, 2, 1, 2, 1, 2, 1, 2]);
    steps.expect("check digit", sum % 10, u32::from(rest[8]))
}

fn rvnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<12>(value) else { return false };
    let parts = (numerals::<8>(&letters[..8]), place_in_alphabet(letters[8]), numerals::<3>(&letters[9..]));
    let (Some(front), Some(letter), Some(back)) = parts else {
        return steps.require("eight digits, a letter, three digits", false);
    };
    // An office adds 40 to the day where a serial of that day was used up, and a month of zeros stands for an unknown one.
    let day = if two(&front, 2) > 40 { two(&front, 2) - 40 } else { two(&front, 2) };
    let there = exists_in_some_century(two(&front, 6), two(&front, 4), day);
    let sum = sum_of_digits(&front, &[2, 1, 2, 5, 7, 1, 2, 1])
        + sum_of_digits(&letter, &[2, 1])
        + sum_of_digits(&back[..2], &[2, 1]);
    steps.require("an office of pension insurance", number(&front[..2]) >= 2)
        && steps.require("birth date exists", there)
        && steps.expect("check digit", sum % 10, u32::from(back[2]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn pension_and_health_insurance() {
        accepts("de-rvnr", &["15070649C103", "15 070649 C 103"]);
        refuses("de-rvnr", &["15070649C104", "15 320649 C 103", "15071349C103", "150706490103", "15070649C10"]);
        accepts("de-kvnr", &["A123456780"]);
        refuses("de-kvnr", &["A123456781", "1123456780", "A12345678"]);
    }

    #[test]
    fn licences_and_tax_offices() {
        accepts("de-fuehrerschein", &["B072RRE2I55"]);
        refuses("de-fuehrerschein", &["B072RRE2I65", "B072RRE2I5"]);
        accepts("at-tin", &["59-119/9013", "591199013"]);
        refuses("at-tin", &["59-119/9014", "000000000", "59119901"]);
    }
}
