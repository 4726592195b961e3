//! Numbers of people in Denmark, Finland, Norway and Sweden.

use super::Row;
use super::calendar::{exists, exists_in_some_century, two};
use super::luhn;
use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, number, numerals, plain, ready};

const CPR: &[(&str, &str)] =
    &[("mod11", "true to demand the check digit, which numbers given since 2007 may lack; default false")];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "dk-cpr",
        what: "The birth date exists in the century that the seventh digit names; on demand modulo 11.",
        source: "CPR-kontoret, Personnummeret i CPR (cpr.dk); numbers without modulus 11 control since October 2007",
        version: 1,
        params: CPR,
        build: |table| ready(Cpr { mod11: Params::of("dk-cpr", CPR, table)?.switch("mod11", false)? }),
    },
    plain!(
        "fi-hetu",
        "The birth date exists, the century sign is known (also those since 2023), and the check character is right.",
        "Digital and Population Data Services Agency (dvv.fi), personal identity code; decree 128/2010, amended 2022",
        hetu
    ),
    plain!(
        "no-fnr",
        "Two check digits modulo 11 and a birth date; D-numbers (day + 40), H-numbers (month + 40), test numbers (month + 80).",
        "Skatteetaten, fodselsnummer og D-nummer; Forskrift til folkeregisterloven 2-2-1",
        fnr
    ),
    plain!(
        "se-pnr",
        "Luhn over the last ten digits and a birth date; coordination numbers have the day + 60.",
        "Skatteverket SKV 704 (personnummer) and SKV 707 (samordningsnummer)",
        pnr
    ),
];

struct Cpr {
    mod11: bool,
}

impl Scheme for Cpr {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(digits) = steps.digits::<10>(value) else { return false };
        let year_of_century = two(&digits, 4);
        let century = match (digits[6], year_of_century) {
            (0..=3, _) | (4 | 9, 37..) => 1900,
            (4 | 9, _) | (5..=8, ..=57) => 2000,
            _ => 1800,
        };
        let (day, month, year) = (two(&digits, 0), two(&digits, 2), century + year_of_century);
        steps.note(|| format!("year {year}, month {month}, day {day}"));
        if !steps.require("birth date exists", exists(year, month, day)) {
            return false;
        }
        let sum = steps.sum(&digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
        let right = steps.expect("sum modulo 11", 0, sum % 11);
        right || !self.mod11
    }
}

fn hetu(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let bytes = value.trim_ascii().as_bytes();
    let (Some(birth), Some(&sign), Some(serial), Some(&check), 11) = (
        bytes.get(..6).and_then(numerals::<6>),
        bytes.get(6),
        bytes.get(7..10).and_then(numerals::<3>),
        bytes.get(10),
        bytes.len(),
    ) else {
        return steps.require("six digits, a sign, three digits and a check character", false);
    };
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'U' | b'V' | b'W' | b'X' | b'Y' => 1900,
        b'A' | b'B' | b'C' | b'D' | b'E' | b'F' => 2000,
        _ => return steps.require("a known century sign", false),
    };
    let (day, month, year) = (two(&birth, 0), two(&birth, 2), century + two(&birth, 4));
    steps.note(|| format!("year {year}, month {month}, day {day}"));
    let remainder = (number(&birth) * 1000 + number(&serial)) % 31;
    let expected = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[usize::try_from(remainder).unwrap_or(0)];
    // 900 to 999 are an institution's own, temporary numbers, and those of tests.
    steps.require("birth date exists", exists(year, month, day))
        && steps.require("serial 002 to 899", (2..900).contains(&number(&serial)))
        && steps.expect("check character", char::from(expected), char::from(check.to_ascii_uppercase()))
}

fn fnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let first = steps.sum(&digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = steps.sum(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    if !(steps.expect("first sum modulo 11", 0, first % 11) && steps.expect("second sum modulo 11", 0, second % 11)) {
        return false;
    }
    let day = two(&digits, 0);
    let month = two(&digits, 2);
    let day = if day > 40 { day - 40 } else { day };
    let month = if month > 80 {
        month - 80
    } else if month > 40 {
        month - 40
    } else {
        month
    };
    let year_of_century = two(&digits, 4);
    let century = match (number(&digits[6..9]), year_of_century) {
        (0..=499, _) | (900.., 40..) => 1900,
        (500..=749, 54..) => 1800,
        (500.., ..=39) => 2000,
        _ => return steps.require("individual number belongs to the year", false),
    };
    steps.require("birth date exists", exists(century + year_of_century, month, day))
}

fn pnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 10, 12) else { return false };
    let (century, last) = digits.split_at(digits.len() - 10);
    if !steps.require("10 or 12 digits", century.len() != 1) {
        return false;
    }
    let (year, month, day) = (two(last, 0), two(last, 2), two(last, 4));
    let day = if day > 60 { day - 60 } else { day };
    let there = if let [_, _] = century {
        let century = two(century, 0);
        matches!(century, 18..=20) && exists(century * 100 + year, month, day)
    } else {
        exists_in_some_century(year, month, day)
    };
    steps.require("birth date exists, in the 19th to 21st century", there)
        && steps.require("serial is not 000", number(&last[6..9]) != 0)
        && luhn::holds(last, steps)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn denmark() {
        accepts("dk-cpr", &["211062-5629", "2110625629", "2110625628", "290200-4000"]);
        refuses("dk-cpr", &["511062-5629", "2113625629", "290200-0000", "211062562"]);
        accepts("dk-cpr{mod11=true}", &["211062-5629"]);
        refuses("dk-cpr{mod11=true}", &["2110625628", "2110626529"]);
    }

    #[test]
    fn finland() {
        accepts("fi-hetu", &["131052-308T", "131052A308T", "131052Y308T", "131052x308t", "131052+308T", "131052F308T"]);
        refuses(
            "fi-hetu",
            &["131052-308U", "131052G308T", "131052308T", "310252-308Y", "131052-001X", "131052-9085", "131052–308T"],
        );
    }

    #[test]
    fn norway() {
        accepts("no-fnr", &["151086 95088", "15108695088", "29029600013"]);
        refuses("no-fnr", &["15108695077", "15108659088", "1510869508", "00000000000"]);
    }

    #[test]
    fn sweden() {
        accepts("se-pnr", &["880320-0016", "8803200016", "19880320-0016", "811228-9874", "640823+3234", "701063-2391"]);
        refuses(
            "se-pnr",
            &["880320-0018", "881320-0016", "17880320-0016", "880302-0016", "88032-0016", "9880320-0016"],
        );
    }
}
