//! Numbers of people in Estonia, Latvia and Lithuania, in Iceland, and in Luxembourg.

use super::Row;
use super::calendar::{exists, two};
use super::luhn;
use super::permutation::verhoeff_remainder;
use super::steps::{Ear, Steps, Value, number, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "baltic-code",
        "A birth date whose century the first digit names, and weights 1 to 9, 1, then 3 to 9, 1 to 3, modulo 11.",
        "Estonia, standard EVS 585:2007 (isikukood); Lithuania, law on the population register, article 8 (asmens kodas)",
        personal_code
    ),
    plain!(
        "is-kt",
        "A birth date, a century, and weights 3, 2, 7 to 2 modulo 11.",
        "Registers Iceland (skra.is), kennitala",
        kennitala
    ),
    plain!(
        "lu-nin",
        "A birth date, Luhn over twelve digits, and Verhoeff over eleven of them and the thirteenth.",
        "Luxembourg, law of 19 June 2013 on the identification of natural persons; grand-ducal regulation of 28 November 2013",
        matricule
    ),
    plain!(
        "lv-pk",
        "A birth date, a century, and weights 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 from 1101, modulo 11; or 32 first, without a date.",
        "Latvia, regulations on personal codes (Iedzivotaju registra likums); new form since 1 July 2017",
        personas_kods
    ),
];

fn personal_code(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let century = match digits[0] {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        _ => return steps.require("a first digit from 1 to 6", false),
    };
    let mut rest = steps.sum(&digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    if rest == 10 {
        rest = steps.sum(&digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    }
    steps.require("birth date exists", exists(century + two(&digits, 1), two(&digits, 3), two(&digits, 5)))
        && steps.expect("check digit", rest, u32::from(digits[10]))
}

fn kennitala(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let century = match digits[9] {
        8 => 1800,
        9 => 1900,
        0 => 2000,
        _ => return steps.require("a century", false),
    };
    // Companies and other bodies have the day + 40.
    let day = two(&digits, 0);
    let day = if day > 40 { day - 40 } else { day };
    let sum = steps.sum(&digits, &[3, 2, 7, 6, 5, 4, 3, 2]);
    steps.require("date exists", exists(century + two(&digits, 4), two(&digits, 2), day))
        && steps.expect("check digit", (11 - sum % 11) % 11, u32::from(digits[8]))
}

fn matricule(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let year = two(&digits, 0) * 100 + two(&digits, 2);
    let mut second = [0; 12];
    second[..11].copy_from_slice(&digits[..11]);
    second[11] = digits[12];
    steps.require("birth date exists", (1850..2100).contains(&year) && exists(year, two(&digits, 4), two(&digits, 6)))
        && luhn::holds(&digits[..12], steps)
        && steps.expect("Verhoeff remainder", 0, verhoeff_remainder(&second))
}

fn personas_kods(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    if two(&digits, 0) >= 32 {
        // The new form tells nothing, and its check digit is not published.
        return steps.require("32 first, and a number", two(&digits, 0) == 32 && number(&digits[2..]) != 0);
    }
    let century = match digits[6] {
        0 => 1800,
        1 => 1900,
        2 => 2000,
        _ => return steps.require("a century", false),
    };
    let sum = steps.sum(&digits, &[1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    steps.require("birth date exists", exists(century + two(&digits, 4), two(&digits, 2), two(&digits, 0)))
        && steps.expect("check digit", (1101 - sum) % 11 % 10, u32::from(digits[10]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn baltic_and_others() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("baltic-code", &["37605030299", "33309240064"], &["37605030298", "37613030299", "97605030299"]),
            ("is-kt", &["120174-3399", "450401-3150"], &["120174-3389", "320174-3399", "120174-3395"]),
            ("lu-nin", &["1893120105732"], &["1893120105733", "1893130105732", "1893120105723"]),
            ("lv-pk", &["161175-19997", "320000-12345"], &["161175-19998", "161375-19997", "330000-12345"]),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
