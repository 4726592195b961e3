//! Weighted sums: the general one that a rule describes, and two with names of their own.

use super::params::Params;
use super::steps::{Ear, LETTERS_MAX, Scheme, Steps, Value, base36, plain, ready};
use super::{Row, Table};

const PARAMS: &[(&str, &str)] = &[
    ("weights", "list of whole numbers 0 to 97, for every character or for all but the check character"),
    ("modulus", "2 to 97"),
    ("check", "mod (the check is the sum modulo the modulus, the default) or mod-complement (modulus less that)"),
    ("position", "place of the check character, from 1; default the last"),
    ("ten", "what stands for 10: X, 0, or refuse (the default)"),
    ("letters", "true to count letters as A = 10 to Z = 35, default false"),
];

pub(super) const ROWS: &[Row] = &[
    plain!(
        "ean",
        "The last digit is right under weights 1 and 3, for 8, 12, 13 or 14 digits.",
        "GS1 General Specifications, section 7.9 (check digit calculation)",
        ean
    ),
    plain!(
        "icao-731",
        "The last digit is right under weights 7, 3, 1 modulo 10; letters count 10 to 35 and the filler < nothing.",
        "ICAO Doc 9303 part 3, section 4.9",
        icao
    ),
    Row {
        name: "weighted",
        what: "One character is right under a weighted sum of the others.",
        source: "the rule's author; the same parameters as Purview's Checksum validator",
        version: 1,
        params: PARAMS,
        build: weighted,
    },
];

fn ean(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 8, 14) else { return false };
    let places = 14 - digits.len();
    let sum = steps.sum(digits, &[3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1][places..]);
    steps.require("8, 12, 13 or 14 digits", matches!(digits.len(), 8 | 12..=14))
        && steps.expect("sum modulo 10", 0, sum % 10)
}

/// The check digit of ICAO Doc 9303: weights 7, 3, 1 over digits, letters (10 to 35) and fillers (0).
#[inline]
pub(super) fn icao_check(field: &[u8]) -> u8 {
    let weights = [7_u32, 3, 1].into_iter().cycle();
    let sum: u32 = field.iter().zip(weights).map(|(&byte, weight)| weight * u32::from(base36(byte).unwrap_or(0))).sum();
    u8::try_from(sum % 10).unwrap_or(0)
}

fn icao(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let mut field = [0; LETTERS_MAX];
    let mut len = 0;
    for byte in value.bytes().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'<' || !byte.is_ascii()) {
        if len == LETTERS_MAX || !byte.is_ascii() {
            return steps.require("a few letters, digits and fillers", false);
        }
        field[len] = byte;
        len += 1;
    }
    let Some((&check, body)) =
        field[..len].split_last().filter(|(check, body)| check.is_ascii_digit() && !body.is_empty())
    else {
        return steps.require("ends in a digit", false);
    };
    steps.expect("check digit", icao_check(body), check - b'0')
}

/// What stands for the check value 10, which is no digit.
#[derive(Clone, Copy, PartialEq)]
enum Ten {
    X,
    Zero,
    Refuse,
}

struct Weighted {
    weights: Vec<u8>,
    modulus: u32,
    complement: bool,
    position: Option<usize>,
    ten: Ten,
    letters: bool,
}

fn weighted(table: &Table) -> Result<std::sync::Arc<dyn super::Validate>, String> {
    let params = Params::of("weighted", PARAMS, table)?;
    let weight = |value: &toml::Value| {
        value.as_integer().and_then(|weight| u8::try_from(weight).ok()).filter(|weight| *weight <= 97)
    };
    let weights = params.list("weights", "whole numbers 0 to 97", weight)?;
    let weights = weights.ok_or_else(|| params.wrong("weights", "is missing"))?;
    if weights.len() > LETTERS_MAX {
        return Err(params.wrong("weights", &format!("has more than {LETTERS_MAX} entries")));
    }
    let modulus = params.count("modulus", 2, 97)?.ok_or_else(|| params.wrong("modulus", "is missing"))?;
    ready(Weighted {
        modulus: u32::try_from(modulus).unwrap_or(97),
        complement: params.choice("check", &[("mod", false), ("mod-complement", true)])?.unwrap_or(false),
        position: params.count("position", 1, weights.len() + 1)?,
        ten: params.choice("ten", &[("X", Ten::X), ("0", Ten::Zero), ("refuse", Ten::Refuse)])?.unwrap_or(Ten::Refuse),
        letters: params.switch("letters", false)?,
        weights,
    })
}

impl Weighted {
    /// What a character counts; the check character may be the X for 10.
    fn counted(&self, byte: u8, is_check: bool) -> Option<u8> {
        match byte {
            b'X' if is_check && self.ten == Ten::X => Some(10),
            b'0'..=b'9' => Some(byte - b'0'),
            _ if self.letters => base36(byte),
            _ => None,
        }
    }
}

impl Scheme for Weighted {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(text) = steps.letters_between(value, 2, LETTERS_MAX) else { return false };
        let at = self.position.unwrap_or(text.len()) - 1;
        let whole = self.weights.len() == text.len();
        if at >= text.len() || !(whole || self.weights.len() + 1 == text.len()) {
            return steps.require("as many characters as weights, or one more", false);
        }
        let mut values = [0; LETTERS_MAX];
        let mut weights = [0; LETTERS_MAX];
        for (place, &byte) in text.iter().enumerate() {
            let Some(counted) = self.counted(byte, place == at) else { return steps.require("digits", false) };
            values[place] = counted;
            weights[place] = match place.cmp(&at) {
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater if !whole => self.weights[place - 1],
                _ => self.weights[place],
            };
        }
        let remainder = steps.sum(&values[..text.len()], &weights[..text.len()]) % self.modulus;
        let expected = if self.complement { (self.modulus - remainder) % self.modulus } else { remainder };
        let expected = match (expected, self.ten) {
            (10, Ten::Zero) => 0,
            (10, Ten::Refuse) if !self.letters => return steps.require("check value below 10", false),
            _ => expected,
        };
        steps.expect("check value", expected, u32::from(values[at]))
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn articles() {
        accepts("ean", &["73513537", "4007630000116", "978-0-471-11709-4", "036000291452", "10614141000415"]);
        refuses("ean", &["73513536", "4007630001016", "123456789", "4007630000117"]);
    }

    #[test]
    fn travel_documents() {
        accepts("icao-731", &["L898902C<3", "740812 2", "1204159", "AB2134<<<5", "ZE184226B<<<<<1"]);
        refuses("icao-731", &["L898902C<4", "7408121", "", "5", "AB2134<<<", "é2"]);
    }

    #[test]
    fn described() {
        let isbn = "weighted{weights=[10,9,8,7,6,5,4,3,2], modulus=11, check='mod-complement', ten='X'}";
        accepts(isbn, &["0-306-40615-2", "0-8044-2957-X", "080442957x"]);
        refuses(isbn, &["0-306-40615-3", "0-306-46015-2", "0-8044-2957-0", "X-8044-2957-0", "030640615", ""]);
        let whole = "weighted{weights=[3,7,1,3,7,1,3,7,0], modulus=10, check='mod-complement'}";
        accepts(whole, &["111000025"]);
        refuses(whole, &["111000026", "11100002"]);
        let fourth = "weighted{weights=[3,7,9,5,8,4,2,1,6], modulus=11, position=4}";
        accepts(fourth, &["1237010180"]);
        refuses(fourth, &["1236010180"]);
        let zero = "weighted{weights=[2,4,10,3,5,9,4,6,8], modulus=11, ten='0'}";
        accepts(zero, &["7707083893"]);
        refuses(zero, &["7707083892"]);
        let vin = "weighted{weights=[1,2], modulus=11, letters=true}";
        accepts(vin, &["A1 1"]);
        refuses(vin, &["A12", "-"]);
    }

    #[test]
    fn wrong_parameters() {
        let row = crate::rule::validate::lookup("weighted").unwrap();
        for (given, named) in [
            ("modulus = 10", "weights"),
            ("weights = [1, 2]", "modulus"),
            ("weights = [1, -2]\nmodulus = 10", "weights"),
            ("weights = []\nmodulus = 10", "weights"),
            ("weights = [1]\nmodulus = 1", "modulus"),
            ("weights = [1]\nmodulus = 10\ncheck = 'sum'", "check"),
            ("weights = [1]\nmodulus = 10\nposition = 3", "position"),
            ("weights = [1]\nmodulus = 10\nten = 'A'", "ten"),
        ] {
            let error = (row.build)(&toml::from_str(given).unwrap()).err().unwrap();
            assert!(error.contains(&format!("parameter `{named}`")), "{given}: {error}");
        }
    }
}
