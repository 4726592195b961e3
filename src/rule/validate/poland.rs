//! Poland beyond PESEL: tax payers, companies, identity cards and passports.

use super::Row;
use super::steps::{Ear, Steps, Value, base36, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "pl-dowod",
        "The fourth of nine characters is right modulo 10 under weights 7, 3, 1; letters count 10 to 35.",
        "Regulation of the Minister of the Interior on identity cards, 29 January 2015 (series and number)",
        dowod
    ),
    plain!(
        "pl-nip",
        "The last of ten digits is right modulo 11 under weights 6, 5, 7, 2, 3, 4, 5, 6, 7.",
        "Act of 13 October 1995 on registration of taxpayers; Ministry of Finance, NIP",
        nip
    ),
    plain!(
        "pl-passport",
        "The third of nine characters is right modulo 10 under weights 7, 3, 1; letters count 10 to 35.",
        "Regulation of the Minister of the Interior on passport documents, series and number",
        paszport
    ),
    plain!(
        "pl-regon",
        "Nine or fourteen digits under weights modulo 11; in fourteen, the first nine are right as well.",
        "Statistics Poland (GUS), REGON; regulation of the Council of Ministers of 30 November 2015",
        regon
    ),
];

pub(super) fn nip(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]);
    // The first three digits were a tax office's, and none has a zero first.
    steps.require("a tax office", number(&digits[..3]) > 100)
        && steps.expect("check digit", sum % 11, u32::from(digits[9]))
}

fn regon(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 9, 14) else { return false };
    if !steps.require("9 or 14 digits", matches!(digits.len(), 9 | 14))
        || !steps.require("not nothing but zeros", number(&digits[..9]) != 0)
    {
        return false;
    }
    let sum = steps.sum(digits, &[8, 9, 2, 3, 4, 5, 6, 7]);
    if !steps.expect("check digit", sum % 11 % 10, u32::from(digits[8])) {
        return false;
    }
    if digits.len() == 9 {
        return true;
    }
    let sum = steps.sum(digits, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]);
    steps.expect("check digit", sum % 11 % 10, u32::from(digits[13]))
}

/// Letters first, digits then, one of which is the check of all others.
fn series<const LETTERS: usize, const DIGITS: usize>(letters: &[u8; 9], steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = numerals::<DIGITS>(&letters[LETTERS..]) else {
        return steps.require("digits after the letters", false);
    };
    if !steps.require("letters first", letters[..LETTERS].iter().all(u8::is_ascii_uppercase)) {
        return false;
    }
    let mut values = letters.map(|letter| base36(letter).unwrap_or(0));
    values[LETTERS..].rotate_left(1);
    let sum = steps.sum(&values[..8], &[7, 3, 1, 7, 3, 1, 7, 3]);
    steps.expect("check digit", sum % 10, u32::from(digits[0]))
}

fn dowod(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<9>(value) else { return false };
    series::<3, 6>(&letters, steps)
}

fn paszport(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<9>(value) else { return false };
    series::<2, 7>(&letters, steps)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn numbers_and_papers() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("pl-nip", &["856-734-62-15", "8567346215"], &["8567346216", "0567346215"]),
            ("pl-regon", &["192598184", "12345678512347"], &["192598183", "12345678612342", "1925981840", "000000000"]),
            ("pl-dowod", &["ABA300000", "ABS 123456"], &["ABA 300001", "AB3000000", "ABA400000"]),
            ("pl-passport", &["ZS0000177", "AN4183210"], &["ZS0000178", "ZS1000177", "Z00000177"]),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
