//! Numbers of those who heal and of those who are healed, and of vehicles.

use super::Row;
use super::luhn;
use super::steps::{Ear, Steps, Value, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "ca-phn",
        "British Columbia: begins with 9, and the tenth digit is right modulo 11.",
        "British Columbia Ministry of Health, conformance standards, personal health number check digit",
        phn
    ),
    plain!(
        "nz-nhi",
        "Three letters without I and O, and the seventh character right modulo 11, in the new form modulo 24.",
        "Te Whatu Ora, HISO 10046:2025 Consumer Health Identity Standard, NHI number",
        nhi
    ),
    plain!(
        "us-dea",
        "A kind of registrant, and the seventh digit right: first, third and fifth plus twice the others.",
        "Drug Enforcement Administration, Diversion Control Division, DEA numbers; 21 CFR 1301",
        dea
    ),
    plain!(
        "us-npi",
        "Ten digits that begin with 1 or 2, under Luhn after 80840.",
        "Centers for Medicare and Medicaid Services, NPI check digit calculation; 45 CFR 162.406",
        npi
    ),
    plain!(
        "vin",
        "Seventeen characters without I, O, Q, of which the ninth is right modulo 11.",
        "49 CFR 565.15; ISO 3779",
        vin
    ),
];

fn phn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits[1..], &[2, 4, 8, 5, 10, 9, 7, 3]);
    steps.require("begins with 9", digits[0] == 9) && steps.expect("check digit", 11 - sum % 11, u32::from(digits[9]))
}

/// Letters of the NHI, which count from 1.
const NHI: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";

fn nhi(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<7>(value) else { return false };
    let place = |letter: u8| NHI.iter().position(|&known| known == letter).and_then(|at| u8::try_from(at + 1).ok());
    let mut values = [0; 6];
    for (at, counted) in values.iter_mut().enumerate() {
        let found = if at < 3 { place(letters[at]) } else { None };
        let found = found.or_else(|| letters[at].is_ascii_digit().then(|| letters[at] - b'0').filter(|_| at >= 3));
        match found.or_else(|| place(letters[at]).filter(|_| at == 5)) {
            Some(found) => *counted = found,
            None => return steps.require("three letters, two digits and two more", false),
        }
    }
    let sum = steps.sum(&values, &[7, 6, 5, 4, 3, 2]);
    let old = letters[5].is_ascii_digit() && letters[6].is_ascii_digit();
    if old {
        let expected = (11 - sum % 11) % 10;
        return steps.require("remainder is not 0", !sum.is_multiple_of(11))
            && steps.expect("check digit", expected, u32::from(letters[6] - b'0'));
    }
    let expected = usize::try_from(24 - sum % 24).unwrap_or(24);
    steps.require("a letter and a letter", letters[5].is_ascii_uppercase() && letters[6].is_ascii_uppercase())
        && steps.expect("check letter", char::from(NHI[expected - 1]), char::from(letters[6]))
}

fn dea(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<9>(value) else { return false };
    let Some(digits) = numerals::<7>(&letters[2..]) else { return steps.require("seven digits after two", false) };
    let sum = steps.sum(&digits, &[1, 2, 1, 2, 1, 2]);
    steps.require("a kind of registrant", b"ABCDEFGHJKLMPRSTUX".contains(&letters[0]))
        && steps.require("a letter of the name, or 9", letters[1].is_ascii_uppercase() || letters[1] == b'9')
        && steps.require("not nothing but zeros", number(&digits) != 0)
        && steps.expect("check digit", sum % 10, u32::from(digits[6]))
}

fn npi(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let mut whole = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    whole[5..].copy_from_slice(&digits);
    steps.require("begins with 1 or 2", matches!(digits[0], 1 | 2)) && luhn::holds(&whole, steps)
}

/// What a letter of a VIN counts; I, O and Q stand in none.
fn counted(letter: u8) -> Option<u8> {
    Some(match letter {
        b'0'..=b'9' => letter - b'0',
        b'A'..=b'H' => letter - b'A' + 1,
        b'J'..=b'N' => letter - b'J' + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => letter - b'S' + 2,
        _ => return None,
    })
}

fn vin(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<17>(value) else { return false };
    let mut values = [0; 17];
    for (counts, &letter) in values.iter_mut().zip(&letters) {
        match counted(letter) {
            Some(known) => *counts = known,
            None => return steps.require("no I, O or Q", false),
        }
    }
    let sum = steps.sum(&values, &[8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]);
    let expected = if sum % 11 == 10 { 'X' } else { char::from_digit(sum % 11, 10).unwrap_or('X') };
    let varied = letters.iter().any(u8::is_ascii_uppercase) && letters.iter().any(u8::is_ascii_digit);
    steps.require("letters and digits", varied) && steps.expect("check character", expected, char::from(letters[8]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn health_and_vehicles() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("ca-phn", &["9698 658 215"], &["9698 658 216", "8698658215"]),
            ("nz-nhi", &["ZZZ0016", "ZZZ00AX", "ALU18KZ"], &["ZZZ0017", "ZZZ00AY", "ZIZ0016", "ZZZ00A1", "ZZ00016"]),
            ("us-dea", &["AP5836727", "B91234563"], &["AP5836728", "NP5836727", "AP0000000"]),
            ("us-npi", &["1234567893"], &["1234567890", "3234567893"]),
            (
                "vin",
                &["1M8GDM9AXKP042788", "1HGCM82633A004352"],
                &["1M8GDM9A0KP042788", "1M8GDM9AXKP04278O", "11111111111111111"],
            ),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
