//! Numbers of people in the United Kingdom and Ireland.

use super::Row;
use super::steps::{Ear, Steps, Value, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "gb-nhs",
        "The tenth digit is right modulo 11.",
        "NHS Data Dictionary, attribute NHS NUMBER (datadictionary.nhs.uk)",
        nhs
    ),
    plain!(
        "gb-nino",
        "Prefix letters that are in use, and a suffix A to D if there is one.",
        "HMRC National Insurance Manual NIM39110",
        nino
    ),
    plain!(
        "gb-utr",
        "The first of ten digits is right modulo 11 under weights 6 to 10 and 5 to 2.",
        "HMRC, Self Assessment technical specification, unique taxpayer reference check digit",
        utr
    ),
    plain!(
        "ie-pps",
        "The letter after seven digits is right modulo 23.",
        "Revenue Ireland, Tax and Duty Manual 'Checking a PPSN'; Department of Social Protection, client identity",
        pps
    ),
];

fn nhs(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    steps.require("not all zeros", digits != [0; 10])
        && steps.expect("check digit", (11 - sum % 11) % 11, u32::from(digits[9]))
}

fn utr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]);
    let expected = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1][usize::try_from(sum % 11).unwrap_or(0)];
    steps.require("not nothing but zeros", digits[1..] != [0; 9]) && steps.expect("check digit", expected, digits[0])
}

fn nino(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 8, 9) else { return false };
    let [first, second] = [text[0], text[1]];
    steps.require("six digits", numerals::<6>(&text[2..8]).is_some())
        && steps.require("first letter in use", first.is_ascii_uppercase() && !b"DFIQUV".contains(&first))
        && steps.require("second letter in use", second.is_ascii_uppercase() && !b"DFIOQUV".contains(&second))
        && steps.require(
            "prefix not reserved",
            ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&[first, second]),
        )
        && steps.require("suffix A to D or none", text.get(8).is_none_or(|suffix| (b'A'..=b'D').contains(suffix)))
}

pub(super) fn pps(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 8, 9) else { return false };
    let Some(digits) = numerals::<7>(&text[..7]) else { return steps.require("seven digits", false) };
    // The second letter counts A = 1 to I = 9; W, and the T and X once given to wives, count nothing.
    let second = match text.get(8) {
        None | Some(b'W' | b'T' | b'X') => 0,
        Some(letter @ b'A'..=b'I') => u32::from(letter - b'A') + 1,
        Some(_) => return steps.require("second letter A to I or W, T, X", false),
    };
    let sum = steps.sum(&digits, &[8, 7, 6, 5, 4, 3, 2]) + 9 * second;
    let expected = b"WABCDEFGHIJKLMNOPQRSTUV"[usize::try_from(sum % 23).unwrap_or(0)];
    steps.expect("check letter", char::from(expected), char::from(text[7]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn tax_payers() {
        accepts("gb-utr", &["1955839661", "19558 39661"]);
        refuses("gb-utr", &["2955839661", "195583966", "2000000000"]);
    }

    #[test]
    fn nhs_numbers() {
        accepts("gb-nhs", &["943 476 5919", "9876543210", "401-023-2137"]);
        refuses("gb-nhs", &["943 476 5918", "9434765991", "987654321", "0000000000", "98765432100"]);
    }

    #[test]
    fn national_insurance_numbers() {
        accepts("gb-nino", &["AB 12 34 56 C", "JG103759A", "ab123456d", "AB123456"]);
        refuses("gb-nino", &["QQ123456C", "AO123456C", "BG123456A", "ZZ123456A", "AB123456E", "AB12345C", "A1123456C"]);
    }

    #[test]
    fn irish_numbers() {
        accepts("ie-pps", &["6433435F", "6433435FT", "6433435OA", "1234567T", "1234567FA"]);
        refuses("ie-pps", &["6433435E", "6433435VH2", "6433453F", "643343F", "6433435OB"]);
    }
}
