//! Numbers of people in Bulgaria, Greece, Cyprus, Hungary and the successors of Yugoslavia.

use super::Row;
use super::calendar::{exists, two};
use super::luhn;
use super::steps::{Ear, Steps, Value, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "bg-egn",
        "Weights 2, 4, 8, 5, 10, 9, 7, 3, 6 modulo 11, and a birth date; month + 20 before 1900, + 40 from 2000 on.",
        "Ordinance RD-02-20-9 of 2012 on the population register (GRAO), unified civil number",
        egn
    ),
    plain!(
        "cy-tic",
        "Eight digits and a letter: those at odd places through a table, modulo 26.",
        "Tax Department of Cyprus, tax identification code; VIES check of VAT numbers",
        tic
    ),
    plain!(
        "gr-afm",
        "Nine digits under powers of two from 256 to 2, modulo 11.",
        "Independent Authority for Public Revenue of Greece, AFM; decision POL 1006/2013",
        afm
    ),
    plain!(
        "gr-amka",
        "A birth date, and Luhn over eleven digits.",
        "IDIKA, AMKA (amka.gr); law 3655/2008, article 153",
        amka
    ),
    plain!(
        "hu-szemelyi",
        "A birth date, and weights 1 to 10 modulo 11, from 1997 on 10 to 1.",
        "Act XX of 1996 on identification methods, annex 2",
        szemelyi
    ),
    plain!(
        "hu-taj",
        "The last of nine digits is right modulo 10 under weights 3 and 7.",
        "Act XX of 1996 on identification methods, annex 2 (TAJ)",
        taj
    ),
    plain!(
        "hu-tax",
        "Begins with 8, and weights 1 to 9 modulo 11.",
        "Act CL of 2017 on taxation, annex (adoazonosito jel)",
        adoazonosito
    ),
    plain!(
        "jmbg",
        "A birth date with three digits of the year, and weights 7 to 2 twice modulo 11.",
        "Slovenia, Official Gazette 8/99 (EMSO); Serbia, Official Gazette 53/78 (JMBG)",
        jmbg
    ),
    plain!(
        "si-tax",
        "The last of eight digits is right modulo 11 under weights 8 to 2.",
        "Financial Administration of Slovenia, rules on the tax register (davcna stevilka)",
        davcna
    ),
];

pub(super) fn egn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let year = two(&digits, 0);
    let (year, month) = match two(&digits, 2) {
        month @ 21..=32 => (1800 + year, month - 20),
        month @ 41..=52 => (2000 + year, month - 40),
        month => (1900 + year, month),
    };
    let sum = steps.sum(&digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]);
    steps.require("birth date exists", exists(year, month, two(&digits, 4)))
        && steps.expect("check digit", sum % 11 % 10, u32::from(digits[9]))
}

pub(super) fn tic(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let Some(letters) = steps.letters::<9>(value) else { return false };
    let Some(digits) = numerals::<8>(&letters[..8]) else { return steps.require("eight digits first", false) };
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(at, &digit)| if at % 2 == 0 { ODD[usize::from(digit)] } else { u32::from(digit) })
        .sum();
    let expected = char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(sum % 26).unwrap_or(0)]);
    steps.require("does not begin with 12", two(&digits, 0) != 12)
        && steps.expect("check letter", expected, char::from(letters[8]))
}

pub(super) fn afm(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let sum = digits[..8].iter().fold(0, |sum, &digit| sum * 2 + u32::from(digit)) * 2;
    steps.require("not nothing but zeros", number(&digits) != 0)
        && steps.expect("check digit", sum % 11 % 10, u32::from(digits[8]))
}

fn amka(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let (day, month, year) = (two(&digits, 0), two(&digits, 2), two(&digits, 4));
    steps.require("birth date exists", exists(1900 + year, month, day) || exists(2000 + year, month, day))
        && luhn::holds(&digits, steps)
}

fn szemelyi(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let (year, month, day) = (two(&digits, 1), two(&digits, 3), two(&digits, 5));
    let century = match digits[0] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 if year < 80 => 2000,
        3 | 4 | 7 | 8 => 1800,
        _ => return steps.require("a first digit from 1 to 8", false),
    };
    let year = century + year;
    let late = (year, month) >= (1997, 1);
    let weights: [u8; 10] = if late { [10, 9, 8, 7, 6, 5, 4, 3, 2, 1] } else { [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] };
    let sum = steps.sum(&digits, &weights);
    steps.require("birth date exists", exists(year, month, day))
        && steps.expect("check digit", sum % 11, u32::from(digits[10]))
}

fn taj(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let sum = steps.sum(&digits, &[3, 7, 3, 7, 3, 7, 3, 7]);
    steps.require("not nothing but zeros", number(&digits) != 0)
        && steps.expect("check digit", sum % 10, u32::from(digits[8]))
}

fn adoazonosito(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    steps.require("begins with 8", digits[0] == 8) && steps.expect("check digit", sum % 11, u32::from(digits[9]))
}

fn jmbg(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let thousands = if digits[4] == 0 { 2000 } else { 1000 };
    let year = thousands + u32::from(digits[4]) * 100 + two(&digits, 5);
    let sum = steps.sum(&digits, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    steps.require("birth date exists", exists(year, two(&digits, 2), two(&digits, 0)))
        && steps.require("a year since 1850", year >= 1850)
        && steps.expect("check digit", (11 - sum % 11) % 11 % 10, u32::from(digits[12]))
}

pub(super) fn davcna(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<8>(value) else { return false };
    let sum = steps.sum(&digits, &[8, 7, 6, 5, 4, 3, 2]);
    steps.require("first digit is not 0", digits[0] != 0)
        && steps.require("remainder is not 0", !sum.is_multiple_of(11))
        && steps.expect("check digit", (11 - sum % 11) % 10, u32::from(digits[7]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn south_east() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("bg-egn", &["7523169263", "8032056031"], &["7523169264", "7513169263"]),
            ("cy-tic", &["10259033P"], &["10259033Q", "12259033P", "1025903PP"]),
            ("gr-afm", &["094259216", "023456780"], &["094259217", "000000000"]),
            ("gr-amka", &["01013099997"], &["01013099998", "32013099997"]),
            ("hu-szemelyi", &["1-770401-0008"], &["1-770401-0007", "1-771301-0008", "9-770401-0008"]),
            ("hu-taj", &["111 111 110"], &["111 111 111", "000000000"]),
            ("hu-tax", &["8071592153"], &["8071592154", "7071592153"]),
            ("jmbg", &["0101006500006", "0710003730015"], &["0101006500007", "3201006500006"]),
            ("si-tax", &["15012557"], &["15012558", "05012557"]),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
