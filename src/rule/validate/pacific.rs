//! Numbers of people in Taiwan, Hong Kong, Singapore, Thailand, Indonesia, New Zealand, the Gulf and Egypt.

use super::Row;
use super::calendar::{exists, exists_in_some_century, two};
use super::steps::{Ear, Steps, Value, base36, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "eg-nid",
        "A birth date whose century the first digit names, and a governorate.",
        "Civil Status Organization of Egypt, law 143 of 1994; governorate codes",
        egyptian
    ),
    plain!(
        "hk-id",
        "One or two letters, six digits, and a digit or A right modulo 11.",
        "Immigration Department of Hong Kong, HKID check digit; Registration of Persons Regulations",
        hkid
    ),
    plain!(
        "id-nik",
        "A province, and a birth date; women have the day + 40.",
        "Law 24 of 2013 on population administration, article 13; Ministry of Home Affairs, region codes",
        nik
    ),
    plain!(
        "nz-ird",
        "Eight or nine digits under weights 3, 2, 7 to 2, or 7, 4, 3, 2, 5, 2, 7, 6, modulo 11.",
        "Inland Revenue of New Zealand, resident withholding tax specification, IRD number validation",
        ird
    ),
    plain!(
        "sg-nric",
        "A letter, seven digits under weights 2, 7, 6, 5, 4, 3, 2, and a letter of the series' table.",
        "Immigration and Checkpoints Authority of Singapore, NRIC and FIN; M series since 2022",
        nric
    ),
    plain!(
        "th-pin",
        "The last of thirteen digits is right modulo 11 under weights 13 to 2.",
        "Bureau of Registration Administration of Thailand, population identification code",
        pin
    ),
    plain!(
        "tw-nid",
        "A letter for a place, a digit or letter for the sex, and the sum modulo 10 under weights 1, 9 to 1, 1.",
        "Ministry of the Interior of Taiwan, national identification number; resident certificates since 2021",
        roc
    ),
    plain!(
        "ua-rntrc",
        "Days since 1900, and weights -1, 5, 7, 9, 4, 6, 10, 5, 7 modulo 11.",
        "Ministry of Finance of Ukraine, order 822 of 2017 (registration number of the taxpayer's card)",
        rntrc
    ),
];

fn egyptian(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<14>(value) else { return false };
    let century = if digits[0] == 2 { 1900 } else { 2000 };
    let governorate = matches!(two(&digits, 7), 1..=4 | 11..=19 | 21..=29 | 31..=35 | 88);
    steps.require("a century", matches!(digits[0], 2 | 3))
        && steps.require("birth date exists", exists(century + two(&digits, 1), two(&digits, 3), two(&digits, 5)))
        && steps.require("a governorate", governorate)
}

fn hkid(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters_between(value, 8, 9) else { return false };
    let Some((&last, body)) = letters.split_last() else { return false };
    let (front, back) = body.split_at(body.len() - 6);
    let Some(digits) = numerals::<6>(back) else { return steps.require("six digits", false) };
    if !steps.require("letters first", front.iter().all(u8::is_ascii_uppercase)) {
        return false;
    }
    // A single letter has a space before it, which counts 36.
    let mut values = [36; 8];
    for (to, from) in values[2 - front.len()..2].iter_mut().zip(front) {
        *to = base36(*from).unwrap_or(0);
    }
    values[2..].copy_from_slice(&digits);
    let sum = steps.sum(&values, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let rest = (11 - sum % 11) % 11;
    let expected = if rest == 10 { 'A' } else { char::from_digit(rest, 10).unwrap_or('A') };
    steps.expect("check character", expected, char::from(last))
}

fn nik(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<16>(value) else { return false };
    let day = two(&digits, 6);
    let day = if day > 40 { day - 40 } else { day };
    let province = matches!(two(&digits, 0), 11..=19 | 21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97);
    steps.require("a province", province)
        && steps.require("a regency and a district", two(&digits, 2) != 0 && two(&digits, 4) != 0)
        && steps.require("birth date exists", exists_in_some_century(two(&digits, 10), two(&digits, 8), day))
        && steps.require("a serial", number(&digits[12..]) != 0)
}

fn ird(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(found) = steps.digits_between(value, 8, 9) else { return false };
    let mut digits = [0; 9];
    digits[9 - found.len()..].copy_from_slice(found);
    if !steps.require("between 10,000,000 and 150,000,000", (10_000_001..150_000_000).contains(&number(&digits))) {
        return false;
    }
    let mut rest = (11 - steps.sum(&digits, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    if rest == 10 {
        rest = (11 - steps.sum(&digits, &[7, 4, 3, 2, 5, 2, 7, 6]) % 11) % 11;
    }
    steps.expect("check digit", rest, u32::from(digits[8]))
}

fn nric(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<9>(value) else { return false };
    let Some(digits) = numerals::<7>(&letters[1..8]) else { return steps.require("seven digits", false) };
    let (added, table) = match letters[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return steps.require("a series", false),
    };
    let sum = steps.sum(&digits, &[2, 7, 6, 5, 4, 3, 2]) + added;
    let expected = table[usize::try_from(sum % 11).unwrap_or(0)];
    steps.expect("check letter", char::from(expected), char::from(letters[8]))
}

fn pin(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let sum = steps.sum(&digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    steps.require("a first digit from 1 to 8", matches!(digits[0], 1..=8))
        && steps.expect("check digit", (11 - sum % 11) % 10, u32::from(digits[12]))
}

/// Letters in the order of the numbers that they stand for, from 10.
const PLACES: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";

fn roc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<10>(value) else { return false };
    let place = |letter: u8| PLACES.iter().position(|&known| known == letter).and_then(|at| u8::try_from(at + 10).ok());
    let (Some(first), Some(rest)) = (place(letters[0]), numerals::<8>(&letters[2..])) else {
        return steps.require("a letter and digits", false);
    };
    let second = match letters[1] {
        b'1' | b'2' | b'8' | b'9' => letters[1] - b'0',
        b'A'..=b'D' => place(letters[1]).unwrap_or(0) % 10,
        _ => return steps.require("1, 2, 8, 9 or A to D in the second place", false),
    };
    let mut values = [first / 10, first % 10, second, 0, 0, 0, 0, 0, 0, 0, 0];
    values[3..].copy_from_slice(&rest);
    let sum = steps.sum(&values, &[1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1]);
    steps.expect("sum modulo 10", 0, sum % 10)
}

fn rntrc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    // Weight 10 stands for -1 modulo 11.
    let sum = steps.sum(&digits, &[10, 5, 7, 9, 4, 6, 10, 5, 7]);
    // 01.01.1900 is day 1; day 50,000 is late in 2036.
    steps.require("a birth date so far", (1..=50_000).contains(&number(&digits[..5])))
        && steps.expect("check digit", sum % 11 % 10, u32::from(digits[9]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn people() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("eg-nid", &["29001011234567"], &["29013011234567", "19001011234567", "29001019934567"]),
            ("hk-id", &["G123456(A)", "AB987654(3)"], &["G123456(B)", "G12345(A)", "1123456(A)"]),
            ("id-nik", &["3171011708450001", "3204110609970001"], &["3171013208450001", "0171011708450001"]),
            ("nz-ird", &["49-091-850", "136-410-132"], &["49-091-851", "9125568"]),
            ("sg-nric", &["S1234567D", "F1234567N", "M1234567K"], &["S1234567E", "A1234567D"]),
            ("th-pin", &["1-2345-45678-78-1", "1101700230708"], &["1-2345-45678-78-2", "9101700230708"]),
            ("tw-nid", &["A123456789", "AB12345677"], &["A123456788", "A323456789"]),
            ("ua-rntrc", &["1759013776", "2530414071"], &["1759013777", "0000013776"]),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
