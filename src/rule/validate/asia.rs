//! Numbers of people and firms in China, India, Israel, Japan and South Korea.

use super::Row;
use super::calendar::{exists, two};
use super::iso7064::pure;
use super::luhn;
use super::params::Params;
use super::permutation::verhoeff_remainder;
use super::steps::{Ear, Scheme, Steps, Value, number, numerals, plain, ready};

const RRN: &[(&str, &str)] =
    &[("checksum", "true to demand the check digit, which numbers given since October 2020 lack; default false")];

pub(super) const ROWS: &[Row] = &[
    plain!(
        "cn-ric",
        "ISO 7064 mod 11-2, a province and a birth date.",
        "GB 11643-1999 (citizen identification number); GB/T 2260 (administrative divisions)",
        ric
    ),
    plain!(
        "il-id",
        "Luhn over nine digits.",
        "Israel Population and Immigration Authority, Mispar Zehut check digit",
        mispar_zehut
    ),
    plain!(
        "in-aadhaar",
        "Verhoeff over twelve digits; does not begin with 0 or 1 and reads otherwise backwards.",
        "UIDAI, A UID Numbering Scheme (May 2010)",
        aadhaar
    ),
    plain!(
        "in-pan",
        "Five letters, four digits, a letter; the fourth tells a kind of holder.",
        "Income Tax Department of India, PAN structure; Income-tax Rules, rule 114",
        pan
    ),
    plain!(
        "jp-corporate",
        "The first of thirteen digits is right modulo 9.",
        "National Tax Agency of Japan, Ordinance on corporate numbers, article 2",
        corporate
    ),
    plain!(
        "jp-mynumber",
        "The last of twelve digits is right modulo 11.",
        "Ministry of Internal Affairs and Communications, ordinance 85 of 2014, article 5",
        my_number
    ),
    Row {
        name: "kr-rrn",
        what: "The birth date exists in the century that the seventh digit names; on demand modulo 11.",
        source: "Resident Registration Act of Korea, enforcement rules article 2; Ministry of the Interior notice of October 2020",
        version: 1,
        params: RRN,
        build: |table| ready(Rrn { checksum: Params::of("kr-rrn", RRN, table)?.switch("checksum", false)? }),
    },
];

fn ric(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<18>(value) else { return false };
    let mut values = text.map(|byte| byte.wrapping_sub(b'0'));
    if text[17] == b'X' {
        values[17] = 10;
    } else if !text[17].is_ascii_digit() {
        return steps.require("last is a digit or X", false);
    }
    if !steps.require("seventeen digits", text[..17].iter().all(u8::is_ascii_digit)) {
        return false;
    }
    let year = two(&values, 6) * 100 + two(&values, 8);
    // GB/T 2260: the six great areas, and Taiwan, Hong Kong, Macao (81 to 83 on residence permits since 2018).
    let province = matches!(two(&values, 0),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91);
    steps.require("province exists", province)
        && steps.require(
            "birth date exists",
            (1850..2200).contains(&year) && exists(year, two(&values, 10), two(&values, 12)),
        )
        && steps.expect("ISO 7064 mod 11-2", 1, pure(&values, 11))
}

fn mispar_zehut(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(short) = steps.digits_between(value, 8, 9) else { return false };
    steps.require("not all zeros", number(short) != 0) && luhn::holds(short, steps)
}

fn aadhaar(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<12>(value) else { return false };
    let palindrome = digits.iter().eq(digits.iter().rev());
    steps.require("first digit is not 0 or 1", digits[0] > 1)
        && steps.require("not a palindrome", !palindrome)
        && steps.expect("Verhoeff remainder", 0, verhoeff_remainder(&digits))
}

fn pan(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<10>(value) else { return false };
    let letters = text[..5].iter().chain(&text[9..]).all(u8::is_ascii_uppercase);
    let serial = numerals::<4>(&text[5..9]);
    steps.require("letters in their places", letters)
        && steps.require("four digits, not 0000", serial.is_some_and(|serial| serial != [0; 4]))
        && steps.require("a kind of holder", b"ABCFGHJKLPT".contains(&text[3]))
}

fn corporate(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let sum = steps.sum(&digits[1..], &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
    steps.expect("first digit", 9 - sum % 9, u32::from(digits[0]))
}

fn my_number(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<12>(value) else { return false };
    let sum = steps.sum(&digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    steps.require("not all zeros", digits != [0; 12]) && steps.expect("check digit", expected, u32::from(digits[11]))
}

struct Rrn {
    checksum: bool,
}

impl Scheme for Rrn {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(digits) = steps.digits::<13>(value) else { return false };
        let century = match digits[6] {
            1 | 2 | 5 | 6 => 1900,
            3 | 4 | 7 | 8 => 2000,
            _ => 1800,
        };
        let (year, month, day) = (century + two(&digits, 0), two(&digits, 2), two(&digits, 4));
        steps.note(|| format!("year {year}, month {month}, day {day}"));
        if !steps.require("birth date exists", exists(year, month, day)) {
            return false;
        }
        let sum = steps.sum(&digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
        let right = steps.expect("check digit", (11 - sum % 11) % 10, u32::from(digits[12]));
        right || !self.checksum
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn china() {
        accepts("cn-ric", &["360426199101010071", "11010519491231002X", "11010519491231002x"]);
        refuses(
            "cn-ric",
            &[
                "360426199101010072",
                "11010519491231002A",
                "99010519491231002X",
                "110105194913310025",
                "110105491231002",
            ],
        );
    }

    #[test]
    fn israel() {
        accepts("il-id", &["3933742-3", "039337423", "123456782"]);
        refuses("il-id", &["3933742-2", "123456783", "000000000", "1234567"]);
    }

    #[test]
    fn india() {
        accepts("in-aadhaar", &["2341 2341 2346", "234123412346", "4991 1866 5246"]);
        refuses("in-aadhaar", &["2341 2341 2347", "1234 1234 1236", "643343121 8", "2222 2222 2222", "2341 2314 2346"]);
        accepts("in-pan", &["ACUPA7085R", "acupa7085r", "AAPFU0939F"]);
        refuses("in-pan", &["ACUXA7085R", "ACUPA0000R", "ACUPA70851", "11EM5B0939F", "ACUPA708R"]);
    }

    #[test]
    fn japan() {
        accepts("jp-corporate", &["5-8356-7825-6246", "7000012050002"]);
        refuses("jp-corporate", &["2-8356-7825-6246", "5-8356-7825-6264", "700001205000"]);
        accepts("jp-mynumber", &["6214 9832 0257", "123456789018"]);
        refuses("jp-mynumber", &["6214 9832 0258", "6214 9832 0527", "000000000000", "62149832025"]);
    }

    #[test]
    fn korea() {
        accepts("kr-rrn", &["971013-9019902", "9710139019903", "201105-3123456"]);
        refuses("kr-rrn", &["971313-9019902", "230229-3123456", "971013901990"]);
        accepts("kr-rrn{checksum=true}", &["971013-9019902"]);
        refuses("kr-rrn{checksum=true}", &["971013-9019903", "971013-9091902"]);
    }
}
