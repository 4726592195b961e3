//! Numbers of people in Austria, Belgium, the Netherlands, Portugal and Switzerland.

use super::Row;
use super::calendar::two;
use super::steps::{Ear, Steps, Value, base36, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "at-svnr",
        "The fourth digit is the weighted sum of the others modulo 11; the last six are a birth date or stand for one.",
        "Dachverband der oesterreichischen Sozialversicherungstraeger; section 31 (4) ASVG",
        svnr
    ),
    plain!(
        "be-nn",
        "The last two digits are 97 less the rest modulo 97, before or after 2000; also bis numbers (month + 20 or + 40).",
        "Royal decree of 3 April 1984, article 4; Rijksregister, informatietype IT000",
        rijksregister
    ),
    plain!(
        "ch-ahv",
        "Begins with 756 and ends in the check digit of EAN-13.",
        "Zentrale Ausgleichsstelle (zas.admin.ch), 13-digit AHV number; article 133 AHVV",
        ahv
    ),
    plain!(
        "nl-bsn",
        "Weights 9 to 2 and -1, modulo 11.",
        "Besluit burgerservicenummer; Logisch Ontwerp BSN, elfproef",
        bsn
    ),
    plain!(
        "pt-cc",
        "Luhn with letters as 10 to 35 over the twelve characters of the document number.",
        "Portal do Cidadao, Validacao de numero de documento do cartao de cidadao",
        cartao
    ),
    plain!(
        "pt-nif",
        "The ninth digit is right modulo 11, and the first digits are in use.",
        "Autoridade Tributaria; Decreto-Lei 14/2013",
        nif
    ),
];

fn svnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    let (day, month) = (two(&digits, 4), two(&digits, 6));
    // When a day has no serial left the month is 13 or more, and nobody's date is written.
    steps.require("first digit is not 0", digits[0] != 0)
        && steps.require("day 1 to 31", (1..=31).contains(&day))
        && steps.require("month 1 to 15", (1..=15).contains(&month))
        && steps.expect("check digit", sum % 11, u32::from(digits[3]))
}

/// The last year of the 21st century in which a holder is believed to be born.
const BORN_LAST: u32 = 40;

fn rijksregister(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let (month, day) = (two(&digits, 2), two(&digits, 4));
    let month = match month {
        0..=12 => month,
        20..=32 => month - 20,
        40..=52 => month - 40,
        _ => return steps.require("month exists", false),
    };
    // Unknown parts of a birth date are 00; when a day's serials run out the day goes on past 31 with month 00.
    let there = month == 0 || day == 0 || super::calendar::exists_in_some_century(two(&digits, 0), month, day);
    let body = number(&digits[..9]);
    let found = number(&digits[9..]);
    let [before, after] = [97 - body % 97, 97 - (2_000_000_000 + body) % 97];
    steps.note(|| format!("check digits: {before:02} if born before 2000, {after:02} if later; found {found:02}"));
    steps.require("birth date exists or is unknown", there)
        && steps.require("serial 001 to 998", (1..999).contains(&number(&digits[6..9])))
        && steps.require("check digits", found == before || (found == after && two(&digits, 0) <= BORN_LAST))
}

fn ahv(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let sum = steps.sum(&digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    steps.require("begins with 756", digits[..3] == [7, 5, 6]) && steps.expect("sum modulo 10", 0, sum % 10)
}

pub(super) fn bsn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(short) = steps.digits_between(value, 8, 9) else { return false };
    let mut digits = [0; 9];
    digits[9 - short.len()..].copy_from_slice(short);
    // -1 is 10 modulo 11.
    let sum = steps.sum(&digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]);
    steps.require("not all zeros", digits != [0; 9]) && steps.expect("sum modulo 11", 0, sum % 11)
}

fn cartao(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<12>(value) else { return false };
    let shape = numerals::<9>(&text[..9]).is_some() && text[11].is_ascii_digit();
    let mut sum = 0;
    for (at, &byte) in text.iter().enumerate() {
        let counted = base36(byte).unwrap_or(0);
        let counted = if at % 2 == 0 { counted * 2 } else { counted };
        sum += u32::from(if at % 2 == 0 && counted > 9 { counted - 9 } else { counted });
    }
    steps.require("nine digits, two letters or digits, a digit", shape) && steps.expect("sum modulo 10", 0, sum % 10)
}

pub(super) fn nif(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let sum = steps.sum(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    let first = number(&digits[..2]);
    steps.require("first digits in use", matches!(first, 10..=39 | 45 | 50..=99))
        && steps.expect("check digit", expected, u32::from(digits[8]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn austria() {
        accepts("at-svnr", &["1237 010180", "1237010180"]);
        refuses("at-svnr", &["2237 010180", "1237 011080", "1237 320180", "0237010180"]);
    }

    #[test]
    fn belgium() {
        accepts("be-nn", &["85.07.30-033.28", "85073003328", "17073003384", "12060105317"]);
        refuses("be-nn", &["85.07.30-033.29", "85.07.03-033.28", "85.19.30-033.28", "8507300332"]);
    }

    #[test]
    fn switzerland() {
        accepts("ch-ahv", &["756.9217.0769.85", "7569217076985", "756.1234.5678.97"]);
        refuses("ch-ahv", &["756.9217.0769.84", "123.4567.8910.19", "756.9217.0796.85"]);
    }

    #[test]
    fn netherlands() {
        accepts("nl-bsn", &["1112.22.333", "111222333", "11122233 3", "123456782"]);
        refuses("nl-bsn", &["1112.52.333", "111223233", "000000000", "1112223334"]);
    }

    #[test]
    fn portugal() {
        accepts("pt-cc", &["00000000 0 ZZ4", "000000000ZZ4"]);
        refuses("pt-cc", &["00000000 0 ZZ3", "00000000A0ZZ", "000000000ZZ"]);
        accepts("pt-nif", &["501 964 843", "123456789"]);
        refuses("pt-nif", &["501 964 842", "401964843", "510964843", "00000000"]);
    }
}
